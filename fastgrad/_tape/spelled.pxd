"""Numbers whose graph is spelled as a teaching engine spells it."""

from libc.stdint cimport uint8_t, uint32_t

from fastgrad._tape.numbers cimport Number

cpdef enum Form:
    # How a type of numbers spells its graph, and sweeps it.
    LEAVES = 1              # a plain operand becomes a leaf
    NEG_TIMES = 2           # -a is a * -1
    SUB_ADDS = 4            # a - b is a + (-b), and c - a is (-a) + c
    DIV_POWERS = 8          # a / b is a * b**-1, and c / a is a**-1 * c
    POWER_LEAF = 16         # an exponent becomes a leaf, too
    RADD_FIRST = 32         # in c + a the leaf comes first,
    RMUL_FIRST = 64         # in c * a,
    NEG_FIRST = 128         # and in -a, -1 * a
    GRAD_INT = 256          # a grad that nothing has reached is the int 0,
    GRAD_NONE = 512         # or None; it is 0.0 in the tape, and -0.0 once it was reached or set
    SWEEP_OWN = 1024        # a sweep passes on what it brings itself, not what was there before
    SWEEP_LEAVES = 2048     # and leaves a grad on leaves alone
    SWEEP_CLEARS = 4096     # or sets all grads to 0 before
    ROOT_ADDS = 8192        # the root's own grad is added to, not set
    PLAIN_EXPONENT = 16384  # an exponent is a plain number; of a number the class's own method knows

cdef class Spelled(Number):
    pass

cdef uint32_t append_constant_leaf(uint8_t type_code, double constant, bint whole) noexcept
cdef bint is_whole_leaf(uint32_t node) noexcept
cdef bint is_constant_leaf(uint32_t node) noexcept
cdef int stand_on(Spelled number, list operands, list slopes) except -1
cdef Spelled as_leaf(Spelled x)

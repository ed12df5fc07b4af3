"""Kinds of nodes of many operands: for each operation code from OP_FIRST_NARY on, a row of functions.

The operations of the op table have rows made from nary.h. A kind of node with a payload of its own (a layer, a loss) is
one module, which calls `add_kind` with its row when it is imported; nothing else has to know of it. A function that a
row leaves NULL is the default that stands beside its field.

The functions are given a node's index, and hold no pointer into the tape's arrays when they return. Those that are
`nogil` run in the middle of a sweep.
"""

from libc.stdint cimport uint32_t, uint64_t

from fastgrad._tape.tape cimport FIRST_OF_PYTHON, OP_MASK, tape

cdef extern from "operations/composites.h" nogil:
    ctypedef uint32_t symbol
    struct algebra:
        symbol (*constant)(algebra *s, double x)
        symbol (*one)(algebra *s, unsigned op, symbol a)
        symbol (*two)(algebra *s, unsigned op, symbol a, symbol b)
        symbol (*sum)(algebra *s, const symbol *x, uint32_t n)
        symbol (*dot)(algebra *s, symbol bias, const symbol *x, uint32_t n)
        symbol (*select)(algebra *s, symbol condition, symbol yes, symbol no)
        symbol (*stop)(algebra *s, symbol a)
        symbol (*sloped)(algebra *s, symbol y, symbol x, symbol slope)
        int (*known)(algebra *s, symbol a, double *x)
    const symbol NO_SYMBOL
    uint32_t nary_symbols(algebra *s, unsigned op, symbol *x, uint32_t n)

cdef struct Results:
    # The numbers of a node of many.
    uint64_t count
    double *values
    double *adjoints  # all 0 between sweeps

cdef struct Stretch:
    # Leaves that lie side by side.
    uint32_t start, length

cdef class Symbols:
    # What a node is computed in again, as something else: an algebra, and the symbols that nodes have in it.
    cdef algebra *algebra
    cdef symbol of_number(self, uint32_t node) except? 0
    cdef symbol *of_results(self, uint32_t node) except NULL  # of a node of many
    cdef symbol *room(self, uint64_t n) except NULL           # memory for n symbols, good until the next call
    cdef symbol called(self, function, const symbol *x, uint32_t n) except? 0  # what a Python function makes of numbers

cdef struct Kind:
    const char *name    # unique, for pickles and messages
    const char *symbol  # for drawings
    # A step of the sweep: add to the operands' gradients what the node passes on.
    void (*pull)(uint32_t node) noexcept nogil
    int (*pull_with_python)(uint32_t node) except -1     # instead, of a kind whose code is from FIRST_OF_PYTHON on
    # Compute the node's data from its operands' data. The first says whether it could; it leaves to the second what
    # takes Python.
    bint (*recompute)(uint32_t node) noexcept nogil
    int (*recompute_with_python)(uint32_t node) except -1
    # What it holds, and what it stands on.
    Results (*results)(uint32_t node) noexcept nogil     # NULL: it has one number, its data
    uint32_t (*source)(uint32_t node) noexcept nogil     # the node of many whose results it is computed from; none
    Stretch (*stretch)(uint32_t node, uint32_t k) noexcept nogil  # its k-th stretch of parameters, empty after the last
    uint32_t (*first_scalar)(uint32_t node) noexcept nogil        # the slots from here on are its scalars; 0
    # What it looks like.
    object (*describe)(uint32_t node)                    # its symbol, where that is not the same for all; NULL
    object (*not_finite)(uint32_t node)                  # which of its results is not finite, or None
    # What tells it from others: its plain numbers, mixed into a number; of its payload's constants.
    uint64_t (*digest)(uint32_t node, uint64_t found) noexcept nogil
    # The symbols of its results; NULL: what it computes is known to Python only.
    symbol *(*lower)(Symbols symbols, uint32_t node) except NULL
    # Its slopes by its operands, scalars and numbers, where these are not those of what it is lowered to; NULL.
    list (*slopes)(uint32_t node)
    bint pickled  # can it be pickled, as any payload of nary.h is?

cdef Kind kinds[128]  # by code

cdef uint32_t add_kind(Kind kind) except 0  # its code


cdef inline Kind *kind_at(uint32_t node) noexcept nogil:
    return &kinds[tape.op[node] & OP_MASK]


cdef inline bint needs_python(uint32_t node) noexcept nogil:
    """Is the node's step backward a Python function's? The flag of a callback is above all codes."""
    return tape.op[node] >= FIRST_OF_PYTHON


cdef inline Results results_of(uint32_t node) noexcept nogil:
    """The results of a node of many."""
    return kind_at(node).results(node)


cdef inline bint has_results(uint32_t node) noexcept nogil:
    return kind_at(node).results != NULL


cdef inline uint32_t source_of(uint32_t node) noexcept nogil:
    """The node of many whose results a node is computed from; 0 where there is none."""
    cdef Kind *kind = kind_at(node)
    return kind.source(node) if kind.source != NULL else 0


cdef inline Stretch stretch_of(uint32_t node, uint32_t k) noexcept nogil:
    """A node's k-th stretch of parameters; an empty one after the last."""
    cdef Kind *kind = kind_at(node)
    return kind.stretch(node, k) if kind.stretch != NULL else Stretch(0, 0)


cdef inline uint64_t mixed(uint64_t found, uint64_t more) noexcept nogil:
    """Mix a number into another, so that others give others."""
    found = (found ^ more) * <uint64_t>0x9E3779B97F4A7C15
    return found ^ (found >> 29)


# The symbols of a payload's operands, in memory for so many.
cdef symbol *symbols_of_operands(Symbols symbols, uint32_t node, uint64_t room) except NULL

cdef uint64_t mixed_number(uint64_t found, double number) noexcept nogil
cdef uint64_t mixed_numbers(uint64_t found, const double *numbers, uint64_t n) noexcept nogil
cdef uint64_t mixed_constants(uint64_t found, const uint32_t *slots, const double *numbers, uint64_t n) noexcept nogil

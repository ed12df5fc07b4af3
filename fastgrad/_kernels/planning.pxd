"""What a plan is made with: operands, steps, and how operations of nodes are spelled in them."""

from libc.stdint cimport int16_t, int32_t, uint8_t, uint16_t, uint32_t

from fastgrad._kernels.changes cimport Run
from fastgrad._kernels.columns cimport Plan

cdef enum:
    NONE_YET = -1       # what stands for a register: no column,
    UNCHANGED = -2      # or none, as it holds the same in all rounds
    REFUSED = -32000    # no operand
    NO_TYPE = 0xFFFF    # was met yet

cdef struct Planner:
    Plan *plan
    Run *run
    int16_t column_of[1024]    # by register
    uint8_t writes[1024]       # of the loop's body, by register
    bint sets_items, sets_attributes                 # anywhere in the body
    int16_t set_values[8]                            # into the plan's lists, so far
    int16_t read_of[2]                               # of which data, or grad, was read so far; all are one
    int16_t owner_of[2]                              # of which it was set
    int16_t value_of[2]
    uint32_t code             # of the type of numbers

cdef int16_t operand(Planner *p, uint16_t place) noexcept        # what stands for a register
cdef int16_t expected(Planner *p, uint16_t place) noexcept       # a register, as it is before the block
cdef bint is_left_as_taken_up(Planner *p) noexcept
cdef uint8_t tag_of(const Planner *p, int16_t x) noexcept
cdef bint is_plain(const Planner *p, int16_t x) noexcept
cdef bint know_type(Planner *p, int16_t x) noexcept
cdef bint is_of_type(Planner *p, uint32_t code) noexcept
cdef int16_t step(
    Planner *p, uint16_t code, uint8_t tag, int16_t a, int16_t b, int32_t c=?, double number=?
) noexcept
cdef bint gives(Planner *p, uint16_t place, int16_t column) noexcept
cdef int16_t negative(Planner *p, int16_t x) noexcept
cdef int16_t of_nodes(Planner *p, uint32_t op, int16_t a, int16_t b) noexcept

"""Steps of a block: each makes a column, or says how many rounds hold."""

from libc.stdint cimport int16_t, uint32_t

from fastgrad._kernels.changes cimport Run
from fastgrad._kernels.columns cimport Plan, Step, Values
from fastgrad._kernels.registers cimport Register

cdef struct Block:
    Run *run
    const Plan *plan
    uint32_t base       # the first node
    uint32_t first      # of the rounds that a step is to do,
    uint32_t rounds     # and the end: those that hold so far
    bint is_statement   # what they set is not undone
    Values *columns

cdef struct Numbers:
    double own[64]
    const double *at

cdef uint32_t do_step(Block *block, const Step *step) noexcept  # how many rounds hold
# An operand as floats, of the rounds that are to be done.
cdef void numbers_of(Block *block, const Step *step, int16_t x, Numbers *found) noexcept
cdef bint are_neighbours(const uint32_t *nodes, uint32_t first, uint32_t end) noexcept
cdef Register entry(Block *block, int16_t x, uint32_t k) noexcept

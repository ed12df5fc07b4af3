"""What the steps of a block compute with: the block, and operands, which are columns, or registers."""

from libc.stdint cimport int16_t, int64_t, uint32_t, uint64_t

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

cdef struct Nodes:
    # An operand: its nodes lie so far apart in memory, 0 where it is the same in all rounds.
    const uint32_t *at
    uint32_t by

cdef struct Numbers:
    double own[64]
    const double *at

cdef extern from *:
    """
    #include <string.h>
    /* A number's node, and above it its type's code and whether it was given as an int, read at once. */
    static inline uint64_t word_at(const uint32_t *node)
    {
        uint64_t word;
        memcpy(&word, node, sizeof word);
        return word;
    }
    static inline int is_of(uint64_t word, uint32_t code) { return (word >> 32 & 0xFF00FF) == code; }
    """
    uint64_t word_at(const uint32_t *node)
    bint is_of(uint64_t word, uint32_t code)

# An operand as floats, of the rounds that are to be done.
cdef void numbers_of(Block *block, const Step *step, int16_t x, Numbers *found) noexcept
# What an operand holds in a round.
cdef Register entry(Block *block, int16_t x, uint32_t k) noexcept


cdef inline Nodes nodes_of(Block *block, int16_t x) noexcept:
    cdef Nodes found
    if x >= 0:
        found.at, found.by = block.columns[x].node, 1
    else:
        found.at, found.by = &block.run.registers[-1 - x].node, 0
    return found


cdef inline int64_t integer_of(Block *block, int16_t x, uint32_t k) noexcept:
    return block.columns[x].integer[k] if x >= 0 else block.run.registers[-1 - x].content.integer

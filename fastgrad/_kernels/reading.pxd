"""Steps of a block that read entries and attributes, or say of which rounds those can be set.

Each returns how many rounds hold.
"""

from libc.stdint cimport uint32_t

from fastgrad._kernels.columns cimport Step, Values
from fastgrad._kernels.operands cimport Block

cdef uint32_t take_items(Block *block, const Step *step, Values *to) noexcept
cdef uint32_t take_parts(Block *block, const Step *step, Values *to) noexcept
cdef uint32_t read_attributes(Block *block, const Step *step, double *to) noexcept
cdef uint32_t may_set_attributes(Block *block, const Step *step) noexcept
cdef uint32_t may_set_items(Block *block, const Step *step) noexcept

cdef bint are_neighbours(const uint32_t *nodes, uint32_t first, uint32_t end) noexcept

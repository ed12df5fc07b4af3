"""Steps of a block: each makes a column, or says how many rounds hold."""

from libc.stdint cimport uint32_t

from fastgrad._kernels.columns cimport Step
from fastgrad._kernels.operands cimport Block

cdef uint32_t do_step(Block *block, const Step *step) noexcept  # how many rounds hold

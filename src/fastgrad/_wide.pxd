"""Layers wide enough for numpy's matrix product, which uses BLAS, to pay for its call."""

from libc.stdint cimport uint32_t, uint64_t

cdef int wide_value(uint32_t node) except -1   # compute the results of a wide layer
cdef int wide_pull(uint32_t node) except -1    # pass its adjoints on; the caller holds the tape

cdef inline bint is_wide(uint64_t rows, uint64_t nin, uint64_t nout) noexcept nogil:
    """Is numpy's product faster than the loops of layer.h, its call and the copies for it included?"""
    return rows * nin * nout >= 1 << 16

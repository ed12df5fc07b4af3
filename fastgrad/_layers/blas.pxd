"""Layers wide enough for numpy's matrix product, which uses BLAS, to pay for its call."""

from libc.stdint cimport uint32_t, uint64_t

from fastgrad._tape.handle cimport Handle

cdef uint32_t WIDE_LAYER  # the code

cdef int wide_value(Handle owner, uint32_t node) except -1  # compute the results; without an owner under a hold
cdef int wide_pull(uint32_t node) except -1                 # pass the adjoints on; the caller holds the tape

cdef inline uint32_t place_of(Handle owner, uint32_t node) noexcept:
    """Where a node is now: with an owner it may have moved, without one the caller holds the tape."""
    return owner.node if owner is not None else node


cdef inline bint is_wide(uint64_t rows, uint64_t nin, uint64_t nout) noexcept nogil:
    """Is numpy's product faster than the loops of layer.c, its call and the copies for it included?"""
    return rows * nin * nout >= 1 << 16

"""A block's rounds, one after the other: where one takes up what another has left, or where they are few."""

from libc.stdint cimport uint32_t

from fastgrad._kernels.steps cimport Block

cdef uint32_t do_rounds(Block *block) noexcept  # how many hold

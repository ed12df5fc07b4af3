"""Leaves that lie together on the tape, a module's parameters: held by one object instead of one each."""

from libc.stdint cimport uint32_t

from fastgrad._tape.handle cimport Handle

cdef class Leaves:
    cdef readonly Handle root  # of the node that stands on them all

cdef uint32_t first_leaf(Leaves leaves) noexcept   # its first leaf; the others follow
cdef uint32_t leaf_count(Leaves leaves) noexcept

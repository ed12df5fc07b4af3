"""A run: leaves that lie together on the tape, held by one object instead of one each."""

from libc.stdint cimport uint32_t

from fastgrad._tape.handle cimport Handle

cdef class Run:
    cdef readonly Handle root  # of the run's node, which stands on all its leaves

cdef uint32_t run_start(Run run) noexcept   # its first leaf; the others follow
cdef uint32_t run_length(Run run) noexcept

"""Recordings of functions, and the programs they become."""

from fastgrad._recording.trace cimport Trace

cdef class Recording(Trace):
    cdef readonly dict report

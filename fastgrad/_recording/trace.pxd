"""A recording of this thread, while it goes on: which numbers depend on what, what was asked of them, what it refuses.

Where a number depends on the inputs of a recording, its program would have it baked in when it is read off: that is
refused with `TraceError`, and the outcome of a question for its truth is remembered, as a guard.

What other threads do meanwhile is not recorded, nor refused. While a recording holds the tape, its nodes have the
indices from `start` on, and those before are inputs or come from outside.
"""

from libc.stdint cimport uint8_t, uint32_t

from fastgrad._tape.observer cimport Observer

cdef class Trace(Observer):
    cdef readonly list inputs
    cdef Py_ssize_t watched    # the number of a guard
    cdef readonly tuple seen   # where that was asked: a file, and a line
    cdef readonly list guards  # (scalar, truth) in the order in which they were asked
    cdef list asked            # for each guard how many nodes there were then
    cdef str error             # what an operation raised, and where; the function might have gone on
    cdef uint32_t start
    cdef uint32_t end
    cdef bint holds            # the tape
    cdef int silences          # wishes of this thread not to record, suspended
    cdef uint32_t first_input
    cdef uint8_t *is_input     # of the nodes from first_input to start
    cdef uint8_t *on           # of the nodes from start on: what they depend on
    cdef uint32_t known
    cdef uint32_t capacity

    cdef int begin(self) except -1
    cdef int end_recording(self) except -1
    cdef int release(self) except -1

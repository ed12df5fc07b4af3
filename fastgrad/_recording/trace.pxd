"""What a recording must know of the numbers in use while it goes on, and what it refuses.

Reading a number off, or asking for its truth, leaves no node. Where the number depends on the inputs of a recording,
the program would have it baked in. So those who do either ask `tracing.count` first, which is 0 outside recordings and
the only cost there; then `note_truth` remembers the outcome, as a guard, and `refuse` raises `TraceError`.

A recording is a thread's: what other threads do meanwhile is not recorded, nor refused. While it holds the tape, its
nodes have the indices from `start` on, and those before are inputs or come from outside.
"""

from libc.stdint cimport uint8_t, uint32_t

from fastgrad._tape.handle cimport Handle

cdef enum:
    ON_INPUTS = 1
    ON_OUTSIDE = 2  # on numbers captured from outside, which may change between calls

cdef struct Tracing:
    int count  # recordings that go on, in whatever thread

cdef Tracing tracing

cdef class Trace:
    cdef readonly list inputs
    cdef readonly list guards  # (scalar, truth) in the order in which they were asked
    cdef list asked            # for each guard how many nodes there were then
    cdef str raised            # what an operation raised, and where; the function might have gone on
    cdef set detached          # nodes that take a number, and no gradient
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
    cdef int depends(self, uint32_t node) except -1

cdef Trace current()  # this thread's, or None
cdef int note_raised(error) except -1
cdef int note_truth(Handle number, bint truth) except -1
cdef int depends(Handle number) except -1
cdef int refuse(Handle number, str what) except -1
cdef int refuse_as_integer(Handle number) except -1
cdef int refuse_always(str what) except -1
cdef object detached_node(Handle number)

"""Whoever must know what is done with numbers, a recording for instance.

Reading a number off, or asking for its truth, leaves no node. Whoever does it asks `observers.count` first, which is 0
where nobody observes, and the only cost there; then the functions below tell this thread's observer, if it has one.
What an observer does not allow it refuses with an exception.
"""

from libc.stdint cimport uint32_t

from fastgrad._tape.handle cimport Handle

cdef enum:
    ON_INPUTS = 1   # a number depends on those that it is observed by
    ON_OUTSIDE = 2  # on numbers from outside, which may change

cdef struct Observers:
    int count  # in whatever thread

cdef Observers observers

cdef class Observer:
    cdef object thread  # whose it is
    cdef int orders     # of derivatives of users' operations that are being asked for, one inside the other
    cdef int depends(self, uint32_t node) except -1              # on what a node depends: 0 or the flags above
    cdef int raised(self, error) except -1                       # an operation raises
    cdef int truth_asked(self, Handle number, bint truth) except -1
    cdef int read_off(self, Handle number, str what) except -1   # a number is read off, by what is done
    cdef int used_as_integer(self, Handle number) except -1
    cdef int changes(self, str what) except -1                   # what is done changes more than it computes
    cdef object detached(self, Handle number)                    # its number, through which no gradient flows
    cdef object so_far(self)                                     # what was told, to which it can be taken back
    cdef int take_back(self, so_far) except -1

cdef Observer current()  # this thread's, or None
cdef int observe(Observer observer) except -1
cdef int stop_observing(Observer observer) except -1

cdef int note_raised(error) except -1
cdef int note_truth(Handle number, bint truth) except -1
cdef int depends(Handle number) except -1
cdef int refuse(Handle number, str what) except -1
cdef int refuse_as_integer(Handle number) except -1
cdef int refuse_always(str what) except -1
cdef object detached_node(Handle number)

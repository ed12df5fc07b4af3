"""Observers of numbers. The contract is in the header, observer.pxd."""

import os
import threading

cimport cython
from libc.stdint cimport uint32_t
from libc.string cimport memset

from fastgrad._tape.handle cimport Handle

cdef dict by_thread = {}


class TraceError(TypeError):
    """What a compiled function does cannot be recorded: replayed with other arguments it would be wrong."""


@cython.auto_pickle(False)
cdef class Observer:
    cdef int depends(self, uint32_t node) except -1:
        return 0

    cdef int raised(self, error) except -1:
        return 0

    cdef int truth_asked(self, Handle number, bint truth) except -1:
        return 0

    cdef int read_off(self, Handle number, str what) except -1:
        return 0

    cdef int used_as_integer(self, Handle number) except -1:
        return 0

    cdef int changes(self, str what) except -1:
        return 0

    cdef object detached(self, Handle number):
        return number.detach()

    cdef object so_far(self):
        return None

    cdef int take_back(self, so_far) except -1:
        return 0


cdef Observer current():
    return by_thread.get(threading.get_ident()) if observers.count else None


cdef int observe(Observer observer) except -1:
    """Make an observer this thread's, which has none."""
    observer.thread = threading.get_ident()
    by_thread[observer.thread] = observer
    observers.count += 1
    return 0


cdef int stop_observing(Observer observer) except -1:
    """End it, which takes no memory."""
    del by_thread[observer.thread]
    observers.count -= 1
    return 0


def forget_other_threads():
    """In a child made by fork there is this thread only."""
    observer = current()
    by_thread.clear()
    observers.count = 0
    if observer is not None:
        observe(observer)


def recording_active():
    """Does a recording go on in this thread?"""
    return current() is not None


def unobserved(function, *arguments):
    """Call a function that does the same with other numbers: whatever it does, nobody is to know."""
    cdef Observer observer = current()
    if observer is None:
        return function(*arguments)
    stop_observing(observer)
    try:
        return function(*arguments)
    finally:
        observe(observer)


# What is told.

cdef int note_raised(error) except -1:
    cdef Observer observer = current()
    return observer.raised(error) if observer is not None else 0


cdef int note_truth(Handle number, bint truth) except -1:
    cdef Observer observer = current()
    return observer.truth_asked(number, truth) if observer is not None else 0


cdef int depends(Handle number) except -1:
    cdef Observer observer = current()
    return observer.depends(number.node) if observer is not None else 0


cdef int refuse(Handle number, str what) except -1:
    cdef Observer observer = current()
    return observer.read_off(number, what) if observer is not None else 0


def refuse_to_read(Handle number, str what):
    """The same for functions of Python that read a number off."""
    refuse(number, what)


cdef int refuse_as_integer(Handle number) except -1:
    cdef Observer observer = current()
    return observer.used_as_integer(number) if observer is not None else 0


cdef int refuse_always(str what) except -1:
    cdef Observer observer = current()
    return observer.changes(what) if observer is not None else 0


cdef object detached_node(Handle number):
    cdef Observer observer = current()
    return observer.detached(number)


memset(&observers, 0, sizeof(observers))
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget_other_threads)

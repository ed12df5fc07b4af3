"""A kernel while it runs: its registers, and what the round it is in has changed, so that it can be undone.

While it runs nodes stay where they are, and Python's collector is off, so that no other code runs but at pauses:
signals' handlers, and other threads.
"""

from cpython.object cimport PyObject
from libc.stdint cimport int64_t, uint32_t

from fastgrad._kernels.registers cimport Register

cdef struct Change:
    # What a round has set, and what was there before.
    PyObject *values     # a list, or NULL
    Py_ssize_t index     # in it; -1 where it has one entry more, and is owned
    PyObject *before     # what was there, owned, or NULL
    uint32_t node        # of a number
    bint is_grad
    double number

cdef struct Run:
    Register registers[1024]
    PyObject **args
    Change *changes
    uint32_t change_count, change_capacity
    uint32_t start       # of the nodes of this round
    uint32_t pauses      # in which other code may have run
    bint collects        # Python's collector is to be started again
    int64_t rounds       # of a statement, that are done
    bint is_broken       # a break, or its test, has ended it after these

cdef bint room_for_changes(Run *run, uint32_t count) noexcept
cdef bint note_change(Run *run, Change change) noexcept
cdef void commit(Run *run) noexcept
cdef void undo(Run *run) noexcept
cdef void shorten(PyObject *values) noexcept
cdef void drop_nodes(Run *run) noexcept
cdef PyObject *as_object(const Register *register) noexcept

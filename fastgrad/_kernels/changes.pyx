# distutils: extra_compile_args = -O3
"""What a kernel has changed, and how it is undone. The contract is in the header, changes.pxd."""

from cpython.exc cimport PyErr_Clear
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF
from libc.stdint cimport uint32_t
from libc.stdlib cimport realloc

from fastgrad._kernels.registers cimport EMPTY, NOTHING, Register, boxed
from fastgrad._tape.tape cimport tape

cdef extern from *:
    """
    static inline PyObject **list_items(PyObject *values) { return ((PyListObject *)values)->ob_item; }
    """
    PyObject **list_items(PyObject *values)
    int PyList_SetSlice(PyObject *values, Py_ssize_t low, Py_ssize_t high, PyObject *entries)


cdef bint room_for_changes(Run *run, uint32_t count) noexcept:
    """Have room to note so many more."""
    cdef uint32_t capacity = run.change_count + count
    cdef Change *moved
    if capacity > run.change_capacity:
        capacity += capacity // 2 + 8
        moved = <Change *>realloc(run.changes, capacity * sizeof(Change))
        if moved == NULL:
            return False
        run.changes, run.change_capacity = moved, capacity
    return True


cdef bint note_change(Run *run, Change change) noexcept:
    if not room_for_changes(run, 1):
        return False
    run.changes[run.change_count] = change
    run.change_count += 1
    return True


cdef void commit(Run *run) noexcept:
    """End a round: its changes are not undone any more."""
    cdef uint32_t i
    for i in range(run.change_count):
        if run.changes[i].before != NULL:
            Py_DECREF(<object>run.changes[i].before)
        elif run.changes[i].values != NULL:
            Py_DECREF(<object>run.changes[i].values)
    run.change_count = 0
    run.start = tape.count


cdef void shorten(PyObject *values) noexcept:
    """Take the last entry from a list, which a round has appended, and let go of the list."""
    cdef Py_ssize_t length = len(<list>values)
    if length and PyList_SetSlice(values, length - 1, length, NULL) < 0:
        PyErr_Clear()
    Py_DECREF(<object>values)


cdef void undo(Run *run) noexcept:
    """Undo what the round has changed, the last change first."""
    cdef Change *change
    cdef PyObject *after
    while run.change_count:
        run.change_count -= 1
        change = &run.changes[run.change_count]
        if change.before != NULL:
            after = list_items(change.values)[change.index]
            list_items(change.values)[change.index] = change.before
            Py_DECREF(<object>after)
        elif change.values != NULL:
            shorten(change.values)
        elif change.is_grad:
            tape.grad[change.node] = change.number
        else:
            tape.data[change.node] = change.number


cdef void drop_nodes(Run *run) noexcept:
    """Drop the nodes of the round, where no other code can know them."""
    cdef uint32_t node
    if run.pauses:
        return
    for node in range(run.start, tape.count):
        if tape.owner[node] != NULL:
            return
    tape.count = run.start


cdef PyObject *as_object(const Register *register) noexcept:
    """What a register holds, as a new reference; NULL where it is nothing, or there is no memory."""
    try:
        return boxed(register) if register.tag != NOTHING and register.tag != EMPTY else NULL
    except MemoryError:
        return NULL

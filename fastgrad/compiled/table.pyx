# distutils: extra_compile_args = -O3
"""What compiled functions are given and give, between Python's objects and a program's arrays of float64.

For others it stands in the header, table.pxd.
"""

cimport cython
from cpython.buffer cimport PyBUF_C_CONTIGUOUS, PyBuffer_Release, PyObject_GetBuffer
from cpython.float cimport PyFloat_AsDouble, PyFloat_CheckExact
from cpython.long cimport PyLong_CheckExact
from cpython.object cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from fastgrad._programs.arrays cimport get_doubles, memory_of, new_array
from fastgrad._programs.rows cimport Columns
from fastgrad._tape.convert cimport most_derived
from fastgrad._tape.drive cimport sweep_backward
from fastgrad._tape.handle cimport Handle, grad_enabled, leaf, make
from fastgrad._tape.observer cimport observers, refuse_always
from fastgrad._tape.tape cimport (
    OP_user, Span, append_payload, operands, payload, payload_units, reserve, slot_count, slot_node, tape,
)

from types import CellType

import numpy

from fastgrad._tape.gradients import gradients
from fastgrad._tape.numbers import Value

cdef extern from "Python.h":
    PyObject *PyCell_GET(PyObject *) noexcept
    PyObject *PyDict_GetItemWithError(PyObject *, PyObject *) except? NULL
    Py_ssize_t Py_REFCNT(PyObject *) noexcept

cdef enum:
    FEW = 8  # arguments, places
    FEW_ROWS = 512  # so many are copied side by side
    MOST_KEPT = 1 << 18  # rows, for which memory is kept

cdef type array_type = numpy.ndarray
cdef Handle one_value = Value(0.0)  # says what kind of number there is where no other does


def row_of(tuple args):
    """Put numbers, lists of numbers and arrays side by side in a row.

    Parameters
    ----------
    args : tuple
        Floats and ints, lists of them, and contiguous arrays of float64.

    Returns
    -------
    (shapes, X) or None
        For each argument (), the length of the list or the array's shape; and an array of shape (1, n). None where
        there is anything else.
    """
    cdef Py_buffer views[FEW]
    cdef uint64_t got = 0, size = 0, n = <uint64_t>len(args)
    cdef list shapes = []
    if n > FEW:
        return None
    try:
        for arg in args:
            memset(&views[got], 0, sizeof(Py_buffer))
            shape = shape_of_argument(arg, &views[got])
            if shape is None:
                return None
            size += views[got].len // sizeof(double)
            shapes.append(shape)
            got += 1
        return tuple(shapes), row_from(args, views, size)
    finally:
        for k in range(got):
            PyBuffer_Release(&views[k])


cdef inline bint is_plain(x) noexcept:
    return PyFloat_CheckExact(x) or PyLong_CheckExact(x)


cdef object shape_of_argument(arg, Py_buffer *view):
    """What `row_of` says of an argument, whose buffer is held if it is an array; its size is in `view.len` anyway."""
    cdef uint64_t k
    if is_plain(arg):
        view.len = sizeof(double)
        return ()
    if type(arg) is list:
        for k in range(<uint64_t>len(<list>arg)):
            if not is_plain((<list>arg)[k]):
                return None
        view.len = len(<list>arg) * <Py_ssize_t>sizeof(double)
        return len(<list>arg)
    if type(arg) is not array_type or not get_doubles(arg, view):
        return None
    if view.ndim:
        return tuple([view.shape[k] for k in range(<uint64_t>view.ndim)])
    PyBuffer_Release(view)
    return None


cdef object row_from(tuple args, Py_buffer *views, uint64_t size):
    """The row. A finalizer that runs where the array is made may change a list."""
    cdef double *numbers
    cdef uint64_t k, j
    X = new_array((1, size), &numbers)
    for k in range(<uint64_t>len(args)):
        arg = args[k]
        if type(arg) is list:
            for j in range(views[k].len // sizeof(double)):
                if j >= <uint64_t>len(<list>arg) or not is_plain((<list>arg)[j]):
                    raise RuntimeError("an argument changed while it was read")
                numbers[j] = PyFloat_AsDouble((<list>arg)[j])
        elif type(arg) is array_type:
            memcpy(numbers, views[k].buf, views[k].len)
        else:
            numbers[0] = PyFloat_AsDouble(arg)
        numbers += views[k].len // sizeof(double)
    return X


def table_of(tuple args):
    """Put the rows of several arrays side by side.

    Parameters
    ----------
    args : tuple of numpy.ndarray
        Contiguous, of float64, with as many rows.

    Returns
    -------
    (shapes, X) or None
        The shapes of a row, and the table, of shape (rows, inputs): a view of the only array, a new one, or `Columns`.
        None where the arguments are not such arrays.
    """
    cdef Py_buffer views[FEW]
    cdef uint64_t got = 0, n = <uint64_t>len(args), k
    if not 0 < n <= FEW:
        return None
    try:
        while got < n:
            if type(args[got]) is not array_type or not get_doubles(args[got], &views[got]):
                return None
            got += 1
            if views[got - 1].ndim < 1 or views[got - 1].shape[0] != views[0].shape[0] or not views[0].shape[0]:
                return None
        shapes = tuple([row_shape(&views[k]) for k in range(n)])
        if n > 1:
            return shapes, Columns(args) if views[0].shape[0] > FEW_ROWS else side_by_side(views, n)
        return shapes, args[0] if views[0].ndim == 2 else args[0].reshape(views[0].shape[0], size_of(&views[0]))
    finally:
        for k in range(got):
            PyBuffer_Release(&views[k])


cdef tuple row_shape(Py_buffer *view):
    return tuple([view.shape[k] for k in range(1, view.ndim)]) if view.ndim > 1 else ()


cdef uint64_t size_of(Py_buffer *view) noexcept:
    """Numbers in a row."""
    return <uint64_t>view.len // (<uint64_t>view.shape[0] * sizeof(double))


cdef object side_by_side(Py_buffer *views, uint64_t n):
    cdef uint64_t rows = views[0].shape[0], width = 0, first = 0, r, k, size
    cdef double *table
    for k in range(n):
        width += size_of(&views[k])
    X = new_array((rows, width), &table)
    for k in range(n):
        size = size_of(&views[k])
        if size == 1:
            for r in range(rows):
                table[r * width + first] = (<double *>views[k].buf)[r]
        else:
            for r in range(rows if size else 0):
                memcpy(table + r * width + first, <double *>views[k].buf + r * size, size * sizeof(double))
        first += size
    return X


def grouped(failed, uint64_t guards):
    """Group rows by the first guard that came out otherwise.

    Parameters
    ----------
    failed : numpy.ndarray of int32, shape (rows,), contiguous
        -1 where none did.
    guards : int
        How many there are.

    Returns
    -------
    list of (guard, indices)
        Those that occur, from -1 on; indices in ascending order, or None for all rows.
    """
    cdef Py_buffer view
    cdef uint64_t *start = <uint64_t *>calloc(guards + 2, sizeof(uint64_t))
    if start == NULL:
        raise MemoryError(f"no memory to group rows by {guards:,} guards")
    try:
        PyObject_GetBuffer(failed, &view, PyBUF_C_CONTIGUOUS)
        try:
            if view.ndim != 1 or view.itemsize != sizeof(int32_t):
                raise ValueError(f"failed must be an array of int32, not {failed!r:.60}")
            return groups_of(<int32_t *>view.buf, view.shape[0], start, guards)
        finally:
            PyBuffer_Release(&view)
    finally:
        free(start)


cdef list groups_of(const int32_t *failed, uint64_t rows, uint64_t *start, uint64_t guards):
    """A counting sort; `start` has a place for each group, and one more."""
    cdef uint64_t r, g
    cdef int64_t *order
    check_groups(failed, rows, guards)
    for r in range(rows):
        start[failed[r] + 1] += 1
    if not rows or start[failed[0] + 1] == rows:
        return [(failed[0], None)] if rows else []
    found = [(<int64_t>g - 1, start[g]) for g in range(guards + 1) if start[g]]
    exclusive_sums(start, guards + 1)
    indices = room_for(rows)
    order = <int64_t *>memory_of(indices)
    for r in range(rows):
        g = failed[r] + 1
        order[start[g]] = r
        start[g] += 1
    return [(guard, indices[start[guard + 1] - count:start[guard + 1]]) for guard, count in found]


cdef int check_groups(const int32_t *failed, uint64_t rows, uint64_t guards) except -1:
    cdef int32_t least = -1, most = -1
    cdef uint64_t r
    for r in range(rows):
        least, most = min(least, failed[r]), max(most, failed[r])
    if least < -1 or most >= <int64_t>guards:
        raise ValueError(f"there is no guard {least if least < -1 else most} among {guards}")
    return 0


cdef object kept = None  # memory for indices, so that calls in a row need not ask the system for it each time


cdef object room_for(uint64_t rows):
    """An array of int64 of at least so many rows that nobody else has."""
    global kept
    if rows > MOST_KEPT or (kept is not None and Py_REFCNT(<PyObject *>kept) > 1):
        return numpy.empty(rows, numpy.int64)
    if kept is None or <uint64_t>len(kept) < rows:
        kept = numpy.empty(rows, numpy.int64)
    return kept


cdef void exclusive_sums(uint64_t *counts, uint64_t n) noexcept:
    cdef uint64_t total = 0, count, k
    for k in range(n):
        count, counts[k] = counts[k], total
        total += count


@cython.auto_pickle(False)
cdef class Uniforms:
    """The numbers of a program that no row changes: those of scalars from outside, then constants.

    Parameters
    ----------
    scalars : list of scalars
    numbers : numpy.ndarray of float64, shape (n,)
        n is at least the number of scalars.
    """

    def __cinit__(self, list scalars not None, numbers):
        for scalar in scalars:
            if not isinstance(scalar, Handle):
                raise TypeError(f"what comes from outside must be scalars, not {scalar!r:.60}")
        self.scalars = list(scalars)
        self.numbers = numpy.array(numbers, dtype=numpy.float64)
        if self.numbers.ndim != 1 or len(self.numbers) < len(scalars):
            raise ValueError(f"{len(scalars)} scalars need as many numbers, not an array {self.numbers.shape}")
        self.numbers.flags.writeable = True
        self.memory = <double *>memory_of(self.numbers)

    def now(self):
        """The numbers, those of the scalars as they are now: always the same array."""
        if self.scalars:
            refresh(self)
        return self.numbers


cdef int refresh(Uniforms uniforms) except -1:
    cdef uint64_t k
    cdef list scalars = uniforms.scalars
    if observers.count:
        refuse_always("a compiled function's call with plain numbers")
    for k in range(<uint64_t>len(scalars)):
        uniforms.memory[k] = tape.data[(<Handle>scalars[k]).node]
    return 0


def slopes_at(list inputs not None, Handle root not None):
    """Sweep back from a number that was computed from inputs; the grads of scalars from before these stay as they are.

    Parameters
    ----------
    inputs : list of scalars
        Leaves, made one after the other just before.
    root : scalar

    Returns
    -------
    list of float
    """
    cdef uint32_t first = (<Handle>inputs[0]).node if inputs else tape.count, i, k
    if root.node < first:
        return gradients(root, inputs)
    for i in range(first, root.node + 1):
        for k in range(slot_count(i)):
            if slot_node(i, k) and slot_node(i, k) < first:
                return gradients(root, inputs)
    sweep_backward(root, 1.0)
    return [tape.grad[(<Handle>x).node] for x in inputs]


def records():
    """Does this thread record operations?"""
    return grad_enabled()


def scalar_of(double value, list children not None, slopes, double divisor):
    """Make a node of a value and its slopes by other scalars.

    Parameters
    ----------
    value : float
    children : list of scalars
    slopes : numpy.ndarray of float64, shape (children,)
    divisor : float
        Of the value and the slopes.

    Returns
    -------
    Value
        Or what the children are. A leaf where there are none, or under `no_grad`.
    """
    cdef Handle like = most_derived(children) if children else one_value
    cdef uint64_t n = <uint64_t>len(children), units = payload_units(n, n), k
    cdef Py_buffer view
    cdef bint records = grad_enabled()
    value /= divisor
    if not children or not records:
        reserve(1, 0)
        return leaf(like, value)
    if not get_doubles(slopes, &view):
        raise TypeError(f"slopes must be a contiguous array of float64, not {slopes!r:.60}")
    try:
        if <uint64_t>view.len != n * sizeof(double):
            raise ValueError(f"{n} children need as many slopes, not {view.len // <Py_ssize_t>sizeof(double)}")
        reserve(1, units)
        for k in range(n):
            tape.pool[tape.pool_count + k] = (<Handle>children[k]).node
        return make(like, node_of(like.type_code, value, <uint32_t>n, <double *>view.buf, divisor))
    finally:
        PyBuffer_Release(&view)


cdef uint32_t node_of(uint32_t type_code, double value, uint32_t n, const double *slopes, double divisor) noexcept:
    """The node whose operands were just written."""
    cdef uint32_t node = append_payload(OP_user, type_code, value, Span(n, n)), k
    cdef operands x = payload(node)
    for k in range(n):
        x.reals[k] = slopes[k] / divisor
    return node


cdef inline PyObject *value_at(Place *place) except? NULL:
    """What is there now, or NULL."""
    if place.key == NULL:
        return PyCell_GET(place.container)
    return PyDict_GetItemWithError(place.container, place.key)


@cython.auto_pickle(False)
cdef class Calls:
    """The calls of a function, and what it uses from outside, at a few of which each call looks in turn.

    Parameters
    ----------
    places : list of (name, dict or cell, key or None)
    """

    def __cinit__(self, list places not None):
        cdef uint64_t k
        self.places, self.values = list(places), []
        self.at = <Place *>calloc(len(places) + 1, sizeof(Place))
        if self.at == NULL:
            raise MemoryError(f"no memory for {len(places)} places")
        for k in range(<uint64_t>len(places)):
            _, container, key = self.places[k]
            if not isinstance(container, CellType if key is None else dict):
                raise TypeError(f"a value must be in a cell or a dict, not in {container!r:.60}")
            self.at[k].container = <PyObject *>container
            self.at[k].key = NULL if key is None else <PyObject *>key
        self.look()

    def __dealloc__(self):
        free(self.at)

    def due(self):
        """Count a call. Is it one to compare at?"""
        return is_due(self)

    def look(self):
        """Take the values as they are now."""
        cdef uint64_t k
        values = []
        for k in range(<uint64_t>len(self.places)):
            self.at[k].value = value_at(&self.at[k])
            if self.at[k].value != NULL:
                values.append(<object>self.at[k].value)
        self.values = values

    def changed(self):
        """List the names whose values are others than before."""
        cdef uint64_t k, n = <uint64_t>len(self.places)
        return [self.places[k][0] for k in range(n) if value_at(&self.at[k]) != self.at[k].value]

    def used(self):
        """List the values."""
        return list(self.values)

    def stop(self):
        """Let every call from here on be one to compare at."""
        self.stopped = True


cdef bint is_due(Calls calls) except -1:
    cdef uint64_t n = <uint64_t>len(calls.places)
    calls.count += 1
    if not calls.count & (calls.count - 1) or calls.stopped:
        return True
    for _ in range(min(n, <uint64_t>FEW)):
        calls.next = calls.next + 1 if calls.next + 1 < n else 0
        if value_at(&calls.at[calls.next]) != calls.at[calls.next].value:
            return True
    return False


@cython.auto_pickle(False)
cdef class BoundFunction:
    """A call on fixed buffers that follows its numbers from path to path.

    Parameters
    ----------
    follow : callable
        Called where there is no path yet, or the numbers go another way than the last time. It computes them, and
        returns the program's call and the uniforms of the path they are on; None for no path.
    """

    cdef object follow
    cdef object call
    cdef Uniforms uniforms

    def __init__(self, follow):
        self.follow = follow

    def __call__(self):
        """Compute value and gradient of the numbers in the buffer, into the other buffers."""
        if self.uniforms is not None and self.uniforms.scalars:
            refresh(self.uniforms)
        if self.call is None or not self.call():
            found = self.follow()
            self.call, self.uniforms = found if found is not None else (None, None)

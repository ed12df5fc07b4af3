# distutils: extra_compile_args = -O2
"""Reading what a loss is given. The contract is in the header, loss_input.pxd."""

import reprlib

cimport cython
from cpython.buffer cimport PyBuffer_Release
from libc.math cimport isfinite
from libc.stdint cimport uint64_t
from libc.stdlib cimport free, malloc

from fastgrad._layers.batch cimport Batch, shape_of_batch
from fastgrad._programs.arrays cimport doubles_of, get_doubles
from fastgrad._tape.convert cimport as_double, not_a_number
from fastgrad._tape.kinds cimport results_of
from fastgrad._tape.node cimport Node
from fastgrad._tape.tape cimport tape

from fastgrad._tape.observer import TraceError, recording_active


@cython.freelist(8)
cdef class Given:
    def __dealloc__(self):
        if self.is_view:
            PyBuffer_Release(&self.view)
        free(self.copied)


cdef Given given(object x, str name):
    """Read an argument.

    Raises ValueError where it is empty or its rows are not of one length, TypeError where there is anything but real
    numbers and scalars.
    """
    cdef Given g = Given.__new__(Given)
    g.name = name
    if isinstance(x, Batch):
        g.batch = x
        set_shape(g, shape_of_batch(g.batch))
    elif isinstance(x, (list, tuple)):
        read_rows(g, list(x))
    elif not hasattr(type(x), "mask") and get_doubles(x, &g.view):
        g.is_view = True
        read_view(g)
    elif not isinstance(x, (Node, float, int)) and is_table(x):
        read_array(g, array_of(x, name))
    elif isinstance(x, Node) or (hasattr(type(x), "__float__") and not getattr(x, "ndim", 0)):
        read_entries(g, [x])
    elif hasattr(x, "__array__"):
        read_array(g, x)
    elif isinstance(x, (set, frozenset, dict)):  # their order means nothing
        raise not_a_list(x, name)
    else:
        read_rows(g, list_of(x, g.name))
    if not g.count:
        raise ValueError(f"{g.name} must not be empty, but {an_array_of(g)} is: give at least one")
    return g


cdef bint is_table(x) except -1:
    from fastgrad._frames import is_table

    return is_table(x)


cdef object array_of(x, str name):
    from fastgrad._frames import array_of

    return array_of(x, name)


cdef list list_of(x, str name):
    if not isinstance(x, (str, bytes)):
        try:
            return list(x)
        except TypeError:
            pass
    raise not_a_list(x, name)


cdef object not_a_list(x, str name):
    return TypeError(f"{name} must be a scalar, number, list or array, not {x!r} of type {type(x).__name__}")


# Shapes.

cdef int add_dimension(Given g, Py_ssize_t length) except -1:
    if g.depth == DEEPEST:
        raise ValueError(f"{g.name} must be nested at most {DEEPEST} deep")
    g.shape[g.depth] = length
    g.depth += 1
    return 0


cdef int set_shape(Given g, tuple shape) except -1:
    g.count = 1
    for length in shape:
        add_dimension(g, length)
        g.count *= <uint64_t>length
    return 0


cdef tuple shape_of_given(Given g):
    return tuple([g.shape[k] for k in range(g.depth)])


cdef str an_array_of(Given g):
    return f"an array of shape {shape_of_given(g)}"


cdef int columns_left_out(Given g) noexcept:
    """A column of rows is as good as a row: (n, 1) is taken as (n,)."""
    return g.depth == 2 and g.shape[1] == 1


cdef bint same_shape(Given a, Given b) noexcept:
    cdef int depth = a.depth - columns_left_out(a), k
    if depth != b.depth - columns_left_out(b):
        return False
    for k in range(depth):
        if a.shape[k] != b.shape[k]:
            return False
    return True


cdef str place_of(Given g, uint64_t k):
    cdef list index = []
    cdef int level
    for level in range(g.depth - 1, -1, -1):
        index.insert(0, str(k % <uint64_t>g.shape[level]))
        k //= <uint64_t>g.shape[level]
    return "row " + ", column ".join(index) if index else ""


cdef str with_sum(list row):
    return f"{reprlib.repr(row)}, of sum {sum(row):g}"


cdef str outputs_needed(Given logits):
    if logits.depth > 1 and logits.shape[1] > 1 or logits.count == 1:
        return ""
    return "; a model needs an output for each class, two at least: of one output take binary_cross_entropy_with_logits"


# What is allowed.

cdef bint has_scalars(Given g) noexcept:
    return g.batch is not None or g.scalars is not None


cdef int check_plain(Given t) except -1:
    if has_scalars(t) and recording_active():
        raise TraceError(
            f"{t.name} must be plain numbers, not a compiled function's arguments: write the loss with operations, "
            f"such as (1.0 - y * score).relu(), or apply it to the batch of a model outside of the function"
        )
    if has_scalars(t):
        raise TypeError(f"{t.name} must be plain numbers, not scalars: give the .data of them")
    return 0


cdef object wrong_shape(Given p, Given t):
    shape, other = shape_of_given(p), shape_of_given(t)
    return ValueError(f"{p.name} of shape {shape} need {t.name} of the same shape, not of shape {other}")


# Reading.

cdef int read_view(Given g) except -1:
    cdef int k
    g.count = 1
    for k in range(g.view.ndim):
        add_dimension(g, g.view.shape[k])
        g.count *= <uint64_t>g.view.shape[k]
    g.numbers = <const double *>g.view.buf
    return 0


cdef int read_array(Given g, x) except -1:
    """An array, or what numpy makes one of."""
    import numpy

    array = numpy.asarray(x)
    if array.dtype.kind == "O":
        set_shape(g, array.shape)
        return read_entries(g, array.ravel().tolist())
    doubles = doubles_of(array)
    if doubles is None:
        raise TypeError(f"{g.name} must be real numbers, not an array of {array.dtype}")
    if not get_doubles(doubles, &g.view):
        raise TypeError(f"{g.name} must be an array of real numbers, not {x!r}")
    g.is_view = True
    return read_view(g)


cdef bint is_row(entry) except -1:
    if isinstance(entry, (float, int, Node, str, bytes)):
        return False
    return hasattr(entry, "__len__") and getattr(entry, "ndim", 1) > 0


cdef int read_rows(Given g, list xs) except -1:
    """A list of numbers and scalars, or of rows of them."""
    add_dimension(g, len(xs))
    while xs and is_row(xs[0]):
        rows = [list(entry) if is_row(entry) else [entry] for entry in xs]
        for k, row in enumerate(rows):
            if len(row) != len(rows[0]) or not is_row(xs[k]):
                what = f"has {len(row)}" if is_row(xs[k]) else "is a number"
                raise ValueError(f"{g.name} must be rows of one length, but row 0 has {len(rows[0])}, row {k} {what}")
        add_dimension(g, len(rows[0]))
        xs = [entry for row in rows for entry in row]
    return read_entries(g, xs)


cdef int read_entries(Given g, list xs) except -1:
    """What is left when all rows are laid end to end: numbers, and scalars, which are read when they are needed."""
    cdef uint64_t k
    g.count = len(xs)
    g.copied = <double *>malloc((g.count + 1) * sizeof(double))
    if g.copied == NULL:
        raise MemoryError(f"no memory for {g.count:,} numbers")
    g.numbers = g.copied
    for k in range(g.count):
        entry = xs[k]
        if isinstance(entry, Node):
            g.scalars = xs
        elif not as_double(entry, &g.copied[k]):
            raise not_a_number(entry, f"{g.name}{', ' if g.depth else ''}{place_of(g, k)}")
    return 0


cdef const double *numbers_of(Given g) noexcept:
    cdef uint64_t k
    if g.batch is not None:
        return results_of(g.batch.node).values
    if g.scalars is not None:
        for k in range(g.count):
            if isinstance(g.scalars[k], Node):
                g.copied[k] = tape.data[(<Node>g.scalars[k]).node]
    return g.numbers


cdef list entries_of(Given g):
    cdef uint64_t k
    if g.batch is not None:
        return given(list(g.batch), g.name).scalars
    if g.scalars is None:
        return [g.numbers[k] for k in range(g.count)]
    return [g.scalars[k] if isinstance(g.scalars[k], Node) else g.numbers[k] for k in range(g.count)]


# Weights.

cdef Given weights_of(object weights, Given p, uint64_t rows, bint mean):
    """Weights of predictions, of which a loss takes so many rows: each its own, or one for each row of predictions.

    Those of a mean are divided by their sum, so that every weighted loss is a sum.
    """
    if weights is None:
        return None
    cdef Given w = given(weights, "weights"), each
    cdef uint64_t given_rows = p.shape[0] if p.depth > 1 else rows, k
    check_plain(w)
    if w.depth > 1 or w.count != given_rows:
        raise ValueError(
            f"weights must be one number for each row of {p.name}, of shape ({given_rows},), "
            f"not of shape {shape_of_given(w)}"
        )
    cdef double total = 0.0
    for k in range(w.count):
        if not (w.numbers[k] >= 0.0 and isfinite(w.numbers[k])):
            raise ValueError(f"weights must be finite and at least 0, but {place_of(w, k)} is {w.numbers[k]:.16g}")
        total += w.numbers[k]
    total *= <double>(rows // w.count)
    if not (total > 0.0 and isfinite(total)):
        raise ValueError(f"weights must have a finite sum above 0, not {total:g}: leave out rows that do not count")
    each = given([0.0] * <Py_ssize_t>rows, "weights")
    for k in range(rows):
        each.copied[k] = w.numbers[k // (rows // w.count)] / (total if mean else 1.0)
    return each

"""Layers applied to what Python gives: a row, or many. All is read and checked before a node is made.

What is read may run Python code; the numbers are copied to the tape by `chain` of dense.pyx.
"""

from cpython.buffer cimport PyBuffer_Release
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from libc.stdint cimport uint32_t, uint64_t

cimport cython

from fastgrad._layers.batch cimport Batch, shape_at, shape_of_batch
from fastgrad._layers.dense cimport Dense, LayerInput, SparseRows, chain
from fastgrad._layers.layer cimport FROM_NUMBERS, FROM_RESULTS, FROM_SCALARS, FROM_SPARSE, all_are_finite, layer_shape
from fastgrad._programs.arrays cimport doubles_of, get_doubles, memory_of, new_array
from fastgrad._tape.convert cimport as_double, as_operands, most_derived, number_of
from fastgrad._tape.node cimport Node

cdef enum:
    FEW = 64  # numbers of a row that are read without allocating memory
    MOST_ENTRIES = 10  # sparse rows with more than one number in so many places are computed sooner as an array


def apply(list layers not None, x):
    """Apply layers, each `Dense`, one after the other.

    Parameters
    ----------
    layers : list of Dense
        At least one; each has as many inputs as the one before has neurons.
    x : sequence of scalars and numbers, array of shape (nin,) or (n, nin), or Batch
        A row, or many.

    Returns
    -------
    Scalar, Value, list of them, or Batch
        Of a row, the last layer's results, of a single neuron the result itself; of many rows, a batch.

    Raises
    ------
    ValueError
        If a row has another width than the first layer has inputs, if there is no row, or if a number is nan.
    """
    cdef Py_buffer view
    cdef Dense first = checked_chain(layers)
    if type(x) is list and len(x) == first.nin <= FEW and all_floats(<list>x):
        return apply_to_floats(layers, <list>x)
    layers = layers[:]  # code that runs when x is read cannot change this one
    if isinstance(x, (list, tuple)):
        if len(x) and is_row(x[0]):
            return apply_to_list(layers, first, x)
        return apply_to_sequence(layers, first, x)
    if isinstance(x, Batch):
        return apply_to_batch(layers, first, <Batch>x)
    if not hasattr(type(x), "mask") and get_doubles(x, &view):
        if view.ndim:
            return apply_to_view(layers, first, &view)
        PyBuffer_Release(&view)
    elif hasattr(type(x), "tocsr"):
        return apply_to_sparse(layers, first, x)
    elif not isinstance(x, (Node, float, int)) and is_table(x):
        return apply_to_table(layers, first, x)
    if getattr(x, "ndim", 0):
        return apply_to_array(layers, first, x)
    if first.nin == 1 and (isinstance(x, Node) or hasattr(type(x), "__float__")):
        return apply_to_list(layers, first, [x])
    if hasattr(x, "__array__"):
        return apply_to_array(layers, first, x.__array__())
    return apply(layers, list_of_row(first, x))


cdef list list_of_row(Dense first, x):
    if not isinstance(x, (str, bytes, set, frozenset, dict)):
        try:
            return list(x)
        except TypeError:
            pass
    kind = type(x).__name__
    raise TypeError(f"x must be a row of {first.nin} numbers or an array of rows, not {x!r} of type {kind}")


cdef Dense checked_chain(list layers):
    """The first of layers that can follow each other."""
    cdef Dense before = None
    if not layers:
        raise ValueError("there are no layers to apply")
    for dense in layers:
        if type(dense) is not Dense or (<Dense>dense).leaves is None:
            raise TypeError(f"a layer must be a Dense, not {dense!r}")
        if before is not None and before.nout != (<Dense>dense).nin:
            raise ValueError(
                f"a layer of {before.nout} neurons cannot be followed by one with {(<Dense>dense).nin} inputs"
            )
        before = <Dense>dense
    return <Dense>layers[0]


cdef inline bint is_row(object first) except -1:
    """Is a sequence that begins with this a row, not a sequence of rows?"""
    if isinstance(first, (float, int, Node, str, bytes)):
        return True
    return not (hasattr(first, "__len__") or hasattr(first, "__iter__"))


cdef object wrong_width(Dense first, given):
    return ValueError(f"x must have {first.nin} numbers in a row, as the first layer has inputs, not {given}")


cdef inline bint all_floats(list x) noexcept:
    for number in x:
        if not PyFloat_CheckExact(number):
            return False
    return True


cdef object apply_to_floats(list layers, list x):
    """A short row of floats, which are read without running any code."""
    cdef double few[FEW]
    cdef LayerInput given = LayerInput(FROM_NUMBERS, 1, &few[0], 0, False, NULL)
    cdef uint32_t k, n = <uint32_t>len(x)
    for k in range(n):
        few[k] = PyFloat_AS_DOUBLE(x[k])
    check_numbers(&given, n)
    return chain(layers, &given, None, None, True)


@cython.boundscheck(True)
cdef object apply_to_list(list layers, Dense first, x):
    """A row of scalars and numbers."""
    cdef double few[FEW]
    cdef LayerInput given = LayerInput(FROM_NUMBERS, 1, &few[0], 0, False, NULL)
    cdef uint32_t k, n = len(x)
    if n != first.nin:
        raise wrong_width(first, n)
    if n <= FEW:
        for k in range(n):
            if not as_double(x[k], &few[k]):
                break
        else:
            check_numbers(&given, n)
            return chain(layers, &given, None, None, True)
    scalars = as_operands(list(x), "x")
    if most_derived(scalars) is None:
        return apply_to_array(layers, first, array_of(scalars))
    return apply_to_scalars(layers, first, 1, scalars, True)


cdef object apply_to_sequence(list layers, Dense first, x):
    """A sequence of rows."""
    if not len(x):
        raise ValueError("x is empty: give at least one row")
    widths = {len(row) if hasattr(row, "__len__") else 1 for row in x}
    if widths != {first.nin}:
        given = ", ".join(map(str, sorted(widths)))
        raise wrong_width(first, given if len(widths) == 1 else f"rows of {given}")
    return apply_to_array(layers, first, array_of(x))


cdef bint is_table(x) except -1:
    from fastgrad._frames import is_table

    return is_table(x)


cdef object apply_to_table(list layers, Dense first, x):
    """Rows of a frame, a row that has names, or a masked array."""
    from fastgrad._frames import array_of, columns_of, in_words

    columns = columns_of(x)
    if columns is not None and len(columns) != first.nin:
        raise wrong_width(first, f"{len(columns)}: {in_words(columns)}")
    return apply_to_array(layers, first, array_of(x, "x"))


cdef object apply_to_sparse(list layers, Dense first, x):
    """The rows of a sparse matrix of SciPy; where there is little to leave out, those of an array."""
    cdef uint64_t rows
    if x.ndim != 2 or x.shape[1] != first.nin or not x.shape[0]:
        check_shape(first, tuple(x.shape))
    if x.ndim != 2 or x.nnz * MOST_ENTRIES > x.shape[0] * x.shape[1]:
        return apply_to_array(layers, first, x.toarray())
    rows, x = x.shape[0], x.tocsr()
    if rows >= 1 << 31 or x.nnz >= 1 << 31:
        raise MemoryError(f"x has {rows:,} rows and {x.nnz:,} numbers, more than one node holds: give it in parts")
    return apply_to_entries(layers, first, rows, doubles_of(x.data), as_int32(x.indices), as_int32(x.indptr))


cdef object as_int32(x):
    import numpy

    return numpy.ascontiguousarray(x, dtype=numpy.int32)


cdef object apply_to_entries(list layers, Dense first, uint64_t rows, entries, columns, starts):
    cdef SparseRows sparse
    cdef LayerInput given = LayerInput(FROM_SPARSE, <uint32_t>rows, NULL, 0, False, &sparse)
    cdef uint64_t k, r, end
    if entries is None:
        raise TypeError("x must be of real numbers")
    sparse.entries = <const double *>memory_of(entries)
    sparse.columns, sparse.starts = <const uint32_t *>memory_of(columns), <const uint32_t *>memory_of(starts)
    end = sparse.starts[rows] if <uint64_t>len(starts) == rows + 1 else <uint64_t>-1
    if end > <uint64_t>len(entries) or end > <uint64_t>len(columns) or sparse.starts[0]:
        raise ValueError("x is no sparse matrix that holds together: its starts of rows are wrong")
    sparse.count = end
    for r in range(rows):
        if sparse.starts[r] > sparse.starts[r + 1]:
            raise ValueError(f"x is no sparse matrix that holds together: row {r} ends before it starts")
        for k in range(sparse.starts[r], sparse.starts[r + 1]):
            if k >= end or sparse.columns[k] >= first.nin:
                raise ValueError(f"x is no sparse matrix that holds together: row {r} has a wrong column")
            if sparse.entries[k] != sparse.entries[k]:
                raise ValueError(f"x must be of numbers, but row {r}, column {sparse.columns[k]} is nan")
    return chain(layers, &given, None, None, False)


cdef object array_of(x):
    """An array of floats, or of objects where scalars are among them."""
    import numpy

    array = numpy.empty((len(x), *([len(x[0])] if hasattr(x[0], "__len__") else [])), dtype=object)
    array[...] = x
    flat = array.ravel().tolist()
    return array if any([isinstance(entry, Node) for entry in flat]) else floats_of(flat, array.shape)


cdef object floats_of(list flat, shape):
    """An array of floats: numpy itself would take texts for numbers."""
    cdef double *numbers
    cdef uint64_t k
    array = new_array(len(flat), &numbers)
    for k in range(<uint64_t>len(flat)):
        numbers[k] = number_of(flat[k], "an argument of x")
    return array.reshape(shape)


cdef object as_floats(x):
    import numpy

    array = numpy.asarray(x)
    if array.dtype.kind == "O":
        return floats_of(array.ravel().tolist(), array.shape)
    doubles = doubles_of(array)
    if doubles is None:
        raise TypeError(f"x must be of real numbers, not of {array.dtype}")
    return doubles


cdef object apply_to_array(list layers, Dense first, x):
    """An array of one row or of many, of numbers or scalars."""
    cdef Py_buffer view
    if getattr(x, "dtype", None) == object and x.size:
        scalars = as_operands(x.ravel().tolist(), "x")
        if most_derived(scalars) is not None:
            check_shape(first, tuple(x.shape))
            return apply_to_scalars(layers, first, x.shape[0] if x.ndim == 2 else 1, scalars, x.ndim == 1)
    if not get_doubles(as_floats(x), &view):
        raise TypeError(f"x must be an array of real numbers, not {x!r}")
    return apply_to_view(layers, first, &view)


cdef object apply_to_view(list layers, Dense first, Py_buffer *view):
    """The numbers in an object's memory, which is let go of."""
    cdef bint row = view.ndim == 1
    try:
        if view.ndim < 1 or view.ndim > 2 or view.shape[view.ndim - 1] != first.nin or view.shape[0] == 0:
            check_shape(first, tuple([view.shape[k] for k in range(view.ndim)]))
        return apply_to_doubles(layers, <const double *>view.buf, 1 if row else view.shape[0], row)
    finally:
        PyBuffer_Release(view)


cdef int check_shape(Dense first, tuple shape) except -1:
    if len(shape) not in (1, 2) or shape[len(shape) - 1] != first.nin:
        hint = "; for many rows of one number, give x.reshape(-1, 1)" if len(shape) == 1 and first.nin == 1 else ""
        raise wrong_width(first, f"{shape[0] if len(shape) == 1 else f'an array of shape {shape}'}{hint}")
    if not shape[0]:
        raise ValueError("x is empty: give at least one row")
    return 0


cdef object apply_to_doubles(list layers, const double *numbers, uint64_t rows, bint row):
    cdef LayerInput given = LayerInput(FROM_NUMBERS, <uint32_t>rows, numbers, 0, False, NULL)
    if rows >= 1 << 31:
        raise MemoryError(f"x has {rows:,} rows, more than one node holds: give it in parts")
    check_numbers(&given, (<Dense>layers[0]).nin)
    return chain(layers, &given, None, None, row)


cdef int check_numbers(LayerInput *given, uint64_t nin) except -1:
    """See whether the numbers are finite, and that none is nan."""
    cdef const double *numbers = given.numbers
    cdef uint64_t k, n = given.rows * nin
    given.finite = all_are_finite(numbers, n)
    if not given.finite:
        for k in range(n):
            if numbers[k] != numbers[k]:
                raise ValueError(f"x must be of numbers, but row {k // nin}, column {k % nin} is nan")
    return 0


cdef object apply_to_scalars(list layers, Dense first, uint32_t rows, list scalars, bint row):
    cdef LayerInput given = LayerInput(FROM_SCALARS, rows, NULL, 0, False, NULL)
    if <uint64_t>len(scalars) != <uint64_t>rows * first.nin:
        raise wrong_width(first, f"{len(scalars)} in {rows} rows")
    return chain(layers, &given, scalars, None, row)


cdef object apply_to_batch(list layers, Dense first, Batch x):
    cdef layer_shape shape = shape_at(x)
    cdef LayerInput given = LayerInput(FROM_RESULTS, shape.rows, NULL, 0, False, NULL)
    if shape.nout != first.nin:
        raise wrong_width(first, f"a batch of shape {shape_of_batch(x)}")
    return chain(layers, &given, None, x, False)

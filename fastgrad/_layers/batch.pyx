"""What a layer makes of many rows, and the scalars of single results. The contract is in the header, batch.pxd."""

from cpython.object cimport Py_EQ, Py_NE
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy

from fastgrad._layers.layer cimport layer_shape, shape_of
from fastgrad._programs.arrays cimport new_array
from fastgrad._tape.handle cimport MANY, Handle, adopt, grad_enabled, make, unpinned_handle_of
from fastgrad._tape.kinds cimport Results, has_results, results_of
from fastgrad._tape.observer cimport observers, refuse
from fastgrad._tape.tape cimport (
    OP_LEAF, OP_pick, Second, append, hold, let_go, no_second, operands, payload, reserve, tape,
)

from fastgrad._tape.absent import Absent, names_of
from fastgrad._tape.numbers import Value


# The scalar of one result.

cdef list row_of(Handle like, uint32_t node, uint64_t start, uint32_t n):
    """The scalars of n results one after the other. The caller holds the tape."""
    return [pick(like, node, start + k) for k in range(n)]


cdef object pick(Handle like, uint32_t node, uint64_t place):
    """The scalar of one result; a leaf where nothing is recorded, or the results have no operands."""
    cdef double value
    cdef Second second = no_second()
    cdef bint records = grad_enabled() and tape.second[node].span.n
    reserve(1, 0)
    second.place = <uint32_t>place
    value = results_of(node).values[place]
    if not records:
        return make(like, append(OP_LEAF, like.type_code, value, 0, second))
    return make(like, append(OP_pick, like.type_code, value, node, second))


# The results of many rows.

cdef Batch any_batch = None


cdef Batch batch_at(uint32_t node):
    return make(any_batch, node)


cdef layer_shape shape_at(Batch batch) except *:
    if not has_results(batch.node):
        raise TypeError("this batch was made by hand, and has no numbers: a batch is what a layer makes of many rows")
    return shape_of(batch.node)


cdef tuple shape_of_batch(Batch batch):
    cdef layer_shape shape = shape_at(batch)
    if shape.nout == 1:
        return (shape.rows,)
    return (shape.rows, shape.nout)


cdef class Batch(Handle):
    """What a layer or a network makes of many rows: one node for all results.

    Losses and further layers take it whole. ``batch[i, j]`` is a scalar of its own, through which a gradient flows to
    the node; ``batch[i]`` is the list of a row's.

    Notes
    -----
    A batch has no arithmetic: compute with its scalars, or give it to a function of `fastgrad.losses`.

    Examples
    --------
    >>> from fastgrad import nn
    >>> batch = nn.Layer(2, 3)([[1.0, 2.0], [3.0, 4.0]])
    >>> batch.shape, len(batch[0])
    ((2, 3), 3)
    """

    item = Absent("item", "batch.data is the array of its numbers, batch[i] a scalar or a row of them")
    numpy = Absent("numpy", "batch.data is the array of its numbers")
    tolist = Absent("tolist", "batch.data.tolist() is the list of its numbers")
    detach = Absent("detach", "batch.data is the array of its numbers, through which no gradient flows")
    argmax = Absent("argmax", "batch.data is the array of its numbers: batch.data.argmax(axis=1)")
    backward = Absent("backward", "give it to a function of fastgrad.losses, whose result has it")
    mean = Absent("mean", "fastgrad.mean(batch[:]) is that of its scalars, batch.data.mean() that of its numbers")
    sum = Absent("sum", "fastgrad.sum(batch[:]) is that of its scalars, batch.data.sum() that of its numbers")

    def __dir__(self):
        return names_of(self)

    def __init__(self):
        raise TypeError("a batch is made by a layer or a network called with many rows")

    @property
    def shape(self):
        """(rows,) after a layer of one neuron, else (rows, neurons)."""
        return shape_of_batch(self)

    @property
    def data(self):
        """The numbers, as a read-only copy of this shape."""
        cdef Results results
        cdef double *numbers
        if observers.count:
            refuse(self, "a batch's .data")
        copy = new_array(shape_of_batch(self), &numbers)
        results = results_of(self.node)
        memcpy(numbers, results.values, results.count * sizeof(double))
        copy.flags.writeable = False
        return copy

    def __len__(self):
        return shape_of_batch(self)[0]

    def __getitem__(self, index):
        import numpy

        shape = shape_of_batch(self)
        if isinstance(index, int) and -shape[0] <= index < shape[0]:
            return row_at(self, index % shape[0])
        places = numpy.arange(numpy.prod(shape)).reshape(shape)[index]
        hold()
        try:
            return scalars_at(like_of(self), self.node, places.tolist())
        finally:
            let_go()

    def __iter__(self):
        return (row_at(self, row) for row in range(len(self)))

    def __reduce__(self):
        raise TypeError("a batch cannot be pickled or copied: pickle the module and its inputs, or the batch's data")

    def __repr__(self):
        return f"<batch of shape {shape_of_batch(self)}>"

    # Numpy's functions and operators refuse it, too, rather than work on its scalars one by one.
    def __array_ufunc__(self, *arguments, **options):
        raise no_arithmetic()

    def __hash__(self):
        return object.__hash__(self)

    def __richcmp__(self, other, int comparison):
        if comparison == Py_EQ or comparison == Py_NE:
            return NotImplemented
        raise no_arithmetic()

    def __add__(self, other):
        raise no_arithmetic()

    def __sub__(self, other):
        raise no_arithmetic()

    def __mul__(self, other):
        raise no_arithmetic()

    def __truediv__(self, other):
        raise no_arithmetic()

    def __matmul__(self, other):
        raise no_arithmetic()

    def __pow__(self, other, modulus):
        raise no_arithmetic()

    def __neg__(self):
        raise no_arithmetic()


cdef object no_arithmetic():
    return TypeError(
        "a batch has no arithmetic and no order: give it to a function of fastgrad.losses, or compute with its "
        "scalars, batch[i], or its numbers, batch.data"
    )


cdef object row_at(Batch batch, uint64_t row):
    """A row's scalars, or its scalar."""
    cdef layer_shape shape = shape_at(batch)
    cdef Handle like = like_of(batch)
    hold()
    try:
        if shape.nout == 1:
            return pick(like, batch.node, row)
        return row_of(like, batch.node, row * shape.nout, shape.nout)
    finally:
        let_go()


cdef object scalars_at(Handle like, uint32_t node, places):
    """The scalars at places that may be nested."""
    if isinstance(places, list):
        return [scalars_at(like, node, place) for place in places]
    return pick(like, node, places)


cdef Handle like_of(Batch batch):
    """A handle of the type that the batch's scalars are of."""
    cdef operands x = payload(batch.node)
    return unpinned_handle_of(x.slots[0]) if x.n else any_value


cdef Handle any_value = Value(0.0)

adopt(Batch, MANY, b"fastgrad.nn.Batch")
any_batch = Batch.__new__(Batch)

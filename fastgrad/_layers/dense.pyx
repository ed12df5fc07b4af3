# distutils: extra_compile_args = -O2
"""Layers of neurons, and the nodes that they make of rows. The contract is in the header, dense.pxd.

A layer's node is appended with its inputs and computed at once; see layer.h for what it holds. The tape is held from
the first layer of a chain to the result, so that an index stays good where numpy multiplies, and where the results'
handles are made.
"""

from cpython.buffer cimport PyBuffer_Release
from libc.math cimport NAN
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastgrad._layers.batch cimport Batch, batch_at, row_of, shape_at
from fastgrad._layers.blas cimport WIDE_LAYER, is_wide, wide_value
from fastgrad._layers.layer cimport (
    ACTIVATION_END, FROM_NOTHING, FROM_NUMBERS, FROM_RESULTS, FROM_SCALARS, FROM_SPARSE, LAYER, SHAPE_REALS,
    activation_names, all_are_finite, compute_layer, layer, layer_at, layer_begin, layer_reals, layer_shape, layer_size,
    shape_of,
)
from fastgrad._layers.leaves cimport Leaves, leaf_count
from fastgrad._layers.network cimport NETWORK, network_value, pays_as_network
from fastgrad._programs.arrays cimport get_doubles, new_array
from fastgrad._tape.convert cimport most_derived
from fastgrad._tape.handle cimport MANY, Handle, grad_enabled, leaf, make, make_room
from fastgrad._tape.kinds cimport Results, results_of
from fastgrad._tape.observer cimport current
from fastgrad._tape.tape cimport (
    CONSTANT, Span, append_payload, hold, let_go, operands, payload, payload_units, reserve, tape,
)

ACTIVATIONS = tuple([activation_names[code].decode() for code in range(<int>ACTIVATION_END)])

cdef dict codes = {name: code for code, name in enumerate(ACTIVATIONS)}


cdef class Dense:
    """One layer: where its parameters lie, and its activation.

    Parameters
    ----------
    leaves : Leaves
    offset : int
        Of the first parameter among the leaves; they are, for each neuron, its weights and its bias.
    nin, nout : int
        How many inputs and how many neurons.
    activation : str
        One of `ACTIVATIONS`.
    compiled : bool
        Whether many rows may be computed by a compiled program, where that is faster.
    """

    def __init__(self, Leaves leaves not None, uint32_t offset, uint32_t nin, uint32_t nout, activation, compiled=True):
        if not nin or not nout:
            raise ValueError(f"a layer has at least 1 input and 1 neuron, not {nin} and {nout}")
        if self.leaves is not None:
            raise TypeError("a layer cannot be made again by __init__")
        if offset + <uint64_t>nout * (<uint64_t>nin + 1) > leaf_count(leaves):
            raise ValueError(f"a layer of {nout} neurons with {nin} inputs at {offset} is beyond {leaves!r}")
        self.activation = activation
        self.leaves, self.offset, self.nin, self.nout = leaves, offset, nin, nout
        self.compiled = compiled

    @property
    def activation(self):
        """The name of the activation."""
        return ACTIVATIONS[self.code]

    @activation.setter
    def activation(self, name):
        if name not in codes:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}, not {name!r}")
        self.code = codes[name]

    def __reduce__(self):
        return Dense, (self.leaves, self.offset, self.nin, self.nout, self.activation, self.compiled)

    def __repr__(self):
        return f"<layer of {self.nout} neurons with {self.nin} inputs, {self.activation}>"


# The nodes.

cdef object chain(list layers, LayerInput *given, list scalars, Batch before, bint row):
    """Append a node for each layer, or one for all, the first one's inputs being in `given` with `scalars` or the
    batch before; return the last one's results."""
    cdef Handle own = (<Dense>layers[0]).leaves.root
    cdef Handle like = most_derived([own, *scalars]) if scalars else own
    cdef bint records = grad_enabled()
    cdef Dense last = <Dense>layers[len(layers) - 1]
    cdef uint32_t type_code = like.type_code if row and last.nout == 1 else MANY
    reserve(len(layers), 0)
    hold()
    try:
        if before is not None:
            given.node = before.node
        if row or scalars is not None or not is_network(layers, given):
            append_layers(layers, type_code, given, scalars)
        else:
            given.node = append_network(layers, given)
        if not row:
            return batch_at(given.node if records else without_operands(given.node))
        if type_code != MANY:
            return make(like, given.node) if records else new_leaf(like, tape.data[given.node])
        return row_of(like, given.node, 0, last.nout)
    finally:
        let_go()


cdef int append_layers(list layers, uint32_t type_code, LayerInput *given, list scalars) except -1:
    """Append a node for each layer; the last one's, of that type, is then in `given`."""
    cdef uint32_t k, last = <uint32_t>len(layers) - 1
    for k in range(last + 1):
        given.node = append_layer(<Dense>layers[k], type_code if k == last else MANY, given, scalars)
        given.inputs = FROM_RESULTS
        scalars = None
    return 0


cdef uint32_t append_layer(Dense dense, uint32_t type_code, LayerInput *given, list scalars) except 0:
    """Append one layer's node and compute it. The caller holds the tape."""
    cdef layer_shape shape = layer_shape(
        given.rows, dense.nin, dense.nout, dense.code, given.inputs, dense.offset, 0, parameters_of(dense),
        given.sparse.count if given.inputs == FROM_SPARSE else 0,
    )
    cdef bint full = given.inputs != FROM_SCALARS and given.inputs != FROM_SPARSE
    cdef bint wide = full and is_wide(given.rows, dense.nin, dense.nout)
    cdef uint32_t node = append_shape(WIDE_LAYER if wide else LAYER, type_code, shape)
    cdef operands x = payload(node)
    write_inputs(&x, dense, given, scalars)
    if wide:
        return compute_with_python(type_code, node)
    compute_layer(node)
    return node


cdef inline uint32_t parameters_of(Dense dense) noexcept:
    return dense.nout * (dense.nin + 1)


# Networks.

cdef bint is_network(list layers, LayerInput *given) except -1:
    """Are these layers one node? Their parameters must follow one another, and numbers be finite: a program
    passes a gradient of 0 on, where the product with an infinity would be nan."""
    cdef Dense first = <Dense>layers[0], dense
    cdef uint64_t offset = first.offset
    cdef Results before
    for dense in layers:
        if not dense.compiled or dense.leaves is not first.leaves or dense.offset != offset:
            return False
        offset += parameters_of(dense)
    if given.inputs == FROM_SPARSE or current() is not None or not pays_as_network(given.rows, offset - first.offset):
        return False
    if given.inputs == FROM_RESULTS:
        before = results_of(given.node)
        return all_are_finite(before.values, before.count)
    return given.finite


cdef uint32_t append_network(list layers, LayerInput *given) except 0:
    """Append one node for all layers and compute it; return where it is then. The caller holds the tape."""
    cdef Dense first = <Dense>layers[0], dense
    cdef Dense last = <Dense>layers[len(layers) - 1]
    cdef layer_shape shape = layer_shape(
        given.rows, first.nin, last.nout, last.code, given.inputs, first.offset, <uint32_t>len(layers),
        last.offset + parameters_of(last) - first.offset, 0,
    )
    cdef uint32_t node = append_shape(NETWORK, MANY, shape), k
    cdef operands x = payload(node)
    cdef layer_size *size = <layer_size *>(x.reals + SHAPE_REALS)
    for k in range(shape.layers):
        dense = <Dense>layers[k]
        size[k] = layer_size(dense.nout, dense.code)
    write_inputs(&x, first, given, None)
    return compute_with_python(MANY, node)


cdef uint32_t compute_with_python(uint32_t type_code, uint32_t node) except 0:
    """Compute a wide layer's or a network's node; return where it is then. Other threads that run meanwhile may
    collect, lest two that train never find a time when neither holds the tape."""
    cdef Batch owner
    if type_code != MANY:
        wide_value(None, node)
        return node
    owner = batch_at(node)
    let_go()
    try:
        if tape.op[node] == NETWORK:
            network_value(owner, 0)
        else:
            wide_value(owner, 0)
    finally:
        hold()
    return owner.node


cdef uint32_t append_shape(uint32_t op, uint32_t type_code, layer_shape shape) except 0:
    """Append a layer node whose slots and inputs are still to be written."""
    cdef uint64_t n = 0 if shape.inputs == FROM_NOTHING else 2 if shape.inputs == FROM_RESULTS else 1
    cdef uint64_t reals = layer_reals(&shape)
    cdef operands x
    cdef uint32_t node
    if shape.inputs == FROM_SCALARS:
        n += <uint64_t>shape.rows * shape.nin
    if reals >= 1 << 31:
        raise MemoryError(f"{shape.rows:,} rows of {shape.nout:,} results are more than one node holds")
    reserve(1, payload_units(n, reals))
    node = append_payload(op, type_code, NAN, Span(<uint32_t>n, <uint32_t>reals))
    x = payload(node)
    layer_begin(x.reals, &shape)
    return node


cdef int write_inputs(operands *x, Dense dense, LayerInput *given, list scalars) except -1:
    cdef uint32_t *slots = <uint32_t *>x.slots
    cdef uint32_t k
    slots[0] = dense.leaves.root.node
    if given.inputs == FROM_RESULTS:
        slots[1] = given.node
    elif given.inputs == FROM_SPARSE:
        write_sparse(layer_at(x.reals), given.sparse)
    elif given.inputs == FROM_NUMBERS:
        memcpy(layer_at(x.reals).in_, given.numbers, <uint64_t>given.rows * dense.nin * sizeof(double))
    else:
        for k in range(x.n - 1):
            entry = scalars[k]
            slots[k + 1] = (<Handle>entry).node if isinstance(entry, Handle) else CONSTANT
            if not isinstance(entry, Handle):
                x.reals[SHAPE_REALS + k] = <double>entry
    return 0


cdef void write_sparse(layer at, const SparseRows *rows) noexcept:
    memcpy(at.entries, rows.entries, rows.count * sizeof(double))
    memcpy(at.columns, rows.columns, rows.count * sizeof(uint32_t))
    memcpy(at.starts, rows.starts, (<uint64_t>at.shape.rows + 1) * sizeof(uint32_t))


def leaf_batch(numbers):
    """Make a batch of numbers that come from nowhere.

    Parameters
    ----------
    numbers : numpy.ndarray of float64, shape (rows, results), contiguous

    Returns
    -------
    Batch
    """
    cdef Py_buffer view
    cdef layer_shape shape
    cdef uint32_t node
    if not get_doubles(numbers, &view):
        raise TypeError(f"numbers must be a contiguous array of float64, not {numbers!r:.60}")
    try:
        if view.ndim != 2 or not view.len:
            raise ValueError(f"numbers must be of shape (rows, results), not {numbers.shape}")
        if view.shape[0] >= 1 << 31:
            raise MemoryError(f"{view.shape[0]:,} rows are more than one node holds: give them in parts")
        shape = layer_shape(<uint32_t>view.shape[0], 0, <uint32_t>view.shape[1], 0, FROM_NOTHING, 0, 0, 0, 0)
        node = append_shape(LAYER, MANY, shape)
        memcpy(results_of(node).values, view.buf, view.len)
        tape.data[node] = (<double *>view.buf)[0]
        return batch_at(node)
    finally:
        PyBuffer_Release(&view)


def taken_gradient(Batch batch not None):
    """Return the gradient that has come to a leaf batch, shape (rows, results), and set it back to 0."""
    cdef layer_shape shape = shape_at(batch)
    cdef double *copy
    cdef Results results
    if shape.inputs != FROM_NOTHING:
        raise ValueError("only a batch of numbers keeps its gradient: one that a module made passes it on")
    array = new_array((shape.rows, shape.nout), &copy)
    results = results_of(batch.node)
    memcpy(copy, results.adjoints, results.count * sizeof(double))
    memset(results.adjoints, 0, results.count * sizeof(double))
    return array


cdef uint32_t without_operands(uint32_t node) except 0:
    """A node with the results of another, through which no gradient flows."""
    cdef layer_shape shape = shape_of(node)
    cdef uint32_t copy
    shape.inputs, shape.nin, shape.layers, shape.entries = FROM_NOTHING, 0, 0, 0
    copy = append_shape(LAYER, MANY, shape)
    memcpy(results_of(copy).values, results_of(node).values, results_of(copy).count * sizeof(double))
    tape.data[copy] = tape.data[node]
    return copy


cdef object new_leaf(Handle like, double value):
    if tape.count >= tape.limit:
        make_room()
    return leaf(like, value)

# distutils: extra_compile_args = -O3
"""Layers as nodes. The contract is in the header, layer.pxd."""

from libc.math cimport NAN, isfinite
from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from fastgrad._tape.kinds cimport (
    Kind, Results, Stretch, Symbols, add_kind, mixed_constants, mixed_numbers, results_of, symbol,
)
from fastgrad._tape.tape cimport CONSTANT, operands, payload, tape


# The sweep.

cdef void read_scalars(uint32_t node, layer *at) noexcept nogil:
    """Read the inputs that are scalars again."""
    cdef operands x = payload(node)
    cdef uint32_t k
    for k in range(1, x.n):
        if x.slots[k] != CONSTANT:
            at.in_[k - 1] = tape.data[x.slots[k]]


cdef void give_scalars(uint32_t node, layer *at) noexcept nogil:
    """Pass the adjoints of the inputs on to those that are scalars."""
    cdef operands x = payload(node)
    cdef uint32_t k
    for k in range(1, x.n):
        if x.slots[k] != CONSTANT:
            tape.grad[x.slots[k]] += at.in_adjoint[k - 1]
        at.in_adjoint[k - 1] = 0.0


cdef void take_own_adjoint(uint32_t node, layer *at) noexcept nogil:
    """A node of one result has its gradient, and its number, which may have been set, as any scalar has."""
    if at.shape.rows == 1 and at.shape.nout == 1:
        at.adjoint[0] += tape.grad[node]
        at.results[0] = tape.data[node]


cdef void pull(uint32_t node) noexcept nogil:
    cdef layer at = layer_of(node)
    if at.shape.inputs == FROM_NOTHING:  # the adjoints stay, as a leaf's gradient does
        return
    take_own_adjoint(node, &at)
    if at.shape.inputs == FROM_SCALARS:
        read_scalars(node, &at)
    layer_pull(&at)
    if at.shape.inputs == FROM_SCALARS:
        give_scalars(node, &at)


cdef void compute_layer(uint32_t node) noexcept nogil:
    """Compute a layer node's results, and the number of a node of one."""
    cdef layer at = layer_of(node)
    if at.shape.inputs == FROM_SCALARS:
        read_scalars(node, &at)
    if at.shape.inputs != FROM_NOTHING:
        layer_value(&at)
    tape.data[node] = at.results[0] if at.shape.rows == 1 and at.shape.nout == 1 else NAN


cdef bint recompute(uint32_t node) noexcept nogil:
    compute_layer(node)
    return True


# What it holds, and what it stands on.

cdef Results results(uint32_t node) noexcept nogil:
    cdef layer at = layer_at(payload(node).reals)
    return Results(<uint64_t>at.shape.rows * at.shape.nout, at.results, at.adjoint)


cdef uint32_t source(uint32_t node) noexcept nogil:
    return payload(node).slots[1] if shape_of(node).inputs == FROM_RESULTS else 0


cdef Stretch stretch(uint32_t node, uint32_t k) noexcept nogil:
    cdef layer_shape shape = shape_of(node)
    if k or shape.inputs == FROM_NOTHING:
        return Stretch(0, 0)
    return Stretch(tape.first[payload(node).slots[0]] + shape.offset, shape.parameters)


cdef uint32_t first_scalar(uint32_t node) noexcept nogil:
    return 1 if shape_of(node).inputs == FROM_SCALARS else payload(node).n


cdef object not_finite(uint32_t node):
    cdef Results r = results_of(node)
    cdef layer_shape shape = shape_of(node)
    cdef uint64_t k
    for k in range(r.count):
        if not isfinite(r.values[k]):
            layers = f"{shape.layers} layers" if shape.layers else f"a layer of {shape.nout}"
            place = f"row {k // shape.nout}, neuron {k % shape.nout}"
            return f"result {r.values[k]!r} of {place} of {layers} with {shape.nin} inputs"
    return None


cdef uint64_t digest(uint32_t node, uint64_t found) noexcept nogil:
    cdef operands x = payload(node)
    cdef layer at = layer_at(x.reals)
    found = mixed_numbers(found, x.reals, SHAPE_REALS)
    if at.shape.inputs == FROM_NUMBERS:
        return mixed_numbers(found, at.in_, <uint64_t>at.shape.rows * at.shape.nin)
    if at.shape.inputs == FROM_SPARSE:
        return mixed_numbers(found, at.entries, sparse_reals(&at.shape))
    if at.shape.inputs == FROM_SCALARS:
        return mixed_constants(found, x.slots + 1, at.in_, x.n - 1)
    return found


# On symbols. The room is for the results, the parameters, the inputs, and what a layer works with.

cdef symbol *lower_layer(Symbols symbols, uint32_t node) except NULL:
    cdef layer at = layer_of(node)
    cdef uint64_t rows = at.shape.rows, nin = at.shape.nin, nout = at.shape.nout, r, k
    cdef symbol *result = symbols.room(rows * nout + at.shape.parameters + rows * nin + 2 * nin)
    cdef symbol *parameters = result + rows * nout
    cdef symbol *x = parameters + at.shape.parameters
    if at.shape.inputs == FROM_NOTHING:
        for k in range(rows * nout):
            result[k] = symbols.algebra.constant(symbols.algebra, at.results[k])
        return result
    for k in range(at.shape.parameters):
        parameters[k] = symbols.of_number(stretch(node, 0).start + <uint32_t>k)
    lower_inputs(symbols, node, &at, x)
    for r in range(rows):
        layer_symbols(
            symbols.algebra, parameters, x + r * nin, at.shape.nin, layer_size(at.shape.nout, at.shape.activation),
            result + r * nout, x + rows * nin,
        )
    return result


cdef int lower_inputs(Symbols symbols, uint32_t node, layer *at, symbol *x) except -1:
    cdef operands own = payload(node)
    cdef uint64_t n = <uint64_t>at.shape.rows * at.shape.nin, k
    if at.shape.inputs == FROM_RESULTS:
        memcpy(x, symbols.of_results(own.slots[1]), n * sizeof(symbol))
        return 0
    if at.shape.inputs == FROM_SPARSE:
        return lower_sparse(symbols, at, x)
    for k in range(n):
        if at.shape.inputs == FROM_SCALARS and own.slots[k + 1] != CONSTANT:
            x[k] = symbols.of_number(own.slots[k + 1])
        else:
            x[k] = symbols.algebra.constant(symbols.algebra, at.in_[k])
    return 0


cdef int lower_sparse(Symbols symbols, layer *at, symbol *x) except -1:
    cdef uint64_t r, k, nin = at.shape.nin
    cdef uint32_t e
    cdef double *row = <double *>malloc(nin * sizeof(double))
    if row == NULL:
        raise MemoryError()
    for r in range(at.shape.rows):
        memset(row, 0, nin * sizeof(double))
        for e in range(at.starts[r], at.starts[r + 1]):
            row[at.columns[e]] += at.entries[e]  # a place may be given more than once, and is their sum
        for k in range(nin):
            x[r * nin + k] = symbols.algebra.constant(symbols.algebra, row[k])
    free(row)
    return 0


cdef Kind row_of_layers() noexcept:
    cdef Kind kind
    memset(&kind, 0, sizeof(kind))
    kind.symbol = b"layer"
    kind.results, kind.source, kind.stretch, kind.first_scalar = results, source, stretch, first_scalar
    kind.not_finite, kind.digest = not_finite, digest
    return kind


cdef Kind row = row_of_layers()
row.name, row.pull, row.recompute, row.lower = b"layer", pull, recompute, lower_layer
LAYER = add_kind(row)

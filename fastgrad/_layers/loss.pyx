# distutils: extra_compile_args = -O3
"""Losses and penalties as nodes. The contract is in the header, loss.pxd."""

from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastgrad._layers.layer cimport FROM_RESULTS, FROM_SCALARS
from fastgrad._tape.kinds cimport (
    Kind, Results, Stretch, Symbols, add_kind, mixed_constants, mixed_numbers, results_of, symbol,
)
from fastgrad._tape.tape cimport CONSTANT, OP_MASK, OP_leaves, operands, payload, tape


# Losses of predictions.

cdef loss loss_of(uint32_t node) noexcept nogil:
    """The arrays of a loss of predictions, those that are scalars read again."""
    cdef operands x = payload(node)
    cdef loss at = loss_at(x.reals)
    cdef Results results
    cdef uint32_t k
    if at.shape.inputs == FROM_RESULTS:
        results = results_of(x.slots[0])
        at.predictions = results.values
        at.adjoint = results.adjoints
        return at
    for k in range(x.n):
        if x.slots[k] != CONSTANT:
            at.predictions[k] = tape.data[x.slots[k]]
    return at


cdef bint recompute(uint32_t node) noexcept nogil:
    cdef loss at
    if shape_of_loss(node).loss == LOSS_l2_penalty:
        tape.data[node] = penalty_of(node)
    else:
        at = loss_of(node)
        tape.data[node] = loss_value(&at)
    return True


cdef void pull(uint32_t node) noexcept nogil:
    cdef operands x = payload(node)
    cdef loss at
    cdef uint32_t k
    if shape_of_loss(node).loss == LOSS_l2_penalty:
        pull_penalty(node)
        return
    at = loss_of(node)
    loss_pull(&at, tape.grad[node], tape.data[node])
    if at.shape.inputs == FROM_RESULTS:
        return
    for k in range(x.n):
        if x.slots[k] != CONSTANT:
            tape.grad[x.slots[k]] += at.adjoint[k]
        at.adjoint[k] = 0.0


# Penalties, whose slots are parts of such leaves, or scalars.

cdef Stretch stretch(uint32_t node, uint32_t k) noexcept nogil:
    cdef operands x = payload(node)
    cdef penalized part
    if shape_of_loss(node).loss != LOSS_l2_penalty or k >= x.n:
        return Stretch(0, 0)
    part = (<penalized *>(x.reals + LOSS_SHAPE_REALS))[k]
    part.start += tape.first[x.slots[k]] if tape.op[x.slots[k]] & OP_MASK == OP_leaves else x.slots[k]
    return Stretch(part.start, part.length)


cdef double penalty_of(uint32_t node) noexcept nogil:
    cdef Stretch part
    cdef uint32_t k, leaf
    cdef double sum = 0.0
    for k in range(payload(node).n):
        part = stretch(node, k)
        for leaf in range(part.start, part.start + part.length):
            sum += tape.data[leaf] * tape.data[leaf]
    return shape_of_loss(node).constant * sum


cdef void pull_penalty(uint32_t node) noexcept nogil:
    cdef double scale = 2.0 * (shape_of_loss(node).constant * tape.grad[node])
    cdef Stretch part
    cdef uint32_t k, leaf
    for k in range(payload(node).n):
        part = stretch(node, k)
        for leaf in range(part.start, part.start + part.length):
            tape.grad[leaf] += scale * tape.data[leaf]


# What it stands on, and what it looks like.

cdef uint32_t source(uint32_t node) noexcept nogil:
    return payload(node).slots[0] if shape_of_loss(node).inputs == FROM_RESULTS else 0


cdef uint32_t first_scalar(uint32_t node) noexcept nogil:
    return 0 if shape_of_loss(node).inputs == FROM_SCALARS else payload(node).n


cdef object describe(uint32_t node):
    cdef loss_shape shape = shape_of_loss(node)
    return loss_name(&shape).decode()


cdef uint64_t digest(uint32_t node, uint64_t found) noexcept nogil:
    cdef operands x = payload(node)
    cdef loss at = loss_at(x.reals)
    if at.shape.loss == LOSS_l2_penalty:
        return mixed_numbers(found, x.reals, loss_reals(&at.shape))
    found = mixed_numbers(found, x.reals, LOSS_SHAPE_REALS + loss_givens(&at.shape))
    return mixed_constants(found, x.slots, at.predictions, x.n) if at.shape.inputs == FROM_SCALARS else found


# On symbols. The room is for the predictions, and for what a loss works with: see symbols.h.

cdef symbol *lower(Symbols symbols, uint32_t node) except NULL:
    cdef loss at = loss_at(payload(node).reals)
    cdef uint64_t n = at.shape.rows * at.shape.columns
    cdef symbol *x
    if at.shape.loss == LOSS_l2_penalty:
        return lower_penalty(symbols, node)
    x = symbols.room(n + at.shape.rows + 2 * <uint64_t>at.shape.columns)
    lower_predictions(symbols, node, &at, x)
    x[0] = loss_symbol(symbols.algebra, &at, x, x + n)
    return x


cdef int lower_predictions(Symbols symbols, uint32_t node, loss *at, symbol *x) except -1:
    cdef operands own = payload(node)
    cdef uint64_t n = at.shape.rows * at.shape.columns, k
    if at.shape.inputs == FROM_RESULTS:
        memcpy(x, symbols.of_results(own.slots[0]), n * sizeof(symbol))
        return 0
    for k in range(n):
        if own.slots[k] == CONSTANT:
            x[k] = symbols.algebra.constant(symbols.algebra, at.predictions[k])
        else:
            x[k] = symbols.of_number(own.slots[k])
    return 0


cdef symbol *lower_penalty(Symbols symbols, uint32_t node) except NULL:
    cdef Stretch part
    cdef uint64_t n = 0
    cdef uint32_t k, leaf
    cdef symbol *x
    for k in range(payload(node).n):
        n += stretch(node, k).length
    x = symbols.room(3 * n)
    n = 0
    for k in range(payload(node).n):
        part = stretch(node, k)
        for leaf in range(part.start, part.start + part.length):
            x[n] = symbols.of_number(leaf)
            n += 1
    x[0] = penalty_symbol(symbols.algebra, shape_of_loss(node).constant, x, n, x + n)
    return x


cdef Kind row
memset(&row, 0, sizeof(row))
row.name, row.symbol, row.pull, row.recompute, row.lower = b"loss", b"loss", pull, recompute, lower
row.stretch, row.source, row.first_scalar = stretch, source, first_scalar
row.describe, row.digest = describe, digest
LOSS = add_kind(row)

"""A loss node's arrays, wherever they lie: what loss.h computes with. Good until the next reserve."""

from libc.stdint cimport uint32_t, uint64_t

from fastgrad._layers.layer cimport Results, results_of
from fastgrad._tape.tape cimport (
    CONSTANT, FROM_RESULTS, LOSS_SHAPE_REALS, OP_MASK, LOSS_l2_penalty, OP_run, loss, loss_at, loss_pull, loss_shape,
    loss_value, operands, payload, penalized, tape,
)


cdef inline loss_shape shape_of_loss(uint32_t i) noexcept nogil:
    return loss_at(payload(i).reals).shape


cdef inline loss loss_of(uint32_t i) noexcept nogil:
    """The arrays of a loss of predictions, those that are scalars read again."""
    cdef operands x = payload(i)
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


cdef inline penalized penalized_at(uint32_t i, uint32_t k) noexcept nogil:
    """The nodes that slot k of a penalty stands for: the first, and how many."""
    cdef operands x = payload(i)
    cdef penalized s = (<penalized *>(x.reals + LOSS_SHAPE_REALS + 1))[k]
    s.start += tape.first[x.slots[k]] if tape.op[x.slots[k]] & OP_MASK == OP_run else x.slots[k]
    return s


cdef inline double penalty_of(uint32_t i) noexcept nogil:
    cdef penalized s
    cdef uint32_t k, node
    cdef double sum = 0.0
    for k in range(payload(i).n):
        s = penalized_at(i, k)
        for node in range(s.start, s.start + s.length):
            sum += tape.data[node] * tape.data[node]
    return payload(i).reals[LOSS_SHAPE_REALS] * sum


cdef inline double compute_loss(uint32_t i) noexcept nogil:
    cdef loss at
    if shape_of_loss(i).loss == LOSS_l2_penalty:
        return penalty_of(i)
    at = loss_of(i)
    return loss_value(&at)


cdef inline void pull_penalty(uint32_t i) noexcept nogil:
    cdef double scale = 2.0 * (payload(i).reals[LOSS_SHAPE_REALS] * tape.grad[i])
    cdef penalized s
    cdef uint32_t k, node
    for k in range(payload(i).n):
        s = penalized_at(i, k)
        for node in range(s.start, s.start + s.length):
            tape.grad[node] += scale * tape.data[node]


cdef inline void pull_loss(uint32_t i) noexcept nogil:
    cdef operands x = payload(i)
    cdef loss at
    cdef uint32_t k
    if shape_of_loss(i).loss == LOSS_l2_penalty:
        pull_penalty(i)
        return
    at = loss_of(i)
    loss_pull(&at, tape.grad[i], tape.data[i])
    if at.shape.inputs == FROM_RESULTS:
        return
    for k in range(x.n):
        if x.slots[k] != CONSTANT:
            tape.grad[x.slots[k]] += at.adjoint[k]
        at.adjoint[k] = 0.0

"""A layer node's arrays, wherever they lie: what layer.h computes with. Good until the next reserve."""

from libc.stdint cimport uint32_t, uint64_t

from fastgrad._tape.tape cimport (
    CONSTANT, FROM_NOTHING, FROM_RESULTS, FROM_SCALARS, OP_MASK, OP_layer, OP_network, OP_softmax, OP_wide_layer,
    layer, layer_at, layer_pull, layer_value, operand, operands, payload, tape,
)

cdef struct Results:
    # The numbers of a node of many.
    uint64_t count
    double *values
    double *adjoints


cdef inline bint is_layer(uint32_t i) noexcept nogil:
    cdef uint32_t op = tape.op[i] & OP_MASK
    return op == OP_layer or op == OP_wide_layer or op == OP_network


cdef inline Results results_of(uint32_t i) noexcept nogil:
    cdef operands x = payload(i)
    cdef Results r
    cdef layer at
    if is_layer(i):
        at = layer_at(x.reals)
        r.count = <uint64_t>at.shape.rows * at.shape.nout
        r.values = at.results
        r.adjoints = at.adjoint
    else:
        r.count = x.n
        r.values = x.reals + x.n
        r.adjoints = x.reals + 2 * <uint64_t>x.n
    return r


cdef inline layer layer_of(uint32_t i) noexcept nogil:
    cdef operands x = payload(i)
    cdef layer at = layer_at(x.reals)
    cdef Results before
    cdef uint32_t start
    if at.shape.inputs != FROM_NOTHING:
        start = tape.first[x.slots[0]] + at.shape.place
        at.parameters = tape.data + start
        at.parameter_grad = tape.grad + start
    if at.shape.inputs == FROM_RESULTS:
        before = results_of(x.slots[1])
        at.in_ = before.values
        at.in_adjoint = before.adjoints
    return at


cdef inline void read_scalars(uint32_t i, layer *at) noexcept nogil:
    """Read the inputs that are scalars again."""
    cdef operands x = payload(i)
    cdef uint32_t k
    for k in range(1, x.n):
        if x.slots[k] != CONSTANT:
            at.in_[k - 1] = tape.data[x.slots[k]]


cdef inline void give_scalars(uint32_t i, layer *at) noexcept nogil:
    """Pass the adjoints of the inputs on to those that are scalars."""
    cdef operands x = payload(i)
    cdef uint32_t k
    for k in range(1, x.n):
        if x.slots[k] != CONSTANT:
            tape.grad[x.slots[k]] += at.in_adjoint[k - 1]
        at.in_adjoint[k - 1] = 0.0


cdef inline void compute_layer(uint32_t i) noexcept nogil:
    """Compute a layer node's results, and the number of a node of one."""
    cdef layer at = layer_of(i)
    if at.shape.inputs == FROM_NOTHING:
        return
    if at.shape.inputs == FROM_SCALARS:
        read_scalars(i, &at)
    layer_value(&at)


cdef inline void take_own_adjoint(uint32_t i, layer *at) noexcept nogil:
    """A node of one result has its gradient, and its number, which may have been set, as any scalar has."""
    if at.shape.rows == 1 and at.shape.nout == 1:
        at.adjoint[0] += tape.grad[i]
        at.results[0] = tape.data[i]


cdef inline void pull_layer(uint32_t i) noexcept nogil:
    cdef layer at = layer_of(i)
    if at.shape.inputs == FROM_NOTHING:  # the adjoints stay, as a leaf's gradient does
        return
    take_own_adjoint(i, &at)
    if at.shape.inputs == FROM_SCALARS:
        read_scalars(i, &at)
    layer_pull(&at)
    if at.shape.inputs == FROM_SCALARS:
        give_scalars(i, &at)

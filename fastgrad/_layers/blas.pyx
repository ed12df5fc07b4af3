"""The products of wide layers, by numpy. The contract is in the header, _wide.pxd.

numpy lets go of the GIL while it multiplies, and making an array may run a finalizer: either may move the tape's
arrays. So numpy is given copies, whose memory is made before a pointer into the arrays is taken, and what it returns is
copied back. A copy costs about a hundredth of a product.
"""

from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastgrad._tape.handle cimport Handle
from fastgrad._layers.layer cimport (
    layer, layer_of, layer_results, layer_shape, layer_slopes, lower_layer, row_of_layers, shape_of, take_own_adjoint,
)
from fastgrad._tape.kinds cimport Kind, add_kind
from fastgrad._tape.tape cimport tape


cdef double[:, ::1] matrix(uint64_t rows, uint64_t columns):
    import numpy

    return numpy.empty((rows, columns))


cdef double[:, ::1] product(left, right):
    """The matrix product, its rows contiguous; infinities and nan are no reason for a warning."""
    import numpy

    with numpy.errstate(all="ignore"):
        return numpy.ascontiguousarray(numpy.matmul(left, right))


cdef void copy_rows(double[:, ::1] copy, const double *start, uint64_t step) noexcept:
    """Fill a matrix from rows that begin so many doubles apart."""
    cdef uint64_t r
    for r in range(<uint64_t>copy.shape[0]):
        memcpy(&copy[r, 0], start + r * step, copy.shape[1] * sizeof(double))


cdef int wide_value(Handle owner, uint32_t node) except -1:
    cdef layer_shape shape = shape_of(place_of(owner, node))
    cdef double[:, ::1] inputs, weights, sums
    cdef layer at
    inputs, weights = matrix(shape.rows, shape.nin), matrix(shape.nout, shape.nin)
    at = layer_of(place_of(owner, node))
    copy_rows(inputs, at.in_, shape.nin)
    copy_rows(weights, at.parameters, <uint64_t>shape.nin + 1)
    sums = product(inputs, weights.T)
    take_sums(place_of(owner, node), sums)
    return 0


cdef void take_sums(uint32_t node, double[:, ::1] sums) noexcept:
    cdef layer at = layer_of(node)
    cdef uint64_t nin = at.shape.nin, nout = at.shape.nout, r, j
    for r in range(at.shape.rows):
        for j in range(nout):
            at.sums[r * nout + j] = sums[r, j] + at.parameters[j * (nin + 1) + nin]
    layer_results(&at)
    if at.shape.rows == 1 and nout == 1:
        tape.data[node] = at.results[0]


cdef int wide_pull(uint32_t node) except -1:
    cdef layer_shape shape = shape_of(node)
    cdef bint passes_on = layer_of(node).in_adjoint != NULL
    cdef double[:, ::1] slopes, inputs, weights
    slopes, inputs = matrix(shape.rows, shape.nout), matrix(shape.rows, shape.nin)
    weights = matrix(shape.nout if passes_on else 0, shape.nin)
    take_slopes(node, slopes, inputs, weights)
    if passes_on:
        give_inputs(node, product(slopes, weights))
    give_parameters(node, slopes, product(slopes.T, inputs))
    return 0


cdef void take_slopes(uint32_t node, double[:, ::1] slopes, double[:, ::1] inputs, double[:, ::1] weights) noexcept:
    """Copy what the products are of; the adjoints are 0 after it. A row that nobody asked for passes nothing on."""
    cdef layer at = layer_of(node)
    cdef uint64_t nin = at.shape.nin, nout = at.shape.nout, r
    take_own_adjoint(node, &at)
    layer_slopes(&at)
    copy_rows(slopes, at.adjoint, nout)
    copy_rows(inputs, at.in_, nin)
    copy_rows(weights, at.parameters, nin + 1)
    for r in range(at.shape.rows):
        if is_zero(at.adjoint + r * nout, nout):
            memset(&inputs[r, 0], 0, nin * sizeof(double))
    memset(at.adjoint, 0, at.shape.rows * nout * sizeof(double))


cdef bint is_zero(const double *numbers, uint64_t n) noexcept:
    cdef uint64_t k
    for k in range(n):
        if numbers[k] != 0.0:
            return False
    return True


cdef void give_inputs(uint32_t node, double[:, ::1] given) noexcept:
    cdef layer at = layer_of(node)
    cdef uint64_t k
    for k in range(<uint64_t>at.shape.rows * at.shape.nin):
        at.in_adjoint[k] += (&given[0, 0])[k]


cdef void give_parameters(uint32_t node, double[:, ::1] slopes, double[:, ::1] given) noexcept:
    cdef layer at = layer_of(node)
    cdef uint64_t nin = at.shape.nin, j, k, r
    cdef double *grad
    for j in range(at.shape.nout):
        grad = at.parameter_grad + j * (nin + 1)
        for k in range(nin):
            grad[k] += given[j, k]
    for r in range(at.shape.rows):
        for j in range(at.shape.nout):
            at.parameter_grad[j * (nin + 1) + nin] += slopes[r, j]


cdef int wide_value_again(uint32_t node) except -1:
    return wide_value(None, node)


cdef Kind row = row_of_layers()
row.name, row.pull_with_python, row.recompute_with_python = b"wide_layer", wide_pull, wide_value_again
row.lower = lower_layer
WIDE_LAYER = add_kind(row)

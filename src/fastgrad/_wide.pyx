"""The products of wide layers, by numpy. The contract is in the header, _wide.pxd.

numpy lets go of the GIL while it multiplies, and other threads may then move the tape's arrays: it is given copies, and
what it returns is copied back. A copy costs about a hundredth of a product.
"""

from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastgrad._layer cimport layer_of, take_own_adjoint
from fastgrad._tape cimport layer, layer_results, layer_slopes


cdef double[:, ::1] copied(const double *start, uint64_t rows, uint64_t columns, uint64_t step):
    """A matrix of one's own from rows that begin so many doubles apart."""
    import numpy

    cdef double[:, ::1] copy = numpy.empty((rows, columns))
    cdef uint64_t r
    for r in range(rows):
        memcpy(&copy[r, 0], start + r * step, columns * sizeof(double))
    return copy


cdef double[:, ::1] product(left, right):
    """The matrix product, its rows contiguous."""
    import numpy

    return numpy.ascontiguousarray(numpy.matmul(left, right))


cdef double[:, ::1] weights_of(layer *at):
    return copied(at.parameters, at.shape.nout, at.shape.nin, at.shape.nin + 1)


cdef int wide_value(uint32_t node) except -1:
    cdef layer at = layer_of(node)
    cdef uint64_t nin = at.shape.nin, nout = at.shape.nout, r, j
    cdef double[:, ::1] sums
    inputs, weights = copied(at.in_, at.shape.rows, nin, nin), weights_of(&at)
    sums = product(inputs, weights.T)
    at = layer_of(node)
    for r in range(at.shape.rows):
        for j in range(nout):
            at.sums[r * nout + j] = sums[r, j] + at.parameters[j * (nin + 1) + nin]
    layer_results(&at)
    return 0


cdef int wide_pull(uint32_t node) except -1:
    cdef layer at = layer_of(node)
    cdef double[:, ::1] slopes
    take_own_adjoint(node, &at)
    layer_slopes(&at)
    slopes = copied(at.adjoint, at.shape.rows, at.shape.nout, at.shape.nout)
    memset(at.adjoint, 0, <uint64_t>at.shape.rows * at.shape.nout * sizeof(double))
    if at.in_adjoint != NULL:
        give_inputs(node, slopes)
    give_parameters(node, slopes)
    return 0


cdef int give_inputs(uint32_t node, double[:, ::1] slopes) except -1:
    cdef layer at = layer_of(node)
    cdef uint64_t k
    cdef double[:, ::1] given
    given = product(slopes, weights_of(&at))
    at = layer_of(node)
    for k in range(<uint64_t>at.shape.rows * at.shape.nin):
        at.in_adjoint[k] += (&given[0, 0])[k]
    return 0


cdef int give_parameters(uint32_t node, double[:, ::1] slopes) except -1:
    cdef layer at = layer_of(node)
    cdef uint64_t nin = at.shape.nin, j, k, r
    cdef double[:, ::1] given
    cdef double *grad
    given = product(slopes.T, copied(at.in_, at.shape.rows, nin, nin))
    at = layer_of(node)
    for j in range(at.shape.nout):
        grad = at.parameter_grad + j * (nin + 1)
        for k in range(nin):
            grad[k] += given[j, k]
    for r in range(at.shape.rows):
        for j in range(at.shape.nout):
            at.parameter_grad[j * (nin + 1) + nin] += slopes[r, j]
    return 0

# distutils: extra_compile_args = -O3
"""The products of wide layers, by numpy. The contract is in the header, blas.pxd.

numpy lets go of the GIL while it multiplies, and making an array may run a finalizer: either may move the tape's
arrays. So numpy is given copies, whose memory is made before a pointer into the arrays is taken, and what it returns is
copied back. A copy costs about a hundredth of a product.
"""

from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy, memset

from fastgrad._layers.layer cimport (
    layer, layer_of, layer_results, layer_shape, layer_slopes, lower_layer, row_of_layers, shape_of, take_own_adjoint,
)
from fastgrad._programs.arrays cimport memory_of, new_array
from fastgrad._tape.handle cimport Handle
from fastgrad._tape.kinds cimport Kind, add_kind
from fastgrad._tape.tape cimport tape


cdef object product(left, right):
    """The matrix product, its rows contiguous; infinities and nan are no reason for a warning."""
    import numpy

    with numpy.errstate(all="ignore"):
        return numpy.ascontiguousarray(numpy.matmul(left, right))


cdef void copy_rows(double *copy, uint64_t rows, uint64_t columns, const double *start, uint64_t step) noexcept:
    """Fill a matrix from rows that begin so many doubles apart."""
    cdef uint64_t r
    for r in range(rows):
        memcpy(copy + r * columns, start + r * step, columns * sizeof(double))


cdef int wide_value(Handle owner, uint32_t node) except -1:
    cdef layer_shape shape = shape_of(place_of(owner, node))
    cdef double *x
    cdef double *w
    cdef layer at
    inputs, weights = new_array((shape.rows, shape.nin), &x), new_array((shape.nout, shape.nin), &w)
    at = layer_of(place_of(owner, node))
    copy_rows(x, shape.rows, shape.nin, at.in_, shape.nin)
    copy_rows(w, shape.nout, shape.nin, at.parameters, <uint64_t>shape.nin + 1)
    sums = product(inputs, weights.T)
    take_sums(place_of(owner, node), <const double *>memory_of(sums))
    return 0


cdef void take_sums(uint32_t node, const double *sums) noexcept:
    cdef layer at = layer_of(node)
    cdef uint64_t nin = at.shape.nin, nout = at.shape.nout, r, j
    for r in range(at.shape.rows):
        for j in range(nout):
            at.sums[r * nout + j] = sums[r * nout + j] + at.parameters[j * (nin + 1) + nin]
    layer_results(&at)
    if at.shape.rows == 1 and nout == 1:
        tape.data[node] = at.results[0]


cdef int wide_pull(uint32_t node) except -1:
    cdef layer_shape shape = shape_of(node)
    cdef bint passes_on = layer_of(node).in_adjoint != NULL
    cdef double *g
    cdef double *x
    cdef double *w
    slopes, inputs = new_array((shape.rows, shape.nout), &g), new_array((shape.rows, shape.nin), &x)
    weights = new_array((shape.nout if passes_on else 0, shape.nin), &w)
    take_slopes(node, g, x, w if passes_on else NULL)
    if passes_on:
        given = product(slopes, weights)
        give_inputs(node, <const double *>memory_of(given))
    given = product(slopes.T, inputs)
    give_parameters(node, g, <const double *>memory_of(given))
    return 0


cdef void take_slopes(uint32_t node, double *slopes, double *inputs, double *weights) noexcept:
    """Copy what the products are of; the adjoints are 0 after it. A row that nobody asked for passes nothing on."""
    cdef layer at = layer_of(node)
    cdef uint64_t nin = at.shape.nin, nout = at.shape.nout, r
    take_own_adjoint(node, &at)
    layer_slopes(&at)
    copy_rows(slopes, at.shape.rows, nout, at.adjoint, nout)
    copy_rows(inputs, at.shape.rows, nin, at.in_, nin)
    if weights != NULL:
        copy_rows(weights, nout, nin, at.parameters, nin + 1)
    for r in range(at.shape.rows):
        if is_zero(at.adjoint + r * nout, nout):
            memset(inputs + r * nin, 0, nin * sizeof(double))
    memset(at.adjoint, 0, at.shape.rows * nout * sizeof(double))


cdef bint is_zero(const double *numbers, uint64_t n) noexcept:
    cdef uint64_t k
    for k in range(n):
        if numbers[k] != 0.0:
            return False
    return True


cdef void give_inputs(uint32_t node, const double *given) noexcept:
    cdef layer at = layer_of(node)
    cdef uint64_t k
    for k in range(<uint64_t>at.shape.rows * at.shape.nin):
        at.in_adjoint[k] += given[k]


cdef void give_parameters(uint32_t node, const double *slopes, const double *given) noexcept:
    cdef layer at = layer_of(node)
    cdef uint64_t nin = at.shape.nin, j, k, r
    cdef double *grad
    for j in range(at.shape.nout):
        grad = at.parameter_grad + j * (nin + 1)
        for k in range(nin):
            grad[k] += given[j * nin + k]
    for r in range(at.shape.rows):
        for j in range(at.shape.nout):
            at.parameter_grad[j * (nin + 1) + nin] += slopes[r * at.shape.nout + j]


cdef int wide_value_again(uint32_t node) except -1:
    return wide_value(None, node)


cdef Kind row = row_of_layers()
row.name, row.pull_with_python, row.recompute_with_python = b"wide_layer", wide_pull, wide_value_again
row.lower = lower_layer
WIDE_LAYER = add_kind(row)

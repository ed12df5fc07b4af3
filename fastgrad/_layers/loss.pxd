"""The kind of node that a loss is: its arrays, wherever they lie, and its code. What they hold stands in loss.h."""

from libc.stdint cimport uint32_t, uint64_t

from fastgrad._tape.kinds cimport algebra, symbol
from fastgrad._tape.tape cimport payload

cdef extern from "layers/loss.h" nogil:
    enum:
        LOSS_SHAPE_REALS, LOSS_l2_penalty, FAULT_prediction, REDUCED_mean, REDUCED_sum, REDUCED_root, REDUCED_weighted
    struct loss_shape:
        uint32_t loss, reduction, inputs, columns
        uint64_t rows
        double constant
    struct penalized:
        uint32_t start, length
    struct loss:
        loss_shape shape
        const double *targets
        const double *weights
        double *predictions
        double *adjoint
    struct loss_row:
        const char *prediction
        const char *target
    loss_row loss_rows[]
    const char *loss_name(const loss_shape *shape)
    uint64_t loss_targets(const loss_shape *shape)
    uint64_t loss_givens(const loss_shape *shape)
    uint64_t loss_reals(const loss_shape *shape)
    loss loss_at(double *reals)
    int loss_fault_of(uint32_t loss, double p, double t)
    uint64_t loss_first_fault(const loss *l)
    double loss_value(const loss *l)
    void loss_pull(const loss *l, double g, double y)

cdef extern from "layers/symbols.h" nogil:
    symbol loss_symbol(algebra *s, const loss *l, const symbol *x, symbol *work)
    symbol penalty_symbol(algebra *s, double alpha, const symbol *x, uint64_t n, symbol *work)

cdef uint32_t LOSS  # the code

cdef double penalty_of(uint32_t node) noexcept nogil


cdef inline loss_shape shape_of_loss(uint32_t node) noexcept nogil:
    return loss_at(payload(node).reals).shape

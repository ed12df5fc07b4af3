"""The kind of node that a layer is: its arrays, wherever they lie, and its code. What they hold stands in layer.h.

Pointers into them are good until the next reserve. Wide layers and networks are kinds of their own whose rows begin as
this one's.
"""

from libc.stdint cimport uint32_t, uint64_t

from fastgrad._tape.kinds cimport Kind, Results, Symbols, algebra, results_of, symbol
from fastgrad._tape.tape cimport CONSTANT, operands, payload, tape

cdef extern from "layers/layer.h" nogil:
    enum:
        ACTIVATION_END, FROM_NOTHING, FROM_NUMBERS, FROM_SCALARS, FROM_RESULTS, FROM_SPARSE, SHAPE_REALS
    const char *activation_names[]
    struct layer_shape:
        uint32_t rows, nin, nout, activation, inputs, offset, layers, parameters
        uint64_t entries
    struct layer_size:
        uint32_t nout, activation
    struct layer:
        layer_shape shape
        const double *parameters
        double *parameter_grad
        double *in_ "in"
        double *in_adjoint
        double *entries
        uint32_t *columns
        uint32_t *starts
        double *kept
        double *sums
        double *results
        double *adjoint
    bint all_are_finite(const double *numbers, uint64_t n)
    void layer_begin(double *reals, const layer_shape *shape)
    uint64_t layer_reals(const layer_shape *shape)
    uint64_t sparse_reals(const layer_shape *shape)
    layer layer_at(double *reals)
    void layer_value(const layer *l)
    void layer_results(const layer *l)
    void layer_slopes(const layer *l)
    void layer_pull(const layer *l)

cdef extern from "layers/symbols.h" nogil:
    void layer_symbols(
        algebra *s, const symbol *parameters, const symbol *x, uint32_t nin, layer_size size, symbol *result,
        symbol *work
    )

cdef uint32_t LAYER  # the code

cdef Kind row_of_layers() noexcept  # what the kinds of layers have in common
cdef symbol *lower_layer(Symbols symbols, uint32_t node) except NULL
cdef void compute_layer(uint32_t node) noexcept nogil
cdef void take_own_adjoint(uint32_t node, layer *at) noexcept nogil


cdef inline layer_shape shape_of(uint32_t node) noexcept nogil:
    return layer_at(payload(node).reals).shape


cdef inline layer layer_of(uint32_t node) noexcept nogil:
    cdef operands x = payload(node)
    cdef layer at = layer_at(x.reals)
    cdef Results before
    cdef uint32_t start
    if at.shape.inputs != FROM_NOTHING:
        start = tape.first[x.slots[0]] + at.shape.offset
        at.parameters = tape.data + start
        at.parameter_grad = tape.grad + start
    if at.shape.inputs == FROM_RESULTS:
        before = results_of(x.slots[1])
        at.in_ = before.values
        at.in_adjoint = before.adjoints
    return at

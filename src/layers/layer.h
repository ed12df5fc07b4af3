/* A layer of neurons applied to rows of inputs: one node for all results.
 *
 * A layer node's first slot is the node of the leaves its parameters are among: for each neuron its weights and its bias. Its
 * doubles are
 *
 *   struct layer_shape | inputs | adjoints of the inputs | sums | results | adjoints of the results
 *
 * where the first three are rows x nin or absent: inputs that are results of another layer node stay in that, and only
 * inputs that are scalars (slots 1 to n) need a place for their adjoints. The last three are rows x nout. Adjoints are
 * all 0 between sweeps. The sum of a neuron starts from its bias and adds the products in the order of the inputs.
 *
 * A network node is one for several layers whose parameters follow one another, computed by a program (network.h). It
 * has, right after the shape, a struct layer_size for each layer and the parameters that it was computed with, and no
 * sums.
 *
 * Functions of numbers and arrays: no state, no Python. The caller owns the arrays.
 */
#ifndef FASTGRAD_LAYER_H
#define FASTGRAD_LAYER_H

#include <stdlib.h>
#include <string.h>

#include "operations/ops.h"

/* The loops below are compiled for wider vectors too; which one runs is decided when the module is loaded. */
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
#define FOR_WIDER_VECTORS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_WIDER_VECTORS
#endif

/* ACTIVATION(name, operation, its constant); softmax, which is of a whole row, comes after these. */
#define ACTIVATIONS \
    ACTIVATION(identity, OP_pos, 0.0) \
    ACTIVATION(tanh, OP_tanh, 0.0) \
    ACTIVATION(relu, OP_relu, 0.0) \
    ACTIVATION(sigmoid, OP_sigmoid, 0.0) \
    ACTIVATION(step, OP_step, 0.0) \
    ACTIVATION(softplus, OP_softplus, 0.0) \
    ACTIVATION(gelu, OP_gelu, 0.0) \
    ACTIVATION(leaky_relu, OP_leaky_relu_VC, 0.01)

enum activation {
#define ACTIVATION(name, op, c) ACTIVATION_##name,
    ACTIVATIONS
#undef ACTIVATION
    ACTIVATION_softmax,
    ACTIVATION_END
};

static const char *const activation_names[] = {
#define ACTIVATION(name, op, c) #name,
    ACTIVATIONS
#undef ACTIVATION
    "softmax",
};

enum layer_inputs { FROM_NOTHING, FROM_NUMBERS, FROM_SCALARS, FROM_RESULTS };

struct layer_shape {
    uint32_t rows, nin, nout;
    uint32_t activation;
    uint32_t inputs;
    uint32_t place;  /* of the first parameter among the leaves */
    uint32_t layers; /* of a network node, 0 of a layer's */
    uint32_t parameters;
};

struct layer_size {
    uint32_t nout, activation;
};

enum { SHAPE_REALS = sizeof(struct layer_shape) / sizeof(double) };

struct layer {
    struct layer_shape shape;
    const double *parameters;
    double *parameter_grad;
    double *in, *in_adjoint;  /* no adjoint where the inputs are numbers */
    double *kept;  /* of a network: the parameters it was computed with */
    double *sums, *results, *adjoint;
};

static inline uint64_t layer_reals(const struct layer_shape *shape)
{
    uint64_t in = (uint64_t)shape->rows * shape->nin, out = (uint64_t)shape->rows * shape->nout;
    uint64_t copies = shape->inputs == FROM_SCALARS ? 2 : shape->inputs == FROM_NUMBERS;
    uint64_t own = shape->layers ? shape->layers + shape->parameters + 2 * out : 3 * out;
    return SHAPE_REALS + own + copies * in;
}

/* The arrays of a payload; those that are elsewhere are not set. */
static inline struct layer layer_at(double *reals)
{
    struct layer l;
    memset(&l, 0, sizeof(l));
    memcpy(&l.shape, reals, sizeof(l.shape));
    uint64_t in = (uint64_t)l.shape.rows * l.shape.nin, out = (uint64_t)l.shape.rows * l.shape.nout;
    double *next = reals + SHAPE_REALS;
    if (l.shape.layers) {
        l.kept = next + l.shape.layers;
        next = l.kept + l.shape.parameters;
    }
    if (l.shape.inputs == FROM_NUMBERS || l.shape.inputs == FROM_SCALARS) {
        l.in = next;
        next += in;
    }
    if (l.shape.inputs == FROM_SCALARS) {
        l.in_adjoint = next;
        next += in;
    }
    if (!l.shape.layers) {
        l.sums = next;
        next += out;
    }
    l.results = next;
    l.adjoint = next + out;
    return l;
}

/* Row by row, a neuron after the other. */
static inline void sums_of_few(const struct layer *l)
{
    const uint64_t nin = l->shape.nin, nout = l->shape.nout;
    for (uint64_t r = 0; r < l->shape.rows; r++)
        for (uint64_t j = 0; j < nout; j++) {
            const double *w = l->parameters + j * (nin + 1), *x = l->in + r * nin;
            double sum = w[nin];
            for (uint64_t k = 0; k < nin; k++)
                sum += w[k] * x[k];
            l->sums[r * nout + j] = sum;
        }
}

/* Several neurons at once, which are columns of the transposed weights. */
FOR_WIDER_VECTORS
static void sums_of_many(const struct layer *l, double *restrict columns)
{
    const uint64_t nin = l->shape.nin, nout = l->shape.nout;
    for (uint64_t j = 0; j < nout; j++)
        for (uint64_t k = 0; k <= nin; k++)
            columns[k * nout + j] = l->parameters[j * (nin + 1) + k];
    for (uint64_t r = 0; r < l->shape.rows; r++) {
        double *restrict sum = l->sums + r * nout;
        const double *x = l->in + r * nin;
        memcpy(sum, columns + nin * nout, nout * sizeof(double));
        for (uint64_t k = 0; k < nin; k++)
            for (uint64_t j = 0; j < nout; j++)
                sum[j] += columns[k * nout + j] * x[k];
    }
}

static inline void layer_sums(const struct layer *l)
{
    const uint64_t size = (uint64_t)(l->shape.nin + 1) * l->shape.nout;
    double small[1024], *columns = NULL;
    if (l->shape.rows >= 8 && l->shape.nout >= 4)
        columns = size <= 1024 ? small : malloc(size * sizeof(double));
    if (columns)
        sums_of_many(l, columns);
    else
        sums_of_few(l);
    if (columns != small)
        free(columns);
}

static inline void softmax_row(const double *restrict sums, double *restrict results, uint64_t n)
{
    double largest = -INFINITY, total = 0.0;
    for (uint64_t j = 0; j < n; j++)
        largest = fmax(largest, sums[j]);
    for (uint64_t j = 0; j < n; j++)
        total += results[j] = sums[j] == largest ? 1.0 : exp(sums[j] - largest);
    for (uint64_t j = 0; j < n; j++)
        results[j] /= total;
}

static inline void layer_results(const struct layer *l)
{
    const uint64_t nout = l->shape.nout, n = l->shape.rows * nout;
    const double *restrict sums = l->sums;
    double *restrict results = l->results;
    switch (l->shape.activation) {
#define ACTIVATION(name, op, c) \
    case ACTIVATION_##name: \
        for (uint64_t i = 0; i < n; i++) \
            results[i] = op_value1(op, sums[i], c); \
        break;
        ACTIVATIONS
#undef ACTIVATION
    case ACTIVATION_softmax:
        for (uint64_t r = 0; r < l->shape.rows; r++)
            softmax_row(sums + r * nout, results + r * nout, nout);
    }
}

/* Compute the results from the inputs. */
static inline void layer_value(const struct layer *l)
{
    layer_sums(l);
    layer_results(l);
}

static inline void softmax_row_slopes(const double *restrict results, double *restrict adjoint, uint64_t n)
{
    double inner = 0.0;
    int asked = 0;
    for (uint64_t j = 0; j < n; j++)
        asked |= adjoint[j] != 0.0;
    if (!asked)
        return;
    for (uint64_t j = 0; j < n; j++)
        inner += adjoint[j] * results[j];
    for (uint64_t j = 0; j < n; j++)
        adjoint[j] = results[j] * (adjoint[j] - inner);
}

/* Turn the adjoints of the results into those of the sums. One of 0 passes nothing on: what nobody asked for may be
 * nan. */
static inline void layer_slopes(const struct layer *l)
{
    const uint64_t nout = l->shape.nout, n = l->shape.rows * nout;
    const double *restrict sums = l->sums, *restrict results = l->results;
    double *restrict adjoint = l->adjoint;
    switch (l->shape.activation) {
#define ACTIVATION(name, op, c) \
    case ACTIVATION_##name: \
        for (uint64_t i = 0; i < n; i++) \
            adjoint[i] = adjoint[i] == 0.0 ? 0.0 : adjoint[i] * op_slope1(op, sums[i], c, results[i]); \
        break;
        ACTIVATIONS
#undef ACTIVATION
    case ACTIVATION_softmax:
        for (uint64_t r = 0; r < l->shape.rows; r++)
            softmax_row_slopes(results + r * nout, adjoint + r * nout, nout);
    }
}

FOR_WIDER_VECTORS
static void pull_sums(const struct layer *l)
{
    const uint64_t nin = l->shape.nin, nout = l->shape.nout;
    for (uint64_t r = 0; r < l->shape.rows; r++)
        for (uint64_t j = 0; j < nout; j++) {
            const double d = l->adjoint[r * nout + j];
            if (d == 0.0)
                continue;
            const double *restrict w = l->parameters + j * (nin + 1);
            const double *restrict x = l->in + r * nin;
            double *restrict w_grad = l->parameter_grad + j * (nin + 1);
            for (uint64_t k = 0; k < nin; k++)
                w_grad[k] += d * x[k];
            w_grad[nin] += d;
            if (l->in_adjoint) {
                double *restrict x_adjoint = l->in_adjoint + r * nin;
                for (uint64_t k = 0; k < nin; k++)
                    x_adjoint[k] += d * w[k];
            }
        }
}

/* Pass the adjoints of the results on to the parameters and the inputs, and set them to 0. */
static inline void layer_pull(const struct layer *l)
{
    layer_slopes(l);
    pull_sums(l);
    memset(l->adjoint, 0, (uint64_t)l->shape.rows * l->shape.nout * sizeof(double));
}

#endif

/* Layers: see layer.h. */

#include "layers/layer.h"

#include <math.h>
#include <stdlib.h>

#include "operations/portable.h"

const char *const activation_names[ACTIVATION_END] = {
#define ACTIVATION(name, op, c) #name,
    ACTIVATIONS
#undef ACTIVATION
    "softmax",
};

uint64_t layer_reals(const struct layer_shape *shape)
{
    uint64_t in = (uint64_t)shape->rows * shape->nin, out = (uint64_t)shape->rows * shape->nout;
    uint64_t copies = shape->inputs == FROM_SCALARS ? 2 : shape->inputs == FROM_NUMBERS;
    uint64_t own = shape->layers ? shape->layers + shape->parameters + 2 * out : 3 * out;
    return SHAPE_REALS + own + copies * in + (shape->inputs == FROM_SPARSE ? sparse_reals(shape) : 0);
}

FOR_WIDER_VECTORS
int all_are_finite(const double *numbers, uint64_t n)
{
    uint64_t others = 0;
    for (uint64_t k = 0; k < n; k++)
        others |= !(fabs(numbers[k]) < INFINITY);
    return others == 0;
}

void layer_begin(double *reals, const struct layer_shape *shape)
{
    const uint64_t in = shape->inputs == FROM_NUMBERS ? (uint64_t)shape->rows * shape->nin : 0;
    memcpy(reals, shape, sizeof(*shape));
    double *first = reals + SHAPE_REALS, *inputs = in ? layer_at(reals).in : first;
    memset(first, 0, (size_t)(inputs - first) * sizeof(double));
    memset(inputs + in, 0, (size_t)(reals + layer_reals(shape) - inputs - in) * sizeof(double));
}

/* Row by row, a neuron after the other. */
static void sums_of_few(const struct layer *l)
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

/* A neuron after the other, whose weights stay in the cache. What is left out adds nothing. */
static void sums_of_sparse(const struct layer *l)
{
    const uint64_t nin = l->shape.nin, nout = l->shape.nout;
    for (uint64_t j = 0; j < nout; j++) {
        const double *w = l->parameters + j * (nin + 1);
        for (uint64_t r = 0; r < l->shape.rows; r++) {
            double sum = w[nin];
            for (uint32_t e = l->starts[r]; e < l->starts[r + 1]; e++)
                sum += w[l->columns[e]] * l->entries[e];
            l->sums[r * nout + j] = sum;
        }
    }
}

static void layer_sums(const struct layer *l)
{
    if (l->starts) {
        sums_of_sparse(l);
        return;
    }
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

static void softmax_row(const double *restrict sums, double *restrict results, uint64_t n)
{
    double largest = -INFINITY, total = 0.0;
    for (uint64_t j = 0; j < n; j++)
        largest = fmax(largest, sums[j]);
    for (uint64_t j = 0; j < n; j++)
        total += results[j] = sums[j] == largest ? 1.0 : exp(sums[j] - largest);
    for (uint64_t j = 0; j < n; j++)
        results[j] /= total;
}

void layer_results(const struct layer *l)
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

void layer_value(const struct layer *l)
{
    layer_sums(l);
    layer_results(l);
}

static void softmax_row_slopes(const double *restrict results, double *restrict adjoint, uint64_t n)
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

void layer_slopes(const struct layer *l)
{
    const uint64_t nout = l->shape.nout, n = l->shape.rows * nout;
    const double *restrict sums = l->sums, *restrict results = l->results;
    double *restrict adjoint = l->adjoint;
    switch (l->shape.activation) {
#define ACTIVATION(name, op, c) \
    case ACTIVATION_##name: \
        for (uint64_t i = 0; i < n; i++) \
            adjoint[i] = adjoint[i] == 0.0 ? 0.0 : op_given(op_rows[op].traits, adjoint[i], op_slope1(op, sums[i], c, results[i])); \
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

static void pull_sparse(const struct layer *l)
{
    const uint64_t nin = l->shape.nin, nout = l->shape.nout;
    for (uint64_t j = 0; j < nout; j++) {
        double *w_grad = l->parameter_grad + j * (nin + 1);
        for (uint64_t r = 0; r < l->shape.rows; r++) {
            const double d = l->adjoint[r * nout + j];
            if (d == 0.0)
                continue;
            for (uint32_t e = l->starts[r]; e < l->starts[r + 1]; e++)
                w_grad[l->columns[e]] += d * l->entries[e];
            w_grad[nin] += d;
        }
    }
}

void layer_pull(const struct layer *l)
{
    layer_slopes(l);
    if (l->starts)
        pull_sparse(l);
    else
        pull_sums(l);
    memset(l->adjoint, 0, (uint64_t)l->shape.rows * l->shape.nout * sizeof(double));
}

/* A layer of neurons applied to rows of inputs: one node for all results.
 *
 * A layer node's first slot is the node of the leaves its parameters are among: for each neuron its weights and its bias. Its
 * doubles are
 *
 *   struct layer_shape | inputs | adjoints of the inputs | sums | results | adjoints of the results
 *
 * where the first three are rows x nin or absent: inputs that are results of another layer node stay in that, and only
 * inputs that are scalars (slots 1 to n) need room for their adjoints. Of sparse rows the inputs are the numbers that are
 * not left out, row by row, the column of each, and where each row starts among them. The last three are rows x nout. Adjoints are
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

#include <string.h>

#include "operations/ops.h"

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

extern const char *const activation_names[ACTIVATION_END];

enum layer_inputs { FROM_NOTHING, FROM_NUMBERS, FROM_SCALARS, FROM_RESULTS, FROM_SPARSE };

struct layer_shape {
    uint32_t rows, nin, nout;
    uint32_t activation;
    uint32_t inputs;
    uint32_t offset;  /* of the first parameter among the leaves */
    uint32_t layers; /* of a network node, 0 of a layer's */
    uint32_t parameters;
    uint64_t entries;  /* numbers of sparse rows */
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
    double *entries;          /* of sparse rows, as the next two are */
    uint32_t *columns, *starts;
    double *kept;  /* of a network: the parameters it was computed with */
    double *sums, *results, *adjoint;
};

/* How many doubles sparse rows take: numbers, columns, starts. */
static inline uint64_t sparse_reals(const struct layer_shape *shape)
{
    return shape->entries + (shape->entries + 1) / 2 + shape->rows / 2 + 1;
}

uint64_t layer_reals(const struct layer_shape *shape);

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
    if (l.shape.inputs == FROM_SPARSE) {
        l.entries = next;
        l.columns = (uint32_t *)(l.entries + l.shape.entries);
        l.starts = (uint32_t *)(l.entries + l.shape.entries + (l.shape.entries + 1) / 2);
        next += sparse_reals(&l.shape);
    }
    if (!l.shape.layers) {
        l.sums = next;
        next += out;
    }
    l.results = next;
    l.adjoint = next + out;
    return l;
}

int all_are_finite(const double *numbers, uint64_t n);

/* Writes the shape, and 0 to all that follows it but numbers that are inputs. */
void layer_begin(double *reals, const struct layer_shape *shape);

/* The results, from the sums. */
void layer_results(const struct layer *l);

/* Sums and results, from the inputs. */
void layer_value(const struct layer *l);

/* Turn the adjoints of the results into those of the sums. One of 0 passes nothing on: what nobody asked for may be
 * nan. */
void layer_slopes(const struct layer *l);

/* Pass the adjoints of the results on to the parameters and the inputs, and set them to 0. */
void layer_pull(const struct layer *l);

#endif

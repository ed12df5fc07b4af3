/* Losses: many predictions and their targets, reduced to one number.
 *
 * A loss node's slots are its predictions: scalars and constants, or the one node whose results they are. Its doubles:
 *
 *   struct loss_shape | targets | weights | predictions | slopes
 *
 * where weights are there for a weighted sum only, one for each row, and the last two for scalars only; a constant's prediction is its number, the others are read again
 * before use. Slopes are all 0 between sweeps. The losses of one prediction and one target are in losses.def: `rows`
 * counts the pairs then, and `columns` is 1. For a cross-entropy a row of logits has so many columns, and its target is
 * the place of one, or a probability for each.
 *
 * The node of a penalty has instead, for each slot (a scalar, or a node of leaves), which part of it is meant:
 *
 *   struct loss_shape | struct penalized of each slot
 *
 * Functions of numbers and arrays: no state, no Python. The caller owns the arrays.
 */
#ifndef FASTGRAD_LOSS_H
#define FASTGRAD_LOSS_H

#include <string.h>

#include "layers/layer.h"

enum loss_code {
#define LOSS(name, ...) LOSS_##name,
#include "layers/losses.def"
    LOSS_cross_entropy_of_labels, /* the target of a row is the place of a logit */
    LOSS_cross_entropy,           /* the target of a row is a probability for each logit */
    LOSS_l2_penalty,
};

enum loss_reduction { REDUCED_mean, REDUCED_sum, REDUCED_root, REDUCED_weighted };

struct loss_shape {
    uint32_t loss, reduction;
    uint32_t inputs;  /* FROM_SCALARS or FROM_RESULTS; of a penalty FROM_NOTHING */
    uint32_t columns;
    uint64_t rows;
    double constant;  /* of the loss's row; a penalty's factor */
};

struct penalized { uint32_t start, length; };

enum { LOSS_SHAPE_REALS = sizeof(struct loss_shape) / sizeof(double) };

struct loss {
    struct loss_shape shape;
    const double *targets;
    const double *weights; /* NULL where there are none */
    double *predictions, *adjoint;
};

const char *loss_name(const struct loss_shape *shape);
uint64_t loss_predictions(const struct loss_shape *shape);
uint64_t loss_targets(const struct loss_shape *shape);
uint64_t loss_givens(const struct loss_shape *shape); /* targets and weights */
uint64_t loss_reals(const struct loss_shape *shape);

/* The arrays of a payload; those that are elsewhere are not set. */
static inline struct loss loss_at(double *reals)
{
    struct loss l;
    memset(&l, 0, sizeof(l));
    memcpy(&l.shape, reals, sizeof(l.shape));
    l.targets = reals + LOSS_SHAPE_REALS;
    if (l.shape.reduction == REDUCED_weighted)
        l.weights = l.targets + loss_targets(&l.shape);
    if (l.shape.inputs == FROM_SCALARS) {
        l.predictions = reals + LOSS_SHAPE_REALS + loss_givens(&l.shape);
        l.adjoint = l.predictions + loss_predictions(&l.shape);
    }
    return l;
}

enum loss_fault { FAULT_none, FAULT_prediction, FAULT_target };

extern const struct loss_row { const char *prediction, *target; } loss_rows[]; /* what is expected, in words */

int loss_fault_of(uint32_t loss, double p, double t);

/* The first pair, or the first row of targets, that is not allowed; their number where all are. */
uint64_t loss_first_fault(const struct loss *l);

double loss_value(const struct loss *l);

/* Add to the adjoints of the predictions what a node with the gradient g and the value y passes on. */
void loss_pull(const struct loss *l, double g, double y);

#endif

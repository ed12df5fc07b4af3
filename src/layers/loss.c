/* Losses: see loss.h. */

#include "layers/loss.h"

#include <math.h>

#include "operations/portable.h"

/* Operations as functions, for the rows. */
#define UNARY(name, ...) static inline double of_##name(double a) { return op_value1(OP_##name, a, 0.0); }
#include "operations/ops.def"

const char *loss_name(const struct loss_shape *shape)
{
    static const char *const of_squares[] = {"mse", "sum_of_squares", "root_of_squares", "mse"};
    static const char *const names[] = {
#define LOSS(name, ...) #name,
#include "layers/losses.def"
        "cross_entropy", "cross_entropy", "l2_penalty",
    };
    return shape->loss == LOSS_squares ? of_squares[shape->reduction] : names[shape->loss];
}

uint64_t loss_predictions(const struct loss_shape *shape)
{
    return shape->rows * shape->columns;
}

uint64_t loss_targets(const struct loss_shape *shape)
{
    return shape->loss == LOSS_cross_entropy_of_labels ? shape->rows : loss_predictions(shape);
}

uint64_t loss_givens(const struct loss_shape *shape)
{
    return loss_targets(shape) + (shape->reduction == REDUCED_weighted ? shape->rows : 0);
}

uint64_t loss_reals(const struct loss_shape *shape)
{
    if (shape->loss == LOSS_l2_penalty)
        return LOSS_SHAPE_REALS + shape->rows;
    uint64_t copies = shape->inputs == FROM_SCALARS ? 2 : 0;
    return LOSS_SHAPE_REALS + loss_givens(shape) + copies * loss_predictions(shape);
}

/* What is allowed. */

const struct loss_row loss_rows[] = {
#define LOSS(name, prediction, target, expected_prediction, expected_target, ...) \
    {expected_prediction, expected_target},
#include "layers/losses.def"
};

int loss_fault_of(uint32_t loss, double p, double t)
{
    (void)p;
    switch (loss) {
#define LOSS(name, prediction, target, ...) \
    case LOSS_##name: return !(prediction) ? FAULT_prediction : !(target) ? FAULT_target : FAULT_none;
#include "layers/losses.def"
    }
    return FAULT_none;
}

/* The first row of targets a cross-entropy does not allow, or the number of rows. */
static uint64_t loss_bad_row(const struct loss *l)
{
    const uint64_t rows = l->shape.rows, n = l->shape.columns;
    for (uint64_t r = 0; r < rows; r++) {
        double sum = 0.0, least = 0.0;
        if (l->shape.loss == LOSS_cross_entropy_of_labels) {
            const double label = l->targets[r];
            if (!(label >= 0.0 && label < (double)n && label == floor(label)))
                return r;
            continue;
        }
        for (uint64_t j = 0; j < n; j++) {
            least = fmin(least, l->targets[r * n + j]);
            sum += l->targets[r * n + j];
        }
        if (!(least >= 0.0 && fabs(sum - 1.0) <= 1e-6))
            return r;
    }
    return rows;
}

/* Are all pairs allowed? */
FOR_WIDER_VECTORS
static int loss_allows_all(const struct loss *l)
{
    const double *predictions = l->predictions, *targets = l->targets;
    const uint64_t rows = l->shape.rows;
    uint64_t faults = 0;
    switch (l->shape.loss) {
#define LOSS(name, prediction, target, ...) \
    case LOSS_##name: \
        for (uint64_t k = 0; k < rows; k++) { \
            const double p = predictions[k], t = targets[k]; \
            (void)p; \
            faults |= !((prediction) & (target)); \
        } \
        break;
#include "layers/losses.def"
    }
    return !faults;
}

uint64_t loss_first_fault(const struct loss *l)
{
    const uint32_t loss = l->shape.loss;
    uint64_t k = 0;
    if (loss == LOSS_cross_entropy || loss == LOSS_cross_entropy_of_labels)
        return loss_bad_row(l);
    if (loss_allows_all(l))
        return l->shape.rows;
    while (k < l->shape.rows && !loss_fault_of(loss, l->predictions[k], l->targets[k]))
        k++;
    return k;
}

/* Of rows of logits. */

struct softmax_shift { double largest, rest; };

/* The largest, and the logarithm of the sum of exp(x - largest): exact where the others are very small. */
static struct softmax_shift loss_shift(const double *x, uint64_t n)
{
    uint64_t top = 0;
    double others = 0.0;
    for (uint64_t j = 1; j < n; j++)
        if (x[j] > x[top])
            top = j;
    for (uint64_t j = 0; j < n; j++)
        if (j != top)
            others += x[j] == x[top] ? 1.0 : exp(x[j] - x[top]);
    return (struct softmax_shift){x[top], log1p(others)};
}

/* -log(softmax) of a logit; infinities that are equal cancel. */
static double loss_surprise(double x, struct softmax_shift shift)
{
    return (x == shift.largest ? 0.0 : shift.largest - x) + shift.rest;
}

static double loss_row_value(const struct loss *l, uint64_t r)
{
    const uint64_t n = l->shape.columns;
    const double *x = l->predictions + r * n, *t = l->targets + r * n;
    const struct softmax_shift shift = loss_shift(x, n);
    double sum = 0.0;
    if (l->shape.loss == LOSS_cross_entropy_of_labels)
        return loss_surprise(x[(uint64_t)l->targets[r]], shift);
    for (uint64_t j = 0; j < n; j++)
        sum += t[j] == 0.0 ? 0.0 : t[j] * loss_surprise(x[j], shift);
    return sum;
}

static void loss_row_pull(const struct loss *l, uint64_t r, double scale)
{
    const uint64_t n = l->shape.columns;
    const double *x = l->predictions + r * n, *t = l->targets + r * n;
    const struct softmax_shift shift = loss_shift(x, n);
    const int labels = l->shape.loss == LOSS_cross_entropy_of_labels;
    double *adjoint = l->adjoint + r * n, weight = labels;
    for (uint64_t j = 0; j < n && !labels; j++)
        weight += t[j];
    for (uint64_t j = 0; j < n; j++) {
        const double target = !labels ? t[j] : j == (uint64_t)l->targets[r];
        adjoint[j] += scale * (weight * exp(-loss_surprise(x[j], shift)) - target);
    }
}

/* The whole. */

static struct loss loss_of_row(const struct loss *l, uint64_t r)
{
    struct loss row = *l;
    row.shape.rows = 1;
    row.targets += r * (loss_targets(&l->shape) / l->shape.rows);
    row.predictions += r * l->shape.columns;
    row.adjoint = l->adjoint ? l->adjoint + r * l->shape.columns : NULL;
    return row;
}

static double loss_sum(const struct loss *l)
{
    const double *restrict predictions = l->predictions, *restrict targets = l->targets;
    const uint64_t rows = l->shape.rows;
    double sum = 0.0;
    switch (l->shape.loss) {
#define LOSS(name, prediction, target, expected_prediction, expected_target, value, slope) \
    case LOSS_##name: \
        for (uint64_t k = 0; k < rows; k++) { \
            const double p = predictions[k], t = targets[k], c = l->shape.constant; \
            (void)c; \
            sum += (value); \
        } \
        break;
#include "layers/losses.def"
    default:
        for (uint64_t r = 0; r < rows; r++)
            sum += loss_row_value(l, r);
    }
    return sum;
}

/* A row whose weight is 0 is left out, also where its loss is infinite. */
static double loss_weighted_sum(const struct loss *l)
{
    double sum = 0.0;
    for (uint64_t r = 0; r < l->shape.rows; r++) {
        const struct loss row = loss_of_row(l, r);
        sum += l->weights[r] == 0.0 ? 0.0 : l->weights[r] * loss_sum(&row);
    }
    return sum;
}

double loss_value(const struct loss *l)
{
    const double sum = l->weights ? loss_weighted_sum(l) : loss_sum(l);
    switch (l->shape.reduction) {
    case REDUCED_mean:
        return sum / l->shape.rows;
    case REDUCED_root:
        return sqrt(sum);
    }
    return sum;
}

/* What a loss's gradient g gives the sum, where the loss is y. A root that is 0 gives nothing. */
static double loss_scale(const struct loss_shape *shape, double g, double y)
{
    switch (shape->reduction) {
    case REDUCED_mean:
        return g / shape->rows;
    case REDUCED_root:
        return y == 0.0 ? 0.0 : g * (0.5 / y);
    }
    return g;
}

static void loss_pull_scaled(const struct loss *l, double scale)
{
    const double *restrict predictions = l->predictions, *restrict targets = l->targets;
    const uint64_t rows = l->shape.rows;
    double *restrict adjoint = l->adjoint;
    switch (l->shape.loss) {
#define LOSS(name, prediction, target, expected_prediction, expected_target, value, slope) \
    case LOSS_##name: \
        for (uint64_t k = 0; k < rows; k++) { \
            const double p = predictions[k], t = targets[k], c = l->shape.constant; \
            (void)c; \
            adjoint[k] += scale * (slope); \
        } \
        break;
#include "layers/losses.def"
    default:
        for (uint64_t r = 0; r < rows; r++)
            loss_row_pull(l, r, scale);
    }
}

void loss_pull(const struct loss *l, double g, double y)
{
    const double scale = loss_scale(&l->shape, g, y);
    if (!l->weights) {
        loss_pull_scaled(l, scale);
        return;
    }
    for (uint64_t r = 0; r < l->shape.rows; r++) {
        const struct loss row = loss_of_row(l, r);
        if (l->weights[r] != 0.0)
            loss_pull_scaled(&row, scale * l->weights[r]);
    }
}

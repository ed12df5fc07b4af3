/* What operations on many numbers are as operations of a program: see builder.h.
 *
 * Softmax and its relatives subtract the largest operand, through which no gradient flows, so that they do not
 * overflow. Each formula takes items.
 */
#ifndef FASTGRAD_FORMULAS_H
#define FASTGRAD_FORMULAS_H

#include <float.h>

#include "programs/builder.h"
#include "layers/loss.h"

static inline uint32_t build_sum_of(struct builder *p, const uint32_t *x, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        push_operand(p, x[k]);
    return build_sum(p, n);
}

static inline uint32_t build_number2(struct builder *p, uint32_t op, uint32_t a, double b)
{
    return build2(p, op, a, build_constant(p, b));
}

static inline uint32_t build_prod(struct builder *p, const uint32_t *x, uint32_t n)
{
    uint32_t y = x[0];
    for (uint32_t k = 1; k < n; k++)
        y = build2(p, OP_mul, y, x[k]);
    return y;
}

/* The largest, where nan counts as small: x < y ? y : x. No gradient flows through it. */
static inline uint32_t build_largest(struct builder *p, const uint32_t *x, uint32_t n)
{
    uint32_t y = x[0];
    for (uint32_t k = 1; k < n; k++)
        y = build2(p, OP_clip_low, y, x[k]);
    return build1(p, STEP_stop, y);
}

/* exp(x_k - shift) for each. */
static inline void build_exps(struct builder *p, uint32_t *x, uint32_t n, uint32_t shift)
{
    for (uint32_t k = 0; k < n; k++)
        x[k] = build1(p, OP_exp, build2(p, OP_sub, x[k], shift));
}

/* x becomes its softmax. Where the largest is infinite, those that are it share the whole, and pass no gradient on. */
static inline void build_softmax(struct builder *p, uint32_t *x, uint32_t n)
{
    const uint32_t shift = build_number2(p, OP_clip_high, build_largest(p, x, n), DBL_MAX);
    for (uint32_t k = 0; k < n; k++)
        x[k] = build1(p, OP_exp, build2(p, OP_clip_high, build2(p, OP_sub, x[k], shift), ITEM_0));
    const uint32_t sum = build_sum_of(p, x, n);
    for (uint32_t k = 0; k < n; k++)
        x[k] = build2(p, OP_div, x[k], sum);
}

/* x is used up. A shift by an infinity is none. */
static inline uint32_t build_logsumexp(struct builder *p, uint32_t *x, uint32_t n)
{
    if (n == 1)
        return x[0];
    const uint32_t largest = build_largest(p, x, n);
    const uint32_t finite = build_number2(p, OP_lt, build1(p, OP_abs, largest), INFINITY);
    const uint32_t shift = build_select(p, finite, largest, ITEM_0);
    build_exps(p, x, n, shift);
    return build2(p, OP_add, build1(p, OP_log, build_sum_of(p, x, n)), shift);
}

/* The square root of what is not negative, with the slope 0 at 0. */
static inline uint32_t build_root(struct builder *p, uint32_t x)
{
    const uint32_t positive = build_number2(p, OP_gt, x, 0.0);
    const uint32_t root = build1(p, OP_sqrt, build_select(p, positive, x, ITEM_1));
    return build_select(p, positive, root, build1(p, STEP_stop, x));
}

/* The length of x, which is used up; the slope at the origin is 0. Scaled by the largest, squares do not overflow. */
static inline uint32_t build_hypot(struct builder *p, uint32_t *x, uint32_t n)
{
    uint32_t largest, scale;
    if (n == 0)
        return ITEM_0;
    largest = build1(p, OP_abs, x[0]);
    for (uint32_t k = 1; k < n; k++)
        largest = build2(p, OP_max, largest, build1(p, OP_abs, x[k]));
    largest = build1(p, STEP_stop, largest);
    scale = build_select(p, build_number2(p, OP_gt, largest, 0.0), largest, ITEM_1);
    scale = build_select(p, build_number2(p, OP_lt, largest, INFINITY), scale, ITEM_1);
    for (uint32_t k = 0; k < n; k++)
        x[k] = build2(p, OP_div, x[k], scale);
    for (uint32_t k = 0; k < n; k++) {
        push_operand(p, x[k]);
        push_operand(p, x[k]);
    }
    return build2(p, OP_mul, scale, build_root(p, build_dot(p, NO_VALUE, n)));
}

/* The case taken, and beside it a gradient of 1 to x: the step of x less itself is 0, whatever x is. */
static inline uint32_t build_ifel(struct builder *p, uint32_t x, uint32_t condition, uint32_t yes, uint32_t no)
{
    const struct step *c = &p->item[condition];
    if (is_constant(p, x))
        return build_select(p, condition, yes, no);
    if (c->op == OP_gt && c->a == x && c->b == ITEM_0 && yes == ITEM_1 && no == ITEM_0)
        return build1(p, OP_step, x);
    const uint32_t taken = build_select(p, condition, yes, no), step = build1(p, OP_step, x);
    return build_plain2(p, OP_sub, taken, build_plain2(p, OP_sub, build1(p, STEP_stop, step), step));
}

static inline uint32_t build_activation(struct builder *p, uint32_t activation, uint32_t x)
{
    switch (activation) {
#define ACTIVATION(name, op, c) \
    case ACTIVATION_##name: \
        return op < OP_FIRST_VC ? build1(p, op, x) : build_number2(p, op - OP_TO_VC, x, c);
        ACTIVATIONS
#undef ACTIVATION
    }
    return x;
}

/* Losses of one prediction and one target, as losses.def has them. */

/* s * x + t * y; what has the factor 0 is left out. */
static inline uint32_t build_weighted(struct builder *p, double s, uint32_t x, double t, uint32_t y)
{
    x = build_number2(p, OP_mul, x, s);
    y = build_number2(p, OP_mul, y, t);
    return s == 0.0 ? y : t == 0.0 ? x : build2(p, OP_add, x, y);
}

static inline uint32_t build_loss_of_one(struct builder *p, uint32_t loss, uint32_t x, double t)
{
    uint32_t y;
    switch (loss) {
    case LOSS_squares:
        y = build_number2(p, OP_sub, x, t);
        return build2(p, OP_mul, y, y);
    case LOSS_binary_cross_entropy:
        y = build1(p, OP_log1p, build1(p, OP_neg, x));
        return build_weighted(p, -t, build1(p, OP_log, x), t - 1.0, y);
    case LOSS_binary_cross_entropy_with_logits:
        y = build1(p, OP_softplus, build1(p, OP_neg, x));
        return build_weighted(p, t, y, 1.0 - t, build1(p, OP_softplus, x));
    case LOSS_hinge:
        return build1(p, OP_relu, build2(p, OP_sub, ITEM_1, build_number2(p, OP_mul, x, t)));
    }
    return ITEM_0;
}

/* Cross-entropies of a row. */

/* -log(softmax) of x[0], exact where it is small; x is used up. */
static inline uint32_t build_surprise(struct builder *p, uint32_t *x, uint32_t n)
{
    const uint32_t first = x[0];
    if (n == 1)
        return ITEM_0;
    return build1(p, OP_softplus, build2(p, OP_sub, build_logsumexp(p, x + 1, n - 1), first));
}

/* Of label j; x, which is used up, has n items. */
static inline uint32_t build_entropy_of_label(struct builder *p, uint32_t *x, uint32_t n, uint32_t j)
{
    const uint32_t first = x[0];
    x[0] = x[j];
    x[j] = first;
    return build_surprise(p, x, n);
}

/* Of probabilities t; x, which is used up, has n items and room for as many again. */
static inline uint32_t build_entropy(struct builder *p, uint32_t *x, uint32_t n, const double *t)
{
    uint32_t wanted = 0, last = 0, *const copy = x + n, shift;
    for (uint32_t j = 0; j < n; j++)
        if (t[j] != 0.0) {
            wanted++;
            last = j;
        }
    if (wanted == 1)
        return build_number2(p, OP_mul, build_entropy_of_label(p, x, n, last), t[last]);
    memcpy(copy, x, n * sizeof(*x));
    shift = build_logsumexp(p, copy, n);
    for (uint32_t j = 0; j < n; j++)
        copy[j] = build2(p, OP_sub, shift, x[j]);
    for (uint32_t j = 0; j < n; j++)
        if (t[j] != 0.0) {
            push_operand(p, copy[j]);
            push_operand(p, build_constant(p, t[j]));
        }
    return build_dot(p, NO_VALUE, wanted);
}

static inline uint32_t build_reduced(struct builder *p, uint32_t reduction, const uint32_t *x, uint32_t n)
{
    const uint32_t sum = build_sum_of(p, x, n);
    switch (reduction) {
    case REDUCED_mean:
        return build_number2(p, OP_div, sum, n);
    case REDUCED_root:
        return build_root(p, sum);
    }
    return sum;
}

#endif

/* The mathematics of the n-ary operations (the NARY rows of ops.def).
 *
 * A node's operands are `n` slots. A slot is the index of a node, or CONSTANT, and then the number is in `reals` at the
 * slot's place; a node without constants has no such reals. Where an operation needs memory of its own it has more:
 *
 *   user              slots x_k; reals: a slope each, or none
 *   dot               slots bias, x_0, y_0, x_1, y_1, ...
 *   prod              slots x_k; reals: n constants, n to work in
 *   softmax           slots x_k; reals: n constants, n results, n adjoints (all 0 between sweeps)
 *   select            slots condition, true case, false case
 *   ifel              slots the node itself, condition, true case, false case
 *   sloped            slots value, x, slope by x
 *   the others        slots x_k
 *
 * Functions of numbers and arrays: no state, no Python. The caller owns the arrays.
 */
#ifndef FASTGRAD_NARY_H
#define FASTGRAD_NARY_H

#include "operations/ops.h"

#define CONSTANT UINT32_MAX

struct operands {
    uint32_t n;
    const uint32_t *slots;
    double *reals;
    const double *data; /* of all nodes */
};

/* The doubles that an operation of n operands has beside those of its constants, which it then has in any case. */
static inline uint64_t nary_memory(unsigned op, uint32_t n)
{
    return op == OP_prod ? n : op == OP_softmax ? 2 * (uint64_t)n : 0;
}

/* May a payload of the operation have so many slots and doubles? */
static inline int nary_fits(unsigned op, uint32_t n, uint64_t reals)
{
    const uint64_t memory = nary_memory(op, n);
    if (n == 0 || (op == OP_dot && n % 2 == 0) || (op == OP_ifel && n != 4) ||
        ((op == OP_select || op == OP_sloped) && n != 3))
        return 0;
    return reals == n + memory || (!memory && reals == 0);
}

static inline double operand(const struct operands *x, uint32_t k)
{
    return x->slots[k] == CONSTANT ? x->reals[k] : x->data[x->slots[k]];
}

/* Which slot a choice takes. */
static inline uint32_t taken_slot(unsigned op, const struct operands *x)
{
    uint32_t condition = op == OP_ifel;
    return operand(x, condition) != 0.0 ? condition + 1 : condition + 2;
}

/* Does a gradient flow to slot k? Not to conditions, cases not taken and slopes. */
static inline int takes_gradient(unsigned op, const struct operands *x, uint32_t k)
{
    if (x->slots[k] == CONSTANT)
        return 0;
    if (op != OP_select && op != OP_ifel)
        return op != OP_sloped || k < 2;
    return (op == OP_ifel && k == 0) || k == taken_slot(op, x);
}

static inline double largest_operand(const struct operands *x)
{
    double largest = -INFINITY;
    for (uint32_t k = 0; k < x->n; k++)
        largest = fmax(largest, operand(x, k));
    return largest;
}

/* exp(x_k - shift). A shift by an infinity is none. */
static inline double shifted_exp(const struct operands *x, uint32_t k, double shift)
{
    return operand(x, k) == shift ? 1.0 : exp(operand(x, k) - shift);
}

/* These summed; written to `each` too where that is given. */
static inline double exp_sum(const struct operands *x, double shift, double *each)
{
    double sum = 0.0;
    for (uint32_t k = 0; k < x->n; k++) {
        const double e = shifted_exp(x, k, shift);
        if (each)
            each[k] = e;
        sum += e;
    }
    return sum;
}

static inline double softmax_value(const struct operands *x)
{
    double *result = x->reals + x->n;
    double sum = exp_sum(x, largest_operand(x), result);
    for (uint32_t k = 0; k < x->n; k++)
        result[k] /= sum;
    return sum;
}

static inline double sum_value(const struct operands *x)
{
    double y = operand(x, 0);
    for (uint32_t k = 1; k < x->n; k++)
        y += operand(x, k);
    return y;
}

static inline double nary_value(unsigned op, const struct operands *x)
{
    double y;
    switch (op) {
    case OP_sum:
        return sum_value(x);
    case OP_mean:
        return sum_value(x) / x->n;
    case OP_prod:
        y = operand(x, 0);
        for (uint32_t k = 1; k < x->n; k++)
            y *= operand(x, k);
        return y;
    case OP_dot:
        y = operand(x, 0);
        for (uint32_t k = 1; k < x->n; k += 2)
            y += operand(x, k) * operand(x, k + 1);
        return y;
    case OP_logsumexp:
        y = largest_operand(x);
        return isinf(y) ? y : y + log(exp_sum(x, y, NULL));
    case OP_softmax:
        return softmax_value(x);
    case OP_select:
    case OP_ifel:
        return operand(x, taken_slot(op, x));
    case OP_sloped:
        return operand(x, 0);
    }
    return NAN;
}

/* What is nan is left out, and said to be, where `nans` is given. */
static OP_INLINE void give(const struct operands *x, double *grad, uint32_t k, double amount, int *nans)
{
    if (nans && OP_UNLIKELY(amount != amount))
        *nans = 1;
    else if (x->slots[k] != CONSTANT)
        grad[x->slots[k]] += amount;
}

static OP_INLINE void dot_pull(const struct operands *x, double g, double *grad, int *nans)
{
    give(x, grad, 0, g, nans);
    for (uint32_t k = 1; k < x->n; k += 2) {
        double a = operand(x, k), b = operand(x, k + 1);
        give(x, grad, k, g * b, nans);
        give(x, grad, k + 1, g * a, nans);
    }
}

/* The slope of a product by a factor is the product of the factors before and of those after it: right at zeros too. */
static OP_INLINE void prod_pull(const struct operands *x, double g, double *grad, int *nans)
{
    double *before = x->reals + x->n, after = 1.0;
    before[0] = 1.0;
    for (uint32_t k = 1; k < x->n; k++)
        before[k] = before[k - 1] * operand(x, k - 1);
    for (uint32_t k = x->n; k-- > 0;) {
        double factor = operand(x, k);
        give(x, grad, k, g * (before[k] * after), nans);
        after *= factor;
    }
}

/* The slopes are the softmax, from the operands: in the value of large ones log(n) is lost. */
static OP_INLINE void logsumexp_pull(const struct operands *x, double g, double *grad, int *nans)
{
    const double largest = largest_operand(x), sum = exp_sum(x, largest, NULL);
    for (uint32_t k = 0; k < x->n; k++)
        give(x, grad, k, g * (shifted_exp(x, k, largest) / sum), nans);
}

static OP_INLINE void softmax_pull(const struct operands *x, double *grad, int *nans)
{
    double *result = x->reals + x->n, *adjoint = result + x->n, inner = 0.0;
    for (uint32_t k = 0; k < x->n; k++)
        inner += adjoint[k] * result[k];
    for (uint32_t k = 0; k < x->n; k++) {
        give(x, grad, k, result[k] * (adjoint[k] - inner), nans);
        adjoint[k] = 0.0;
    }
}

static OP_INLINE void nary_pull_but(unsigned op, const struct operands *x, double g, double y, double *grad, int *nans)
{
    switch (op) {
    case OP_sum:
    case OP_fsum:
        for (uint32_t k = 0; k < x->n; k++)
            give(x, grad, k, g, nans);
        break;
    case OP_mean:
        for (uint32_t k = 0; k < x->n; k++)
            give(x, grad, k, g / x->n, nans);
        break;
    case OP_prod:
        prod_pull(x, g, grad, nans);
        break;
    case OP_dot:
        dot_pull(x, g, grad, nans);
        break;
    case OP_logsumexp:
        logsumexp_pull(x, g, grad, nans);
        break;
    case OP_hypot:
        for (uint32_t k = 0; k < x->n; k++)
            give(x, grad, k, y == 0.0 ? 0.0 : g * (operand(x, k) / y), nans);
        break;
    case OP_softmax:
        softmax_pull(x, grad, nans);
        break;
    case OP_user:
        for (uint32_t k = 0; x->reals && k < x->n; k++)
            give(x, grad, k, g * x->reals[k], nans);
        break;
    case OP_select:
    case OP_ifel:
        if (op == OP_ifel)
            give(x, grad, 0, g, nans);
        give(x, grad, taken_slot(op, x), g, nans);
        break;
    case OP_sloped:
        give(x, grad, 0, g, nans);
        give(x, grad, 1, g * operand(x, 2), nans);
        break;
    }
}

/* Adds to `grad` what a node with the gradient g and the value y passes on. */
static inline void nary_pull(unsigned op, const struct operands *x, double g, double y, double *grad)
{
    nary_pull_but(op, x, g, y, grad, NULL);
}

/* The same but for what is nan. Returns whether there was any. */
static inline int nary_pull_numbers(unsigned op, const struct operands *x, double g, double y, double *grad)
{
    int nans = 0;
    nary_pull_but(op, x, g, y, grad, &nans);
    return nans;
}

#endif

/* Operations on many symbols. The contract is in the header. */

#include "operations/composites.h"

#include <float.h>

static symbol prod_symbol(struct algebra *s, const symbol *x, uint32_t n)
{
    symbol y = x[0];
    for (uint32_t k = 1; k < n; k++)
        y = s->two(s, OP_mul, y, x[k]);
    return y;
}

/* The largest, where nan counts as small: x < y ? y : x. No gradient flows through it. */
static symbol largest_symbol(struct algebra *s, const symbol *x, uint32_t n)
{
    symbol y = x[0];
    for (uint32_t k = 1; k < n; k++)
        y = s->two(s, OP_clip_low, y, x[k]);
    return s->stop(s, y);
}

/* Where the largest is infinite, those that are it share the whole, and pass no gradient on. */
void softmax_symbols(struct algebra *s, symbol *x, uint32_t n)
{
    const symbol shift = two_number(s, OP_clip_high, largest_symbol(s, x, n), DBL_MAX);
    for (uint32_t k = 0; k < n; k++)
        x[k] = s->one(s, OP_exp, two_number(s, OP_clip_high, s->two(s, OP_sub, x[k], shift), 0.0));
    const symbol sum = s->sum(s, x, n);
    for (uint32_t k = 0; k < n; k++)
        x[k] = s->two(s, OP_div, x[k], sum);
}

/* A shift by an infinity is none. */
symbol logsumexp_symbol(struct algebra *s, symbol *x, uint32_t n)
{
    if (n == 1)
        return x[0];
    const symbol largest = largest_symbol(s, x, n);
    const symbol finite = two_number(s, OP_lt, s->one(s, OP_abs, largest), INFINITY);
    const symbol shift = s->select(s, finite, largest, s->constant(s, 0.0));
    for (uint32_t k = 0; k < n; k++)
        x[k] = s->one(s, OP_exp, s->two(s, OP_sub, x[k], shift));
    return s->two(s, OP_add, s->one(s, OP_log, s->sum(s, x, n)), shift);
}

symbol root_symbol(struct algebra *s, symbol x)
{
    const symbol positive = two_number(s, OP_gt, x, 0.0), one = s->constant(s, 1.0);
    const symbol root = s->one(s, OP_sqrt, s->select(s, positive, x, one));
    return s->select(s, positive, root, s->stop(s, x));
}

/* The length of x; the slope at the origin is 0. Scaled by the largest, squares do not overflow. */
static symbol hypot_symbol(struct algebra *s, symbol *x, uint32_t n)
{
    symbol largest, scale, one = s->constant(s, 1.0);
    if (n == 0)
        return s->constant(s, 0.0);
    largest = s->one(s, OP_abs, x[0]);
    for (uint32_t k = 1; k < n; k++)
        largest = s->two(s, OP_max, largest, s->one(s, OP_abs, x[k]));
    largest = s->stop(s, largest);
    scale = s->select(s, two_number(s, OP_gt, largest, 0.0), largest, one);
    scale = s->select(s, two_number(s, OP_lt, largest, INFINITY), scale, one);
    for (uint32_t k = n; k-- > 0;)
        x[2 * k] = x[2 * k + 1] = s->two(s, OP_div, x[k], scale);
    return s->two(s, OP_mul, scale, root_symbol(s, s->dot(s, NO_SYMBOL, x, n)));
}

uint32_t nary_symbols(struct algebra *s, unsigned op, symbol *x, uint32_t n)
{
    switch (op) {
    case OP_sum:
    case OP_fsum:
        x[0] = s->sum(s, x, n);
        return 1;
    case OP_mean:
        x[0] = two_number(s, OP_div, s->sum(s, x, n), n);
        return 1;
    case OP_prod:
        x[0] = prod_symbol(s, x, n);
        return 1;
    case OP_dot:
        x[0] = s->dot(s, x[0], x + 1, n / 2);
        return 1;
    case OP_logsumexp:
        x[0] = logsumexp_symbol(s, x, n);
        return 1;
    case OP_softmax:
        softmax_symbols(s, x, n);
        return n;
    case OP_select:
        x[0] = s->select(s, x[0], x[1], x[2]);
        return 1;
    case OP_ifel:
        x[0] = s->sloped(s, s->select(s, x[1], x[2], x[3]), x[0], s->constant(s, 1.0));
        return 1;
    case OP_sloped:
        x[0] = s->sloped(s, x[0], x[1], x[2]);
        return 1;
    case OP_hypot:
        x[0] = hypot_symbol(s, x, n);
        return 1;
    }
    return 0;
}

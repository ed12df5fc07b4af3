/* The chain rule on symbols. The contract is in the header. */

#include "operations/chain.h"

static symbol zero(struct algebra *s) { return s->constant(s, 0.0); }

/* Conditions are numbers, and hold where they are not 0. */

static symbol both(struct algebra *s, symbol x, symbol y) { return x && y ? s->select(s, x, y, zero(s)) : x ? x : y; }

static symbol either(struct algebra *s, symbol x, symbol y) { return x && y ? s->select(s, x, x, y) : 0; }

static struct flow flow_if(struct algebra *s, symbol condition, struct flow in)
{
    const symbol alive = both(s, condition, in.alive);
    return (struct flow){s->select(s, alive, in.amount, zero(s)), alive};
}

/* Is an amount known, and finite? */
static int is_known(struct algebra *s, symbol amount, double *x) { return s->known(s, amount, x) && isfinite(*x); }

struct flow flow_product(struct algebra *s, struct flow x, struct flow y)
{
    struct flow out = {0, 0};
    double factor;
    if (!x.amount || !y.amount)
        return out;
    if (is_known(s, x.amount, &factor)) {
        const struct flow known = x;
        x = y;
        y = known;
    }
    if (!is_known(s, y.amount, &factor))
        out.amount = s->two(s, OP_mul, x.amount, y.amount);
    else if (factor == 0.0)
        return out;
    else if (factor == -1.0)
        out.amount = s->one(s, OP_neg, x.amount);
    else
        out.amount = factor == 1.0 ? x.amount : s->two(s, OP_mul, x.amount, y.amount);
    out.alive = both(s, x.alive, y.alive);
    return out.alive ? flow_if(s, 0, out) : out;
}

static struct flow flow_times(struct algebra *s, struct flow in, symbol factor)
{
    return flow_product(s, in, (struct flow){factor, 0});
}

struct flow flow_by_slope(struct algebra *s, unsigned op, struct flow in, symbol slope)
{
    double x;
    const struct flow out = flow_times(s, in, slope);
    if (!(op_rows[op].traits & (TRAIT_jumps | TRAIT_kinked)) || !out.amount || s->known(s, slope, &x))
        return out;
    return flow_if(s, slope, out);
}

struct flow flow_through(struct algebra *s, unsigned op, int k, symbol a, symbol b, symbol y, struct flow in)
{
    if (!in.amount)
        return in;
    switch (op) {
    case OP_add:
    case OP_pos:
        return in;
    case OP_neg:
        return flow_times(s, in, s->constant(s, -1.0));
    case OP_sub:
        return k ? flow_times(s, in, s->constant(s, -1.0)) : in;
    case OP_mul:
        return flow_times(s, in, k ? a : b);
    }
    return flow_by_slope(s, op, in, k ? op_slope_b_symbol(s, op, a, b, y) : op_slope_a_symbol(s, op, a, b, y));
}

struct flow flow_to_case(struct algebra *s, symbol condition, int truth, struct flow in)
{
    if (!in.amount)
        return in;
    return flow_if(s, truth ? condition : s->select(s, condition, zero(s), s->constant(s, 1.0)), in);
}

struct flow flow_from_cases(struct algebra *s, symbol condition, struct flow yes, struct flow no)
{
    if (!yes.amount && !no.amount)
        return yes;
    if (!no.amount || !yes.amount)
        return flow_to_case(s, condition, !!yes.amount, yes.amount ? yes : no);
    const symbol one = s->constant(s, 1.0);
    const symbol amount = s->select(s, condition, yes.amount, no.amount);
    if (!yes.alive && !no.alive)
        return (struct flow){amount, 0};
    return (struct flow){amount, s->select(s, condition, yes.alive ? yes.alive : one, no.alive ? no.alive : one)};
}

struct flow flow_sum(struct algebra *s, struct flow x, struct flow y)
{
    if (!x.amount || !y.amount)
        return x.amount ? x : y;
    return (struct flow){s->two(s, OP_add, x.amount, y.amount), either(s, x.alive, y.alive)};
}

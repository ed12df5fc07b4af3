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

static struct flow flow_negative(struct algebra *s, struct flow in)
{
    return (struct flow){in.amount ? s->one(s, OP_neg, in.amount) : 0, in.alive};
}

/* The product by a known number, which is finite. */
static struct flow flow_scaled(struct algebra *s, struct flow in, symbol factor, double number)
{
    if (number == 0.0)
        return (struct flow){0, 0};
    if (number == 1.0)
        return in;
    return number == -1.0 ? flow_negative(s, in) : (struct flow){s->two(s, OP_mul, in.amount, factor), in.alive};
}

struct flow flow_product(struct algebra *s, struct flow x, struct flow y)
{
    double number;
    struct flow out = {0, 0};
    if (!x.amount || !y.amount)
        return out;
    if (s->known(s, y.amount, &number) && isfinite(number) && !y.alive)
        return flow_scaled(s, x, y.amount, number);
    if (s->known(s, x.amount, &number) && isfinite(number) && !x.alive)
        return flow_scaled(s, y, x.amount, number);
    out.amount = s->two(s, OP_mul, x.amount, y.amount);
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
    return !op_traits_choose(op_rows[op].traits) || !out.amount || s->known(s, slope, &x) ? out : flow_if(s, slope, out);
}

/* By the base of a power. That of a constant exponent is a power itself. */
static symbol power_slope(struct algebra *s, symbol a, symbol b, symbol y)
{
    double x;
    if (!s->known(s, b, &x))
        return op_slope_a_symbol(s, OP_pow, a, b, y);
    if (x == 0.0 || x == 1.0)
        return s->constant(s, x);
    return two_number(s, OP_mul, two_number(s, OP_pow, a, x - 1.0), x);
}

/* Above 0 the slope is 1. Below there is a product, of whose factors a constant of 0 is a choice, as in relu. */
static struct flow through_leaky_relu(struct algebra *s, int k, symbol a, symbol b, struct flow in)
{
    double x;
    const symbol positive = two_number(s, OP_gt, a, 0.0), slope = s->select(s, positive, s->constant(s, 1.0), b);
    if (k)
        return flow_to_case(s, positive, 0, flow_times(s, in, a));
    return s->known(s, b, &x) ? flow_by_slope(s, OP_leaky_relu, in, slope) : flow_times(s, in, slope);
}

static symbol slope_of(struct algebra *s, unsigned op, int k, symbol a, symbol b, symbol y)
{
    switch (op) {
    case OP_add:
    case OP_pos:
        return s->constant(s, 1.0);
    case OP_neg:
        return s->constant(s, -1.0);
    case OP_sub:
        return s->constant(s, k ? -1.0 : 1.0);
    case OP_mul:
        return k ? a : b;
    case OP_pow:
        if (!k)
            return power_slope(s, a, b, y);
    }
    return k ? op_slope_b_symbol(s, op, a, b, y) : op_slope_a_symbol(s, op, a, b, y);
}

symbol factor_through(struct algebra *s, unsigned op, int k, symbol a, symbol b, symbol y)
{
    return op_traits_choose(op_rows[op].traits) || op == OP_leaky_relu ? 0 : slope_of(s, op, k, a, b, y);
}

struct flow flow_through(struct algebra *s, unsigned op, int k, symbol a, symbol b, symbol y, struct flow in)
{
    if (!in.amount || op == OP_add || op == OP_pos || (op == OP_sub && !k))
        return in;
    if (op == OP_leaky_relu)
        return through_leaky_relu(s, k, a, b, in);
    return flow_by_slope(s, op, in, slope_of(s, op, k, a, b, y));
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
    if (x.amount == y.amount && x.alive == y.alive)
        return (struct flow){two_number(s, OP_mul, x.amount, 2.0), x.alive};
    return (struct flow){s->two(s, OP_add, x.amount, y.amount), either(s, x.alive, y.alive)};
}

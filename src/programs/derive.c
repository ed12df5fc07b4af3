/* Derivatives as items. The contract is in the header. */

#include "programs/derive.h"

#include <stdlib.h>

/* The second derivatives of an operation of a and b with the value y, as items of a small graph of its own: its inputs
 * 0, 1 and 2 are a, b and y. An entry is 0 where there is none. */
struct second {
    struct dag d;
    symbol y, entry[3]; /* by a and a, a and b, b and b */
};

void derive_begin(struct derivation *v, struct dag *d, const symbol *by, uint32_t n)
{
    memset(v, 0, sizeof(*v));
    v->d = d;
    v->count = d->count;
    v->active = calloc(v->count, sizeof(*v->active));
    if (!v->active) {
        v->failed = 1;
        return;
    }
    for (uint32_t k = 0; k < n; k++)
        v->active[by[k]] = 1;
    for (uint32_t i = 1; i < v->count; i++) {
        const struct step *s = &d->item[i];
        for (uint64_t k = 0; s->op < ITEM_constant && k < operand_count(s); k++)
            v->active[i] |= passes_on(s, k) && v->active[operand_of(d->operand, s, k)];
    }
}

void derive_free(struct derivation *v)
{
    for (uint32_t op = 0; v->second && op < OP_FIRST_NARY; op++)
        dag_free(&v->second[op].d);
    free(v->active);
    free(v->adjoint);
    free(v->start);
    free(v->tangent);
    free(v->second);
    memset(v, 0, sizeof(*v));
}

/* What flows through an item by its k-th operand: an adjoint to it, or a tangent from it, but not through a choice. */
static struct flow through_item(struct dag *d, uint32_t i, uint64_t k, struct flow in)
{
    const struct step s = d->item[i];
    switch (s.op) {
    case STEP_sum:
        return in;
    case STEP_dot:
        return k == 2 * (uint64_t)s.n ? in : flow_product(&d->algebra, in, (struct flow){d->operand[s.a + (k ^ 1)], 0});
    }
    return flow_through(&d->algebra, s.op, (int)k, s.a, is_two(s.op) ? s.b : s.a, i, in);
}

/* Forward. */

struct tangents tangents_of(const struct derivation *v, symbol i)
{
    const uint64_t start = v->start[i];
    return (struct tangents){v->tangent + start, (uint32_t)(v->start[i + 1] - start)};
}

static void push_tangent(struct derivation *v, uint32_t by, struct flow flow)
{
    if (!flow.amount || v->failed)
        return;
    if (v->tangents == v->tangent_capacity) {
        const uint64_t n = 2 * v->tangent_capacity + 64;
        if (n > SIZE_MAX / 2 / sizeof(*v->tangent) || !grow_array((void **)&v->tangent, n * sizeof(*v->tangent))) {
            v->failed = 1;
            return;
        }
        v->tangent_capacity = n;
    }
    v->tangent[v->tangents++] = (struct tangent){by, flow};
}

static struct flow tangent_by(const struct derivation *v, symbol i, uint32_t by)
{
    const struct tangents t = tangents_of(v, i);
    for (uint32_t k = 0; k < t.n; k++)
        if (t.first[k].by == by)
            return t.first[k].flow;
    return (struct flow){0, 0};
}

/* Sums of flows by direction, and in which there is one. */
struct sums_by {
    struct flow *sum;
    uint32_t *by, n;
};

static void add_by(struct derivation *v, struct sums_by *sums, uint32_t by, struct flow flow)
{
    if (flow.amount && !sums->sum[by].amount)
        sums->by[sums->n++] = by;
    sums->sum[by] = flow_sum(&v->d->algebra, sums->sum[by], flow);
}

static void add_choice(struct derivation *v, struct sums_by *sums, uint32_t i)
{
    const struct step s = v->d->item[i];
    for (int k = 1; k <= 2; k++) {
        const struct tangents t = tangents_of(v, v->d->operand[s.a + k]);
        for (uint32_t e = 0; e < t.n; e++) {
            const uint32_t by = v->tangent[v->start[v->d->operand[s.a + k]] + e].by, *operand = v->d->operand + s.a;
            if (!sums->sum[by].amount)
                add_by(v, sums, by, flow_from_cases(&v->d->algebra, operand[0], tangent_by(v, operand[1], by),
                                                    tangent_by(v, operand[2], by)));
        }
    }
}

static void add_tangents(struct derivation *v, struct sums_by *sums, uint32_t i)
{
    const struct step s = v->d->item[i];
    if (s.op == STEP_select) {
        add_choice(v, sums, i);
        return;
    }
    for (uint64_t k = 0; k < operand_count(&s); k++) {
        const symbol operand = operand_of(v->d->operand, &s, k);
        if (!v->active[operand] || !passes_on(&s, k))
            continue;
        for (uint64_t e = v->start[operand]; e < v->start[operand + 1]; e++)
            add_by(v, sums, v->tangent[e].by, through_item(v->d, i, k, v->tangent[e].flow));
    }
}

/* What the sums have become are an item's tangents; the sums are nothing again. */
static void take_tangents(struct derivation *v, struct sums_by *sums)
{
    for (uint32_t k = 0; k < sums->n; k++) {
        push_tangent(v, sums->by[k], sums->sum[sums->by[k]]);
        sums->sum[sums->by[k]] = (struct flow){0, 0};
    }
    sums->n = 0;
}

void derive_forward(struct derivation *v, const symbol *by, const symbol *seed, uint32_t n, int together)
{
    struct sums_by sums = {calloc((size_t)n + 1, sizeof(*sums.sum)), malloc(((size_t)n + 1) * sizeof(*sums.by)), 0};
    uint32_t *place = calloc(v->count, sizeof(*place)); /* among `by`, and 1 */
    v->start = malloc(((size_t)v->count + 1) * sizeof(*v->start));
    v->failed |= !place || !v->start || !sums.sum || !sums.by;
    for (uint32_t k = 0; k < n && !v->failed; k++)
        place[by[k]] = k + 1;
    if (!v->failed)
        v->start[0] = v->start[1] = 0;
    for (uint32_t i = 1; i < v->count && !v->failed; i++) {
        if (place[i])
            push_tangent(v, together ? 0 : place[i] - 1, (struct flow){seed[place[i] - 1], 0});
        else if (v->active[i])
            add_tangents(v, &sums, i);
        take_tangents(v, &sums);
        v->start[i + 1] = v->tangents;
    }
    free(place);
    free(sums.sum);
    free(sums.by);
}

/* Backward. */

static void give_item(struct derivation *v, uint32_t i)
{
    struct dag *d = v->d;
    const struct step s = d->item[i];
    const struct flow g = v->adjoint[i];
    for (uint64_t k = operand_count(&s); k-- > 0;) {
        const symbol operand = operand_of(d->operand, &s, k);
        struct flow given;
        if (!v->active[operand] || !passes_on(&s, k))
            continue;
        given = s.op == STEP_select ? flow_to_case(&d->algebra, d->operand[s.a], k == 1, g) : through_item(d, i, k, g);
        v->adjoint[operand] = flow_sum(&d->algebra, v->adjoint[operand], given);
    }
}

void derive_backward(struct derivation *v, const symbol *root, const symbol *seed, uint32_t n)
{
    if (!v->adjoint)
        v->adjoint = malloc(v->count * sizeof(*v->adjoint));
    if (v->failed || !v->adjoint) {
        v->failed = 1;
        return;
    }
    memset(v->adjoint, 0, v->count * sizeof(*v->adjoint));
    for (uint32_t k = 0; k < n; k++)
        v->adjoint[root[k]] = flow_sum(&v->d->algebra, v->adjoint[root[k]], (struct flow){seed[k], 0});
    for (uint32_t i = v->count; i-- > 1;)
        if (v->active[i] && v->adjoint[i].amount && v->d->item[i].op < ITEM_constant)
            give_item(v, i);
}

/* Second derivatives. */

static symbol partial_of(const struct derivation *v, symbol slope, uint32_t by)
{
    return tangent_by(v, slope, by).amount;
}

/* The derivatives of an operation's slopes by its operands. That the slopes use the value, as that of exp does, is part
 * of it: y is an input here, and its own tangents are the slopes. */
static void make_second(struct second *second, unsigned op)
{
    struct dag *d = &second->d;
    struct algebra *s = &d->algebra;
    struct derivation v;
    symbol x[3], slope[2], seed[3];
    if (!dag_begin(d))
        return;
    for (uint32_t k = 0; k < 3; k++)
        x[k] = dag_input(d, k);
    second->y = x[2];
    slope[0] = op_slope_a_symbol(s, op, x[0], x[1], x[2]);
    slope[1] = is_two(op) ? op_slope_b_symbol(s, op, x[0], x[1], x[2]) : d->zero;
    seed[0] = seed[1] = seed[2] = d->one;
    derive_begin(&v, d, x, 3);
    derive_forward(&v, x, seed, 3, 0);
    for (int k = 0; k < (is_two(op) ? 3 : 1) && !v.failed; k++) {
        const symbol of = slope[k / 2];
        const uint32_t by = k > 0;
        const symbol own = partial_of(&v, of, by), by_y = partial_of(&v, of, 2);
        const symbol more = by_y ? s->two(s, OP_mul, by_y, slope[by]) : 0;
        second->entry[k] = own && more ? s->two(s, OP_add, own, more) : own ? own : more;
    }
    d->failed |= v.failed;
    derive_free(&v);
}

/* An item of an operation's small graph in the graph at work. The graph is small, so recursion is shallow. */
static symbol item_from(struct derivation *v, const struct second *from, symbol i, const symbol *x)
{
    struct algebra *s = &v->d->algebra;
    const struct step *t = &from->d.item[i];
    switch (t->op) {
    case ITEM_constant:
        return s->constant(s, constant_at(&from->d, i));
    case ITEM_input:
        return x[t->a];
    case STEP_stop:
        return s->stop(s, item_from(v, from, t->a, x));
    case STEP_select: {
        const uint32_t *operand = from->d.operand + t->a;
        const symbol condition = item_from(v, from, operand[0], x), yes = item_from(v, from, operand[1], x);
        return s->select(s, condition, yes, item_from(v, from, operand[2], x));
    }
    }
    if (is_one(t->op))
        return s->one(s, t->op, item_from(v, from, t->a, x));
    const symbol a = item_from(v, from, t->a, x);
    return s->two(s, t->op, a, item_from(v, from, t->b, x));
}

static const struct second *second_of(struct derivation *v, unsigned op)
{
    if (!v->second)
        v->second = calloc(OP_FIRST_NARY, sizeof(*v->second));
    if (!v->second) {
        v->failed = 1;
        return NULL;
    }
    if (!v->second[op].y)
        make_second(&v->second[op], op);
    v->failed |= !v->second[op].y || v->second[op].d.failed;
    return v->failed ? NULL : &v->second[op];
}

/* Adds what an item gives whose second derivative by its operands a and b, times its adjoint, is g. */
static void add_products(struct derivation *v, struct flow *entry, struct flow g, symbol a, symbol b)
{
    struct algebra *s = &v->d->algebra;
    const struct tangents left = tangents_of(v, a), right = tangents_of(v, b);
    for (uint32_t k = 0; k < left.n && g.amount; k++) {
        const struct flow part = flow_product(s, g, left.first[k].flow);
        for (uint32_t j = 0; j < right.n && (a != b || j <= k); j++) {
            const uint32_t one = left.first[k].by, other = right.first[j].by, high = one > other ? one : other;
            struct flow *to = &entry[(uint64_t)high * (high + 1) / 2 + (one + other - high)];
            struct flow product = flow_product(s, part, right.first[j].flow);
            if (a != b && one == other)  /* by a and b, and by b and a */
                product = flow_product(s, product, (struct flow){s->constant(s, 2.0), 0});
            product.alive = 0;  /* it is 0 where nothing flows */
            *to = flow_sum(s, *to, product);
        }
    }
}

/* The same for two operands that may be one: its square has both of them. */
static void add_crosswise(struct derivation *v, struct flow *entry, struct flow g, symbol a, symbol b)
{
    struct algebra *s = &v->d->algebra;
    if (v->active[a] && v->active[b])
        add_products(v, entry, a == b ? flow_product(s, g, (struct flow){s->constant(s, 2.0), 0}) : g, a, b);
}

static void add_second_of(struct derivation *v, struct flow *entry, uint32_t i)
{
    struct algebra *s = &v->d->algebra;
    const struct step t = v->d->item[i];
    const struct flow g = v->adjoint[i];
    const symbol x[3] = {t.a, is_two(t.op) ? t.b : t.a, i};
    const struct second *second;
    struct flow part[3];
    if (t.op == OP_add || t.op == OP_sub || t.op == OP_neg || t.op == OP_pos || !(second = second_of(v, t.op)))
        return;
    for (int k = 0; k < 3; k++)
        part[k] = second->entry[k] ? flow_by_slope(s, t.op, g, item_from(v, second, second->entry[k], x)) : g;
    if (second->entry[0] && v->active[x[0]])
        add_products(v, entry, part[0], x[0], x[0]);
    if (second->entry[1])
        add_crosswise(v, entry, part[1], x[0], x[1]);
    if (second->entry[2] && v->active[x[1]])
        add_products(v, entry, part[2], x[1], x[1]);
}

void derive_second(struct derivation *v, struct flow *entry)
{
    for (uint32_t i = v->count; i-- > 1 && !v->failed;) {
        const struct step t = v->d->item[i];
        if (!v->active[i] || !v->adjoint[i].amount)
            continue;
        if (is_one(t.op) || is_two(t.op))
            add_second_of(v, entry, i);
        for (uint32_t k = 0; t.op == STEP_dot && k < t.n; k++) {
            const symbol a = v->d->operand[t.a + 2 * k], b = v->d->operand[t.a + 2 * k + 1];
            add_crosswise(v, entry, v->adjoint[i], a, b);
        }
    }
}

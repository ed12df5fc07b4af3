/* Second derivatives. The contract is in the header. */

#include "programs/second.h"

#include <stdlib.h>

/* The second derivatives of an operation of a and b with the value y, as items of a small graph of its own: its inputs
 * 0, 1 and 2 are a, b and y. An entry is 0 where there is none. */
struct of_operation {
    struct dag d;
    symbol y, entry[3]; /* by a and a, a and b, b and b */
};

/* A second derivative by two bases, noted at the later one until nothing more is given to it. */
struct note {
    uint32_t other, next; /* of the same base; 0 is no note */
    struct flow flow;
};

struct second {
    struct derivation *v;
    struct of_operation *of; /* of each operation, once it was needed */
    struct note *note;
    uint32_t *first_note, notes, note_capacity; /* of each item */
    struct flow *sum;        /* of one base's notes by the other base, */
    symbol *other;           /* which are these */
    uint32_t others;
    struct total *entry;
};

static symbol partial_of(const struct derivation *v, symbol slope, uint32_t by)
{
    const struct tangents t = tangents_of(v, slope);
    for (uint32_t k = 0; k < t.n; k++)
        if (t.first[k].by == by)
            return t.first[k].flow.amount;
    return 0;
}

/* The derivatives of an operation's slopes by its operands. That the slopes use the value, as that of exp does, is part
 * of it: y is an input here, and its own tangents are the slopes. */
static void make_second(struct of_operation *second, unsigned op)
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

static symbol item_from(struct algebra *s, const struct of_operation *from, symbol i, const symbol *x);

/* A dot product of it as products and sums. */
static symbol sum_from(struct algebra *s, const struct of_operation *from, const struct step *t, const symbol *x)
{
    const uint32_t *pair = from->d.operand + t->a;
    symbol sum = t->b == NO_SYMBOL ? 0 : item_from(s, from, t->b, x);
    for (uint32_t k = 0; k < t->n; k++) {
        const symbol a = item_from(s, from, pair[2 * k], x), b = item_from(s, from, pair[2 * k + 1], x);
        sum = sum ? s->two(s, OP_add, sum, s->two(s, OP_mul, a, b)) : s->two(s, OP_mul, a, b);
    }
    return sum;
}

/* An item of an operation's small graph in the graph at work. The graph is small, so recursion is shallow. */
static symbol item_from(struct algebra *s, const struct of_operation *from, symbol i, const symbol *x)
{
    const struct step *t = &from->d.item[i];
    switch (t->op) {
    case ITEM_constant:
        return s->constant(s, constant_at(&from->d, i));
    case ITEM_input:
        return x[t->a];
    case STEP_stop:
        return s->stop(s, item_from(s, from, t->a, x));
    case STEP_dot:
        return sum_from(s, from, t, x);
    case STEP_select: {
        const uint32_t *operand = from->d.operand + t->a;
        const symbol condition = item_from(s, from, operand[0], x), yes = item_from(s, from, operand[1], x);
        return s->select(s, condition, yes, item_from(s, from, operand[2], x));
    }
    }
    if (is_one(t->op))
        return s->one(s, t->op, item_from(s, from, t->a, x));
    const symbol a = item_from(s, from, t->a, x);
    return s->two(s, t->op, a, item_from(s, from, t->b, x));
}

static const struct of_operation *second_of(struct second *z, unsigned op)
{
    struct of_operation *second = &z->of[op];
    if (!second->y)
        make_second(second, op);
    z->v->failed |= !second->y || second->d.failed;
    return z->v->failed ? NULL : second;
}

static void push_note(struct second *z, symbol a, symbol b, struct flow flow)
{
    const symbol later = a > b ? a : b;
    if (!flow.amount || z->v->failed)
        return;
    if (z->notes >= z->note_capacity) {
        const uint32_t n = 2 * z->note_capacity + 64;
        if (n >= 1u << 31 || !grow_array((void **)&z->note, n * sizeof(*z->note))) {
            z->v->failed = 1;
            return;
        }
        z->note_capacity = n;
    }
    z->note[z->notes] = (struct note){a > b ? b : a, z->first_note[later], flow};
    z->first_note[later] = z->notes++;
}

/* Notes the second derivative g by a and b, and by b and a; or, if a is b, its one by a twice. */
static void add_crosswise(struct second *z, struct flow g, symbol a, symbol b)
{
    const struct derivation *v = z->v;
    struct algebra *s = &v->d->algebra;
    if (!v->active[a] || !v->active[b])
        return;
    g = flow_product(s, flow_product(s, g, v->scale[a]), v->scale[b]);
    if (v->base[a] == v->base[b])
        g = flow_product(s, g, (struct flow){s->constant(s, 2.0), 0});
    push_note(z, v->base[a], v->base[b], g);
}

static void add_square(struct second *z, struct flow g, symbol a)
{
    const struct derivation *v = z->v;
    struct algebra *s = &v->d->algebra;
    if (v->active[a])
        push_note(z, v->base[a], v->base[a], flow_product(s, flow_product(s, g, v->scale[a]), v->scale[a]));
}

static void add_second_of(struct second *z, uint32_t i)
{
    struct algebra *s = &z->v->d->algebra;
    const struct step t = z->v->d->item[i];
    const struct flow g = z->v->adjoint[i].flow;
    const symbol x[3] = {t.a, is_two(t.op) ? t.b : t.a, i};
    const struct of_operation *second;
    struct flow part[3];
    if (t.op == OP_add || t.op == OP_sub || t.op == OP_neg || t.op == OP_pos || !(second = second_of(z, t.op)))
        return;
    for (int k = 0; k < 3; k++)
        part[k] = second->entry[k] ? flow_by_slope(s, t.op, g, item_from(s, second, second->entry[k], x)) : g;
    if (second->entry[0])
        add_square(z, part[0], x[0]);
    if (second->entry[1])
        add_crosswise(z, part[1], x[0], x[1]);
    if (second->entry[2])
        add_square(z, part[2], x[1]);
}

/* A slope that is given and what it belongs to: like half a product, as both derivatives by two inputs are noted. */
static void add_sloped(struct second *z, uint32_t list, struct flow g)
{
    struct dag *d = z->v->d;
    const struct flow half = {d->algebra.constant(&d->algebra, 0.5), 0};
    const struct flow part = flow_product(&d->algebra, g, half);
    add_crosswise(z, part, d->operand[list + 1], d->operand[list + 2]);
}

static void add_own(struct second *z, uint32_t i)
{
    const struct derivation *v = z->v;
    const struct step t = v->d->item[i];
    if (!v->active[i] || !v->adjoint[i].flow.amount)
        return;
    if (t.op == STEP_sloped)
        add_sloped(z, t.a, v->adjoint[i].flow);
    if (is_one(t.op) || is_two(t.op))
        add_second_of(z, i);
    for (uint32_t k = 0; t.op == STEP_dot && k < t.n; k++)
        add_crosswise(z, v->adjoint[i].flow, v->d->operand[t.a + 2 * k], v->d->operand[t.a + 2 * k + 1]);
}

/* Adds to an entry. It is 0 where nothing flows. */
static void add_to_entry(struct second *z, uint32_t one, uint32_t other, struct flow x, struct flow y)
{
    const uint32_t high = one > other ? one : other;
    struct total *to = &z->entry[(uint64_t)high * (high + 1) / 2 + (one + other - high)];
    if (x.alive || y.alive)
        add_flow(&z->v->totals, to, (struct flow){flow_product(&z->v->d->algebra, x, y).amount, 0});
    else
        add_product(&z->v->totals, to, x, y);
}

/* Adds the product of a second derivative by two bases and their tangents. */
static void add_products(struct second *z, struct flow g, symbol a, symbol b)
{
    struct algebra *s = &z->v->d->algebra;
    const struct tangents left = tangents_of(z->v, a), right = tangents_of(z->v, b);
    for (uint32_t k = 0; k < left.n && g.amount; k++) {
        const struct flow part = flow_product(s, g, left.first[k].flow);
        for (uint32_t j = 0; j < right.n && (a != b || j <= k); j++) {
            const uint32_t one = left.first[k].by, other = right.first[j].by;
            const int twice = a != b && one == other; /* by a and b, and by b and a */
            add_to_entry(z, one, other, twice ? flow_product(s, part, (struct flow){s->constant(s, 2.0), 0}) : part,
                         right.first[j].flow);
        }
    }
}

/* What was noted at a base is added up by the other base first. */
static void take_notes(struct second *z, uint32_t i)
{
    for (uint32_t k = z->first_note[i]; k; k = z->note[k].next) {
        const struct note note = z->note[k];
        if (!z->sum[note.other].amount)
            z->other[z->others++] = note.other;
        z->sum[note.other] = flow_sum(&z->v->d->algebra, z->sum[note.other], note.flow);
    }
    for (uint32_t k = 0; k < z->others; k++) {
        add_products(z, z->sum[z->other[k]], i, z->other[k]);
        z->sum[z->other[k]] = (struct flow){0, 0};
    }
    z->others = 0;
}

static int have_room(const struct second *z) { return z->of && z->first_note && z->sum && z->other && z->entry; }

static void free_second(struct second *z)
{
    for (uint32_t op = 0; z->of && op < OP_FIRST_NARY; op++)
        dag_free(&z->of[op].d);
    free(z->of);
    free(z->note);
    free(z->first_note);
    free(z->sum);
    free(z->other);
    free(z->entry);
}

void derive_second(struct derivation *v, uint32_t n, struct flow *entry)
{
    const size_t items = v->count, entries = (size_t)n * (n + 1) / 2;
    struct second z = {
        .v = v, .of = calloc(OP_FIRST_NARY, sizeof(*z.of)), .first_note = calloc(items, sizeof(*z.first_note)),
        .notes = 1, .sum = calloc(items, sizeof(*z.sum)), .other = malloc(items * sizeof(*z.other)),
        .entry = calloc(entries + 1, sizeof(*z.entry)),
    };
    v->failed |= !have_room(&z);
    totals_reset(&v->totals);
    for (uint32_t i = v->count; i-- > 1 && !v->failed;) {
        take_notes(&z, i);
        add_own(&z, i);
    }
    for (size_t k = 0; k < entries && !v->failed; k++)
        entry[k] = finished(&v->totals, &z.entry[k]);
    free_second(&z);
}

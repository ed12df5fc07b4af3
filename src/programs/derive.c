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
    free(v->base);
    free(v->scale);
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
    case STEP_sloped:
        return k ? flow_product(&d->algebra, in, (struct flow){d->operand[s.a + 2], 0}) : in;
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

/* What an item's tangents are multiples of, and the one in a direction. */
static symbol base_of(const struct derivation *v, symbol i) { return v->base ? v->base[i] : i; }

static struct flow tangent_in(const struct derivation *v, symbol i, uint32_t by)
{
    const struct flow t = tangent_by(v, base_of(v, i), by);
    return v->base ? flow_product(&v->d->algebra, v->scale[i], t) : t;
}

static void add_choice(struct derivation *v, struct sums_by *sums, uint32_t i)
{
    const uint32_t list = v->d->item[i].a;
    for (int k = 1; k <= 2; k++) {
        const symbol base = base_of(v, v->d->operand[list + k]);
        for (uint64_t e = v->start[base]; e < v->start[base + 1]; e++) {
            const uint32_t by = v->tangent[e].by, *operand = v->d->operand + list;
            const symbol condition = operand[0], yes = operand[1], no = operand[2];
            if (!sums->sum[by].amount)
                add_by(v, sums, by,
                       flow_from_cases(&v->d->algebra, condition, tangent_in(v, yes, by), tangent_in(v, no, by)));
        }
    }
}

static int has_tangents_from(const struct derivation *v, const struct step *s, uint64_t k)
{
    return passes_on(s, k) && v->active[operand_of(v->d->operand, s, k)];
}

/* What an operand adds: a multiple of its base's tangents. */
static void add_multiple(struct derivation *v, struct sums_by *sums, uint32_t i, uint64_t k, symbol operand)
{
    const struct flow factor = through_item(v->d, i, k, v->scale[operand]);
    const symbol base = v->base[operand];
    for (uint64_t e = v->start[base]; e < v->start[base + 1]; e++)
        add_by(v, sums, v->tangent[e].by, flow_product(&v->d->algebra, factor, v->tangent[e].flow));
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
        if (!has_tangents_from(v, &s, k))
            continue;
        if (v->base)
            add_multiple(v, sums, i, k, operand);
        for (uint64_t e = v->start[operand]; !v->base && e < v->start[operand + 1]; e++)
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

/* The base that all operands of an item share; 0 where they do not. */
static symbol shared_base(const struct derivation *v, uint32_t i)
{
    const struct step *s = &v->d->item[i];
    symbol found = 0;
    for (uint64_t k = 0; k < operand_count(s); k++) {
        if (!has_tangents_from(v, s, k))
            continue;
        const symbol base = v->base[operand_of(v->d->operand, s, k)];
        if (found && found != base)
            return 0;
        found = base;
    }
    return found;
}

static struct flow scale_in_case(const struct derivation *v, symbol i)
{
    return v->active[i] ? v->scale[i] : (struct flow){0, 0};
}

static struct flow scale_of(const struct derivation *v, uint32_t i)
{
    const struct step s = v->d->item[i];
    struct flow scale = {0, 0};
    if (s.op == STEP_select) {
        const uint32_t *operand = v->d->operand + s.a;
        const struct flow yes = scale_in_case(v, operand[1]), no = scale_in_case(v, operand[2]);
        return flow_from_cases(&v->d->algebra, operand[0], yes, no);
    }
    for (uint64_t k = 0; k < operand_count(&s); k++)
        if (has_tangents_from(v, &s, k)) {
            const symbol operand = operand_of(v->d->operand, &s, k);
            scale = flow_sum(&v->d->algebra, scale, through_item(v->d, i, k, v->scale[operand]));
        }
    return scale;
}

/* Is an item's base another one, and not the item itself? */
static int is_multiple(struct derivation *v, uint32_t i, int is_input)
{
    symbol base;
    if (!v->base)
        return 0;
    base = is_input ? 0 : shared_base(v, i);
    v->base[i] = base ? base : i;
    v->scale[i] = base ? scale_of(v, i) : (struct flow){v->d->one, 0};
    return !!base;
}

static void go_forward(struct derivation *v, const symbol *by, const symbol *seed, uint32_t n, int together)
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
        const int goes = v->active[i] && !is_multiple(v, i, !!place[i]);
        if (place[i])
            push_tangent(v, together ? 0 : place[i] - 1, (struct flow){seed[place[i] - 1], 0});
        else if (goes)
            add_tangents(v, &sums, i);
        take_tangents(v, &sums);
        v->start[i + 1] = v->tangents;
    }
    free(place);
    free(sums.sum);
    free(sums.by);
}

void derive_forward(struct derivation *v, const symbol *by, const symbol *seed, uint32_t n, int together)
{
    go_forward(v, by, seed, n, together);
}

void derive_bases(struct derivation *v, const symbol *by, const symbol *seed, uint32_t n)
{
    v->base = calloc(v->count, sizeof(*v->base));
    v->scale = calloc(v->count, sizeof(*v->scale));
    v->failed |= !v->base || !v->scale;
    if (!v->failed)
        go_forward(v, by, seed, n, 0);
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

/* Second derivatives by two bases, each noted at the later one until nothing more is given to it. */
struct note {
    uint32_t other, next; /* of the same base; 0 is no note */
    struct flow flow;
};

struct notes {
    struct note *note;
    uint32_t *first, n, capacity; /* of each base */
};

static int begin_notes(struct notes *notes, uint32_t items)
{
    enum { FIRST = 64 };
    *notes = (struct notes){malloc(FIRST * sizeof(*notes->note)), calloc(items, sizeof(*notes->first)), 1, FIRST};
    return notes->note && notes->first;
}

static void push_note(struct derivation *v, struct notes *notes, symbol a, symbol b, struct flow flow)
{
    const symbol later = a > b ? a : b;
    if (!flow.amount || v->failed)
        return;
    if (notes->n == notes->capacity) {
        const uint32_t n = 2 * notes->capacity;
        if (n >= 1u << 31 || !grow_array((void **)&notes->note, n * sizeof(*notes->note))) {
            v->failed = 1;
            return;
        }
        notes->capacity = n;
    }
    notes->note[notes->n] = (struct note){a > b ? b : a, notes->first[later], flow};
    notes->first[later] = notes->n++;
}

/* Notes the second derivative g by a and b, and by b and a; or, if a is b, its one by a twice. */
static void add_crosswise(struct derivation *v, struct notes *notes, struct flow g, symbol a, symbol b)
{
    struct algebra *s = &v->d->algebra;
    if (!v->active[a] || !v->active[b])
        return;
    g = flow_product(s, flow_product(s, g, v->scale[a]), v->scale[b]);
    if (v->base[a] == v->base[b])
        g = flow_product(s, g, (struct flow){s->constant(s, 2.0), 0});
    push_note(v, notes, v->base[a], v->base[b], g);
}

static void add_square(struct derivation *v, struct notes *notes, struct flow g, symbol a)
{
    struct algebra *s = &v->d->algebra;
    if (v->active[a])
        push_note(v, notes, v->base[a], v->base[a],
                  flow_product(s, flow_product(s, g, v->scale[a]), v->scale[a]));
}

static void add_second_of(struct derivation *v, struct notes *notes, uint32_t i)
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
    if (second->entry[0])
        add_square(v, notes, part[0], x[0]);
    if (second->entry[1])
        add_crosswise(v, notes, part[1], x[0], x[1]);
    if (second->entry[2])
        add_square(v, notes, part[2], x[1]);
}

/* A slope that is given and what it belongs to: like half a product, as both derivatives by two inputs are noted. */
static void add_sloped(struct derivation *v, struct notes *notes, uint32_t list, struct flow g)
{
    const struct flow half = {v->d->algebra.constant(&v->d->algebra, 0.5), 0};
    const struct flow part = flow_product(&v->d->algebra, g, half);
    add_crosswise(v, notes, part, v->d->operand[list + 1], v->d->operand[list + 2]);
}

static void add_own(struct derivation *v, struct notes *notes, uint32_t i)
{
    const struct step t = v->d->item[i];
    if (!v->active[i] || !v->adjoint[i].amount)
        return;
    if (t.op == STEP_sloped)
        add_sloped(v, notes, t.a, v->adjoint[i]);
    if (is_one(t.op) || is_two(t.op))
        add_second_of(v, notes, i);
    for (uint32_t k = 0; t.op == STEP_dot && k < t.n; k++)
        add_crosswise(v, notes, v->adjoint[i], v->d->operand[t.a + 2 * k], v->d->operand[t.a + 2 * k + 1]);
}

/* Adds the product of a second derivative by two bases and their tangents. */
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

/* What was noted at a base is added up by the other base first. */
static void take_notes(struct derivation *v, struct notes *notes, struct sums_by *sums, struct flow *entry, uint32_t i)
{
    for (uint32_t k = notes->first[i]; k; k = notes->note[k].next)
        add_by(v, sums, notes->note[k].other, notes->note[k].flow);
    for (uint32_t k = 0; k < sums->n; k++) {
        add_products(v, entry, sums->sum[sums->by[k]], i, sums->by[k]);
        sums->sum[sums->by[k]] = (struct flow){0, 0};
    }
    sums->n = 0;
}

void derive_second(struct derivation *v, struct flow *entry)
{
    struct sums_by sums = {calloc(v->count, sizeof(*sums.sum)), malloc(v->count * sizeof(*sums.by)), 0};
    struct notes notes;
    v->failed |= !begin_notes(&notes, v->count) || !sums.sum || !sums.by;
    for (uint32_t i = v->count; i-- > 1 && !v->failed;) {
        take_notes(v, &notes, &sums, entry, i);
        add_own(v, &notes, i);
    }
    free(notes.note);
    free(notes.first);
    free(sums.sum);
    free(sums.by);
}

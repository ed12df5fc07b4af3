/* Derivatives as items. The contract is in the header. */

#include "programs/derive.h"

#include <stdlib.h>

void derive_begin(struct derivation *v, struct dag *d, const symbol *by, uint32_t n)
{
    memset(v, 0, sizeof(*v));
    v->d = d;
    v->count = d->count;
    totals_begin(&v->totals, d);
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
    free(v->active);
    free(v->adjoint);
    free(v->start);
    free(v->tangent);
    free(v->base);
    free(v->scale);
    totals_free(&v->totals);
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

/* Adds it. */
static void add_through(struct derivation *v, struct total *to, uint32_t i, uint64_t k, struct flow in)
{
    struct dag *d = v->d;
    const struct step s = d->item[i];
    symbol factor;
    switch (s.op) {
    case STEP_sum:
        factor = d->one;
        break;
    case STEP_dot:
        factor = k == 2 * (uint64_t)s.n ? d->one : d->operand[s.a + (k ^ 1)];
        break;
    case STEP_sloped:
        factor = k ? d->operand[s.a + 2] : d->one;
        break;
    default:
        factor = factor_through(&d->algebra, s.op, (int)k, s.a, is_two(s.op) ? s.b : s.a, i);
    }
    if (factor)
        add_product(&v->totals, to, in, (struct flow){factor, 0});
    else
        add_flow(&v->totals, to, through_item(d, i, k, in));
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

/* Totals by direction, and in which there is something. */
struct sums_by {
    struct total *sum;
    uint32_t *by, n;
};

/* Call it after something may have been added to the total in a direction, which had parts before or not. */
static void note_direction(struct sums_by *sums, uint32_t by, int had_parts)
{
    if (!had_parts && has_parts(&sums->sum[by]))
        sums->by[sums->n++] = by;
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
            if (has_parts(&sums->sum[by]))
                continue;
            add_flow(&v->totals, &sums->sum[by],
                     flow_from_cases(&v->d->algebra, condition, tangent_in(v, yes, by), tangent_in(v, no, by)));
            note_direction(sums, by, 0);
        }
    }
}

static int has_tangents_from(const struct derivation *v, const struct step *s, uint64_t k)
{
    return passes_on(s, k) && v->active[operand_of(v->d->operand, s, k)];
}

/* What an operand adds: a multiple of its base's tangents, or what comes of its own. */
static void add_from(struct derivation *v, struct sums_by *sums, uint32_t i, uint64_t k, symbol operand)
{
    const struct flow factor = v->base ? through_item(v->d, i, k, v->scale[operand]) : (struct flow){0, 0};
    const symbol base = base_of(v, operand);
    for (uint64_t e = v->start[base]; e < v->start[base + 1]; e++) {
        const struct tangent t = v->tangent[e];
        struct total *to = &sums->sum[t.by];
        const int had_parts = has_parts(to);
        if (v->base)
            add_product(&v->totals, to, factor, t.flow);
        else
            add_through(v, to, i, k, t.flow);
        note_direction(sums, t.by, had_parts);
    }
}

static void add_tangents(struct derivation *v, struct sums_by *sums, uint32_t i)
{
    const struct step s = v->d->item[i];
    if (s.op == STEP_select) {
        add_choice(v, sums, i);
        return;
    }
    for (uint64_t k = 0; k < operand_count(&s); k++)
        if (has_tangents_from(v, &s, k))
            add_from(v, sums, i, k, operand_of(v->d->operand, &s, k));
}

/* What the sums have become are an item's tangents; the sums are nothing again. */
static void take_tangents(struct derivation *v, struct sums_by *sums)
{
    for (uint32_t k = 0; k < sums->n; k++) {
        push_tangent(v, sums->by[k], finished(&v->totals, &sums->sum[sums->by[k]]));
        sums->sum[sums->by[k]] = (struct total){{0, 0}, 0};
    }
    sums->n = 0;
    totals_reset(&v->totals);
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
    const struct flow g = v->adjoint[i].flow;
    for (uint64_t k = operand_count(&s); k-- > 0;) {
        const symbol operand = operand_of(d->operand, &s, k);
        if (!v->active[operand] || !passes_on(&s, k))
            continue;
        if (s.op == STEP_select)
            add_flow(&v->totals, &v->adjoint[operand], flow_to_case(&d->algebra, d->operand[s.a], k == 1, g));
        else
            add_through(v, &v->adjoint[operand], i, k, g);
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
    totals_reset(&v->totals);
    for (uint32_t k = 0; k < n; k++)
        add_flow(&v->totals, &v->adjoint[root[k]], (struct flow){seed[k], 0});
    for (uint32_t i = v->count; i-- > 1 && !v->failed;)
        if (v->active[i] && finished(&v->totals, &v->adjoint[i]).amount && v->d->item[i].op < ITEM_constant)
            give_item(v, i);
}

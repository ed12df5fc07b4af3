/* From items to steps. The contract is in the header. */

#include "programs/optimize.h"

#include <stdlib.h>

struct term {
    uint32_t a, b;  /* a product; b is NO_VALUE where the term is a alone */
    int minus;
};

void optimizer_free(struct optimizer *o)
{
    free(o->uses);
    free(o->value);
    free(o->term);
}

/* Uses. */

static void count_uses(struct optimizer *o)
{
    const struct dag *d = o->d;
    for (uint32_t i = d->count; i-- > 1;) {
        const struct step *s = &d->item[i];
        for (uint64_t k = 0; o->uses[i] && k < operand_count(s); k++)
            o->uses[operand_of(d->operand, s, k)]++;
    }
}

/* Sums. */

static int is_sum(uint32_t op) { return op == OP_add || op == OP_sub || op == STEP_sum || op == STEP_dot; }

/* Can an item become a part of another, computed just as often? */
static int is_part(const struct optimizer *o, uint32_t i, uint32_t of)
{
    return o->uses[i] == 1 && level_of(o->d, i) == level_of(o->d, of);
}

static int is_partial_sum(const struct optimizer *o, uint32_t i, uint32_t of)
{
    return is_sum(o->d->item[i].op) && is_part(o, i, of);
}

static int add_term(struct optimizer *o, uint32_t a, uint32_t b, int minus)
{
    if (o->terms == o->term_capacity) {
        if (o->terms >= 1u << 30 || !grow_array((void **)&o->term, 2 * (size_t)o->terms * sizeof(*o->term)))
            return 0;
        o->term_capacity *= 2;
    }
    o->term[o->terms++] = (struct term){a, b, minus};
    return 1;
}

/* Add all terms of a sum but the first, which is returned. */
static uint32_t add_later_terms(struct optimizer *o, uint32_t i, uint32_t root, int *enough)
{
    const struct dag *d = o->d;
    const struct step s = d->item[i];
    if (s.op == STEP_sum) {
        for (uint32_t k = s.n; k-- > 1;)
            *enough &= add_term(o, d->operand[s.a + k], NO_VALUE, 0);
        return d->operand[s.a];
    }
    if (s.op == STEP_dot) {
        for (uint32_t k = s.n; k-- > 0;)
            *enough &= add_term(o, d->operand[s.a + 2 * k], d->operand[s.a + 2 * k + 1], 0);
        return s.b;
    }
    if (s.op == OP_add && !is_partial_sum(o, s.a, root) && is_partial_sum(o, s.b, root)) {
        *enough &= add_term(o, s.a, NO_VALUE, 0);
        return s.b;
    }
    *enough &= add_term(o, s.b, NO_VALUE, s.op == OP_sub);
    return s.a;
}

/* Collect the terms of a sum, and of the sums that it begins with and that nothing else needs. */
static int collect_terms(struct optimizer *o, uint32_t root)
{
    uint32_t i = root, first;
    int enough = 1;
    o->terms = 0;
    while (enough) {
        first = add_later_terms(o, i, root, &enough);
        if (first == NO_VALUE || !is_partial_sum(o, first, root))
            break;
        o->uses[first] = 0;
        i = first;
    }
    return enough && (first == NO_VALUE || add_term(o, first, NO_VALUE, 0));
}

/* Does -x cost nothing each time it is used? Then x is a constant, or computed once a call, or an input, whose negative
 * all uses of it share. */
static int is_cheap_to_negate(const struct optimizer *o, uint32_t i, uint32_t root)
{
    return level_of(o->d, i) < level_of(o->d, root) || o->d->item[i].op == ITEM_input;
}

/* -x in place of one use of x; NO_VALUE where there is no room. */
static uint32_t negated(struct optimizer *o, uint32_t x)
{
    const uint32_t i = dag_negative(o->d, x);
    if (i >= o->capacity)
        return NO_VALUE;
    o->uses[x]--;
    if (!o->uses[i] && o->d->item[i].op == OP_neg)
        o->uses[x]++;
    o->uses[i]++;
    return i;
}

/* Change the sign of a product by that of a factor, or of a factor's factor, where that is cheap. */
static int negate_product(struct optimizer *o, struct step *product, uint32_t root, int deeper)
{
    uint32_t *const factor[] = {&product->b, &product->a};
    for (int k = 0; k < 2; k++)
        if (is_cheap_to_negate(o, *factor[k], root)) {
            const uint32_t i = negated(o, *factor[k]);
            *factor[k] = i == NO_VALUE ? *factor[k] : i;
            return i != NO_VALUE;
        }
    for (int k = 0; k < 2 && deeper; k++) {
        struct step inner = o->d->item[*factor[k]];
        if (inner.op == OP_mul && is_part(o, *factor[k], root) && negate_product(o, &inner, root, deeper - 1)) {
            o->d->item[*factor[k]] = inner;
            return 1;
        }
    }
    return 0;
}

/* Make a term the product of two, if it is one that nothing else needs. */
static int take_product(struct optimizer *o, struct term *t, uint32_t root)
{
    enum { DEEP = 3 };
    struct step s = o->d->item[t->a];
    if (t->b != NO_VALUE || s.op != OP_mul || !is_part(o, t->a, root))
        return t->b != NO_VALUE;
    if (t->minus && !negate_product(o, &s, root, DEEP))
        return 0;
    o->uses[t->a] = 0;
    *t = (struct term){s.a, s.b, 0};
    return 1;
}

/* The bias: the first term, or the second where only the first is a product; it is taken out of the terms. */
static uint32_t take_bias(struct optimizer *o)
{
    struct term *first = &o->term[o->terms - 1], *second = first - 1, bias;
    if (first->b == NO_VALUE && !first->minus) {
        o->terms--;
        return first->a;
    }
    if (o->terms > 1 && second->b == NO_VALUE && !second->minus) {
        bias = *second;
        *second = *first;
        o->terms--;
        return bias.a;
    }
    return NO_VALUE;
}

static void push_pairs(struct optimizer *o)
{
    for (uint32_t k = o->terms; k-- > 0;) {
        struct term t = o->term[k];
        if (t.b == NO_VALUE) {
            t.b = t.minus ? o->minus_one : o->d->one;
            o->uses[t.b]++;
        }
        push_operand(o->d, t.a);
        push_operand(o->d, t.b);
    }
}

static void write_sum(struct optimizer *o, uint32_t root)
{
    struct dag *d = o->d;
    const uint32_t start = d->operands, n = o->terms;
    for (uint32_t k = n; k-- > 0;)
        push_operand(d, o->term[k].a);
    d->item[root] = (struct step){STEP_sum, start, 0, n};
}

static int is_below(const struct optimizer *o, uint32_t i, uint32_t root)
{
    return level_of(o->d, i) < level_of(o->d, root);
}

/* Compute a product where its factors are, if that is less often than the sum. Returns whether it was changed. */
static int take_out_product(struct optimizer *o, struct term *t, uint32_t root)
{
    if (t->b == NO_VALUE || !is_below(o, t->a, root) || !is_below(o, t->b, root))
        return 0;
    const uint32_t i = o->d->algebra.two(&o->d->algebra, OP_mul, t->a, t->b);
    if (i >= o->capacity)
        return 0;
    const struct step *s = &o->d->item[i];
    for (uint64_t k = 0; !o->uses[i] && k < operand_count(s); k++)
        o->uses[operand_of(o->d->operand, s, k)]++;
    o->uses[i]++;
    o->uses[t->a]--;
    o->uses[t->b]--;
    *t = (struct term){i, NO_VALUE, t->minus};
    return 1;
}

/* The same for the minus of a term that is no product. */
static void take_out_minus(struct optimizer *o, struct term *t, uint32_t root)
{
    const int simple = t->minus && t->b == NO_VALUE && is_below(o, t->a, root);
    const uint32_t i = simple ? negated(o, t->a) : NO_VALUE;
    if (i != NO_VALUE)
        *t = (struct term){i, NO_VALUE, 0};
}

static void write_dot(struct optimizer *o, uint32_t root)
{
    for (uint32_t k = 0; k < o->terms; k++)
        take_out_minus(o, &o->term[k], root);
    const uint32_t bias = take_bias(o), start = o->d->operands;
    push_pairs(o);
    o->d->item[root] = (struct step){STEP_dot, start, bias, o->terms};
}

static int fuse_one(struct optimizer *o, uint32_t root)
{
    uint32_t products = 0, minus = 0, changed = 0;
    if (!collect_terms(o, root))
        return 0;
    for (uint32_t k = 0; k < o->terms; k++) {
        changed += take_out_product(o, &o->term[k], root);
        products += take_product(o, &o->term[k], root);
        minus += o->term[k].minus;
    }
    const int is_other = o->terms > 2 || changed;
    if (products || (minus && is_other))
        write_dot(o, root);
    else if (is_other)
        write_sum(o, root);
    return !o->d->failed;
}

/* Fuse the sums, from the last item down, so that a sum meets its parts before they are done by themselves. */
static int fuse_sums(struct optimizer *o)
{
    for (uint32_t i = o->d->count; i-- > 1;)
        if (o->uses[i] && is_sum(o->d->item[i].op) && !fuse_one(o, i))
            return 0;
    return 1;
}

int optimizer_begin(struct optimizer *o, struct dag *d, const symbol *roots, uint32_t n)
{
    memset(o, 0, sizeof(*o));
    o->d = d;
    d->exact = 1;  /* for what is made from here on: it stands for a part of what was asked for */
    o->minus_one = dag_constant(d, -1.0);
    o->capacity = 2 * d->count + 8;  /* fusing makes an item at most for each there is */
    o->term_capacity = 64;
    o->uses = calloc(o->capacity, sizeof(*o->uses));
    o->value = calloc(o->capacity, sizeof(*o->value));
    o->term = malloc(o->term_capacity * sizeof(*o->term));
    if (d->failed || !o->uses || !o->value || !o->term)
        return 0;
    for (uint32_t k = 0; k < n; k++)
        o->uses[roots[k]]++;
    count_uses(o);
    return fuse_sums(o);
}

/* Values. */

/* The steps come in this order, and among themselves in that of the items. Negated inputs are made late. */
enum { PHASE_uniform, PHASE_negated_inputs, PHASE_rest, PHASES };

static int is_step(const struct optimizer *o, uint32_t i, int phase)
{
    const struct step *s = &o->d->item[i];
    if (!o->uses[i] || s->op >= ITEM_constant)
        return 0;
    if (level_of(o->d, i) == KNOWN_uniform)
        return phase == PHASE_uniform;
    return phase == (s->op == OP_neg && o->d->item[s->a].op == ITEM_input ? PHASE_negated_inputs : PHASE_rest);
}

/* The steps of a phase get their numbers in order; return the next one. */
static uint32_t number_steps(struct optimizer *o, int phase, uint32_t next, struct counts *c)
{
    for (uint32_t i = 1; i < o->d->count; i++)
        if (is_step(o, i, phase)) {
            c->operands += listed_operands(&o->d->item[i]);
            o->value[i] = next++;
        }
    return next;
}

struct counts number_values(struct optimizer *o, uint32_t inputs, uint32_t captured)
{
    const struct dag *d = o->d;
    struct counts c = {0, 0, 0, 0};
    uint32_t next = inputs + captured, first_step;
    for (uint32_t i = 1; i < d->count; i++) {
        if (d->item[i].op == ITEM_constant && o->uses[i])
            o->value[i] = next++;
        if (d->item[i].op == ITEM_input || d->item[i].op == ITEM_captured)
            o->value[i] = d->item[i].a + (d->item[i].op == ITEM_captured ? inputs : 0);
    }
    c.constants = next - inputs - captured;
    first_step = next;
    next = number_steps(o, PHASE_uniform, next, &c);
    c.uniform_steps = next - first_step;
    next = number_steps(o, PHASE_negated_inputs, next, &c);
    c.steps = number_steps(o, PHASE_rest, next, &c) - first_step;
    return c;
}

void write_constants(const struct optimizer *o, double *constant)
{
    for (uint32_t i = 1; i < o->d->count; i++)
        if (o->d->item[i].op == ITEM_constant && o->uses[i])
            *constant++ = constant_at(o->d, i);
}

/* Write a step, and its operands from place `next` on; return the place after them. */
static uint32_t write_step(const struct optimizer *o, uint32_t i, struct step *step, uint32_t *operand,
                                  uint32_t next)
{
    const struct step *s = &o->d->item[i];
    const uint32_t n = listed_operands(s);
    *step = (struct step){s->op, n ? next : o->value[s->a], 0, s->n};
    for (uint32_t k = 0; k < n; k++)
        operand[next + k] = o->value[o->d->operand[s->a + k]];
    if (s->op == STEP_dot)
        step->b = s->b == NO_VALUE ? NO_VALUE : o->value[s->b];
    else if (s->op == STEP_call)
        step->b = s->b;
    else if (!n && operand_count(s) == 2)
        step->b = o->value[s->b];
    return next + n;
}

void write_steps(const struct optimizer *o, struct step *step, uint32_t *operand)
{
    uint32_t next = 0;
    for (int phase = 0; phase < PHASES; phase++)
        for (uint32_t i = 1; i < o->d->count; i++)
            if (is_step(o, i, phase))
                next = write_step(o, i, step++, operand, next);
}

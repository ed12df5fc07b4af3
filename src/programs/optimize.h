/* From items (builder.h) to the steps of a program: what nothing needs is dropped, sums and their products become dot
 * products, what no row changes comes first.
 *
 * The terms of a sum keep their order, so that its roundings are those of the program that was recorded. The passes are
 * linear in the number of items.
 */
#ifndef FASTGRAD_OPTIMIZE_H
#define FASTGRAD_OPTIMIZE_H

#include "programs/builder.h"

struct term {
    uint32_t a, b;  /* a product; b is NO_VALUE where the term is a alone */
    int minus;
};

struct optimizer {
    struct builder *p;
    uint32_t *uses;    /* of each item, by items that are needed */
    uint32_t *value;   /* of each item: its number among the program's values */
    uint32_t capacity;
    struct term *term; /* the terms of a sum, from the last to the first */
    uint32_t terms, term_capacity;
    uint32_t minus_one;
};

/* What a program has. */
struct counts { uint32_t constants, uniform_steps, steps, operands; };

static inline void optimizer_free(struct optimizer *o)
{
    free(o->uses);
    free(o->value);
    free(o->term);
}

/* Uses. */

static inline void count_uses(struct optimizer *o)
{
    const struct builder *p = o->p;
    for (uint32_t i = p->count; i-- > 1;) {
        const struct step *s = &p->item[i];
        for (uint32_t k = 0; o->uses[i] && k < item_operands(s); k++)
            o->uses[item_operand(p, s, k)]++;
    }
}

static inline int optimizer_begin(struct optimizer *o, struct builder *p, const uint32_t *roots, uint32_t n)
{
    memset(o, 0, sizeof(*o));
    o->p = p;
    o->minus_one = build_constant(p, -1.0);
    o->capacity = 2 * p->count + 8;  /* fusing makes an item at most for each there is */
    o->term_capacity = 64;
    o->uses = calloc(o->capacity, sizeof(*o->uses));
    o->value = calloc(o->capacity, sizeof(*o->value));
    o->term = malloc(o->term_capacity * sizeof(*o->term));
    if (p->failed || !o->uses || !o->value || !o->term)
        return 0;
    for (uint32_t k = 0; k < n; k++)
        o->uses[roots[k]]++;
    count_uses(o);
    return 1;
}

/* Sums. */

static inline int is_sum(uint32_t op) { return op == OP_add || op == OP_sub || op == STEP_sum || op == STEP_dot; }

/* Can an item become a part of another, computed just as often? */
static inline int is_part(const struct optimizer *o, uint32_t i, uint32_t of)
{
    return o->uses[i] == 1 && level_of(o->p, i) == level_of(o->p, of);
}

static inline int is_partial_sum(const struct optimizer *o, uint32_t i, uint32_t of)
{
    return is_sum(o->p->item[i].op) && is_part(o, i, of);
}

static inline int add_term(struct optimizer *o, uint32_t a, uint32_t b, int minus)
{
    if (o->terms == o->term_capacity) {
        if (o->terms >= 1u << 30 || !builder_grow((void **)&o->term, 2 * (size_t)o->terms * sizeof(*o->term)))
            return 0;
        o->term_capacity *= 2;
    }
    o->term[o->terms++] = (struct term){a, b, minus};
    return 1;
}

/* Add all terms of a sum but the first, which is returned. */
static inline uint32_t add_later_terms(struct optimizer *o, uint32_t i, uint32_t root, int *enough)
{
    const struct builder *p = o->p;
    const struct step s = p->item[i];
    if (s.op == STEP_sum) {
        for (uint32_t k = s.n; k-- > 1;)
            *enough &= add_term(o, p->operand[s.a + k], NO_VALUE, 0);
        return p->operand[s.a];
    }
    if (s.op == STEP_dot) {
        for (uint32_t k = s.n; k-- > 0;)
            *enough &= add_term(o, p->operand[s.a + 2 * k], p->operand[s.a + 2 * k + 1], 0);
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
static inline int collect_terms(struct optimizer *o, uint32_t root)
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
static inline int is_cheap_to_negate(const struct optimizer *o, uint32_t i, uint32_t root)
{
    return level_of(o->p, i) < level_of(o->p, root) || o->p->item[i].op == ITEM_input;
}

/* -x in place of one use of x; NO_VALUE where there is no room. */
static inline uint32_t negated(struct optimizer *o, uint32_t x)
{
    const uint32_t i = build1(o->p, OP_neg, x);
    if (i >= o->capacity)
        return NO_VALUE;
    o->uses[x]--;
    if (!o->uses[i] && o->p->item[i].op == OP_neg)
        o->uses[x]++;
    o->uses[i]++;
    return i;
}

/* Change the sign of a product by that of a factor, or of a factor's factor, where that is cheap. */
static inline int negate_product(struct optimizer *o, struct step *product, uint32_t root, int deeper)
{
    uint32_t *const factor[] = {&product->b, &product->a};
    for (int k = 0; k < 2; k++)
        if (is_cheap_to_negate(o, *factor[k], root)) {
            const uint32_t i = negated(o, *factor[k]);
            *factor[k] = i == NO_VALUE ? *factor[k] : i;
            return i != NO_VALUE;
        }
    for (int k = 0; k < 2 && deeper; k++) {
        struct step inner = o->p->item[*factor[k]];
        if (inner.op == OP_mul && is_part(o, *factor[k], root) && negate_product(o, &inner, root, deeper - 1)) {
            o->p->item[*factor[k]] = inner;
            return 1;
        }
    }
    return 0;
}

/* Make a term the product of two, if it is one that nothing else needs. */
static inline int take_product(struct optimizer *o, struct term *t, uint32_t root)
{
    enum { DEEP = 3 };
    struct step s = o->p->item[t->a];
    if (t->b != NO_VALUE || s.op != OP_mul || !is_part(o, t->a, root))
        return t->b != NO_VALUE;
    if (t->minus && !negate_product(o, &s, root, DEEP))
        return 0;
    o->uses[t->a] = 0;
    *t = (struct term){s.a, s.b, 0};
    return 1;
}

/* The bias: the first term, or the second where only the first is a product; it is taken out of the terms. */
static inline uint32_t take_bias(struct optimizer *o)
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

static inline void push_pairs(struct optimizer *o)
{
    for (uint32_t k = o->terms; k-- > 0;) {
        struct term t = o->term[k];
        if (t.b == NO_VALUE) {
            t.b = t.minus ? o->minus_one : ITEM_1;
            o->uses[t.b]++;
        }
        push_operand(o->p, t.a);
        push_operand(o->p, t.b);
    }
}

static inline void write_sum(struct optimizer *o, uint32_t root)
{
    struct builder *p = o->p;
    const uint32_t start = p->operands, n = o->terms;
    for (uint32_t k = n; k-- > 0;)
        push_operand(p, o->term[k].a);
    p->item[root] = (struct step){STEP_sum, start, 0, n};
}

static inline void write_dot(struct optimizer *o, uint32_t root)
{
    const uint32_t bias = take_bias(o), start = o->p->operands;
    push_pairs(o);
    o->p->item[root] = (struct step){STEP_dot, start, bias, o->terms};
}

static inline int fuse_one(struct optimizer *o, uint32_t root)
{
    uint32_t products = 0, minus = 0;
    if (!collect_terms(o, root))
        return 0;
    for (uint32_t k = 0; k < o->terms; k++) {
        products += take_product(o, &o->term[k], root);
        minus += o->term[k].minus;
    }
    if (products || (minus && o->terms > 2))
        write_dot(o, root);
    else if (o->terms > 2)
        write_sum(o, root);
    return !o->p->failed;
}

/* Fuse the sums, from the last item down, so that a sum meets its parts before they are done by themselves. */
static inline int fuse_sums(struct optimizer *o)
{
    for (uint32_t i = o->p->count; i-- > 1;)
        if (o->uses[i] && is_sum(o->p->item[i].op) && !fuse_one(o, i))
            return 0;
    return 1;
}

/* Values. */

/* The steps come in this order, and among themselves in that of the items. Negated inputs are made late. */
enum { PHASE_uniform, PHASE_negated_inputs, PHASE_rest, PHASES };

static inline int is_step(const struct optimizer *o, uint32_t i, int phase)
{
    const struct step *s = &o->p->item[i];
    if (!o->uses[i] || s->op >= ITEM_constant)
        return 0;
    if (level_of(o->p, i) == KNOWN_uniform)
        return phase == PHASE_uniform;
    return phase == (s->op == OP_neg && o->p->item[s->a].op == ITEM_input ? PHASE_negated_inputs : PHASE_rest);
}

/* How many operands of a step lie in the program's array of operands. */
static inline uint32_t operands_apart(const struct step *s)
{
    return is_many(s->op) ? item_operands(s) - (s->op == STEP_dot && s->b != NO_VALUE) : 0;
}

/* The steps of a phase get their numbers in order; return the next one. */
static inline uint32_t number_steps(struct optimizer *o, int phase, uint32_t next, struct counts *c)
{
    for (uint32_t i = 1; i < o->p->count; i++)
        if (is_step(o, i, phase)) {
            c->operands += operands_apart(&o->p->item[i]);
            o->value[i] = next++;
        }
    return next;
}

static inline struct counts number_values(struct optimizer *o, uint32_t inputs, uint32_t captured)
{
    const struct builder *p = o->p;
    struct counts c = {0, 0, 0, 0};
    uint32_t next = inputs + captured, first_step;
    for (uint32_t i = 1; i < p->count; i++) {
        if (p->item[i].op == ITEM_constant && o->uses[i])
            o->value[i] = next++;
        if (p->item[i].op == ITEM_input || p->item[i].op == ITEM_captured)
            o->value[i] = p->item[i].a + (p->item[i].op == ITEM_captured ? inputs : 0);
    }
    c.constants = next - inputs - captured;
    first_step = next;
    next = number_steps(o, PHASE_uniform, next, &c);
    c.uniform_steps = next - first_step;
    next = number_steps(o, PHASE_negated_inputs, next, &c);
    c.steps = number_steps(o, PHASE_rest, next, &c) - first_step;
    return c;
}

static inline void write_constants(const struct optimizer *o, double *constant)
{
    for (uint32_t i = 1; i < o->p->count; i++)
        if (o->p->item[i].op == ITEM_constant && o->uses[i])
            *constant++ = constant_at(o->p, i);
}

/* Write a step, and its operands from place `next` on; return the place after them. */
static inline uint32_t write_step(const struct optimizer *o, uint32_t i, struct step *step, uint32_t *operand,
                                  uint32_t next)
{
    const struct step *s = &o->p->item[i];
    const uint32_t n = operands_apart(s);
    *step = (struct step){s->op, n ? next : o->value[s->a], 0, s->n};
    for (uint32_t k = 0; k < n; k++)
        operand[next + k] = o->value[o->p->operand[s->a + k]];
    if (s->op == STEP_dot)
        step->b = s->b == NO_VALUE ? NO_VALUE : o->value[s->b];
    else if (!n && item_operands(s) == 2)
        step->b = o->value[s->b];
    return next + n;
}

/* Write the steps and their operands into arrays of the sizes counted. */
static inline void write_steps(const struct optimizer *o, struct step *step, uint32_t *operand)
{
    uint32_t next = 0;
    for (int phase = 0; phase < PHASES; phase++)
        for (uint32_t i = 1; i < o->p->count; i++)
            if (is_step(o, i, phase))
                next = write_step(o, i, step++, operand, next);
}

#endif

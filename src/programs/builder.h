/* Building a program: its operations as items, each made once.
 *
 * An item is an input, a number captured from outside, a constant, or an operation on items before it. Making an item
 * that is there already gives that one; an operation on constants is a constant; operations that change nothing are
 * left out, as far as that is exact for all numbers (or, where `exact` is not set, to a few roundings, with nan and
 * infinities in the same places) and has the same slopes. So identity is equality, and the order of the items is a
 * topological order.
 *
 * Operands of a sum, dot product or choice lie in `operand`: push_operand() them, then make the item; between the two
 * only inputs, captured numbers and constants may be made.
 *
 * Where memory fails, `failed` is set, and items are 0 from then on, which is always one: look at the end.
 */
#ifndef FASTGRAD_BUILDER_H
#define FASTGRAD_BUILDER_H

#include <stdlib.h>
#include <string.h>

#include "programs/program.h"

enum { ITEM_constant = STEP_END, ITEM_input, ITEM_captured };  /* beside the steps' ops */

enum { ITEM_0 = 1, ITEM_1 };  /* the constants that are always there */

/* What is known of an item: its numbers are the same always, or for all rows of a call, or not; can one be -0.0? */
enum { KNOWN_constant, KNOWN_uniform, KNOWN_varies, KNOWN_level = 3, MAY_BE_MINUS_ZERO = 4 };

struct builder {
    struct step *item;  /* a and b: of a constant the bits of its number; a: of an input or captured number its place */
    uint32_t *hash;
    uint8_t *known;
    uint32_t count, capacity;
    uint32_t *operand;
    uint32_t operands, operand_capacity;
    uint32_t *table;  /* items by hash, 0 where there is none */
    uint32_t table_size;
    int exact;  /* make nothing that is rounded in another way */
    int failed;
};

static inline int builder_grow(void **array, size_t size)
{
    void *moved = realloc(*array, size);
    if (moved)
        *array = moved;
    return !!moved;
}

static inline int is_many(uint32_t op) { return op >= STEP_dot && op <= STEP_select; }

/* How many operands an item has, and which. */
static inline uint32_t item_operands(const struct step *s)
{
    switch (s->op) {
    case STEP_dot:
        return 2 * s->n + (s->b != NO_VALUE);
    case STEP_sum:
        return s->n;
    case STEP_select:
        return 3;
    case STEP_stop:
        return 1;
    }
    return s->op >= ITEM_constant ? 0 : s->op < OP_FIRST_BINARY ? 1 : 2;
}

static inline uint32_t item_operand(const struct builder *p, const struct step *s, uint32_t k)
{
    if (!is_many(s->op))
        return k ? s->b : s->a;
    return s->op == STEP_dot && k == 2 * s->n ? s->b : p->operand[s->a + k];
}

static inline double constant_at(const struct builder *p, uint32_t i)
{
    double x;
    memcpy(&x, &p->item[i].a, sizeof(x));
    return x;
}

static inline int is_constant(const struct builder *p, uint32_t i) { return p->item[i].op == ITEM_constant; }

static inline int is_number(const struct builder *p, uint32_t i, double x)
{
    const double y = constant_at(p, i);
    return is_constant(p, i) && !memcmp(&x, &y, sizeof(x));
}

static inline uint32_t level_of(const struct builder *p, uint32_t i) { return p->known[i] & KNOWN_level; }

static inline int may_be_minus_zero(const struct builder *p, uint32_t i) { return p->known[i] & MAY_BE_MINUS_ZERO; }

/* The table. */

static inline uint32_t mixed(uint32_t h, uint32_t word)
{
    h = (h ^ word) * 0x9E3779B1u;
    return h ^ (h >> 15);
}

static inline uint32_t hash_of(const struct builder *p, const struct step *s)
{
    uint32_t h = mixed(mixed(s->op, s->b), s->n);
    if (!is_many(s->op))
        return mixed(h, s->a);
    for (uint32_t k = 0; k < item_operands(s); k++)
        h = mixed(h, item_operand(p, s, k));
    return h;
}

static inline int same_item(const struct builder *p, const struct step *s, const struct step *t)
{
    if (s->op != t->op || s->b != t->b || s->n != t->n)
        return 0;
    if (!is_many(s->op))
        return s->a == t->a;
    return !memcmp(p->operand + s->a, p->operand + t->a, (item_operands(s) - (s->op == STEP_dot && s->b != NO_VALUE)) *
                   sizeof(uint32_t));
}

static inline void builder_rehash(struct builder *p)
{
    memset(p->table, 0, p->table_size * sizeof(uint32_t));
    for (uint32_t i = 1; i < p->count; i++) {
        uint32_t place = p->hash[i] & (p->table_size - 1);
        while (p->table[place])
            place = (place + 1) & (p->table_size - 1);
        p->table[place] = i;
    }
}

/* Have room for one more item and for one more operand. */
static inline int builder_room(struct builder *p)
{
    if (p->count == p->capacity) {
        const uint32_t n = 2 * p->capacity;
        if (n >= 1u << 30 || !builder_grow((void **)&p->item, n * sizeof(*p->item)) ||
            !builder_grow((void **)&p->hash, n * sizeof(*p->hash)) ||
            !builder_grow((void **)&p->known, n * sizeof(*p->known)) ||
            !builder_grow((void **)&p->table, 2 * (size_t)n * sizeof(*p->table)))
            return 0;
        p->capacity = n;
        p->table_size = 2 * n;
        builder_rehash(p);
    }
    if (p->operands == p->operand_capacity) {
        const uint32_t n = 2 * p->operand_capacity;
        if (n >= 1u << 31 || !builder_grow((void **)&p->operand, n * sizeof(*p->operand)))
            return 0;
        p->operand_capacity = n;
    }
    return 1;
}

static inline uint32_t interned(struct builder *p, struct step s, uint8_t known)
{
    if (p->failed || !builder_room(p)) {
        p->failed = 1;
        return 0;
    }
    const uint32_t hash = hash_of(p, &s);
    uint32_t place = hash & (p->table_size - 1), i;
    while ((i = p->table[place])) {
        if (p->hash[i] == hash && same_item(p, &p->item[i], &s)) {
            if (is_many(s.op))
                p->operands = s.a;
            return i;
        }
        place = (place + 1) & (p->table_size - 1);
    }
    p->table[place] = p->count;
    p->item[p->count] = s;
    p->hash[p->count] = hash;
    p->known[p->count] = known;
    return p->count++;
}

static inline uint32_t build_constant(struct builder *p, double x)
{
    struct step s = {ITEM_constant, 0, 0, 0};
    memcpy(&s.a, &x, sizeof(x));
    return interned(p, s, KNOWN_constant | (x == 0.0 && signbit(x) ? MAY_BE_MINUS_ZERO : 0));
}

static inline uint32_t build_input(struct builder *p, uint32_t place)
{
    return interned(p, (struct step){ITEM_input, place, 0, 0}, KNOWN_varies | MAY_BE_MINUS_ZERO);
}

static inline uint32_t build_captured(struct builder *p, uint32_t place)
{
    return interned(p, (struct step){ITEM_captured, place, 0, 0}, KNOWN_uniform | MAY_BE_MINUS_ZERO);
}

static inline void builder_free(struct builder *p)
{
    free(p->item);
    free(p->hash);
    free(p->known);
    free(p->operand);
    free(p->table);
    memset(p, 0, sizeof(*p));
}

static inline int builder_begin(struct builder *p)
{
    enum { FIRST = 64 };
    memset(p, 0, sizeof(*p));
    p->item = malloc(FIRST * sizeof(*p->item));
    p->hash = malloc(FIRST * sizeof(*p->hash));
    p->known = malloc(FIRST * sizeof(*p->known));
    p->operand = malloc(FIRST * sizeof(*p->operand));
    p->table = calloc(2 * FIRST, sizeof(*p->table));
    if (!p->item || !p->hash || !p->known || !p->operand || !p->table) {
        builder_free(p);
        return 0;
    }
    p->capacity = p->operand_capacity = FIRST;
    p->table_size = 2 * FIRST;
    build_constant(p, NAN);  /* what stands where memory fails; the table cannot name it */
    build_constant(p, 0.0);
    build_constant(p, 1.0);
    return 1;
}

/* Operations of one. */

static inline uint32_t build1(struct builder *p, uint32_t op, uint32_t a)
{
    const struct step of = p->item[a];
    if (is_constant(p, a))
        return build_constant(p, op == STEP_stop ? constant_at(p, a) : op_value1(op, constant_at(p, a), 0.0));
    if (op == OP_pos || (op == STEP_stop && of.op == STEP_stop))
        return a;
    if (op == OP_neg && of.op == OP_neg)
        return of.a;
    const int positive = op == OP_exp || op == OP_abs || op == OP_sigmoid || op == OP_softplus || op == OP_step;
    const int as_operand = op == OP_sqrt || op == OP_relu || op == STEP_stop;
    const uint8_t zero = positive || (as_operand && !may_be_minus_zero(p, a)) ? 0 : MAY_BE_MINUS_ZERO;
    return interned(p, (struct step){op, a, 0, 0}, level_of(p, a) | zero);
}

/* Operations of two. */

static inline uint32_t build_plain2(struct builder *p, uint32_t op, uint32_t a, uint32_t b)
{
    const int either = may_be_minus_zero(p, a), other = may_be_minus_zero(p, b);
    int zero = MAY_BE_MINUS_ZERO;
    if (op == OP_add)
        zero = either && other ? zero : 0;
    else if (op == OP_sub)
        zero = either ? zero : 0;
    else if ((op == OP_mul && a == b) || (op >= OP_lt && op <= OP_ge))
        zero = 0;
    const uint32_t level = level_of(p, a) > level_of(p, b) ? level_of(p, a) : level_of(p, b);
    if ((op == OP_add || op == OP_mul) && a > b)
        return interned(p, (struct step){op, b, a, 0}, level | zero);
    return interned(p, (struct step){op, a, b, 0}, level | zero);
}

static inline uint32_t build_add(struct builder *p, uint32_t a, uint32_t b)
{
    if (is_constant(p, a)) {
        const uint32_t c = a;
        a = b;
        b = c;
    }
    if (is_number(p, b, -0.0) || (is_number(p, b, 0.0) && !may_be_minus_zero(p, a)))
        return a;
    if (p->item[b].op == OP_neg)
        return build_plain2(p, OP_sub, a, p->item[b].a);
    if (p->item[a].op == OP_neg)
        return build_plain2(p, OP_sub, b, p->item[a].a);
    return build_plain2(p, OP_add, a, b);
}

static inline uint32_t build_sub(struct builder *p, uint32_t a, uint32_t b)
{
    if (is_constant(p, b))
        return build_add(p, a, build_constant(p, -constant_at(p, b)));
    if (p->item[b].op == OP_neg)
        return build_add(p, a, p->item[b].a);
    return build_plain2(p, OP_sub, a, b);
}

static inline uint32_t build_mul(struct builder *p, uint32_t a, uint32_t b)
{
    if (is_constant(p, a)) {
        const uint32_t c = a;
        a = b;
        b = c;
    }
    if (is_number(p, b, 1.0))
        return a;
    if (is_number(p, b, -1.0))
        return build1(p, OP_neg, a);
    if (p->item[a].op == OP_neg && is_constant(p, b))
        return build_mul(p, p->item[a].a, build_constant(p, -constant_at(p, b)));
    if (p->item[a].op == OP_neg && p->item[b].op == OP_neg)
        return build_plain2(p, OP_mul, p->item[a].a, p->item[b].a);
    return build_plain2(p, OP_mul, a, b);
}

/* 1 / (1 + exp(x)) is the sigmoid of -x, which does not overflow on the way. */
static inline int is_one_and_exp(const struct builder *p, uint32_t i)
{
    const struct step *s = &p->item[i];
    const uint32_t other = s->a == ITEM_1 ? s->b : s->a;
    return s->op == OP_add && (s->a == ITEM_1 || s->b == ITEM_1) && p->item[other].op == OP_exp;
}

static inline uint32_t build_div(struct builder *p, uint32_t a, uint32_t b)
{
    int exponent;
    if (is_constant(p, b) && fabs(frexp(constant_at(p, b), &exponent)) == 0.5 && abs(exponent) < 1000)
        return build_mul(p, a, build_constant(p, 1.0 / constant_at(p, b)));
    if (is_number(p, a, 1.0) && is_one_and_exp(p, b) && !p->exact) {
        const struct step sum = p->item[b];
        return build1(p, OP_sigmoid, build1(p, OP_neg, p->item[sum.a == ITEM_1 ? sum.b : sum.a].a));
    }
    return build_plain2(p, OP_div, a, b);
}

/* Small whole powers as products; those of nan, infinities and zeros are the same. */
static inline uint32_t build_pow(struct builder *p, uint32_t a, uint32_t b)
{
    if (is_number(p, b, 1.0))
        return a;
    if (p->exact)
        return build_plain2(p, OP_pow, a, b);
    if (is_number(p, b, 2.0))
        return build_mul(p, a, a);
    if (is_number(p, b, 3.0))
        return build_mul(p, build_mul(p, a, a), a);
    if (is_number(p, b, 4.0))
        return build_mul(p, build_mul(p, a, a), build_mul(p, a, a));
    if (is_number(p, b, -1.0))
        return build_div(p, ITEM_1, a);
    return build_plain2(p, OP_pow, a, b);
}

static inline uint32_t build2(struct builder *p, uint32_t op, uint32_t a, uint32_t b)
{
    if (is_constant(p, a) && is_constant(p, b))
        return build_constant(p, op_value2(op, constant_at(p, a), constant_at(p, b)));
    switch (op) {
    case OP_add:
        return build_add(p, a, b);
    case OP_sub:
        return build_sub(p, a, b);
    case OP_mul:
        return build_mul(p, a, b);
    case OP_div:
        return build_div(p, a, b);
    case OP_pow:
        return build_pow(p, a, b);
    }
    return build_plain2(p, op, a, b);
}

/* Operations of many: their operands are the last that were pushed. */

static inline void push_operand(struct builder *p, uint32_t i)
{
    if (!p->failed && builder_room(p))
        p->operand[p->operands++] = i;
    else
        p->failed = 1;
}

static inline uint32_t pushed(const struct builder *p, uint32_t k, uint32_t n)
{
    return p->operand[p->operands - n + k];
}

static inline uint8_t known_of_pushed(const struct builder *p, uint32_t n)
{
    uint8_t known = KNOWN_constant;
    for (uint32_t k = 0; k < n; k++)
        known = level_of(p, pushed(p, k, n)) > known ? level_of(p, pushed(p, k, n)) : known;
    return known | MAY_BE_MINUS_ZERO;
}

/* Let go of n operands, and give the constant instead. */
static inline uint32_t folded(struct builder *p, uint32_t n, double value)
{
    p->operands -= n;
    return build_constant(p, value);
}

static inline uint32_t build_sum(struct builder *p, uint32_t n)
{
    if (p->failed)
        return 0;
    const uint8_t known = known_of_pushed(p, n);
    if (n > 0 && n <= 2) {
        const uint32_t a = pushed(p, 0, n), b = pushed(p, n - 1, n);
        p->operands -= n;
        return n == 1 ? a : build2(p, OP_add, a, b);
    }
    if ((known & KNOWN_level) == KNOWN_constant) {
        double y = n ? constant_at(p, pushed(p, 0, n)) : 0.0;
        for (uint32_t k = 1; k < n; k++)
            y += constant_at(p, pushed(p, k, n));
        return folded(p, n, y);
    }
    return interned(p, (struct step){STEP_sum, p->operands - n, 0, n}, known);
}

/* A bias, or NO_VALUE, and n pairs. */
static inline uint32_t build_dot(struct builder *p, uint32_t bias, uint32_t n)
{
    if (p->failed)
        return 0;
    uint8_t known = known_of_pushed(p, 2 * n);
    if (bias != NO_VALUE && level_of(p, bias) > (known & KNOWN_level))
        known = level_of(p, bias) | MAY_BE_MINUS_ZERO;
    if ((known & KNOWN_level) == KNOWN_constant) {
        double y = bias == NO_VALUE ? -0.0 : constant_at(p, bias);
        for (uint32_t k = 0; k < n; k++)
            y += constant_at(p, pushed(p, 2 * k, 2 * n)) * constant_at(p, pushed(p, 2 * k + 1, 2 * n));
        return folded(p, 2 * n, y);
    }
    if (n == 1) {
        const uint32_t a = pushed(p, 0, 2), b = pushed(p, 1, 2);
        p->operands -= 2;
        return bias == NO_VALUE ? build2(p, OP_mul, a, b) : build2(p, OP_add, bias, build2(p, OP_mul, a, b));
    }
    return interned(p, (struct step){STEP_dot, p->operands - 2 * n, bias, n}, known);
}

static inline uint32_t build_select(struct builder *p, uint32_t condition, uint32_t yes, uint32_t no)
{
    if (is_constant(p, condition))
        return constant_at(p, condition) != 0.0 ? yes : no;
    push_operand(p, condition);
    push_operand(p, yes);
    push_operand(p, no);
    return p->failed ? 0 : interned(p, (struct step){STEP_select, p->operands - 3, 0, 0}, known_of_pushed(p, 3));
}

#endif

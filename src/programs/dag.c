/* The graph of a program's operations. The contract is in the header. */

#include "programs/dag.h"

#include <stdlib.h>

int grow_array(void **array, size_t size)
{
    void *moved = realloc(*array, size);
    if (moved)
        *array = moved;
    return !!moved;
}

static int is_number(const struct dag *d, uint32_t i, double x)
{
    const double y = constant_at(d, i);
    return is_constant(d, i) && !memcmp(&x, &y, sizeof(x));
}

static int may_be_minus_zero(const struct dag *d, uint32_t i) { return d->known[i] & MAY_BE_MINUS_ZERO; }

/* The table. */

static uint32_t mixed(uint32_t h, uint32_t word)
{
    h = (h ^ word) * 0x9E3779B1u;
    return h ^ (h >> 15);
}

static uint32_t hash_of(const struct dag *d, const struct step *s)
{
    uint32_t h = mixed(mixed(s->op, s->b), s->n);
    const uint64_t listed = listed_operands(s);
    for (uint64_t k = 0; k < listed; k++)
        h = mixed(h, d->operand[s->a + k]);
    return listed ? h : mixed(h, s->a);
}

static int same_item(const struct dag *d, const struct step *s, const struct step *t)
{
    if (s->op != t->op || s->b != t->b || s->n != t->n)
        return 0;
    const uint64_t listed = listed_operands(s);
    return listed ? !memcmp(d->operand + s->a, d->operand + t->a, listed * sizeof(uint32_t)) : s->a == t->a;
}

/* The later of two operands of an item, which if it has many are the last two; 0 where it has none. */
static uint32_t late_operand(const struct dag *d, const struct step *s)
{
    const uint64_t n = s->op < ITEM_constant ? operand_count(s) : 0;
    const uint32_t one = n > 1 ? operand_of(d->operand, s, n - 2) : 0, other = n ? operand_of(d->operand, s, n - 1) : 0;
    return one > other ? one : other;
}

/* Where to look for an item. First there are some places beside those of items with about the same late operand: what is
 * made one after the other is then looked for in the same lines of the cache. Then, as many items may have one operand,
 * all the places from that which the hash says. */
struct search { uint32_t near, hash, tried; };

static struct search search_of(const struct dag *d, const struct step *s, uint32_t hash)
{
    enum { BESIDE = 16 };
    const uint32_t late = late_operand(d, s);
    return (struct search){late ? 2 * late + hash % BESIDE : hash, hash, 0};
}

static uint32_t next_place(const struct dag *d, struct search *search)
{
    enum { NEAR = 8 };
    const uint32_t k = search->tried++;
    return (k < NEAR ? search->near + k : search->hash + k) & (d->table_size - 1);
}

/* Into an empty table. */
static void rehash(struct dag *d)
{
    for (uint32_t i = 1; i < d->count; i++) {
        struct search search = search_of(d, &d->item[i], d->hash[i]);
        uint32_t place = next_place(d, &search);
        while (d->table[place])
            place = next_place(d, &search);
        d->table[place] = i;
    }
}

/* Have room for n items, a power of two. */
static int grow_items(struct dag *d, uint32_t n)
{
    uint32_t *table;
    if (n >= 1u << 30 || !grow_array((void **)&d->item, n * sizeof(*d->item)) ||
        !grow_array((void **)&d->hash, n * sizeof(*d->hash)) ||
        !grow_array((void **)&d->known, n * sizeof(*d->known)) || !(table = calloc(2 * (size_t)n, sizeof(*table))))
        return 0;
    free(d->table);
    d->table = table;
    d->capacity = n;
    d->table_size = 2 * n;
    rehash(d);
    return 1;
}

void dag_reserve(struct dag *d, uint64_t items)
{
    uint64_t n = d->capacity;
    while (n < items)
        n *= 2;
    if (n > d->capacity && n < 1u << 30 && !d->failed)
        d->failed = !grow_items(d, (uint32_t)n);
}

/* Have room for one more item and for one more operand. */
static int dag_room(struct dag *d)
{
    if (d->count == d->capacity && !grow_items(d, 2 * d->capacity))
        return 0;
    if (d->operands == d->operand_capacity) {
        const uint32_t n = 2 * d->operand_capacity;
        if (n >= 1u << 31 || !grow_array((void **)&d->operand, n * sizeof(*d->operand)))
            return 0;
        d->operand_capacity = n;
    }
    return 1;
}

/* The item that is like s, made if there is none. */
static uint32_t interned(struct dag *d, struct step s, uint8_t known)
{
    if (d->failed || !dag_room(d)) {
        d->failed = 1;
        return 0;
    }
    const uint32_t hash = hash_of(d, &s);
    struct search search = search_of(d, &s, hash);
    uint32_t place, i;
    while ((i = d->table[place = next_place(d, &search)]))
        if (d->hash[i] == hash && same_item(d, &d->item[i], &s)) {
            if (listed_operands(&s))
                d->operands = s.a;  /* those of the item that is there serve */
            return i;
        }
    d->table[place] = d->count;
    d->item[d->count] = s;
    d->hash[d->count] = hash;
    d->known[d->count] = known;
    return d->count++;
}

symbol dag_constant(struct dag *d, double x)
{
    struct step s = {ITEM_constant, 0, 0, 0};
    memcpy(&s.a, &x, sizeof(x));
    return interned(d, s, KNOWN_constant | (x == 0.0 && signbit(x) ? MAY_BE_MINUS_ZERO : 0));
}

symbol dag_input(struct dag *d, uint32_t place)
{
    return interned(d, (struct step){ITEM_input, place, 0, 0}, KNOWN_varies | MAY_BE_MINUS_ZERO);
}

symbol dag_captured(struct dag *d, uint32_t place)
{
    return interned(d, (struct step){ITEM_captured, place, 0, 0}, KNOWN_uniform | MAY_BE_MINUS_ZERO);
}

void dag_free(struct dag *d)
{
    free(d->item);
    free(d->hash);
    free(d->known);
    free(d->operand);
    free(d->table);
    memset(d, 0, sizeof(*d));
}

/* Operations of one. */

/* Can the operation of a and b, which of an operation of one is a, be -0.0? Returns the flag. */
static uint8_t zero_of(const struct dag *d, uint32_t op, symbol a, symbol b)
{
    switch (step_traits(op) & TRAIT_zero) {
    case TRAIT_plus_zero:
        return 0;
    case TRAIT_zero_of_a:
        return d->known[a] & MAY_BE_MINUS_ZERO;
    case TRAIT_zero_of_both:
        return d->known[a] & d->known[b] & MAY_BE_MINUS_ZERO;
    }
    return op == OP_mul && a == b ? 0 : MAY_BE_MINUS_ZERO;
}

/* Products with a constant. */

static symbol make_mul(struct dag *d, symbol a, symbol b);

static int has_constant_factor(const struct dag *d, symbol i)
{
    const struct step *s = &d->item[i];
    return s->op == OP_mul && (is_constant(d, s->a) || is_constant(d, s->b)) && !d->exact;
}

static double constant_factor(const struct dag *d, symbol i)
{
    const struct step *s = &d->item[i];
    return constant_at(d, is_constant(d, s->a) ? s->a : s->b);
}

static symbol other_factor(const struct dag *d, symbol i)
{
    const struct step *s = &d->item[i];
    return is_constant(d, s->a) ? s->b : s->a;
}

static symbol times(struct dag *d, symbol x, double factor) { return make_mul(d, x, dag_constant(d, factor)); }

static int is_power_of_two(double x)
{
    int exponent;
    return fabs(frexp(x, &exponent)) == 0.5 && abs(exponent) < 500;
}

/* Is a number multiplied by both what it is multiplied by their product? One is a power of 2, so that nothing is rounded
 * twice, and not one of them makes larger what the other makes smaller, which may pass through infinity. */
static int are_one_factor(double x, double y)
{
    return (is_power_of_two(x) || is_power_of_two(y)) && (fabs(x) < 1.0) == (fabs(y) < 1.0) && isfinite(x * y);
}

static symbol make_one(struct algebra *s, unsigned op, symbol a)
{
    struct dag *d = (struct dag *)s;
    const struct step of = d->item[a];
    op = op == OP_detach ? STEP_stop : op;
    if (is_constant(d, a))
        return dag_constant(d, op == STEP_stop ? constant_at(d, a) : op_value1(op, constant_at(d, a), 0.0));
    if (op == OP_pos || (op == STEP_stop && (of.op == STEP_stop || of.op == STEP_call)))
        return a;
    if (op == OP_neg && of.op == OP_neg)
        return of.a;
    if (op == OP_neg && has_constant_factor(d, a))
        return times(d, other_factor(d, a), -constant_factor(d, a));
    return interned(d, (struct step){op, a, 0, 0}, level_of(d, a) | zero_of(d, op, a, a));
}

symbol dag_negative(struct dag *d, symbol a) { return make_one(&d->algebra, OP_neg, a); }

static symbol make_stop(struct algebra *s, symbol a) { return make_one(s, OP_detach, a); }

/* Operations of two. */

/* The operation as it is. */
static symbol make_plain(struct dag *d, uint32_t op, symbol a, symbol b)
{
    const uint8_t zero = zero_of(d, op, a, b);
    const uint32_t level = level_of(d, a) > level_of(d, b) ? level_of(d, a) : level_of(d, b);
    if ((op == OP_add || op == OP_mul) && a > b)
        return interned(d, (struct step){op, b, a, 0}, level | zero);
    return interned(d, (struct step){op, a, b, 0}, level | zero);
}

static symbol make_add(struct dag *d, symbol a, symbol b)
{
    if (is_constant(d, a)) {
        const symbol c = a;
        a = b;
        b = c;
    }
    if (is_number(d, b, -0.0) || (is_number(d, b, 0.0) && !may_be_minus_zero(d, a)))
        return a;
    if (d->item[b].op == OP_neg)
        return make_plain(d, OP_sub, a, d->item[b].a);
    if (d->item[a].op == OP_neg)
        return make_plain(d, OP_sub, b, d->item[a].a);
    return make_plain(d, OP_add, a, b);
}

static symbol make_sub(struct dag *d, symbol a, symbol b)
{
    if (is_constant(d, b))
        return make_add(d, a, dag_constant(d, -constant_at(d, b)));
    if (d->item[b].op == OP_neg)
        return make_add(d, a, d->item[b].a);
    return make_plain(d, OP_sub, a, b);
}

static symbol make_mul(struct dag *d, symbol a, symbol b)
{
    if (is_constant(d, a)) {
        const symbol c = a;
        a = b;
        b = c;
    }
    if (is_number(d, b, 1.0))
        return a;
    if (is_number(d, b, -1.0))
        return make_one(&d->algebra, OP_neg, a);
    if (has_constant_factor(d, a) && is_constant(d, b) && are_one_factor(constant_factor(d, a), constant_at(d, b)))
        return times(d, other_factor(d, a), constant_factor(d, a) * constant_at(d, b));
    if (d->item[a].op == OP_neg && is_constant(d, b))
        return make_mul(d, d->item[a].a, dag_constant(d, -constant_at(d, b)));
    if (d->item[a].op == OP_neg && d->item[b].op == OP_neg)
        return make_plain(d, OP_mul, d->item[a].a, d->item[b].a);
    return make_plain(d, OP_mul, a, b);
}

/* 1 / (1 + exp(x)) is the sigmoid of -x, which does not overflow on the way. */
static int is_one_and_exp(const struct dag *d, uint32_t i)
{
    const struct step *s = &d->item[i];
    const uint32_t other = s->a == d->one ? s->b : s->a;
    return s->op == OP_add && (s->a == d->one || s->b == d->one) && d->item[other].op == OP_exp;
}

static symbol make_div(struct dag *d, symbol a, symbol b)
{
    int exponent;
    if (is_constant(d, b) && fabs(frexp(constant_at(d, b), &exponent)) == 0.5 && abs(exponent) < 1000)
        return make_mul(d, a, dag_constant(d, 1.0 / constant_at(d, b)));
    if (is_number(d, a, 1.0) && is_one_and_exp(d, b) && !d->exact) {
        const struct step sum = d->item[b];
        return make_one(&d->algebra, OP_sigmoid, make_one(&d->algebra, OP_neg, d->item[sum.a == d->one ? sum.b : sum.a].a));
    }
    return make_plain(d, OP_div, a, b);
}

/* Small whole powers as products; those of nan, infinities and zeros are the same. */
static symbol make_pow(struct dag *d, symbol a, symbol b)
{
    if (is_number(d, b, 0.0))
        return d->one;
    if (is_number(d, b, 1.0))
        return a;
    if (d->exact)
        return make_plain(d, OP_pow, a, b);
    if (is_number(d, b, 2.0))
        return make_mul(d, a, a);
    if (is_number(d, b, 3.0))
        return make_mul(d, make_mul(d, a, a), a);
    if (is_number(d, b, 4.0))
        return make_mul(d, make_mul(d, a, a), make_mul(d, a, a));
    if (is_number(d, b, -1.0))
        return make_div(d, d->one, a);
    return make_plain(d, OP_pow, a, b);
}

static symbol make_two(struct algebra *s, unsigned op, symbol a, symbol b)
{
    struct dag *d = (struct dag *)s;
    if (is_constant(d, a) && is_constant(d, b))
        return dag_constant(d, op_value2(op, constant_at(d, a), constant_at(d, b)));
    switch (op) {
    case OP_add:
        return make_add(d, a, b);
    case OP_sub:
        return make_sub(d, a, b);
    case OP_mul:
        return make_mul(d, a, b);
    case OP_div:
        return make_div(d, a, b);
    case OP_pow:
        return make_pow(d, a, b);
    }
    return make_plain(d, op, a, b);
}

/* Operations of many. */

void push_operand(struct dag *d, symbol i)
{
    if (!d->failed && dag_room(d))
        d->operand[d->operands++] = i;
    else
        d->failed = 1;
}

static uint32_t highest_level(const struct dag *d, const symbol *x, uint64_t n)
{
    uint32_t level = KNOWN_constant;
    for (uint64_t k = 0; k < n; k++)
        level = level_of(d, x[k]) > level ? level_of(d, x[k]) : level;
    return level;
}

/* An item whose operands are listed. */
static symbol make_listed(struct dag *d, struct step s, const symbol *x, uint64_t n, uint32_t level)
{
    s.a = d->operands;
    for (uint64_t k = 0; k < n; k++)
        push_operand(d, x[k]);
    return interned(d, s, level | MAY_BE_MINUS_ZERO);
}

static symbol make_constant(struct algebra *s, double x) { return dag_constant((struct dag *)s, x); }

static symbol make_sum(struct algebra *s, const symbol *x, uint32_t n)
{
    struct dag *d = (struct dag *)s;
    const uint32_t level = highest_level(d, x, n);
    if (n > 0 && n <= 2)
        return n == 1 ? x[0] : make_two(s, OP_add, x[0], x[1]);
    if (level == KNOWN_constant) {
        double y = n ? constant_at(d, x[0]) : 0.0;
        for (uint32_t k = 1; k < n; k++)
            y += constant_at(d, x[k]);
        return dag_constant(d, y);
    }
    return make_listed(d, (struct step){STEP_sum, 0, 0, n}, x, n, level);
}

static symbol make_dot(struct algebra *s, symbol bias, const symbol *x, uint32_t n)
{
    struct dag *d = (struct dag *)s;
    uint32_t level = highest_level(d, x, 2 * (uint64_t)n);
    if (bias != NO_SYMBOL && level_of(d, bias) > level)
        level = level_of(d, bias);
    if (level == KNOWN_constant) {
        double y = bias == NO_SYMBOL ? -0.0 : constant_at(d, bias);
        for (uint32_t k = 0; k < n; k++)
            y += constant_at(d, x[2 * k]) * constant_at(d, x[2 * k + 1]);
        return dag_constant(d, y);
    }
    /* A first product that no row changes is computed once a call, and added first all the same. */
    if (n > 1 && bias == NO_SYMBOL && highest_level(d, x, 2) < level)
        return make_dot(s, make_two(s, OP_mul, x[0], x[1]), x + 2, n - 1);
    if (n == 1) {
        const symbol product = make_two(s, OP_mul, x[0], x[1]);
        return bias == NO_SYMBOL ? product : make_two(s, OP_add, bias, product);
    }
    return make_listed(d, (struct step){STEP_dot, 0, bias, n}, x, 2 * (uint64_t)n, level);
}

static symbol make_select(struct algebra *s, symbol condition, symbol yes, symbol no)
{
    struct dag *d = (struct dag *)s;
    const symbol x[] = {condition, yes, no};
    if (is_constant(d, condition))
        return constant_at(d, condition) != 0.0 ? yes : no;
    return make_listed(d, (struct step){STEP_select, 0, 0, 0}, x, 3, highest_level(d, x, 3));
}

/* Is y 1 where x is positive, else 0, as a choice? */
static int is_step_of(const struct dag *d, symbol y, symbol x)
{
    const uint32_t *choice = d->operand + d->item[y].a;
    if (d->item[y].op != STEP_select || choice[1] != d->one || choice[2] != d->zero)
        return 0;
    const struct step *condition = &d->item[choice[0]];
    return condition->op == OP_gt && condition->a == x && condition->b == d->zero;
}

static symbol make_sloped(struct algebra *s, symbol y, symbol x, symbol slope)
{
    struct dag *d = (struct dag *)s;
    const symbol operand[] = {y, x, slope};
    if (is_constant(d, x) || slope == d->zero)
        return y;
    if (slope == d->one && is_step_of(d, y, x))
        return make_one(s, OP_step, x);
    return make_listed(d, (struct step){STEP_sloped, 0, 0, 0}, operand, 3, highest_level(d, operand, 3));
}

/* Of constants, too, the number is known only once the program runs. */
symbol dag_call(struct dag *d, uint32_t function, const symbol *x, uint32_t n)
{
    const uint32_t level = highest_level(d, x, n);
    return make_listed(d, (struct step){STEP_call, 0, function, n}, x, n, level > KNOWN_uniform ? level : KNOWN_uniform);
}

static int known_number(struct algebra *s, symbol a, double *x)
{
    const struct dag *d = (struct dag *)s;
    *x = is_constant(d, a) ? constant_at(d, a) : 0.0;
    return is_constant(d, a);
}

int dag_begin(struct dag *d)
{
    enum { FIRST = 64 };
    memset(d, 0, sizeof(*d));
    d->item = malloc(FIRST * sizeof(*d->item));
    d->hash = malloc(FIRST * sizeof(*d->hash));
    d->known = malloc(FIRST * sizeof(*d->known));
    d->operand = malloc(FIRST * sizeof(*d->operand));
    d->table = calloc(2 * FIRST, sizeof(*d->table));
    if (!d->item || !d->hash || !d->known || !d->operand || !d->table) {
        dag_free(d);
        return 0;
    }
    d->capacity = d->operand_capacity = FIRST;
    d->table_size = 2 * FIRST;
    d->algebra = (struct algebra){
        make_constant, make_one, make_two, make_sum, make_dot, make_select, make_stop, make_sloped, known_number,
    };
    dag_constant(d, NAN);  /* what stands where memory fails; the table cannot name it */
    d->zero = dag_constant(d, 0.0);
    d->one = dag_constant(d, 1.0);
    return 1;
}

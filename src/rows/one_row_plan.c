/* One row of a program: making a plan. The contract is in one_row.h.
 *
 * Adjoints are planned from the last value down. When it is a value's turn, all steps that stand on it have given it
 * pairs of factors, kept together for each value, and the sum of their products is the adjoint.
 */

#include "rows/one_row.h"
#include "rows/one_row_codes.h"

#include <stdlib.h>

struct row_planner {
    const struct program *p;
    const unsigned char *flags;
    struct row_plan *plan;
    int careful, all_seeded;       /* has every adjoint something from outside? */
    uint32_t from, to;             /* steps */
    uint32_t *begin, *end;         /* of each value: the pairs that have been given so far */
    uint32_t *adjoint;             /* of each value: the place of its adjoint */
    struct row_step *first, *next; /* of the list in the making */
};

static void push(struct row_planner *b, struct row_step step) { *b->next++ = step; }

/* The place of the last step's result. */
static uint32_t last_place(const struct row_planner *b) { return b->next > b->first ? b->next[-1].y : NO_VALUE; }

/* Products and sums of them, of values or of what is given to an adjoint. */

static struct row_step two_step(uint32_t op, uint32_t y, uint32_t a, uint32_t b, uint32_t last)
{
    int form = a == last ? TWO_VALUE_LAST_A : b == last ? TWO_VALUE_LAST_B : TWO_VALUE;
    return (struct row_step){TWO_CODE(form, op), y, a, b, 0, 0};
}

static struct row_step madd_step(uint32_t y, uint32_t a, uint32_t b, uint32_t c, uint32_t last)
{
    if (a == last || b == last)
        return (struct row_step){ROW_madd_last, y, last, a == last ? b : a, c, 0};
    return (struct row_step){c == last ? ROW_madd_last_bias : ROW_madd, y, a, b, c, 0};
}

/* Of n pairs at operand[a]; if they are more than a few by the code `many`. */
static struct row_step dot_step(uint32_t many, uint32_t y, uint32_t a, uint32_t n, uint32_t bias,
                                const uint32_t *operand, uint32_t last)
{
    const uint32_t *x = operand + a, *end = x + 2 * (uint64_t)n - 2;
    int biased = bias != NO_VALUE;
    if (n == 1)
        return biased ? madd_step(y, x[0], x[1], bias, last) : two_step(OP_mul, y, x[0], x[1], last);
    if (n > MOST_DOT)
        return (struct row_step){many, y, a, bias, 0, n};
    if (end[0] == last || end[1] == last)
        return (struct row_step){DOT_CODE(biased ? DOT_BIAS_LAST : DOT_LAST, n), y, a, bias, end[end[0] == last], n};
    if (n == 2 && !biased && (x[0] == last || x[1] == last)) /* the same in either order */
        return (struct row_step){DOT_CODE(DOT_LAST, n), y, a + 2, bias, x[x[0] == last], n};
    return (struct row_step){DOT_CODE(!biased ? DOT : bias == last ? DOT_LAST_BIAS : DOT_BIAS, n), y, a, bias, 0, n};
}

/* Values. */

static struct row_step value_step(const struct row_planner *b, uint32_t i)
{
    const struct step *s = &b->p->step[i];
    const uint32_t *operand = b->p->operand;
    uint32_t y = first_step(b->p) + i, last = last_place(b);
    switch (s->op) {
    case STEP_dot:
        return dot_step(ROW_dot, y, s->a, s->n, s->b, operand, last);
    case STEP_sum:
        return (struct row_step){ROW_sum, y, s->a, 0, 0, s->n};
    case STEP_select:
        return (struct row_step){ROW_select, y, operand[s->a], operand[s->a + 1], operand[s->a + 2], 0};
    case STEP_stop:
        return (struct row_step){ONE_CODE(ONE_VALUE, OP_pos), y, s->a, 0, 0, 0};
    case STEP_sloped:
        return (struct row_step){ONE_CODE(ONE_VALUE, OP_pos), y, operand[s->a], 0, 0, 0};
    case STEP_call:
        return (struct row_step){ROW_call, y, s->a, s->b, 0, s->n};
    }
    if (is_one(s->op))
        return (struct row_step){ONE_CODE(s->a == last ? ONE_VALUE_LAST : ONE_VALUE, s->op), y, s->a, 0, 0, 0};
    return two_step(s->op, y, s->a, s->b, last);
}

static int plan_row_values(struct row_planner *b)
{
    b->first = b->next = b->plan->forward = malloc(((size_t)(b->to - b->from) + 1) * sizeof *b->next);
    if (!b->next)
        return -1;
    for (uint32_t i = b->from; i < b->to; i++)
        if (b->flags[first_step(b->p) + i] & NEEDED)
            push(b, value_step(b, i));
    push(b, (struct row_step){.code = ROW_end});
    return 0;
}

/* Adjoints. */

/* What a step's adjoint is multiplied by for its k-th operand; NO_VALUE where that is no value. */
static uint32_t factor_of(const struct row_planner *b, const struct step *s, uint64_t k)
{
    uint32_t one = b->plan->ones;
    switch (s->op) {
    case OP_pos: case OP_add: case STEP_sum:
        return one;
    case OP_neg:
        return one + 1;
    case OP_sub:
        return one + (uint32_t)k;
    case OP_mul:
        return k ? s->a : s->b;
    case STEP_dot:
        return k == 2 * (uint64_t)s->n ? one : b->p->operand[s->a + (k ^ 1)];
    case STEP_sloped:
        return k ? b->p->operand[s->a + 2] : one;
    }
    return NO_VALUE;
}

static int gives(const struct row_planner *b, const struct step *s, uint64_t k)
{
    return passes_on(s, k) && b->flags[operand_of(b->p->operand, s, k)] & ACTIVE;
}

static int is_seeded(const struct row_planner *b, uint32_t v) { return b->all_seeded || b->flags[v] & SEEDED; }

static void push_pair(struct row_planner *b, uint32_t v, uint32_t adjoint, uint32_t factor)
{
    b->plan->pair[b->end[v]++] = (struct row_pair){adjoint, factor};
}

/* The step that computes what a step gives to its k-th operand. */
static struct row_step pull_step(const struct row_planner *b, uint32_t i, uint64_t k, uint32_t to)
{
    const struct step *s = &b->p->step[i];
    uint32_t y = first_step(b->p) + i, g = b->adjoint[y];
    int held = g == last_place(b);
    if (s->op == STEP_select)
        return (struct row_step){ROW_gate, to, b->p->operand[s->a], 0, g, k == 1};
    if (is_one(s->op))
        return (struct row_step){ONE_CODE(held ? ONE_PULL_LAST : ONE_PULL, s->op), to, s->a, 0, y, g};
    int form = k ? held ? TWO_PULL_B_LAST : TWO_PULL_B : held ? TWO_PULL_A_LAST : TWO_PULL_A;
    return (struct row_step){TWO_CODE(form, s->op), to, s->a, s->b, y, g};
}

/* If this is all that the operand's adjoint is given, it is written there, else to a place of its own. */
static void pull(struct row_planner *b, uint32_t i, uint64_t k)
{
    const struct step *s = &b->p->step[i];
    uint32_t v = operand_of(b->p->operand, s, k);
    int is_all = b->begin[v + 1] - b->begin[v] == 1 && !is_seeded(b, v);
    uint32_t to = is_all ? b->plan->adjoints + v : b->plan->length++;
    push(b, pull_step(b, i, k, to));
    if (b->careful && s->op != STEP_select) {
        const uint32_t mask = op_traits_choose(step_traits(s->op)) ? ROW_mask_choice : ROW_mask;
        push(b, (struct row_step){mask, to, to, b->adjoint[first_step(b->p) + i], 0, 0});
    }
    if (!is_all)
        push_pair(b, v, to, b->plan->ones);
}

static void give(struct row_planner *b, uint32_t i)
{
    const struct step *s = &b->p->step[i];
    for (uint64_t k = 0; k < operand_count(s); k++) {
        if (!gives(b, s, k))
            continue;
        uint32_t factor = factor_of(b, s, k);
        if (factor == NO_VALUE)
            pull(b, i, k);
        else
            push_pair(b, operand_of(b->p->operand, s, k), b->adjoint[first_step(b->p) + i], factor);
    }
}

/* Moves a pair whose adjoint the last step has computed to the end of n pairs, so that it is added last. */
static void put_last(struct row_pair *pair, uint32_t n, uint32_t last)
{
    for (uint32_t k = 0; k + 1 < n; k++)
        if (pair[k].adjoint == last) {
            struct row_pair moved = pair[k];
            pair[k] = pair[n - 1];
            pair[n - 1] = moved;
            return;
        }
}

/* Takes a pair whose factor is 1 out of n pairs, and returns its adjoint; the others then begin one further. */
static uint32_t take_bias(struct row_pair *pair, uint32_t n, uint32_t one)
{
    for (uint32_t k = n; k-- > 0;)
        if (pair[k].factor == one) {
            uint32_t bias = pair[k].adjoint;
            pair[k] = pair[0];
            return bias;
        }
    return NO_VALUE;
}

static struct row_step sum_step(const struct row_planner *b, uint32_t y, uint32_t a, uint32_t n, uint32_t bias)
{
    const struct row_pair *pair = b->plan->pair + a;
    uint32_t last = last_place(b);
    if (b->careful)
        return (struct row_step){ROW_careful_gather, y, 2 * a, bias, 0, n};
    if (n == 1 && bias != NO_VALUE && pair->factor == b->plan->ones)
        return two_step(OP_add, y, bias, pair->adjoint, last);
    return dot_step(ROW_gather, y, 2 * a, n, bias, &b->plan->pair->adjoint, last);
}

/* The adjoint of a value is the sum of what has been given to it. If that is one other adjoint, it is no step, unless
 * the value is of another part: those are read where they belong. */
static void add_up(struct row_planner *b, uint32_t v)
{
    uint32_t a = b->begin[v], n = b->end[v] - a, y = b->plan->adjoints + v, bias = y;
    if (!n)
        return;
    put_last(b->plan->pair + a, n, last_place(b));
    if (!is_seeded(b, v)) {
        bias = take_bias(b->plan->pair + a, n, b->plan->ones);
        a += bias != NO_VALUE;
        n -= bias != NO_VALUE;
    }
    if (n)
        push(b, sum_step(b, y, a, n, bias));
    else if (v >= first_step(b->p) + b->from)
        b->adjoint[v] = bias;
    else
        push(b, (struct row_step){ONE_CODE(ONE_VALUE, OP_pos), y, bias, 0, 0, 0});
}

/* Counts the pairs of each value, and returns how many steps a sweep has at most; UINT64_MAX if these are too many. */
static uint64_t count_pairs(struct row_planner *b)
{
    uint64_t pairs = 0, pulls = 0;
    for (uint32_t i = b->from; i < b->to; i++) {
        const struct step *s = &b->p->step[i];
        if (!(b->flags[first_step(b->p) + i] & PULLED))
            continue;
        for (uint64_t k = 0; k < operand_count(s); k++)
            if (gives(b, s, k)) {
                pulls += factor_of(b, s, k) == NO_VALUE;
                b->begin[operand_of(b->p->operand, s, k) + 1]++;
                pairs++;
            }
        if (pairs > INT32_MAX)
            return UINT64_MAX;
    }
    for (uint32_t v = 0; v < b->plan->adjoints; v++)
        b->begin[v + 1] += b->begin[v];
    return b->plan->adjoints + pulls * (1 + b->careful) + 1;
}

/* Does a sweep come to any of the steps? */
static int are_pulled(const struct row_planner *b)
{
    unsigned char any = 0;
    for (uint32_t i = b->from; i < b->to; i++)
        any |= b->flags[first_step(b->p) + i];
    return any & PULLED;
}

static int plan_nothing(struct row_plan *plan)
{
    plan->backward = malloc(sizeof *plan->backward);
    plan->pair = malloc(sizeof *plan->pair);
    if (!plan->backward || !plan->pair)
        return -1;
    plan->backward[0] = (struct row_step){.code = ROW_end};
    return 0;
}

static int make_room(struct row_planner *b)
{
    size_t values = b->plan->adjoints;
    b->begin = calloc(values + 1, sizeof *b->begin);
    b->end = malloc((values + 1) * sizeof *b->end);
    b->adjoint = malloc((values + 1) * sizeof *b->adjoint);
    uint64_t steps = b->begin && b->end && b->adjoint ? count_pairs(b) : UINT64_MAX;
    if (steps > SIZE_MAX / sizeof *b->next)
        return -1;
    b->plan->backward = malloc(steps * sizeof *b->next);
    b->plan->pair = malloc(((size_t)b->begin[values] + 1) * sizeof *b->plan->pair);
    return b->plan->backward && b->plan->pair ? 0 : -1;
}

static int plan_row_adjoints(struct row_planner *b)
{
    if (!are_pulled(b))
        return plan_nothing(b->plan);
    if (make_room(b))
        return -1;
    uint32_t outside = first_step(b->p) + b->from;
    b->first = b->next = b->plan->backward;
    for (uint32_t v = 0; v < b->plan->adjoints; v++) {
        b->end[v] = b->begin[v];
        b->adjoint[v] = b->plan->adjoints + v;
    }
    for (uint32_t i = b->to; i-- > b->from;)
        if (b->flags[first_step(b->p) + i] & PULLED) {
            add_up(b, first_step(b->p) + i);
            give(b, i);
        }
    for (uint32_t v = 0; v < outside; v++)
        add_up(b, v);
    push(b, (struct row_step){.code = ROW_end});
    return 0;
}

int make_row_plan(struct row_plan *plan, const struct program *p, const unsigned char *flags, int careful,
                  enum part part)
{
    int uniform = part == UNIFORM_PART;
    struct row_planner b = {
        .p = p, .flags = flags, .plan = plan, .careful = careful, .all_seeded = uniform,
        .from = uniform ? 0 : p->uniform_steps, .to = uniform ? p->uniform_steps : p->steps,
    };
    uint32_t values = first_step(p) + b.to;
    *plan = (struct row_plan){.program = p, .adjoints = values, .ones = 2 * values, .length = 2 * values + 2};
    int failed = plan_row_values(&b) || plan_row_adjoints(&b);
    free(b.begin);
    free(b.end);
    free(b.adjoint);
    if (failed)
        free_row_plan(plan);
    return failed ? -1 : 0;
}

void free_row_plan(struct row_plan *plan)
{
    free(plan->forward);
    free(plan->backward);
    free(plan->pair);
    *plan = (struct row_plan){.forward = NULL};
}

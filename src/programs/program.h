/* A program: what a recorded function computes, as flat steps over rows.
 *
 * Values are numbered: first the inputs, a number a row each; then the constants and captured numbers, the same for all
 * rows; then one for each step, in order. The first `uniform_steps` steps stand on values that no row changes, and are
 * computed once a call; the others are computed for every row. So value v varies if and only if
 *
 *   v < inputs  or  v >= inputs + uniforms + uniform_steps.
 *
 * A step's op is a code of ops.h for one node, or for two nodes (constants are values here, so the forms with a
 * constant do not occur), or one of those below. Operands have smaller numbers than the step's value.
 *
 * A program is read only once it is made, by any number of threads at a time.
 */
#ifndef FASTGRAD_PROGRAM_H
#define FASTGRAD_PROGRAM_H

#include "operations/ops.h"

/* STEP(name, word, listed, continuity, replay, zero): so many operands lie one after the other in `operand`, from place
 * a on; the other columns are as in ops.def.
 *
 *   dot     bias + the sum of n products of pairs, added in order; b is the bias, or NO_VALUE where there is none
 *   sum     the sum of n values, added in order
 *   select  where the first operand is not 0 the second, else the third
 *   stop    a, through which no gradient flows
 *   sloped  the first operand, whose gradient flows to the second, too, times the third: a slope that is given
 *   call    of n values what the program's function b makes of them; no gradient flows
 */
#define STEPS \
    STEP(dot,    "dot",   2 * (uint64_t)s->n, smooth,     rounded, any_zero) \
    STEP(sum,    "sum",   s->n,               smooth,     exact,   any_zero) \
    STEP(select, "where", 3,                  jumps_at_a, exact,   any_zero) \
    STEP(stop,   "stop",  0,                  smooth,     exact,   zero_of_a) \
    STEP(sloped, "sloped", 3,                 smooth,     exact,   zero_of_a) \
    STEP(call,   "call",  s->n,               smooth,     exact,   any_zero)

enum {
    STEP_BEFORE = OP_END - 1,
#define STEP(name, ...) STEP_##name,
    STEPS
#undef STEP
    STEP_END
};

#define NO_VALUE UINT32_MAX

struct step {
    uint32_t op;
    uint32_t a;  /* the (first) operand, or where the operands begin in `operand` */
    uint32_t b;  /* the second operand, the bias, or which function */
    uint32_t n;  /* of a dot the pairs, of a sum or a call the values */
};

/* The functions that C does not know: what number `function` of them makes of n numbers. */
typedef double called(void *functions, uint32_t function, const double *x, uint32_t n);

enum { MOST_CALLED = 1024 }; /* operands of a call */

struct guard {
    uint32_t value;  /* a comparison's difference or truth: see below */
    uint32_t truth;  /* the outcome while recording: is the value not 0? */
};

struct program {
    uint32_t inputs, uniforms, uniform_steps, steps;
    uint32_t operands, outputs, guards;
    struct step *step;
    uint32_t *operand;
    uint32_t *output;    /* values */
    struct guard *guard; /* in the order in which they were asked */
    double *uniform;     /* the constants' numbers; captured numbers are read into a call's own copy */
    uint32_t functions;  /* how many, and what they are called by */
    called *call;
    void *context;
};

static inline int is_one(uint32_t op) { return op > OP_LEAF && op < OP_FIRST_VC; }
static inline int is_two(uint32_t op) { return op >= OP_FIRST_BINARY && op < OP_FIRST_NARY; }

/* How many operands of a step lie in `operand`. */
static inline uint64_t listed_operands(const struct step *s)
{
    switch (s->op) {
#define STEP(name, word, listed, ...) case STEP_##name: return listed;
    STEPS
#undef STEP
    }
    return 0;
}

/* How many operands a step has, and which the k-th is, `operand` being the program's; the bias of a dot is the last. */
static inline uint64_t operand_count(const struct step *s)
{
    const uint64_t listed = listed_operands(s);
    if (listed)
        return listed + (s->op == STEP_dot && s->b != NO_VALUE);
    return is_two(s->op) ? 2 : is_one(s->op) || s->op == STEP_stop;
}

static inline uint32_t operand_of(const uint32_t *operand, const struct step *s, uint64_t k)
{
    const uint64_t listed = listed_operands(s);
    if (k < listed)
        return operand[s->a + k];
    return listed || k ? s->b : s->a;
}

/* Does a step pass its gradient on to its k-th operand? */
static inline int passes_on(const struct step *s, uint64_t k)
{
    return s->op != STEP_stop && s->op != STEP_call && !(s->op == STEP_select && k == 0) &&
           !(s->op == STEP_sloped && k == 2);
}

/* The traits of a step's operation, as bits: see ops.h. */
static inline unsigned step_traits(uint32_t op)
{
    static const unsigned char traits[] = {
#define STEP(name, word, listed, continuity, replay, zero) TRAITS(continuity, replay, zero),
        STEPS
#undef STEP
    };
    return op < OP_END ? op_rows[op].traits : traits[op - OP_END];
}

/* The name of a step's operation. */
static inline const char *step_name(uint32_t op)
{
    static const char *const names[] = {
#define STEP(name, word, ...) word,
        STEPS
#undef STEP
    };
    return op < OP_END ? op_rows[op].name : names[op - OP_END];
}

/* Does a step's value jump where its k-th operand passes a number? */
static inline int step_jumps_at(uint32_t op, uint64_t k) { return k < 2 && step_traits(op) >> k & 1; }

#endif

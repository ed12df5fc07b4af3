/* What a call needs of a program: which values it computes, and through which a gradient flows.
 *
 * Whoever calls owns the arrays. Nothing here is changed once it is made, so that any number of threads may read it.
 */
#ifndef FASTGRAD_ANALYSIS_H
#define FASTGRAD_ANALYSIS_H

#include <stddef.h>

#include "programs/program.h"

/* What is asked for. */
struct wanted {
    uint32_t outputs;   /* the outputs, or guards only? */
    uint32_t inputs;    /* the gradient by the inputs? */
    uint32_t uniforms;  /* the gradient by so many of the first uniforms */
    uint32_t guards;    /* their outcomes, or are these known? */
    uint32_t careful;   /* that where nothing flows it is told from 0 */
};

/* What in a program passes a gradient on to what it takes alone: nothing; operations, whose slopes are 0 for what they do
 * not take; selections of values. */
enum choices { NO_CHOICES, CHOOSING_OPERATIONS, SELECTIONS };

enum {
    NEEDED = 1,  /* an output or a guard stands on it */
    GUARDED = 2, /* exact to the last bit, as a function that jumps stands on it, or a guard, wanted or not */
    ACTIVE = 4,  /* it stands on what the gradient is asked by */
    PULLED = 8,  /* the gradient flows through it: it has an adjoint */
    SEEDED = 16, /* it is pulled and an output: the gradient begins there */
};

static inline uint64_t value_count(const struct program *p) { return (uint64_t)p->inputs + p->uniforms + p->steps; }
static inline uint32_t first_step(const struct program *p) { return p->inputs + p->uniforms; }

static inline int varies(const struct program *p, uint32_t v)
{
    return v < p->inputs || v >= first_step(p) + p->uniform_steps;
}

/* How many of its operands a step's value takes, or its adjoint: a slope that is given is for adjoints only. */
static inline uint64_t operands_used(const struct program *p, const unsigned char *flags, uint32_t i)
{
    const struct step *s = &p->step[i];
    return s->op == STEP_sloped && !(flags[first_step(p) + i] & PULLED) ? 1 : operand_count(s);
}

/* What is wrong with a program, or NULL. Every other function relies on there being nothing. */
const char *program_fault(const struct program *p);

/* Marks every value with the flags above; `flags` has a byte a value. Returns the last of the choices that pass a gradient
 * on, so that some values have none in some rows. */
enum choices analyse(const struct program *p, struct wanted wanted, unsigned char *flags);

#endif

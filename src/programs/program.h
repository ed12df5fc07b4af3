/* A program: what a recorded function computes, as flat steps over rows.
 *
 * Values are numbered: first the inputs, a number a row each; then the constants and captured numbers, the same for all
 * rows; then one for each step, in order. The first `uniform_steps` steps stand on values that no row changes, and are
 * computed once a call; the others are computed for every row. So value v varies if and only if
 *
 *   v < inputs  or  v >= inputs + uniforms + uniform_steps.
 *
 * A step's op is a code of ops.h for one node, or for two nodes (constants are values here, so the forms with a constant
 * do not occur), or one of those below. Operands have smaller numbers than the step's value.
 *
 * A program is read only once it is made, by any number of threads at a time.
 */
#ifndef FASTGRAD_PROGRAM_H
#define FASTGRAD_PROGRAM_H

#include "operations/ops.h"

enum {
    STEP_dot = OP_END,  /* bias + the sum of n products of pairs, added in order; no bias where b is NO_VALUE */
    STEP_sum,           /* the sum of n values, added in order */
    STEP_select,        /* operand[a], operand[a + 1] or operand[a + 2]: where the first is not 0 the second, else the third */
    STEP_stop,          /* a, through which no gradient flows */
    STEP_END
};

#define NO_VALUE UINT32_MAX

struct step {
    uint32_t op;
    uint32_t a;  /* the (first) operand; of a dot, sum or select where its operands begin in `operand` */
    uint32_t b;  /* the second operand; of a dot the bias, or NO_VALUE */
    uint32_t n;  /* of a dot the pairs, of a sum the values */
};

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
};

#endif

/* The codes of the steps of one row; what each computes is in one_row_steps.def. LAST in a name says that an operand is
 * the result of the step just before, which need not go through memory.
 */
#ifndef FASTGRAD_ONE_ROW_CODES_H
#define FASTGRAD_ONE_ROW_CODES_H

#include "programs/program.h"

/* Forms of an operation of one, a: its value; what the adjoint d of its result c gives to a. */
enum { ONE_VALUE, ONE_VALUE_LAST, ONE_PULL, ONE_PULL_LAST, ONE_FORMS };

/* Of an operation of two, a and b: the same, and what is given to b. */
enum {
    TWO_VALUE, TWO_VALUE_LAST_A, TWO_VALUE_LAST_B, TWO_PULL_A, TWO_PULL_A_LAST, TWO_PULL_B, TWO_PULL_B_LAST, TWO_FORMS,
};

/* Of a dot of few pairs, which begin at operand[a], and a bias b. With LAST the pairs are one fewer, and after them
 * comes the product of the last result and c. */
enum { DOT, DOT_LAST, DOT_BIAS, DOT_BIAS_LAST, DOT_LAST_BIAS, DOT_FORMS };

enum { UNARIES = OP_FIRST_VC - 1, BINARIES = OP_FIRST_NARY - OP_FIRST_BINARY, LEAST_DOT = 2, MOST_DOT = 4 };

#define ONE_CODE(form, op) (ROW_ones + (form) * UNARIES + (op) - 1)
#define TWO_CODE(form, op) (ROW_twos + (form) * BINARIES + (op) - OP_FIRST_BINARY)
#define DOT_CODE(form, n) (ROW_dots + (form) * (MOST_DOT - LEAST_DOT + 1) + (n) - LEAST_DOT)

enum {
    ROW_end,
    ROW_ones,
    ROW_twos = ROW_ones + ONE_FORMS * UNARIES,
    ROW_dots = ROW_twos + TWO_FORMS * BINARIES,
    ROW_madd = ROW_dots + DOT_FORMS * (MOST_DOT - LEAST_DOT + 1), /* a * b + c */
    ROW_madd_last,      /* the same, a being the last result */
    ROW_madd_last_bias, /* the same, c being it */
    ROW_dot,            /* of any number d of pairs, as above */
    ROW_gather,         /* the same, added in any order */
    ROW_careful_gather, /* the same, the first factors being adjoints: those that are none give none */
    ROW_sum,            /* of d numbers, which begin at operand[a] */
    ROW_select,         /* b or c: is a not 0? */
    ROW_call,           /* function b of d numbers, which begin at operand[a] */
    ROW_mask,           /* a, which is given, if the adjoint b is one */
    ROW_mask_choice,    /* the same, a being what a choice gives */
    ROW_gate,           /* the adjoint c, if (a is not 0) is d */
    ROW_CODES,
};

#endif

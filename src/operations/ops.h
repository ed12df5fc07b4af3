/* What the op table (ops.def) becomes in C: the codes, what is known of them, a value and a slope function for one
 * operand and for two.
 *
 * A code says the operation and what its operands are. The codes lie in this order, so that one comparison tells how to
 * read a node:
 *
 *   OP_LEAF | unary | OP_FIRST_VC: binary of (node, constant) | OP_FIRST_CV: of (constant, node)
 *           | OP_FIRST_BINARY: of (node, node) | OP_FIRST_NARY: n-ary
 *
 * Everything here is a pure function of numbers: no state, no Python, safe in any thread.
 */
#ifndef FASTGRAD_OPS_H
#define FASTGRAD_OPS_H

#include <math.h>
#include <stdint.h>

#include "operations/portable.h"
#include "operations/power.h"
#include "operations/special.h"

#define ONE_OVER_SQRT_TWO_PI 0.3989422804014327
#define SQRT_TWO_PI 2.5066282746310007
#define PI_SQUARED 9.869604401089358
#define MINUS_PI_SQUARED_OVER_3 -3.289868133696453

enum op_code {
    OP_LEAF,
#define UNARY(name, ...) OP_##name,
#include "operations/ops.def"
#define BINARY(name, ...) OP_##name##_VC,
#include "operations/ops.def"
#define BINARY(name, ...) OP_##name##_CV,
#include "operations/ops.def"
    OP_FIRST_BINARY,
    OP_BEFORE_BINARY = OP_FIRST_BINARY - 1,
#define BINARY(name, ...) OP_##name,
#include "operations/ops.def"
    OP_FIRST_NARY,
    OP_BEFORE_NARY = OP_FIRST_NARY - 1,
#define NARY(name, ...) OP_##name,
#include "operations/ops.def"
    OP_END,
    OP_FIRST_VC = OP_FIRST_BINARY - 2 * (OP_FIRST_NARY - OP_FIRST_BINARY),
    OP_FIRST_CV = OP_FIRST_BINARY - (OP_FIRST_NARY - OP_FIRST_BINARY),
    /* from the code of a binary operation of two nodes to the codes of its forms with a constant */
    OP_TO_VC = OP_FIRST_VC - OP_FIRST_BINARY,
    OP_TO_CV = OP_FIRST_CV - OP_FIRST_BINARY,
};

#define FUNCTION1(name, value) static OP_INLINE double op_##name(double a) { return value; }
#define FUNCTION2(name, value) static OP_INLINE double op_##name(double a, double b) { return value; }
#include "operations/ops.def"

/* With the operation a constant, what is left of these switches is one expression, if the compiler puts it in place. */

/* The value of an operation of one node: a unary one, or a binary one whose other operand is the constant c. */
static OP_INLINE double op_value1(unsigned op, double x, double c)
{
    switch (op) {
#define UNARY(name, symbol, python, continuity, replay, zero, value, slope) \
    case OP_##name: { const double a = x; return value; }
#include "operations/ops.def"
#define BINARY(name, symbol, python, continuity, replay, zero, value, slope_a, slope_b) \
    case OP_##name##_VC: { const double a = x, b = c; return value; } \
    case OP_##name##_CV: { const double a = c, b = x; return value; }
#include "operations/ops.def"
    }
    return x;
}

/* The slope of an operation of one node x, with the constant c, whose result is y. */
static OP_INLINE double op_slope1(unsigned op, double x, double c, double y)
{
    (void)y;
    switch (op) {
#define UNARY(name, symbol, python, continuity, replay, zero, value, slope) \
    case OP_##name: { const double a = x; (void)a; return slope; }
#include "operations/ops.def"
#define BINARY(name, symbol, python, continuity, replay, zero, value, slope_a, slope_b) \
    case OP_##name##_VC: { const double a = x, b = c; (void)a; (void)b; return slope_a; } \
    case OP_##name##_CV: { const double a = c, b = x; (void)a; (void)b; return slope_b; }
#include "operations/ops.def"
    }
    return 0.0;
}

/* The value of an operation of two nodes. */
static inline double op_value2(unsigned op, double a, double b)
{
    switch (op) {
#define BINARY(name, symbol, python, continuity, replay, zero, value, slope_a, slope_b) \
    case OP_##name: return value;
#include "operations/ops.def"
    }
    return a;
}

/* Both slopes of an operation of two nodes, whose result is y. */
static inline void op_slope2(unsigned op, double a, double b, double y, double *da, double *db)
{
    (void)y;
    switch (op) {
#define BINARY(name, symbol, python, continuity, replay, zero, value, slope_a, slope_b) \
    case OP_##name: *da = slope_a; *db = slope_b; return;
#include "operations/ops.def"
    }
}

/* What is known of an operation, as bits. The words are those of the rows. */
enum {
    TRAIT_jumps_at_a = 1,
    TRAIT_jumps_at_b = 2,
    TRAIT_jumps = TRAIT_jumps_at_a | TRAIT_jumps_at_b,
    TRAIT_kinked = 4,
    TRAIT_no_choice = 64,
    TRAIT_turns = TRAIT_jumps | TRAIT_no_choice,
    TRAIT_smooth = 0,
    TRAIT_exact = 8,
    TRAIT_rounded = 0,
    TRAIT_any_zero = 0,
    TRAIT_plus_zero = 16,
    TRAIT_zero_of_a = 32,
    TRAIT_zero_of_both = 48,
    TRAIT_zero = 48,
};

/* For each code: the symbol, the row's name, the Python function to ask where a result is not finite, or "", and the
 * traits. */
static const struct op_row { const char *symbol, *name, *python; unsigned char traits; } op_rows[] = {
    {"", "leaf", "", 0},
#define TRAITS(continuity, replay, zero) TRAIT_##continuity | TRAIT_##replay | TRAIT_##zero
#define UNARY(name, symbol, python, continuity, replay, zero, value, slope) \
    {symbol, #name, python, TRAITS(continuity, replay, zero)},
#include "operations/ops.def"
#define BINARY(name, symbol, python, continuity, replay, zero, value, slope_a, slope_b) \
    {symbol, #name, python, TRAITS(continuity, replay, zero)},
#include "operations/ops.def"
#define BINARY(name, symbol, python, continuity, replay, zero, value, slope_a, slope_b) \
    {symbol, #name, python, TRAITS(continuity, replay, zero)},
#include "operations/ops.def"
#define BINARY(name, symbol, python, continuity, replay, zero, value, slope_a, slope_b) \
    {symbol, #name, python, TRAITS(continuity, replay, zero)},
#include "operations/ops.def"
#define NARY(name, symbol, continuity) {symbol, #name, "", TRAIT_##continuity},
#include "operations/ops.def"
};

/* Does an operation with these traits choose, so that a slope of 0 is that of what it did not take? */
static OP_INLINE int op_traits_choose(unsigned traits)
{
    return traits & (TRAIT_jumps | TRAIT_kinked) && !(traits & TRAIT_no_choice);
}

/* Does an operation pass anything on through a slope? */
static OP_INLINE int op_passes(unsigned op, double slope)
{
    return slope != 0.0 || !op_traits_choose(op_rows[op].traits);
}

/* Nothing, as a gradient: what is added to it becomes the sum. It is not 0: a gradient that is 0 makes nan of an infinite
 * slope, and none does not. */
#define NO_GRADIENT (-0.0)

/* What a gradient g gives through a slope of an operation with these traits: what was not taken is given nothing, even by
 * an infinite gradient, and what was taken never -0.0. */
static OP_INLINE double op_given(unsigned traits, double g, double slope)
{
    if (!op_traits_choose(traits))
        return g * slope;
    return slope == 0.0 ? NO_GRADIENT : g * slope + 0.0;
}

/* Does the value of an operation jump where its k-th operand passes a number? */
static inline int op_jumps_at(unsigned op, unsigned k) { return k < 2 && op_rows[op].traits >> k & 1; }

static const unsigned char op_guarded[] = {
    0,
#define UNARY(name, symbol, python, ...) sizeof(python) > 1,
#include "operations/ops.def"
#define BINARY(name, symbol, python, ...) sizeof(python) > 1,
#include "operations/ops.def"
#define BINARY(name, symbol, python, ...) sizeof(python) > 1,
#include "operations/ops.def"
#define BINARY(name, symbol, python, ...) sizeof(python) > 1,
#include "operations/ops.def"
};

/* Does the value y need Python's word on whether it is one? */
static inline int op_doubtful(unsigned op, double y) { return op < OP_FIRST_NARY && op_guarded[op] && !isfinite(y); }

#endif

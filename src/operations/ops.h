/* What the op table (ops.def) becomes in C: the codes, their names, a value and a slope function for one operand and for
 * two.
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

/* With the operation a constant, what is left of these switches is one expression, if the compiler puts it in place. */
#ifdef __GNUC__
#define OP_INLINE inline __attribute__((always_inline))
#else
#define OP_INLINE inline
#endif

#define ONE_OVER_SQRT_TWO_PI 0.3989422804014327

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

static inline double op_sign(double a) { return (a > 0.0) - (a < 0.0); }

static inline double op_sigmoid(double a) { return a >= 0.0 ? 1.0 / (1.0 + exp(-a)) : exp(a) / (1.0 + exp(a)); }

static inline double op_normal_cdf(double a) { return 0.5 * erfc(-a * M_SQRT1_2); }

static inline double op_half_at_tie(double a, double b) { return a > b ? 1.0 : a < b ? 0.0 : 0.5; }

static inline double op_pow_slope(double a, double b)
{
    if (b == 2.0)  /* pow(a, 1) is a; the square is by far the most common power */
        return 2.0 * a;
    return b == 0.0 ? 0.0 : b * pow(a, b - 1.0);
}

/* The value of an operation of one node: a unary one, or a binary one whose other operand is the constant c. */
static OP_INLINE double op_value1(unsigned op, double x, double c)
{
    switch (op) {
#define UNARY(name, symbol, python, value, slope) \
    case OP_##name: { const double a = x; return value; }
#include "operations/ops.def"
#define BINARY(name, symbol, python, value, slope_a, slope_b) \
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
#define UNARY(name, symbol, python, value, slope) \
    case OP_##name: { const double a = x; (void)a; return slope; }
#include "operations/ops.def"
#define BINARY(name, symbol, python, value, slope_a, slope_b) \
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
#define BINARY(name, symbol, python, value, slope_a, slope_b) case OP_##name: return value;
#include "operations/ops.def"
    }
    return a;
}

/* Both slopes of an operation of two nodes, whose result is y. */
static inline void op_slope2(unsigned op, double a, double b, double y, double *da, double *db)
{
    (void)y;
    switch (op) {
#define BINARY(name, symbol, python, value, slope_a, slope_b) case OP_##name: *da = slope_a; *db = slope_b; return;
#include "operations/ops.def"
    }
}

/* For each code: the symbol, the row's name, and the Python function to ask where a result is not finite, or "". */
static const struct op_row { const char *symbol, *name, *python; } op_rows[] = {
    {"", "leaf", ""},
#define UNARY(name, symbol, python, value, slope) {symbol, #name, python},
#include "operations/ops.def"
#define BINARY(name, symbol, python, value, slope_a, slope_b) {symbol, #name, python},
#include "operations/ops.def"
#define BINARY(name, symbol, python, value, slope_a, slope_b) {symbol, #name, python},
#include "operations/ops.def"
#define BINARY(name, symbol, python, value, slope_a, slope_b) {symbol, #name, python},
#include "operations/ops.def"
#define NARY(name, symbol) {symbol, #name, ""},
#include "operations/ops.def"
};

static const unsigned char op_guarded[] = {
    0,
#define UNARY(name, symbol, python, value, slope) sizeof(python) > 1,
#include "operations/ops.def"
#define BINARY(name, symbol, python, value, slope_a, slope_b) sizeof(python) > 1,
#include "operations/ops.def"
#define BINARY(name, symbol, python, value, slope_a, slope_b) sizeof(python) > 1,
#include "operations/ops.def"
#define BINARY(name, symbol, python, value, slope_a, slope_b) sizeof(python) > 1,
#include "operations/ops.def"
};

/* Does the value y need Python's word on whether it is one? */
static inline int op_doubtful(unsigned op, double y) { return op < OP_FIRST_NARY && op_guarded[op] && !isfinite(y); }

#endif

/* An algebra: what expressions are evaluated in where their operands are not numbers but symbols: items of a program
 * (programs/dag.h), or nodes of the tape.
 *
 * An algebra has a function for each way to make a symbol; the first member of its state is this struct. So whatever is
 * written on an algebra, the op table's slopes and the composite operations, serves all of them. A function that runs
 * out of memory says so in its algebra's state and returns a symbol all the same: look at the end.
 */
#ifndef FASTGRAD_ALGEBRA_H
#define FASTGRAD_ALGEBRA_H

#include "operations/ops.h"

typedef uint32_t symbol;

#define NO_SYMBOL UINT32_MAX

struct algebra {
    symbol (*constant)(struct algebra *s, double x);
    symbol (*one)(struct algebra *s, unsigned op, symbol a);
    symbol (*two)(struct algebra *s, unsigned op, symbol a, symbol b);
    symbol (*sum)(struct algebra *s, const symbol *x, uint32_t n);                /* added in order; 0 of nothing */
    symbol (*dot)(struct algebra *s, symbol bias, const symbol *x, uint32_t n);   /* + n products of pairs; or no bias */
    symbol (*select)(struct algebra *s, symbol condition, symbol yes, symbol no); /* yes where the first is not 0 */
    symbol (*stop)(struct algebra *s, symbol a);                /* a, through which no gradient flows */
    symbol (*sloped)(struct algebra *s, symbol y, symbol x, symbol slope); /* y, whose gradient times a slope flows to x,
                                                                            * too */
    int (*known)(struct algebra *s, symbol a, double *x);       /* is it a constant? its number */
};

static inline symbol two_number(struct algebra *s, unsigned op, symbol a, double b)
{
    return s->two(s, op, a, s->constant(s, b));
}

/* A row's value, and its slopes by its operands, where y is its value; b is any symbol for an operation of one. Written
 * by src/expressions.py from the text of the row. */
symbol op_value_symbol(struct algebra *s, unsigned op, symbol a, symbol b);
symbol op_slope_a_symbol(struct algebra *s, unsigned op, symbol a, symbol b, symbol y);
symbol op_slope_b_symbol(struct algebra *s, unsigned op, symbol a, symbol b, symbol y);

#endif

/* Operations on many symbols, as operations of one and two: see algebra.h.
 *
 * Softmax and its relatives subtract the largest operand, through which no gradient flows, so that they do not
 * overflow.
 */
#ifndef FASTGRAD_COMPOSITES_H
#define FASTGRAD_COMPOSITES_H

#include "operations/algebra.h"

/* The n-ary operation of n operands (as nary.h has them) in x, which has room for as many again and is used up. Its
 * results are then the first in x. Returns how many there are; 0 where an operation has no formula. */
uint32_t nary_symbols(struct algebra *s, unsigned op, symbol *x, uint32_t n);

/* x becomes its softmax. */
void softmax_symbols(struct algebra *s, symbol *x, uint32_t n);

/* The logarithm of the sum of exponentials; x is used up. */
symbol logsumexp_symbol(struct algebra *s, symbol *x, uint32_t n);

/* The square root of what is not negative, with the slope 0 at 0. */
symbol root_symbol(struct algebra *s, symbol x);

#endif

/* The chain rule on symbols (algebra.h): what passes through an operation, forward a tangent, backward an adjoint.
 *
 * Both are a flow: an amount, and where choices are passed a condition. Where this is 0 nothing flows: a choice that was
 * not taken passes on nothing, not even 0 times infinity. Symbol 0 is none in every algebra: as an amount nothing, as a
 * condition that there is none.
 */
#ifndef FASTGRAD_CHAIN_H
#define FASTGRAD_CHAIN_H

#include "operations/algebra.h"

struct flow {
    symbol amount, alive;
};

/* What comes through an operation by its k-th operand; b is any symbol for an operation of one, y the result. */
struct flow flow_through(struct algebra *s, unsigned op, int k, symbol a, symbol b, symbol y, struct flow in);

/* What is multiplied by it, where what comes through is such a product whatever the numbers are; else 0. */
symbol factor_through(struct algebra *s, unsigned op, int k, symbol a, symbol b, symbol y);

/* The same by a slope of an operation, or a derivative of one. */
struct flow flow_by_slope(struct algebra *s, unsigned op, struct flow in, symbol slope);

/* The product of two. */
struct flow flow_product(struct algebra *s, struct flow x, struct flow y);

/* What comes to or from a choice's case that is taken where the condition is not 0, if `truth` is set, else where it is. */
struct flow flow_to_case(struct algebra *s, symbol condition, int truth, struct flow in);
struct flow flow_from_cases(struct algebra *s, symbol condition, struct flow yes, struct flow no);

/* Both together. */
struct flow flow_sum(struct algebra *s, struct flow x, struct flow y);

#endif

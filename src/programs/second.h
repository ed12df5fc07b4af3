/* Second derivatives of a program's value, as items of a graph.
 *
 * They are the sum, over all items, of the item's adjoint times the second derivatives of its own operation times
 * tangents of its operands: they are symmetric to the last bit, and cost what the inputs below each item do. Second
 * derivatives by bases (derive.h) are added up first, and multiplied by tangents once.
 */
#ifndef FASTGRAD_SECOND_H
#define FASTGRAD_SECOND_H

#include "programs/derive.h"

/* Writes to entry[i (i + 1) / 2 + j], j <= i, the second derivative of the roots by the i-th and j-th of the inputs, of
 * which there are n, after bases and adjoints. */
void derive_second(struct derivation *v, uint32_t n, struct flow *entry);

#endif

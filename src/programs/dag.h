/* The operations of a program as a directed acyclic graph, in which each is made once (hash consing, which eliminates
 * common subexpressions).
 *
 * An item is an input, a number captured from outside, a constant, or an operation on items before it. Making an item
 * that is there already gives that one; an operation on constants is a constant; operations that change nothing are
 * left out, as far as that is exact for all numbers (or, where `exact` is not set, to a few roundings, with nan and
 * infinities in the same places) and has the same slopes. So identity is equality, and the order of the items is a
 * topological order.
 *
 * Items are the symbols of an algebra (operations/algebra.h), which is how operations are made. Where memory fails,
 * `failed` is set, and items are 0 from then on, which is always one: look at the end.
 */
#ifndef FASTGRAD_DAG_H
#define FASTGRAD_DAG_H

#include <string.h>

#include "operations/algebra.h"
#include "programs/program.h"

enum { ITEM_constant = STEP_END, ITEM_input, ITEM_captured };  /* beside the steps' ops */

/* What is known of an item: its numbers are the same always, or for all rows of a call, or not; can one be -0.0? */
enum { KNOWN_constant, KNOWN_uniform, KNOWN_varies, KNOWN_level = 3, MAY_BE_MINUS_ZERO = 4 };

struct dag {
    struct algebra algebra;
    struct step *item;  /* a and b: of a constant the bits of its number; a: of an input or captured number its place */
    uint32_t *hash;
    uint8_t *known;
    uint32_t count, capacity;
    uint32_t *operand;  /* of the items, as a program has them */
    uint32_t operands, operand_capacity;
    uint32_t *table;    /* items by hash, 0 where there is none */
    uint32_t table_size;
    symbol zero, one;
    int exact;  /* make nothing that is rounded in another way */
    int failed;
};

int dag_begin(struct dag *d); /* 0 where there is no memory */
void dag_free(struct dag *d);

/* Have room for so many items, as there are going to be: it saves moving them again and again. */
void dag_reserve(struct dag *d, uint64_t items);

symbol dag_input(struct dag *d, uint32_t place);
symbol dag_captured(struct dag *d, uint32_t place);
symbol dag_constant(struct dag *d, double x);
symbol dag_negative(struct dag *d, symbol a);
symbol dag_call(struct dag *d, uint32_t function, const symbol *x, uint32_t n);

/* For what makes items of its own: an operand after the last one. */
void push_operand(struct dag *d, symbol i);

/* Reallocate an array that has grown; 0 where there is no memory, and it stays as it was. */
int grow_array(void **array, size_t size);

static inline double constant_at(const struct dag *d, symbol i)
{
    double x;
    memcpy(&x, &d->item[i].a, sizeof(x));
    return x;
}

static inline int is_constant(const struct dag *d, symbol i) { return d->item[i].op == ITEM_constant; }

static inline uint32_t level_of(const struct dag *d, symbol i) { return d->known[i] & KNOWN_level; }

#endif

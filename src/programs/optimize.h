/* From the items of a graph (dag.h) to the steps of a program: what nothing needs is dropped, sums and their products
 * become dot products, what no row changes comes first.
 *
 * The terms of a sum keep their order, so that its roundings are those of the program that was recorded. The passes are
 * linear in the number of items.
 */
#ifndef FASTGRAD_OPTIMIZE_H
#define FASTGRAD_OPTIMIZE_H

#include "programs/dag.h"

struct term;

struct optimizer {
    struct dag *d;
    uint32_t *uses;    /* of each item, by items that are needed */
    uint32_t *value;   /* of each item: its number among the program's values */
    uint32_t capacity;
    struct term *term; /* the terms of a sum, from the last to the first */
    uint32_t terms, term_capacity;
    uint32_t minus_one;
};

/* What a program has. */
struct counts { uint32_t constants, uniform_steps, steps, operands; };

/* Optimises the items of a graph, to compute n of them; 0 where there is no memory. To be freed in any case. */
int optimizer_begin(struct optimizer *o, struct dag *d, const symbol *roots, uint32_t n);
void optimizer_free(struct optimizer *o);

/* Numbers the program's values; `value` has those of the items then. */
struct counts number_values(struct optimizer *o, uint32_t inputs, uint32_t captured);

/* Write the constants, and the steps and their operands, into arrays of the sizes counted. */
void write_constants(const struct optimizer *o, double *constant);
void write_steps(const struct optimizer *o, struct step *step, uint32_t *operand);

#endif

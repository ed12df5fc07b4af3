/* One row of a program, one step after the other: values, and adjoints from the last step to the first.
 *
 * Values are those of eager code, bit for bit: the same C library, the same order of additions.
 */
#ifndef FASTGRAD_ONE_ROW_H
#define FASTGRAD_ONE_ROW_H

#include "analysis.h"

/* A step that knows what is asked of it; the codes are in one_row.c. */
struct row_step {
    uint32_t code, y, a, b, c;
};

struct row_plan {
    struct row_step *forward, *backward; /* the last of each has the code of the end */
    int careful;                         /* may a value have no gradient in some row? */
};

/* Makes a plan of the steps in a range. Returns 0, or -1 where there is no memory. */
int make_row_plan(struct row_plan *plan, const struct program *p, const unsigned char *flags, int careful,
                  uint32_t from, uint32_t to);
void free_row_plan(struct row_plan *plan);

/* Computes the steps' values from those below them. Neither needs the program's other arrays. */
void row_forward(const struct row_plan *plan, const uint32_t *operand, double *value);

/* Adds what the steps' adjoints give to their operands' adjoints. */
void row_backward(const struct row_plan *plan, const uint32_t *operand, const double *value, double *adjoint);

/* The adjoint of a value that no gradient has come to: what is added to it becomes the sum. It is not 0: a gradient
 * that is 0 makes nan of an infinite slope, and none does not. */
#define NO_GRADIENT (-0.0)

#endif

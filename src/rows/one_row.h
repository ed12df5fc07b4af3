/* One row of a program, one step after the other: values, and adjoints from the last step to the first.
 *
 * Values are those of eager code, bit for bit: the same C library, the same order of additions.
 *
 * A sweep is steps of the same kind as those that compute values. An adjoint is written once, as the sum of all that is
 * given to it, most of which is a product of an adjoint and a value; so it is a dot product, and nothing is cleared or
 * added to in memory. Numbers of a row lie in one array:
 *
 *   values, by their numbers | their adjoints | 1, -1 | what is given that is no such product
 *
 * Before a sweep the adjoints of outputs are those that they have from outside, and those of values that no step gives
 * anything to are NO_GRADIENT.
 */
#ifndef FASTGRAD_ONE_ROW_H
#define FASTGRAD_ONE_ROW_H

#include "programs/activity.h"

/* A step that knows what is asked of it. The codes are in one_row_codes.h, with what the other numbers are; y is always
 * the place of the result in the array. */
struct row_step {
    uint32_t code, y, a, b, c, d;
};

/* Something that is given to an adjoint. */
struct row_pair {
    uint32_t adjoint, factor;
};

struct row_plan {
    struct row_step *forward, *backward; /* the last of each has the code of the end */
    const struct program *program;       /* whose operands those of `forward` are */
    struct row_pair *pair;               /* of those of `backward` */
    uint32_t adjoints, ones;             /* where adjoints, and 1 and -1, begin in the array */
    uint32_t length;                     /* of the array */
};

/* The steps on values that no row changes, whose adjoints all have something from outside; the others. */
enum part { UNIFORM_PART, VARYING_PART };

/* Makes a plan of a part of the steps; careful, if a value may have no gradient in some row. Returns 0, or -1 where
 * there is no memory. */
int make_row_plan(struct row_plan *plan, const struct program *p, const unsigned char *flags, int careful,
                  enum part part);
void free_row_plan(struct row_plan *plan);

/* Computes the values of steps from those below them. */
void row_forward(const struct row_plan *plan, double *number);

/* Writes n results, which are numbers of the row. */
void row_results(const uint32_t *result, uint32_t n, const double *number, double *to);

/* Computes the adjoints. */
void row_backward(const struct row_plan *plan, double *number);

/* The first guard with another outcome than recorded, or -1. */
int64_t first_failed(const struct program *p, const double *value);

#endif

/* Which dots of a program are a matrix times the same factors: layers of networks, mostly.
 *
 * They are the rows of it that follow one another among all such dots. A matrix may be computed in place of the first of
 * them, and swept there, too.
 */
#ifndef FASTGRAD_MATRICES_H
#define FASTGRAD_MATRICES_H

#include "rows/kernels.h"

struct matrices {
    struct matrix *matrix;
    uint32_t *of;       /* of each step the number of its matrix; NO_VALUE where it is of none */
    uint32_t *weight;   /* of each weight the number of its uniform */
    uint32_t *slope;    /* of each adjoint of a weight the uniform that it is given to; NO_VALUE where not wanted */
    uint32_t *x;        /* what the matrices point to, */
    struct matrix_output *output; /* by turns */
    struct matrix_input *input;
    uint32_t n, weights, slopes;
};

/* Makes the matrices of a program, with flags of `analyse`; none, if it is a careful one. In place of slots they have
 * the numbers of values. Returns 0, or -1 where there is no memory; to be freed in any case. */
int make_matrices(struct matrices *m, const struct program *p, const unsigned char *flags, int careful);
void free_matrices(struct matrices *m);

/* The weights of a call, from its uniforms. */
void gather_weights(const struct matrices *m, const double *uniform, double *weight);

#endif

/* A program as a list of kernels: which compute a block of rows, and which sweep it.
 *
 * Values and adjoints get slots; a slot is used again once nobody needs its numbers any more. A sweep needs all values.
 */
#ifndef FASTGRAD_LANE_PLAN_H
#define FASTGRAD_LANE_PLAN_H

#include "rows/matrices.h"

struct step_list {
    struct block_step *step;
    uint32_t n, capacity;
};

/* Where an output's adjoint is; `to` is NO_VALUE where no gradient flows through it. */
struct output_seed {
    uint32_t to, from;
};

struct block_plan {
    struct step_list forward, backward;
    struct factor_pair *pair;
    struct matrices matrices;
    uint32_t *input, *output;         /* slots of values; NO_VALUE of an input that nobody needs */
    uint32_t failed;                  /* the slot of what guards came out as; NO_VALUE where none are asked */
    uint32_t *input_adjoint;          /* slots of adjoints */
    struct output_seed *seed;           /* of each output */
    uint32_t values, adjoints;        /* how many slots there are */
};

/* Makes a plan, in which so many of the guards are checked; flags are those of `analyse`. Returns 0, or -1 where there
 * is no memory. */
int make_block_plan(struct block_plan *plan, const struct program *p, const unsigned char *flags, uint32_t guards,
                   int careful);
void free_block_plan(struct block_plan *plan);

#endif

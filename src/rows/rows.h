/* Running a program over rows: many at a time in blocks, whose rows are the lanes of vector instructions; few one by
 * one.
 *
 * A plan says how, for what is asked of the program. It is only read once it is made; each thread runs with a `work` of
 * its own. The numbers do not depend on how rows are divided into calls of `run_rows`, as long as these begin at
 * multiples of `plan.rows`.
 */
#ifndef FASTGRAD_LANES_H
#define FASTGRAD_LANES_H

#include "rows/block_plan.h"

struct plan {
    const struct program *program;
    struct wanted wanted;
    unsigned char *flags;
    int hasty;             /* is nothing taken for 0? Then a nan is looked into: see struct sums */
    struct row_plan uniform_steps, varying_steps; /* the latter for rows that are few */
    struct block_plan block;
    uint64_t rows;         /* in a block */
    uint64_t rows_a_piece; /* which take some milliseconds; a multiple of the above */
    struct work *spare; /* for the next call; who takes it holds the GIL */
    struct plan *next;  /* of the same program's */
};

/* Where an input's numbers are: row r's is first[r * step]. */
struct column {
    const double *first;
    uint64_t step;
};

/* What a call is given and gives, arrays of the caller's; those that are NULL are not given or not wanted. */
struct call {
    const double *x;       /* (rows, inputs), */
    const struct column *column; /* or (inputs,), where x is NULL */
    const double *seeds;   /* (rows, outputs): factors of the outputs, 1 where NULL */
    const double *uniform; /* by their numbers: the values that are the same for all rows */
    const double *weight;  /* of the plan's matrices: see gather_weights */
    const int64_t *indices; /* (rows,): where in x, values and input_grads each row lies; NULL: in order */
    double *values;        /* (rows, outputs) */
    int32_t *failed;       /* (rows,): the first guard with another outcome, or -1 */
    double *input_grads;   /* (rows, inputs) */
};

/* Sums over rows, to which a call adds. */
struct sums {
    double total;            /* of outputs times seeds */
    uint64_t passed_rows;    /* rows with the outcomes of the guards */
    double *uniform_adjoint; /* by their numbers, as in call.uniform */
    uint64_t doubtful;       /* rows and blocks with a nan in a gradient, which is perhaps infinity times nothing; a
                                careful plan tells */
    char apart[128];         /* threads at work on neighbouring sums must not share a line of the cache */
};

struct plan *make_plan(const struct program *p, struct wanted wanted); /* NULL: no memory */
void free_plan(struct plan *plan);

/* Memory to run so many rows with; NULL: there is none. */
struct work *make_work(const struct plan *plan, uint64_t rows);
void free_work(struct work *work);
int work_suffices(const struct work *work, const struct plan *plan, uint64_t rows);

void run_rows(const struct plan *plan, const struct call *call, uint64_t from, uint64_t to, struct work *work,
              struct sums *sums);

/* Does a call of so many rows need its weights, and its sums to be finished? */
int uses_weights(const struct plan *plan, const struct call *call, uint64_t rows);

/* Adds to sums what is kept in memory for them until the last of their rows has run. */
void finish_sums(const struct plan *plan, struct work *work, struct sums *sums);

/* How many values are the same for all rows, if the inputs, whose places are left free, are counted in. */
static inline uint64_t uniform_end(const struct program *p) { return (uint64_t)first_step(p) + p->uniform_steps; }

/* The next of the pieces of work that threads share. */
uint64_t take_piece(uint64_t *next);

#endif

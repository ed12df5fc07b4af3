/* The kernels that compute a block of rows, one step at a time, and tables of them, one for each instruction set.
 *
 * A varying value has a slot, a row of `width` numbers, and so has its adjoint; a uniform value is one number. Slots lie
 * `stride` numbers apart. A kernel knows which of its operands are which. Contributions to an adjoint are added to what
 * is in slot `from` and written to slot `to`, which are the same but for the first, where `from` is NOTHING: so no
 * adjoint has to be cleared.
 *
 * The numbers beyond the last row of a block are those of its last row, and no gradient.
 */
#ifndef FASTGRAD_LANE_KERNELS_H
#define FASTGRAD_LANE_KERNELS_H

#include "rows/one_row.h"

enum { LANES = 8 }; /* widths are multiples of it */

enum { GROUP = 4 }; /* inputs of a matrix whose weights get their gradients at a time */

enum { PASSED = -1 }; /* instead of a guard's number: every guard had its outcome */

enum {
    NOTHING = 0,              /* the adjoint slot that is all NO_GRADIENT */
    UNIFORM = (int)(1u << 30) /* added to an operand of a dot: it is a uniform's number */
};

struct block_step;
struct block;
typedef void kernel(const struct block_step *s, const struct block *block);

struct block_step {
    kernel *run;
    uint32_t y, a, b; /* slots of values; of a dot, sum, select or call, a is its first pair, operand or case, b the bias */
    uint32_t n;       /* pairs, operands; of a check the guard's outcome, whose number is b, as a call's function is */
    uint32_t g;       /* slot of the adjoint of y */
    uint32_t to, from;
};

/* Two factors; `to` is NO_VALUE where no gradient is wanted. A uniform factor is always the second. */
struct factor_pair {
    uint32_t a, b, a_to, a_from, b_to, b_from;
};

/* Dots of the same factors, the inputs, each with uniform weights of its own and a bias. Weights lie by outputs, of which
 * each has `stride` places, a multiple of GROUP, for its inputs and perhaps a few more. */
struct matrix {
    uint32_t first;               /* step */
    uint32_t inputs, outputs, stride;
    uint32_t pulled;              /* outputs, the first of them, through which a gradient flows */
    uint32_t active;              /* inputs that it flows to */
    uint32_t weights;             /* where they begin among a call's */
    uint32_t slopes;              /* the same of their adjoints; NO_VALUE where none is wanted */
    uint32_t *x;                  /* slots of the inputs, with one for each of the stride's places */
    struct matrix_output *output;
    struct matrix_input *input;   /* the active ones */
};

struct matrix_output {
    uint32_t y, g;                /* slots of the value and of its adjoint */
    uint32_t bias, bias_to;       /* a uniform's number, or NO_VALUE: the second, where no gradient is wanted, too */
};

struct matrix_input {
    uint32_t place;               /* among the inputs */
    uint32_t to, from;
};

struct block {
    double *value, *adjoint;   /* slots */
    double *scratch;           /* a slot to compute in */
    const double *uniform;     /* by their numbers, as uniform_adjoint */
    double *uniform_adjoint;
    const struct factor_pair *pair;
    const struct program *program;
    const struct matrix *matrix;
    const double *weight;      /* of the matrices, as weight_adjoint */
    double *weight_adjoint;
    uint64_t stride, width, rows;
};

enum form { BOTH_VARY, FIRST_VARIES, SECOND_VARIES, FORMS };

enum { TWOS = OP_FIRST_NARY - OP_FIRST_BINARY };

struct kernels {
    kernel *one[OP_FIRST_VC], *two[FORMS][TWOS], *dot, *sum, *select, *call, *spread;
    kernel *matrix, *pull_inputs, *pull_weights, *pull_biases;
    kernel *check_first, *check;
    uint64_t (*has_nan)(const double *slot, uint64_t width);
    kernel *seed;  /* 1 for each row, added to an adjoint */
    double (*total)(const double *x, uint64_t n);
    /* backward; the second are the careful ones, for programs where a row may have no gradient: see one_row.h */
    kernel *pull_one[2][OP_FIRST_VC], *pull_first[2][FORMS][TWOS], *pull_second[2][FORMS][TWOS];
    kernel *pull_dot[2], *pull_bias, *pull_uniform_bias, *pull_select;
};

/* Those that compute as eager code does, bit for bit; those of instruction sets; the set in use. */
extern const struct kernels kernels_exact, kernels_baseline, kernels_avx2, kernels_avx512, kernels_neon,
    *kernels_in_use;

/* A set to use instead, for tests: its name, or NULL where there is none of that number. */
const char *choose_kernels(unsigned number);

#endif

/* The kernels that compute a block of rows, one step at a time, and tables of them, one for each instruction set.
 *
 * A varying value has a slot, a row of `width` numbers, and so has its adjoint; a uniform value is one number. A kernel
 * knows which of its operands are which. Contributions to an adjoint are added to what is in slot `from` and written to
 * slot `to`, which are the same but for the first, where `from` is NOTHING: so no adjoint has to be cleared.
 *
 * The numbers beyond the last row of a block are those of its last row, and no gradient.
 */
#ifndef FASTGRAD_LANE_KERNELS_H
#define FASTGRAD_LANE_KERNELS_H

#include "rows/one_row.h"

enum { LANES = 8, MOST_ROWS = 256 }; /* widths are multiples of the first, up to the second */

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
    uint32_t y, a, b; /* slots of values; of a dot, sum or select, a is its first pair, operand or case */
    uint32_t n;       /* pairs, operands; of a check the guard's outcome, whose number is b */
    uint32_t g;       /* slot of the adjoint of y */
    uint32_t to, from;
};

/* Two factors; `to` is NO_VALUE where no gradient is wanted. A uniform factor is always the second. */
struct factor_pair {
    uint32_t a, b, a_to, a_from, b_to, b_from;
};

struct block {
    double *value, *adjoint;   /* slots */
    double *scratch;           /* a slot to compute in */
    const double *uniform;     /* by their numbers, as uniform_adjoint */
    double *uniform_adjoint;
    const struct factor_pair *pair;
    uint64_t width, rows;
};

enum form { BOTH_VARY, FIRST_VARIES, SECOND_VARIES, FORMS };

enum { TWOS = OP_FIRST_NARY - OP_FIRST_BINARY };

struct kernels {
    kernel *one[OP_FIRST_VC], *two[FORMS][TWOS], *dot, *sum, *select, *spread;
    kernel *check_first, *check;
    /* backward; the second are the careful ones, for programs where a row may have no gradient: see one_row.h */
    kernel *pull_one[2][OP_FIRST_VC], *pull_first[2][FORMS][TWOS], *pull_second[2][FORMS][TWOS];
    kernel *pull_dot[2], *pull_bias, *pull_uniform_bias, *pull_select;
};

#if defined(__GNUC__) && defined(__x86_64__)
#define FOR_X86 1
#endif

/* Those that compute as eager code does, bit for bit; those of instruction sets; the set in use. */
extern const struct kernels kernels_exact, kernels_baseline, kernels_avx2, kernels_avx512, *kernels_in_use;

/* A set to use instead, for tests: its name, or NULL where there is none of that number. */
const char *choose_kernels(unsigned number);

#endif

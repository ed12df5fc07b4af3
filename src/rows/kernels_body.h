/* The kernels of one instruction set: included by the C file of each, which defines
 *
 *   SET                the name of it, which its table and functions have in theirs
 *   EXACT              1 to call the C library for everything
 *   VECTOR             a type of VECTOR_ROWS numbers, with WIDE_FMA(a, b, c) the sum a * b + c of such, and WIDE_SUM(a)
 *                      the sum of its numbers, if not portable.h's of two numbers, or single numbers
 *   FMA(a, b, c)       a * b + c of numbers; HAS_EXACT_PRODUCTS: is it rounded once?
 *
 * Loops over a block's rows have no other branches, so that the compiler makes vector instructions of them.
 */

ENTRIES_ARE_REPLACED

#define GLUE_NAMES(name, set) name##_##set
#define GLUE(name, set) GLUE_NAMES(name, set)
#define LANE(name) GLUE(name, SET)

#ifndef VECTOR
#if HAS_VECTORS
#define VECTOR two_numbers
#define VECTOR_ROWS 2
#define WIDE_SUM(a) ((a)[0] + (a)[1])
#else
#define VECTOR double
#define VECTOR_ROWS 1
#define WIDE_SUM(a) (a)
#endif
#define FMA(a, b, c) ((a) * (b) + (c))
#define WIDE_FMA(a, b, c) ((a) * (b) + (c))
#define HAS_EXACT_PRODUCTS 0
#endif

#ifndef TILE
#define TILE 4
#define TILE_VECTORS 2
#define WEIGHT_OUTPUTS 2
#endif
#ifndef ADD_SUMS
#define ADD_SUMS(to, sum) for (int l = 0; l < GROUP; l++) (to)[l] += WIDE_SUM((sum)[l]);
#endif

#if !EXACT
#include "rows/vector_math.h"
#include "rows/vector_inverse.h"
#include "rows/vector_erf.h"
#define exp LANE(exp)
#define expm1 LANE(expm1)
#define log LANE(log)
#define log1p LANE(log1p)
#define log2 LANE(log2)
#define log10 LANE(log10)
#define sinh LANE(sinh)
#define cosh LANE(cosh)
#define asinh LANE(asinh)
#define acosh LANE(acosh)
#define atanh LANE(atanh)
#define asin LANE(asin)
#define acos LANE(acos)
#define atan LANE(atan)
#define atan2 LANE(atan2)
#define cbrt LANE(cbrt)
#define erf LANE(erf)
#define erfc LANE(erfc)
#define tanh LANE(tanh)
#define sin LANE(sin)
#define cos LANE(cos)
#define tan LANE(tan)
#define op_power LANE(pow)
#define fmax LANE(fmax)
#define op_sigmoid LANE(sigmoid)
#define op_sign LANE(sign)
#define op_half_at_tie LANE(half_at_tie)
#define op_normal_cdf LANE(normal_cdf)
#define op_pow_slope LANE(pow_slope)
#endif

#define KERNEL(name) static void LANE(name)(const struct block_step *s, const struct block *block)
#define ROWS const uint64_t n = block->width / LANES * LANES; INDEPENDENT for (uint64_t i = 0; i < n; i++)
#define VALUE(slot) (double *)ALIGNED(block->value + (slot) * block->stride)
#define ADJOINT(slot) (double *)ALIGNED(block->adjoint + (slot) * block->stride)

/* What a gradient g gives through a slope. */
static OP_INLINE double LANE(given)(int careful, unsigned traits, double g, double slope)
{
    const double amount = op_given(traits, g, slope);
    uint64_t bits;
    memcpy(&bits, &g, sizeof bits);
    return !careful ? amount : bits == (uint64_t)1 << 63 ? NO_GRADIENT : op_traits_choose(traits) ? amount : amount + 0.0;
}

#define AT(pointer, i) (*(VECTOR *)((pointer) + (i)))
#define ALL(number) ((number) - (VECTOR){0.0})

static OP_INLINE VECTOR LANE(with_term)(VECTOR sum, const double *x, const double *factor, uint64_t i)
{
    if (factor)
        return WIDE_FMA(AT(x, i), AT(factor, i), sum);
    return sum + AT(x, i);
}

/* The sum of n numbers, times others where there are some; in a few parts, as each addition waits for the one before. */
static OP_INLINE double LANE(total_of)(const double *x, const double *factor, uint64_t n)
{
    enum { PARTS = 4 };
    VECTOR sum[PARTS];
    uint64_t i = 0;
    for (int p = 0; p < PARTS; p++)
        sum[p] = (VECTOR)ALL(NO_GRADIENT);
    for (; i + PARTS * VECTOR_ROWS <= n; i += PARTS * VECTOR_ROWS)
        for (int p = 0; p < PARTS; p++)
            sum[p] = LANE(with_term)(sum[p], x, factor, i + p * VECTOR_ROWS);
    for (; i < n; i += VECTOR_ROWS)
        sum[0] = LANE(with_term)(sum[0], x, factor, i);
    VECTOR total = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    return WIDE_SUM(total);
}

static double LANE(total)(const double *x, uint64_t n)
{
    const uint64_t whole = n / VECTOR_ROWS * VECTOR_ROWS;
    double rest = NO_GRADIENT;
    for (uint64_t i = whole; i < n; i++)
        rest += x[i];
    return LANE(total_of)(x, NULL, whole) + rest;
}

/* The sum over a block's rows of numbers of which there are `width`. */
static OP_INLINE double LANE(sum_of)(const struct block *block, double *x)
{
    for (uint64_t i = block->rows; i < block->width; i++)
        x[i] = NO_GRADIENT;
    return LANE(total_of)(x, NULL, block->width);
}

/* A sum of a gradient, times factors where there are some, if it is that of the rows: beyond them a gradient is none,
 * unless that became nan. */
static OP_INLINE double LANE(checked_sum)(const struct block *block, double total, const double *g,
                                          const double *factor)
{
    if (total == total || block->rows == block->width)
        return total;
    double *given = block->scratch;
    for (uint64_t i = 0; i < block->rows; i++)
        given[i] = factor ? g[i] * factor[i] : g[i];
    return LANE(sum_of)(block, given);
}

static OP_INLINE double LANE(gradient_sum)(const struct block *block, const double *g, const double *factor)
{
    return LANE(checked_sum)(block, LANE(total_of)(g, factor, block->width), g, factor);
}

/* Forms of operands. The numbers of a uniform one are read once. */
#define FIRST_OF_BOTH_VARY x[i]
#define FIRST_OF_FIRST_VARIES x[i]
#define FIRST_OF_SECOND_VARIES u
#define SECOND_OF_BOTH_VARY z[i]
#define SECOND_OF_FIRST_VARIES u
#define SECOND_OF_SECOND_VARIES z[i]
#define OPEN_BOTH_VARY const double *x = VALUE(s->a), *z = VALUE(s->b);
#define OPEN_FIRST_VARIES const double *x = VALUE(s->a), u = block->uniform[s->b];
#define OPEN_SECOND_VARIES const double *z = VALUE(s->b), u = block->uniform[s->a];
#define OPERANDS(form) const double a = FIRST_OF_##form, b = SECOND_OF_##form; (void)a; (void)b;

#define TO_SLOT(careful, traits, form, slope) \
    { \
        OPEN_##form \
        const double *g = ADJOINT(s->g), *from = ADJOINT(s->from), *result = VALUE(s->y); \
        double *to = ADJOINT(s->to); \
        (void)result; \
        ROWS { \
            OPERANDS(form) \
            const double y = result[i]; \
            (void)y; \
            to[i] = from[i] + LANE(given)(careful, traits, g[i], slope); \
        } \
    }

#define TO_UNIFORM(careful, traits, form, slope) \
    { \
        OPEN_##form \
        const double *g = ADJOINT(s->g), *result = VALUE(s->y); \
        double *to = block->scratch; \
        (void)result; \
        ROWS { \
            OPERANDS(form) \
            const double y = result[i]; \
            (void)y; \
            to[i] = LANE(given)(careful, traits, g[i], slope); \
        } \
        block->uniform_adjoint[s->to] += LANE(sum_of)(block, to); \
    }

/* Operations of one value, of two. */

#define ONE_PULL(careful, traits, kernel, slope) \
    KERNEL(kernel) \
    { \
        const double *x = VALUE(s->a), *g = ADJOINT(s->g), *from = ADJOINT(s->from), *result = VALUE(s->y); \
        double *to = ADJOINT(s->to); \
        (void)result; (void)x; \
        ROWS { \
            const double a = x[i], y = result[i]; \
            (void)a; (void)y; \
            to[i] = from[i] + LANE(given)(careful, traits, g[i], slope); \
        } \
    }
#define UNARY(name, symbol, python, continuity, replay, zero, value, slope) \
    KERNEL(value_##name) \
    { \
        const double *x = VALUE(s->a); \
        double *y = VALUE(s->y); \
        ROWS { const double a = x[i]; y[i] = value; } \
    } \
    ONE_PULL(0, TRAIT_##continuity, pull0_##name, slope) \
    ONE_PULL(1, TRAIT_##continuity, pull1_##name, slope)
#include "operations/ops.def"

#define TWO_VALUE(form, kernel, value) \
    KERNEL(kernel) \
    { \
        OPEN_##form \
        double *y = VALUE(s->y); \
        ROWS { OPERANDS(form) y[i] = value; } \
    }
#define TWO_PULLS(careful, traits, first, second, slope_a, slope_b) \
    KERNEL(BOTH_VARY_##first) TO_SLOT(careful, traits, BOTH_VARY, slope_a) \
    KERNEL(BOTH_VARY_##second) TO_SLOT(careful, traits, BOTH_VARY, slope_b) \
    KERNEL(FIRST_VARIES_##first) TO_SLOT(careful, traits, FIRST_VARIES, slope_a) \
    KERNEL(FIRST_VARIES_##second) TO_UNIFORM(careful, traits, FIRST_VARIES, slope_b) \
    KERNEL(SECOND_VARIES_##first) TO_UNIFORM(careful, traits, SECOND_VARIES, slope_a) \
    KERNEL(SECOND_VARIES_##second) TO_SLOT(careful, traits, SECOND_VARIES, slope_b)
#define BINARY(name, symbol, python, continuity, replay, zero, value, slope_a, slope_b) \
    TWO_VALUE(BOTH_VARY, BOTH_VARY_##name, value) \
    TWO_VALUE(FIRST_VARIES, FIRST_VARIES_##name, value) \
    TWO_VALUE(SECOND_VARIES, SECOND_VARIES_##name, value) \
    TWO_PULLS(0, TRAIT_##continuity, first0_##name, second0_##name, slope_a, slope_b) \
    TWO_PULLS(1, TRAIT_##continuity, first1_##name, second1_##name, slope_a, slope_b)
#include "operations/ops.def"

#if !EXACT
#include "rows/kernels_checked.h"
#endif

/* Dots: as many rows at a time as sums fit into registers. */

#define SUMS 8  /* vectors, in registers */

static OP_INLINE void LANE(dot_rows)(const struct block_step *s, const struct block *block, uint64_t i, int vectors)
{
    const struct factor_pair *pair = block->pair + s->a;
    const double *bias = s->b == NO_VALUE || s->b & UNIFORM ? NULL : VALUE(s->b);
    const double start = s->b == NO_VALUE || bias ? NO_GRADIENT : block->uniform[s->b & ~UNIFORM];
    double *y = VALUE(s->y);
    VECTOR sum[SUMS];
    for (int v = 0; v < vectors; v++)
        sum[v] = bias ? AT(bias, i + v * VECTOR_ROWS) : (VECTOR)ALL(start);
    for (uint32_t k = 0; k < s->n; k++) {
        const double *x = VALUE(pair[k].a);
        if (pair[k].b & UNIFORM) {
            VECTOR w = ALL(block->uniform[pair[k].b & ~UNIFORM]);
            for (int v = 0; v < vectors; v++)
                sum[v] = WIDE_FMA(AT(x, i + v * VECTOR_ROWS), w, sum[v]);
        } else {
            const double *z = VALUE(pair[k].b);
            for (int v = 0; v < vectors; v++)
                sum[v] = WIDE_FMA(AT(x, i + v * VECTOR_ROWS), AT(z, i + v * VECTOR_ROWS), sum[v]);
        }
    }
    for (int v = 0; v < vectors; v++)
        AT(y, i + v * VECTOR_ROWS) = sum[v];
}

KERNEL(dot)
{
    uint64_t i = 0;
    for (; i + SUMS * VECTOR_ROWS <= block->width; i += SUMS * VECTOR_ROWS)
        LANE(dot_rows)(s, block, i, SUMS);
    for (; i < block->width; i += VECTOR_ROWS)
        LANE(dot_rows)(s, block, i, 1);
}

static OP_INLINE void LANE(factor_rows)(int careful, const struct block *block, const double *g, const double *other,
                                        double uniform, uint32_t to_slot, uint32_t from_slot)
{
    const double *from = ADJOINT(from_slot);
    double *to = ADJOINT(to_slot);
    if (careful) {
        ROWS to[i] = from[i] + LANE(given)(1, 0, g[i], other ? other[i] : uniform);
    } else if (other) {
        ROWS to[i] = FMA(g[i], other[i], from[i]);
    } else {
        ROWS to[i] = FMA(g[i], uniform, from[i]);
    }
}

static OP_INLINE double LANE(product_sum)(int careful, const struct block *block, const double *g, const double *x)
{
    if (!careful)
        return LANE(gradient_sum)(block, g, x);
    double *product = block->scratch;
    ROWS product[i] = LANE(given)(1, 0, g[i], x[i]);
    return LANE(sum_of)(block, product);
}

/* A factor that varies and one that does not, in one pass: what the first is given, if it is wanted, the sum for the
 * second, and the sum of the gradient itself for a bias, if there is one. */
static OP_INLINE void LANE(affine_rows)(const struct block_step *s, const struct block *block,
                                        const struct factor_pair *pair, int gives, int biased)
{
    enum { PARTS = 2 };
    const double *g = ADJOINT(s->g), *x = VALUE(pair->a), *from = gives ? ADJOINT(pair->a_from) : NULL;
    double *to = gives ? ADJOINT(pair->a_to) : NULL;
    const VECTOR w = ALL(block->uniform[pair->b & ~UNIFORM]);
    VECTOR sum[PARTS], product[PARTS];
    for (int p = 0; p < PARTS; p++)
        sum[p] = product[p] = (VECTOR)ALL(NO_GRADIENT);
    for (uint64_t i = 0; i < block->width; i += PARTS * VECTOR_ROWS)
        for (int p = 0; p < PARTS && i + p * VECTOR_ROWS < block->width; p++) {
            const uint64_t at = i + p * VECTOR_ROWS;
            product[p] = WIDE_FMA(AT(g, at), AT(x, at), product[p]);
            if (biased)
                sum[p] = sum[p] + AT(g, at);
            if (gives)
                AT(to, at) = WIDE_FMA(AT(g, at), w, AT(from, at));
        }
    const VECTOR products = product[0] + product[1], sums = sum[0] + sum[1];
    block->uniform_adjoint[pair->b_to] += LANE(checked_sum)(block, WIDE_SUM(products), g, x);
    if (biased)
        block->uniform_adjoint[s->b] += LANE(checked_sum)(block, WIDE_SUM(sums), g, NULL);
}

static OP_INLINE void LANE(pull_affine)(const struct block_step *s, const struct block *block,
                                        const struct factor_pair *pair, int biased)
{
    if (pair->a_to == NO_VALUE)
        biased ? LANE(affine_rows)(s, block, pair, 0, 1) : LANE(affine_rows)(s, block, pair, 0, 0);
    else
        biased ? LANE(affine_rows)(s, block, pair, 1, 1) : LANE(affine_rows)(s, block, pair, 1, 0);
}

static OP_INLINE void LANE(pull_pairs)(int careful, const struct block_step *s, const struct block *block)
{
    const double *g = ADJOINT(s->g);
    int biased = s->b != NO_VALUE;
    for (const struct factor_pair *pair = block->pair + s->a, *end = pair + s->n; pair < end; pair++) {
        const double *x = VALUE(pair->a), *z = pair->b & UNIFORM ? NULL : VALUE(pair->b);
        const double w = z ? 0.0 : block->uniform[pair->b & ~UNIFORM];
        if (!careful && !z && pair->b_to != NO_VALUE) {
            LANE(pull_affine)(s, block, pair, biased);
            biased = 0;
            continue;
        }
        if (pair->a_to != NO_VALUE)
            LANE(factor_rows)(careful, block, g, z, w, pair->a_to, pair->a_from);
        if (pair->b_to != NO_VALUE && z)
            LANE(factor_rows)(careful, block, g, x, 0.0, pair->b_to, pair->b_from);
        else if (pair->b_to != NO_VALUE)
            block->uniform_adjoint[pair->b_to] += LANE(product_sum)(careful, block, g, x);
    }
    if (biased)
        block->uniform_adjoint[s->b] += LANE(gradient_sum)(block, g, NULL);
}

KERNEL(pull_dot0) { LANE(pull_pairs)(0, s, block); }
KERNEL(pull_dot1) { LANE(pull_pairs)(1, s, block); }

/* The gradient as it is: of a bias, of an operand of a sum. */
KERNEL(pull_bias)
{
    const double *g = ADJOINT(s->g), *from = ADJOINT(s->from);
    double *to = ADJOINT(s->to);
    ROWS to[i] = from[i] + g[i];
}

KERNEL(pull_uniform_bias) { block->uniform_adjoint[s->to] += LANE(gradient_sum)(block, ADJOINT(s->g), NULL); }

/* A uniform factor of a product of two. */
KERNEL(pull_first_factor) { block->uniform_adjoint[s->to] += LANE(gradient_sum)(block, ADJOINT(s->g), VALUE(s->b)); }
KERNEL(pull_second_factor) { block->uniform_adjoint[s->to] += LANE(gradient_sum)(block, ADJOINT(s->g), VALUE(s->a)); }

KERNEL(seed)
{
    const double *from = ADJOINT(s->from);
    double *to = ADJOINT(s->to);
    ROWS to[i] = from[i] + 1.0;
    for (uint64_t i = block->rows; i < block->width; i++)
        to[i] = NO_GRADIENT;
}

#include "rows/kernels_matrix.h"
#include "rows/kernels_choices.h"

/* The table. A later entry replaces an earlier one. */

const struct kernels LANE(kernels) = {
    .dot = LANE(dot), .sum = LANE(sum), .select = LANE(select), .call = LANE(call), .spread = LANE(spread),
    .check_first = LANE(check_first), .check = LANE(check), .has_nan = LANE(has_nan), .seed = LANE(seed),
    .total = LANE(total),
    .pull_dot = {LANE(pull_dot0), LANE(pull_dot1)}, .pull_bias = LANE(pull_bias),
    .pull_uniform_bias = LANE(pull_uniform_bias), .pull_select = LANE(pull_select),
    .matrix = LANE(matrix), .pull_inputs = LANE(pull_inputs), .pull_weights = LANE(pull_weights),
    .pull_biases = LANE(pull_biases),
#define UNARY(name, ...) .one[OP_##name] = LANE(value_##name), .pull_one[0][OP_##name] = LANE(pull0_##name), \
    .pull_one[1][OP_##name] = LANE(pull1_##name),
#include "operations/ops.def"
#define FORM_ENTRIES(form, place, ending) \
    .two[form][place] = LANE(form##ending), \
    .pull_first[0][form][place] = LANE(form##_first0##ending), \
    .pull_first[1][form][place] = LANE(form##_first1##ending), \
    .pull_second[0][form][place] = LANE(form##_second0##ending), \
    .pull_second[1][form][place] = LANE(form##_second1##ending),
#define BINARY(name, ...) \
    FORM_ENTRIES(BOTH_VARY, OP_##name - OP_FIRST_BINARY, _##name) \
    FORM_ENTRIES(FIRST_VARIES, OP_##name - OP_FIRST_BINARY, _##name) \
    FORM_ENTRIES(SECOND_VARIES, OP_##name - OP_FIRST_BINARY, _##name)
#include "operations/ops.def"
    .pull_first[0][SECOND_VARIES][OP_mul - OP_FIRST_BINARY] = LANE(pull_first_factor),
    .pull_second[0][FIRST_VARIES][OP_mul - OP_FIRST_BINARY] = LANE(pull_second_factor),
#if !EXACT
    .one[OP_exp] = LANE(checked_exp),
#define CHOICE_ENTRIES(form, operand) \
    .pull_##operand[0][form][OP_max - OP_FIRST_BINARY] = LANE(form##_pull_larger_##operand), \
    .pull_##operand[0][form][OP_min - OP_FIRST_BINARY] = LANE(form##_pull_smaller_##operand),
    CHOICE_ENTRIES(BOTH_VARY, first) CHOICE_ENTRIES(BOTH_VARY, second)
    CHOICE_ENTRIES(FIRST_VARIES, first) CHOICE_ENTRIES(SECOND_VARIES, second)
#define CHECKED_ENTRIES(form) \
    .two[form][OP_pow - OP_FIRST_BINARY] = LANE(checked_##form##_pow), \
    .pull_first[0][form][OP_pow - OP_FIRST_BINARY] = LANE(checked_##form##_first0_pow), \
    .pull_first[1][form][OP_pow - OP_FIRST_BINARY] = LANE(checked_##form##_first1_pow),
    CHECKED_ENTRIES(BOTH_VARY) CHECKED_ENTRIES(SECOND_VARIES)
    .two[FIRST_VARIES][OP_pow - OP_FIRST_BINARY] = LANE(small_power),
    .pull_first[0][FIRST_VARIES][OP_pow - OP_FIRST_BINARY] = LANE(pull0_small_power),
    .pull_first[1][FIRST_VARIES][OP_pow - OP_FIRST_BINARY] = LANE(pull1_small_power),
    .one[OP_sin] = LANE(checked_value_sin), .pull_one[0][OP_sin] = LANE(checked_pull0_sin),
    .one[OP_cos] = LANE(checked_value_cos), .pull_one[0][OP_cos] = LANE(checked_pull0_cos),
    .pull_one[1][OP_sin] = LANE(checked_pull1_sin), .pull_one[1][OP_cos] = LANE(checked_pull1_cos),
    .one[OP_tan] = LANE(checked_value_tan),
#endif
};

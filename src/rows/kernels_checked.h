/* Kernels that look at a block's numbers first: if there are some that the vector forms are not for, the C library
 * computes the block. Included by kernels_body.h.
 */

static OP_INLINE int LANE(angles_are_narrow)(const struct block_step *s, const struct block *block)
{
    const double *x = VALUE(s->a);
    uint64_t wide = 0;
    ROWS wide |= !LANE(narrow_angle)(x[i]);
    return !wide;
}

#define CHECKED_ONE(kernel, exact) \
    KERNEL(checked_##kernel) \
    { \
        (LANE(angles_are_narrow)(s, block) ? LANE(kernel) : kernels_exact.exact)(s, block); \
    }
CHECKED_ONE(value_sin, one[OP_sin])
CHECKED_ONE(value_cos, one[OP_cos])
CHECKED_ONE(value_tan, one[OP_tan])
CHECKED_ONE(pull0_sin, pull_one[0][OP_sin])
CHECKED_ONE(pull0_cos, pull_one[0][OP_cos])
CHECKED_ONE(pull1_sin, pull_one[1][OP_sin])
CHECKED_ONE(pull1_cos, pull_one[1][OP_cos])

#define POWERS_ARE_NARROW(form, more) \
    static OP_INLINE int LANE(form##_powers_are_narrow_##more)(const struct block_step *s, const struct block *block) \
    { \
        OPEN_##form \
        uint64_t wide = 0; \
        ROWS { OPERANDS(form) wide |= !LANE(narrow_power)(a, fabs(b) + more); } \
        return HAS_EXACT_PRODUCTS && !wide; \
    }
#define CHECKED_POWER(form, kernel, more, exact) \
    KERNEL(checked_##kernel) \
    { \
        (LANE(form##_powers_are_narrow_##more)(s, block) ? LANE(kernel) : kernels_exact.exact)(s, block); \
    }
#define CHECKED_FORM(form) \
    POWERS_ARE_NARROW(form, 0) \
    POWERS_ARE_NARROW(form, 1) \
    CHECKED_POWER(form, form##_pow, 0, two[form][OP_pow - OP_FIRST_BINARY]) \
    CHECKED_POWER(form, form##_first0_pow, 1, pull_first[0][form][OP_pow - OP_FIRST_BINARY]) \
    CHECKED_POWER(form, form##_first1_pow, 1, pull_first[1][form][OP_pow - OP_FIRST_BINARY])
CHECKED_FORM(BOTH_VARY)
CHECKED_FORM(FIRST_VARIES)
CHECKED_FORM(SECOND_VARIES)

KERNEL(checked_exp)
{
    const double *x = VALUE(s->a);
    double *y = VALUE(s->y);
    uint64_t wide = 0;
    ROWS wide |= !LANE(narrow_exponent)(x[i]);
    if (wide) {
        LANE(value_exp)(s, block);
    } else {
        ROWS y[i] = LANE(exp_of_narrow)(x[i]);
    }
}

/* The larger and the smaller of two: all of a gradient, nothing, or half of it. */

#define PULL_CHOICE(form, kernel, wins, loses) \
    KERNEL(kernel) \
    { \
        OPEN_##form \
        const double *g = ADJOINT(s->g), *from = ADJOINT(s->from); \
        double *to = ADJOINT(s->to); \
        ROWS { \
            OPERANDS(form) \
            const double all = g[i], half = 0.5 * all; \
            to[i] = from[i] + (wins ? all : loses ? 0.0 : half); \
        } \
    }
PULL_CHOICE(BOTH_VARY, BOTH_VARY_pull_larger_first, a > b, a < b)
PULL_CHOICE(BOTH_VARY, BOTH_VARY_pull_smaller_first, a < b, a > b)
PULL_CHOICE(FIRST_VARIES, FIRST_VARIES_pull_larger_first, a > b, a < b)
PULL_CHOICE(FIRST_VARIES, FIRST_VARIES_pull_smaller_first, a < b, a > b)
PULL_CHOICE(BOTH_VARY, BOTH_VARY_pull_larger_second, b > a, b < a)
PULL_CHOICE(BOTH_VARY, BOTH_VARY_pull_smaller_second, b < a, b > a)
PULL_CHOICE(SECOND_VARIES, SECOND_VARIES_pull_larger_second, b > a, b < a)
PULL_CHOICE(SECOND_VARIES, SECOND_VARIES_pull_smaller_second, b < a, b > a)

/* Powers by a small number are products. */

KERNEL(small_power)
{
    const double b = block->uniform[s->b], *x = VALUE(s->a);
    double *y = VALUE(s->y);
    if (b == 2.0) {
        ROWS y[i] = x[i] * x[i];
    } else if (b == 3.0) {
        ROWS y[i] = x[i] * (x[i] * x[i]);
    } else if (b == 4.0) {
        ROWS y[i] = (x[i] * x[i]) * (x[i] * x[i]);
    } else {
        LANE(checked_FIRST_VARIES_pow)(s, block);
    }
}

static OP_INLINE void LANE(pull_small_power)(int careful, const struct block_step *s, const struct block *block)
{
    const double b = block->uniform[s->b], *x = VALUE(s->a), *g = ADJOINT(s->g), *from = ADJOINT(s->from);
    double *to = ADJOINT(s->to);
    if (b == 2.0) {
        ROWS to[i] = from[i] + LANE(given)(careful, 0, g[i], 2.0 * x[i]);
    } else if (b == 3.0) {
        ROWS to[i] = from[i] + LANE(given)(careful, 0, g[i], 3.0 * (x[i] * x[i]));
    } else if (b == 4.0) {
        ROWS to[i] = from[i] + LANE(given)(careful, 0, g[i], 4.0 * (x[i] * (x[i] * x[i])));
    } else if (careful) {
        LANE(checked_FIRST_VARIES_first1_pow)(s, block);
    } else {
        LANE(checked_FIRST_VARIES_first0_pow)(s, block);
    }
}

KERNEL(pull0_small_power) { LANE(pull_small_power)(0, s, block); }
KERNEL(pull1_small_power) { LANE(pull_small_power)(1, s, block); }

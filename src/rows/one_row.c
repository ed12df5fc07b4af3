/* One row of a program: executing a plan. The contract is in the header.
 *
 * A step's code says all that is known of it beforehand, so that executing it is one jump.
 */

#include "rows/one_row.h"
#include "rows/one_row_codes.h"

#include <string.h>

static inline int has_gradient(double adjoint)
{
    uint64_t bits;
    memcpy(&bits, &adjoint, sizeof bits);
    return bits != (uint64_t)1 << 63;
}

/* The sum and the products of n pairs, added in order. */
static OP_INLINE double add_products(double sum, const uint32_t *x, uint32_t n, const double *v)
{
    for (const uint32_t *end = x + 2 * (uint64_t)n; x < end; x += 2)
        sum += v[x[0]] * v[x[1]];
    return sum;
}

/* The same, for more of them. */
static double add_many_products(double sum, const uint32_t *x, uint32_t n, const double *v)
{
    for (; n >= 4; n -= 4, x += 8)
        sum = add_products(sum, x, 4, v);
    return add_products(sum, x, n, v);
}

/* The same in an order in which no addition has to wait for the one before. */
static double add_products_at_once(double sum, const uint32_t *x, uint32_t n, const double *v)
{
    double sums[4] = {sum};
    for (; n >= 4; n -= 4, x += 8)
        for (int k = 0; k < 4; k++)
            sums[k] += v[x[2 * k]] * v[x[2 * k + 1]];
    return add_products((sums[0] + sums[1]) + (sums[2] + sums[3]), x, n, v);
}

/* The same for first factors that are adjoints. What one gives is never -0.0. */
static double add_products_given(double sum, const uint32_t *x, uint32_t n, const double *v)
{
    for (uint32_t k = 0; k < n; k++)
        sum += has_gradient(v[x[2 * k]]) ? v[x[2 * k]] * v[x[2 * k + 1]] + 0.0 : NO_GRADIENT;
    return sum;
}

static double add_all(const uint32_t *x, uint32_t n, const double *v)
{
    double sum = v[x[0]];
    for (uint32_t k = 1; k < n; k++)
        sum += v[x[k]];
    return sum;
}

static double call_function(const struct program *p, uint32_t function, const uint32_t *x, uint32_t n, const double *v)
{
    double number[MOST_CALLED];
    for (uint32_t k = 0; k < n; k++)
        number[k] = v[x[k]];
    return p->call(p->context, function, number, n);
}

#define BIAS (s->b == NO_VALUE ? NO_GRADIENT : v[s->b])

/* Labels, and a table of where they are. */
#if HAS_LABELS
LABELS_HAVE_VALUES
#define BEGIN goto *place[s->code];
#define AT(label, code) at_##label:
#define NEXT do { s++; goto *place[s->code]; } while (0);
#define END
#else
#define BEGIN for (;; s++) switch (s->code) {
#define AT(label, code) case code:
#define NEXT break;
#define END }
#endif

static void run(const struct program *p, const struct row_step *s, const uint32_t *operand, double *v)
{
    double last = 0.0;
#if HAS_LABELS
    static const void *const place[ROW_CODES] = {
#define PLACE(label, code) [code] = &&at_##label,
#define ONE(form, name, ...) PLACE(form##_##name, ONE_CODE(form, OP_##name))
#define TWO(form, name, ...) PLACE(form##_##name, TWO_CODE(form, OP_##name))
#define SOME(form, n, ...) PLACE(form##_##n, DOT_CODE(form, n))
#define OTHER(code, ...) PLACE(code, code)
#include "rows/one_row_steps.def"
        PLACE(ROW_end, ROW_end)
    };
#endif
    BEGIN
#define GIVE(result) { v[s->y] = last = (result); } NEXT
#define ONE(form, name, first, result, adjoint, expression) \
    AT(form##_##name, ONE_CODE(form, OP_##name)) { \
        const double a = first, y = result, g = adjoint; \
        (void)a; (void)y; (void)g; \
        GIVE(expression) \
    }
#define TWO(form, name, first, second, result, adjoint, expression) \
    AT(form##_##name, TWO_CODE(form, OP_##name)) { \
        const double a = first, b = second, y = result, g = adjoint; \
        (void)a; (void)b; (void)y; (void)g; \
        GIVE(expression) \
    }
#define SOME(form, n, expression) AT(form##_##n, DOT_CODE(form, n)) GIVE(expression)
#define OTHER(code, expression) AT(code, code) GIVE(expression)
#include "rows/one_row_steps.def"
    AT(ROW_end, ROW_end) return;
    END
}

void row_forward(const struct row_plan *plan, double *number)
{
    run(plan->program, plan->forward, plan->program->operand, number);
}

void row_results(const uint32_t *result, uint32_t n, const double *number, double *to)
{
    for (; n >= 4; n -= 4, result += 4, to += 4) {
        const double a = number[result[0]], b = number[result[1]], c = number[result[2]], d = number[result[3]];
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
    }
    for (uint32_t k = 0; k < n; k++)
        to[k] = number[result[k]];
}

void row_backward(const struct row_plan *plan, double *number)
{
    number[plan->ones] = 1.0;
    number[plan->ones + 1] = -1.0;
    run(plan->program, plan->backward, &plan->pair->adjoint, number);
}

int64_t first_failed(const struct program *p, const double *value)
{
    for (uint32_t k = 0; k < p->guards; k++)
        if ((value[p->guard[k].value] != 0.0) != p->guard[k].truth)
            return k;
    return -1;
}

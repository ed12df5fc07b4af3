/* One row of a program. The contract is in the header.
 *
 * A step's code says all that is known of it beforehand, so that executing it is one jump: which of its operands take a
 * gradient, and whether a dot is one product and a bias.
 */

#include "one_row.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROW_madd = STEP_END, /* value[a] * value[b] + value[c] */
    ROW_end,
    ROW_FORWARD_END,
    /* backward, the code of an operation of two says that both take a gradient; one of these, that one does */
    BEFORE_FIRST = ROW_FORWARD_END - 1,
#define BINARY(name, ...) FIRST_##name,
#include "ops.def"
    BEFORE_SECOND,
    AFTER_FIRST = BEFORE_SECOND - 1,
#define BINARY(name, ...) SECOND_##name,
#include "ops.def"
    ROW_madd_first,
    ROW_BACKWARD_END,
    ONLY_FIRST = BEFORE_FIRST + 1 - OP_FIRST_BINARY,
    ONLY_SECOND = AFTER_FIRST + 1 - OP_FIRST_BINARY,
};

static inline int has_gradient(double adjoint)
{
    uint64_t bits;
    memcpy(&bits, &adjoint, sizeof bits);
    return bits != (uint64_t)1 << 63;
}

#if defined(__GNUC__)
#define JUMP_TABLE(size) static const void *const place[size]
#define PLACE(code) [code] = &&at_##code
#define AT(code) at_##code:
#define BEGIN goto *place[s->code];
#define NEXT do { s++; goto *place[s->code]; } while (0)
#define END
#else
#define BEGIN for (;; s++) switch (s->code) {
#define AT(code) case code:
#define NEXT break
#define END }
#endif

void row_forward(const struct row_plan *plan, const uint32_t *operand, double *v)
{
    const struct row_step *s = plan->forward;
#ifdef JUMP_TABLE
    JUMP_TABLE(ROW_FORWARD_END) = {
#define UNARY(name, ...) PLACE(OP_##name),
#define BINARY(name, ...) PLACE(OP_##name),
#include "ops.def"
        PLACE(STEP_dot), PLACE(STEP_sum), PLACE(STEP_select), PLACE(STEP_stop), PLACE(ROW_madd), PLACE(ROW_end),
    };
#endif
    BEGIN
#define UNARY(name, symbol, python, value, slope) \
    AT(OP_##name) { const double a = v[s->a]; v[s->y] = value; } NEXT;
#define BINARY(name, symbol, python, value, slope_a, slope_b) \
    AT(OP_##name) { const double a = v[s->a], b = v[s->b]; v[s->y] = value; } NEXT;
#include "ops.def"
    AT(ROW_madd) { v[s->y] = v[s->c] + v[s->a] * v[s->b]; } NEXT;
    AT(STEP_dot) {
        const uint32_t *x = operand + s->a;
        double y = s->b == NO_VALUE ? NO_GRADIENT : v[s->b];
        for (uint32_t k = 0; k < s->c; k++)
            y += v[x[2 * k]] * v[x[2 * k + 1]];
        v[s->y] = y;
    } NEXT;
    AT(STEP_sum) {
        const uint32_t *x = operand + s->a;
        double y = v[x[0]];
        for (uint32_t k = 1; k < s->c; k++)
            y += v[x[k]];
        v[s->y] = y;
    } NEXT;
    AT(STEP_select) {
        const uint32_t *x = operand + s->a;
        v[s->y] = v[x[0]] != 0.0 ? v[x[1]] : v[x[2]];
    } NEXT;
    AT(STEP_stop) { v[s->y] = v[s->a]; } NEXT;
    AT(ROW_end) return;
    END
}

#define CAREFUL 0
#define ROW_BACKWARD backward
#include "one_row_backward.h"
#undef CAREFUL
#undef ROW_BACKWARD
#define CAREFUL 1
#define ROW_BACKWARD careful_backward
#include "one_row_backward.h"

void row_backward(const struct row_plan *plan, const uint32_t *operand, const double *value, double *adjoint)
{
    (plan->careful ? careful_backward : backward)(plan->backward, operand, value, adjoint);
}

/* Making the plan. */

static struct row_step row_step_of(const struct program *p, uint32_t i)
{
    const struct step *s = &p->step[i];
    struct row_step r = {s->op, first_step(p) + i, s->a, s->b, s->n};
    if (s->op == STEP_dot && s->n == 1 && s->b != NO_VALUE)
        r = (struct row_step){ROW_madd, r.y, p->operand[s->a], p->operand[s->a + 1], s->b};
    else if (s->op == STEP_dot && s->n == 1)
        r = (struct row_step){OP_mul, r.y, p->operand[s->a], p->operand[s->a + 1], 0};
    return r;
}

static struct row_step back_step_of(struct row_step r, const unsigned char *flags)
{
    if (is_two(r.code) && !(flags[r.b] & ACTIVE))
        r.code += ONLY_FIRST;
    else if (is_two(r.code) && !(flags[r.a] & ACTIVE))
        r.code += ONLY_SECOND;
    else if (r.code == ROW_madd && flags[r.a] & ACTIVE && !(flags[r.b] & ACTIVE))
        r.code = ROW_madd_first;
    return r;
}

int make_row_plan(struct row_plan *plan, const struct program *p, const unsigned char *flags, int careful,
                  uint32_t from, uint32_t to)
{
    uint32_t steps = to - from, forward = 0, backward = 0;
    *plan = (struct row_plan){NULL, NULL, careful};
    plan->forward = malloc(((size_t)steps + 1) * sizeof *plan->forward);
    plan->backward = malloc(((size_t)steps + 1) * sizeof *plan->backward);
    if (!plan->forward || !plan->backward) {
        free_row_plan(plan);
        return -1;
    }
    for (uint32_t i = from; i < to; i++)
        if (flags[first_step(p) + i] & NEEDED)
            plan->forward[forward++] = row_step_of(p, i);
    for (uint32_t i = to; i-- > from;)
        if (flags[first_step(p) + i] & PULLED)
            plan->backward[backward++] = back_step_of(row_step_of(p, i), flags);
    plan->forward[forward].code = plan->backward[backward].code = ROW_end;
    return 0;
}

void free_row_plan(struct row_plan *plan)
{
    free(plan->forward);
    free(plan->backward);
    plan->forward = plan->backward = NULL;
}

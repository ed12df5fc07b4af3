/* The sweep of one row: included by one_row.c, once for programs where every value has a gradient in every row, and
 * once, CAREFUL, for the others. There a gradient that is none goes no further, and one that there is is never -0.0.
 */

#if CAREFUL
#define GIVEN(amount) ((amount) + 0.0)
#define BEGIN_STEP const double g = adjoint[s->y]; if (!has_gradient(g)) NEXT;
#else
#define GIVEN(amount) (amount)
#define BEGIN_STEP const double g = adjoint[s->y];
#endif
#define GIVE(node, amount) adjoint[node] += GIVEN(amount)
#define OPERANDS const double a = v[s->a], b = v[s->b], y = v[s->y]; (void)a; (void)b; (void)y;

static void ROW_BACKWARD(const struct row_step *s, const uint32_t *operand, const double *v, double *adjoint)
{
#ifdef JUMP_TABLE
    JUMP_TABLE(ROW_BACKWARD_END) = {
#define UNARY(name, ...) PLACE(OP_##name),
#define BINARY(name, ...) PLACE(OP_##name), PLACE(FIRST_##name), PLACE(SECOND_##name),
#include "ops.def"
        PLACE(STEP_dot), PLACE(STEP_sum), PLACE(STEP_select), PLACE(ROW_madd), PLACE(ROW_madd_first), PLACE(ROW_end),
    };
#endif
    BEGIN
#define UNARY(name, symbol, python, value, slope) \
    AT(OP_##name) { \
        BEGIN_STEP \
        const double a = v[s->a], y = v[s->y]; \
        (void)a; (void)y; \
        GIVE(s->a, g * (slope)); \
    } NEXT;
#define BINARY(name, symbol, python, value, slope_a, slope_b) \
    AT(OP_##name) { BEGIN_STEP OPERANDS GIVE(s->a, g * (slope_a)); GIVE(s->b, g * (slope_b)); } NEXT; \
    AT(FIRST_##name) { BEGIN_STEP OPERANDS GIVE(s->a, g * (slope_a)); } NEXT; \
    AT(SECOND_##name) { BEGIN_STEP OPERANDS GIVE(s->b, g * (slope_b)); } NEXT;
#include "ops.def"
    AT(ROW_madd) { BEGIN_STEP GIVE(s->c, g); GIVE(s->a, g * v[s->b]); GIVE(s->b, g * v[s->a]); } NEXT;
    AT(ROW_madd_first) { BEGIN_STEP GIVE(s->c, g); GIVE(s->a, g * v[s->b]); } NEXT;
    AT(STEP_dot) {
        BEGIN_STEP
        const uint32_t *x = operand + s->a;
        if (s->b != NO_VALUE)
            GIVE(s->b, g);
        for (uint32_t k = 0; k < 2 * s->c; k += 2) {
            GIVE(x[k], g * v[x[k + 1]]);
            GIVE(x[k + 1], g * v[x[k]]);
        }
    } NEXT;
    AT(STEP_sum) {
        BEGIN_STEP
        for (uint32_t k = 0; k < s->c; k++)
            GIVE(operand[s->a + k], g);
    } NEXT;
    AT(STEP_select) {
        BEGIN_STEP
        const uint32_t *x = operand + s->a;
        GIVE(v[x[0]] != 0.0 ? x[1] : x[2], g);
    } NEXT;
    AT(ROW_end) return;
    END
}

#undef GIVEN
#undef GIVE
#undef OPERANDS
#undef BEGIN_STEP

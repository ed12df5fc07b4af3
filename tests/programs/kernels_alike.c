/* Do all sets of kernels that a processor has compute alike? Random programs over rows, each set beside the row-by-row
 * numbers of the C library. For processors that have no Python here: tools/prove_wheels.sh runs it under an emulator.
 */

#include <stdio.h>
#include <stdlib.h>

#include "rows/matrices.h"
#include "rows/rows.h"

enum { INPUTS = 5, OUTPUTS = 6, UNIFORMS = OUTPUTS * (INPUTS + 1), STEPS_AFTER = 40, ROWS = 203, PROGRAMS = 300 };

static uint64_t state = 20;

static uint32_t drawn(uint32_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % below;
}

static double drawn_number(void) { return drawn(1u << 20) / (double)(1 << 19) - 1.0; }

/* An operation whose value does not jump, as one unit in the last place may make it. */
static uint32_t drawn_operation(int two)
{
    for (;;) {
        const uint32_t op = two ? OP_FIRST_BINARY + drawn(TWOS) : 1 + drawn(OP_FIRST_VC - 1);
        if (!(step_traits(op) & TRAIT_jumps))
            return op;
    }
}

/* A layer, and operations on what it gives, each followed by a tanh, which keeps numbers small. */
struct drawn_program {
    struct step step[2 * OUTPUTS + 2 * STEPS_AFTER];
    uint32_t operand[2 * OUTPUTS * INPUTS], output[1];
    double uniform[UNIFORMS];
};

static struct program draw(struct drawn_program *d)
{
    uint32_t steps = 0, operands = 0, first = INPUTS + UNIFORMS;
    for (uint32_t o = 0; o < OUTPUTS; o++) {
        const uint32_t bias = INPUTS + o * (INPUTS + 1) + INPUTS;
        d->step[steps++] = (struct step){.op = STEP_dot, .a = operands, .b = bias, .n = INPUTS};
        for (uint32_t k = 0; k < INPUTS; k++) {
            d->operand[operands++] = k;
            d->operand[operands++] = INPUTS + o * (INPUTS + 1) + k;
        }
    }
    for (uint32_t k = 0; k < OUTPUTS; k++, steps++)
        d->step[steps] = (struct step){.op = OP_tanh, .a = first + k};
    for (uint32_t k = 0; k < STEPS_AFTER; k++) {
        const int two = drawn(2);
        const uint32_t from = first + OUTPUTS, values = first + steps - from;
        d->step[steps] = (struct step){.op = drawn_operation(two), .a = from + drawn(values)};
        if (two)
            d->step[steps].b = from + drawn(values);
        steps++;
        d->step[steps] = (struct step){.op = OP_tanh, .a = first + steps - 1};
        steps++;
    }
    for (uint32_t k = 0; k < UNIFORMS; k++)
        d->uniform[k] = drawn_number();
    d->output[0] = first + steps - 1;
    return (struct program){.inputs = INPUTS, .uniforms = UNIFORMS, .steps = steps, .operands = operands, .outputs = 1,
                            .step = d->step, .operand = d->operand, .output = d->output, .uniform = d->uniform};
}

struct numbers { double value[ROWS], input_grads[ROWS * INPUTS], uniform_grads[INPUTS + UNIFORMS]; };

/* Runs a program by the kernels in use; a row at a time, which takes none, if the calls are that small. */
static void compute(const struct program *p, const double *x, uint64_t rows_a_call, struct numbers *n)
{
    struct plan *plan = make_plan(p, (struct wanted){.outputs = 1, .inputs = 1, .uniforms = UNIFORMS, .careful = 1});
    struct work *work = plan ? make_work(plan, ROWS) : NULL;
    double *uniform = calloc(INPUTS + UNIFORMS + (plan ? plan->uniform_steps.length : 0), sizeof(double));
    double *weight = calloc(plan ? plan->block.matrices.weights + 1 : 1, sizeof(double));
    if (!plan || !work || !uniform || !weight)
        exit(2);
    struct sums sums = {.total = NO_GRADIENT, .uniform_adjoint = n->uniform_grads};
    for (uint32_t k = 0; k < INPUTS + UNIFORMS; k++)
        n->uniform_grads[k] = NO_GRADIENT;
    memcpy(uniform + INPUTS, p->uniform, sizeof(double) * UNIFORMS);
    gather_weights(&plan->block.matrices, uniform, weight);
    for (uint64_t row = 0; row < ROWS; row += rows_a_call) {
        const uint64_t rows = ROWS - row < rows_a_call ? ROWS - row : rows_a_call;
        struct call call = {.x = x + row * INPUTS, .uniform = uniform, .weight = weight, .values = n->value + row,
                            .input_grads = n->input_grads + row * INPUTS};
        run_rows(plan, &call, 0, rows, work, &sums);
        finish_sums(plan, work, &sums);
    }
    free_work(work);
    free(uniform);
    free(weight);
    free_plan(plan);
}

static double distance(const double *a, const double *b, uint32_t n)
{
    double most = 0.0;
    for (uint32_t k = 0; k < n; k++)
        if (isfinite(a[k]) != isfinite(b[k]))
            return INFINITY;
        else if (isfinite(a[k]) && fabs(a[k] - b[k]) / (1.0 + fabs(b[k])) > most)
            most = fabs(a[k] - b[k]) / (1.0 + fabs(b[k]));
    return most;
}

int main(void)
{
    static struct drawn_program d;
    static struct numbers exact, found;
    static double x[ROWS * INPUTS];
    double most[8] = {0.0};
    const char *name[8];
    for (unsigned k = 0; k < 8; k++)
        name[k] = choose_kernels(k);
    for (unsigned n = 0; n < PROGRAMS; n++) {
        struct program p = draw(&d);
        for (uint32_t k = 0; k < ROWS * INPUTS; k++)
            x[k] = drawn_number();
        choose_kernels(0);
        compute(&p, x, 1, &exact);
        for (unsigned k = 0; k < 8 && name[k]; k++) {
            choose_kernels(k);
            compute(&p, x, ROWS, &found);
            const double apart[] = {distance(found.value, exact.value, ROWS),
                                    distance(found.input_grads, exact.input_grads, ROWS * INPUTS),
                                    distance(found.uniform_grads, exact.uniform_grads, INPUTS + UNIFORMS)};
            for (int part = 0; part < 3; part++)
                if (apart[part] > most[k])
                    most[k] = apart[part];
        }
    }
    int wrong = 0;
    for (unsigned k = 0; k < 8 && name[k]; k++) {
        printf("%s%s %.0e", k ? ", " : "", name[k], most[k]);
        wrong |= !(most[k] < 1e-11);
    }
    printf(" from one row at a time\n");
    return wrong;
}

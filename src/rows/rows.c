/* Running a program over rows. The contract is in the header. */

#include "rows/rows.h"

#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_BYTES = 1 << 20,    /* that a block should not take more than: it is to stay in the cache */
    LARGE_BYTES = 1 << 23,    /* up to which a block has some rows all the same, for which a kernel is worth calling */
    SOME_ROWS = 32,
    MOST_ROWS = 256,
    CROWDED_ROWS = 128,        /* slots of multiples of so many share the same few places of the cache */
    FEW_ROWS = 2,              /* so many are run one by one */
    STEPS_A_PIECE = 1 << 21,   /* of one row each, some milliseconds */
};

struct work {
    uint64_t rows;            /* in a block, at most */
    uint64_t stride;          /* of slots */
    double *value, *adjoint;  /* of one row, by their numbers */
    double *block_value, *block_adjoint, *scratch;
    double *weight_adjoint;   /* of the plan's matrices, from all rows since the sums were finished */
};

uint64_t take_piece(uint64_t *next) { return TAKE_ONE(next); }

/* One row at a time. */

/* Returns whether the gradient by an input is nan. */
static int sweep_row(const struct plan *plan, const struct call *call, uint64_t row, struct work *work)
{
    int is_nan = 0;
    const struct program *p = plan->program;
    double *adjoint = work->adjoint;
    for (uint32_t k = 0; k < p->outputs; k++)
        adjoint[p->output[k]] = NO_GRADIENT;
    for (uint32_t k = 0; k < p->outputs; k++)
        adjoint[p->output[k]] += call->seeds ? call->seeds[row * p->outputs + k] + 0.0 : 1.0;
    row_backward(&plan->varying_steps, work->value);
    for (uint32_t v = 0; call->input_grads && v < p->inputs; v++) {
        call->input_grads[row * p->inputs + v] = adjoint[v] + 0.0;
        is_nan |= adjoint[v] != adjoint[v];
    }
    return is_nan;
}

static void run_row(const struct plan *plan, const struct call *call, uint64_t row, struct work *work,
                    struct sums *sums)
{
    const struct program *p = plan->program;
    memcpy(work->value, call->x + row * p->inputs, p->inputs * sizeof(double));
    row_forward(&plan->varying_steps, work->value);
    int64_t failed = first_failed(p, work->value);
    sums->passed_rows += failed < 0;
    if (call->failed)
        call->failed[row] = failed;
    for (uint32_t k = 0; plan->wanted.outputs && k < p->outputs; k++) {
        double value = work->value[p->output[k]];
        if (call->values)
            call->values[row * p->outputs + k] = value;
        sums->total += call->seeds ? call->seeds[row * p->outputs + k] * value : value;
    }
    if (plan->wanted.inputs || plan->wanted.uniforms)
        sums->doubtful += sweep_row(plan, call, row, work) && failed < 0;
}

static void run_row_by_row(const struct plan *plan, const struct call *call, uint64_t from, uint64_t to,
                           struct work *work, struct sums *sums)
{
    const struct program *p = plan->program;
    size_t uniform = (uniform_end(p) - p->inputs) * sizeof(double);
    memcpy(work->value + p->inputs, call->uniform + p->inputs, uniform);
    for (uint64_t row = from; row < to; row++) {
        run_row(plan, call, row, work, sums);
        for (uint64_t v = p->inputs; sums->uniform_adjoint && v < uniform_end(p); v++)
            sums->uniform_adjoint[v] += work->adjoint[v];
    }
}

/* Blocks of rows. */

/* Where a block's rows lie. */
static inline uint64_t place_of(const struct call *call, uint64_t row)
{
    return call->indices ? (uint64_t)call->indices[row] : row;
}

/* Every step-th number, four at a time. */
static void gather(const double *restrict x, uint64_t step, uint64_t n, double *restrict slot)
{
    uint64_t i = 0;
    for (; i + 4 <= n; i += 4, x += 4 * step) {
        slot[i] = x[0];
        slot[i + 1] = x[step];
        slot[i + 2] = x[2 * step];
        slot[i + 3] = x[3 * step];
    }
    for (; i < n; i++, x += step)
        slot[i] = *x;
}

/* The other way round; -0.0 becomes 0. */
static void scatter(const double *restrict slot, uint64_t step, uint64_t n, double *restrict x)
{
    uint64_t i = 0;
    for (; i + 4 <= n; i += 4, x += 4 * step) {
        x[0] = slot[i] + 0.0;
        x[step] = slot[i + 1] + 0.0;
        x[2 * step] = slot[i + 2] + 0.0;
        x[3 * step] = slot[i + 3] + 0.0;
    }
    for (; i < n; i++, x += step)
        *x = slot[i] + 0.0;
}

static void read_input(const struct call *call, uint64_t first, uint64_t rows, uint32_t inputs, uint32_t k,
                       double *slot)
{
    const struct column column = call->x ? (struct column){call->x + k, inputs} : call->column[k];
    if (call->indices)
        for (uint64_t i = 0; i < rows; i++)
            slot[i] = column.first[place_of(call, first + i) * column.step];
    else if (column.step == 1)
        memcpy(slot, column.first + first, rows * sizeof *slot);
    else
        gather(column.first + first * column.step, column.step, rows, slot);
}

static void read_inputs(const struct plan *plan, const struct call *call, uint64_t first, const struct block *block)
{
    uint32_t inputs = plan->program->inputs;
    for (uint32_t k = 0; k < inputs; k++) {
        if (plan->block.input[k] == NO_VALUE)
            continue;
        double *slot = block->value + plan->block.input[k] * block->stride;
        read_input(call, first, block->rows, inputs, k, slot);
        for (uint64_t i = block->rows; i < block->width; i++)
            slot[i] = slot[block->rows - 1];
    }
}

static void write_failed(const struct plan *plan, const struct call *call, uint64_t first, const struct block *block,
                         struct sums *sums)
{
    int32_t *failed = call->failed ? call->failed + first : NULL;
    if (plan->block.failed == NO_VALUE) {
        sums->passed_rows += block->rows;
        for (uint64_t i = 0; failed && i < block->rows; i++)
            failed[i] = PASSED;
        return;
    }
    const double *found = block->value + plan->block.failed * block->stride;
    uint64_t passed = 0;
    for (uint64_t i = 0; i < block->rows; i++)
        passed += found[i] < 0.0;
    sums->passed_rows += passed;
    for (uint64_t i = 0; failed && i < block->rows; i++)
        failed[i] = (int32_t)found[i];
}

/* The sum of numbers, times every step-th factor; in an order in which few additions have to wait. */
static inline double sum_of(const double *x, const double *factor, uint64_t step, uint64_t rows)
{
    double total[LANES] = {0.0}, sum = 0.0;
    uint64_t i = 0;
    for (; i + LANES <= rows; i += LANES)
        for (int l = 0; l < LANES; l++)
            total[l] += x[i + l] * factor[(i + l) * step];
    for (int l = 0; i < rows; i++, l++)
        total[l] += x[i] * factor[i * step];
    for (int l = 0; l < LANES; l++)
        sum += total[l];
    return sum;
}

static void write_outputs(const struct plan *plan, const struct call *call, uint64_t first, const struct block *block,
                          struct sums *sums)
{
    uint32_t outputs = plan->program->outputs;
    for (uint32_t k = 0; k < outputs; k++) {
        const double *slot = block->value + plan->block.output[k] * block->stride;
        sums->total += call->seeds ? sum_of(slot, call->seeds + first * outputs + k, outputs, block->rows)
                                   : kernels_in_use->total(slot, block->rows);
        if (call->values && outputs == 1 && !call->indices)
            memcpy(call->values + first, slot, block->rows * sizeof *slot);
        else
            for (uint64_t i = 0; call->values && i < block->rows; i++)
                call->values[place_of(call, first + i) * outputs + k] = slot[i];
    }
}

static void seed_outputs(const struct plan *plan, const struct call *call, uint64_t first, const struct block *block)
{
    uint32_t outputs = plan->program->outputs;
    for (uint32_t k = 0; k < outputs; k++) {
        struct output_seed seed = plan->block.seed[k];
        if (seed.to == NO_VALUE)
            continue;
        if (!call->seeds) {
            kernels_in_use->seed(&(struct block_step){.to = seed.to, .from = seed.from}, block);
            continue;
        }
        const double *from = block->adjoint + seed.from * block->stride;
        double *to = block->adjoint + seed.to * block->stride;
        for (uint64_t i = 0; i < block->rows; i++)
            to[i] = from[i] + (call->seeds[(first + i) * outputs + k] + 0.0);
        for (uint64_t i = block->rows; i < block->width; i++)
            to[i] = NO_GRADIENT;
    }
}

/* Of the rows in which every guard had its outcome; the others mean nothing. */
static int has_nan_where_passed(const struct plan *plan, const struct block *block, const double *x)
{
    const double *failed = plan->block.failed == NO_VALUE ? NULL : block->value + plan->block.failed * block->stride;
    int found = 0;
    for (uint64_t i = 0; i < block->rows; i++)
        found |= x[i] != x[i] && (!failed || failed[i] == PASSED);
    return found;
}

static void write_input_grads(const struct plan *plan, const struct call *call, uint64_t first,
                              const struct block *block, struct sums *sums)
{
    uint32_t inputs = plan->program->inputs;
    for (uint32_t k = 0; k < inputs; k++) {
        const double *adjoint = block->adjoint + plan->block.input_adjoint[k] * block->stride;
        if (plan->hasty && kernels_in_use->has_nan(adjoint, block->width))
            sums->doubtful += has_nan_where_passed(plan, block, adjoint);
        if (call->indices)
            for (uint64_t i = 0; i < block->rows; i++)
                call->input_grads[place_of(call, first + i) * inputs + k] = adjoint[i] + 0.0;
        else
            scatter(adjoint, inputs, block->rows, call->input_grads + first * inputs + k);
    }
}

static void run_list(const struct step_list *list, const struct block *block)
{
    for (const struct block_step *s = list->step, *end = s + list->n; s < end; s++)
        s->run(s, block);
}

static void run_block(const struct plan *plan, const struct call *call, uint64_t first, uint64_t rows,
                      struct work *work, struct sums *sums)
{
    const struct block block = {
        .value = work->block_value, .adjoint = work->block_adjoint, .scratch = work->scratch,
        .uniform = call->uniform, .uniform_adjoint = sums->uniform_adjoint, .pair = plan->block.pair,
        .program = plan->program, .matrix = plan->block.matrices.matrix, .weight = call->weight, .weight_adjoint = work->weight_adjoint,
        .stride = work->stride, .width = (rows + LANES - 1) / LANES * LANES, .rows = rows,
    };
    read_inputs(plan, call, first, &block);
    run_list(&plan->block.forward, &block);
    write_failed(plan, call, first, &block, sums);
    if (plan->wanted.outputs)
        write_outputs(plan, call, first, &block, sums);
    if (plan->wanted.inputs || plan->wanted.uniforms) {
        seed_outputs(plan, call, first, &block);
        run_list(&plan->block.backward, &block);
    }
    if (call->input_grads)
        write_input_grads(plan, call, first, &block, sums);
}

/* Running one by one is for rows that lie in order in one table, and computes all guards. */
static int are_plain(const struct plan *plan, const struct call *call)
{
    return call->x && !call->indices && plan->wanted.guards;
}

int uses_weights(const struct plan *plan, const struct call *call, uint64_t rows)
{
    return plan->block.matrices.n && (rows > FEW_ROWS || !are_plain(plan, call));
}

void run_rows(const struct plan *plan, const struct call *call, uint64_t from, uint64_t to, struct work *work,
              struct sums *sums)
{
    for (; from < to; from += plan->rows) {
        uint64_t rows = to - from < plan->rows ? to - from : plan->rows;
        if (rows <= FEW_ROWS && are_plain(plan, call))
            run_row_by_row(plan, call, from, to, work, sums);
        else
            run_block(plan, call, from, rows, work, sums);
    }
}

void finish_sums(const struct plan *plan, struct work *work, struct sums *sums)
{
    const struct matrices *m = &plan->block.matrices;
    for (uint32_t k = 0; k < m->slopes; k++) {
        if (m->slope[k] != NO_VALUE)
            sums->uniform_adjoint[m->slope[k]] += work->weight_adjoint[k];
        work->weight_adjoint[k] = NO_GRADIENT;
    }
}

/* Plans and work. */

struct work *make_work(const struct plan *plan, uint64_t rows)
{
    size_t values = value_count(plan->program);
    size_t width = ((rows < plan->rows ? rows : plan->rows) + LANES - 1) / LANES * LANES;
    size_t stride = width % CROWDED_ROWS ? width : width + LANES;
    size_t slots = (size_t)plan->block.values + plan->block.adjoints + 1, slopes = plan->block.matrices.slopes;
    size_t numbers = plan->varying_steps.length + slots * stride + slopes + LANES;
    struct work *work = malloc(sizeof *work + numbers * sizeof(double));
    if (!work)
        return NULL;
    double *aligned = (double *)(((uintptr_t)(work + 1) + 63) / 64 * 64);
    *work = (struct work){
        .rows = width, .stride = stride, .block_adjoint = aligned,
        .block_value = aligned + plan->block.adjoints * stride, .scratch = aligned + (slots - 1) * stride,
        .weight_adjoint = aligned + slots * stride, .value = aligned + slots * stride + slopes,
        .adjoint = aligned + slots * stride + slopes + values,
    };
    for (size_t k = 0; k < slopes; k++)
        work->weight_adjoint[k] = NO_GRADIENT;
    for (size_t i = 0; i < width; i++)
        work->block_adjoint[NOTHING * stride + i] = NO_GRADIENT;
    for (size_t v = 0; v < values; v++)
        work->adjoint[v] = NO_GRADIENT;
    return work;
}

void free_work(struct work *work) { free(work); }

int work_suffices(const struct work *work, const struct plan *plan, uint64_t rows)
{
    return work->rows >= rows || work->rows >= plan->rows;
}

static void choose_sizes(struct plan *plan)
{
    uint64_t slots = (uint64_t)plan->block.values + plan->block.adjoints + 1;
    uint64_t steps = (uint64_t)plan->block.forward.n + plan->block.backward.n + 1;
    uint64_t rows = BLOCK_BYTES / sizeof(double) / slots / LANES * LANES;
    if (rows < SOME_ROWS && SOME_ROWS * sizeof(double) * slots <= LARGE_BYTES)
        rows = SOME_ROWS;
    plan->rows = rows < LANES ? LANES : rows > MOST_ROWS ? MOST_ROWS : rows;
    plan->rows_a_piece = (STEPS_A_PIECE / steps / plan->rows + 1) * plan->rows;
}

struct plan *make_plan(const struct program *p, struct wanted wanted)
{
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan)
        return NULL;
    *plan = (struct plan){.program = p, .wanted = wanted, .flags = malloc(value_count(p) + 1)};
    const enum choices choices = plan->flags ? analyse(p, wanted, plan->flags) : NO_CHOICES;
    const int careful = wanted.careful || choices == SELECTIONS;
    plan->hasty = !careful && choices == CHOOSING_OPERATIONS;
    if (!plan->flags || make_block_plan(&plan->block, p, plan->flags, wanted.guards ? p->guards : 0, careful) ||
        make_row_plan(&plan->uniform_steps, p, plan->flags, careful, UNIFORM_PART) ||
        make_row_plan(&plan->varying_steps, p, plan->flags, careful, VARYING_PART)) {
        free_plan(plan);
        return NULL;
    }
    choose_sizes(plan);
    return plan;
}

void free_plan(struct plan *plan)
{
    free_block_plan(&plan->block);
    free_row_plan(&plan->uniform_steps);
    free_row_plan(&plan->varying_steps);
    free_work(plan->spare);
    free(plan->flags);
    free(plan);
}

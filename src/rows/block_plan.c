/* A program as a list of kernels. The contract is in the header. */

#include "rows/block_plan.h"

#include <stdlib.h>
#include <string.h>

/* Slots of one kind: a stack of free ones, and how many there are in all. */
struct slots {
    uint32_t *free, free_count, count;
};

struct block_planner {
    const struct program *p;
    const unsigned char *flags;
    struct block_plan *plan;
    int careful, keeps; /* does a sweep need all values? */
    uint32_t *slot;     /* of each value; of a uniform one, where it is spread over the rows, if it is */
    uint32_t *adjoint;  /* of each value */
    uint32_t *last;     /* the step that is the last to need the value; or, after all steps, a guard */
    uint32_t *first_pair, pairs; /* of each step */
    uint32_t guards, checked;    /* that are asked; how many of them are among the plan's steps */
    struct slots values, adjoints;
    int failed;
};

static uint32_t take_slot(struct slots *slots)
{
    return slots->free_count ? slots->free[--slots->free_count] : slots->count++;
}

static void drop_slot(struct slots *slots, uint32_t slot) { slots->free[slots->free_count++] = slot; }

static void push(struct block_planner *b, struct step_list *list, struct block_step step)
{
    if (list->n == list->capacity) {
        uint32_t capacity = 2 * list->capacity + 64;
        struct block_step *steps = realloc(list->step, capacity * sizeof *steps);
        if (!steps) {
            b->failed = 1;
            return;
        }
        list->step = steps;
        list->capacity = capacity;
    }
    list->step[list->n++] = step;
}

/* The slot of a value, which is spread over the rows if it is uniform. */
static uint32_t slot_of(struct block_planner *b, uint32_t v)
{
    if (b->slot[v] == NO_VALUE) {
        b->slot[v] = take_slot(&b->values);
        push(b, &b->plan->forward, (struct block_step){.run = kernels_in_use->spread, .a = v, .y = b->slot[v]});
    }
    return b->slot[v];
}

/* Guards ask for eager code's very numbers. */
static const struct kernels *kernels_of(const struct block_planner *b, uint32_t i)
{
    int guarded = b->flags[first_step(b->p) + i] & GUARDED;
    return guarded && !(step_traits(b->p->step[i].op) & TRAIT_exact) ? &kernels_exact : kernels_in_use;
}

/* Forward. */

static void place_pair(struct block_planner *b, struct factor_pair *pair, uint32_t x, uint32_t z)
{
    if (!varies(b->p, x) && varies(b->p, z)) {
        uint32_t swapped = x;
        x = z;
        z = swapped;
    }
    *pair = (struct factor_pair){slot_of(b, x), varies(b->p, z) ? b->slot[z] : z | UNIFORM, NO_VALUE, 0, NO_VALUE, 0};
}

static void place_operands(struct block_planner *b, uint32_t i)
{
    const struct step *s = &b->p->step[i];
    const uint32_t *operand = b->p->operand + s->a;
    struct factor_pair *pair = b->plan->pair + b->pairs;
    uint32_t n = s->op == STEP_dot ? s->n : (uint32_t)operands_used(b->p, b->flags, i);
    b->first_pair[i] = b->pairs;
    for (uint32_t k = 0; k < n; k++)
        if (s->op == STEP_dot)
            place_pair(b, &pair[k], operand[2 * k], operand[2 * k + 1]);
        else
            pair[k] = (struct factor_pair){slot_of(b, operand[k]), 0, NO_VALUE, 0, NO_VALUE, 0};
    b->pairs += n;
}

static enum form form_of(const struct program *p, const struct step *s)
{
    return varies(p, s->b) ? varies(p, s->a) ? BOTH_VARY : SECOND_VARIES : FIRST_VARIES;
}

static struct block_step value_step(struct block_planner *b, uint32_t i)
{
    const struct step *s = &b->p->step[i];
    const struct kernels *kernels = kernels_of(b, i);
    struct block_step step = {.n = s->n};
    if (is_two(s->op)) {
        enum form form = form_of(b->p, s);
        step.run = kernels->two[form][s->op - OP_FIRST_BINARY];
        step.a = form == SECOND_VARIES ? s->a : slot_of(b, s->a);
        step.b = form == FIRST_VARIES ? s->b : slot_of(b, s->b);
    } else if (is_one(s->op) || s->op == STEP_stop) {
        step.run = kernels->one[is_one(s->op) ? s->op : OP_pos];
        step.a = slot_of(b, s->a);
    } else {
        place_operands(b, i);
        step.a = b->first_pair[i];
        switch (s->op) {
        case STEP_dot:
            step.run = kernels->dot;
            step.b = s->b == NO_VALUE ? NO_VALUE : varies(b->p, s->b) ? b->slot[s->b] : s->b | UNIFORM;
            break;
        case STEP_sum:
            step.run = kernels->sum;
            break;
        case STEP_select:
            step.run = kernels->select;
            break;
        case STEP_call:
            step.run = kernels->call;
            step.b = s->b;
            break;
        case STEP_sloped:
            step.run = kernels->one[OP_pos];
            step.a = b->plan->pair[step.a].a;
        }
    }
    return step;
}

/* The slots of operands that no later step needs are free; the first of them is perhaps the step's own. */
static void drop_operands(struct block_planner *b, uint32_t i)
{
    const struct step *s = &b->p->step[i];
    for (uint64_t k = 0; k < operands_used(b->p, b->flags, i); k++) {
        uint32_t v = operand_of(b->p->operand, s, k);
        if (varies(b->p, v) && b->last[v] == i) {
            b->last[v] = NO_VALUE;
            drop_slot(&b->values, b->slot[v]);
        }
    }
}

/* A guard is checked once its value and those of the guards before it are computed. If nobody needs its value later,
 * its last use is the number of the steps and the guard's. */
static void find_last_guards(struct block_planner *b)
{
    const struct program *p = b->p;
    uint32_t computed = p->uniform_steps;
    for (uint32_t k = 0; k < b->guards; k++) {
        uint32_t v = p->guard[k].value, *last = &b->last[v];
        if (v >= first_step(p) + computed)
            computed = v - first_step(p) + 1;
        if (*last < computed || *last >= p->steps)
            *last = p->steps + k;
    }
}

static void find_last_uses(struct block_planner *b)
{
    const struct program *p = b->p;
    for (uint64_t v = 0; v < value_count(p); v++)
        b->last[v] = NO_VALUE;
    for (uint32_t i = p->uniform_steps; i < p->steps; i++)
        for (uint64_t k = 0; b->flags[first_step(p) + i] & NEEDED && k < operands_used(p, b->flags, i); k++)
            b->last[operand_of(p->operand, &p->step[i], k)] = i;
    find_last_guards(b);
    for (uint32_t k = 0; k < p->outputs; k++)
        b->last[p->output[k]] = NO_VALUE;
}

/* Checks the next guards, as far as their values are among the first so many. */
static void check_guards(struct block_planner *b, uint64_t values)
{
    for (; b->checked < b->guards && b->p->guard[b->checked].value < values; b->checked++) {
        struct guard guard = b->p->guard[b->checked];
        uint32_t slot = slot_of(b, guard.value);
        push(b, &b->plan->forward, (struct block_step){
            .run = b->checked ? kernels_in_use->check : kernels_in_use->check_first,
            .a = slot, .b = b->checked, .n = guard.truth, .y = b->plan->failed,
        });
        if (!b->keeps && varies(b->p, guard.value) && b->last[guard.value] == b->p->steps + b->checked)
            drop_slot(&b->values, slot);
    }
}

/* The slots of a matrix: of all outputs, as some inputs are needed until the last of them is computed. */
static void place_matrix(struct block_planner *b, const struct matrix *m)
{
    for (uint32_t k = 0; k < m->stride; k++)
        m->x[k] = slot_of(b, m->x[k]);
    for (uint32_t o = 0; o < m->outputs; o++)
        m->output[o].y = b->slot[m->output[o].y] = take_slot(&b->values);
}

/* A matrix stands in place of its first row. */
static void plan_row(struct block_planner *b, uint32_t i)
{
    const uint32_t number = b->plan->matrices.of[i];
    const struct matrix *m = &b->plan->matrices.matrix[number];
    if (i == m->first) {
        place_matrix(b, m);
        push(b, &b->plan->forward, (struct block_step){.run = kernels_in_use->matrix, .a = number});
    }
    if (!b->keeps)
        drop_operands(b, i);
}

static void plan_value(struct block_planner *b, uint32_t i)
{
    struct block_step step = value_step(b, i);
    if (!b->keeps)
        drop_operands(b, i);
    step.y = b->slot[first_step(b->p) + i] = take_slot(&b->values);
    push(b, &b->plan->forward, step);
}

static void plan_values(struct block_planner *b)
{
    const struct program *p = b->p;
    struct block_plan *plan = b->plan;
    find_last_uses(b);
    for (uint32_t v = 0; v < p->inputs; v++)
        plan->input[v] = b->slot[v] = b->flags[v] & NEEDED ? take_slot(&b->values) : NO_VALUE;
    plan->failed = b->guards ? take_slot(&b->values) : NO_VALUE;
    check_guards(b, (uint64_t)first_step(p) + p->uniform_steps);
    for (uint32_t i = p->uniform_steps; i < p->steps && !b->failed; i++) {
        if (!(b->flags[first_step(p) + i] & NEEDED))
            continue;
        if (plan->matrices.of[i] != NO_VALUE)
            plan_row(b, i);
        else
            plan_value(b, i);
        check_guards(b, (uint64_t)first_step(p) + i + 1);
    }
    for (uint32_t k = 0; k < p->outputs && !b->failed; k++)
        plan->output[k] = b->flags[p->output[k]] & NEEDED ? slot_of(b, p->output[k]) : NO_VALUE;
}

/* Backward. */

static void contribute(struct block_planner *b, uint32_t v, uint32_t *to, uint32_t *from)
{
    *from = b->adjoint[v];
    if (*from == NOTHING)
        b->adjoint[v] = take_slot(&b->adjoints);
    *to = b->adjoint[v];
}

static void pull_whole(struct block_planner *b, struct block_step step, uint32_t v, kernel *run)
{
    if (!(b->flags[v] & PULLED))
        return;
    step.run = run;
    contribute(b, v, &step.to, &step.from);
    push(b, &b->plan->backward, step);
}

static void pull_two(struct block_planner *b, const struct step *s, struct block_step step)
{
    enum form form = form_of(b->p, s);
    uint32_t place = s->op - OP_FIRST_BINARY;
    step.a = form == SECOND_VARIES ? s->a : b->slot[s->a];
    step.b = form == FIRST_VARIES ? s->b : b->slot[s->b];
    for (int second = 0; second < 2; second++) {
        uint32_t v = second ? s->b : s->a;
        if (!(b->flags[v] & PULLED))
            continue;
        step.run = (second ? kernels_in_use->pull_second : kernels_in_use->pull_first)[b->careful][form][place];
        step.to = v;
        if (form != (second ? FIRST_VARIES : SECOND_VARIES))
            contribute(b, v, &step.to, &step.from);
        push(b, &b->plan->backward, step);
    }
}

static void pull_dot(struct block_planner *b, const struct step *s, struct block_step step)
{
    struct factor_pair *pair = b->plan->pair + step.a;
    int wanted = 0;
    for (uint32_t k = 0; k < s->n; k++, pair++) {
        uint32_t x = b->p->operand[s->a + 2 * k], z = b->p->operand[s->a + 2 * k + 1], swapped = x;
        if (!varies(b->p, x) && varies(b->p, z)) {
            x = z;
            z = swapped;
        }
        if (b->flags[x] & PULLED)
            contribute(b, x, &pair->a_to, &pair->a_from);
        if (b->flags[z] & PULLED && varies(b->p, z))
            contribute(b, z, &pair->b_to, &pair->b_from);
        else if (b->flags[z] & PULLED)
            pair->b_to = z;
        wanted |= (b->flags[x] | b->flags[z]) & PULLED;
    }
    const int biased = s->b != NO_VALUE && b->flags[s->b] & PULLED;
    step.run = kernels_in_use->pull_dot[b->careful];
    step.b = biased && !varies(b->p, s->b) ? s->b : NO_VALUE;
    if (wanted || step.b != NO_VALUE)
        push(b, &b->plan->backward, step);
    if (biased && varies(b->p, s->b))
        pull_whole(b, step, s->b, kernels_in_use->pull_bias);
}

/* All of a matrix, in place of its first row; then nobody needs the adjoints of its outputs. */
static void pull_matrix(struct block_planner *b, uint32_t number)
{
    const struct matrix *m = &b->plan->matrices.matrix[number];
    int biased = 0;
    for (uint32_t k = 0; k < m->active; k++)
        contribute(b, m->input[k].to, &m->input[k].to, &m->input[k].from);
    for (uint32_t o = 0; o < m->pulled; o++) {
        biased |= m->output[o].bias_to != NO_VALUE;
        m->output[o].g = b->adjoint[m->output[o].g];
        drop_slot(&b->adjoints, m->output[o].g);
    }
    if (m->active)
        push(b, &b->plan->backward, (struct block_step){.run = kernels_in_use->pull_inputs, .a = number});
    if (m->slopes != NO_VALUE)
        push(b, &b->plan->backward, (struct block_step){.run = kernels_in_use->pull_weights, .a = number});
    if (biased)
        push(b, &b->plan->backward, (struct block_step){.run = kernels_in_use->pull_biases, .a = number});
}

static void pull_step(struct block_planner *b, uint32_t i)
{
    const struct step *s = &b->p->step[i];
    uint32_t v = first_step(b->p) + i;
    struct block_step step = {.y = b->slot[v], .g = b->adjoint[v], .n = s->n, .a = b->first_pair[i]};
    if (is_two(s->op)) {
        pull_two(b, s, step);
    } else if (is_one(s->op)) {
        step.a = b->slot[s->a];
        pull_whole(b, step, s->a, kernels_in_use->pull_one[b->careful][s->op]);
    } else if (s->op == STEP_dot) {
        pull_dot(b, s, step);
    } else if (s->op == STEP_sum) {
        for (uint32_t k = 0; k < s->n; k++)
            pull_whole(b, step, b->p->operand[s->a + k], kernels_in_use->pull_bias);
    } else if (s->op == STEP_select) {
        for (step.n = 0; step.n < 2; step.n++)
            pull_whole(b, step, b->p->operand[s->a + 2 - step.n], kernels_in_use->pull_select);
    } else if (s->op == STEP_sloped) {
        const struct factor_pair *pair = b->plan->pair + step.a;
        pull_whole(b, step, b->p->operand[s->a], kernels_in_use->pull_bias);
        step.a = pair[1].a;
        step.b = pair[2].a;
        pull_whole(b, step, b->p->operand[s->a + 1],
                   kernels_in_use->pull_first[b->careful][BOTH_VARY][OP_mul - OP_FIRST_BINARY]);
    }
}

static void plan_adjoints(struct block_planner *b)
{
    const struct program *p = b->p;
    for (uint32_t k = 0; k < p->outputs; k++) {
        struct output_seed seed = {NO_VALUE, NOTHING};
        if (b->flags[p->output[k]] & PULLED)
            contribute(b, p->output[k], &seed.to, &seed.from);
        b->plan->seed[k] = seed;
    }
    for (uint32_t i = p->steps; i-- > p->uniform_steps && !b->failed;) {
        uint32_t v = first_step(p) + i, number = b->plan->matrices.of[i];
        if (number != NO_VALUE && i == b->plan->matrices.matrix[number].first)
            pull_matrix(b, number);
        if (number != NO_VALUE || !(b->flags[v] & PULLED))
            continue;
        pull_step(b, i);
        drop_slot(&b->adjoints, b->adjoint[v]);  /* which it has, since a gradient flows to it */
    }
    for (uint64_t v = p->inputs; v < first_step(p) + (uint64_t)p->uniform_steps && !b->failed; v++)
        if (b->adjoint[v] != NOTHING) {
            struct block_step step = {.run = kernels_in_use->pull_uniform_bias, .g = b->adjoint[v], .to = v};
            push(b, &b->plan->backward, step);
        }
    for (uint32_t v = 0; v < p->inputs; v++)
        b->plan->input_adjoint[v] = b->adjoint[v];
}

/* Memory. */

static uint32_t *table(struct block_planner *b, uint64_t n)
{
    uint32_t *numbers = malloc((n + 1) * sizeof *numbers);
    if (!numbers)
        b->failed = 1;
    return numbers;
}

static uint64_t pairs_of(const struct program *p)
{
    uint64_t pairs = 0;
    for (uint32_t i = p->uniform_steps; i < p->steps; i++)
        if (p->step[i].op >= OP_END)
            pairs += p->step[i].op == STEP_dot ? p->step[i].n : listed_operands(&p->step[i]);
    return pairs;
}

static void make_tables(struct block_planner *b)
{
    const struct program *p = b->p;
    struct block_plan *plan = b->plan;
    uint64_t values = value_count(p), pairs = pairs_of(p);
    b->slot = table(b, values);
    b->adjoint = table(b, values);
    b->last = table(b, values);
    b->values.free = table(b, values);
    b->adjoints.free = table(b, values);
    b->first_pair = table(b, p->steps);
    plan->input = table(b, p->inputs);
    plan->input_adjoint = table(b, p->inputs);
    plan->output = table(b, p->outputs);
    plan->seed = malloc(((uint64_t)p->outputs + 1) * sizeof *plan->seed);
    plan->pair = malloc((pairs + 1) * sizeof *plan->pair);
    b->failed |= !plan->seed || !plan->pair || pairs > UINT32_MAX;
    for (uint64_t v = 0; v < values && !b->failed; v++) {
        b->slot[v] = NO_VALUE;
        b->adjoint[v] = NOTHING;
    }
}

int make_block_plan(struct block_plan *plan, const struct program *p, const unsigned char *flags, uint32_t guards,
                   int careful)
{
    struct block_planner b = {
        .p = p, .flags = flags, .plan = plan, .guards = guards, .careful = careful, .adjoints.count = NOTHING + 1,
    };
    *plan = (struct block_plan){.values = 0};
    for (uint32_t k = 0; k < p->outputs; k++)
        b.keeps |= flags[p->output[k]] & PULLED;
    make_tables(&b);
    b.failed |= make_matrices(&plan->matrices, p, flags, careful);
    if (!b.failed)
        plan_values(&b);
    if (!b.failed)
        plan_adjoints(&b);
    plan->values = b.values.count;
    plan->adjoints = b.adjoints.count;
    free(b.slot);
    free(b.adjoint);
    free(b.last);
    free(b.first_pair);
    free(b.values.free);
    free(b.adjoints.free);
    if (b.failed)
        free_block_plan(plan);
    return b.failed ? -1 : 0;
}

void free_block_plan(struct block_plan *plan)
{
    free(plan->forward.step);
    free(plan->backward.step);
    free(plan->pair);
    free_matrices(&plan->matrices);
    free(plan->input);
    free(plan->output);
    free(plan->input_adjoint);
    free(plan->seed);
    *plan = (struct block_plan){.values = 0};
}

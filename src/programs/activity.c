/* What a call needs of a program. The contract is in the header. */

#include "programs/activity.h"

#include <string.h>

enum {
    MOST_VALUES = 1 << 30, /* the bit above says in a dot that a value is uniform */
    MOST_INPUTS = 1 << 24, /* which cost memory, while nothing in a file stands for each */
};

static int operands_are_below(const struct program *p, const struct step *s, uint32_t value, int uniform)
{
    for (uint64_t k = 0; k < operand_count(s); k++) {
        uint32_t operand = operand_of(p->operand, s, k);
        if (operand >= value || (uniform && varies(p, operand)))
            return 0;
    }
    return 1;
}

static const char *step_fault(const struct program *p, uint32_t i)
{
    const struct step *s = &p->step[i];
    const uint64_t listed = listed_operands(s);
    if (!is_one(s->op) && !is_two(s->op) && (s->op < OP_END || s->op >= STEP_END))
        return "a step has an unknown operation";
    if ((s->op == STEP_dot || s->op == STEP_sum) && s->n == 0)
        return "a sum has no operands";
    if (s->op == STEP_call && (s->b >= p->functions || s->n == 0 || s->n > MOST_CALLED))
        return "a call is of no function, or of no or too many values";
    if (listed && s->a + listed > p->operands)
        return "a step's operands lie beyond the end";
    if (!operands_are_below(p, s, first_step(p) + i, i < p->uniform_steps))
        return i < p->uniform_steps ? "a uniform step has an operand that varies or comes after it"
                                    : "a step has an operand that comes after it";
    return NULL;
}

const char *program_fault(const struct program *p)
{
    const char *fault = NULL;
    if (value_count(p) >= MOST_VALUES || p->inputs > MOST_INPUTS || p->uniform_steps > p->steps)
        return "the counts do not agree";
    for (uint32_t i = 0; i < p->steps && !fault; i++)
        fault = step_fault(p, i);
    for (uint32_t k = 0; k < p->outputs && !fault; k++)
        fault = p->output[k] < value_count(p) ? NULL : "an output is no value";
    for (uint32_t k = 0; k < p->guards && !fault; k++)
        fault = p->guard[k].value < value_count(p) && p->guard[k].truth <= 1 ? NULL : "a guard is no value and truth";
    return fault;
}

static void mark_needed(const struct program *p, struct wanted wanted, unsigned char *flags)
{
    for (uint32_t k = 0; wanted.outputs && k < p->outputs; k++)
        flags[p->output[k]] |= NEEDED;
    for (uint32_t k = 0; k < p->guards; k++)
        flags[p->guard[k].value] |= wanted.guards ? NEEDED | GUARDED : GUARDED;
    for (uint32_t i = p->steps; i-- > 0;)
        for (uint64_t k = 0; k < operands_used(p, flags, i); k++)
            flags[operand_of(p->operand, &p->step[i], k)] |=
                (flags[first_step(p) + i] & (NEEDED | GUARDED)) | (step_jumps_at(p->step[i].op, k) ? GUARDED : 0);
}

static void mark_active(const struct program *p, struct wanted wanted, unsigned char *flags)
{
    for (uint32_t v = 0; wanted.inputs && v < p->inputs; v++)
        flags[v] |= ACTIVE;
    for (uint32_t k = 0; k < wanted.uniforms; k++)
        flags[p->inputs + k] |= ACTIVE;
    for (uint32_t i = 0; i < p->steps; i++)
        for (uint64_t k = 0; k < operand_count(&p->step[i]); k++)
            if (passes_on(&p->step[i], k))
                flags[first_step(p) + i] |= flags[operand_of(p->operand, &p->step[i], k)] & ACTIVE;
}

static enum choices choice_of(uint32_t op)
{
    return op == STEP_select ? SELECTIONS : op_traits_choose(step_traits(op)) ? CHOOSING_OPERATIONS : NO_CHOICES;
}

static enum choices mark_pulled(const struct program *p, unsigned char *flags)
{
    enum choices choices = NO_CHOICES;
    for (uint32_t k = 0; k < p->outputs; k++)
        flags[p->output[k]] |= flags[p->output[k]] & ACTIVE ? PULLED | SEEDED : 0;
    for (uint32_t i = p->steps; i-- > 0;) {
        const struct step *s = &p->step[i];
        if (!(flags[first_step(p) + i] & PULLED))
            continue;
        choices = choice_of(s->op) > choices ? choice_of(s->op) : choices;
        for (uint64_t k = 0; k < operand_count(s); k++)
            if (passes_on(s, k) && flags[operand_of(p->operand, s, k)] & ACTIVE)
                flags[operand_of(p->operand, s, k)] |= PULLED;
    }
    return choices;
}

enum choices analyse(const struct program *p, struct wanted wanted, unsigned char *flags)
{
    memset(flags, 0, value_count(p));
    if (!wanted.inputs && !wanted.uniforms) {
        mark_needed(p, wanted, flags);
        return NO_CHOICES;
    }
    mark_active(p, wanted, flags);
    const enum choices choices = mark_pulled(p, flags);
    mark_needed(p, wanted, flags);
    return choices;
}

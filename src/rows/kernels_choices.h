/* The kernels of sums, choices and calls, and those that look at a block's numbers. Included by kernels_body.h. */

/* Sums, choices and calls; operands are the first factors of pairs. */

KERNEL(sum)
{
    const struct factor_pair *pair = block->pair + s->a;
    double *y = VALUE(s->y);
    for (uint64_t i = 0; i < block->width; i += VECTOR_ROWS) {
        VECTOR sum = AT(VALUE(pair[0].a), i);
        for (uint32_t k = 1; k < s->n; k++)
            sum += AT(VALUE(pair[k].a), i);
        AT(y, i) = sum;
    }
}

KERNEL(select)
{
    const struct factor_pair *pair = block->pair + s->a;
    const double *condition = VALUE(pair[0].a), *x = VALUE(pair[1].a), *z = VALUE(pair[2].a);
    double *y = VALUE(s->y);
    ROWS { const double taken = x[i], other = z[i]; y[i] = condition[i] != 0.0 ? taken : other; }
}

/* To the case that is taken where n is 1, to the other where it is 0. */
KERNEL(pull_select)
{
    const double *condition = VALUE(block->pair[s->a].a), *g = ADJOINT(s->g), *from = ADJOINT(s->from);
    double *to = ADJOINT(s->to);
    const int taken = s->n;
    ROWS { const double all = g[i]; to[i] = from[i] + ((condition[i] != 0.0) == taken ? all : NO_GRADIENT); }
}

/* The rows that only fill the block are as the last one. */
KERNEL(call)
{
    const struct factor_pair *pair = block->pair + s->a;
    const struct program *p = block->program;
    double x[MOST_CALLED], *y = VALUE(s->y);
    for (uint64_t i = 0; i < block->rows; i++) {
        for (uint32_t k = 0; k < s->n; k++)
            x[k] = (VALUE(pair[k].a))[i];
        y[i] = p->call(p->context, s->b, x, s->n);
    }
    for (uint64_t i = block->rows; i < block->width; i++)
        y[i] = y[block->rows - 1];
}

/* A uniform value as one that varies. */
KERNEL(spread)
{
    const double x = block->uniform[s->a];
    double *y = VALUE(s->y);
    ROWS y[i] = x;
}

/* The first guard with another outcome than recorded, or PASSED: of the first guard and of a further one. */
#define CHECK(kernel, before) \
    KERNEL(kernel) \
    { \
        const double *x = VALUE(s->a), guard = s->b; \
        double *failed = VALUE(s->y); \
        if (s->n) { \
            ROWS failed[i] = before < 0.0 && x[i] == 0.0 ? guard : before; \
        } else { \
            ROWS failed[i] = before < 0.0 && x[i] != 0.0 ? guard : before; \
        } \
    }
CHECK(check_first, PASSED)
CHECK(check, failed[i])

static uint64_t LANE(has_nan)(const double *slot, uint64_t width)
{
    uint64_t found = 0;
    for (uint64_t i = 0; i < width / LANES * LANES; i++)
        found |= slot[i] != slot[i];
    return found;
}

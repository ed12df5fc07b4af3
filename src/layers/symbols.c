/* Layers and losses on symbols. The contract is in the header. */

#include "layers/symbols.h"

#include "operations/composites.h"

/* Layers. */

static symbol activation_symbol(struct algebra *s, uint32_t activation, symbol x)
{
    switch (activation) {
#define ACTIVATION(name, op, c) \
    case ACTIVATION_##name: \
        return op < OP_FIRST_VC ? s->one(s, op, x) : two_number(s, op - OP_TO_VC, x, c);
        ACTIVATIONS
#undef ACTIVATION
    }
    return x;
}

void layer_symbols(struct algebra *s, const symbol *parameters, const symbol *x, uint32_t nin, struct layer_size size,
                   symbol *result, symbol *work)
{
    for (uint32_t j = 0; j < size.nout; j++, parameters += nin + 1) {
        for (uint32_t k = 0; k < nin; k++) {
            work[2 * k] = parameters[k];
            work[2 * k + 1] = x[k];
        }
        result[j] = s->dot(s, parameters[nin], work, nin);
        if (size.activation != ACTIVATION_softmax)
            result[j] = activation_symbol(s, size.activation, result[j]);
    }
    if (size.activation == ACTIVATION_softmax)
        softmax_symbols(s, result, size.nout);
}

/* Cross-entropies of a row. */

/* -log(softmax) of x[0], exact where it is small; x is used up. */
static symbol surprise_symbol(struct algebra *s, symbol *x, uint32_t n)
{
    const symbol first = x[0];
    if (n == 1)
        return s->constant(s, 0.0);
    return s->one(s, OP_softplus, s->two(s, OP_sub, logsumexp_symbol(s, x + 1, n - 1), first));
}

static symbol entropy_of_label(struct algebra *s, symbol *x, uint32_t n, uint32_t label)
{
    const symbol first = x[0];
    x[0] = x[label];
    x[label] = first;
    return surprise_symbol(s, x, n);
}

/* Of probabilities t; x, which is used up, has room for twice its n symbols. */
static symbol entropy_symbol(struct algebra *s, symbol *x, uint32_t n, const double *t)
{
    uint32_t wanted = 0, last = 0;
    for (uint32_t j = 0; j < n; j++)
        if (t[j] != 0.0) {
            wanted++;
            last = j;
        }
    if (wanted == 1)
        return two_number(s, OP_mul, entropy_of_label(s, x, n, last), t[last]);
    memcpy(x + n, x, n * sizeof(*x));
    const symbol shift = logsumexp_symbol(s, x + n, n);
    for (uint32_t j = 0; j < n; j++)
        x[n + j] = s->two(s, OP_sub, shift, x[j]);
    for (uint32_t j = 0, k = 0; j < n; j++)
        if (t[j] != 0.0) {
            x[2 * k] = x[n + j];
            x[2 * k++ + 1] = s->constant(s, t[j]);
        }
    return s->dot(s, NO_SYMBOL, x, wanted);
}

/* Losses. */

/* The loss of row r, whose predictions are in x and are used up. */
static symbol row_symbol(struct algebra *s, const struct loss *l, uint64_t r, symbol *x)
{
    const uint32_t n = l->shape.columns;
    switch (l->shape.loss) {
    case LOSS_cross_entropy_of_labels:
        return entropy_of_label(s, x, n, (uint32_t)l->targets[r]);
    case LOSS_cross_entropy:
        return entropy_symbol(s, x, n, l->targets + r * n);
    }
    const symbol target = s->constant(s, l->targets[r]);
    return loss_value_symbol(s, l->shape.loss, x[0], target, s->constant(s, l->shape.constant));
}

symbol loss_symbol(struct algebra *s, const struct loss *l, const symbol *x, symbol *work)
{
    const uint64_t rows = l->shape.rows, n = l->shape.columns;
    for (uint64_t r = 0; r < rows; r++) {
        memcpy(work + rows, x + r * n, n * sizeof(*x));
        work[r] = row_symbol(s, l, r, work + rows);
        if (l->weights)
            work[r] = l->weights[r] == 0.0 ? s->constant(s, 0.0) : two_number(s, OP_mul, work[r], l->weights[r]);
    }
    const symbol sum = s->sum(s, work, (uint32_t)rows);
    switch (l->shape.reduction) {
    case REDUCED_mean:
        return two_number(s, OP_div, sum, (double)rows);
    case REDUCED_root:
        return root_symbol(s, sum);
    }
    return sum;
}

symbol penalty_symbol(struct algebra *s, double alpha, const symbol *x, uint64_t n, symbol *work)
{
    for (uint64_t k = 0; k < n; k++)
        work[2 * k] = work[2 * k + 1] = x[k];
    return two_number(s, OP_mul, s->dot(s, NO_SYMBOL, work, (uint32_t)n), alpha);
}

/* The update rules of the optimizers: what a step makes of parameters and their gradients.
 *
 * A rule is applied stretch by stretch: n parameters that lie together, their gradients, and the same stretch of each of
 * the rule's state arrays. Formulas, and the order of operations in them, are those of torch.optim, whose results
 * they give but for rounding:
 *
 *   sgd       the first step fills the momentum buffer with the gradient
 *   adam      Kingma and Ba, arXiv:1412.6980; decoupled: Loshchilov and Hutter, arXiv:1711.05101
 *   rmsprop   Hinton's lecture 6e; centered: Graves, arXiv:1308.0850
 *
 * Functions of numbers and arrays: no Python. The caller owns the arrays, which do not overlap.
 */
#ifndef FASTGRAD_UPDATES_H
#define FASTGRAD_UPDATES_H

#include <math.h>
#include <stdint.h>

#include "layers/layer.h" /* for FOR_WIDER_VECTORS: roots and quotients gain most; a sum and a product wait for memory */

enum update_rule { RULE_sgd, RULE_adam, RULE_rmsprop, RULE_END };

enum { MOST_STATES = 3 };

static const struct rule {
    const char *name;
    unsigned states;
    const char *state_names[MOST_STATES];
} update_rules[] = {
    {"sgd", 1, {"momentum_buffer"}},
    {"adam", 2, {"exp_avg", "exp_avg_sq"}},
    {"rmsprop", 3, {"square_avg", "grad_avg", "momentum_buffer"}},
};

/* What a step is told; flags are 0.0 or 1.0. Each rule reads its own. */
#define UPDATE_OPTIONS \
    OPTION(lr) OPTION(weight_decay) OPTION(momentum) OPTION(dampening) OPTION(nesterov) \
    OPTION(beta1) OPTION(beta2) OPTION(eps) OPTION(decoupled) OPTION(alpha) OPTION(centered)

enum update_option {
#define OPTION(name) OPTION_##name,
    UPDATE_OPTIONS
#undef OPTION
    OPTION_END
};

static const char *const option_names[] = {
#define OPTION(name) #name,
    UPDATE_OPTIONS
#undef OPTION
};

struct update {
    double options[OPTION_END];
    double steps;               /* taken, this one included */
    double step_size, root;     /* of adam, from the number of steps: see begin_step */
};

struct leaves {
    uint64_t n;
    double *data;
    const double *grad;
    double *state[MOST_STATES];
};

/* Count a step, and compute what is the same for all parameters. */
static inline void begin_step(unsigned rule, struct update *u)
{
    u->steps += 1.0;
    if (rule == RULE_adam) {
        u->step_size = u->options[OPTION_lr] / (1.0 - pow(u->options[OPTION_beta1], u->steps));
        u->root = sqrt(1.0 - pow(u->options[OPTION_beta2], u->steps));
    }
}

static inline void sgd(const struct update *u, const struct leaves *s)
{
    const double lr = u->options[OPTION_lr], decay = u->options[OPTION_weight_decay];
    const double momentum = u->options[OPTION_momentum], taken = 1.0 - u->options[OPTION_dampening];
    const int first = u->steps == 1.0, nesterov = u->options[OPTION_nesterov] != 0.0;
    double *restrict data = s->data, *restrict buffer = s->state[0];
    const double *restrict grad = s->grad;
    for (uint64_t i = 0; i < s->n; i++) {
        double g = grad[i];
        if (decay != 0.0)
            g += decay * data[i];
        if (momentum != 0.0) {
            const double b = buffer[i] = first ? g : momentum * buffer[i] + taken * g;
            g = nesterov ? g + momentum * b : b;
        }
        data[i] -= lr * g;
    }
}

/* A point between start and end: step from the nearer end, as weights that are nearly 1 would lose digits. */
struct blend {
    int from_start;
    double step;
};

static inline struct blend blend_of(double weight)
{
    struct blend b = {weight < 0.5, weight < 0.5 ? weight : weight - 1.0};
    return b;
}

FOR_WIDER_VECTORS
static void adam(const struct update *u, const struct leaves *s)
{
    const double beta2 = u->options[OPTION_beta2], taken = 1.0 - beta2, eps = u->options[OPTION_eps];
    const double decay = u->options[OPTION_weight_decay], left = 1.0 - u->options[OPTION_lr] * decay;
    const double step_size = u->step_size, root = u->root;
    const int decoupled = decay != 0.0 && u->options[OPTION_decoupled] != 0.0;
    const int coupled = decay != 0.0 && !decoupled;
    const struct blend blend = blend_of(1.0 - u->options[OPTION_beta1]);
    double *restrict data = s->data, *restrict mean = s->state[0], *restrict square = s->state[1];
    const double *restrict grad = s->grad;
    for (uint64_t i = 0; i < s->n; i++) {
        double x = data[i], g = grad[i];
        if (decoupled)
            x *= left;
        if (coupled)
            g += decay * x;
        mean[i] = (blend.from_start ? mean[i] : g) + blend.step * (g - mean[i]);
        square[i] = square[i] * beta2 + taken * g * g;
        data[i] = x - step_size * mean[i] / (sqrt(square[i]) / root + eps);
    }
}

FOR_WIDER_VECTORS
static void rmsprop(const struct update *u, const struct leaves *s)
{
    const double lr = u->options[OPTION_lr], decay = u->options[OPTION_weight_decay], eps = u->options[OPTION_eps];
    const double alpha = u->options[OPTION_alpha], taken = 1.0 - alpha, momentum = u->options[OPTION_momentum];
    const double unit = momentum != 0.0 ? 1.0 : lr;
    const int centered = u->options[OPTION_centered] != 0.0;
    const struct blend blend = blend_of(taken);
    double *restrict data = s->data, *restrict square = s->state[0], *restrict mean = s->state[1];
    double *restrict buffer = s->state[2];
    const double *restrict grad = s->grad;
    for (uint64_t i = 0; i < s->n; i++) {
        double g = grad[i], spread, step;
        if (decay != 0.0)
            g += decay * data[i];
        spread = square[i] = square[i] * alpha + taken * g * g;
        if (centered) {
            const double m = mean[i] = (blend.from_start ? mean[i] : g) + blend.step * (g - mean[i]);
            spread -= m * m;
        }
        step = unit * g / (sqrt(spread) + eps);
        if (momentum != 0.0) {
            buffer[i] = momentum * buffer[i] + step;
            step = lr * buffer[i];
        }
        data[i] -= step;
    }
}

static inline void update_stretch(unsigned rule, const struct update *u, const struct leaves *s)
{
    switch (rule) {
    case RULE_sgd:
        sgd(u, s);
        break;
    case RULE_adam:
        adam(u, s);
        break;
    case RULE_rmsprop:
        rmsprop(u, s);
        break;
    }
}

/* The largest magnitude so far, of `largest` and n numbers; nan where one of them is. */
static inline double largest_of(double largest, uint64_t n, const double *numbers)
{
    for (uint64_t i = 0; i < n; i++)
        if (!(fabs(numbers[i]) <= largest))
            largest = largest != largest ? largest : fabs(numbers[i]);
    return largest;
}

/* The sum of n magnitudes to a power, each divided by `unit` first so that none overflows. */
static inline double sum_of_powers(uint64_t n, const double *numbers, double unit, double power)
{
    double sum = 0.0;
    for (uint64_t i = 0; i < n; i++) {
        const double x = fabs(numbers[i]) / unit;
        sum += power == 2.0 ? x * x : pow(x, power);
    }
    return sum;
}

static inline void scale(uint64_t n, double *numbers, double factor)
{
    for (uint64_t i = 0; i < n; i++)
        numbers[i] *= factor;
}

/* Bring n numbers into [-bound, bound]; a nan stays one. */
static inline void clamp(uint64_t n, double *numbers, double bound)
{
    for (uint64_t i = 0; i < n; i++) {
        const double x = numbers[i] < -bound ? -bound : numbers[i];
        numbers[i] = x > bound ? bound : x;
    }
}

#endif

/* The update rules: see updates.h. */

#include "layers/updates.h"

#include <math.h>

#include "operations/portable.h" /* roots and quotients gain most; a sum and a product wait for memory */

const struct rule update_rules[RULE_END] = {
    {"sgd", 1, {"momentum_buffer"}},
    {"adam", 2, {"exp_avg", "exp_avg_sq"}},
    {"rmsprop", 3, {"square_avg", "grad_avg", "momentum_buffer"}},
};

const char *const option_names[OPTION_END] = {
#define OPTION(name) #name,
    UPDATE_OPTIONS
#undef OPTION
};

void begin_step(unsigned rule, struct update *u)
{
    u->steps += 1.0;
    if (rule == RULE_adam) {
        u->step_size = u->options[OPTION_lr] / (1.0 - pow(u->options[OPTION_beta1], u->steps));
        u->root = sqrt(1.0 - pow(u->options[OPTION_beta2], u->steps));
    }
}

static void sgd(const struct update *u, const struct leaves *s)
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

static struct blend blend_of(double weight)
{
    struct blend b = {weight < 0.5, weight < 0.5 ? weight : weight - 1.0};
    return b;
}

FOR_WIDER_VECTORS
static void adam(const struct update *u, const struct leaves *s)
{
    const double beta2 = u->options[OPTION_beta2], taken = 1.0 - beta2;
    const double eps = u->options[OPTION_eps] / (u->options[OPTION_eps_hat] != 0.0 ? u->root : 1.0);
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

void update_stretch(unsigned rule, const struct update *u, const struct leaves *s)
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

double largest_of(double largest, uint64_t n, const double *numbers)
{
    for (uint64_t i = 0; i < n; i++)
        if (!(fabs(numbers[i]) <= largest))
            largest = largest != largest ? largest : fabs(numbers[i]);
    return largest;
}

double sum_of_powers(uint64_t n, const double *numbers, double unit, double power)
{
    double sum = 0.0;
    for (uint64_t i = 0; i < n; i++) {
        const double x = fabs(numbers[i]) / unit;
        sum += power == 2.0 ? x * x : pow(x, power);
    }
    return sum;
}

void scale(uint64_t n, double *numbers, double factor)
{
    for (uint64_t i = 0; i < n; i++)
        numbers[i] *= factor;
}

void clamp(uint64_t n, double *numbers, double bound)
{
    for (uint64_t i = 0; i < n; i++) {
        const double x = numbers[i] < -bound ? -bound : numbers[i];
        numbers[i] = x > bound ? bound : x;
    }
}

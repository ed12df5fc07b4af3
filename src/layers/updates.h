/* The update rules of the optimizers: what a step makes of parameters and their gradients.
 *
 * A rule is applied stretch by stretch: n parameters that lie together, their gradients, and the same stretch of each of
 * the rule's state arrays. Formulas, and the order of operations in them, are those of torch.optim, whose results
 * they give but for rounding:
 *
 *   sgd       the first step fills the momentum buffer with the gradient
 *   adam      Kingma and Ba, arXiv:1412.6980; decoupled: Loshchilov and Hutter, arXiv:1711.05101; eps_hat: what
 *             section 2 of the former calls so, eps is added to the root before that is corrected, as scikit-learn does
 *   rmsprop   Hinton's lecture 6e; centered: Graves, arXiv:1308.0850
 *
 * Functions of numbers and arrays: no Python. The caller owns the arrays, which do not overlap.
 */
#ifndef FASTGRAD_UPDATES_H
#define FASTGRAD_UPDATES_H

#include <stdint.h>

enum update_rule { RULE_sgd, RULE_adam, RULE_rmsprop, RULE_END };

enum { MOST_STATES = 3 };

struct rule {
    const char *name;
    unsigned states;
    const char *state_names[MOST_STATES];
};

extern const struct rule update_rules[RULE_END];

/* What a step is told; flags are 0.0 or 1.0. Each rule reads its own. */
#define UPDATE_OPTIONS \
    OPTION(lr) OPTION(weight_decay) OPTION(momentum) OPTION(dampening) OPTION(nesterov) \
    OPTION(beta1) OPTION(beta2) OPTION(eps) OPTION(eps_hat) OPTION(decoupled) OPTION(alpha) OPTION(centered)

enum update_option {
#define OPTION(name) OPTION_##name,
    UPDATE_OPTIONS
#undef OPTION
    OPTION_END
};

extern const char *const option_names[OPTION_END];

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
void begin_step(unsigned rule, struct update *u);

void update_stretch(unsigned rule, const struct update *u, const struct leaves *s);

/* The largest magnitude so far, of `largest` and n numbers; nan where one of them is. */
double largest_of(double largest, uint64_t n, const double *numbers);

/* The sum of n magnitudes to a power, each divided by `unit` first so that none overflows. */
double sum_of_powers(uint64_t n, const double *numbers, double unit, double power);

void scale(uint64_t n, double *numbers, double factor);

/* Bring n numbers into [-bound, bound]; a nan stays one. */
void clamp(uint64_t n, double *numbers, double bound);

#endif

/* Sums in the making. The contract is in the header. */

#include "programs/totals.h"

#include <stdlib.h>

struct product {
    symbol a, b;
    uint32_t next; /* that was added before to the same total; 0 is none */
};

void totals_begin(struct totals *t, struct dag *d) { *t = (struct totals){.d = d, .products = 1}; }

void totals_free(struct totals *t)
{
    free(t->product);
    free(t->pair);
    *t = (struct totals){.d = NULL};
}

void totals_reset(struct totals *t) { t->products = 1; }

void add_flow(struct totals *t, struct total *to, struct flow flow)
{
    to->flow = flow_sum(&t->d->algebra, to->flow, flow);
}

void add_product(struct totals *t, struct total *to, struct flow x, struct flow y)
{
    if (!x.amount || !y.amount || x.alive || y.alive) {
        add_flow(t, to, flow_product(&t->d->algebra, x, y));
        return;
    }
    if (t->products >= t->product_capacity) {
        const uint32_t n = 2 * t->product_capacity + 64;
        if (n >= 1u << 31 || !grow_array((void **)&t->product, n * sizeof(*t->product))) {
            t->d->failed = 1;
            return;
        }
        t->product_capacity = n;
    }
    t->product[t->products] = (struct product){x.amount, y.amount, to->last};
    to->last = t->products++;
}

/* Is a factor 0, 1 or -1, so that the product is none? */
static int is_simple(const struct dag *d, symbol factor)
{
    const double x = constant_at(d, factor);
    return is_constant(d, factor) && (x == 0.0 || fabs(x) == 1.0);
}

/* Is a product with a constant the same as that of a pair? Then the pair becomes both. */
static int is_doubled(struct totals *t, symbol *pair, symbol a, symbol b)
{
    const int k = is_constant(t->d, b);
    if (pair[0] != a || pair[1] != b || !is_constant(t->d, pair[k]))
        return 0;
    pair[k] = dag_constant(t->d, 2.0 * constant_at(t->d, pair[k]));
    return 1;
}

static int have_room(struct totals *t, uint32_t n)
{
    if (n <= t->pair_capacity)
        return 1;
    if (!grow_array((void **)&t->pair, 4 * (size_t)n * sizeof(*t->pair)))
        return 0;
    t->pair_capacity = 2 * n;
    return 1;
}

/* The products of a total as pairs, in the order in which they were added, and the sum of the others. */
static uint32_t take_pairs(struct totals *t, uint32_t last, struct flow *others)
{
    struct algebra *s = &t->d->algebra;
    uint32_t n = 0, place;
    for (uint32_t k = last; k; k = t->product[k].next)
        n++;
    if (!have_room(t, n)) {
        t->d->failed = 1;
        return 0;
    }
    place = n;
    for (uint32_t k = last; k; k = t->product[k].next) {
        const symbol a = t->product[k].a, b = t->product[k].b;
        if (is_simple(t->d, a) || is_simple(t->d, b)) {
            *others = flow_sum(s, flow_product(s, (struct flow){a, 0}, (struct flow){b, 0}), *others);
            continue;
        }
        if (place < n && is_doubled(t, &t->pair[2 * place], a, b))
            continue;
        place--;
        t->pair[2 * place] = a;
        t->pair[2 * place + 1] = b;
    }
    memmove(t->pair, t->pair + 2 * place, 2 * (size_t)(n - place) * sizeof(*t->pair));
    return n - place;
}

struct flow finished(struct totals *t, struct total *total)
{
    struct algebra *s = &t->d->algebra;
    struct flow others = {0, 0};
    const uint32_t n = total->last ? take_pairs(t, total->last, &others) : 0;
    total->last = 0;
    if (n == 1)
        add_flow(t, total, flow_product(s, (struct flow){t->pair[0], 0}, (struct flow){t->pair[1], 0}));
    else if (n)
        add_flow(t, total, (struct flow){s->dot(s, NO_SYMBOL, t->pair, n), 0});
    add_flow(t, total, others);
    return total->flow;
}

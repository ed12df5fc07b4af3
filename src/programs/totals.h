/* Sums in the making, of flows (chain.h) in a graph (dag.h). Products are kept until a sum is finished: then they become
 * one dot product, and items for each of them and for the sums on the way are never made. Where memory fails, the graph
 * has failed.
 */
#ifndef FASTGRAD_TOTALS_H
#define FASTGRAD_TOTALS_H

#include "operations/chain.h"
#include "programs/dag.h"

struct total {
    struct flow flow; /* what has been added; all, once it is finished */
    uint32_t last;    /* of the products; 0 is none */
};

struct product;

struct totals {
    struct dag *d;
    struct product *product;
    symbol *pair;       /* room for the factors of one total */
    uint32_t products, product_capacity, pair_capacity;
};

void totals_begin(struct totals *t, struct dag *d);
void totals_free(struct totals *t);

/* All totals are finished: their memory serves the next ones. */
void totals_reset(struct totals *t);

static inline int has_parts(const struct total *total) { return total->flow.amount || total->last; }

void add_flow(struct totals *t, struct total *to, struct flow flow);

/* Adds the product of two flows. */
void add_product(struct totals *t, struct total *to, struct flow x, struct flow y);

struct flow finished(struct totals *t, struct total *total);

#endif

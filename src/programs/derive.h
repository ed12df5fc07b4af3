/* Derivatives of a program's values by some of its inputs, as items of a graph (dag.h).
 *
 * Forward, each item has a list of tangents, one for each input that it stands on: what is structurally 0 is nowhere.
 * Where an item stands on one other alone, its base, its tangents are those times one factor. Backward, each has an
 * adjoint.
 *
 * Whoever begins one frees it. Where memory fails `failed` is set, here or in the graph: look at the end.
 */
#ifndef FASTGRAD_DERIVE_H
#define FASTGRAD_DERIVE_H

#include "programs/totals.h"

/* Of an item: by which of the inputs, and the derivative. */
struct tangent {
    uint32_t by;
    struct flow flow;
};

struct tangents {
    const struct tangent *first;
    uint32_t n;
};

struct derivation {
    struct dag *d;
    uint32_t count;         /* of the items that derivatives are taken of */
    uint8_t *active;        /* of each: does it stand on the inputs? */
    struct total *adjoint;  /* of each, after `derive_backward` */
    uint64_t *start;        /* of each: where its tangents begin, after `derive_forward` */
    struct tangent *tangent;
    uint64_t tangents, tangent_capacity;
    symbol *base;           /* of each, after `derive_bases`: the item that its tangents are a multiple of, */
    struct flow *scale;     /* and which multiple */
    struct totals totals;
    int failed;
};

/* Begin for the items there are, and the inputs that are these n items, which are not constants. */
void derive_begin(struct derivation *v, struct dag *d, const symbol *by, uint32_t n);
void derive_free(struct derivation *v);

/* The tangents of all items, where the k-th of the inputs has the tangent seed[k] in direction k; or all of them in one
 * direction, 0, if `together`. */
void derive_forward(struct derivation *v, const symbol *by, const symbol *seed, uint32_t n, int together);
struct tangents tangents_of(const struct derivation *v, symbol i);

/* The same, but only the bases have tangents: an item whose operands stand on one base is its own multiple of it. */
void derive_bases(struct derivation *v, const symbol *by, const symbol *seed, uint32_t n);

/* The adjoints of all items, those of n roots being given. */
void derive_backward(struct derivation *v, const symbol *root, const symbol *seed, uint32_t n);

#endif

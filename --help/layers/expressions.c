/* Written by src/expressions.py from layers/losses.def. */

#include <math.h>

#include "layers/symbols.h"

symbol loss_value_symbol(struct algebra *s, unsigned op, symbol p, symbol t, symbol c)
{
    (void)p; (void)t; (void)c;
    switch (op) {
    case LOSS_squares: {
        const symbol v0 = s->two(s, OP_sub, p, t);
        const symbol v1 = s->two(s, OP_sub, p, t);
        const symbol v2 = s->two(s, OP_mul, v0, v1);
        return v2;
    }
    case LOSS_binary_cross_entropy: {
        const symbol v0 = s->constant(s, 0.0);
        const symbol v1 = s->two(s, OP_gt, t, v0);
        const symbol v2 = s->one(s, OP_neg, t);
        const symbol v3 = s->one(s, OP_log, p);
        const symbol v4 = s->two(s, OP_mul, v2, v3);
        const symbol v5 = s->constant(s, 0.0);
        const symbol v6 = s->one(s, OP_neg, v5);
        const symbol v7 = s->select(s, v1, v4, v6);
        const symbol v8 = s->constant(s, 1.0);
        const symbol v9 = s->two(s, OP_lt, t, v8);
        const symbol v10 = s->constant(s, 1.0);
        const symbol v11 = s->two(s, OP_sub, t, v10);
        const symbol v12 = s->one(s, OP_neg, p);
        const symbol v13 = s->one(s, OP_log1p, v12);
        const symbol v14 = s->two(s, OP_mul, v11, v13);
        const symbol v15 = s->constant(s, 0.0);
        const symbol v16 = s->one(s, OP_neg, v15);
        const symbol v17 = s->select(s, v9, v14, v16);
        const symbol v18 = s->two(s, OP_add, v7, v17);
        return v18;
    }
    case LOSS_binary_cross_entropy_with_logits: {
        const symbol v0 = s->constant(s, 0.0);
        const symbol v1 = s->two(s, OP_gt, t, v0);
        const symbol v2 = s->one(s, OP_neg, p);
        const symbol v3 = s->one(s, OP_softplus, v2);
        const symbol v4 = s->two(s, OP_mul, t, v3);
        const symbol v5 = s->constant(s, 0.0);
        const symbol v6 = s->one(s, OP_neg, v5);
        const symbol v7 = s->select(s, v1, v4, v6);
        const symbol v8 = s->constant(s, 1.0);
        const symbol v9 = s->two(s, OP_lt, t, v8);
        const symbol v10 = s->constant(s, 1.0);
        const symbol v11 = s->two(s, OP_sub, v10, t);
        const symbol v12 = s->one(s, OP_softplus, p);
        const symbol v13 = s->two(s, OP_mul, v11, v12);
        const symbol v14 = s->constant(s, 0.0);
        const symbol v15 = s->one(s, OP_neg, v14);
        const symbol v16 = s->select(s, v9, v13, v15);
        const symbol v17 = s->two(s, OP_add, v7, v16);
        return v17;
    }
    case LOSS_hinge: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->two(s, OP_mul, t, p);
        const symbol v2 = s->two(s, OP_sub, v0, v1);
        const symbol v3 = s->one(s, OP_relu, v2);
        return v3;
    }
    }
    return s->constant(s, NAN);
}

symbol loss_slope_symbol(struct algebra *s, unsigned op, symbol p, symbol t, symbol c)
{
    (void)p; (void)t; (void)c;
    switch (op) {
    case LOSS_squares: {
        const symbol v0 = s->constant(s, 2.0);
        const symbol v1 = s->two(s, OP_sub, p, t);
        const symbol v2 = s->two(s, OP_mul, v0, v1);
        return v2;
    }
    case LOSS_binary_cross_entropy: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->two(s, OP_lt, t, v0);
        const symbol v2 = s->constant(s, 1.0);
        const symbol v3 = s->two(s, OP_sub, v2, t);
        const symbol v4 = s->constant(s, 1.0);
        const symbol v5 = s->two(s, OP_sub, v4, p);
        const symbol v6 = s->two(s, OP_div, v3, v5);
        const symbol v7 = s->constant(s, 0.0);
        const symbol v8 = s->select(s, v1, v6, v7);
        const symbol v9 = s->constant(s, 0.0);
        const symbol v10 = s->two(s, OP_gt, t, v9);
        const symbol v11 = s->two(s, OP_div, t, p);
        const symbol v12 = s->constant(s, 0.0);
        const symbol v13 = s->select(s, v10, v11, v12);
        const symbol v14 = s->two(s, OP_sub, v8, v13);
        return v14;
    }
    case LOSS_binary_cross_entropy_with_logits: {
        const symbol v0 = s->constant(s, 0.0);
        const symbol v1 = s->two(s, OP_ge, p, v0);
        const symbol v2 = s->constant(s, 1.0);
        const symbol v3 = s->two(s, OP_sub, v2, t);
        const symbol v4 = s->one(s, OP_neg, p);
        const symbol v5 = s->one(s, OP_exp, v4);
        const symbol v6 = s->two(s, OP_mul, t, v5);
        const symbol v7 = s->two(s, OP_sub, v3, v6);
        const symbol v8 = s->constant(s, 1.0);
        const symbol v9 = s->one(s, OP_neg, p);
        const symbol v10 = s->one(s, OP_exp, v9);
        const symbol v11 = s->two(s, OP_add, v8, v10);
        const symbol v12 = s->two(s, OP_div, v7, v11);
        const symbol v13 = s->constant(s, 1.0);
        const symbol v14 = s->two(s, OP_sub, v13, t);
        const symbol v15 = s->one(s, OP_exp, p);
        const symbol v16 = s->two(s, OP_mul, v14, v15);
        const symbol v17 = s->two(s, OP_sub, v16, t);
        const symbol v18 = s->constant(s, 1.0);
        const symbol v19 = s->one(s, OP_exp, p);
        const symbol v20 = s->two(s, OP_add, v18, v19);
        const symbol v21 = s->two(s, OP_div, v17, v20);
        const symbol v22 = s->select(s, v1, v12, v21);
        return v22;
    }
    case LOSS_hinge: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->two(s, OP_mul, t, p);
        const symbol v2 = s->two(s, OP_sub, v0, v1);
        const symbol v3 = s->constant(s, 0.0);
        const symbol v4 = s->two(s, OP_gt, v2, v3);
        const symbol v5 = s->one(s, OP_neg, t);
        const symbol v6 = s->constant(s, 0.0);
        const symbol v7 = s->select(s, v4, v5, v6);
        return v7;
    }
    }
    return s->constant(s, NAN);
}

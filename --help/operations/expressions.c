/* Written by src/expressions.py from operations/ops.def. */

#include <math.h>

#include "operations/algebra.h"

symbol op_value_symbol(struct algebra *s, unsigned op, symbol a, symbol b)
{
    (void)a; (void)b;
    switch (op) {
    case OP_neg: {
        const symbol v0 = s->one(s, OP_neg, a);
        return v0;
    }
    case OP_pos: {
        return a;
    }
    case OP_detach: {
        return a;
    }
    case OP_abs: {
        const symbol v0 = s->one(s, OP_abs, a);
        return v0;
    }
    case OP_exp: {
        const symbol v0 = s->one(s, OP_exp, a);
        return v0;
    }
    case OP_log: {
        const symbol v0 = s->one(s, OP_log, a);
        return v0;
    }
    case OP_log2: {
        const symbol v0 = s->one(s, OP_log2, a);
        return v0;
    }
    case OP_log10: {
        const symbol v0 = s->one(s, OP_log10, a);
        return v0;
    }
    case OP_log1p: {
        const symbol v0 = s->one(s, OP_log1p, a);
        return v0;
    }
    case OP_expm1: {
        const symbol v0 = s->one(s, OP_expm1, a);
        return v0;
    }
    case OP_sqrt: {
        const symbol v0 = s->one(s, OP_sqrt, a);
        return v0;
    }
    case OP_cbrt: {
        const symbol v0 = s->one(s, OP_cbrt, a);
        return v0;
    }
    case OP_sin: {
        const symbol v0 = s->one(s, OP_sin, a);
        return v0;
    }
    case OP_cos: {
        const symbol v0 = s->one(s, OP_cos, a);
        return v0;
    }
    case OP_tan: {
        const symbol v0 = s->one(s, OP_tan, a);
        return v0;
    }
    case OP_asin: {
        const symbol v0 = s->one(s, OP_asin, a);
        return v0;
    }
    case OP_acos: {
        const symbol v0 = s->one(s, OP_acos, a);
        return v0;
    }
    case OP_atan: {
        const symbol v0 = s->one(s, OP_atan, a);
        return v0;
    }
    case OP_sinh: {
        const symbol v0 = s->one(s, OP_sinh, a);
        return v0;
    }
    case OP_cosh: {
        const symbol v0 = s->one(s, OP_cosh, a);
        return v0;
    }
    case OP_tanh: {
        const symbol v0 = s->one(s, OP_tanh, a);
        return v0;
    }
    case OP_asinh: {
        const symbol v0 = s->one(s, OP_asinh, a);
        return v0;
    }
    case OP_acosh: {
        const symbol v0 = s->one(s, OP_acosh, a);
        return v0;
    }
    case OP_atanh: {
        const symbol v0 = s->one(s, OP_atanh, a);
        return v0;
    }
    case OP_relu: {
        const symbol v0 = s->constant(s, 0.0);
        const symbol v1 = s->two(s, OP_lt, a, v0);
        const symbol v2 = s->constant(s, 0.0);
        const symbol v3 = s->select(s, v1, v2, a);
        return v3;
    }
    case OP_sigmoid: {
        const symbol v0 = s->constant(s, 0.0);
        const symbol v1 = s->two(s, OP_ge, a, v0);
        const symbol v2 = s->constant(s, 1.0);
        const symbol v3 = s->constant(s, 1.0);
        const symbol v4 = s->one(s, OP_neg, a);
        const symbol v5 = s->one(s, OP_exp, v4);
        const symbol v6 = s->two(s, OP_add, v3, v5);
        const symbol v7 = s->two(s, OP_div, v2, v6);
        const symbol v8 = s->one(s, OP_exp, a);
        const symbol v9 = s->constant(s, 1.0);
        const symbol v10 = s->one(s, OP_exp, a);
        const symbol v11 = s->two(s, OP_add, v9, v10);
        const symbol v12 = s->two(s, OP_div, v8, v11);
        const symbol v13 = s->select(s, v1, v7, v12);
        return v13;
    }
    case OP_softplus: {
        const symbol v0 = s->constant(s, 0.0);
        const symbol v1 = s->two(s, OP_max, a, v0);
        const symbol v2 = s->one(s, OP_abs, a);
        const symbol v3 = s->one(s, OP_neg, v2);
        const symbol v4 = s->one(s, OP_exp, v3);
        const symbol v5 = s->one(s, OP_log1p, v4);
        const symbol v6 = s->two(s, OP_add, v1, v5);
        return v6;
    }
    case OP_gelu: {
        const symbol v0 = s->constant(s, 0.5);
        const symbol v1 = s->one(s, OP_neg, a);
        const symbol v2 = s->constant(s, M_SQRT1_2);
        const symbol v3 = s->two(s, OP_mul, v1, v2);
        const symbol v4 = s->one(s, OP_erfc, v3);
        const symbol v5 = s->two(s, OP_mul, v0, v4);
        const symbol v6 = s->two(s, OP_mul, a, v5);
        return v6;
    }
    case OP_step: {
        const symbol v0 = s->constant(s, 0.0);
        const symbol v1 = s->two(s, OP_gt, a, v0);
        const symbol v2 = s->stop(s, v1);
        return v2;
    }
    case OP_sign: {
        const symbol v0 = s->constant(s, 0.0);
        const symbol v1 = s->two(s, OP_gt, a, v0);
        const symbol v2 = s->stop(s, v1);
        const symbol v3 = s->constant(s, 0.0);
        const symbol v4 = s->two(s, OP_lt, a, v3);
        const symbol v5 = s->stop(s, v4);
        const symbol v6 = s->two(s, OP_sub, v2, v5);
        return v6;
    }
    case OP_floor: {
        const symbol v0 = s->one(s, OP_floor, a);
        return v0;
    }
    case OP_ceil: {
        const symbol v0 = s->one(s, OP_ceil, a);
        return v0;
    }
    case OP_rint: {
        const symbol v0 = s->one(s, OP_rint, a);
        return v0;
    }
    case OP_exp2: {
        const symbol v0 = s->one(s, OP_exp2, a);
        return v0;
    }
    case OP_erf: {
        const symbol v0 = s->one(s, OP_erf, a);
        return v0;
    }
    case OP_erfc: {
        const symbol v0 = s->one(s, OP_erfc, a);
        return v0;
    }
    case OP_erfinv: {
        const symbol v0 = s->one(s, OP_erfinv, a);
        return v0;
    }
    case OP_norm_cdf: {
        const symbol v0 = s->constant(s, 0.5);
        const symbol v1 = s->one(s, OP_neg, a);
        const symbol v2 = s->constant(s, M_SQRT1_2);
        const symbol v3 = s->two(s, OP_mul, v1, v2);
        const symbol v4 = s->one(s, OP_erfc, v3);
        const symbol v5 = s->two(s, OP_mul, v0, v4);
        return v5;
    }
    case OP_norm_ppf: {
        const symbol v0 = s->one(s, OP_norm_ppf, a);
        return v0;
    }
    case OP_logit: {
        const symbol v0 = s->constant(s, 0.25);
        const symbol v1 = s->two(s, OP_lt, a, v0);
        const symbol v2 = s->constant(s, 1.0);
        const symbol v3 = s->two(s, OP_sub, v2, a);
        const symbol v4 = s->two(s, OP_div, a, v3);
        const symbol v5 = s->one(s, OP_log, v4);
        const symbol v6 = s->constant(s, 2.0);
        const symbol v7 = s->constant(s, 2.0);
        const symbol v8 = s->two(s, OP_mul, v7, a);
        const symbol v9 = s->constant(s, 1.0);
        const symbol v10 = s->two(s, OP_sub, v8, v9);
        const symbol v11 = s->one(s, OP_atanh, v10);
        const symbol v12 = s->two(s, OP_mul, v6, v11);
        const symbol v13 = s->select(s, v1, v5, v12);
        return v13;
    }
    case OP_lgamma: {
        const symbol v0 = s->one(s, OP_lgamma, a);
        return v0;
    }
    case OP_sinc: {
        const symbol v0 = s->constant(s, 0.0);
        const symbol v1 = s->two(s, OP_le, a, v0);
        const symbol v2 = s->two(s, OP_ge, a, v0);
        const symbol v3 = s->two(s, OP_mul, v1, v2);
        const symbol v4 = s->constant(s, 1.0);
        const symbol v5 = s->constant(s, 1.0);
        const symbol v6 = s->constant(s, 2.0);
        const symbol v7 = s->one(s, OP_rint, a);
        const symbol v8 = s->constant(s, 2.0);
        const symbol v9 = s->constant(s, 0.5);
        const symbol v10 = s->one(s, OP_rint, a);
        const symbol v11 = s->two(s, OP_mul, v9, v10);
        const symbol v12 = s->one(s, OP_rint, v11);
        const symbol v13 = s->two(s, OP_mul, v8, v12);
        const symbol v14 = s->two(s, OP_sub, v7, v13);
        const symbol v15 = s->one(s, OP_abs, v14);
        const symbol v16 = s->two(s, OP_mul, v6, v15);
        const symbol v17 = s->two(s, OP_sub, v5, v16);
        const symbol v18 = s->constant(s, M_PI);
        const symbol v19 = s->one(s, OP_rint, a);
        const symbol v20 = s->two(s, OP_sub, a, v19);
        const symbol v21 = s->two(s, OP_mul, v18, v20);
        const symbol v22 = s->one(s, OP_sin, v21);
        const symbol v23 = s->two(s, OP_mul, v17, v22);
        const symbol v24 = s->constant(s, M_PI);
        const symbol v25 = s->two(s, OP_mul, v24, a);
        const symbol v26 = s->two(s, OP_div, v23, v25);
        const symbol v27 = s->select(s, v3, v4, v26);
        return v27;
    }
    case OP_add: {
        const symbol v0 = s->two(s, OP_add, a, b);
        return v0;
    }
    case OP_sub: {
        const symbol v0 = s->two(s, OP_sub, a, b);
        return v0;
    }
    case OP_mul: {
        const symbol v0 = s->two(s, OP_mul, a, b);
        return v0;
    }
    case OP_div: {
        const symbol v0 = s->two(s, OP_div, a, b);
        return v0;
    }
    case OP_pow: {
        const symbol v0 = s->two(s, OP_pow, a, b);
        return v0;
    }
    case OP_atan2: {
        const symbol v0 = s->two(s, OP_atan2, a, b);
        return v0;
    }
    case OP_fmod: {
        const symbol v0 = s->two(s, OP_fmod, a, b);
        return v0;
    }
    case OP_mod: {
        const symbol v0 = s->two(s, OP_mod, a, b);
        return v0;
    }
    case OP_floordiv: {
        const symbol v0 = s->two(s, OP_floordiv, a, b);
        return v0;
    }
    case OP_copysign: {
        const symbol v0 = s->two(s, OP_copysign, a, b);
        return v0;
    }
    case OP_lt: {
        const symbol v0 = s->two(s, OP_lt, a, b);
        const symbol v1 = s->stop(s, v0);
        return v1;
    }
    case OP_gt: {
        const symbol v0 = s->two(s, OP_gt, a, b);
        const symbol v1 = s->stop(s, v0);
        return v1;
    }
    case OP_le: {
        const symbol v0 = s->two(s, OP_le, a, b);
        const symbol v1 = s->stop(s, v0);
        return v1;
    }
    case OP_ge: {
        const symbol v0 = s->two(s, OP_ge, a, b);
        const symbol v1 = s->stop(s, v0);
        return v1;
    }
    case OP_max: {
        const symbol v0 = s->two(s, OP_gt, b, a);
        const symbol v1 = s->constant(s, 1.0);
        const symbol v2 = s->two(s, OP_le, b, b);
        const symbol v3 = s->two(s, OP_ge, b, b);
        const symbol v4 = s->two(s, OP_mul, v2, v3);
        const symbol v5 = s->two(s, OP_sub, v1, v4);
        const symbol v6 = s->two(s, OP_max, v0, v5);
        const symbol v7 = s->select(s, v6, b, a);
        return v7;
    }
    case OP_min: {
        const symbol v0 = s->two(s, OP_lt, b, a);
        const symbol v1 = s->constant(s, 1.0);
        const symbol v2 = s->two(s, OP_le, b, b);
        const symbol v3 = s->two(s, OP_ge, b, b);
        const symbol v4 = s->two(s, OP_mul, v2, v3);
        const symbol v5 = s->two(s, OP_sub, v1, v4);
        const symbol v6 = s->two(s, OP_max, v0, v5);
        const symbol v7 = s->select(s, v6, b, a);
        return v7;
    }
    case OP_clip_low: {
        const symbol v0 = s->two(s, OP_lt, a, b);
        const symbol v1 = s->select(s, v0, b, a);
        return v1;
    }
    case OP_clip_high: {
        const symbol v0 = s->two(s, OP_gt, a, b);
        const symbol v1 = s->select(s, v0, b, a);
        return v1;
    }
    case OP_leaky_relu: {
        const symbol v0 = s->constant(s, 0.0);
        const symbol v1 = s->two(s, OP_gt, a, v0);
        const symbol v2 = s->two(s, OP_mul, b, a);
        const symbol v3 = s->select(s, v1, a, v2);
        return v3;
    }
    case OP_logaddexp: {
        const symbol v0 = s->two(s, OP_max, a, b);
        const symbol v1 = s->one(s, OP_abs, a);
        const symbol v2 = s->constant(s, INFINITY);
        const symbol v3 = s->two(s, OP_le, v1, v2);
        const symbol v4 = s->two(s, OP_ge, v1, v2);
        const symbol v5 = s->two(s, OP_mul, v3, v4);
        const symbol v6 = s->two(s, OP_le, a, b);
        const symbol v7 = s->two(s, OP_ge, a, b);
        const symbol v8 = s->two(s, OP_mul, v6, v7);
        const symbol v9 = s->two(s, OP_mul, v5, v8);
        const symbol v10 = s->constant(s, 0.0);
        const symbol v11 = s->two(s, OP_sub, a, b);
        const symbol v12 = s->select(s, v9, v10, v11);
        const symbol v13 = s->one(s, OP_abs, v12);
        const symbol v14 = s->one(s, OP_neg, v13);
        const symbol v15 = s->one(s, OP_exp, v14);
        const symbol v16 = s->one(s, OP_log1p, v15);
        const symbol v17 = s->two(s, OP_add, v0, v16);
        return v17;
    }
    case OP_polygamma: {
        const symbol v0 = s->two(s, OP_polygamma, a, b);
        return v0;
    }
    }
    return s->constant(s, NAN);
}

symbol op_slope_a_symbol(struct algebra *s, unsigned op, symbol a, symbol b, symbol y)
{
    (void)a; (void)b; (void)y;
    switch (op) {
    case OP_neg: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->one(s, OP_neg, v0);
        return v1;
    }
    case OP_pos: {
        const symbol v0 = s->constant(s, 1.0);
        return v0;
    }
    case OP_detach: {
        const symbol v0 = s->constant(s, 0.0);
        return v0;
    }
    case OP_abs: {
        const symbol v0 = s->one(s, OP_sign, a);
        return v0;
    }
    case OP_exp: {
        return y;
    }
    case OP_log: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->two(s, OP_div, v0, a);
        return v1;
    }
    case OP_log2: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->constant(s, M_LN2);
        const symbol v2 = s->two(s, OP_mul, a, v1);
        const symbol v3 = s->two(s, OP_div, v0, v2);
        return v3;
    }
    case OP_log10: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->constant(s, M_LN10);
        const symbol v2 = s->two(s, OP_mul, a, v1);
        const symbol v3 = s->two(s, OP_div, v0, v2);
        return v3;
    }
    case OP_log1p: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->constant(s, 1.0);
        const symbol v2 = s->two(s, OP_add, v1, a);
        const symbol v3 = s->two(s, OP_div, v0, v2);
        return v3;
    }
    case OP_expm1: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->two(s, OP_add, y, v0);
        return v1;
    }
    case OP_sqrt: {
        const symbol v0 = s->constant(s, 0.5);
        const symbol v1 = s->two(s, OP_div, v0, y);
        return v1;
    }
    case OP_cbrt: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->constant(s, 3.0);
        const symbol v2 = s->two(s, OP_mul, y, y);
        const symbol v3 = s->two(s, OP_mul, v1, v2);
        const symbol v4 = s->two(s, OP_div, v0, v3);
        return v4;
    }
    case OP_sin: {
        const symbol v0 = s->one(s, OP_cos, a);
        return v0;
    }
    case OP_cos: {
        const symbol v0 = s->one(s, OP_sin, a);
        const symbol v1 = s->one(s, OP_neg, v0);
        return v1;
    }
    case OP_tan: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->two(s, OP_mul, y, y);
        const symbol v2 = s->two(s, OP_add, v0, v1);
        return v2;
    }
    case OP_asin: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->constant(s, 1.0);
        const symbol v2 = s->two(s, OP_mul, a, a);
        const symbol v3 = s->two(s, OP_sub, v1, v2);
        const symbol v4 = s->one(s, OP_sqrt, v3);
        const symbol v5 = s->two(s, OP_div, v0, v4);
        return v5;
    }
    case OP_acos: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->one(s, OP_neg, v0);
        const symbol v2 = s->constant(s, 1.0);
        const symbol v3 = s->two(s, OP_mul, a, a);
        const symbol v4 = s->two(s, OP_sub, v2, v3);
        const symbol v5 = s->one(s, OP_sqrt, v4);
        const symbol v6 = s->two(s, OP_div, v1, v5);
        return v6;
    }
    case OP_atan: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->constant(s, 1.0);
        const symbol v2 = s->two(s, OP_mul, a, a);
        const symbol v3 = s->two(s, OP_add, v1, v2);
        const symbol v4 = s->two(s, OP_div, v0, v3);
        return v4;
    }
    case OP_sinh: {
        const symbol v0 = s->one(s, OP_cosh, a);
        return v0;
    }
    case OP_cosh: {
        const symbol v0 = s->one(s, OP_sinh, a);
        return v0;
    }
    case OP_tanh: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->two(s, OP_mul, y, y);
        const symbol v2 = s->two(s, OP_sub, v0, v1);
        return v2;
    }
    case OP_asinh: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->two(s, OP_mul, a, a);
        const symbol v2 = s->constant(s, 1.0);
        const symbol v3 = s->two(s, OP_add, v1, v2);
        const symbol v4 = s->one(s, OP_sqrt, v3);
        const symbol v5 = s->two(s, OP_div, v0, v4);
        return v5;
    }
    case OP_acosh: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->two(s, OP_mul, a, a);
        const symbol v2 = s->constant(s, 1.0);
        const symbol v3 = s->two(s, OP_sub, v1, v2);
        const symbol v4 = s->one(s, OP_sqrt, v3);
        const symbol v5 = s->two(s, OP_div, v0, v4);
        return v5;
    }
    case OP_atanh: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->constant(s, 1.0);
        const symbol v2 = s->two(s, OP_mul, a, a);
        const symbol v3 = s->two(s, OP_sub, v1, v2);
        const symbol v4 = s->two(s, OP_div, v0, v3);
        return v4;
    }
    case OP_relu: {
        const symbol v0 = s->constant(s, 0.0);
        const symbol v1 = s->two(s, OP_gt, a, v0);
        const symbol v2 = s->stop(s, v1);
        return v2;
    }
    case OP_sigmoid: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->two(s, OP_sub, v0, y);
        const symbol v2 = s->two(s, OP_mul, y, v1);
        return v2;
    }
    case OP_softplus: {
        const symbol v0 = s->one(s, OP_sigmoid, a);
        return v0;
    }
    case OP_gelu: {
        const symbol v0 = s->constant(s, 0.5);
        const symbol v1 = s->one(s, OP_neg, a);
        const symbol v2 = s->constant(s, M_SQRT1_2);
        const symbol v3 = s->two(s, OP_mul, v1, v2);
        const symbol v4 = s->one(s, OP_erfc, v3);
        const symbol v5 = s->two(s, OP_mul, v0, v4);
        const symbol v6 = s->constant(s, ONE_OVER_SQRT_TWO_PI);
        const symbol v7 = s->constant(s, 0.5);
        const symbol v8 = s->one(s, OP_neg, v7);
        const symbol v9 = s->two(s, OP_mul, a, a);
        const symbol v10 = s->two(s, OP_mul, v8, v9);
        const symbol v11 = s->one(s, OP_exp, v10);
        const symbol v12 = s->two(s, OP_mul, v6, v11);
        const symbol v13 = s->two(s, OP_mul, a, v12);
        const symbol v14 = s->two(s, OP_add, v5, v13);
        return v14;
    }
    case OP_step: {
        const symbol v0 = s->constant(s, 1.0);
        return v0;
    }
    case OP_sign: {
        const symbol v0 = s->constant(s, 0.0);
        return v0;
    }
    case OP_floor: {
        const symbol v0 = s->constant(s, 0.0);
        return v0;
    }
    case OP_ceil: {
        const symbol v0 = s->constant(s, 0.0);
        return v0;
    }
    case OP_rint: {
        const symbol v0 = s->constant(s, 0.0);
        return v0;
    }
    case OP_exp2: {
        const symbol v0 = s->constant(s, M_LN2);
        const symbol v1 = s->two(s, OP_mul, y, v0);
        return v1;
    }
    case OP_erf: {
        const symbol v0 = s->constant(s, M_2_SQRTPI);
        const symbol v1 = s->two(s, OP_mul, a, a);
        const symbol v2 = s->one(s, OP_neg, v1);
        const symbol v3 = s->one(s, OP_exp, v2);
        const symbol v4 = s->two(s, OP_mul, v0, v3);
        return v4;
    }
    case OP_erfc: {
        const symbol v0 = s->constant(s, M_2_SQRTPI);
        const symbol v1 = s->one(s, OP_neg, v0);
        const symbol v2 = s->two(s, OP_mul, a, a);
        const symbol v3 = s->one(s, OP_neg, v2);
        const symbol v4 = s->one(s, OP_exp, v3);
        const symbol v5 = s->two(s, OP_mul, v1, v4);
        return v5;
    }
    case OP_erfinv: {
        const symbol v0 = s->constant(s, SQRT_PI_OVER_2);
        const symbol v1 = s->two(s, OP_mul, y, y);
        const symbol v2 = s->one(s, OP_exp, v1);
        const symbol v3 = s->two(s, OP_mul, v0, v2);
        return v3;
    }
    case OP_norm_cdf: {
        const symbol v0 = s->constant(s, ONE_OVER_SQRT_TWO_PI);
        const symbol v1 = s->constant(s, 0.5);
        const symbol v2 = s->one(s, OP_neg, v1);
        const symbol v3 = s->two(s, OP_mul, a, a);
        const symbol v4 = s->two(s, OP_mul, v2, v3);
        const symbol v5 = s->one(s, OP_exp, v4);
        const symbol v6 = s->two(s, OP_mul, v0, v5);
        return v6;
    }
    case OP_norm_ppf: {
        const symbol v0 = s->constant(s, SQRT_TWO_PI);
        const symbol v1 = s->constant(s, 0.5);
        const symbol v2 = s->two(s, OP_mul, y, y);
        const symbol v3 = s->two(s, OP_mul, v1, v2);
        const symbol v4 = s->one(s, OP_exp, v3);
        const symbol v5 = s->two(s, OP_mul, v0, v4);
        return v5;
    }
    case OP_logit: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->two(s, OP_div, v0, a);
        const symbol v2 = s->constant(s, 1.0);
        const symbol v3 = s->constant(s, 1.0);
        const symbol v4 = s->two(s, OP_sub, v3, a);
        const symbol v5 = s->two(s, OP_div, v2, v4);
        const symbol v6 = s->two(s, OP_add, v1, v5);
        return v6;
    }
    case OP_lgamma: {
        const symbol v0 = s->constant(s, 0.0);
        const symbol v1 = s->two(s, OP_polygamma, v0, a);
        return v1;
    }
    case OP_sinc: {
        const symbol v0 = s->one(s, OP_abs, a);
        const symbol v1 = s->constant(s, 0.5);
        const symbol v2 = s->two(s, OP_lt, v0, v1);
        const symbol v3 = s->constant(s, PI_SQUARED);
        const symbol v4 = s->two(s, OP_mul, a, a);
        const symbol v5 = s->two(s, OP_mul, v3, v4);
        const symbol v6 = s->constant(s, MINUS_PI_SQUARED_OVER_3);
        const symbol v7 = s->constant(s, 1.0);
        const symbol v8 = s->constant(s, 10.0);
        const symbol v9 = s->two(s, OP_div, v5, v8);
        const symbol v10 = s->constant(s, 1.0);
        const symbol v11 = s->constant(s, 28.0);
        const symbol v12 = s->two(s, OP_div, v5, v11);
        const symbol v13 = s->constant(s, 1.0);
        const symbol v14 = s->constant(s, 54.0);
        const symbol v15 = s->two(s, OP_div, v5, v14);
        const symbol v16 = s->constant(s, 1.0);
        const symbol v17 = s->constant(s, 88.0);
        const symbol v18 = s->two(s, OP_div, v5, v17);
        const symbol v19 = s->constant(s, 1.0);
        const symbol v20 = s->constant(s, 130.0);
        const symbol v21 = s->two(s, OP_div, v5, v20);
        const symbol v22 = s->constant(s, 1.0);
        const symbol v23 = s->constant(s, 180.0);
        const symbol v24 = s->two(s, OP_div, v5, v23);
        const symbol v25 = s->constant(s, 1.0);
        const symbol v26 = s->constant(s, 238.0);
        const symbol v27 = s->two(s, OP_div, v5, v26);
        const symbol v28 = s->constant(s, 1.0);
        const symbol v29 = s->constant(s, 304.0);
        const symbol v30 = s->two(s, OP_div, v5, v29);
        const symbol v31 = s->constant(s, 1.0);
        const symbol v32 = s->constant(s, 378.0);
        const symbol v33 = s->two(s, OP_div, v5, v32);
        const symbol v34 = s->constant(s, 1.0);
        const symbol v35 = s->constant(s, 460.0);
        const symbol v36 = s->two(s, OP_div, v5, v35);
        const symbol v37 = s->two(s, OP_sub, v34, v36);
        const symbol v38 = s->two(s, OP_mul, v33, v37);
        const symbol v39 = s->two(s, OP_sub, v31, v38);
        const symbol v40 = s->two(s, OP_mul, v30, v39);
        const symbol v41 = s->two(s, OP_sub, v28, v40);
        const symbol v42 = s->two(s, OP_mul, v27, v41);
        const symbol v43 = s->two(s, OP_sub, v25, v42);
        const symbol v44 = s->two(s, OP_mul, v24, v43);
        const symbol v45 = s->two(s, OP_sub, v22, v44);
        const symbol v46 = s->two(s, OP_mul, v21, v45);
        const symbol v47 = s->two(s, OP_sub, v19, v46);
        const symbol v48 = s->two(s, OP_mul, v18, v47);
        const symbol v49 = s->two(s, OP_sub, v16, v48);
        const symbol v50 = s->two(s, OP_mul, v15, v49);
        const symbol v51 = s->two(s, OP_sub, v13, v50);
        const symbol v52 = s->two(s, OP_mul, v12, v51);
        const symbol v53 = s->two(s, OP_sub, v10, v52);
        const symbol v54 = s->two(s, OP_mul, v9, v53);
        const symbol v55 = s->two(s, OP_sub, v7, v54);
        const symbol v56 = s->two(s, OP_mul, v6, v55);
        const symbol v57 = s->two(s, OP_mul, a, v56);
        const symbol v58 = s->constant(s, 1.0);
        const symbol v59 = s->constant(s, 2.0);
        const symbol v60 = s->one(s, OP_rint, a);
        const symbol v61 = s->constant(s, 2.0);
        const symbol v62 = s->constant(s, 0.5);
        const symbol v63 = s->one(s, OP_rint, a);
        const symbol v64 = s->two(s, OP_mul, v62, v63);
        const symbol v65 = s->one(s, OP_rint, v64);
        const symbol v66 = s->two(s, OP_mul, v61, v65);
        const symbol v67 = s->two(s, OP_sub, v60, v66);
        const symbol v68 = s->one(s, OP_abs, v67);
        const symbol v69 = s->two(s, OP_mul, v59, v68);
        const symbol v70 = s->two(s, OP_sub, v58, v69);
        const symbol v71 = s->constant(s, M_PI);
        const symbol v72 = s->one(s, OP_rint, a);
        const symbol v73 = s->two(s, OP_sub, a, v72);
        const symbol v74 = s->two(s, OP_mul, v71, v73);
        const symbol v75 = s->one(s, OP_cos, v74);
        const symbol v76 = s->two(s, OP_mul, v70, v75);
        const symbol v77 = s->two(s, OP_sub, v76, y);
        const symbol v78 = s->two(s, OP_div, v77, a);
        const symbol v79 = s->select(s, v2, v57, v78);
        return v79;
    }
    case OP_add: {
        const symbol v0 = s->constant(s, 1.0);
        return v0;
    }
    case OP_sub: {
        const symbol v0 = s->constant(s, 1.0);
        return v0;
    }
    case OP_mul: {
        return b;
    }
    case OP_div: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->two(s, OP_div, v0, b);
        return v1;
    }
    case OP_pow: {
        const symbol v0 = s->constant(s, 0.0);
        const symbol v1 = s->two(s, OP_le, b, v0);
        const symbol v2 = s->two(s, OP_ge, b, v0);
        const symbol v3 = s->two(s, OP_mul, v1, v2);
        const symbol v4 = s->one(s, OP_abs, a);
        const symbol v5 = s->constant(s, DBL_MIN);
        const symbol v6 = s->two(s, OP_ge, v4, v5);
        const symbol v7 = s->constant(s, 1.0);
        const symbol v8 = s->two(s, OP_sub, b, v7);
        const symbol v9 = s->two(s, OP_pow, a, v8);
        const symbol v10 = s->two(s, OP_mul, b, v9);
        const symbol v11 = s->constant(s, 0.0);
        const symbol v12 = s->select(s, v6, v10, v11);
        const symbol v13 = s->constant(s, 1.0);
        const symbol v14 = s->two(s, OP_sub, b, v13);
        const symbol v15 = s->two(s, OP_pow, a, v14);
        const symbol v16 = s->two(s, OP_mul, b, v15);
        const symbol v17 = s->select(s, v3, v12, v16);
        return v17;
    }
    case OP_atan2: {
        const symbol v0 = s->two(s, OP_mul, a, a);
        const symbol v1 = s->two(s, OP_mul, b, b);
        const symbol v2 = s->two(s, OP_add, v0, v1);
        const symbol v3 = s->two(s, OP_div, b, v2);
        return v3;
    }
    case OP_fmod: {
        const symbol v0 = s->constant(s, 1.0);
        return v0;
    }
    case OP_mod: {
        const symbol v0 = s->constant(s, 1.0);
        return v0;
    }
    case OP_floordiv: {
        const symbol v0 = s->constant(s, 0.0);
        return v0;
    }
    case OP_copysign: {
        const symbol v0 = s->one(s, OP_sign, a);
        const symbol v1 = s->constant(s, 1.0);
        const symbol v2 = s->two(s, OP_copysign, v1, b);
        const symbol v3 = s->two(s, OP_mul, v0, v2);
        return v3;
    }
    case OP_lt: {
        const symbol v0 = s->constant(s, 0.0);
        return v0;
    }
    case OP_gt: {
        const symbol v0 = s->constant(s, 0.0);
        return v0;
    }
    case OP_le: {
        const symbol v0 = s->constant(s, 0.0);
        return v0;
    }
    case OP_ge: {
        const symbol v0 = s->constant(s, 0.0);
        return v0;
    }
    case OP_max: {
        const symbol v0 = s->two(s, OP_gt, a, b);
        const symbol v1 = s->constant(s, 1.0);
        const symbol v2 = s->two(s, OP_lt, a, b);
        const symbol v3 = s->constant(s, 0.0);
        const symbol v4 = s->constant(s, 0.5);
        const symbol v5 = s->select(s, v2, v3, v4);
        const symbol v6 = s->select(s, v0, v1, v5);
        return v6;
    }
    case OP_min: {
        const symbol v0 = s->two(s, OP_gt, b, a);
        const symbol v1 = s->constant(s, 1.0);
        const symbol v2 = s->two(s, OP_lt, b, a);
        const symbol v3 = s->constant(s, 0.0);
        const symbol v4 = s->constant(s, 0.5);
        const symbol v5 = s->select(s, v2, v3, v4);
        const symbol v6 = s->select(s, v0, v1, v5);
        return v6;
    }
    case OP_clip_low: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->two(s, OP_lt, a, b);
        const symbol v2 = s->two(s, OP_sub, v0, v1);
        const symbol v3 = s->stop(s, v2);
        return v3;
    }
    case OP_clip_high: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->two(s, OP_gt, a, b);
        const symbol v2 = s->two(s, OP_sub, v0, v1);
        const symbol v3 = s->stop(s, v2);
        return v3;
    }
    case OP_leaky_relu: {
        const symbol v0 = s->constant(s, 0.0);
        const symbol v1 = s->two(s, OP_gt, a, v0);
        const symbol v2 = s->constant(s, 1.0);
        const symbol v3 = s->select(s, v1, v2, b);
        return v3;
    }
    case OP_logaddexp: {
        const symbol v0 = s->one(s, OP_abs, a);
        const symbol v1 = s->constant(s, INFINITY);
        const symbol v2 = s->two(s, OP_le, v0, v1);
        const symbol v3 = s->two(s, OP_ge, v0, v1);
        const symbol v4 = s->two(s, OP_mul, v2, v3);
        const symbol v5 = s->two(s, OP_le, a, b);
        const symbol v6 = s->two(s, OP_ge, a, b);
        const symbol v7 = s->two(s, OP_mul, v5, v6);
        const symbol v8 = s->two(s, OP_mul, v4, v7);
        const symbol v9 = s->constant(s, 0.0);
        const symbol v10 = s->two(s, OP_sub, a, b);
        const symbol v11 = s->select(s, v8, v9, v10);
        const symbol v12 = s->one(s, OP_sigmoid, v11);
        return v12;
    }
    case OP_polygamma: {
        const symbol v0 = s->constant(s, NAN);
        return v0;
    }
    }
    return s->constant(s, NAN);
}

symbol op_slope_b_symbol(struct algebra *s, unsigned op, symbol a, symbol b, symbol y)
{
    (void)a; (void)b; (void)y;
    switch (op) {
    case OP_add: {
        const symbol v0 = s->constant(s, 1.0);
        return v0;
    }
    case OP_sub: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->one(s, OP_neg, v0);
        return v1;
    }
    case OP_mul: {
        return a;
    }
    case OP_div: {
        const symbol v0 = s->one(s, OP_neg, a);
        const symbol v1 = s->two(s, OP_mul, b, b);
        const symbol v2 = s->two(s, OP_div, v0, v1);
        return v2;
    }
    case OP_pow: {
        const symbol v0 = s->constant(s, 0.0);
        const symbol v1 = s->two(s, OP_le, a, v0);
        const symbol v2 = s->two(s, OP_ge, a, v0);
        const symbol v3 = s->two(s, OP_mul, v1, v2);
        const symbol v4 = s->constant(s, 0.0);
        const symbol v5 = s->two(s, OP_ge, b, v4);
        const symbol v6 = s->two(s, OP_mul, v3, v5);
        const symbol v7 = s->constant(s, 0.0);
        const symbol v8 = s->one(s, OP_log, a);
        const symbol v9 = s->two(s, OP_mul, y, v8);
        const symbol v10 = s->select(s, v6, v7, v9);
        return v10;
    }
    case OP_atan2: {
        const symbol v0 = s->one(s, OP_neg, a);
        const symbol v1 = s->two(s, OP_mul, a, a);
        const symbol v2 = s->two(s, OP_mul, b, b);
        const symbol v3 = s->two(s, OP_add, v1, v2);
        const symbol v4 = s->two(s, OP_div, v0, v3);
        return v4;
    }
    case OP_fmod: {
        const symbol v0 = s->two(s, OP_div, a, b);
        const symbol v1 = s->one(s, OP_abs, v0);
        const symbol v2 = s->one(s, OP_floor, v1);
        const symbol v3 = s->two(s, OP_div, a, b);
        const symbol v4 = s->two(s, OP_copysign, v2, v3);
        const symbol v5 = s->one(s, OP_neg, v4);
        return v5;
    }
    case OP_mod: {
        const symbol v0 = s->two(s, OP_floordiv, a, b);
        const symbol v1 = s->one(s, OP_neg, v0);
        return v1;
    }
    case OP_floordiv: {
        const symbol v0 = s->constant(s, 0.0);
        return v0;
    }
    case OP_copysign: {
        const symbol v0 = s->constant(s, 0.0);
        return v0;
    }
    case OP_lt: {
        const symbol v0 = s->constant(s, 0.0);
        return v0;
    }
    case OP_gt: {
        const symbol v0 = s->constant(s, 0.0);
        return v0;
    }
    case OP_le: {
        const symbol v0 = s->constant(s, 0.0);
        return v0;
    }
    case OP_ge: {
        const symbol v0 = s->constant(s, 0.0);
        return v0;
    }
    case OP_max: {
        const symbol v0 = s->two(s, OP_gt, b, a);
        const symbol v1 = s->constant(s, 1.0);
        const symbol v2 = s->two(s, OP_lt, b, a);
        const symbol v3 = s->constant(s, 0.0);
        const symbol v4 = s->constant(s, 0.5);
        const symbol v5 = s->select(s, v2, v3, v4);
        const symbol v6 = s->select(s, v0, v1, v5);
        return v6;
    }
    case OP_min: {
        const symbol v0 = s->two(s, OP_gt, a, b);
        const symbol v1 = s->constant(s, 1.0);
        const symbol v2 = s->two(s, OP_lt, a, b);
        const symbol v3 = s->constant(s, 0.0);
        const symbol v4 = s->constant(s, 0.5);
        const symbol v5 = s->select(s, v2, v3, v4);
        const symbol v6 = s->select(s, v0, v1, v5);
        return v6;
    }
    case OP_clip_low: {
        const symbol v0 = s->two(s, OP_lt, a, b);
        const symbol v1 = s->stop(s, v0);
        return v1;
    }
    case OP_clip_high: {
        const symbol v0 = s->two(s, OP_gt, a, b);
        const symbol v1 = s->stop(s, v0);
        return v1;
    }
    case OP_leaky_relu: {
        const symbol v0 = s->constant(s, 0.0);
        const symbol v1 = s->two(s, OP_gt, a, v0);
        const symbol v2 = s->constant(s, 0.0);
        const symbol v3 = s->select(s, v1, v2, a);
        return v3;
    }
    case OP_logaddexp: {
        const symbol v0 = s->one(s, OP_abs, b);
        const symbol v1 = s->constant(s, INFINITY);
        const symbol v2 = s->two(s, OP_le, v0, v1);
        const symbol v3 = s->two(s, OP_ge, v0, v1);
        const symbol v4 = s->two(s, OP_mul, v2, v3);
        const symbol v5 = s->two(s, OP_le, b, a);
        const symbol v6 = s->two(s, OP_ge, b, a);
        const symbol v7 = s->two(s, OP_mul, v5, v6);
        const symbol v8 = s->two(s, OP_mul, v4, v7);
        const symbol v9 = s->constant(s, 0.0);
        const symbol v10 = s->two(s, OP_sub, b, a);
        const symbol v11 = s->select(s, v8, v9, v10);
        const symbol v12 = s->one(s, OP_sigmoid, v11);
        return v12;
    }
    case OP_polygamma: {
        const symbol v0 = s->constant(s, 1.0);
        const symbol v1 = s->two(s, OP_add, a, v0);
        const symbol v2 = s->two(s, OP_polygamma, v1, b);
        return v2;
    }
    }
    return s->constant(s, NAN);
}

/* Inverse functions without branches and calls, as vector_math.h has the others, whose words on accuracy hold here. */

#define HALF_PI_HIGH 0x1.921fb54442d18p+0
#define HALF_PI_LOW 0x1.1a62633145c07p-54
#define LARGE 0x1p28 /* from here on the square of a number plus 1 is its square */

/* log(1 + u); where t is large, log(2 t). */
LANE_INLINE double LANE(log_of_grown)(double t, double u)
{
    double w = t > LARGE ? t : 1.0 + u, lost = u < 1.0 ? u - (w - 1.0) : 1.0 - (w - u), k, f = LANE(split)(w, &k);
    double y = LANE(log_of)(t > LARGE ? k + 1.0 : k, f, t > LARGE ? 0.0 : lost / w);
    return t < INFINITY ? y : t;
}

LANE_INLINE double LANE(asinh)(double a)
{
    double t = fabs(a), square = t * t;
    return copysign(LANE(log_of_grown)(t, t + square / (1.0 + sqrt(1.0 + square))), a);
}

LANE_INLINE double LANE(acosh)(double a)
{
    double above = a - 1.0, y = LANE(log_of_grown)(a, above + sqrt(above * (above + 2.0)));
    return a < 1.0 ? NAN : y;
}

LANE_INLINE double LANE(atanh)(double a)
{
    double t = fabs(a);
    return copysign(0.5 * LANE(log1p)(2.0 * t / (1.0 - t)), a);
}

/* (atan(r) / r - 1) / r^2 from z = r^2, for |r| up to tan(pi / 8) */
LANE_INLINE double LANE(atan_rest)(double z)
{
    double zz = z * z;
    double even = FMA(zz, -0x1.1b33b923aa954p-5, -0x1.ac7a938b69c93p-5);
    double odd = FMA(zz, 0x1.0ad36a455cafbp-6, 0x1.74ddd408bb4c1p-5);
    even = FMA(even, zz, -0x1.110e880a7a521p-4);
    odd = FMA(odd, zz, 0x1.e19a13b9fc6dfp-5);
    even = FMA(even, zz, -0x1.745d165df3f95p-4);
    odd = FMA(odd, zz, 0x1.3b1392d9e785cp-4);
    even = FMA(even, zz, -0x1.249249248d7eep-3);
    odd = FMA(odd, zz, 0x1.c71c71c304b68p-4);
    even = FMA(even, zz, -0x1.5555555555555p-2);
    odd = FMA(odd, zz, 0x1.9999999999953p-3);
    return FMA(odd, z, even);
}

/* The angle whose tangent is y / x, for y from 0 to x: from pi / 8 on it is taken from pi / 4. */
LANE_INLINE double LANE(atan_of)(double y, double x)
{
    int turned = y > 0x1.a827999fcef32p-2 * x;
    double scale = x > 1.0 ? 0.5 : 1.0;  /* so that the sum does not overflow */
    double r = (turned ? scale * y - scale * x : y) / (turned ? scale * y + scale * x : x), z = r * r;
    double rest = r * z * LANE(atan_rest)(z);
    return turned ? 0.5 * HALF_PI_HIGH + (r + (rest + 0.5 * HALF_PI_LOW)) : r + rest;
}

LANE_INLINE double LANE(atan)(double a)
{
    double t = fabs(a), y = LANE(atan_of)(t > 1.0 ? 1.0 : t, t > 1.0 ? t : 1.0);
    return copysign(t > 1.0 ? HALF_PI_HIGH - (y - HALF_PI_LOW) : y, a);
}

LANE_INLINE double LANE(atan2)(double a, double b)
{
    double rise = fabs(a), run = fabs(b);
    int steep = rise > run, equal = rise == run;  /* perhaps both 0, both infinite */
    double smaller = steep ? run : rise, larger = steep ? rise : run;
    double y = LANE(atan_of)(equal ? (rise > 0.0 ? 1.0 : 0.0) : smaller, equal ? 1.0 : larger);
    y = steep ? HALF_PI_HIGH - (y - HALF_PI_LOW) : y;
    y = copysign(1.0, b) < 0.0 ? 2.0 * HALF_PI_HIGH - (y - 2.0 * HALF_PI_LOW) : y;
    return copysign(y, a);
}

/* (asin(x) / x - 1) / x^2 from z = x^2, for |x| up to 1 / 2 */
LANE_INLINE double LANE(asin_rest)(double z)
{
    double zz = z * z;
    double even = FMA(zz, 0x1.d72b2bc8155f8p-6, 0x1.1d189408314eep-6);
    double odd = FMA(zz, -0x1.e6aaa8a0a04ccp-7, 0x1.65a9c4dfcf8b2p-8);
    even = FMA(even, zz, 0x1.52420b04b37bep-7);
    odd = FMA(odd, zz, 0x1.782651caa6547p-7);
    even = FMA(even, zz, 0x1.c9cf07674736ap-7);
    odd = FMA(odd, zz, 0x1.1c4d35cf95421p-6);
    even = FMA(even, zz, 0x1.6e8bb1c8209a2p-6);
    odd = FMA(odd, zz, 0x1.f1c71c1db0623p-6);
    even = FMA(even, zz, 0x1.6db6db6e31f13p-5);
    odd = FMA(odd, zz, 0x1.3333333332ecap-4);
    even = FMA(even, zz, 0x1.5555555555556p-3);
    return FMA(odd, z, even);
}

/* The arc sine of a number up to 1 / 2; of a larger one, x, that of sqrt((1 - x) / 2): half of the arc cosine. */
LANE_INLINE double LANE(small_arc)(double x)
{
    double z = x > 0.5 ? 0.5 - 0.5 * x : x * x, s = x > 0.5 ? sqrt(z) : x;
    return s + s * z * LANE(asin_rest)(z);
}

LANE_INLINE double LANE(asin)(double a)
{
    double x = fabs(a), y = LANE(small_arc)(x);
    return copysign(x > 0.5 ? HALF_PI_HIGH - (2.0 * y - HALF_PI_LOW) : y, a);
}

LANE_INLINE double LANE(acos)(double a)
{
    double x = fabs(a), y = LANE(small_arc)(x), signed_y = copysign(y, a);
    double far = a < 0.0 ? 2.0 * (HALF_PI_HIGH - (y - HALF_PI_LOW)) : 2.0 * y;
    return x > 0.5 ? far : HALF_PI_HIGH - (signed_y - HALF_PI_LOW);
}

/* A third of the exponent and a line for the rest are off by a ninth at most in the cube, a polynomial by a millionth;
 * Halley's step triples the digits.
 */
LANE_INLINE double LANE(cbrt)(double a)
{
    double x = fabs(a), scale = x < 0x1p-1000 ? 0x1p54 : x > 0x1p1000 ? 0x1p-54 : 1.0;
    double back = x < 0x1p-1000 ? 0x1p-18 : x > 0x1p1000 ? 0x1p18 : 1.0;
    x *= scale;
    double upper = LANE(number)((LANE(bits)(x) >> 32) | 0x4330000000000000) - 0x1p52;
    double t = LANE(number)(LANE(bits)(FMA(upper, 1.0 / 3.0, 715100000.0 + 0x1p52)) << 32);
    double r = t * t * (t / x);
    double y = FMA(r, 0x1.12a4e0f01e786p-3, -0x1.6ba1529c1e8d0p-1);
    y = FMA(y, r, 0x1.8c5e10c49b13cp+0);
    y = FMA(y, r, -0x1.d5f1cef8a8aabp+0);
    t *= FMA(y, r, 0x1.dd0fca9c61a2cp+0);
    double cube = t * t * t;
    y = back * FMA(t, (x - cube) / (2.0 * cube + x), t);
    return x > 0.0 && x < INFINITY ? copysign(y, a) : a;
}

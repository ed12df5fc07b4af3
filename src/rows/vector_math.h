/* Elementary functions without branches and calls, so that a loop over rows becomes one of vector instructions.
 *
 * Included by kernels_body.h once per instruction set, with LANE(name) a name of its own in each and FMA(a, b, c) the sum
 * a * b + c, rounded once where the processor can. They are good to a few units in the last place; infinities, nan and
 * subnormal numbers are as in the C library. Signs of zeros may differ. sine, cosine, tangent and power are for the
 * numbers that `narrow` says only; for others kernels_body.h calls the C library.
 *
 * Coefficients are those of interpolation at Chebyshev points, computed with mpmath.
 */

#define LANE_INLINE static OP_INLINE

LANE_INLINE uint64_t LANE(bits)(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

LANE_INLINE double LANE(number)(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Added to a small number it leaves the nearest integer in the last bits. */
#define SHIFTER 0x1.8p52
#define LN2_HIGH 0x1.62e42fefa3800p-1 /* 42 bits: its products with exponents are exact */
#define LN2_LOW 0x1.ef35793c76730p-45

/* 2 to the power of an integer, from the integer plus SHIFTER. */
LANE_INLINE double LANE(two_to)(double shifted) { return LANE(number)((LANE(bits)(shifted) + 1023) << 52); }

/* (exp(r) - 1 - r) / r^2 for |r| up to ln(2) / 2 is even + odd * r. */
struct LANE(rest) { double even, odd; };

LANE_INLINE struct LANE(rest) LANE(exp_rests)(double z)
{
    double even = FMA(z, 0x1.1f730349868cep-29, 0x1.27e4db646b17ep-22);
    double odd = FMA(z, 0x1.af4de97ca4194p-26, 0x1.71de0231960ebp-19);
    even = FMA(even, z, 0x1.a01a01a6d889cp-16);
    odd = FMA(odd, z, 0x1.a01a01abe7fe1p-13);
    even = FMA(even, z, 0x1.6c16c16c162d4p-10);
    odd = FMA(odd, z, 0x1.11111111100dcp-7);
    even = FMA(even, z, 0x1.5555555555556p-5);
    odd = FMA(odd, z, 0x1.5555555555557p-3);
    return (struct LANE(rest)){FMA(even, z, 0.5), odd};
}

LANE_INLINE double LANE(exp_rest)(double r)
{
    struct LANE(rest) rest = LANE(exp_rests)(r * r);
    return FMA(rest.odd, r, rest.even);
}

/* exp(high + low), low being tiny. */
LANE_INLINE double LANE(exp_of)(double high, double low)
{
    double x = high > 710.0 ? 710.0 : high < -746.0 ? -746.0 : high;
    double shifted = FMA(x, LOG2_E, SHIFTER), k = shifted - SHIFTER;
    double r = FMA(k, -LN2_LOW, FMA(k, -LN2_HIGH, x)) + low;
    double y = 1.0 + FMA(r * r, LANE(exp_rest)(r), r);
    double half = FMA(k, 0.5, SHIFTER);  /* in two steps, as 2^k may be too large or too small */
    return y * LANE(two_to)(half) * LANE(two_to)(k - (half - SHIFTER) + SHIFTER);
}

LANE_INLINE double LANE(exp)(double a) { return LANE(exp_of)(a, 0.0); }

/* The same where neither the result nor a power of 2 on the way is too large or too small. */
LANE_INLINE int LANE(narrow_exponent)(double a) { return fabs(a) < 708.0; }

LANE_INLINE double LANE(exp_of_narrow)(double a)
{
    double shifted = FMA(a, LOG2_E, SHIFTER), k = shifted - SHIFTER;
    double r = FMA(k, -LN2_LOW, FMA(k, -LN2_HIGH, a));
    double y = 1.0 + FMA(r * r, LANE(exp_rest)(r), r);
    return LANE(number)(LANE(bits)(y) + (LANE(bits)(shifted) << 52));
}

LANE_INLINE double LANE(expm1)(double a)
{
    double x = a > 710.0 ? 710.0 : a < -40.0 ? -40.0 : a;
    double shifted = FMA(x, LOG2_E, SHIFTER), k = shifted - SHIFTER;
    double r = FMA(k, -LN2_LOW, FMA(k, -LN2_HIGH, x));
    double y = FMA(r * r, LANE(exp_rest)(r), r);
    double half = LANE(two_to)(shifted - 1.0);  /* of 2^k, which may be too large */
    return a == 0.0 ? a : 2.0 * FMA(y, half, half - 0.5);
}

/* |a| is k ln(2) / 2 + u with a whole number k, the tangent of the first is (2^k - 1) / (2^k + 1), and by the theorem of
 * addition a quotient is the only one of the whole. Of u, which is up to ln(2) / 4, it is u + u^3 (odd + even). */
LANE_INLINE double LANE(tanh)(double a)
{
    const double shifter = SHIFTER + 1023.0;  /* the last bits are those of the exponent */
    double x = fabs(a), most = 22.0 < x ? 22.0 : x;
    double shifted = FMA(most, 2.0 * LOG2_E, shifter), k = shifted - shifter;
    double u = FMA(k, -0x1.62e42fefa39efp-2, most), z = u * u, zz = z * z;
    double odd = FMA(zz, 0x1.c605c923d5907p-9, 0x1.664f00e14b468p-6);
    double even = FMA(zz, -0x1.224a248b232a0p-7, -0x1.ba1ba179b2288p-5);
    odd = FMA(odd, zz, 0x1.1111111106773p-3);
    even = FMA(even, zz, -0x1.555555555554cp-2);
    double tangent = FMA(z * u, FMA(odd, z, even), u), power = LANE(number)(LANE(bits)(shifted) << 52);
    double less = power - 1.0, more = power + 1.0;
    return copysign(FMA(more, tangent, less) / FMA(less, tangent, more), a);
}

/* A quarter of the hyperbolic sine and cosine of |a|, which may be too large; by those of k ln(2) and of the rest. */
struct LANE(hyperbola) { double sine, cosine; };

LANE_INLINE struct LANE(hyperbola) LANE(hyperbola_of)(double a)
{
    double x = fabs(a) > 711.0 ? 711.0 : fabs(a), shifted = FMA(x, LOG2_E, SHIFTER), k = shifted - SHIFTER;
    double r = FMA(k, -LN2_LOW, FMA(k, -LN2_HIGH, x)), z = r * r;
    struct LANE(rest) rest = LANE(exp_rests)(z);
    double sine = FMA(z * r, rest.odd, r), cosine = FMA(z, rest.even, 1.0);
    double up = LANE(two_to)(shifted - 3.0), down = LANE(two_to)(SHIFTER - 3.0 - (k > 64.0 ? 64.0 : k));
    double whole_sine = up - down, whole_cosine = up + down;
    return (struct LANE(hyperbola)){
        FMA(whole_cosine, sine, whole_sine * cosine), FMA(whole_sine, sine, whole_cosine * cosine),
    };
}

LANE_INLINE double LANE(sinh)(double a) { return copysign(4.0 * LANE(hyperbola_of)(a).sine, a); }
LANE_INLINE double LANE(cosh)(double a) { return 4.0 * LANE(hyperbola_of)(a).cosine; }

/* A number as 2^k * (1 + f), with 1 + f from sqrt(1/2) to sqrt(2). */
LANE_INLINE double LANE(split)(double x, double *k)
{
    uint64_t moved = LANE(bits)(x) + (0x3ff0000000000000 - 0x3fe6a09e00000000);
    *k = LANE(number)((moved >> 52) | 0x4330000000000000) - (0x1p52 + 1023.0);
    return LANE(number)((moved & 0x000fffffffffffff) + 0x3fe6a09e00000000) - 1.0;
}

/* log(2^k * (1 + f)) + low: with s = f / (2 + f), log(1 + f) = 2 artanh(s) = f - f^2 / 2 + s (f^2 / 2 + rest). */
LANE_INLINE double LANE(log_of)(double k, double f, double low)
{
    double s = f / (2.0 + f), z = s * s, zz = z * z, half = 0.5 * f * f;
    double even = FMA(zz, 0x1.2b5f68a50d903p-3, 0x1.7462b91b8df65p-3);
    double odd = FMA(zz, 0x1.39fdcceb4bb45p-3, 0x1.c71c62d5e53e0p-3);
    even = FMA(even, zz, 0x1.2492492dfd86cp-2);
    odd = FMA(odd, zz, 0x1.9999999995273p-2);
    even = FMA(even, zz, 0x1.5555555555558p-1);
    double rest = z * FMA(odd, z, even);
    return FMA(k, LN2_HIGH, f - (half - FMA(s, half + rest, FMA(k, LN2_LOW, low))));
}

/* The same for subnormal numbers, too. */
LANE_INLINE double LANE(split_any)(double x, double *k)
{
    int tiny = x < 0x1p-1022;
    double f = LANE(split)(tiny ? x * 0x1p54 : x, k);
    *k = tiny ? *k - 54.0 : *k;
    return f;
}

/* The logarithm of a, if y is that of a positive number. */
LANE_INLINE double LANE(log_or_none)(double a, double y)
{
    y = a < INFINITY ? y : a;  /* infinity and nan */
    return a > 0.0 ? y : a == 0.0 ? -INFINITY : a != a ? a : NAN;
}

LANE_INLINE double LANE(log)(double a)
{
    double k, f = LANE(split_any)(a, &k);
    return LANE(log_or_none)(a, LANE(log_of)(k, f, 0.0));
}

LANE_INLINE double LANE(log2)(double a)
{
    double k, f = LANE(split_any)(a, &k), y = LANE(log_of)(0.0, f, 0.0);
    return LANE(log_or_none)(a, FMA(y, LOG2_E, FMA(y, 0x1.777d0ffda0d24p-56, k)));
}

LANE_INLINE double LANE(log10)(double a)
{
    double k, f = LANE(split_any)(a, &k), y = LANE(log_of)(0.0, f, 0.0);
    double low = FMA(k, 0x1.3fde623e2566bp-43, y * 0x1.95355baaafad3p-57);
    return LANE(log_or_none)(a, FMA(k, 0x1.34413509f7000p-2, FMA(y, LOG10_E, low)));
}

/* The logarithm of the rounded 1 + a, and what the rounding lost. */
LANE_INLINE double LANE(log1p)(double a)
{
    double u = 1.0 + a, lost = a < 1.0 ? a - (u - 1.0) : 1.0 - (u - a), k, f = LANE(split)(u, &k);
    double y = LANE(log_of)(k, f, lost / u);
    y = a < INFINITY ? y : a;
    y = a > -1.0 ? y : a == -1.0 ? -INFINITY : a != a ? a : NAN;
    return a == 0.0 ? a : y;
}

LANE_INLINE double LANE(sigmoid)(double a)
{
    double e = LANE(exp)(-fabs(a)), y = 1.0 / (1.0 + e);
    return a < 0.0 ? e * y : y;
}

/* Sine and cosine. pi / 2 is four numbers, of 33 bits but the last: products with k up to 2^20 are exact. */
struct LANE(angle) { uint64_t quarter; double sine, cosine; };

LANE_INLINE struct LANE(angle) LANE(angle_of)(double x)
{
    double shifted = FMA(x, 0x1.45f306dc9c883p-1, SHIFTER), k = shifted - SHIFTER;
    double first = x - k * 0x1.921fb54400000p+0, second = first - k * 0x1.0b4611a600000p-34;
    double low = (first - second) - k * 0x1.0b4611a600000p-34;
    double r = second - k * 0x1.3198a2e000000p-69;
    low += ((second - r) - k * 0x1.3198a2e000000p-69) - k * 0x1.b839a25200000p-104;
    double high = r + low;
    low += r - high;
    double z = high * high;
    double sine = FMA(z, 0x1.5e0af186af739p-33, -0x1.ae600a926c89ap-26);
    double cosine = FMA(z, -0x1.907d7aebd5e3dp-37, 0x1.1eeb68b109173p-29);
    sine = FMA(sine, z, 0x1.71de37961e4c6p-19);
    cosine = FMA(cosine, z, -0x1.27e4fa17a41b4p-22);
    sine = FMA(sine, z, -0x1.a01a019e8357dp-13);
    cosine = FMA(cosine, z, 0x1.a01a019f4e867p-16);
    sine = FMA(sine, z, 0x1.1111111110bb1p-7);
    cosine = FMA(cosine, z, -0x1.6c16c16c16966p-10);
    sine = FMA(sine, z, -0x1.5555555555555p-3);
    cosine = FMA(cosine, z, 0x1.5555555555555p-5);
    double one = 1.0 - 0.5 * z;
    cosine = one + (((1.0 - one) - 0.5 * z) + FMA(z * z, cosine, -high * low));
    sine = high + FMA(z * high, sine, low * (1.0 - 0.5 * z));
    return (struct LANE(angle)){LANE(bits)(shifted), sine, cosine};
}

LANE_INLINE double LANE(sin)(double a)
{
    struct LANE(angle) angle = LANE(angle_of)(a);
    double y = angle.quarter & 1 ? angle.cosine : angle.sine;
    return a == 0.0 ? a : angle.quarter & 2 ? -y : y;
}

LANE_INLINE double LANE(cos)(double a)
{
    struct LANE(angle) angle = LANE(angle_of)(a);
    double y = angle.quarter & 1 ? angle.sine : angle.cosine;
    return (angle.quarter + 1) & 2 ? -y : y;
}

LANE_INLINE double LANE(tan)(double a)
{
    struct LANE(angle) angle = LANE(angle_of)(a);
    int turned = angle.quarter & 1;
    double y = (turned ? -angle.cosine : angle.sine) / (turned ? angle.sine : angle.cosine);
    return a == 0.0 ? a : y;
}

LANE_INLINE int LANE(narrow_angle)(double a) { return !(fabs(a) > 1e5); }

/* a^b for the numbers that are not special: exp(b log(a)), the logarithm in two numbers; it needs exact products. */
LANE_INLINE double LANE(pow)(double a, double b)
{
    double k, f = LANE(split)(a, &k);
    double below = 1.0 + (f + 1.0), lost = (f + 1.0) - (below - 1.0);
    double s = f / below, s_low = (FMA(-s, below, f) - s * lost) / below;
    double z = s * s, z_low = FMA(s, s, -z) + 2.0 * (s * s_low);
    double tail = FMA(z, 0x1.087e4945615c6p-3, 0x1.1018374c7f117p-3);
    tail = FMA(tail, z, 0x1.3b18bc82cc745p-3);
    tail = FMA(tail, z, 0x1.745d09e3d8241p-3);
    tail = FMA(tail, z, 0x1.c71c71d7fbbacp-3);
    tail = FMA(tail, z, 0x1.249249248e4d8p-2);
    tail = z * FMA(tail, z, 0x1.999999999999fp-2);
    double u = 2.0 / 3.0 + tail, u_low = ((2.0 / 3.0 - u) + tail) + 0x1.5555555555555p-55;
    double cube = z * s, cube_low = FMA(z, s, -cube) + FMA(z, s_low, z_low * s);
    double rest = cube * u, rest_low = FMA(cube, u, -rest) + FMA(cube, u_low, cube_low * u);
    double first = k * LN2_HIGH, sum = first + 2.0 * s;
    double from_first = (first - sum) + 2.0 * s, from_s = (2.0 * s - sum) + first;
    double low = (k == 0.0 ? from_s : from_first) + FMA(k, LN2_LOW, 2.0 * s_low);
    double high = sum + rest;
    low += ((sum - high) + rest) + rest_low;
    double product = b * high;
    return LANE(exp_of)(product, FMA(b, high, -product) + b * low);
}

LANE_INLINE int LANE(narrow_power)(double a, double b)
{
    double k = LANE(number)((LANE(bits)(a) >> 52) | 0x4330000000000000) - (0x1p52 + 1023.0);
    return a >= 0x1p-1022 && a < INFINITY && fabs(b) * (fabs(k) + 1.0) < 1000.0;
}

/* The functions that rows of the op table call beside those of the C library. */

LANE_INLINE double LANE(fmax)(double a, double b) { return a > b || b != b ? a : b; }
LANE_INLINE double LANE(sign)(double a) { return (a > 0.0 ? 1.0 : 0.0) - (a < 0.0 ? 1.0 : 0.0); }
LANE_INLINE double LANE(half_at_tie)(double a, double b) { return 0.5 + (a > b ? 0.5 : 0.0) - (a < b ? 0.5 : 0.0); }

LANE_INLINE double LANE(pow_slope)(double a, double b) { return b * LANE(pow)(a, b - 1.0); }

/* Functions that rows of the op table need and C's library has not, or has otherwise than Python: the logarithm of the
 * gamma function, its derivatives, the inverse error function, and Python's division with a remainder.
 *
 * Accuracy, measured against mpmath with 50 digits; tests/operations/test_special.py holds them to it. Relative errors:
 *
 *   op_lgamma            0 to Python's math.lgamma, which is the same sum in the same order: 1e-15 away from its zeros
 *   op_polygamma         for positive numbers 4e-15 of order 0, also about its zero at 1.46, 2e-15 of orders 1 to 20,
 *                        and 5e-15 up to 170, the highest; for negative ones 4e-16 of |y| + |x y'|, y being the value
 *   op_erfinv            2e-16, about 0 and next to 1 and -1 as well
 *   op_norm_ppf          3e-16, for all numbers from the smallest one to 1 - 2^-53
 *   op_mod, op_floordiv  0 to Python's % and //
 *
 * Pure functions of numbers: no state, safe in any thread.
 */
#ifndef FASTGRAD_SPECIAL_H
#define FASTGRAD_SPECIAL_H

#include <math.h>

#include "operations/portable.h" /* OP_OUTLINE: these are long, and not for the places that operators are inlined in */

/* The gamma function. */

/* Lanczos' approximation: gamma(x) = e^-g (x + g - 1/2)^(x - 1/2) e^(1/2 - x) times this quotient, g being LANCZOS. */
#define LANCZOS 6.024680040776729583740234375
#define LANCZOS_TERMS 13

static inline double lanczos_quotient(double x)
{
    static const double above[LANCZOS_TERMS] = {
        23531376880.410759688572007674451636754734846804940, 42919803642.649098768957899047001988850926355848959,
        35711959237.355668049440185451547166705960488635843, 17921034426.037209699919755754458931112671403265390,
        6039542586.3520280050642916443072979210699388420708, 1439720407.3117216736632230727949123939715485786772,
        248874557.86205415651146038641322942321632125127801, 31426415.585400194380614231628318205362874684987640,
        2876370.6289353724412254090516208496135991145378768, 186056.26539522349504029498971604569928220784236328,
        8071.6720023658162106380029022722506138218516325024, 210.82427775157934587250973392071336271166969580291,
        2.5066282746310002701649081771338373386264310793408,
    };
    static const double below[LANCZOS_TERMS] = {
        0.0, 39916800.0, 120543840.0, 150917976.0, 105258076.0, 45995730.0, 13339535.0, 2637558.0, 357423.0, 32670.0,
        1925.0, 66.0, 1.0,
    };
    double p = 0.0, q = 0.0;
    if (x < 5.0)
        for (int k = LANCZOS_TERMS; k-- > 0;) {
            p = p * x + above[k];
            q = q * x + below[k];
        }
    else /* in 1 / x, as powers of x would overflow */
        for (int k = 0; k < LANCZOS_TERMS; k++) {
            p = p / x + above[k];
            q = q / x + below[k];
        }
    return p / q;
}

/* |sin(pi x)| for x from 0 on, by the distance to the nearest half. */
static inline double sine_of_turn(double x)
{
    const double y = fmod(x, 2.0);
    const int halves = (int)round(2.0 * y);
    const double angle = PI * (y - 0.5 * halves);
    return fabs(halves % 2 ? cos(angle) : sin(angle));
}

OP_OUTLINE double op_lgamma(double a)
{
    const double x = fabs(a), log_pi = 1.144729885849400174143427351353058711647;
    if (!isfinite(a))
        return x;
    if (a <= 2.0 && a == floor(a))
        return a > 0.0 ? 0.0 : INFINITY;
    if (x < 1e-20)
        return -log(x);
    double y = log(lanczos_quotient(x)) - LANCZOS;
    y += (x - 0.5) * (log(x + LANCZOS - 0.5) - 1.0);
    return a > 0.0 ? y : log_pi - log(sine_of_turn(x)) - log(x) - y;
}

/* The derivatives of its logarithm: polygamma functions. That of order n, where n is not 0, is up to its sign
 * n! (x^-(n+1) + (x+1)^-(n+1) + ...), and Euler and Maclaurin's formula tells the rest of the sum from a large x on. */

#define MOST_ORDER 170 /* beyond it n! is no double */
#define EULER_TERMS 10

/* n! / x^(n+1), in an order that overflows only where the result does, if x is not both large and below n. */
static inline double inverse_power(int n, double x)
{
    double y = 1.0 / x;
    for (int k = 1; k <= n; k++)
        y *= k / x;
    return y;
}

/* The rest of the sum from x on, without its first part, the integral; x is n + 10 or more. */
static inline double sum_after_integral(int n, double x)
{
    /* Bernoulli's numbers B_2k / (2k)! */
    static const double bernoulli[EULER_TERMS] = {
        0.08333333333333333, -0.001388888888888889, 3.306878306878307e-05, -8.267195767195768e-07,
        2.08767569878681e-08, -5.284190138687493e-10, 1.3382536530684679e-11, -3.3896802963225827e-13,
        8.586062056277845e-15, -2.174868698558062e-16,
    };
    double term = (n + 1) / x, sum = 0.5;
    for (int k = 0; k < EULER_TERMS; k++) {
        sum += bernoulli[k] * term;
        term *= (n + 2 * k + 2) / x * ((n + 2 * k + 3) / x);
    }
    return sum / x;
}

/* n! times Hurwitz' zeta function of n + 1 and x, for n from 1 on and x from 0 on. */
static inline double hurwitz(int n, double x)
{
    int first = x < n + 10 ? (int)ceil(n + 10 - x) : 0;
    const double far = x + first;
    double y = 1.0;
    for (int k = 1; k <= n; k++)
        y *= k / far;
    y *= 1.0 / n + sum_after_integral(n, far);
    while (first-- > 0)
        y += inverse_power(n, x + first);
    return y;
}

/* The digamma function about its zero, as a power series. */
static inline double digamma_at_zero(double distance)
{
    static const double series[] = {
        0.9676722454476212, -0.4427631689835921, 0.258499760955651, -0.16394270544240652, 0.10782405069126237,
        -0.07219956125645471, 0.04880428816414311, -0.03316112647484736, 0.022597648232218104, -0.01542476590494896,
        0.010538791616612175, -0.007204534386356869, 0.004926781395729853, -0.003369801655439328, 0.002305126326734928,
        -0.0015769367714301972, 0.0010788252019162967, -0.0007380709389960052, 0.000504953265834602,
        -0.0003454680251063077,
    };
    double y = 0.0;
    for (int k = sizeof(series) / sizeof(*series); k-- > 0;)
        y = y * distance + series[k];
    return y * distance;
}

static inline double digamma(double x)
{
    const double zero = 0x1.762d86356be3fp+0, zero_rest = 0x1.b86a722197829p-54;
    if (x <= 0.0) {
        if (x == 0.0 || x == floor(x))
            return x == 0.0 ? -1.0 / x : NAN;
        return digamma(1.0 - x) - PI / tan(PI * (x - rint(x)));
    }
    if (fabs(x - zero) < 0.2)
        return digamma_at_zero((x - zero) - zero_rest);
    int first = x < 10.0 ? (int)ceil(10.0 - x) : 0;
    double sum = sum_after_integral(0, x + first);
    const double logarithm = log(x + first);
    while (first-- > 0)
        sum += 1.0 / (x + first);
    return logarithm - sum;
}

/* Between negative poles, where the sum's terms before 0 are those of another sum with its sign for odd powers. The
 * distances to the two poles are exact where they are small. What cancels in the middle is taken first. */
static inline double polygamma_below_0(int n, double sign, double x)
{
    const double d = x - rint(x), after = d < 0.0 ? 1.0 + d : d, before = d < 0.0 ? -d : 1.0 - d;
    return sign * ((hurwitz(n, after) + sign * hurwitz(n, before)) - sign * hurwitz(n, 1.0 - x));
}

/* The polygamma function of a whole order a, the (a + 1)-th derivative of lgamma: digamma, trigamma, ... There is none
 * of another order. At a pole it is infinite if both sides are. */
OP_OUTLINE double op_polygamma(double a, double b)
{
    if (!(a >= 0.0 && a <= MOST_ORDER && a == floor(a)) || b != b)
        return NAN;
    const int n = (int)a;
    const double sign = n % 2 ? 1.0 : -1.0;
    if (n == 0)
        return digamma(b);
    if (b > 0.0)
        return sign * hurwitz(n, b);
    if (b == 0.0)
        return sign * inverse_power(n, b);
    if (b == floor(b))
        return n % 2 && isfinite(b) ? INFINITY : NAN;
    return polygamma_below_0(n, sign, b);
}

/* The inverse of the error function. */

#define SQRT_PI_OVER_2 0.886226925452758

/* The asymptotic series of erfc, which is e^(-y^2) / (y sqrt(pi)) (1 + this), for large y. */
static inline double erfc_series(double y)
{
    const double z = 0.5 / (y * y);
    double sum = 0.0;
    for (int k = 15; k > 0; k -= 2)
        sum = -k * z * (1.0 + sum);
    return sum;
}

/* A start, good to 1 percent, by Winitzki's formula: erf(y)^2 is about 1 - exp(-y^2 (4 / pi + c y^2) / (1 + c y^2)). */
static inline double erf_quantile_start(double x, double q)
{
    const double c = 0.147, l = log(q * (1.0 + x)), b = 2.0 / (PI * c) + 0.5 * l;
    return x < 0.25 ? x * SQRT_PI_OVER_2 * (1.0 + PI / 12.0 * (x * x)) : sqrt(sqrt(b * b - l / c) - b);
}

/* One step of Halley's to the y with erf(y) = x. */
static inline double erf_step(double y, double x)
{
    const double t = (erf(y) - x) / (TWO_OVER_SQRT_PI * exp(-y * y));
    return y - t / (1.0 + t * y);
}

/* The same for erfc(y) = q and for its logarithm, in which far out y is nearly a root. Where q is next to nothing, erfc
 * has not all of its digits, and its series is as exact. */
static inline double erfc_step(double y, double q)
{
    double excess, steepness;
    if (q > 1e-290) {
        const double found = erfc(y);
        excess = log1p((found - q) / q);
        steepness = TWO_OVER_SQRT_PI * exp(-y * y) / found;
    } else {
        const double series = erfc_series(y);
        excess = -y * y - log(q) - log(2.0 * SQRT_PI_OVER_2 * y) + log1p(series);
        steepness = 2.0 * y / (1.0 + series);
    }
    const double t = -excess / steepness;
    return y - t / (1.0 - 0.5 * t * (steepness - 2.0 * y));
}

/* The y from 0 on with erf(y) = x and erfc(y) = q: two numbers whose sum is 1, of which the smaller one counts. */
static inline double erf_quantile(double x, double q)
{
    if (!(x >= 0.0 && q >= 0.0))
        return NAN;
    if (q == 0.0 || x == 0.0)
        return q == 0.0 ? INFINITY : 0.0;
    double y = erf_quantile_start(x, q);
    for (int step = 0; step < 3; step++)
        y = x < 0.5 ? erf_step(y, x) : erfc_step(y, q);
    return y;
}

OP_OUTLINE double op_erfinv(double a) { return copysign(erf_quantile(fabs(a), 1.0 - fabs(a)), a); }

/* The quantile of the normal distribution. Doubling loses nothing, and the distance to 1 is exact where it counts. */
OP_OUTLINE double op_norm_ppf(double a)
{
    if (a > 0.5)
        return SQRT2 * erf_quantile(2.0 * a - 1.0, 2.0 * (1.0 - a));
    return -(SQRT2 * erf_quantile(1.0 - 2.0 * a, 2.0 * a)) + 0.0;
}

/* Division with a remainder that has the sign of the divisor. By 0 both are nan. */

static inline double op_mod(double a, double b)
{
    const double rest = fmod(a, b);
    return rest == 0.0 ? copysign(0.0, b) : (rest < 0.0) != (b < 0.0) ? rest + b : rest;
}

/* What is left of a without its remainder is a multiple of b, but for rounding. */
static inline double op_floordiv(double a, double b)
{
    const double rest = fmod(a, b);
    double quotient = (a - rest) / b;
    if (rest != 0.0 && (rest < 0.0) != (b < 0.0))
        quotient -= 1.0;
    if (quotient == 0.0)
        return copysign(0.0, a / b);
    const double whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1.0 : whole;
}

#endif

/* pow() to the last bit, quicker for the exponents that most programs write: 2, 1/2 and -1.
 *
 * glibc's pow, from 2.28 on, computes a power to within 1/25 of an ulp and rounds that (its own bound for the result is
 * 0.54 ulp). A square, a root or an inverse that is rounded correctly is the same double, unless the exact value lies that
 * near to the middle between two doubles. How far it lies from there its rest tells, which is known exactly.
 */
#ifndef FASTGRAD_POWER_H
#define FASTGRAD_POWER_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__GLIBC__) && defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 28)
#define POWERS_ARE_NEARLY_ROUNDED 1
#endif
#endif

#ifdef POWERS_ARE_NEARLY_ROUNDED

static inline uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* a * b - y, exactly, where y is near to a * b: by splitting both factors, as Dekker does. */
static inline double rest_of_product(double a, double b, double y)
{
#ifdef __FP_FAST_FMA
    return fma(a, b, -y);
#else
    const double splitter = 134217729.0, a_far = a * splitter, b_far = b * splitter;
    const double a_high = a_far - (a_far - a), b_high = b_far - (b_far - b), a_low = a - a_high, b_low = b - b_high;
    const double product = a * b;
    const double low = a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low);
    return (product - y) + low;
#endif
}

/* What is computed of it here neither overflows nor gets subnormal. */
static inline int is_moderate(double x) { return (bits_of(x) >> 52 & 0x7FF) - 723 < 600; }

/* Is y what any nearly exact value is rounded to that differs from y by rest / scale? */
static inline int is_clear(double y, double rest, double scale)
{
    const uint64_t bits = bits_of(y), power = bits & (uint64_t)0x7FF << 52;
    double low;
    memcpy(&low, &power, sizeof low); /* 2 to y's exponent; below it doubles lie closer */
    return rest == 0.0 || (fabs(rest) < low * (0.45 / 4503599627370496.0) * scale && bits << 12);
}

static inline double op_power(double a, double b)
{
    double y;
    if (b == 1.0)
        return a;
    if (b == 2.0 && is_moderate(a)) {
        y = a * a;
        if (is_clear(y, rest_of_product(a, a, y), 1.0))
            return y;
    } else if (b == 0.5 && a > 0.0 && is_moderate(a)) {
        y = sqrt(a);
        if (is_clear(y, rest_of_product(y, y, a), y + y))
            return y;
    } else if (b == -1.0 && is_moderate(a)) {
        y = 1.0 / a;
        if (is_clear(y, rest_of_product(y, a, 1.0), fabs(a)))
            return y;
    }
    return pow(a, b);
}

#else

static inline double op_power(double a, double b) { return b == 1.0 ? a : pow(a, b); }

#endif
#endif

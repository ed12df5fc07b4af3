/* pow() to the last bit, quicker for the exponents that most programs write: 2, 1/2 and -1.
 *
 * glibc's pow, from 2.28 on, computes a power to within 1/20 of an ulp and rounds that (its own bound for the result is
 * 0.54 ulp; processors that it has other code for are left out). A square, a root or an inverse that is rounded correctly is the same double, unless the exact value lies that
 * near to the middle between two doubles. How far it lies from there its rest tells, which is known exactly.
 */
#ifndef FASTGRAD_POWER_H
#define FASTGRAD_POWER_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__GLIBC__) && defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 28) && FLT_EVAL_METHOD == 0 && !defined(__i386__) && !defined(__m68k__) && !defined(__ia64__)
#define POWERS_ARE_NEARLY_ROUNDED 1
#endif
#endif

#ifdef POWERS_ARE_NEARLY_ROUNDED

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

/* Is y what any nearly exact value is rounded to that differs from y by rest / scale? Where a is large or small it is not
 * asked, as something of it may overflow. Without branches, so that a loop can do it in lanes. */
static inline int is_clear(double a, double y, double rest, double scale)
{
    uint64_t bits;
    double low; /* 2 to y's exponent; below it doubles lie closer */
    memcpy(&bits, &y, sizeof bits);
    bits &= (uint64_t)0x7FF << 52;
    memcpy(&low, &bits, sizeof low);
    return (fabs(a) > 0x1p-300) & (fabs(a) < 0x1p300) &
           ((rest == 0.0) | ((fabs(rest) < low * 0x0.73p-52 * scale) & (fabs(y) != low)));
}

static inline int op_square(double a, double *y)
{
    *y = a * a;
    return is_clear(a, *y, rest_of_product(a, a, *y), 1.0);
}

static inline int op_root(double a, double *y)
{
    *y = sqrt(a); /* not a number of a negative one, of which nothing is clear */
    return is_clear(a, *y, rest_of_product(*y, *y, a), *y + *y);
}

static inline int op_inverse(double a, double *y)
{
    *y = 1.0 / a;
    return is_clear(a, *y, rest_of_product(*y, a, 1.0), fabs(a));
}

static inline double op_power(double a, double b)
{
    double y;
    if (b == 1.0)
        return a;
    if ((b == 2.0 && op_square(a, &y)) || (b == 0.5 && op_root(a, &y)) || (b == -1.0 && op_inverse(a, &y)))
        return y;
    return pow(a, b);
}

/* The powers of many numbers, where b is 2 or 1/2, and for each whether it is not clear; 0 for any other b. */
static inline int op_powers(const double *a, double b, uint32_t n, double *y, double *unclear)
{
    if (b == 2.0)
        for (uint32_t i = 0; i < n; i++)
            unclear[i] = op_square(a[i], &y[i]) ? 0.0 : 1.0;
    else if (b == 0.5)
        for (uint32_t i = 0; i < n; i++)
            unclear[i] = op_root(a[i], &y[i]) ? 0.0 : 1.0;
    return b == 2.0 || b == 0.5;
}

#else

static inline double op_power(double a, double b) { return b == 1.0 ? a : pow(a, b); }
static inline int op_powers(const double *a, double b, uint32_t n, double *y, double *unclear)
{
    (void)a, (void)b, (void)n, (void)y, (void)unclear;
    return 0;
}

#endif
#endif

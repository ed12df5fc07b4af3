/* The error function and its relatives without branches and calls; the words of vector_math.h on accuracy hold here. */

/* erf(x) / x - 1 from z = x^2, for |x| up to 1 */
LANE_INLINE double LANE(erf_rest)(double z)
{
    double zz = z * z;
    double even = FMA(zz, 0x1.05ffd737fb32ep-34, 0x1.f7b4bf3b13964p-27);
    double odd = FMA(zz, -0x1.389d4f2641625p-30, -0x1.5f1ecb6f0764cp-23);
    even = FMA(even, zz, 0x1.b9df224ca4b97p-20);
    odd = FMA(odd, zz, -0x1.f4d1e3183f7aep-17);
    even = FMA(even, zz, 0x1.f9a321d5b8e1ep-14);
    odd = FMA(odd, zz, -0x1.c02db3dac435fp-11);
    even = FMA(even, zz, 0x1.565bcd0dbaa38p-8);
    odd = FMA(odd, zz, -0x1.b82ce31284e00p-6);
    even = FMA(even, zz, 0x1.ce2f21a042b30p-4);
    odd = FMA(odd, zz, -0x1.812746b0379e6p-2);
    even = FMA(even, zz, 0x1.06eba8214db69p-3);
    return FMA(odd, z, even);
}

/* erfc(x) exp(x^2) (x + 4) for x from 0 to 28, from w = (x - 4) / (x + 4) */
LANE_INLINE double LANE(erfc_rest)(double w)
{
    double ww = w * w;
    double even = FMA(ww, 0x1.f36d8f26067d6p-31, -0x1.055c642430266p-26);
    double odd = FMA(ww, -0x1.5e243bcb5bcd0p-31, 0x1.d16930edb8c31p-29);
    even = FMA(even, ww, 0x1.0a395a44d8d18p-23);
    odd = FMA(odd, ww, -0x1.534dbf9f8d75fp-24);
    even = FMA(even, ww, -0x1.c6596b17a2096p-21);
    odd = FMA(odd, ww, 0x1.7f048f4ea1fbdp-20);
    even = FMA(even, ww, 0x1.3b0cf5024bf2dp-18);
    odd = FMA(odd, ww, -0x1.3c7440d5e91e8p-16);
    even = FMA(even, ww, -0x1.e7ebd7777a24ep-19);
    odd = FMA(odd, ww, 0x1.72cddbdba093ap-13);
    even = FMA(even, ww, -0x1.dd2843b0c3d54p-12);
    odd = FMA(odd, ww, -0x1.269b5709946d1p-12);
    even = FMA(even, ww, 0x1.908f471ffe9afp-8);
    odd = FMA(odd, ww, -0x1.b00c0529fc336p-6);
    even = FMA(even, ww, 0x1.38dbd2c8e8e74p-4);
    odd = FMA(odd, ww, -0x1.645fd8a4c08c6p-3);
    even = FMA(even, ww, 0x1.52cac23710011p-2);
    odd = FMA(odd, ww, -0x1.14eacb1ad02b6p-1);
    even = FMA(even, ww, 0x1.8be202d26c708p-1);
    odd = FMA(odd, ww, -0x1.f3fe31ecb49c0p-1);
    even = FMA(even, ww, 0x1.18932bf08e154p+0);
    return FMA(odd, w, even);
}

/* erfc(x) for x from 0 on. The square is that of the first 26 bits, which is exact, and a rest. */
LANE_INLINE double LANE(erfc_of)(double a)
{
    double x = a > 28.0 ? 28.0 : a, head = LANE(number)(LANE(bits)(x) & 0xfffffffff8000000), q = 1.0 / (x + 4.0);
    double y = q * LANE(erfc_rest)(FMA(2.0 * x, q, -1.0));
    return y * LANE(exp_of)(-(head * head), (head - x) * (head + x));
}

LANE_INLINE double LANE(erfc)(double a)
{
    double y = LANE(erfc_of)(fabs(a));
    return a < 0.0 ? 2.0 - y : y;
}

LANE_INLINE double LANE(erf)(double a)
{
    double far = copysign(1.0 - LANE(erfc_of)(fabs(a)), a);
    return fabs(a) < 1.0 ? FMA(a, LANE(erf_rest)(a * a), a) : far;
}

LANE_INLINE double LANE(normal_cdf)(double a) { return 0.5 * LANE(erfc)(-a * SQRT_HALF); }

"""Functions that C's library has not: as exact as src/operations/special.h says, over all of their range."""

import math
import random

import mpmath
import pytest

from fastgrad import math as fm

RNG = random.Random(3)


def decades(least, most, count):
    return [10.0 ** RNG.uniform(least, most) for _ in range(count)]


def exact_polygamma(order, x):
    """Also between negative poles, where the terms before 0 are taken one by one."""
    below = max(0, -math.floor(x))
    terms = sum((x + k) ** (-order - 1) for k in range(below))
    return mpmath.psi(order, x + below) - (-1) ** order * mpmath.factorial(order) * terms


def error(value, exact, scale=None):
    return float(abs(value - exact) / (scale or abs(exact)))


def worst(function, exact, numbers):
    with mpmath.workdps(50):
        return max((error(function(x), exact(mpmath.mpf(x))), x) for x in numbers)


NEAR_ITS_ZERO = [1.4616321449683622 + RNG.uniform(-1e-6, 1e-6) for _ in range(50)]


def test_digamma_of_positive_numbers():
    numbers = [*decades(-300.0, 300.0, 200), *(RNG.uniform(0.0, 12.0) for _ in range(500)), *NEAR_ITS_ZERO]
    assert worst(fm.digamma, mpmath.digamma, numbers) < (4e-15,)


@pytest.mark.parametrize(("order", "bound"), [(1, 2e-15), (5, 2e-15), (20, 2e-15), (80, 5e-15), (170, 6e-15)])
def test_polygamma_of_positive_numbers(order, bound):
    numbers = [*decades(-1.0, 2.5, 60), *(RNG.uniform(1.0, 12.0 + order) for _ in range(60))]
    numbers = [x for x in numbers if order < 170 or x > 1.0]  # beyond that it is no double
    assert worst(lambda x: fm.polygamma(order, x), lambda x: mpmath.psi(order, x), numbers) < (bound,)


@pytest.mark.parametrize("order", [0, 1, 2, 3, 4, 9, 20])
def test_polygamma_between_negative_poles(order):
    """Against the value and what a change of the last digit of x makes of it."""
    numbers = [-RNG.uniform(0.0, 8.0) for _ in range(150)] + [-k - 0.5 for k in range(6)] + [-3.0 - 1e-9, -3.0 + 1e-9]
    with mpmath.workdps(50):
        for x in numbers:
            value, slope = (exact_polygamma(order + k, mpmath.mpf(x)) for k in (0, 1))
            assert error(fm.polygamma(order, x), value, abs(value) + abs(x * slope)) < 4e-16, x


def test_polygamma_far_below_0():
    with mpmath.workdps(50):
        for x in (-1e6 - 0.25, -1e12 + 0.125):
            assert fm.digamma(x) == pytest.approx(float(mpmath.digamma(mpmath.mpf(x))), rel=1e-14)
            expected = mpmath.pi**2 / mpmath.sin(mpmath.pi * mpmath.mpf(x)) ** 2 - mpmath.psi(1, 1 - mpmath.mpf(x))
            assert fm.polygamma(1, x) == pytest.approx(float(expected), rel=1e-14)


def test_erfinv():
    numbers = [RNG.uniform(-1.0, 1.0) for _ in range(300)] + [1.0 - x for x in decades(-15.9, 0.0, 200)]
    numbers += [*decades(-300.0, 0.0, 200), 5e-324, 0.25, 0.5, math.nextafter(0.5, 0.0), math.nextafter(1.0, 0.0)]
    assert worst(fm.erfinv, mpmath.erfinv, numbers[:-5] + numbers[-4:]) < (3e-16,)
    assert fm.erfinv(5e-324) == 5e-324


def exact_quantile(p, start):
    """Newton's steps on the logarithm of the distribution function, from a start that is nearly right."""
    y = mpmath.mpf(start)
    for _ in range(4):
        below = mpmath.erfc(-y / mpmath.sqrt(2)) / 2
        y -= mpmath.log(below / p) * below / mpmath.npdf(y)
    return y


def test_norm_ppf():
    numbers = [*(RNG.random() for _ in range(200)), *decades(-323.0, 0.0, 300)]
    numbers += [1.0 - x for x in decades(-15.9, 0.0, 100)]
    numbers += [5e-324, 2.2e-308, 0.5e-290, 0.25, 0.75, 0.5 - 1e-12, math.nextafter(0.5, 1.0), 1.0 - 2.0**-53]
    with mpmath.workdps(60):
        assert max(error(y, exact_quantile(mpmath.mpf(p), y)) for p in numbers if (y := fm.norm_ppf(p))) < 4e-16


@pytest.mark.parametrize("x", [-37.0, -8.0, -1.0, 0.0, 0.25, 2.0])
def test_a_quantile_of_its_probability_is_the_number(x):
    assert fm.norm_ppf(fm.norm_cdf(x)) == pytest.approx(x, rel=1e-14)


@pytest.mark.parametrize("x", [0.5, 0.5 + 1e-10, 0.5 - 1e-16, 0.25, math.nextafter(0.25, 0.0), 1e-300, 1.0 - 2.0**-53])
def test_logit_is_exact_also_where_it_is_small(x):
    with mpmath.workdps(50):
        expected = float(mpmath.log(mpmath.mpf(x) / (1 - mpmath.mpf(x))))
    assert fm.logit(x) == pytest.approx(expected, rel=5e-16)


def test_sinc_is_exact_next_to_its_zeros_and_far_out():
    with mpmath.workdps(50):
        for x in (1e-200, 0.5, 1.0 + 1e-10, 7.25, -123456.5, 1e9 + 0.125):
            expected = float(mpmath.sinpi(mpmath.mpf(x)) / (mpmath.pi * mpmath.mpf(x)))
            assert fm.sinc(x) == pytest.approx(expected, rel=1e-15)
    assert (fm.sinc(0.0), fm.sinc(1.0), abs(fm.sinc(-2e15))) == (1.0, 0.0, 0.0)


SIZES = [(0.0, -40.0), (1e308, -1e308), (-1e308, -1e308), (800.0, 800.5), (-800.0, -801.0), (1e-300, -3.0)]


@pytest.mark.parametrize(("x", "y"), SIZES)
def test_logaddexp_is_exact_at_any_size(x, y):
    with mpmath.workdps(50):
        high, low = mpmath.mpf(max(x, y)), mpmath.mpf(min(x, y))
        expected = float(high + (mpmath.log1p(mpmath.exp(low - high)) if high - low < 1e4 else 0))
    assert fm.logaddexp(x, y) == fm.logaddexp(y, x) == pytest.approx(expected, rel=5e-16)


# The ends.

INF = math.inf
ENDS = [
    (fm.erfinv, {0.0: 0.0, 1.0: INF, -1.0: -INF, 1.5: math.nan, math.nan: math.nan}),
    (fm.norm_ppf, {0.0: -INF, 0.5: 0.0, 1.0: INF, -0.1: math.nan, 1.1: math.nan, math.nan: math.nan}),
    (fm.norm_cdf, {-INF: 0.0, 0.0: 0.5, INF: 1.0, -40.0: 0.0, math.nan: math.nan}),
    (fm.logit, {0.0: -INF, 1.0: INF, -0.1: math.nan, 1.1: math.nan}),
    (fm.expit, {-INF: 0.0, INF: 1.0, -1000.0: 0.0}),
    (fm.log_expit, {-INF: -INF, INF: 0.0, 1000.0: 0.0}),
    (fm.digamma, {0.0: -INF, -1.0: math.nan, INF: INF, -INF: math.nan}),
    (lambda x: fm.polygamma(1, x), {0.0: INF, -1.0: INF, INF: 0.0, -INF: math.nan, 1e200: 1e-200}),
    (lambda x: fm.polygamma(2, x), {0.0: -INF, -1.0: math.nan, INF: 0.0, 1e-200: -INF}),
    (lambda x: fm.digamma(-x), {0.0: INF, 1e-310: INF}),
    (lambda x: fm.logaddexp(x, x), {INF: INF, -INF: -INF, math.nan: math.nan}),
    (lambda x: fm.logaddexp(x, 3.0), {INF: INF, -INF: 3.0, math.nan: math.nan}),
    (fm.rint, {0.5: 0.0, 1.5: 2.0, -2.5: -2.0, 0.49999999999999994: 0.0, INF: INF, 2.0**52 + 1.0: 2.0**52 + 1.0}),
]


@pytest.mark.parametrize(("function", "expected"), ENDS)
def test_values_at_the_ends_and_beyond(function, expected):
    for x, y in expected.items():
        assert function(x) == pytest.approx(y, rel=1e-15, abs=0.0, nan_ok=True), x

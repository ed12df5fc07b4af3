"""Every row of the op table: its first, second and third derivatives, on the tape, compiled, and over many rows."""

import math

import mpmath
import numpy as np
import pytest

import fastgrad
from fastgrad import Value
from fastgrad import math as fm
from support.operations import BINARY, CHOSEN_SLOPE, DOMAINS, EXACT, UNARY, called

INF = math.inf
ORDERS = [1, 2, 3]


def on_the_tape(function, *numbers):
    found = function(*map(Value, numbers))
    return getattr(found, "data", found)


def compiled(function, *numbers):
    replayed = fastgrad.compile(function)
    return [replayed(*numbers) for _ in range(2)][1]


def over_rows(function, *numbers):
    found = fastgrad.compile(function).batch(*(np.full(40, x) for x in numbers))
    assert np.array_equal(found, np.full(40, found[0]), equal_nan=True)
    return found[0]


WAYS = [on_the_tape, compiled, over_rows]


def close(expected):
    return pytest.approx(float(expected), rel=1e-11, abs=1e-12, nan_ok=True)


def exact(name, numbers, orders):
    with mpmath.workdps(50):
        return mpmath.diff(EXACT[name], tuple(map(mpmath.mpf, numbers)), tuple(orders))


# Regular points.

REGULAR = [-2.3, -0.6, 0.35, 0.8, 1.7, 3.2]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", [name for name in UNARY if name not in CHOSEN_SLOPE])
def test_derivatives_of_one(name, order, way):
    function = fastgrad.derivative(lambda x: called(name)(x), order)
    inside = [x for x in REGULAR if name not in DOMAINS or DOMAINS[name](x)]
    assert inside
    for x in inside:
        assert way(function, x) == close(exact(name, [x], [order])), f"{name} at {x}"


PAIRS = [(0.75, 1.6), (1.25, -0.5), (3.1, 2.0)]
OF_POLYGAMMA = [(0.0, 1.6), (2.0, 3.5), (3.0, -1.25)]
BY_BOTH = [(i, n - i) for n in ORDERS for i in range(n + 1)]


def derivative_of_two(function, by_first, by_second):
    for _ in range(by_first):
        function = fastgrad.grad(function)
    for _ in range(by_second):
        function = fastgrad.grad(function, argnums=1)
    return function


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("orders", BY_BOTH)
@pytest.mark.parametrize("name", [name for name in BINARY if name != "polygamma"])
def test_derivatives_of_two(name, orders, way):
    function = derivative_of_two(lambda a, b: called(name)(a, b), *orders)
    for pair in PAIRS:
        assert way(function, *pair) == close(exact(name, pair, orders)), f"{name} at {pair}"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("order", ORDERS)
def test_derivatives_of_polygamma_are_by_its_number(order, way):
    function = derivative_of_two(fm.polygamma, 0, order)
    for n, x in OF_POLYGAMMA:
        below = max(0, math.ceil(-x))
        with mpmath.workdps(50):
            terms = sum(math.factorial(int(n) + order) / mpmath.mpf(x + k) ** (n + order + 1) for k in range(below))
            expected = mpmath.psi(int(n) + order, x + below) - (-1) ** (int(n) + order) * terms
        assert way(function, n, x) == close(expected), f"order {n} at {x}"


# Compositions of rows that fastgrad.math has.

COMPOSED = {
    "digamma": (fm.digamma, mpmath.digamma),
    "expit": (fm.expit, lambda x: 1 / (1 + mpmath.exp(-x))),
    "log_expit": (fm.log_expit, lambda x: -mpmath.log1p(mpmath.exp(-x))),
    "heaviside": (lambda x: fm.heaviside(x, 0.5), mpmath.sign),
    "norm": (lambda x: fm.norm([x, 3.0, 4.0]), lambda x: mpmath.sqrt(x * x + 25)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", COMPOSED)
def test_derivatives_of_compositions(name, order, way):
    ours, mathematics = COMPOSED[name]
    for x in (-0.6, 0.35, 1.7):
        with mpmath.workdps(50):
            expected = mpmath.diff(mathematics, mpmath.mpf(x), order)
        assert way(fastgrad.derivative(ours, order), x) == close(expected), f"{name} at {x}"


# Zeros, kinks, ends: what is true there, or what the row chooses, in every order.

PI, GAMMA, ZETA_3 = math.pi, 0.5772156649015329, 1.2020569031595942
FLAT = [0.0, 0.0, 0.0]
SINGULAR = {
    "sinc at 0": (fm.sinc, 0.0, [0.0, -(PI**2) / 3, 0.0]),
    "sinc at -0.0": (fm.sinc, -0.0, [0.0, -(PI**2) / 3, 0.0]),
    "sinc next to 0": (fm.sinc, 1e-9, [-1e-9 * PI**2 / 3, -(PI**2) / 3, 1e-9 * PI**4 / 5]),
    "sinc at its first zero": (fm.sinc, 1.0, [-1.0, 2.0, PI**2 - 6.0]),
    "sinc where its series ends": (fm.sinc, 0.5, [-4 / PI, 16 / PI - 2 * PI, 12 * PI - 96 / PI]),
    "logit at 1/2": (fm.logit, 0.5, [4.0, 0.0, 32.0]),
    "logit at 0": (fm.logit, 0.0, [INF, -INF]),
    "logit at 1": (fm.logit, 1.0, [INF, INF]),
    "erfinv at 0": (fm.erfinv, 0.0, [PI**0.5 / 2, 0.0, PI**1.5 / 4]),
    "erfinv at 1": (fm.erfinv, 1.0, [INF, INF, INF]),
    "erfinv at -1": (fm.erfinv, -1.0, [INF, -INF, INF]),
    "norm_ppf at 1/2": (fm.norm_ppf, 0.5, [(2 * PI) ** 0.5, 0.0, (2 * PI) ** 1.5]),
    "norm_ppf at 0": (fm.norm_ppf, 0.0, [INF, -INF, INF]),
    "norm_cdf at 0": (fm.norm_cdf, 0.0, [(2 * PI) ** -0.5, 0.0, -((2 * PI) ** -0.5)]),
    "norm_cdf far out": (fm.norm_cdf, 50.0, FLAT),
    "exp2 at 0": (fm.exp2, 0.0, [math.log(2), math.log(2) ** 2, math.log(2) ** 3]),
    "lgamma at 1": (fm.lgamma, 1.0, [-GAMMA, PI**2 / 6, -2 * ZETA_3]),
    "digamma at 1": (fm.digamma, 1.0, [PI**2 / 6, -2 * ZETA_3, PI**4 / 15]),
    "digamma at a pole": (fm.digamma, 0.0, [INF, -INF, INF]),
    "log_expit at 0": (fm.log_expit, 0.0, [0.5, -0.25, 0.0]),
    "log_expit far out": (fm.log_expit, -800.0, [1.0, 0.0, 0.0]),
    "softplus at 0": (fm.softplus, 0.0, [0.5, 0.25, 0.0]),
    "logaddexp at a tie": (lambda x: fm.logaddexp(x, 2.0), 2.0, [0.5, 0.25, 0.0]),
    "logaddexp of equal infinities": (lambda x: fm.logaddexp(x, INF), INF, [0.5, 0.0, 0.0]),
    "logaddexp beside minus infinity": (lambda x: fm.logaddexp(x, -INF), 2.0, [1.0, 0.0, 0.0]),
    "rint between two": (fm.rint, 0.5, FLAT),
    "heaviside at 0": (lambda x: fm.heaviside(x, 0.5), 0.0, FLAT),
    "the number of heaviside at 0": (lambda x: fm.heaviside(0.0 * x, x), 2.0, [1.0, 0.0, 0.0]),
    "norm at 0": (lambda x: fm.norm([x, 0.0]), 0.0, [0.0]),
    "% at a multiple": (lambda x: x % 2.0, 4.0, [1.0, 0.0, 0.0]),
    "% by its divisor, at a multiple": (lambda x: 4.0 % x, 2.0, [-2.0, 0.0, 0.0]),
    "// at a multiple": (lambda x: x // 2.0, 4.0, FLAT),
    "abs at 0": (abs, 0.0, FLAT),
    "relu at 0": (fm.relu, 0.0, FLAT),
    "sign at 0": (fm.sign, 0.0, FLAT),
    "a square at 0": (lambda x: x**2, 0.0, [0.0, 2.0, 0.0]),
    "a cube at 0": (lambda x: x**3, 0.0, [0.0, 0.0, 6.0]),
    "sqrt at 0": (fm.sqrt, 0.0, [INF, -INF]),
    "tanh far out": (fm.tanh, 400.0, FLAT),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SINGULAR)
def test_derivatives_at_singular_points(name, way):
    function, x, expected = SINGULAR[name]
    found = [way(fastgrad.derivative(function, order), x) for order in range(1, len(expected) + 1)]
    assert found == [close(each) for each in expected]


@pytest.mark.parametrize("gap", [0.0, 1.5, -40.0, 900.0])
def test_the_second_derivatives_of_logaddexp(gap):
    share = 1.0 / (1.0 + math.exp(-gap)) / (1.0 + math.exp(gap)) if abs(gap) < 700.0 else 0.0
    for base in (0.0, 1e3, -1e5):
        found = fastgrad.hessian(lambda x: fm.logaddexp(x[0], x[1]))([base + gap, base])
        assert np.array(found) == pytest.approx(np.array([[share, -share], [-share, share]]), rel=1e-9, abs=1e-16)

"""fastgrad.math: Python's own results and errors for plain numbers, gradients for scalars."""

import math
import operator
import types
from fractions import Fraction

import pytest

import fastgrad
from fastgrad import math as fmath

FUNCTIONS = [name for name in dir(math) if not name.startswith("_") and callable(getattr(math, name))]
CONSTANTS = [name for name in dir(math) if not name.startswith("_") and not callable(getattr(math, name))]

SAMPLES = [
    (), (0,), (1,), (2.5,), (-0.5,), (-3,), (0.0,), (-0.0,), (5,), (True,), (Fraction(1, 3),), (1000.0,), (1e300,),
    (10**400,), (math.inf,),
    (-math.inf,), (math.nan,), ("3",), (None,), (1j,), ([],), ([1, 2.5, 3],), ([1e16, 1.0, -1e16],), (["a"],), (7, 2),
    (2.0, 10), (8, 3.0),
    (-8.0, 1 / 3), (0.0, -1.0), (5.5, -2.0), (-5.5, 0.0), (1.0, -0.0), (1, 1 + 1e-10), (12, 18), (3, "4"), ([1.0,
    2.0], [4.0, 6.0]),
    ([1.0], [1.0, 2.0]), ([1, 2], [3, 4]), ((), ()), (3.0, 4.0, 12.0), (1.0, None), (100, 0), (100.0, 1.0),
]  # fmt: skip


def outcome(function, arguments, options=None):
    try:
        result = function(*arguments, **(options or {}))
    except Exception as error:
        return type(error), str(error)
    return type(result), repr(result)


# Plain numbers.


@pytest.mark.parametrize("name", FUNCTIONS)
def test_plain_numbers_give_the_very_results_and_errors_of_math(name):
    values_seen = 0
    for arguments in SAMPLES:
        expected = outcome(getattr(math, name), arguments)
        result = outcome(getattr(fmath, name), arguments)
        if issubclass(expected[0], (TypeError, AttributeError)):
            assert result[0] is TypeError, f"{name}{arguments}: {result}"  # the words may differ, the type may not
        else:
            assert result == expected, f"{name}{arguments}"
            values_seen += not issubclass(expected[0], Exception)
    assert values_seen


@pytest.mark.parametrize(
    "name", ["exp", "log", "sqrt", "sin", "atan", "tanh", "exp2", "cbrt", "degrees", "radians", "erf", "fabs"]
)
def test_a_sweep_of_plain_numbers(name):
    if not hasattr(math, name):
        pytest.skip("not in this Python's math")
    for k in range(-700, 1100, 7):
        assert outcome(getattr(fmath, name), (k / 7.3,)) == outcome(getattr(math, name), (k / 7.3,))


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants(name):
    assert repr(getattr(fmath, name)) == repr(getattr(math, name))


def test_options():
    assert fmath.isclose(1.0, 1.05, rel_tol=0.1)
    assert not fmath.isclose(1.0, 1.05, abs_tol=1e-3)
    assert fmath.prod([2, 3], start=4) == math.prod([2, 3], start=4)
    assert fmath.fsum(x / 10 for x in range(10)) == math.fsum(x / 10 for x in range(10))


def test_plain_extremes_are_pythons():
    assert (fmath.max(1, 2), fmath.min(1, 2), fmath.max([3, 1.5]), fmath.min(3, 1.5, 2)) == (2, 1, 3, 1.5)
    assert type(fmath.max(1, 2)) is int
    assert (fmath.clip(5, 0, 1), fmath.clip(-5.0, 0.0, 1.0), fmath.clip(0.5, 0, 1)) == (1, 0.0, 0.5)
    assert (fmath.where(True, 1.0, 2.0), fmath.where(0.0, 1.0, 2.0)) == (1.0, 2.0)
    for function in (fmath.max, fmath.min):
        with pytest.raises(ValueError, match="of nothing"):
            function([])


@pytest.mark.parametrize("name", ["relu", "step", "sigmoid", "softplus", "gelu", "sign", "leaky_relu"])
def test_activations_of_plain_numbers(number, name):
    result = getattr(fmath, name)(0.75)
    assert type(result) is float
    assert result == getattr(number(0.75), name)().data


@pytest.mark.parametrize("name", ["exp2", "lgamma", "erfinv", "norm_cdf", "norm_ppf", "logit", "sinc", "rint"])
def test_special_functions_of_plain_numbers_are_those_of_scalars(number, name):
    result = getattr(fmath, name)(0.75)
    assert type(result) is float
    assert result == getattr(number(0.75), name)().data == getattr(fmath, name)(number(0.75)).data


def test_functions_of_plain_numbers_alone():
    assert (fmath.norm([3, 4]), fmath.norm([]), fmath.norm((5.0,))) == (5.0, 0.0, 5.0)
    assert [fmath.heaviside(x, 0.5) for x in (-2, 0, -0.0, 1e-300)] == [0.0, 0.5, 0.5, 1.0]
    assert math.isnan(fmath.heaviside(math.nan, 0.5))
    assert fmath.logaddexp(1000, 1000) == 1000.0 + math.log(2.0)
    assert fmath.log_expit(-1000) == -1000.0
    assert fmath.polygamma(0, 2.5) == fmath.digamma(2.5)


@pytest.mark.parametrize("order", [-1, 0.5, 171, math.nan])
def test_an_order_that_there_is_none_of_is_an_error(number, order):
    for x in (1.0, number(1.0)):
        with pytest.raises(ValueError, match="order of polygamma.. must be a whole number from 0 to 170"):
            fmath.polygamma(order, x)


@pytest.mark.parametrize("name", ["logit", "digamma", "log_expit", "lgamma"])
def test_functions_say_what_they_take(name):
    with pytest.raises(TypeError, match=rf"^{name}\(\) takes scalars and real numbers, not 'a'"):
        getattr(fmath, name)("a")
    with pytest.raises(TypeError, match=r"^polygamma\(\) takes scalars and real numbers, not 'a'"):
        fmath.polygamma("a", 1.0)


# Scalars.


def slopes(function, number, *data):
    """Value, and gradients of the arguments."""
    xs = [number(x) for x in data]
    y = function(*xs)
    assert type(y) is number
    y.backward()
    return y.data, [x.grad for x in xs]


FORMULAS = {
    "log of a base": (
        lambda x, b: fmath.log(x, b),
        (8.0, 2.0),
        [1 / (8 * math.log(2)), -math.log(8) / (2 * math.log(2) ** 2)],
    ),
    "log, plain base": (lambda x: fmath.log(x, 10), (1000.0,), [1 / (1000 * math.log(10))]),
    "log to a scalar base": (lambda b: fmath.log(9.0, b), (3.0,), [-math.log(9) / (3 * math.log(3) ** 2)]),
    "pow": (fmath.pow, (2.0, 3.0), [12.0, 8 * math.log(2)]),
    "pow, plain exponent": (lambda x: fmath.pow(x, 3), (2.0,), [12.0]),
    "exp2": (fmath.exp2, (3.0,), [8 * math.log(2)]),
    "degrees": (fmath.degrees, (1.0,), [180 / math.pi]),
    "radians": (fmath.radians, (1.0,), [math.pi / 180]),
    "ldexp": (lambda x: fmath.ldexp(x, 4), (1.5,), [16.0]),
    "fabs": (fmath.fabs, (-1.5,), [-1.0]),
    "hypot": (fmath.hypot, (3.0, 4.0, 12.0), [3 / 13, 4 / 13, 12 / 13]),
    "hypot, mixed": (lambda x: fmath.hypot(3, x, 12.0), (4.0,), [4 / 13]),
    "dist": (lambda a, b, c: fmath.dist([a, b], [c, 2.0]), (4.0, 6.0, 1.0), [0.6, 0.8, -0.6]),
    "fsum": (lambda a, b: fmath.fsum([a, 1.0, b, a]), (1e16, 2.0), [2.0, 1.0]),
    "prod": (lambda a, b: fmath.prod([a, b, a]), (2.0, 3.0), [12.0, 4.0]),
    "prod with a start": (lambda a, s: fmath.prod([a, 5.0], start=s), (2.0, 3.0), [15.0, 10.0]),
    "atan2": (fmath.atan2, (1.0, 2.0), [0.4, -0.2]),
    "atan2, plain": (lambda y: fmath.atan2(y, 2.0), (1.0,), [0.4]),
    "fmod": (fmath.fmod, (7.5, 2.0), [1.0, -3.0]),
    "copysign": (fmath.copysign, (2.0, -3.0), [-1.0, 0.0]),
    "max": (fmath.max, (1.0, 3.0, 2.0), [0.0, 1.0, 0.0]),
    "max of a list": (lambda a, b: fmath.max([a, 0.5, b]), (1.0, 3.0), [0.0, 1.0]),
    "min": (fmath.min, (1.0, 3.0, 2.0), [1.0, 0.0, 0.0]),
    "clip": (fmath.clip, (1.5, 0.0, 1.0), [0.0, 0.0, 1.0]),
    "where": (lambda c, a, b: fmath.where(c, a, b), (0.0, 2.0, 3.0), [0.0, 0.0, 1.0]),
    "leaky_relu": (fmath.leaky_relu, (-2.0,), [0.01]),
    "lgamma": (fmath.lgamma, (3.0,), [1.5 - 0.5772156649015329]),
    "digamma": (fmath.digamma, (1.0,), [math.pi**2 / 6]),
    "polygamma": (lambda x: fmath.polygamma(1, x), (1.0,), [-2.4041138063191886]),
    "logaddexp": (fmath.logaddexp, (math.log(3.0), 0.0), [0.75, 0.25]),
    "logaddexp, plain": (lambda x: fmath.logaddexp(0, x), (0.0,), [0.5]),
    "expit": (fmath.expit, (0.0,), [0.25]),
    "log_expit": (fmath.log_expit, (0.0,), [0.5]),
    "logit": (fmath.logit, (0.25,), [16 / 3]),
    "heaviside": (fmath.heaviside, (2.0, 0.5), [0.0, 0.0]),
    "heaviside at 0": (fmath.heaviside, (0.0, 0.5), [0.0, 1.0]),
    "norm": (lambda a, b: fmath.norm([a, b, 12.0]), (3.0, 4.0), [3 / 13, 4 / 13]),
}
VALUES = {
    "log of a base": 3.0, "log, plain base": 3.0, "log to a scalar base": 2.0, "pow": 8.0, "exp2": 8.0, "ldexp": 24.0,
    "hypot": 13.0,
    "dist": 5.0, "fsum": 2e16 + 4.0, "prod": 12.0, "atan2": math.atan2(1, 2), "fmod": 1.5, "copysign": -2.0,
    "max": 3.0, "min": 1.0,
    "clip": 1.0, "where": 3.0, "lgamma": math.log(2.0), "digamma": -0.5772156649015329, "polygamma": math.pi**2 / 6,
    "logaddexp": math.log(4.0), "logaddexp, plain": math.log(2.0), "expit": 0.5, "log_expit": -math.log(2.0),
    "logit": -math.log(3.0), "heaviside": 1.0, "heaviside at 0": 0.5, "norm": 13.0,
}  # fmt: skip


@pytest.mark.parametrize("name", FORMULAS)
def test_scalars(number, name):
    function, data, expected = FORMULAS[name]
    value, gradients = slopes(function, number, *data)
    assert value == pytest.approx(VALUES.get(name, value), rel=1e-15)
    assert gradients == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(
    "name", ["exp", "log", "log2", "log10", "log1p", "expm1", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan"]
)
def test_a_function_is_its_method(number, name):
    assert slopes(getattr(fmath, name), number, 0.5) == slopes(operator.methodcaller(name), number, 0.5)


def test_lengths_are_one_node(number):
    x, y = number(3.0), number(4.0)
    assert fmath.hypot(x, y, 1.0).prev == [x, y]
    assert fmath.fsum([x, y, 1.0]).prev == [x, y]
    assert fmath.prod([x, y, 1.0]).prev == [x, y]


def test_the_origin_has_no_direction(number):
    assert slopes(fmath.hypot, number, 0.0, 0.0) == (0.0, [0.0, 0.0])
    assert slopes(lambda *xs: fmath.norm(xs), number, 0.0, 0.0) == (0.0, [0.0, 0.0])


def test_readers_read_the_number(number):
    x = number(2.5)
    assert (fmath.isfinite(x), fmath.isinf(x), fmath.isnan(x)) == (True, False, False)
    assert fmath.isnan(number(math.nan))
    assert fmath.isclose(x, 2.5)
    assert fmath.isclose(2.6, x, abs_tol=0.2)
    assert not fmath.isclose(x, number(2.6))
    assert (fmath.floor(x), fmath.ceil(x), fmath.trunc(x)) == (2, 3, 2)


@pytest.mark.parametrize(
    "name", ["gamma", "modf", "frexp", "ulp", "remainder", "nextafter", "factorial", "gcd", "comb"]
)
def test_functions_without_a_gradient_here_refuse_scalars(number, name):
    arguments = [number(3.0)] * (2 if name in ("remainder", "nextafter", "gcd", "comb") else 1)
    with pytest.raises(TypeError):
        getattr(fmath, name)(*arguments)


def test_errors_of_scalars_are_those_of_math(number):
    for function, argument in [
        (fmath.log, 0.0),
        (fmath.sqrt, -1.0),
        (fmath.exp, 1e4),
        (fmath.acos, 2.0),
        (fmath.sin, math.inf),
    ]:
        expected = outcome(getattr(math, function.__name__), (argument,))
        assert outcome(function, (number(argument),)) == expected
    assert outcome(fmath.dist, ([number(1.0)], [1.0, 2.0]))[0] is ValueError
    assert outcome(fmath.atan2, (number(1.0), "x"))[0] is TypeError
    assert outcome(fmath.clip, (number(1.0), None, 1.0))[0] is TypeError


def test_a_program_on_math_runs_on_fastgrad_math(number):
    """One line changes: the import."""
    source = "def f(x):\n    return math.sin(x) * math.exp(-x / 2) + math.sqrt(x**2 + 1) - math.pi * math.hypot(x, 2)"
    plain, traced = {"math": math}, {"math": fastgrad.math}
    exec(source, plain)
    exec(source, traced)
    assert isinstance(plain["f"], types.FunctionType)
    x = number(0.75)
    y = traced["f"](x)
    y.backward()
    step = 1e-6
    assert y.data == plain["f"](0.75)
    assert x.grad == pytest.approx((plain["f"](0.75 + step) - plain["f"](0.75 - step)) / (2 * step), rel=1e-8)
    assert traced["f"](0.75) == plain["f"](0.75)


def test_functions_say_what_they_are():
    assert {name for name in FUNCTIONS if not (getattr(fmath, name).__doc__ or "").strip()} == set()

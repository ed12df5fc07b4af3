"""Every row of the op table: its gradient against differences in extended precision, and its choices at kinks."""

import math
import operator
from itertools import product

import mpmath
import numpy as np
import pytest

import fastgrad
from fastgrad import Value
from support.operations import BINARY, CHOSEN_SLOPE, EXACT, FORMS, POINTS, TABLE, UNARY, called, in_form, points

# Numbers where a function has a kink or a jump, so that a difference says nothing.
KINKS = {
    "abs": [0.0], "relu": [0.0], "sign": [0.0], "cbrt": [0.0], "sqrt": [0.0], "asin": [-1.0, 1.0], "acos": [-1.0, 1.0],
    "acosh": [1.0], "floor": [-1.0, 0.0, 1.0, 12.0], "ceil": [-1.0, 0.0, 1.0, 12.0],
    "rint": [-0.5, 2.5],
}  # fmt: skip


def is_between_multiples(a, b):
    return b != 0.0 and abs(a / b - round(a / b)) > 1e-3


# Pairs at which an operation has a value and a slope.
SMOOTH = {
    "div": lambda a, b: b != 0.0,
    "pow": lambda a, b: a > 0.0,
    "atan2": lambda a, b: a != 0.0,
    "fmod": is_between_multiples,
    "mod": is_between_multiples,
    "floordiv": is_between_multiples,
    "copysign": lambda a, b: a != 0.0 and b != 0.0,
    "max": lambda a, b: a != b,
    "min": lambda a, b: a != b,
    "clip_low": lambda a, b: a != b,
    "clip_high": lambda a, b: a != b,
    "leaky_relu": lambda a, b: a != 0.0,
    "polygamma": lambda a, b: a in (0.0, 1.0, 12.0) and b not in (-1.0, 0.0),
}

SLOPES = [name for name in BINARY if name not in ("lt", "gt", "le", "ge")]


def slope(function, arguments, place):
    """The central difference by one of the arguments, with 60 digits."""
    with mpmath.workdps(60):
        step = mpmath.mpf(10) ** -25
        at = [mpmath.mpf(x) for x in arguments]
        ends = [function(*at[:place], at[place] + sign * step, *at[place + 1 :]) for sign in (1, -1)]
        return float((ends[0] - ends[1]) / (2 * step))


def close(expected):
    """Rounding aside: the slopes are computed in doubles from a few roundings."""
    return pytest.approx(expected, rel=1e-12, abs=1e-14)


# Gradients.


@pytest.mark.parametrize("name", [name for name in UNARY if name not in CHOSEN_SLOPE])
def test_gradients_of_one(name):
    tested = [x for x in points(name) if x not in KINKS.get(name, [])]
    assert len(tested) >= 2
    for at in tested:
        x = Value(at)
        called(name)(x).backward(0.75)
        assert x.grad == close(0.75 * slope(EXACT[name], [at], 0)), f"{name} at {at}"


FORMS_OF_EACH = [pair for pair in product(SLOPES, FORMS) if pair != ("leaky_relu", "constant-node")]


@pytest.mark.parametrize(("name", "form"), FORMS_OF_EACH)
def test_gradients_of_two(name, form):
    tested = [pair for pair in product(POINTS, repeat=2) if name not in SMOOTH or SMOOTH[name](*pair)]
    assert len(tested) >= 20
    for at in tested:
        arguments = in_form(form, *at)
        result = called(name)(*arguments)
        result.backward(0.75)
        assert result.data == pytest.approx(float(EXACT[name](*map(mpmath.mpf, at))), rel=1e-12), f"{name} of {at}"
        for place, argument in enumerate(arguments):
            if isinstance(argument, Value) and (name, place) != ("polygamma", 0):
                expected = 0.75 * slope(EXACT[name], at, place)
                assert argument.grad == close(expected), f"{name} at {at}, by argument {place}"


@pytest.mark.parametrize("name", [name for name in SLOPES if name != "polygamma"])
def test_a_number_paired_with_itself_gets_both_slopes(name):
    x, a, b = Value(0.7), Value(0.7), Value(0.7)
    called(name)(x, x).backward()
    called(name)(a, b).backward()
    assert x.grad == a.grad + b.grad


# Choices, where there is no slope.


def grads_of(function, *numbers):
    arguments = [Value(x) for x in numbers]
    function(*arguments).backward()
    return [argument.grad for argument in arguments]


@pytest.mark.parametrize("name", ["relu", "abs", "sign", "floor", "ceil", "rint"])
def test_kinks_are_flat(name):
    assert grads_of(getattr(Value, name), 0.0) == [0.0]
    assert grads_of(getattr(Value, name), -0.0) == [0.0]


@pytest.mark.parametrize("x", [-2.0, 0.0, 3.0])
def test_a_step_lets_the_gradient_straight_through(x):
    assert grads_of(Value.step, x) == [1.0]


def test_ties_are_shared():
    assert grads_of(fastgrad.math.max, 2.0, 2.0) == [0.5, 0.5]
    assert grads_of(fastgrad.math.min, 2.0, 2.0) == [0.5, 0.5]
    assert grads_of(lambda x: fastgrad.math.max(x, 2.0), 2.0) == [0.5]
    assert grads_of(lambda x: fastgrad.math.min(2.0, x), 2.0) == [0.5]


@pytest.mark.parametrize("x", [-1.0, 1.0])
def test_the_edges_of_a_clip_belong_to_the_inside(x):
    assert grads_of(lambda x: fastgrad.math.clip(x, -1.0, 1.0), x) == [1.0]
    assert grads_of(lambda x, low, high: fastgrad.math.clip(x, low, high), x, -1.0, 1.0) == [1.0, 0.0, 0.0]


def test_outside_a_clip_the_edge_gets_the_gradient():
    assert grads_of(lambda x, low, high: fastgrad.math.clip(x, low, high), -3.0, -1.0, 1.0) == [0.0, 1.0, 0.0]
    assert grads_of(lambda x, low, high: fastgrad.math.clip(x, low, high), 3.0, -1.0, 1.0) == [0.0, 0.0, 1.0]


def test_a_leaky_relu_at_0_has_the_slope_of_its_left():
    assert grads_of(lambda x: x.leaky_relu(0.125), 0.0) == [0.125]
    assert grads_of(lambda x: x.leaky_relu(), -2.0) == [0.01]


@pytest.mark.parametrize(
    ("x", "slope_there"),
    [("sqrt", math.inf), ("asin", math.inf), ("acos", -math.inf), ("acosh", math.inf), ("cbrt", math.inf)],
)
def test_vertical_slopes_are_infinite(x, slope_there):
    assert grads_of(getattr(Value, x), 0.0 if x in ("sqrt", "cbrt") else 1.0) == [slope_there]


@pytest.mark.parametrize("symbol", ["<", ">", "<=", ">="])
def test_comparisons_pass_nothing_on(symbol):
    row = next(name for name, row in TABLE.items() if row[0] == symbol and row[1] == 2)
    for a, b in [(1.0, 2.0), (2.0, 1.0), (1.0, 1.0)]:
        left, right = Value(a), Value(b)
        comparison = called(row)(left, right)
        for gradient in (3.0, math.inf, math.nan):
            comparison.backward(gradient)
            assert (comparison.data, left.grad, right.grad) == (float(called(row)(a, b)), 0.0, 0.0)
    x = Value(2.0)
    ((x > 0.0) * x).backward()
    assert x.grad == 1.0


NOT_TAKEN = {
    "max": lambda x, m: m.max(x, 0.0),
    "min": lambda x, m: -m.min(-x, 0.0),
    "clip": lambda x, m: m.clip(x, 0.0, 1.0),
    "relu": lambda x, m: x.relu(),
    "leaky relu": lambda x, m: x.leaky_relu(0.0),
    "where": lambda x, m: m.where(x > 0.0, x, 0.0),
    "abs": lambda x, m: abs(x + 1.0),
    "sign": lambda x, m: x.sign() + 1.0,
}


@pytest.mark.parametrize("name", NOT_TAKEN)
def test_a_choice_not_taken_passes_nothing_on(name):
    """The square root's slope is infinite at 0, and 0 times that would be nan."""
    chosen = NOT_TAKEN[name]
    x = Value(-1.0)
    y = fastgrad.math.sqrt(chosen(x, fastgrad.math))
    y.backward()
    assert (y.data, x.grad) == (0.0, 0.0)
    f = fastgrad.compile(lambda x: fastgrad.math.sqrt(chosen(x, fastgrad.math)))
    assert f.value_and_grad(-1.0) == (0.0, 0.0)
    assert np.array_equal(f.batch_value_and_grad(np.full(40, -1.0))[1], np.zeros(40))


def test_where_the_chain_rule_has_0_times_infinity_the_gradient_is_nan():
    x = Value(0.0)
    fastgrad.math.sqrt(x * x).backward()
    assert math.isnan(x.grad)


# Powers, at bases where the logarithm of the exponent's slope is not there: torch's choices.

POWERS = [
    (base, exponent)
    for base, exponent in product([0.0, -0.0, -2.0, -1.0, 1.0, 2.0], [0.0, 1.0, 2.0, 3.0, 0.5, -1.0, -2.0])
    if not (base == 0.0 and exponent < 0.0) and not (base < 0.0 and exponent == 0.5)
]


@pytest.mark.parametrize(("base", "exponent"), POWERS)
def test_slopes_of_powers_are_torchs(base, exponent):
    torch = pytest.importorskip("torch")
    pair = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (base, exponent)]
    (pair[0] ** pair[1]).backward()
    expected = [float(x.grad) for x in pair]
    assert grads_of(operator.pow, base, exponent) == pytest.approx(expected, rel=0.0, abs=0.0, nan_ok=True)


def test_slopes_of_powers_in_numbers():
    assert grads_of(operator.pow, 0.0, 2.0) == [0.0, 0.0]
    assert grads_of(operator.pow, 0.0, 0.0) == [0.0, 0.0]
    assert grads_of(operator.pow, 0.0, 1.0) == [1.0, 0.0]
    assert grads_of(operator.pow, 0.0, 0.5) == [math.inf, 0.0]
    assert grads_of(lambda b: 0.0**b, 2.0) == [0.0]
    by_base, by_exponent = grads_of(operator.pow, -2.0, 3.0)
    assert by_base == 12.0
    assert math.isnan(by_exponent)

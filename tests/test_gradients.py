"""Every row of the op table: its value against Python's own, its gradient against differences in extended precision."""

import importlib
import math
import operator
import random
import re
from fractions import Fraction
from itertools import product

import mpmath
import pytest
from helpers import DOMAINS, PACKAGE_FOLDER, POINTS, exact, points

import fastgrad
from fastgrad import Value
from fastgrad._graph import op_table
from fastgrad.reference import _BINARY as ORACLE

TABLE = {name: (symbol, arity, python) for name, symbol, arity, python in op_table()}
UNARY = [name for name, (_, arity, _) in TABLE.items() if arity == 1]
BINARY = [name for name, (_, arity, _) in TABLE.items() if arity == 2]
NARY = [name for name, (_, arity, _) in TABLE.items() if arity == 0]

# The mathematics, in extended precision, written down independently of the table. Comparisons, whose gradient is a convention,
# are in test_comparisons_send_the_gradient_to_the_side_that_holds.
EXACT = {
    "neg": lambda a: -a,
    "pos": lambda a: +a,
    "abs": abs,
    "exp": mpmath.exp,
    "log": mpmath.log,
    "log2": lambda a: mpmath.log(a, 2),
    "log10": mpmath.log10,
    "log1p": mpmath.log1p,
    "expm1": mpmath.expm1,
    "sqrt": mpmath.sqrt,
    "cbrt": lambda a: mpmath.sign(a) * mpmath.cbrt(abs(a)),
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tan": mpmath.tan,
    "asin": mpmath.asin,
    "acos": mpmath.acos,
    "atan": mpmath.atan,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "tanh": mpmath.tanh,
    "asinh": mpmath.asinh,
    "acosh": mpmath.acosh,
    "atanh": mpmath.atanh,
    "relu": lambda a: max(a, 0),
    "sigmoid": lambda a: 1 / (1 + mpmath.exp(-a)),
    "softplus": lambda a: mpmath.log1p(mpmath.exp(a)),
    "gelu": lambda a: a * mpmath.ncdf(a),
    "sign": mpmath.sign,
    "floor": mpmath.floor,
    "ceil": mpmath.ceil,
    "erf": mpmath.erf,
    "erfc": mpmath.erfc,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "atan2": mpmath.atan2,
    "fmod": lambda a, b: a - b * mpmath.sign(a / b) * mpmath.floor(abs(a / b)),
    "copysign": lambda a, b: abs(a) * mpmath.sign(b),
    "lt": lambda a, b: a < b,
    "gt": lambda a, b: a > b,
    "le": lambda a, b: a <= b,
    "ge": lambda a, b: a >= b,
    "max": max,
    "min": min,
    "clip_low": max,
    "clip_high": min,
    "leaky_relu": lambda a, b: a if a > 0 else a * b,
}

# What a user calls it by, where that is not a method of the row's name.
CALLED = {
    "neg": operator.neg,
    "pos": operator.pos,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
    "lt": operator.lt,
    "gt": operator.gt,
    "le": operator.le,
    "ge": operator.ge,
    "atan2": fastgrad.math.atan2,
    "fmod": fastgrad.math.fmod,
    "copysign": fastgrad.math.copysign,
    "max": fastgrad.math.max,
    "min": fastgrad.math.min,
    "clip_low": lambda a, b: fastgrad.math.clip(a, b, math.inf),
    "clip_high": lambda a, b: fastgrad.math.clip(a, -math.inf, b),
}

# Numbers where a function has a kink or a jump, so that a difference says nothing.
KINKS = {
    "abs": [0.0], "relu": [0.0], "sign": [0.0], "cbrt": [0.0], "sqrt": [0.0], "asin": [-1.0, 1.0], "acos": [-1.0, 1.0],
    "acosh": [1.0], "floor": [-1.0, 0.0, 1.0, 12.0], "ceil": [-1.0, 0.0, 1.0, 12.0],
}  # fmt: skip

# Pairs at which an operation has a value and a slope.
SMOOTH = {
    "div": lambda a, b: b != 0.0,
    "pow": lambda a, b: a > 0.0,
    "atan2": lambda a, b: a != 0.0,
    "fmod": lambda a, b: b != 0.0 and abs(a / b - round(a / b)) > 1e-3,
    "copysign": lambda a, b: a != 0.0 and b != 0.0,
    "max": lambda a, b: a != b,
    "min": lambda a, b: a != b,
    "clip_low": lambda a, b: a != b,
    "clip_high": lambda a, b: a != b,
    "leaky_relu": lambda a, b: a != 0.0,
}

FORMS = ["node-node", "node-constant", "constant-node"]
SLOPES = [name for name in BINARY if name not in ("lt", "gt", "le", "ge")]


def called(name):
    return CALLED.get(name) or getattr(Value, name)


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


# Completeness: a row, its mathematics, a way to call it, and a line in the stubs.


def test_every_row_has_its_mathematics_here():
    assert set(UNARY + BINARY) == set(EXACT)
    assert {"user", "sum", "mean", "prod", "dot", "logsumexp", "softmax", "pick", "select", "ifel", "fsum", "hypot", "custom"} == set(NARY)


# Where a row's public name is another.
PUBLIC = {
    "neg": "__neg__", "pos": "__pos__", "add": "__add__", "sub": "__sub__", "mul": "__mul__", "div": "__truediv__", "pow": "__pow__",
    "lt": "__lt__", "gt": "__gt__", "le": "__le__", "ge": "__ge__", "clip_low": "clip", "clip_high": "clip", "select": "where",
    "pick": "softmax", "user": "Value",
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_every_row_can_be_called(name):
    public = PUBLIC.get(name, name)
    assert any(hasattr(place, public) for place in (Value, fastgrad, fastgrad.math))


@pytest.mark.parametrize("name", TABLE)
def test_every_row_has_a_line_in_the_stubs(name):
    stubs = "".join(stub.read_text(encoding="utf-8") for stub in PACKAGE_FOLDER.glob("*.pyi"))
    assert re.search(rf"^\s*((def|class) )?{re.escape(PUBLIC.get(name, name))}\b\s*[:(\[]", stubs, re.MULTILINE), "no stub line"


@pytest.mark.parametrize("name", UNARY)
def test_operations_of_one_number_are_methods_and_functions_and_numpy_names(name):
    np = pytest.importorskip("numpy")
    ufunc = {"neg": "negative", "pos": "positive", "abs": "absolute", "asin": "arcsin", "acos": "arccos", "atan": "arctan"}
    ufunc |= {"asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh"}
    x = Value(points(name)[-1])
    expected = called(name)(x).data
    if name in ("sign", "floor", "ceil"):  # numpy computes these of objects by comparing, or as whole numbers
        return
    if name not in ("neg", "pos", "abs"):  # Python has operators for these
        assert getattr(fastgrad.math, name)(x).data == expected
    if hasattr(np, ufunc.get(name, name)):
        (result,) = getattr(np, ufunc.get(name, name))(np.array([x], dtype=object))
        assert isinstance(result, Value)
        assert result.data == expected


# Values.


def python_function(name):
    module, function = TABLE[name][2].split(".")
    return getattr(importlib.import_module(module), function)


def outcome(function, *arguments):
    """The result as text, or the error."""
    try:
        result = function(*arguments)
    except (ArithmeticError, ValueError) as error:
        return type(error), str(error)
    if isinstance(result, complex):
        return ValueError, f"a negative number to a fractional power is not real: ({arguments[0]!r}) ** {arguments[1]!r}"
    return exact(result.data if isinstance(result, Value) else result)


def hostile_numbers(seed, count):
    generator = random.Random(seed)
    special = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, math.inf, -math.inf, math.nan, 5e-324, 1e308, -1e308, 710.0, 1e16]
    return special + [generator.choice([-1.0, 1.0]) * 10.0 ** generator.uniform(-8.0, 8.0) for _ in range(count)]


@pytest.mark.parametrize("name", [name for name in UNARY if TABLE[name][2]])
def test_values_and_errors_are_pythons_own(name):
    for x in [*hostile_numbers(1, 200), *(x / 100 for x in range(-120, 121))]:
        assert outcome(called(name), Value(x)) == outcome(python_function(name), x), f"{name}({x!r})"


@pytest.mark.parametrize("name", [name for name in BINARY if TABLE[name][2]])
@pytest.mark.parametrize("form", FORMS)
def test_values_and_errors_of_two_are_pythons_own(name, form):
    for a, b in product(hostile_numbers(2, 12), repeat=2):
        arguments = (a if form == "constant-node" else Value(a), b if form == "node-constant" else Value(b))
        assert outcome(called(name), *arguments) == outcome(python_function(name), a, b), f"{name}({a!r}, {b!r})"


@pytest.mark.parametrize("name", UNARY)
def test_values_against_extended_precision(name):
    for x in points(name):
        with mpmath.workdps(60):
            expected = float(EXACT[name](mpmath.mpf(x)))
        assert called(name)(Value(x)).data == pytest.approx(expected, rel=1e-14, abs=1e-300), f"{name}({x})"


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div"])
def test_arithmetic_is_correctly_rounded(name):
    for a, b in product(POINTS, repeat=2):
        if name != "div" or b != 0.0:
            expected = float(called(name)(Fraction(a), Fraction(b)))
            assert called(name)(Value(a), Value(b)).data == expected


# Gradients.


@pytest.mark.parametrize("name", UNARY)
def test_gradients_of_one(name):
    tested = [x for x in points(name) if x not in KINKS.get(name, [])]
    assert len(tested) >= 2
    for at in tested:
        x = Value(at)
        called(name)(x).backward(0.75)
        assert x.grad == close(0.75 * slope(EXACT[name], [at], 0)), f"{name} at {at}"


@pytest.mark.parametrize(("name", "form"), [pair for pair in product(SLOPES, FORMS) if pair != ("leaky_relu", "constant-node")])
def test_gradients_of_two(name, form):
    tested = [pair for pair in product(POINTS, repeat=2) if name not in SMOOTH or SMOOTH[name](*pair)]
    assert len(tested) >= 20
    for at in tested:
        a, b = arguments = (at[0] if form == "constant-node" else Value(at[0]), at[1] if form == "node-constant" else Value(at[1]))
        result = called(name)(a, b)
        result.backward(0.75)
        assert result.data == pytest.approx(float(EXACT[name](*map(mpmath.mpf, at))), rel=1e-12), f"{name} of {at}"
        for place, argument in enumerate(arguments):
            if isinstance(argument, Value):
                assert argument.grad == close(0.75 * slope(EXACT[name], at, place)), f"{name} at {at}, by argument {place}"


@pytest.mark.parametrize("name", SLOPES)
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


@pytest.mark.parametrize("name", ["relu", "abs", "sign", "floor", "ceil"])
def test_kinks_are_flat(name):
    assert grads_of(getattr(Value, name), 0.0) == [0.0]
    assert grads_of(getattr(Value, name), -0.0) == [0.0]


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
def test_comparisons_send_the_gradient_to_the_side_that_holds(symbol):
    row = next(name for name, row in TABLE.items() if row[0] == symbol and row[1] == 2)
    for a, b in [(1.0, 2.0), (2.0, 1.0), (1.0, 1.0)]:
        holds = float(called(row)(a, b))
        left, right = Value(a), Value(b)
        comparison = called(row)(left, right)
        comparison.backward(3.0)
        assert (comparison.data, left.grad, right.grad) == (holds, 3.0 * holds, 3.0 * (1.0 - holds))


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
    assert grads_of(operator.pow, base, exponent) == pytest.approx([float(x.grad) for x in pair], rel=0.0, abs=0.0, nan_ok=True)


def test_slopes_of_powers_in_numbers():
    assert grads_of(operator.pow, 0.0, 2.0) == [0.0, 0.0]
    assert grads_of(operator.pow, 0.0, 0.0) == [0.0, 0.0]
    assert grads_of(operator.pow, 0.0, 1.0) == [1.0, 0.0]
    assert grads_of(operator.pow, 0.0, 0.5) == [math.inf, 0.0]
    assert grads_of(lambda b: 0.0**b, 2.0) == [0.0]
    by_base, by_exponent = grads_of(operator.pow, -2.0, 3.0)
    assert by_base == 12.0
    assert math.isnan(by_exponent)


def test_the_oracle_states_the_same_symbols():
    rows = {row[0] for row in ORACLE.values()}
    assert rows == {symbol for symbol, arity, _ in TABLE.values() if arity == 2 and not symbol[0].isalpha()} - {"clip>=", "clip<="}
    assert set(DOMAINS) <= set(UNARY)

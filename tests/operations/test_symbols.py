"""The op table's expressions on symbols: the slopes of every row are numbers that have derivatives themselves."""

import math

import mpmath
import pytest

import fastgrad
from fastgrad import Scalar, Value
from fastgrad._tape.describe import op_traits
from fastgrad._tape.symbols import slopes_of
from support.graphs import exact
from support.operations import BINARY, EXACT, UNARY, called, points

PAIRS = [(a, b) for a in (-2.5, -1.0, -0.0, 0.0, 0.75, 1.0, 3.0) for b in (-1.5, 0.0, 0.5, 1.0, 2.0, 3.0)]
SMOOTH_PAIRS = [(0.75, 1.5), (1.25, -0.5), (3.0, 2.0)]


def grads(name, *numbers):
    """What a sweep through the operation itself gives its operands."""
    operands = [Value(x) for x in numbers]
    called(name)(*operands).backward()
    return [x.grad for x in operands]


@pytest.mark.parametrize("name", UNARY)
def test_slopes_of_one_are_those_of_the_sweep(name):
    for x in points(name):
        assert [exact(slope.data + 0.0) for slope in slopes_of(name, Value(x))] == list(map(exact, grads(name, x))), x


@pytest.mark.parametrize("name", BINARY)
def test_slopes_of_two_are_those_of_the_sweep(name):
    for pair in PAIRS:
        try:
            expected = grads(name, *pair)
        except (ArithmeticError, ValueError):
            continue
        found = slopes_of(name, *map(Value, pair))
        assert [slope.data + 0.0 for slope in found] == pytest.approx(expected, rel=0.0, abs=0.0, nan_ok=True), pair


@pytest.mark.parametrize("name", UNARY)
def test_slopes_of_slopes_are_second_derivatives(name):
    if "kinked" in op_traits()[name] or "jumps at a" in op_traits()[name]:
        expected = dict.fromkeys((-1.75, 1.75), 0.0)  # straight on both sides
    else:
        with mpmath.workdps(40):
            inside = [x for x in points(name) if x not in (0.0, 1.0, -1.0, -1e-9, 2e-8) and abs(x) < 5.0]
            expected = {x: float(mpmath.diff(EXACT[name], mpmath.mpf(x), 2)) for x in inside}
    assert expected
    for number, second in expected.items():
        x = Value(number)
        slopes_of(name, x)[0].backward()
        assert x.grad == pytest.approx(second, rel=1e-11, abs=1e-13), number


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow", "atan2", "mod", "logaddexp"])
def test_slopes_of_slopes_of_two_are_second_derivatives(name):
    for pair in SMOOTH_PAIRS:
        for k in range(2):
            operands = [Value(x) for x in pair]
            slope = slopes_of(name, *operands)[k]
            slope.backward()
            for j in range(2):
                orders = [(k == 0) + (j == 0), (k == 1) + (j == 1)]
                with mpmath.workdps(40):
                    expected = mpmath.diff(EXACT[name], tuple(map(mpmath.mpf, pair)), tuple(orders))
                constant = slope is not operands[j] and not slope.prev
                assert (0.0 if constant else operands[j].grad) == pytest.approx(float(expected), rel=1e-11, abs=1e-13)


def test_a_choice_that_is_not_taken_passes_nothing_on():
    x = Value(-1.0)
    slopes_of("pow", x, 0.5)[0].backward()  # nan: the power has no value there, and says so
    assert math.isnan(x.grad)
    x = Value(0.0)
    slopes_of("pow", x, 2.0)[0].backward()
    assert x.grad == 2.0


@pytest.mark.parametrize("name", ["sin", "tanh", "sigmoid", "gelu", "softplus", "erf", "expm1", "abs"])
def test_slopes_are_recorded_and_replayed_with_theirs(name):
    f = fastgrad.compile(lambda x: slopes_of(name, x)[0] * 1.0)
    for number in (-1.75, 0.5, 2.5):
        x = Value(number)
        slope = slopes_of(name, x)[0]
        slope.backward()
        value, second = f.value_and_grad(number)
        assert (value, second) == pytest.approx((slope.data, x.grad), rel=1e-14)


def test_slopes_are_of_the_operands_type():
    assert type(slopes_of("exp", Scalar(1.0))[0]) is Scalar
    assert [type(x) for x in slopes_of("mul", Scalar(1.0), 2.0)] == [Scalar, Scalar]


@pytest.mark.parametrize(("name", "numbers"), [("sine", (1.0,)), ("sin", (1.0, 2.0)), ("add", (1.0,)), ("sum", (1.0,))])
def test_what_is_no_operation_is_refused(name, numbers):
    with pytest.raises(ValueError, match=f"no operation '{name}' of {len(numbers)} operands"):
        slopes_of(name, *map(Value, numbers))


def test_numbers_alone_have_no_slopes_on_the_tape():
    with pytest.raises(TypeError, match="at least one scalar"):
        slopes_of("sin", 1.0)


def test_a_large_tape_moves_nothing_meanwhile():
    x = Value(0.5)
    for _ in range(3):
        kept = [x * 2.0 for _ in range(10_000)]
        slope = slopes_of("sigmoid", x)[0]
        del kept
    fastgrad.collect()
    assert slope.data == 0.6224593312018546 * (1.0 - 0.6224593312018546)

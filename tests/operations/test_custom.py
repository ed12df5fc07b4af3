"""A user's own operations, made from plain functions."""

import math

import numpy as np
import pytest

import fastgrad
from fastgrad import custom

POWER = custom("power", lambda a, b: a**b, lambda a, b: b * a ** (b - 1.0), lambda a, b: a**b * math.log(a))


def test_value_and_gradients(number):
    a, b = number(2.0), number(3.0)
    y = POWER(a, b)
    (y * 0.5).backward()
    assert (type(y), y.data) == (number, 8.0)
    assert (a.grad, b.grad) == (6.0, 4.0 * math.log(2.0))


def test_it_looks_like_any_operation(number):
    a, b = number(2.0), number(3.0)
    y = POWER(a, b)
    assert (y._op, y.op, y.prev) == ("power", "power", [a, b])
    assert y.label == (f"Scalar({y.data:.4g})" if number is fastgrad.Scalar else "")
    assert "power" in repr(POWER)


def test_numbers_may_be_mixed_in(number):
    a = number(2.0)
    for y, slope in ((POWER(a, 3), 12.0), (POWER(2.0, a), 4.0 * math.log(2.0)), (POWER(a, np.float64(3.0)), 12.0)):
        a.grad = 0.0
        y.backward()
        assert y.prev == [a]
        assert a.grad == slope


def test_plain_numbers_give_a_float():
    assert POWER(2, 3) == 8.0
    assert type(POWER(2, 3)) is float
    assert custom("seven", lambda: 7)() == 7.0


def test_the_functions_are_given_floats(number):
    given = []

    def value(*numbers):
        given.append(numbers)
        return 0.0

    probe = custom("probe", value, *[lambda *numbers: given.append(numbers) or 1.0] * 2)
    probe(number(2.0), 3).backward()
    assert given == [(2.0, 3.0)] * 3
    assert {type(x) for numbers in given for x in numbers} == {float}


def test_the_same_scalar_twice(number):
    a = number(2.0)
    POWER(a, a).backward()
    assert a.grad == 4.0 + 4.0 * math.log(2.0)


def test_partials_are_asked_when_the_gradient_flows(number):
    a, b = number(2.0), number(3.0)
    y = POWER(a, b)
    a.data = 5.0
    y.backward()
    assert (y.data, a.grad) == (8.0, 75.0)
    y.forward()
    assert y.data == 125.0


def test_repeated_and_deep_use(number):
    half = custom("half", lambda a: a / 2.0, lambda a: 0.5)
    x = number(1024.0)
    y = x
    for _ in range(10):
        y = half(y)
        fastgrad.collect()
    y.backward()
    assert (y.data, x.grad) == (1.0, 0.5**10)


def test_what_is_returned_may_be_any_real_number(number):
    whole = custom("whole", lambda a: int(a), lambda a: np.float32(1.5))
    x = number(2.7)
    y = whole(x)
    y.backward()
    assert (y.data, x.grad) == (2.0, 1.5)


@pytest.mark.parametrize("wrong", ["1", None, 1j, [1.0]], ids=repr)
def test_what_is_returned_must_be_a_number(number, wrong):
    x = number(2.0)
    with pytest.raises(TypeError, match=type(wrong).__name__):
        custom("bad", lambda a: wrong, lambda a: 1.0)(x)
    y = custom("bad", lambda a: 1.0, lambda a: wrong)(x)
    with pytest.raises(TypeError, match=type(wrong).__name__):
        y.backward()
    assert x.grad == 0.0


def test_a_scalar_is_not_a_partial(number):
    """A partial computed with a scalar would lose what it depends on, in silence."""
    x = number(2.0)
    with pytest.raises(TypeError, match=r"\.data"):
        custom("loose", lambda a: x * a, lambda a: 1.0)(x)


def test_arguments_are_counted(number):
    with pytest.raises(TypeError, match=r"power\(\) takes 2 arguments.* not 1"):
        POWER(number(2.0))
    with pytest.raises(TypeError, match=r"power\(\) takes 2 arguments.* not 3"):
        POWER(number(2.0), 1.0, 1.0)


@pytest.mark.parametrize("wrong", ["3", None, 1j, [2.0]], ids=repr)
def test_an_argument_that_is_no_number_is_named(number, wrong):
    with pytest.raises(TypeError, match=rf"power.*{type(wrong).__name__}"):
        POWER(number(2.0), wrong)


def test_it_is_made_of_functions():
    for parts in ((1.0,), (lambda a: a, 2.0), (None, lambda a: a)):
        with pytest.raises(TypeError, match="function"):
            custom("broken", *parts)


def test_errors_of_the_functions_are_passed_on(number):
    x = number(0.0)
    with pytest.raises(ZeroDivisionError):
        custom("inverse", lambda a: 1.0 / a, lambda a: -1.0 / a**2)(x)
    y = custom("loose", lambda a: a, lambda a: 1.0 / a)(x) * 2.0
    with pytest.raises(ZeroDivisionError):
        y.backward()
    x.data = 4.0
    y.zero_grad()
    y.backward()
    assert x.grad == 0.5


def test_functions_may_use_the_engine_themselves(number):
    def slope(a):
        probe = number(a)
        (probe.sin() * probe).backward()
        fastgrad.collect()
        return probe.grad

    wave = custom("wave", lambda a: math.sin(a) * a, slope)
    x = number(0.5)
    y = wave(x) * wave(x * 2.0)
    y.backward()
    f = [math.sin(0.5) * 0.5, math.sin(1.0)]
    d = [math.sin(0.5) + 0.5 * math.cos(0.5), math.sin(1.0) + math.cos(1.0)]
    assert x.grad == pytest.approx(d[0] * f[1] + 2.0 * f[0] * d[1], rel=1e-14)


def test_an_operation_may_be_kept_on_a_class(number):
    class Mine(number):
        cube = custom("cube", lambda a: a**3, lambda a: 3.0 * a * a)

    x = Mine(2.0)
    y = Mine.cube(x)
    assert type(y) is Mine
    y.backward()
    assert x.grad == 12.0


def test_a_callback_may_run_the_operations_own_step():
    square = fastgrad.custom("square", lambda a: a * a, lambda a: 2.0 * a)
    x, seen = fastgrad.Value(3.0), []
    y = square(x)
    own = y._backward
    y._backward = lambda: (seen.append(y.grad), own())
    y.backward()
    assert (seen, x.grad) == ([1.0], 6.0)

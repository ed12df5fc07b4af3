"""What compiled functions notice when they are recorded again now and then."""

import random

import numpy as np
import pytest

import fastgrad
from fastgrad import Scalar, Value
from fastgrad import math as fm

# What no comparison shows.


def called(f, times):
    for _ in range(times):
        f(1.0)


def test_a_function_is_recorded_again_when_its_calls_come_to_a_power_of_two():
    calls = []

    @fastgrad.compile
    def f(x):
        calls.append(1)
        return x * 2.0

    counts = []
    for _ in range(16):
        f(1.0)
        counts.append(len(calls))
    assert counts == [1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5]


@pytest.mark.parametrize("call", ["__call__", "value_and_grad", "batch", "sum"])
def test_random_numbers_are_noticed_at_the_second_call(call):
    draw = random.Random(0)
    f = fastgrad.compile(lambda x: x * draw.random())
    argument = np.ones(600) if call in ("batch", "sum") else 1.0
    getattr(f, call)(argument)
    with pytest.raises(fastgrad.TraceError, match="random numbers"):
        getattr(f, call)(argument)


def test_numbers_and_scalars_from_outside_that_are_exchanged_are_noticed():
    outside = {"number": 2.0, "scalar": Value(3.0)}
    f = fastgrad.compile(lambda x: x * outside["number"] + outside["scalar"])
    f(1.0), f(1.0)
    outside["scalar"].data = 5.0  # is read afresh
    assert f(1.0) == 7.0
    for name, other in (("number", 4.0), ("scalar", Value(5.0))):
        before, outside[name] = outside[name], other
        with pytest.raises(fastgrad.TraceError, match="exchanged since"):
            called(f, 40)
        outside[name] = before


def test_a_row_that_plain_code_refuses_may_come_at_such_a_call():
    f = fastgrad.compile(lambda x: fm.log(x))
    f(1.0)
    assert np.isnan(f(-1.0))


# Exceptions inside, comparisons with itself.


def inverse(x):
    try:
        return 1.0 / x
    except ZeroDivisionError:
        return 0.0


@pytest.mark.parametrize(
    "function", [inverse, lambda x: [inverse(x), x][1], lambda x: inverse(x - x) + x], ids=["result", "unused", "later"]
)
def test_an_exception_that_the_function_goes_on_after_is_refused(function):
    f = fastgrad.compile(function)
    with pytest.raises(fastgrad.TraceError, match=r"line \d+.*ZeroDivisionError .* ask beforehand"):
        f(0.0)


def test_an_exception_that_leaves_the_function_is_its_own():
    with pytest.raises(ZeroDivisionError):
        fastgrad.compile(lambda x: 1.0 / x)(0.0)


def test_a_comparison_with_itself_tells_nan_from_numbers():
    f = fastgrad.compile(lambda x: 1.0 if x == x else 2.0)
    g = fastgrad.compile(lambda x: 2.0 if x != x else 1.0)
    for rows in ([1.0, np.nan, np.inf, -np.inf], [np.nan, 0.0]):
        expected = [2.0 if np.isnan(x) else 1.0 for x in rows]
        assert f.batch(np.array(rows)).tolist() == expected
        assert g.batch(np.array(rows)).tolist() == expected


# Gradients by plain calls.


@pytest.mark.parametrize("number", [Value, Scalar])
def test_rows_beyond_the_most_paths_leave_other_gradients_alone(number):
    w = number(3.0)
    w.grad = 7.0

    @fastgrad.compile
    def f(x):
        k = 0
        while k < x:
            k += 1
        return x * x * w if k else w * 2.0

    rows = np.arange(-1.0, 300.0)
    with pytest.warns(RuntimeWarning, match="256 paths"):
        values, slopes = f.batch_value_and_grad(rows)
    assert values.tolist() == [3.0 * x * x if x > 0 else 6.0 for x in rows]
    assert slopes.tolist() == [6.0 * x if x > 0 else 0.0 for x in rows]
    assert w.grad == 7.0

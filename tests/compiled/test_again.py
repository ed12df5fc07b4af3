"""What compiled functions notice when they are recorded again now and then."""

import functools
import inspect
import itertools
import random

import numpy as np
import pytest

import fastgrad
from fastgrad import Scalar, Value, nn
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


CALLS = ["__call__", "value_and_grad", "batch", "batch_value_and_grad", "sum", "mean"]
DRAW, GENERATOR = random.Random(0), np.random.default_rng(0)


def argument_of(call):
    return 1.0 if call in ("__call__", "value_and_grad") else np.ones(600)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "drawn",
    [
        lambda: random.random(),
        lambda: random.gauss(0.0, 1.0),
        lambda: np.random.rand(),
        lambda: DRAW.random(),
        lambda: GENERATOR.standard_normal(),
    ],
    ids=["random", "gauss", "numpy", "a generator", "numpy's"],
)
def test_random_numbers_are_refused_at_the_first_call_with_their_line(call, drawn):
    f = fastgrad.compile(lambda x: x * drawn())
    line = inspect.getsourcelines(drawn)[1]
    for _ in range(3):
        with pytest.raises(fastgrad.TraceError, match=rf"^{__file__}, line {line}: <lambda> draws random numbers"):
            getattr(f, call)(argument_of(call))


def test_random_numbers_that_decide_now_and_then_are_refused():
    f = fastgrad.compile(lambda x: x * 2.0 if random.random() < 0.5 else x)
    random.seed(1)
    with pytest.raises(fastgrad.TraceError, match="draws random numbers"):
        f(1.0)


@pytest.mark.parametrize("call", ["batch", "batch_value_and_grad", "sum", "mean"])
def test_a_counter_is_refused_at_the_first_batch(call):
    count = itertools.count()
    f = fastgrad.compile(lambda x: x * next(count))
    with pytest.raises(fastgrad.TraceError, match="did something else than before"):
        getattr(f, call)(np.ones(2))


def test_a_hidden_generator_is_refused_at_the_first_batch_and_at_the_second_call():
    hidden = [random.Random(0)]
    f, g = (fastgrad.compile(lambda x: x * hidden[0].random()) for _ in range(2))
    with pytest.raises(fastgrad.TraceError, match="random numbers"):
        f.batch(np.ones(2))
    g(1.0)
    with pytest.raises(fastgrad.TraceError, match="random numbers"):
        g(1.0)


def test_random_numbers_that_are_the_same_each_time_or_of_no_use_are_taken():
    def seeded(x):
        return x * random.Random(3).random()

    def unused(x):
        random.random()
        return x * 2.0

    assert fastgrad.compile(seeded).batch(np.ones(2)).tolist() == [seeded(1.0)] * 2
    assert fastgrad.compile(unused).batch(np.ones(2)).tolist() == [2.0, 2.0]


def test_an_error_stays():
    outside = [2.0]
    f = fastgrad.compile(lambda x: x * outside[0])
    called(f, 3)
    outside[0] = 3.0
    messages = set()
    for _ in range(20):
        with pytest.raises(fastgrad.TraceError) as caught:
            called(f, 8)
        messages.add(str(caught.value))
    for call in CALLS:
        with pytest.raises(fastgrad.TraceError, match="exchanged since"):
            getattr(f, call)(argument_of(call))
    assert len(messages) == 1
    outside[0] = 2.0
    with pytest.raises(fastgrad.TraceError, match="compile it afresh"):
        f(1.0)


# Variables from outside that have another value.

RATE, SCALE = 2.0, Value(3.0)


def helper(x):
    return x * RATE


class Rated:
    rate = Value(1.0)

    def __init__(self):
        self.rate = 2.0

    @fastgrad.compile
    def of(self, x):
        return x * self.rate


class Called(nn.Module):
    def __init__(self):
        self.rate = 2.0

    def __call__(self, x):
        return x * self.rate


def of_a_closure():
    rate = 2.0

    def change(to):
        nonlocal rate
        rate = to

    return fastgrad.compile(lambda x: x * rate), change


def of_a_global(function, name="RATE"):
    return fastgrad.compile(function), lambda to: globals().update({name: to})


def of_an_attribute():
    rated = Rated()
    return rated.of, lambda to: setattr(rated, "rate", to)


def of_an_object():
    rated = Called()
    return fastgrad.compile(rated), lambda to: setattr(rated, "rate", to)


FROM_OUTSIDE = {
    "a variable around it": of_a_closure,
    "a global": lambda: of_a_global(lambda x: x * RATE),
    "a global of a function inside": lambda: of_a_global(lambda x: [y * RATE for y in [x]][0]),
    "a global of a function that it calls": lambda: of_a_global(lambda x: helper(x)),
    "a global of a partial function": lambda: of_a_global(functools.partial(lambda y, x: x * RATE + y, 0.0)),
    "a global of a compiled function": lambda: of_a_global(fastgrad.compile(lambda x: x * RATE)),
    "an attribute": of_an_attribute,
    "an attribute of an object that is called": of_an_object,
}


@pytest.fixture
def _rate():
    before = RATE, SCALE
    yield
    globals().update(RATE=before[0], SCALE=before[1])


@pytest.mark.usefixtures("_rate")
@pytest.mark.parametrize("other", [5.0, Value(5.0), 7])
@pytest.mark.parametrize("calls", [3, 9, 1000])
@pytest.mark.parametrize("what", FROM_OUTSIDE)
def test_another_number_is_noticed_at_the_next_call(what, calls, other):
    f, change = FROM_OUTSIDE[what]()
    called(f, calls)
    change(other)
    with pytest.raises(fastgrad.TraceError, match=r"exchanged since, as (RATE|rate)\. "):
        f(1.0)


@pytest.mark.usefixtures("_rate")
def test_another_scalar_is_noticed_at_the_next_call_and_its_data_are_read_afresh():
    f, change = of_a_global(lambda x: x * SCALE, "SCALE")
    called(f, 5)
    SCALE.data = 4.0
    assert f(1.0) == 4.0
    change(Value(4.0))
    with pytest.raises(fastgrad.TraceError, match="exchanged since, as SCALE"):
        f(1.0)


@pytest.mark.usefixtures("_rate")
def test_another_value_that_changes_nothing_is_taken():
    f, change = of_a_global(lambda x: x * (2.0 if RATE > 1.0 else 1.0))
    called(f, 5)
    change(3.0)
    assert [f(1.0), f(1.0)] == [2.0, 2.0]
    change(0.5)
    with pytest.raises(fastgrad.TraceError, match="exchanged since, as RATE"):
        f(1.0)


def test_a_variable_that_the_function_itself_changes_is_no_error():
    count = 0

    @fastgrad.compile
    def f(x):
        nonlocal count
        count += 1
        return x * 2.0

    assert [f(1.0) for _ in range(16)] == [2.0] * 16
    assert count == 5


def test_of_many_variables_each_is_looked_at_soon():
    names = [f"rate{k}" for k in range(20)]
    for name in names:
        scope = {"fastgrad": fastgrad, **dict.fromkeys(names, 2.0)}
        exec(f"f = fastgrad.compile(lambda x: x * ({' + '.join(names)}))", scope)
        called(scope["f"], 65)
        scope[name] = 3.0
        with pytest.raises(fastgrad.TraceError, match=f"exchanged since, as {name}\\."):
            called(scope["f"], 3)


def test_a_variable_that_is_taken_away_is_noticed():
    scope = {"fastgrad": fastgrad, "rate": 2.0}
    exec("f = fastgrad.compile(lambda x: x * rate)", scope)
    called(scope["f"], 3)
    del scope["rate"]
    assert scope["f"](1.0) == 2.0  # it cannot be recorded again
    scope["rate"] = 3.0
    with pytest.raises(fastgrad.TraceError, match="exchanged since, as rate"):
        scope["f"](1.0)


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

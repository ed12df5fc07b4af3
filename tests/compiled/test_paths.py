"""Compiled functions whose rows go different ways: guards, the tree of paths, and what cannot be recorded."""

import functools
import gc
import inspect
import itertools
import math
import operator
import sys
import threading
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastgrad
from fastgrad import Value, losses, nn
from fastgrad import math as fm
from fastgrad.compiled.paths import MOST_PATHS

ROWS = st.lists(st.floats(-4.0, 4.0, allow_subnormal=False), min_size=1, max_size=30)


def replayed(function, rows):
    """A new compiled function, and its results for all rows: from one batch, and from another in another order."""
    compiled, X = fastgrad.compile(function), np.array(rows, dtype=float)
    backwards = fastgrad.compile(function).batch(X[::-1])[::-1]
    values = compiled.batch(X)
    np.testing.assert_allclose(values, backwards, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(compiled.batch(X), values, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose([compiled(x) for x in X.tolist()], values, rtol=1e-12, atol=1e-12)
    return compiled, values


def paths_of(compiled):
    return len(compiled.programs())


@given(ROWS)
def test_a_choice_is_made_row_by_row(rows):
    compiled, values = replayed(lambda x: x * x if x > 1.0 else x + 2.0 if x < -1.0 else 0.0 * x, rows)
    np.testing.assert_allclose(values, [x * x if x > 1.0 else x + 2.0 if x < -1.0 else 0.0 for x in rows])
    assert paths_of(compiled) <= 3


def root(a):
    """Newton's square root."""
    x = 0.5 * a + 0.5
    while abs(x * x - a) > 1e-10 * a:
        x = 0.5 * (x + a / x)
    return x


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=30))
def test_a_loop_turns_as_often_as_each_row_needs(rows):
    compiled, values = replayed(root, rows)
    np.testing.assert_allclose(values, np.sqrt(rows), rtol=1e-9)
    assert paths_of(compiled) <= 14
    _, grads = compiled.batch_value_and_grad(np.array(rows))
    np.testing.assert_allclose(grads, 0.5 / np.sqrt(rows), rtol=1e-3)


@given(st.lists(st.tuples(*[st.integers(-3, 3)] * 4), min_size=1, max_size=30))
def test_sorting_and_extremes_go_by_each_row(rows):
    def function(*numbers):
        low, *_, high = sorted(numbers)
        return max(numbers) + 10.0 * min(numbers) + 100.0 * high + 1000.0 * low

    compiled = fastgrad.compile(function)
    X = np.array(rows, dtype=float)
    assert compiled.batch(*X.T).tolist() == [function(*row) for row in X.tolist()]


@given(st.lists(st.tuples(st.integers(-2, 2), st.integers(-2, 2)), min_size=1, max_size=20))
def test_equality_is_that_of_numbers(rows):
    def function(x, y):
        if x == 1:
            return y + 100.0
        return x * y if x != y else -x

    compiled = fastgrad.compile(function)
    X = np.array(rows, dtype=float)
    assert compiled.batch(*X.T).tolist() == [function(*row) for row in X.tolist()]


def test_functions_that_choose_make_no_paths():
    compiled = fastgrad.compile(lambda x: fm.where(x > 0.0, x, -x) + fm.clip(x, -1.0, 1.0) + fm.max(x, 0.5) + abs(x))
    X = np.linspace(-3.0, 3.0, 101)
    np.testing.assert_allclose(compiled.batch(X), 2 * abs(X) + X.clip(-1.0, 1.0) + np.maximum(X, 0.5))
    assert paths_of(compiled) == 1


def test_a_guard_on_a_scalar_from_outside_sends_all_rows_another_way():
    w = Value(1.0)
    compiled = fastgrad.compile(lambda x: w * x if w > 0 else w - x)
    X = np.array([1.0, 2.0])
    assert compiled.batch(X).tolist() == [1.0, 2.0]
    w.data = -1.0
    assert compiled.batch(X).tolist() == [-2.0, -3.0]
    assert compiled.sum(X).data == -5.0


def test_a_sum_over_paths_is_one_node_with_each_scalar_once():
    a, b = Value(2.0), Value(3.0)
    compiled = fastgrad.compile(lambda x: a * x if x > 0 else a * b + x if x < -1 else 7.0)
    X = np.array([1.0, -2.0, 4.0, -0.5, -3.0])
    total = compiled.sum(X)
    total.backward()
    assert total.data == 2.0 - 2.0 + 6.0 + 8.0 + 7.0 + 6.0 - 3.0
    assert sorted(p.data for p in total.prev) == [2.0, 3.0]
    assert (a.grad, b.grad) == (5.0 + 2 * 3.0, 2 * 2.0)
    with fastgrad.no_grad():
        assert (compiled.sum(X).data, compiled.sum(X).prev) == (total.data, [])


def test_a_bound_call_follows_its_numbers():
    w = Value(2.0)
    compiled = fastgrad.compile(lambda x: w * x if x > 0 else x * x)
    compiled(1.0)
    x, value, grad = np.empty(1), np.empty(1), np.empty(1)
    call = compiled.bind(x, value, grad)
    for number, w.data in ((1.0, 2.0), (-3.0, 3.0), (4.0, 5.0), (-2.0, 0.0), (1.0, 7.0)):
        x[0] = number
        call()
        expected = (w.data * number, w.data) if number > 0 else (number**2, 2 * number)
        assert (value[0], grad[0]) == expected


def steps_of(x, levels=8):
    """One of so many stretches of the line, each with another polynomial."""
    for k in range(levels - 1):
        if x < k - levels / 2:
            return (x - k) * x + k
    return x * x * x


def test_a_piecewise_function_of_eight_paths():
    X = np.random.default_rng(0).uniform(-6.0, 6.0, 4000)
    compiled, values = replayed(steps_of, X)
    np.testing.assert_allclose(values, [steps_of(x) for x in X], rtol=1e-13, atol=1e-13)
    assert paths_of(compiled) == 8
    assert repr(compiled) == "<compiled steps_of: 8 paths>"


def test_many_rows_of_several_arrays_go_their_ways():
    """Arrays side by side are read where they are, in order or in places, and by what records a row."""

    def function(x, point):
        y, z = point
        return x * y if x < y else y * z - x if z > 0.5 else x

    rng = np.random.default_rng(6)
    x, points = rng.normal(size=5000), rng.normal(size=(5000, 2))
    expected = [function(a, b) for a, b in zip(x.tolist(), points.tolist())]
    for threads in (1, 3):
        compiled = fastgrad.compile(function, num_threads=threads)
        for _ in range(2):
            np.testing.assert_allclose(compiled.batch(x, points), expected, rtol=1e-13, atol=1e-13)
        values, (by_x, by_point) = compiled.batch_value_and_grad(x, points, argnums=(0, 1))
        assert (values == compiled.batch(x, points)).all()
        assert (by_x.shape, by_point.shape) == ((5000,), (5000, 2))
        below = x < points[:, 0]
        assert (by_x[below] == points[below, 0]).all()
        assert (by_point[below, 0] == x[below]).all()
        assert compiled.sum(x, points).data == pytest.approx(sum(expected))
        assert paths_of(compiled) == 3


def test_paths_must_return_the_same_structure():
    compiled = fastgrad.compile(lambda x: x if x > 0 else (x, x))
    with pytest.raises(TypeError, match="must return the same structure for all rows of a batch"):
        compiled.batch(np.linspace(-1.0, 1.0, 10))


# More paths than are kept.


def digits(x):
    total = 0.0 * x
    for k in range(9):
        if x >= 2.0**-k:
            x = x - 2.0**-k
            total = total + 3.0**k
    return total


def test_rows_beyond_the_most_paths_are_computed_plainly_and_one_warning_names_the_guard():
    compiled = fastgrad.compile(digits)
    X = np.linspace(0.0, 1.999, 1024)
    with pytest.warns(RuntimeWarning, match=r"digits has more than 256 paths.*if x >= 2\.0\*\*-k:.*test_paths"):
        values = compiled.batch(X)
    assert values.tolist() == [float(digits(x)) for x in X.tolist()]
    assert paths_of(compiled) == MOST_PATHS
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compiled.batch(X).tolist() == values.tolist()
        assert [compiled(x) for x in X.tolist()] == values.tolist()
        assert compiled.sum(X).data == math.fsum(values)


def test_the_warning_of_too_many_paths_lets_go_of_the_tape():
    @fastgrad.compile
    def count(x):
        k = 0
        while k < x:
            k += 1
        return x * k

    gc.collect()
    gc.disable()  # nothing else lets go of what refers to itself
    try:
        with pytest.warns(RuntimeWarning, match="256 paths"):
            count.batch(np.arange(300.0))
        before = fastgrad.tape_info().nodes
        for _ in range(1000):
            Value(1.0)
        fastgrad.collect()
        assert fastgrad.tape_info().nodes <= before
    finally:
        gc.enable()


def test_beyond_the_most_paths_gradients_leave_scalars_from_outside_alone():
    w = Value(2.0)
    compiled = fastgrad.compile(lambda x: w * x * x + digits(x))
    X = np.linspace(0.0, 1.999, 600)
    with pytest.warns(RuntimeWarning, match="256 paths"):
        values, grads = compiled.batch_value_and_grad(X)
    np.testing.assert_allclose(grads, 4.0 * X, rtol=1e-14)
    assert (w.grad, paths_of(compiled)) == (0.0, MOST_PATHS)
    total = compiled.sum(X)
    total.backward()
    assert total.data == pytest.approx(values.sum())
    assert w.grad == pytest.approx((X**2).sum())
    x, value, grad = np.array([X[-1]]), np.empty(1), np.empty(1)
    compiled.bind(x, value, grad)()
    assert (value[0], grad[0]) == pytest.approx((values[-1], grads[-1]))


def test_looking_for_the_guard_leaves_a_debugger_its_trace():
    compiled, seen = fastgrad.compile(digits), sys.gettrace()
    with pytest.warns(RuntimeWarning, match="256"):
        compiled.batch(np.linspace(0.0, 1.999, 600))
    assert sys.gettrace() is seen


# Guards that are a matter of rounding.


def test_guards_within_rounding_neither_fail_nor_turn_for_ever():
    def function(x, y):
        low = x * y + x * 0.1 + y * 0.1
        if low == x * (y + 0.1) + 0.1 * y:
            return low if x * y - y * x + low * 0.1 > low / 10.0 else low + 1.0
        return low + 2.0

    X, Y = np.random.default_rng(4).normal(size=(2, 300))
    compiled = fastgrad.compile(function)
    expected = [function(x, y) for x, y in zip(X.tolist(), Y.tolist())]
    for _ in range(2):
        values = compiled.batch(X, Y)
        np.testing.assert_allclose((values - expected).round(9) % 1.0, 0.0)
        assert len(values) == 300
        for x, y in zip(X.tolist()[:50], Y.tolist()[:50]):
            compiled(x, y)
    assert paths_of(compiled) <= 5


def test_an_equality_that_only_plain_rounding_has_is_plain_arithmetics():
    w = Value(2.0)
    compiled = fastgrad.compile(lambda x, y, z: w * x if x * y == z else -x)
    X, Y = np.random.default_rng(5).normal(size=(2, 200))
    Z = X * Y
    for _ in range(2):
        values, grads = compiled.batch_value_and_grad(X, Y, Z)
        assert values.tolist() == (2.0 * X).tolist()
        assert set(grads.tolist()) == {2.0}
        assert compiled(X[0], Y[0], Z[0]) == 2.0 * X[0]
        assert compiled.sum(X, Y, Z).data == pytest.approx(2.0 * X.sum())
    assert compiled.batch(X, Y, Z + 1.0).tolist() == (-X).tolist()
    assert paths_of(compiled) == 2


# What cannot be recorded.


def test_a_function_that_raises_for_a_row_raises_that():
    def function(x):
        if x > 3:
            raise LookupError("too far")
        return x

    compiled = fastgrad.compile(function)
    assert compiled(1.0) == 1.0
    for call in (lambda: compiled(4.0), lambda: compiled.batch(np.array([1.0, 4.0]))):
        with pytest.raises(LookupError, match="too far"):
            call()
    assert compiled.batch(np.array([2.0, 3.0])).tolist() == [2.0, 3.0]


def test_a_function_that_raises_at_once_can_be_called_again():
    compiled = fastgrad.compile(lambda x: 1.0 / x)
    with pytest.raises(ZeroDivisionError):
        compiled(0.0)
    assert compiled(2.0) == 0.5


@pytest.mark.parametrize("read", [float, int, round, math.floor, lambda x: x.data], ids=str)
def test_reading_an_argument_off_is_refused(read):
    compiled = fastgrad.compile(lambda x: x * read(x))
    with pytest.raises(fastgrad.TraceError, match=r"test_paths.py, line \d+"):
        compiled(2.5)


AS_AN_INTEGER = {
    "range": lambda n: range(n),
    "repetition": lambda n: [1.0] * n,
    "index": lambda n: [1.0, 2.0, 3.0][n],
    "slice": lambda n: [1.0, 2.0, 3.0][:n],
    "slice of an array": lambda n: np.ones(3)[:n],
    "operator.index": lambda n: operator.index(n),
    "comb": lambda n: math.comb(5, n),
}


@pytest.mark.parametrize("use", AS_AN_INTEGER)
def test_an_argument_as_a_count_or_an_index_is_refused_with_the_line_and_the_remedy(use):
    function = AS_AN_INTEGER[use]
    line = inspect.getsourcelines(function)[1]
    compiled = fastgrad.compile(lambda x, n: x * len(function(n)))
    message = rf"test_paths.py, line {line}: range\(\), an index and .* take an int.*functools\.partial"
    with pytest.raises(fastgrad.TraceError, match=message):
        compiled(2.0, 2)


@pytest.mark.parametrize("use", AS_AN_INTEGER)
def test_outside_of_a_recording_a_scalar_is_no_integer_either(use):
    with pytest.raises(TypeError, match="'Value' object cannot be interpreted as an integer") as caught:
        AS_AN_INTEGER[use](Value(2.0))
    assert caught.type is TypeError


def test_a_count_from_outside_the_arguments_is_recorded():
    power = functools.partial(lambda n, x: math.prod([x] * n), 3)
    assert fastgrad.compile(power).value_and_grad(2.0) == (8.0, 12.0)


def test_a_compiled_function_in_a_recording_may_not_be_read_off():
    w = Value(2.0)
    inner = fastgrad.compile(lambda x: w * x)
    inner.batch(np.ones(2))
    outer = fastgrad.compile(lambda x: x * inner.sum(np.ones(2)))
    with pytest.raises(fastgrad.TraceError):
        outer(1.0)


# Functions that are not pure.

LAYER = nn.Layer(2, 3, rng=1)
WEIGHTS = [Value(0.5), Value(0.5)]
IMPURE = {
    "a number": lambda x, k: x * k,
    "a constant": lambda x, k: x * (Value(k) + 1.0),
    "an operation": lambda x, k: fm.exp(x) if k else fm.log(x * x + 1.0),
    "how many operations": lambda x, k: sum([x] * (k + 2)),
    "which number": lambda x, k: [x, x * 2.0][k] * 3.0,
    "which scalar from outside": lambda x, k: WEIGHTS[k] * x,
    "which of a softmax": lambda x, k: fastgrad.softmax([x, 2.0 * x])[k] * 3.0,
    "which of a batch": lambda x, k: LAYER([[x, 1.0]])[0, k],
    "what a layer is given": lambda x, k: x * LAYER([1.0, k])[0],
    "what a layer is given beside a scalar": lambda x, k: LAYER([x, k])[0],
    "a loss's target": lambda x, k: losses.mse([x, 2.0 * x], [k, 1.0]),
    "a loss's prediction": lambda x, k: losses.mse([x, k], [1.0, 1.0]),
    "a penalty's factor": lambda x, k: x * losses.l2_penalty(LAYER, 0.1 + k),
}


def changing(what):
    """A function that does something else at every second call, and asks for a comparison afterwards."""
    calls = itertools.count()

    def function(x):
        result = IMPURE[what](x, next(calls) % 2)
        return result if x > 0 else -result

    return fastgrad.compile(function)


@pytest.mark.parametrize("what", IMPURE)
def test_a_function_that_is_not_pure_is_refused_as_soon_as_a_recording_tells(what):
    compiled = changing(what)
    compiled(2.0)
    for x in (-2.0, 2.0, -2.0):
        with pytest.raises(
            fastgrad.TraceError, match="function did something else than before, although no comparison"
        ):
            compiled(x)
    assert len(compiled.programs()) == 1


def test_what_is_computed_between_two_comparisons_tells_too():
    calls = itertools.count()

    def function(x):
        if x > 1.0:
            return x
        y = x * next(calls)
        return y if x > -1.0 else -y

    compiled = fastgrad.compile(function)
    assert [compiled(2.0), compiled(0.5)] == [2.0, 0.0]
    with pytest.raises(fastgrad.TraceError, match="although the first 1 of its comparisons came out the same"):
        compiled(-2.0)


def along_one_path(function):
    """Record a function for one row twice."""
    paths = fastgrad.compile(function)._of_shapes(((),))
    return [paths.record([2.0])[0] for _ in range(2)]


@pytest.mark.parametrize(
    "result",
    [
        lambda x, k: k,
        lambda x, k: [x] * (1 + k),
        lambda x, k: {"k": str(k), "x": x},
        lambda x, k: (x, [x, Value(1)][k]),
    ],
)
def test_results_tell_too(result):
    calls = itertools.count()
    with pytest.raises(fastgrad.TraceError, match="did something else than before"):
        along_one_path(lambda x: result(x, next(calls)))


def test_numbers_that_are_nowhere_used_need_not_be_the_same():
    calls = itertools.count()
    first, second = along_one_path(lambda x: [x * 2.0, Value(next(calls)) * 3.0][0])
    assert first is second


def test_independent_operations_may_come_in_any_order():
    orders = itertools.permutations(range(3))

    def function(x):
        made = {k: x * (k + 1.0) for k in next(orders)}
        return (made[0] - made[1] if made[2] > 0 else made[1]) + x

    assert len(set(along_one_path(function) + along_one_path(function))) == 2
    compiled = fastgrad.compile(lambda x: [scalar * 2.0 for scalar in {x, x + 1.0, x - 1.0}] and (x if x > 0 else -x))
    assert [compiled(x) for x in (1.0, -2.0, 3.0)] == [1.0, 2.0, 3.0]


def test_what_another_thread_computes_meanwhile_is_no_part_of_it():
    calls = itertools.count()

    def function(x):
        thread = threading.Thread(target=lambda: [Value(k) * 2.0 for k in range(next(calls))])
        thread.start()
        y = x * 2.0
        thread.join()
        return y if x > 0 else -y

    compiled = fastgrad.compile(function)
    assert [compiled(x) for x in (1.0, -2.0)] == [2.0, 4.0]


def test_parameters_that_are_fetched_anew_are_the_same():
    layer = nn.Layer(1, 1, rng=1)

    def function(x):
        weight, bias = layer.parameters()
        y, _ = weight * x, bias * x
        del weight, bias
        fastgrad.collect()
        return y if x > 0 else -y

    compiled = fastgrad.compile(function)
    assert compiled(2.0) == compiled(-2.0) == layer.parameters()[0].data * 2.0


def test_a_scalar_from_outside_that_was_exchanged_is_refused():
    scale = Value(2.0)
    compiled = fastgrad.compile(lambda x: x if scale * x > -3.0 else -x)
    assert compiled(1.0) == 1.0
    scale = Value(3.0)
    with pytest.raises(fastgrad.TraceError, match="on the same scalars from outside only"):
        compiled(-4.0)

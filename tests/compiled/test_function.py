"""Compiled functions: one row, many rows, buffers, and sums that are one scalar on the tape."""

import math
import threading

import numpy as np
import pytest
from hypothesis import given

import fastgrad
from fastgrad import Scalar, Value, losses, nn
from fastgrad import math as fm
from support.drawn_functions import OPERATIONS, ROWS, function_of


def eager(function, row):
    """Value and gradient by plain calls."""
    inputs = [Value(x) for x in row]
    result = function(*inputs)
    result.backward()
    return result.data, [x.grad for x in inputs]


def close(xs, ys):
    np.testing.assert_allclose(np.asarray(xs, dtype=float), np.asarray(ys, dtype=float), rtol=1e-12, atol=1e-12)


def columns(rows):
    return [np.array(column, dtype=float) for column in zip(*rows)]


@given(OPERATIONS, ROWS)
def test_a_batch_is_what_plain_calls_compute_row_by_row(operations, rows):
    function = function_of(operations)
    values, grads = fastgrad.compile(function).batch_value_and_grad(*columns(rows), argnums=(0, 1, 2))
    expected = [eager(function, row) for row in rows]
    close(values, [value for value, _ in expected])
    close(np.stack(grads, axis=1), [grad for _, grad in expected])
    close(fastgrad.compile(function).batch(*columns(rows)), values)


@given(OPERATIONS, ROWS)
def test_a_call_is_what_a_plain_call_computes(operations, rows):
    function = function_of(operations)
    compiled = fastgrad.compile(function)
    for row in rows:
        value, grad = eager(function, row)
        close(compiled(*row), value)
        found, slopes = compiled.value_and_grad(*row, argnums=(0, 1, 2))
        close([found, *slopes], [value, *grad])


@given(OPERATIONS, ROWS)
def test_a_bound_call_is_what_a_plain_call_computes(operations, rows):
    function = function_of(operations)
    compiled = fastgrad.compile(function)
    compiled(*rows[0])
    x, value, grad = np.empty(3), np.empty(1), np.empty(3)
    call = compiled.bind(x, value, grad)
    for row in rows:
        x[:] = row
        call()
        expected, slopes = eager(function, row)
        close([*value, *grad], [expected, *slopes])


@given(OPERATIONS, ROWS)
def test_a_sum_has_the_gradient_of_the_plain_loop(operations, rows):
    weights = [Value(0.5), Value(-1.25)]

    def function(x, y, z):
        return function_of(operations)(weights[0] * x, weights[1] + y, z)

    fastgrad.sum([function(*row) for row in rows]).backward()
    expected = [w.grad for w in weights]
    for w in weights:
        w.grad = 0.0
    total = fastgrad.compile(function).sum(*columns(rows))
    total.backward()
    close(total.data, math.fsum(function(*row).data for row in rows))
    close([w.grad for w in weights], expected)


@given(ROWS)
def test_gradients_are_finite_differences(rows):
    compiled = fastgrad.compile(lambda x, y, z: (x * y).tanh() + (z - x).sin() * y)
    X, step = np.array(rows), 1e-6
    _, grads = compiled.batch_value_and_grad(*X.T, argnums=(0, 1, 2))
    for k, grad in enumerate(grads):
        moved = np.zeros(3)
        moved[k] = step
        slopes = (compiled.batch(*(X + moved).T) - compiled.batch(*(X - moved).T)) / (2 * step)
        np.testing.assert_allclose(grad, slopes, atol=1e-7)


def test_nan_and_infinity_are_in_the_same_places():
    compiled = fastgrad.compile(lambda x: (x.exp() - x.exp() * 2.0) + x * 0.0)
    rows = [0.0, math.inf, -math.inf, math.nan, 1.0]
    expected = [((e := Value(x).exp()) - e * 2.0 + Value(x) * 0.0).data for x in rows]
    np.testing.assert_allclose(compiled.batch(np.array(rows)), expected, rtol=1e-13)


# Results and arguments in structures.


def test_results_keep_their_nesting():
    compiled = fastgrad.compile(lambda x, p: {"sum": x + p["a"][0], "both": (x, [p["a"][1], 2.0])})
    expected = {"sum": 4.0, "both": (1.0, [5.0, 2.0])}
    assert compiled(1.0, {"a": [3.0, 5.0]}) == expected
    assert compiled(1.0, {"a": [3.0, 5.0]}) == expected
    batch = compiled.batch(np.array([1.0, 2.0]), {"a": [3.0, 5.0]}, in_axes=(0, None))
    assert batch["sum"].tolist() == [4.0, 5.0]
    assert batch["both"][1][1].tolist() == [2.0, 2.0]


def test_arrays_give_arrays():
    W = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 1.0]])
    compiled = fastgrad.compile(lambda x: W @ x)
    X = np.arange(12.0).reshape(4, 3)
    close(compiled(X[0]), W @ X[0])
    close(compiled.batch(X), X @ W.T)
    square = fastgrad.compile(lambda x: (x * x).sum())
    values, grads = square.batch_value_and_grad(X)
    close(values, (X**2).sum(axis=1))
    close(grads, 2.0 * X)
    close(square.value_and_grad(X[1])[1], 2.0 * X[1])


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_batch_of_a_network_is_an_array_as_a_result(outputs):
    model, X = nn.MLP(2, [3, outputs], rng=1), np.random.default_rng(3).normal(size=(4, 2))
    compiled = fastgrad.compile(model)
    for rows in (X, 2.0 * X):
        close(compiled(rows), model(rows).data)
    tables = np.stack([X, 2.0 * X, -X])
    close(compiled.batch(tables), [model(rows).data for rows in tables])
    nested = fastgrad.compile(lambda x: {"first": model([[x, 1.0], [x, 2.0]]), "x": x})
    for x in (0.5, -2.0):
        close(nested(x)["first"], model([[x, 1.0], [x, 2.0]]).data)


def test_a_table_of_rows_as_argument_goes_through_a_network_and_a_loss():
    model, X, y = nn.MLP(2, [3, 1], rng=1), np.random.default_rng(3).normal(size=(4, 2)), np.arange(4.0)
    compiled = fastgrad.compile(lambda X, y: losses.mse(model(X), y))
    for rows in (X, 2.0 * X):
        inputs = [[Value(x) for x in row] for row in rows]
        loss = losses.mse(model(inputs), y)
        loss.backward()
        value, grad = compiled.value_and_grad(rows, y)
        close(value, loss.data)
        close(grad, [[x.grad for x in row] for row in inputs])
    model.zero_grad()
    compiled.sum(np.stack([X, 2.0 * X]), np.stack([y, y])).backward()
    slopes = model.flat_grad
    model.zero_grad()
    (losses.mse(model(X), y) + losses.mse(model(2.0 * X), y)).backward()
    close(slopes, model.flat_grad)


def test_keyword_arguments_and_words_are_part_of_the_call():
    compiled = fastgrad.compile(lambda x, how="plain", scale=1.0: scale * (x if how == "plain" else x * x))
    assert [compiled(3.0), compiled(3.0, how="square"), compiled(3.0, scale=2.0)] == [3.0, 9.0, 6.0]
    assert compiled.value_and_grad(3.0, how="square", scale=2.0) == (18.0, 12.0)


def test_an_argument_without_rows_is_the_same_for_all():
    compiled = fastgrad.compile(lambda x, w: x * w[0] + w[1])
    values, grads = compiled.batch_value_and_grad(np.array([1, 2]), [3.0, 4.0], argnums=1, in_axes=(0, None))
    assert values.tolist() == [7.0, 10.0]
    assert [g.tolist() for g in grads] == [[1.0, 2.0], [1.0, 1.0]]


def test_a_batch_of_one_array_is_read_where_it_lies():
    X = np.random.default_rng(0).normal(size=(1000, 4))
    X.flags.writeable = False
    compiled = fastgrad.compile(lambda x: x[0] * x[3] + x[1])
    close(compiled.batch(X), X[:, 0] * X[:, 3] + X[:, 1])
    close(compiled.batch(X.astype(np.float32)), compiled.batch(X.astype(np.float32).astype(float)))
    close(compiled.batch(X[::2]), compiled.batch(X)[::2])


# Scalars from outside.


def test_scalars_from_outside_are_read_afresh():
    w = Value(2.0)
    compiled = fastgrad.compile(lambda x: w * x)
    x, value, grad = np.array([3.0]), np.empty(1), np.empty(1)
    assert compiled(3.0) == 6.0
    call = compiled.bind(x, value, grad)
    for w.data in (5.0, -1.0):
        call()
        assert (value[0], grad[0]) == (3.0 * w.data, w.data)
        assert compiled(3.0) == 3.0 * w.data
        assert compiled.batch(np.array([3.0])).tolist() == [3.0 * w.data]
        assert compiled.sum(np.array([3.0, 1.0])).data == 4.0 * w.data


def test_a_sum_is_one_node_whose_gradient_flows_on():
    a, w = Value(2.0), Value(3.0)
    b = a * a  # made outside: the gradient flows through it
    compiled = fastgrad.compile(lambda x: b * x + w)
    mean = compiled.mean(np.array([1.0, 2.0, 6.0]))
    assert set(mean.prev) == {b, w}
    (2.0 * mean).backward()
    assert (mean.data, a.grad, w.grad) == (15.0, 24.0, 2.0)


def test_a_sum_is_of_the_type_of_the_scalars_from_outside():
    w = Scalar(3.0)
    assert type(fastgrad.compile(lambda x: w * x).sum(np.ones(2))) is Scalar
    assert type(fastgrad.compile(lambda x: 2.0 * x).sum(np.ones(2))) is Value


def test_a_sum_without_gradients_is_a_leaf():
    w = Value(3.0)
    compiled = fastgrad.compile(lambda x: w * x)
    with fastgrad.no_grad():
        total = compiled.sum(np.ones(4))
    assert (total.data, total.prev) == (12.0, [])
    assert compiled.sum(np.ones(4)).prev == [w]


def test_a_network_trains_as_in_the_eager_loop():
    X = np.array([[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]])
    y = np.array([1.0, -1.0, -1.0, 1.0])
    plain, fast = nn.MLP(3, [4, 4, 1], rng=1), nn.MLP(3, [4, 4, 1], rng=1)
    error = fastgrad.compile(lambda x, target: (fast(list(x)) - target) ** 2)
    for _ in range(20):
        loss = fastgrad.mean([(plain(list(row)) - target) ** 2 for row, target in zip(X, y)])
        replayed = error.mean(X, y)
        close(replayed.data, loss.data)
        for model, root in ((plain, loss), (fast, replayed)):
            model.zero_grad()
            root.backward()
            for p in model.parameters():
                p.data -= 0.1 * p.grad
    close([p.data for p in fast.parameters()], [p.data for p in plain.parameters()])
    assert len(error.programs()) == 1


def test_parameters_may_move_on_the_tape():
    rubbish = [Value(k) for k in range(1000)]
    w = Value(3.0)
    compiled = fastgrad.compile(lambda x: w * x)
    compiled(1.0)
    del rubbish
    fastgrad.collect()
    total = compiled.sum(np.array([1.0, 2.0]))
    total.backward()
    assert (total.data, w.grad) == (9.0, 3.0)


# Functions in classes, and in each other.


def test_a_method_is_compiled_for_each_instance():
    class Line:
        def __init__(self, slope):
            self.slope = Value(slope)

        @fastgrad.compile
        def at(self, x):
            return self.slope * x

    lines = [Line(2.0), Line(3.0)]
    assert [line.at(5.0) for line in lines] == [10.0, 15.0]
    lines[0].slope.data = 4.0
    assert [line.at(5.0) for line in lines] == [20.0, 15.0]
    assert lines[0].at is lines[0].at
    assert isinstance(Line.at, type(lines[0].at).__mro__[1])


def test_a_module_may_have_compiled_methods():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.MLP(2, [3, 1], rng=0)

        @fastgrad.compile
        def error(self, x, y):
            return (self.body(list(x)) - y) ** 2

    net, X, y = Net(), np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([0.5, -0.5])
    count = net.num_parameters()
    net.error.mean(X, y).backward()
    slopes = net.flat_grad
    net.zero_grad()
    fastgrad.losses.mse(net.body(X), y).backward()
    close(net.flat_grad, slopes)
    assert net.num_parameters() == count == 13
    assert fastgrad.compile(net.body).batch(X).shape == (2,)


def test_a_compiled_function_in_another_is_recorded_through():
    inner = fastgrad.compile(lambda x: x * x if x > 0 else -x)
    outer = fastgrad.compile(lambda x: inner(x) + 1.0)
    assert outer.batch(np.array([3.0, -2.0])).tolist() == [10.0, 3.0]
    assert fastgrad.compile(inner)(3.0) == 9.0


def test_a_compiled_function_says_what_it_is():
    @fastgrad.compile(num_threads=2)
    def area(x, y):
        """An area."""
        return x * y

    assert repr(area) == "<compiled area: 0 paths>"
    area(2.0, 3.0)
    assert repr(area) == "<compiled area: 1 path>"
    assert (area.__name__, area.__doc__, area.num_threads) == ("area", "An area.", 2)
    assert "return v2" in area.text()
    report = area.report()
    assert (report["paths"], report["nodes"], report["steps"]) == (1, 1, 1)
    assert report["bytes"] > 0


# Threads.


def test_results_do_not_depend_on_the_number_of_threads():
    w = Value(0.5)
    compiled = fastgrad.compile(lambda x, y: (x * w).tanh() if x > y else (x * y).sin() * w)
    X, Y = np.random.default_rng(1).normal(size=(2, 30000))
    one, three = compiled.batch(X, Y, num_threads=1), compiled.batch(X, Y, num_threads=3)
    assert np.array_equal(one, three)
    totals = [compiled.sum(X, Y, num_threads=n) for n in (1, 2, 4)]
    assert len({total.data for total in totals}) == 1


def test_the_environment_says_how_many_threads(monkeypatch):
    monkeypatch.setenv("FASTGRAD_NUM_THREADS", "3")
    assert fastgrad.compile(abs).num_threads == 3
    assert fastgrad.compile(abs, num_threads=2).num_threads == 2
    monkeypatch.setenv("FASTGRAD_NUM_THREADS", "many")
    with pytest.raises(ValueError, match="FASTGRAD_NUM_THREADS must be a whole number of at least 1, not 'many'"):
        fastgrad.compile(abs)


def test_threads_share_a_compiled_function():
    w = Value(2.0)
    compiled = fastgrad.compile(lambda x: w * x if x > 0 else x * x)
    X = np.random.default_rng(2).normal(size=5000)
    expected, wrong = np.where(X > 0, 2.0 * X, X * X), []

    def work():
        for _ in range(10):
            if not np.allclose(compiled.batch(X, num_threads=2), expected, rtol=1e-14):
                wrong.append("batch")
            if not math.isclose(compiled.sum(X).data, expected.sum(), rel_tol=1e-12):
                wrong.append("sum")
            if compiled(-3.0) != 9.0:
                wrong.append("call")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(compiled.programs()) == 2


@pytest.mark.slow
def test_ten_million_rows_stream_in_blocks():
    w = Value(0.5)
    compiled = fastgrad.compile(lambda x: (w * x).tanh() if x > 0 else w * x)
    X = np.random.default_rng(3).normal(size=10_000_000)
    expected = np.where(X > 0, np.tanh(0.5 * X), 0.5 * X)
    assert np.abs(compiled.batch(X, num_threads=2) - expected).max() < 1e-15
    assert math.isclose(compiled.mean(X).data, expected.mean(), rel_tol=1e-9)


@pytest.mark.parametrize(
    "jump",
    [
        lambda d: fm.where(d > 0.0, 100.0, 0.0),
        lambda d: fm.where(d, 100.0, 0.0),
        lambda d: d >= 0.0,
        lambda d: d.step(),
        lambda d: d.sign(),
        lambda d: fm.copysign(3.0, d),
        lambda d: fm.fmod(d, 0.5),
    ],
    ids=["where", "where not 0", "compare", "step", "sign", "copysign", "fmod"],
)
def test_a_result_that_jumps_is_what_plain_arithmetic_says_at_ties(jump):
    f = fastgrad.compile(lambda p, q, s: jump(s - p * q) * 1.0)
    p = np.linspace(0.1, 4.0, 40).round(1)
    q = np.full(40, 3.0)
    plain = [f.function(*map(Value, row)).data for row in zip(p, q, p * q)]
    assert f.batch(p, q, p * q).tolist() == plain
    assert f.batch_value_and_grad(p, q, p * q)[0].tolist() == plain

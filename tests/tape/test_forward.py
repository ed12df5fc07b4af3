"""forward(): a graph that is built once and computed again after its leaves have changed."""

import math
import random

import pytest

import fastgrad
from fastgrad import Value
from support.graphs import state


def test_it_computes_again_what_the_node_stands_on(number):
    x, w = number(2.0), number(3.0)
    inner = x * w
    y = inner + 1.0
    beside = inner * 10.0
    x.data = 5.0
    y.forward()
    assert (inner.data, y.data) == (15.0, 16.0)
    assert beside.data == 60.0
    beside.forward()
    assert beside.data == 150.0


def test_it_returns_nothing_and_may_be_called_any_time(number):
    x = number(2.0)
    y = x.exp()
    assert y.forward() is None
    assert x.forward() is None  # a leaf
    assert (x.data, y.data) == (2.0, math.exp(2.0))


def test_what_was_written_to_an_inner_node_is_computed_over(number):
    x = number(2.0)
    inner = x * 3.0
    y = inner + 1.0
    inner.data = 100.0
    y.forward()
    assert (inner.data, y.data) == (6.0, 7.0)


def test_gradients_stay_as_they_are(number):
    x = number(2.0)
    y = x * x
    y.backward()
    x.data = 3.0
    y.forward()
    assert (x.grad, y.grad) == (4.0, 1.0)
    y.backward()
    assert x.grad == 10.0


def test_training_on_a_kept_graph_equals_building_it_each_time(number):
    rows = [([2.0, 3.0, -1.0], 1.0), ([3.0, -1.0, 0.5], -1.0), ([0.5, 1.0, 1.0], -1.0), ([1.0, 1.0, -1.0], 1.0)]

    def weights():
        generator = random.Random(5)
        return [[number(generator.uniform(-1, 1)) for _ in range(4)] for _ in range(3)]

    def loss_of(layers):
        total = 0.0
        for row, target in rows:
            hidden = [sum((w * x for w, x in zip(unit[1:], row)), unit[0]).tanh() for unit in layers[:2]]
            total += (fastgrad.dot(hidden, layers[2][1:3], bias=layers[2][0]) - target) ** 2
        return total

    def step(parameters, loss):
        for p in parameters:
            p.grad = 0.0
        loss.backward()
        for p in parameters:
            p.data -= 0.05 * p.grad
        return loss.data

    kept, built = weights(), weights()
    loss, trail = loss_of(kept), []
    for _ in range(30):
        expected = step(sum(built, []), loss_of(built))
        loss.zero_grad()
        loss.forward()
        trail.append(step(sum(kept, []), loss))
        assert trail[-1] == expected
    assert state(sum(kept, [])) == state(sum(built, []))
    assert trail[-1] < trail[0] / 2


def test_several_graphs_in_turn(number):
    """What one graph's order is must not be taken for another's, also when nodes have moved."""
    x = number(1.0)
    graphs = [x * float(k) + 1.0 for k in range(1, 5)]
    for k in range(100):
        x.data = float(k)
        graph = graphs[k % 4]
        graph.forward()
        graph.zero_grad()
        graph.backward()
        assert (graph.data, x.grad) == (k * (k % 4 + 1.0) + 1.0, k % 4 + 1.0)
        if k % 10 == 0:
            [x * 2.0 for _ in range(10)]
            fastgrad.collect()
        if k == 50:
            graphs[1] = (graphs[1] * 1.0).detach() * 0.0 + x * 2.0 + 1.0


# Choices.


def test_conditions_of_scalars_are_evaluated_again(number):
    x, low, high = number(0.5), number(-10.0), number(10.0)
    y = x.ifel(x > 0.0, high, low)
    z = fastgrad.math.where(x > 0.0, high * 2.0, low * 2.0)
    both = y + z
    for data, case, other in [(-1.0, low, high), (2.0, high, low), (0.0, low, high)]:
        x.data = data
        both.zero_grad()
        both.forward()
        both.backward()
        assert (y.data, z.data) == (case.data, 2 * case.data)
        assert (case.grad, other.grad, x.grad) == (3.0, 0.0, 1.0)
        assert y.prev == [x, case]


def test_the_case_not_taken_is_computed_too(number):
    x = number(1.0)
    other = x * 3.0
    y = x.ifel(x > 0.0, x, other)
    x.data = -2.0
    y.forward()
    assert (y.data, other.data) == (-6.0, -6.0)


def test_the_case_not_taken_passes_nothing_on(number):
    """Not even a gradient that it has from elsewhere."""
    x, low, high = number(0.5), number(2.0), number(3.0)
    taken, other = high * 5.0, low * 7.0
    y = x.ifel(x > 0.0, taken, other) + fastgrad.math.where(x > 0.0, taken, other)
    y.forward()
    other.grad = 100.0
    y.backward()
    assert (high.grad, low.grad, x.grad, other.grad) == (10.0, 0.0, 1.0, 100.0)


def test_comparisons_maxima_and_clips_choose_again(number):
    x, y = number(1.0), number(2.0)
    nodes = [x < y, fastgrad.math.max(x, y), fastgrad.math.min(x, y), fastgrad.math.clip(x, 0.0, y), x.relu()]
    total = sum(nodes)
    assert [node.data for node in nodes] == [1.0, 2.0, 1.0, 1.0, 1.0]
    x.data = 5.0
    total.forward()
    assert [node.data for node in nodes] == [0.0, 5.0, 2.0, 2.0, 5.0]
    x.data = -5.0
    total.forward()
    assert [node.data for node in nodes] == [1.0, 2.0, -5.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "choose",
    [lambda x: x.ifel(x.data > 0.0, x, 0.0), lambda x: fastgrad.math.where(x.data > 0.0, x, 0.0)],
    ids=["ifel", "where"],
)
def test_a_plain_condition_cannot_be_evaluated_again(number, choose):
    x = number(0.5)
    y = choose(x)
    y.label = "the step"
    z = y * 2.0
    x.data = -1.0
    with pytest.raises(ValueError, match="the step") as raised:
        z.forward()
    assert repr(y) in str(raised.value)
    z.backward()
    assert x.grad in (2.0, 4.0)


# What Python computes.


def test_a_users_node_says_how():
    x = Value(0.5)
    inner = x * 2.0
    out = Value(math.atan(inner.data), (inner,), "arc", label="angle")
    y = out + 1.0
    with pytest.raises(ValueError, match=r"_forward") as raised:
        y.forward()
    assert repr(out) in str(raised.value)
    assert "angle" in str(raised.value)

    def _forward():
        out.data = math.atan(inner.data)

    out._forward = _forward
    x.data = 3.0
    y.forward()
    assert (inner.data, out.data, y.data) == (6.0, math.atan(6.0), math.atan(6.0) + 1.0)


def test_local_gradients_were_given_for_the_old_numbers():
    x = Value(3.0)
    y = Value(9.0, (x,), (6.0,), label="square")
    x.data = 4.0
    with pytest.raises(ValueError, match="square"):
        (y * 2.0).forward()


def test_an_operation_with_another_callback_is_computed_as_ever(number):
    x = number(3.0)
    y = x * 2.0
    y._backward = lambda: None
    x.data = 5.0
    (z := y + 1.0).forward()
    assert (y.data, z.data) == (10.0, 11.0)


def test_a_forward_that_fails_is_passed_on_and_may_be_repeated():
    x = Value(1.0)
    out = Value(1.0, (x,), "op")

    def fail():
        raise KeyError("no")

    out._forward = fail
    y = out * 2.0
    with pytest.raises(KeyError, match="no"):
        y.forward()
    out._forward = lambda: setattr(out, "data", x.data * 7.0)
    y.forward()
    assert y.data == 14.0


def test_a_forward_may_compute_and_sweep_itself():
    x = Value(2.0)
    out = Value(0.0, (x,), "op")
    seen = []

    def _forward():
        probe = Value(x.data)
        result = sum(probe * k for k in range(50))
        result.backward()
        result.forward()
        seen.append(probe.grad)
        out.data = result.data

    out._forward = _forward
    y = out + x
    for data in (3.0, 4.0):
        x.data = data
        y.forward()
        assert y.data == data * 1225.0 + data
    assert seen == [1225.0, 1225.0]


def test_custom_and_exact_sums_and_lengths(number):
    cube = fastgrad.custom("cube", lambda a: a**3, lambda a: 3 * a * a)
    x = number(2.0)
    nodes = [cube(x), fastgrad.math.fsum([x, 1e16, -1e16]), fastgrad.math.hypot(x, 4.0), *fastgrad.softmax([x, 0.0])]
    total = fastgrad.sum(nodes)
    x.data = 3.0
    total.forward()
    p = 1.0 / (1.0 + math.exp(-3.0))
    assert [node.data for node in nodes] == pytest.approx([27.0, 3.0, 5.0, p, 1.0 - p], rel=1e-15)


# Errors.


@pytest.mark.parametrize(
    ("operation", "bad", "error"),
    [
        (lambda x: x.log(), 0.0, ValueError),
        (lambda x: 1.0 / x, 0.0, ZeroDivisionError),
        (lambda x: x**0.5, -1.0, ValueError),
        (lambda x: x.exp(), 1e4, OverflowError),
        (lambda x: x**-1, 0.0, ZeroDivisionError),
        (lambda x: x / (x - 1.0), 1.0, ZeroDivisionError),
    ],
)
def test_errors_are_pythons_own(number, operation, bad, error):
    x = number(2.0)
    y = operation(x)
    z = y + 1.0
    x.data = bad
    with pytest.raises(error) as again:
        z.forward()
    with pytest.raises(error) as anew:
        operation(number(bad))
    assert str(again.value) == str(anew.value)
    x.data = 3.0
    z.forward()
    assert z.data == operation(number(3.0)).data + 1.0


def test_infinite_and_missing_numbers_are_values_where_python_has_them(number):
    x = number(2.0)
    y = (x * 1.0 + 1.0).exp() * x
    x.data = math.inf
    y.forward()
    assert y.data == math.inf
    x.data = math.nan
    y.forward()
    assert math.isnan(y.data)

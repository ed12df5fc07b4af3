"""Values and gradients of programs: those of eager code. And how small a program becomes."""

import copy
import math
import operator
import random

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies

import fastgrad
from fastgrad import Scalar, Value, losses, nn
from fastgrad import math as fm
from fastgrad._programs.program import Program
from support.marks import large
from support.operations import ARITHMETIC
from support.recorded import BINARY, NAMED, UNARY, Recorded, check, close, eager

# Values and gradients.


def test_a_program_replays_arithmetic_on_other_numbers():
    check(lambda x: x[0] * x[1] - 3.0 / x[0] + x[1] ** 2 - 0.25, [2.0, 3.0], [-1.5, 0.25])


@pytest.mark.parametrize("name", UNARY)
def test_every_operation_of_one_number(name):
    at = 1.5 if name == "acosh" else 0.3
    function = getattr(operator, name) if name in ("neg", "pos", "abs") else operator.methodcaller(name)
    check(lambda x: function(x[0]), [at])


@pytest.mark.parametrize(("name", "symbol"), BINARY)
def test_every_operation_of_two_numbers_and_of_one_and_a_constant(name, symbol):
    function = ARITHMETIC.get(symbol) or NAMED.get(name) or getattr(fm, name)
    check(lambda x: function(x[0], x[1]), [0.75, 2.5], [2.5, 0.75])
    check(lambda x: function(x[0], 1.25), [0.75])
    constant = 2.0 if name == "polygamma" else 1.25  # an order is a whole number
    if name != "leaky_relu":
        check(lambda x: function(constant, x[0]), [0.75])


MANY = {
    "sum": lambda x: fastgrad.sum([*x, 1.5, x[0]]),
    "sum of one": lambda x: fastgrad.sum([x[0]]),
    "mean": lambda x: fastgrad.mean([*x, 4.0]),
    "prod": lambda x: fastgrad.prod([*x, 2.0, x[1]]),
    "prod of zeros": lambda x: fastgrad.prod([x[0], x[0] - x[0], x[1]]),
    "dot": lambda x: fastgrad.dot([x[0], 2.0, 3.0], [x[1], x[2], 5.0], bias=x[0]),
    "dot without bias": lambda x: fastgrad.dot(x, [0.5, x[0], -1.0]),
    "logsumexp": lambda x: fastgrad.logsumexp([*x, 0.5]),
    "logsumexp of large numbers": lambda x: fastgrad.logsumexp([1000.0 * x[0], 1000.0 * x[1], 999.0]),
    "softmax": lambda x: [p * (k + 1.0) for k, p in enumerate(fastgrad.softmax([*x, 0.5]))],
    "softmax of large numbers": lambda x: fastgrad.softmax([1000.0 * x[0], 1000.0 * x[1]])[0],
    "softmax of one": lambda x: fastgrad.softmax([x[0]])[0] * x[1],
    "where": lambda x: fm.where(x[0] > x[1], x[0] * 2.0, x[2]),
    "where with a plain condition": lambda x: fm.where(True, x[0] * 2.0, x[2]),
    "ifel": lambda x: (x[0] * 3.0).ifel(x[0] > x[1], x[1], 0.5),
    "ifel as a step": lambda x: (x[0] * 3.0).ifel(x[0] * 3.0 > 0.0, 1.0, 0.0) * x[1],
    "fsum": lambda x: fm.fsum([*x, 0.1]),
    "hypot": lambda x: fm.hypot(*x, 4.0),
    "hypot of large numbers": lambda x: fm.hypot(1e200 * x[0], 1e200 * x[1]) * 1e-200,
    "hypot at the origin": lambda x: fm.hypot(x[0] - x[0], x[1] - x[1]) + x[2],
    "dist": lambda x: fm.dist(x[:2], x[1:]),
    "max": lambda x: fm.max(*x, 0.25),
    "min": lambda x: fm.min(*x, 0.25),
    "max of equals": lambda x: fm.max(x[0] * x[1], x[1] * x[0]),
    "clip": lambda x: fm.clip(x[0] * 3.0, -1.0, x[1]),
    "powers": lambda x: x[0] ** 2 + x[1] ** 3 + x[2] ** 4 + x[0] ** -1 + x[1] ** 1 + x[2] ** 0.0 + 2.0 ** x[0],
    "a sigmoid written out": lambda x: 1.0 / (1.0 + (-x[0] * 30.0).exp()) + 1.0 / (x[1].exp() + 1),
    "detached": lambda x: x[0] * x[0].detach() + x[1].detach(),
    "a copy": lambda x: copy.copy(x[0] * 2.0) * x[1],
}


@pytest.mark.parametrize("name", MANY)
def test_every_operation_of_many_numbers(name):
    check(MANY[name], [0.75, -1.5, 2.25], [-0.5, 0.25, 0.125], [1.0, 1.0, 1.0])


def test_logsumexp_of_infinities_has_a_value():
    recorded = Recorded(lambda x: fastgrad.logsumexp(x), 0.5, 1.0)
    for numbers in ([-math.inf, -math.inf], [-math.inf, 2.0], [math.inf, 2.0]):
        assert recorded.gradient(*numbers)[0] == [max(numbers)]


def test_the_types_of_scalars_do_not_matter():
    recorded = Recorded(lambda x: x[0] * 2.0, 4.0, number=Scalar)
    assert recorded(5.0) == [10.0]


def test_results_may_be_inputs_constants_and_floats():
    recorded = Recorded(lambda x: [x[1], Value(3.0), 4.0, x[0] * 0.0 + 1.0], 1.0, 2.0)
    assert recorded(5.0, 6.0) == [6.0, 3.0, 4.0, 1.0]


def test_a_program_may_have_no_steps_and_no_inputs():
    assert Recorded(lambda x: 2.0)() == [2.0]
    assert Recorded(lambda x: Value(2.0) * 3.0)() == [6.0]


def test_nodes_nobody_needs_are_dropped():
    def function(x):
        for _ in range(10):
            x[0].tanh() * x[1]
        return x[0] + 1.0

    recorded = Recorded(function, 1.0, 2.0)
    assert recorded.report["nodes"] == 21
    assert recorded.report["steps"] == 1


# Drawn programs.

_OPERATIONS = [
    lambda a, b, c: a + b,
    lambda a, b, c: a - b,
    lambda a, b, c: a * b * 0.25,
    lambda a, b, c: a - b * c * 0.5,
    lambda a, b, c: 0.5 - a * b * 0.125,
    lambda a, b, c: a / (2.0 + b.tanh()),
    lambda a, b, c: -a,
    lambda a, b, c: a.tanh(),
    lambda a, b, c: (a.tanh() * 2.0).exp(),
    lambda a, b, c: a.sigmoid() + 0,
    lambda a, b, c: 0 + a.sin() - 1.5,
    lambda a, b, c: a.relu() + abs(b),
    lambda a, b, c: a.tanh() ** 2 + b.tanh() ** 3,
    lambda a, b, c: a.step() + b.tanh().floor(),
    lambda a, b, c: fm.max(a, b, c),
    lambda a, b, c: fm.where(a < b, c, a * 0.5),
    lambda a, b, c: fm.clip(a, -1.0, b),
    lambda a, b, c: a.ifel(b >= c, c, 0.25),
    lambda a, b, c: fastgrad.sum([a, b, c, 0.5]) * 0.25,
    lambda a, b, c: sum([a * 0.1, b * c * 0.1, c]),
    lambda a, b, c: fastgrad.mean([a, b, c]),
    lambda a, b, c: fastgrad.prod([a.tanh(), b.tanh(), c.tanh()]),
    lambda a, b, c: fastgrad.dot([a, b], [b.tanh(), 0.5], bias=c),
    lambda a, b, c: fastgrad.logsumexp([a, b, c]),
    lambda a, b, c: fastgrad.softmax([a, b, 0.5])[1],
    lambda a, b, c: fm.hypot(a, b, c),
    lambda a, b, c: a if a > b else b * 0.5,
    lambda a, b, c: max(a, b, c),
    lambda a, b, c: sorted([a, b, c])[1],
    lambda a, b, c: a.detach() * 0.5 + b,
]

_draws = strategies.lists(
    strategies.tuples(strategies.integers(0, len(_OPERATIONS) - 1), *[strategies.integers(0, 50)] * 3),
    min_size=1,
    max_size=25,
)
_numbers = strategies.lists(strategies.floats(-3.0, 3.0), min_size=3, max_size=3)


def _drawn(draws, outside):
    def function(x):
        pool = [*x, *outside]
        for which, *operands in draws:
            pool.append(_OPERATIONS[which](*[pool[-1 - k % len(pool)] for k in operands]))
        return [*pool[-2:], fastgrad.sum(pool)]

    return function


@hypothesis.given(_draws, _numbers, strategies.lists(_numbers, max_size=3))
def test_drawn_programs_are_eager_code_on_the_same_path(draws, numbers, others):
    outside = [Value(0.5), Value(-1.25)]
    function = _drawn(draws, outside)
    recorded = Recorded(function, *numbers)
    for at in (numbers, *others):
        again = Recorded(function, *at)
        values = recorded(*at)
        on_path = [truth for _, truth in again.guards] == [truth for _, truth in recorded.guards]
        assert not on_path or recorded.truths == [truth for _, truth in recorded.guards]
        if not on_path:
            continue
        expected, gradient = eager(function, *at)
        scale = max(map(abs, expected))
        close(values, expected, scale)
        replayed, replayed_gradient = recorded.gradient(*at)
        close(replayed, expected, scale)
        close(replayed_gradient, gradient, max(1.0, scale, *map(abs, gradient)))


@hypothesis.given(_draws, _numbers)
def test_the_gradients_of_captured_scalars_are_eager_codes(draws, numbers):
    outside = [Value(0.5), Value(-1.25)]
    function = _drawn(draws, outside)
    recorded = Recorded(function, *numbers)
    results = function([Value(x) for x in numbers])
    fastgrad.sum(results).backward()
    total, passed, grads, *_ = Program(*recorded.arrays).run_sum(np.array([numbers]), recorded.arrays[1])
    scale = max(1.0, *(abs(x.data) for x in results), *(abs(p.grad) for p in outside))
    close(grads[: len(recorded.captured)].tolist(), [p.grad for p in recorded.captured], scale)


# Networks and losses.


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "softplus", "gelu", "leaky_relu", "step", None])
def test_a_network_is_its_program(activation):
    model = nn.MLP(3, [4, 4, 1], activation=activation, rng=1)
    recorded = check(lambda x: model(x), [1.0, -2.0, 0.5], [0.25, 0.5, 3.0])
    assert len(recorded.captured) == model.num_parameters()


def test_a_network_with_many_results_and_a_softmax():
    model = nn.Sequential(nn.MLP(3, [4, 4], rng=1), nn.Layer(4, 3, activation="softmax", rng=2))
    check(lambda x: [p * (k + 1.0) for k, p in enumerate(model(x))], [1.0, -2.0, 0.5], [0.25, 0.5, 3.0])


def test_a_batch_of_scalars_goes_through_a_network():
    model = nn.MLP(2, [3, 2], rng=1)
    check(lambda x: model([x[:2], [x[2], 0.5]])[1, 0] * x[0], [1.0, -2.0, 0.5])


PAIR_LOSSES = {
    "mse": lambda p: losses.mse(p, [1.0, 0.0, -1.0]),
    "sum_of_squares": lambda p: losses.sum_of_squares(p, [1.0, 0.0, -1.0]),
    "root_of_squares": lambda p: losses.root_of_squares(p, [1.0, 0.0, -1.0]),
    "root of nothing": lambda p: losses.root_of_squares([p[0] - p[0]], [0.0]) + p[0],
    "hinge": lambda p: losses.hinge(p, [1, -1, -1]),
    "binary_cross_entropy": lambda p: losses.binary_cross_entropy([x.sigmoid() for x in p], [1, 0, 0.25]),
    "with_logits": lambda p: losses.binary_cross_entropy_with_logits(p, [1, 0, 0.25], reduction="sum"),
    "large logits": lambda p: losses.binary_cross_entropy_with_logits([x * 1000.0 for x in p], [1, 0, 0.25]),
    "cross_entropy": lambda p: losses.cross_entropy([p, [p[1], p[0], 2.0]], [0, 2]),
    "cross_entropy of large logits": lambda p: losses.cross_entropy([[x * 1000.0 for x in p]], [1]),
    "cross_entropy of probabilities": lambda p: losses.cross_entropy([p, p[::-1]], [[0.2, 0.3, 0.5], [0.0, 1.0, 0.0]]),
    "cross_entropy of one class": lambda p: losses.cross_entropy([[p[0]]], [0]) + p[1],
    "l2_penalty": lambda p: losses.l2_penalty(p, 0.5),
}


@pytest.mark.parametrize("name", PAIR_LOSSES)
def test_losses_are_their_formulas(name):
    check(PAIR_LOSSES[name], [0.75, -1.5, 2.25], [-0.5, 0.25, 0.125])


def test_a_cross_entropy_is_exact_where_it_is_small():
    def function(x):
        return losses.cross_entropy([x], [0])

    (replayed,) = Recorded(function, 40.0, 1.0, 2.0)(40.0, 1.0, 2.0)
    (expected,), _ = eager(function, 40.0, 1.0, 2.0)
    assert 0.0 < expected < 1e-15
    assert math.isclose(replayed, expected, rel_tol=1e-12)


def test_the_loss_of_a_network_and_its_penalty():
    model = nn.MLP(2, [3, 1], rng=1)
    X, y = [[1.0, 2.0], [-1.0, 0.5], [0.25, 3.0]], [1.0, 0.0, -1.0]

    def function(x):
        return losses.mse(model(X), y) * x[0] + losses.l2_penalty(model, 0.125)

    recorded = check(function, [2.0], [3.0])
    assert len(recorded.captured) == model.num_parameters()
    _, _, grads, *_ = Program(*recorded.arrays).run_sum(np.array([[2.0]]), recorded.arrays[1])
    model.zero_grad()
    function([Value(2.0)]).backward()
    close(grads[: len(recorded.captured)].tolist(), [p.grad for p in recorded.captured])


# How small programs become.


def steps_of(function, *numbers):
    return check(function, list(numbers)).report["steps"]


def test_equal_operations_are_computed_once():
    assert steps_of(lambda x: (x[0] * x[1]).tanh() * (x[1] * x[0]).tanh(), 0.5, 0.25) == 3


def test_constants_are_folded():
    assert steps_of(lambda x: x[0] * (Value(2.0) * 3.0 + Value(4.0).sqrt()), 0.5) == 1


def test_factors_of_factors_are_one_where_nothing_is_rounded_twice_or_infinite_between():
    assert steps_of(lambda x: 2.0 * (x[0] * 3.0), 0.5) == 1
    assert steps_of(lambda x: -0.5 * (0.3 * x[0]), 0.5) == 1
    assert steps_of(lambda x: -(x[0] * 3.0), 0.5) == 1
    assert steps_of(lambda x: 3.0 * (x[0] * 5.0), 0.5) == 2
    assert steps_of(lambda x: 0.5 * (x[0] * 4.0), 0.5) == 2


def test_sums_of_products_are_dot_products():
    assert steps_of(lambda x: x[0] * x[1] + x[2] * 3.0 + x[0], 1.0, 2.0, 3.0) == 1
    assert steps_of(lambda x: x[0] - 2.0 * x[1] + x[2] - 0.5, 1.0, 2.0, 3.0) == 1
    assert steps_of(lambda x: x[0] + x[1] + x[2], 1.0, 2.0, 3.0) == 1
    assert steps_of(lambda x: fastgrad.sum([a * b for a, b in zip(x, x[1:])]), 1.0, 2.0, 3.0, 4.0) == 1


def test_a_sum_that_is_used_twice_stays():
    def function(x):
        y = x[0] * x[1] + x[2]
        return y * y + y

    assert steps_of(function, 1.0, 2.0, 3.0) == 2


def test_signs_go_into_factors():
    assert steps_of(lambda x: x[0] * x[1] - x[2] * x[1] * x[0], 1.0, 2.0, 3.0) == 3
    w = Value(3.0)
    recorded = check(lambda x: x[0] - w * x[1], [1.0, 2.0])
    assert recorded.report["steps"] == 2
    assert recorded.report["uniform_steps"] == 1


def test_what_all_rows_share_is_subtracted_as_a_bias():
    w = Value(3.0)
    recorded = check(lambda x: x[0] * x[1] - w, [1.0, 2.0])
    assert "u1 = neg(u0)\nv4 = u1 + dot(v0*v1)" in recorded.text


def test_adding_nothing_is_left_out_where_that_is_exact():
    assert steps_of(lambda x: (x[0].exp() + 0.0) * 1.0 / 1.0 - 0.0, 0.5) == 1
    assert math.copysign(1.0, Recorded(lambda x: x[0] + 0.0, 0.5)(-0.0)[0]) == 1.0
    assert math.copysign(1.0, Recorded(lambda x: x[0] - 0.0, 0.5)(-0.0)[0]) == -1.0


@pytest.mark.parametrize("x", [0.0, -0.0, math.inf, -math.inf, math.nan, 1e-320, -3e200])
def test_what_is_left_out_changes_no_number(x):
    functions = [
        lambda x: x[0] + 0.0,
        lambda x: 0 + x[0],
        lambda x: x[0] - 0.0,
        lambda x: x[0] * 1.0,
        lambda x: x[0] * -1.0,
        lambda x: operator.neg(-x[0]),
        lambda x: x[0] / 4.0,
        lambda x: x[0] * 0.0,
        lambda x: x[0] - x[0],
        lambda x: (x[0] * x[0] + 0.0) * -1.0,
        lambda x: 1.0 + -x[0],
        lambda x: 2.0 * (x[0] * 3.0),
        lambda x: 0.5 * (x[0] * 4.0),
        lambda x: operator.neg(x[0] * 3.0),
    ]
    for function in functions:
        replayed, expected = Recorded(function, 0.5)(x)[0], function([Value(x)]).data
        assert repr(replayed) == repr(expected)


def test_what_stands_on_captured_scalars_only_comes_first():
    a, b = Value(2.0), Value(3.0)
    recorded = check(lambda x: x[0] * (a * b + 1.0).tanh() + a * a, [2.0])
    assert recorded.report["uniform_steps"] == 3
    assert recorded.report["steps"] == 4


def test_a_guard_is_not_rounded_in_another_way():
    recorded = Recorded(lambda x: x[0] ** 3 if x[0] ** 3 > 2.0 else x[0], 1.5)
    assert "v0 ** u" in recorded.text
    recorded = Recorded(lambda x: x[0] ** 3 + fm.where(x[1] ** 2 > 2.0, 1.0, x[0]), 1.5, 2.0)
    assert "v1 ** u" in recorded.text
    assert "v0 ** u" not in recorded.text


def network_row(x):
    weights, row = iter(x[3:]), x[:3]
    for size in (4, 4, 1):
        row = [sum((next(weights) * v for v in row), next(weights)).tanh() for _ in range(size)]
    return (row[0] - 1.0) ** 2


def test_a_row_of_a_network_of_3_4_4_1_with_its_squared_error_has_20_steps():
    numbers = [random.Random(1).uniform(-1.0, 1.0) for _ in range(3 + 41)]
    recorded = check(network_row, numbers)
    assert recorded.report["steps"] == 20  # a dot and a tanh for each of 9 neurons, a difference, a square


def test_the_same_of_a_model_in_nn():
    model = nn.MLP(3, [4, 4, 1], output_activation="tanh", rng=1)
    recorded = check(lambda x: (model(x[:3]) - x[3]) ** 2, [1.0, 2.0, 3.0, 1.0])
    assert recorded.report["steps"] == 20
    assert recorded.report["uniform_steps"] == 0


def test_a_step_of_runge_kutta_has_26_steps():
    def slope(x, y, p):
        return p[0] * x - p[1] * x * y, p[2] * x * y - p[3] * y

    def step(x, y, p):
        x1, y1 = slope(x, y, p)
        x2, y2 = slope(x + 0.005 * x1, y + 0.005 * y1, p)
        x3, y3 = slope(x + 0.005 * x2, y + 0.005 * y2, p)
        x4, y4 = slope(x + 0.01 * x3, y + 0.01 * y3, p)
        return x + 0.01 / 6.0 * (x1 + 2.0 * x2 + 2.0 * x3 + x4), y + 0.01 / 6.0 * (y1 + 2.0 * y2 + 2.0 * y3 + y4)

    def solved(steps):
        def function(z):
            x, y = z[:2]
            for _ in range(steps):
                x, y = step(x, y, z[2:])
            return [x, y]

        return check(function, [10.0, 5.0, 1.1, 0.4, 0.1, 0.4]).report["steps"]

    assert solved(3) - solved(2) == 26


@large
def test_a_large_recording_becomes_a_program():
    def chain(x):
        y = x[0]
        for _ in range(100_000):
            y = (y * x[1] + x[2]).tanh() if y > -2.0 else y
        return y

    recorded = Recorded(chain, 0.5, 0.25, 0.125)
    assert recorded.report["steps"] == 300_000
    assert len(recorded.guards) == 100_000

"""What a choice did not take is given nothing, and nothing times an infinite slope is nothing; what is 0 because it was
computed so is a number, and 0 times infinity is nan. In every way to a first derivative, and in every order."""

import math

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, reference
from fastgrad import math as fm
from fastgrad._programs import program as _program
from support.program_steps import Steps

SETS = [k for k in range(8) if _program.use_lanes(k)]
ROWS = 43


@pytest.fixture(params=SETS, ids=lambda k: _program.use_lanes(k))
def lanes(request):
    """Each of the instruction sets that this processor has."""
    yield _program.use_lanes(request.param)
    _program.use_lanes(SETS[-1])


# The slope at 0, where that of the root is infinite.

NOTHING = {
    "max": lambda x: fm.max(fm.sqrt(x), 1.0),
    "min": lambda x: fm.min(-2.0, fm.sqrt(x)),
    "clip from below": lambda x: fm.clip(fm.sqrt(x), 1.0, 2.0),
    "clip from above": lambda x: fm.clip(fm.sqrt(x) + 3.0, 1.0, 2.0),
    "where": lambda x: fm.where(x > 0.0, fm.sqrt(x), 1.0),
    "where of a maximum": lambda x: fm.where(x < 1.0, fm.max(fm.sqrt(x), 1.0), x),
    "relu": lambda x: fm.relu(fm.sqrt(x) - 1.0),
    "relu at its kink": lambda x: fm.relu(fm.sqrt(x)),
    "abs at its kink": lambda x: abs(fm.sqrt(x)),
    "leaky relu": lambda x: (fm.sqrt(x) - 1.0).leaky_relu(0.0),
    "sign": lambda x: fm.sqrt(x).sign(),
    "copysign": lambda x: fm.copysign(1.0, fm.sqrt(x)),
    "comparison": lambda x: (fm.sqrt(x) > 1.0) * 2.0,
    "through several": lambda x: fm.max(fm.exp(fm.sin(2.0 * fm.sqrt(x) - 1.0)) / 3.0, 7.0),
    "through a product": lambda x: fm.max(fm.sqrt(x) * fm.log1p(x), 1.0),
    "through an infinite factor": lambda x: fm.max((x - 1.0) * math.inf, 1.0),
    "through a sum": lambda x: fm.max(fastgrad.sum([fm.sqrt(x), x, 0.5]), 1.0),
    "through a dot": lambda x: fm.max(fastgrad.dot([fm.sqrt(x), x, 3.0], [x, fm.sqrt(x), x]), 1.0),
    "through a dot with an infinite factor": lambda x: fm.max(fastgrad.dot([x - 1.0, 1.0], [math.inf, x]), 1.0),
    "through a prod": lambda x: fm.max(fastgrad.prod([fm.sqrt(x), x, 2.0]), 1.0),
    "through a mean": lambda x: fm.max(fastgrad.mean([fm.sqrt(x), x]), 1.0),
    "through a logsumexp": lambda x: fm.max(fastgrad.logsumexp([fm.sqrt(x), x]), 9.0),
    "through a softmax": lambda x: fm.max(fastgrad.softmax([fm.sqrt(x), x])[0], 9.0),
    "through a hypot": lambda x: fm.hypot(fm.sqrt(x), x),
    "by two choices": lambda x: fm.max(fm.sqrt(x), 1.0) + fm.relu(fm.sqrt(x) - 1.0),
    "one choice over another": lambda x: fm.max(fm.min(fm.sqrt(x), -1.0), -2.0),
}
SOMETHING = {
    "the other side of a max": (lambda x: fm.max(fm.sqrt(x), 1.0 + x), 1.0),
    "half of a max at a tie": (lambda x: fm.max(fm.sqrt(x), 0.0), math.inf),
    "beside a choice": (lambda x: fm.max(fm.sqrt(x), 1.0) + fm.sqrt(x), math.inf),
    "a leaky relu": (lambda x: (fm.sqrt(x) - 1.0).leaky_relu(0.1), math.inf),
    "a computed 0": (lambda x: fm.sqrt(x) ** 2, math.nan),
    "a root of a square": (lambda x: fm.sqrt(x * x), math.nan),
    "a computed 0 beside a choice": (lambda x: fm.max(fm.sqrt(x), 1.0) + fm.sqrt(x) * fm.sqrt(x), math.nan),
    "a computed 0 in what was taken": (lambda x: fm.max(fm.sqrt(x) * fm.sqrt(x), -1.0), math.nan),
    "a computed 0 over a choice": (lambda x: fm.relu(fm.sqrt(x) + 1.0) * x * x, math.nan),
    "atan2 at its axis": (lambda x: fm.atan2(0.0 * x, 1.0 + fm.sqrt(x)), math.nan),
}
CASES = {name: (function, 0.0) for name, function in NOTHING.items()} | SOMETHING


def close(expected):
    return pytest.approx(expected, abs=0.0, nan_ok=True)


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def test_of_a_sweep(case):
    function, slope = case
    x = Value(0.0)
    y = function(x)
    y.backward()
    assert x.grad == close(slope)
    y.zero_grad()  # from here on the order is known
    y.backward()
    assert x.grad == close(slope)
    assert fastgrad.gradients(y, x) == close(slope)


def test_of_a_sweep_over_what_a_sweep_has_left(case):
    function, slope = case
    x = Value(0.0)
    y = function(x)
    for k in range(1, 3):
        for node in (y, *y.prev):
            node.grad = 0.0
        y.backward()
        assert math.isnan(x.grad) == math.isnan(k * slope)


def test_of_a_sweep_that_makes_scalars(case):
    function, slope = case
    x = Value(0.0)
    assert fastgrad.gradients(function(x), x, create_graph=True).data == close(slope)


def test_of_one_row(case):
    function, slope = case
    compiled = fastgrad.compile(lambda x: function(x))
    assert [compiled.value_and_grad(0.0)[1] for _ in range(3)] == close([slope] * 3)


def test_of_one_row_in_buffers(case):
    function, slope = case
    compiled = fastgrad.compile(lambda x: function(x[0]))
    compiled([0.0])
    x, value, grad = np.zeros(1), np.empty(1), np.empty(1)
    call = compiled.bind(x, value, grad)
    for _ in range(2):
        call()
        assert grad[0] == close(slope)


def test_of_rows(case, lanes):
    """Among others, whose slopes are what they are without it."""
    function, slope = case
    compiled = fastgrad.compile(lambda x: function(x))
    X = np.linspace(0.2, 0.8, ROWS)
    X[[0, 7, ROWS - 1]] = 0.0
    found = compiled.batch_value_and_grad(X)[1]
    for x, each in zip(X, found):
        expected = slope if x == 0.0 else fastgrad.compile(lambda x: function(x)).value_and_grad(x)[1]
        assert each == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_of_a_sum_over_rows(case, lanes):
    """By a number that all rows share, along with theirs."""
    function, slope = case
    compiled = fastgrad.compile(lambda shared, x: function(shared) * x)
    assert compiled.sum_value_and_grad(0.0, np.ones(ROWS))[1] == close(ROWS * slope)
    compiled = fastgrad.compile(lambda shared, x: function(shared * x))
    assert compiled.sum_value_and_grad(0.0, np.ones(ROWS))[1] == close(ROWS * slope)
    assert compiled.sum_value_and_grad(1.0, np.zeros(ROWS))[1] == close(slope * 0.0)


def test_of_derived_programs(case):
    function, slope = case
    compiled = fastgrad.compile(lambda x: function(x))
    assert compiled.jacobian(0.0, mode="reverse") == close(slope)
    assert fastgrad.grad(function)(0.0) == close(slope)


def test_rows_whose_guards_fail_do_not_matter():
    """Their gradient may be nan."""
    compiled = fastgrad.compile(lambda x: fm.max(fm.sqrt(x), 1.0) if x >= 0.0 else -x)
    X = np.array([0.0, 4.0, -1.0] * 20)
    assert compiled.batch_value_and_grad(X)[1].tolist() == [0.0, 0.25, -1.0] * 20


def test_each_output_has_its_own():
    steps = Steps(2, [1.0])
    program = steps.program([steps.max(steps.sqrt(0), 2), steps.mul(0, 1)])
    for rows in (1, 4, ROWS):
        X = np.tile([0.0, 3.0], (rows, 1))
        assert program.run_grad(X, program.uniforms)[2].tolist() == [[3.0, 0.0]] * rows
        seeds = np.tile([-2.0, 5.0], (rows, 1))
        assert program.run_grad(X, program.uniforms, seeds)[2].tolist() == [[15.0, 0.0]] * rows


def test_of_a_callback_and_of_operations_of_ones_own():
    half = fastgrad.custom("half", lambda a: 0.5 * a, lambda a: math.inf)
    x = Value(2.0)
    fm.max(half(x), 7.0).backward()
    assert x.grad == 0.0
    fm.max(half(x), 1.0).backward()
    assert x.grad == math.inf


def test_a_sweep_inside_a_sweep_asks_for_its_own():
    """The callback's sweep takes what the outer one leaves, and the other way round."""
    x, inner = Value(0.0), []
    root = fm.sqrt(x)
    middle = root + 1.0

    def callback():
        z = Value(0.0)
        fm.max(fm.sqrt(z), 1.0).backward()
        inner.append(z.grad)
        root.grad += middle.grad

    middle._backward = callback
    fm.max(middle, 7.0).backward()
    assert (x.grad, inner) == (0.0, [0.0])
    (middle * 0.0 + fm.max(root, 7.0)).backward()
    assert math.isnan(x.grad)
    assert inner == [0.0, 0.0]


@pytest.mark.parametrize("name", ["abs", "relu", "floor", "sign"])
def test_the_reference_says_the_same(name):
    def function(x):
        y = x.sqrt() * 2.0 - (0.0 if name == "abs" else 1.0)
        return abs(y) if name == "abs" else getattr(y, name)()

    ours, theirs = Value(0.0), reference.Value(0.0)
    function(ours).backward()
    function(theirs).backward()
    assert ours.grad == theirs.grad == 0.0
    (function(ours) + ours.sqrt() ** 2).backward()
    (function(theirs) + theirs.sqrt() ** 2).backward()
    assert math.isnan(ours.grad)
    assert math.isnan(theirs.grad)

"""Dots of the same inputs, as layers are, which many rows compute as one matrix: each is what it is by itself."""

import numpy as np
import pytest

import fastgrad
from fastgrad import Value
from fastgrad._programs import program as _program
from support.program_steps import Steps

SETS = [k for k in range(8) if _program.use_lanes(k)]
BEST = SETS[-1]


@pytest.fixture(params=SETS, ids=lambda k: _program.use_lanes(k))
def lanes(request):
    """Each of the instruction sets that this processor has."""
    yield _program.use_lanes(request.param)
    _program.use_lanes(BEST)


class Layer:
    """A program of dots of the same inputs, and numpy's numbers for it."""

    def __init__(self, inputs, outputs, biased=True, seed=0):
        self.rng = np.random.default_rng(seed)
        self.weights = self.rng.normal(size=(outputs, inputs))
        self.biases = self.rng.normal(size=outputs) if biased else np.zeros(outputs)
        steps = Steps(inputs, [*self.weights.ravel(), *self.biases][: None if biased else outputs * inputs])
        dots = []
        for j in range(outputs):
            first = inputs + j * inputs
            bias = [inputs + outputs * inputs + j] if biased else []
            dots.append(steps.dot(range(inputs), range(first, first + inputs), *bias))
        self.program, self.biased = steps.program(dots), biased

    def check(self, rows):
        X = self.rng.normal(size=(rows, self.weights.shape[1]))
        seeds = self.rng.normal(size=(rows, len(self.weights)))
        _, _, by_uniforms, values, grads = self.program.run_sum(X, self.program.uniforms, seeds, inputs_wanted=True)
        close(values, X @ self.weights.T + self.biases)
        close(grads, seeds @ self.weights)
        by_weights = (seeds.T @ X).ravel()
        close(by_uniforms, np.concatenate([by_weights, seeds.sum(axis=0)]) if self.biased else by_weights)
        assert (self.program.run(X, self.program.uniforms)[0] == values).all()
        assert (self.program.run_grad(X, self.program.uniforms, seeds)[2] == grads).all()


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * (np.abs(expected).max(initial=0.0) or 1.0))


@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("outputs", [1, 2, 3, 4, 5, 7, 16, 33])
@pytest.mark.parametrize("inputs", [1, 2, 3, 4, 5, 8, 17])
def test_a_layer_of_any_shape_is_right(lanes, inputs, outputs, biased):
    Layer(inputs, outputs, biased).check(100)


@pytest.mark.parametrize("rows", [3, 4, 5, 7, 8, 9, 12, 31, 64, 200, 255, 256, 257, 1000, 3001])
def test_a_layer_is_right_for_any_number_of_rows(lanes, rows):
    Layer(6, 9).check(rows)


def test_rows_are_the_same_with_any_number_of_threads(lanes):
    layer = Layer(5, 6)
    X = layer.rng.normal(size=(200_000, 5))
    one, several = (layer.program.run_sum(X, layer.program.uniforms, num_threads=k) for k in (1, 3))
    assert (one[2] == several[2]).all()
    assert one[0] == several[0]


def test_rows_are_the_same_whatever_was_computed_before(lanes):
    layer = Layer(5, 6)
    X = layer.rng.normal(size=(3000, 5))

    def sums(rows):
        total, _, by_uniforms, values = layer.program.run_sum(X[:rows], layer.program.uniforms)
        return total, by_uniforms.tolist(), values.tolist()

    before = {rows: sums(rows) for rows in (7, 300, 3000)}
    assert [sums(rows) == before[rows] for rows in (7, 3000, 300, 7)] == [True] * 4


# What is asked of it.


def by_numpy(X, first, second):
    """Values of two layers of three inputs, four neurons and two."""
    hidden = np.tanh(X @ first[:, :-1].T + first[:, -1])
    return hidden, hidden @ second[:, :-1].T + second[:, -1]


def two_layers(bias_last=False):
    """Steps of two layers, neuron by neuron, and the values of the second; each neuron's bias follows its weights.

    With `bias_last` biases are added as products with 1, as sums that begin with the products have them.
    """
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(4, 4)), rng.normal(size=(2, 5))
    steps = Steps(3, [*first.ravel(), *second.ravel(), 1.0])
    one, place = 3 + 26, 3

    def neuron(x):
        nonlocal place
        weights, place = [*range(place, place + len(x))], place + len(x) + 1
        if bias_last:
            return steps.dot([*x, place - 1], [*weights, one])
        return steps.dot(x, weights, place - 1)

    hidden = [steps.tanh(neuron(range(3))) for _ in range(4)]
    return steps, first, second, hidden, [neuron(hidden) for _ in range(2)]


@pytest.mark.parametrize("bias_last", [False, True])
@pytest.mark.parametrize("rows", [5, 300])
def test_layers_of_neurons_follow_one_another(lanes, rows, bias_last):
    steps, first, second, _, outputs = two_layers(bias_last)
    program, X = steps.program(outputs), np.random.default_rng(2).normal(size=(rows, 3))
    seeds = np.random.default_rng(3).normal(size=(rows, 2))
    _, _, by_uniforms, values, grads = program.run_sum(X, program.uniforms, seeds, True, uniforms_wanted=26)
    hidden, expected = by_numpy(X, first, second)
    given = (seeds @ second[:, :-1]) * (1.0 - hidden**2)
    ones = np.ones((rows, 1))
    close(values, expected)
    close(grads, given @ first[:, :-1])
    by_first, by_second = given.T @ np.hstack([X, ones]), seeds.T @ np.hstack([hidden, ones])
    close(by_uniforms, np.concatenate([by_first.ravel(), by_second.ravel()]))


def test_a_gradient_by_some_weights_only_is_that_by_all(lanes):
    steps, *_, outputs = two_layers()
    program, X = steps.program(outputs), np.random.default_rng(2).normal(size=(300, 3))
    everything = program.run_sum(X, program.uniforms)[2]
    for wanted in (0, 1, 5, 16, 17, 26):
        close(program.run_sum(X, program.uniforms, uniforms_wanted=wanted)[2], everything[:wanted])


def test_neurons_that_nobody_asks_for_give_nothing(lanes):
    """Not even 0 times infinity."""
    steps = Steps(4, [1.0, 2.0, 3.0, 4.0, np.inf, np.nan, 5.0])
    wide = [steps.dot([0, 1, 2, 3], [4, 5, 6, 7]), steps.dot([0, 1, 2, 3], [8, 9, 10, 4], 5)]
    chosen = steps.stop(wide[1])
    program = steps.program([wide[0], chosen])
    X = np.random.default_rng(0).normal(size=(20, 4))
    _, _, by_uniforms, values, grads = program.run_sum(X, program.uniforms, inputs_wanted=True)
    assert grads.tolist() == [[1.0, 2.0, 3.0, 4.0]] * 20
    close(by_uniforms, [*X.sum(axis=0), 0.0, 0.0, 0.0])
    assert np.isnan(values[:, 1]).all()


def test_rows_that_are_not_there_are_in_no_sum(lanes):
    """The last row fills the lanes beyond it, where 0 times its infinity would be nan."""
    layer = Layer(4, 3)
    for rows in (3, 5, 6, 7, 9, 15):
        X = np.ones((rows, 4))
        X[-1, 2] = np.inf
        by_uniforms = layer.program.run_sum(X, layer.program.uniforms)[2]
        assert by_uniforms.tolist() == [rows, rows, np.inf, rows] * 3 + [rows] * 3


def test_neurons_may_share_weights_and_biases(lanes):
    steps = Steps(2, [2.0, 3.0])
    program = steps.program([steps.dot([0, 1], [2, 2], 3), steps.dot([0, 1], [3, 2], 3)])
    X = np.random.default_rng(0).normal(size=(50, 2))
    _, _, by_uniforms, values, grads = program.run_sum(X, program.uniforms, inputs_wanted=True)
    close(values, np.stack([2.0 * X.sum(axis=1) + 3.0, X @ [3.0, 2.0] + 3.0], axis=1))
    close(grads, np.tile([5.0, 4.0], (50, 1)))
    close(by_uniforms, [X.sum() + X[:, 1].sum(), X[:, 0].sum() + 100.0])


def test_inputs_may_be_used_elsewhere_and_twice(lanes):
    steps = Steps(2, [2.0, 3.0, 5.0])
    squared = steps.mul(0, 0)
    twice = [steps.dot([0, 1, 0, 1], [2, 3, 4, 2]), steps.dot([0, 1, 0, 1], [4, 2, 3, 4])]
    once = [steps.dot([0, 1, squared], [2, 3, 4]), steps.dot([0, 1, squared], [3, 4, 2])]
    program = steps.program([*twice, *once, squared, 0])
    X = np.random.default_rng(0).normal(size=(50, 2))
    x, y = X.T
    values, _, grads = program.run_grad(X, program.uniforms)
    expected = [7 * x + 5 * y, 8 * x + 7 * y, 2 * x + 3 * y + 5 * x * x, 3 * x + 5 * y + 2 * x * x, x * x, x]
    close(values, np.stack(expected, axis=1))
    close(grads, np.stack([21.0 + 16 * x, 20.0 + 0 * y], axis=1))


def test_a_product_of_two_numbers_that_want_gradients_gives_them_to_both(lanes):
    steps = Steps(1, [2.0, 3.0, 5.0])
    program = steps.program([steps.dot([0, 2], [1, 3]), steps.dot([0, 2], [3, 3])])
    X = np.arange(20.0)[:, np.newaxis]
    by_uniforms = program.run_sum(X, program.uniforms)[2]
    assert by_uniforms.tolist() == [190.0, 40 * 5.0, 190.0 + 40 * 3.0]


def test_a_neuron_that_a_row_does_not_choose_gives_it_nothing(lanes):
    """Not even 0 times infinity."""
    steps = Steps(2, [2.0, 3.0, np.inf])
    chosen = steps.select(0, steps.dot([0, 1], [2, 3]), steps.dot([0, 1], [3, 4]))
    program, X = steps.program([chosen]), np.ones((20, 2))
    assert program.run_grad(X, program.uniforms)[2].tolist() == [[2.0, 3.0]] * 20
    assert program.run_sum(X, program.uniforms)[2].tolist() == [20.0, 20.0, 0.0]


def test_a_guard_sees_a_neuron_as_eager_code_computes_it(lanes):
    """Where the last bit decides."""
    w = [Value(0.1), Value(0.2), Value(0.3), Value(0.7)]

    @fastgrad.compile
    def f(*x):
        total = sum(wi * xi for wi, xi in zip(w, x))
        return total if total > 0.36 else -total

    X = np.abs(np.random.default_rng(0).normal(size=(400, 4)))
    X[:, 3] = (0.36 - X[:, :3] @ [0.1, 0.2, 0.3]) / 0.7
    assert [np.sign(y) for y in f.batch(*X.T)] == [np.sign(f(*row)) for row in X.tolist()]


@pytest.mark.parametrize("write", [lambda w, x, b: sum((p * q for p, q in zip(w, x)), b),
                                   lambda w, x, b: sum(p * q for p, q in zip(w, x)) + b,
                                   lambda w, x, b: b + fastgrad.dot(w, x)])  # fmt: skip
def test_a_users_classes_are_layers_however_sums_are_written(lanes, write):
    rng = np.random.default_rng(0)
    weights = [[Value(v) for v in row] for row in rng.normal(size=(3, 5))]

    @fastgrad.compile
    def loss(*x):
        hidden = [write(row[:-1], x, row[-1]).tanh() for row in weights]
        return fastgrad.sum(hidden) ** 2

    X = rng.normal(size=(300, 4))
    loss.sum(*X.T).backward()
    table = np.array([[w.data for w in row] for row in weights])
    hidden = np.tanh(X @ table[:, :-1].T + table[:, -1])
    given = 2.0 * hidden.sum(axis=1, keepdims=True) * (1.0 - hidden**2)
    close(np.array([[w.grad for w in row] for row in weights]), given.T @ np.hstack([X, np.ones((300, 1))]))

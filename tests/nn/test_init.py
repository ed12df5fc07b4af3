"""Where parameters start: initialisers, the order of drawing, and whose random numbers are drawn."""

import math
import random
import re

import numpy as np
import pytest

from fastgrad import nn
from fastgrad.nn import init

MAKERS = [
    init.uniform,
    init.zeros,
    init.normal,
    init.xavier_uniform,
    init.xavier_normal,
    init.he_uniform,
    init.he_normal,
]


@pytest.fixture
def generator():
    return np.random.default_rng(0)


@pytest.mark.parametrize(
    ("draw", "low", "high"),
    [
        (init.uniform(), -1.0, 1.0),
        (init.uniform(2.0, 3.0), 2.0, 3.0),
        (init.xavier_uniform(), -math.sqrt(6 / 10), math.sqrt(6 / 10)),
        (init.he_uniform(), -math.sqrt(6 / 4), math.sqrt(6 / 4)),
        (init.zeros(), 0.0, 0.0),
    ],
)
def test_bounds(draw, low, high, generator):
    drawn = draw(generator, 4, 6, 10_000)
    assert low <= drawn.min() <= drawn.max() <= high
    assert drawn.max() - drawn.min() == pytest.approx(high - low, rel=0.01)


@pytest.mark.parametrize(
    ("draw", "mean", "variance"),
    [
        (init.normal(), 0.0, 1.0),
        (init.normal(3.0, std=0.5), 3.0, 0.25),
        (init.xavier_normal(), 0.0, 2 / 10),
        (init.xavier_uniform(), 0.0, 2 / 10),
        (init.he_normal(), 0.0, 2 / 4),
        (init.he_uniform(), 0.0, 2 / 4),
    ],
)
def test_mean_and_variance(draw, mean, variance, generator):
    drawn = draw(generator, 4, 6, 100_000)
    assert drawn.mean() == pytest.approx(mean, abs=0.02)
    assert drawn.var() == pytest.approx(variance, rel=0.02)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("rng", [None, np.random, 3, np.random.default_rng(3)])
def test_names_and_functions_are_the_same_from_every_source(make, rng):
    def flat(weights):
        random.seed(3)
        np.random.seed(3)
        source = np.random.default_rng(3) if isinstance(rng, np.random.Generator) else rng
        return nn.Layer(2, 3, weights=weights, bias="normal", rng=source).flat.tolist()

    assert flat(make.__name__) == flat(make()) == flat(make)
    assert any(flat(make))


# The order of drawing, by which a program gets the numbers of the engine it was written for.


def test_pythons_random_is_drawn_neuron_by_neuron():
    random.seed(5)
    expected = [random.uniform(-1, 1) for _ in range(2 * 3 + 3)]
    random.seed(5)
    model = nn.MLP(2, [3, 1])
    assert [p.data for layer in model.layers for neuron in layer.neurons for p in neuron.w] == expected
    assert [neuron.b.data for layer in model.layers for neuron in layer.neurons] == [0.0] * 4


def test_a_bias_that_is_drawn_comes_after_its_neurons_weights():
    random.seed(5)
    expected = [random.uniform(-1, 1) for _ in range(3 * 3 + 4)]
    random.seed(5)
    assert nn.MLP(2, [3, 1], bias="uniform").flat.tolist() == expected


def test_numpys_random_state_is_drawn_in_the_same_order():
    np.random.seed(5)
    expected = [np.random.uniform(-1, 1) for _ in range(3 * 3 + 4)]
    np.random.seed(5)
    assert nn.MLP(2, [3, 1], bias="uniform", rng=np.random).flat.tolist() == expected


def test_a_seed_is_that_of_a_new_generator_for_all_layers():
    model = nn.MLP(2, [3, 3], rng=7)
    assert (model.flat == nn.MLP(2, [3, 3], rng=np.random.default_rng(7)).flat).all()
    assert (model.flat == nn.MLP(2, [3, 3], rng=np.int32(7)).flat).all()
    assert not (nn.MLP(2, [2, 2], rng=7).layers[0].flat == nn.MLP(2, [2, 2], rng=7).layers[1].flat).all()


def test_a_generator_goes_on():
    generator = np.random.default_rng(7)
    assert not (nn.Neuron(2, rng=generator).flat == nn.Neuron(2, rng=generator).flat).any(where=[True, True, False])


def test_the_global_states_are_left_alone_by_other_sources():
    before = random.getstate(), np.random.get_state()[1].tolist()
    nn.MLP(2, [3, 1], rng=0)
    nn.MLP(2, [3, 1], weights="zeros")
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


# Initialisers of one's own.


def test_a_function_is_told_the_layers_sizes():
    calls = []

    def draw(rng, nin, nout, size):
        calls.append((rng, nin, nout, size))
        return range(size)

    generator = np.random.default_rng(0)
    layer = nn.Layer(3, 2, weights=draw, bias=draw, rng=generator)
    assert calls == [(generator, 3, 2, 3), (generator, 3, 2, 1)] * 2
    assert layer.flat.tolist() == [0.0, 1.0, 2.0, 0.0] * 2


@pytest.mark.parametrize("drawn", [[1.0], 1.0, [[1.0, 2.0]], None, "ab", ["a", "b"]])
def test_a_function_that_returns_anything_else_is_named(drawn):
    with pytest.raises(
        ValueError, match=f"weights: the initialiser must return 2 numbers, not {re.escape(repr(drawn))}"
    ):
        nn.Layer(2, 1, weights=lambda *_: drawn)


@pytest.mark.parametrize("rng", [-1, 1.5, True, "0", random])
def test_other_sources_are_refused(rng):
    with pytest.raises(ValueError, match="rng must be None, a seed .*, not "):
        nn.Layer(2, 1, rng=rng)


def test_a_refused_argument_draws_nothing():
    before = random.getstate()
    for wrong in ({"activation": "tan"}, {"bias": "none"}):
        with pytest.raises(ValueError, match="must be"):
            nn.MLP(2, [3, 1], **wrong)
    assert random.getstate() == before

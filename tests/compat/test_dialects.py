"""The notebooks' dialects: the networks of teaching engines, with their names, weights and looks."""

import math
import random

import numpy as np
import pytest

from fastgrad import Scalar, Value
from fastgrad.compat import seed0, seed1, seed2
from fastgrad.compat.micrograd import nn
from support.unfused import Unfused


def outputs(model, row):
    """What a network gives for a row, in a list."""
    results = model(row)
    return [result.data for result in (results if isinstance(results, list) else [results])]


DIALECTS = {
    "seed0": (lambda: seed0.MultiLayerPerceptron(2, 3, 2, 4), ["tanh", "tanh", "identity"], Scalar),
    "seed1": (lambda: seed1.MLP(2, [4, 4, 3]), ["tanh", "tanh", "tanh"], Value),
    "seed2": (lambda: seed2.MLP(2, [4, 4, 3]), ["tanh", "tanh", "identity"], Value),
    "micrograd": (lambda: nn.MLP(2, [4, 4, 3]), ["relu", "relu", "identity"], Value),
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialects_network_is_its_scalars(dialect):
    make, activations, number = DIALECTS[dialect]
    model = make()
    assert [layer.activation for layer in model.layers] == activations
    assert [type(parameter) for parameter in model.parameters()] == [number] * 47
    results, unfused = model([0.5, number(-1.5)]), Unfused(model.layers)
    expected = unfused([0.5, -1.5])
    assert [type(result) for result in results] == [number] * 3
    assert [result.data for result in results] == pytest.approx([result.data for result in expected], rel=1e-12)
    sum(results).backward()
    sum(expected).backward()
    assert model.flat_grad == pytest.approx(unfused.flat_grad, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("make", "seed", "draw", "biases_too"),
    [
        (DIALECTS["seed0"][0], np.random.seed, lambda: np.random.uniform(-1, 1), True),
        (DIALECTS["seed1"][0], random.seed, lambda: random.uniform(-1, 1), True),
        (DIALECTS["seed2"][0], random.seed, lambda: random.uniform(-1, 1), False),
        (DIALECTS["micrograd"][0], random.seed, lambda: random.uniform(-1, 1), False),
    ],
    ids=DIALECTS,
)
def test_a_dialect_draws_from_its_engines_source_in_its_order(make, seed, draw, biases_too):
    seed(4)
    expected = []
    for nin, nout in [(2, 4), (4, 4), (4, 3)]:
        for _ in range(nout):
            expected += [draw() for _ in range(nin)] + [draw() if biases_too else 0.0]
    seed(4)
    assert make().flat.tolist() == expected


def test_each_dialect_has_the_numbers_too():
    assert seed0.Scalar is Scalar
    assert seed1.Value is seed2.Value is Value


class TestSeed0:
    def test_a_perceptron(self):
        perceptron = seed0.Perceptron(input_size=2)
        perceptron.weights, perceptron.bias = [0.5, -0.25], 0.125
        assert perceptron([2.0, 1.0]).data == math.tanh(0.125 + 1.0 - 0.25)
        assert perceptron.activate is True
        perceptron.activate = False
        assert perceptron([2.0, 1.0]).data == 0.875
        assert seed0.Perceptron(2, False).activate is False

    def test_labels(self):
        mlp = seed0.MultiLayerPerceptron(3, 1, n_perceptrons_per_layer=2)
        for perceptron in [seed0.Perceptron(3), *seed0.Layer(2, 3).perceptrons, *mlp.layers[0].perceptrons]:
            assert [weight.label for weight in perceptron.weights] == ["w1", "w2", "w3"]
            assert perceptron.bias.label == "b"

    def test_a_layer_gives_a_list_and_a_network_a_single_output_bare(self):
        row = [Scalar(1.0), Scalar(-1.0)]
        assert [type(y) for y in seed0.Layer(1, 2)(row)] == [Scalar]
        assert len(seed0.Layer(n_perceptrons=3, input_size=2, activate=False)(row)) == 3
        assert type(seed0.MultiLayerPerceptron(2, 1)(row)) is Scalar
        assert len(seed0.MultiLayerPerceptron(n_inputs=2, n_outputs=2)(row)) == 2

    def test_layers_of_one_may_stand_anywhere(self):
        mlp = seed0.MultiLayerPerceptron(2, 1, 2, 1)
        one, two, three = mlp.layers
        assert mlp([1.0, 2.0]).data == three(two(one([1.0, 2.0])))[0].data
        mlp.layers.append(lambda outputs: [output * 2.0 for output in outputs])
        assert mlp([1.0, 2.0]).data == 2.0 * three(two(one([1.0, 2.0])))[0].data

    def test_defaults(self):
        layers = seed0.MultiLayerPerceptron(3, 2).layers
        assert [(layer.nin, len(layer.perceptrons)) for layer in layers] == [(3, 5), (5, 2)]
        assert [perceptron.activate for layer in layers for perceptron in layer.perceptrons] == [True] * 5 + [False] * 2

    def test_many_rows(self):
        assert seed0.Layer(1, 2)(np.ones((4, 2))).shape == (4,)
        assert seed0.MultiLayerPerceptron(2, 1)(np.ones((4, 2))).shape == (4,)


class TestSeed1:
    def test_parameters_and_outputs(self):
        neuron = seed1.Neuron(2)
        assert neuron.parameters() == neuron.w + [neuron.b]
        assert type(seed1.Layer(2, 1)([1, 2])) is Value
        assert len(seed1.Layer(2, 3)([1, 2])) == 3
        assert len(seed1.MLP(3, [4, 4, 1]).parameters()) == 41


class TestSeed2:
    def test_nonlin(self):
        neuron = seed2.Neuron(2, nonlin=False)
        neuron.w, neuron.b = [1.0, 2.0], 0.5
        assert neuron([1.0, 1.0]).data == 3.5
        neuron.nonlin = True
        assert neuron([1.0, 1.0]).data == math.tanh(3.5)

    def test_looks(self):
        assert repr(seed2.Layer(3, 2)) == "Layer of [tanhNeuron(3), tanhNeuron(3)]"
        assert repr(seed2.Layer(3, 1, nonlin=False)) == "Layer of [LinearNeuron(3)]"
        assert repr(seed2.MLP(3, [1, 4])) == f"MLP of [Layer of [tanhNeuron(3)], {seed2.Layer(1, 4, nonlin=False)}]"

    def test_modules_of_ones_own(self):
        class Pair(seed2.Module):
            def __init__(self):
                self.neurons = [seed2.Neuron(1), seed2.Neuron(1)]

            def parameters(self):
                return [p for neuron in self.neurons for p in neuron.parameters()]

        pair = Pair()
        for p in pair.parameters():
            p.grad = 1.0
        pair.zero_grad()
        assert [p.grad for p in pair.parameters()] == [0.0] * 4

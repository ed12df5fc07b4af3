"""The stand-in for micrograd: the same networks, weights, outputs and looks."""

import random

import pytest

import fastgrad
from fastgrad.compat.micrograd import engine, nn


def gradients_of_a_step(networks, seed=8):
    """Build a network from seeded weights, take one step of a loss over two rows, and return all that came out."""
    random.seed(seed)
    model = networks.MLP(2, [3, 2, 1])
    loss = sum((model(row) - target) ** 2 for row, target in [([1.0, -2.0], 1.0), ([0.5, 3.0], -1.0)])
    model.zero_grad()
    loss.backward()
    return loss.data, [p.data for p in model.parameters()], [p.grad for p in model.parameters()]


def test_value_is_fastgrads():
    assert engine.Value is fastgrad.Value


def test_weights_are_drawn_in_order_and_biases_start_at_0():
    random.seed(5)
    expected = [random.uniform(-1, 1) for _ in range(6 + 3)]
    random.seed(5)
    model = nn.MLP(2, [3, 1])
    first, last = model.layers
    assert [weight.data for neuron in first.neurons + last.neurons for weight in neuron.w] == expected
    assert [neuron.b.data for neuron in first.neurons + last.neurons] == [0.0] * 4


def test_parameters_are_each_neurons_weights_and_then_its_bias():
    layer = nn.Layer(2, 2)
    one, two = layer.neurons
    assert layer.parameters() == [*one.w, one.b, *two.w, two.b]
    assert nn.MLP(3, [4, 4, 1]).parameters()[-1].data == 0.0
    assert len(nn.MLP(3, [4, 4, 1]).parameters()) == 41
    assert nn.Module().parameters() == []


def test_a_neuron_is_a_weighted_sum_through_a_relu():
    neuron = nn.Neuron(2)
    for weight, data in zip(neuron.w, (2.0, -3.0), strict=True):
        weight.data = data
    neuron.b.data = 0.5
    assert neuron([1.0, 0.5]).data == 1.0
    assert neuron([1.0, 1.0]).data == 0.0
    neuron.nonlin = False
    assert neuron([1.0, 1.0]).data == -0.5


def test_only_the_last_layer_is_linear():
    assert [[neuron.nonlin for neuron in layer.neurons] for layer in nn.MLP(1, [2, 2, 1]).layers] == [
        [True, True],
        [True, True],
        [False],
    ]


def test_a_layer_of_one_gives_its_output_bare():
    assert isinstance(nn.Layer(2, 1)([1.0, 2.0]), fastgrad.Value)
    assert len(nn.Layer(2, 3)([1.0, 2.0])) == 3


def test_zero_grad():
    model = nn.MLP(2, [2, 1])
    for parameter in model.parameters():
        parameter.grad = 3.0
    model.zero_grad()
    assert [parameter.grad for parameter in model.parameters()] == [0.0] * 9


def test_looks():
    assert repr(nn.Neuron(3)) == "ReLUNeuron(3)"
    assert repr(nn.Neuron(3, nonlin=False)) == "LinearNeuron(3)"
    assert repr(nn.Layer(2, 2)) == "Layer of [ReLUNeuron(2), ReLUNeuron(2)]"
    assert repr(nn.MLP(2, [1, 1])) == "MLP of [Layer of [ReLUNeuron(2)], Layer of [LinearNeuron(1)]]"


def test_numbers_are_those_of_micrograd():
    original = pytest.importorskip("micrograd.nn")
    loss, weights, gradients = gradients_of_a_step(nn)
    expected_loss, expected_weights, expected_gradients = gradients_of_a_step(original)
    assert loss == pytest.approx(expected_loss, rel=1e-12)
    assert weights == expected_weights
    assert gradients == pytest.approx(expected_gradients, rel=1e-12, abs=1e-12)
    assert any(gradients)
    assert repr(nn.MLP(2, [3, 1])) == repr(original.MLP(2, [3, 1]))


def test_looks_are_never_shortened():
    assert repr(nn.Layer(1, 40)).count("ReLUNeuron(1)") == 40


def test_sweeps_over_one_graph_leave_what_micrograds_do():
    original = pytest.importorskip("micrograd.nn")
    found = []
    for networks in (nn, original):
        random.seed(3)
        model = networks.MLP(2, [3, 2])
        one, two = model([1.0, -2.0])
        for output in (one, two, one):
            output.backward()
        found.append([p.grad for p in model.parameters()])
    assert found[0] == pytest.approx(found[1], rel=1e-12)
    assert any(found[0])

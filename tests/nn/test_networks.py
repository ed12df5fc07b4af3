"""Networks of layers, functions and other modules, one after the other."""

import threading

import numpy as np
import pytest

import fastgrad
from fastgrad import nn


def test_parameters_of_a_network_lie_in_one_run():
    model = nn.MLP(3, [4, 4, 1])
    assert len({id(layer._dense.leaves) for layer in model.layers}) == 1
    assert len(model.parameters()) == model.num_parameters() == len(model.layers[0]._dense.leaves) == 41


def test_the_count_of_parameters_of_a_deep_network():
    model = nn.MultiLayerPerceptron(64, 1, n_hidden_layers=23, n_perceptrons_per_layer=10)
    assert model.num_parameters() == 3081
    assert len(model.layers) == 24


def test_layers_may_be_replaced_added_and_taken_away():
    model = nn.MLP(2, [3, 2], rng=0)
    row = [0.5, -0.5]
    first, second = model.layers
    assert [y.data for y in model(row)] == [y.data for y in second(first(row))]
    third = nn.Layer(2, 1, rng=1)
    model.layers.append(third)
    assert model(row).data == third(second(first(row))).data
    model.layers[1] = other = nn.Layer(3, 2, "relu", rng=2)
    assert model(row).data == third(other(first(row))).data
    assert model.num_parameters() == 9 + 8 + 3
    del model.layers[1:]
    assert [y.data for y in model(row)] == [y.data for y in first(row)]
    model.zero_grad()
    found = [name for name, _ in model.named_parameters()]
    assert found == [f"layers.0.neurons.{i}.{part}" for i in range(3) for part in ("w.0", "w.1", "b")]


def test_layers_that_do_not_fit_are_refused():
    model = nn.MLP(2, [3, 2])
    model.layers[1] = nn.Layer(4, 2)
    with pytest.raises(ValueError, match="3 neurons cannot be followed by one with 4 inputs"):
        model([1.0, 2.0])


def test_a_layer_with_a_call_of_its_own_is_called():
    class Doubled(nn.Layer):
        def __call__(self, x):
            return [2.0 * y for y in super().__call__(x)]

    one, two, three = nn.Layer(2, 2, rng=0), Doubled(2, 2, rng=1), nn.Layer(2, 1, rng=2)
    model = nn.Sequential(one, two, three)
    expected = three([2.0 * y for y in nn.Layer.__call__(two, one([1.0, 2.0]))])
    assert model([1.0, 2.0]).data == expected.data


def test_functions_and_modules_come_one_after_the_other():
    inner, last = nn.MLP(2, [3, 2], rng=0), nn.Layer(2, 1, None, rng=1)
    model = nn.Sequential(inner, last, lambda y: y * 2.0, nn.Neuron(1, None, rng=2))
    x = [0.3, -0.4]
    assert model(x).data == model.layers[3]([last(inner(x)) * 2.0]).data
    assert model.num_parameters() == inner.num_parameters() + 3 + 2
    assert nn.Sequential(inner, last)(np.ones((4, 2))).shape == (4,)
    assert nn.Sequential()(x) is x


def test_a_layer_that_comes_twice_counts_once():
    layer = nn.Layer(2, 2, None, rng=0)
    model = nn.Sequential(layer, layer)
    sum(model([1.0, 2.0])).backward()
    once = nn.Layer(2, 2, None)
    once.flat = layer.flat
    sum(once(once([1.0, 2.0]))).backward()
    assert model.num_parameters() == 6
    assert (model.flat_grad == once.flat_grad).all()


def test_looks():
    assert repr(nn.MLP(2, [2, 1], rng=0)) == (
        "MLP of [Layer of [tanhNeuron(2), tanhNeuron(2)], Layer of [LinearNeuron(2)]]"
    )
    assert repr(nn.Sequential(nn.Layer(1, 1), abs)) == "Sequential of [Layer of [tanhNeuron(1)], abs]"


def test_a_recording_in_another_thread_changes_no_bit():
    model, X = nn.MLP(3, [16, 16, 1], rng=0), np.random.default_rng(0).normal(size=(500, 3))
    before = model(X).data
    inside, go = threading.Event(), threading.Event()

    def stops(x):
        inside.set()
        go.wait()
        return x * x

    thread = threading.Thread(target=fastgrad.compile(stops), args=(2.0,))
    thread.start()
    inside.wait()
    during = model(X).data
    go.set()
    thread.join()
    assert np.array_equal(before, during)

"""Neurons and layers: calls, views of their parameters, activations, and what is refused."""

import math
import re

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, nn

# Calls.


def test_a_row_gives_scalars_and_many_rows_a_batch():
    layer = nn.Layer(2, 3)
    for row in ([1.0, 2], (1.0, 2.0), np.array([1.0, 2.0]), [Value(1.0), 2.0]):
        results = layer(row)
        assert [type(result) for result in results] == [Value] * 3
    for rows in ([[1.0, 2.0]] * 4, np.ones((4, 2)), np.ones((4, 2), dtype=np.float32)):
        assert isinstance(layer(rows), nn.Batch)
        assert layer(rows).shape == (4, 3)


def test_a_width_of_one_gives_the_scalar_itself():
    for module in (nn.Layer(2, 1), nn.Neuron(2), nn.Perceptron(2), nn.MLP(2, [3, 1]), nn.Sequential(nn.Layer(2, 1))):
        assert type(module([1.0, 2.0])) is Value
        assert module([[1.0, 2.0], [3.0, 4.0]]).shape == (2,)


def test_a_gradient_reaches_scalars_among_the_inputs():
    x = Value(0.5)
    neuron = nn.Neuron(2, activation=None)
    neuron.w, neuron.b = [3.0, 4.0], 1.0
    neuron([x, 2.0]).backward()
    assert x.grad == 3.0


MODULES = [nn.Neuron(2), nn.Layer(2, 3), nn.MLP(2, [3, 1]), nn.Sequential(nn.Layer(2, 1), abs)]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: type(module).__name__)
@pytest.mark.parametrize("x", [[1.0], [1.0, 2.0, 3.0], [[1.0, 2.0], [1.0]], np.ones((4, 3)), [], np.ones((0, 2))])
def test_a_row_of_the_wrong_width_and_no_row_are_refused(module, x):
    with pytest.raises(ValueError, match="^x "):
        module(x)


@pytest.mark.parametrize("x", [[1.0, math.nan], [[1.0, 2.0], [math.nan, 2.0]]])
def test_nan_is_refused(x):
    with pytest.raises(ValueError, match="^x .*nan"):
        nn.MLP(2, [3, 1])(x)


# Arguments.


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Neuron(0), "nin must be an integer of at least 1, not 0"),
        (lambda: nn.Neuron(2.5), "nin must be an integer of at least 1, not 2.5"),
        (lambda: nn.Layer(2, -1), "nout must be an integer of at least 1, not -1"),
        (lambda: nn.MLP(2, 3), "nouts must be a list of at least one number of neurons, not 3"),
        (lambda: nn.MLP(2, []), "nouts must be a list of at least one number of neurons, not []"),
        (lambda: nn.MLP(2, [3, 0]), "nouts[1] must be an integer of at least 1, not 0"),
        (lambda: nn.MultiLayerPerceptron(2, 1, 0), "n_hidden_layers must be an integer of at least 1, not 0"),
        (lambda: nn.Layer(2, 2, "tan"), "activation must be None, linear, identity, tanh, relu, "),
        (lambda: nn.Layer(2, 2, 1), "softmax, not 1"),
        (lambda: nn.MLP(2, [2], output_activation="tan"), "output_activation must be None, linear, identity, "),
        (lambda: nn.Neuron(2, "softmax"), "activation: softmax is one of a whole layer"),
        (lambda: nn.Layer(2, 1, "softmax"), "activation: softmax of one neuron is always 1; take sigmoid, or a neuron"),
        (lambda: nn.MLP(2, [3, 1], "tanh", "softmax"), "softmax of one neuron is always 1"),
        (lambda: setattr(nn.Layer(2, 1), "activation", "softmax"), "softmax of one neuron is always 1"),
        (lambda: nn.Layer(2, 2, weights="he"), "weights must be one of uniform, zeros, normal, "),
        (lambda: nn.Layer(2, 2, bias=0.0), "bias must be one of uniform, zeros, normal, "),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


def test_widths_may_be_numpys():
    assert nn.MLP(np.int64(2), np.array([3, 1])).num_parameters() == 13


def test_only_callables_come_one_after_the_other():
    with pytest.raises(TypeError, match="layers must be modules or functions, not 3"):
        nn.Sequential(nn.Layer(2, 3), 3)


# Neurons are views.


def test_neurons_weights_and_biases_are_views_of_the_layer():
    layer = nn.Layer(2, 2, activation=None)
    first, second = layer.neurons
    assert layer.neurons[0] is first
    assert second.w is layer.neurons[1].w
    assert layer.parameters() == [*first.w, first.b, *second.w, second.b]
    second.w[0].data, second.b.data = 5.0, 7.0
    assert [result.data for result in layer([1.0, 0.0])][1] == 12.0
    assert second([1.0, 0.0]).data == 12.0


def test_numbers_assigned_to_weights_and_bias_are_written():
    neuron = nn.Neuron(2)
    weights, bias = neuron.w, neuron.b
    neuron.w, neuron.b = np.array([1, 2]), np.float32(0.5)
    assert [weight.data for weight in weights] == [1.0, 2.0]
    assert bias.data == 0.5
    assert neuron.w is weights


@pytest.mark.parametrize("given", [[1.0], [1.0, 2.0, 3.0], 1.0, [1.0, Value(2.0)], ["1.0", "2.0"], None])
def test_anything_else_is_refused_with_the_remedy(given):
    neuron = nn.Neuron(2, rng=0)
    before = neuron.flat
    with pytest.raises(ValueError, match="^w must .* set their data"):
        neuron.w = given
    with pytest.raises(ValueError, match="^b must .* set their data"):
        neuron.b = neuron.b - 0.1
    assert (neuron.flat == before).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda list_: list_.__setitem__(0, Value(1.0)),
        lambda list_: list_.__delitem__(0),
        lambda list_: list_.append(Value(1.0)),
        lambda list_: list_.__iadd__([Value(1.0)]),
        lambda list_: list_.sort(key=id),
        lambda list_: list_.pop(),
    ],
)
def test_lists_of_views_cannot_be_changed(change):
    layer = nn.Layer(2, 2)
    with pytest.raises(TypeError, match="weights cannot be changed: set the data"):
        change(layer.neurons[0].w)
    with pytest.raises(TypeError, match="neurons cannot be changed: set the data"):
        change(layer.neurons)
    assert len(layer.neurons) == len(layer.neurons[0].w) == 2


def test_lists_of_views_are_lists_otherwise():
    neuron = nn.Neuron(2)
    assert neuron.w + [neuron.b] == neuron.parameters()
    assert neuron.w[:1] == [neuron.w[0]]
    assert [*neuron.w.copy(), neuron.b] == neuron.parameters()


def test_attributes_of_a_parameter_stay_with_it():
    neuron = nn.Neuron(2)
    neuron.b.momentum = 0.5
    fastgrad.collect()
    assert neuron.b.momentum == neuron.parameters()[2].momentum == 0.5


def test_a_neuron_made_without_its_init_says_so():
    class Own(nn.Neuron):
        def __init__(self, nin):
            self.w = [Value(1.0)] * nin

    with pytest.raises(AttributeError, match=r"call super\(\).__init__ first, or derive from Module"):
        Own(2)


def test_a_network_made_without_its_init_says_so():
    class Own(nn.MLP):
        def __init__(self):
            self.factor = Value(1.0)

    for use in (lambda: Own()([1.0]), lambda: Own().parameters(), lambda: repr(Own())):
        with pytest.raises(AttributeError, match=r"no layers yet: call super\(\).__init__ first"):
            use()
    with pytest.raises(AttributeError, match="no attribute 'width'$"):
        _ = nn.MLP(2, [1]).width


# Activations.


def test_an_activation_can_be_read_and_changed():
    layer = nn.Layer(1, 2, weights=lambda rng, nin, nout, size: [-1.0] * size)
    first = layer.neurons[0]
    layer.activation = "relu"
    assert (layer.activation, first.activation) == ("relu", "relu")
    assert first([1.0]).data == layer([1.0])[0].data == 0.0
    layer.activation = None
    assert (layer.activation, first([1.0]).data) == ("identity", -1.0)


def test_a_network_goes_by_a_layers_new_activation():
    model = nn.MLP(1, [1, 1], weights=lambda rng, nin, nout, size: [2.0] * size)
    assert model([1.0]).data == 2.0 * math.tanh(2.0)
    model.layers[0].activation = "linear"
    assert model([1.0]).data == 4.0


def test_neurons_of_one_layer_have_one_activation():
    layer, narrow = nn.Layer(1, 2), nn.Layer(1, 1)
    layer.neurons[0].activation = "tanh"
    with pytest.raises(ValueError, match="activation must be 'tanh', that of the neuron's layer, not 'relu': set the"):
        layer.neurons[0].activation = "relu"
    narrow.neurons[0].activation = "relu"
    assert narrow.activation == "relu"


def test_a_neuron_of_a_softmax_layer_has_no_output_of_its_own():
    with pytest.raises(ValueError, match="call the layer"):
        nn.Layer(2, 3, "softmax").neurons[0]([1.0, 2.0])


# Looks.


def test_looks():
    assert repr(nn.Layer(3, 1, "relu")) == "Layer of [ReLUNeuron(3)]"
    assert repr(nn.Perceptron(4)) == "stepPerceptron(4)"
    assert repr(nn.Layer(784, 128)) == "Layer of [tanhNeuron(784), tanhNeuron(784), 126 more]"

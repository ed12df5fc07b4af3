"""Neurons, layers, networks and modules of one's own: what they are made of, and what is refused."""

import math
import re

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, nn, optim


def names(module):
    return [name for name, _ in module.named_parameters()]


class Scaled(nn.Module):
    """A module of the kind that users write."""

    def __init__(self):
        self.title = "scaled"
        self.inner = nn.Layer(2, 2, rng=0)
        self.scales = [Value(2.0), {"last": Value(3.0)}]

    def __call__(self, x):
        one, two = self.inner(x)
        return one * self.scales[0] + two * self.scales[1]["last"]


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


# Networks.


def test_parameters_of_a_network_lie_in_one_run():
    model = nn.MLP(3, [4, 4, 1])
    assert len({id(layer._dense.run) for layer in model.layers}) == 1
    assert len(model.parameters()) == model.num_parameters() == len(model.layers[0]._dense.run) == 41


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
    assert names(model) == [f"layers.0.neurons.{i}.{part}" for i in range(3) for part in ("w.0", "w.1", "b")]


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


# Modules of one's own.


def test_parameters_are_found_in_attributes_in_order():
    model = Scaled()
    assert names(model) == [
        *(f"inner.neurons.{i}.{part}" for i in range(2) for part in ("w.0", "w.1", "b")),
        "scales.0",
        "scales.1.last",
    ]
    assert [value for _, value in model.named_parameters()] == model.parameters()
    assert model.parameters()[6:] == [model.scales[0], model.scales[1]["last"]]
    assert model.num_parameters() == 8


def test_attributes_that_are_no_parameters_are_left_out():
    model = Scaled()
    model.output = model([1.0, 2.0])
    model.rows, model.batch = np.ones((2, 2)), model.inner(np.ones((2, 2)))
    model.seen = [model.output, "text", {1: 2.0}, {Value(1.0)}]
    assert model.num_parameters() == 8


def test_arrays_of_scalars_are_found():
    class Table(nn.Module):
        def __init__(self):
            self.table = np.array([[Value(1.0), Value(2.0)], [Value(3.0), 4.0]])

    assert names(Table()) == ["table.0.0", "table.0.1", "table.1.0"]
    assert Table().flat.tolist() == [1.0, 2.0, 3.0]


def test_what_is_shared_counts_once():
    class Tied(nn.Module):
        def __init__(self):
            self.bias = Value(1.0)
            self.encoder = nn.Layer(2, 2)
            self.same = [self.encoder, self.encoder.neurons[1], self.bias]
            self.weight = self.encoder.neurons[0].w[1]

    model = Tied()
    assert model.num_parameters() == len(model.parameters()) == len(names(model)) == 7
    model.flat = range(7)
    assert (model.weight.data, model.same[1].b.data) == (2.0, 6.0)


def test_a_neuron_before_its_layer_counts_once():
    layer = nn.Layer(2, 3)
    model = nn.Sequential(layer.neurons[1], layer)
    assert model.num_parameters() == 9
    assert [value for _, value in model.named_parameters()] == model.parameters()
    assert model.parameters()[:3] == layer.neurons[1].parameters()


def test_modules_may_refer_to_each_other():
    model = Scaled()
    model.inner.parent = model
    model.again = [model]
    assert model.num_parameters() == 8
    assert "..." in repr(model)


def test_a_network_may_get_parameters_of_its_own():
    class Shifted(nn.MLP):
        def __init__(self):
            super().__init__(2, [2, 1], rng=0)
            self.shift = Value(0.5)

        def __call__(self, x):
            return super().__call__(x) + self.shift

    model = Shifted()
    assert names(model)[-1] == "shift"
    model([1.0, 2.0]).backward()
    assert model.shift.grad == 1.0
    model.zero_grad()
    assert model.shift.grad == 0.0
    model.layers[0].gain = Value(1.0)
    assert model.num_parameters() == 11


def test_a_network_may_be_made_of_given_layers():
    class Net(nn.MLP):
        def __init__(self):
            self.layers = [nn.Layer(2, 3, rng=0), nn.Layer(3, 1, rng=1)]

    net = Net()
    net.zero_grad()
    assert net([1.0, 2.0]).data == net.layers[1](net.layers[0]([1.0, 2.0])).data
    assert net.num_parameters() == 13


def test_parameters_found_after_the_first_call_count():
    model = nn.MLP(2, [2, 1])
    model.zero_grad()
    model.layers[1].gain = Value(1.0)
    model.extra = Value(2.0)
    assert model.num_parameters() == 11


class OnlyParameters(nn.Module):
    """A module in micrograd's manner."""

    def __init__(self):
        self.w = [Value(1.0), Value(2.0)]
        self.layer = nn.Layer(1, 1, None)
        self.frozen = Value(9.0)

    def __call__(self, x):
        return self.layer(x) * self.w[0] + self.w[1]

    def parameters(self):
        return [*self.layer.parameters(), *self.w]


def test_a_modules_own_parameters_are_what_counts():
    model = OnlyParameters()
    for parameter in [*model.parameters(), model.frozen]:
        parameter.grad = 1.0
    model.zero_grad()
    assert [p.grad for p in model.parameters()] == [0.0] * 4
    assert model.frozen.grad == 1.0
    assert model.num_parameters() == 4
    model.flat = [5.0, 6.0, 7.0, 8.0]
    assert [p.data for p in (*model.layer.parameters(), *model.w, model.frozen)] == [5.0, 6.0, 7.0, 8.0, 9.0]
    assert names(model) == ["layer.neurons.0.w.0", "layer.neurons.0.b", "w.0", "w.1"]


def test_a_module_with_its_own_parameters_in_another():
    outer = nn.Sequential(OnlyParameters(), nn.Layer(1, 1))
    assert outer.num_parameters() == len(outer.parameters()) == 6
    assert names(outer)[3:5] == ["layers.0.w.1", "layers.1.neurons.0.w.0"]


def test_own_parameters_may_add_to_those_found():
    class Child(Scaled):
        def parameters(self):
            return [*super().parameters(), hidden]

    hidden = Value(4.0)
    assert Child().num_parameters() == 9
    assert names(Child())[-2:] == ["scales.1.last", "parameters.8"]


def test_own_parameters_must_be_scalars():
    class Wrong(nn.Module):
        def parameters(self):
            return [1.0]

    with pytest.raises(TypeError, match=r"Wrong.parameters\(\) must give scalars, not 1.0 of type float"):
        Wrong().zero_grad()


def test_a_bare_module_has_no_parameters():
    module = nn.Module()
    module.zero_grad()
    assert (module.parameters(), module.num_parameters(), module.flat.shape) == ([], 0, (0,))


# Numbers and gradients at once.


def test_flat_reads_and_writes_copies():
    model = Scaled()
    numbers = model.flat
    numbers += 1.0
    assert model.scales[0].data == 2.0
    model.flat = numbers
    assert model.scales[0].data == 3.0
    assert [p.data for p in model.parameters()] == numbers.tolist()
    model.flat -= 1.0
    assert model.scales[0].data == 2.0
    model.flat_grad = np.arange(8)
    assert [p.grad for p in model.parameters()] == list(range(8))
    model.zero_grad()
    assert not model.flat_grad.any()


@pytest.mark.parametrize("given", [[1.0], 1.0, np.ones((8, 1)), ["a"] * 8, [Value(1.0)] * 8])
def test_flat_refuses_what_does_not_fit(given):
    model = Scaled()
    before = model.flat
    with pytest.raises(ValueError, match="^flat must "):
        model.flat = given
    with pytest.raises(ValueError, match="^flat_grad must "):
        model.flat_grad = given
    assert (model.flat == before).all()
    assert not model.flat_grad.any()


# Optimizers.


def test_an_optimizer_goes_by_a_module():
    for model in (nn.MLP(2, [2, 1], rng=0), OnlyParameters(), Scaled()):
        model.flat_grad = np.ones(model.num_parameters())
        before = model.flat
        optim.SGD(model, lr=0.5).step()
        assert (model.flat == before - 0.5).all()


# Looks.


def test_looks():
    assert repr(nn.MLP(2, [2, 1], rng=0)) == (
        "MLP of [Layer of [tanhNeuron(2), tanhNeuron(2)], Layer of [LinearNeuron(2)]]"
    )
    assert repr(nn.Layer(3, 1, "relu")) == "Layer of [ReLUNeuron(3)]"
    assert repr(nn.Perceptron(4)) == "stepPerceptron(4)"
    assert repr(nn.Layer(784, 128)) == "Layer of [tanhNeuron(784), tanhNeuron(784), 126 more]"
    assert repr(Scaled()) == "Scaled of [Layer of [tanhNeuron(2), tanhNeuron(2)]]"
    assert repr(nn.Sequential(nn.Layer(1, 1), abs)) == "Sequential of [Layer of [tanhNeuron(1)], abs]"

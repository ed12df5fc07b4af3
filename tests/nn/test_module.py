"""Modules of one's own: which parameters are found, and their numbers and gradients at once."""

import numpy as np
import pytest

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
    assert repr(Scaled()) == "Scaled of [Layer of [tanhNeuron(2), tanhNeuron(2)]]"

"""The notebooks' dialects: the networks of teaching engines, with their names, weights and looks."""

import copy
import math
import pickle
import random

import numpy as np
import pytest

import fastgrad
from fastgrad import Scalar, reference
from fastgrad.compat import eurekalabs, seed0, seed1, seed2
from fastgrad.compat.micrograd import engine, nn

SEED0 = seed0.MultiLayerPerceptron
DIALECTS = {  # what makes a network of layers of 4, 4 and 3, its activations, its numbers
    "seed0": (lambda: SEED0(2, 3, 2, 4), ["tanh", "tanh", None], Scalar),
    "seed1": (lambda: seed1.MLP(2, [4, 4, 3]), ["tanh", "tanh", "tanh"], seed1.Value),
    "seed2": (lambda: seed2.MLP(2, [4, 4, 3]), ["tanh", "tanh", None], seed2.Value),
    "micrograd": (lambda: nn.MLP(2, [4, 4, 3]), ["relu", "relu", None], engine.Value),
    "eurekalabs": (lambda: eurekalabs.MLP(2, [4, 4, 3]), ["tanh", "tanh", None], eurekalabs.Value),
}
every_dialect = pytest.mark.parametrize("dialect", DIALECTS)


def neurons_of(layer):
    """The neurons of a layer as pairs of the weights and the bias."""
    if isinstance(layer, seed0.Layer):
        return [(perceptron.weights, perceptron.bias) for perceptron in layer.perceptrons]
    return [(neuron.w, neuron.b) for neuron in layer.neurons]


def parameters_of(model):
    return [p for layer in model.layers for weights, bias in neurons_of(layer) for p in [*weights, bias]]


class Pure:
    """The network that a dialect's is, of the reference engine's numbers, neuron by neuron."""

    def __init__(self, model, activations):
        self.layers = [
            [([reference.Value(w.data) for w in weights], reference.Value(bias.data)) for weights, bias in neurons]
            for neurons in map(neurons_of, model.layers)
        ]
        self.activations = activations

    def __call__(self, x):
        for neurons, activation in zip(self.layers, self.activations):
            sums = [sum((w * value for w, value in zip(weights, x)), bias) for weights, bias in neurons]
            x = [getattr(z, activation)() for z in sums] if activation else sums
        return x

    def parameters(self):
        return [p for neurons in self.layers for weights, bias in neurons for p in [*weights, bias]]


def grads(numbers):
    return [number.grad for number in numbers]


class TestEveryDialect:
    @every_dialect
    def test_a_network_is_its_formula_on_numbers(self, dialect):
        make, activations, number = DIALECTS[dialect]
        model = make()
        pure = Pure(model, activations)
        results, expected = model([0.5, number(-1.5)]), pure([0.5, reference.Value(-1.5)])
        assert [type(result) for result in results] == [number] * 3
        assert [result.data for result in results] == [result.data for result in expected]
        sum(results).backward()
        sum(expected).backward()
        assert len(parameters_of(model)) == 47
        assert {type(p) for p in parameters_of(model)} == {number}
        assert grads(parameters_of(model)) == pytest.approx(grads(pure.parameters()), rel=1e-12)

    @every_dialect
    def test_sweeps_that_share_hidden_values_pass_on_again_what_is_left_there(self, dialect):
        make, activations, number = DIALECTS[dialect]
        np.random.seed(1)
        random.seed(1)
        model = make()
        pure = Pure(model, activations)
        x, y = [number(0.5), number(-1.5)], [reference.Value(0.5), reference.Value(-1.5)]
        for result, expected in zip(model(x), pure(y), strict=True):
            result.backward()
            expected.backward()
        once = Pure(model, activations)
        for k in range(3):  # each on a graph of its own, where nothing is left
            once([0.5, -1.5])[k].backward()
        assert grads(x) == pytest.approx(grads(y), rel=1e-12)
        assert grads(parameters_of(model)) == pytest.approx(grads(pure.parameters()), rel=1e-12)
        assert grads(parameters_of(model)) != pytest.approx(grads(once.parameters()), rel=1e-3)

    @every_dialect
    def test_hidden_values_are_reached_from_the_output(self, dialect):
        make, activations, number = DIALECTS[dialect]
        model, x = make(), [number(0.5), number(-1.5)]
        hidden = model.layers[0](x)
        output = model.layers[2](model.layers[1](hidden))[0]
        nodes, _ = output.trace()
        assert nodes >= set(hidden) | set(x) | set(neurons_of(model.layers[2])[0][0])
        symbols = [node.op for node in nodes]
        assert symbols.count({"relu": "ReLU"}.get(activations[0], activations[0])) >= 8
        assert symbols.count("*") == symbols.count("+") == 2 * 4 + 4 * 4 + 4

    @every_dialect
    def test_a_parameter_that_replaces_another_takes_part(self, dialect):
        make, _, number = DIALECTS[dialect]
        model = make()
        last = model.layers[-1]
        weight, bias = number(0.25), number(8.0)
        if dialect == "seed0":
            last.perceptrons[0].weights[0] = weight
            last.perceptrons[0].bias = bias
        else:
            last.neurons[0].w[0] = weight
            last.neurons[0].b = bias
            assert {weight, bias} <= set(model.parameters())
        hidden = model.layers[1](model.layers[0]([1.0, 2.0]))
        output = last(hidden)[0]
        output.backward()
        slope = 1.0 - output.data**2 if dialect == "seed1" else 1.0
        assert (weight.grad, bias.grad) == (slope * hidden[0].data, slope)

    @every_dialect
    def test_rows_are_lists_of_numbers_of_any_kind(self, dialect):
        make, _, number = DIALECTS[dialect]
        model = make()
        expected = [result.data for result in model([1.0, 2.0])]
        for row in ([1, 2], (number(1.0), 2.0), np.array([1.0, 2.0])):
            assert [result.data for result in model(row)] == expected

    @every_dialect
    def test_a_network_can_be_pickled_and_copied(self, dialect):
        model = DIALECTS[dialect][0]()
        for twin in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
            assert [p.data for p in parameters_of(twin)] == [p.data for p in parameters_of(model)]
            twin([1.0, 2.0])[0].backward()
            assert any(grads(parameters_of(twin)))
        assert not any(grads(parameters_of(model)))

    @pytest.mark.parametrize(
        ("dialect", "seed", "draw", "biases_too"),
        [
            ("seed0", np.random.seed, lambda: np.random.uniform(-1, 1), True),
            ("seed1", random.seed, lambda: random.uniform(-1, 1), True),
            ("seed2", random.seed, lambda: random.uniform(-1, 1), False),
            ("micrograd", random.seed, lambda: random.uniform(-1, 1), False),
        ],
    )
    def test_it_draws_from_its_engines_source_in_its_order(self, dialect, seed, draw, biases_too):
        seed(4)
        expected = []
        for nin, nout in [(2, 4), (4, 4), (4, 3)]:
            for _ in range(nout):
                expected += [draw() for _ in range(nin)] + [draw() if biases_too else 0.0]
        seed(4)
        assert [p.data for p in parameters_of(DIALECTS[dialect][0]())] == expected

    @pytest.mark.parametrize("module", [seed0, seed1, seed2, eurekalabs, nn])
    def test_all_its_names_are_there(self, module):
        assert set(module.__all__) <= set(vars(module))


class TestSeed0:
    def test_the_tutorials_cells_print_what_they_print_there(self):
        """The draws between the data's seed and each cell are the tutorial's: the cells are run in its order."""
        draw_colours(142)  # of the validation set, which is the last seed that is set before

        y = seed0.Perceptron(2)([Scalar(1.0, label="x1"), Scalar(-1.0, label="x2")])
        assert repr(y) == "Scalar(-0.9435194299282749, grad = 0.0)"

        one, two = seed0.Layer(n_perceptrons=2, input_size=2)([Scalar(1.0), Scalar(-1.0)])
        assert [one.data, two.data] == pytest.approx([-0.8370214580986272, 0.8766176818052355], rel=1e-14)

        mlp = SEED0(n_inputs=4, n_outputs=5, n_hidden_layers=2, n_perceptrons_per_layer=5)
        x = [Scalar(1.0), Scalar(2.0), Scalar(-5.0), Scalar(-3.0)]
        outputs = mlp(x)
        assert [outputs[0].data, outputs[1].data] == pytest.approx([1.0712041018792684, -1.7582872937271234], rel=1e-14)
        for output in outputs:
            output.backward()
        assert grads(x)[:2] == pytest.approx([168.79919539595937, 1.99459906505], rel=1e-11)
        assert x[2].grad == pytest.approx(9.0760, abs=5e-5)  # as the drawing rounds it

    def test_its_numbers_are_fastgrads(self):
        assert seed0.Scalar is Scalar

    def test_a_perceptron(self):
        perceptron = seed0.Perceptron(input_size=2)
        perceptron.weights, perceptron.bias = [Scalar(0.5), Scalar(-0.25)], Scalar(0.125)
        assert perceptron([2.0, 1.0]).data == math.tanh(0.125 + 1.0 - 0.25)
        assert perceptron.activate is True
        perceptron.activate = False
        assert perceptron([2.0, 1.0]).data == 0.875
        assert seed0.Perceptron(2, False).activate is False

    def test_labels(self):
        mlp = SEED0(3, 1, n_perceptrons_per_layer=2)
        for perceptron in [seed0.Perceptron(3), *seed0.Layer(2, 3).perceptrons, *mlp.layers[0].perceptrons]:
            assert [weight.label for weight in perceptron.weights] == ["w1", "w2", "w3"]
            assert perceptron.bias.label == "b"

    def test_a_layer_gives_a_list_and_a_network_a_single_output_bare(self):
        row = [Scalar(1.0), Scalar(-1.0)]
        assert [type(y) for y in seed0.Layer(1, 2)(row)] == [Scalar]
        assert len(seed0.Layer(n_perceptrons=3, input_size=2, activate=False)(row)) == 3
        assert type(SEED0(2, 1)(row)) is Scalar
        assert len(SEED0(n_inputs=2, n_outputs=2)(row)) == 2

    def test_layers_of_one_may_stand_anywhere(self):
        mlp = SEED0(2, 1, 2, 1)
        one, two, three = mlp.layers
        assert mlp([1.0, 2.0]).data == three(two(one([1.0, 2.0])))[0].data
        mlp.layers.append(lambda outputs: [output * 2.0 for output in outputs])
        assert mlp([1.0, 2.0]).data == 2.0 * three(two(one([1.0, 2.0])))[0].data

    def test_defaults(self):
        layers = SEED0(3, 2).layers
        assert [sizes(layer) for layer in layers] == [(3, 5), (5, 2)]
        assert [perceptron.activate for layer in layers for perceptron in layer.perceptrons] == [True] * 5 + [False] * 2

    def test_the_first_hidden_layer_is_always_there(self):
        assert [sizes(layer) for layer in SEED0(3, 2, n_hidden_layers=0).layers] == [(3, 5), (5, 2)]
        assert [sizes(layer) for layer in SEED0(3, 2, n_hidden_layers=3).layers] == [(3, 5), (5, 5), (5, 5), (5, 2)]


def draw_colours(seed):
    """Draw what the tutorial's set of 1,000 colours draws."""
    np.random.seed(seed)
    np.random.random(1000)
    np.random.random(1000)
    np.random.permutation(1000)


def sizes(layer):
    """The numbers of a layer's inputs and outputs."""
    return len(layer.perceptrons[0].weights), len(layer.perceptrons)


class TestSeed1:
    def test_parameters_and_outputs(self):
        neuron = seed1.Neuron(2)
        assert neuron.parameters() == [*neuron.w, neuron.b]
        assert type(seed1.Layer(2, 1)([1, 2])) is seed1.Value
        assert len(seed1.Layer(2, 3)([1, 2])) == 3
        assert len(seed1.MLP(3, [4, 4, 1]).parameters()) == 41

    def test_a_network_prints_its_sizes_when_it_is_made(self, capsys):
        seed1.MLP(3, [4, 4, 1])
        assert capsys.readouterr().out == "[3, 4, 4, 1]\n"

    def test_a_number_shows_its_label_and_whole_gradients_of_a_start_as_integers(self):
        a, b = seed1.Value(2.0, "a"), seed1.Value(-3.0, label="b")
        product = a * b
        assert repr(product) == "Value(label=, data=-6.0, grad=0)"
        product.backwards()
        assert repr([a, b, product]) == (
            "[Value(label=a, data=2.0, grad=-3.0), Value(label=b, data=-3.0, grad=2.0), "
            "Value(label=, data=-6.0, grad=1)]"
        )

    def test_it_is_made_with_a_label_operands_and_a_symbol(self):
        a = seed1.Value(2.0, "a")
        result = seed1.Value(5.0, "r", [a], "op")
        assert (result.label, result.prev, result.op) == ("r", [a], "op")

    def test_training_lowers_the_loss(self):
        random.seed(2)
        mlp = seed1.MLP(3, [4, 4, 1])
        losses = []
        for _ in range(30):
            loss = sum((mlp(x) - y) ** 2 for x, y in ROWS) ** 0.5
            for p in mlp.parameters():
                p.grad = 0
            loss.backwards()
            for p in mlp.parameters():
                p.data -= 0.05 * p.grad
            losses.append(loss.data)
        assert losses[-1] < 0.5 * losses[0]


ROWS = [([2.0, 3.0, -1.0], 1.0), ([3.0, -1.0, 0.5], -1.0), ([0.5, 1.0, 1.0], -1.0), ([1.0, 1.0, -1.0], 1.0)]


class TestSeed2:
    def test_a_number_shows_only_itself(self):
        a = seed2.Value(4.0, label="a")
        assert repr(a) == "Value(4.0)"
        assert repr([a * 2.0, a + 1.0]) == "[Value(8.0), Value(5.0)]"
        assert isinstance(a, fastgrad.Value)

    def test_the_notebooks_neuron_by_hand(self):
        x1, x2 = seed2.Value(2.0, label="x1"), seed2.Value(0.0, label="x2")
        w1, w2 = seed2.Value(-3.0, label="w1"), seed2.Value(1.0, label="w2")
        b = seed2.Value(6.8813735870195432, label="b")
        n = x1 * w1 + x2 * w2 + b
        o = n.tanh()
        o.backward()
        assert n._prev == {b, *(node for node in n.prev if node is not b)}
        assert grads([o, n, x1, w1, x2, w2]) == pytest.approx([1.0, 0.5, -1.5, 1.0, 0.5, 0.0], rel=1e-12)

    def test_nonlin(self):
        neuron = seed2.Neuron(2, nonlin=False)
        neuron.w, neuron.b = [seed2.Value(1.0), seed2.Value(2.0)], seed2.Value(0.5)
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
        assert grads(pair.parameters()) == [0.0] * 4

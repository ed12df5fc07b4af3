"""A neuron, a layer of neurons, a network of layers: all of it ordinary Python on numbers that know their gradients.

The classes never ask which engine they run on. `number` is whatever makes a parameter: `fastgrad.Value`,
`fastgrad.Scalar` or one of the classes in `fastgrad.reference`. `generator` is whatever has a `uniform(low, high)`:
`random.Random(1)` or one of numpy's.

>>> import random
>>> from fastgrad import Value
>>> network = MLP(Value, [3, 4, 4, 1], random.Random(1))
>>> len(network.parameters())
41
>>> -1.0 < network([2.0, 3.0, -1.0]).data < 1.0
True
"""

from itertools import pairwise


class Neuron:
    """A weighted sum of the inputs and a bias, squashed between -1 and 1 by tanh unless the neuron is linear."""

    def __init__(self, number, n_inputs, generator, linear=False):
        self.weights = [number(generator.uniform(-1, 1), label=f"w{i}") for i in range(1, n_inputs + 1)]
        self.bias = number(generator.uniform(-1, 1), label="b")
        self.linear = linear

    def __call__(self, inputs):
        total = sum((weight * x for weight, x in zip(self.weights, inputs, strict=True)), self.bias)
        return total if self.linear else total.tanh()

    def parameters(self):
        """Every number that training may change."""
        return [*self.weights, self.bias]


class Layer:
    """Neurons side by side: each sees all the inputs, none sees its neighbours."""

    def __init__(self, number, n_inputs, n_neurons, generator, linear=False):
        self.neurons = [Neuron(number, n_inputs, generator, linear) for _ in range(n_neurons)]

    def __call__(self, inputs):
        return [neuron(inputs) for neuron in self.neurons]

    def parameters(self):
        """Every number that training may change."""
        return [parameter for neuron in self.neurons for parameter in neuron.parameters()]


class MLP:
    """A multi-layer perceptron: layers one after another, each fed by the one before.

    `sizes` counts the inputs, then the neurons of each layer. A linear output leaves the last layer without its tanh,
    for answers outside -1 to 1. A network with a single output answers with that number, any other with a list.
    """

    def __init__(self, number, sizes, generator, linear_output=False):
        last = len(sizes) - 2
        self.layers = [
            Layer(number, n_inputs, n_neurons, generator, linear=linear_output and depth == last)
            for depth, (n_inputs, n_neurons) in enumerate(pairwise(sizes))
        ]

    def __call__(self, inputs):
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs[0] if len(inputs) == 1 else inputs

    def parameters(self):
        """Every number that training may change."""
        return [parameter for layer in self.layers for parameter in layer.parameters()]

"""micrograd's small neural network library.

A program that seeds ``random`` starts from the same weights here as there: they are drawn neuron after neuron, each
neuron's weights in the order of its inputs.

>>> import random
>>> random.seed(0)
>>> model = MLP(2, [2, 1])
>>> model
MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]
>>> loss = (model([1.0, -1.0]) - 1.0) ** 2
>>> model.zero_grad()
>>> loss.backward()
>>> len(model.parameters())
9
"""

import random

from .engine import Value

__all__ = ["MLP", "Layer", "Module", "Neuron"]


class Module:
    """Something with parameters."""

    def parameters(self):
        """Return the list of this module's parameters; a bare module has none."""
        return []

    def zero_grad(self):
        """Set every parameter's ``grad`` to 0."""
        for parameter in self.parameters():
            parameter.grad = 0.0


class Neuron(Module):
    """A weighted sum of the inputs and a bias of 0 at first, through a ReLU unless ``nonlin`` is false.

    >>> Neuron(3)
    ReLUNeuron(3)
    """

    def __init__(self, nin, nonlin=True):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0.0)
        self.nonlin = nonlin

    def __call__(self, x):
        """Return the neuron's output, one scalar, for the sequence of inputs ``x``."""
        total = sum((weight * value for weight, value in zip(self.w, x, strict=False)), self.b)
        return total.relu() if self.nonlin else total

    def parameters(self):
        """Return the weights and, last, the bias."""
        return [*self.w, self.b]

    def __repr__(self):
        kind = "ReLU" if self.nonlin else "Linear"
        return f"{kind}Neuron({len(self.w)})"


class Layer(Module):
    """``nout`` neurons with the same ``nin`` inputs; keyword arguments go to each neuron.

    >>> Layer(2, 2, nonlin=False)
    Layer of [LinearNeuron(2), LinearNeuron(2)]
    """

    def __init__(self, nin, nout, **kwargs):
        self.neurons = [Neuron(nin, **kwargs) for _ in range(nout)]

    def __call__(self, x):
        """Return the list of the neurons' outputs; of a single neuron, the output itself."""
        outputs = [neuron(x) for neuron in self.neurons]
        return outputs if len(outputs) != 1 else outputs[0]

    def parameters(self):
        """Return all neurons' parameters in one list."""
        return _parameters_of(self.neurons)

    def __repr__(self):
        return f"Layer of [{_joined(self.neurons)}]"


class MLP(Module):
    """Layers of the sizes ``nouts`` after ``nin`` inputs; the last layer is linear.

    >>> MLP(1, [2, 1])
    MLP of [Layer of [ReLUNeuron(1), ReLUNeuron(1)], Layer of [LinearNeuron(2)]]
    """

    def __init__(self, nin, nouts):
        last = len(nouts) - 1
        sizes = [nin, *nouts]
        self.layers = [Layer(sizes[i], size, nonlin=i != last) for i, size in enumerate(nouts)]

    def __call__(self, x):
        """Return the last layer's output for the sequence of inputs ``x``."""
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        """Return all layers' parameters in one list."""
        return _parameters_of(self.layers)

    def __repr__(self):
        return f"MLP of [{_joined(self.layers)}]"


def _parameters_of(modules):
    return [parameter for module in modules for parameter in module.parameters()]


def _joined(modules):
    return ", ".join(map(repr, modules))

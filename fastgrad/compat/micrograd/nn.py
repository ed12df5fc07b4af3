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

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from .engine import Value

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MLP", "Layer", "Module", "Neuron"]


class Module:
    """Something with parameters, and the base class for modules of your own, which say what `parameters` are.

    >>> Module().parameters()
    []
    """

    def parameters(self) -> list[Value]:
        """Return the parameters."""
        return []

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0."""
        for parameter in self.parameters():
            parameter.grad = 0.0


class Neuron(Module):
    """A weighted sum of the inputs and a bias of 0 at first, through a ReLU unless ``nonlin`` is false.

    >>> Neuron(3)
    ReLUNeuron(3)
    """

    _number: type[Value] = Value  # what the parameters are
    _shown = "ReLU"

    def __init__(self, nin: int, nonlin: bool = True) -> None:
        self.w = [self._number(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = self._number(0.0)
        self.nonlin = nonlin

    def __call__(self, x: Iterable[Any]) -> Any:
        total = sum((weight * value for weight, value in zip(self.w, x)), self.b)
        return self._activated(total) if self.nonlin else total

    def _activated(self, total: Value) -> Value:
        return total.relu()

    def parameters(self) -> list[Value]:
        """Return the weights and then the bias."""
        return [*self.w, self.b]

    def __repr__(self) -> str:
        return f"{self._shown if self.nonlin else 'Linear'}Neuron({len(self.w)})"


class Layer(Module):
    """``nout`` neurons with the same ``nin`` inputs; the output of a single one is given bare.

    >>> Layer(2, 2, nonlin=False)
    Layer of [LinearNeuron(2), LinearNeuron(2)]
    """

    _neuron_type: type[Neuron] = Neuron

    def __init__(self, nin: int, nout: int, **options: bool) -> None:
        self.neurons = [self._neuron_type(nin, **options) for _ in range(nout)]

    def __call__(self, x: Iterable[Any]) -> Any:
        outputs = [neuron(x) for neuron in self.neurons]
        return outputs[0] if len(outputs) == 1 else outputs

    def parameters(self) -> list[Value]:
        """Return each neuron's parameters, one neuron after the other."""
        return [parameter for neuron in self.neurons for parameter in neuron.parameters()]

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(repr, self.neurons))}]"


class MLP(Module):
    """Layers of the sizes ``nouts`` after ``nin`` inputs; the last layer is linear.

    >>> MLP(1, [2, 1])
    MLP of [Layer of [ReLUNeuron(1), ReLUNeuron(1)], Layer of [LinearNeuron(2)]]
    """

    _layer_type: type[Layer] = Layer

    def __init__(self, nin: int, nouts: Iterable[int]) -> None:
        sizes = [nin, *nouts]
        last = len(sizes) - 2
        self.layers = [
            self._layer_type(*pair, nonlin=place != last) for place, pair in enumerate(zip(sizes, sizes[1:]))
        ]

    def __call__(self, x: Iterable[Any]) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self) -> list[Value]:
        """Return each layer's parameters, one layer after the other."""
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(repr, self.layers))}]"

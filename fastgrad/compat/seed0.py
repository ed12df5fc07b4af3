"""The dialect of the perceptron tutorial: tanh perceptrons of Scalars, with ``weights`` and a ``bias``.

All numbers are drawn from ``numpy.random`` between -1 and 1, biases too, and labelled. A layer gives a list, of a
single perceptron too; a network's last layer is linear, and a single output is the scalar itself.

>>> import numpy as np
>>> np.random.seed(0)
>>> mlp = MultiLayerPerceptron(n_inputs=2, n_outputs=1, n_perceptrons_per_layer=3)
>>> y = mlp([Scalar(1.0, label="x1"), Scalar(-1.0, label="x2")])
>>> y.backward()
>>> len(mlp.layers), mlp.layers[0].perceptrons[2].weights[1].label
(2, 'w2')
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Layer", "MultiLayerPerceptron", "Perceptron", "Scalar"]


class Perceptron:
    """A weighted sum of the inputs and a bias, through tanh unless ``activate`` is false.

    >>> len(Perceptron(2).weights)
    2
    """

    _number: type[Scalar] = Scalar  # what the weights and the bias are

    def __init__(self, input_size: int, activate: bool = True) -> None:
        self.activate = activate
        self.weights = [self._drawn(f"w{place}") for place in range(1, input_size + 1)]
        self.bias = self._drawn("b")

    def _drawn(self, label: str) -> Scalar:
        return self._number(np.random.uniform(-1, 1), label=label)

    def __call__(self, inputs: Iterable[Any]) -> Any:
        total = sum((weight * value for weight, value in zip(self.weights, inputs)), self.bias)
        return total.tanh() if self.activate else total


class Layer:
    """``n_perceptrons`` with the same ``input_size`` inputs; a call gives the list of their outputs.

    >>> len(Layer(n_perceptrons=2, input_size=3)([0.1, 0.2, 0.3])), len(Layer(1, 3)([0.1, 0.2, 0.3]))
    (2, 1)
    """

    def __init__(self, n_perceptrons: int, input_size: int, activate: bool = True) -> None:
        self.perceptrons = [Perceptron(input_size, activate) for _ in range(n_perceptrons)]

    def __call__(self, inputs: Iterable[Any]) -> list[Any]:
        return [perceptron(inputs) for perceptron in self.perceptrons]


class MultiLayerPerceptron:
    """Hidden layers of ``n_perceptrons_per_layer``, and a linear layer of ``n_outputs``.

    The first hidden layer is there whatever ``n_hidden_layers`` is: 0 gives the same network as 1.

    >>> MultiLayerPerceptron(4, 5)([1.0, 2.0, -5.0, -3.0])[0].grad
    0.0
    """

    def __init__(
        self, n_inputs: int, n_outputs: int, n_hidden_layers: int = 1, n_perceptrons_per_layer: int = 5
    ) -> None:
        width = n_perceptrons_per_layer
        self.layers = [
            Layer(width, n_inputs),
            *(Layer(width, width) for _ in range(n_hidden_layers - 1)),
            Layer(n_outputs, width, activate=False),
        ]

    def __call__(self, inputs: Iterable[Any]) -> Any:
        """Return the list of the outputs, or a single output itself."""
        outputs = inputs
        for layer in self.layers:
            outputs = layer(outputs)
        outputs = list(outputs)
        return outputs[0] if len(outputs) == 1 else outputs

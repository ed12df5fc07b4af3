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

from typing import Any

import numpy as np

from fastgrad import Scalar, nn

__all__ = ["Layer", "MultiLayerPerceptron", "Perceptron", "Scalar"]

_DRAWN: dict[str, Any] = {"weights": "uniform", "bias": "uniform", "rng": np.random}


class Perceptron(nn.Neuron):
    """A weighted sum of the inputs and a bias, through tanh unless ``activate`` is false.

    >>> Perceptron(2)
    tanhPerceptron(2)
    """

    _number = Scalar

    def __init__(self, input_size: int, activate: bool = True) -> None:
        super().__init__(input_size, _activation(activate), **_DRAWN)
        _label(self)

    weights, bias = nn.Neuron.w, nn.Neuron.b

    @property
    def activate(self) -> bool:
        """Whether there is a tanh. Assigning switches it."""
        return self.activation != "identity"

    @activate.setter
    def activate(self, on: bool) -> None:
        self.activation = _activation(on)


class Layer(nn.Layer):
    """``n_perceptrons`` with the same ``input_size`` inputs; a call gives the list of their outputs.

    >>> len(Layer(n_perceptrons=2, input_size=3)([0.1, 0.2, 0.3])), len(Layer(1, 3)([0.1, 0.2, 0.3]))
    (2, 1)
    """

    _neuron_type = Perceptron
    _bare = False

    def __init__(self, n_perceptrons: int, input_size: int, activate: bool = True) -> None:
        super().__init__(input_size, n_perceptrons, _activation(activate), **_DRAWN)
        _label(*self.perceptrons)

    perceptrons = nn.Layer.neurons


class MultiLayerPerceptron(nn.MultiLayerPerceptron):
    """Hidden layers of ``n_perceptrons_per_layer``, and a linear layer of ``n_outputs``.

    >>> MultiLayerPerceptron(4, 5)([1.0, 2.0, -5.0, -3.0])[0].grad
    0.0
    """

    _layer_type = Layer

    def __init__(
        self, n_inputs: int, n_outputs: int, n_hidden_layers: int = 1, n_perceptrons_per_layer: int = 5
    ) -> None:
        super().__init__(n_inputs, n_outputs, n_hidden_layers, n_perceptrons_per_layer, **_DRAWN)
        for layer in self.layers:
            _label(*layer.perceptrons)

    def __call__(self, inputs: Any) -> Any:
        """Return the outputs for a row of inputs, a single one as the scalar itself; for many rows, a batch."""
        outputs = super().__call__(inputs)
        return outputs[0] if isinstance(outputs, list) and len(outputs) == 1 else outputs


def _activation(activate: bool) -> str | None:
    return "tanh" if activate else None


def _label(*perceptrons: Any) -> None:
    for perceptron in perceptrons:
        for number, weight in enumerate(perceptron.weights, 1):
            weight.label = f"w{number}"
        perceptron.bias.label = "b"

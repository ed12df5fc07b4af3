"""The dialect of the notebook that sets a Value engine beside PyTorch: tanh in every layer, the last one too.

Weights and biases are drawn from Python's ``random`` between -1 and 1.

>>> import random
>>> random.seed(0)
>>> mlp = MLP(3, [4, 4, 1])
>>> mlp([2.0, 3.0, -1.0]).backwards()
>>> [layer.activation for layer in mlp.layers], len(mlp.parameters())
(['tanh', 'tanh', 'tanh'], 41)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastgrad import Value, nn

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MLP", "Layer", "Neuron", "Value"]


class Neuron(nn.Neuron):
    """A weighted sum of the inputs and a bias, through tanh.

    >>> len(Neuron(2).parameters())
    3
    """

    _number = Value

    def __init__(self, nin: int) -> None:
        super().__init__(nin, bias="uniform")


class Layer(nn.Layer):
    """``nout`` neurons with the same ``nin`` inputs; a single neuron's output is given bare.

    >>> len(Layer(2, 3)([1, 2]))
    3
    """

    _neuron_type = Neuron

    def __init__(self, nin: int, nout: int) -> None:
        super().__init__(nin, nout, bias="uniform")


class MLP(nn.MLP):
    """Layers of the sizes ``layers`` after ``nin`` inputs.

    >>> len(MLP(2, [2, 2])([1.0, 2.0]))
    2
    """

    _layer_type = Layer

    def __init__(self, nin: int, layers: Iterable[int]) -> None:
        super().__init__(nin, layers, output_activation="tanh", bias="uniform")

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

from typing import TYPE_CHECKING

from fastgrad import nn
from fastgrad.compat._nonlin import Nonlin
from fastgrad.nn import Module

from .engine import Value

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MLP", "Layer", "Module", "Neuron"]


class Neuron(Nonlin, nn.Neuron):
    """A weighted sum of the inputs and a bias of 0 at first, through a ReLU unless ``nonlin`` is false.

    >>> Neuron(3)
    ReLUNeuron(3)
    """

    _nonlinear = "relu"
    _number = Value

    def __init__(self, nin: int, nonlin: bool = True) -> None:
        super().__init__(nin, self._activation_if(nonlin))


class Layer(Nonlin, nn.Layer):
    """``nout`` neurons with the same ``nin`` inputs, through a ReLU unless ``nonlin`` is false.

    >>> Layer(2, 2, nonlin=False)
    Layer of [LinearNeuron(2), LinearNeuron(2)]
    """

    _nonlinear = "relu"
    _neuron_type = Neuron

    def __init__(self, nin: int, nout: int, nonlin: bool = True) -> None:
        super().__init__(nin, nout, self._activation_if(nonlin))


class MLP(nn.MLP):
    """Layers of the sizes ``nouts`` after ``nin`` inputs; the last layer is linear.

    >>> MLP(1, [2, 1])
    MLP of [Layer of [ReLUNeuron(1), ReLUNeuron(1)], Layer of [LinearNeuron(2)]]
    """

    _layer_type = Layer

    def __init__(self, nin: int, nouts: Iterable[int]) -> None:
        super().__init__(nin, nouts, "relu")

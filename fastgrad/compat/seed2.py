"""The dialect of the notebook that builds an engine from the derivative on: micrograd's classes with tanh.

Weights are drawn from Python's ``random`` between -1 and 1, biases are 0 at first, and the last layer is linear.

>>> import random
>>> random.seed(0)
>>> model = MLP(2, [2, 1])
>>> model
MLP of [Layer of [tanhNeuron(2), tanhNeuron(2)], Layer of [LinearNeuron(2)]]
>>> model([2.1, 3.1]).backward()
>>> len(model.parameters())
9
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastgrad import Value, nn
from fastgrad.compat._nonlin import Nonlin
from fastgrad.nn import Module

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MLP", "Layer", "Module", "Neuron", "Value"]


class Neuron(Nonlin, nn.Neuron):
    """A weighted sum of the inputs and a bias, through tanh unless ``nonlin`` is false.

    >>> Neuron(3), Neuron(3, nonlin=False)
    (tanhNeuron(3), LinearNeuron(3))
    """

    _nonlinear = "tanh"
    _number = Value

    def __init__(self, nin: int, nonlin: bool = True) -> None:
        super().__init__(nin, self._activation_if(nonlin))


class Layer(Nonlin, nn.Layer):
    """``nout`` neurons with the same ``nin`` inputs, through tanh unless ``nonlin`` is false.

    >>> Layer(2, 1)
    Layer of [tanhNeuron(2)]
    """

    _nonlinear = "tanh"
    _neuron_type = Neuron

    def __init__(self, nin: int, nout: int, nonlin: bool = True) -> None:
        super().__init__(nin, nout, self._activation_if(nonlin))


class MLP(nn.MLP):
    """Layers of the sizes ``nouts`` after ``nin`` inputs; the last layer is linear.

    >>> MLP(1, [1, 1])
    MLP of [Layer of [tanhNeuron(1)], Layer of [LinearNeuron(1)]]
    """

    _layer_type = Layer

    def __init__(self, nin: int, nouts: Iterable[int]) -> None:
        super().__init__(nin, nouts)

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

import fastgrad
from fastgrad.compat.micrograd import nn
from fastgrad.compat.micrograd.nn import Module

__all__ = ["MLP", "Layer", "Module", "Neuron", "Value"]


class Value(fastgrad.Value):
    """A number that shows no gradient.

    >>> Value(4.0) + 1.0
    Value(5.0)
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Value({self.data})"


class Neuron(nn.Neuron):
    """A weighted sum of the inputs and a bias, through tanh unless ``nonlin`` is false.

    >>> Neuron(3), Neuron(3, nonlin=False)
    (tanhNeuron(3), LinearNeuron(3))
    """

    _number = Value
    _shown = "tanh"

    def _activated(self, total: fastgrad.Value) -> fastgrad.Value:
        return total.tanh()


class Layer(nn.Layer):
    """``nout`` neurons with the same ``nin`` inputs, through tanh unless ``nonlin`` is false.

    >>> Layer(2, 1)
    Layer of [tanhNeuron(2)]
    """

    _neuron_type = Neuron


class MLP(nn.MLP):
    """Layers of the sizes ``nouts`` after ``nin`` inputs; the last layer is linear.

    >>> MLP(1, [1, 1])
    MLP of [Layer of [tanhNeuron(1)], Layer of [LinearNeuron(1)]]
    """

    _layer_type = Layer

"""The dialect of the notebook that sets a Value engine beside PyTorch: tanh in every layer, the last one too.

Weights and biases are drawn from Python's ``random`` between -1 and 1. A network prints its sizes when it is made.

>>> import random
>>> random.seed(0)
>>> mlp = MLP(3, [4, 4, 1])
[3, 4, 4, 1]
>>> mlp([2.0, 3.0, -1.0]).backwards()
>>> len(mlp.parameters())
41
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import fastgrad
from fastgrad.compat.micrograd import nn

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MLP", "Layer", "Neuron", "Value"]


class Value(fastgrad.Value):
    """A number that shows its label, too.

    A gradient of 0, with which a number starts, and of 1, with which a sweep does, are shown as the integers they are
    there.

    >>> a = Value(2.0, "a")
    >>> y = a * 1.5
    >>> y.backwards()
    >>> a, y, Value(3.0)
    (Value(label=a, data=2.0, grad=1.5), Value(label=, data=3.0, grad=1), Value(label=, data=3.0, grad=0))
    """

    __slots__ = ()

    def __repr__(self) -> str:
        grad = int(self.grad) if self.grad in (0.0, 1.0) else self.grad
        return f"Value(label={self.label}, data={self.data}, grad={grad})"


class Neuron(nn.Neuron):
    """A weighted sum of the inputs and a bias, through tanh.

    >>> len(Neuron(2).parameters())
    3
    """

    _number = Value
    _shown = "tanh"

    def __init__(self, nin: int) -> None:
        super().__init__(nin)
        self.b.data = random.uniform(-1, 1)

    def _activated(self, total: fastgrad.Value) -> fastgrad.Value:
        return total.tanh()


class Layer(nn.Layer):
    """``nout`` neurons with the same ``nin`` inputs; a single neuron's output is given bare.

    >>> len(Layer(2, 3)([1, 2]))
    3
    """

    _neuron_type = Neuron

    def __init__(self, nin: int, nout: int) -> None:
        super().__init__(nin, nout)


class MLP(nn.MLP):
    """Layers of the sizes ``layers`` after ``nin`` inputs.

    >>> len(MLP(2, [2, 2])([1.0, 2.0]))
    [2, 2, 2]
    2
    """

    def __init__(self, nin: int, layers: Iterable[int]) -> None:
        sizes = [nin, *layers]
        print(sizes)
        self.layers = [Layer(*pair) for pair in zip(sizes, sizes[1:])]

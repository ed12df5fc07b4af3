"""The dialect of Eureka Labs' course on micrograd: tanh networks whose weights are scaled by the number of inputs.

Weights come from ``random``, a generator of the course's own that starts from 42, so that its C program draws the same
numbers; a program that draws its data from it, as the course does, draws them before the weights. Biases are 0 at
first. A layer gives a list, of a single neuron too, and the last layer is linear.

>>> model = MLP(2, [3, 1])
>>> model
MLP of [Layer of [TanHNeuron(2), TanHNeuron(2), TanHNeuron(2)], Layer of [LinearNeuron(3)]]
>>> (output,) = model([1.0, -2.0])
>>> output.backward()
>>> len(model.parameters())
13
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import fastgrad
from fastgrad.compat.micrograd import nn
from fastgrad.compat.micrograd.nn import Module

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MLP", "RNG", "Layer", "Module", "Neuron", "Value", "random"]

_64_BITS = (1 << 64) - 1


class RNG:
    """A xorshift* generator of 64 bits, which draws floats of single precision.

    >>> rng = RNG(42)
    >>> rng.random_u32(), 0.0 <= rng.random() < 1.0, -2.0 <= rng.uniform(-2.0, 2.0) < 2.0
    (1456360119, True, True)
    """

    def __init__(self, seed: int) -> None:
        self.state = seed

    def random_u32(self) -> int:
        """Return the next whole number of 32 bits."""
        x = self.state
        x ^= x >> 12
        x ^= (x << 25) & _64_BITS
        x ^= x >> 27
        self.state = x
        return (x * 0x2545F4914F6CDD1D & _64_BITS) >> 32

    def random(self) -> float:
        """Return the next number from 0 to 1, of 24 bits."""
        return (self.random_u32() >> 8) / 2.0**24

    def uniform(self, a: float = 0.0, b: float = 1.0) -> float:
        """Return the next number from ``a`` to ``b``."""
        return a + (b - a) * self.random()


random = RNG(42)


class Value(fastgrad.Value):
    """A number whose operands ``_prev`` are a tuple, in order.

    >>> a, b = Value(2.0), Value(3.0)
    >>> (a * b)._prev
    (Value(data=2.0, grad=0.0), Value(data=3.0, grad=0.0))
    """

    __slots__ = ()

    def __init__(self, data: Any, _prev: Iterable[fastgrad.Node] = (), _op: str = "") -> None:
        super().__init__(data, _prev, _op)

    @property
    def _prev(self) -> Any:
        return self._children


class Neuron(nn.Neuron):
    """A weighted sum of the inputs and a bias, through tanh unless ``nonlin`` is false.

    >>> Neuron(3), Neuron(3, nonlin=False)
    (TanHNeuron(3), LinearNeuron(3))
    """

    _number = Value
    _shown = "TanH"

    def __init__(self, nin: int, nonlin: bool = True) -> None:
        self.w = [self._number(random.uniform(-1, 1) * nin**-0.5) for _ in range(nin)]
        self.b = self._number(0.0)
        self.nonlin = nonlin

    def _activated(self, total: fastgrad.Value) -> fastgrad.Value:
        return total.tanh()


class Layer(nn.Layer):
    """``nout`` neurons with the same ``nin`` inputs; a call gives the list of their outputs.

    >>> len(Layer(2, 1)([1.0, 2.0]))
    1
    """

    _neuron_type = Neuron

    def __call__(self, x: Iterable[Any]) -> list[Any]:
        return [neuron(x) for neuron in self.neurons]


class MLP(nn.MLP):
    """Layers of the sizes ``nouts`` after ``nin`` inputs; the last layer is linear.

    >>> MLP(1, [1, 1])
    MLP of [Layer of [TanHNeuron(1)], Layer of [LinearNeuron(1)]]
    """

    _layer_type = Layer

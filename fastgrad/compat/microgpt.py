"""The dialect of the GPT in 200 lines: its numbers, which are fastgrad's, and the helpers its model is made of.

A number made by hand takes its operands and the slope for each: ``Value(data, children, local_grads)``.

>>> a, b = Value(2.0), Value(3.0)
>>> Value(6.0, (a, b), (3.0, 2.0)).backward()
>>> a.grad, b.grad
(3.0, 2.0)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastgrad import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Value", "linear", "rmsnorm", "softmax"]

_EPSILON = 1e-5  # keeps a row of zeros from a division by 0


def linear(x: Sequence[Any], w: Sequence[Sequence[Any]]) -> list[Any]:
    """Return the product of a matrix, the list of its rows, and a row of numbers: there is no bias.

    >>> linear([2.0, 3.0], [[Value(1.0), Value(0.0)], [Value(1.0), Value(-1.0)]])
    [Value(data=2.0, grad=0.0), Value(data=-1.0, grad=0.0)]
    """
    return [sum(weight * value for weight, value in zip(row, x)) for row in w]


def softmax(logits: Sequence[Value]) -> list[Value]:
    """Return the probabilities in proportion to the powers of e; the largest logit is taken off first, as a number.

    >>> softmax([Value(1000.0), Value(1000.0)])
    [Value(data=0.5, grad=0.0), Value(data=0.5, grad=0.0)]
    """
    largest = max(logit.data for logit in logits)
    powers = [(logit - largest).exp() for logit in logits]
    total: Any = sum(powers)
    return [power / total for power in powers]


def rmsnorm(x: Sequence[Any]) -> list[Any]:
    """Return the row divided by the root of its mean square.

    >>> [round(y.data, 3) for y in rmsnorm([Value(3.0), Value(4.0)])]
    [0.849, 1.131]
    """
    mean_square = sum(value * value for value in x) / len(x)
    scale = (mean_square + _EPSILON) ** -0.5
    return [value * scale for value in x]

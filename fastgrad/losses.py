"""Losses: how far predictions are from targets, as one number and one node.

A function takes the predictions as a model gives them, a `nn.Batch` of many rows, a list of scalars or of rows, or one
scalar, and plain numbers as targets. `l2_penalty` is of parameters.

>>> import fastgrad
>>> from fastgrad import losses
>>> w = fastgrad.Value(2.0)
>>> loss = losses.mse([w * 1.0, w * 2.0], [1.0, 2.0])
>>> loss.backward()
>>> loss.data, w.grad
(2.5, 5.0)
"""

from fastgrad._layers.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge,
    l2_penalty,
    mse,
    root_of_squares,
    sum_of_squares,
)

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "hinge",
    "l2_penalty",
    "mse",
    "root_of_squares",
    "sum_of_squares",
]

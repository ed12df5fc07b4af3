"""Networks: neurons, layers and multi-layer perceptrons, on fused nodes.

A call with one row gives scalars, a call with many rows one node for all of them, a `Batch`. The losses of
`fastgrad.losses` take both. The parameters of a network lie side by side; `flat` and `flat_grad` read and write them
all at once, and each is a scalar when it is asked for.

>>> from fastgrad import losses, nn, optim
>>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0]
>>> model = nn.MLP(2, [4, 1], rng=2)
>>> optimizer = optim.SGD(model, lr=0.1)
>>> for step in range(1000):
...     loss = losses.mse(model(X), y)
...     optimizer.zero_grad()
...     loss.backward()
...     optimizer.step()
>>> loss.data < 0.01
True
"""

from fastgrad._layers.batch import Batch
from fastgrad._layers.dense import ACTIVATIONS
from fastgrad.nn import init
from fastgrad.nn.layers import Layer, Neuron, Perceptron
from fastgrad.nn.module import Module
from fastgrad.nn.networks import MLP, MultiLayerPerceptron, Sequential

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "Batch",
    "Layer",
    "Module",
    "MultiLayerPerceptron",
    "Neuron",
    "Perceptron",
    "Sequential",
    "init",
]

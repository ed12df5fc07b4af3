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

from typing import TYPE_CHECKING, Any

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

_LAYER = "nn.Layer(nin, nout, activation=...) is a linear map with its activation; activation=None leaves it out"
_BY_NAME = "an activation is a layer's, by name: nn.Layer(nin, nout, activation={!r})"
_LOSS = "losses are functions of fastgrad.losses: {}(predictions, targets)"
_INSTEAD = {  # of what other libraries have
    **dict.fromkeys(["Linear", "LazyLinear", "Dense"], _LAYER),
    **{name: _BY_NAME.format(name.lower()) for name in ("Tanh", "ReLU", "Sigmoid", "Softplus", "GELU", "Softmax")},
    "LeakyReLU": _BY_NAME.format("leaky_relu"),
    "Identity": _BY_NAME.format("identity"),
    "MSELoss": _LOSS.format("mse"),
    "BCELoss": _LOSS.format("binary_cross_entropy"),
    "BCEWithLogitsLoss": _LOSS.format("binary_cross_entropy_with_logits"),
    "CrossEntropyLoss": _LOSS.format("cross_entropy"),
    "HingeEmbeddingLoss": _LOSS.format("hinge"),
    "Parameter": "any scalar that is a module's attribute is a parameter: self.scale = fastgrad.Value(1.0)",
    **dict.fromkeys(["ModuleList", "ModuleDict", "ParameterList"], "modules are found in plain lists and dicts, too"),
    "functional": "functions of scalars are in fastgrad.math, and losses in fastgrad.losses",
}

if not TYPE_CHECKING:  # a type checker would take it that there is an attribute of any name

    def __getattr__(name: str) -> Any:
        instead = f": {_INSTEAD[name]}" if name in _INSTEAD else ""
        raise AttributeError(f"module 'fastgrad.nn' has no attribute {name!r}{instead}")

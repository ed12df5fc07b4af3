from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastgrad.nn.init import _Choice, _Source
from fastgrad.nn.layers import _Row, _Rows
from fastgrad.nn.module import Module

class Sequential(Module):
    # Any: layers have attributes of their own, which a program goes through: model.layers[0].neurons[1].w
    layers: list[Any]
    def __init__(self, *layers: Callable[..., Any]) -> None: ...

    # Of a row, a list of scalars, or one scalar where the last layer has one neuron; a function may give anything.
    def __call__(self, x: _Rows | _Row | NDArray[Any]) -> Any: ...

class MLP(Sequential):
    def __init__(
        self,
        nin: int,
        nouts: Iterable[int] | NDArray[np.integer[Any]],
        activation: str | None = "tanh",
        output_activation: str | None = None,
        *,
        weights: _Choice = "uniform",
        bias: _Choice = "zeros",
        rng: _Source = None,
        compiled: bool = True,
    ) -> None: ...

class MultiLayerPerceptron(MLP):
    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        n_hidden_layers: int = 1,
        n_perceptrons_per_layer: int = 5,
        *,
        activation: str | None = "tanh",
        output_activation: str | None = None,
        weights: _Choice = "uniform",
        bias: _Choice = "zeros",
        rng: _Source = None,
        compiled: bool = True,
    ) -> None: ...

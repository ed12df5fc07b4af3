from collections.abc import Sequence
from typing import Any, SupportsFloat, TypeAlias, overload

from numpy.typing import NDArray

from fastgrad._layers.batch import Batch
from fastgrad._layers.dense import Dense
from fastgrad._tape.node import Node
from fastgrad._tape.numbers import Number
from fastgrad.nn.init import Recipe, _Choice, _Source
from fastgrad.nn.module import Module

# Signatures overlap since an array has a __float__ too.
# mypy: disable-error-code="overload-overlap"

_Row: TypeAlias = Sequence[Node | SupportsFloat]
_Rows: TypeAlias = Batch | Sequence[Sequence[Node | SupportsFloat] | NDArray[Any]]

class _Fused(Module):
    @property
    def nin(self) -> int: ...
    @property
    def compiled(self) -> bool: ...
    @compiled.setter
    def compiled(self, wanted: bool) -> None: ...

class Neuron(_Fused):
    def __init__(
        self,
        nin: int,
        activation: str | None = "tanh",
        *,
        weights: _Choice = "uniform",
        bias: _Choice = "zeros",
        rng: _Source = None,
    ) -> None: ...
    @overload
    def __call__(self, x: _Rows) -> Batch: ...
    @overload
    def __call__(self, x: _Row) -> Number: ...
    @overload
    def __call__(self, x: NDArray[Any]) -> Any: ...
    @property
    def w(self) -> list[Number]: ...
    @w.setter
    def w(self, numbers: Sequence[SupportsFloat] | NDArray[Any]) -> None: ...
    @property
    def activation(self) -> str: ...
    @activation.setter
    def activation(self, name: str | None) -> None: ...
    @property
    def b(self) -> Number: ...
    @b.setter
    def b(self, number: SupportsFloat) -> None: ...

class Perceptron(Neuron):
    def __init__(
        self,
        nin: int,
        activation: str | None = "step",
        *,
        weights: _Choice = "uniform",
        bias: _Choice = "zeros",
        rng: _Source = None,
    ) -> None: ...

class Layer(_Fused):
    def __init__(
        self,
        nin: int,
        nout: int,
        activation: str | None = "tanh",
        *,
        weights: _Choice = "uniform",
        bias: _Choice = "zeros",
        rng: _Source = None,
        compiled: bool = True,
    ) -> None: ...

    # Of a row, a list of scalars, or one scalar where there is one neuron: no type says which.
    @overload
    def __call__(self, x: _Rows) -> Batch: ...
    @overload
    def __call__(self, x: _Row | NDArray[Any]) -> Any: ...
    def has_more(self) -> bool: ...
    @property
    def nout(self) -> int: ...
    @property
    def activation(self) -> str: ...
    @activation.setter
    def activation(self, name: str | None) -> None: ...
    @property
    def neurons(self) -> list[Neuron]: ...

def activation_name(name: str | None, argument: str = "activation") -> str: ...
def check_softmax(nout: int, name: str) -> None: ...
def count(argument: str, given: object) -> int: ...
def draw(denses: list[Dense], recipe: Recipe) -> None: ...

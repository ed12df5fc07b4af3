from collections.abc import Iterable
from typing import Any, Literal, Protocol, SupportsFloat, TypeAlias, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastgrad._layers.batch import Batch
from fastgrad._tape.node import Node
from fastgrad._tape.numbers import Number
from fastgrad.nn import Module

# Of plain numbers the result is a plain number. Signatures overlap since a subclass of Node could have a __float__.
# The last ones are for mypy, which cannot tell the type of scalars in a list with numbers among them.
# mypy: disable-error-code="overload-overlap,overload-cannot-match"

_Plain: TypeAlias = SupportsFloat
_Array: TypeAlias = NDArray[np.floating[Any]] | NDArray[np.integer[Any]]
_Reduction: TypeAlias = Literal["mean", "sum"]
_N = TypeVar("_N", bound=Node)
_PlainRows: TypeAlias = _Array | Iterable[_Plain] | Iterable[Iterable[_Plain]]
_Rows: TypeAlias = Iterable[_N | _Plain] | Iterable[Iterable[_N | _Plain]]
_Any: TypeAlias = Batch | NDArray[np.object_] | Iterable[Node | _Plain] | Iterable[_Any]
_Targets: TypeAlias = ArrayLike | Iterable[_Plain] | Iterable[Iterable[_Plain]]

class _OfDifferences(Protocol):
    @overload
    def __call__(self, predictions: Batch, targets: _Targets | Node | _Any) -> Number: ...
    @overload
    def __call__(self, predictions: NDArray[np.object_], targets: _Targets | Node | _Any) -> Any: ...
    @overload
    def __call__(self, predictions: _Plain | _PlainRows, targets: _Targets) -> float: ...
    @overload
    def __call__(self, predictions: _N | _Rows[_N], targets: _Targets | _N | _Rows[_N]) -> _N: ...
    @overload
    def __call__(self, predictions: Node | _Plain | _Any, targets: Node | _Targets | _Any) -> Any: ...

class _Mean(Protocol):
    @overload
    def __call__(
        self,
        predictions: Batch,
        targets: _Targets | Node | _Any,
        *,
        weights: ArrayLike | Iterable[_Plain] | None = None,
    ) -> Number: ...
    @overload
    def __call__(
        self,
        predictions: NDArray[np.object_],
        targets: _Targets | Node | _Any,
        *,
        weights: ArrayLike | Iterable[_Plain] | None = None,
    ) -> Any: ...
    @overload
    def __call__(
        self,
        predictions: _Plain | _PlainRows,
        targets: _Targets,
        *,
        weights: ArrayLike | Iterable[_Plain] | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self,
        predictions: _N | _Rows[_N],
        targets: _Targets | _N | _Rows[_N],
        *,
        weights: ArrayLike | Iterable[_Plain] | None = None,
    ) -> _N: ...
    @overload
    def __call__(
        self,
        predictions: Node | _Plain | _Any,
        targets: Node | _Targets | _Any,
        *,
        weights: ArrayLike | Iterable[_Plain] | None = None,
    ) -> Any: ...

mse: _Mean
sum_of_squares: _OfDifferences
root_of_squares: _OfDifferences

class _OfProbabilities(Protocol):
    @overload
    def __call__(
        self,
        predictions: Batch,
        targets: _Targets,
        reduction: _Reduction = "mean",
        *,
        weights: ArrayLike | Iterable[_Plain] | None = None,
    ) -> Number: ...
    @overload
    def __call__(
        self,
        predictions: NDArray[np.object_],
        targets: _Targets,
        reduction: _Reduction = "mean",
        *,
        weights: ArrayLike | Iterable[_Plain] | None = None,
    ) -> Any: ...
    @overload
    def __call__(
        self,
        predictions: _Plain | _PlainRows,
        targets: _Targets,
        reduction: _Reduction = "mean",
        *,
        weights: ArrayLike | Iterable[_Plain] | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self,
        predictions: _N | _Rows[_N],
        targets: _Targets,
        reduction: _Reduction = "mean",
        *,
        weights: ArrayLike | Iterable[_Plain] | None = None,
    ) -> _N: ...
    @overload
    def __call__(
        self,
        predictions: Node | _Any,
        targets: _Targets,
        reduction: _Reduction = "mean",
        *,
        weights: ArrayLike | Iterable[_Plain] | None = None,
    ) -> Any: ...

binary_cross_entropy: _OfProbabilities

class _OfLogits(Protocol):
    @overload
    def __call__(
        self,
        logits: Batch,
        targets: _Targets,
        reduction: _Reduction = "mean",
        *,
        weights: ArrayLike | Iterable[_Plain] | None = None,
    ) -> Number: ...
    @overload
    def __call__(
        self,
        logits: NDArray[np.object_],
        targets: _Targets,
        reduction: _Reduction = "mean",
        *,
        weights: ArrayLike | Iterable[_Plain] | None = None,
    ) -> Any: ...
    @overload
    def __call__(
        self,
        logits: _Plain | _PlainRows,
        targets: _Targets,
        reduction: _Reduction = "mean",
        *,
        weights: ArrayLike | Iterable[_Plain] | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self,
        logits: _N | _Rows[_N],
        targets: _Targets,
        reduction: _Reduction = "mean",
        *,
        weights: ArrayLike | Iterable[_Plain] | None = None,
    ) -> _N: ...
    @overload
    def __call__(
        self,
        logits: Node | _Any,
        targets: _Targets,
        reduction: _Reduction = "mean",
        *,
        weights: ArrayLike | Iterable[_Plain] | None = None,
    ) -> Any: ...

binary_cross_entropy_with_logits: _OfLogits

@overload
def cross_entropy(
    logits: Batch,
    labels: _Targets,
    reduction: _Reduction = "mean",
    *,
    weights: ArrayLike | Iterable[_Plain] | None = None,
) -> Number: ...
@overload
def cross_entropy(
    logits: NDArray[np.object_],
    labels: _Targets,
    reduction: _Reduction = "mean",
    *,
    weights: ArrayLike | Iterable[_Plain] | None = None,
) -> Any: ...
@overload
def cross_entropy(
    logits: _PlainRows,
    labels: _Targets,
    reduction: _Reduction = "mean",
    *,
    weights: ArrayLike | Iterable[_Plain] | None = None,
) -> float: ...
@overload
def cross_entropy(
    logits: _Rows[_N],
    labels: _Targets,
    reduction: _Reduction = "mean",
    *,
    weights: ArrayLike | Iterable[_Plain] | None = None,
) -> _N: ...
@overload
def cross_entropy(
    logits: _Any,
    labels: _Targets,
    reduction: _Reduction = "mean",
    *,
    weights: ArrayLike | Iterable[_Plain] | None = None,
) -> Any: ...
@overload
def hinge(
    scores: Batch,
    labels: _Targets,
    reduction: _Reduction = "mean",
    *,
    weights: ArrayLike | Iterable[_Plain] | None = None,
) -> Number: ...
@overload
def hinge(
    scores: NDArray[np.object_],
    labels: _Targets,
    reduction: _Reduction = "mean",
    *,
    weights: ArrayLike | Iterable[_Plain] | None = None,
) -> Any: ...
@overload
def hinge(
    scores: _Plain | _PlainRows,
    labels: _Targets,
    reduction: _Reduction = "mean",
    *,
    weights: ArrayLike | Iterable[_Plain] | None = None,
) -> float: ...
@overload
def hinge(
    scores: _N | _Rows[_N],
    labels: _Targets,
    reduction: _Reduction = "mean",
    *,
    weights: ArrayLike | Iterable[_Plain] | None = None,
) -> _N: ...
@overload
def hinge(
    scores: Node | _Any,
    labels: _Targets,
    reduction: _Reduction = "mean",
    *,
    weights: ArrayLike | Iterable[_Plain] | None = None,
) -> Any: ...
@overload
def l2_penalty(parameters: Iterable[_N], alpha: _Plain) -> _N: ...
@overload
def l2_penalty(parameters: Module | Iterable[Node], alpha: _Plain) -> Any: ...

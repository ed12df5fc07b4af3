from collections.abc import Iterable
from typing import Any, Protocol, SupportsFloat, TypeAlias, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from fastgrad._tape.node import Node

# Of plain numbers the result is a plain number. Signatures overlap since a subclass of Node could have a __float__.
# The last ones of each function are for mypy, which cannot tell the type of scalars in a list with numbers among them.
# mypy: disable-error-code="overload-overlap,overload-cannot-match"

_Plain: TypeAlias = SupportsFloat
_N = TypeVar("_N", bound=Node)

class _OfMany(Protocol):
    @overload
    def __call__(self, xs: NDArray[np.object_]) -> Any: ...
    @overload
    def __call__(self, xs: Iterable[_Plain]) -> float: ...
    @overload
    def __call__(self, xs: Iterable[_N | _Plain]) -> _N: ...
    @overload
    def __call__(self, xs: Iterable[Node | _Plain]) -> Any: ...

sum: _OfMany
mean: _OfMany
prod: _OfMany
logsumexp: _OfMany
fsum: _OfMany

@overload
def softmax(xs: NDArray[np.object_]) -> list[Any]: ...
@overload
def softmax(xs: Iterable[_Plain]) -> list[float]: ...
@overload
def softmax(xs: Iterable[_N | _Plain]) -> list[_N]: ...
@overload
def softmax(xs: Iterable[Node | _Plain]) -> list[Any]: ...
@overload
def dot(xs: NDArray[np.object_], ys: Iterable[Node | _Plain], bias: Node | _Plain = 0.0) -> Any: ...
@overload
def dot(xs: Iterable[Node | _Plain], ys: NDArray[np.object_], bias: Node | _Plain = 0.0) -> Any: ...
@overload
def dot(xs: Iterable[_Plain], ys: Iterable[_Plain], bias: _Plain = 0.0) -> float: ...
@overload
def dot(xs: Iterable[_N | _Plain], ys: Iterable[_N | _Plain], bias: _N | _Plain = 0.0) -> _N: ...
@overload
def dot(xs: Iterable[Node | _Plain], ys: Iterable[Node | _Plain], bias: Node | _Plain = 0.0) -> Any: ...
@overload
def where(condition: _Plain, true_case: _Plain, false_case: _Plain) -> float: ...
@overload
def where(condition: _N | _Plain, true_case: _N | _Plain, false_case: _N | _Plain) -> _N: ...
@overload
def hypot(*coordinates: _Plain) -> float: ...
@overload
def hypot(*coordinates: _N | _Plain) -> _N: ...

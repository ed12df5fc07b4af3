from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol, SupportsFloat, TypeAlias, TypeVar, overload

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from fastgrad._tape.node import Node

# Of plain numbers the result is a plain number. Signatures overlap since a subclass of Node could have a __float__.
# The last one of a list is for mypy, which cannot tell the type of scalars in a list with numbers among them.
# mypy: disable-error-code="overload-overlap,overload-cannot-match"

_Plain: TypeAlias = SupportsFloat
_N = TypeVar("_N", bound=Node)

class _Extreme(Protocol):
    @overload
    def __call__(self, xs: NDArray[np.object_], /) -> Any: ...
    @overload
    def __call__(self, xs: Iterable[_Plain], /) -> float: ...
    @overload
    def __call__(self, xs: Iterable[_N | _Plain], /) -> _N: ...
    @overload
    def __call__(self, xs: Iterable[Node | _Plain], /) -> Any: ...
    @overload
    def __call__(self, x: _Plain, y: _Plain, /, *rest: _Plain) -> float: ...
    @overload
    def __call__(self, *xs: _N | _Plain) -> _N: ...

largest: _Extreme
smallest: _Extreme

@overload
def atan2(y: _Plain, x: _Plain) -> float: ...
@overload
def atan2(y: _N | _Plain, x: _N | _Plain) -> _N: ...
@overload
def fmod(x: _Plain, y: _Plain) -> float: ...
@overload
def fmod(x: _N | _Plain, y: _N | _Plain) -> _N: ...
@overload
def copysign(x: _Plain, y: _Plain) -> float: ...
@overload
def copysign(x: _N | _Plain, y: _N | _Plain) -> _N: ...
@overload
def clip(x: _Plain, low: _Plain, high: _Plain) -> float: ...
@overload
def clip(x: _N | _Plain, low: _N | _Plain, high: _N | _Plain) -> _N: ...

class no_grad:
    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...

class TapeInfo(NamedTuple):
    nodes: int
    capacity: int
    bytes: int
    collections: int

def tape_info() -> TapeInfo: ...
def collect() -> None: ...

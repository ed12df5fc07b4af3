from collections.abc import Callable
from typing import SupportsFloat, TypeAlias, TypeVar, overload

from typing_extensions import Self, disjoint_base

from fastgrad._tape.node import Node

# mypy: disable-error-code="overload-overlap"

_Plain: TypeAlias = SupportsFloat
_N = TypeVar("_N", bound=Node)

@disjoint_base
class Custom:
    def __new__(
        cls, name: str, value: Callable[..., SupportsFloat], *partials: Callable[..., SupportsFloat]
    ) -> Self: ...
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> Callable[..., SupportsFloat]: ...
    @property
    def partials(self) -> tuple[Callable[..., SupportsFloat], ...]: ...
    @overload
    def __call__(self, *arguments: _Plain) -> float: ...
    @overload
    def __call__(self, *arguments: _N | _Plain) -> _N: ...

def custom(name: str, value: Callable[..., SupportsFloat], *partials: Callable[..., SupportsFloat]) -> Custom: ...

from collections.abc import Callable
from typing import Any, TypeVar, final

from typing_extensions import Self, disjoint_base

from fastgrad._programs.program import Program
from fastgrad.compiled.table import Calls, Uniforms

_Method = TypeVar("_Method", bound=Callable[..., Any])

@disjoint_base
class DirectPath:
    def __init__(self, program: Program, uniforms: Uniforms, structure: Any) -> None: ...
    @property
    def program(self) -> Program: ...
    @property
    def uniforms(self) -> Uniforms: ...
    @property
    def structure(self) -> Any: ...

@disjoint_base
class DirectPaths:
    latest: Any
    def __init__(self, structure: Any, calls: Calls) -> None: ...
    @property
    def structure(self) -> Any: ...
    @property
    def calls(self) -> Calls: ...

@disjoint_base
class DirectFunction:
    _last: DirectPaths | None
    _derived: Any

@final
class Shortcut:
    @property
    def __wrapped__(self) -> Any: ...
    def __new__(
        cls,
        method: Callable[..., Any],
        with_gradient: bool,
        wanted: tuple[Any, ...] | None = None,
        places: dict[str, int] | None = None,
    ) -> Self: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def __get__(self, instance: Any, owner: Any = ..., /) -> Any: ...
    def __getattr__(self, name: str) -> Any: ...

def direct_value(method: _Method) -> _Method: ...
def direct_gradient(method: _Method) -> _Method: ...
def direct_derivative(wanted: tuple[Any, ...], **places: int) -> Callable[[_Method], _Method]: ...

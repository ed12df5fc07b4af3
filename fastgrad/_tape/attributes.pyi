from collections.abc import Callable
from typing import Any

from typing_extensions import disjoint_base

@disjoint_base
class Kept:
    compute: Callable[[Any], Any]
    name: str
    def __init__(self, compute: Callable[[Any], Any], name: str) -> None: ...
    def __get__(self, node: Any, owner: type | None = None, /) -> Any: ...
    def __set__(self, node: Any, value: Any, /) -> None: ...

@disjoint_base
class Operands(Kept):
    paired: int | None
    inner: str | None
    slopes: str | None
    def __init__(
        self,
        compute: Callable[[Any], Any],
        name: str,
        paired: int | None = None,
        inner: str | None = None,
        slopes: str | None = None,
    ) -> None: ...

class Slopes(Kept):
    def __set__(self, node: Any, value: Any, /) -> None: ...

@disjoint_base
class Steps(Kept):
    passes: Callable[[Any, Any], None] | None
    def __init__(
        self, compute: Callable[[Any], Any], name: str, passes: Callable[[Any, Any], None] | None = None
    ) -> None: ...

@disjoint_base
class OperandsIn:
    container: type
    def __init__(self, container: type) -> None: ...
    def __call__(self, node: Any) -> Any: ...

@disjoint_base
class StepFrom:
    has_leaves: bool
    def __init__(self, has_leaves: bool) -> None: ...
    def __call__(self, node: Any) -> Any: ...

@disjoint_base
class RecomputingFrom:
    at_first: Any
    def __init__(self, at_first: Any) -> None: ...
    def __call__(self, node: Any) -> Any: ...

def recompute(node: Any) -> None: ...
def pass_gradient(function: Callable[..., Any], node: Any) -> None: ...
def pass_node(function: Callable[..., Any], node: Any) -> None: ...
def pass_slopes(function: Callable[..., Any], node: Any) -> None: ...
def pass_contributions(function: Callable[..., Any], node: Any) -> None: ...

from collections.abc import Sequence
from types import FunctionType
from typing import Any

from typing_extensions import Self, disjoint_base

@disjoint_base
class Conditions:
    def __new__(
        cls,
        home: dict[str, Any],
        guards: Sequence[tuple[dict[str, Any], dict[str, Any] | None, str, Any]],
        reads: Sequence[tuple[dict[str, Any], dict[str, Any] | None, str, int]],
        given: Sequence[tuple[int, Any]],
        types: Sequence[type],
        functions: Sequence[FunctionType],
        codes: Sequence[FunctionType],
    ) -> Self: ...

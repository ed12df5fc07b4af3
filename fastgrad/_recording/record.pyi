from collections.abc import Iterable
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self, disjoint_base

from fastgrad._programs.program import Program
from fastgrad._tape.node import Node

_Arrays = tuple[
    int,
    NDArray[np.float64],
    int,
    NDArray[np.uint32],
    NDArray[np.uint32],
    NDArray[np.uint32],
    NDArray[np.uint32],
]

@disjoint_base
class Recording:
    def __new__(cls, inputs: Iterable[Node], watched: int = -1) -> Self: ...
    @property
    def inputs(self) -> list[Node]: ...
    @property
    def seen(self) -> tuple[str, int]: ...
    @property
    def guards(self) -> list[tuple[Node, bool]]: ...
    @property
    def report(self) -> dict[str, int]: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, error: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...
    def marks(self, outputs: Iterable[Node | float]) -> tuple[list[int], list[Any]]: ...
    def arrays(self, outputs: Iterable[Node | float]) -> tuple[_Arrays, list[Any]]: ...
    def program(self, outputs: Iterable[Node | float]) -> tuple[Program, list[Any]]: ...
    def drop(self) -> None: ...

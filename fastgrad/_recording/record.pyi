from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self, disjoint_base

from fastgrad._programs.program import Program
from fastgrad._tape.node import Node

__all__ = ["Recording", "TraceError", "formulas", "names_of", "recording_active", "text"]

_Arrays = tuple[
    int,
    NDArray[np.float64],
    int,
    NDArray[np.uint32],
    NDArray[np.uint32],
    NDArray[np.uint32],
    NDArray[np.uint32],
]

class TraceError(TypeError): ...

@disjoint_base
class Recording:
    def __new__(cls, inputs: Iterable[Node]) -> Self: ...
    @property
    def inputs(self) -> list[Node]: ...
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

def recording_active() -> bool: ...
def text(
    inputs: int,
    uniforms: NDArray[np.float64],
    uniform_steps: int,
    steps: NDArray[np.uint32],
    operands: NDArray[np.uint32],
    outputs: NDArray[np.uint32],
    guards: NDArray[np.uint32],
) -> str: ...
def names_of(inputs: int, uniforms: NDArray[np.float64], uniform_steps: int) -> Callable[[int], str]: ...
def formulas(
    inputs: int,
    uniforms: NDArray[np.float64],
    uniform_steps: int,
    steps: NDArray[np.uint32],
    operands: NDArray[np.uint32],
) -> list[tuple[int, str, list[int]]]: ...

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fastgrad._programs.program import Program

def hessian(
    program: Program,
    captured: int,
    places: Sequence[int],
    order: NDArray[np.intp] | None = None,
    with_value: bool = False,
) -> tuple[Program, NDArray[np.intp]]: ...
def jacobian(
    program: Program,
    captured: int,
    places: Sequence[int],
    forward: bool,
    order: NDArray[np.intp] | None = None,
    with_value: bool = False,
) -> tuple[Program, NDArray[np.intp]]: ...
def pushed(program: Program, captured: int, places: Sequence[int]) -> Program: ...
def hessian_product(
    program: Program, captured: int, places: Sequence[int], fixed: Sequence[int] = (), with_value: bool = False
) -> Program: ...
def shared(program: Program, captured: int, fixed: Sequence[int]) -> Program: ...
def sums(
    program: Program, captured: int, places: Sequence[int], fixed: Sequence[int]
) -> tuple[Program, int]: ...
def tower(program: Program, captured: int, place: int, order: int) -> Program: ...

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fastgrad._programs.program import Program

def hessian(
    of: Program,
    captured: int,
    places: Sequence[int],
    order: NDArray[np.intp] | None = None,
    with_value: bool = False,
    mirrored: bool = False,
) -> tuple[Program, NDArray[np.intp]]: ...
def jacobian(
    of: Program,
    captured: int,
    places: Sequence[int],
    forward: bool,
    order: NDArray[np.intp] | None = None,
    with_value: bool = False,
) -> tuple[Program, NDArray[np.intp]]: ...
def pushed(of: Program, captured: int, places: Sequence[int]) -> Program: ...
def hessian_product(
    of: Program, captured: int, places: Sequence[int], fixed: Sequence[int] = (), with_value: bool = False
) -> Program: ...
def shared(of: Program, captured: int, fixed: Sequence[int]) -> Program: ...
def sums(of: Program, captured: int, places: Sequence[int], fixed: Sequence[int]) -> tuple[Program, int]: ...
def tower(of: Program, captured: int, place: int, order: int) -> Program: ...

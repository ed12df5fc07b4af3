from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray
import numpy as np

from fastgrad._programs.program import Program

_Places = Sequence[int]

def hessian(program: Program, captured: int, places: _Places) -> tuple[Program, NDArray[np.uint32]]: ...
def jacobian(
    program: Program, captured: int, places: _Places, forward: bool
) -> tuple[Program, NDArray[np.uint32]]: ...
def pushed(program: Program, captured: int, places: _Places) -> Program: ...
def hessian_product(program: Program, captured: int, places: _Places, fixed: bool = False) -> Program: ...
def tower(program: Program, captured: int, order: int) -> Program: ...

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

def text(
    inputs: int,
    uniforms: NDArray[np.float64],
    uniform_steps: int,
    steps: NDArray[np.uint32],
    operands: NDArray[np.uint32],
    outputs: NDArray[np.uint32],
    guards: NDArray[np.uint32],
    functions: tuple[Callable[..., float], ...] = (),
    *,
    names: Sequence[str] = ...,
) -> str: ...
def names_of(inputs: int, uniforms: NDArray[np.float64], uniform_steps: int) -> Callable[[int], str]: ...
def formulas(
    inputs: int,
    uniforms: NDArray[np.float64],
    uniform_steps: int,
    steps: NDArray[np.uint32],
    operands: NDArray[np.uint32],
    functions: tuple[Callable[..., float], ...] = (),
) -> list[tuple[int, str, list[int]]]: ...

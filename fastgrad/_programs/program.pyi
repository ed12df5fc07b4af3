from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

class Program:
    def __new__(
        cls,
        inputs: int,
        uniforms: ArrayLike,
        uniform_steps: int,
        steps: ArrayLike,
        operands: ArrayLike,
        outputs: ArrayLike,
        guards: ArrayLike,
        functions: tuple[Callable[..., float], ...] = (),
    ) -> Program: ...
    @property
    def inputs(self) -> int: ...
    @property
    def uniforms(self) -> NDArray[np.float64]: ...
    @property
    def uniform_steps(self) -> int: ...
    @property
    def steps(self) -> int: ...
    @property
    def operands(self) -> int: ...
    @property
    def outputs(self) -> int: ...
    @property
    def guards(self) -> int: ...
    @property
    def functions(self) -> tuple[Callable[..., float], ...]: ...
    def arrays(self) -> tuple[Any, ...]: ...
    def run(
        self, X: NDArray[np.float64], uniforms: NDArray[np.float64], num_threads: int = 1
    ) -> tuple[NDArray[np.float64], NDArray[np.int32]]: ...
    def run_grad(
        self,
        X: NDArray[np.float64],
        uniforms: NDArray[np.float64],
        seeds: NDArray[np.float64] | None = None,
        num_threads: int = 1,
    ) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.float64]]: ...
    @overload
    def run_sum(
        self,
        X: NDArray[np.float64],
        uniforms: NDArray[np.float64],
        seeds: NDArray[np.float64] | None = None,
        inputs_wanted: Literal[False] = False,
        num_threads: int = 1,
        uniforms_wanted: int | None = None,
    ) -> tuple[float, int, NDArray[np.float64], NDArray[np.float64]]: ...
    @overload
    def run_sum(
        self,
        X: NDArray[np.float64],
        uniforms: NDArray[np.float64],
        seeds: NDArray[np.float64] | None = None,
        *,
        inputs_wanted: Literal[True],
        num_threads: int = 1,
        uniforms_wanted: int | None = None,
    ) -> tuple[float, int, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]: ...
    def classify(
        self,
        X: NDArray[np.float64],
        uniforms: NDArray[np.float64],
        num_threads: int = 1,
        indices: NDArray[np.int64] | None = None,
    ) -> NDArray[np.int32]: ...
    def fill(
        self,
        X: NDArray[np.float64],
        uniforms: NDArray[np.float64],
        indices: NDArray[np.int64] | None,
        values: NDArray[np.float64],
        grads: NDArray[np.float64] | None = None,
        num_threads: int = 1,
    ) -> None: ...
    def total(
        self,
        X: NDArray[np.float64],
        uniforms: NDArray[np.float64],
        indices: NDArray[np.int64] | None = None,
        uniforms_wanted: int = 0,
        num_threads: int = 1,
    ) -> tuple[float, int, NDArray[np.float64]]: ...
    def bind(
        self,
        x: NDArray[np.float64],
        value: NDArray[np.float64] | tuple[NDArray[np.float64], ...],
        grad: NDArray[np.float64] | None = None,
        uniforms: NDArray[np.float64] | None = None,
    ) -> Callable[[], bool]: ...

def restored(
    names: Sequence[str],
    inputs: int,
    uniforms: NDArray[np.float64],
    uniform_steps: int,
    steps: NDArray[np.uint32],
    operands: NDArray[np.uint32],
    outputs: NDArray[np.uint32],
    guards: NDArray[np.uint32],
    functions: tuple[Callable[..., float], ...] = (),
) -> Program: ...
def use_lanes(number: int) -> str | None: ...

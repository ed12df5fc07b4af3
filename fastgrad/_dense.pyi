from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from fastgrad._batch import Batch
from fastgrad._run import Run

ACTIVATIONS: tuple[str, ...]

@disjoint_base
class Dense:
    activation: str
    compiled: bool
    def __init__(self, run: Run, place: int, nin: int, nout: int, activation: str, compiled: bool = True) -> None: ...
    @property
    def run(self) -> Run: ...
    @property
    def place(self) -> int: ...
    @property
    def nin(self) -> int: ...
    @property
    def nout(self) -> int: ...

# Scalars are of the parameters' type, or of a more derived one of the inputs.
def apply(layers: list[Dense], x: Batch | NDArray[Any] | Iterable[Any]) -> Any: ...
def leaf_batch(numbers: NDArray[np.float64]) -> Batch: ...
def taken_gradient(batch: Batch) -> NDArray[np.float64]: ...

import numpy as np
from numpy.typing import NDArray
from typing_extensions import disjoint_base

from fastgrad._layers.batch import Batch
from fastgrad._layers.leaves import Leaves

ACTIVATIONS: tuple[str, ...]

@disjoint_base
class Dense:
    activation: str
    compiled: bool
    def __init__(
        self, leaves: Leaves, offset: int, nin: int, nout: int, activation: str, compiled: bool = True
    ) -> None: ...
    @property
    def leaves(self) -> Leaves: ...
    @property
    def offset(self) -> int: ...
    @property
    def nin(self) -> int: ...
    @property
    def nout(self) -> int: ...

def leaf_batch(numbers: NDArray[np.float64]) -> Batch: ...
def taken_gradient(batch: Batch) -> NDArray[np.float64]: ...

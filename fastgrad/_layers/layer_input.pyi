from collections.abc import Iterable
from typing import Any

from numpy.typing import NDArray

from fastgrad._layers.batch import Batch
from fastgrad._layers.dense import Dense

# Scalars are of the parameters' type, or of a more derived one of the inputs.
def apply(layers: list[Dense], x: Batch | NDArray[Any] | Iterable[Any]) -> Any: ...

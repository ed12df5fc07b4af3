from collections.abc import Sequence
from typing import Any, SupportsFloat, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastgrad._tape.node import Node
from fastgrad._tape.numbers import Number

_Scalars: TypeAlias = Node | NDArray[Any] | Sequence[_Scalars]
_Numbers: TypeAlias = Node | SupportsFloat | NDArray[Any] | Sequence[_Numbers]

def values(xs: _Numbers) -> NDArray[np.float64]: ...
def grads(xs: _Numbers) -> NDArray[np.float64]: ...
def elementwise(name: str, left: Number | NDArray[Any], right: Number | NDArray[Any]) -> NDArray[np.object_]: ...
def set_values(xs: _Scalars, numbers: ArrayLike) -> None: ...

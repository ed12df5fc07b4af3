import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastgrad._tape.node import Node
from fastgrad.optim import Optimizer

__all__ = ["History", "TrainingError", "fit"]

_Column: TypeAlias = NDArray[np.float64]

class _Schedule(Protocol):
    def step(self) -> Any: ...

class TrainingError(ArithmeticError):
    epoch: int | None
    batch: int | None
    node: str | None
    history: History | None
    def __init__(
        self,
        message: str,
        epoch: int | None = None,
        batch: int | None = None,
        node: str | None = None,
    ) -> None: ...

@dataclasses.dataclass(repr=False, eq=False)
class History:
    loss: _Column
    val_loss: _Column
    metric: _Column
    val_metric: _Column
    lr: _Column
    epochs: int = 0
    stopped: str | None = None
    seconds: float = 0.0
    compiled: bool = False

def fit(
    model: Callable[..., Any],
    X: ArrayLike,
    y: ArrayLike,
    *,
    loss: str | Callable[[Any, Any], Node] = "mse",
    optimizer: str | Optimizer | None = None,
    lr: float | None = None,
    epochs: int = 100,
    batch_size: int | None = None,
    shuffle: bool = True,
    seed: int | np.random.Generator | None = None,
    validation: float | tuple[ArrayLike, ArrayLike] | None = None,
    metric: Literal["accuracy"] | Callable[[NDArray[np.float64], NDArray[Any]], float] | None = None,
    penalty: float | Callable[[Any], Node] | None = None,
    patience: int | None = None,
    min_delta: float = 0.0,
    schedule: _Schedule | Callable[[Optimizer], _Schedule] | None = None,
    callbacks: Iterable[Callable[[int, History], Any]] = (),
    progress: bool | None = None,
    compiled: bool = True,
) -> History: ...

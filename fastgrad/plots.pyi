from collections.abc import Callable, Sequence
from typing import Any

from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from fastgrad.train import History

__all__ = ["decision_regions", "loss_curve", "parameter_history"]

def loss_curve(history: History | ArrayLike, ax: Axes | None = None) -> Axes: ...
def parameter_history(
    parameters: ArrayLike,
    labels: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes: ...
def decision_regions(
    model: Callable[..., Any],
    X: ArrayLike,
    y: ArrayLike,
    ax: Axes | None = None,
    resolution: int = 200,
    margin: float = 0.5,
) -> Axes: ...

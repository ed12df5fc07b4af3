"""What a fit gives: its history, or an error that has one."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastgrad.train.arguments import _Floats


class TrainingError(ArithmeticError):
    """A loss that is not finite. The step that it would have led to was not taken.

    Attributes
    ----------
    epoch, batch : int
        Where it happened, counted from 0; the batch is None where it was in the validation after an epoch's steps.
    node : str or None
        The first node of the loss's graph that is not finite, in words. None where Python raised an error instead.
    history : History or None
        The epochs before; its `stopped` is "error".
    """

    def __init__(
        self, message: str, epoch: int | None = None, batch: int | None = None, node: str | None = None
    ) -> None:
        super().__init__(message)
        self.epoch = epoch
        self.batch = batch
        self.node = node
        self.history: History | None = None


@dataclasses.dataclass(repr=False, eq=False)
class History:
    """What happened in a fit, in plain arrays with one entry for each epoch.

    Attributes
    ----------
    loss : numpy.ndarray, shape (epochs,)
        What was minimised, the penalty included, as it was before each step: the mean over the epoch's batches, each
        weighed by its rows.
    val_loss : numpy.ndarray, shape (epochs,) or (0,)
        The loss of the validation data after the epoch, without the penalty. Empty without validation data, as
        `val_metric` is.
    metric, val_metric : numpy.ndarray, shape (epochs,) or (0,)
        The metric of the predictions that the epoch's steps were computed from, and that of the validation data after
        the epoch. Empty where none was asked for.
    lr : numpy.ndarray, shape (epochs,)
        The optimizer's learning rate in the epoch.
    epochs : int
        How many epochs are complete.
    stopped : str or None
        Why there are no more: "finished", "patience", "callback", "interrupted", or "error" in a `TrainingError`'s
        history. None while the fit runs.
    seconds : float
        How long the epochs took.
    compiled : bool
        Whether a model that is called row by row was replayed, up to the end. False for one that takes batches: modules
        compile these by themselves, see their `compiled`.
    """

    loss: _Floats
    val_loss: _Floats
    metric: _Floats
    val_metric: _Floats
    lr: _Floats
    epochs: int = 0
    stopped: str | None = None
    seconds: float = 0.0
    compiled: bool = False

    def __repr__(self) -> str:
        words = [f"epochs={self.epochs}", f"stopped={self.stopped!r}", f"seconds={self.seconds:.3g}"]
        for name in ("loss", "val_loss", "metric", "val_metric"):
            column = getattr(self, name)
            if len(column):
                words.append(f"{name}={column[0]:.4g}..{column[-1]:.4g}")
        return f"History({', '.join(words)})"

    def _repr_html_(self) -> str:
        from fastgrad.train.tables import history

        return history(self)

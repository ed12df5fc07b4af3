"""Waiting for a better loss: when to stop, and which parameters were the best."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fastgrad.optim import Optimizer


class Patience:
    """Waits for a better loss, and keeps the parameters that had the best."""

    def __init__(self, optimizer: Optimizer, epochs: int, min_delta: float) -> None:
        self.parameters, self.epochs, self.min_delta = optimizer.parameters, epochs, min_delta
        self.best_loss, self.waited = np.inf, 0
        self.best = self.previous = self.parameters.data

    def is_over(self, loss: float, before: bool = False) -> bool:
        """Look at an epoch's loss: that of the parameters as they are now, or of those before the epoch."""
        now = self.parameters.data
        self.waited += 1
        if loss < self.best_loss - self.min_delta:
            self.best_loss, self.waited = loss, 0
            self.best = self.previous if before else now
        self.previous = now
        return self.waited >= self.epochs

    def put_back(self) -> None:
        if self.best_loss < np.inf:
            self.parameters.set_data(self.best)
            return
        warnings.warn(
            "no epoch had a finite validation loss, so that none is the best: the parameters are those of the last",
            RuntimeWarning, stacklevel=5,
        )  # fmt: skip

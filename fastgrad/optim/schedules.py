"""Schedules of the learning rate. Exported from ``fastgrad.optim``."""

from __future__ import annotations

import math
import operator

from fastgrad._layers.parameters import Update, real

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from typing import SupportsFloat, SupportsIndex


class Schedule:
    """What every schedule has: a learning rate for each epoch, as a multiple of the one it found.

    The optimizer's learning rate is set when the schedule is made, to that of epoch 0, and by each ``step()``, which
    belongs at the end of an epoch, after the optimizer's. It is computed from the epoch alone: a rate set by hand lasts
    until the next ``step()``.

    Attributes
    ----------
    optimizer : Optimizer
    base_lr : float
        The learning rate that the optimizer had.
    epoch : int
        How often ``step()`` was called.
    """

    optimizer: Update
    base_lr: float
    epoch: int

    def __init__(self, optimizer: Update, **settings: float) -> None:
        if not isinstance(optimizer, Update):
            raise TypeError(f"optimizer must be an Optimizer, not {optimizer!r:.60} of type {type(optimizer).__name__}")
        vars(self).update(optimizer=optimizer, base_lr=optimizer.lr, epoch=0, **settings)
        optimizer.lr = self._lr()

    def _lr(self) -> float:
        """The learning rate of the epoch."""
        raise TypeError("Schedule is what schedules have in common: make a StepLR or another one")

    def step(self) -> None:
        """Go on to the next epoch."""
        self.epoch += 1
        self.optimizer.lr = self._lr()

    def get_last_lr(self) -> list[float]:
        """Return the learning rate of the epoch in a list, as torch does."""
        return [self._lr()]

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if name != "optimizer")
        return f"{type(self).__name__}({settings})"


def _count(number: SupportsIndex, name: str) -> int:
    try:
        count = operator.index(number)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {number!r:.60} of type {type(number).__name__}") from None
    if count < 1:
        raise ValueError(f"{name} must be at least 1, not {count}")
    return count


class ConstantLR(Schedule):
    """A learning rate multiplied by a factor for the first epochs.

    Parameters
    ----------
    optimizer : Optimizer
    factor : float
    total_iters : int
        For how many epochs.

    Examples
    --------
    >>> from fastgrad import Value, optim
    >>> optimizer = optim.SGD(Value(0.0), lr=1.0)
    >>> schedule = optim.ConstantLR(optimizer, factor=0.5, total_iters=1)
    >>> optimizer.lr
    0.5
    >>> schedule.step()
    >>> optimizer.lr
    1.0
    """

    factor: float
    total_iters: int

    def __init__(self, optimizer: Update, factor: SupportsFloat = 1.0 / 3.0, total_iters: SupportsIndex = 5) -> None:
        super().__init__(optimizer, factor=real(factor, "factor"), total_iters=_count(total_iters, "total_iters"))

    def _lr(self) -> float:
        return self.base_lr * (self.factor if self.epoch < self.total_iters else 1.0)


class StepLR(Schedule):
    """A learning rate multiplied by gamma every few epochs.

    Parameters
    ----------
    optimizer : Optimizer
    step_size : int
        How many epochs.
    gamma : float

    Examples
    --------
    >>> from fastgrad import Value, optim
    >>> optimizer = optim.SGD(Value(0.0), lr=1.0)
    >>> schedule = optim.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for _ in range(4):
    ...     schedule.step()
    >>> optimizer.lr
    0.25
    """

    step_size: int
    gamma: float

    def __init__(self, optimizer: Update, step_size: SupportsIndex, gamma: SupportsFloat = 0.1) -> None:
        super().__init__(optimizer, step_size=_count(step_size, "step_size"), gamma=real(gamma, "gamma"))

    def _lr(self) -> float:
        return self.base_lr * self.gamma ** (self.epoch // self.step_size)


class CosineAnnealingLR(Schedule):
    """A learning rate that falls along half a cosine, and after T_max epochs rises again.

    Parameters
    ----------
    optimizer : Optimizer
    T_max : int
        How many epochs it falls.
    eta_min : float
        The lowest learning rate.

    Notes
    -----
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", arXiv:1608.03983, without restarts.

    Examples
    --------
    >>> from fastgrad import Value, optim
    >>> optimizer = optim.SGD(Value(0.0), lr=1.0)
    >>> schedule = optim.CosineAnnealingLR(optimizer, T_max=2)
    >>> for _ in range(2):
    ...     schedule.step()
    ...     print(round(optimizer.lr, 9))
    0.5
    0.0
    """

    T_max: int
    eta_min: float

    def __init__(self, optimizer: Update, T_max: SupportsIndex, eta_min: SupportsFloat = 0.0) -> None:
        super().__init__(optimizer, T_max=_count(T_max, "T_max"), eta_min=real(eta_min, "eta_min"))

    def _lr(self) -> float:
        height = (1.0 + math.cos(math.pi * self.epoch / self.T_max)) / 2.0
        return self.eta_min + (self.base_lr - self.eta_min) * height


class LinearLR(Schedule):
    """A learning rate multiplied by a factor that goes in equal steps from one number to another, and stays.

    Parameters
    ----------
    optimizer : Optimizer
    start_factor, end_factor : float
    total_iters : int
        How many epochs it takes.

    Examples
    --------
    >>> from fastgrad import Value, optim
    >>> optimizer = optim.SGD(Value(0.0), lr=1.0)
    >>> schedule = optim.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> for _ in range(3):
    ...     schedule.step()
    ...     print(optimizer.lr)
    0.75
    1.0
    1.0
    """

    start_factor: float
    end_factor: float
    total_iters: int

    def __init__(
        self,
        optimizer: Update,
        start_factor: SupportsFloat = 1.0 / 3.0,
        end_factor: SupportsFloat = 1.0,
        total_iters: SupportsIndex = 5,
    ) -> None:
        super().__init__(
            optimizer,
            start_factor=real(start_factor, "start_factor"),
            end_factor=real(end_factor, "end_factor"),
            total_iters=_count(total_iters, "total_iters"),
        )

    def _lr(self) -> float:
        part = min(self.epoch, self.total_iters) / self.total_iters
        return self.base_lr * (self.start_factor + (self.end_factor - self.start_factor) * part)

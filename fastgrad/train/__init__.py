"""Training loops: see `fastgrad.train.loop`."""

from fastgrad.train.loop import History, TrainingError, fit

__all__ = ["History", "TrainingError", "fit"]

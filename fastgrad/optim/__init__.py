"""Optimizers and schedules of the learning rate: see `fastgrad.optim.optimizers`."""

from fastgrad.optim.optimizers import (
    SGD,
    Adam,
    AdamW,
    Optimizer,
    RMSprop,
    clip_grad_norm_,
    clip_grad_value_,
)
from fastgrad.optim.schedules import ConstantLR, CosineAnnealingLR, LinearLR, Schedule, StepLR

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "ConstantLR",
    "CosineAnnealingLR",
    "LinearLR",
    "Optimizer",
    "RMSprop",
    "Schedule",
    "StepLR",
    "clip_grad_norm_",
    "clip_grad_value_",
]

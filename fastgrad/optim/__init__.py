"""Optimizers, clipping of gradients, and schedules of the learning rate: for modules, and for any scalars.

Names, defaults and formulas are those of ``torch.optim``. What a gradient of nan or infinity leads to is theirs too: a
step is taken all the same.

>>> from fastgrad import Value, optim
>>> x = Value(5.0)
>>> optimizer = optim.SGD([x], lr=0.1)
>>> for _ in range(100):
...     loss = (x - 3.0) ** 2
...     optimizer.zero_grad()
...     loss.backward()
...     optimizer.step()
>>> round(x.data, 6)
3.0
"""

from fastgrad.optim.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop, clip_grad_norm_, clip_grad_value_
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

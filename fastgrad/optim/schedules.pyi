from typing import SupportsFloat, SupportsIndex

from fastgrad._layers.parameters import Update

class Schedule:
    optimizer: Update
    base_lr: float
    epoch: int
    def __init__(self, optimizer: Update, **settings: float) -> None: ...
    def step(self) -> None: ...
    def get_last_lr(self) -> list[float]: ...

class ConstantLR(Schedule):
    factor: float
    total_iters: int
    def __init__(self, optimizer: Update, factor: SupportsFloat = ..., total_iters: SupportsIndex = 5) -> None: ...

class StepLR(Schedule):
    step_size: int
    gamma: float
    def __init__(self, optimizer: Update, step_size: SupportsIndex, gamma: SupportsFloat = 0.1) -> None: ...

class CosineAnnealingLR(Schedule):
    T_max: int
    eta_min: float
    def __init__(self, optimizer: Update, T_max: SupportsIndex, eta_min: SupportsFloat = 0.0) -> None: ...

class LinearLR(Schedule):
    start_factor: float
    end_factor: float
    total_iters: int
    def __init__(
        self,
        optimizer: Update,
        start_factor: SupportsFloat = ...,
        end_factor: SupportsFloat = 1.0,
        total_iters: SupportsIndex = 5,
    ) -> None: ...

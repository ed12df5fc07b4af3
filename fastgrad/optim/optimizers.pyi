from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, SupportsFloat, TypeAlias

from fastgrad._layers.parameters import Update
from fastgrad._tape.node import Node
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

class _Module(Protocol):
    def _stretches(self) -> Any: ...

_Params: TypeAlias = _Module | Node | Iterable[_Module | Node]

class Optimizer(Update):
    def __init__(self, params: _Params | Optimizer, **options: SupportsFloat) -> None: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None: ...
    def __setstate__(self, state: tuple[Any, ...]) -> None: ...

class SGD(Optimizer):
    def __init__(
        self,
        params: _Params | Optimizer,
        lr: SupportsFloat = 1e-3,
        momentum: SupportsFloat = 0.0,
        dampening: SupportsFloat = 0.0,
        weight_decay: SupportsFloat = 0.0,
        nesterov: bool = False,
    ) -> None: ...

class Adam(Optimizer):
    def __init__(
        self,
        params: _Params | Optimizer,
        lr: SupportsFloat = 1e-3,
        betas: Sequence[SupportsFloat] = (0.9, 0.999),
        eps: SupportsFloat = 1e-8,
        weight_decay: SupportsFloat = 0.0,
    ) -> None: ...

class AdamW(Adam):
    def __init__(
        self,
        params: _Params | Optimizer,
        lr: SupportsFloat = 1e-3,
        betas: Sequence[SupportsFloat] = (0.9, 0.999),
        eps: SupportsFloat = 1e-8,
        weight_decay: SupportsFloat = 1e-2,
    ) -> None: ...

class RMSprop(Optimizer):
    def __init__(
        self,
        params: _Params | Optimizer,
        lr: SupportsFloat = 1e-2,
        alpha: SupportsFloat = 0.99,
        eps: SupportsFloat = 1e-8,
        weight_decay: SupportsFloat = 0.0,
        momentum: SupportsFloat = 0.0,
        centered: bool = False,
    ) -> None: ...

def clip_grad_norm_(
    params: _Params | Optimizer,
    max_norm: SupportsFloat,
    norm_type: SupportsFloat = 2.0,
) -> float: ...
def clip_grad_value_(params: _Params | Optimizer, clip_value: SupportsFloat) -> None: ...

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable, Optional, Sequence, Tuple, Type, Union

from .autodiff import Context, backpropagate

ScalarLike = Union[float, int, "Scalar"]


@dataclass
class ScalarHistory:
    last_fn: Optional[Type[Any]] = None
    ctx: Optional[Context] = None
    inputs: Sequence["Scalar"] = ()


_var_count = 0


class Scalar:
    history: Optional[ScalarHistory]
    derivative: Optional[float]
    data: float
    unique_id: int
    name: str

    def __init__(self, v: float, back: ScalarHistory = ScalarHistory(), name: Optional[str] = None):
        global _var_count
        _var_count += 1
        self.unique_id = _var_count
        self.data = float(v)
        self.history = back
        self.derivative = None
        self.name = name if name is not None else str(self.unique_id)

    def __repr__(self) -> str:
        return "Scalar(%f)" % self.data

    def __mul__(self, b: ScalarLike) -> Scalar:
        return F.Mul.apply(self, b)

    def __truediv__(self, b: ScalarLike) -> Scalar:
        return F.Mul.apply(self, F.Inv.apply(b))

    def __rtruediv__(self, b: ScalarLike) -> Scalar:
        return F.Mul.apply(b, F.Inv.apply(self))

    def __add__(self, b: ScalarLike) -> Scalar:
        return F.Add.apply(self, b)

    def __bool__(self) -> bool:
        return bool(self.data)

    def __lt__(self, b: ScalarLike) -> Scalar:
        return F.LT.apply(self, b)

    def __gt__(self, b: ScalarLike) -> Scalar:
        return F.LT.apply(b, self)

    def __eq__(self, b: ScalarLike) -> Scalar:  # type: ignore[override]
        return F.EQ.apply(self, b)

    def __sub__(self, b: ScalarLike) -> Scalar:
        return F.Add.apply(self, F.Neg.apply(b))

    def __neg__(self) -> Scalar:
        return F.Neg.apply(self)

    def __radd__(self, b: ScalarLike) -> Scalar:
        return self + b

    def __rmul__(self, b: ScalarLike) -> Scalar:
        return self * b

    def log(self) -> Scalar:
        return F.Log.apply(self)

    def exp(self) -> Scalar:
        return F.Exp.apply(self)

    def sigmoid(self) -> Scalar:
        return F.Sigmoid.apply(self)

    def relu(self) -> Scalar:
        return F.ReLU.apply(self)

    def accumulate_derivative(self, x: float) -> None:
        assert self.is_leaf(), "only leaves keep a derivative"
        if self.derivative is None:
            self.derivative = 0.0
        self.derivative += x

    def is_leaf(self) -> bool:
        return self.history is not None and self.history.last_fn is None

    def is_constant(self) -> bool:
        return self.history is None

    def requires_grad_(self, val: bool) -> None:
        self.history = ScalarHistory() if val else None

    @property
    def parents(self) -> Iterable[Scalar]:
        assert self.history is not None
        return self.history.inputs

    def chain_rule(self, d_output: float) -> Iterable[Tuple[Scalar, float]]:
        h = self.history
        assert h is not None and h.last_fn is not None and h.ctx is not None
        return list(zip(h.inputs, h.last_fn._backward(h.ctx, d_output)))

    def backward(self, d_output: Optional[float] = None) -> None:
        backpropagate(self, 1.0 if d_output is None else d_output)


from . import scalar_functions as F  # noqa: E402

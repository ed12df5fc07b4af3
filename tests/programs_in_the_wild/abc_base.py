from __future__ import annotations

import math
from abc import ABC, abstractmethod


class Differentiable(ABC):
    @abstractmethod
    def backward(self) -> None:
        """run the chain rule"""

    @property
    @abstractmethod
    def item(self) -> float: ...


class Scalar(Differentiable):
    def __init__(self, value: float, _children: tuple[Scalar, ...] = (), _op: str = "") -> None:
        self.value = value
        self.grad = 0.0
        self._children = _children
        self._op = _op
        self._backward = lambda: None

    @property
    def item(self) -> float:
        return self.value

    def __add__(self, other: Scalar | float) -> Scalar:
        other = other if isinstance(other, Scalar) else Scalar(other)
        out = Scalar(self.value + other.value, (self, other), "add")

        def _backward() -> None:
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __mul__(self, other: Scalar | float) -> Scalar:
        other = other if isinstance(other, Scalar) else Scalar(other)
        out = Scalar(self.value * other.value, (self, other), "mul")

        def _backward() -> None:
            self.grad += other.value * out.grad
            other.grad += self.value * out.grad

        out._backward = _backward
        return out

    def softplus(self) -> Scalar:
        out = Scalar(math.log1p(math.exp(self.value)), (self,), "softplus")

        def _backward() -> None:
            self.grad += out.grad / (1 + math.exp(-self.value))

        out._backward = _backward
        return out

    def __rmul__(self, other: float) -> Scalar:
        return self * other

    def __radd__(self, other: float) -> Scalar:
        return self + other

    def backward(self) -> None:
        topo: list[Scalar] = []
        visited: set[int] = set()

        def build(s: Scalar) -> None:
            if id(s) in visited:
                return
            visited.add(id(s))
            for c in s._children:
                build(c)
            topo.append(s)

        build(self)
        self.grad = 1.0
        for s in reversed(topo):
            s._backward()


def main() -> None:
    try:
        Differentiable()  # type: ignore[abstract]
    except TypeError as error:
        print("TypeError:", str(error).split(" with")[0])
    w = [Scalar(0.1), Scalar(-0.2), Scalar(0.3)]
    data = [((1.0, 2.0), 1), ((2.0, 0.5), 1), ((-1.0, -1.5), -1), ((-2.0, 0.3), -1)]
    for epoch in range(30):
        loss = Scalar(0.0)
        for (x0, x1), label in data:
            margin = w[0] * x0 + w[1] * x1 + w[2]
            loss = loss + (-label * margin).softplus()
        for p in w:
            p.grad = 0.0
        loss.backward()
        for p in w:
            p.value -= 0.1 * p.grad
        if epoch % 6 == 0:
            print(f"{epoch=} loss={loss.item:.10f}", [f"{p.grad:+.6f}" for p in w])
    print(isinstance(w[0], Differentiable), [p.item for p in w])


if __name__ == "__main__":
    main()

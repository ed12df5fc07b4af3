from __future__ import annotations

import math
from typing import Generic, Optional, Sequence, TypeVar, overload

T = TypeVar("T", int, float)


class Value(Generic[T]):
    """A number of type T with a gradient."""

    def __init__(self, data: T, prev: Sequence[Value[T]] = (), op: Optional[str] = None) -> None:
        self.data: T = data
        self.grad: float = 0
        self.prev: tuple[Value[T], ...] = tuple(prev)
        self.op = op
        self._backward = lambda: None

    @overload
    def __add__(self, other: Value[T]) -> Value[T]: ...
    @overload
    def __add__(self, other: T) -> Value[T]: ...

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), "+")

        def _backward() -> None:
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), "*")

        def _backward() -> None:
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def __radd__(self, other): return self + other
    def __rmul__(self, other): return self * other

    def log(self) -> Value[float]:
        out: Value[float] = Value(math.log(self.data), (self,), "log")

        def _backward() -> None:
            self.grad += 1 / self.data * out.grad

        out._backward = _backward
        return out

    def backward(self) -> None:
        topo: list[Value] = []
        seen: set[Value] = set()

        def build(v: Value) -> None:
            if v in seen:
                return
            seen.add(v)
            for p in v.prev:
                build(p)
            topo.append(v)

        build(self)
        self.grad = 1
        for v in reversed(topo):
            v._backward()

    def __repr__(self) -> str:
        return f"Value(data={self.data}, grad={self.grad})"


a = Value[int](2)
b = Value[int](3)
c = a * b + a
c.backward()
print(a, b, c)
print(Value(2) * Value(3), type((a * b).data).__name__)
for i in range((Value(1) + 3).data):
    print("item", i, ["zero", "one", "two", "three"][(Value(i) * 1).data])

d: Value[float] = (a * 1.5 + b).log()
d.backward()
print(d, a, b, d.prev[0].op)
print(Value.__parameters__, Value[int])

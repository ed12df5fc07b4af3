from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Value:
    data: float
    parents: tuple[Value, ...] = ()
    local: tuple[float, ...] = ()
    grad: float = field(default=0.0)

    def __add__(self, o: Value | float) -> Value:
        o = o if isinstance(o, Value) else Value(o)
        return Value(self.data + o.data, (self, o), (1.0, 1.0))

    def __mul__(self, o: Value | float) -> Value:
        o = o if isinstance(o, Value) else Value(o)
        return Value(self.data * o.data, (self, o), (o.data, self.data))

    def __pow__(self, k: float) -> Value:
        return Value(self.data ** k, (self,), (k * self.data ** (k - 1),))

    def tanh(self) -> Value:
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t * t,))

    def __neg__(self) -> Value: return self * -1.0
    def __sub__(self, o: Value | float) -> Value: return self + (-o)
    def __radd__(self, o: float) -> Value: return self + o
    def __rmul__(self, o: float) -> Value: return self * o

    def backward(self) -> None:
        order: list[Value] = []
        seen: set[Value] = set()

        def dfs(v: Value) -> None:
            if v in seen:
                return
            seen.add(v)
            for p in v.parents:
                dfs(p)
            order.append(v)

        dfs(self)
        self.grad = 1.0
        for v in reversed(order):
            for p, d in zip(v.parents, v.local):
                p.grad += d * v.grad


def rosenbrock(x: Value, y: Value) -> Value:
    return (1 - x.data) ** 2 * 0 + (x * -1 + 1) ** 2 + 100 * (y - x ** 2) ** 2


x, y = Value(-1.2), Value(1.0)
for i in range(400):
    f = rosenbrock(x, y)
    x.grad = y.grad = 0.0
    f.backward()
    x.data -= 0.001 * x.grad
    y.data -= 0.001 * y.grad
    if i % 50 == 0:
        print(f"{i:4d} f={f.data:.8f} x={x.data:.8f} y={y.data:.8f} |g|={math.hypot(x.grad, y.grad):.6f}")
print(x)
print((x * y).tanh().parents)

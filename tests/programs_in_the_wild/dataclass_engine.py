from dataclasses import dataclass, field, fields, replace
from typing import Callable
import math


def _nothing():
    return None


@dataclass(eq=False)
class Value:
    data: float
    grad: float = 0.0
    children: tuple = field(default=(), repr=False)
    op: str = ''
    _backward: Callable = field(default=_nothing, repr=False)

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, children=(self, other), op='+')

        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, children=(self, other), op='*')

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def cos(self):
        out = Value(math.cos(self.data), children=(self,), op='cos')

        def _backward():
            self.grad += -math.sin(self.data) * out.grad
        out._backward = _backward
        return out

    __radd__ = __add__
    __rmul__ = __mul__

    def __sub__(self, other):
        return self + -1 * other

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for c in v.children:
                    build(c)
                topo.append(v)
        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()


@dataclass
class Config:
    lr: float = 0.15
    steps: int = 25
    start: float = 0.2


if __name__ == '__main__':
    cfg = Config()
    print(cfg, replace(cfg, lr=0.5))
    print([f.name for f in fields(Value)])
    x = Value(cfg.start)
    for i in range(cfg.steps):
        y = x.cos() - x            # find the fixed point of cos
        sq = y * y
        x.grad = 0.0
        sq.backward()
        x.data -= cfg.lr * x.grad
        if i % 5 == 0:
            print(i, sq, x)
    print(y, y.children[0], x == x, x == Value(x.data), len({x, y, sq}))

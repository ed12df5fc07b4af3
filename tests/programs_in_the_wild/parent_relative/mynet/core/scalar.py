from typing import Any
import math


class Value:
    def __init__(self, data: float, _inputs=(), _operation: str = ""):
        self.data = data
        self.grad: float = 0.0
        self._inputs = _inputs
        self._operation = _operation
        self._backward: Any = lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), "+")

        def _backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), "*")

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def elu(self, alpha=1.0):
        neg = self.data < 0
        out = Value(alpha * (math.exp(self.data) - 1) if neg else self.data, (self,), "elu")

        def _backward():
            self.grad += (out.data + alpha if neg else 1.0) * out.grad

        out._backward = _backward
        return out

    def __radd__(self, other):
        return self + other

    def __sub__(self, other):
        return self + other * -1 if isinstance(other, Value) else self + -other

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for c in v._inputs:
                    build(c)
                topo.append(v)

        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()

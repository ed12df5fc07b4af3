"""5x4 pixel digits with noise, a two layer network, plain gradient descent."""
from __future__ import annotations

import math
import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Hyper:
    hidden: int = 10
    lr: float = 0.4
    epochs: int = 14
    copies: int = 8
    noise: float = 0.15


GLYPHS = {
    0: ".##. #..# #..# #..# .##.",
    1: "..#. .##. ..#. ..#. .###",
    4: "#..# #..# .### ...# ...#",
    7: "#### ...# ..#. .#.. .#..",
}


class Value:
    def __init__(self, data: float, _children: tuple[Value, ...] = (), _op: str = "") -> None:
        self.data = data
        self.grad = 0.0
        self._prev = _children
        self._op = _op
        self._backward = lambda: None

    def __add__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), "+")

        def _backward() -> None:
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __mul__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), "*")

        def _backward() -> None:
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def __pow__(self, k: float) -> Value:
        out = Value(self.data**k, (self,), f"**{k}")

        def _backward() -> None:
            self.grad += k * self.data ** (k - 1) * out.grad

        out._backward = _backward
        return out

    def exp(self) -> Value:
        out = Value(math.exp(self.data), (self,), "exp")

        def _backward() -> None:
            self.grad += out.data * out.grad

        out._backward = _backward
        return out

    def log(self) -> Value:
        out = Value(math.log(self.data), (self,), "log")

        def _backward() -> None:
            self.grad += out.grad / self.data

        out._backward = _backward
        return out

    def sigmoid(self) -> Value:
        s = 1 / (1 + math.exp(-self.data))
        out = Value(s, (self,), "sigmoid")

        def _backward() -> None:
            self.grad += s * (1 - s) * out.grad

        out._backward = _backward
        return out

    def __radd__(self, other): return self + other
    def __rmul__(self, other): return self * other
    def __neg__(self): return self * -1
    def __truediv__(self, other): return self * other**-1

    def backward(self) -> None:
        topo: list[Value] = []
        visited: set[Value] = set()

        def build(v: Value) -> None:
            if v not in visited:
                visited.add(v)
                for c in v._prev:
                    build(c)
                topo.append(v)

        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()


def main() -> None:
    hp = Hyper()
    print(hp)
    random.seed(64)
    labels = sorted(GLYPHS)
    rows = []
    for k, digit in enumerate(labels):
        for _ in range(hp.copies):
            pixels = [float(c == "#") for c in GLYPHS[digit] if c != " "]
            rows.append(([p + random.gauss(0, hp.noise) for p in pixels], k))
    random.shuffle(rows)
    w1 = [[Value(random.gauss(0, 0.3)) for _ in range(20)] for _ in range(hp.hidden)]
    w2 = [[Value(random.gauss(0, 0.3)) for _ in range(hp.hidden)] for _ in labels]
    params = [p for w in (w1, w2) for row in w for p in row]
    print(len(params), "parameters", len(rows), "pictures")

    def forward(x):
        h = [sum(w * xi for w, xi in zip(row, x)).sigmoid() for row in w1]
        e = [sum(w * hi for w, hi in zip(row, h)).exp() for row in w2]
        total = sum(e)
        return [ei / total for ei in e]

    for epoch in range(hp.epochs):
        running, hits = 0.0, 0
        for start in range(0, len(rows), 4):
            batch = rows[start:start + 4]
            loss = Value(0.0)
            for x, k in batch:
                probs = forward(x)
                hits += max(range(len(probs)), key=lambda i: probs[i].data) == k
                loss = loss + -probs[k].log() * (1 / len(batch))
            for p in params:
                p.grad = 0.0
            loss.backward()
            for p in params:
                p.data -= hp.lr * p.grad
            running += loss.data
        print(f"epoch {epoch:2d} loss {running:.8f} accuracy {hits}/{len(rows)}")
    print([round(p.data, 4) for p in forward(rows[0][0])], labels[rows[0][1]])


if __name__ == "__main__":
    main()

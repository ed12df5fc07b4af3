from __future__ import annotations
import math, random
from dataclasses import dataclass

# invented names
NAMES = "mira tolan besk arlo nim sora telk oma rin basa".split()


@dataclass
class Config:
    lr: float = 8.0
    epochs: int = 8
    seed: int = 2147


class Value:
    def __init__(self, data: float, _children: tuple = (), _op: str = ""):
        self.data = data
        self.grad = 0.0
        self._backward = lambda: None
        self._prev = set(_children)
        self._op = _op

    def __add__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), "+")
        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), "*")
        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def exp(self) -> Value:
        out = Value(math.exp(self.data), (self,), "exp")
        def _backward():
            self.grad += out.data * out.grad
        out._backward = _backward
        return out

    def log(self) -> Value:
        out = Value(math.log(self.data), (self,), "log")
        def _backward():
            self.grad += out.grad / self.data
        out._backward = _backward
        return out

    def __radd__(self, other): return self + other

    def backward(self):
        topo, visited = [], set()
        def build(v):
            if v not in visited:
                visited.add(v)
                for c in v._prev: build(c)
                topo.append(v)
        build(self)
        self.grad = 1.0
        for v in reversed(topo): v._backward()


def main(cfg: Config) -> None:
    random.seed(cfg.seed)
    chars = ["."] + sorted(set("".join(NAMES)))
    stoi = {c: i for i, c in enumerate(chars)}
    pairs = [(stoi[a], stoi[b]) for n in NAMES for a, b in zip("." + n, n + ".")]
    W = [[Value(random.gauss(0, 1)) for _ in chars] for _ in chars]
    print(cfg, len(chars), len(pairs))
    for epoch in range(cfg.epochs):
        norm = [sum(v.exp() for v in row).log() for row in W]     # log partition for each row
        nll = Value(0.0)
        for a, b in pairs:
            nll = nll + norm[a] + W[a][b] * -1.0
        nll = nll * (1 / len(pairs))
        for row in W:
            for p in row: p.grad = 0.0
        nll.backward()
        for row in W:
            for p in row: p.data += -cfg.lr * p.grad
        print(f"{epoch} nll={nll.data:.7f}")
    for _ in range(5):
        i, name = 0, ""
        while len(name) < 12:
            i = random.choices(range(len(chars)), [math.exp(v.data) for v in W[i]])[0]
            if i == 0: break
            name += chars[i]
        print(name)
    row = W[stoi["a"]]
    print("after a:", [chars[i] for i, v in sorted(enumerate(row), key=lambda t: -t[1].data)[:4]])


if __name__ == "__main__":
    main(Config())

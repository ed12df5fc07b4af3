from __future__ import annotations

import random

from .value import Value


class Dense:
    def __init__(self, n_in: int, n_out: int, activation: str | None = None) -> None:
        self.weights = [[Value(random.gauss(0, 1) / n_in ** 0.5, label=f"w{i}{j}") for j in range(n_in)]
                        for i in range(n_out)]
        self.bias = [Value(0.0, label=f"b{i}") for i in range(n_out)]
        self.activation = activation

    def __call__(self, x: list) -> list[Value]:
        out = []
        for row, b in zip(self.weights, self.bias):
            z = b
            for w, xi in zip(row, x):
                z = z + w * xi
            out.append(getattr(z, self.activation)() if self.activation else z)
        return out

    def params(self) -> list[Value]:
        return [w for row in self.weights for w in row] + self.bias


class Sequential:
    def __init__(self, *layers: Dense) -> None:
        self.layers = layers

    def __call__(self, x: list) -> list[Value]:
        for layer in self.layers:
            x = layer(x)
        return x

    def params(self) -> list[Value]:
        return [p for layer in self.layers for p in layer.params()]

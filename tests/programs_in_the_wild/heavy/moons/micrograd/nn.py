"""Layers of neurons made of Values."""
import random

from micrograd.engine import Value


class Trainable:
    params = ()

    def parameters(self):
        return list(self.params)

    def zero_grad(self):
        for p in self.parameters():
            p.grad = 0


class Unit(Trainable):
    def __init__(self, inputs, linear):
        self.weights = [Value(random.uniform(-1, 1)) for _ in range(inputs)]
        self.bias = Value(0)
        self.linear = linear
        self.params = [*self.weights, self.bias]

    def __call__(self, xs):
        total = self.bias
        for w, x in zip(self.weights, xs):
            total = total + w * x
        return total if self.linear else total.relu()


class Net(Trainable):
    def __init__(self, *sizes):
        self.sizes = sizes
        last = len(sizes) - 2
        self.layers = [[Unit(n, i == last) for _ in range(m)] for i, (n, m) in enumerate(zip(sizes, sizes[1:]))]
        self.params = [p for layer in self.layers for unit in layer for p in unit.params]

    def __call__(self, xs):
        for layer in self.layers:
            xs = [unit(xs) for unit in layer]
        return xs[0]

    def __repr__(self):
        return "Net(" + " -> ".join(map(str, self.sizes)) + ")"

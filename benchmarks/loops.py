"""The loops and calls that ``benchmarks.fusing`` times, as their users write them."""

# ruff: noqa: B905 (nobody writes zip(..., strict=True) in such programs, and it takes time)

import importlib.util
import random


def linear(rows, x):
    return [sum(w * v for w, v in zip(row, x)) for row in rows]


def dot(w, x):
    return sum(a * b for a, b in zip(w, x))


def mean(xs):
    return sum(xs) / len(xs)


# Optimizers, over numbers and over plain floats.


def sgd(params, rate):
    for p in params:
        p.data -= rate * p.grad
        p.grad = 0.0


def plain_sgd(data, grads, rate):
    for i in range(len(data)):
        data[i] -= rate * grads[i]
        grads[i] = 0.0


def momentum(params, m, rate):
    for i, p in enumerate(params):
        m[i] = 0.9 * m[i] + p.grad
        p.data -= rate * m[i]


def plain_momentum(data, grads, m, rate):
    for i in range(len(data)):
        m[i] = 0.9 * m[i] + grads[i]
        data[i] -= rate * m[i]


def adam(params, m, v, rate, step):
    for i, p in enumerate(params):
        m[i] = 0.9 * m[i] + (1 - 0.9) * p.grad
        v[i] = 0.99 * v[i] + (1 - 0.99) * p.grad**2
        a = m[i] / (1 - 0.9 ** (step + 1))
        b = v[i] / (1 - 0.99 ** (step + 1))
        p.data -= rate * a / (b**0.5 + 1e-8)


def plain_adam(data, grads, m, v, rate, step):
    for i in range(len(data)):
        m[i] = 0.9 * m[i] + (1 - 0.9) * grads[i]
        v[i] = 0.99 * v[i] + (1 - 0.99) * grads[i] ** 2
        a = m[i] / (1 - 0.9 ** (step + 1))
        b = v[i] / (1 - 0.99 ** (step + 1))
        data[i] -= rate * a / (b**0.5 + 1e-8)


# A network of classes.


class Neuron:
    def __init__(self, number, count):
        self.w = [number(random.uniform(-1.0, 1.0)) for _ in range(count)]
        self.b = number(0.0)

    def __call__(self, x):
        return sum((w * v for w, v in zip(self.w, x)), self.b).tanh()

    def parameters(self):
        return [*self.w, self.b]


class Layer:
    def __init__(self, number, count, size):
        self.neurons = [Neuron(number, count) for _ in range(size)]

    def __call__(self, x):
        out = [neuron(x) for neuron in self.neurons]
        return out[0] if len(out) == 1 else out

    def parameters(self):
        return [p for neuron in self.neurons for p in neuron.parameters()]


class MLP:
    def __init__(self, number, sizes):
        self.layers = [Layer(number, count, size) for count, size in zip(sizes, sizes[1:])]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]


def training_step(model, rows, targets):
    loss = sum((model(row) - y) ** 2 for row, y in zip(rows, targets)) / len(rows)
    for p in model.parameters():
        p.grad = 0.0
    loss.backward()
    for p in model.parameters():
        p.data -= 0.01 * p.grad
    return loss


# Functions to be compiled, a call of one, and the same computation on numbers as it is written without.


def parabola(x):
    return x**2 + x


def squares(xs):
    return sum(x * x for x in xs)


def called(f, x):
    return f(x)


def parabola_of_numbers(number, value):
    x = number(value)
    return x**2 + x


def parabola_swept(number, value):
    x = number(value)
    y = x**2 + x
    y.backward()
    return y.data, x.grad


def squares_of_numbers(number, values):
    xs = [number(value) for value in values]
    return sum(x * x for x in xs)


def squares_swept(number, values):
    xs = [number(value) for value in values]
    y = sum(x * x for x in xs)
    y.backward()
    return y.data, [x.grad for x in xs]


def joined(words):
    """A loop that no kernel can take."""
    return [word.upper() + "!" for word in words]


def fresh_loops():
    """Load this file once more, with code objects of its own: CPython adapts them to the types they have seen."""
    spec = importlib.util.find_spec(__name__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

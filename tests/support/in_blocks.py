"""Rows in blocks, and functions of them, for tests of what works on blocks elsewhere."""

import numpy as np

import fastgrad
from fastgrad import math, nn

ROWS, BLOCKS = 1000, 7
P = np.array([1.0, 2.0, 0.5])


def columns():
    """X of shape (rows, 2), and y."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(ROWS, 2)), rng.normal(size=ROWS)


def in_blocks(*arrays, blocks=BLOCKS):
    """A list of tuples of arrays, one an empty block."""
    parts = list(zip(*(np.array_split(array, blocks) for array in arrays)))
    return [*parts[:3], tuple(array[:0] for array in arrays), *parts[3:]]


def smooth(p, x, y):
    """A squared error."""
    return (p[0] * x[0] + p[1] * x[1] + p[2] - y) ** 2


def branching(p, x, y):
    """Huber's error, whose rows go two ways, and one in three again two."""
    rest = p[0] * x[0] + p[1] * x[1] + p[2] - y
    if rest < 0.0:
        return rest * rest if rest > -1.0 else -2.0 * rest - 1.0
    return math.exp(rest) - 1.0


def same(found, expected):
    """Are numbers and arrays, in tuples, equal to the last bit?"""
    if isinstance(expected, tuple):
        return all(map(same, found, expected))
    return np.array_equal(found, expected)


def network(inputs=2):
    """A network, the same each time."""
    return nn.MLP(inputs, [6, 1], rng=0)


class Bent:
    """A model that is called row by row, and goes two ways."""

    def __init__(self):
        self.weights = [fastgrad.Value(0.1), fastgrad.Value(-0.2), fastgrad.Value(0.05)]

    def parameters(self):
        return self.weights

    def __call__(self, row):
        a, b, c = self.weights
        result = a * row[0] + b * row[1] + c
        return result if result > 0.0 else 0.1 * result


def parameters_of(model):
    """Its numbers, as an array."""
    return np.array([p.data for p in model.parameters()])


def compiled(function=branching):
    """A function that nothing has been recorded of."""
    return fastgrad.compile(function)

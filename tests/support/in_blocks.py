"""Rows in blocks, and functions of them, for tests of what works on blocks elsewhere."""

import numpy as np

import fastgrad
from fastgrad import math

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


def compiled(function=branching):
    """A function that nothing has been recorded of."""
    return fastgrad.compile(function)

"""Functions of a list of three numbers drawn at random, to be differentiated any number of times; and how close what is
found in two ways is."""

import functools
import math

import numpy as np
from hypothesis import reject
from hypothesis import strategies as st

import fastgrad
from fastgrad import losses, nn
from fastgrad import math as fm

NUMBERS = st.floats(-2.0, 2.0, allow_subnormal=False).map(lambda x: round(x, 6))
POINTS = st.lists(NUMBERS, min_size=3, max_size=3)
_NETWORK = nn.MLP(3, [4, 2], rng=0)

OF_ONE = [
    fm.sin,
    fm.cos,
    fm.tanh,
    fm.atan,
    fm.asinh,
    fm.erf,
    fm.sigmoid,
    fm.softplus,
    fm.gelu,
    fm.relu,
    abs,
    lambda a: -a,
    lambda a: a**2,
    lambda a: a**3 * 0.1,
    lambda a: fm.leaky_relu(a),
    lambda a: fm.clip(a, -0.5, 0.75),
    lambda a: fm.exp(fm.sin(a)),
    lambda a: fm.expm1(fm.tanh(a)),
    lambda a: fm.log(a * a + 1.0),
    lambda a: fm.log1p(a * a),
    lambda a: fm.sqrt(a * a + 0.5),
    lambda a: fm.cbrt(a * a + 0.5),
    lambda a: fm.asin(0.5 * fm.sin(a)),
]
OF_TWO = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: fm.tanh(a * b),
    lambda a, b: a / (b * b + 1.0),
    lambda a, b: (a * a + 0.5) ** fm.tanh(b),
    lambda a, b: fm.atan2(a, b * b + 1.0),
    lambda a, b: fm.max(a, b),
    lambda a, b: fm.min(a, 0.5 * b),
    lambda a, b: fm.where(a > b, a, 2.0 * b),
    lambda a, b: fm.hypot(a, b, 1.0),
    lambda a, b: fastgrad.mean([a, b, 1.0]),
    lambda a, b: fastgrad.logsumexp([a, b, 0.25]),
    lambda a, b: fastgrad.softmax([a, b, 0.5 * a])[1],
    lambda a, b: fm.tanh(fastgrad.prod([a, b, a])),
    lambda a, b: fastgrad.dot([a, fm.sin(b)], [fm.cos(b), 0.5], bias=a),
    lambda a, b: fastgrad.sum([a, b, a]),
    lambda a, b: fastgrad.dot(_NETWORK([a, b, 0.5]), [1.0, -0.5]),
    lambda a, b: losses.mse([fm.tanh(a), fm.sin(b)], [0.5, -1.0]),
    lambda a, b: losses.cross_entropy([[a, b]], [1]),
    lambda a, b: losses.binary_cross_entropy_with_logits([a, b], [1.0, 0.0]),
    lambda a, b: a.detach() * fm.sin(b),
]
BRANCHES = [
    lambda a, b: a if a > b else fm.sin(b) + 1.0,
    lambda a, b: max(a, b),
    lambda a, b: sorted([fm.sin(a), b])[0] * 2.0,
]
_ALL = len(OF_ONE) + len(OF_TWO) + len(BRANCHES)
STEPS = st.lists(st.tuples(st.integers(0, _ALL - 1), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=8)


def drawn(steps):
    """A function of a list: each step is on numbers of before."""

    def function(x):
        numbers = list(x)
        for which, i, j in steps:
            a, b = numbers[i % len(numbers)], numbers[j % len(numbers)]
            if which < len(OF_ONE):
                numbers.append(OF_ONE[which](a))
            else:
                numbers.append([*OF_TWO, *BRANCHES][which - len(OF_ONE)](a, b))
        return numbers[-1] + 0.25 * fastgrad.sum([fm.sin(number) for number in numbers])

    return function


def fresh(function):
    """The function as one that nothing is known of, so that it is called on the tape."""

    def again(x):
        return function(x)

    return again


def flat(x):
    """The numbers of nested lists and tuples."""
    if isinstance(x, (list, tuple)):
        return [number for part in x for number in flat(part)]
    return np.asarray(x, dtype=float).ravel().tolist()


def close(x, y, tolerance=1e-9):
    """Equal but for rounding, in the measure of the largest of the numbers."""
    xs, ys = flat(x), flat(y)
    if len(xs) != len(ys):
        return False
    scale = max([1.0, *map(abs, ys)])
    return all(abs(a - b) <= tolerance * scale for a, b in zip(xs, ys))


def tame(*results):
    """Leave out what rounding decides: numbers so large that others are lost in them."""
    if not all(math.isfinite(x) and abs(x) < 1e6 for x in flat(list(results))):
        reject()


def units(n):
    return np.eye(n).tolist()


def along(function, x, direction):
    """The function on a line, as one of a number."""
    return lambda t: function([a + b * t for a, b in zip(x, direction)])


def directional(function):
    """The derivative of a function of a list in a direction that is the same always."""
    weights = (0.5, -1.0, 0.25)
    gradient = fastgrad.grad(function)
    return functools.wraps(function)(lambda x: fastgrad.dot(gradient(x), list(weights)))

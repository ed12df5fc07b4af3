"""The operations that a campaign does: with fastgrad, and by the oracle."""

import math
import operator

import fastgrad
from campaigns import oracle
from fastgrad import reference
from support.graphs import HALF


def volume(a, b):
    return a * b * b


def by_height(a, b):
    return b * b


def by_side(a, b):
    return 2.0 * a * b


VOLUME = fastgrad.custom("volume", volume, by_height, by_side)


def fast_dot(bias, *xs):
    xs, count = [*xs, 1.0], (len(xs) + 1) // 2 * 2
    return fastgrad.dot(xs[:count:2], xs[1:count:2], bias=bias)


def of_some(results):
    """One number of the results of a softmax."""
    return results[0] * 2.0 - results[-1]


# name: (how many operands, with fastgrad, by the oracle). Where both are made the same way, one function does.

SAME = {
    **{name.strip("_"): (1, operator.methodcaller(name)) for name in reference._UNARY},
    "+": (2, operator.add), "-": (2, operator.sub), "*": (2, operator.mul), "/": (2, operator.truediv),
    "**": (2, operator.pow), "<": (2, operator.lt), ">": (2, operator.gt), "<=": (2, operator.le),
    ">=": (2, operator.ge), "%": (2, operator.mod),
    "//": (2, operator.floordiv), "+=": (2, operator.iadd), "*=": (2, operator.imul), "square": (1, lambda x: x**2),
    "ifel": (3, lambda a, b, c: (a + b + c).ifel(bool(a > b), b, c)),
    "of both sides": (2, lambda a, b: (a - 0.5) * (2.0 / (b * b + 1.0))),
}  # fmt: skip
OTHERS = {
    "fmod": (2, fastgrad.math.fmod, oracle.fmod),
    "atan2": (2, fastgrad.math.atan2, oracle.atan2),
    "copysign": (2, fastgrad.math.copysign, oracle.copysign),
    "max": (2, fastgrad.math.max, oracle.larger),
    "min": (2, fastgrad.math.min, oracle.smaller),
    "leaky_relu": (1, fastgrad.math.leaky_relu, oracle.leaky_relu),
    "half": (1, HALF, oracle.of_slopes(lambda a: a / 2.0, lambda a: 0.5)),
    "volume": (2, VOLUME, oracle.of_slopes(volume, by_height, by_side)),
    "fabs": (1, fastgrad.math.fabs, abs),
    "degrees": (1, fastgrad.math.degrees, lambda x: x * (180.0 / math.pi)),
    "exp2": (1, fastgrad.math.exp2, oracle.exp2),
    "pow": (2, fastgrad.math.pow, operator.pow),
    "log to a base": (1, lambda x: fastgrad.math.log(x, 3.0), lambda x: x.log() / math.log(3.0)),
    "sum": (7, lambda *xs: fastgrad.sum(xs), oracle.sum_),
    "fsum": (7, lambda *xs: fastgrad.math.fsum(xs), oracle.fsum),
    "mean": (7, lambda *xs: fastgrad.mean(xs), oracle.mean),
    "logsumexp": (7, lambda *xs: fastgrad.logsumexp(xs), oracle.logsumexp),
    "prod": (7, lambda *xs: fastgrad.prod(xs), oracle.prod),
    "dot": (7, fast_dot, oracle.dot),
    "softmax": (7, lambda *xs: of_some(fastgrad.softmax(xs)), lambda *xs: of_some(oracle.softmax(*xs))),
    "hypot": (3, fastgrad.math.hypot, oracle.hypot),
    "where": (3, fastgrad.math.where, oracle.Where),
}
FUNCTIONS = {
    f"math.{name}": (1, getattr(fastgrad.math, name), operator.methodcaller(name))
    for name in reference._UNARY
    if name.isalnum() and name not in ("floor", "ceil")
}
OPERATIONS = {name: (count, function, function) for name, (count, function) in SAME.items()} | OTHERS | FUNCTIONS

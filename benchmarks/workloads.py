"""The five programs that are timed, in plain Python over any type of number.

A program takes its inputs as a list of numbers ``xs`` and a namespace ``lib`` that supplies ``tanh``, ``exp`` and
``log`` for that type; everything else is operators. So one text serves ``complex``, ``float`` and every engine.
"""

# ruff: noqa: B905 (nobody writes zip(..., strict=True) in such programs, and it takes time)

import importlib.util
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple


class Workload(NamedTuple):
    """A program, and the numbers it is run on."""

    name: str
    inputs: Callable[[], list[float]]
    program: Callable[[list[Any], Any], Any]


# A long chain: as deep as it has operations.

CHAIN_STEPS = 10_000


def chain(xs, lib):
    x, a, b = xs
    for _ in range(CHAIN_STEPS):
        x = x * a + b
    return x


# Networks of tanh neurons, as one writes them when one writes them oneself.


def _random_numbers(seed, count):
    draw = random.Random(seed)
    return [draw.uniform(-1.0, 1.0) for _ in range(count)]


def _random_rows(seed, count, width):
    numbers = iter(_random_numbers(seed, count * width))
    return [[next(numbers) for _ in range(width)] for _ in range(count)]


def _parameter_count(sizes):
    return sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes))


def _layers(sizes, xs):
    """Deal the parameters out: a layer is a list of neurons, a neuron is its weights and its bias."""
    rest = iter(xs)
    return [[([next(rest) for _ in range(n_in)], next(rest)) for _ in range(n_out)] for n_in, n_out in pairwise(sizes)]


def _neuron(weights, bias, inputs, tanh):
    return tanh(sum((w * x for w, x in zip(weights, inputs)), bias))


def _network(layers, inputs, tanh):
    for layer in layers:
        inputs = [_neuron(weights, bias, inputs, tanh) for weights, bias in layer]
    return inputs[0]


def _squared_error(sizes, rows, targets, xs, lib):
    layers, tanh = _layers(sizes, xs), lib.tanh
    return sum((_network(layers, row, tanh) - target) ** 2 for row, target in zip(rows, targets))


SMALL_SIZES = (3, 4, 4, 1)
SMALL_ROWS = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
SMALL_TARGETS = [1.0, -1.0, -1.0, 1.0]


def small_network(xs, lib):
    return _squared_error(SMALL_SIZES, SMALL_ROWS, SMALL_TARGETS, xs, lib)


WIDE_SIZES = (2, 16, 16, 1)
WIDE_ROWS = _random_rows(seed=1, count=100, width=2)
WIDE_TARGETS = [1.0 if x * y > 0.0 else -1.0 for x, y in WIDE_ROWS]


def wide_network(xs, lib):
    return _squared_error(WIDE_SIZES, WIDE_ROWS, WIDE_TARGETS, xs, lib)


# A differential equation: prey and predators (Lotka and Volterra), by the classical Runge-Kutta method.

ODE_STEPS, ODE_STEP = 1_000, 0.01


def lotka_volterra(xs, lib):
    prey, predators, growth, hunting, feeding, death = xs

    def slope(x, y):
        return growth * x - hunting * x * y, feeding * x * y - death * y

    half, sixth = ODE_STEP / 2.0, ODE_STEP / 6.0
    for _ in range(ODE_STEPS):
        x1, y1 = slope(prey, predators)
        x2, y2 = slope(prey + half * x1, predators + half * y1)
        x3, y3 = slope(prey + half * x2, predators + half * y2)
        x4, y4 = slope(prey + ODE_STEP * x3, predators + ODE_STEP * y3)
        prey = prey + sixth * (x1 + 2.0 * x2 + 2.0 * x3 + x4)
        predators = predators + sixth * (y1 + 2.0 * y2 + 2.0 * y3 + y4)
    return prey + predators


# Logistic regression: the likelihood of 500 labels, each with 8 features.

FEATURES = 8
POINTS = _random_rows(seed=2, count=500, width=FEATURES)
LABELS = [sum(point) > 0.0 for point in POINTS]


def logistic_regression(xs, lib):
    *weights, bias = xs
    exp, log = lib.exp, lib.log
    loss = 0.0
    for point, label in zip(POINTS, LABELS):
        z = sum((w * x for w, x in zip(weights, point)), bias)
        p = 1.0 / (1.0 + exp(-z))
        loss = loss - log(p if label else 1.0 - p)
    return loss / len(POINTS)


WORKLOADS = [
    Workload("chain x*a + b, 10,000 steps", lambda: [0.5, 0.999, 0.002], chain),
    Workload("tanh network 3-4-4-1, 4 rows", lambda: _random_numbers(3, _parameter_count(SMALL_SIZES)), small_network),
    Workload(
        "tanh network 2-16-16-1, 100 rows", lambda: _random_numbers(4, _parameter_count(WIDE_SIZES)), wide_network
    ),
    Workload("Lotka-Volterra, 1,000 RK4 steps", lambda: [10.0, 5.0, 1.1, 0.4, 0.1, 0.4], lotka_volterra),
    Workload("logistic regression, 500 x 8", lambda: _random_numbers(5, FEATURES + 1), logistic_regression),
]


def fresh_workloads():
    """Load this file once more and return its workloads, with code objects of their own.

    CPython adapts a function's instructions to the types it has seen. Given a copy each, every engine runs as in a
    program that uses nothing else; with one copy for all, each would find them adapted to the engine before it.
    """
    spec = importlib.util.find_spec(__name__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.WORKLOADS

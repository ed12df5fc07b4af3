"""A problem for optimizers, the settings they are run with, and all that their parameters may be given as."""

import math

import numpy as np
import pytest

import fastgrad
from fastgrad import Scalar, Value, optim
from fastgrad._layers.leaves import Leaves

START = [0.7, -1.3, 0.4, 1.1, -0.6, 0.2]
STEPS = 100

SETTINGS = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.05, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.05, "momentum": 0.7, "nesterov": True, "weight_decay": 0.01}),
    ("Adam", {"lr": 0.05}),
    ("Adam", {"lr": 0.02, "betas": (0.3, 0.7), "eps": 1e-3, "weight_decay": 0.1}),
    ("AdamW", {"lr": 0.05}),
    ("AdamW", {"lr": 0.02, "betas": (0.8, 0.99), "eps": 1e-6, "weight_decay": 0.5}),
    ("RMSprop", {"lr": 0.01}),
    ("RMSprop", {"lr": 0.01, "alpha": 0.3, "eps": 1e-4, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.01, "alpha": 0.8, "momentum": 0.5}),
    ("RMSprop", {"lr": 0.01, "alpha": 0.9, "centered": True}),
    ("RMSprop", {"lr": 0.01, "alpha": 0.4, "momentum": 0.5, "centered": True, "weight_decay": 0.01, "eps": 1e-4}),
]


def name_of(thing):
    return ", ".join(f"{k}={v}" for k, v in thing.items()) if isinstance(thing, dict) else str(thing)


each_setting = pytest.mark.parametrize(("kind", "settings"), SETTINGS, ids=name_of)


def loss_of(w, step):
    """A small network's loss, of scalars of any engine. At each step the data are others, and the gradients not 0."""
    hidden = (w[0] * math.cos(step) + w[1] * math.sin(2.0 * step) + w[2]).tanh()
    error = hidden * w[3] + w[4] - 0.8 * math.cos(3.0 * step)
    return error * error + w[5] * w[5] * 0.3 + w[5] * w[0] * math.sin(step)


# What the parameters may be given as.


def in_a_run():
    run = Leaves(Value, len(START) + 2)
    scalars = run[1:-1]
    return Stretches((run, 1, len(START) + 1)), scalars


def in_a_list():
    scalars = [Value(0.0) for _ in START]
    return scalars, scalars


def apart():
    scalars, between = [], []
    for _ in START:
        scalars.append(Scalar(0.0))
        between.append(Value(0.0))
    return iter(scalars[::-1]), scalars[::-1]


def mixed():
    run, single = Leaves(Value, 4), Value(0.0)
    return [Stretches((run, 3, 4), (run, 0, 2)), single, Stretches(Scalar(0.0), (run, 2, 3))], None


class Stretches:
    """A module, for what an optimizer wants of one."""

    def __init__(self, *stretches):
        self.stretches = stretches

    def _stretches(self):
        return self.stretches


def started(given):
    """Parameters, and their scalars, that begin at START."""
    params, _ = given()
    if given is apart:
        params = list(params)
    scalars = optim.SGD(params).parameters.scalars()
    fastgrad.set_values(scalars, START)
    return params, scalars


def train(optimizer, w, steps=STEPS, between=lambda: None):
    """Where the parameters are after each step."""
    path = []
    for step in range(steps):
        optimizer.zero_grad()
        loss_of(w, step).backward()
        between()
        optimizer.step()
        path.append(fastgrad.values(w))
    return np.array(path)

"""Layers over one run of parameters, and the same networks computed number by number."""

import numpy as np

import fastgrad
from fastgrad import Value
from fastgrad._layers.dense import Dense
from fastgrad._layers.leaves import Leaves


def network(*sizes, activation="tanh", last="identity", seed=0, number=Value):
    """Layers over one run of parameters that are drawn at random."""
    run = Leaves(number, sum(nout * (nin + 1) for nin, nout in zip(sizes, sizes[1:])))
    for parameter, data in zip(run[:], np.random.default_rng(seed).normal(size=len(run))):
        parameter.data = data
    layers, place = [], 0
    for nin, nout in zip(sizes, sizes[1:]):
        layers.append(Dense(run, place, nin, nout, activation))
        place += nout * (nin + 1)
    layers[-1].activation = last
    return run, layers


def by_scalars(run, layers, row):
    """The same network, computed number by number."""
    for layer in layers:
        results = []
        for j in range(layer.nout):
            *weights, bias = run[layer.offset + j * (layer.nin + 1) : layer.offset + (j + 1) * (layer.nin + 1)]
            total = sum((w * x for w, x in zip(weights, row)), bias)
            whole = layer.activation in ("identity", "softmax")
            results.append(total if whole else getattr(total, layer.activation)())
        row = fastgrad.softmax(results) if layer.activation == "softmax" else results
    return row


def taken(numbers):
    """The gradients that have arrived, which are set back to 0."""
    grads = [x.grad for x in numbers]
    for x in numbers:
        x.grad = 0.0
    return grads


ROWS = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75], [-2.0, 1.0, 0.125], [0.0, 3.0, -1.0]])

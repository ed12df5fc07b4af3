"""Write what this version of fastgrad pickles, for tests that later versions read: ``python make.py FOLDER``."""

import math
import operator
import pathlib
import pickle
import sys

import fastgrad
from fastgrad import Scalar, Value, nn, optim

ROWS = [[0.5, -1.0], [2.0, 0.25]]


def write(name, thing):
    (FOLDER / f"{name}.pickle").write_bytes(pickle.dumps(thing, 4))


def graph():
    """A graph with every kind of node that pickles."""
    sine = fastgrad.custom("sine", math.sin, math.cos)
    x, w = Value(0.75, label="x"), Scalar(-1.5)
    y = (x * w + 2.0) / (3.0 - x) - x**2 + 2.0**w + (x < w) * x
    y = fastgrad.sum([y, 1.0, x]) + fastgrad.mean([x, 4.0]) + fastgrad.prod([x, w, 2.0]) + fastgrad.logsumexp([x, w])
    y = y + fastgrad.softmax([x, y, 0.5])[1] + fastgrad.dot([x, 2.0], [w, y], bias=x) + sine(x)
    y = y + x.ifel(x > 0.0, w, 3.0) + fastgrad.math.where(True, x, w) + fastgrad.math.hypot(x, 2.0)
    y = y + fastgrad.math.fsum([x, w]) + fastgrad.math.max(x, 0.75) + fastgrad.math.clip(w, -1.0, x)
    y = y + x.tanh().leaky_relu() + Value(9.0, (x, w), (0.5, 0.25)) + Value(1.0, (x,), "mark")
    y.backward()
    return {"operands": [x, w], "result": y, "data": y.data, "grads": [x.grad, w.grad]}


def module(model):
    return {"model": model, "rows": ROWS, "results": [model(row).data for row in ROWS]}


def optimizer():
    parameters = [Value(1.0), Value(-2.0)]
    adam = optim.Adam(parameters, lr=0.1)
    schedule = optim.StepLR(adam, 2)
    fastgrad.sum([x * x for x in parameters]).backward()
    adam.step()
    schedule.step()
    return {"optimizer": adam, "schedule": schedule, "parameters": parameters, "data": [x.data for x in parameters]}


def compiled(function, *arguments):
    """A compiled function; it travels as the programs of the paths that were called."""
    function = fastgrad.compile(function)
    return {"function": function, "arguments": arguments, "value_and_grad": function.value_and_grad(*arguments)}


def every_step(x, y, z):
    """Every kind of step of a program, and guards."""
    detached = x.detach() * y + z * z + x * 0.5
    chosen = fastgrad.math.where(x > y, x.exp(), y) + fastgrad.sum([x, y, z]) + fastgrad.math.atan2(x, z)
    return detached * chosen if x > 0.0 else detached


if __name__ == "__main__":
    FOLDER = pathlib.Path(sys.argv[1])
    write("graph", graph())
    write("network", module(nn.MLP(2, [3, 1], rng=1)))
    write("sequential", module(nn.Sequential(nn.Layer(2, 3, activation="softmax"), nn.Neuron(3))))
    write("perceptron", module(nn.Perceptron(2)))
    write("optimizer", optimizer())
    write("compiled", compiled(operator.mul, 2.0, 3.0))
    write("steps", compiled(every_step, 0.5, 1.5, 2.0))

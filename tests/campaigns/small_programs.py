"""Small programs that use each part of fastgrad. Each returns what can be compared."""

import copy
import pickle

import numpy as np

import fastgrad
from fastgrad import Scalar, Value, losses, nn, optim
from support.graphs import HALF, everything, walked

X = np.random.default_rng(1).normal(size=(6, 3))


def operators():
    x, w = Scalar(0.5), Value(-1.0)
    y = (x * w + 2.0) / (3.0 - x) - x**2 + 2.0**w + (x < w) * x + abs(w).tanh() + HALF(x)
    y.backward()
    return y.data, x.grad, w.grad


def many_operands():
    xs = [Value(float(k)) for k in range(5)]
    y = fastgrad.sum([*fastgrad.softmax(xs), fastgrad.dot(xs, xs, bias=1.0), fastgrad.prod(xs), fastgrad.mean(xs)])
    y.backward()
    y.forward()
    return y.data, [x.grad for x in xs]


def callbacks_and_state():
    x = Value(3.0)
    y = Value(6.0, (x,), "double")
    y._backward = lambda: setattr(x, "grad", x.grad + 2.0 * y.grad)
    y.label, y.itself, x.note = "y", y, [x, {"y": y}]
    y.backward()
    fastgrad.collect()
    return x.grad, y.label, y.itself is y, x.note[0] is x


def collections():
    kept = [Value(float(k)) * 2.0 for k in range(300)][::3]
    fastgrad.collect()
    return sum(x.data for x in kept), fastgrad.sum(kept).data


def pickles():
    return walked(pickle.loads(pickle.dumps(EVERYTHING)))


def copies():
    return walked(copy.deepcopy(EVERYTHING))


def walks():
    nodes, edges = EVERYTHING.trace()
    return len(nodes), len(edges), len(EVERYTHING.prev), repr(EVERYTHING), f"{EVERYTHING:.3f}"


def networks():
    network = nn.MLP(3, [4, 1], rng=1)
    adam = optim.Adam(network)
    for _ in range(2):
        loss = losses.mse(network(X), X[:, 0])
        adam.zero_grad()
        loss.backward()
        adam.step()
    return loss.data, network.parameters()[0].grad


def compiled():
    function = fastgrad.compile(lambda a, b: a * b if a > b else fastgrad.math.exp(a))
    values, grads = function.batch_value_and_grad(X[:, 0], X[:, 1])
    return function(1.0, 2.0), float(values.sum()), float(np.sum(grads))


def errors():
    x, found = Value(0.0), []
    for wrong in (lambda: 1.0 / x, lambda: x.log(), lambda: x + "1", lambda: fastgrad.mean([])):
        try:
            wrong()
        except (ArithmeticError, ValueError, TypeError) as error:
            found.append(type(error))
    return found


EVERYTHING = everything()
PROGRAMS = [operators, many_operands, callbacks_and_state, collections, pickles, copies, walks, networks, compiled]
PROGRAMS += [errors]

"""Programs with teaching engines of their own, and how tests of ``fastgrad run`` start them."""

import os
import subprocess
import sys

from support.places import PACKAGE_FOLDER

# A teaching engine with a recursive sweep. A test appends its program, or puts more methods where the marker is.
OWN_ENGINE = '''
class Value:
    """A number that knows where it came from."""

    def __init__(self, data, _children=(), _op=""):
        self.data, self.grad = data, 0
        self._prev, self._op = set(_children), _op
        self._backward = lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), "+")
        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), "*")
        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out

    def relu(self):
        out = Value(max(self.data, 0), (self,), "relu")
        def _backward():
            self.grad += (out.data > 0) * out.grad
        out._backward = _backward
        return out

    __radd__ = __add__
    __rmul__ = __mul__
    # more methods

    def backward(self):
        order, seen = [], set()
        def visit(node):
            if node not in seen:
                seen.add(node)
                for child in node._prev:
                    visit(child)
                order.append(node)
        visit(self)
        self.grad = 1
        for node in reversed(order):
            node._backward()
'''

# The other dialect: labels, prev as a list, and a sweep that is called backwards.
OTHER_DIALECT = """
import math

class Number:
    def __init__(self, data, label="", prev=[], op=""):
        self.data = data
        self.grad = 0
        self.label = label
        self.prev = prev
        self._backwards = lambda: None
        self.op = op

    def __add__(self, other):
        other = other if isinstance(other, Number) else Number(other)
        out = Number(self.data + other.data, prev=[self, other], op="+")
        def _backwards():
            self.grad += out.grad
            other.grad += out.grad
        out._backwards = _backwards
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Number) else Number(other)
        out = Number(self.data * other.data, prev=[self, other], op="*")
        def _backwards():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backwards = _backwards
        return out

    def tanh(self):
        out = Number(math.tanh(self.data), prev=[self], op="tanh")
        def _backwards():
            self.grad += (1 - out.data**2) * out.grad
        out._backwards = _backwards
        return out

    def __repr__(self):
        return f"Number(label={self.label}, data={self.data}, grad={self.grad})"

    def backwards(self):
        order, seen = [], set()
        def visit(node):
            if node not in seen:
                seen.add(node)
                for child in node.prev:
                    visit(child)
                order.append(node)
        visit(self)
        self.grad = 1
        for node in reversed(order):
            node._backwards()
"""

TRAINING = """
import random
random.seed(3)
rows = [(random.uniform(-1, 1), random.uniform(-1, 1)) for _ in range(100)]
weights = [Value(random.uniform(-1, 1)) for _ in range(3)]
for epoch in range(5):
    loss = Value(0.0)
    for x, y in rows:
        error = (weights[0] * x + weights[1] * y + weights[2]).relu() + (-x * y)
        loss = loss + error * error
    for weight in weights:
        weight.grad = 0
    loss.backward()
    for weight in weights:
        weight.data -= 0.001 * weight.grad
    print(epoch, loss.data)
print([weight.data for weight in weights])
"""


def python(*arguments, **options):
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE_FOLDER.parent), **options.pop("env", {})}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, check=False, **options
    )


def command(*arguments, **options):
    return python("-m", "fastgrad", "run", *arguments, **options)


def lines_about_classes(done):
    return [line for line in done.stderr.splitlines() if line.startswith("fastgrad: ")]

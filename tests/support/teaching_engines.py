"""Programs with teaching engines of their own, and how tests of ``fastgrad run`` start them."""

import contextlib
import io
import os
import runpy
import subprocess
import sys
import textwrap
from typing import NamedTuple

from fastgrad.run import first_difference, run_script
from fastgrad.run.settings import settings
from support.places import PACKAGE_FOLDER

_MARK = "fastgrad: "

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

# Methods that such engines have, too: made of the operators, and functions with a closure.
ARITHMETIC = """
def __neg__(self):
    return self * -1

def __sub__(self, other):
    return self + (-other)

def __rsub__(self, other):
    return other + (-self)

def __pow__(self, other):
    out = Value(self.data**other, (self,), f"**{other}")
    def _backward():
        self.grad += other * self.data ** (other - 1) * out.grad
    out._backward = _backward
    return out

def __truediv__(self, other):
    return self * other**-1

def __rtruediv__(self, other):
    return other * self**-1

def exp(self):
    out = Value(math.exp(self.data), (self,), "exp")
    def _backward():
        self.grad += out.data * out.grad
    out._backward = _backward
    return out

def log(self):
    out = Value(math.log(self.data), (self,), "log")
    def _backward():
        self.grad += 1 / self.data * out.grad
    out._backward = _backward
    return out

def tanh(self):
    out = Value(math.tanh(self.data), (self,), "tanh")
    def _backward():
        self.grad += (1 - out.data**2) * out.grad
    out._backward = _backward
    return out

def __repr__(self):
    return f"Value(data={self.data}, grad={self.grad})"
"""

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
    """Run Python with the checkout's fastgrad, and return how it ended."""
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE_FOLDER.parent), **options.pop("env", {})}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, check=False, **options
    )


def command(*arguments, **options):
    """The same for ``fastgrad run``."""
    return python("-m", "fastgrad", "run", *arguments, **options)


def said(done):
    """What a run said of its own, a line each."""
    return [line.removeprefix(_MARK) for line in done.stderr.splitlines() if line.startswith(_MARK)]


def without_said(done):
    """Standard error as the program wrote it."""
    return "".join(line for line in done.stderr.splitlines(keepends=True) if not line.startswith(_MARK))


def same_both_ways(*arguments, options=(), **how):
    """Run a program in processes, plainly and on fastgrad; all that it does must be the same. Return the second run."""
    plain, done = python(*arguments, **how), command(*options, *arguments, **how)
    assert (done.returncode, without_said(done)) == (plain.returncode, plain.stderr)
    assert first_difference(plain.stdout, done.stdout) is None, done.stdout
    return done


class Ran(NamedTuple):
    """What a program printed, and what was said of it: its folder is left out of that."""

    output: str
    said: list[str]


def on_fastgrad(path, **options):
    """Run a script on fastgrad in this process."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            run_script(path, **options)
        finally:
            forget_the_program()
    lines = errors.getvalue().replace(os.path.dirname(path) + os.sep, "").splitlines()
    return Ran(output.getvalue(), [line.removeprefix(_MARK) for line in lines])


def forget_the_program():
    """Let go of a program's variables: its classes, which the tape knows by their nodes, would keep them."""
    for number in settings.exchanged:
        for method in list(vars(number).values()):
            variables = getattr(method, "__globals__", {})
            if variables.get("__name__") == "__main__":
                variables.clear()
    settings.exchanged.clear()


def both_ways(path, **options):
    """Run a script in this process, plainly and on fastgrad; it must print the same. Return the second run."""
    plain = io.StringIO()
    with contextlib.redirect_stdout(plain):
        runpy.run_path(path, run_name="__main__")
    ran = on_fastgrad(path, **options)
    difference = first_difference(plain.getvalue(), ran.output)
    assert difference is None, (
        f"line {difference[0]}, plainly and on fastgrad:\n{difference[1]}\n{difference[2]}\n{ran.said}"
    )
    return ran


def engine_with(methods, engine=OWN_ENGINE):
    """A teaching engine with more methods."""
    return engine.replace("    # more methods", textwrap.indent(textwrap.dedent(methods), "    "))


def unary(name, value, slope):
    """The text of a method that makes a number of one: the number and the slope as expressions of x."""
    return f"""
def {name}(self):
    x = self.data
    out = Value({value}, (self,), "{name}")
    def _backward():
        self.grad += ({slope}) * out.grad
    out._backward = _backward
    return out
"""


FULL_ENGINE = "import math\n" + engine_with(ARITHMETIC)

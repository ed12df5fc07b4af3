"""What several test files share."""

import gc
import operator
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import fastgrad

PACKAGE_FOLDER = Path(fastgrad.__file__).parent

COLLECT_ALWAYS = "FASTGRAD_COLLECT_ALWAYS" in os.environ
SANITIZED = "FASTGRAD_SANITIZED" in os.environ

large = pytest.mark.skipif(COLLECT_ALWAYS, reason="a large graph takes for ever when every node collects")
measures = pytest.mark.skipif(
    COLLECT_ALWAYS or SANITIZED,
    reason="measures memory or time, of which sanitizers and forced collections take their own",
)


def exact(x):
    """A number as text, different for any two different doubles; one text for every nan."""
    return repr(float(x))


def state(nodes):
    """Data and gradient of each node, exactly."""
    return [(exact(node.data), exact(node.grad)) for node in nodes]


def live_nodes():
    """How many nodes are needed: the others go, then what was kept on them, then the nodes that this kept."""
    fastgrad.collect()
    gc.collect()
    fastgrad.collect()
    return fastgrad.tape_info().nodes


# A process started in the background of a shell ignores the signal, and so do its children.
_HEAR_SIGINT = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


def run_python(code, *arguments, limit="true", timeout=300, check=True, **environment):
    """Run a program in a Python of its own, perhaps under a shell's `ulimit`; return how it ended."""
    python = [sys.executable, "-c", _HEAR_SIGINT + textwrap.dedent(code), *map(str, arguments)]
    done = subprocess.run(
        ["sh", "-c", f'{limit} && exec "$@"', "sh", *python],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, "PYTHONPATH": str(PACKAGE_FOLDER.parent), **environment},
        check=False,
    )
    if check:
        assert done.returncode == 0, f"ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def reached(root):
    """The nodes a node stands on, itself included, operands after results."""
    seen, pending, nodes = {root}, [root], []
    while pending:
        nodes.append(pending.pop())
        for operand in nodes[-1].prev:
            if operand not in seen:
                seen.add(operand)
                pending.append(operand)
    return nodes


def check_the_tape():
    """Whatever happened before: the tape computes, collects and sweeps."""
    a, b = fastgrad.Value(3.0), fastgrad.Value(4.0)
    c = fastgrad.sum([a * b, a, b.tanh()])
    before = fastgrad.tape_info().nodes
    for _ in range(100):
        a * 2.0
    fastgrad.collect()
    assert fastgrad.tape_info().nodes <= before
    c.backward()
    assert a.grad == 5.0
    assert a.prev == []
    assert (a * b).prev == [a, b]


POINTS = [-3.75, -1.0, -0.5, -1e-9, 0.0, 2e-8, 0.3, 0.7, 1.0, 2.5, 12.0]

# Where a function of one number is defined, if not everywhere.
DOMAINS = {
    "log": lambda x: x > 0.0,
    "log2": lambda x: x > 0.0,
    "log10": lambda x: x > 0.0,
    "log1p": lambda x: x > -1.0,
    "sqrt": lambda x: x >= 0.0,
    "asin": lambda x: abs(x) <= 1.0,
    "acos": lambda x: abs(x) <= 1.0,
    "acosh": lambda x: x >= 1.0,
    "atanh": lambda x: abs(x) < 1.0,
}


def points(name):
    """Numbers at which the function of that name has a value."""
    return [x for x in POINTS if name not in DOMAINS or DOMAINS[name](x)]


ARITHMETIC = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


# An operation of a user's own that can be pickled, and a graph with every kind of node.


def half(a):
    return a / 2.0


def slope_of_half(a):
    return 0.5


HALF = fastgrad.custom("half", half, slope_of_half)


def everything():
    """A graph with every kind of node."""
    x, w = fastgrad.Value(0.75, label="x"), fastgrad.Scalar(-1.5)
    y = (x * w + 2.0) / (3.0 - x) - x**2 + 2.0**w + (x < w) * x
    y = fastgrad.sum([y, 1.0, x]) + fastgrad.mean([x, 4.0]) + fastgrad.prod([x, w, 2.0]) + fastgrad.logsumexp([x, w])
    y = y + fastgrad.softmax([x, y, 0.5])[1] + fastgrad.dot([x, 2.0], [w, y], bias=x) + HALF(x)
    y = y + x.ifel(x > 0.0, w, 3.0) + fastgrad.math.where(True, x, w) + fastgrad.math.hypot(x, 2.0)
    y = (
        y
        + fastgrad.math.fsum([x, w])
        + fastgrad.math.max(x, 0.75)
        + fastgrad.math.clip(w, -1.0, x)
        + x.tanh().leaky_relu()
    )
    y = y + fastgrad.Value(9.0, (x, w), (0.5, 0.25)) + fastgrad.Value(1.0, (x,), "mark")
    y.backward()
    return y


def walked(root):
    """All there is to see of a graph."""
    return [(type(node), node._op, node.label, *pair) for node, pair in zip(reached(root), state(reached(root)))]

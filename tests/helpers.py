"""What several test files share."""

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
    COLLECT_ALWAYS or SANITIZED, reason="measures memory or time, of which sanitizers and forced collections take their own"
)


def exact(x):
    """A number as text, different for any two different doubles; one text for every nan."""
    return repr(float(x))


def state(nodes):
    """Data and gradient of each node, exactly."""
    return [(exact(node.data), exact(node.grad)) for node in nodes]


def run_python(code, *arguments, limit="true", timeout=300, check=True, **environment):
    """Run a program in a Python of its own, under a shell's `ulimit` perhaps; return what it printed and how it ended."""
    python = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
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

"""A derivative made by hand with backward(), taken in another: it comes out wrong, and one warning says so."""

import subprocess
import sys
import textwrap

NESTED = """
    from fastgrad import Value

    def D(f, x):
        v = Value(x)
        f(v).backward()
        return v.grad

    for _ in range(3):
        D(lambda x: x * D(lambda y: x + y, 1.0), 1.0)
"""
USUAL = """
    from fastgrad import Value

    def step(w):
        loss = (w * w - 1.0) ** 2
        loss.backward()
        w.data, w.grad = w.data - 0.01 * w.grad, 0.0

    def train(w):
        for _ in range(100):
            step(w)

    train(Value(2.0))
"""


def said_by(program):
    """What a program says in a process of its own, as the first calls are looked at."""
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    return done.stderr


def test_nesting_is_named_once():
    said = said_by(NESTED)
    assert said.count("RuntimeWarning") == 1
    assert "D() calls backward() inside of another call of D()" in said
    assert "fastgrad.grad and fastgrad.derivative nest" in said


def test_training_says_nothing():
    assert said_by(USUAL) == ""

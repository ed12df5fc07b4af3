"""Functions sent to other processes by value, after their derivatives were taken here."""

import threading

import numpy as np
import pytest

import fastgrad
from fastgrad import Value

cloudpickle = pytest.importorskip("cloudpickle")
pytest.importorskip("scipy")
from fastgrad import ode, optimize  # noqa: E402


def made(factor=2.0):
    """Return a function that pickle cannot find by name. Beside what it reads there is what no pickle takes."""
    beside = {"factor": factor, "lock": threading.Lock()}
    names = {"__builtins__": __builtins__, "__name__": __name__, **beside}
    exec("def f(x): return sum(factor * (a - 1.0) ** 2 for a in x)\ndef rhs(t, y, r): return -r * factor * y", names)
    return names["f"], names["rhs"]


def sent(function):
    return cloudpickle.loads(cloudpickle.dumps(function))


def test_a_differentiated_function_is_sent_as_a_plain_one():
    f, _ = made()
    gradient = fastgrad.grad(f)
    for _ in range(3):
        gradient(np.zeros(2))
    for slopes in (fastgrad.grad(sent(f)), sent(gradient)):
        for _ in range(3):
            assert slopes(np.zeros(3)).tolist() == [-4.0, -4.0, -4.0]


def test_a_minimised_function_is_sent_as_a_plain_one():
    f, _ = made()
    optimize.minimize(f, np.zeros(2))
    assert optimize.minimize(sent(f), np.zeros(3)).x == pytest.approx([1.0, 1.0, 1.0])


@pytest.mark.parametrize("sensitivity", ["forward", "adjoint"])
def test_a_right_hand_side_is_sent_as_a_plain_one(sensitivity):
    _, rhs = made()
    ode.odeint(rhs, 3.0, [0.0, 1.0], (0.5,))
    rate = Value(0.5)
    ode.odeint(sent(rhs), 3.0, [0.0, 1.0], (rate,), sensitivity=sensitivity)[-1].backward()
    assert rate.grad == pytest.approx(-6.0 * np.exp(-1.0), rel=1e-6)

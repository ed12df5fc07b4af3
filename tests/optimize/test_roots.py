"""Roots of equations."""

import numpy as np
import pytest

import fastgrad
from fastgrad import math, optimize


def pair(x):
    return np.array([x[0] + 0.5 * (x[0] - x[1]) ** 3 - 1.0, 0.5 * (x[1] - x[0]) ** 3 + x[1]])


@pytest.mark.parametrize("method", ["hybr", "lm", "broyden1", "krylov", "df-sane"])
def test_every_method_finds_the_root(method):
    found = optimize.root(pair, np.array([0.8, 0.2]), method)
    assert found.success
    np.testing.assert_allclose(found.x, [0.8411639, 0.1588361], atol=1e-5)


def test_the_jacobian_is_the_functions():
    f = fastgrad.compile(pair)
    found = optimize.root(f, np.array([0.8, 0.2]))
    assert found.njev >= 1
    assert len(f.programs()) == 1


def test_a_number_and_structures_come_back_as_given():
    assert optimize.root(lambda x: math.cos(x) - x, 1.0).x == pytest.approx(0.7390851332)
    found = optimize.root(
        lambda p, c: {"a": p["a"] ** 2 - c, "b": p["a"] * p["b"] - 1.0}, {"a": 1.0, "b": 1.0}, args=4.0
    )
    assert found.x == pytest.approx({"a": 2.0, "b": 0.5})


def test_as_many_equations_as_unknowns_are_asked_for():
    with pytest.raises(ValueError, match=r"as many numbers as x0 has, 2, not 1: least_squares\(\)"):
        optimize.root(lambda x: [x[0] - x[1]], np.zeros(2))


def test_a_root_has_no_covariance():
    with pytest.raises(TypeError, match="a minimum or of a fit"):
        optimize.root(pair, np.array([0.8, 0.2])).covariance()

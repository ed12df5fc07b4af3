"""The least of many minima."""

import functools

import numpy as np
import pytest
from scipy.optimize import Bounds

import fastgrad
from fastgrad import math, optimize

SOLVERS = [pytest.param(functools.partial(optimize.dual_annealing, seed=1), id="dual_annealing"), optimize.shgo]


def rastrigin(x):
    return fastgrad.sum(a * a - 10.0 * math.cos(2.0 * math.pi * a) + 10.0 for a in x)


def by_name(p, shift=0.0):
    return rastrigin([p["a"] - shift, p["b"]])


def test_basinhopping_leaves_a_local_minimum():
    found = optimize.basinhopping(rastrigin, np.array([2.0, -1.0]), niter=300, seed=1)
    np.testing.assert_allclose(found.x, 0.0, atol=1e-6)


def test_basinhopping_takes_structures_bounds_and_arguments():
    start = {"a": 2.0, "b": 1.0}
    found = optimize.basinhopping(by_name, start, niter=300, seed=1, bounds={"b": (0.5, 3.0)}, args=1.0)
    assert found.x == pytest.approx({"a": 1.0, "b": 0.99496}, abs=1e-4)


@pytest.mark.parametrize("bounds", [[(-5.12, 5.12)] * 2, Bounds([-5.12] * 2, [5.12] * 2)])
@pytest.mark.parametrize("solver", SOLVERS)
def test_bounds_are_where_is_searched(solver, bounds):
    np.testing.assert_allclose(solver(rastrigin, bounds).x, 0.0, atol=1e-5)


@pytest.mark.parametrize("solver", SOLVERS)
def test_bounds_by_name_make_a_dict(solver):
    found = solver(by_name, {"a": (0.0, 2.0), "b": (-1.0, 1.0)}, args=(1.0,))
    assert found.x == pytest.approx({"a": 1.0, "b": 0.0}, abs=1e-3)


def test_dual_annealing_begins_where_it_is_told():
    found = optimize.dual_annealing(rastrigin, [(-5.12, 5.12)] * 2, x0=np.array([4.0, 4.0]), maxiter=200, seed=1)
    np.testing.assert_allclose(found.x, 0.0, atol=1e-5)


def test_local_steps_take_gradients():
    found = optimize.shgo(rastrigin, [(-1.5, 1.5)] * 2)
    assert found.nljev > 0
    assert found.nlfev < 200


def test_shgo_takes_constraints_and_finds_all_minima():
    found = optimize.shgo(rastrigin, [(-1.5, 1.5)] * 2, constraints=lambda x: x[0] - 0.5, n=60, iters=2)
    assert found.x == pytest.approx([0.99496, 0.0], abs=1e-3)
    assert len(found.xl) >= 2


def test_a_covariance_is_that_of_the_minimum():
    found = optimize.dual_annealing(rastrigin, [(-5.12, 5.12)] * 2, maxiter=200, seed=1)
    np.testing.assert_allclose(found.covariance(), np.eye(2) / (2.0 + 40.0 * np.pi**2), rtol=1e-6, atol=1e-9)

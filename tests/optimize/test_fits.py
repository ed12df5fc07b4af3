"""Least squares and fits, beside SciPy's own."""

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import Bounds
from scipy.optimize import curve_fit as scipys_curve_fit
from scipy.optimize import least_squares as scipys_least_squares

import fastgrad
from fastgrad import math, optimize

TIMES = np.linspace(0.0, 4.0, 40)
MEASURED = 3.0 * np.exp(-0.7 * TIMES) + 0.05 * np.random.default_rng(5).normal(size=40)


def decay(t, height, rate):
    return height * math.exp(-rate * t)


def residuals(p, times=TIMES, measured=MEASURED):
    return np.array([p[0] * math.exp(-p[1] * t) - y for t, y in zip(times, measured)])


def with_numpy(t, height, rate):
    return height * np.exp(-rate * t)


class TestLeastSquares:
    @pytest.mark.parametrize("method", ["trf", "dogbox", "lm"])
    def test_finds_what_scipy_finds(self, method):
        found = optimize.least_squares(residuals, np.ones(2), method=method)
        expected = scipys_least_squares(lambda p: with_numpy(TIMES, *p) - MEASURED, np.ones(2), method=method)
        np.testing.assert_allclose(found.x, expected.x, rtol=1e-6)
        np.testing.assert_allclose(found.cost, expected.cost)

    @pytest.mark.parametrize("loss", ["soft_l1", "huber", "cauchy", "arctan"])
    def test_takes_scipys_losses(self, loss):
        found = optimize.least_squares(residuals, np.ones(2), loss=loss, f_scale=0.1)
        expected = scipys_least_squares(lambda p: with_numpy(TIMES, *p) - MEASURED, np.ones(2), loss=loss, f_scale=0.1)
        np.testing.assert_allclose(found.x, expected.x, rtol=1e-4)

    def test_residuals_may_be_any_structure_of_any_structure(self):
        def of_dict(p):
            return {"first": [p["a"] - 1.0, p["a"] + p["b"][0]], "second": p["b"] ** 2 - 1.0}

        found = optimize.least_squares(of_dict, {"a": 0.0, "b": np.array([-0.5])})
        assert found.x["a"] == pytest.approx(1.0)
        np.testing.assert_allclose(found.x["b"], [-1.0])

    def test_further_arguments_are_the_functions(self):
        f = fastgrad.compile(lambda p, times, measured: p[0] * times + p[1] - measured)
        x, y = np.arange(5.0), 2.0 * np.arange(5.0) + 1.0
        np.testing.assert_allclose(optimize.least_squares(f, np.zeros(2), args=(x, y)).x, [2.0, 1.0])
        assert len(f.programs()) == 1

    @pytest.mark.parametrize(
        "bounds", [([-np.inf, 0.0], [2.5, 9.0]), Bounds([-np.inf, 0.0], [2.5, 9.0]), (-9.0, [2.5, 9.0])]
    )
    def test_takes_scipys_bounds(self, bounds):
        found = optimize.least_squares(residuals, np.ones(2), bounds)
        assert found.x[0] == pytest.approx(2.5)

    def test_takes_bounds_by_name(self):
        found = optimize.least_squares(lambda p: residuals([p["a"], p["b"]]), {"a": 1.0, "b": 1.0}, {"a": (None, 2.5)})
        assert found.x["a"] == pytest.approx(2.5)

    def test_the_jacobian_is_sparse_where_most_of_it_is_0(self):
        def chain(x):
            return np.array([*(x[1:] - 0.5 * x[:-1] ** 2 - 0.5), x[0] - 1.0])

        found = optimize.least_squares(chain, np.full(60, 0.9))
        assert sparse.issparse(found.jac)
        assert found.jac.nnz == 2 * 59 + 1
        np.testing.assert_allclose(found.x, 1.0, atol=1e-6)
        assert not sparse.issparse(optimize.least_squares(chain, np.full(60, 0.9), sparse=False).jac)
        assert not sparse.issparse(optimize.least_squares(chain, np.full(60, 0.9), method="lm").jac)
        assert sparse.issparse(optimize.least_squares(chain, np.full(5, 0.9), sparse=True).jac)


class TestCovariance:
    def test_is_that_of_scipys_curve_fit(self):
        found = optimize.least_squares(residuals, np.ones(2), method="lm", xtol=1e-12, ftol=1e-12)
        _, expected = scipys_curve_fit(with_numpy, TIMES, MEASURED, [1.0, 1.0], xtol=1e-12, ftol=1e-12)
        np.testing.assert_allclose(found.covariance(), expected, rtol=1e-5)
        np.testing.assert_allclose(found.standard_errors(), np.sqrt(np.diag(expected)), rtol=1e-5)

    @pytest.mark.parametrize("absolute", [False, True])
    @pytest.mark.parametrize("kind", ["none", "deviations", "covariance"])
    def test_of_a_fit_is_scipys(self, absolute, kind):
        deviations = np.linspace(0.05, 0.1, 40)
        mixed = np.diag(deviations**2) + 1e-3
        sigma = {"none": None, "deviations": deviations, "covariance": mixed}[kind]
        found = optimize.curve_fit(decay, TIMES, MEASURED, [1.0, 1.0], sigma, absolute)
        best, expected = scipys_curve_fit(
            with_numpy, TIMES, MEASURED, [1.0, 1.0], sigma, absolute, xtol=1e-14, ftol=1e-14
        )
        np.testing.assert_allclose(found.x, best, rtol=1e-6)
        np.testing.assert_allclose(found.covariance(), expected, rtol=1e-5)

    def test_of_a_sparse_jacobian_is_that_of_the_dense_one(self):
        some = [optimize.least_squares(residuals, np.ones(2), sparse=sparse) for sparse in (False, True)]
        np.testing.assert_allclose(some[0].covariance(), some[1].covariance(), rtol=1e-6)

    def test_is_told_apart_where_columns_have_sizes_far_apart(self):
        def f(p):
            return np.array([1e12 * p[0] * t + 1e-9 * p[1] - y for t, y in zip(TIMES, MEASURED)])

        found = optimize.least_squares(f, np.zeros(2), x_scale="jac")
        design = np.column_stack([TIMES, np.ones(40)])
        inverse = np.linalg.inv(design.T @ design)
        expected = inverse * 2.0 * found.cost / 38.0 / np.outer([1e12, 1e-9], [1e12, 1e-9])
        np.testing.assert_allclose(found.covariance(), expected, rtol=1e-9)

    def test_is_refused_where_the_residuals_do_not_tell_the_numbers(self):
        found = optimize.least_squares(lambda p: [p[0] + p[1] - 1.0, p[0] + p[1], 2.0 * (p[0] + p[1])], np.ones(2))
        with pytest.raises(ValueError, match="its rank is 1: fit fewer numbers"):
            found.covariance()
        with pytest.raises(ValueError, match="more residuals than numbers, not 2 for 2"):
            optimize.least_squares(lambda p: [p[0] - 1.0, p[1]], np.ones(2)).covariance()


class TestCurveFit:
    def test_parameters_by_name_come_back_by_name(self):
        found = optimize.curve_fit(decay, TIMES, MEASURED, {"rate": 1.0, "height": 1.0})
        in_order = optimize.curve_fit(decay, TIMES, MEASURED, [1.0, 1.0])
        assert list(found.x) == ["rate", "height"]
        assert [found.x["height"], found.x["rate"]] == pytest.approx(in_order.x, rel=1e-12)
        assert list(found.standard_errors()) == ["rate", "height"]

    def test_points_may_be_rows(self):
        rows = np.random.default_rng(1).normal(size=(30, 2))
        y = 2.0 * rows[:, 0] - 3.0 * np.exp(0.5 * rows[:, 1])
        model = fastgrad.compile(lambda row, a, b, c: a * row[0] + b * math.exp(c * row[1]))
        np.testing.assert_allclose(optimize.curve_fit(model, rows, y, np.ones(3)).x, [2.0, -3.0, 0.5], rtol=1e-9)

    def test_slopes_are_0_to_the_last_digits(self):
        loose = optimize.curve_fit(decay, TIMES, MEASURED, [1.0, 1.0])
        tight = optimize.curve_fit(decay, TIMES, MEASURED, [2.5, 0.5], xtol=1e-15, ftol=1e-15, gtol=1e-15)
        np.testing.assert_allclose(loose.x, tight.x, rtol=1e-13)
        assert loose.optimality < 1e-13

    def test_bounds_hold(self):
        found = optimize.curve_fit(decay, TIMES, MEASURED, {"height": 1.0, "rate": 1.0}, bounds={"height": (0.0, 2.5)})
        assert found.x["height"] == pytest.approx(2.5)
        wide = optimize.curve_fit(decay, TIMES, MEASURED, [1.0, 1.0], bounds=(0.0, [9.0, 9.0]))
        assert wide.x == pytest.approx(optimize.curve_fit(decay, TIMES, MEASURED, [1.0, 1.0]).x, rel=1e-9)

    def test_a_model_with_two_paths_is_fitted(self):
        def hinge(t, at, slope):
            return slope * (t - at) if t > at else 0.0 * slope

        y = np.where(TIMES > 1.55, 2.0 * (TIMES - 1.55), 0.0)
        np.testing.assert_allclose(optimize.curve_fit(hinge, TIMES, y, [1.0, 1.0]).x, [1.55, 2.0], rtol=1e-9)

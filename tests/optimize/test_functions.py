"""What a function becomes for a solver: recorded once for each structure of x, or called on the tape."""

import functools

import numpy as np
import pytest
from scipy.optimize import rosen

import fastgrad
from fastgrad import optimize

START = np.array([0.3, 0.2])


class Calls:
    """A function that counts its calls, where nobody looks for what a function reads."""

    __slots__ = ("count",)

    def of(self, function):
        """Count the calls of a function from now on."""
        self.count = 0

        def called(*args, **kwargs):
            self.count += 1
            return function(*args, **kwargs)

        return called


def of_names(p, shift=0.0):
    return (p["a"] - 1.0 - shift) ** 2 + (p["b"] - 2.0) ** 2


class TestRecordings:
    @pytest.mark.parametrize("kind", [lambda f: f, fastgrad.compile])
    def test_are_kept_for_each_structure(self, kind):
        calls = Calls()
        f = kind(calls.of(of_names))
        optimize.minimize(f, {"a": 0.0, "b": 0.0})
        calls.count = 0
        for k in range(10):
            optimize.minimize(f, {"a": k, "b": 5.0})
        assert calls.count < 10  # comparisons, as runs come to a power of two

    def test_further_arguments_are_the_programs(self):
        calls = Calls()
        f = calls.of(of_names)
        for shift in (1.0, 2.0, 3.0):
            assert optimize.minimize(f, {"a": 0.0, "b": 0.0}, args=(shift,)).x["a"] == pytest.approx(1.0 + shift)
        assert calls.count <= 4  # a recording and comparisons

    def test_are_made_anew_when_what_the_function_reads_is_another(self):
        target = 1.0

        def f(p):
            return (p[0] - target) ** 2

        assert optimize.minimize(f, [0.0]).x == pytest.approx([1.0])
        target = 5.0
        assert optimize.minimize(f, [0.0]).x == pytest.approx([5.0])

    def test_of_a_copy_made_by_wraps_are_its_own(self):
        def f(p):
            return (p[0] - 1.0) ** 2

        optimize.minimize(f, [0.0])

        @functools.wraps(f)
        def other(p):
            return (p[0] - 3.0) ** 2

        assert optimize.minimize(other, [0.0]).x == pytest.approx([3.0])

    def test_of_a_model_are_kept(self):
        calls = Calls()
        model, times = calls.of(lambda t, a, b: a * t + b), np.arange(5.0)
        optimize.curve_fit(model, times, 2.0 * times, {"a": 1.0, "b": 1.0})
        calls.count = 0
        for slope in range(10):
            found = optimize.curve_fit(model, times, slope * times, {"a": 1.0, "b": 1.0})
            assert found.x["a"] == pytest.approx(slope)
        assert calls.count < 10


def refused(x):
    """Rosenbrock's function, which no recording takes, as it asks for a number."""
    assert x[0].data < np.inf
    return (1.0 - x[0]) ** 2 + 100.0 * (x[1] - x[0] ** 2) ** 2


class TestOnTheTape:
    @pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "Newton-CG", "trust-exact", "trust-constr", "trust-krylov"])
    def test_what_cannot_be_recorded_is_minimised(self, method):
        options = {"gtol": 1e-8} if method.startswith("trust") else {}
        found = optimize.minimize(refused, START, method, tol=1e-9, options=options)
        assert found.x == pytest.approx(np.ones(2), abs=1e-5)
        assert found.fun == rosen(found.x)

    def test_structures_go_in_and_out(self):
        found = optimize.minimize(lambda p: refused([p["a"], p["b"]]), {"a": 0.0, "b": 0.0})
        assert found.x == pytest.approx({"a": 1.0, "b": 1.0}, abs=1e-4)

    def test_methods_without_derivatives_get_values(self):
        assert optimize.minimize(refused, START, "Nelder-Mead").x == pytest.approx(np.ones(2), abs=1e-3)

    @pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
    def test_constraints(self, method):
        def inside(x):
            return 1.0 + 0.0 * x[0].data - x[0] ** 2 - x[1] ** 2

        found = optimize.minimize(lambda x: (x[0] - 3.0) ** 2 + (x[1] - 4.0) ** 2, START, method, constraints=inside)
        assert found.x == pytest.approx([0.6, 0.8], abs=1e-3)

    def test_covariance_is_the_exact_one(self):
        recorded = optimize.minimize(
            lambda x: (1.0 - x[0]) ** 2 + 100.0 * (x[1] - x[0] ** 2) ** 2, START, "trust-exact"
        )
        found = optimize.minimize(refused, START, "trust-exact")
        np.testing.assert_allclose(found.covariance(), recorded.covariance(), rtol=1e-12)

    def test_least_squares_roots_and_fits(self):
        def equations(x):
            return [x[0] ** 2 - 2.0 + 0.0 * x[0].data, x[1] - x[0]]

        root = pytest.approx([2.0**0.5, 2.0**0.5])
        assert optimize.least_squares(equations, [1.0, 1.0]).x == root
        assert optimize.least_squares(equations, np.ones(2), sparse=True).x == root
        assert optimize.root(equations, [1.0, 1.0]).x == root
        times = np.arange(5.0)
        found = optimize.curve_fit(lambda t, a, b: a * t + b + 0.0 * a.data, times, 2.0 * times + 1.0, [1.0, 1.0])
        assert found.x == pytest.approx([2.0, 1.0])

    def test_a_minimum_of_one_number_has_all_digits(self):
        found = optimize.minimize_scalar(lambda x: x.exp() - 2.0 * x + 0.0 * x.data, bounds=(0.0, 2.0))
        assert found.x == pytest.approx(np.log(2.0), rel=1e-15)

    def test_a_slope_that_would_be_lost_is_told(self):
        with pytest.raises(TypeError, match=r"float\(\) of a Value would lose its gradient"):
            optimize.minimize(lambda x: float(x[0]) ** 2, START)

"""Minima of functions with known ones, by every method of SciPy that takes derivatives."""

import inspect

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, NonlinearConstraint, rosen, rosen_der, rosen_hess

import fastgrad
from fastgrad import math, optimize
from fastgrad.optimize.limits import constraints_of
from fastgrad.optimize.problem import Unknowns

METHODS = ["CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP", "Newton-CG", "trust-ncg", "trust-krylov", "trust-exact"]
METHODS += ["trust-constr", "dogleg"]


def rosenbrock(x):
    return fastgrad.sum((1.0 - a) ** 2 + 100.0 * (b - a * a) ** 2 for a, b in zip(x, x[1:]))


def beale(x):
    return fastgrad.sum((c - x[0] * (1.0 - x[1] ** k)) ** 2 for k, c in ((1, 1.5), (2, 2.25), (3, 2.625)))


def booth(x):
    return (x[0] + 2.0 * x[1] - 7.0) ** 2 + (2.0 * x[0] + x[1] - 5.0) ** 2


def wood(x):
    a, b, c, d = x
    first = 100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 + 90.0 * (d - c * c) ** 2 + (1.0 - c) ** 2
    return first + 10.1 * ((b - 1.0) ** 2 + (d - 1.0) ** 2) + 19.8 * (b - 1.0) * (d - 1.0)


def bowl(x):
    return fastgrad.sum(math.cosh(a - k) for k, a in enumerate(x))


FUNCTIONS = {
    "rosenbrock": (rosenbrock, np.zeros(5), np.ones(5)),
    "beale": (beale, np.array([2.0, 0.2]), np.array([3.0, 0.5])),
    "booth": (booth, np.zeros(2), np.array([1.0, 3.0])),
    "wood": (wood, np.array([0.9, 0.8, 0.9, 0.8]), np.ones(4)),
    "bowl": (bowl, np.zeros(4), np.arange(4.0)),
}


class TestMethods:
    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("name", FUNCTIONS)
    def test_finds_the_known_minimum(self, name, method):
        f, start, known = FUNCTIONS[name]
        if method == "dogleg" and name in ("rosenbrock", "beale"):
            start = known + 0.05  # where the Hessian is positive definite, which dogleg needs
        options = {"gtol": 1e-8} if method.startswith("trust") or method == "dogleg" else {}
        found = optimize.minimize(f, start, method, tol=1e-9, options=options)
        np.testing.assert_allclose(found.x, known, atol=1e-4)

    @pytest.mark.parametrize("method", ["Nelder-Mead", "Powell", "COBYLA"])
    def test_methods_without_derivatives_are_given_none(self, method):
        found = optimize.minimize(booth, np.zeros(2), method, tol=1e-8)
        np.testing.assert_allclose(found.x, [1.0, 3.0], atol=1e-4)

    def test_many_unknowns_take_products_with_the_hessian(self):
        found = optimize.minimize(rosenbrock, np.zeros(80), "trust-krylov", options={"gtol": 1e-8})
        np.testing.assert_allclose(found.x, 1.0, atol=1e-6)
        assert found.nhev > 0

    def test_a_method_of_ones_own_is_given_the_derivatives(self):
        given = {}

        def own(fun, x0, args, jac, hessp, **options):
            from scipy.optimize import OptimizeResult

            given.update(value=fun(x0), slopes=jac(x0), product=hessp(x0, np.array([1.0, 0.0])))
            return OptimizeResult(x=x0, fun=fun(x0), success=True)

        point = np.array([0.5, 2.0])
        optimize.minimize(rosenbrock, point, own)
        np.testing.assert_allclose(given["value"], rosen(point))
        np.testing.assert_allclose(given["slopes"], rosen_der(point))
        np.testing.assert_allclose(given["product"], rosen_hess(point)[0])

    def test_value_and_gradient_of_a_point_are_one_call(self):
        f = fastgrad.compile(rosenbrock)
        calls = []
        f.value_and_grad = lambda *args, plain=f.value_and_grad: calls.append(0) or plain(*args)
        found = optimize.minimize(f, np.zeros(3), "BFGS")
        assert found.nfev == found.njev == len(calls)


class TestStructures:
    def test_parameters_come_back_as_they_were_given(self):
        def f(p):
            return (p["a"] - 1.0) ** 2 + fastgrad.sum((x - 2.0) ** 2 for x in p["rest"]) + (p["w"] ** 2).sum()

        found = optimize.minimize(f, {"a": 0.0, "rest": [0.0, 0.0], "w": np.ones((2, 2))})
        assert found.x["a"] == pytest.approx(1.0)
        assert found.x["rest"] == pytest.approx([2.0, 2.0])
        assert type(found.x["rest"]) is list
        np.testing.assert_allclose(found.x["w"], np.zeros((2, 2)), atol=1e-6)

    def test_a_number_comes_back_as_a_float(self):
        found = optimize.minimize(lambda x: (x - 3.0) ** 2, 0)
        assert type(found.x) is float
        assert found.x == pytest.approx(3.0)

    @pytest.mark.parametrize("compiled", [False, True])
    def test_further_arguments_are_the_functions(self, compiled):
        def f(x, a, shift):
            return a * fastgrad.dot(x - shift, x - shift)

        f = fastgrad.compile(f) if compiled else f
        found = optimize.minimize(f, np.zeros(2), "trust-exact", args=(2.0, np.array([1.0, -1.0])))
        np.testing.assert_allclose(found.x, [1.0, -1.0], atol=1e-8)
        np.testing.assert_allclose(optimize.minimize(lambda x, a: (x - a) ** 2, 0.0, args=4.0).x, 4.0, atol=1e-6)

    def test_a_compiled_function_keeps_its_program(self):
        f = fastgrad.compile(rosenbrock)
        for start in (np.zeros(3), np.full(3, 2.0)):
            optimize.minimize(f, start)
        assert len(f.programs()) == 1

    def test_the_callback_is_given_the_structure(self):
        seen = []
        f = lambda p: (p["a"] - 1.0) ** 2  # noqa: E731
        optimize.minimize(f, {"a": 0.0}, callback=seen.append)
        assert seen[-1]["a"] == pytest.approx(1.0)

    def test_the_callback_may_take_the_intermediate_result(self):
        seen = []

        def callback(intermediate_result):
            seen.append(intermediate_result.x["a"])

        optimize.minimize(lambda p: (p["a"] - 1.0) ** 2, {"a": 0.0}, "BFGS", callback=callback)
        assert seen[-1] == pytest.approx(1.0)

    def test_progress_is_a_line_of_steps(self, capsys):
        pytest.importorskip("tqdm")
        optimize.minimize(booth, np.zeros(2), progress=True)
        assert "steps" in capsys.readouterr().err


class TestBounds:
    @pytest.mark.parametrize("method", [None, "L-BFGS-B", "TNC", "SLSQP", "trust-constr"])
    @pytest.mark.parametrize("bounds", [[(None, 0.5), (None, None)], Bounds([-np.inf, -np.inf], [0.5, np.inf])])
    def test_are_scipys(self, method, bounds):
        found = optimize.minimize(rosenbrock, np.zeros(2), method, bounds=bounds)
        np.testing.assert_allclose(found.x, [0.5, 0.25], atol=1e-3)

    def test_are_given_by_name(self):
        def f(p):
            return (p["a"] - 1.0) ** 2 + ((p["w"] - 3.0) ** 2).sum()

        found = optimize.minimize(f, {"a": 0.0, "w": np.zeros(3)}, bounds={"w": (None, [1.0, 2.0, 9.0])})
        assert found.x["a"] == pytest.approx(1.0)
        np.testing.assert_allclose(found.x["w"], [1.0, 2.0, 3.0], atol=1e-5)


def inside(x):
    return 1.0 - x[0] ** 2 - x[1] ** 2


class TestConstraints:
    ON_THE_CIRCLE = 0.78641515, 0.61769831

    @pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
    @pytest.mark.parametrize(
        "constraints",
        [
            inside,
            {"type": "ineq", "fun": inside},
            [{"type": "ineq", "fun": lambda x, r: r - x[0] ** 2 - x[1] ** 2, "args": (1.0,)}],
            NonlinearConstraint(lambda x: x[0] ** 2 + x[1] ** 2, -np.inf, 1.0),
            NonlinearConstraint(fastgrad.compile(lambda x: fastgrad.dot(x, x)), -np.inf, 1.0),
        ],
        ids=["function", "dict", "with args", "nonlinear", "compiled"],
    )
    def test_hold(self, method, constraints):
        found = optimize.minimize(rosenbrock, np.zeros(2), method, constraints=constraints)
        np.testing.assert_allclose(found.x, self.ON_THE_CIRCLE, atol=1e-3)

    @pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
    def test_equalities_of_several_numbers_and_linear_ones(self, method):
        constraints = [
            {"type": "eq", "fun": lambda x: [x[0] * x[1] - 2.0, x[2] - x[0]]},
            LinearConstraint([[1.0, 0.0, 0.0]], 1.0, 5.0),
        ]
        f = lambda x: fastgrad.dot(x, x)  # noqa: E731
        found = optimize.minimize(f, np.array([2.0, 2.0, 2.0]), method, constraints=constraints)
        np.testing.assert_allclose(found.x, [2.0**0.25, 2.0**0.75, 2.0**0.25], atol=1e-3)

    def test_are_of_the_structure(self):
        f = lambda p: p["a"] ** 2 + p["b"] ** 2  # noqa: E731
        equal = {"type": "eq", "fun": lambda p: p["a"] + p["b"] - 2.0}
        found = optimize.minimize(f, {"a": 0.0, "b": 5.0}, constraints=equal)
        assert found.x == pytest.approx({"a": 1.0, "b": 1.0})

    def test_have_sparse_derivatives_where_most_are_0(self):
        n = 60
        constraint = NonlinearConstraint(lambda x: x[1:] * x[:-1], 0.5, np.inf)
        (made,) = constraints_of(constraint, Unknowns(np.ones(n)), True)
        assert made.jac(np.ones(n)).nnz == 2 * (n - 1)
        found = optimize.minimize(lambda x: fastgrad.dot(x, x), np.ones(n), "trust-constr", constraints=constraint)
        assert np.all(found.x[1:] * found.x[:-1] > 0.499)

    def test_second_derivatives_are_those_of_the_weighted_sum(self):
        point = np.array([1.0, 2.0])
        (made,) = constraints_of(lambda x: [x[0] ** 2 * x[1], x[1] ** 3], Unknowns(point), True)
        np.testing.assert_allclose(made.hess(point, [1.0, 10.0]), [[4.0, 2.0], [2.0, 120.0]])


class TestScalar:
    def test_finds_all_digits(self):
        found = optimize.minimize_scalar(lambda x: (x - 1.0 / 3.0) ** 4 + math.cosh(x - 1.0 / 3.0))
        assert abs(found.x - 1.0 / 3.0) < 1e-15
        assert type(found.x) is float

    @pytest.mark.parametrize("bounds", [(0.5, 2.0), (-2.0, -0.5)])
    def test_stays_between_bounds(self, bounds):
        found = optimize.minimize_scalar(lambda x, a: (x - a) ** 2, bounds=bounds, args=(0.0,))
        assert bounds[0] <= found.x <= bounds[1]
        assert abs(found.x) == pytest.approx(0.5, abs=1e-4)

    def test_a_kink_is_left_as_scipy_found_it(self):
        found = optimize.minimize_scalar(lambda x: abs(x - 1.0), bracket=(0.0, 3.0))
        assert found.x == pytest.approx(1.0, abs=1e-6)


def test_has_scipys_parameters():
    from scipy.optimize import minimize

    ours, scipys = (set(inspect.signature(f).parameters) for f in (optimize.minimize, minimize))
    assert scipys - ours <= {"fun", "jac", "hess", "hessp"}

"""Compiled functions, and their view ``f.minuit``, given to iminuit: names, gradients, Hessians, known errors."""

import json
import pickle

import numpy as np
import pytest

import fastgrad
from fastgrad import math
from support.places import CHECKOUT

pytest.importorskip("iminuit", minversion="2.33", reason="iminuit is not installed, or older than 2.33")

from iminuit import Minuit  # noqa: E402
from iminuit.cost import LeastSquares  # noqa: E402

SAMPLE = np.random.default_rng(3).normal(2.0, 0.7, 400)
START, FAR = {"mean": 2.1, "spread": 0.6}, {"mean": 1.0, "spread": 2.0}  # where it bends upward, and downward

# Which it says of every Hessian, and is not so: see the view's notes.
pytestmark = pytest.mark.filterwarnings("ignore:hessian overrides g2")


@fastgrad.compile
def surprise(mean, spread):
    """Minus the logarithm of the likelihood of the sample."""
    n, total, squares = len(SAMPLE), float(SAMPLE.sum()), float((SAMPLE**2).sum())
    return n * math.log(spread) + 0.5 * (squares - 2.0 * mean * total + n * mean**2) / spread**2


@fastgrad.compile
def valley(x):
    return fastgrad.sum((1.0 - a) ** 2 + 100.0 * (b - a**2) ** 2 for a, b in zip(x, x[1:]))


@fastgrad.compile
def hollow(width):
    return (width - 3.0) ** 4 + width**2


def minimised(function, *start, **options):
    m = Minuit(function, *start, **options)
    m.errordef = Minuit.LIKELIHOOD
    m.tol = 1e-6
    m.migrad()
    m.hesse()
    assert m.valid
    assert m.accurate
    return m


class TestDirectly:
    def test_names_and_the_gradient_are_found(self):
        m = minimised(surprise, **START)
        assert m.parameters == ("mean", "spread")
        assert m.ngrad > 0
        np.testing.assert_allclose(m.grad([1.0, 2.0]), surprise.value_and_grad(1.0, 2.0, argnums=(0, 1))[1], rtol=1e-15)

    def test_the_hessian_by_one_argument_is_not_taken_for_that_by_all(self):
        assert Minuit(surprise, **START).hessian is None

    def test_a_function_of_an_array(self):
        m = minimised(valley, np.zeros(4))
        assert m.parameters == ("x0", "x1", "x2", "x3")
        assert m.ngrad > 0
        np.testing.assert_allclose(m.values, 1.0, atol=1e-4)

    def test_a_function_of_one_number(self):
        m = minimised(hollow, width=1.0)
        assert m.ngrad > 0
        assert 4.0 * (m.values["width"] - 3.0) ** 3 + 2.0 * m.values["width"] == pytest.approx(0.0, abs=1e-2)


class TestView:
    def test_names_gradient_and_hessian_are_found(self):
        m = minimised(surprise.minuit, **START)
        assert m.parameters == ("mean", "spread")
        assert m.ngrad > 0
        assert m.nhessian > 0
        np.testing.assert_array_equal(m.grad([1.0, 2.0]), surprise.grad(1.0, 2.0))
        second = surprise.hessian(1.0, 2.0, argnums=(0, 1))
        np.testing.assert_array_equal(m.hessian(1.0, 2.0), second)
        np.testing.assert_array_equal(m.g2(1.0, 2.0), np.diag(second))

    @pytest.mark.parametrize("start", [START, FAR], ids=["near", "far"])
    def test_the_likeliest_parameters_and_their_errors_are_those_of_the_books(self, start):
        m = minimised(surprise.minuit, **start)
        n, spread = len(SAMPLE), SAMPLE.std()
        np.testing.assert_allclose(m.values, [SAMPLE.mean(), spread], rtol=1e-6)
        np.testing.assert_allclose(m.errors, [spread / n**0.5, spread / (2.0 * n) ** 0.5], rtol=1e-5)
        np.testing.assert_allclose(m.covariance["mean", "spread"], 0.0, atol=1e-9)

    def test_of_an_array(self):
        m = minimised(valley.minuit, np.zeros(4))
        assert m.nhessian > 0
        np.testing.assert_allclose(m.values, 1.0, atol=1e-4)
        np.testing.assert_array_equal(m.hessian(np.zeros(4)), valley.hessian(np.zeros(4)))
        errors = np.sqrt(np.diag(np.linalg.inv(valley.hessian(np.ones(4)))))
        np.testing.assert_allclose(m.errors, errors, rtol=1e-3)

    def test_of_one_number_and_of_an_array_of_one(self):
        for function, start in ((hollow, 1.0), (fastgrad.compile(lambda x: (x[0] - 3.0) ** 4 + x[0] ** 2), [1.0])):
            m = minimised(function.minuit, start)
            curvature = 12.0 * (m.values[0] - 3.0) ** 2 + 2.0
            np.testing.assert_allclose(m.errors[0], curvature**-0.5, rtol=1e-6)

    def test_fewer_calls_are_made_than_by_differences(self):
        exact = minimised(surprise.minuit, **START)
        differences = minimised(lambda mean, spread: surprise(mean, spread), **START)
        assert exact.nfcn + exact.ngrad + exact.nhessian < differences.nfcn

    def test_limits_fixed_parameters_and_minos(self):
        m = Minuit(surprise.minuit, mean=1.0, spread=0.6)
        m.errordef = Minuit.LIKELIHOOD
        m.limits["spread"] = (0.1, 5.0)
        m.fixed["mean"] = True
        m.migrad()
        assert m.valid
        spread = float(np.sqrt(np.mean((SAMPLE - 1.0) ** 2)))
        assert m.values["spread"] == pytest.approx(spread, rel=1e-3)
        m.minos("spread")
        errors = m.merrors["spread"]
        for edge in (errors.lower, errors.upper):
            assert surprise(1.0, m.values["spread"] + edge) - m.fval == pytest.approx(0.5, rel=1e-2)

    def test_limits_may_be_annotations(self):
        from typing import Annotated

        def cost(a: Annotated[float, 0:], b: float):
            return (a + 1.0) ** 2 + (b - 1.0) ** 2

        m = Minuit(fastgrad.compile(cost).minuit, a=1.0, b=0.0)
        assert m.limits["a"] == (0.0, np.inf)
        m.migrad()
        np.testing.assert_allclose(m.values, [0.0, 1.0], atol=1e-2)

    def test_of_a_method_has_no_self_among_its_names(self):
        class Model:
            def __init__(self, at):
                self.at = at

            @fastgrad.compile
            def cost(self, a, b):
                return (a - self.at) ** 2 + (b - a) ** 2

        for function in (Model(2.0).cost, Model(2.0).cost.minuit):
            m = minimised(function, a=0.0, b=0.0)
            assert m.parameters == ("a", "b")
            np.testing.assert_allclose(m.values, [2.0, 2.0], rtol=1e-4)

    def test_is_one_object_that_a_function_keeps(self):
        f = pickle.loads(pickle.dumps(surprise))
        assert f.minuit is f.minuit


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("DanWood", lambda x, b1, b2: b1 * x**b2),
        ("Misra1a", lambda x, b1, b2: b1 * (1.0 - math.exp(-b2 * x))),
        ("Rat42", lambda x, b1, b2, b3: b1 / (1.0 + math.exp(b2 - b3 * x))),
        ("Eckerle4", lambda x, b1, b2, b3: b1 / b2 * math.exp(-0.5 * ((x - b3) / b2) ** 2)),
    ],
)
def test_certified_values_of_nist_are_found(name, model):
    problem = json.loads((CHECKOUT / "tests" / "optimize" / "nist.json").read_text())[name]
    variance = problem["sum_of_squares"] / (len(problem["y"]) - len(problem["parameters"]))

    @fastgrad.compile
    def chi_square(b):
        return fastgrad.sum((model(x, *b) - y) ** 2 / variance for x, y in zip(problem["x"], problem["y"]))

    m = Minuit(chi_square.minuit, problem["starts"][1])
    m.tol = 1e-8
    m.migrad()
    assert m.valid
    np.testing.assert_allclose(m.values, problem["parameters"], rtol=1e-6)
    np.testing.assert_allclose(m.errors, problem["deviations"], rtol=0.05)  # which NIST has from slopes alone


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.0.0", reason="iminuit's own costs take numpy 2")
def test_a_straight_line_by_iminuits_own_cost_has_the_errors_of_linear_algebra():
    line = fastgrad.compile(lambda x, slope, offset: slope * x + offset)

    def model(x, slope, offset):
        return line.batch(x, slope, offset, in_axes=(0, None, None))

    def slopes(x, slope, offset):
        return np.array(line.batch_value_and_grad(x, slope, offset, argnums=(1, 2), in_axes=(0, None, None))[1])

    x = np.linspace(0.0, 5.0, 30)
    y = 2.0 * x - 1.0 + np.random.default_rng(0).normal(0.0, 0.3, 30)
    m = Minuit(LeastSquares(x, y, 0.3, model, grad=slopes), slope=1.0, offset=0.0)
    m.migrad()
    m.hesse()
    design = np.column_stack([x, np.ones(30)])
    assert m.ngrad > 0
    np.testing.assert_allclose(m.values, np.linalg.lstsq(design, y, rcond=None)[0], rtol=1e-4)
    np.testing.assert_allclose(m.covariance, 0.3**2 * np.linalg.inv(design.T @ design), rtol=1e-4)


def test_a_gradient_of_several_results_is_refused():
    several = fastgrad.compile(lambda a, b: [a, b])
    for function in (several, several.minuit):
        with pytest.raises(TypeError, match="one number"):
            function.grad(1.0, 2.0)

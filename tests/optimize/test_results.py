"""What solvers return."""

import copy
import pickle

import numpy as np
import pytest
from scipy.optimize import OptimizeResult

from fastgrad import optimize
from fastgrad.optimize.result import Result
from support.processes import run_python


def ellipse(x):
    return 2.0 * (x[0] - 1.0) ** 2 + 0.5 * x[1] ** 2


def line(p):
    return [p[0] * t + p[1] - y for t, y in ((0.0, 1.0), (1.0, 2.1), (2.0, 2.9))]


@pytest.fixture(params=["minimum", "fit"])
def found(request):
    if request.param == "fit":
        return optimize.least_squares(line, np.zeros(2))
    return optimize.minimize(ellipse, np.zeros(2))


def test_is_scipys_result(found):
    assert isinstance(found, Result)
    assert isinstance(found, OptimizeResult)
    assert found.success is found["success"]
    assert "covariance" in dir(found)


def test_prints_what_scipy_found(found):
    assert "success: True" in repr(found)
    assert "unknowns" not in repr(found)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda found: pickle.loads(pickle.dumps(found))])
def test_copies_and_pickles_have_the_covariance(found, again):
    np.testing.assert_array_equal(again(found).covariance(), found.covariance())
    np.testing.assert_array_equal(again(found).x, found.x)


def test_the_covariance_of_a_minimum_is_the_inverse_of_the_hessian():
    found = optimize.minimize(ellipse, np.zeros(2), "Nelder-Mead")
    np.testing.assert_allclose(found.covariance(), [[0.25, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(found.standard_errors(), [0.5, 1.0])


def test_it_is_refused_where_the_hessian_is_not_positive_definite():
    found = optimize.minimize(lambda x: x[0] ** 2 + 0.0 * x[1], np.ones(2))
    with pytest.raises(ValueError, match=r"eigenvalues are \[.*\]: is x a minimum"):
        found.covariance()


def test_importing_loads_no_scipy():
    run_python("""
        import sys
        import fastgrad
        from fastgrad import optimize
        assert not [name for name in sys.modules if name.startswith("scipy")]
        assert optimize is fastgrad.optimize
    """)


def test_without_scipy_the_extra_is_named():
    done = run_python("""
        import sys
        sys.modules["scipy"] = None
        from fastgrad import optimize
        solvers = [
            lambda: optimize.minimize(lambda x: x * x, 1.0),
            lambda: optimize.minimize_scalar(lambda x: x * x),
            lambda: optimize.least_squares(lambda x: [x], 1.0),
            lambda: optimize.curve_fit(lambda x, a: a * x, [1.0], [1.0], [1.0]),
            lambda: optimize.root(lambda x: x, 1.0),
            lambda: optimize.basinhopping(lambda x: x * x, 1.0),
            lambda: optimize.dual_annealing(lambda x: x[0] ** 2, [(0.0, 1.0)]),
            lambda: optimize.shgo(lambda x: x[0] ** 2, [(0.0, 1.0)]),
        ]
        for solve in solvers:
            try:
                solve()
            except ImportError as error:
                print(error)
    """)
    assert done.stdout.splitlines() == ['fastgrad.optimize stands on SciPy: pip install "fastgrad[optimize]"'] * 8

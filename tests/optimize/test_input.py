"""What is wrong with arguments is said at once: which, what was wanted, what was given, and what to do."""

import numpy as np
import pytest
from scipy.optimize import NonlinearConstraint

import fastgrad
from fastgrad import optimize


def f(x):
    return fastgrad.dot(x, x)


def of_names(p):
    return p["a"] ** 2 + p["b"] ** 2


ZEROS, NAMES = np.zeros(2), {"a": 1.0, "b": 1.0}
LINE = (lambda t, a: a * t), [1.0, 2.0], [1.0, 2.0], [1.0]

CASES = {
    "a number for the function": (lambda: optimize.minimize(3.0, ZEROS), TypeError, "f must be a function .* not 3.0"),
    "a Jacobian for a fit": (
        lambda: optimize.curve_fit(*LINE, jac="2-point"),
        TypeError,
        "jac must not be given, .* leave it out",
    ),
    "a Jacobian for least squares": (
        lambda: optimize.least_squares(lambda x: [x[0]], ZEROS, jac="2-point"),
        TypeError,
        "jac must not be given, .* leave it out",
    ),
    "a pair for each of three numbers of a fit": (
        lambda: optimize.least_squares(lambda x: x, np.ones(3), bounds=[(0.0, 2.0)] * 3),
        ValueError,
        r"bounds of a fit must be two, .* not \[\(0.0, 2.0\).* numpy.transpose\(bounds\)",
    ),
    "text for points": (
        lambda: optimize.curve_fit(LINE[0], ["a", "b"], [1.0, 2.0], [1.0]),
        ValueError,
        r"x must hold numbers, not \['a', 'b'\]",
    ),
    "a result that is several": (
        lambda: optimize.minimize(lambda x: [x[0], x[1]], ZEROS),
        TypeError,
        "must return one number",
    ),
    "text for x0": (lambda: optimize.minimize(f, {"a": object()}), TypeError, r"x0\['a'\] must be a number"),
    "no numbers": (lambda: optimize.minimize(f, []), ValueError, "x0 must have at least one number"),
    "a scalar in x0": (
        lambda: optimize.minimize(f, [fastgrad.Value(1.0)]),
        TypeError,
        "x0 has the scalar .*: give its number",
    ),
    "bounds by name for an array": (
        lambda: optimize.minimize(f, ZEROS, bounds={"a": (0, 1)}),
        TypeError,
        r"bounds is a dict, .* x0 has an array of shape \(2,\)",
    ),
    "a name that x0 has not": (
        lambda: optimize.minimize(of_names, NAMES, bounds={"c": (0, 1)}),
        ValueError,
        r"bounds has 'c', .* its names are \['a', 'b'\]",
    ),
    "one bound": (
        lambda: optimize.minimize(of_names, NAMES, bounds={"a": 3.0}),
        ValueError,
        r"bounds\['a'\] must be a pair \(low, high\) .* not 3.0",
    ),
    "a constraint of no kind": (
        lambda: optimize.minimize(f, ZEROS, constraints=[f, 3.0]),
        TypeError,
        r"constraints\[1\] must be a function .* not 3.0",
    ),
    "a dict without a type": (
        lambda: optimize.minimize(f, ZEROS, constraints={"fun": f}),
        TypeError,
        r"constraints\[0\] must be .* a dict with 'type'",
    ),
    "a dict without a function": (
        lambda: optimize.minimize(f, ZEROS, constraints={"type": "eq"}),
        TypeError,
        r"constraints\[0\]'s fun must be a function",
    ),
    "a Jacobian of one's own": (
        lambda: optimize.minimize(f, ZEROS, constraints=NonlinearConstraint(f, 0, 1, jac=f)),
        TypeError,
        r"constraints\[0\] has a jac of its own, .* leave it away",
    ),
    "a method that there is not": (lambda: optimize.minimize(f, ZEROS, "newton"), ValueError, "Unknown solver"),
    "points and measurements": (
        lambda: optimize.curve_fit(LINE[0], np.zeros((2, 5)), np.zeros(5), [1.0]),
        ValueError,
        r"not \(2, 5\) and \(5,\): .* transpose",
    ),
    "too few deviations": (
        lambda: optimize.curve_fit(*LINE, sigma=[1.0]),
        ValueError,
        r"sigma must have .* each of 2 measurements, .* not \(1,\)",
    ),
    "no covariance": (
        lambda: optimize.curve_fit(*LINE, sigma=[[1.0, 2.0], [2.0, 1.0]]),
        ValueError,
        "sigma must be a covariance that is positive definite",
    ),
    "no parameters": (lambda: optimize.curve_fit(*LINE[:3], []), ValueError, "p0 must have at least one number"),
    "one parameter that is a number": (lambda: optimize.curve_fit(*LINE[:3], 1.0), TypeError, "p0 must be a list"),
    "residuals of text": (
        lambda: optimize.least_squares(lambda x: ["a", object()], ZEROS),
        TypeError,
        "the result of <lambda>",
    ),
}


@pytest.mark.skipif(not hasattr(TypeError, "add_note"), reason="Python has notes from 3.11 on")
@pytest.mark.parametrize("f", [lambda x: (x**2).sum(), lambda x: x.sum()])
def test_a_list_where_the_function_takes_an_array_is_told(f):
    with pytest.raises((TypeError, AttributeError)) as caught:
        optimize.minimize(f, [1.0, 2.0])
    assert "is a list of 2 numbers" in caught.value.__notes__[0]


@pytest.mark.parametrize("case", CASES)
def test_says_what_is_wrong(case):
    call, kind, message = CASES[case]
    with pytest.raises(kind, match=message):
        call()

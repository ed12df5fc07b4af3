"""``f.lmfit`` within lmfit: parameters that vary, are fixed, bounded and tied; NIST's certified numbers."""

import json

import numpy as np
import pytest

import fastgrad
from fastgrad import math
from support.places import CHECKOUT

lmfit = pytest.importorskip("lmfit", minversion="1.3.3", reason="lmfit is not installed, or older than 1.3.3")

TIMES = np.linspace(0.0, 4.0, 9)
MEASURED = np.array([3.0, 2.1, 1.4, 1.0, 0.7, 0.5, 0.3, 0.2, 0.2])
both_methods = pytest.mark.parametrize("method", ["leastsq", "least_squares"])


@fastgrad.compile
def residuals(p, t, y):
    """A decay to a ground, less what was measured."""
    return [p["height"] * math.exp(-p["rate"] * a) + p["ground"] - b for a, b in zip(t, y)]


def parameters(**changes):
    found = lmfit.create_params(height=1.0, rate=1.0, ground=0.1)
    for name, change in changes.items():
        found[name].set(**change)
    found.update_constraints()
    return found


def by_differences(function, params):
    columns = []
    for name in [name for name, p in params.items() if p.vary]:
        ends = []
        for step in (1e-6, -1e-6):
            moved = params.copy()
            moved[name].value += step
            moved.update_constraints()
            ends.append(function.lmfit.fun(moved, TIMES, MEASURED))
        columns.append((ends[0] - ends[1]) / 2e-6)
    return np.column_stack(columns)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"rate": {"vary": False}},
        {"rate": {"min": 0.5, "max": 2.0}},
        {"ground": {"expr": "0.1 * height * exp(-rate)"}},
        {"height": {"expr": "2 * rate"}, "ground": {"expr": "sqrt(height) / 10"}},
        {"ground": {"expr": "0.25"}},
        {"ground": {"expr": "height", "max": 0.5}},
    ],
)
def test_the_jacobian_is_that_by_what_varies(changes):
    params = parameters(**changes)
    slopes = residuals.lmfit.jac(params, TIMES, MEASURED)
    np.testing.assert_allclose(slopes, by_differences(residuals, params), atol=1e-8)


def test_an_expression_may_use_one_that_is_written_later():
    params = parameters(height={"expr": "3 * ground"}, ground={"expr": "2 * rate"})
    np.testing.assert_allclose(
        residuals.lmfit.jac(params, TIMES, MEASURED), by_differences(residuals, params), atol=1e-8
    )


def test_parameters_are_as_before_after_a_jacobian():
    params = parameters(ground={"expr": "0.1 * height"})
    before = params.valuesdict()
    residuals.lmfit.jac(params, TIMES, MEASURED)
    assert params.valuesdict() == before
    assert all(type(p.value) is float or isinstance(p.value, np.floating) for p in params.values())
    params["height"].value = 2.0
    params.update_constraints()
    assert params["ground"].value == pytest.approx(0.2)


def test_an_expression_that_takes_floats_alone_is_refused_and_changes_nothing():
    params = parameters(ground={"expr": "erf(height)"}, rate={"expr": "2 * height"})
    before = params.valuesdict()
    message = r"expr of parameter 'ground' must be arithmetic, .*, not 'erf\(height\)': compute ground in the function"
    with pytest.raises(TypeError, match=message):
        residuals.lmfit.jac(params, TIMES, MEASURED)
    assert params.valuesdict() == before


@both_methods
@pytest.mark.parametrize(
    "changes",
    [{}, {"rate": {"min": 0.0, "max": 5.0}}, {"ground": {"vary": False}}, {"ground": {"expr": "0.01 * height * rate"}}],
)
def test_a_fit_is_that_by_differences_in_fewer_calls(method, changes):
    given = {"args": (TIMES, MEASURED), "method": method}
    exact = lmfit.minimize(residuals.lmfit.fun, parameters(**changes), Dfun=residuals.lmfit.jac, **given)
    differences = lmfit.minimize(residuals.lmfit.fun, parameters(**changes), **given)
    assert exact.success
    assert exact.nfev < differences.nfev
    for name, p in exact.params.items():
        assert p.value == pytest.approx(differences.params[name].value, rel=1e-4)
        assert p.stderr == pytest.approx(differences.params[name].stderr, rel=1e-3)


@both_methods
@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("DanWood", lambda x, p: p["b1"] * x ** p["b2"]),
        ("Misra1a", lambda x, p: p["b1"] * (1.0 - math.exp(-p["b2"] * x))),
        ("Rat42", lambda x, p: p["b1"] / (1.0 + math.exp(p["b2"] - p["b3"] * x))),
    ],
)
def test_certified_values_and_deviations_of_nist_are_found(method, name, model):
    problem = json.loads((CHECKOUT / "tests" / "optimize" / "nist.json").read_text())[name]
    f = fastgrad.compile(lambda p, x, y: np.array([model(a, p) - b for a, b in zip(x, y)])).lmfit
    start = lmfit.create_params(**{f"b{k + 1}": b for k, b in enumerate(problem["starts"][1])})
    tight = {"xtol": 1e-14, "ftol": 1e-14}
    given = np.array(problem["x"]), np.array(problem["y"])
    found = lmfit.minimize(f.fun, start, method, args=given, Dfun=f.jac, **tight)
    np.testing.assert_allclose([p.value for p in found.params.values()], problem["parameters"], rtol=1e-7)
    np.testing.assert_allclose([p.stderr for p in found.params.values()], problem["deviations"], rtol=1e-6)
    assert found.chisqr == pytest.approx(problem["sum_of_squares"], rel=1e-9)


def test_arguments_may_be_given_by_name():
    found = [
        lmfit.minimize(residuals.lmfit.fun, parameters(), Dfun=residuals.lmfit.jac, **given).params.valuesdict()
        for given in ({"args": (TIMES, MEASURED)}, {"kws": {"t": TIMES, "y": MEASURED}})
    ]
    assert found[0] == found[1]


def test_a_model_of_lmfits_own_computes_all_points_at_once():
    decay = fastgrad.compile(lambda t, height, rate: height * math.exp(-rate * t))

    def model(t, height, rate):
        return decay.batch(t, height, rate, in_axes=(0, None, None))

    found = lmfit.Model(model).fit(MEASURED, t=TIMES, height=1.0, rate=1.0)
    wanted = {"height": 3.003, "rate": 0.737}
    assert {name: round(p.value, 3) for name, p in found.params.items()} == wanted


def test_is_one_object_that_a_function_keeps():
    assert residuals.lmfit is residuals.lmfit

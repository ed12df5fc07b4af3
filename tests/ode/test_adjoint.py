"""Gradients of what follows from a solution by the adjoint equations."""

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, math, ode

TIMES = np.linspace(0.0, 6.0, 13)


def lotka_volterra(t, y, p):
    prey, predators = y
    return [p["a"] * prey - p["b"] * prey * predators, -p["c"] * predators + p["d"] * prey * predators]


def scalars():
    return [Value(x) for x in (1.0, 0.1, 1.5, 0.075, 10.0, 5.0, 0.0, 6.0)]


def solve(by, sensitivity, **how):
    p = dict(zip("abcd", by))
    times = [by[6], *TIMES[1:-1], by[7]]
    how = {"rtol": 1e-9, "atol": 1e-9, **how}
    return ode.odeint(lotka_volterra, by[4:6], times, (p,), sensitivity=sensitivity, **how)


def decayed(rates):
    return ode.odeint(lambda t, y, rates: -fastgrad.sum(list(rates)) * y, 1.0, [0.0, 1.0], (rates,))[-1]


@pytest.mark.parametrize("method", ["RK45", "DOP853", "Radau", "BDF", "LSODA"])
def test_it_finds_the_gradient_of_forward_sensitivities(method):
    found = []
    for sensitivity in ("forward", "adjoint"):
        by = scalars()
        y = solve(by, sensitivity, method=method)
        (y * y).sum().backward()
        found.append([x.grad for x in by])
    np.testing.assert_allclose(*found, rtol=2e-4)
    np.testing.assert_allclose(found[0][:6], found[1][:6], rtol=2e-5)


def test_what_stands_on_one_time_is_as_exact():
    by = scalars()
    forward, backward = (
        fastgrad.gradients(solve(by, way, method="DOP853")[5, 1], by) for way in ("forward", "adjoint")
    )
    np.testing.assert_allclose(forward, backward, rtol=1e-6)


def test_a_stiff_solution():
    def robertson(t, y, k):
        a, b, c = y
        return [k[2] * b * c - k[0] * a, k[0] * a - k[2] * b * c - k[1] * b * b, k[1] * b * b]

    found = []
    for sensitivity in ("forward", "adjoint"):
        k = [Value(0.04), Value(3e7), Value(1e4)]
        how = {"method": "Radau", "rtol": 1e-7, "atol": 1e-11, "sensitivity": sensitivity}
        found.append(fastgrad.gradients(ode.odeint(robertson, [1.0, 0.0, 0.0], [0.0, 40.0], (k,), **how)[1, 0], k))
    np.testing.assert_allclose(*found, rtol=1e-4)


def test_sweeps_one_after_the_other_begin_anew():
    by = scalars()
    y = solve(by, "adjoint")
    whole, last = (fastgrad.gradients(root, by) for root in ((y * y).sum(), y[-1, 0]))
    assert fastgrad.gradients((y * y).sum(), by) == whole
    assert fastgrad.gradients(y[-1, 0], by) == last


def test_gradients_add_up_in_grad_as_those_of_other_nodes():
    found = []
    for sensitivity in ("forward", "adjoint"):
        by = scalars()
        y = solve(by, sensitivity, method="DOP853")
        y[3, 0].backward()
        y[9, 1].backward()
        found.append([x.grad for x in by])
    np.testing.assert_allclose(*found, rtol=1e-5)


def test_it_is_chosen_where_there_are_many_numbers():
    few, many = np.array([Value(0.01) for _ in range(20)]), np.array([Value(0.001) for _ in range(300)])
    assert len(decayed(few).prev) == 20
    assert len(decayed(many).prev) == 1
    assert fastgrad.gradients(decayed(many), many.tolist()) == pytest.approx([-np.exp(-0.3)] * 300, rel=1e-6)


def test_a_parameter_without_effect_has_none():
    rate, other = Value(1.0), Value(1.0)
    y = ode.odeint(lambda t, y, rate, other: -rate * y, 1.0, [0.0, 1.0], (rate, other), sensitivity="adjoint")
    assert fastgrad.gradients(y[1], [rate, other]) == pytest.approx([-np.exp(-1.0), 0.0], rel=1e-6)


def test_a_right_hand_side_without_y():
    rate = Value(2.0)
    y = ode.odeint(lambda t, y, rate: math.cos(rate * t), 0.0, [0.0, 1.0], (rate,), sensitivity="adjoint")
    assert y[1].data == pytest.approx(np.sin(2.0) / 2.0, rel=1e-7)
    assert fastgrad.gradients(y[1], rate) == pytest.approx(np.cos(2.0) / 2.0 - np.sin(2.0) / 4.0, rel=1e-6)


def test_a_gradient_that_is_not_finite_goes_through():
    rate = Value(1.0)
    y = ode.odeint(lambda t, y, rate: -rate * y, 1.0, [0.0, 1.0], (rate,), sensitivity="adjoint")
    assert np.isnan(fastgrad.gradients(y[1] * np.nan, rate))


def test_a_first_step_is_that_of_the_solution():
    by = scalars()
    y = solve(by, "adjoint", first_step=1.0, method="RK45")
    assert np.all(np.isfinite(fastgrad.gradients(y[-1, 0], by)))


def test_numbers_only_are_numbers():
    y = ode.odeint(lambda t, y: -y, 1.0, [0.0, 1.0], sensitivity="adjoint")
    assert y.dtype == np.float64


def test_what_it_is_not_for():
    rate = Value(1.0)

    def solve(rate, **how):
        return ode.odeint(lambda t, y, rate: -rate * y, 1.0, [0.0, 1.0], (rate,), sensitivity="adjoint", **how)

    with pytest.raises(ValueError, match='derivatives of events are found by sensitivity="forward"'):
        solve(rate, events=lambda t, y, rate: y - 0.5)
    with pytest.raises(fastgrad.TraceError, match='found by sensitivity="forward": call the plain function'):
        fastgrad.compile(lambda rate: solve(rate)[1])(1.0)
    with pytest.raises(TypeError, match="cannot be differentiated again"):
        fastgrad.gradients(solve(rate)[1], rate, create_graph=True)
    with pytest.raises(ValueError, match="sensitivity must be 'auto', 'forward' or 'adjoint', not 'backward'"):
        ode.odeint(lambda t, y: -y, 1.0, [0.0, 1.0], sensitivity="backward")


def test_scalars_from_outside_are_refused():
    outside = Value(2.0)
    with pytest.raises(TypeError, match="must take scalars as arguments, .* give them in args"):
        ode.odeint(lambda t, y: -outside * y, Value(1.0), [0.0, 1.0], sensitivity="adjoint")

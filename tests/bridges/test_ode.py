"""Solutions of differential equations and their derivatives beside those of other packages."""

import numpy as np
import pytest

import fastgrad

pytest.importorskip("scipy")
from fastgrad import ode  # noqa: E402

TIMES = np.linspace(0.0, 10.0, 5)
POINT = np.array([1.0, 0.1, 1.5, 0.075, 10.0, 5.0])


def lotka_volterra(t, y, a, b, c, d):
    prey, predators = y
    return [a * prey - b * prey * predators, -c * predators + d * prey * predators]


def found_here(sensitivity):
    def last(p):
        y = ode.odeint(
            lotka_volterra, p[4:], TIMES, tuple(p[:4]), rtol=1e-10, atol=1e-10, sensitivity=sensitivity, method="DOP853"
        )
        return y[-1, 0]

    return fastgrad.value_and_grad(last)(POINT)


@pytest.fixture
def jax():
    """jax in double precision."""
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield jax
    jax.config.update("jax_enable_x64", before)


@pytest.mark.parametrize("sensitivity", ["forward", "adjoint"])
def test_diffrax_finds_the_same(sensitivity, jax):
    diffrax = pytest.importorskip("diffrax")

    def last(p):
        found = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda t, y, p: jax.numpy.stack(lotka_volterra(t, y, *p))),
            diffrax.Dopri8(),
            t0=0.0,
            t1=10.0,
            dt0=0.01,
            y0=p[4:],
            args=p[:4],
            stepsize_controller=diffrax.PIDController(rtol=1e-10, atol=1e-10),
            max_steps=10_000,
        )
        return found.ys[-1, 0]

    value, slopes = jax.value_and_grad(last)(jax.numpy.asarray(POINT))
    value, slopes = float(value), np.asarray(slopes)
    ours = found_here(sensitivity)
    assert ours[0] == pytest.approx(value, rel=1e-7)
    np.testing.assert_allclose(ours[1], slopes, rtol=1e-6)


@pytest.mark.parametrize("sensitivity", ["forward", "adjoint"])
def test_casadis_integrator_finds_the_same(sensitivity):
    casadi = pytest.importorskip("casadi")
    y, p = casadi.SX.sym("y", 2), casadi.SX.sym("p", 4)
    right = casadi.vertcat(*lotka_volterra(None, casadi.vertsplit(y), *casadi.vertsplit(p)))
    options = {"abstol": 1e-11, "reltol": 1e-11}
    integrator = casadi.integrator("F", "cvodes", {"x": y, "p": p, "ode": right}, 0.0, 10.0, options)
    all_of = casadi.MX.sym("all", 6)
    last = integrator(x0=all_of[4:], p=all_of[:4])["xf"][0]
    value, slopes = casadi.Function("f", [all_of], [last, casadi.jacobian(last, all_of)])(POINT)
    ours = found_here(sensitivity)
    assert ours[0] == pytest.approx(float(value), rel=1e-7)
    np.testing.assert_allclose(ours[1], np.ravel(slopes), rtol=1e-5)

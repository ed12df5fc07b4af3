"""nutpie samples by value and gradient of a compiled function, chains in threads of its own."""

import warnings

import numpy as np
import pytest

import fastgrad
from fastgrad import math

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what ArviZ says of its next version
    nutpie = pytest.importorskip("nutpie", reason="nutpie is not installed")

MEAN, COVARIANCE = np.array([1.0, -2.0]), np.array([[1.0, 0.6], [0.6, 2.0]])
PRECISION = np.linalg.inv(COVARIANCE)


def model_of(function, size):
    """A model of one variable x, an array."""
    return nutpie.compiled_pyfunc.from_pyfunc(
        size,
        lambda: function.value_and_grad,
        lambda seed, other_seed, chain: lambda x: {"x": x},
        [np.dtype(np.float64)],
        [(size,)],
        ["x"],
    )


def sampled(function, size, **options):
    options = {"draws": 1_000, "tune": 300, "chains": 4, "cores": 2, "seed": 1, "progress_bar": False} | options
    trace = nutpie.sample(model_of(function, size), **options)
    assert int(trace.sample_stats.diverging.sum()) == 0
    return trace.posterior["x"].values


def test_mean_and_covariance_of_a_gaussian():
    @fastgrad.compile
    def gaussian(x):
        d = x - MEAN
        return -0.5 * (d @ PRECISION @ d)

    draws = sampled(gaussian, 2)
    assert draws.shape == (4, 1_000, 2)
    draws = draws.reshape(-1, 2)
    errors = np.sqrt(np.diag(COVARIANCE) / 1_000)  # as if of four draws one were independent
    assert np.all(np.abs(draws.mean(axis=0) - MEAN) < 5.0 * errors)
    np.testing.assert_allclose(np.cov(draws.T), COVARIANCE, rtol=0.15)


def test_threads_follow_branches_each_for_itself():
    @fastgrad.compile
    def two_slopes(x):
        return -3.0 * x[0] if x[0] > 0.0 else x[0]

    draws = sampled(two_slopes, 1, draws=2_000, chains=8).ravel()
    # The density is proportional to exp(-3 x) above 0 and to exp(x) below.
    assert np.mean(draws > 0.0) == pytest.approx(0.25, abs=0.03)
    assert draws[draws > 0.0].mean() == pytest.approx(1.0 / 3.0, rel=0.1)
    assert draws[draws < 0.0].mean() == pytest.approx(-1.0, rel=0.1)


def test_the_same_seed_draws_the_same():
    @fastgrad.compile
    def logistic(x):
        return -x[0] - 2.0 * math.log(1.0 + math.exp(-x[0]))

    one, two = (sampled(logistic, 1, draws=50) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_what_the_function_raises_is_said():
    @fastgrad.compile
    def several(x):
        return [x[0], x[1]]

    with pytest.raises(Exception, match="one number"):
        sampled(several, 2)

"""emcee's walkers go through a compiled function's ``batch`` all at once, and settle as the density says."""

import functools

import numpy as np
import pytest

import fastgrad
from fastgrad import math

emcee = pytest.importorskip("emcee", reason="emcee is not installed")

MEAN, COVARIANCE = np.array([1.0, -2.0]), np.array([[1.0, 0.6], [0.6, 2.0]])
PRECISION = np.linalg.inv(COVARIANCE)


@fastgrad.compile
def gaussian(x):
    d = x - MEAN
    return -0.5 * (d @ PRECISION @ d)


def sampled(log_prob, start, steps=3_000, **options):
    sampler = emcee.EnsembleSampler(*start.shape, log_prob, vectorize=True, **options)
    sampler.run_mcmc(seeded(start), steps)
    return sampler


def seeded(start):
    return emcee.State(start, random_state=np.random.RandomState(0).get_state())


def starts(columns, walkers=32):
    return np.random.default_rng(0).normal(size=(walkers, columns))


def test_mean_and_covariance_of_a_gaussian():
    sampler = sampled(gaussian.batch, starts(2))
    draws = sampler.get_chain(discard=300, flat=True)
    errors = np.sqrt(np.diag(COVARIANCE) * sampler.get_autocorr_time().max() / len(draws))
    assert np.all(np.abs(draws.mean(axis=0) - MEAN) < 5.0 * errors)
    np.testing.assert_allclose(np.cov(draws.T), COVARIANCE, rtol=0.1)


def test_all_walkers_go_in_one_call():
    shapes = []

    def counted(walkers):
        shapes.append(walkers.shape)
        return gaussian.batch(walkers)

    sampled(counted, starts(2), steps=10)
    assert shapes == [(32, 2)] + 20 * [(16, 2)]  # half of the walkers move at once


def test_chains_are_those_of_one_walker_at_a_time():
    start, plain = starts(2), emcee.EnsembleSampler(32, 2, gaussian)
    plain.run_mcmc(seeded(start), 20)
    np.testing.assert_allclose(sampled(gaussian.batch, start, steps=20).get_chain(), plain.get_chain(), rtol=1e-12)


def test_a_bound_is_a_branch():
    @fastgrad.compile
    def exponential(x):
        if x[0] < 0.0:
            return -math.inf
        return -3.0 * x[0]

    draws = sampled(exponential.batch, np.abs(starts(1))).get_chain(discard=300, flat=True)
    assert draws.min() >= 0.0
    assert draws.mean() == pytest.approx(1.0 / 3.0, rel=0.08)


def test_data_are_further_arguments_without_rows():
    @fastgrad.compile
    def scaled(x, precision):
        return -0.5 * precision * x[0] ** 2

    draws = sampled(functools.partial(scaled.batch, in_axes=(0, None)), starts(1), args=(4.0,)).get_chain(flat=True)
    assert draws.std() == pytest.approx(0.5, rel=0.06)

"""blackjax calls a compiled function from within jitted code, one row or those of all chains, with its gradient."""

import numpy as np
import pytest

import fastgrad

jax = pytest.importorskip("jax", minversion="0.4.38", reason="jax is not installed, or older than 0.4.38")
blackjax = pytest.importorskip("blackjax", reason="blackjax is not installed")

import jax.numpy as jnp  # noqa: E402

MEAN, COVARIANCE = np.array([1.0, -2.0]), np.array([[1.0, 0.6], [0.6, 2.0]])
PRECISION = np.linalg.inv(COVARIANCE)


@fastgrad.compile
def gaussian(x):
    d = x - MEAN
    return -0.5 * (d @ PRECISION @ d)


@pytest.fixture(autouse=True)
def doubles():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)  # for all threads: callbacks have one of their own
    yield
    jax.config.update("jax_enable_x64", before)


def for_jax(f):
    """As the page on samplers has it."""

    def rows(x):
        X = np.asarray(x, dtype=np.float64)
        values, slopes = f.batch_value_and_grad(X.reshape(-1, X.shape[-1]))
        return values.reshape(X.shape[:-1]).astype(x.dtype), slopes.reshape(X.shape).astype(x.dtype)

    def both(x):
        shapes = jax.ShapeDtypeStruct(x.shape[:-1], x.dtype), jax.ShapeDtypeStruct(x.shape, x.dtype)
        return jax.pure_callback(rows, shapes, x, vmap_method="expand_dims")

    density = jax.custom_vjp(lambda x: both(x)[0])
    density.defvjp(both, lambda slopes, seed: (seed * slopes,))
    return density


def sampled(kernel, state, steps, seed=0):
    def one_step(state, key):
        state, _ = kernel(key, state)
        return state, state.position

    return np.asarray(jax.lax.scan(one_step, state, jax.random.split(jax.random.key(seed), steps))[1])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_value_and_gradient_are_the_functions_own(dtype):
    x = np.array([0.5, 0.25], dtype=dtype)
    value, slopes = jax.jit(jax.value_and_grad(for_jax(gaussian)))(x)
    wanted = gaussian.value_and_grad(x.astype(np.float64))
    assert (value.dtype, slopes.dtype) == (dtype, dtype)
    np.testing.assert_array_equal(value, np.asarray(wanted[0], dtype))
    np.testing.assert_array_equal(slopes, wanted[1].astype(dtype))


def test_all_chains_are_one_call():
    shapes = []

    class Counted:
        def batch_value_and_grad(self, X):
            shapes.append(X.shape)
            return gaussian.batch_value_and_grad(X)

    jax.block_until_ready(jax.vmap(jax.grad(for_jax(Counted())))(jnp.ones((7, 2))))
    assert shapes == [(7, 2)]


def test_mean_and_covariance_of_a_gaussian_by_a_tuned_nuts():
    density = for_jax(gaussian)
    warm = blackjax.window_adaptation(blackjax.nuts, density)
    (state, tuned), _ = warm.run(jax.random.key(1), jnp.zeros(2), num_steps=300)
    draws = sampled(blackjax.nuts(density, **tuned).step, state, 2_000)
    errors = np.sqrt(np.diag(COVARIANCE) / 500)  # as if of four draws one were independent
    assert np.all(np.abs(draws.mean(axis=0) - MEAN) < 5.0 * errors)
    np.testing.assert_allclose(np.cov(draws.T), COVARIANCE, rtol=0.2)


def test_a_function_with_branches():
    f = fastgrad.compile(lambda x: -3.0 * x[0] if x[0] > 0.0 else x[0])
    kernel = blackjax.hmc(for_jax(f), step_size=0.4, inverse_mass_matrix=np.ones(1), num_integration_steps=5)
    draws = sampled(kernel.step, kernel.init(jnp.ones(1)), 4_000)
    assert np.mean(draws > 0.0) == pytest.approx(0.25, abs=0.06)

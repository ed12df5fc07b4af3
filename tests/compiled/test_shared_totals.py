"""Sums and means over rows, with their derivatives by arguments that are the same for all rows."""

import numpy as np
import pytest

import fastgrad
from fastgrad import Value

X = np.array([1.0, -1.0, 2.0, 0.5])
Y = np.array([3.0, 5.0, -2.0, 0.0])
P = np.array([0.5, -1.5])


def residual(p, x, y):
    return (p[0] * x.exp() + p[1] * p[0] * x - y) ** 2


def branching(p, x):
    return p[0] * x * p[1] if x > 0.0 else p[1] * p[1] * x


def rows_of(function, p, *columns):
    """Value, gradient and Hessian by p of each row by itself."""
    f = fastgrad.compile(function)
    return [f.value_grad_and_hessian(p, *row) for row in zip(*(column.tolist() for column in columns))]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(("function", "columns"), [(residual, (X, Y)), (branching, (X,))])
class TestTotals:
    def test_a_sum_is_that_of_the_rows(self, function, columns, threads):
        values, grads, hessians = zip(*rows_of(function, P, *columns))
        axes = (None, *[0] * len(columns))
        f = fastgrad.compile(function)
        value, grad = f.sum_value_and_grad(P, *columns, in_axes=axes, num_threads=threads)
        assert value == pytest.approx(sum(values), rel=1e-13)
        np.testing.assert_allclose(grad, sum(grads), rtol=1e-12)
        value, grad, hessian = f.sum_value_grad_and_hessian(P, *columns, in_axes=axes, num_threads=threads)
        assert value == pytest.approx(sum(values), rel=1e-13)
        np.testing.assert_allclose(grad, sum(grads), rtol=1e-12)
        np.testing.assert_allclose(hessian, sum(hessians), rtol=1e-12, atol=1e-14)
        assert np.array_equal(hessian, hessian.T)

    def test_a_mean_is_the_sum_by_the_rows(self, function, columns, threads):
        axes = (None, *[0] * len(columns))
        f = fastgrad.compile(function)
        total = f.sum_value_grad_and_hessian(P, *columns, in_axes=axes, num_threads=threads)
        mean = f.mean_value_grad_and_hessian(P, *columns, in_axes=axes, num_threads=threads)
        for one, other in zip(mean, total):
            np.testing.assert_allclose(one, np.asarray(other) / len(X), rtol=1e-15)
        for one, other in zip(f.mean_value_and_grad(P, *columns, in_axes=axes), mean):
            np.testing.assert_allclose(one, other, rtol=1e-13)


def test_gradients_have_the_structure_of_the_arguments():
    f = fastgrad.compile(lambda x, p, q: p["a"] * x * q + p["b"][0])
    p = {"a": 2.0, "b": [3.0]}
    assert f.sum_value_and_grad(X, p, 2.0, argnums=1, in_axes=(0, None, None)) == (22.0, {"a": 5.0, "b": [4.0]})
    assert f.sum_value_and_grad(X, p, 2.0, argnums=(2, 1), in_axes=(0, None, None))[1] == (5.0, {"a": 5.0, "b": [4.0]})
    _, _, hessian = f.sum_value_grad_and_hessian(X, p, 2.0, argnums=(1, 2), in_axes=(0, None, None))
    assert hessian[0]["a"] == ({"a": 0.0, "b": [0.0]}, 2.5)


def test_scalars_from_outside_are_read_afresh():
    w = Value(2.0)
    f = fastgrad.compile(lambda p, x: p * x * w)
    assert f.sum_value_and_grad(1.0, X) == (5.0, 5.0)
    w.data = 3.0
    assert f.sum_value_and_grad(1.0, X) == (7.5, 7.5)
    assert f.sum_value_grad_and_hessian(1.0, X) == (7.5, 7.5, 0.0)


def test_rows_in_many_blocks():
    x = np.linspace(-2.0, 2.0, 20_001)
    f = fastgrad.compile(branching)
    value, grad = f.mean_value_and_grad(P, x)
    values, grads = f.batch_value_and_grad(np.tile(P, (len(x), 1)), x)
    assert value == pytest.approx(values.mean(), rel=1e-11)
    np.testing.assert_allclose(grad, grads.mean(0), rtol=1e-11)


def test_an_argument_with_rows_has_no_derivative_of_the_total():
    f = fastgrad.compile(branching)
    with pytest.raises(
        ValueError, match=r"no derivative by argument 1, which has a number for each.*batch_value_and_grad"
    ):
        f.sum_value_and_grad(P, X, argnums=1)


def test_several_results_have_no_total():
    with pytest.raises(TypeError, match="must return one number for this, not several"):
        fastgrad.compile(lambda p, x: [p, x]).mean_value_and_grad(1.0, X)


@pytest.mark.parametrize("kind", ["sum", "mean"])
@pytest.mark.parametrize("axes", [(None, 0), [None, 0]])
def test_a_scalar_without_that_slope_is_refused(kind, axes):
    f = fastgrad.compile(branching)
    message = rf"branching\.{kind}_value_and_grad\(\) returns the gradient by it, and branching\.batch"
    with pytest.raises(TypeError, match=message):
        getattr(f, kind)(P, X, in_axes=axes)


def test_rows_on_too_many_paths_count_too():
    def digits(p, x):
        total = 0.0
        for k in range(9):
            if x >= 2.0**-k:
                x, total = x - 2.0**-k, total + p
        return total * p

    x = np.arange(300) / 256
    f = fastgrad.compile(digits)
    with pytest.warns(RuntimeWarning, match="more than 256 paths"):
        value, slope = f.sum_value_and_grad(1.0, x)
    counts = [bin(k).count("1") for k in range(300)]
    assert (value, slope) == (float(sum(counts)), 2.0 * sum(counts))

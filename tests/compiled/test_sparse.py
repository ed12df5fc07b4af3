"""Jacobians and Hessians as sparse matrices."""

import numpy as np
import pytest

import fastgrad

pytest.importorskip("scipy")


def band(x):
    return fastgrad.sum([(b - a * a) ** 2 + (a * b * 0.1).exp() for a, b in zip(x, x[1:])])


class TestHessian:
    def test_is_the_dense_one(self):
        f, x = fastgrad.compile(band), np.linspace(-1.0, 1.0, 12)
        found = f.hessian(x, sparse=True)
        np.testing.assert_allclose(found.toarray(), f.hessian(x), rtol=1e-13)

    def test_has_entries_where_they_can_be_other_than_0(self):
        f, x = fastgrad.compile(band), np.zeros(12)
        assert f.hessian(x, sparse=True).nnz == 12 + 2 * 11

    def test_is_symmetric_to_the_last_bit(self):
        found = fastgrad.compile(band).hessian(np.linspace(-1.0, 1.0, 30), sparse=True)
        assert (found != found.T).nnz == 0

    def test_computes_a_number_of_steps_in_proportion_to_the_entries(self):
        def steps(n):
            f = fastgrad.compile(band)
            f.hessian(np.zeros(n), sparse=True)
            (derived,) = f._derived.values()
            (made,) = derived._programs.values()
            return made.program.steps

        assert steps(200) < 2.1 * steps(100)

    def test_each_call_has_its_numbers(self):
        f = fastgrad.compile(lambda x: x[0] * x[1] + x[1] ** 2 * x[2] + x[3].sin())
        first = f.hessian([1.0, 2.0, 3.0, 0.5], sparse=True)
        second = f.hessian([2.0, 1.0, 1.0, 1.0], sparse=True)
        expected = [
            [0.0, 1.0, 0.0, 0.0],
            [1.0, 6.0, 4.0, 0.0],
            [0.0, 4.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, -0.479425538604203],
        ]
        np.testing.assert_allclose(first.toarray(), expected, rtol=1e-14)
        expected = [
            [0.0, 1.0, 0.0, 0.0],
            [1.0, 2.0, 2.0, 0.0],
            [0.0, 2.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, -0.8414709848078965],
        ]
        np.testing.assert_allclose(second.toarray(), expected, rtol=1e-14)


def test_what_is_returned_is_the_callers():
    f = fastgrad.compile(band)
    first = f.hessian(np.linspace(-1.0, 1.0, 5), sparse=True)
    expected = first.toarray()
    second = f.hessian(np.zeros(5), sparse=True)
    second.data[:], second.indices[:] = 7.0, 0
    second.eliminate_zeros()
    np.testing.assert_array_equal(first.toarray(), expected)
    np.testing.assert_array_equal(f.hessian(np.linspace(-1.0, 1.0, 5), sparse=True).toarray(), expected)


@pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
def test_a_jacobian_is_the_dense_one(mode):
    f = fastgrad.compile(lambda x: [x[0] * x[1], x[2], 1.0, x[1] ** 2])
    found = f.jacobian(np.array([1.0, 2.0, 3.0]), sparse=True, mode=mode)
    assert found.shape == (4, 3)
    assert found.nnz == 4
    np.testing.assert_array_equal(found.toarray(), np.array(f.jacobian(np.array([1.0, 2.0, 3.0]))))

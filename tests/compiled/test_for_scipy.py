"""``f.scipy``: a compiled function as SciPy's solvers take one."""

import pickle

import numpy as np
import pytest

import fastgrad
from fastgrad import math

POINT = np.array([0.5, 2.0, -1.0])


def product(x):
    return x[0] ** 2 * x[1] + math.exp(x[2])


def counted(f):
    """The function compiled, and a list that grows with each gradient."""
    f, calls = fastgrad.compile(f), []
    f.value_and_grad = lambda *args, plain=f.value_and_grad: calls.append(0) or plain(*args)
    return f, calls


class TestOneResult:
    def test_is_the_functions_own(self):
        f = fastgrad.compile(product)
        value, slopes = f.value_and_grad(POINT)
        assert f.scipy.fun(POINT) == value
        np.testing.assert_array_equal(f.scipy.jac(POINT), slopes)
        np.testing.assert_array_equal(f.scipy.hess(POINT), f.hessian(POINT))
        np.testing.assert_array_equal(f.scipy.hessp(POINT, POINT), f.hvp(POINT, POINT))

    def test_value_and_gradient_of_a_point_are_one_call(self):
        f, calls = counted(product)
        f.scipy.fun(POINT)
        calls.clear()
        f.scipy.fun(POINT)
        f.scipy.jac(POINT.copy())
        assert len(calls) == 1

    def test_a_gradient_is_that_of_its_point_and_arguments(self):
        f = fastgrad.compile(lambda x, a: a * fastgrad.dot(x, x)).scipy
        f.fun(POINT, 1.0)
        np.testing.assert_array_equal(f.jac(POINT, 2.0), 4.0 * POINT)
        f.fun(POINT, 1.0)
        np.testing.assert_array_equal(f.jac(2.0 * POINT, 1.0), 4.0 * POINT)

    def test_a_gradient_that_was_asked_for_before_is_computed_afresh(self):
        w = fastgrad.Value(1.0)
        f = fastgrad.compile(lambda x: w * fastgrad.dot(x, x)).scipy
        f.fun(POINT)
        f.jac(POINT)
        w.data = 3.0
        np.testing.assert_array_equal(f.jac(POINT), 6.0 * POINT)

    def test_a_point_that_is_changed_in_place_is_another(self):
        f, x = fastgrad.compile(product).scipy, POINT.copy()
        f.fun(x)
        x[0] = 7.0
        assert f.jac(x)[0] == 2.0 * 7.0 * 2.0


class TestSeveralResults:
    @pytest.mark.parametrize("kind", [list, tuple, np.array])
    def test_are_an_array_with_a_jacobian(self, kind):
        f = fastgrad.compile(lambda x: kind([x[0] * x[1], x[2]])).scipy
        assert f.fun(POINT).tolist() == [1.0, -1.0]
        assert f.jac(POINT).tolist() == [[2.0, 0.5, 0.0], [0.0, 0.0, 1.0]]

    def test_have_a_sparse_jacobian(self):
        pytest.importorskip("scipy")
        f = fastgrad.compile(lambda x: x * x).scipy
        assert f.sparse_jac(POINT).nnz == 3
        assert fastgrad.compile(product).scipy.sparse_hess(POINT).nnz == 4


def test_is_one_object_that_a_function_keeps():
    f = fastgrad.compile(product)
    assert f.scipy is f.scipy
    value = f(POINT)
    assert pickle.loads(pickle.dumps(f)).scipy.fun(POINT) == value


def test_of_a_method_is_its_instances():
    class Model:
        def __init__(self, a):
            self.a = a

        @fastgrad.compile
        def loss(self, x):
            return self.a * fastgrad.dot(x, x)

    one, two = Model(1.0), Model(2.0)
    assert two.loss.scipy.fun(POINT) == 2.0 * one.loss.scipy.fun(POINT)

"""`bind` with a Hessian: calls on buffers of one's own."""

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, math


def buffers(n=3):
    return np.empty(1), np.empty(n), np.empty((n, n))


def mixed(x):
    return x[0] ** 2 * x[1] * x[2] + math.exp(x[2] * 0.1)


def check(call, x, found, f):
    """A call writes what value_grad_and_hessian returns, whatever stood in the buffers."""
    for buffer in found:
        buffer[...] = np.nan
    call()
    for buffer, expected in zip(found, f.value_grad_and_hessian(x), strict=True):
        np.testing.assert_array_equal(buffer, np.reshape(expected, buffer.shape))


def test_value_gradient_and_hessian_are_written_at_every_call():
    f, x, found = fastgrad.compile(mixed), np.array([1.0, 2.0, 3.0]), buffers()
    f(x)
    call = f.bind(x, found[0], found[1], hessian=found[2])
    for x[:] in ([1.0, 2.0, 3.0], [-1.0, 0.5, 0.0], [0.0, np.inf, 1.0]):
        check(call, x, found, f)


def test_the_path_that_the_numbers_take_is_followed():
    f = fastgrad.compile(lambda x, y: x[0] ** 2 * x[1] * y if x[0] > 0 else y * y)
    x, (value, grad, hessian) = np.array([1.0, 2.0, 3.0]), buffers()
    f(x[:2].copy(), x[2])
    call = f.bind(x, value, grad, hessian=hessian)
    for _ in range(2):
        x[0] = 1.0
        call()
        assert (value.tolist(), grad.tolist()) == ([6.0], [12.0, 3.0, 2.0])
        assert hessian.tolist() == [[12.0, 6.0, 4.0], [6.0, 0.0, 1.0], [4.0, 1.0, 0.0]]
        x[0] = -1.0
        call()
        assert (value.tolist(), grad.tolist(), hessian[2, 2]) == ([9.0], [0.0, 0.0, 6.0], 2.0)


@pytest.mark.filterwarnings("ignore:.*256 paths")
def test_numbers_beyond_the_most_paths_are_computed_by_plain_calls():
    def digits(x):
        k = 1
        while x[0] >= k:
            k += 1
        return k * x[0] ** 2 + x[1]

    f, x, (value, grad, hessian) = fastgrad.compile(digits), np.array([599.0, 1.0]), buffers(2)
    f.batch(np.column_stack([np.arange(0.5, 300.0), np.ones(300)]))
    x[0] = 500.5
    f.bind(x, value, grad, hessian=hessian)()
    assert (value[0], grad.tolist()) == (501 * 500.5**2 + 1.0, [2 * 501 * 500.5, 1.0])
    assert hessian.tolist() == [[2 * 501.0, 0.0], [0.0, 0.0]]


def test_scalars_from_outside_are_read_afresh():
    w = Value(2.0)
    f, x, found = fastgrad.compile(lambda x: w * mixed(x)), np.array([1.0, 2.0, 3.0]), buffers()
    f(x)
    call = f.bind(x, found[0], found[1], hessian=found[2])
    for w.data in (2.0, -1.0, 5.0):
        check(call, x, found, f)


def test_a_long_program_is_bound_too():
    def long(x):
        a = x[0]
        for _ in range(1_500):
            a = a + (x[1] - x[2] * a) * a * 0.001
        return a

    f, x, found = fastgrad.compile(long), np.array([0.3, 1.2, 0.5]), buffers()
    f(x)
    assert f.report()["steps"] > 4_096
    call = f.bind(x, found[0], found[1], hessian=found[2])
    for x[0] in (0.3, 0.4):
        check(call, x, found, f)


def test_the_gradient_may_be_left_out():
    f, x, (value, _, hessian) = fastgrad.compile(mixed), np.array([1.0, 2.0, 3.0]), buffers()
    f(x)
    f.bind(x, value, hessian=hessian)()
    assert value[0] == f(x)
    np.testing.assert_array_equal(hessian, f.hessian(x))


def test_several_results_have_no_hessian():
    f, x = fastgrad.compile(lambda x: [x[0], x[1]]), np.ones(2)
    f(x)
    with pytest.raises(TypeError, match="must return one number for this, not several"):
        f.bind(x, np.empty(2), hessian=np.empty((2, 2)))


def test_another_shape_is_refused():
    f, x, (value, grad, _) = fastgrad.compile(mixed), np.ones(3), buffers()
    f(x)
    with pytest.raises(ValueError, match=r"hessian must be a numpy array of float64 of shape \(3, 3\), not"):
        f.bind(x, value, grad, hessian=np.empty(9))


def test_a_call_takes_no_arguments():
    f, x, (value, grad, hessian) = fastgrad.compile(mixed), np.ones(3), buffers()
    f(x)
    call = f.bind(x, value, grad, hessian=hessian)
    with pytest.raises(TypeError, match="takes no arguments: it reads its buffers"):
        call(x)
    with pytest.raises(TypeError, match="takes no arguments"):
        call(x=x)

"""Compiled functions called with scalars of the tape: results are nodes with the derivatives by these."""

import numpy as np
import pytest

import fastgrad
from fastgrad import Value


def plainly(x, y, w):
    return [x * y * w + x.sin(), x * x]


@pytest.fixture
def parts():
    w = Value(2.0)
    return fastgrad.compile(lambda x, y: plainly(x, y, w)), w


def test_results_are_nodes_that_stand_on_the_arguments_and_what_is_from_outside(parts):
    f, w = parts
    x, y = Value(3.0), Value(4.0)
    a, b = f(x, y)
    assert [type(a), a.prev, b.data] == [Value, [x, y, w], 9.0]


def test_the_gradient_is_that_of_the_plain_function(parts):
    f, w = parts
    x, y = Value(3.0), Value(4.0)
    a, b = f(x, y)
    (a * b).backward()
    found = [x.grad, y.grad, w.grad]
    x, y, w = Value(3.0), Value(4.0), Value(2.0)
    a, b = plainly(x, y, w)
    (a * b).backward()
    np.testing.assert_allclose(found, [x.grad, y.grad, w.grad], rtol=1e-14)


def test_gradients_have_gradients(parts):
    f, w = parts
    x = Value(3.0)
    by_x, by_w = fastgrad.gradients(f(x, 4.0)[0], [x, w], create_graph=True)
    assert fastgrad.gradients(by_x, [x, w]) == pytest.approx([-np.sin(3.0), 4.0])
    assert fastgrad.gradients(by_w, [x, w]) == pytest.approx([4.0, 0.0])


def test_structures_and_numbers_among_the_arguments():
    f = fastgrad.compile(lambda p, xs: {"y": p["a"] * xs[0] * xs[1], "z": xs[1]})
    a, x = Value(2.0), Value(5.0)
    result = f({"a": a}, np.array([3.0, x], dtype=object))
    result["y"].backward()
    assert (result["y"].data, a.grad, x.grad) == (30.0, 15.0, 6.0)


def test_a_branch_is_taken_by_the_numbers():
    f = fastgrad.compile(lambda x: x * x if x > 0.0 else -x)
    assert [f(2.0), f(-2.0)] == [4.0, 2.0]
    for number, slope in ((3.0, 6.0), (-3.0, -1.0)):
        x = Value(number)
        f(x).backward()
        assert x.grad == slope


def test_under_no_grad_results_are_leaves(parts):
    f, _ = parts
    x = Value(3.0)
    with fastgrad.no_grad():
        assert f(x, 1.0)[1].prev == []


def test_in_another_recording_it_is_recorded():
    square = fastgrad.compile(lambda x: x * x)
    assert fastgrad.compile(lambda x: square(x) + x).value_and_grad(3.0) == (12.0, 7.0)


def test_the_number_of_nodes_stays_what_is_used(parts):
    f, _ = parts
    x = Value(1.0)
    for _ in range(3_000):
        f(x, 2.0)[0].backward()
    fastgrad.collect()
    assert fastgrad.tape_info().nodes < 2_000

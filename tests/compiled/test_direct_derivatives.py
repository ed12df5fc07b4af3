"""Calls of a compiled function's derivatives that go straight through their programs."""

import math
import pickle

import numpy as np
import pytest

import fastgrad
from fastgrad import math as fm
from support.direct_calls import bits, entered

ARGS = (1.5, np.array([2.0, 3.0]))
UNIT = {"hvp": (1.0,)}
METHODS = ("jacobian", "hessian", "value_grad_and_hessian", "hvp", "derivative")


def function(x, ys):
    return x**3 * ys[0] + fm.exp(x * 0.25) * ys[1] ** 2


@pytest.fixture
def f():
    """A function whose next calls are none to compare at."""
    f = fastgrad.compile(function)
    for _ in range(9):
        f(*ARGS)
    return f


def called(f, method, *args, **kwargs):
    """Call a method twice; return what the second call gives, and which Python code it enters."""
    getattr(f, method)(*args, **kwargs)
    return getattr(f, method)(*args, **kwargs), entered(getattr(f, method), *args, **kwargs)


@pytest.mark.parametrize("method", METHODS)
def test_a_derivative_is_computed_by_no_python_code(f, method):
    args = (*ARGS, *UNIT.get(method, ()))
    found, code = called(f, method, *args)
    assert code == []
    assert bits(found) == bits(getattr(fastgrad.compile(function), method)(*args))


@pytest.mark.parametrize(
    ("method", "keywords"),
    [
        ("jacobian", {"argnums": (0, 1)}),
        ("jacobian", {"mode": "reverse"}),
        ("jacobian", {"mode": "forward", "argnums": 1}),
        ("hessian", {"argnums": 1}),
        ("value_grad_and_hessian", {"argnums": (0, 1)}),
        ("derivative", {"n": 3}),
    ],
)
def test_its_own_keywords_are_read_by_no_python_code(f, method, keywords):
    found, code = called(f, method, *ARGS, **keywords)
    assert code == []
    assert bits(found) == bits(getattr(fastgrad.compile(function), method)(*ARGS, **keywords))


def test_what_is_asked_for_may_take_turns(f):
    expected = [f.hessian(*ARGS, argnums=k) for k in (0, 1)], [f.derivative(*ARGS, n=n) for n in (1, 2, 3)]
    for _ in range(3):
        assert bits([f.hessian(*ARGS, argnums=k) for k in (0, 1)]) == bits(expected[0])
        assert bits([f.derivative(*ARGS, n=n) for n in (1, 2, 3)]) == bits(expected[1])
        assert bits(f.hessian(*ARGS)) == bits(expected[0][0])


def test_keywords_of_other_types_are_read_as_before(f):
    expected = f.hessian(*ARGS, argnums=(1,))
    assert bits(f.hessian(*ARGS, argnums=[1])) == bits(expected)
    for argnums in ("1", None, 2):
        with pytest.raises((TypeError, ValueError)):
            f.hessian(*ARGS, argnums=argnums)


def test_a_keyword_of_the_functions_own_is_no_direct_call(f):
    assert bits(f.hessian(1.5, ys=ARGS[1])) == bits(f.hessian(*ARGS))


def test_arguments_of_another_structure_have_a_derivative_of_their_own(f):
    for _ in range(3):
        assert bits(f.hessian(*ARGS, argnums=1)) == bits(np.array([[0.0, 0.0], [0.0, 2.0 * math.exp(0.375)]]))
        assert type(f.hessian(1.5, [2.0, 3.0], argnums=1)) is list


def test_a_row_on_another_path_has_that_paths_derivative():
    f = fastgrad.compile(lambda x: x**2 if x > 0.0 else x**3)
    for _ in range(3):
        assert (f.hessian(2.0), f.hessian(-2.0)) == (2.0, -12.0)


def test_functions_keep_apart_what_was_asked_of_them(f):
    g = fastgrad.compile(lambda x, ys: x * x)
    for _ in range(3):
        assert g.hessian(*ARGS) == 2.0
        assert f.hessian(*ARGS) != 2.0
    again = pickle.loads(pickle.dumps(f))
    assert bits(again.hessian(*ARGS)) == bits(f.hessian(*ARGS))


def test_results_are_new_each_time(f):
    first = f.hessian(*ARGS, argnums=1)
    first[:] = 0.0
    assert f.hessian(*ARGS, argnums=1)[1, 1] != 0.0


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(12.0).reshape(2, 6)[:, ::2],
        np.arange(6).reshape(2, 3),
        np.arange(6.0).reshape(2, 3).astype(">f8"),
        np.arange(6.0, dtype=np.float32).reshape(2, 3),
    ],
    ids=["Fortran's order", "every other column", "ints", "other bytes first", "single precision"],
)
def test_arrays_that_are_not_as_numpy_makes_them_are_read_by_their_numbers(array):
    f = fastgrad.compile(lambda X: sum(k * x**2 for k, x in enumerate(X.ravel())))
    plain = np.ascontiguousarray(array, dtype=np.float64)
    for _ in range(3):
        assert f.value_and_grad(plain)[0] == f.value_and_grad(array)[0] == sum(np.arange(6) * plain.ravel() ** 2)

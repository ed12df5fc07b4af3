"""Derivatives of second and higher order where programs have been wrong: values from 50-digit arithmetic.

abs(-x**2) at 0 is left out: its second derivative tends to 2 there, and the chain rule with the slope 0 of abs at 0
gives 0.
"""

import functools

import pytest

import fastgrad
from fastgrad import math as fm


def root(a):
    """That of x**3 + a x - 1, by Newton's steps."""
    x = 0.5 + 0.0 * a
    for _ in range(8):
        x = x - (x**3 + a * x - 1.0) / (3.0 * x**2 + a)
    return x


def bell(x):
    return fm.exp(-(x**2))


def quartic(x):
    return 1.0 - 96.0 / 25.0 * x**2 + 112.0 / 25.0 * x**4


OF_ONE_NUMBER = [
    (bell, 0.0, [1.0, 0.0, -2.0, 0.0, 12.0]),
    (quartic, 0.5, [0.32, -1.6, 5.76]),
    (lambda x: x**2, 0.0, [0.0, 0.0, 2.0, 0.0]),
    (lambda x: x**1, 0.0, [0.0, 1.0, 0.0, 0.0]),
    (lambda x: x**0, 0.0, [1.0, 0.0, 0.0, 0.0]),
    (lambda x: x**3, 0.0, [0.0, 0.0, 0.0, 6.0]),
    (lambda x: x**3, -2.0, [-8.0, 12.0, -12.0, 6.0, 0.0]),
    (fm.softplus, 1000.0, [1000.0, 1.0, 0.0, 0.0]),
    (root, 2.0, [0.45339765151640377, -0.1732702315504082, 0.10122162988602393]),
]

SPARSE = [
    ([1.0, 2.0, 3.0, 0.5], {(0, 1): 1.0, (1, 1): 6.0, (1, 2): 4.0, (3, 3): -0.479425538604203}),
    ([2.0, 1.0, 1.0, 1.0], {(0, 1): 1.0, (1, 1): 2.0, (1, 2): 2.0, (3, 3): -0.8414709848078965}),
]

HESSIANS = [
    (lambda x: x[0] ** 1 * x[1], [0.0, 2.0], [[0.0, 1.0], [1.0, 0.0]]),
    (
        lambda x: x[0] ** x[1],
        [2.0, 3.0],
        [[12.0, 12.317766166719343], [12.317766166719343, 3.8436241113456115]],
    ),
    (lambda x: x[0] ** x[1], [2.0, 0.0], [[0.0, 0.5], [0.5, 0.4804530139182014]]),
    (lambda x: x[0] + x[1] ** 2 + x[2] ** 3, [1.0, 2.0, 3.0], [[0.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 18.0]]),
    (fastgrad.prod, [2.0, 0.0, 3.0], [[0.0, 3.0, 0.0], [3.0, 0.0, 2.0], [0.0, 2.0, 0.0]]),
    (lambda x: fm.hypot(*x), [3.0, 4.0], [[0.128, -0.096], [-0.096, 0.072]]),
    (
        fastgrad.logsumexp,
        [1000.0, 1001.0],
        [[0.19661193324148185, -0.19661193324148185], [-0.19661193324148185, 0.19661193324148185]],
    ),
    (lambda x: fm.atan2(x[0], x[1]), [0.0, 2.0], [[0.0, -0.25], [-0.25, 0.0]]),
    (lambda x: x[0].leaky_relu(x[1]), [-2.0, 0.0], [[0.0, 1.0], [1.0, 0.0]]),
]


@pytest.mark.parametrize(("function", "x", "expected"), OF_ONE_NUMBER)
def test_derivatives_of_each_order(function, x, expected):
    compiled = fastgrad.compile(lambda x: function(x))
    for order, value in enumerate(expected):
        derivative = fastgrad.derivative(lambda x: function(x), order)
        found = [derivative(x) for _ in range(3)]
        if order:
            nested = functools.reduce(lambda f, _: fastgrad.grad(f), range(order), lambda x: function(x) * 1.0)
            found += [nested(x) for _ in range(3)]
        found.append(compiled.derivative(x, n=order))
        assert found == pytest.approx([value] * len(found), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize(("function", "x", "expected"), HESSIANS)
def test_hessians(function, x, expected):
    hessian, outer = fastgrad.hessian(lambda x: function(x)), fastgrad.jacobian(fastgrad.grad(lambda x: function(x)))
    compiled = fastgrad.compile(lambda x: function(x))
    found = [hessian(x), hessian(x), hessian(x), outer(x), outer(x), compiled.hessian(x)]
    for matrix in found:
        for row, wanted in zip(matrix, expected):
            assert row == pytest.approx(wanted, rel=1e-12, abs=1e-15)


def test_a_sparse_hessian_twice_in_a_row_at_different_points():
    hessian = fastgrad.hessian(lambda x: x[0] * x[1] + x[1] ** 2 * x[2] + fm.sin(x[3]))
    for x, entries in SPARSE * 2:
        found = hessian(x)
        for i in range(4):
            for j in range(4):
                assert found[i][j] == pytest.approx(entries.get((i, j), entries.get((j, i), 0.0)), rel=1e-14)


def test_an_inner_variable_is_not_confused_with_an_outer_one():
    def derivative_at(function, x):
        return fastgrad.derivative(function)(x)

    assert derivative_at(lambda x: x * derivative_at(lambda y: x + y, 1.0), 1.0) == 1.0
    assert derivative_at(lambda x: x * derivative_at(lambda y: x * y, 1.0), 4.0) == 8.0
    assert fastgrad.grad(lambda x: x * fastgrad.grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert fastgrad.grad(lambda x: x * fastgrad.grad(lambda y: x * y)(1.0))(4.0) == 8.0


# Choices.

CHOICES = {
    "where": lambda x: fm.where(x > 0.0, fm.sqrt(x), x),
    "max": lambda x: fm.max(fm.sqrt(x) - 1.0, x),
    "min": lambda x: fm.min(fm.sqrt(x) + 1.0, x),
    "clip": lambda x: fm.clip(fm.sqrt(x) - 1.0, 0.0, 2.0) + x,
    "relu": lambda x: fm.relu(fm.sqrt(x) - 1.0) + x,
    "abs": lambda x: abs(fm.where(x > 0.0, fm.sqrt(x), 0.0)) + x,
    "leaky_relu": lambda x: (fm.sqrt(x) - 1.0).leaky_relu(0.0) + x,
}


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_what_was_not_chosen_passes_nothing_on(choice):
    """Not even 0 times the infinite slope of a root at 0."""
    compiled = fastgrad.compile(lambda x: choice(x) * x)
    for _ in range(3):
        assert compiled.hessian(0.0) == 2.0
        assert compiled.jacobian(0.0, mode="forward") == compiled.jacobian(0.0, mode="reverse") == 0.0
        assert compiled.hvp(0.0, 3.0) == 6.0
        assert [compiled.derivative(0.0, n=n) for n in range(4)] == [0.0, 0.0, 2.0, 0.0]
    hessian, outer = (
        fastgrad.hessian(lambda x: choice(x) * x),
        fastgrad.jacobian(fastgrad.grad(lambda x: choice(x) * x)),
    )
    third = fastgrad.jacobian(fastgrad.hessian(lambda x: choice(x) * x))
    for _ in range(3):
        assert (hessian(0.0), outer(0.0), third(0.0)) == (2.0, 2.0, 0.0)
        assert fastgrad.jvp(lambda x: choice(x) * x, 0.0, 1.0) == (0.0, 0.0)
        assert fastgrad.vjp(lambda x: choice(x) * x, 0.0)[1](1.0) == (0.0,)
        assert fastgrad.hvp(lambda x: choice(x) * x, 0.0, 3.0) == 6.0


def test_a_choice_of_two_arguments_is_that_which_was_taken():
    hessian = fastgrad.hessian(lambda x, y: fm.where(x > 0.0, fm.sqrt(x), y * y * x), argnums=(0, 1))
    for _ in range(3):
        assert hessian(0.0, 3.0) == ((0.0, 6.0), (6.0, 0.0))
    hessian = fastgrad.hessian(lambda x, y: fm.max(fm.sqrt(x), 1.0) * y, argnums=(0, 1))
    for _ in range(3):
        assert hessian(0.0, 3.0) == ((0.0, 0.0), (0.0, 0.0))

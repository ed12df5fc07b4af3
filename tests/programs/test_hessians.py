"""Programs of second derivatives: how many steps they take, and that they agree with products with unit vectors."""

import numpy as np
import pytest

import fastgrad
from fastgrad import math as fm
from fastgrad._programs import derive

COUNT = 6


def weighted(xs, k=1.0):
    return sum((j + k) * x for j, x in enumerate(xs))


FUNCTIONS = {
    "operations of one after the other": lambda xs: fm.log(1.0 + fm.exp(fm.tanh(weighted(xs)))),
    "a product of two of one": lambda xs: fm.sin(weighted(xs)) * fm.exp(0.1 * weighted(xs)),
    "products of different sums": lambda xs: fm.sin(weighted(xs)) * fm.cos(weighted(xs, 2.0)) / xs[0],
    "a choice of two of one": lambda xs: fm.where(xs[0] > 0.0, fm.sqrt(xs[0]), xs[0] ** 2) * xs[1],
    "a choice of different ones": lambda xs: fm.where(xs[0] > 0.3, fm.exp(xs[1]) * xs[2], xs[3] ** 3) ** 2,
    "a dot": lambda xs: fastgrad.dot(list(xs[:3]), [fm.sin(x) for x in xs[3:]]) ** 2,
    "kinks": lambda xs: fm.max(weighted(xs), xs[0] * xs[1]) ** 2 * abs(xs[2]),
    "what does not stand on any": lambda xs: xs[0] * 2.0 + 1.0,
}


def program_of(function):
    f = fastgrad.compile(function)
    f(np.linspace(0.2, 1.2, COUNT))
    (program,) = f.programs()
    return program


@pytest.mark.parametrize("what", FUNCTIONS)
def test_a_hessian_is_what_products_with_unit_vectors_are(what):
    f, x = fastgrad.compile(FUNCTIONS[what]), np.linspace(0.2, 1.2, COUNT)
    hessian = f.hessian(x)
    products = np.array([f.hvp(x, unit) for unit in np.eye(COUNT)])
    assert np.array_equal(hessian, hessian.T)
    assert np.allclose(hessian, products, rtol=1e-12, atol=1e-12 * abs(products).max())


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (lambda x: fm.where(x > 0.0, fm.sqrt(x), x * x), -1.0),
        (lambda x: fm.where(x > 0.0, fm.exp(1.0 / x), x) * x, 0.0),
        (lambda x: fm.where(x > 0.0, fm.log(fm.sqrt(x)), x) * fm.sin(x), 0.0),
    ],
)
def test_a_case_that_is_not_taken_adds_nothing_not_even_nan(function, x):
    f = fastgrad.compile(function)
    for _ in range(2):  # the third call is none to compare at, for which the function would be called with x
        f(1.0)
    assert f.hessian(x) == 2.0


def steps_of(function):
    return derive.hessian(program_of(function), 0, range(COUNT))[0].steps


def test_an_operation_more_of_the_same_sum_costs_no_products_of_its_inputs():
    def chain(length):
        def function(xs):
            z = weighted(xs)
            for _ in range(length):
                z = fm.tanh(z)
            return z

        return function

    each = steps_of(chain(6)) - steps_of(chain(5))
    assert each == steps_of(chain(5)) - steps_of(chain(4))
    assert each < COUNT * (COUNT + 1) / 2


def test_a_term_of_rosenbrock_has_ten_steps():
    def steps_of_terms(n):
        f = fastgrad.compile(lambda xs: sum(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in zip(xs, xs[1:])))
        f(np.linspace(0.2, 1.2, n + 1))
        (program,) = f.programs()
        return derive.hessian(program, 0, range(n + 1), with_value=True)[0].steps

    assert steps_of_terms(8) - steps_of_terms(7) == 10


def test_what_comes_by_several_operands_is_one_dot():
    program = program_of(lambda xs: fastgrad.dot(list(xs[:3]), list(xs[3:])))
    assert derive.pushed(program, 0, range(COUNT)).steps == 2


def test_an_operation_of_one_has_one_second_derivative():
    program, _ = derive.hessian(program_of(lambda xs: fm.exp(xs[0])), 0, [0])
    assert program.steps == 1

"""What holds for derivatives of any function: the ways to one agree, and the theorems of calculus do."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fastgrad
from fastgrad import math as fm
from fastgrad.compiled import derived
from support.drawn_derivatives import (
    NUMBERS,
    POINTS,
    STEPS,
    along,
    close,
    directional,
    drawn,
    flat,
    fresh,
    tame,
    units,
)  # fmt: skip

searched = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
of_drawn = given(STEPS, POINTS)


def called_often(transform, function, *args):
    """The results of a first call, on the tape, of a second, which is recorded, and of one that is replayed."""
    derivative = transform(function)
    return [derivative(*args) for _ in range(3)]


@searched
@of_drawn
def test_calls_on_the_tape_recorded_and_replayed_agree(steps, x):
    for transform in (fastgrad.grad, fastgrad.hessian, fastgrad.jacobian, fastgrad.value_grad_and_hessian):
        first, second, third = called_often(transform, drawn(steps), x)
        tame(first)
        assert close(second, first)
        assert third == second


@searched
@of_drawn
def test_all_first_derivatives_agree(steps, x):
    f = drawn(steps)
    compiled = fastgrad.compile(fresh(f))
    expected = fastgrad.grad(fresh(f))(x)
    tame(expected)
    scalars = [fastgrad.Value(number) for number in x]
    root = f(scalars)
    pushed = [fastgrad.jvp(f, x, unit)[1] for unit in units(3)]
    value, pull = fastgrad.vjp(f, x)
    assert close(value, f(scalars).data)
    assert close(pushed, expected)
    assert close(pull(1.0), expected)
    assert close(fastgrad.gradients(root, scalars), expected)
    assert close([slope.data for slope in fastgrad.gradients(root, scalars, create_graph=True)], expected)
    assert close(compiled.value_and_grad(x), (root.data, expected))
    for mode in ("auto", "forward", "reverse"):
        assert close(compiled.jacobian(x, mode=mode), expected)


@searched
@given(STEPS, STEPS, POINTS)
def test_forward_and_reverse_jacobians_of_several_results_agree(some, others, x):
    def f(x):
        return {"one": drawn(some)(x), "two": [drawn(others)(x), x[0]]}

    compiled = fastgrad.compile(f)
    forward, reverse = (compiled.jacobian(x, mode=mode) for mode in ("forward", "reverse"))
    on_tape = fastgrad.jacobian(lambda x: f(x))(x)
    tame(list(on_tape.values()))
    for key in ("one", "two"):
        assert close(forward[key], on_tape[key])
        assert close(reverse[key], on_tape[key])
    value, tangent = fastgrad.jvp(f, x, [1.0, -2.0, 0.5])
    assert close(tangent["one"], np.dot(on_tape["one"], [1.0, -2.0, 0.5]))
    assert close(value["two"][0], drawn(others)([fastgrad.Value(number) for number in x]).data)


@searched
@of_drawn
def test_all_second_derivatives_agree(steps, x):
    f = drawn(steps)
    compiled = fastgrad.compile(fresh(f))
    expected = fastgrad.jacobian(fastgrad.grad(fresh(f)))(x)
    tame(expected)
    assert close(compiled.hessian(x), expected)
    assert close(fastgrad.hessian(fresh(f))(x), expected)
    assert close([compiled.hvp(x, unit) for unit in units(3)], expected)
    assert close([fastgrad.hvp(fresh(f), x, unit) for unit in units(3)], expected)
    assert close([fastgrad.jvp(fastgrad.grad(fresh(f)), x, unit)[1] for unit in units(3)], expected)
    assert close([fastgrad.vjp(fastgrad.grad(fresh(f)), x)[1](unit)[0] for unit in units(3)], expected)
    assert close([fastgrad.grad(fresh(lambda x, k=k: fastgrad.grad(f)(x)[k]))(x) for k in range(3)], expected)
    value, gradient, hessian = compiled.value_grad_and_hessian(x)
    assert close((value, gradient), fastgrad.value_and_grad(fresh(f))(x))
    assert close(hessian, expected)


@searched
@of_drawn
def test_hessians_are_symmetric_to_the_last_bit(steps, x):
    f = drawn(steps)
    for hessian in (fastgrad.compile(fresh(f)).hessian(x), *called_often(fastgrad.hessian, f, x)):
        tame(hessian)
        assert hessian == np.transpose(hessian).tolist()


@searched
@of_drawn
def test_the_hessian_of_a_long_program_is_that_of_products(steps, x):
    f = drawn(steps)
    expected = fastgrad.compile(fresh(f)).value_grad_and_hessian(x)
    tame(expected)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(derived, "_MOST_STEPS", -1)
        compiled = fastgrad.compile(fresh(f))
        found = compiled.value_grad_and_hessian(x)
        rows = compiled.batch_hessian([np.array([number] * 2) for number in x])
    assert close(found, expected)
    assert found[2] == np.transpose(found[2]).tolist()
    assert close([[entry[1] for entry in row] for row in rows], expected[2])


@searched
@given(STEPS, st.lists(POINTS, min_size=1, max_size=6))
def test_rows_of_a_batch_are_single_calls(steps, points):
    f = drawn(steps)
    compiled = fastgrad.compile(fresh(f))
    columns = [np.array(column) for column in np.transpose(points)]
    values, gradients, hessians = compiled.batch_value_grad_and_hessian(columns)
    jacobians = compiled.batch_jacobian(columns)
    singly = [fastgrad.compile(fresh(f)).value_grad_and_hessian(x) for x in points]
    tame(singly)
    for k, (value, gradient, hessian) in enumerate(singly):
        assert close(values[k], value)
        assert close([column[k] for column in gradients], gradient)
        assert close([column[k] for column in jacobians], gradient)
        assert close([[entry[k] for entry in row] for row in hessians], hessian)


@searched
@of_drawn
def test_third_derivatives_on_a_line_agree(steps, x):
    f = along(drawn(steps), x, [1.0, -0.5, 0.25])
    expected = fastgrad.derivative(fresh(f), 3)(0.0)
    tame(expected)
    inner = fastgrad.grad(fastgrad.grad(fastgrad.grad(f)))
    assert close([inner(0.0) for _ in range(3)], [expected] * 3, 1e-7)
    assert close(fastgrad.compile(fresh(f)).derivative(0.0, n=3), expected, 1e-7)
    assert close(fastgrad.grad(fastgrad.hessian(fresh(f)))(0.0), expected, 1e-7)
    assert close(fastgrad.hessian(fastgrad.grad(fresh(f)))(0.0), expected, 1e-7)
    assert close(fastgrad.derivative(fastgrad.derivative(f), 2)(0.0), expected, 1e-7)
    assert close(fastgrad.jvp(fastgrad.hessian(f), 0.0, 1.0)[1], expected, 1e-7)
    x = fastgrad.Value(0.0)
    assert close(fastgrad.hessian(f)(x).data, fastgrad.hessian(f)(0.0), 1e-7)
    assert close(fastgrad.gradients(fastgrad.hessian(f)(x), x), expected, 1e-7)


@searched
@of_drawn
def test_the_hessian_of_a_slope_is_symmetric_and_its_gradient_is_a_product(steps, x):
    """A function that calls grad is one like any other."""
    f = drawn(steps)
    slope = directional(f)
    third = fastgrad.hessian(slope)(x)
    tame(third)
    assert third == np.transpose(third).tolist()
    assert close(fastgrad.grad(slope)(x), fastgrad.hvp(f, x, [0.5, -1.0, 0.25]))


# Theorems.


@searched
@given(STEPS, POINTS, NUMBERS)
def test_the_derivative_on_a_line_is_the_product_with_its_direction(steps, x, t):
    f, direction = drawn(steps), [1.0, -0.5, 0.25]
    on_line = along(f, x, direction)
    point = [a + b * t for a, b in zip(x, direction)]
    gradient, hessian = fastgrad.grad(f)(point), fastgrad.hessian(f)(point)
    tame(gradient, hessian)
    assert close(fastgrad.derivative(on_line)(t), np.dot(gradient, direction))
    assert close(fastgrad.derivative(on_line, 2)(t), np.dot(direction, np.dot(hessian, direction)), 1e-8)


@searched
@of_drawn
def test_eulers_identity_of_homogeneous_functions(steps, x):
    """f(c x) = c**2 f(x) has x f' = 2 f, H x = f', and x H x = 2 f."""

    def f(x):
        length = fm.sqrt(fastgrad.dot(x, x) + 1e-3 * x[0] * x[0])
        return length * length * drawn(steps)([number / length for number in x])

    if not fastgrad.dot(x, x) > 0.01:
        return
    value, gradient, hessian = fastgrad.value_grad_and_hessian(f)(x)
    tame(value, gradient, hessian)
    assert close(np.dot(gradient, x), 2.0 * value, 1e-8)
    assert close(np.dot(hessian, x), gradient, 1e-8)
    assert close(fastgrad.hvp(f, x, x), gradient, 1e-8)


@searched
@given(STEPS, STEPS, POINTS)
def test_products_follow_leibniz(some, others, x):
    f, g = drawn(some), drawn(others)
    (u, du, ddu), (v, dv, ddv) = (fastgrad.value_grad_and_hessian(h)(x) for h in (f, g))
    tame(u, du, ddu, v, dv, ddv)
    found = fastgrad.hessian(lambda x: f(x) * g(x))(x)
    parts = [u * np.array(ddv), v * np.array(ddu), np.outer(du, dv), np.outer(dv, du)]
    scale = sum(np.abs(part) for part in parts) + 1.0
    assert np.all(np.abs(np.array(found) - sum(parts)) <= 1e-9 * scale)


@searched
@given(STEPS, POINTS)
def test_derivatives_of_a_composition_follow_the_chain_rule(steps, x):
    f = drawn(steps)
    u, du, ddu = fastgrad.value_grad_and_hessian(f)(x)
    tame(u, du, ddu)
    found = fastgrad.hessian(lambda x: fm.sin(f(x)))(x)
    parts = [-np.sin(u) * np.outer(du, du), np.cos(u) * np.array(ddu)]
    scale = sum(np.abs(part) for part in parts) + 1.0
    assert np.all(np.abs(np.array(found) - sum(parts)) <= 1e-9 * scale)
    assert flat(found) == flat(np.transpose(found).tolist())

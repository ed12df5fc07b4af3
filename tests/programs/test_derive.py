"""Programs that compute derivatives of programs, beside differences of gradients and beside each other."""

import random

import numpy as np
import pytest

import fastgrad
from fastgrad._programs import derive
from fastgrad._programs.listing import text
from fastgrad._programs.program import Program
from support.operations import BINARY, UNARY
from support.program_steps import Steps, close, large_program, random_program

SEEDS = range(40)
FIRST_INPUT_ONLY = [0]


def run(program, row, captured=()):
    uniforms = program.uniforms.copy()
    uniforms[: len(captured)] = captured
    values, _ = program.run(np.array([row], dtype=float), uniforms)
    return values[0]


def gradient(program, row):
    return program.run_grad(np.array([row], dtype=float), program.uniforms)[2][0]


def scattered(values, pattern, shape):
    """The entries of a pattern in a matrix."""
    matrix = np.zeros(shape)
    for value, (i, j) in zip(values, pattern):
        matrix[i, j] = value
    return matrix


def lower(values, pattern, n):
    matrix = scattered(values, pattern, (n, n))
    assert not np.triu(matrix, 1).any()
    return matrix + np.tril(matrix, -1).T


def drawn(seed, outputs=1):
    """A random program, its uniforms all captured, and a row for it."""
    program = random_program(random.Random(seed), outputs)
    return program, np.random.default_rng(seed).normal(size=program.inputs)


def jacobian(program, row, forward, captured=0):
    made, pattern = derive.jacobian(program, captured, range(program.inputs), forward)
    return scattered(run(made, row), pattern, (len(program.arrays()[5]), program.inputs))


def hessian(program, row, captured=0):
    made, pattern = derive.hessian(program, captured, range(program.inputs))
    return lower(run(made, row), pattern, program.inputs)


class TestJacobian:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_forward_and_reverse_are_the_gradients_of_the_outputs(self, seed):
        program, row = drawn(seed, outputs=3)
        inputs, uniforms, uniform_steps, steps, operands, outputs, guards, _ = program.arrays()
        expected = [
            gradient(Program(inputs, uniforms, uniform_steps, steps, operands, [output], guards), row)
            for output in outputs
        ]
        for forward in (True, False):
            assert close(jacobian(program, row, forward), expected)

    def test_has_entries_where_an_output_stands_on_an_input(self):
        steps = Steps(3)
        program = steps.program([steps.mul(0, 1), steps.sin(2)])
        for forward in (True, False):
            _, pattern = derive.jacobian(program, 0, [0, 1, 2], forward)
            assert pattern.tolist() == [[0, 0], [0, 1], [1, 2]]

    def test_is_by_the_inputs_that_are_named_in_their_order(self):
        steps = Steps(3)
        program = steps.program([steps.mul(steps.mul(0, 1), 2)])
        for forward in (True, False):
            made, _ = derive.jacobian(program, 0, [2, 0], forward)
            assert run(made, [2.0, 3.0, 5.0]).tolist() == [6.0, 15.0]

    def test_an_order_chooses_outputs_and_value_comes_first(self):
        steps = Steps(2)
        program = steps.program([steps.mul(0, 0)])
        for forward in (True, False):
            made, _ = derive.jacobian(program, 0, [0, 1], forward, np.array([1, 0, 1]), with_value=True)
            assert run(made, [3.0, 2.0]).tolist() == [9.0, 0.0, 6.0, 0.0]


class TestHessian:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_is_the_jacobian_of_the_gradient_program(self, seed):
        program, row = drawn(seed)
        n = program.inputs
        of_gradient, _ = derive.jacobian(program, 0, range(n), False, np.arange(n))
        expected = jacobian(of_gradient, row, True)
        assert close(hessian(program, row), expected)
        assert close(jacobian(of_gradient, row, False), expected)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_in_an_order_is_symmetric_to_the_last_bit(self, seed):
        program, row = drawn(seed)
        n = program.inputs
        made, _ = derive.hessian(program, 0, range(n), np.arange(n * n), with_value=True)
        found = run(made, row)
        matrix = found[1 + n :].reshape(n, n)
        assert matrix.tobytes() == matrix.T.copy().tobytes()
        assert close(matrix, hessian(program, row))
        assert close(found[0], program.run(np.array([row]), program.uniforms)[0][0])
        assert close(found[1 : 1 + n], gradient(program, row))

    @pytest.mark.parametrize("seed", SEEDS)
    def test_of_many_rows_is_that_of_each(self, seed):
        program, _ = drawn(seed)
        made, _ = derive.hessian(program, 0, range(program.inputs))
        rows = np.random.default_rng(seed).normal(size=(70, program.inputs))
        together = made.run(rows, made.uniforms)[0]
        assert close(together, [run(made, row) for row in rows])

    def test_has_entries_where_two_inputs_meet(self):
        steps = Steps(4)
        program = steps.program([steps.sum([steps.mul(0, 1), steps.sin(2), 3])])
        made, pattern = derive.hessian(program, 0, range(4))
        assert pattern.tolist() == [[1, 0], [2, 2]]
        assert run(made, [2.0, 3.0, 0.5, 7.0]) == pytest.approx([1.0, -np.sin(0.5)])

    def test_captured_numbers_are_those_of_the_call_and_others_constants(self):
        steps = Steps(1, [2.0, 3.0])
        program = steps.program([steps.mul(steps.mul(steps.mul(0, 0), 1), 2)])
        made, _ = derive.hessian(program, 1, [0])
        assert len(made.uniforms) >= 1
        assert (run(made, [1.0], [2.0]), run(made, [1.0], [10.0])) == ([12.0], [60.0])

    def test_guards_are_kept(self):
        steps = Steps(1, [0.5])
        program = steps.program([steps.mul(0, 0)], [(steps.gt(0, 1), 1)])
        made, _ = derive.hessian(program, 0, [0])
        values, passed = made.run(np.array([[1.0], [0.0]]), made.uniforms)
        assert values.tolist() == [[2.0], [2.0]]
        assert passed.tolist() == [-1, 0]


class TestProducts:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_with_unit_vectors_are_the_columns(self, seed):
        program, row = drawn(seed)
        n, captured = program.inputs, len(program.uniforms)
        expected = hessian(program, row)
        made = derive.hessian_product(program, captured, range(n))
        assert close([run(made, [*row, *unit], program.uniforms) for unit in np.eye(n)] or np.zeros((0, 0)), expected)
        fixed = derive.hessian_product(program, captured, range(n), fixed=range(n), with_value=True)
        for unit, column in zip(np.eye(n), expected):
            found = run(fixed, unit, [*program.uniforms, *row])
            assert close(found[0], program.run(np.array([row]), program.uniforms)[0][0])
            assert close(found[1 : 1 + n], gradient(program, row))
            assert close(found[1 + n :], column)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_pushed_is_the_jacobian_times_a_direction(self, seed):
        program, row = drawn(seed, outputs=3)
        direction = np.random.default_rng(seed + 1).normal(size=program.inputs)
        found = run(derive.pushed(program, 0, range(program.inputs)), [*row, *direction])
        assert close(found[:3], program.run(np.array([row]), program.uniforms)[0][0])
        assert close(found[3:], jacobian(program, row, False) @ direction)

    def test_of_a_fixed_point_compute_the_gradient_once_a_call(self):
        program = large_program(50)
        made = derive.hessian_product(program, 0, [0, 1], fixed=[0, 1])
        assert made.uniform_steps > 50
        assert made.inputs == 2


class TestShared:
    def test_computes_products_of_what_rows_share_once_a_call(self):
        f = fastgrad.compile(lambda p, q, x, y: x * y - p * q)
        f(1.0, 2.0, 3.0, 4.0)
        made = derive.shared(f.programs()[0], 0, [0, 1])
        assert text(*made.arrays()).endswith("v6 = u3 + dot(v0*v1)\nreturn v6")
        assert made.run(np.array([[3.0, 4.0]]), np.array([1.0, 2.0, *made.uniforms[2:]]))[0] == 10.0

    def test_of_a_sum_that_has_no_other_products_is_a_sum(self):
        f = fastgrad.compile(lambda p, q, x: x + p * q)
        f(1.0, 2.0, 3.0)
        made = derive.shared(f.programs()[0], 0, [0, 1])
        assert (made.steps, made.uniform_steps) == (2, 1)
        assert made.run(np.array([[3.0]]), np.array([1.0, 2.0, *made.uniforms[2:]]))[0] == 5.0


class TestTower:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_is_derived_again_and_again(self, seed):
        program, row = drawn(seed)
        if not program.inputs:
            return
        again = program
        for order in range(5):
            assert close(run(derive.tower(program, 0, 0, order), row), run(again, row), 1e-7)
            again, _ = derive.jacobian(again, 0, FIRST_INPUT_ONLY, order % 2 == 0, np.arange(1))

    def test_ends_in_0(self):
        steps = Steps(1)
        program = steps.program([steps.mul(0, steps.mul(0, 0))])
        assert [run(derive.tower(program, 0, 0, n), [2.0]).tolist() for n in range(6)] == [
            [8.0],
            [12.0],
            [12.0],
            [6.0],
            [0.0],
            [0.0],
        ]


# Each operation.

JUMPS = {"floor", "ceil", "sign", "step", "lt", "gt", "le", "ge", "detach"}
AT = {"acosh": 1.7, "log": 0.7, "atanh": 0.3, "asin": 0.3, "acos": 0.3}


@pytest.mark.parametrize("name", sorted({*UNARY, *BINARY} - {"polygamma"}))  # whose order is a whole number
def test_second_derivatives_of_each_operation_are_differences_of_the_first(name):
    inputs = 2 if name in BINARY else 1
    steps = Steps(inputs)
    program = steps.program([getattr(steps, name)(*range(inputs))])
    row = np.array([AT.get(name, 0.6), 1.3][:inputs])
    found, h = hessian(program, row), 1e-5
    for k in range(inputs):
        step = np.eye(inputs)[k] * h
        differences = (gradient(program, row + step) - gradient(program, row - step)) / (2.0 * h)
        assert found[k] == pytest.approx(differences, rel=1e-6, abs=1e-8)
    if name in JUMPS:
        assert not found.any()

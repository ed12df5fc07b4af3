"""Solutions of equations, and their derivatives by the implicit function theorem."""

import math

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, implicit


def cubic(x, a):
    return x**3 + a * x - 1.0


class TestRoot:
    def test_is_found_and_differentiated_to_any_order(self):
        def root(a):
            return implicit.root(cubic, 0.5, a)

        found = [fastgrad.derivative(root, n)(2.0) for n in range(3)]
        assert found == pytest.approx([0.45339765151640377, -0.1732702315504082, 0.10122162988602393], rel=1e-14)

    def test_backward_goes_through_it(self):
        a = Value(2.0)
        (implicit.root(cubic, 0.5, a) * 3.0).backward()
        assert a.grad == pytest.approx(3.0 * -0.1732702315504082)

    def test_of_plain_numbers_it_is_one(self):
        assert implicit.root(lambda x, a: x * x - a, 1.0, 9.0) == 3.0

    def test_of_several_numbers(self):
        def crossing(p):
            return implicit.root(lambda x, a, b: [x[0] ** 2 + x[1] - a, x[0] * x[1] - b], [1.0, 1.0], p[0], p[1])

        x = crossing([3.0, 1.0])
        assert [x[0] ** 2 + x[1], x[0] * x[1]] == pytest.approx([3.0, 1.0])
        jacobian = np.array(fastgrad.jacobian(crossing)([3.0, 1.0]))
        np.testing.assert_allclose(jacobian, np.linalg.inv([[2 * x[0], 1.0], [x[1], x[0]]]), rtol=1e-12)
        hessian = np.array(fastgrad.hessian(lambda p: crossing(p)[0])([3.0, 1.0]))
        assert np.allclose(hessian, hessian.T, rtol=1e-12)
        step = 1e-5
        slopes = [fastgrad.grad(lambda p: crossing(p)[0])([3.0 + sign * step, 1.0]) for sign in (1.0, -1.0)]
        np.testing.assert_allclose(hessian[0], np.subtract(*map(np.array, slopes)) / (2 * step), rtol=1e-7)

    def test_structures_and_arguments_that_are_structures(self):
        found = implicit.root(lambda x, p: {"u": x["u"] * p[0] - p[1]}, {"u": 1.0}, [2.0, 3.0])
        assert found == {"u": 1.5}

    def test_comes_from_far_away(self):
        assert implicit.root(lambda x: x.exp() - 2.0, 30.0) == pytest.approx(math.log(2.0), rel=1e-15)

    def test_a_function_that_cannot_be_recorded(self):
        assert implicit.root(lambda x: x * x - 4.0 - 0.0 * x.data, 1.0) == 2.0

    @pytest.mark.parametrize(
        ("function", "x0", "error", "message"),
        [
            (lambda x: x * x + 1.0, 1.0, RuntimeError, "no solution of <lambda> was found"),
            (
                lambda x: 0.0 * x + 1.0,
                1.0,
                RuntimeError,
                r"where x is \[1.0\] its derivatives by x have no inverse, \[\[0.0\]\]. Begin elsewhere",
            ),
            (lambda x: [x, x], 1.0, ValueError, "must return as many numbers as x has, 1, not 2"),
            (cubic, 1.0, TypeError, "missing 1 required positional argument"),
            (3, 1.0, TypeError, "a derivative is taken of a function, not of 3"),
        ],
    )
    def test_what_has_no_solution_says_so(self, function, x0, error, message):
        with pytest.raises(error, match=message):
            implicit.root(function, x0)

    def test_ends_where_rounding_lets_no_step_come_nearer(self):
        """The rounding of a price is worth more than the last digits of the volatility: there steps go to and fro."""

        def excess(volatility, strike, price):
            d = fastgrad.math.log(100.0 / strike) / volatility + 0.5 * volatility
            value = 100.0 * fastgrad.math.norm_cdf(d) - strike * fastgrad.math.norm_cdf(d - volatility)
            return value - price

        for strike in np.linspace(70.0, 140.0, 200).tolist():
            price = excess(0.2, strike, 0.0)
            assert implicit.root(excess, 0.3, strike, price) == pytest.approx(0.2, rel=1e-8)

    def test_steps_that_are_small_do_not_end_far_from_a_solution(self):
        found = implicit.root(lambda x: (1e12 * x).exp() - 2.0, -5e-12)
        assert found == pytest.approx(1e-12 * math.log(2.0), rel=1e-3)

    def test_too_few_steps_say_where_they_came_to(self):
        with pytest.raises(RuntimeError, match="after 2 steps: x is .*more max_steps"):
            implicit.root(lambda x: x.exp() - 2.0, 30.0, max_steps=2)


class TestCompiled:
    """In a program the solution is found by a call of Python, and its derivatives are steps."""

    def test_the_solution_and_its_derivatives_are_those_of_eager_code(self):
        def root(a):
            return 2.0 * implicit.root(cubic, 0.5, a)

        f = fastgrad.compile(root)
        for a in (2.0, 3.0, 2.5):
            x = Value(a)
            y = root(x)
            y.backward()
            assert f(a) == y.data
            assert f.value_and_grad(a) == pytest.approx((y.data, x.grad), rel=1e-14)
            assert f.hessian(a) == pytest.approx(fastgrad.gradients(fastgrad.gradients(root(x), x, True), x), rel=1e-13)
        assert len(f.programs()) == 1

    def test_third_derivatives_are_right_and_fourth_ones_are_refused(self):
        f = fastgrad.compile(lambda a: implicit.root(cubic, 0.5, a))
        assert f.derivative(2.0, n=3) == pytest.approx(-0.0494196172500466, rel=1e-12)
        with pytest.raises(fastgrad.TraceError, match="up to the order 3.* those of the plain function"):
            f.derivative(2.0, n=4)

    def test_a_plain_function_goes_on_the_tape_where_a_program_ends(self):
        def root(a):
            return implicit.root(cubic, 0.5, a)

        assert [fastgrad.derivative(root, 4)(2.0) for _ in range(3)] == pytest.approx(
            [-0.0338283733407685] * 3, rel=1e-11
        )

    def test_of_several_numbers_and_over_rows(self):
        def crossing(a, b):
            return implicit.root(lambda x, a, b: [x[0] ** 2 + x[1] - a, x[0] * x[1] - b], [1.0, 1.0], a, b)

        f = fastgrad.compile(lambda a, b: crossing(a, b)[0])
        A = np.linspace(3.0, 3.5, 20)
        values, slopes = f.batch_value_and_grad(A, np.full(20, 1.1))
        assert values.tolist() == [crossing(a, 1.1)[0] for a in A]
        np.testing.assert_allclose(slopes, [fastgrad.grad(lambda a: crossing(a, 1.1)[0])(a) for a in A], rtol=1e-12)

    def test_where_there_is_none_a_replay_says_so_too(self):
        f = fastgrad.compile(lambda a: implicit.root(lambda x, a: x * x - a, 1.0, a))
        assert [f(4.0), f(9.0)] == [2.0, 3.0]
        for _ in range(2):
            with pytest.raises(RuntimeError, match="no solution of <lambda> was found"):
                f(-1.0)
        assert f(16.0) == 4.0


class TestFixedPoint:
    def test_is_found_and_differentiated(self):
        def point(a):
            return implicit.fixed_point(lambda x, a: (a * x).cos(), 1.0, a)

        x = point(1.0)
        assert x == pytest.approx(0.7390851332151607, rel=1e-15)
        sine = math.sin(x)
        assert fastgrad.grad(point)(1.0) == pytest.approx(-x * sine / (1.0 + sine), rel=1e-13)
        step = 1e-5
        slopes = [fastgrad.grad(point)(1.0 + sign * step) for sign in (1.0, -1.0)]
        assert fastgrad.derivative(point, 2)(1.0) == pytest.approx((slopes[0] - slopes[1]) / (2 * step), rel=1e-7)

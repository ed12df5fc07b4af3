"""Transforms of plain functions: what they take and return, one in another, and what they say of mistakes."""

import functools
import itertools
import random
from collections import namedtuple

import numpy as np
import pytest

import fastgrad
from fastgrad import Value
from fastgrad import math as fm
from support.graphs import live_nodes
from support.marks import large, measures
from support.memory import check_no_objects
from support.repeated import often
from support.threads import run_threads

Point = namedtuple("Point", "x y")


# Structures.


class TestStructures:
    def test_a_gradient_is_like_the_argument(self):
        assert often(fastgrad.grad(lambda x: x * x), 3) == 6.0
        assert often(fastgrad.grad(lambda x: x[0] * x[1][0]), [2.0, (3.0,)]) == [3.0, (2.0,)]
        assert often(fastgrad.grad(lambda x: x["a"] * x["b"]), {"a": 2.0, "b": 3.0}) == {"a": 3.0, "b": 2.0}
        assert often(fastgrad.grad(lambda p: p.x * p.y), Point(2.0, 3.0)) == Point(3.0, 2.0)
        found = often(fastgrad.grad(lambda x: (x * x).sum()), np.ones((2, 3)))
        assert found.tolist() == [[2.0] * 3] * 2

    def test_what_is_no_number_stays(self):
        power = fastgrad.grad(lambda x, kind: x if kind == "linear" else x * x)
        assert (often(power, 3.0, "linear"), often(power, 3.0, "square")) == (1.0, 6.0)
        assert often(fastgrad.grad(lambda x: x["a"] ** 2), {"a": 3.0, "name": "b"}) == {"a": 6.0, "name": "b"}

    def test_argnums_choose_arguments(self):
        def product(x, y, z):
            return x * x * y * z

        assert often(fastgrad.grad(product, 1), 2.0, 3.0, 5.0) == 20.0
        assert often(fastgrad.grad(product, (2, 0)), 2.0, 3.0, 5.0) == (12.0, 60.0)
        assert often(fastgrad.grad(product, (1,)), 2.0, 3.0, 5.0) == (20.0,)
        assert often(fastgrad.hessian(product, (1, 0)), 2.0, 3.0, 5.0) == ((0.0, 20.0), (20.0, 30.0))
        assert often(fastgrad.jacobian(product, (0, 1)), 2.0, 3.0, 5.0) == (60.0, 20.0)

    def test_keywords_are_constants(self):
        def scaled(x, *, factor=2.0):
            return factor * x * x

        for transform in (fastgrad.grad, fastgrad.jacobian, fastgrad.hessian):
            assert often(transform(scaled), 1.0, factor=3.0) == 6.0
            assert often(transform(scaled), 1.0) == 4.0

    def test_a_jacobian_has_the_argument_in_place_of_each_number(self):
        def function(p):
            return {"s": p["a"] * p["b"][0], "t": (p["b"][1], p["a"])}

        assert often(fastgrad.jacobian(function), {"a": 2.0, "b": [3.0, 4.0]}) == {
            "s": {"a": 3.0, "b": [2.0, 0.0]},
            "t": ({"a": 0.0, "b": [0.0, 1.0]}, {"a": 1.0, "b": [0.0, 0.0]}),
        }

    def test_arrays_have_both_shapes(self):
        found = often(fastgrad.jacobian(lambda m: m @ m), np.arange(4.0).reshape(2, 2))
        assert found.shape == (2, 2, 2, 2)
        assert found[0, 0].tolist() == [[0.0, 2.0], [1.0, 0.0]]
        found = often(fastgrad.hessian(lambda m: (m * m * m).sum()), np.arange(4.0).reshape(2, 2))
        assert found.shape == (2, 2, 2, 2)
        assert found[1, 1, 1, 1] == 18.0
        by_numbers = often(fastgrad.jacobian(lambda x, y: [x * y, np.array([x, y])], (0, 1)), 2.0, 3.0)
        assert repr(by_numbers) == "[(3.0, 2.0), (array([1., 0.]), array([0., 1.]))]"

    def test_a_hessian_has_the_argument_twice(self):
        assert often(fastgrad.hessian(lambda p: p.x**2 * p.y), Point(2.0, 3.0)) == Point(
            Point(6.0, 4.0), Point(4.0, 0.0)
        )
        argument = {"x": np.array([1.0, 2.0]), "y": 3.0, "z": ([1.0, 2.0],)}
        found = often(fastgrad.hessian(lambda d: d["x"][0] * d["y"] ** 2 * d["z"][0][1]), argument)
        assert found["x"]["y"].tolist() == [12.0, 0.0]
        assert found["y"] == {"x": pytest.approx([12.0, 0.0]), "y": 4.0, "z": ([0.0, 6.0],)}
        assert found["z"][0][1]["x"].tolist() == [9.0, 0.0]

    def test_has_aux_returns_what_else_there_is(self):
        def function(x):
            return x * x, {"x": x, "more": [2.0 * x, "text"]}

        aux = {"x": 3.0, "more": [6.0, "text"]}
        assert often(fastgrad.grad(function, has_aux=True), 3.0) == (6.0, aux)
        assert often(fastgrad.value_and_grad(function, has_aux=True), 3.0) == ((9.0, aux), 6.0)

    def test_products_take_and_return_the_structures(self):
        def function(p, q):
            return {"s": p.x * q[0], "t": p.y}

        primals = (Point(2.0, 3.0), [5.0])
        value, tangent = fastgrad.jvp(function, primals, (Point(1.0, 10.0), [100.0]))
        assert (value, tangent) == ({"s": 10.0, "t": 3.0}, {"s": 205.0, "t": 10.0})
        value, pull = fastgrad.vjp(function, *primals)
        assert value == {"s": 10.0, "t": 3.0}
        assert pull({"s": 1.0, "t": 0.0}) == (Point(5.0, 0.0), [2.0])
        assert pull({"s": 0.0, "t": 7.0}) == (Point(0.0, 7.0), [0.0])
        product = fastgrad.hvp(lambda p, q: p.x**2 * q[0], primals, (Point(1.0, 0.0), [1.0]))
        assert product == (Point(14.0, 0.0), [4.0])

    def test_what_does_not_depend_on_the_argument_has_derivatives_of_0(self):
        assert often(fastgrad.grad(lambda x: 3.0), 1.0) == 0.0
        assert often(fastgrad.hessian(lambda x: 3.0), [1.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]
        assert often(fastgrad.jacobian(lambda x: [3.0, x]), 1.0) == [0.0, 1.0]
        assert often(fastgrad.derivative(lambda x: 3.0, 2), 1.0) == 0.0
        assert fastgrad.jvp(lambda x: 3.0, 1.0, 1.0) == (3.0, 0.0)
        assert fastgrad.vjp(lambda x: 3.0, 1.0)[1](1.0) == (0.0,)
        assert fastgrad.hvp(lambda x: 3.0, 1.0, 1.0) == 0.0

    def test_derivatives_have_names_and_words(self):
        def area(x):
            """The square."""
            return x * x

        assert fastgrad.hessian(area).__name__ == "hessian of area"
        assert fastgrad.hessian(area).__doc__ == "The square."


# One in another.


def cubes(y, x):
    return y**3 * x


NESTED = {
    "grad": (lambda x: fastgrad.grad(cubes)(x, x), 9.0),
    "derivative": (lambda x: fastgrad.derivative(lambda y: cubes(y, x))(x), 9.0),
    "jacobian": (lambda x: fastgrad.jacobian(lambda y: [cubes(y, x)])(x)[0], 9.0),
    "value_and_grad": (lambda x: fastgrad.value_and_grad(cubes)(x, x)[1], 9.0),
    "jvp": (lambda x: fastgrad.jvp(lambda y: cubes(y, x), x, 1.0)[1], 9.0),
    "vjp": (lambda x: fastgrad.vjp(lambda y: cubes(y, x), x)[1](1.0)[0], 9.0),
    "hessian": (lambda x: fastgrad.hessian(cubes)(x, x) * x / 2.0, 9.0),
    "hvp": (lambda x: fastgrad.hvp(lambda y: cubes(y, x), x, x) / 2.0, 9.0),
    "compiled": (lambda x: fastgrad.grad(fastgrad.compile(cubes))(x, x), 9.0),
}
of_each = pytest.mark.parametrize(("inner", "factor"), NESTED.values(), ids=NESTED)


class TestNesting:
    """Each inner derivative is 3 x**3, of which 9 x**2 is the derivative, and 18 x the second one."""

    @of_each
    def test_in_each_transform(self, inner, factor):
        x = 2.0
        assert often(fastgrad.grad(lambda x: inner(x)), x) == factor * x**2
        assert often(fastgrad.jacobian(lambda x: [inner(x), x]), x) == [factor * x**2, 1.0]
        assert often(fastgrad.hessian(lambda x: inner(x)), x) == pytest.approx(2.0 * factor * x)
        assert often(fastgrad.derivative(lambda x: inner(x), 3), x) == pytest.approx(2.0 * factor)
        assert fastgrad.jvp(inner, x, 1.0) == pytest.approx((24.0, factor * x**2))
        assert fastgrad.vjp(inner, x)[1](1.0) == (factor * x**2,)
        assert fastgrad.hvp(inner, x, 1.0) == pytest.approx(2.0 * factor * x)

    @of_each
    def test_in_a_compiled_function(self, inner, factor):
        compiled = fastgrad.compile(lambda x: inner(x))
        assert often(compiled, 2.0) == 24.0
        assert often(compiled.value_and_grad, 2.0) == (24.0, 36.0)
        assert often(compiled.hessian, 2.0) == pytest.approx(36.0)
        assert compiled.batch(np.array([1.0, 2.0])).tolist() == [3.0, 24.0]

    @of_each
    def test_of_a_scalar_the_result_is_one(self, inner, factor, number):
        x = number(2.0)
        result = inner(x)
        assert type(result) is number
        assert (result.data, fastgrad.gradients(result, x)) == (24.0, 36.0)

    def test_a_product_is_differentiated_by_its_factors(self):
        assert often(fastgrad.grad(lambda a: fastgrad.vjp(lambda y: y**3, 2.0)[1](a)[0]), 5.0) == 12.0
        assert often(fastgrad.grad(lambda a: fastgrad.jvp(lambda y: y**3, 2.0, a)[1]), 5.0) == 12.0
        assert often(fastgrad.grad(lambda a: fastgrad.hvp(lambda y: y**3, 2.0, a)), 5.0) == 12.0

    def test_a_compiled_function_in_a_differentiated_one_is_differentiated(self):
        cube = fastgrad.compile(lambda x: x**3)
        assert often(fastgrad.grad(lambda x: cube(x) * x), 2.0) == 32.0
        assert often(fastgrad.hessian(lambda x: cube(x) * x), 2.0) == 48.0
        assert fastgrad.jvp(cube, 2.0, 1.0) == (8.0, 12.0)
        assert fastgrad.vjp(cube, 2.0)[1](1.0) == (12.0,)
        assert often(fastgrad.grad(lambda x: cube(2.0) * x), 2.0) == 8.0

    def test_arguments_may_have_scalars_anywhere(self):
        x = Value(2.0)
        found = fastgrad.grad(lambda p, q: p["a"] ** 2 * q)({"a": 3.0}, x)
        assert (found["a"].data, fastgrad.gradients(found["a"], x)) == (12.0, 6.0)
        found = fastgrad.grad(lambda v: v[0] ** 2 * v[1])(np.array([x, 5.0]))
        assert found.dtype == object
        assert fastgrad.gradients(found[0], x) == 10.0

    def test_a_scalar_from_outside_is_a_constant_until_it_is_differentiated_by(self):
        w = Value(3.0)
        assert often(fastgrad.grad(lambda x: w * x * x), 2.0) == 12.0
        w.data = 5.0
        assert often(fastgrad.grad(lambda x: w * x * x), 2.0) == 20.0
        assert often(fastgrad.grad(lambda w: fastgrad.grad(lambda x: w * x * x)(2.0)), 3.0) == 4.0

    def test_derivatives_are_there_under_no_grad(self):
        with fastgrad.no_grad():
            assert often(fastgrad.grad(lambda x: x**3), 2.0) == 12.0
            assert often(fastgrad.hessian(lambda x: x**3), 2.0) == 12.0
            assert often(fastgrad.jacobian(lambda x: [x**3]), 2.0) == [12.0]
            assert fastgrad.jvp(lambda x: x**3, 2.0, 1.0) == (8.0, 12.0)
            assert fastgrad.vjp(lambda x: x**3, 2.0)[1](1.0) == (12.0,)
            assert [fastgrad.hvp(lambda x: x**3, 2.0, 1.0) for _ in range(3)] == [12.0] * 3
            assert (Value(2.0) * 3.0).prev == []
        assert (Value(2.0) * 3.0).prev != []

    def test_no_grad_in_a_function_holds_there(self):
        def function(x):
            with fastgrad.no_grad():
                factor = x * 1.0
            return factor * x

        assert fastgrad.grad(lambda x: function(x))(3.0) == 3.0


# Functions of every kind.


class Scaled:
    def __init__(self):
        self.factor = 2.0

    def __call__(self, x):
        return self.factor * x * x

    def method(self, x):
        return self.factor * x * x


class TestFunctions:
    @pytest.mark.parametrize(
        "named",
        [
            lambda scaled: scaled,
            lambda scaled: scaled.method,
            lambda scaled: functools.partial(scaled.method),
        ],
        ids=["object", "method", "partial"],
    )
    def test_callables_use_their_attributes_as_they_are(self, named):
        scaled = Scaled()
        gradient, hessian = fastgrad.grad(named(scaled)), fastgrad.hessian(named(scaled))
        assert (often(gradient, 3.0), often(hessian, 3.0)) == (12.0, 4.0)
        scaled.factor = 5.0
        assert (often(gradient, 3.0), often(hessian, 3.0)) == (30.0, 10.0)

    def test_variables_of_functions_around_it_may_change(self):
        factor = 2.0

        def function(x):
            return factor * x * x

        for transform in (fastgrad.grad, fastgrad.jacobian, fastgrad.hessian):
            derivative = transform(lambda x: function(x))
            for factor in (2.0, 5.0, 7.0):
                assert often(derivative, 1.0) == 2.0 * factor

    def test_one_that_wraps_a_function_that_was_differentiated_is_another(self):
        def square(x):
            return x * x

        gradient = fastgrad.grad(square)
        often(gradient, 3.0)

        @functools.wraps(square)
        def tenfold(x):
            return 10.0 * square(x)

        assert often(fastgrad.grad(tenfold), 3.0) == 60.0
        assert often(gradient, 3.0) == often(fastgrad.grad(square), 3.0) == 6.0

    @pytest.mark.parametrize(
        "function",
        [
            lambda x: x * x if x.data > 0.0 else x,
            lambda x: x * x if float(f"{x.data}") > 0.0 else x,
            lambda x: x * x * (1.0 + 0.0 * random.random()) if x > 0.0 else x,
            lambda x: x * (x if x > 0.0 else 1.0),
        ],
        ids=["reads data", "formats", "draws", "branches"],
    )
    def test_what_cannot_be_recorded_has_the_same_results(self, function):
        gradient, hessian = fastgrad.grad(function), fastgrad.hessian(function)
        for _ in range(5):
            assert (gradient(3.0), gradient(-3.0)) == (6.0, 1.0)
            assert (hessian(3.0), hessian(-3.0)) == (2.0, 0.0)

    def test_one_that_goes_another_way_in_nearly_every_call_is_called(self):
        calls = itertools.count()

        def function(x):
            next(calls)
            k = 0
            while k < x:
                k += 1
            return x * k

        gradient = fastgrad.grad(function)
        assert [gradient(k + 0.5) for k in range(60)] == [k + 1.0 for k in range(60)]
        assert next(calls) < 100

    def test_one_that_is_called_often_is_replayed(self):
        calls = itertools.count()

        def function(x):
            next(calls)
            return x * x

        gradient = fastgrad.grad(function)
        assert [gradient(float(k)) for k in range(100)] == [2.0 * k for k in range(100)]
        assert next(calls) < 20

    def test_a_product_with_a_direction_is_replayed_too(self):
        calls = itertools.count()

        def function(x, y):
            next(calls)
            return [x * y[0], fm.sin(y[1]), 3.0]

        for k in range(60):
            value, tangent = fastgrad.jvp(function, (float(k), [2.0, 0.5]), (1.0, [0.5, 2.0]))
            assert value == pytest.approx([2.0 * k, fm.sin(0.5), 3.0])
            assert tangent == pytest.approx([2.0 + 0.5 * k, 2.0 * fm.cos(0.5), 0.0])
        assert next(calls) < 20
        with pytest.raises(
            ValueError, match="the tangents must have the structure of the primals, a tuple of a number"
        ):
            fastgrad.jvp(function, (1.0, [2.0, 0.5]), (1.0, [0.5]))

    def test_check_grad_compares_with_differences(self):
        assert fastgrad.check_grad(lambda x: fm.sin(x[0]) * x[1], [0.5, 2.0])
        assert not fastgrad.check_grad(lambda x: x * x.detach(), 3.0)
        assert fastgrad.check_grad(fastgrad.compile(lambda x: x**3), 3.0)
        scaled = Scaled()
        scaled.function = None
        assert fastgrad.check_grad(scaled, 3.0)


def test_threads_may_differentiate_one_function():
    def function(x):
        return fm.exp(x[0] * x[1]) * fm.sin(x[1]) if x[0] > 0.0 else x[0] * x[1] ** 2

    drawn = random.Random(0)
    points = [[drawn.uniform(-1.0, 1.0), drawn.uniform(-1.0, 1.0)] for _ in range(40)]
    expected = [fastgrad.hessian(lambda x: function(x))(x) for x in points]
    hessian, outer = fastgrad.hessian(function), fastgrad.jacobian(fastgrad.grad(function))

    def work():
        for x, wanted in zip(points * 3, expected * 3):
            for found in (hessian(x), outer(x)):
                assert np.allclose(found, wanted, rtol=1e-12, atol=1e-12)

    run_threads([work] * 4)


def test_a_derivative_that_is_dropped_leaves_no_nodes():
    before = live_nodes()
    gradient = fastgrad.grad(lambda x: fm.sin(x) * x)
    for _ in range(5):
        gradient(2.0)
    fastgrad.jvp(lambda x: x * x, 2.0, 1.0)
    fastgrad.hessian(lambda x: x**3)(2.0)
    assert live_nodes() == before


@measures
@large
def test_a_loop_of_derivatives_of_other_functions_is_flat():
    def step(i):
        def function(x):
            return x[0] ** 2 * fm.sin(x[1]) * i

        fastgrad.grad(function)([1.0, 2.0])
        fastgrad.grad(function)([1.0, 2.0])
        fastgrad.hvp(function, [1.0, 2.0], [1.0, 0.0])

    check_no_objects(step)

"""What transforms cannot do is said, in every call."""

import functools
import math

import numpy as np
import pytest

import fastgrad
from support.repeated import often

OF_ONE_RESULT = [
    fastgrad.grad,
    fastgrad.value_and_grad,
    fastgrad.hessian,
    fastgrad.value_grad_and_hessian,
    fastgrad.derivative,
]
TRANSFORMS = [*OF_ONE_RESULT, fastgrad.jacobian]
PRODUCTS = {
    "jvp": lambda function: fastgrad.jvp(function, 1.0, 1.0),
    "vjp": lambda function: fastgrad.vjp(function, 1.0),
    "hvp": lambda function: fastgrad.hvp(function, 1.0, 1.0),
}


def fails_often(error, match, call):
    for _ in range(3):
        with pytest.raises(error, match=match):
            call()


class TestMistakes:
    @pytest.mark.parametrize("transform", OF_ONE_RESULT)
    def test_several_results_have_no_gradient(self, transform):
        derivative = transform(lambda x: [x, x])
        fails_often(TypeError, "must return one number for this, not several", lambda: derivative(1.0))
        fails_often(TypeError, "must return one number", lambda: fastgrad.hvp(lambda x: [x, x], 1.0, 1.0))

    @pytest.mark.parametrize("transform", TRANSFORMS)
    def test_no_result_is_told(self, transform):
        derivative = transform(lambda x: None)
        fails_often(TypeError, "must return a number, .* is there a return", lambda: derivative(1.0))

    @pytest.mark.parametrize("transform", [*TRANSFORMS, *PRODUCTS.values()])
    def test_what_is_no_function_is_told(self, transform):
        fails_often(TypeError, "a derivative is taken of a function, not of 3", lambda: transform(3))
        y = fastgrad.Value(3.0)
        fails_often(TypeError, r"y\.backward\(\), and fastgrad\.gradients\(y, xs\)", lambda: transform(y))

    @pytest.mark.parametrize("transform", [fastgrad.grad, fastgrad.jacobian, fastgrad.hessian])
    @pytest.mark.parametrize(
        ("argnums", "error", "match"),
        [
            (2, ValueError, "places among the 2 positional arguments"),
            (-1, ValueError, "places among the 2 positional arguments"),
            ((0, 2), ValueError, "places among the 2 positional arguments"),
            ((0, 0), ValueError, "name each argument once"),
            (1.0, TypeError, "an int or a tuple of them, not 1.0"),
            ("x", TypeError, "an int or a tuple of them, not 'x'"),
            ([[0]], TypeError, r"an int or a tuple of them, not \[0\]"),
        ],
    )
    def test_argnums_that_name_no_argument(self, transform, argnums, error, match):
        derivative = transform(lambda x, y: x * y, argnums)
        fails_often(error, match, lambda: derivative(2.0, 3.0))

    @pytest.mark.parametrize("n", [-1, 1.5, 2.0, "2", None])
    def test_an_order_is_a_whole_number(self, n):
        with pytest.raises(ValueError, match="n must be a whole number of at least 0, not"):
            fastgrad.derivative(lambda x: x, n)

    def test_derivative_is_of_one_number(self):
        derivative = fastgrad.derivative(lambda x: x[0])
        fails_often(TypeError, "takes a function of one number", lambda: derivative([1.0]))

    def test_there_are_three_modes(self):
        with pytest.raises(ValueError, match="mode must be one of 'auto', 'forward', 'reverse', not 'sideways'"):
            fastgrad.jacobian(lambda x: x, mode="sideways")

    def test_tangents_and_adjoints_are_like_what_they_belong_to(self):
        def function(x):
            return x[0] * x[1]

        for wrong in ([1.0], (1.0, 2.0), 1.0, np.array([1.0, 2.0])):
            for transform in (fastgrad.jvp, fastgrad.hvp):
                call = functools.partial(transform, function, [1.0, 2.0], wrong)
                fails_often(ValueError, "must have the structure of", call)
        _, pull = fastgrad.vjp(lambda x: [x, x], 1.0)
        fails_often(ValueError, "the adjoints must have the structure of the results", lambda: pull(1.0))
        assert pull([1.0, 2.0]) == (3.0,)

    def test_has_aux_wants_a_pair(self):
        gradient = fastgrad.grad(lambda x: x * x, has_aux=True)
        fails_often(TypeError, "must return a pair", lambda: gradient(1.0))

    @pytest.mark.parametrize("transform", [*TRANSFORMS, *PRODUCTS.values()])
    def test_what_a_function_raises_goes_through(self, transform):
        def function(x):
            raise KeyError("mine")

        def call():
            derivative = transform(function)
            return derivative(1.0) if callable(derivative) else derivative

        fails_often(KeyError, "mine", call)
        assert fastgrad.grad(lambda x: x * x)(3.0) == 6.0
        assert type(fastgrad.grad(lambda x: x * x)(3.0)) is float  # not as in a function that is being differentiated

    def test_after_an_exception_a_function_is_differentiated_all_the_same(self):
        def function(x):
            if x < 0.0:
                raise KeyError("mine")
            return x * x

        gradient = fastgrad.grad(function)
        for _ in range(5):
            with pytest.raises(KeyError):
                gradient(-1.0)
            assert gradient(3.0) == 6.0

    def test_an_operation_known_to_python_only_has_first_derivatives_only(self):
        exponential = fastgrad.custom("exponential", math.exp, math.exp)
        assert often(fastgrad.grad(lambda x: exponential(x)), 0.0) == 1.0
        assert often(fastgrad.jacobian(lambda x: [exponential(x)]), 0.0) == [1.0]
        hessian = fastgrad.hessian(lambda x: exponential(x))
        fails_often(TypeError, "takes plain numbers only", lambda: hessian(0.0))
        nested = fastgrad.grad(fastgrad.grad(lambda x: exponential(x)))
        fails_often(TypeError, "takes plain numbers only", lambda: nested(0.0))


# Threads, memory.

"""What iminuit looks for on compiled functions: ``f.grad`` by all numbers, ``f.minuit`` with the whole Hessian."""

import inspect

import numpy as np
import pytest

import fastgrad
from fastgrad import math


@fastgrad.compile
def cost(a, b):
    return a**2 * b if a > 0.0 else math.exp(a * b)


class TestGradient:
    def test_is_by_all_numbers_of_all_arguments_in_their_order(self):
        f = fastgrad.compile(lambda p, x, *, c: c * (p["a"] * x[0] + p["b"] * x[1]))
        assert f.grad({"a": 2.0, "b": 3.0}, np.array([5.0, 7.0]), c=1.0).tolist() == [5.0, 7.0, 2.0, 3.0, 31.0]

    @pytest.mark.parametrize("at", [(2.0, 3.0), (-2.0, 3.0)])
    def test_is_that_of_the_path_which_the_numbers_take(self, at):
        assert cost.grad(*at).tolist() == list(cost.value_and_grad(*at, argnums=(0, 1))[1])

    def test_of_one_number_is_an_array_too(self):
        assert fastgrad.compile(lambda x: x**2).grad(3.0).tolist() == [6.0]

    def test_is_the_callers_own(self):
        first = cost.grad(2.0, 3.0)
        cost.grad(5.0, 7.0)
        assert first.tolist() == [12.0, 4.0]

    def test_wants_one_result(self):
        with pytest.raises(TypeError, match="one number"):
            fastgrad.compile(lambda a, b: [a, b]).grad(1.0, 2.0)


class TestView:
    def test_is_the_functions_own(self):
        assert cost.minuit(2.0, 3.0) == cost(2.0, 3.0)
        assert cost.minuit.grad(2.0, 3.0).tolist() == cost.grad(2.0, 3.0).tolist()
        assert cost.minuit.hessian(2.0, 3.0).tolist() == [[6.0, 4.0], [4.0, 0.0]]
        assert cost.minuit.g2(2.0, 3.0).tolist() == [6.0, 0.0]

    def test_has_the_functions_signature(self):
        assert inspect.signature(cost.minuit) == inspect.signature(cost)
        assert list(inspect.signature(cost.minuit).parameters) == ["a", "b"]

    def test_of_one_argument_has_its_numbers(self):
        of_array, of_number = fastgrad.compile(lambda x: x[0] ** 2 * x[1]), fastgrad.compile(lambda x: x**3)
        assert of_array.minuit.hessian(np.array([2.0, 3.0])).tolist() == [[6.0, 4.0], [4.0, 0.0]]
        assert of_number.minuit.hessian(2.0).tolist() == [[12.0]]

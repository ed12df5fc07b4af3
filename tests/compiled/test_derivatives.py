"""Methods of compiled functions: Jacobians, Hessians, products with them, derivatives of any order."""

import copy
import pickle
import warnings

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, nn
from fastgrad import math as fm
from fastgrad.compiled import derived
from support.threads import run_threads


@fastgrad.compile
def volume(x):
    return x[0] ** 2 * x[1]


@pytest.fixture
def by_products(monkeypatch):
    """Every Hessian is made of products with it, as that of a long program."""
    monkeypatch.setattr(derived, "_MOST_STEPS", -1)


def bends(x):
    return fm.exp(x[0] * x[1]) * fm.sin(x[1]) if x[0] > 0.0 else x[0] * x[1] ** 2


class TestJacobian:
    @pytest.mark.parametrize("mode", ["auto", "forward", "reverse"])
    def test_is_the_same_in_each_mode(self, mode):
        f = fastgrad.compile(lambda x, y: [x[0] * x[1], {"sum": x[1] + y}])
        assert f.jacobian([2.0, 3.0], 5.0, mode=mode) == [[3.0, 2.0], {"sum": [0.0, 1.0]}]
        assert f.jacobian([2.0, 3.0], 5.0, mode=mode, argnums=(1, 0)) == [(0.0, [3.0, 2.0]), {"sum": (1.0, [0.0, 1.0])}]

    def test_of_one_result_is_the_gradient(self):
        assert volume.jacobian([2.0, 3.0]) == volume.value_and_grad([2.0, 3.0])[1] == [12.0, 4.0]

    def test_of_arrays_has_both_shapes(self):
        f = fastgrad.compile(lambda m, v: m @ v)
        m, v = np.arange(6.0).reshape(2, 3), np.array([1.0, 2.0, 3.0])
        assert np.array_equal(f.jacobian(m, v, argnums=1), m)
        by_matrix = f.jacobian(m, v)
        assert by_matrix.shape == (2, 2, 3)
        assert np.array_equal(by_matrix[0, 0], v)
        assert not by_matrix[0, 1].any()

    def test_of_rows_has_a_leading_axis(self):
        f = fastgrad.compile(lambda x, y: [x * y, x])
        found = f.batch_jacobian(np.array([1.0, 2.0]), 3.0, in_axes=(0, None), argnums=(0, 1))
        assert [[entry.tolist() for entry in row] for row in found] == [
            [[3.0, 3.0], [1.0, 2.0]],
            [[1.0, 1.0], [0.0, 0.0]],
        ]

    def test_there_are_three_modes(self):
        for call in (volume.jacobian, volume.batch_jacobian):
            with pytest.raises(ValueError, match="mode must be one of 'auto', 'forward', 'reverse', not 'both'"):
                call([2.0, 3.0], mode="both")


class TestHessian:
    def test_is_like_the_argument_twice(self):
        assert volume.hessian([2.0, 3.0]) == [[6.0, 4.0], [4.0, 0.0]]
        assert volume.hessian(np.array([2.0, 3.0])).tolist() == [[6.0, 4.0], [4.0, 0.0]]
        assert volume.value_grad_and_hessian([2.0, 3.0]) == (12.0, [12.0, 4.0], [[6.0, 4.0], [4.0, 0.0]])

    def test_by_several_arguments_has_all_of_them_for_each_number(self):
        f = fastgrad.compile(lambda x, y: x[0] * y**2 + x[1])
        found = f.hessian([2.0, 1.0], 3.0, argnums=(0, 1))
        assert found == ([([0.0, 0.0], 6.0), ([0.0, 0.0], 0.0)], ([6.0, 0.0], 4.0))

    def test_by_several_arrays_has_a_block_for_each_two(self):
        f = fastgrad.compile(lambda x, y: x[0] * y**2 + x[1])
        (by_x, mixed), (mixed_again, by_y) = f.hessian(np.array([2.0, 1.0]), 3.0, argnums=(0, 1))
        assert (by_x.tolist(), mixed.tolist(), mixed_again.tolist(), by_y) == (
            [[0.0] * 2] * 2,
            [6.0, 0.0],
            [6.0, 0.0],
            4.0,
        )

    def test_of_a_linear_function_is_0(self):
        f = fastgrad.compile(lambda x: 3.0 * x[0] - x[1])
        assert f.hessian([1.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]
        assert f.batch_hessian(np.ones((3, 2))).shape == (3, 2, 2)

    def test_is_of_the_path_that_the_arguments_take(self):
        f = fastgrad.compile(bends)
        points = [[0.5, 1.0], [-0.5, 1.0], [0.25, -1.0], [-1.0, 2.0]]
        singly = [fastgrad.compile(bends).value_grad_and_hessian(x) for x in points]
        assert [f.value_grad_and_hessian(x) for x in points] == singly
        values, gradients, hessians = f.batch_value_grad_and_hessian(np.array(points))
        for k, (value, gradient, hessian) in enumerate(singly):
            assert values[k] == pytest.approx(value)
            assert gradients[k] == pytest.approx(np.array(gradient))
            assert hessians[k] == pytest.approx(np.array(hessian))

    def test_scalars_from_outside_are_read_afresh(self):
        w = Value(3.0)
        f = fastgrad.compile(lambda x: w * x**2)
        assert [f.hessian(1.0) for _ in range(3)] == [6.0] * 3
        w.data = 5.0
        assert f.hessian(1.0) == 10.0
        assert f.derivative(1.0, n=2) == 10.0
        assert f.hvp(1.0, 2.0) == 20.0

    def test_of_more_rows_than_there_may_be_paths_is_that_of_each(self):
        def stairs(x):
            k = 0
            while k < x:
                k += 1
            return k * x**2

        f = fastgrad.compile(stairs)
        x = np.arange(300) + 0.5
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            assert f.batch_hessian(x).tolist() == [2.0 * (k + 1) for k in range(300)]
            assert [f.hessian(290.5 + k) for k in range(3)] == [582.0, 584.0, 586.0]
            kept = len(f._derivative(derived.Wanted("hessian"))._programs)
        assert kept == 256

    def test_uses_a_network(self):
        model = nn.MLP(2, [3, 1], rng=0)
        f = fastgrad.compile(lambda x: model(x))
        hessian = f.hessian([0.3, -0.2])
        step = 1e-5
        for k in range(2):
            ends = []
            for sign in (step, -step):
                x = [0.3, -0.2]
                x[k] += sign
                ends.append(np.array(f.value_and_grad(x)[1]))
            assert hessian[k] == pytest.approx((ends[0] - ends[1]) / (2.0 * step), rel=1e-6, abs=1e-9)


class TestByProducts:
    """The Hessian of a long program."""

    def test_is_that_of_one_program(self, by_products):
        f = fastgrad.compile(bends)
        for x in ([0.5, 1.0], [-0.5, 1.0]):
            value, gradient, hessian = f.value_grad_and_hessian(x)
            assert (value, gradient) == f.value_and_grad(x)
            assert hessian[0][1] == hessian[1][0]
            assert hessian == f.hessian(x)
        assert f.hessian([-0.5, 1.0]) == [[0.0, 2.0], [2.0, -1.0]]

    def test_of_rows_is_that_of_each(self, by_products):
        f, x = fastgrad.compile(bends), np.array([[0.5, 1.0], [-0.5, 1.0], [0.25, 2.0]])
        assert [entry.tolist() for entry in f.batch_hessian(x)] == [f.hessian(row).tolist() for row in x]

    def test_scalars_from_outside_are_read_afresh(self, by_products):
        w = Value(3.0)
        f = fastgrad.compile(lambda x: w * x[0] ** 2 * x[1])
        assert f.hessian([1.0, 2.0]) == [[12.0, 6.0], [6.0, 0.0]]
        w.data = 5.0
        assert f.hessian([1.0, 2.0]) == [[20.0, 10.0], [10.0, 0.0]]

    def test_of_structures_is_a_structure(self, by_products):
        f = fastgrad.compile(lambda d: d["x"][0] * d["y"] ** 2)
        found = f.hessian({"x": np.array([1.0, 2.0]), "y": 3.0})
        assert found["x"]["x"].tolist() == [[0.0, 0.0], [0.0, 0.0]]
        assert (found["x"]["y"].tolist(), found["y"]["x"].tolist(), found["y"]["y"]) == ([6.0, 0.0], [6.0, 0.0], 2.0)

    def test_of_a_program_that_is_long(self):
        def long(x):
            y = x[0]
            for _ in range(2500):
                y = fm.sin(y + x[1]) * x[0]
            return y

        f = fastgrad.compile(long)
        hessian = f.hessian([0.3, 0.2])
        assert isinstance(f._derivative(derived.Wanted("hessian"))._programs.popitem()[1], derived.ByProducts)
        assert hessian[0][1] == hessian[1][0]
        products = [f.hvp([0.3, 0.2], unit) for unit in ([1.0, 0.0], [0.0, 1.0])]
        assert np.allclose(hessian, products, rtol=1e-12)

    def test_threads_may_share_it(self, by_products):
        f = fastgrad.compile(bends)
        points = [[0.5, 1.0], [-0.5, 1.0], [0.25, 2.0]]
        expected = [f.hessian(x) for x in points]

        def work():
            for _ in range(100):
                assert [f.hessian(x) for x in points] == expected

        run_threads([work] * 3)


class TestProduct:
    def test_is_like_the_argument(self):
        assert volume.hvp([2.0, 3.0], [1.0, 0.0]) == [6.0, 4.0]
        assert volume.hvp(np.array([2.0, 3.0]), np.array([0.0, 1.0])).tolist() == [4.0, 0.0]
        f = fastgrad.compile(lambda x, y: x**2 * y)
        assert f.hvp(2.0, 3.0, 1.0) == 6.0
        assert f.hvp(2.0, 3.0, 1.0, argnums=1) == 0.0
        assert f.hvp(2.0, 3.0, (1.0, 10.0), argnums=(0, 1)) == (46.0, 4.0)
        assert f.hvp(2.0, 1.0, y=3.0) == 6.0

    def test_the_vector_has_the_structure_of_the_argument(self):
        for wrong in ([1.0], 1.0, (1.0, 2.0), [1.0, 2.0, 3.0]):
            with pytest.raises(ValueError, match="the vector for volume must have the structure of the argument"):
                volume.hvp([2.0, 3.0], wrong)
        with pytest.raises(TypeError, match="takes the function's arguments and, as the last one, the vector"):
            volume.hvp([2.0, 3.0])


class TestDerivative:
    def test_has_any_order(self):
        f = fastgrad.compile(lambda x: x**5)
        assert [f.derivative(2.0, n=n) for n in range(8)] == [32.0, 80.0, 160.0, 240.0, 240.0, 120.0, 0.0, 0.0]
        assert f.derivative(2.0) == 80.0

    def test_of_one_of_several_arguments(self):
        f = fastgrad.compile(lambda x, y: x**3 * y**2)
        assert (f.derivative(2.0, 3.0, n=2), f.derivative(2.0, 3.0, n=2, argnums=1)) == (108.0, 16.0)

    def test_of_the_sine_comes_round(self):
        f = fastgrad.compile(fm.sin)
        for n in range(9):
            assert f.derivative(0.5, n=n) == pytest.approx(np.sin(0.5 + n * np.pi / 2.0))

    @pytest.mark.parametrize("n", [-1, 1.5, 2.0, "2", None])
    def test_an_order_is_a_whole_number(self, n):
        with pytest.raises(ValueError, match="n must be a whole number of at least 0, not"):
            fastgrad.compile(lambda x: x**5).derivative(2.0, n=n)

    def test_is_by_one_number(self):
        with pytest.raises(TypeError, match="takes a function of one number, and volume is given"):
            volume.derivative([2.0, 3.0])


METHODS = ["hessian", "value_grad_and_hessian", "derivative", "batch_hessian", "batch_value_grad_and_hessian"]


class TestMistakes:
    @pytest.mark.parametrize("method", METHODS)
    def test_several_results_have_jacobians_only(self, method):
        f = fastgrad.compile(lambda x: [x, x])
        x = np.ones(3) if method.startswith("batch") else 1.0
        for _ in range(2):
            with pytest.raises(TypeError, match=r"must return one number for this, not several .* jacobian\(\)"):
                getattr(f, method)(x)

    @pytest.mark.parametrize(
        ("argnums", "error", "match"),
        [
            (2, ValueError, "places among the 2 positional arguments"),
            (-1, ValueError, "places among the 2 positional arguments"),
            ((0, 0), ValueError, r"name each argument once, not \(0, 0\)"),
            ([0, 0], ValueError, "name each argument once"),
            (0.0, TypeError, "an int or a tuple of them, not 0.0"),
            ([[0]], TypeError, r"an int or a tuple of them, not \[0\]"),
            ({}, TypeError, "an int or a tuple of them, not {}"),
            (None, TypeError, "an int or a tuple of them, not None"),
        ],
    )
    def test_argnums_that_name_no_argument(self, argnums, error, match):
        f = fastgrad.compile(lambda x, y: x * y)
        for method in (f.hessian, f.jacobian, f.value_and_grad, f.value_grad_and_hessian):
            method(2.0, 3.0)  # what is kept of it is not what is asked for
            with pytest.raises(error, match=match):
                method(2.0, 3.0, argnums=argnums)

    def test_what_a_function_raises_goes_through(self):
        def function(x):
            if x < 0.0:
                raise KeyError("mine")
            return x**3

        f = fastgrad.compile(function)
        for _ in range(3):
            for method in (f.hessian, f.jacobian, f.derivative):
                with pytest.raises(KeyError, match="mine"):
                    method(-1.0)
            assert f.hessian(2.0) == 12.0

    def test_derivatives_of_compiled_functions_are_not_recorded(self):
        outer = fastgrad.compile(lambda x: volume.hessian([x, x])[0][0])
        with pytest.raises(fastgrad.TraceError, match="only the plain call of another can be used"):
            outer(2.0)


class TestCopies:
    def test_have_the_same_derivatives(self, copied):
        expected = volume.value_grad_and_hessian([2.0, 3.0])
        volume.hvp([2.0, 3.0], [1.0, 0.0])
        other = copied(volume)
        assert other.value_grad_and_hessian([2.0, 3.0]) == expected
        assert other.jacobian([2.0, 3.0]) == expected[1]

    def test_without_code_replay(self):
        f = fastgrad.compile(lambda x: x**3)
        assert f.hessian(2.0) == 12.0
        loaded = pickle.loads(pickle.dumps(f))
        assert [loaded.hessian(2.0), loaded.derivative(2.0, n=3), loaded.hvp(2.0, 0.5)] == [12.0, 6.0, 6.0]
        assert fastgrad.hessian(loaded)(2.0) == 12.0
        with pytest.raises(RuntimeError, match="loaded from a pickle"):
            loaded.hessian([2.0])

    def test_of_an_instance_have_its_numbers(self):
        class Model:
            def __init__(self):
                self.w = Value(3.0)

            @fastgrad.compile
            def error(self, x):
                return self.w * x**2

        model = Model()
        assert model.error.hessian(1.0) == 6.0
        other = copy.deepcopy(model)
        other.w.data = 5.0
        assert (model.error.hessian(1.0), other.error.hessian(1.0)) == (6.0, 10.0)

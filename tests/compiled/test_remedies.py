"""What compiled functions say where something cannot be recorded: a remedy, and one that works."""

import math
import sys

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, nn, train
from fastgrad import math as fm

notes = pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have notes from Python 3.11 on")


def message_of(function, *args, error=fastgrad.TraceError):
    with pytest.raises(error) as caught:
        function(*args)
    assert caught.value.__cause__ is None
    return str(caught.value)


def notes_of(function, *args, error=TypeError):
    with pytest.raises(error) as caught:
        function(*args)
    return "\n".join(getattr(caught.value, "__notes__", ()))


# What reads a number off. Each with what its message says to do, and that done.

READ_OFF = {
    "Value": (lambda x: Value(x) * 2.0, "is a scalar already: use it as it is", lambda x: x * 2.0),
    "Scalar": (lambda x: fastgrad.Scalar(x) * 2.0, "is a scalar already: use it as it is", lambda x: x * 2.0),
    "floor": (lambda x: x - math.floor(x), r"x - x.floor() is the fractional part", lambda x: x - x.floor()),
    "fastgrad's floor": (lambda x: fm.floor(x), "x.floor() is recorded", lambda x: x.floor()),
    "ceil": (lambda x: math.ceil(x), "x.ceil() is recorded", lambda x: x.ceil()),
    "trunc": (lambda x: fm.trunc(x), "x - fmod(x, 1.0) is the whole part", lambda x: x - fm.fmod(x, 1.0)),
    "int": (lambda x: int(x) * 1.0, "x - fmod(x, 1.0) is the whole part", lambda x: x - fm.fmod(x, 1.0)),
    "round": (lambda x: round(x), "x.rint() is recorded", lambda x: x.rint()),
    "isinf": (
        lambda x: 1.0 if fm.isinf(x) else 0.0,
        "Ask abs(x) == math.inf in an if",
        lambda x: 1.0 if abs(x) == math.inf else 0.0,
    ),
    "isfinite": (
        lambda x: 1.0 if fm.isfinite(x) else 0.0,
        "Ask abs(x) < math.inf in an if",
        lambda x: 1.0 if abs(x) < math.inf else 0.0,
    ),
    "isclose": (
        lambda x: 1.0 if fm.isclose(x, 2.25, abs_tol=0.1) else 0.0,
        "Compare abs(x - y) with a tolerance",
        lambda x: 1.0 if abs(x - 2.25) <= 0.1 else 0.0,
    ),
    "math": (lambda x: math.sin(x), "Python's math asks for it: use fastgrad.math", lambda x: fm.sin(x)),
    "array of floats": (
        lambda x: np.array([x, 2.0], dtype=float).sum(),
        "where a number is put into an array of floats: use a list, or dtype=object",
        lambda x: np.array([x, 2.0], dtype=object).sum(),
    ),
}


@pytest.mark.parametrize("name", READ_OFF)
def test_what_reads_a_number_off_has_a_remedy_that_works(name):
    function, remedy, instead = READ_OFF[name]
    message = message_of(fastgrad.compile(function), 2.25)
    assert remedy in message
    assert f"{__file__}, line " in message
    compiled = fastgrad.compile(instead)
    for number in (2.25, -2.25, 0.5, 3.0):
        expected = number * 2.0 if name in ("Value", "Scalar") else function(number)
        if name != "round" or number != 0.5:  # the tie goes up, where Python's goes to the even neighbour
            assert compiled(number) == pytest.approx(float(expected), abs=1e-12)


def test_isnan_says_what_tells_nan():
    assert "Ask x != x in an if" in message_of(fastgrad.compile(lambda x: 1.0 if fm.isnan(x) else 0.0), 2.0)


@pytest.mark.parametrize("function", [fm.gamma, math.gamma, math.lgamma, lambda x: fm.remainder(x, 2.0)])
def test_a_function_without_a_derivative_is_to_be_passed_as_an_argument(function):
    assert "pass what has no derivative there, gamma for instance, as an argument" in message_of(
        fastgrad.compile(function), 2.0
    )


def put_into_floats(x):
    xs = np.zeros(3)
    xs[0] = x
    return xs[0]


@pytest.mark.parametrize(
    "function", [put_into_floats, lambda x: np.asarray(x, dtype=float), lambda x: np.interp(x, [0, 3], [0, 1])]
)
def test_numpy_asking_for_floats_is_told_at_the_users_own_line(function):
    message = message_of(fastgrad.compile(function), 2.0)
    assert message.startswith(f"{__file__}, line ")
    assert "use a list, or dtype=object" in message


def test_functions_that_read_numbers_off_do_so_outside_of_recordings():
    x = Value(2.0)
    assert (fm.isnan(x), fm.isinf(x), fm.isfinite(x), fm.isclose(x, Value(2.1), abs_tol=0.2)) == (0, 0, 1, 1)


# Divisions with a remainder.


@pytest.mark.parametrize(("x", "y"), [(5.5, 3.0), (-5.5, 3.0), (5.5, -3.0), (-5.5, -3.0), (6.0, -3.0), (0.3, 0.1)])
def test_remainders_and_quotients_are_recorded_with_pythons_signs(x, y):
    divided = fastgrad.compile(lambda x, y: [x % y, x // y, *divmod(x, 2.0), *divmod(7, y)])
    assert divided(x, y) == divided(x, y) == [x % y, x // y, *divmod(x, 2.0), *divmod(7, y)]


def test_a_division_by_0_in_a_recording_is_pythons_error():
    divided = fastgrad.compile(lambda x, y: x % y)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            divided(1.0, 0.0)


# Labels.


def test_picking_by_a_label_says_one_hot():
    message = message_of(fastgrad.compile(lambda x, label: x[label]), [1.0, 2.0], 1)
    assert "give it one-hot, and take fastgrad.dot(one_hot, xs)" in message
    assert fastgrad.compile(lambda x, one_hot: fastgrad.dot(one_hot, x))([1.0, 2.0], [0.0, 1.0]) == 2.0


@notes
def test_picking_from_an_array_by_a_label_says_one_hot():
    noted = notes_of(fastgrad.compile(lambda x, label: x[label]), np.ones(2), 1, error=IndexError)
    assert "give it one-hot, and take fastgrad.dot(one_hot, xs)" in noted


# What numpy and scipy say themselves.


@notes
@pytest.mark.parametrize(
    ("function", "note"),
    [
        (lambda x: np.isnan(x), "Ask x != x in an if"),
        (lambda x: np.isfinite([x]), "Ask abs(x) < math.inf in an if"),
        (lambda x: np.logaddexp(x, 1.0), "use operations and functions of fastgrad.math, such as logaddexp"),
        (lambda x: np.radians(x), "such as radians"),
        (lambda x: np.logaddexp2(x, 1.0), "functions of fastgrad.math, such as erf and sigmoid"),
        (
            lambda x: np.linalg.inv(np.array([[x]])),
            "<lambda> is recorded with scalars of fastgrad, not with floats",
        ),
    ],
)
def test_functions_of_numpy_that_take_floats_have_a_note(function, note):
    assert note in notes_of(fastgrad.compile(function), 2.0)


@notes
@pytest.mark.parametrize(
    "function",
    [
        np.linalg.det,
        np.linalg.inv,
        np.linalg.eigvalsh,
        np.linalg.cholesky,
        lambda a: np.linalg.solve(a, a),
        np.linalg.svd,
    ],
)
def test_linear_algebra_of_scalars_is_to_be_written_out(function):
    noted = notes_of(fastgrad.compile(lambda x: function(np.array([[x]]))), 2.0)
    assert "numpy.linalg decomposes and solves arrays of floats only: write out what is small" in noted


@notes
def test_an_array_in_place_of_a_number_is_to_be_given_to_batch():
    square = fastgrad.compile(lambda x: fm.exp(x) * 2.0)
    with pytest.raises(
        TypeError, match=r"exp\(\) takes scalars and real numbers, not an array of shape \(2,\)"
    ) as caught:
        square(np.ones(2))
    assert "give it to batch" in "\n".join(caught.value.__notes__)
    assert square.batch(np.zeros(2)).tolist() == [2.0, 2.0]


@notes
def test_functions_of_scipy_have_a_note():
    special = pytest.importorskip("scipy.special")
    assert "such as erf" in notes_of(fastgrad.compile(lambda x: special.erf(x)), 2.0)


@notes
def test_rows_that_are_arrays_are_told_of():
    compiled = fastgrad.compile(lambda x, y: math.sqrt(x) * y)
    noted = (
        "<lambda> was recorded with argument 0 an array of shape (3,); in a batch that is one row. To compute with "
        "each number of an array by itself, give it to batch, batch_value_and_grad, sum or mean"
    )
    assert notes_of(compiled.batch, np.ones((2, 3)), np.ones(2)) == noted
    assert notes_of(compiled, np.ones(3), 1.0) == noted
    compared = fastgrad.compile(lambda x: x if x > 0 else -x)
    assert "argument 0 an array of shape (2, 2)" in notes_of(compared.batch, np.ones((5, 2, 2)), error=ValueError)


@notes
def test_errors_that_need_no_explanation_have_no_notes():
    assert notes_of(fastgrad.compile(lambda x: x + "a"), 1.0) == ""
    assert notes_of(fastgrad.compile(lambda x: 1.0 / (x[0] - x[0])), np.ones(2), error=ZeroDivisionError) == ""
    assert notes_of(fastgrad.compile(lambda x: float(x[0])), np.ones(2), error=fastgrad.TraceError) == ""


# What is compiled, and how it is called.


@pytest.mark.parametrize("kind", [staticmethod, classmethod])
def test_static_and_class_methods_are_told_the_order_of_decorators(kind):
    message = message_of(fastgrad.compile, kind(abs), error=TypeError)
    assert f"not a {kind.__name__}: put @staticmethod above @fastgrad.compile" in message


def test_a_static_method_above_is_compiled():
    class Area:
        @staticmethod
        @fastgrad.compile
        def of(x, y):
            return x * y

    assert Area.of(2.0, 3.0) == Area().of(2.0, 3.0) == 6.0
    assert Area.of.batch(np.ones(2), np.ones(2)).tolist() == [1.0, 1.0]


def test_a_compiled_class_method_says_what_to_do():
    class Wrong:
        @classmethod
        @fastgrad.compile
        def make(cls, x):
            return x

    with pytest.raises(TypeError, match="outside of the class"):
        Wrong.make(1.0)
    with pytest.raises(TypeError, match="^make is compiled, and cannot be a class method.*outside of the class"):
        vars(Wrong)["make"].__func__(Wrong, 1.0)  # as Python calls it from 3.13 on


class Scaled:
    factor = 2.0

    @fastgrad.compile
    def of(self, x):
        return self.factor * x


def test_a_method_called_on_its_class_is_told_to_call_it_on_the_instance():
    for call, rows in ((Scaled.of, 1.0), (Scaled.of.value_and_grad, 1.0), (Scaled.of.batch, np.ones(2))):
        message = message_of(call, Scaled(), rows, error=TypeError)
        assert message.endswith(": of is a method of Scaled, call it on the instance")
    assert not message_of(Scaled.of, object(), 1.0, error=TypeError).endswith("instance")
    assert Scaled().of(1.0) == 2.0


def test_a_number_among_rows_is_told_the_in_axes_that_fit():
    product = fastgrad.compile(lambda x, y, z: x * y * z)
    for call in (product.batch, product.sum, product.batch_value_and_grad):
        message = message_of(call, np.ones(2), 95.0, 3, error=TypeError)
        assert message.endswith("not 95.0: a number that is the same for all rows wants in_axes=(0, None, None)")
    assert product.batch(np.ones(2), 95.0, 3, in_axes=(0, None, None)).tolist() == [285.0, 285.0]
    assert message_of(fastgrad.compile(abs).batch, 2.0, error=TypeError).endswith("not 2.0")


def test_a_dict_of_numbers_among_rows_is_told_the_in_axes_that_fit():
    line = fastgrad.compile(lambda row, p: p["slope"] * row[0] + p["more"]["offset"])
    p = {"slope": 1.0, "more": {"offset": 2.0}}
    message = message_of(line.batch, np.ones((2, 1)), p, error=TypeError)
    assert message.endswith("not 1.0: what is the same for all rows wants in_axes=(0, None)")
    assert line.batch(np.ones((2, 1)), p, in_axes=(0, None)).tolist() == [3.0, 3.0]


def test_a_sparse_matrix_is_told_to_become_an_array():
    rows = pytest.importorskip("scipy.sparse").csr_array(np.ones((2, 1)))
    message = message_of(fastgrad.compile(lambda row: row[0]).batch, rows, error=TypeError)
    assert message.endswith(": give toarray() of a sparse matrix")


def test_an_axis_that_is_not_the_first_is_told_what_moves_it():
    product = fastgrad.compile(lambda x, y: x * y)
    message = message_of(lambda: product.batch(np.ones(2), np.ones(2), in_axes=1), error=ValueError)
    assert message.endswith("not 1: rows are along the first axis, where numpy.moveaxis puts another")
    message = message_of(lambda: product.batch(np.ones(2), np.ones(2), in_axes=(0,)), error=ValueError)
    assert message.endswith("for each of 2 arguments, not (0,)")


def test_argnums_that_do_not_fit_are_told_what_would():
    product = fastgrad.compile(lambda x, y: x * y)
    message = message_of(lambda: product.value_and_grad(1.0, 2.0, argnums=-1), error=ValueError)
    assert message.endswith("give them by place; the last place is 1")
    message = message_of(lambda: product.value_and_grad(1.0, 2.0, argnums="x"), error=TypeError)
    assert message.endswith("not 'x': count the positional arguments from 0 on")


def test_a_bind_after_two_structures_says_to_compile_afresh():
    first = fastgrad.compile(lambda x: x[0] * 2.0)
    assert message_of(first.bind, np.ones(1), np.ones(1), error=ValueError).endswith("not of 0: call it once before")
    assert first([1.0]) == first((1.0, 2.0)) == 2.0
    message = message_of(first.bind, np.ones(1), np.ones(1), error=ValueError)
    assert message.endswith("not of 2: compile it afresh for a bind")


# Results.


@pytest.mark.parametrize("result", [lambda x: not x > 0.0, lambda x: True, lambda x: "yes"])
def test_a_truth_value_as_result_is_told_what_to_return(result):
    assert message_of(fastgrad.compile(result), 1.0, error=TypeError).endswith(": return 1.0 or 0.0 for yes or no")


def test_no_result_is_told_to_look_for_a_return():
    message = message_of(fastgrad.compile(lambda x: None), 1.0, error=TypeError)
    assert message.endswith("not None: is there a return at the end of each way through it?")


def test_a_gradient_of_several_results_names_what_there_is():
    message = message_of(fastgrad.compile(lambda x: [x, x]).value_and_grad, 1.0, error=TypeError)
    assert "jacobian() has the first derivatives of several results" in message
    assert "such as a single residual, and give batch_value_and_grad a row for each" in message


def test_fit_of_a_compiled_model_says_to_give_the_model_itself():
    model = fastgrad.compile(nn.MLP(2, [1], rng=0))
    message = message_of(lambda: train.fit(model, np.ones((4, 2)), np.ones(4), epochs=1), error=TypeError)
    assert "give the model itself, which fit compiles" in message


@notes
def test_a_method_that_numpy_misses_has_a_note():
    assert "such as fmod" in notes_of(fastgrad.compile(lambda x: np.fmod(x, 1.0)), 2.0, error=AttributeError)

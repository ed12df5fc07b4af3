"""What compiled functions refuse: each with one error that says what was expected, and nothing half-changed."""

import contextlib
import gc

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, losses

ROWS = np.arange(6.0).reshape(3, 2)


@pytest.fixture
def product():
    return fastgrad.compile(lambda x, y: x * y)


def refused(error, message, call, *args, **kwargs):
    with pytest.raises(error, match=message) as caught:
        call(*args, **kwargs)
    assert caught.value.__cause__ is None


# What is compiled.


def test_what_is_no_function_is_refused():
    refused(TypeError, "compile.. takes a function, not 3", fastgrad.compile, 3)


@pytest.mark.parametrize("count", [0, -1, 2.5, "two"])
def test_a_number_of_threads_that_is_none_is_refused(product, count):
    message = f"num_threads must be a whole number of at least 1, not {count!r}"
    refused(ValueError, message, fastgrad.compile, abs, num_threads=count)
    refused(ValueError, message, product.batch, np.ones(2), np.ones(2), num_threads=count)


@pytest.mark.parametrize("result", [None, "words", [], {}, ()])
def test_a_function_without_a_number_as_result_is_refused(result):
    compiled = fastgrad.compile(lambda x: result)
    refused(TypeError, "must return a number, or numbers in lists, tuples, dicts, not", compiled, 1.0)
    refused(TypeError, "must return a number", compiled.batch, np.ones(3))
    assert compiled.programs() == []


RESULTS = {
    "set": lambda x: (x, {1, 2}),
    "generator": lambda x: (x, (k for k in range(2))),
    "map": lambda x: (x, map(abs, [x])),
    "function": lambda x: (x, abs),
    "complex number": lambda x: (x, 1j),
    "array of words": lambda x: (x, np.array(["a"])),
    "array with nothing in it": lambda x: (x, np.array([x, None])),
    "array with a word in it": lambda x: (x, np.array([x, "1.5"], dtype=object)),
}


@pytest.mark.parametrize("result", RESULTS)
def test_a_result_that_is_no_number_is_refused(result):
    compiled = fastgrad.compile(RESULTS[result])
    refused(TypeError, r"the result of <lambda>\[1\] must be a", compiled, 1.0)
    refused(TypeError, r"the result of <lambda>\[1\] must be a", compiled.batch, np.ones(2))
    assert compiled.programs() == []


def test_generators_and_coroutines_are_no_results():
    def generator(x):
        yield x

    refused(
        TypeError, "the result of generator must be a number, an array, or a list", fastgrad.compile(generator), 1.0
    )


def test_an_array_without_dimensions_is_its_number():
    compiled = fastgrad.compile(lambda x, y: np.array(x * y, dtype=object))
    assert [compiled(2.0, np.array(k)) for k in (3.0, 4)] == [6.0, 8.0]


def test_what_holds_itself_is_refused(product):
    endless = []
    endless.append(endless)
    refused(ValueError, "argument 0 of <lambda> is nested too deeply, or holds itself", product, endless, 1.0)
    refused(ValueError, "the result of <lambda> is nested too deeply", fastgrad.compile(lambda x: endless), 1.0)


# What a function does.


def test_a_scalar_from_outside_may_be_the_result_of_operations():
    w = Value(2.0)
    area = w * 3.0
    compiled = fastgrad.compile(lambda x: area * x)
    assert compiled(2.0) == 12.0
    compiled.sum(np.ones(3)).backward()
    assert w.grad == 9.0


@pytest.mark.parametrize("error", [KeyError, StopIteration, KeyboardInterrupt, MemoryError, ArithmeticError])
def test_what_a_function_raises_comes_out_and_leaves_nothing(error):
    def function(x):
        if x > limit:
            raise error("in the function")
        return x

    compiled, limit = fastgrad.compile(function), 1.0
    for call in (compiled, compiled.value_and_grad, lambda x: compiled.batch(np.array([x]))):
        refused(error, "in the function", call, 2.0)
    assert compiled.programs() == []
    assert compiled(0.5) == 0.5
    refused(error, "in the function", compiled.sum, np.array([0.5, 2.0]))
    assert (compiled.sum(np.array([0.5, 1.0])).data, len(compiled.programs())) == (1.5, 1)


def test_a_function_that_calls_itself_for_ever_is_pythons_own_error():
    def function(x):
        return function(x) + 1.0

    refused(RecursionError, "maximum recursion depth exceeded", fastgrad.compile(function), 1.0)
    itself = fastgrad.compile(lambda x: itself(x))
    refused(RecursionError, "maximum recursion depth exceeded", itself, 1.0)


def test_a_function_that_calls_itself_and_ends_is_recorded_along_each_path():
    @fastgrad.compile
    def power(x, n):
        return x * power(x, n - 1.0) if n > 0.0 else 1.0

    assert power.batch(np.array([2.0, 3.0, 5.0]), np.array([3.0, 0.0, 1.0])).tolist() == [8.0, 1.0, 5.0]


def test_gradients_and_sums_of_another_function_are_refused_in_a_recording(product):
    message = "in a compiled function only the plain call of another can be used, not its gradients, batches and sums"
    for inside in (
        lambda x: product.value_and_grad(x, 2.0)[0],
        lambda x: product.value_and_grad(1.0, 2.0)[0] * x,
        lambda x: product.sum(np.ones(2), np.ones(2)) * x,
        lambda x: product.batch(np.ones(2), x, in_axes=(0, None))[0],
    ):
        refused(fastgrad.TraceError, message, fastgrad.compile(inside), 1.0)


def test_gradients_and_sums_of_several_numbers_are_refused():
    compiled = fastgrad.compile(lambda x: [x, x * x])
    message = "must return one number for this, not several in a structure"
    refused(TypeError, message, compiled.value_and_grad, 1.0)
    refused(TypeError, message, compiled.batch_value_and_grad, np.ones(2))
    refused(TypeError, message, compiled.sum, np.ones(2))
    refused(TypeError, message, compiled.bind, np.ones(1), np.ones(2), np.ones(1))
    refused(TypeError, "not an array", fastgrad.compile(lambda x: x * np.ones(3)).mean, np.ones(2))


def test_rows_with_different_structures_as_results_are_refused_in_one_batch():
    compiled = fastgrad.compile(lambda x: x if x > 0 else [x, x])
    assert (compiled(1.0), compiled(-1.0)) == (1.0, [-1.0, -1.0])
    refused(TypeError, "must return the same structure for all rows", compiled.batch, np.array([1.0, -1.0]))


# Arguments of one row.


@pytest.mark.parametrize(
    "wrong", [{1.0}, object(), 1j, np.complex64(1j), np.array([1j]), np.array(1j), np.array([1.0, None])], ids=repr
)
def test_an_argument_that_is_no_number_is_refused(product, wrong):
    refused(TypeError, "argument 1 of <lambda> must be", product, 1.0, wrong)
    refused(TypeError, r"argument 'y' of <lambda>\['k'\]\[0\] must be", product, 1.0, y={"k": [wrong]})


def test_a_scalar_is_an_argument_of_the_plain_call_only(product):
    x = Value(3.0)
    product(x, 2.0).backward()
    assert x.grad == 2.0
    refused(TypeError, "whose gradient would be lost", product.value_and_grad, Value(1.0), 2.0)
    refused(TypeError, "must be an array of real numbers", product.batch, [Value(1.0)], [2.0])


def test_too_few_arguments_are_the_functions_own_error(product):
    refused(TypeError, "missing 1 required positional argument", product, 1.0)
    assert product(2.0, 3.0) == 6.0


@pytest.mark.parametrize("argnums", [2, -1, (0, 2)])
def test_a_gradient_by_an_argument_that_is_not_there_is_refused(product, argnums):
    refused(
        ValueError,
        "argnums must be places among the 2 positional arguments, from 0 on, not",
        product.value_and_grad,
        1.0,
        2.0,
        argnums=argnums,
    )
    refused(ValueError, "argnums", product.batch_value_and_grad, np.ones(1), np.ones(1), argnums=argnums)


def test_a_gradient_by_an_argument_given_by_name_is_refused(product):
    message = "argnums must be places among the 1 positional .* not 1: those given by name are not among them"
    refused(ValueError, message, product.value_and_grad, 1.0, y=2.0, argnums=1)


def test_argnums_that_are_no_numbers_are_refused(product):
    refused(
        TypeError, "argnums must be an int or a tuple of them, not 'x'", product.value_and_grad, 1.0, 2.0, argnums="x"
    )


def test_another_nesting_is_another_recording():
    compiled = fastgrad.compile(lambda x: x[0] * x[1])
    assert compiled([2.0, 3.0]) == compiled((2.0, 3.0)) == compiled(np.array([2.0, 3.0])) == 6.0
    assert len(compiled.programs()) == 3
    refused(IndexError, "index out of range", compiled, [1.0])
    refused(TypeError, "not subscriptable", compiled, 1.0)
    assert len(compiled.programs()) == 3


# Arguments with rows.


def test_arguments_with_different_numbers_of_rows_are_refused(product):
    message = "all arguments must have as many rows, but argument 0 of <lambda> has 2, argument 1 of <lambda> has 3"
    for call in (product.batch, product.sum, product.mean, product.batch_value_and_grad):
        refused(ValueError, message, call, np.ones(2), np.ones(3))


@pytest.mark.parametrize("empty", [np.ones(0), np.ones((0, 3)), []], ids=repr)
def test_arguments_without_a_row_are_refused(product, empty):
    refused(ValueError, "have no rows: give at least one", product.mean, empty, empty)


def test_ragged_rows_are_refused(product):
    refused(ValueError, "argument 0 of <lambda> must have rows of one length", product.batch, [[1.0], [1.0, 2.0]], ROWS)


@pytest.mark.parametrize("wrong", [3.0, "rows", None, np.array(["a", "b"]), np.array([1j]), [None]], ids=repr)
def test_what_is_no_array_of_numbers_is_refused(product, wrong):
    refused(TypeError, "argument 1 of <lambda> must be an array of real numbers", product.batch, np.ones(1), wrong)


@pytest.mark.parametrize("axes", [1, False, (0,), (0, 1), "00", (0, 0, 0), {0: 0}, np.zeros(2, dtype=int)], ids=repr)
def test_axes_that_do_not_fit_are_refused(product, axes):
    refused(
        ValueError, "in_axes must be 0, None, or one of these for each of 2", product.batch, ROWS, ROWS, in_axes=axes
    )


def test_rows_are_wanted_in_one_argument_at_least(product):
    refused(ValueError, "was given no argument with rows", product.batch, 1.0, 2.0, in_axes=None)
    refused(ValueError, "was given no argument with rows", product.batch)


def test_numbers_of_any_real_kind_are_rows(product):
    expected = [2.0, 6.0]
    for kind in (np.int8, np.uint16, np.float32, np.float16, ">f8", bool):
        x = np.array([1, 2]).astype(kind)
        assert product.batch(x, [2, 3]).tolist() == [2.0 * float(x[0]), 3.0 * float(x[1])]
    assert product.batch([1, 2], (2, 3)).tolist() == expected


# Buffers.


def test_a_function_is_called_before_it_is_bound(product):
    refused(ValueError, "call it once before", product.bind, np.ones(2), np.ones(1))


@pytest.mark.parametrize(
    ("name", "buffers"),
    [
        ("x", (np.ones(3), np.ones(1), np.ones(2))),
        ("x", ([1.0, 2.0], np.ones(1), np.ones(2))),
        ("x", (np.ones(2, dtype=np.float32), np.ones(1), np.ones(2))),
        ("x", (np.ones(4)[::2], np.ones(1), np.ones(2))),
        ("value", (np.ones(2), np.ones(2), np.ones(2))),
        ("value", (np.ones(2), np.broadcast_to(1.0, 1), np.ones(2))),
        ("grad", (np.ones(2), np.ones(1), np.ones(1))),
        ("grad", (np.ones(2), np.ones(1), np.ones(2, dtype=int))),
    ],
)
def test_buffers_that_do_not_fit_are_refused(product, name, buffers):
    product(1.0, 2.0)
    refused(ValueError, f"^{name} must be", product.bind, *buffers)


def test_instances_without_a_dictionary_have_no_compiled_methods():
    class Slotted:
        __slots__ = ()

        @fastgrad.compile
        def method(self, x):
            return x

    refused(
        TypeError, "a compiled method needs instances with a __dict__, which Slotted has not", lambda: Slotted().method
    )


@pytest.mark.parametrize("loss", [losses.hinge, losses.binary_cross_entropy, losses.binary_cross_entropy_with_logits])
def test_a_loss_that_wants_labels_refuses_arguments_as_labels(loss):
    f = fastgrad.compile(lambda score, label: loss([score], [label]))
    refused(fastgrad.TraceError, "labels|targets must be plain numbers, not a compiled function's", f, 0.5, 1.0)


# How arguments are read.


def test_numbers_in_lists_tuples_and_arrays_are_the_same_however_they_are_read():
    @fastgrad.compile
    def f(x, xs, array, rest):
        return x * sum(xs) + array[0, 1] + rest["k"][0]

    array = np.array([[1.0, 2.0]])
    for rest in ({"k": [5.0]}, {"k": (5.0,)}):
        for xs in ([1, 2.5], [np.float64(1.0), 2.5], (1.0, 2.5), np.array([1.0, 2.5])):
            for given in (array, array.astype(int), np.asfortranarray(array), np.repeat(array, 2, axis=0)[::2]):
                assert f(2, xs, given, rest) == 14.0
    value, slopes = f.value_and_grad(2.0, [1.0, 2.5], array, {"k": [5.0]}, argnums=(0, 1, 2, 3))
    assert (value, slopes[:2], slopes[3]) == (14.0, (3.5, [2.0, 2.0]), {"k": [1.0]})
    assert slopes[2].tolist() == [[0.0, 1.0]]


def test_a_list_that_shrinks_while_it_is_read_is_refused_or_was_read_before():
    f, xs, active = fastgrad.compile(lambda xs: xs[0] + xs[-1]), [1.0] * 50, []
    f(xs)

    def shrink(phase, info):
        if active:
            del xs[1:]

    threshold = gc.get_threshold()
    gc.callbacks.append(shrink)
    try:
        gc.set_threshold(1)
        for _ in range(200):
            xs[:] = [1.0] * 50
            active.append(True)
            with contextlib.suppress(RuntimeError):
                assert f(xs) == 2.0
            active.clear()
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(shrink)


@pytest.mark.parametrize(("flag", "numbers"), [(True, [5.0]), (False, [])])
def test_a_flag_is_no_list_of_as_many_numbers(flag, numbers):
    f = fastgrad.compile(lambda x: 7.0 if isinstance(x, bool) else fastgrad.sum([*x, 1.0]))
    assert (f(numbers), f(flag), f(numbers)) == (sum(numbers) + 1.0, 7.0, sum(numbers) + 1.0)

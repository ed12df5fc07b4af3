"""Parts of a graph that are computed again in the sweep."""

import pytest

import fastgrad
from fastgrad import Value


def part(x):
    for _ in range(100):
        x = x + 0.01 * x.sin()
    return x


def test_values_and_gradients_are_those_of_the_function():
    x, y = Value(1.0), Value(1.0)
    found, expected = fastgrad.checkpoint(part)(x), part(y)
    found.backward()
    expected.backward()
    assert (found.data, x.grad) == (expected.data, y.grad)


def test_it_keeps_no_graph_and_drops_what_it_computes_again():
    x = Value(1.0)
    fastgrad.collect()
    before = fastgrad.tape_info().nodes
    y = x
    checkpointed = fastgrad.checkpoint(part)
    for _ in range(50):
        y = checkpointed(y)
    fastgrad.collect()
    assert fastgrad.tape_info().nodes < before + 50 * 4
    y.backward()
    assert fastgrad.tape_info().nodes < before + 50 * 4


def test_structures_named_arguments_numbers_and_parameters_from_outside():
    w = Value(3.0)

    @fastgrad.checkpoint
    def two(a, b, k=2.0):
        return {"p": a * b * w, "q": [a + b * k, 5.0]}

    a, b = Value(2.0), Value(4.0)
    result = two(a * 1.0, b, k=2.0)
    (result["p"] * result["q"][0]).backward()
    assert result["q"][1] == 5.0
    assert (a.grad, b.grad, w.grad) == (144.0, 108.0, 80.0)


def test_without_scalars_among_the_arguments_it_is_the_function():
    w = Value(2.0)
    fastgrad.checkpoint(lambda x: w * x)(3.0).backward()
    assert w.grad == 3.0


def test_repeated_sweeps_add_up():
    x = Value(2.0)
    y = fastgrad.checkpoint(lambda x: x**3)(x)
    y.backward()
    y.backward()
    assert x.grad == 24.0


def test_transforms_and_recordings_go_through_it():
    cube = fastgrad.checkpoint(lambda x: x**3)
    second = fastgrad.hessian(cube)
    assert [second(2.0), second(2.0)] == [12.0, 12.0]
    assert fastgrad.compile(cube).value_and_grad(2.0) == (8.0, 12.0)


def test_its_gradient_as_a_scalar_is_refused():
    x = Value(2.0)
    y = fastgrad.checkpoint(lambda x: x**3)(x)
    with pytest.raises(TypeError, match="cannot be differentiated again"):
        fastgrad.gradients(y, x, create_graph=True)


def test_what_the_function_raises_goes_through():
    with pytest.raises(ZeroDivisionError):
        fastgrad.checkpoint(lambda x: 1.0 / x)(Value(0.0))


def test_it_has_the_functions_name():
    assert fastgrad.checkpoint(part).__name__ == "part"

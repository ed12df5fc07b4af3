"""What a layer and a batch refuse."""

import copy
import operator
import pickle
import re

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, reference
from fastgrad._layers.batch import Batch
from fastgrad._layers.dense import Dense
from fastgrad._layers.layer_input import apply
from fastgrad._layers.leaves import Leaves
from support.dense_layers import ROWS, network


def test_rows_of_the_wrong_width():
    _, layers = network(3, 2)
    for row in ([1.0, 2.0], (1.0,), np.ones(4), [Value(1.0)] * 2):
        with pytest.raises(ValueError, match=rf"x must have 3 numbers in a row, .* not {len(row)}"):
            apply(layers, row)
    for rows in (np.ones((5, 2)), [[1.0, 2.0]]):
        with pytest.raises(ValueError, match="x must have 3 numbers in a row"):
            apply(layers, rows)
    with pytest.raises(ValueError, match="not rows of 2, 3"):
        apply(layers, [[1.0, 2.0, 3.0], [1.0, 2.0]])
    with pytest.raises(ValueError, match=r"an array of shape \(1, 1, 3\)"):
        apply(layers, np.ones((1, 1, 3)))


def test_a_column_of_numbers_is_told_from_a_row():
    _, layers = network(1, 2)
    with pytest.raises(ValueError, match=r"not 40; for many rows of one number, give x.reshape\(-1, 1\)"):
        apply(layers, np.linspace(-5.0, 5.0, 40))


@pytest.mark.parametrize("rows", [[], np.ones((0, 3)), ()])
def test_no_rows(rows):
    _, layers = network(3, 2)
    with pytest.raises(ValueError, match="x (is empty|must have 3)"):
        apply(layers, rows)


def test_a_nan_is_named_by_its_place():
    _, layers = network(3, 2)
    rows = ROWS.copy()
    rows[2, 1] = float("nan")
    with pytest.raises(ValueError, match="row 2, column 1 is nan"):
        apply(layers, rows)
    with pytest.raises(ValueError, match="row 0, column 2 is nan"):
        apply(layers, [1.0, 2.0, float("nan")])


NO_ROWS = [None, 3.5, "abc", ["a", "b", "c"], [1.0, None, 2.0], np.array(["a", "b", "c"]), [1j, 2, 3]]


@pytest.mark.parametrize("x", NO_ROWS)
def test_what_is_no_row_of_numbers(x):
    _, layers = network(3, 2)
    with pytest.raises((TypeError, ValueError), match="x|an argument of x"):
        apply(layers, x)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (["1", "2", "3"], "an argument of x must be a real number, not '1' of type str"),
        ([["1", "2", "3"]], "an argument of x must be a real number, not '1' of type str"),
        (np.array([["1", "2", "3"]]), "x must be of real numbers, not of <U1"),
        (np.array([["1", "2", "3"]], dtype=object), "an argument of x must be a real number, not '1' of type str"),
        ({1.0, 2.0, 3.0}, "x must be a row of 3 numbers or an array of rows, not {1.0, 2.0, 3.0} of type set"),
        ({1: 0, 2: 0, 3: 0}, "x must be a row of 3 numbers or an array of rows, not {1: 0, 2: 0, 3: 0} of type dict"),
        (np.ones(3) * 1j, "x must be of real numbers, not of complex128"),
        (np.ones((2, 3)) * 1j, "x must be of real numbers, not of complex128"),
    ],
)
def test_texts_sets_and_complex_numbers_are_no_inputs(x, message):
    _, layers = network(3, 2)
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        apply(layers, x)


@pytest.mark.parametrize("numbers", [[1.0, 2.0, 3.0], ROWS, np.asarray(ROWS, dtype=object)])
def test_what_makes_an_array_of_itself_is_taken(numbers):
    class Like:
        def __array__(self, dtype=None, copy=None):
            return np.array(numbers)

    _, layers = network(3, 2)
    found, expected = apply(layers, Like()), apply(layers, numbers)
    assert [number.data for number in np.ravel(found)] == [number.data for number in np.ravel(expected)]


def test_a_scalar_of_another_engine_is_told_from_ours():
    _, layers = network(3, 2)
    with pytest.raises(TypeError, match=r"of module fastgrad\.reference, not of fastgrad\): make it a fastgrad\.Value"):
        apply(layers, [1.0, 2.0, reference.Value(3.0)])


def test_layers_that_do_not_follow_each_other():
    _, layers = network(3, 2)
    with pytest.raises(ValueError, match="a layer of 2 neurons cannot be followed by one with 3 inputs"):
        apply(layers + layers, [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="no layers"):
        apply([], [1.0])
    with pytest.raises(TypeError, match="must be a Dense"):
        apply([None], [1.0])


@pytest.mark.parametrize(
    "compute",
    [
        *(operator.add, operator.sub, operator.mul, operator.truediv, operator.matmul, operator.pow),
        *(operator.lt, operator.le, operator.gt, operator.ge, np.subtract),
    ],
)
@pytest.mark.parametrize("other", [2.0, Value(2.0), np.ones((4, 2)), [2.0]], ids=type)
def test_a_batch_has_no_arithmetic_and_says_what_has(compute, other):
    _, layers = network(3, 2)
    batch = apply(layers, ROWS)
    for operands in ((batch, other), (other, batch)):
        with pytest.raises(TypeError, match=r"^a batch has no .*fastgrad\.losses, .*batch\[i\], .*batch\.data$"):
            compute(*operands)
    for function in (operator.neg, np.exp):
        with pytest.raises(TypeError, match="^a batch has no arithmetic"):
            function(batch)


def test_a_batch_is_equal_to_itself_only():
    _, layers = network(3, 2)
    batch = apply(layers, ROWS)
    assert batch == batch  # noqa: PLR0124
    assert batch != apply(layers, ROWS)
    assert len({batch, batch}) == 1


def test_a_batch_is_no_scalar():
    _, layers = network(3, 2)
    batch = apply(layers, ROWS)
    for wrong in (
        lambda: batch + 1.0,
        lambda: Value(1.0) * batch,
        lambda: np.ones(4) - batch,
        lambda: fastgrad.sum([batch]),
        lambda: Value(1.0, (batch,), "x"),
        lambda: fastgrad.math.exp(batch),
        lambda: float(batch),
    ):
        with pytest.raises(TypeError):
            wrong()
    with pytest.raises(TypeError, match="losses"):
        fastgrad.mean([batch, 1.0])
    with pytest.raises(IndexError):
        batch[4]


def test_a_batch_made_by_hand_is_empty_and_says_so():
    _, layers = network(3, 2)
    with pytest.raises(TypeError, match="made by a layer"):
        Batch()
    bare = Batch.__new__(Batch)
    for use in (lambda: bare.shape, lambda: bare.data, lambda: bare[0], lambda: apply(layers, bare)):
        with pytest.raises(TypeError, match="made by hand"):
            use()


@pytest.mark.parametrize("copied", [copy.deepcopy, pickle.dumps])
def test_results_are_not_copied_with_their_graph(copied):
    run, layers = network(3, 2)
    batch = apply(layers, ROWS)
    with pytest.raises(TypeError, match="pickle the module"):
        copied(batch)
    with pytest.raises(TypeError, match="pickle the module"):
        copied(batch[0, 0] * 2.0)
    assert copied(run[0]) is not None


def test_layers_that_cannot_be_made():
    run = Leaves(Value, 8)
    with pytest.raises(ValueError, match="beyond"):
        Dense(run, 1, 3, 2, "tanh")
    with pytest.raises(ValueError, match="activation must be one of identity, tanh, .*, not 'than'"):
        Dense(run, 0, 3, 2, "than")
    with pytest.raises(ValueError, match="at least 1 input"):
        Dense(run, 0, 0, 2, "tanh")
    with pytest.raises(TypeError, match="again"):
        Dense(run, 0, 3, 2, "tanh").__init__(run, 0, 1, 1, "tanh")
    with pytest.raises(TypeError, match="must be a Dense"):
        apply([Dense.__new__(Dense)], [1.0])

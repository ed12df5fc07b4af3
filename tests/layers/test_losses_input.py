"""What losses are given: every form of predictions and targets, and what they refuse."""

import math
from array import array

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, losses, nn, reference
from support.graphs import check_the_tape, live_nodes

# Forms.


@pytest.mark.parametrize(
    "targets",
    [
        np.array([0.0, 2.0, 4.0]),
        np.array([[0.0], [2.0], [4.0]]),
        np.array([0.0, 9.0, 2.0, 9.0, 4.0])[::2],
        np.array([0, 2, 4], dtype=np.int8),
        np.array([0, 2, 4], dtype=np.float32),
        np.array([0, 2.0, np.float32(4)], dtype=object),
        (0, 2, 4),
        [[0], [2], [4]],
        [np.int64(0), np.array(2.0), True * 4],
        array("d", [0, 2, 4]),
        range(0, 6, 2),
        (2.0 * k for k in range(3)),
    ],
    ids=lambda targets: type(targets).__name__,
)
def test_targets_may_come_in_any_form(targets):
    x = Value(1.0)
    loss = losses.sum_of_squares([x, x, x], targets)
    assert loss.data == 1.0 + 1.0 + 9.0


def test_targets_are_copied():
    x, y = Value(1.0), np.array([3.0])
    loss = losses.mse([x], y)
    y[0] = 1.0
    loss.backward()
    assert x.grad == -4.0


def test_predictions_may_come_in_an_array():
    xs = np.array([[Value(1.0), Value(2.0)], [Value(3.0), 4.0]], dtype=object)
    assert losses.sum_of_squares(xs, np.zeros((2, 2))).data == 30.0
    assert losses.sum_of_squares(iter(xs[0]), [0.0, 0.0]).data == 5.0
    assert losses.cross_entropy(xs, np.array([[0], [1]])).data == losses.cross_entropy(xs, [0, 1]).data


# Bad input.

X1, X2 = Value(0.5), Value(0.25)
WRONG = {
    "no predictions": (losses.mse, ([], []), "predictions must not be empty.*shape (0,)"),
    "no columns": (losses.mse, ([[], []], np.zeros((2, 0))), "predictions must not be empty.*shape (2, 0)"),
    "no targets": (losses.mse, ([X1], []), "targets must not be empty"),
    "another length": (
        losses.mse,
        ([X1, X2], [1.0]),
        "predictions of shape (2,) need targets of the same shape, not of shape (1,)",
    ),
    "a row for a column": (
        losses.hinge,
        ([X1, X2], [[1, 1]]),
        "scores of shape (2,) need labels of the same shape, not of shape (1, 2)",
    ),
    "one target for a list": (
        losses.mse,
        ([X1], 1.0),
        "predictions of shape (1,) need targets of the same shape, not of shape ()",
    ),
    "rows of two lengths": (
        losses.mse,
        ([[X1, X2], [X1]], np.zeros((2, 2))),
        "predictions must be rows of one length, but row 0 has 2, row 1 has 1",
    ),
    "a number among rows": (
        losses.mse,
        ([X1], [[1.0], 2.0]),
        "targets must be rows of one length, but row 0 has 1, row 1 is a number",
    ),
    "too deep": (losses.mse, ([[[[[[[[[X1]]]]]]]]], 1.0), "predictions must be nested at most 8 deep"),
    "a nan": (losses.mse, ([X1, X2], [1.0, math.nan]), "targets must be numbers, but row 1 is nan"),
    "a nan in an array": (
        losses.mse,
        ([[X1, X2]], np.array([[1.0, math.nan]])),
        "targets must be numbers, but row 0, column 1 is nan",
    ),
    "a nan for a scalar": (losses.mse, (X1, math.nan), "targets must be numbers, but what was given is nan"),
    "no probability": (
        losses.binary_cross_entropy,
        ([X1, Value(1.5)], [0, 1]),
        "predictions must be probabilities from 0 to 1, but row 1 is 1.5",
    ),
    "below 0": (
        losses.binary_cross_entropy,
        ([X1, -1e-9], [0, 1]),
        "predictions must be probabilities from 0 to 1, but row 1 is -1e-09",
    ),
    "label 2": (losses.binary_cross_entropy, ([X1, X2], [0, 2]), "targets must be from 0 to 1, but row 1 is 2"),
    "label -1": (losses.binary_cross_entropy_with_logits, ([X1], [-1]), "targets must be from 0 to 1, but row 0 is -1"),
    "a nan label": (
        losses.binary_cross_entropy_with_logits,
        ([X1], [math.nan]),
        "targets must be from 0 to 1, but row 0 is nan",
    ),
    "label 0": (losses.hinge, ([X1, X2], [1, 0]), "labels must be -1 or 1, but row 1 is 0"),
    "no class": (
        losses.cross_entropy,
        ([[X1, X2]], [2]),
        "labels must be whole numbers from 0 to 1, a class each, but row 0 is 2",
    ),
    "class -1": (
        losses.cross_entropy,
        ([[X1, X2]], [-1]),
        "labels must be whole numbers from 0 to 1, a class each, but row 0 is -1",
    ),
    "half a class": (
        losses.cross_entropy,
        ([X1, X2], 0.5),
        "labels must be whole numbers from 0 to 1, a class each, but what was given is 0.5",
    ),
    "a nan class": (losses.cross_entropy, ([X1, X2], math.nan), "labels must be whole numbers from 0 to 1"),
    "too little": (
        losses.cross_entropy,
        ([[X1, X2]], [[0.5, 0.4]]),
        "labels must be probabilities that sum to 1, but row 0 is [0.5, 0.4], of sum 0.9",
    ),
    "negative": (
        losses.cross_entropy,
        ([[X1, X2]] * 2, [[0, 1], [1.5, -0.5]]),
        "labels must be probabilities that sum to 1, but row 1 is [1.5, -0.5]",
    ),
    "a nan in a row": (
        losses.cross_entropy,
        ([[X1, X2]], [[math.nan, 1.0]]),
        "labels must be probabilities that sum to 1, but row 0 is [nan, 1.0]",
    ),
    "too few labels": (
        losses.cross_entropy,
        ([[X1, X2]] * 3, [0, 1]),
        "logits of shape (3, 2) need labels of shape (3,), or of (3, 2) where they are probabilities, not of (2,)",
    ),
    "no classes": (losses.cross_entropy, (X1, 0), "logits must be of shape (rows, classes), not ()"),
    "labels of 0 and 1": (losses.hinge, ([X1], [0]), "is 0 (2 * labels - 1 makes -1 and 1 of 0 and 1)"),
    "labels of -1 and 1": (losses.binary_cross_entropy, ([0.5], [-1]), "is -1 ((targets + 1) / 2 makes 0 and 1"),
    "beyond a probability": (losses.binary_cross_entropy, ([1.5], [1]), "1.5 (give the model a sigmoid at its"),
    "no such reduction": (losses.hinge, ([X1], [1], "none"), "reduction must be 'mean' or 'sum', not 'none'"),
    "no parameters": (losses.l2_penalty, ([], 1.0), "parameters must not be empty"),
    "a negative penalty": (losses.l2_penalty, ([X1], -1.0), "alpha must be a number of at least 0, not -1.0"),
    "a nan penalty": (losses.l2_penalty, ([X1], math.nan), "alpha must be a number of at least 0, not nan"),
}
WRONG_TYPES = {
    "no numbers": (
        losses.mse,
        (None, 1.0),
        "predictions must be a scalar, number, list or array, not None of type NoneType",
    ),
    "a word": (losses.mse, ([X1], "1"), "targets must be a scalar, number, list or array, not '1' of type str"),
    "a word in a list": (
        losses.mse,
        ([X1, X2], [1.0, "2"]),
        "targets, row 1 must be a real number, not '2' of type str",
    ),
    "a complex target": (
        losses.mse,
        ([X1], np.array([1j])),
        "targets must be real numbers, not an array of complex128",
    ),
    "words": (losses.mse, ([X1], np.array(["1"])), "targets must be real numbers, not an array of <U1"),
    "a scalar as probability": (
        losses.binary_cross_entropy,
        ([X1], [X2]),
        "targets must be plain numbers, not scalars",
    ),
    "a scalar as label": (losses.hinge, ([X1], [X2]), "labels must be plain numbers, not scalars"),
    "a scalar as class": (losses.cross_entropy, ([X1, X2], X2), "labels must be plain numbers, not scalars"),
    "a number as parameter": (
        losses.l2_penalty,
        ([X1, 2.0], 1.0),
        "parameters must be scalars, but entry 1 is 2.0 of type float",
    ),
    "a set": (losses.mse, ([X1], {1.0}), "targets must be a scalar, number, list or array, not {1.0} of type set"),
    "a scalar of another engine": (
        losses.mse,
        ([reference.Value(1.0)], [1.0]),
        "of type Value (of module fastgrad.reference, not of fastgrad): make it a fastgrad.Value",
    ),
    "no list of parameters": (
        losses.l2_penalty,
        (2.0, 1.0),
        "parameters must be a scalar, number, list or array, not 2.0",
    ),
    "a scalar as factor": (losses.l2_penalty, ([X1], X2), "alpha must be a real number"),
}


def check_refused(error, loss, arguments, words):
    nodes = live_nodes()
    with pytest.raises(error) as caught:
        loss(*arguments)
    words = words.replace(".*", "\0").split("\0")
    assert all(part in str(caught.value) for part in words), str(caught.value)
    del caught
    assert live_nodes() == nodes


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_value_is_named(case):
    check_refused(ValueError, *WRONG[case])


@pytest.mark.parametrize("case", WRONG_TYPES)
def test_a_wrong_type_is_named(case):
    check_refused(TypeError, *WRONG_TYPES[case])


def test_what_is_wrong_with_a_batch_is_named():
    X = np.random.default_rng(6).normal(size=(5, 2))
    batch, column = nn.MLP(2, [2], rng=0)(X), nn.MLP(2, [1], rng=0)(X)
    with pytest.raises(ValueError, match=r"predictions of shape \(5, 2\) need targets of the same shape.*\(5,\)"):
        losses.mse(batch, np.zeros(5))
    with pytest.raises(ValueError, match=r"logits must be of shape \(rows, classes\), not \(5,\)"):
        losses.cross_entropy(column, [0] * 5)
    with pytest.raises(ValueError, match=r"labels must be whole numbers from 0 to 1, a class each, but row 3 is 2"):
        losses.cross_entropy(batch, [0, 1, 0, 2, 1])
    with pytest.raises(ValueError, match=r"predictions must be probabilities from 0 to 1, but row \d, column \d is"):
        losses.binary_cross_entropy(batch, np.zeros((5, 2)))


def test_an_error_while_reading_changes_nothing():
    class Broken:
        def __float__(self):
            raise ZeroDivisionError("on purpose")

    x = Value(1.0)
    nodes = live_nodes()
    for arguments in (([x, Broken()], [0.0, 0.0]), ([x, x], [0.0, Broken()])):
        with pytest.raises(ZeroDivisionError, match="on purpose"):
            losses.mse(*arguments)
    del arguments
    assert live_nodes() == nodes
    check_the_tape()


def test_a_number_that_collects_while_it_is_read():
    class Collecting:
        def __float__(self):
            fastgrad.collect()
            fastgrad.sum([Value(k) for k in range(100)])
            return 2.0

    model, y = nn.MLP(2, [3, 2], rng=5), np.ones((5, 2))
    X, targets = np.ones((5, 2)), y.tolist()
    targets[3][1] = Collecting()
    y[3, 1] = 2.0
    assert losses.mse(model(X), targets).data == losses.mse(model(X), y).data

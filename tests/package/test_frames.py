"""`fastgrad._frames`, as far as it takes numpy alone: masked arrays, arrays with names. For others see bridges."""

import pickle

import numpy as np
import pytest

import fastgrad
from fastgrad import losses, nn, train
from fastgrad._frames import has_nan, in_words, is_table, named

MASKED = np.ma.masked_array([[1.0, 2.0], [3.0, 4.0]], mask=[[False, False], [False, True]])
WHOLE = np.ma.masked_array([[1.0, 2.0], [3.0, 4.0]])
Y = np.array([1.0, 2.0])


def calls(X, y):
    return [
        lambda: fastgrad.compile(lambda x: x[0] * x[1]).batch(X).tolist(),
        lambda: fastgrad.compile(lambda x: x[0, 0] * x[1, 1])(X),
        lambda: fastgrad.compile(lambda p, x: p * x[0]).mean_value_and_grad(2.0, X),
        lambda: nn.MLP(2, [1], rng=0)(X).data.tolist(),
        lambda: train.fit(nn.MLP(2, [1], rng=0), X, y, epochs=1).loss.tolist(),
        lambda: losses.mse([[1.0, 2.0], [3.0, 5.0]], X),
    ]


def test_what_is_masked_is_no_number():
    for call in calls(MASKED, Y):
        with pytest.raises(ValueError, match="row 1, column 1 is masked"):
            call()
    with pytest.raises(ValueError, match="y: row 0 is masked"):
        train.fit(nn.MLP(2, [1]), WHOLE, np.ma.masked_array(Y, mask=[True, False]))


def test_a_masked_array_without_masks_is_an_array():
    for found, expected in zip(calls(WHOLE, Y), calls(np.asarray(WHOLE), Y)):
        assert found() == expected()


def test_arrays_of_numbers_are_no_tables():
    assert not any(map(is_table, (1.0, [1.0], np.ones(2), np.float64(1.0), fastgrad.Value(1.0), {"a": 1.0}, "a", None)))


def test_an_array_with_names_is_one_without_beside():
    row = named(np.array([[1.0, 2.0], [3.0, 4.0]]), ("a", "b"))
    assert row["b"].tolist() == [2.0, 4.0]
    assert row[["b", "a"]].tolist() == [[2.0, 1.0], [4.0, 3.0]]
    assert (row[1]["a"], row[np.int64(1)]["a"], row[1:]["b"].tolist()) == (3.0, 3.0, [4.0])
    assert pickle.loads(pickle.dumps(row[1]))["a"] == 3.0
    for unnamed in (row[0][:1], row[:, 0], row.T, row * 2.0):
        with pytest.raises(KeyError, match="no column 'a', as it has no names"):
            unnamed["a"]


def test_many_names_are_shown_in_part():
    assert in_words([f"x{k}" for k in range(20)]) == "the columns are 'x0', 'x1', 'x2', 'x3', 'x4', 'x5', ..., 'x19'"


@pytest.mark.parametrize(
    "array", [np.ones(3), np.array([np.inf, -np.inf]), np.array([1e308, 1e308]), np.ones((2, 2)).T]
)
def test_nan_alone_is_nan(array):
    assert not has_nan(array)
    wrong = array.copy()
    wrong.flat[-1] = np.nan
    assert has_nan(wrong)

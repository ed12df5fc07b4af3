"""Recording is given up where it takes longer than it saves."""

import warnings

import numpy as np
import pytest

import fastgrad
from fastgrad.compiled import paths


def ladder(x):
    """Another path for each number: comparisons that Python asks."""
    total = 0.0
    for k in range(40):
        total = total + (x * k if x > k / 40 else x - k)
    return total


X = np.linspace(0.0, 1.0, 30) + 1e-3


@pytest.fixture
def impatient(monkeypatch):
    """Nothing is free, and hardly anything worth it."""
    monkeypatch.setattr(paths, "_FREE_SECONDS", 0.0)
    monkeypatch.setattr(paths, "_MOST_SHARE", 0.0)


@pytest.mark.usefixtures("impatient")
def test_rows_beyond_are_computed_plainly_with_the_same_results():
    f = fastgrad.compile(ladder)
    with pytest.warns(
        RuntimeWarning, match=r"and no more are recorded; what splits them is 'total = total.*test_giving_up"
    ):
        values, grads = f.batch_value_and_grad(X)
    assert len(f.programs()) == 1
    expected = [fastgrad.compile(ladder).value_and_grad(x) for x in X.tolist()]
    np.testing.assert_allclose(values, [value for value, _ in expected], rtol=1e-14)
    np.testing.assert_allclose(grads, [grad for _, grad in expected], rtol=1e-14)


@pytest.mark.usefixtures("impatient")
def test_single_calls_too_whose_paths_are_looked_for_now_and_then():
    numbers = [*X.tolist(), X[0].item()] * 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        f = fastgrad.compile(ladder)
        found = [f.value_and_grad(x) for x in numbers]
    expected = [fastgrad.value_and_grad(lambda x: ladder(x))(x) for x in numbers]
    assert found == [pytest.approx(one) for one in expected]


def test_what_takes_no_time_is_recorded(monkeypatch):
    monkeypatch.setattr(paths, "_FREE_SECONDS", np.inf)
    f = fastgrad.compile(ladder)
    f.batch(X)
    assert len(f.programs()) == len({sum(x > k / 40 for k in range(40)) for x in X.tolist()})

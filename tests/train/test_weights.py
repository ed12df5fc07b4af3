"""Weights of rows in a fit: as if rows were repeated, or left out."""

import numpy as np
import pytest

from fastgrad import Value, losses, nn, train

X = np.random.default_rng(0).normal(size=(8, 2))
Y = X[:, 0] - X[:, 1]
WEIGHTS = np.array([1, 2, 0, 1, 3, 0, 1, 1])
REPEATED = np.repeat(np.arange(8), WEIGHTS)


class Line:
    def __init__(self):
        self.w = [Value(0.5), Value(-0.25), Value(0.0)]

    def parameters(self):
        return self.w

    def __call__(self, row):
        return self.w[0] * row[0] + self.w[1] * row[1] + self.w[2]


@pytest.mark.parametrize("make", [lambda: nn.MLP(2, [3, 1], rng=0), Line], ids=["a module", "called row by row"])
def test_a_fit_weighs_rows(make):
    weighed, repeated = make(), make()
    options = {"epochs": 30, "penalty": 1e-3}
    found = train.fit(weighed, X, Y, weights=WEIGHTS, validation=(X, Y, WEIGHTS), **options)
    expected = train.fit(repeated, X[REPEATED], Y[REPEATED], validation=(X[REPEATED], Y[REPEATED]), **options)
    np.testing.assert_allclose(found.loss, expected.loss, rtol=1e-10)
    np.testing.assert_allclose(found.val_loss, expected.val_loss, rtol=1e-10)
    for p, q in zip(weighed.parameters(), repeated.parameters()):
        assert p.data == pytest.approx(q.data, rel=1e-10)


def test_batches_and_rows_held_out_keep_their_weights():
    seen = []

    def loss(predictions, targets, weights):
        seen.append(dict(zip(targets.tolist(), weights.tolist())))
        return losses.mse(predictions, targets, weights=weights)

    weights = np.arange(1.0, 9.0)
    train.fit(nn.MLP(2, [1], rng=0), X, Y, loss=loss, weights=weights, epochs=1, batch_size=3, validation=0.25, seed=0)
    assert [len(batch) for batch in seen] == [3, 3, 2]
    assert {target: weight for batch in seen for target, weight in batch.items()} == dict(zip(Y, weights))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (WEIGHTS[:3], r"weights must have a number for each row of X, shape \(8,\), not \(3,\)"),
        (-WEIGHTS, "weights must be finite and at least 0, but that of row 0 is -1"),
        (0 * WEIGHTS, "weights must not all be 0: give one above 0"),
    ],
)
def test_weights_that_are_of_no_use(weights, message):
    with pytest.raises(ValueError, match=message):
        train.fit(nn.MLP(2, [1]), X, Y, weights=weights)


def test_a_loss_without_weights_is_refused():
    with pytest.raises(ValueError, match="loss must take weights="):
        train.fit(nn.MLP(2, [1]), X, Y, loss="root_of_squares", weights=WEIGHTS)

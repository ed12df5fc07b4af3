"""Weights of a loss's rows: a whole number counts a row so many times, and 0 leaves it out."""

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, losses, nn

WEIGHTS = np.array([1.0, 2.0, 0.0, 1.0, 3.0, 0.0])
REPEATED = np.repeat(np.arange(6), WEIGHTS.astype(int))
X = np.random.default_rng(0).normal(size=(6, 3))
LABELS = np.array([0, 1, 2, 0, 1, 2])
OF_ONE = {
    "mse": X[:, 0],
    "binary_cross_entropy": LABELS % 2,
    "binary_cross_entropy_with_logits": LABELS % 2,
    "hinge": 2 * (LABELS % 2) - 1,
}
OF_THREE = {"mse": X, "cross_entropy": LABELS, "probabilities": np.eye(3)[LABELS]}
CASES = [(name, 1, targets) for name, targets in OF_ONE.items()]
CASES += [(name, 3, targets) for name, targets in OF_THREE.items()]
every_loss = pytest.mark.parametrize(("name", "outputs", "targets"), CASES)


def loss_and_gradient(name, outputs, rows, *arguments, **options):
    loss = getattr(losses, "cross_entropy" if name == "probabilities" else name)
    model = nn.MLP(3, [4, outputs], output_activation="sigmoid" if name == "binary_cross_entropy" else None, rng=1)
    found = loss(model(rows), *arguments, **options)
    found.backward()
    return found.data, model.flat_grad


@every_loss
def test_a_weight_counts_a_row_so_many_times(name, outputs, targets):
    weighed, slopes = loss_and_gradient(name, outputs, X, targets, weights=WEIGHTS)
    repeated, expected = loss_and_gradient(name, outputs, X[REPEATED], targets[REPEATED])
    assert weighed == pytest.approx(repeated, rel=1e-14)
    assert np.abs(slopes - expected).max() <= 1e-14 * np.abs(expected).max()


@pytest.mark.parametrize("name", ["binary_cross_entropy_with_logits", "hinge"])
def test_a_sum_is_of_terms_times_weights(name):
    weighed, slopes = loss_and_gradient(name, 1, X, OF_ONE[name], "sum", weights=0.5 * WEIGHTS)
    repeated, expected = loss_and_gradient(name, 1, X[REPEATED], OF_ONE[name][REPEATED], "sum")
    assert weighed == pytest.approx(0.5 * repeated, rel=1e-14)
    assert np.abs(slopes - 0.5 * expected).max() <= 1e-14 * np.abs(expected).max()


def test_scalars_are_weighed_as_batches_are():
    a, b = Value(1.0), Value(2.0)
    losses.mse([a, b], [0.0, 4.0], weights=[3, 1]).backward()
    assert (a.grad, b.grad) == (1.5, -1.0)


def test_one_flat_row_of_logits_has_one_weight():
    row = [Value(0.0), Value(1.0), Value(2.0)]
    assert losses.cross_entropy(row, 1, weights=[7.0]).data == losses.cross_entropy(row, 1).data


def test_a_row_of_weight_0_is_left_out_where_its_loss_is_infinite():
    p = [Value(0.5), Value(0.0)]
    loss = losses.binary_cross_entropy(p, [1, 1], weights=[1.0, 0.0])
    loss.backward()
    assert (loss.data, p[0].grad, p[1].grad) == (losses.binary_cross_entropy([0.5], [1]), -2.0, 0.0)


def test_forward_and_recordings_weigh_too():
    p, q = Value(2.0), Value(1.0)
    loss = losses.mse([p, q], [0.0, 0.0], weights=[3.0, 1.0])
    p.data = 4.0
    loss.forward()
    assert loss.data == 12.25
    compiled = fastgrad.compile(lambda a, b: losses.mse([a, b], [0.0, 0.0], weights=[3.0, 1.0]))
    value, slopes = compiled.value_and_grad(4.0, 1.0, argnums=(0, 1))
    assert (value, slopes) == (12.25, (6.0, 0.5))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, 2.0], r"weights must be one number for each row of predictions, of shape \(3,\), not of shape \(2,\)"),
        ([1.0, -2.0, 1.0], "weights must be finite and at least 0, but row 1 is -2"),
        ([1.0, float("inf"), 1.0], "weights must be finite and at least 0, but row 1 is inf"),
        ([0.0, 0.0, 0.0], "weights must have a finite sum above 0, not 0"),
    ],
)
def test_weights_that_are_of_no_use(weights, message):
    with pytest.raises(ValueError, match=message):
        losses.mse([Value(1.0)] * 3, [0.0] * 3, weights=weights)

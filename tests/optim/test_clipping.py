"""Gradients are clipped by norm and by value, as plain formulas and torch do it."""

import math

import numpy as np
import pytest

import fastgrad
from fastgrad import Scalar, Value, nn, optim

GRADS = {
    "of some": [3.0, -4.0, 12.0, 0.5],
    "small": [1e-3, -2e-3, 0.0, 1e-4],
    "zero": [0.0, 0.0, -0.0, 0.0],
    "huge": [1e200, -1e200, 1e180, 0.0],
    "tiny": [1e-200, -1e-200, 0.0, 0.0],
}


def with_grads(grads):
    w = [Value(0.0) for _ in range(2)] + [Scalar(0.0) for _ in range(len(grads) - 2)]
    for x, grad in zip(w, grads):
        x.grad = grad
    return w


def plain_norm(grads, order):
    largest = max(map(abs, grads))
    if order == math.inf or largest == 0.0:
        return largest
    return largest * math.fsum((abs(grad) / largest) ** order for grad in grads) ** (1.0 / order)


@pytest.mark.parametrize("grads", GRADS.values(), ids=GRADS)
@pytest.mark.parametrize("order", [2.0, 1, 3.5, 0.5, math.inf])
@pytest.mark.parametrize("max_norm", [1.0, 0, 0.003, math.inf])
def test_gradients_are_clipped_by_norm(grads, order, max_norm):
    w = with_grads(grads)
    norm = optim.clip_grad_norm_(w, max_norm, order)
    assert norm == pytest.approx(plain_norm(grads, order), rel=1e-14)
    factor = min(1.0, max_norm / (norm + 1e-6))
    assert [x.grad for x in w] == pytest.approx([factor * grad for grad in grads], rel=1e-14, abs=0.0)


@pytest.mark.parametrize("grads", [GRADS["of some"], GRADS["small"], [1.0, math.nan], [1.0, math.inf]])
@pytest.mark.parametrize("order", [2.0, 1.0, 3.5, math.inf])
def test_gradients_are_clipped_by_norm_as_in_torch(grads, order):
    torch = pytest.importorskip("torch")
    theirs = [torch.zeros((), dtype=torch.float64, requires_grad=True) for _ in grads]
    for tensor, grad in zip(theirs, grads):
        tensor.grad = torch.tensor(grad, dtype=torch.float64)
    expected = torch.nn.utils.clip_grad_norm_(theirs, 0.5, norm_type=order).item()
    w = with_grads(grads)
    np.testing.assert_allclose(optim.clip_grad_norm_(w, 0.5, norm_type=order), expected, rtol=1e-12)
    np.testing.assert_allclose(fastgrad.grads(w), [tensor.grad.item() for tensor in theirs], rtol=1e-12)


def test_gradients_are_clipped_by_value():
    w = with_grads([3.0, -4.0, 0.5, -0.0, math.inf, -math.inf])
    optim.clip_grad_value_(w, 1)
    assert [x.grad for x in w] == [1.0, -1.0, 0.5, 0.0, 1.0, -1.0]
    w[0].grad = math.nan
    optim.clip_grad_value_(w[0], 1.0)
    assert math.isnan(w[0].grad)


def test_clipping_takes_modules_and_optimizers():
    model, x = nn.Neuron(1), Value(0.0)
    for params in (model, [model, x], optim.SGD([model, x])):
        model.flat_grad = [3.0, -4.0]
        assert optim.clip_grad_norm_(params, 10.0) == 5.0
        optim.clip_grad_value_(params, 2.0)
        assert model.flat_grad.tolist() == [2.0, -2.0]


@pytest.mark.parametrize("bad", [-1.0, math.nan, "1", None])
def test_a_bad_bound_is_refused(bad):
    w = with_grads([3.0, 4.0])
    for name, call in {
        "max_norm": lambda: optim.clip_grad_norm_(w, bad),
        "norm_type": lambda: optim.clip_grad_norm_(w, 1.0, bad),
        "clip_value": lambda: optim.clip_grad_value_(w, bad),
    }.items():
        with pytest.raises((TypeError, ValueError), match=f"^{name} must be"):
            call()
    with pytest.raises(ValueError, match="^norm_type must be above 0"):
        optim.clip_grad_norm_(w, 1.0, 0.0)
    assert [x.grad for x in w] == [3.0, 4.0]

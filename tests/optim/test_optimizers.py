"""Optimizers' steps, against plain formulas on the reference engine and against torch."""

import math

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, optim, reference
from fastgrad._layers.leaves import Leaves
from support.optimizing import (
    START,
    STEPS,
    Stretches,
    apart,
    each_setting,
    in_a_list,
    in_a_run,
    loss_of,
    mixed,
    started,
    train,
)


@pytest.fixture(params=[in_a_run, in_a_list, apart, mixed], ids=lambda given: given.__name__)
def given(request):
    return request.param


# The formulas, one parameter at a time.


class Formula:
    """An optimizer as the papers have it, on scalars of the reference engine."""

    def __init__(self, w, lr, weight_decay=0.0):
        self.w, self.lr, self.weight_decay, self.steps = w, lr, weight_decay, 0
        self.memory = [{} for _ in w]

    def zero_grad(self):
        for x in self.w:
            x.grad = 0.0

    def step(self):
        self.steps += 1
        for x, memory in zip(self.w, self.memory):
            x.data -= self.change(x.data, x.grad, memory)


class SGD(Formula):
    def __init__(self, w, lr, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False):
        super().__init__(w, lr, weight_decay)
        self.momentum, self.dampening, self.nesterov = momentum, dampening, nesterov

    def change(self, x, g, memory):
        g += self.weight_decay * x
        taken = 1.0 - self.dampening if memory else 1.0
        v = memory["v"] = self.momentum * memory.get("v", 0.0) + taken * g
        return self.lr * (g + self.momentum * v if self.nesterov else v)


class Adam(Formula):
    decoupled = False

    def __init__(self, w, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(w, lr, weight_decay)
        self.betas, self.eps = betas, eps

    def change(self, x, g, memory):
        shrinking = self.lr * self.weight_decay * x if self.decoupled else 0.0
        g += 0.0 if self.decoupled else self.weight_decay * x
        beta1, beta2 = self.betas
        m = memory["m"] = beta1 * memory.get("m", 0.0) + (1.0 - beta1) * g
        v = memory["v"] = beta2 * memory.get("v", 0.0) + (1.0 - beta2) * g**2
        m_hat, v_hat = m / (1.0 - beta1**self.steps), v / (1.0 - beta2**self.steps)
        return shrinking + self.lr * m_hat / (math.sqrt(v_hat) + self.eps)


class AdamW(Adam):
    decoupled = True

    def __init__(self, w, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(w, lr, betas, eps, weight_decay)


class RMSprop(Formula):
    def __init__(self, w, lr, alpha=0.99, eps=1e-8, weight_decay=0.0, momentum=0.0, centered=False):
        super().__init__(w, lr, weight_decay)
        self.alpha, self.eps, self.momentum, self.centered = alpha, eps, momentum, centered

    def change(self, x, g, memory):
        g += self.weight_decay * x
        square = memory["square"] = self.alpha * memory.get("square", 0.0) + (1.0 - self.alpha) * g**2
        mean = memory["mean"] = self.alpha * memory.get("mean", 0.0) + (1.0 - self.alpha) * g
        spread = square - mean**2 if self.centered else square
        v = memory["v"] = self.momentum * memory.get("v", 0.0) + g / (math.sqrt(spread) + self.eps)
        return self.lr * v


FORMULAS = {"SGD": SGD, "Adam": Adam, "AdamW": AdamW, "RMSprop": RMSprop}


@each_setting
def test_steps_are_those_of_the_formula(kind, settings, given):
    params, w = started(given)
    path = train(getattr(optim, kind)(params, **settings), w)
    expected_w = [reference.Value(x) for x in START]
    formula, expected = FORMULAS[kind](expected_w, **settings), []
    for step in range(STEPS):
        formula.zero_grad()
        loss_of(expected_w, step).backward()
        formula.step()
        expected.append([x.data for x in expected_w])
    np.testing.assert_allclose(path, expected, rtol=1e-12, atol=1e-12)


@each_setting
def test_steps_are_torchs(kind, settings):
    torch = pytest.importorskip("torch")
    params, w = started(in_a_run)
    path = train(getattr(optim, kind)(params, **settings), w)
    theirs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in START]
    optimizer, expected = getattr(torch.optim, kind)(theirs, **settings), []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss_of(theirs, step).backward()
        optimizer.step()
        expected.append([x.item() for x in theirs])
    np.testing.assert_allclose(path, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", FORMULAS)
def test_defaults_are_torchs(kind):
    torch = pytest.importorskip("torch")
    ours = getattr(optim, kind)(Value(1.0)).state_dict()
    theirs = getattr(torch.optim, kind)([torch.zeros(1)]).defaults
    if "betas" in theirs:
        theirs["beta1"], theirs["beta2"] = theirs["betas"]
    options = [name for name in ours if name in theirs]
    assert len(options) >= 5
    assert {name: ours[name] for name in options} == {name: theirs[name] for name in options}


# Nothing that happens on the tape disturbs an optimizer.


@each_setting
def test_collections_change_nothing(kind, settings, given):
    def collect():
        nonlocal garbage
        garbage = [Value(1.0) for _ in range(50)][::7]
        fastgrad.collect()

    garbage = [Value(1.0) for _ in range(1000)]
    params, w = started(given)
    path = train(getattr(optim, kind)(params, **settings), w, between=collect)
    params, w = started(given)
    assert path.tolist() == train(getattr(optim, kind)(params, **settings), w).tolist()


def test_an_optimizer_keeps_its_parameters():
    optimizer = optim.SGD([Value(float(k)) for k in range(5)] + [Stretches((Leaves(Value, 3), 0, 3))])
    fastgrad.collect()
    assert optimizer.parameters.data.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 0.0]


def test_only_the_optimizers_parameters_change():
    run = Leaves(Value, 4)
    before, own, after = run[0], run[1:3], run[3]
    for x in (before, *own, after):
        x.data = x.grad = 1.0
    optimizer = optim.SGD(Stretches((run, 1, 3)), lr=0.5)
    optimizer.step()
    optimizer.zero_grad()
    assert [x.data for x in run] == [1.0, 0.5, 0.5, 1.0]
    assert [x.grad for x in run] == [1.0, 0.0, 0.0, 1.0]


def test_a_step_in_the_middle_of_a_sweep():
    x = Value(1.0)
    optimizer = optim.SGD(x, lr=0.5)
    y = x * 2.0
    y._backward = lambda: (setattr(x, "grad", 4.0), optimizer.step())
    (y + 1.0).backward()
    assert x.data == -1.0


@pytest.mark.parametrize("kind", FORMULAS)
def test_a_gradient_of_nan_spoils_its_own_parameter_only(kind):
    x, y = Value(1.0), Value(1.0)
    x.grad, y.grad = math.nan, 1.0
    getattr(optim, kind)([x, y]).step()
    assert math.isnan(x.data)
    assert 0.9 < y.data < 1.0


class AdamOfTheHat(optim.Adam):
    _fixed = {"eps_hat": 1.0}


def test_adams_epsilon_hat_is_added_before_the_root_is_corrected():
    x = Value(1.0)
    x.grad = 1.0
    AdamOfTheHat([x], lr=0.25, eps=1.0).step()
    assert x.data == pytest.approx(1.0 - 0.25 * math.sqrt(0.001) / (math.sqrt(0.001) + 1.0), rel=1e-12)

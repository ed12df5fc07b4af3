"""Optimizers, clipping and schedules, against plain formulas on the reference engine, and against torch."""

import copy
import math
import pickle

import numpy as np
import pytest
from helpers import measures

import fastgrad
from fastgrad import Scalar, Value, nn, optim, reference
from fastgrad._layers.leaves import Run

START = [0.7, -1.3, 0.4, 1.1, -0.6, 0.2]
STEPS = 100

SETTINGS = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.05, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.05, "momentum": 0.7, "nesterov": True, "weight_decay": 0.01}),
    ("Adam", {"lr": 0.05}),
    ("Adam", {"lr": 0.02, "betas": (0.3, 0.7), "eps": 1e-3, "weight_decay": 0.1}),
    ("AdamW", {"lr": 0.05}),
    ("AdamW", {"lr": 0.02, "betas": (0.8, 0.99), "eps": 1e-6, "weight_decay": 0.5}),
    ("RMSprop", {"lr": 0.01}),
    ("RMSprop", {"lr": 0.01, "alpha": 0.3, "eps": 1e-4, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.01, "alpha": 0.8, "momentum": 0.5}),
    ("RMSprop", {"lr": 0.01, "alpha": 0.9, "centered": True}),
    ("RMSprop", {"lr": 0.01, "alpha": 0.4, "momentum": 0.5, "centered": True, "weight_decay": 0.01, "eps": 1e-4}),
]


def name_of(thing):
    return ", ".join(f"{k}={v}" for k, v in thing.items()) if isinstance(thing, dict) else str(thing)


each_setting = pytest.mark.parametrize(("kind", "settings"), SETTINGS, ids=name_of)


def loss_of(w, step):
    """A small network's loss, of scalars of any engine. At each step the data are others, and the gradients not 0."""
    hidden = (w[0] * math.cos(step) + w[1] * math.sin(2.0 * step) + w[2]).tanh()
    error = hidden * w[3] + w[4] - 0.8 * math.cos(3.0 * step)
    return error * error + w[5] * w[5] * 0.3 + w[5] * w[0] * math.sin(step)


# What the parameters may be given as.


def in_a_run():
    run = Run(Value, len(START) + 2)
    scalars = run[1:-1]
    return Stretches((run, 1, len(START) + 1)), scalars


def in_a_list():
    scalars = [Value(0.0) for _ in START]
    return scalars, scalars


def apart():
    scalars, between = [], []
    for _ in START:
        scalars.append(Scalar(0.0))
        between.append(Value(0.0))
    return iter(scalars[::-1]), scalars[::-1]


def mixed():
    run, single = Run(Value, 4), Value(0.0)
    return [Stretches((run, 3, 4), (run, 0, 2)), single, Stretches(Scalar(0.0), (run, 2, 3))], None


class Stretches:
    """A module, for what an optimizer wants of one."""

    def __init__(self, *stretches):
        self.stretches = stretches

    def _stretches(self):
        return self.stretches


def started(given):
    """Parameters, and their scalars, that begin at START."""
    params, _ = given()
    if given is apart:
        params = list(params)
    scalars = optim.SGD(params).parameters.scalars()
    fastgrad.set_values(scalars, START)
    return params, scalars


@pytest.fixture(params=[in_a_run, in_a_list, apart, mixed], ids=lambda given: given.__name__)
def given(request):
    return request.param


def train(optimizer, w, steps=STEPS, between=lambda: None):
    """Where the parameters are after each step."""
    path = []
    for step in range(steps):
        optimizer.zero_grad()
        loss_of(w, step).backward()
        between()
        optimizer.step()
        path.append(fastgrad.values(w))
    return np.array(path)


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
    optimizer = optim.SGD([Value(float(k)) for k in range(5)] + [Stretches((Run(Value, 3), 0, 3))])
    fastgrad.collect()
    assert optimizer.parameters.data.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 0.0]


def test_only_the_optimizers_parameters_change():
    run = Run(Value, 4)
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


# What parameters may be given as.


def test_a_module_and_its_list_of_parameters_are_the_same():
    model = nn.MLP(3, [4, 4, 1], rng=0)
    twin = copy.deepcopy(model)
    for params in (optim.Adam(model), optim.Adam(twin.parameters())):
        params.parameters.set_grad(np.arange(41.0))
        params.step()
    assert len(optim.SGD(model).parameters) == 41
    assert model.flat.tolist() == twin.flat.tolist()


def test_modules_and_scalars_may_be_mixed():
    x, first, second = Value(0.0), nn.Neuron(2), nn.Layer(2, 2)
    assert len(optim.SGD([first, x, second]).parameters) == 3 + 1 + 6
    assert len(optim.SGD(np.array([x, Scalar(1.0)])).parameters) == 2
    assert len(optim.SGD(first.w).parameters) == 2
    assert len(optim.SGD(x).parameters) == 1


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ([], r"params has no parameters: \[\]"),
        (Stretches(), "params has no parameters"),
        ([Stretches(), []], "a list of modules and scalars; .. of type list is neither"),
        (None, "None of type NoneType is neither"),
        (3.0, "3.0 of type float is neither"),
        ([Value(1.0), 2.0], "2.0 of type float is neither"),
        ("w", "'w' of type str is neither"),
        ({"w": Value(1.0)}, "'w' of type str is neither"),
        (nn.MLP, "of type type is neither"),
        ([np.zeros(3)], "of type ndarray is neither"),
        ([nn.MLP(1, [1]).named_parameters()], "of type generator is neither"),
        (
            [reference.Value(1.0)],
            "neither: it is of module fastgrad.reference; import Value from fastgrad",
        ),
    ],
    ids=repr,
)
@pytest.mark.parametrize("use", [optim.SGD, lambda params: optim.clip_grad_norm_(params, 1.0)])
def test_what_is_no_parameters_is_refused(params, complaint, use):
    with pytest.raises((TypeError, ValueError), match=complaint):
        use(params)


@pytest.mark.parametrize("use", [optim.SGD, lambda params: optim.clip_grad_value_(params, 1.0)])
def test_a_parameter_given_twice_is_refused(use):
    run = Run(Value, 5)
    x = run[2]
    x.data = 0.125
    for params in ([x, x], [x, Stretches((run, 0, 5))], [Stretches((run, 0, 3)), Stretches((run, 2, 4))]):
        with pytest.raises(ValueError, match=r"params has Value\(data=0.125, grad=0.0\) more than once"):
            use(params)


def test_a_result_is_no_parameter():
    x = Value(2.0)
    with pytest.raises(ValueError, match=r"params must be leaves, but Value\(data=4.0.* is the result of an operation"):
        optim.SGD([x, x * 2.0])


# Options.

NOT_NUMBERS = [("0.1", TypeError), (None, TypeError), (Value(0.1), TypeError), (1j, TypeError), ([0.1], TypeError)]
NEGATIVE = [(-0.1, ValueError), (math.nan, ValueError), (math.inf, ValueError), (-math.inf, ValueError)]
BAD = [
    *[
        ("SGD", name, *bad)
        for name in ("lr", "momentum", "dampening", "weight_decay")
        for bad in NEGATIVE + NOT_NUMBERS
    ],
    *[("Adam", name, *bad) for name in ("lr", "eps", "weight_decay") for bad in NEGATIVE + NOT_NUMBERS],
    *[("RMSprop", name, *bad) for name in ("lr", "eps", "momentum") for bad in NEGATIVE + NOT_NUMBERS],
    *[("RMSprop", "alpha", *bad) for bad in [(1.0, ValueError), *NEGATIVE, *NOT_NUMBERS]],
    *[("AdamW", "betas", (bad[0], 0.9), bad[1]) for bad in [(1.0, ValueError), *NEGATIVE, *NOT_NUMBERS]],
    *[("AdamW", "betas", (0.9, bad[0]), bad[1]) for bad in [(1.0, ValueError), *NEGATIVE, *NOT_NUMBERS]],
    *[("Adam", "betas", bad, ValueError) for bad in (0.9, (0.9,), (0.9, 0.99, 0.999), None)],
    *[("SGD", "nesterov", bad, TypeError) for bad in ("yes", 2, None, math.nan, np.ones(2), Value(1.0))],
    *[("RMSprop", "centered", bad, TypeError) for bad in ("yes", 2, None)],
]


@pytest.mark.parametrize(("kind", "name", "bad", "error"), BAD, ids=repr)
def test_a_bad_option_is_refused_by_its_name(kind, name, bad, error):
    with pytest.raises(error, match=f"^{name}"):
        getattr(optim, kind)([Value(1.0)], **{name: bad})


@pytest.mark.parametrize("others", [{}, {"momentum": 0.0}, {"momentum": 0.9, "dampening": 0.1}])
def test_nesterov_needs_momentum_without_dampening(others):
    with pytest.raises(ValueError, match="nesterov needs a momentum above 0 and a dampening of 0, not"):
        optim.SGD([Value(1.0)], nesterov=True, **others)


def test_the_learning_rate_can_be_set():
    x = Value(1.0)
    optimizer = optim.SGD(x)
    assert optimizer.lr == 1e-3
    optimizer.lr = 0.25
    x.grad = 1.0
    optimizer.step()
    assert x.data == 0.75
    for bad in [-1.0, math.nan, math.inf]:
        with pytest.raises(ValueError, match="^lr must be at least 0 and finite, not"):
            optimizer.lr = bad
    with pytest.raises(TypeError, match="^lr must be a real number, not 'fast' of type str"):
        optimizer.lr = "fast"
    assert optimizer.lr == 0.25


def test_a_learning_rate_of_zero_changes_nothing():
    x = Value(1.0)
    x.grad = 1.0
    optim.SGD(x, lr=0).step()
    assert x.data == 1.0


def test_the_representation_says_what_there_is():
    assert repr(optim.SGD(Value(0.0), momentum=1)) == (
        "SGD(1 parameter, lr=0.001, momentum=1.0, dampening=0.0, weight_decay=0.0, nesterov=False)"
    )
    assert repr(optim.Adam(nn.MLP(3, [4, 4, 1]))).startswith("Adam(41 parameters, lr=0.001, beta1=0.9, ")


def test_an_optimizer_is_one_of_the_four():
    with pytest.raises(TypeError, match="make an SGD, Adam, AdamW or RMSprop"):
        optim.Optimizer([Value(1.0)])


def test_an_optimizer_that_was_not_initialized_says_so():
    blank = optim.SGD.__new__(optim.SGD)
    for use in (blank.step, blank.zero_grad, blank.state_dict):
        with pytest.raises(TypeError, match="this SGD has no parameters: its __init__ was not called"):
            use()


def test_an_optimizer_may_be_initialized_again():
    x, y = Value(1.0), Value(1.0)
    optimizer = optim.SGD([x], lr=1.0, momentum=0.5)
    optimizer.__init__([x, y], lr=0.5)
    x.grad = y.grad = 1.0
    optimizer.step()
    assert (x.data, y.data) == (0.5, 0.5)


# State.


def saved(state, tmp_path):
    np.savez(tmp_path / "state.npz", **state)
    with np.load(tmp_path / "state.npz") as loaded:
        return dict(loaded)


@each_setting
@pytest.mark.parametrize("by_file", [False, True])
def test_an_optimizer_goes_on_from_its_state_bit_for_bit(kind, settings, by_file, tmp_path):
    params, w = started(in_a_list)
    optimizer = getattr(optim, kind)(params, **settings)
    train(optimizer, w, 10)
    state, middle = optimizer.state_dict(), fastgrad.values(w)
    kept = copy.deepcopy(state)
    expected = train(optimizer, w, 10)
    fastgrad.set_values(w, middle)
    other = getattr(optim, kind)(params)
    other.load_state_dict(saved(state, tmp_path) if by_file else state)
    np.testing.assert_equal(state, kept)
    assert other.lr == settings["lr"]
    assert train(other, w, 10).tolist() == expected.tolist()


def test_a_state_is_of_plain_numbers_and_arrays():
    state = optim.RMSprop([Value(0.0)] * 1, momentum=0.5, centered=True).state_dict()
    assert list(state) == [
        *("lr", "alpha", "eps", "weight_decay", "momentum", "centered", "steps"),
        *("square_avg", "grad_avg", "momentum_buffer"),
    ]
    assert {type(entry) for entry in state.values()} == {float, bool, int, np.ndarray}


def test_a_state_has_only_the_arrays_that_are_used():
    arrays = {"momentum_buffer", "square_avg", "grad_avg"}
    x = Value(0.0)
    assert arrays & set(optim.SGD(x).state_dict()) == set()
    assert arrays & set(optim.RMSprop(x).state_dict()) == {"square_avg"}


def without(state, name):
    return {key: entry for key, entry in state.items() if key != name}


@pytest.mark.parametrize(
    ("change", "error", "complaint"),
    [
        (lambda state: None, TypeError, "state_dict must be a dict, not None of type NoneType"),
        (lambda state: list(state), TypeError, r"state_dict must be a dict, not \['lr'.* of type list"),
        (lambda state: without(state, "lr"), ValueError, "state_dict has no 'lr'"),
        (lambda state: without(state, "steps"), ValueError, "state_dict has no 'steps'"),
        (lambda state: without(state, "momentum_buffer"), ValueError, "state_dict has no 'momentum_buffer'"),
        (lambda state: state | {"exp_avg": np.zeros(2)}, ValueError, "state_dict has 'exp_avg', which SGD does not"),
        (lambda state: state | {"momentum": 0.0}, ValueError, "state_dict has 'momentum_buffer', which SGD does not"),
        (lambda state: state | {"lr": -1.0}, ValueError, "lr must be at least 0"),
        (lambda state: state | {"lr": "1"}, TypeError, "lr must be a real number"),
        (lambda state: state | {"steps": 1.5}, ValueError, "steps must be a whole number, not 1.5"),
        (lambda state: state | {"steps": -1}, ValueError, "steps must be at least 0"),
        (lambda state: state | {"momentum_buffer": np.zeros(3)}, ValueError, r"momentum_buffer .*\(2,\), not \(3,\)"),
        (lambda state: state | {"momentum_buffer": ["a", "b"]}, TypeError, "momentum_buffer must be an array of real"),
        (lambda state: optim.Adam(Value(1.0)).state_dict(), ValueError, "state_dict has no 'momentum'"),
    ],
)
def test_a_bad_state_is_refused_and_changes_nothing(change, error, complaint):
    w = [Value(1.0), Value(2.0)]
    optimizer = optim.SGD(w, lr=0.5, momentum=0.5)
    w[0].grad = 1.0
    optimizer.step()
    before = optimizer.state_dict()
    with pytest.raises(error, match=complaint):
        optimizer.load_state_dict(change(before | {"lr": 0.25}))
    np.testing.assert_equal(optimizer.state_dict(), before)


def test_an_optimizer_copied_with_its_module_keeps_to_it(copied):
    model = nn.MLP(2, [3, 1], rng=1)
    optimizer = optim.Adam(model, lr=0.1)
    model([1.0, 2.0]).backward()
    optimizer.step()
    optimizer.note = [optimizer]
    twin, its_optimizer = copied((model, optimizer))
    assert type(its_optimizer) is optim.Adam
    assert its_optimizer.note[0] is its_optimizer
    for net, steps in ((model, optimizer), (twin, its_optimizer)):
        steps.zero_grad()
        net([1.0, 2.0]).backward()
        steps.step()
    assert twin.flat.tolist() == model.flat.tolist()
    twin.flat = np.zeros(13)
    assert its_optimizer.parameters.data.tolist() == [0.0] * 13


def test_an_optimizer_copied_with_scalars_keeps_to_them(copied):
    w = [Value(1.0), Value(2.0)]
    optimizer = optim.SGD(w, lr=0.5)
    twins, its_optimizer = copied((w, optimizer))
    twins[1].grad = 1.0
    its_optimizer.step()
    assert [x.data for x in twins] == [1.0, 1.5]
    assert [x.data for x in w] == [1.0, 2.0]


# Clipping.

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


# Schedules.

SCHEDULES = [
    ("ConstantLR", {}, lambda t: 0.3 * (1 / 3 if t < 5 else 1.0)),
    ("ConstantLR", {"factor": 0.25, "total_iters": 20}, lambda t: 0.3 * (0.25 if t < 20 else 1.0)),
    ("StepLR", {"step_size": 7}, lambda t: 0.3 * 0.1 ** (t // 7)),
    ("StepLR", {"step_size": 1, "gamma": 0.9}, lambda t: 0.3 * 0.9**t),
    ("CosineAnnealingLR", {"T_max": 50}, lambda t: 0.15 + 0.15 * math.cos(math.pi * t / 50)),
    (
        "CosineAnnealingLR",
        {"T_max": 8, "eta_min": 0.1},
        lambda t: 0.1 + 0.1 * (1 + math.cos(math.pi * (t % 16) / 8)),
    ),
    ("LinearLR", {}, lambda t: 0.3 * (1 / 3 + 2 / 3 * min(t, 5) / 5)),
    (
        "LinearLR",
        {"start_factor": 0.9, "end_factor": 0.1, "total_iters": 30},
        lambda t: 0.3 * (0.9 - 0.8 * min(t, 30) / 30),
    ),
]
each_schedule = pytest.mark.parametrize(("kind", "settings", "formula"), SCHEDULES, ids=name_of)


@each_schedule
def test_learning_rates_are_those_of_the_formula(kind, settings, formula):
    optimizer = optim.SGD(Value(1.0), lr=0.3)
    schedule = getattr(optim, kind)(optimizer, **settings)
    for epoch in range(51):
        assert optimizer.lr == pytest.approx(formula(epoch), rel=1e-12, abs=1e-16)
        assert schedule.get_last_lr() == [optimizer.lr]
        assert schedule.epoch == epoch
        schedule.step()


@each_schedule
@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step")
def test_learning_rates_are_torchs(kind, settings, formula):
    torch = pytest.importorskip("torch")
    ours = optim.Adam(Value(1.0), lr=0.3)
    schedule = getattr(optim, kind)(ours, **settings)
    theirs = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    their_schedule = getattr(torch.optim.lr_scheduler, kind)(theirs, **settings)
    for _ in range(51):
        assert schedule.get_last_lr() == pytest.approx(their_schedule.get_last_lr(), rel=1e-12, abs=1e-15)
        schedule.step()
        their_schedule.step()


def test_a_learning_rate_set_by_hand_lasts_until_the_next_epoch():
    optimizer = optim.SGD(Value(1.0), lr=1.0)
    schedule = optim.StepLR(optimizer, step_size=1, gamma=0.5)
    optimizer.lr = 0.75
    assert schedule.get_last_lr() == [1.0]
    schedule.step()
    assert optimizer.lr == 0.5


def test_a_schedule_is_copied_with_its_optimizer():
    schedule = optim.LinearLR(optim.SGD(Value(1.0), lr=1.0), start_factor=0.5, total_iters=2)
    schedule.step()
    twin = pickle.loads(pickle.dumps(schedule))
    twin.step()
    assert (twin.optimizer.lr, schedule.optimizer.lr) == (1.0, 0.75)
    assert repr(schedule) == "LinearLR(base_lr=1.0, epoch=1, start_factor=0.5, end_factor=1.0, total_iters=2)"


@pytest.mark.parametrize(
    ("kind", "settings", "error", "complaint"),
    [
        ("ConstantLR", {"factor": -1.0}, ValueError, "factor must be at least 0"),
        ("ConstantLR", {"total_iters": 0}, ValueError, "total_iters must be at least 1, not 0"),
        ("StepLR", {"step_size": 0}, ValueError, "step_size must be at least 1, not 0"),
        ("StepLR", {"step_size": 2.5}, TypeError, "step_size must be a whole number, not 2.5 of type float"),
        ("StepLR", {"step_size": 1, "gamma": math.nan}, ValueError, "gamma must be at least 0"),
        ("CosineAnnealingLR", {"T_max": -3}, ValueError, "T_max must be at least 1, not -3"),
        ("CosineAnnealingLR", {"T_max": 3, "eta_min": -1e-9}, ValueError, "eta_min must be at least 0"),
        ("LinearLR", {"start_factor": math.inf}, ValueError, "start_factor must be at least 0 and finite, not inf"),
        ("LinearLR", {"end_factor": "1"}, TypeError, "end_factor must be a real number"),
        ("LinearLR", {"total_iters": None}, TypeError, "total_iters must be a whole number"),
    ],
)
def test_a_bad_schedule_is_refused_and_changes_nothing(kind, settings, error, complaint):
    optimizer = optim.SGD(Value(1.0), lr=1.0)
    with pytest.raises(error, match=f"^{complaint}"):
        getattr(optim, kind)(optimizer, **settings)
    assert optimizer.lr == 1.0


def test_a_schedule_is_of_an_optimizer():
    with pytest.raises(TypeError, match="optimizer must be an Optimizer, not 0.1 of type float"):
        optim.StepLR(0.1, 1)
    with pytest.raises(TypeError, match="make a StepLR or another one"):
        optim.Schedule(optim.SGD(Value(1.0)))


# Time.


@measures
@pytest.mark.parametrize("kind", ["SGD", "Adam", "RMSprop"])
def test_a_step_of_a_large_module_takes_nanoseconds_a_parameter(kind):
    import timeit

    optimizer = getattr(optim, kind)(Stretches((Run(Value, 100_000), 0, 100_000)))
    seconds = min(timeit.repeat(optimizer.step, number=1, repeat=20))
    assert seconds < 100_000 * 20e-9

"""`fit` with models that it calls row by row: recorded once, replayed after, with the numbers of plain calls."""

import random
import warnings

import numpy as np
import pytest

from fastgrad import Value, losses, math, nn, optim, train

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = np.tanh(X @ [1.0, -2.0, 0.5]) + 0.1 * X[:, 0] ** 2


class Net:
    """A network as users write it: branches included."""

    def __init__(self, width=4, outputs=1):
        draw = random.Random(1)
        self.hidden = [[Value(draw.uniform(-1, 1)) for _ in range(4)] for _ in range(width)]
        self.last = [[Value(draw.uniform(-1, 1)) for _ in range(width + 1)] for _ in range(outputs)]
        self.calls = 0

    def __call__(self, row):
        self.calls += 1
        sums = [sum((w * x for w, x in zip(ws, row)), b) for *ws, b in self.hidden]
        bent = [z if z > 0 else 0.1 * z for z in sums]
        results = [sum((w * x for w, x in zip(ws, bent)), b) for *ws, b in self.last]
        return results if len(results) > 1 else results[0]

    def parameters(self):
        return [p for ws in self.hidden + self.last for p in ws]


def trained(make, compiled, X=X, y=Y, **options):
    """Fit a new model; return it, its history and its parameters' numbers."""
    model = make()
    history = train.fit(model, X, y, compiled=compiled, **{"epochs": 20, "lr": 0.05, **options})
    return model, history, [p.data for p in model.parameters()]


def check_same(make, expected=True, **options):
    """The same losses and parameters, replayed and by plain calls; was it replayed up to the end, as expected?"""
    (model, found, numbers), (_, plain, plain_numbers) = trained(make, True, **options), trained(make, False, **options)
    assert found.compiled is expected
    assert not plain.compiled
    for name in ("loss", "val_loss", "metric", "val_metric"):
        np.testing.assert_allclose(getattr(found, name), getattr(plain, name), rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(numbers, plain_numbers, rtol=1e-10, atol=1e-13)
    return model


# What is replayed.


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"batch_size": 7, "seed": 1},
        {"optimizer": "adam", "penalty": 1e-3},
        {"validation": 0.25, "seed": 2, "patience": 3},
        {"metric": lambda predictions, targets: np.abs(predictions - targets).max(), "validation": (X[:5], Y[:5])},
        {"loss": "sum_of_squares", "lr": 1e-3},
        {"loss": lambda p, t: sum((a - b) ** 4 for a, b in zip(p, t)) / len(t), "lr": 1e-3},
        {"penalty": lambda model: model.last[0][0] ** 2, "callbacks": [lambda epoch, history: epoch == 9]},
    ],
    ids=lambda options: ", ".join(options) or "defaults",
)
def test_the_numbers_are_those_of_plain_calls(options):
    check_same(Net, **options)


def test_models_of_several_outputs():
    labels = (Y > 0).astype(int)
    check_same(lambda: Net(outputs=2), y=labels, loss="cross_entropy", metric="accuracy")
    check_same(lambda: Net(outputs=2), y=np.stack([Y, -Y], axis=1), loss=lambda p, t: losses.mse(p, t) * 2.0)


def test_modules_that_take_single_rows_only():
    class Squared(nn.Module):
        def __init__(self):
            self.inner = nn.MLP(3, [4, 1], rng=0)

        def __call__(self, row):
            return self.inner(row) ** 2 + self.inner([0.0, 0.0, 1.0])

    check_same(Squared)


def test_a_model_is_called_seldom():
    model, history, _ = trained(Net, True, epochs=1000)
    assert history.compiled
    assert model.calls < 5 * len(X)
    model, history, _ = trained(Net, False, epochs=3)
    assert model.calls >= 3 * len(X)


def test_few_rows_are_not_recorded():
    assert not trained(Net, True, X=X[:4], y=Y[:4], epochs=2)[1].compiled


# What is not.


class Frozen(Net):
    """Reads its parameters off as plain numbers."""

    def __call__(self, row):
        return super().__call__(row) * float(self.last[0][0].data > 0.0)


class Noisy(Net):
    """Draws random numbers."""

    def __init__(self):
        super().__init__()
        self.random = random.Random(3)

    def __call__(self, row):
        self.noise = self.random.random()  # one for each call
        return super().__call__(row) * (1.0 + self.noise)


class Derived(Net):
    """Uses scalars that were computed beforehand."""

    def __init__(self):
        super().__init__()
        self.seed = Value(0.5)
        self.scale = self.seed.exp()

    def __call__(self, row):
        return super().__call__(row) * self.scale

    def parameters(self):
        return [*super().parameters(), self.seed]


class Winding(Net):
    """Goes another way for every row."""

    def __call__(self, row):
        result = super().__call__(row)
        for k in range(12):
            if math.sin(row[0] * (k + 1) * 37.0) > 0:
                result = result + self.last[0][0] * 0.001
        return result


@pytest.mark.parametrize("model", [Frozen, Derived])
def test_a_model_that_cannot_be_recorded_is_called_plainly(model):
    check_same(model, expected=False)


def test_a_model_that_draws_random_numbers_is_called_plainly():
    model, history, _ = trained(Noisy, True, epochs=5)
    assert not history.compiled
    assert model.calls > 5 * len(X)


def test_a_model_of_too_many_paths_is_called_plainly_without_a_warning():
    rows = RNG.normal(size=(400, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_same(Winding, expected=False, X=rows, y=rows[:, 0], epochs=3)


def test_a_callback_may_change_the_model():
    def make():
        model = Net()
        model.factor = 1.0
        plain = model.__class__.__call__
        model.__class__ = type("Scaled", (Net,), {"__call__": lambda self, row: plain(self, row) * self.factor})
        return model

    def fitted(compiled):
        model = make()

        def change(epoch, history):
            if epoch == 6:
                model.factor = 0.5

        return train.fit(model, X, Y, epochs=20, lr=0.05, callbacks=[change], compiled=compiled)

    found, plain = fitted(True), fitted(False)
    assert not found.compiled
    np.testing.assert_allclose(found.loss, plain.loss, rtol=1e-10)


# Losses that are not finite.


def test_a_loss_that_is_not_finite_is_told_of_as_after_plain_calls():
    messages = []
    for compiled in (True, False):
        with pytest.raises(train.TrainingError) as caught:
            trained(Net, compiled, lr=1e3, epochs=500)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_a_validation_that_is_not_finite_is_computed_plainly():
    def fitted(compiled):
        w = Value(1.0)
        rows = [[1.0]] * 70
        return train.fit(
            lambda row: (w * row[0]).exp(), rows, [2.7] * 70, optimizer=optim.SGD([w], lr=0.1), epochs=5,
            validation=([[1e4]], [0.0]), compiled=compiled,
        )  # fmt: skip

    for compiled in (True, False):
        with pytest.raises(train.TrainingError, match="validation: .*OverflowError"):
            fitted(compiled)


# What a model, a loss, a schedule of one's own may do.


class Row:
    """A model of three numbers that returns a list of one."""

    def __init__(self):
        self.w = [Value(0.0) for _ in range(3)]

    def __call__(self, row):
        return [self.w[0] * row[0] + self.w[1] * row[1] + self.w[2]]

    def parameters(self):
        return self.w


def test_a_list_of_one_result_keeps_its_shape():
    def metric(predictions, targets):
        assert predictions.shape == targets.shape
        return np.mean((predictions - targets) ** 2)

    for batch_size in (None, 1):
        check_same(Row, y=Y[:, None], metric=metric, batch_size=batch_size, seed=0)


def test_rows_that_the_loss_does_not_use_have_no_gradient():
    class Root:
        def __init__(self):
            self.w = [Value(1.0), Value(0.5)]

        def __call__(self, row):
            return math.sqrt(math.relu(self.w[0] * row[0])) + self.w[1]

        def parameters(self):
            return self.w

    def masked(predictions, targets):
        used = [(p - t) ** 2 for p, t in zip(predictions, targets) if t >= 0.0]
        return sum(used) / len(used)

    y = np.where(X[:, 0] > 0.1, np.sqrt(2.0 * np.abs(X[:, 0])), -1.0)
    check_same(Root, y=y, loss=masked)


def test_a_model_that_overflows_later_on_raises_a_training_error():
    class Power:
        def __init__(self):
            self.w = [Value(0.1)]

        def __call__(self, row):
            return math.exp(self.w[0] * row[0])

        def parameters(self):
            return self.w

    for compiled in (True, False):
        with pytest.raises(train.TrainingError) as caught:
            trained(Power, compiled, X=np.ones((70, 1)), y=np.full(70, 2.0), epochs=40, lr=1000.0)
        assert caught.value.history is not None


class Cooling(Net):
    def __init__(self):
        super().__init__()
        self.factor = 1.0

    def __call__(self, row):
        return super().__call__(row) * self.factor


@pytest.mark.parametrize("where", ["schedule", "loss", "penalty", "metric"])
def test_a_change_of_the_model_by_the_users_code_is_noticed(where):
    def make():
        model = Cooling()
        makers.append(model)
        return model

    def change(*_):
        makers[-1].factor *= 0.95
        return 0.0

    class Schedule:
        step = staticmethod(change)

    def own_loss(predictions, targets):
        loss = losses.mse(predictions, targets)
        change()
        return loss

    def own_penalty(model):
        change()
        return model.last[0][0] * 0.0

    makers = []
    options = {
        "schedule": {"schedule": Schedule()},
        "loss": {"loss": own_loss},
        "penalty": {"penalty": own_penalty},
        "metric": {"metric": change},
    }[where]
    check_same(make, expected=False, **options)


def test_data_in_columns_are_replayed_too():
    model, history, numbers = trained(Net, True, X=np.asfortranarray(X))
    assert history.compiled
    assert numbers == trained(Net, True)[2]


def test_a_first_batch_that_raises_is_not_replayed():
    def broken(row):
        raise ZeroDivisionError("always")

    with pytest.raises(train.TrainingError) as caught:
        train.fit(broken, X, Y, optimizer=optim.SGD([Value(1.0)], lr=0.1))
    assert not caught.value.history.compiled


def test_a_loss_that_asks_no_row_for_a_gradient_changes_nothing():
    class Steep:
        def __init__(self):
            self.w = [Value(50.0), Value(0.0)]

        def __call__(self, row):
            return self.w[0] * row[0] + self.w[1] if row[0] > 0 else self.w[0] * row[0] - self.w[1]

        def parameters(self):
            return self.w

    rows = np.concatenate([np.linspace(1.0, 2.0, 30), -np.linspace(1.0, 2.0, 30)])[:, None]
    model = check_same(Steep, X=rows, y=np.sign(rows[:, 0]), loss="hinge")
    assert [p.data for p in model.w] == [50.0, 0.0]

"""What `train.fit` does with models, batches, losses, metrics and validation data."""

import functools

import numpy as np
import pytest

from fastgrad import Value, losses, nn, optim, train

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.5, 0.2], [0.1, 0.9], [0.3, 0.3]])
Y = np.array([0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0])


def network(*widths, **options):
    return nn.MLP(2, list(widths or (3, 1)), rng=0, **options)


class Line:
    """A class as users write it: one row at a time, plain arithmetic."""

    def __init__(self, inputs=2):
        self.w = [Value(0.1 * (k + 1)) for k in range(inputs)]
        self.b = Value(0.0)

    def __call__(self, row):
        assert type(row) is list
        return sum((w * x for w, x in zip(self.w, row)), self.b)

    def parameters(self):
        return [*self.w, self.b]


class Scores(Line):
    """Two outputs."""

    def __call__(self, row):
        return [self.w[0] * row[0] + self.b, self.w[1] * row[1]]


class Factor:
    """Predicts its inputs, so that a test can say what is predicted."""

    def __init__(self):
        self.factor = Value(1.0)

    def __call__(self, row):
        outputs = [self.factor * x for x in row]
        return outputs if len(outputs) > 1 else outputs[0]

    def parameters(self):
        return [self.factor]


def numbers(model):
    return [p.data for p in model.parameters()]


def by_hand(model, batches_of_epoch, loss=losses.mse, lr=0.1, epochs=5):
    """The loop that `fit` stands for; returns the loss of every step, epoch by epoch."""
    optimizer, steps = optim.SGD(model if isinstance(model, nn.Module) else model.parameters(), lr=lr), []
    for _ in range(epochs):
        steps.append([])
        for rows, targets in batches_of_epoch():
            value = loss(model(rows) if isinstance(model, nn.Module) else [model(row) for row in rows], targets)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            steps[-1].append(value.data)
    return steps


# Steps and batches.


def test_the_whole_data_at_once_is_the_loop_written_by_hand():
    model, expected = network(), network()
    history = train.fit(model, X, Y, epochs=5)
    steps = by_hand(expected, lambda: [(X, Y)])
    assert history.loss.tolist() == [loss for (loss,) in steps]
    assert model.flat.tolist() == expected.flat.tolist()


def test_batches_in_order_are_the_loop_written_by_hand():
    model, expected = network(), network()
    history = train.fit(model, X, Y, epochs=5, batch_size=3, shuffle=False)
    steps = by_hand(expected, lambda: [(X[:3], Y[:3]), (X[3:6], Y[3:6]), (X[6:], Y[6:])])
    assert history.loss == pytest.approx([np.average(epoch, weights=[3, 3, 1]) for epoch in steps], rel=1e-15)
    assert model.flat.tolist() == expected.flat.tolist()


def test_shuffled_batches_are_drawn_by_the_generator():
    rng = np.random.default_rng(5)

    def batches():
        order = rng.permutation(len(X))
        return [(X[order[k : k + 4]], Y[order[k : k + 4]]) for k in (0, 4)]

    model, expected = network(), network()
    train.fit(model, X, Y, epochs=5, batch_size=4, seed=np.random.default_rng(5))
    by_hand(expected, batches)
    assert model.flat.tolist() == expected.flat.tolist()


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_same_seed_gives_the_same_numbers(optimizer):
    def fitted(seed):
        model = network()
        options = {"batch_size": 2, "validation": 0.3, "optimizer": optimizer, "metric": "accuracy"}
        history = train.fit(model, X, Y, epochs=8, seed=seed, **options)
        return model.flat.tolist(), history.loss.tolist(), history.val_loss.tolist()

    assert fitted(3) == fitted(3)
    assert fitted(3)[0] != fitted(4)[0]


@pytest.mark.parametrize("model", [Factor(), nn.MLP(1, [1], rng=0)], ids=["row by row", "module"])
def test_every_epoch_takes_each_row_once_with_its_target(model):
    rows = np.arange(10.0)[:, None]
    seen = []

    def loss(predictions, targets):
        seen.append(list(targets))
        return losses.mse(predictions, targets)

    train.fit(model, rows, rows[:, 0], loss=loss, lr=1e-9, epochs=4, batch_size=4, seed=0)
    assert [len(targets) for targets in seen] == [4, 4, 2] * 4
    epochs = [sum(seen[k : k + 3], []) for k in range(0, 12, 3)]
    assert all(sorted(epoch) == rows[:, 0].tolist() for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4


def test_rows_and_targets_stay_together():
    rows, seen = np.arange(10.0)[:, None], []

    def metric(predictions, targets):
        seen.append((predictions.tolist(), targets.tolist()))
        return 0.0

    options = {"epochs": 1, "lr": 0.0 + 1e-300, "batch_size": 3, "seed": 1}
    train.fit(Factor(), rows, rows[:, 0], metric=metric, **options)
    (predictions, targets) = seen[0]
    assert predictions == targets
    assert sorted(predictions) == rows[:, 0].tolist() != predictions


def test_a_batch_may_be_larger_than_the_data():
    model, expected = network(), network()
    train.fit(model, X, Y, batch_size=100, shuffle=False, epochs=5)
    by_hand(expected, lambda: [(X, Y)])
    assert model.flat.tolist() == expected.flat.tolist()


def test_the_whole_data_are_not_copied_for_each_step():
    model, seen = network(), []

    def loss(predictions, targets):
        seen.append(targets)
        return losses.mse(predictions, targets)

    train.fit(model, X, Y, loss=loss, epochs=3)
    assert seen[0] is seen[1] is seen[2]


def test_the_data_may_be_lists_and_stay_as_they_are():
    rows, targets = X.copy(), Y.copy()
    assert train.fit(network(), X.tolist(), Y.tolist(), epochs=3).loss.tolist() == (
        train.fit(network(), rows, targets, epochs=3).loss.tolist()
    )
    assert (rows == X).all()
    assert (targets == Y).all()


# Models, losses, optimizers.


def test_a_users_own_class_is_called_row_by_row():
    model, expected = Line(), Line()
    history = train.fit(model, X, Y, epochs=5)
    steps = by_hand(expected, lambda: [(X.tolist(), Y.tolist())])
    assert history.loss.tolist() == [loss for (loss,) in steps]
    assert numbers(model) == numbers(expected)


def test_a_users_own_class_with_several_outputs():
    model = Scores()
    history = train.fit(model, X, Y.astype(int), loss="cross_entropy", lr=0.5, epochs=50, metric="accuracy")
    assert history.loss[-1] < history.loss[0]
    assert history.metric[-1] > 0.5


class Scaled(nn.Module):
    """A module with arithmetic of its own, which is of single rows."""

    def __init__(self):
        self.inner = nn.Layer(2, 1, rng=0)
        self.scale = Value(3.0)

    def __call__(self, x):
        return self.inner(x) * self.scale


class Wrapped(nn.Module):
    """A module that passes on what it is given."""

    def __init__(self):
        self.inner = network()
        self.given = []

    def __call__(self, x):
        self.given.append(len(x))
        return self.inner(x)


def test_a_module_that_computes_with_single_rows_is_called_with_them():
    model, expected = Scaled(), Scaled()
    train.fit(model, X, Y, epochs=3)
    train.fit(expected.__call__, X, Y, optimizer=optim.SGD(expected, lr=0.1), epochs=3)
    assert model.flat.tolist() == expected.flat.tolist()


def test_a_module_that_takes_batches_is_called_with_them():
    model, expected = Wrapped(), network()
    train.fit(model, X, Y, epochs=3)
    train.fit(expected, X, Y, epochs=3)
    assert model.flat.tolist() == expected.flat.tolist()
    assert model.given[-3:] == [7, 7, 7]


def test_a_function_needs_an_optimizer():
    w = Value(0.0)
    with pytest.raises(TypeError, match="model must have a method parameters"):
        train.fit(lambda row: w * row[0], [[1.0], [2.0]], [2.0, 4.0])
    history = train.fit(lambda row: w * row[0], [[1.0], [2.0]], [2.0, 4.0], optimizer=optim.SGD([w], lr=0.1))
    assert w.data == pytest.approx(2.0)
    assert history.lr[0] == 0.1


@pytest.mark.parametrize(
    "name", ["mse", "sum_of_squares", "root_of_squares", "hinge", "binary_cross_entropy_with_logits"]
)
def test_a_loss_by_name_is_the_function_of_that_name(name):
    targets = 2.0 * Y - 1.0 if name == "hinge" else Y
    model, expected = network(), network()
    train.fit(model, X, targets, loss=name, lr=0.01, epochs=3)
    by_hand(expected, lambda: [(X, targets)], loss=getattr(losses, name), lr=0.01, epochs=3)
    assert model.flat.tolist() == expected.flat.tolist()


def test_labels_of_classes_may_be_whole_numbers():
    history = train.fit(network(4, 3), X, np.arange(7) % 3, loss="cross_entropy", epochs=3)
    assert history.loss[2] < history.loss[0]


@pytest.mark.parametrize("labels", [[0, 1, 2], [False, True, True]], ids=["ints", "bools"])
def test_a_loss_of_ones_own_can_index_with_whole_numbers(labels):
    def loss(predictions, targets):
        return sum(-row[target] for row, target in zip(predictions, targets))

    history = train.fit(network(4, 3), X[:3], labels, loss=loss, epochs=3)
    assert history.loss[2] < history.loss[0]


@pytest.mark.parametrize(
    ("name", "make"),
    [(None, optim.SGD), ("sgd", optim.SGD), ("adam", optim.Adam), ("adamw", optim.AdamW), ("rmsprop", optim.RMSprop)],
)
def test_an_optimizer_by_name_is_the_class_of_that_name(name, make):
    model, expected = network(), network()
    train.fit(model, X, Y, optimizer=name, lr=0.02, epochs=4)
    train.fit(expected, X, Y, optimizer=make(expected, lr=0.02), epochs=4)
    assert model.flat.tolist() == expected.flat.tolist()


def test_learning_rates_that_are_not_given():
    assert train.fit(network(), X, Y, epochs=1).lr.tolist() == [0.1]
    model = network()
    assert train.fit(model, X, Y, optimizer="adam", epochs=1).lr.tolist() == [optim.Adam(model).lr]


def test_a_penalty_is_added_to_the_training_loss_only():
    model = network()
    start = losses.l2_penalty(model, 0.5).data + losses.mse(model(X), Y).data
    history = train.fit(model, X, Y, penalty=0.5, validation=(X, Y), epochs=1)
    assert history.loss[0] == pytest.approx(start, rel=1e-15)
    assert history.val_loss[0] == losses.mse(model(X), Y).data


def test_a_penalty_as_a_function_of_the_model():
    model, expected = Line(), Line()
    train.fit(model, X, Y, penalty=0.5, epochs=4)
    train.fit(expected, X, Y, penalty=lambda line: losses.l2_penalty(line.parameters(), 0.5), epochs=4)
    assert numbers(model) == numbers(expected)


def test_a_schedule_steps_once_an_epoch():
    model = network()
    optimizer = optim.SGD(model, lr=1.0)
    given = optim.StepLR(optimizer, step_size=2, gamma=0.1)
    history = train.fit(model, X, Y, optimizer=optimizer, schedule=given, epochs=5, batch_size=2, seed=0)
    assert history.lr == pytest.approx([1.0, 1.0, 0.1, 0.1, 0.01])
    made = functools.partial(optim.StepLR, step_size=2, gamma=0.1)
    history = train.fit(network(), X, Y, lr=0.5, schedule=made, epochs=3)
    assert history.lr == pytest.approx([0.5, 0.5, 0.05])
    history = train.fit(network(), X, Y, lr=0.5, schedule=optim.ConstantLR, epochs=2)
    assert history.lr[0] == optim.ConstantLR(optim.SGD(network(), lr=0.5)).get_last_lr()[0] != 0.5


# Metrics and validation.

ACCURACIES = {
    "the largest of several columns": ("mse", [[3, 1], [1, 2], [5, 4]], [[1, 0], [0, 1], [0, 1]], 2 / 3),
    "the largest column, against its number": ("cross_entropy", [[3, 1, 0], [1, 2, 0], [0, 4, 5]], [0, 1, 1], 2 / 3),
    "probabilities": ("binary_cross_entropy", [[0.4], [0.6], [0.9], [0.1]], [0, 1, 0, 0], 3 / 4),
    "logits": ("binary_cross_entropy_with_logits", [[0.4], [-0.6], [0.9], [-0.1]], [1, 0, 0, 1], 2 / 4),
    "scores": ("hinge", [[0.4], [-0.6], [0.2], [-0.1]], [1, -1, 1, 1], 3 / 4),
    "numbers near 0 and 1": ("mse", [[0.4], [0.6], [1.2], [-0.1]], [0, 1, 1, 1], 3 / 4),
    "numbers near -1 and 1": ("mse", [[0.4], [-0.6], [0.2], [-0.1]], [1, -1, 1, 1], 3 / 4),
    "a column of labels": ("mse", [[0.4], [0.6]], [[0], [0]], 1 / 2),
    "an argument given beforehand": (
        functools.partial(losses.binary_cross_entropy_with_logits, reduction="sum"), [[0.4], [-0.6]], [1, 0], 1.0,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("loss", "outputs", "y", "expected"), ACCURACIES.values(), ids=ACCURACIES)
def test_accuracy_is_the_fraction_of_right_classes(loss, outputs, y, expected):
    history = train.fit(Factor(), outputs, y, loss=loss, metric="accuracy", epochs=1)
    assert history.metric.tolist() == [expected]


@pytest.mark.parametrize("y", [[0.5, 1.0], [0, 2]], ids=["no classes", "more than two classes"])
def test_accuracy_of_one_output_is_of_two_classes(y):
    with pytest.raises(ValueError, match="metric='accuracy'.* y "):
        train.fit(Factor(), [[0.1], [0.2]], y, metric="accuracy")


def test_a_metric_is_a_function_of_arrays_before_the_steps():
    model = network()
    expected = np.abs(model(X).data - Y).max()
    history = train.fit(model, X, Y, metric=lambda predictions, targets: np.abs(predictions - targets).max(), epochs=2)
    assert history.metric[0] == expected > history.metric[1]


def test_validation_data_are_measured_after_the_epoch():
    model, others = network(), (X[:3] + 0.1, Y[:3])
    losses_by_hand, metrics_by_hand = [], []

    def measure(predictions, targets):
        return float(np.sum(predictions - targets))

    def look(epoch, history):
        losses_by_hand.append(losses.mse(model(others[0]), others[1]).data)
        metrics_by_hand.append(measure(model(others[0]).data, others[1]))

    history = train.fit(model, X, Y, validation=others, metric=measure, callbacks=[look], epochs=3)
    assert history.val_loss.tolist() == losses_by_hand
    assert history.val_metric.tolist() == metrics_by_hand


def test_validation_row_by_row():
    model = Scores()
    labels = Y.astype(int)
    options = {"loss": "cross_entropy", "validation": (X, labels), "metric": "accuracy", "epochs": 3}
    history = train.fit(model, X, labels, **options)
    assert history.val_loss[2] == losses.cross_entropy([model(row) for row in X.tolist()], labels).data
    assert history.val_metric.shape == (3,)


def test_a_fraction_of_the_rows_is_held_out():
    rows, trained, validated = np.arange(10.0)[:, None], [], []

    def loss(predictions, targets):
        (trained if targets is not None and len(targets) == 7 else validated).append(tuple(targets))
        return losses.mse(predictions, targets)

    def held_out(seed):
        trained.clear(), validated.clear()
        train.fit(Factor(), rows, rows[:, 0], loss=loss, validation=0.3, seed=seed, epochs=3, lr=1e-9)
        assert len(set(trained)) == len(set(validated)) == 1
        assert sorted(trained[0] + validated[0]) == rows[:, 0].tolist()
        return validated[0]

    assert len(held_out(0)) == 3
    assert held_out(0) == held_out(0)
    assert len({held_out(seed) for seed in range(5)}) > 1


def test_validation_makes_no_graph():
    graphs = []

    def loss(predictions, targets):
        graphs.append(bool(predictions[0].prev))
        return losses.mse(predictions, targets)

    train.fit(Factor(), [[1.0], [2.0]], [1.0, 2.0], loss=loss, validation=([[3.0]], [3.0]), epochs=2)
    assert graphs == [True, False, True, False]

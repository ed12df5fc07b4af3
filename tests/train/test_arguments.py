"""What `train.fit` refuses, and what it shows: its history and its progress bar."""

import io
import pickle
import sys

import numpy as np
import pytest

from fastgrad import Value, nn, optim, train

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.5, 0.2], [0.1, 0.9], [0.3, 0.3]])
Y = np.array([0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0])


def network():
    return nn.MLP(2, [3, 1], rng=0)


class Told:
    """A callback that is told the end."""

    def __call__(self, epoch, history): ...

    def finish(self, history): ...


# Arguments of no use.

WITH_NAN = np.where(np.arange(14).reshape(7, 2) == 7, np.nan, X)
ONE_ROW = np.ones((1, 2))

BAD = {
    "X of one dimension": (X[:, 0], Y, {}, r"X must have the shape \(rows, inputs\), not \(7,\); X.reshape"),
    "X of three dimensions": (X[None], Y, {}, r"X must have the shape .*\(1, 7, 2\)"),
    "no rows": (X[:0], Y[:0], {}, r"X must have at least one row.*\(0, 2\)"),
    "no columns": (X[:, :0], Y, {}, r"X must have at least one .*column.*\(7, 0\)"),
    "rows of different lengths": ([[1.0, 2.0], [1.0]], [0, 1], {}, "X must be .* different lengths"),
    "text in X": ([["a", "b"]], [0], {}, "X must hold plain numbers"),
    "scalars in X": ([[Value(1.0), 2.0]], [0], {}, "X must hold plain numbers, not object"),
    "complex X": (X * 1j, Y, {}, "X must hold plain numbers, not complex128"),
    "a set as X": ({1.0, 2.0}, Y, {}, r"X must hold plain numbers, not object \(in a set\)"),
    "numbers as text": ([["1", "2"]], [0], {}, "X must hold plain numbers, not <U1"),
    "numbers as objects": (X.astype(object), Y, {}, r"X must hold .*: they are, so give X.astype\(float\)"),
    "text in y": (X, ["a"] * 7, {}, r"y must hold plain .* list\): np.unique\(y, return_inverse=True\)\[1\] numbers"),
    "fewer targets": (X, Y[:-1], {}, "y must have a row for each of X, 7, not 6"),
    "targets of three dimensions": (X, Y[:, None, None], {}, r"y must have the shape .*\(7, 1, 1\)"),
    "one target": (X, 1.0, {}, r"y must have the shape .*\(\)"),
    "nan in X": (WITH_NAN, Y, {}, "X must hold finite numbers, but row 3, column 1 is nan"),
    "infinity in X": (np.where(X == 0.5, np.inf, X), Y, {}, "X must hold finite numbers, but row 4, column 0 is inf"),
    "nan in y": (X, np.where(np.arange(7) == 4, np.nan, Y), {}, "y must hold finite numbers, but row 4 is nan"),
    "no epochs": (X, Y, {"epochs": 0}, "epochs must be at least 1, not 0"),
    "epochs no whole number": (X, Y, {"epochs": 1.5}, "epochs must be a whole number, not 1.5"),
    "no rows in a batch": (X, Y, {"batch_size": 0}, "batch_size must be at least 1, not 0"),
    "batch_size no number": (X, Y, {"batch_size": "all"}, "batch_size must be a whole number, not 'all'"),
    "no patience": (X, Y, {"patience": 0}, "patience must be at least 1, not 0"),
    "min_delta below 0": (X, Y, {"min_delta": -0.1}, "min_delta must be 0 or a positive number, not -0.1"),
    "min_delta no number": (X, Y, {"min_delta": None}, "min_delta must be a number, not None"),
    "loss unknown": (X, Y, {"loss": "mae"}, "loss must be one of .*mse, .*not 'mae'"),
    "loss no function": (X, Y, {"loss": 3}, "loss must be one of .*mse, .*not 3"),
    "optimizer unknown": (X, Y, {"optimizer": "newton"}, "optimizer must be one of sgd, adam, .*not 'newton'"),
    "optimizer a class": (X, Y, {"optimizer": optim.Adam}, "optimizer must be one of sgd, .*not <class"),
    "metric unknown": (X, Y, {"metric": "f1"}, "metric must be one of accuracy, .*not 'f1'"),
    "metric no function": (X, Y, {"metric": 1}, "metric must be one of accuracy, .*not 1"),
    "penalty below 0": (X, Y, {"penalty": -1.0}, "penalty must be 0 or a positive number, not -1.0"),
    "penalty text": (X, Y, {"penalty": "l2"}, "penalty must be a number, not 'l2'"),
    "fraction of 1": (X, Y, {"validation": 1.0}, "validation must be a fraction .*not 1.0 of 7 rows"),
    "fraction below 0": (X, Y, {"validation": -0.2}, "validation must be a fraction .*not -0.2 of 7 rows"),
    "fraction of no row": (X, Y, {"validation": 0.01}, "validation must be a fraction .*not 0.01 of 7 rows"),
    "fraction of one row": (ONE_ROW, [1.0], {"validation": 0.5}, "validation must be a fraction .*of 1 rows"),
    "validation text": (X, Y, {"validation": "some"}, "validation must be a fraction .*not 'some'"),
    "validation wider": (X, Y, {"validation": (ONE_ROW[:, [0, 0, 0]], [1.0])}, r"X of validation .*\(1, 3\)"),
    "validation nan": (X, Y, {"validation": (ONE_ROW, [np.nan])}, "y of validation must hold finite .*row 0 is nan"),
    "validation y wider": (X, Y, {"validation": (ONE_ROW, [[1.0]])}, r"y of validation .*\(7,\), not \(1, 1\)"),
    "seed text": (X, Y, {"seed": "0"}, "seed must be a whole number from 0.*not '0'"),
    "seed below 0": (X, Y, {"seed": -1}, "seed must be a whole number from 0.*not -1"),
    "y of scalars": (X, [Value(1.0)] * 7, {}, "y must hold plain numbers, .*: the numbers of scalars are in .data"),
    "callbacks a function": (X, Y, {"callbacks": print}, "callbacks must be a list of functions"),
    "callbacks a class": (
        X,
        Y,
        {"callbacks": [Told]},
        r"each of callbacks must .* first, Told\(\), not the class",
    ),
    "callbacks no functions": (X, Y, {"callbacks": [None]}, "callbacks must be a list of functions"),
    "schedule no function": (X, Y, {"schedule": 0.9}, "schedule must be callable, .*optim.StepLR, .*not 0.9"),
    "schedule a name": (X, Y, {"schedule": "cosine"}, "schedule must be callable, .*optim.StepLR, .*not 'cosine'"),
    "schedule of nothing": (X, Y, {"schedule": lambda optimizer: None}, "schedule must have a method step"),
}


@pytest.mark.parametrize(("rows", "targets", "options", "message"), BAD.values(), ids=BAD)
def test_an_argument_of_no_use_is_refused_before_anything_changes(rows, targets, options, message):
    model = network()
    start, rng = model.flat, np.random.default_rng(0)
    state = rng.bit_generator.state
    with pytest.raises((TypeError, ValueError), match=f"^{message}"):
        train.fit(model, rows, targets, **{"seed": rng, "validation": 0.5, **options})
    assert model.flat.tolist() == start.tolist()
    assert rng.bit_generator.state == state


# Labels and targets, of all rows, before the first step.

LABELS = np.array([0, 1, 0, 1, 0, 0, 3])  # the last of which is no class
ACCURACY = {"metric": "accuracy"}
UNFIT = {
    "a label beyond the classes": (3, LABELS, "cross_entropy", {}, "y does not .* from 0 to 2, .* but row 6 is 3"),
    "a label in validation": (3, Y, "cross_entropy", {"validation": (X, LABELS)}, "y of validation .*but row 6 is 3"),
    "a label held out": (3, LABELS, "cross_entropy", {"validation": 0.9}, "y does not .*but row 6 is 3"),
    "targets of another width": (
        3,
        Y,
        "mse",
        {},
        r"y does not .*of shape \(7, 3\) need targets of the same shape",
    ),
    "labels for hinge": (1, Y, "hinge", {}, r"y does not suit .*-1 or 1, but row 0 is 0 \(2 \* labels - 1"),
    "three classes for one output": (1, [0, 1, 2, 0, 1, 2, 0], "mse", ACCURACY, "y does not suit .*an output each"),
    "three classes in validation": (1, Y, "mse", {**ACCURACY, "validation": (X, LABELS)}, "y of validation does not"),
}


@pytest.mark.parametrize("by_batch", [True, False], ids=["in batches", "row by row"])
@pytest.mark.parametrize(("outputs", "y", "loss", "options", "message"), UNFIT.values(), ids=UNFIT)
def test_labels_that_do_not_suit_are_refused_before_anything_changes(outputs, y, loss, options, message, by_batch):
    model = nn.MLP(2, [3, outputs], rng=0)
    start, rng, called = model.flat, np.random.default_rng(0), (model if by_batch else OwnClass(model))
    state = rng.bit_generator.state
    with pytest.raises(ValueError, match=f"^{message}"):
        train.fit(called, X, y, loss=loss, batch_size=3, seed=rng, **options)
    assert model.flat.tolist() == start.tolist()
    assert rng.bit_generator.state == state


class OwnClass:
    """A model that is no module: it is called row by row."""

    def __init__(self, inner):
        self.call, self.parameters = inner, inner.parameters

    def __call__(self, row):
        return self.call(row)


def test_a_metric_that_is_no_number_is_refused():
    with pytest.raises(TypeError, match="^metric must return a number, not 'good'"):
        train.fit(network(), X, Y, metric=lambda predictions, targets: "good")


def test_a_model_without_parameters_is_refused():
    class Bad(nn.Module):
        def __call__(self, x):
            return x

    with pytest.raises(ValueError, match=r"^model has no parameters: Bad of \[\]; .*Value\(0.5\).*attributes"):
        train.fit(Bad(), X, Y)
    with pytest.raises(ValueError, match=r"^params has no parameters: Bad of \[\]; a module's are .*attributes"):
        optim.SGD(Bad())


@pytest.mark.parametrize("made_of", [network, lambda: [Value(1.0)]], ids=["a model", "a scalar"])
@pytest.mark.parametrize("kind", [lambda model: model, OwnClass], ids=["a module", "a class"])
def test_an_optimizer_of_something_else_is_refused(kind, made_of):
    with pytest.raises(ValueError, match="^optimizer must be made of the model's parameters"):
        train.fit(kind(network()), X, Y, optimizer=optim.Adam(made_of()))


@pytest.mark.parametrize("part", [lambda m: m.layers[0], lambda m: m.parameters()[3:5], lambda m: [m, Value(1.0)]])
def test_an_optimizer_of_a_part_is_taken(part):
    model = network()
    start = model.flat
    train.fit(model, X, Y, optimizer=optim.SGD(part(model), lr=0.1), epochs=1)
    assert (model.flat != start).any()


def test_a_learning_rate_beside_an_optimizer_is_refused():
    model = network()
    with pytest.raises(ValueError, match="lr is for an optimizer that fit makes: leave out lr=0.1"):
        train.fit(model, X, Y, optimizer=optim.SGD(model, lr=0.2), lr=0.1)


def test_a_schedule_of_another_optimizer_is_refused():
    model = network()
    other = optim.StepLR(optim.SGD(model, lr=0.1), step_size=1)
    with pytest.raises(ValueError, match="schedule must be of the optimizer that steps"):
        train.fit(model, X, Y, schedule=other)


def test_a_model_that_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match="^model must be callable, with a method __call__ that takes a row, not 3"):
        train.fit(3, X, Y)


@pytest.mark.parametrize("loss", [lambda p, y: 1.0, lambda p, y: p], ids=["a float", "no single number"])
def test_a_loss_that_is_no_scalar_is_refused(loss):
    model = network()
    start = model.flat
    with pytest.raises(TypeError, match="^loss must return one scalar of fastgrad"):
        train.fit(model, X, Y, loss=loss)
    assert model.flat.tolist() == start.tolist()


def test_rows_of_another_width_than_the_models_are_refused():
    model = network()
    start = model.flat
    with pytest.raises(ValueError, match="^X does not suit the model: x must have 2 numbers"):
        train.fit(model, np.ones((7, 3)), Y)
    assert model.flat.tolist() == start.tolist()


# The history, and the bar.


def test_a_history_has_arrays_of_what_was_not_asked_for_too():
    history = train.fit(network(), X, Y, epochs=3)
    assert history.val_loss.shape == history.metric.shape == history.val_metric.shape == (0,)
    assert history.lr.tolist() == [0.1] * 3
    assert history.seconds > 0.0
    assert all(column.base is None for column in (history.loss, history.lr))


def test_a_history_reads_well_and_pickles():
    history = train.fit(network(), X, Y, epochs=3, metric="accuracy", validation=(X, Y))
    copy = pickle.loads(pickle.dumps(history))
    assert copy.loss.tolist() == history.loss.tolist()
    first, last = history.loss[[0, -1]]
    assert repr(copy).startswith("History(epochs=3, stopped='finished', seconds=")
    assert f"loss={first:.4g}..{last:.4g}, val_loss=" in repr(copy)


def test_there_is_no_bar_where_nobody_sees_it(capsys):
    train.fit(network(), X, Y, epochs=3)
    train.fit(network(), X, Y, epochs=3, progress=False)
    assert capsys.readouterr() == ("", "")


def test_a_bar_shows_loss_and_metric(capsys):
    pytest.importorskip("tqdm")
    history = train.fit(network(), X, Y, epochs=3, progress=True, metric="accuracy", validation=(X, Y))
    out, err = capsys.readouterr()
    assert out == ""
    assert "3/3" in err
    for name in ("loss", "val_loss", "metric", "val_metric"):
        assert f"{name}=" in err
    assert f"loss={history.loss[-1]:.3g}"[:8] in err
    assert "lr=" not in err


def test_a_bar_ends_at_the_last_complete_epoch(capsys):
    pytest.importorskip("tqdm")
    train.fit(network(), X, Y, epochs=1000, progress=True, callbacks=[lambda epoch, history: epoch == 2])
    assert "3/1000" in capsys.readouterr().err.splitlines()[-1]


def test_a_terminal_has_a_bar(monkeypatch):
    pytest.importorskip("tqdm")

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    train.fit(network(), X, Y, epochs=3)
    assert "3/3" in sys.stderr.getvalue()
    monkeypatch.setattr(sys, "stderr", None)
    train.fit(network(), X, Y, epochs=3)


def test_a_bar_without_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    model = network()
    start = model.flat
    with pytest.raises(ImportError, match=r'pip install "fastgrad\[progress\]"'):
        train.fit(model, X, Y, progress=True)
    assert model.flat.tolist() == start.tolist()


def test_a_bar_changes_no_number(capsys):
    pytest.importorskip("tqdm")
    assert (
        train.fit(network(), X, Y, epochs=9, batch_size=2, seed=1, progress=True).loss.tolist()
        == train.fit(network(), X, Y, epochs=9, batch_size=2, seed=1).loss.tolist()
    )

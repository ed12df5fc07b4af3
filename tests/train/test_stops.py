"""When `train.fit` stops, by itself or otherwise, and which parameters it leaves."""

import pickle
import signal

import numpy as np
import pytest

from fastgrad import Value, losses, nn, optim, train

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.5, 0.2], [0.1, 0.9], [0.3, 0.3]])
Y = np.array([0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0])
BATCHES = [(X[:3], Y[:3]), (X[3:6], Y[3:6]), (X[6:], Y[6:])]  # of 3 rows, in order


def network(*widths):
    return nn.MLP(2, list(widths or (3, 1)), rng=0)


def take_steps(model, batches):
    """The steps that `fit` takes."""
    optimizer = optim.SGD(model, lr=0.1)
    for rows, targets in batches:
        loss = losses.mse(model(rows), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


# Stopping.


def test_patience_stops_and_puts_the_best_parameters_back():
    model, seen = network(6, 1), []
    others = (X[:3], 1.0 - Y[:3])  # which get worse the more is learnt
    history = train.fit(
        model, X, Y, lr=0.3, validation=others, patience=4, epochs=500,
        callbacks=[lambda epoch, history: seen.append(model.flat)],
    )  # fmt: skip
    best = int(history.val_loss.argmin())
    assert history.stopped == "patience"
    assert history.epochs == len(history.loss) == best + 1 + 4 < 500
    assert model.flat.tolist() == seen[best].tolist()
    assert losses.mse(model(others[0]), others[1]).data == history.val_loss.min()


def test_patience_without_validation_data_looks_at_the_training_loss():
    model = network()
    history = train.fit(model, X, Y, lr=3.0, patience=3, epochs=500)
    assert history.stopped == "patience"
    assert losses.mse(model(X), Y).data == history.loss.min() < history.loss[-1]


def test_patience_with_batches_keeps_the_parameters_after_the_best_epoch():
    model, seen = network(), []
    look = [lambda epoch, history: seen.append(model.flat)]
    options = {"lr": 2.0, "batch_size": 2, "seed": 0, "patience": 5, "epochs": 200}
    history = train.fit(model, X, Y, callbacks=look, **options)
    assert model.flat.tolist() == seen[int(history.loss.argmin())].tolist()


def test_a_gain_below_min_delta_is_none():
    values = iter([5.0, 4.0, 3.9, 3.8, 3.7, 0.0])
    w = Value(0.0)
    optimizer = optim.SGD([w], lr=1e-9)
    history = train.fit(
        lambda row: w, [[1.0]], [0.0], optimizer=optimizer, loss=lambda p, y: w * 0.0 + next(values), patience=3,
        min_delta=0.5,
    )  # fmt: skip
    assert history.loss.tolist() == [5.0, 4.0, 3.9, 3.8, 3.7]


def test_the_best_parameters_are_put_back_where_patience_lasts():
    model = network()
    history = train.fit(model, X, Y, lr=3.0, patience=1000, epochs=20)
    assert history.stopped == "finished"
    assert losses.mse(model(X), Y).data == history.loss.min()


@pytest.mark.parametrize("bad", [float("inf"), float("nan")])
def test_the_last_parameters_stay_where_no_validation_loss_was_finite(bad):
    model, seen = network(), []
    with pytest.warns(RuntimeWarning, match="no epoch had a finite validation loss.*those of the last") as caught:
        history = train.fit(
            model, X, Y, validation=(X[:3], Y[:3]), patience=4,
            loss=lambda p, y: losses.mse(p, y) * (bad if len(y) == 3 else 1.0),
            callbacks=[lambda epoch, history: seen.append(model.flat)],
        )  # fmt: skip
    assert (history.stopped, history.epochs) == ("patience", 4)
    assert model.flat.tolist() == seen[-1].tolist()
    assert caught[0].filename == __file__


def test_callbacks_see_each_epoch_and_its_history():
    seen = []

    def look(epoch, history):
        seen.append((epoch, history.epochs, len(history.loss), history.stopped))

    history = train.fit(network(), X, Y, epochs=3, callbacks=[look])
    assert seen == [(0, 1, 1, None), (1, 2, 2, None), (2, 3, 3, None)]
    assert history.stopped == "finished"


def test_a_callback_that_returns_true_stops_after_all_were_called():
    calls = []
    callbacks = [lambda epoch, history: epoch == 2, lambda epoch, history: calls.append(epoch)]
    history = train.fit(network(), X, Y, epochs=10, callbacks=callbacks)
    assert (history.stopped, history.epochs, calls) == ("callback", 3, [0, 1, 2])


def test_the_history_of_a_fit_that_was_stopped_is_as_long_as_its_epochs():
    history = train.fit(
        network(), X, Y, epochs=10, validation=(X, Y), metric="accuracy", callbacks=[lambda epoch, history: epoch == 3]
    )
    columns = (history.loss, history.val_loss, history.metric, history.val_metric, history.lr)
    assert [column.shape for column in columns] == [(4,)] * 5


@pytest.fixture
def hears_ctrl_c():
    """A process started in the background of a shell ignores the signal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("hears_ctrl_c")
def test_ctrl_c_gives_what_was_learnt_so_far():
    model, expected = network(), network()

    def press(epoch, history):
        if epoch == 3:
            signal.raise_signal(signal.SIGINT)

    history = train.fit(model, X, Y, epochs=1000, callbacks=[press])
    train.fit(expected, X, Y, epochs=4)
    assert (history.stopped, history.epochs, len(history.loss)) == ("interrupted", 4, 4)
    assert model.flat.tolist() == expected.flat.tolist()


def test_ctrl_c_within_an_epoch_keeps_its_complete_steps():
    model, expected, calls = network(), network(), []

    def loss(predictions, targets):
        calls.append(targets)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return losses.mse(predictions, targets)

    history = train.fit(model, X, Y, loss=loss, batch_size=3, shuffle=False, epochs=1000, patience=1)
    take_steps(expected, BATCHES + BATCHES[:2])
    assert (history.stopped, history.epochs, len(history.loss)) == ("interrupted", 1, 1)
    assert model.flat.tolist() == expected.flat.tolist()


# A loss that is not finite.


def spoilt(at, by):
    """A loss that is spoilt at its call of a number from 0."""
    calls = []

    def loss(predictions, targets):
        calls.append(targets)
        return losses.mse(predictions, targets) * (by if len(calls) == at + 1 else 1.0)

    return loss


@pytest.mark.parametrize("by", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_before_its_step(by):
    model, expected = network(), network()
    with pytest.raises(train.TrainingError, match=r"^epoch 1, batch 2: the loss is (nan|inf)") as caught:
        train.fit(model, X, Y, loss=spoilt(5, by), batch_size=3, shuffle=False)
    take_steps(expected, BATCHES + BATCHES[:2])
    assert model.flat.tolist() == expected.flat.tolist()
    assert (caught.value.epoch, caught.value.batch) == (1, 2)


def test_the_first_number_that_is_not_finite_is_named():
    w = Value(1e200, label="w")
    with pytest.raises(train.TrainingError) as caught:
        train.fit(lambda row: w * row[0] * w + 1.0, [[1.0]], [0.0], optimizer=optim.SGD([w], lr=0.1))
    assert "*" in caught.value.node
    assert caught.value.node in str(caught.value)
    assert w.data == 1e200


def test_an_overflow_while_the_loss_is_computed_says_where():
    w = Value(800.0)
    with pytest.raises(train.TrainingError, match="^epoch 0, batch 0: .*OverflowError") as caught:
        train.fit(lambda row: (w * row[0]).exp(), [[1.0]], [0.0], optimizer=optim.SGD([w], lr=0.1))
    assert isinstance(caught.value.__cause__, OverflowError)
    assert caught.value.node is None
    assert "lr" not in str(caught.value)  # it has had no part in this


def test_an_overflow_in_validation_says_where():
    w = Value(1.0)
    optimizer, validation = optim.SGD([w], lr=0.1), ([[1e3]], [0.0])
    with pytest.raises(train.TrainingError, match="^epoch 0, validation: .*OverflowError.*lr than 0.1$") as caught:
        train.fit(lambda row: (w * row[0]).exp(), [[0.0]], [0.0], optimizer=optimizer, validation=validation)
    assert (caught.value.epoch, caught.value.batch) == (0, None)
    assert len(caught.value.history.loss) == 0


def test_a_training_error_is_an_arithmetic_error_that_pickles():
    error = train.TrainingError("epoch 3", 3, 0, "the result of log")
    copy = pickle.loads(pickle.dumps(error))
    assert isinstance(copy, ArithmeticError)
    assert (str(copy), copy.epoch, copy.batch, copy.node) == ("epoch 3", 3, 0, "the result of log")


def test_a_diverging_fit_stops():
    with pytest.raises(train.TrainingError, match="; try a smaller lr than 10$") as caught:
        train.fit(network(), X * 100.0, Y, lr=10.0, epochs=1000)
    history = caught.value.history
    assert history.stopped == "error"
    assert history.epochs == len(history.loss) == caught.value.epoch > 0
    assert np.isfinite(history.loss).all()

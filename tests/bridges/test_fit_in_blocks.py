"""`train.fit` and `fit_local` over rows in blocks."""

import concurrent.futures

import numpy as np
import pytest

from fastgrad import losses, nn, optim, train
from fastgrad.dask import blocks, fit_local
from support.in_blocks import Bent, columns, in_blocks, network, parameters_of
from support.marks import in_processes

QUICK = {"lr": 0.05, "epochs": 5}
MODELS = [network, Bent]


def labels(X):
    return (X[:, 0] > X[:, 1]).astype(np.int64)


def fitted(make, *data, fit=train.fit, **options):
    """The history and the parameters of a model after a fit."""
    model = make()
    history = fit(model, *data, **options)
    return history, parameters_of(model)


# What is computed.


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_one_block_gives_what_arrays_give(make, optimizer):
    X, y = columns()
    history, found = fitted(make, *blocks([(X, y)]), optimizer=optimizer, **QUICK)
    expected_history, expected = fitted(make, X, y, optimizer=optimizer, **QUICK)
    assert np.allclose(found, expected, rtol=1e-12)
    assert np.allclose(history.loss, expected_history.loss, rtol=1e-12)
    assert history.compiled == expected_history.compiled


@pytest.mark.parametrize("make", MODELS)
def test_blocks_are_weighed_by_their_rows(make):
    X, y = columns()
    parts = [(X[:10], y[:10]), (X[10:400], y[10:400]), (X[400:], y[400:])]
    history, found = fitted(make, *blocks(parts), **QUICK)
    expected_history, expected = fitted(make, X, y, **QUICK)
    assert np.allclose(found, expected, rtol=1e-10)
    assert np.allclose(history.loss, expected_history.loss, rtol=1e-10)


@in_processes
@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("kind", [concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor])
def test_who_works_changes_no_bit(kind, workers, make):
    parts = in_blocks(*columns())
    options = {**QUICK, "batch_size": 300, "validation": 0.3, "seed": 1}
    expected_history, expected = fitted(make, *blocks(parts), **options)
    with kind(workers) as executor:
        history, found = fitted(make, *blocks(parts, executor), **options)
    assert np.array_equal(found, expected)
    assert np.array_equal(history.loss, expected_history.loss)
    assert np.array_equal(history.val_loss, expected_history.val_loss)


def test_weights_are_a_column_and_rows_of_weight_0_are_left_out():
    X, y = columns()
    weights = np.where(np.arange(len(X)) < 300, 0.0, np.linspace(0.5, 2.0, len(X)))  # the first blocks have none
    a, b, w = blocks(in_blocks(X, y, weights))
    history, found = fitted(network, a, b, weights=w, **QUICK)
    expected_history, expected = fitted(network, X, y, weights=weights, **QUICK)
    assert np.allclose(found, expected, rtol=1e-10)
    assert np.allclose(history.loss, expected_history.loss, rtol=1e-10)


def test_a_penalty_is_added_once():
    X, y = columns()
    for penalty in (0.01, lambda model: losses.l2_penalty(model, 0.01)):
        history, found = fitted(network, *blocks(in_blocks(X, y)), penalty=penalty, **QUICK)
        expected_history, expected = fitted(network, X, y, penalty=penalty, **QUICK)
        assert np.allclose(found, expected, rtol=1e-10)
        assert np.allclose(history.loss, expected_history.loss, rtol=1e-10)


def test_a_penalty_that_overflows_is_an_error_of_the_training():
    data = blocks(in_blocks(*columns()))
    with pytest.raises(train.TrainingError, match="epoch 0, batch 0: computing the penalty raised OverflowError"):
        train.fit(network(), *data, penalty=lambda model: (model.parameters()[0] * 0.0 + 1000.0).exp())


def test_a_fraction_to_hold_out_may_be_of_numpy():
    data = blocks(in_blocks(*columns()))
    found, expected = (
        fitted(network, *data, validation=fraction, seed=1, **QUICK)[0] for fraction in (np.float32(0.5), 0.5)
    )
    assert np.array_equal(found.val_loss, expected.val_loss)


def test_accuracy_and_validation_on_arrays_and_on_blocks():
    X, y = columns()[0], labels(columns()[0])
    options = {**QUICK, "loss": "binary_cross_entropy_with_logits", "metric": "accuracy"}
    expected, _ = fitted(network, X, y, validation=(X[:200], y[:200]), **options)
    for validation in ((X[:200], y[:200]), blocks(in_blocks(X[:200], y[:200]))):
        history, _ = fitted(network, *blocks(in_blocks(X, y)), validation=validation, **options)
        for name in ("loss", "metric", "val_loss", "val_metric"):
            assert np.allclose(getattr(history, name), getattr(expected, name), rtol=1e-10), name


def test_labels_of_minus_1_and_1_are_known_from_all_blocks():
    X = columns()[0]
    y = np.where(np.arange(len(X)) < 500, 1, np.where(labels(X), 1, -1))  # of 1 alone in the first blocks
    history, _ = fitted(network, *blocks(in_blocks(X, y)), loss="hinge", metric="accuracy", **QUICK)
    expected, _ = fitted(network, X, y, loss="hinge", metric="accuracy", **QUICK)
    assert np.allclose(history.metric, expected.metric, rtol=1e-10)


def test_a_batch_is_as_many_blocks_as_it_takes_for_its_rows():
    X, y = columns()
    parts = [(X[k : k + 100], y[k : k + 100]) for k in range(0, 1000, 100)]
    steps = []

    class Counting(optim.SGD):
        def step(self):
            steps.append(1)
            super().step()

    for batch_size, expected in [(None, 1), (1, 10), (100, 10), (101, 5), (200, 5), (950, 1), (5000, 1)]:
        model, steps[:] = network(), []
        train.fit(model, *blocks(parts), optimizer=Counting(model, lr=0.01), epochs=1, batch_size=batch_size)
        assert len(steps) == expected, batch_size


def test_batches_are_drawn_by_the_seed():
    given = blocks(in_blocks(*columns()))
    one, same_again, another = (
        fitted(network, *given, batch_size=100, seed=seed, **QUICK)[1].tolist() for seed in (0, 0, 1)
    )
    assert one == same_again
    assert one != another


def test_patience_schedule_callbacks_and_an_optimizer_of_ones_own():
    X, y = columns()
    model, seen = network(), []
    optimizer = optim.Adam(model, lr=0.1)
    history = train.fit(
        model, *blocks(in_blocks(X, y)), optimizer=optimizer, schedule=optim.StepLR(optimizer, 1, 0.5),
        validation=0.3, seed=0, patience=3, epochs=500, callbacks=[lambda epoch, history: seen.append(epoch)],
    )  # fmt: skip
    assert history.stopped in ("patience", "finished")
    assert seen == list(range(history.epochs))
    assert history.lr[1] == 0.05


def test_losses_of_ones_own_travel():
    factor = 3.0

    def scaled(predictions, targets):
        return factor * losses.mse(predictions, targets)

    history, _ = fitted(network, *blocks(in_blocks(*columns())), loss=scaled, **QUICK)
    expected, _ = fitted(network, *columns(), loss=scaled, **QUICK)
    assert np.allclose(history.loss, expected.loss, rtol=1e-10)


# Local steps.


def test_one_local_step_is_a_step():
    given = blocks(in_blocks(*columns()))
    history, found = fitted(network, *given, fit=fit_local, lr=0.05, rounds=5, local_steps=1)
    expected_history, expected = fitted(network, *given, **QUICK)
    assert np.allclose(found, expected, rtol=1e-12)
    assert np.allclose(history.loss, expected_history.loss, rtol=1e-12)


@in_processes
def test_local_steps_do_not_depend_on_who_takes_them():
    parts, options = in_blocks(*columns()), {"lr": 0.05, "rounds": 4, "local_steps": 5, "batch_size": 20, "seed": 0}
    expected = fitted(network, *blocks(parts), fit=fit_local, **options)[1]
    for kind in (concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor):
        with kind(2) as executor:
            assert np.array_equal(fitted(network, *blocks(parts, executor), fit=fit_local, **options)[1], expected)


@in_processes
@pytest.mark.parametrize("kind", [concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor])
def test_asynchronous_averaging_learns(kind):
    X, _ = columns()
    y = 2.0 * X[:, 0] - X[:, 1] + 0.5
    with kind(2) as executor:
        given = blocks(in_blocks(X, y), executor)
        history, found = fitted(
            lambda: nn.MLP(2, [1], rng=0), *given, fit=fit_local, lr=0.3, rounds=20, local_steps=10, asynchronous=True
        )
    assert history.epochs == 20
    assert np.allclose(found, [2.0, -1.0, 0.5], atol=1e-3)


# What goes wrong.


def test_a_loss_that_is_not_finite_says_in_which_block():
    X, y = columns()
    y[:] = 1e200
    for fit, options in ((train.fit, {"epochs": 3}), (fit_local, {"rounds": 3})):
        model = network()
        before = parameters_of(model)
        with pytest.raises(train.TrainingError, match=r"block 0: .*the loss is inf|block 0: computing the loss raised"):
            fit(model, *blocks(in_blocks(X, y)), **options)
        assert np.array_equal(parameters_of(model), before)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"loss": "sum_of_squares"}, ValueError, "loss must be a mean over rows"),
        ({"validation": 0.01}, ValueError, "validation must be a fraction that leaves blocks on both sides"),
        ({"validation": "y"}, TypeError, "validation must be a fraction of the blocks or a pair"),
        ({"weights": "w"}, TypeError, "may be names of columns where X is a data frame, not Column"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1"),
    ],
)
def test_what_is_refused(options, error, words):
    model = network()
    before = parameters_of(model)
    with pytest.raises(error, match=words):
        train.fit(model, *blocks(in_blocks(*columns())), **options)
    assert np.array_equal(parameters_of(model), before)


def test_data_that_are_refused_where_they_are():
    X, y = columns()
    wrong = X.copy()
    wrong[700, 1] = np.nan
    with pytest.raises(ValueError, match=r"block 5: X must hold finite numbers, but row \d+, column 1 is nan"):
        train.fit(network(), *blocks(in_blocks(wrong, y)))
    with pytest.raises(ValueError, match="block 0: y does not suit the model and its loss"):
        train.fit(network(), *blocks(in_blocks(X, y)), loss="binary_cross_entropy")
    with pytest.raises(ValueError, match=r"block 1: X does not suit the model: x must have 2 numbers"):
        train.fit(network(), *blocks([(X[:5], y[:5]), (X[5:, :1], y[5:])]))
    with pytest.raises(ValueError, match="X must have at least one row that counts"):
        train.fit(network(), *blocks([(X[:0], y[:0])]))


def test_asynchronous_steps_take_workers():
    with pytest.raises(ValueError, match="asynchronous=True takes workers"):
        fit_local(network(), *blocks(in_blocks(*columns())), asynchronous=True)


def test_rows_here_and_targets_elsewhere():
    X, y = columns()
    with pytest.raises(TypeError, match="X must have its rows in blocks"):
        train.fit(network(), X, blocks([y])[0])

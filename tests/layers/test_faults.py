"""Layers and losses where memory moves, code runs in between, or something fails half way."""

import gc
import threading

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, losses, nn
from fastgrad._tape.describe import first_not_finite
from support.marks import large, measures

X = np.random.default_rng(0).normal(size=(64, 64))


def gradient(model, loss):
    model.zero_grad()
    loss.backward()
    return model.flat_grad.tolist()


@pytest.mark.parametrize("rows", [4, pytest.param(20_000, marks=large)])
def test_a_batch_that_moves_before_the_next_layer_is_still_its_input(rows):
    first, second = nn.Layer(3, 4, rng=0), nn.Layer(4, 2, rng=1)
    x = np.random.default_rng(0).normal(size=(rows, 3))
    garbage = [Value(1.0) for _ in range(100)]
    batch = first(x)
    del garbage
    if rows < 100:
        fastgrad.collect()
    loss = losses.mse(second(batch), np.zeros((rows, 2)))
    del batch  # with 20,000 rows the pool is full, and the next call collects
    loss.backward()
    whole = nn.Sequential(first, second)
    expected = whole.flat_grad.tolist()
    assert gradient(whole, losses.mse(whole(x), np.zeros((rows, 2)))) == pytest.approx(expected, rel=1e-9)
    assert any(expected[:16])


@large
def test_a_collector_that_runs_while_a_wide_layer_is_computed_may_make_numbers():
    model = nn.MLP(64, [64, 64, 1], rng=0)
    targets, kept, active, beside = np.zeros(64), [], [], []

    def grow(phase, info):
        if phase == "stop" and active:
            kept.append([Value(0.0) for _ in range(2000)])
            kept.append(nn.Layer(2, 2)(np.ones((2000, 2))))

    expected = gradient(model, losses.mse(model(X), targets))
    threshold = gc.get_threshold()
    gc.callbacks.append(grow)
    try:
        gc.set_threshold(1)
        active.append(True)
        for _ in range(5):
            beside.append([])  # a reason to collect
            loss = losses.mse(model(X), targets)
            assert gradient(model, loss) == expected
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(grow)
    assert kept


class Shrinking:
    """A number that shortens the row it is in when it is read."""

    def __init__(self, row):
        self.row = row

    def __float__(self):
        del self.row[4:]
        return 1.0


def test_a_row_that_shrinks_while_it_is_read_is_refused():
    layer = nn.Layer(8, 2)
    row = [1.0]
    row += [Shrinking(row), Value(1.0), *[1.0] * 5]
    with pytest.raises(ValueError, match="x must have 8 numbers in a row"):
        layer(row)


def test_layers_taken_away_while_a_row_is_read_are_applied():
    model = nn.MLP(2, [3, 1], rng=0)

    class Emptying:
        def __float__(self):
            model.layers.clear()
            return 2.0

    expected = model([1.0, 2.0]).data
    assert model([1.0, Emptying()]).data == expected


@measures
def test_two_threads_with_wide_networks_run_in_flat_memory():
    def train(model, results):
        optimizer = fastgrad.optim.SGD(model, lr=1e-3)
        x = np.random.default_rng(1).normal(size=(512, 64))
        for _ in range(60):
            loss = losses.mse(model(x), np.zeros(512))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        results.append(model.flat.tolist())

    alone, together = [], []
    train(nn.MLP(64, [64, 64, 1], rng=0), alone)
    before = fastgrad.tape_info().bytes
    threads = [threading.Thread(target=train, args=(nn.MLP(64, [64, 64, 1], rng=0), together)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone * 2
    assert fastgrad.tape_info().bytes - before < 150e6  # a step takes 4 MB


def test_forward_sets_the_number_of_a_wide_neuron():
    neuron = nn.Neuron(1 << 16, None, rng=0)
    x = np.linspace(-1.0, 1.0, 1 << 16)
    y = neuron(x)
    neuron.flat = np.ones((1 << 16) + 1)
    y.forward()
    assert y.data == neuron(x).data == pytest.approx(1.0)


def test_zero_grad_of_a_layers_result_leaves_other_layers_alone():
    model = nn.MLP(2, [2, 1], rng=0)
    model.flat_grad = np.ones(9)
    model.layers[0]([1.0, 2.0])[0].zero_grad()
    assert model.flat_grad.tolist() == [0.0] * 6 + [1.0] * 3
    model.flat_grad = np.ones(9)
    losses.l2_penalty(model.layers[1], 1.0).zero_grad()
    assert model.flat_grad.tolist() == [1.0] * 6 + [0.0] * 3


def test_a_nan_in_another_layer_is_none_of_a_results():
    model = nn.MLP(2, [2, 1], rng=0)
    model.layers[1].neurons[0].b = float("nan")
    assert first_not_finite(model.layers[0]([1.0, 2.0])[0]) is None
    assert first_not_finite(model([1.0, 2.0])) == "the leaf Value(data=nan, grad=0.0)"


@pytest.mark.parametrize("sizes", [(2, [3]), (80, [80, 80])])
def test_rows_nobody_asks_for_may_be_infinite(sizes):
    nin, nouts = sizes
    model = nn.MLP(nin, nouts, activation="relu", rng=0)
    rows = np.random.default_rng(2).normal(size=(40, nin))
    rows[7, 1] = np.inf
    model(rows)[3][0].backward()
    grads = model.flat_grad.tolist()
    assert grads == pytest.approx(gradient(model, model(rows[3])[0]), rel=1e-12)


def test_a_step_by_hand_that_fails_leaves_nothing_behind(monkeypatch):
    model = nn.MLP(64, [64, 64, 3], rng=0)
    loss = losses.mse(model(X), np.zeros((64, 3)))
    expected = gradient(model, loss)

    def fail(*arguments):
        raise MemoryError

    monkeypatch.setattr(np, "matmul", fail)
    loss.grad = 1.0
    with pytest.raises(MemoryError):
        loss._backward()
    monkeypatch.undo()
    assert gradient(model, loss) == expected


def test_a_neurons_number_that_was_set_counts_when_the_gradient_flows():
    neuron = nn.Neuron(2, "tanh", rng=0)
    y = neuron([1.0, 2.0])
    y.data = 0.5
    y.backward()
    assert neuron.flat_grad.tolist() == [0.75, 1.5, 0.75]

"""Modules that compile themselves: many rows are one node, computed by a program, with the same results."""

import gc
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastgrad
from fastgrad import losses, nn, optim, train
from fastgrad._layers import network as _network
from support.marks import large
from support.unfused import POINTWISE

RNG = np.random.default_rng(3)
X = RNG.normal(size=(300, 5))


def pair(*arguments, **options):
    """A network that compiles itself, and the same one that does not."""
    models = [nn.MLP(*arguments, bias="uniform", rng=1, compiled=compiled, **options) for compiled in (True, False)]
    models[1].flat = models[0].flat
    return models


def nodes_of(make):
    """How many nodes a call appends, and what it returns."""
    fastgrad.collect()  # not in the middle of it
    before = fastgrad.tape_info().nodes
    result = make()
    return fastgrad.tape_info().nodes - before, result


def close(found, expected):
    scale = np.abs(expected).max() or 1.0
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * scale)


def weights_like(batch):
    """A factor for each result, some of them 0."""
    return RNG.integers(-2, 3, batch.shape).astype(float)


def check_same(compiled, plain, x):
    """Values, and the gradients of the parameters."""
    targets, found = None, []
    for model in (compiled, plain):
        batch = model(x)
        targets = weights_like(batch) if targets is None else targets
        model.zero_grad()
        losses.mse(batch, targets).backward()
        found.append((batch.data, model.flat_grad))
    for one, other in zip(*found):
        close(one, other)


# What it computes.


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.sampled_from([*POINTWISE, "softmax"]),
    st.sampled_from([*POINTWISE, "softmax"]),
    st.integers(64, 700),
    st.integers(1, 6),
)
@settings(deadline=None, max_examples=60)
def test_values_and_gradients_are_those_of_the_layers(nouts, activation, last, rows, nin):
    activation = activation if min(nouts) > 1 else "gelu"
    last = last if nouts[-1] > 1 else "tanh"
    rows += 4200 // (nouts[0] * (nin + 1))  # so that the work is enough to be compiled
    check_same(*pair(nin, nouts, activation, last), np.random.default_rng(rows).normal(size=(rows, nin)))


def test_many_rows_are_one_node_and_few_are_one_for_each_layer():
    compiled, plain = pair(5, [8, 8, 1])
    assert nodes_of(lambda: compiled(X))[0] == 1
    assert nodes_of(lambda: plain(X))[0] == 3
    assert nodes_of(lambda: compiled(X[:8]))[0] == 3


def test_a_large_network_goes_layer_by_layer():
    model = nn.MLP(5, [200, 200, 1], rng=0)
    assert nodes_of(lambda: model(X))[0] == 3


def test_the_inputs_of_a_network_get_their_gradients():
    compiled, plain = (nn.Sequential(nn.Layer(5, 6, rng=2), *model.layers) for model in pair(6, [8, 8, 1]))
    check_same(compiled, plain, X)  # two nodes, as the first layer has parameters of its own
    assert nodes_of(lambda: compiled(X))[0] == 4
    compiled = nn.Sequential(compiled.layers[0], lambda batch: batch, *compiled.layers[1:])
    assert nodes_of(lambda: compiled(X))[0] == 2
    check_same(compiled, plain, X)


def test_a_layer_and_a_neuron_compile_themselves_too():
    for model in (nn.Layer(5, 4, rng=0), nn.Neuron(5, rng=0)):
        x, found, runs = np.tile(X, (4, 1)), [], []
        for compiled in (True, False):
            model.compiled = compiled
            assert model.compiled is compiled
            model.zero_grad()
            before = _network.program_for.cache_info()
            batch = model(x)
            runs.append(_network.program_for.cache_info() != before)
            losses.mse(batch, np.zeros(batch.shape)).backward()
            found.append((batch.data, model.flat_grad))
        assert runs == [True, False]
        close(found[0][0], found[1][0])
        close(found[0][1], found[1][1])


def test_single_results_pass_their_gradients_on():
    compiled, plain = pair(5, [8, 8, 2])
    for model in (compiled, plain):
        batch = model(X)
        (batch[3, 1] * 2.0 + batch[250, 0].tanh()).backward()
    close(compiled.flat_grad, plain.flat_grad)


def test_an_infinite_input_goes_layer_by_layer_so_that_no_gradient_becomes_nan():
    model = nn.MLP(2, [8, 8, 1], rng=0)
    x = np.ones((300, 2))
    x[7, 1] = np.inf
    count, batch = nodes_of(lambda: model(x))
    assert count == 3
    batch[8].backward()  # of another row
    assert np.isfinite(model.flat_grad).all()


# What can be done with the node.


def test_a_kept_graph_is_computed_again_with_new_parameters():
    model, _ = pair(5, [8, 8, 1])
    total = losses.mse(model(X), np.zeros(300))
    model.flat = model.flat * 0.5
    total.forward()
    assert total.data == losses.mse(model(X), np.zeros(300)).data
    model.zero_grad()
    total.backward()
    once = model.flat_grad
    total.backward()
    close(model.flat_grad, 2.0 * once)


def test_parameters_that_change_after_the_results_do_not_change_their_gradient():
    model, _ = pair(5, [8, 8, 1])
    loss = losses.mse(model(X), np.zeros(300))
    loss.backward()
    expected = model.flat_grad
    model.zero_grad()
    loss = losses.mse(model(X), np.zeros(300))
    model.flat = model.flat * 1.5
    loss.backward()
    assert (model.flat_grad == expected).all()


def test_under_no_grad_nothing_is_recorded():
    model, _ = pair(5, [8, 8, 1])
    with fastgrad.no_grad():
        batch = model(X)
    assert (batch.data == model(X).data).all()
    losses.mse(batch, np.zeros(300)).backward()
    assert not model.flat_grad.any()


def test_its_graph_shows_the_parameters():
    model, _ = pair(5, [8, 8, 1])
    loss = losses.mse(model(X), np.zeros(300))
    assert set(loss.prev) == set(model.parameters())


def test_what_is_not_finite_is_named():
    model = nn.MLP(5, [8, 8, 1], "relu", rng=0)
    model.flat = model.flat * 1e200
    with pytest.raises(train.TrainingError, match=r"of 3 layers with 5 inputs"):
        train.fit(model, X, np.zeros(300), epochs=2)


def test_more_architectures_than_programs_are_kept_have_their_gradients():
    models = [pair(3, [k, 9], "relu") for k in range(2, 90)]
    kept = [losses.mse(model(X[:, :3]), np.ones((300, 9))) for both in models for model in both]
    for total in kept:
        total.backward()
    for compiled, plain in models:
        close(compiled.flat_grad, plain.flat_grad)


def test_a_compiled_function_may_use_a_model_on_many_fixed_rows():
    model, _ = pair(5, [8, 8, 1])
    f = fastgrad.compile(lambda x: x * fastgrad.sum(list(model(X))))
    assert f(2.0) == pytest.approx(2.0 * model(X).data.sum(), rel=1e-12)


# Other code that runs meanwhile.


@large
def test_a_collector_that_runs_meanwhile_may_make_numbers():
    model, _ = pair(5, [8, 8, 1])
    targets, kept, active, beside = np.zeros(300), [], [], []

    def gradient():
        model.zero_grad()
        losses.mse(model(X), targets).backward()
        return model.flat_grad.tolist()

    def grow(phase, info):
        if phase == "stop" and active:
            kept.append([fastgrad.Value(0.0) for _ in range(2000)])
            kept.append(nn.Layer(2, 2)(np.ones((2000, 2))))

    expected = gradient()
    threshold = gc.get_threshold()
    gc.callbacks.append(grow)
    try:
        gc.set_threshold(1)
        active.append(True)
        for _ in range(5):
            beside.append([])  # a reason to collect
            assert gradient() == expected
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(grow)
    assert kept


def test_two_threads_train_at_a_time():
    def trained(results):
        model = nn.MLP(5, [8, 8, 1], rng=0)
        optimizer = optim.SGD(model, lr=1e-2)
        x = np.tile(X, (40, 1))
        for _ in range(10):
            loss = losses.mse(model(x), np.zeros(len(x)))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        results.append(model.flat.tolist())

    alone, together = [], []
    trained(alone)
    threads = [threading.Thread(target=trained, args=(together,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone * 2

"""Dask's arrays and data frames in methods of compiled functions and in `train.fit`."""

import gc
import os
import signal
import sys
import threading
import weakref

import numpy as np
import pytest

import fastgrad
from fastgrad import nn, train
from support.in_blocks import P, columns, compiled, in_blocks, network, parameters_of, same, smooth
from support.marks import in_processes

pytest.importorskip("dask", reason="dask is not installed")
pytest.importorskip("distributed", reason="distributed is not installed")

import cloudpickle  # noqa: E402
import dask  # noqa: E402
import dask.array as da  # noqa: E402
import dask.dataframe as dd  # noqa: E402
import pandas as pd  # noqa: E402
from distributed import Client, LocalCluster  # noqa: E402

from fastgrad.dask import blocks, fit_local  # noqa: E402

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers cannot import tests

AXES = (None, 0, 0)
CHUNK = 150
SETTINGS = {
    "distributed.comm.timeouts.connect": "2s",  # to a worker that has died
    "distributed.scheduler.allowed-failures": 10,
}


@pytest.fixture(scope="module")
def cluster():
    with (
        dask.config.set(SETTINGS),
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
    ):
        yield cluster


@pytest.fixture
def client(cluster):
    with Client(cluster) as client:
        yield client


def arrays(chunks=CHUNK):
    X, y = columns()
    return da.from_array(X, chunks=(chunks, 2)), da.from_array(y, chunks=chunks)


def of_blocks():
    """The same totals in this process, over the same blocks."""
    X, y = columns()
    starts = range(0, len(y), CHUNK)
    return blocks([(X[k : k + CHUNK], y[k : k + CHUNK]) for k in starts])


# Without a client.


def test_arrays_without_a_client_are_computed_by_threads():
    expected = compiled().sum_value_and_grad(P, *of_blocks(), in_axes=AXES)
    assert same(compiled().sum_value_and_grad(P, *arrays(), in_axes=AXES), expected)


def test_chunks_are_made_to_be_those_of_the_first_argument():
    X, y = arrays()
    expected = compiled().sum_value_and_grad(P, X, y, in_axes=AXES)
    found = compiled().sum_value_and_grad(P, X.rechunk((CHUNK, 1)), y.rechunk(37), in_axes=AXES)
    assert same(found, expected)


def frame(npartitions=5):
    X, y = columns()
    return dd.from_pandas(pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": y}), npartitions=npartitions)


def test_frames_are_rows_and_series_are_numbers():
    found = compiled().mean_value_and_grad(P, frame()[["a", "b"]], frame()["y"], in_axes=AXES)
    expected = compiled().mean_value_and_grad(P, *columns(), in_axes=AXES)
    assert all(np.allclose(a, b, rtol=1e-12) for a, b in zip(found, expected))


def test_columns_of_frames_have_names():
    def by_name(p, row):
        return (p[0] * row["a"] + p[1] * row["b"] - row["y"]) ** 2

    found = compiled(by_name).mean_value_and_grad(P, frame(), in_axes=(None, 0))
    expected = compiled(by_name).mean_value_and_grad(P, frame().compute(), in_axes=(None, 0))
    assert all(np.allclose(a, b, rtol=1e-12) for a, b in zip(found, expected))
    with pytest.raises(KeyError, match="there is no column 'c': the columns are 'a', 'b', 'y'"):
        compiled(lambda row: row["c"]).sum(frame())


def test_what_is_missing_in_a_frame_is_refused_by_its_column():
    holes = frame().assign(b=frame()["b"].where(frame()["b"] > 0.0))
    with pytest.raises(ValueError, match="column 'b', is missing in row"):
        compiled(lambda row: row["a"]).sum(holes)
    with pytest.raises(ValueError, match="column 'b', is missing in row"):
        train.fit(nn.MLP(2, [1], rng=0), holes, "y")


def test_partitions_may_be_empty_and_of_unknown_size():
    of_some, ordered = frame(), dd.from_pandas(frame().compute().sort_values("a"), npartitions=20, sort=False)
    of_some, one_half = of_some[of_some["y"] > 1.0], ordered[ordered["a"] < 0.0]
    for X, y in [
        (of_some[["a", "b"]], of_some["y"]),
        (of_some[["a", "b"]].to_dask_array(), of_some["y"]),
        (one_half[["a", "b"]], one_half["y"]),
    ]:
        found = compiled().mean_value_and_grad(P, X, y, in_axes=AXES)
        expected = compiled().mean_value_and_grad(P, *dask.compute(X, y), in_axes=AXES)
        assert all(np.allclose(a, b, rtol=1e-12) for a, b in zip(found, expected))


def test_scalars_from_outside_have_slopes():
    w = fastgrad.Value(2.0)
    loss = compiled(lambda x: w * x).mean(da.arange(10, chunks=3))
    loss.backward()
    assert (loss.data, w.grad) == (9.0, 4.5)


# On workers.


@in_processes
def test_workers_change_no_bit(client):
    expected = compiled().sum_value_grad_and_hessian(P, *of_blocks(), in_axes=AXES)
    for X, y in (arrays(), client.persist(arrays())):
        assert same(compiled().sum_value_grad_and_hessian(P, X, y, in_axes=AXES), expected)


@in_processes
def test_workers_that_were_restarted_are_sent_the_program_again():
    f = compiled()
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster, Client(cluster) as client:
        expected = f.sum_value_and_grad(P, *client.persist(arrays()), in_axes=AXES)
        client.restart(timeout=60)
        assert same(f.sum_value_and_grad(P, *client.persist(arrays()), in_axes=AXES), expected)


@in_processes
def test_a_client_that_was_closed_is_let_go():
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0") as cluster:
        client = Client(cluster)
        compiled().sum_value_and_grad(P, *arrays(), in_axes=AXES)
        client.close()
        known = weakref.ref(client)
        del client
        gc.collect()
        assert known() is None


@in_processes
@pytest.mark.parametrize("workers", [1, 3])
def test_nor_does_their_number(workers):
    expected = compiled().sum_value_and_grad(P, *of_blocks(), in_axes=AXES)
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, processes=False, dashboard_address=":0") as few,
        Client(few),
    ):
        X, y = dask.persist(*arrays())
        assert same(compiled().sum_value_and_grad(P, X, y, in_axes=AXES), expected)


@in_processes
def test_blocks_go_to_a_client_and_to_its_executor(client):
    parts = in_blocks(*columns())
    expected = compiled().sum_value_and_grad(P, *blocks(parts), in_axes=AXES)
    loaders = [lambda part=part: part for part in parts]
    futures = client.scatter(parts)
    for given, executor in [
        (parts, client),
        (parts, client.get_executor()),
        (loaders, client),
        (loaders, client.get_executor()),
        (futures, client),
        ([dask.delayed(part) for part in parts], client),
    ]:
        assert same(compiled().sum_value_and_grad(P, *blocks(given, executor), in_axes=AXES), expected)


def programs_that_came(dask_worker):
    """How often a worker has got a program from another."""
    came = [key for log in dask_worker.transfer_incoming_log for key in log["keys"]]
    return sum(str(key).startswith("fastgrad-program") for key in came)


@in_processes
def test_a_program_travels_once_to_each_worker(client):
    X, y = client.persist(arrays())
    f = compiled(smooth)
    f.sum_value_and_grad(P, X, y, in_axes=AXES)
    before = sum(client.run(programs_that_came).values())
    f = compiled(lambda p, x, y: 2.0 * smooth(p, x, y))
    for k in range(5):
        f.sum_value_and_grad(P + k, X, y, in_axes=AXES)
    assert sum(client.run(programs_that_came).values()) - before <= 2  # that without paths, and that with one


def kill_one(client):
    """Kill a worker's process, and return its pid."""
    pid = min(client.run(os.getpid).values())
    os.kill(pid, signal.SIGKILL)
    return pid


@in_processes
def test_a_worker_that_dies_changes_no_bit(client):
    expected = compiled().sum_value_and_grad(P, *of_blocks(), in_axes=AXES)
    X, y = client.persist(arrays())
    f, killed = compiled(), []
    f.sum_value_and_grad(P, X, y, in_axes=AXES)
    timer = threading.Timer(0.1, lambda: killed.append(kill_one(client)))
    timer.start()
    steps = 0
    while not killed or steps < 20:
        assert same(f.sum_value_and_grad(P, X, y, in_axes=AXES), expected)
        steps += 1
    timer.join()
    for _ in range(5):
        assert same(f.sum_value_and_grad(P, X, y, in_axes=AXES), expected)


def fitted(X, y, **options):
    """The history and the parameters of a network after a fit."""
    model = network()
    history = train.fit(model, X, y, lr=0.05, **options)
    return history, parameters_of(model)


@in_processes
def test_fit_takes_arrays_and_frames(client):
    options = {
        "epochs": 4,
        "batch_size": 300,
        "validation": 0.3,
        "seed": 0,
        "metric": lambda found, y: abs(found - y).mean(),
    }
    expected_history, expected = fitted(*of_blocks(), **options)
    for data in (arrays(), client.persist(arrays())):
        history, found = fitted(*data, **options)
        assert np.array_equal(found, expected)
        for name in ("loss", "val_loss", "metric", "val_metric"):
            assert np.array_equal(getattr(history, name), getattr(expected_history, name)), name
    X, y = columns()
    for data in ((frame()[["a", "b"]], frame()["y"]), (frame(), "y")):
        history, found = fitted(*data, epochs=4)
        assert np.allclose(found, fitted(X, y, epochs=4)[1], rtol=1e-10)


def test_targets_must_be_given_or_be_a_column_of_the_frame():
    with pytest.raises(TypeError, match="y must be targets in blocks, .* or the name of a frame's column, not None"):
        train.fit(network(), frame(), None)
    with pytest.raises(KeyError, match="there is no column 'z': the columns are 'a', 'b', 'y'"):
        train.fit(network(), frame(), "z")


def test_weights_may_be_a_column_of_the_frame():
    X, y = columns()
    weighed = frame().assign(w=2.0)
    assert np.allclose(fitted(weighed, "y", weights="w", epochs=4)[1], fitted(X, y, epochs=4)[1], rtol=1e-10)


@in_processes
def test_a_fit_goes_on_when_a_worker_dies(client):
    expected_history, expected = fitted(*of_blocks(), epochs=20)
    killed = []

    def kill(epoch, history):
        if epoch == 5:
            killed.append(kill_one(client))

    history, found = fitted(*client.persist(arrays()), epochs=20, callbacks=[kill])
    assert len(killed) == 1
    assert np.array_equal(history.loss, expected_history.loss)
    assert np.array_equal(found, expected)


@in_processes
def test_blocks_take_local_steps_on_workers(client):
    given, options = client.persist(arrays()), {"lr": 0.05, "rounds": 3, "local_steps": 4, "seed": 0}
    models = [network() for _ in range(3)]
    for model, data, asynchronous in zip(models, (of_blocks(), given, given), (False, False, True)):
        history = fit_local(model, *data, asynchronous=asynchronous, **options)
        assert history.epochs == 3
    one, another, at_once = map(parameters_of, models)
    assert np.array_equal(one, another)
    assert np.allclose(at_once, one, atol=0.1)


def peak():
    """The most memory that this program has had, in bytes; getrusage counts what the process was before, too."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


@in_processes
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads memory's peak as Linux tells it")
def test_data_larger_than_memory_stream():
    limit, rows, chunks = 500_000_000, 50_000, 150
    X = da.map_blocks(lambda: np.full((rows, 20), 1.5), chunks=((rows,) * chunks, (20,)), dtype=float)
    assert X.nbytes > 2 * limit
    f = compiled(lambda p, x: p * x[0] * x[1])
    with (
        dask.config.set(SETTINGS),
        LocalCluster(n_workers=1, threads_per_worker=1, memory_limit=limit, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        value, slope = f.mean_value_and_grad(2.0, X, in_axes=(None, 0))
        (most,) = client.run(peak).values()
    assert most < limit
    assert (value, slope) == (4.5, 2.25)


# What is refused.


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        (da.ones(10, chunks=5), da.ones(9, chunks=5), "argument 0 of f has 10, argument 1 of f has 9"),
        (da.ones(10, chunks=5), frame(3)["y"], "argument 0 of f has 2, argument 1 of f has 3, .* repartition"),
    ],
)
def test_rows_that_do_not_fit(X, y, words):
    def f(x, y):
        return x * y

    with pytest.raises(ValueError, match=words):
        compiled(f).sum(X, y)


def test_blocks_that_turn_out_not_to_fit():
    y = da.from_delayed(dask.delayed(np.ones)(4), (np.nan,), dtype=float)
    with pytest.raises(ValueError, match="all arguments must have as many rows"):
        compiled(lambda x, y: x * y).sum(da.ones(5, chunks=5), y)


def test_what_is_no_collection_of_rows():
    for wrong in (da.ones(5, chunks=5).sum(), dask.delayed(3)):
        with pytest.raises(TypeError, match="must have an axis of rows|must be a Dask array, data frame or series"):
            compiled(lambda x: x).sum(wrong)

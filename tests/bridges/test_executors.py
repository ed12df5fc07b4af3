"""Rows in blocks, for any executor: `fastgrad.dask.blocks`."""

import concurrent.futures
import os
import pickle
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import fastgrad
from fastgrad.dask import blocks, workers
from fastgrad.dask.programs import BlockFunction, state_of
from fastgrad.dask.workers import packed
from support.in_blocks import BLOCKS, P, branching, columns, compiled, in_blocks, same, smooth
from support.marks import in_processes

AXES = (None, 0, 0)
METHODS = ["sum_value_and_grad", "mean_value_and_grad", "sum_value_grad_and_hessian", "mean_value_grad_and_hessian"]


def without_empty(found):
    return [block for block in found if len(block[0])]


def added(parts):
    """A tree of neighbours, written down once more."""
    if len(parts) == 1:
        return parts[0]
    half = 1
    while 2 * half < len(parts):
        half *= 2
    return tuple(a + b for a, b in zip(added(parts[:half]), added(parts[half:])))


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("function", [smooth, branching])
def test_totals_over_blocks_are_those_over_arrays(function, name):
    X, y = columns()
    found = getattr(compiled(function), name)(P, *blocks(in_blocks(X, y)), in_axes=AXES)
    expected = getattr(compiled(function), name)(P, X, y, in_axes=AXES)
    assert all(np.allclose(a, b, rtol=1e-12) for a, b in zip(found, expected))


@pytest.mark.parametrize("function", [smooth, branching])
def test_blocks_are_added_as_neighbours_then_as_neighbours_of_neighbours(function):
    parts, f = without_empty(in_blocks(*columns())), compiled(function)
    found = f.sum_value_and_grad(P, *blocks(parts), in_axes=AXES)
    assert same(found, added([f.sum_value_and_grad(P, *part, in_axes=AXES) for part in parts]))


@in_processes
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("kind", [concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor])
def test_who_works_changes_no_bit(kind, count):
    parts = in_blocks(*columns())
    expected = compiled().sum_value_and_grad(P, *blocks(parts), in_axes=AXES)
    with kind(count) as executor:
        f = compiled()
        given = blocks(parts, executor)
        for p in (P, P + 1.0, P):
            found = f.sum_value_and_grad(p, *given, in_axes=AXES)
        assert same(found, expected)


def test_rows_that_go_a_way_nobody_has_recorded_are_recorded_by_who_asks():
    f, (X, y) = compiled(), columns()
    calm = X[:, 0] + 2 * X[:, 1] + 0.5 - y < 0.0
    f.sum_value_and_grad(P, *blocks(in_blocks(X[calm], y[calm])), in_axes=AXES)
    assert len(f.programs()) == 2
    found = f.sum_value_and_grad(P, *blocks(in_blocks(X, y)), in_axes=AXES)
    assert len(f.programs()) == 3
    assert np.allclose(found[1], compiled().sum_value_and_grad(P, X, y, in_axes=AXES)[1], rtol=1e-12)


def test_scalars_from_outside_have_slopes():
    w, v = fastgrad.Value(1.0), fastgrad.Value(2.0)
    X, y = columns()

    def error(x, y):
        return smooth([w, v, 0.5], x, y) if x[0] > 0.0 else w * x[1]

    for name in ("sum", "mean"):
        slopes = []
        for args in (blocks(in_blocks(X, y)), (X, y)):
            w.grad = v.grad = 0.0
            loss = getattr(compiled(error), name)(*args)
            loss.backward()
            slopes.append([loss.data, w.grad, v.grad])
        assert np.allclose(*slopes, rtol=1e-12)


def test_blocks_may_use_different_scalars():
    w, v = fastgrad.Value(2.0), fastgrad.Value(3.0)
    f = compiled(lambda x: v * x if x > 10.0 else w * x)
    total = f.sum(*blocks([np.array([1.0]), np.array([2.0]), np.array([20.0, 3.0])]))
    total.backward()
    assert (total.data, w.grad, v.grad) == (72.0, 6.0, 20.0)


def test_scalars_from_outside_count_as_they_are_now():
    w, given = fastgrad.Value(1.0), blocks(in_blocks(np.ones(8)))
    f = compiled(lambda x: w * x)
    assert f.sum(*given).data == 8.0
    w.data = 3.0
    assert f.sum(*given).data == 24.0


def test_without_gradients_a_total_is_a_leaf():
    w = fastgrad.Value(1.0)
    with fastgrad.no_grad():
        total = compiled(lambda x: w * x).sum(*blocks(in_blocks(np.ones(8))))
    assert total.data == 8.0
    assert not total.prev


def test_arguments_may_be_dicts_of_columns():
    X, y = columns()
    a, b = blocks(in_blocks(X, y))
    f = compiled(lambda p, row: smooth(p, row["x"], row["y"]))
    found = f.sum_value_and_grad(P, {"x": a, "y": b}, in_axes=(None, 0))
    assert same(found, compiled(smooth).sum_value_and_grad(P, a, b, in_axes=AXES))


def loaded(k, arrays):
    return tuple(np.array_split(array, BLOCKS)[k] for array in arrays)


@in_processes
def test_blocks_may_be_functions_that_load_them():
    X, y = columns()
    loaders = [partial(loaded, k, (X, y)) for k in range(BLOCKS)]
    expected = compiled().sum_value_and_grad(P, *blocks(without_empty(in_blocks(X, y))), in_axes=AXES)
    with concurrent.futures.ProcessPoolExecutor(2) as executor:
        for given in (blocks(loaders), blocks(loaders, executor)):
            assert same(compiled().sum_value_and_grad(P, *given, in_axes=AXES), expected)


# Executors of others.


def check_on(executor, passes=3):
    """Totals by an executor are those of this process, to the last bit, pass by pass."""
    parts, f = in_blocks(*columns()), compiled()
    given = blocks(parts, executor)
    for k in range(passes):
        expected = compiled().sum_value_and_grad(P + k, *blocks(parts), in_axes=AXES)
        assert same(f.sum_value_and_grad(P + k, *given, in_axes=AXES), expected)


@in_processes
@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_joblib(backend):
    joblib = pytest.importorskip("joblib", reason="joblib is not installed")
    check_on(joblib.Parallel(n_jobs=2, backend=backend), passes=8)  # more than it takes to know that workers forget


@in_processes
def test_ray_through_its_backend_for_joblib(monkeypatch):
    joblib = pytest.importorskip("joblib", reason="joblib is not installed")
    ray = pytest.importorskip("ray", reason="ray is not installed")
    from ray.util.joblib import register_ray

    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    ray.init("local", num_cpus=2, object_store_memory=80 * 2**20, include_dashboard=False, log_to_driver=False)
    try:
        register_ray()
        with joblib.parallel_config(backend="ray"):
            check_on(joblib.Parallel(n_jobs=2), passes=2)
    finally:
        ray.shutdown()


@in_processes
def test_mpi(tmp_path):
    pytest.importorskip("mpi4py", reason="mpi4py is not installed")
    mpiexec = shutil.which("mpiexec", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if mpiexec is None:
        pytest.skip("there is no mpiexec")
    script = tmp_path / "script.py"
    script.write_text(MPI_SCRIPT)
    command = [mpiexec, "-n", "3", sys.executable, "-m", "mpi4py.futures", str(script)]
    result = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert result.stdout == "(5.0, [-10.0, -6.0])\n" * 2, result.stderr


MPI_SCRIPT = """
import numpy as np
from mpi4py.futures import MPIPoolExecutor
import fastgrad
from fastgrad.dask import blocks

if __name__ == "__main__":
    error = fastgrad.compile(lambda p, x, y: (p[0] * x + p[1] - y) ** 2)
    with MPIPoolExecutor() as executor:
        x, y = blocks([(np.array([1.0]), np.array([3.0])), (np.array([2.0]), np.array([5.0]))], executor)
        for _ in range(2):
            value, slopes = error.sum_value_and_grad(np.array([1.0, 1.0]), x, y, in_axes=(None, 0, 0))
            print((value, slopes.tolist()), flush=True)
"""


# What travels.


class Counting:
    """An executor that counts the bytes of what is sent."""

    def __init__(self, executor):
        self.executor, self.count = executor, 0

    def submit(self, *call):
        self.count += len(pickle.dumps(call))
        return self.executor.submit(*call)

    def bytes_of(self, call):
        """What a call sends."""
        before = self.count
        call()
        return self.count - before


@in_processes
def test_a_program_and_a_block_travel_once_to_each_worker():
    with concurrent.futures.ProcessPoolExecutor(1) as process:
        process.submit(int).result()  # so that it is forked before there is anything for it to have
        executor = Counting(process)
        f, (X, y) = compiled(smooth), columns()
        given = blocks(in_blocks(X, y, blocks=4), executor)
        first, later = [executor.bytes_of(lambda: f.sum_value_and_grad(P, *given, in_axes=AXES)) for _ in range(2)]
    program = len(packed(BlockFunction(*state_of(f)[1])).payload)
    assert X.nbytes + y.nbytes + program < first < X.nbytes + y.nbytes + 2 * program + 20_000
    assert later < 5 * 1_000  # five blocks' parameters and names


def test_a_program_stays_while_a_block_is_loaded_for_it():
    """Other threads may come with so many programs meanwhile that it is no longer kept."""

    def load():
        for k in range(workers.MOST_PROGRAMS):
            workers.keep(workers.Program(f"other {k}", b""), ("none", 0), None)
        return X, y

    X, y = columns()
    expected = compiled(smooth).sum_value_and_grad(P, *blocks([(X, y)]), in_axes=AXES)
    assert same(compiled(smooth).sum_value_and_grad(P, *blocks([load]), in_axes=AXES), expected)


def test_blocks_that_nobody_uses_any_more_are_let_go():
    columns = blocks(in_blocks(np.ones(8)))
    compiled(lambda x: x).sum(*columns)
    name = columns[0].source._name
    assert name in workers._data_sets
    del columns
    assert name not in workers._data_sets


# What is refused.


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ([], ValueError, "blocks must not be empty"),
        ([3.0], TypeError, r"blocks\[0\] must be a tuple of arrays, or a function that returns one, not 3.0"),
        (
            [(np.ones(2), 3.0)],
            TypeError,
            r"blocks\[0\] must have arrays with an axis of rows, but column 1 is a number",
        ),
        ([(np.ones(2), np.ones(3))], ValueError, r"blocks\[0\] must have as many rows in each column, not \[2, 3\]"),
        (
            [(np.ones(2),), (np.ones(2), np.ones(2))],
            ValueError,
            "all have as many columns, but block 0 has 1 and block 1 has 2",
        ),
    ],
)
def test_blocks_that_are_none(given, error, words):
    with pytest.raises(error, match=words):
        blocks(given)


@in_processes
def test_frames_in_blocks_keep_their_names():
    pd = pytest.importorskip("pandas")
    X, y = columns()
    halves = [(pd.DataFrame({"a": x[:, 0], "b": x[:, 1]}), y) for x, y in ((X[:9], y[:9]), (X[9:], y[9:]))]
    f = compiled(lambda p, row, y: (p[0] * row["a"] + p[1] * row["b"] - y) ** 2)
    expected = f.mean_value_and_grad(P, pd.concat([x for x, _ in halves]), y, in_axes=AXES)
    loaders = [partial(halves.__getitem__, 0), partial(halves.__getitem__, 1)]
    with concurrent.futures.ProcessPoolExecutor(1) as executor:
        for given in (halves, loaders):
            for who in (None, executor):
                found = f.mean_value_and_grad(P, *blocks(given, who), in_axes=AXES)
                assert all(np.allclose(a, b, rtol=1e-12) for a, b in zip(found, expected))


def test_an_executor_that_is_none():
    with pytest.raises(TypeError, match="executor must be a concurrent.futures.Executor, .* not <class"):
        blocks([(np.ones(2),)], concurrent.futures.ThreadPoolExecutor)
    with pytest.raises(TypeError, match=r"executor must be a concurrent.futures.Executor, .* not 4"):
        blocks([np.ones(2)], 4)


def test_columns_of_different_blocks():
    (a,), (b,) = blocks([np.ones(2)]), blocks([np.ones(2)])
    with pytest.raises(ValueError, match="argument 0 of .* and argument 1 of .* must be columns of the same blocks"):
        compiled(lambda x, y: x * y).sum(a, b)


def test_rows_here_and_rows_elsewhere():
    (a,) = blocks([np.ones(2)])
    with pytest.raises(TypeError, match="argument 1 of .* must have its rows in blocks, as other arguments have"):
        compiled(lambda x, y: x * y).sum(a, np.ones(2))


def test_no_rows_at_all():
    with pytest.raises(ValueError, match="have no rows in any block: give at least one"):
        compiled(lambda x: x).sum(*blocks([np.ones(0), np.ones(0)]))


def test_derivatives_by_what_has_rows():
    with pytest.raises(ValueError, match="has no derivative by argument 1"):
        compiled(smooth).sum_value_and_grad(P, *blocks(in_blocks(*columns())), argnums=1, in_axes=AXES)


def test_a_function_with_more_paths_than_are_kept():
    def function(p, x):
        for k in range(300):
            if x < k:
                return p * k
        return p

    with pytest.raises(ValueError, match="more than 256 paths, which is as many as workers are sent"):
        compiled(function).sum_value_and_grad(1.0, *blocks([np.arange(300.0)]), in_axes=(None, 0))


def test_a_function_that_draws_random_numbers():
    rng = np.random.default_rng(0)
    with pytest.raises(fastgrad.TraceError, match="draws random numbers"):
        compiled(lambda x: x * rng.normal()).sum(*blocks([np.ones(3)]))

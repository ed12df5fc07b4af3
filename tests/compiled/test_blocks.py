"""Totals over rows in files."""

import tracemalloc

import numpy as np
import pytest

import fastgrad

RNG = np.random.default_rng(3)
N = 300_000
X, Y = RNG.integers(-9, 9, (N, 8)), RNG.integers(0, 2, N)
P = np.array([0.5, -1.0])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Rows and targets as memory maps of other types than float64, and of it."""
    folder, made = tmp_path_factory.mktemp("rows"), {}
    for name, array, dtype in (("X", X, "f4"), ("y", Y, "i1"), ("Z", X, "f8")):
        made[name] = np.memmap(folder / name, dtype, "w+", shape=array.shape)
        made[name][...] = array
    return made


def error(p, x, y):
    return (p[0] * x[0] + p[1] * x[7] - y) ** 2


def branched(p, x, y):
    return p[0] * x[0] if x[1] > 3.0 else p[1] * x[7] - y


@pytest.mark.parametrize("function", [error, branched])
@pytest.mark.parametrize(
    "total", ["sum_value_and_grad", "mean_value_and_grad", "sum_value_grad_and_hessian", "mean_value_grad_and_hessian"]
)
def test_totals_are_those_of_arrays(files, function, total):
    f, axes = fastgrad.compile(function), (None, 0, 0)
    found = getattr(f, total)(P, files["X"], files["y"], in_axes=axes)
    expected = getattr(f, total)(P, X.astype(float), Y.astype(float), in_axes=axes)
    for some, other in zip(found, expected):
        assert some == pytest.approx(other, rel=1e-11)


@pytest.mark.parametrize("total", ["sum", "mean"])
def test_slopes_by_scalars_are_those_of_arrays(files, total):
    results = []
    w = fastgrad.Value(2.0)
    for x, y in ((files["X"], files["y"]), (X.astype(float), Y.astype(float))):
        w.grad = 0.0
        node = getattr(fastgrad.compile(lambda x, y: w * x[0] ** 2 - y), total)(x, y)
        node.backward()
        results.append((node.data, w.grad))
    assert results[0] == pytest.approx(results[1], rel=1e-11)


@pytest.mark.parametrize("name", ["X", "Z"])
def test_rows_in_files_are_not_copied(files, name):
    f, g = fastgrad.compile(error), fastgrad.compile(lambda x: x[0] * 2.0)
    for call in (
        lambda: f.mean_value_and_grad(P, files[name], files["y"], in_axes=(None, 0, 0)),
        lambda: g.mean(files[name]),
    ):
        call()
        tracemalloc.start()
        call()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < X.size * 8 / 2


def test_lengths_that_differ_are_refused(files):
    with pytest.raises(ValueError, match="all arguments must have as many rows"):
        fastgrad.compile(error).mean_value_and_grad(P, files["X"], files["y"][:-1], in_axes=(None, 0, 0))

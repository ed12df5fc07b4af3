"""Fits of rows in files and in sparse matrices, which become numbers batch by batch."""

import tracemalloc

import numpy as np
import pytest

from fastgrad import nn, train

RNG = np.random.default_rng(3)
N = 200
X, Y = RNG.integers(-9, 9, (N, 5)), RNG.normal(size=N)
X[RNG.random(X.shape) < 0.5] = 0


@pytest.fixture
def mapped(tmp_path):
    """A function that makes a memory map of an array."""

    def make(array, dtype):
        array = np.asarray(array)
        rows = np.memmap(tmp_path / "rows", dtype, "w+", shape=array.shape)
        rows[...] = array
        return rows

    return make


def fitted(rows, y=Y, **options):
    model = nn.MLP(5, [3, 1], rng=0)
    history = train.fit(model, rows, y, epochs=3, seed=1, **options)
    return model.flat.tolist(), history.loss.tolist(), history.val_loss.tolist()


def sparse(form):
    return getattr(pytest.importorskip("scipy.sparse"), form)(X.astype(float))


OPTIONS = [{}, {"batch_size": 32}, {"batch_size": 32, "shuffle": False}, {"batch_size": 64, "validation": 0.25}]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("dtype", ["f4", "i2", "f8"])
def test_a_memory_map_gives_what_its_array_gives(mapped, dtype, options):
    assert fitted(mapped(X, dtype), **options) == fitted(X, **options)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("form", ["csr_matrix", "csr_array", "csc_array", "coo_array"])
def test_a_sparse_matrix_gives_what_its_array_gives(form, options):
    found, expected = fitted(sparse(form), **options), fitted(X, **options)
    for some, others in zip(found, expected):
        assert some == pytest.approx(others, rel=1e-12)


def test_a_sparse_matrix_stays_one_where_the_model_takes_it():
    """Its rows as an array would take 800 MB, those of a batch 80."""
    sparse = pytest.importorskip("scipy.sparse")
    wide = sparse.random(1000, 100_000, density=1e-5, format="csr", random_state=3)
    model, y = nn.MLP(100_000, [2, 1], rng=0), np.ones(1000)
    options = {"epochs": 1, "batch_size": 100, "validation": (wide, y), "seed": 1}
    train.fit(model, wide, y, **options)
    tracemalloc.start()
    train.fit(model, wide, y, **options)
    train.fit(model, lambda: [(wide[:500], y[:500])], epochs=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6


def test_a_model_that_computes_on_arrays_is_given_arrays():
    class Scaled(nn.Module):
        def __init__(self):
            self.layer = nn.Layer(5, 1, rng=0)

        def __call__(self, x):
            return self.layer(np.tanh(x))

    found, expected = Scaled(), Scaled()
    for model, rows in ((found, sparse("csr_array")), (expected, X)):
        train.fit(model, rows, Y, epochs=2, batch_size=50, seed=1)
    assert np.array_equal(found.flat, expected.flat)


def test_rows_of_weight_0_are_left_out(mapped):
    weights = (X[:, 0] > 0).astype(float)
    options = {"weights": weights, "batch_size": 32, "validation": 0.25}
    assert fitted(mapped(X, "f4"), **options) == fitted(X, **options)


def test_a_memory_map_is_not_copied(mapped):
    """A fit takes memory for y and the order of rows, and for a part of the rows."""
    rows = mapped(RNG.random((100_000, 50)), "f4")
    model, y = nn.MLP(50, [1], rng=0), np.zeros(len(rows))
    train.fit(model, rows[:64], y[:64], epochs=1, batch_size=32, lr=0.001)
    tracemalloc.start()
    train.fit(model, rows, y, epochs=1, batch_size=64, seed=1, lr=0.001)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < rows.size * 8 / 2


def test_what_is_not_finite_is_found_before_anything_changes(mapped):
    array = X.astype(float)
    array[150, 3] = np.nan
    model = nn.MLP(5, [1], rng=0)
    before = model.flat
    with pytest.raises(ValueError, match="X must hold finite numbers, but row 150, column 3 is nan"):
        train.fit(model, mapped(array, "f4"), Y, batch_size=32)
    assert np.array_equal(model.flat, before)


def test_complex_numbers_are_none():
    with pytest.raises(TypeError, match="X must hold plain numbers, not complex128"):
        train.fit(nn.MLP(5, [1]), sparse("csr_array") * 1j, Y)


def test_validation_data_may_be_such_rows(mapped):
    options = {"batch_size": 32}
    expected = fitted(X, validation=(X, Y), **options)
    assert fitted(X, validation=(mapped(X, "f4"), Y), **options) == expected


def test_only_x_may_be_sparse():
    y = pytest.importorskip("scipy.sparse").csr_array(Y[:, None].astype(float))
    with pytest.raises(TypeError, match=r"y must hold plain numbers, .* give y.toarray\(\)"):
        train.fit(nn.MLP(X.shape[1], [1], rng=0), X, y)

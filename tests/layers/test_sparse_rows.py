"""Sparse rows of SciPy: as the same rows in an array, in the first layer of anything."""

import numpy as np
import pytest

import fastgrad
from fastgrad import losses, nn

sparse = pytest.importorskip("scipy.sparse")

RNG = np.random.default_rng(3)
X = RNG.normal(size=(30, 40))
X[RNG.random(X.shape) < 0.95] = 0.0
X[4] = 0.0
Y = RNG.integers(0, 3, 30)


def rows(form="csr_array", array=X):
    return getattr(sparse, form)(array)


def model(**options):
    return nn.MLP(40, [5, 3], rng=0, **options)


def slopes(network, x):
    network.zero_grad()
    losses.cross_entropy(network(x), Y).backward()
    return [p.grad for p in network.parameters()]


@pytest.mark.parametrize("form", ["csr_array", "csr_matrix", "csc_array", "coo_array", "lil_array"])
def test_results_and_gradients_are_those_of_an_array(form):
    network = model()
    assert np.array_equal(network(rows(form)).data, network(X).data)
    assert slopes(network, rows(form)) == pytest.approx(slopes(network, X), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("activation", ["identity", "relu", "sigmoid", "softmax", "gelu"])
def test_every_activation_is_as_of_an_array(activation):
    layer = nn.Layer(40, 4, activation=activation, rng=0)
    assert np.array_equal(layer(rows()).data, layer(X).data)


def test_rows_with_little_left_out_are_an_array():
    network, full = model(), RNG.normal(size=(30, 40))
    assert np.array_equal(network(rows(array=full)).data, network(full).data)
    assert slopes(network, rows(array=full)) == slopes(network, full)


def test_a_graph_does_not_hold_what_is_left_out():
    wide = nn.Layer(1_000_000, 1, rng=0)
    few = sparse.csr_array(([1.0, 2.0], ([0, 2999], [5, 999_999])), shape=(3000, 1_000_000))
    batch = wide(few)  # an array of 24 gigabytes
    assert batch.data[1] == 0.0
    losses.mse(batch, np.zeros(3000)).backward()
    assert [k for k, p in enumerate(wide.flat_grad) if p] == [5, 999_999, 1_000_000]


def test_what_is_given_twice_is_added():
    twice = sparse.csr_array((np.array([1.0, 2.0]), np.array([7, 7]), np.array([0, 2])), shape=(1, 40))
    once = np.zeros((1, 40))
    once[0, 7] = 3.0
    assert model()(twice).data == pytest.approx(model()(once).data, rel=1e-14)
    layer = nn.Layer(40, 1, rng=0)
    found, expected = (
        [g.data for g in fastgrad.gradients(losses.mse(layer(x), [[1.0]]), layer.parameters(), create_graph=True)]
        for x in (twice, once)
    )
    assert found == pytest.approx(expected, rel=1e-14)


def test_numbers_of_other_types_are_numbers():
    assert np.array_equal(model()(rows(array=np.sign(X).astype(np.int8))).data, model()(np.sign(X)).data)


def test_without_gradients_nothing_is_recorded():
    network = model()
    with fastgrad.no_grad():
        batch = network(rows())
    assert np.array_equal(batch.data, network(X).data)


def test_results_are_computed_again():
    network = model()
    x = rows()
    loss = losses.cross_entropy(network(x), Y)
    for p in network.parameters():
        p.data *= 2.0
    loss.forward()
    assert loss.data == pytest.approx(losses.cross_entropy(network(X), Y).data, rel=1e-14)


def test_gradients_of_gradients_go_through_them():
    found = []
    for x in (rows(), X):
        network = nn.Layer(40, 1, rng=0)
        loss = losses.mse(network(x), Y.astype(float))
        loss.backward(create_graph=True)
        p = network.parameters()[0]
        found.append(fastgrad.gradients(p.grad_node * p.grad_node, network.parameters()))
    assert found[0] == pytest.approx(found[1], rel=1e-9, abs=1e-14)


def test_networks_with_a_layer_of_ones_own_take_them():
    network = nn.Sequential(nn.Layer(40, 4, rng=0), nn.Layer(4, 1, rng=1))
    assert np.array_equal(network(rows()).data, network(X).data)


# What is refused.


def test_another_width_is_refused():
    with pytest.raises(ValueError, match=r"x must have 40 numbers in a row.*shape \(30, 39\)"):
        model()(rows()[:, :39])
    with pytest.raises(ValueError, match="x is empty"):
        model()(rows()[:0])


def test_nan_is_refused_by_row_and_column():
    array = np.zeros((30, 40))
    array[7, 3] = np.nan
    with pytest.raises(ValueError, match="row 7, column 3 is nan"):
        model()(rows(array=array))


def test_complex_numbers_are_refused():
    with pytest.raises(TypeError, match="x must be of real numbers"):
        model()(rows(array=X * 1j))


@pytest.mark.parametrize(
    ("name", "place", "wrong"),
    [
        ("indices", 0, 40),
        ("indices", 0, -1),
        ("indptr", 3, 10_000),
        ("indptr", 3, -1),
        ("indptr", 0, 1),
        ("indptr", 30, -5),
    ],
)
def test_a_matrix_that_does_not_hold_together_is_refused(name, place, wrong):
    x = rows()
    getattr(x, name)[place] = wrong
    with pytest.raises(ValueError, match="holds together"):
        model()(x)

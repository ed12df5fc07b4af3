"""Layers on the tape: what a row and a batch of rows are, how their graph looks, and what is refused."""

import numpy as np
import pytest

import fastgrad
from fastgrad import Scalar, Value, losses, nn
from fastgrad._layers.batch import Batch
from fastgrad._layers.dense import ACTIVATIONS, leaf_batch, taken_gradient
from fastgrad._layers.layer_input import apply
from fastgrad._tape.describe import first_not_finite
from support.dense_layers import ROWS, by_scalars, network, taken
from support.graphs import live_nodes, reached

# Rows.


def test_a_row_gives_a_list_of_scalars_and_a_layer_of_one_the_scalar_itself():
    _, layers = network(3, 4, 2)
    assert [type(y) for y in apply(layers, [1.0, 2.0, 3.0])] == [Value, Value]
    _, layers = network(3, 4, 1)
    assert type(apply(layers, [1.0, 2.0, 3.0])) is Value


@pytest.mark.parametrize("row", [[1, 2.5, -3], (1.0, 2.5, -3.0), np.array([1.0, 2.5, -3.0]), np.array([2, 5, -6]) / 2])
def test_a_row_may_be_any_sequence_of_numbers(row):
    run, layers = network(3, 4, 1)
    (expected,) = by_scalars(run, layers, [float(x) for x in row])
    assert apply(layers, row).data == expected.data
    assert apply(layers, iter(row)).data == expected.data


def test_a_long_row():
    run, layers = network(100, 2, 1)
    row = np.random.default_rng(3).normal(size=100)
    (expected,) = by_scalars(run, layers, row.tolist())
    for given in (row, row.tolist(), row[::-1][::-1]):
        assert apply(layers, given).data == expected.data


def test_integers_and_single_floats_are_read_as_numbers():
    run, layers = network(3, 2)
    expected = [y.data for y in by_scalars(run, layers, [1.0, 2.0, 3.0])]
    for row in (np.array([1, 2, 3]), np.array([1, 2, 3], dtype=np.float32), np.array([1, 2, 3], dtype=object)):
        assert [y.data for y in apply(layers, row)] == expected


def test_one_number_is_a_row_for_a_layer_of_one_input():
    run, layers = network(1, 2)
    expected = [y.data for y in by_scalars(run, layers, [0.5])]
    x = Value(0.5)
    assert [y.data for y in apply(layers, 0.5)] == expected
    assert [y.data for y in apply(layers, x)] == expected


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("as_array", [False, True])
def test_scalars_in_a_row_get_a_gradient(activation, as_array):
    run, layers = network(3, 4, 2, activation=activation, last=activation)
    row = [Value(0.5), -1.5, Scalar(2.0)]
    scalars = [row[0], row[2]]
    grads = []
    for results in (apply(layers, np.array(row) if as_array else row), by_scalars(run, layers, row)):
        (results[0] * 3.0 - results[1]).backward()
        grads.append(taken([*run[:], *scalars]))
    assert grads[0] == pytest.approx(grads[1], rel=1e-12, abs=1e-15)


def test_a_result_has_the_type_of_the_parameters_or_of_an_input_that_derives_from_it():
    class Mine(Value):
        pass

    _, layers = network(2, 2, number=Scalar)
    assert [type(y) for y in apply(layers, [1.0, 2.0])] == [Scalar, Scalar]
    _, layers = network(2, 2)
    assert [type(y) for y in apply(layers, [1.0, Mine(2.0)])] == [Mine, Mine]
    assert [type(y) for y in apply(layers, [Value(1.0), 2.0])] == [Value, Value]


# Batches.


def test_a_batch_is_one_node_for_each_layer():
    _, layers = network(3, 4, 2)
    before = fastgrad.tape_info().nodes
    batch = apply(layers, ROWS)
    assert fastgrad.tape_info().nodes - before == 2
    assert type(batch) is Batch


def test_what_a_batch_is():
    run, layers = network(3, 4, 2)
    batch = apply(layers, ROWS)
    expected = [[y.data for y in by_scalars(run, layers, row)] for row in ROWS.tolist()]
    assert batch.shape == (4, 2)
    assert len(batch) == 4
    assert batch.data.tolist() == expected
    assert batch[2, 1].data == batch[-2, -1].data == expected[2][1]
    assert [y.data for y in batch[3]] == expected[3]
    assert [[y.data for y in row] for row in batch] == expected
    assert [y.data for y in batch[1:3, 0]] == [expected[1][0], expected[2][0]]
    assert repr(batch) == "<batch of shape (4, 2)>"


def test_a_batch_after_a_layer_of_one_has_a_shape_of_rows_only():
    run, layers = network(3, 4, 1)
    batch = apply(layers, ROWS)
    assert batch.shape == (4,)
    assert [y.data for y in batch] == [by_scalars(run, layers, row)[0].data for row in ROWS.tolist()]
    assert apply(layers, ROWS[:1]).shape == (1,)


def test_the_data_of_a_batch_is_a_copy_that_cannot_be_written():
    _, layers = network(3, 2)
    batch = apply(layers, ROWS)
    with pytest.raises(ValueError, match="read-only"):
        batch.data[0, 0] = 1.0
    with pytest.raises(AttributeError):
        batch.data = ROWS


@pytest.mark.parametrize("rows", [ROWS.tolist(), ROWS.astype(np.float32), ROWS[:, ::-1][:, ::-1], list(ROWS)])
def test_rows_may_come_in_any_nesting_of_numbers(rows):
    _, layers = network(3, 2)
    assert apply(layers, rows).data.tolist() == apply(layers, ROWS).data.tolist()


def test_scalars_in_a_batch_get_a_gradient():
    run, layers = network(2, 3, 1)
    x = [[Value(1.0), Value(2.0)], [Value(-1.0), 0.5]]
    scalars = [*x[0], x[1][0]]
    fastgrad.sum([y * y for y in apply(layers, x)]).backward()
    grads = taken([*run[:], *scalars])
    fastgrad.sum([by_scalars(run, layers, row)[0] ** 2 for row in x]).backward()
    assert grads == pytest.approx(taken([*run[:], *scalars]), rel=1e-12, abs=1e-15)


def test_a_batch_goes_on_into_further_layers():
    run, layers = network(3, 4, 2)
    once = apply(layers, ROWS)
    twice = apply(layers[1:], apply(layers[:1], ROWS))
    assert once.data.tolist() == twice.data.tolist()
    for batch in (once, twice):
        fastgrad.sum([y.sin() for row in batch for y in row]).backward()
    grads = np.array(taken(run[:]))
    fastgrad.sum([y.sin() for row in once for y in row]).backward()
    assert grads == pytest.approx(2 * np.array(taken(run[:])), rel=1e-12)


@pytest.mark.parametrize("rows", [1, 7, 8, 100])
@pytest.mark.parametrize("sizes", [(3, 5, 2), (2, 16, 16, 1), (4, 1, 3), (1, 1)])
def test_gradients_of_a_batch_are_those_of_its_rows(rows, sizes):
    run, layers = network(*sizes)
    x = np.random.default_rng(1).normal(size=(rows, sizes[0]))
    batch = apply(layers, x)
    fastgrad.sum([y.tanh() for y in np.array(batch[:], dtype=object).ravel()]).backward()
    grads = taken(run[:])
    for row in x.tolist():
        fastgrad.sum([y.tanh() for y in by_scalars(run, layers, row)]).backward()
    assert grads == pytest.approx(taken(run[:]), rel=1e-11, abs=1e-13)


def test_a_wide_layer_computes_what_a_narrow_one_does():
    run, layers = network(200, 120, 3)  # numpy's product takes the first layer
    x = np.random.default_rng(1).normal(size=(20, 200))
    batch = apply(layers, x)
    rows = [apply(layers, row) for row in x]
    assert batch.data == pytest.approx(np.array([[y.data for y in row] for row in rows]), rel=1e-12, abs=1e-12)
    fastgrad.sum([y.tanh() for row in batch for y in row]).backward()
    grads = taken(run[:])
    fastgrad.sum([y.tanh() for row in rows for y in row]).backward()
    assert grads == pytest.approx(taken(run[:]), rel=1e-10, abs=1e-12)


def test_wide_layers_pass_gradients_on_to_each_other_and_are_computed_again():
    run, layers = network(80, 80, 80, 1)
    x = np.random.default_rng(1).normal(size=(30, 80))
    total = fastgrad.sum(list(apply(layers, x)))
    total.backward()
    grads = taken(run[:])
    parameter = run[17]
    parameter.data += 0.5
    total.forward()
    assert total.data == pytest.approx(sum(apply(layers, row).data for row in x), rel=1e-12)
    parameter.data -= 0.5
    rows = fastgrad.sum([apply(layers, row) for row in x])
    rows.backward()
    assert grads == pytest.approx(taken(run[:]), rel=1e-10, abs=1e-12)


# Leaves.


def test_a_batch_of_numbers_keeps_its_gradient_until_it_is_taken():
    batch = leaf_batch(np.array([[1.0, 2.0], [3.0, 4.0]]))
    for _ in range(2):
        losses.sum_of_squares(batch, np.zeros((2, 2))).backward()
    (batch[0, 1] * 10.0).backward()  # a scalar of a leaf is a leaf of its own
    assert taken_gradient(batch).tolist() == [[4.0, 8.0], [12.0, 16.0]]
    assert not taken_gradient(batch).any()
    with pytest.raises(ValueError, match="passes it on"):
        taken_gradient(nn.Layer(2, 1)([[1.0, 2.0]]))
    with pytest.raises(ValueError, match="shape"):
        leaf_batch(np.zeros(3))


def test_a_batch_of_one_number_keeps_it():
    _, layers = network(2, 3, 1)
    with fastgrad.no_grad():
        batch = apply(layers, np.array([[0.1, 0.2]]))
    for leaf in (batch, leaf_batch(np.array([[0.5]]))):
        before = leaf.data.tolist()
        losses.mse(leaf, [1.0]).backward()
        assert leaf.data.tolist() == before
        assert taken_gradient(leaf).any()


# The graph.


def test_a_graph_shows_the_parameters_and_the_scalars_of_the_inputs():
    run, layers = network(2, 3, 1)
    x = Value(2.0)
    result = apply(layers, [x, 1.0])
    assert set(result.prev) == {*run[:], x}
    (_, pair) = network(2, 3, 2)
    y, z = apply(pair, [x, 1.0])
    assert set(y.prev) == set(z.prev)
    assert y.op == z.op == result.op == "layer"


def test_a_layers_scalars_show_its_own_parameters_only():
    run, (first, second) = network(2, 3, 2)
    middle = apply([first], [1.0, 2.0])
    assert set(middle[0].prev) == set(run[: second.offset])
    assert set(apply([second], middle)[0].prev) == {*run[second.offset :], *middle}


@pytest.mark.parametrize("sizes", [(2, 3, 1), (2, 3, 2), (80, 80, 80, 2)])
def test_a_sweep_by_hand_gives_the_same_gradients(sizes):
    run, layers = network(*sizes)
    results = apply(layers, np.random.default_rng(0).normal(size=(11, sizes[0])) if sizes[0] > 2 else [[1.0, -0.5]])
    root = fastgrad.sum([y.sin() for y in np.array(results[:], dtype=object).ravel()])
    root.backward()
    expected = taken(run[:])
    root.zero_grad()
    root.grad = 1.0
    for node in reached(root):
        node._backward()
    assert taken(run[:]) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_zero_grad_of_a_result_clears_parameters_and_inputs():
    run, layers = network(2, 3, 1)
    x = Value(1.0)
    result = apply(layers, [x, 2.0])
    result.backward()
    assert any(p.grad for p in run[:])
    result.zero_grad()
    assert taken([*run[:], x, result]) == [0.0] * (len(run) + 2)


def test_forward_after_a_parameter_and_an_input_have_changed():
    run, layers = network(2, 3, 2)
    x = Value(1.0)
    y = apply(layers, [x, 2.0])[1] * 2.0
    x.data, run[4].data = -0.5, 3.0
    y.forward()
    assert y.data == 2.0 * by_scalars(run, layers, [-0.5, 2.0])[1].data


def test_a_callback_may_replace_the_step_of_a_neurons_result():
    run, layers = network(2, 1)
    y = apply(layers, [1.0, 2.0])

    def double():
        run[0].grad += 2.0 * y.grad

    y._backward = double
    (y * 3.0).backward()
    assert taken(run[:]) == [6.0, 0.0, 0.0]


def test_an_error_in_a_sweep_leaves_nothing_behind_in_a_layer():
    run, layers = network(2, 2)
    y = apply(layers, [1.0, 2.0])
    middle = y[0] * 1.0
    root = middle * 2.0 + y[1]

    def fail():
        raise RuntimeError("stop")

    middle._backward = fail
    with pytest.raises(RuntimeError):
        root.backward()
    taken(run[:])
    del middle._backward
    root.zero_grad()
    root.backward()
    grads = taken(run[:])
    again = apply(layers, [1.0, 2.0])
    (again[0] * 2.0 + again[1]).backward()
    assert grads == taken(run[:])


def test_nothing_is_recorded_without_gradients():
    _, layers = network(3, 4, 2)
    with fastgrad.no_grad():
        row, batch = apply(layers, [1.0, 2.0, 3.0]), apply(layers, ROWS)
        inside = batch[1, 0]
    assert [y.prev for y in (*row, inside, batch[0, 0])] == [[], [], [], []]
    assert batch.data.tolist() == apply(layers, ROWS).data.tolist()
    y = batch[2, 1] * 2.0
    y.backward()
    assert y.grad == 1.0


def test_parameters_live_as_long_as_a_result_needs_them():
    run, layers = network(2, 3, 1)
    y = apply(layers, [1.0, 2.0])
    expected = by_scalars(run, layers, [1.0, 2.0])[0].data
    del run, layers
    fastgrad.collect()
    y.forward()
    assert y.data == expected
    assert len(y.prev) == 13


def test_batches_and_runs_that_nobody_needs_are_gone():
    before = live_nodes()
    run, layers = network(3, 4, 1)
    batch = apply(layers, ROWS)
    loss = fastgrad.sum(list(batch))
    loss.backward()
    del run, layers, batch, loss
    assert live_nodes() == before


# Where a nan comes from.


def test_the_first_node_that_is_not_finite():
    _, layers = network(1, 1)
    assert first_not_finite(apply(layers, [2.0])) is None
    x = Value(float("inf"), label="x")
    assert first_not_finite(x * 0.0 + 1.0) == "the leaf Value(data=inf, grad=0.0), label 'x'"
    large = Value(1e200)
    assert "Value(data=inf, grad=0.0), the result of *" in first_not_finite((large * large).tanh() - 1.0)
    run, layers = network(1, 2, 1, activation="relu")
    run[2].data = 1e308
    batch = apply(layers, [[0.0], [20.0]])
    place = "result inf of row 1, neuron 1 of a layer of 2 with 1 inputs"
    assert first_not_finite(batch[0] + batch[1]) == place
    run[2].data, run[6].data = 1.0, float("nan")
    batch = apply(layers, [[0.0], [20.0]])
    assert first_not_finite(batch[0]) == "the leaf Value(data=nan, grad=0.0)"

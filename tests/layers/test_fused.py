"""Fused layers give what the same network gives scalar by scalar, and what torch gives."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastgrad import Value, nn, reference
from support.unfused import POINTWISE, Unfused, weighted

ACTIVATIONS = (*POINTWISE, "softmax")
ROWS = np.random.default_rng(5).uniform(-2.0, 2.0, (6, 3))


def as_list(results):
    """The results of a row, one of them in a list too."""
    return results if isinstance(results, list) else [results]


def close(found, expected, tolerance=1e-12):
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def check_rows(model, rows, unfused):
    """Values and the gradients of parameters, of numbers and of scalars as inputs."""
    model.zero_grad()
    for row in rows:
        inputs, expected_inputs = [Value(x) for x in row], [reference.Value(x) for x in row]
        for x in (list(row), inputs):
            results, expected = as_list(model(x)), unfused(expected_inputs)
            close([result.data for result in results], [result.data for result in expected])
            weighted(results).backward()
            weighted(expected).backward()
        # The numbers had no gradient to give, so the expected inputs have twice that of the scalars.
        close([2.0 * x.grad for x in inputs], [x.grad for x in expected_inputs])
    close(model.flat_grad, unfused.flat_grad)


def check_batch(model, rows, unfused):
    """The same of all rows at once."""
    model.zero_grad()
    batch = model(np.asarray(rows))
    expected = [result for row in rows for result in unfused(row)]
    close(batch.data.ravel(), [result.data for result in expected])
    results = [result for row in batch for result in as_list(row)]
    weighted(results).backward()
    weighted(expected).backward()
    close(model.flat_grad, unfused.flat_grad)


@pytest.mark.parametrize("check", [check_rows, check_batch])
@pytest.mark.parametrize(("activation", "nout"), [("softmax", 4), *itertools.product(POINTWISE, (1, 4))])
def test_a_layer_is_its_scalars(activation, nout, check):
    layer = nn.Layer(3, nout, activation, bias="uniform", rng=1)
    check(layer, ROWS, Unfused([layer]))


@pytest.mark.parametrize("check", [check_rows, check_batch])
@pytest.mark.parametrize("activation", POINTWISE)
def test_a_network_is_its_scalars(activation, check):
    model = nn.MLP(3, [4, 3, 2], activation, "softmax", bias="uniform", rng=2)
    check(model, ROWS, Unfused(model.layers))


@pytest.mark.parametrize("check", [check_rows, check_batch])
def test_a_neuron_is_its_scalars(check):
    neuron = nn.Neuron(3, bias="uniform", rng=3)
    layer = nn.Layer(3, 1)
    layer.flat = neuron.flat
    check(neuron, ROWS, Unfused([layer]))


def test_a_neuron_of_a_layer_gives_its_part_of_the_gradient():
    layer = nn.Layer(3, 2, rng=4)
    layer.neurons[1](ROWS[0]).backward()
    unfused = Unfused([layer])
    unfused(ROWS[0])[1].backward()
    close(layer.flat_grad, unfused.flat_grad)


# Networks of any kind.

sizes = st.integers(1, 5)
numbers = st.floats(-3.0, 3.0).map(lambda x: round(x, 6))


def activations_of(widths):
    return st.sampled_from(POINTWISE if 1 in widths else ACTIVATIONS)  # there is no softmax of one


@st.composite
def networks(draw):
    """A network, and rows for it."""
    nin, nouts = draw(sizes), draw(st.lists(sizes, min_size=1, max_size=3))
    model = nn.MLP(nin, nouts, draw(activations_of(nouts[:-1])), draw(activations_of(nouts[-1:])), rng=0)
    model.flat = draw(st.lists(numbers, min_size=model.num_parameters(), max_size=model.num_parameters()))
    rows = draw(st.lists(st.lists(numbers, min_size=nin, max_size=nin), min_size=1, max_size=4))
    return model, rows


@given(networks())
def test_rows_of_any_network(drawn):
    model, rows = drawn
    check_rows(model, rows, Unfused(model.layers))


@given(networks())
def test_batches_of_any_network(drawn):
    model, rows = drawn
    check_batch(model, rows, Unfused(model.layers))


@given(networks())
def test_fused_and_unfused_on_one_tape(drawn):
    model, rows = drawn
    unfused = Unfused(model.layers, Value)
    model.zero_grad()
    weighted([result for row in rows for result in as_list(model(row))]).backward()
    weighted([result for row in rows for result in unfused(row)]).backward()
    close(model.flat_grad, unfused.flat_grad)


# torch.


def in_torch(torch, model):
    """The same network in torch."""
    modules = {
        "identity": torch.nn.Identity(),
        "tanh": torch.nn.Tanh(),
        "relu": torch.nn.ReLU(),
        "sigmoid": torch.nn.Sigmoid(),
        "softplus": torch.nn.Softplus(),
        "gelu": torch.nn.GELU(),
        "leaky_relu": torch.nn.LeakyReLU(),
        "softmax": torch.nn.Softmax(dim=1),
    }
    parts = []
    for layer in model.layers:
        linear = torch.nn.Linear(layer.nin, layer.nout, dtype=torch.float64)
        state = layer.state_dict()
        linear.load_state_dict({"weight": torch.tensor(state["w"]), "bias": torch.tensor(state["b"])})
        parts += [linear, modules[layer.activation]]
    return torch.nn.Sequential(*parts)


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "step"])
@pytest.mark.parametrize("output_activation", [None, "softmax"])
def test_numbers_are_those_of_torch(activation, output_activation):
    torch = pytest.importorskip("torch")
    model = nn.MLP(3, [5, 4, 2], activation, output_activation, bias="uniform", rng=6)
    theirs, x = in_torch(torch, model), torch.tensor(ROWS, requires_grad=True)
    y = theirs(x)
    factors = torch.arange(12, dtype=torch.float64).reshape(6, 2) * 0.25 + 0.5
    (y * factors).sum().backward()
    inputs = [[Value(number) for number in row] for row in ROWS]
    batch = model(inputs)
    weighted([result for row in batch for result in row]).backward()
    close(batch.data, y.detach().numpy(), 1e-9)
    close([[number.grad for number in row] for row in inputs], x.grad.numpy(), 1e-9)
    expected = [torch.hstack([part.weight.grad, part.bias.grad[:, None]]).ravel() for part in theirs[::2]]
    close(model.flat_grad, torch.cat(expected).numpy(), 1e-9)

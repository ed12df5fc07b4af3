"""The L2 penalty: of a module's parameters where they lie, and of scalars."""

import numpy as np
import pytest

from fastgrad import Value, losses, nn, reference
from support.graphs import live_nodes


def grads(scalars):
    return [x.grad for x in scalars]


def close(found, expected):
    assert found == pytest.approx(expected, rel=1e-12)


def test_a_penalty_is_that_of_its_scalars():
    model = nn.MLP(2, [3, 1], rng=3)
    oracle = [reference.Value(x) for x in model.flat]
    expected = 0.01 * sum(p * p for p in oracle)
    penalty = losses.l2_penalty(model, 0.01)
    for root in (penalty, expected):
        root.backward()
    close(penalty.data, expected.data)
    close(model.flat_grad, grads(oracle))
    assert losses.l2_penalty(model.parameters(), 0.01).data == penalty.data
    assert losses.l2_penalty(iter(model.parameters()), 0.01).data == penalty.data


def test_a_penalty_is_one_node_over_the_parameters():
    model = nn.MLP(2, [3, 1], rng=3)
    nodes = live_nodes()
    penalty = losses.l2_penalty(model, 0.5)
    assert live_nodes() == nodes + 1
    assert penalty.prev == model.parameters()
    model.flat = np.ones(model.num_parameters())
    penalty.forward()
    assert penalty.data == 0.5 * model.num_parameters()


def test_a_penalty_of_a_part_and_of_scalars_beside_it():
    model, x = nn.MLP(2, [3, 1], rng=3), Value(3.0)

    class Part(nn.Module):
        def __init__(self):
            self.x, self.layer = x, model.layers[1]

    penalty = losses.l2_penalty(Part(), 2.0)
    penalty.backward()
    parameters = model.layers[1].parameters()
    assert penalty.prev == [x, *parameters]
    close([x.grad, *grads(parameters)], [12.0, *(4.0 * p.data for p in parameters)])
    assert grads(model.layers[0].parameters()) == [0.0] * 9

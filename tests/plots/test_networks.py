"""A network in a figure."""

import numpy as np
import pytest

from fastgrad import nn, plots

pytest.importorskip("matplotlib")


def test_a_weight_is_a_line_in_its_colour_and_as_wide_as_it_is_large():
    neuron = nn.Neuron(2)
    neuron.w, neuron.b = [2.0, -1.0], 0.5
    ax = plots.network(neuron)
    lines = ax.collections[0]
    numbers, widths = lines.get_array().tolist(), lines.get_linewidths()
    assert numbers == [-1.0, 2.0]
    assert widths[1] > widths[0]
    red, blue = (lines.to_rgba(number)[:3] for number in numbers)
    assert red[0] > red[2]
    assert blue[2] > blue[0]


def test_neurons_stand_in_columns_over_their_layer():
    ax = plots.network(nn.MLP(3, [4, 2], rng=0))
    circles = [dots.get_offsets() for dots in ax.collections[2:]]
    assert [len(dots) for dots in circles] == [3, 4, 2]
    assert [set(dots[:, 0]) for dots in circles] == [{0.0}, {1.0}, {2.0}]
    assert [text.get_text() for text in ax.texts] == [
        "inputs\n3", "layers.0\n3 to 4\ntanh", "layers.1\n4 to 2\nidentity",
    ]  # fmt: skip
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(left.overlaps(right) for left, right in zip(boxes, boxes[1:]))


def test_of_a_wide_layer_the_first_and_the_last_are_drawn():
    ax = plots.network(nn.MLP(784, [100, 10], rng=0), max_neurons=8)
    assert [len(dots.get_offsets()) for dots in ax.collections[2:]] == [7, 7, 7]
    assert [text.get_text() for text in ax.texts].count("⋮") == 3


@pytest.mark.filterwarnings("error")
def test_weights_that_are_0_or_not_finite_are_drawn():
    neuron = nn.Neuron(2)
    neuron.w = [np.nan, 0.0]
    plots.network(neuron).figure.draw_without_rendering()


def test_what_is_no_network_is_refused():
    class Own(nn.Module):
        def __init__(self):
            self.layer = nn.Layer(2, 1)

    with pytest.raises(TypeError, match="model must be a module of fastgrad.nn, not 3"):
        plots.network(3)
    with pytest.raises(TypeError, match="Own must be layers that are applied one after the other"):
        plots.network(Own())
    with pytest.raises(ValueError, match="max_neurons must be at least 3, not 2"):
        plots.network(nn.MLP(2, [1]), max_neurons=2)


def test_an_estimators_network_is_named():
    class Estimator:
        model_ = nn.MLP(2, [1], rng=0)

    with pytest.raises(TypeError, match="module of fastgrad.nn, as an estimator's model_ is, not"):
        plots.network(Estimator())
    with pytest.raises(TypeError, match="model must be callable, .*, as an estimator's model_ is, not"):
        plots.decision_regions(Estimator(), [[0.0, 1.0]], [0])

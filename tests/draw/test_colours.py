"""Gradients as colours, and how numbers are written in pictures."""

import re

import pytest

import fastgrad
from fastgrad import draw
from fastgrad.draw.graphs import color_of
from fastgrad.plots.axes import luminance


def graph_with_gradients():
    a, b = fastgrad.Value(2.0, label="a"), fastgrad.Value(-3.0, label="b")
    y = a * b
    y.label = "y"
    y.backward()
    return y


@pytest.mark.parametrize("look", [draw.draw_dot, draw.visualize_graph])
def test_gradients_are_colours_the_stronger_the_larger(look):
    source = look(graph_with_gradients(), gradients=True).source
    a, b, y = re.findall(r'fillcolor="#(\w\w)(\w\w)(\w\w)"', source)
    red = [int(parts[0], 16) - int(parts[2], 16) for parts in (a, b, y)]
    assert red[0] > 0 > red[1]  # -3 and 2
    assert red[1] < red[2] < 0  # the result's own 1
    assert "fillcolor" not in look(graph_with_gradients()).source


def test_texts_contrast_with_every_colour_of_a_gradient():
    for grad in (-1.0, 0.0, 0.3, 1.0, float("nan"), float("-inf")):
        color = color_of(grad, 1.0)
        assert (luminance([int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]) + 0.05) / 0.05 >= 7.0


def test_the_plain_picture_has_the_colours_too(no_graphviz):
    svg = draw.draw_dot(graph_with_gradients(), gradients=True).pipe(encoding="utf-8")
    assert f'fill="{color_of(-3.0, 3.0)}"' in svg


def test_gradients_that_are_all_0_are_white():
    y = fastgrad.Value(2.0) * 3.0
    assert set(re.findall(r'fillcolor="(\S+?)"', draw.draw_dot(y, gradients=True).source)) == {"#ffffff"}


@pytest.mark.parametrize("look", [draw.draw_dot, draw.visualize_graph])
def test_numbers_are_written_as_asked(look):
    x = fastgrad.Value(1 / 3)
    assert "0.3333 " in look(x).source + " "
    assert "0.333333333 " in look(x, numbers="%.9g").source
    assert "0.333333 " in look(x, numbers="%g").source
    with pytest.raises(ValueError, match="numbers must be a format for one number, such as '%.4g', not '%'"):
        look(x, numbers="%")

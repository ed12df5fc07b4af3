"""The interactive picture in a notebook, as Python sees it; `web/test_widget.py` looks at it in a browser."""

import sys

import pytest

from fastgrad import draw, math


@pytest.fixture
def explored():
    pytest.importorskip("anywidget")
    return draw.explore("tanh(a * b + c) * a", a=2.0, b=-3.0, c=(5.5, 0.0, 10.0))


def test_it_holds_what_is_shown(explored):
    assert explored.values == {"a": 2.0, "b": -3.0, "c": 5.5}
    assert explored.inputs["c"] == {"value": 5.5, "low": 0.0, "high": 10.0}
    assert explored.numbers["values"][-1] == f"{2 * math.tanh(-0.5):.4g}"


def test_moving_an_input_changes_the_numbers_and_not_the_graph(explored):
    changed = []
    explored.observe(lambda change: changed.append(change.name), ["graph", "numbers", "trouble"])
    explored.values = {**explored.values, "a": 1.0}
    assert changed == ["numbers"]
    assert explored.numbers["values"][0] == "1"


def test_what_the_function_raises_is_kept_until_it_does_no_more(explored):
    explored = draw.explore(lambda x: math.sqrt(x) + 1.0, x=4.0)
    explored.values = {"x": -4.0}
    assert explored.trouble.startswith("ValueError")
    assert explored.numbers["values"] == ["4", "2", "3"]
    explored.values = {"x": 9.0}
    assert (explored.trouble, explored.numbers["values"]) == ("", ["9", "3", "4"])


def test_without_inputs_there_is_nothing_to_explore():
    with pytest.raises(ValueError, match=r"pass their values by name, explore\(f, x=2\.0\)"):
        draw.explore(lambda: 1.0)


def test_without_anywidget_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ImportError, match=r'needs anywidget: pip install "fastgrad\[widget\]"'):
        draw.explore("x * x", x=1.0)

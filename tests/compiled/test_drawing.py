"""What the picture of a compiled function shows, with Graphviz and without it."""

import pickle
import shutil
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
import pytest

import fastgrad
from fastgrad import Scalar, Value, draw, nn
from fastgrad import math as fm


@pytest.fixture
def no_graphviz(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda program: None)


def drawn(function, *args, **options):
    """The lines of the picture's source, of a function called once."""
    compiled = fastgrad.compile(function)
    compiled(*args)
    return [line.strip() for line in compiled.draw(**options).source.splitlines()]


def labels(lines):
    """The boxes' labels by the boxes' names."""
    return {line.split()[0]: line.split('"')[1].strip("{} ") for line in lines if "[label=" in line}


def test_inputs_have_the_parameters_names():
    class Point(NamedTuple):
        x: float
        y: float

    lines = drawn(
        lambda a, p, *more, scale=1.0: a + p["w"][0] + more[1].y + more[0][1, 0] + scale,
        *(1.0, {"w": [2.0]}, np.ones((2, 1)), Point(1.0, 2.0)),
    )
    found = labels(lines)
    named = [found[f"v{k}"].split(" | ")[0] for k in range(6)]
    assert named == ["a", "p['w'][0]", "more[0][0, 0]", "more[0][1, 0]", "more[1].x", "more[1].y"]


def test_keyword_arguments_have_their_names():
    compiled = fastgrad.compile(lambda x, scale, how: x * scale)
    compiled(1.0, how="plainly", scale=2.0)
    assert "{ scale | v1 }" in compiled.draw().source


def test_numbers_from_outside_show_their_labels_and_what_they_are_now():
    w, b = Value(2.0, label="w"), Scalar(0.5)
    compiled = fastgrad.compile(lambda x: x * w / b + 3.0)
    compiled(1.0)
    w.data = 7.0
    found = labels([line.strip() for line in compiled.draw().source.splitlines()])
    assert found["u0"] == "w | u0 | data 7"
    assert found["u1"] == "Scalar(0.5) | u1 | data 0.5"
    assert found["u2"] == "constant | u2 | 3.0"
    plain = Value(4.0)
    assert labels(drawn(lambda x: x * plain, 1.0))["u0"] == "scalar | u0 | data 4"


def test_steps_are_what_text_says():
    def function(x, y):
        return fm.where(x, y.exp(), x / y) + fastgrad.sum([x, y, x * y]) + fastgrad.dot([x, y], [y, x]).detach()

    compiled = fastgrad.compile(function)
    compiled(1.0, 2.0)
    found = labels([line.strip() for line in compiled.draw().source.splitlines()])
    steps = [line.replace(" = ", " | ") for line in compiled.text().splitlines() if line[0] == "v" and "=" in line]
    assert steps
    assert set(steps) <= set(found.values())


def test_a_sum_of_many_is_short_and_has_an_arrow_from_each_number():
    lines = drawn(lambda xs, b: fastgrad.dot(xs, xs, bias=b), [0.5] * 20, 1.0)
    step = "v21"
    assert labels(lines)[step] == "v21 | v20 + dot(...)"
    assert [line for line in lines if line.endswith(f"-> {step}")] == [f"v{k} -> {step}" for k in (20, *range(20))]


def test_arrows_go_from_each_number_to_what_is_made_of_it():
    lines = drawn(lambda x, y: [fm.max(x / y, y), y], 2.0, 3.0)
    arrows = ["v0 -> v2", "v1 -> v2", "v2 -> v3", "v1 -> v3", "v3 -> result0", "v1 -> result1"]
    assert [line for line in lines if "->" in line] == arrows


def test_a_guard_shows_the_outcome():
    for x, outcome in ((2.0, "!= 0"), (-2.0, "== 0")):
        lines = drawn(lambda x: 1.0 if x > 0 else 0.5, x)
        assert labels(lines)["guard0"].endswith(outcome)
        assert sum(line.endswith("-> guard0") for line in lines) == 1


def test_results_are_named_by_their_places():
    found = labels(drawn(lambda x: {"of": x.exp(), "both": (x, [2.0])}, 1.0))
    assert found["result0"] == "result['of'] | v2"
    assert found["result1"] == "result['both'][0] | v0"
    assert found["result2"] == "result['both'][1][0] | u0"


def test_all_paths_are_drawn_or_the_one_asked_for():
    compiled = fastgrad.compile(lambda x: x * 2.0 if x > 0 else -x)
    compiled.batch(np.array([1.0, -1.0]))
    both, first, second = (compiled.draw(path=path).source for path in (None, 0, 1))
    assert (both.count("label="), both.count("guard0 [")) == (first.count("label=") + second.count("label="), 2)
    assert "{ path 0: result |" in both
    assert "{ path 1: result |" in both
    assert ("!= 0" in first, "== 0" in first) == ("== 0" in second, "!= 0" in second) == (True, False)
    assert "{ result |" in first


def test_a_loaded_function_is_drawn_too():
    w = Value(2.0, label="w")
    compiled = fastgrad.compile(lambda x: w * x)
    compiled(1.0)
    assert "{ args[0] | v0 }" in pickle.loads(pickle.dumps(compiled)).draw().source


def test_without_graphviz_it_is_a_plain_picture(no_graphviz):
    compiled = fastgrad.compile(lambda x: fm.exp(x) if x > 0 else -x)
    compiled.batch(np.array([1.0, -1.0]))
    picture = compiled.draw(rankdir="TB")
    assert isinstance(picture, draw.Drawing)
    texts = ["".join(element.itertext()) for element in ElementTree.fromstring(picture.pipe()).iter()]
    for text in ("exp(v0)", "guard v2 != 0", "neg(v0)", "path 1: result"):
        assert text in texts


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz's program dot is not installed")
def test_graphviz_has_nothing_to_say_against_it(capfd):
    compiled = fastgrad.compile(lambda x, p: {"a:b": x * p["<|>"], "{": 0.5})
    compiled(1.0, {"<|>": 2.0})
    assert b"<svg" in compiled.draw().pipe(format="svg")
    assert capfd.readouterr().err == ""


# What is refused.


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"path": 1}, ValueError, "path must be one of the 1 paths of <lambda>, from 0 on, not 1"),
        ({"path": -1}, ValueError, "not -1"),
        ({"path": "first"}, TypeError, "path must be an int, not 'first'"),
        ({"rankdir": "UP"}, ValueError, "rankdir='UP' is not a direction"),
        ({"max_nodes": 2}, ValueError, r"has 4 boxes, too many .*: read its text\(\), or pass a larger max_nodes="),
    ],
)
def test_what_cannot_be_drawn_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        drawn(lambda x: x.exp().tanh(), 1.0, **options)


def test_what_is_not_recorded_cannot_be_drawn():
    with pytest.raises(ValueError, match="has no paths to draw yet: call it before"):
        fastgrad.compile(abs).draw()


def error_of(*widths):
    """A network's squared error, recorded."""
    model = nn.MLP(3, widths, rng=1)
    compiled = fastgrad.compile(lambda x, y: (model(x) - y) ** 2)
    compiled(np.ones(3), 1.0)
    return compiled


def test_a_large_program_is_drawn_only_if_asked_for():
    compiled = error_of(16, 16, 1)
    with pytest.raises(ValueError, match="has 425 boxes, too many to read"):
        compiled.draw()
    assert b"<svg" in compiled.draw(max_nodes=1000).pipe(format="svg")


def test_a_program_with_long_edges_is_drawn_without_graphviz(monkeypatch):
    """Graphviz would take minutes."""
    monkeypatch.setattr(shutil, "which", lambda program: f"/usr/bin/{program}")
    picture = error_of(32, 16, 1).draw(max_nodes=1000)
    assert isinstance(picture, draw.Drawing)
    assert picture.pipe(format="svg").count(b"<text") > 777

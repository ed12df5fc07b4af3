"""The demo's perceptron reaches its known numbers on both engines, and its picture shows what it learned."""

import os
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

import fastgrad
from fastgrad import demo, reference
from fastgrad.cli import main
from support.places import PACKAGE_FOLDER

# fmt: off
LOSSES = [
    500, 500, 262, 500, 500, 500, 499, 446, 393, 350, 302, 268, 233, 181, 144, 115, 111, 107, 107, 103, 102, 98, 94, 87,
    89, 89, 89, 87, 88, 88, 88, 87, 87, 85, 82, 77, 70, 64, 59, 56, 52, 43, 39, 36, 31, 23, 21, 21, 21, 21,
]
# fmt: on
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module", params=[fastgrad.Scalar, reference.Scalar], ids=["fastgrad", "reference"])
def trained(request):
    """The weights and the losses of the whole training."""
    random = np.random.RandomState(42)
    table = demo.colours(random)
    weights = demo.start_weights(random, request.param)
    return weights, demo.train(table, weights)


def test_losses(trained):
    assert trained[1] == LOSSES


def test_weights(trained):
    w_1, w_2, w_3, b = (weight.data for weight in trained[0])
    assert w_1 == pytest.approx(-15.854300927398993, rel=0, abs=1e-12)
    assert w_2 == pytest.approx(-0.3038088136634238, rel=0, abs=1e-12)
    assert w_3 == pytest.approx(15.795292881543848, rel=0, abs=1e-12)
    assert b == pytest.approx(-0.3772927485690634, rel=0, abs=1e-12)


def test_accuracy_on_other_colours(trained):
    assert demo.accuracy(demo.colours(np.random.RandomState(142)), trained[0]) == 0.976


def test_colours_are_those_of_numpys_global_generator():
    np.random.seed(42)
    red, blue = np.random.random(1000), np.random.random(1000)
    order = np.random.permutation(1000)
    table = np.array(demo.colours(np.random.RandomState(42)))
    assert table[:, 0].tolist() == red[order].tolist()
    assert table[:, 2].tolist() == blue[order].tolist()
    assert not table[:, 1].any()
    assert table[:, 3].tolist() == (blue >= red)[order].tolist()


def test_the_step_lets_the_gradient_through():
    weights = [fastgrad.Scalar(weight) for weight in (1.0, 2.0, -3.0, 0.5)]
    output = demo.perceptron([0.5, 0.25, 0.125], weights)
    output.backward()
    assert output.data == 1.0
    assert [weight.grad for weight in weights] == [0.5, 0.25, 0.125, 1.0]


def test_the_picture_has_every_colour_and_both_boundaries():
    weights = [fastgrad.Scalar(weight) for weight in (-2.0, 0.0, 1.0, 0.25)]
    table = [[0.0, 0.0, 1.0, 1.0], [1.0, 0.0, 0.5, 0.0], [0.5, 0.0, 0.5, 0.0]]
    picture = ElementTree.fromstring(demo.boundary_picture(table, weights))
    right = [(p.get("cx"), p.get("cy"), p.get("fill")) for p in picture.iter(f"{SVG}circle")]
    assert right == [
        ("60.0", "60.0", "rgb(0,0,255)"),
        ("500.0", "280.0", "rgb(255,0,128)"),
        ("280.0", "280.0", "rgb(128,0,128)"),
    ]
    true, learned = picture.iter(f"{SVG}line")
    assert [true.get(end) for end in ("x1", "y1", "x2", "y2")] == ["60.0", "500.0", "500.0", "60.0"]
    # -2 red + blue + 0.25 = 0 passes through (0.125, 0) and (0.625, 1).
    assert [learned.get(end) for end in ("x1", "y1", "x2", "y2")] == ["115.0", "500.0", "335.0", "60.0"]
    words = [text.text for text in picture.iter(f"{SVG}text")]
    assert "red" in words
    assert "blue" in words


def test_a_colour_that_is_told_wrongly_is_a_cross():
    weights = [fastgrad.Scalar(weight) for weight in (-1.0, 0.0, 1.0, 0.0)]
    picture = ElementTree.fromstring(demo.boundary_picture([[0.0, 0.0, 1.0, 0.0]], weights))
    assert not list(picture.iter(f"{SVG}circle"))
    assert [path.get("stroke") for path in picture.iter(f"{SVG}path")] == ["rgb(0,0,255)"]


def test_a_perceptron_without_a_boundary_is_drawn_without():
    weights = [fastgrad.Scalar(weight) for weight in (0.0, 1.0, 0.0, 1.0)]
    picture = ElementTree.fromstring(demo.boundary_picture([[0.0, 0.0, 1.0, 1.0]], weights))
    assert len(list(picture.iter(f"{SVG}line"))) == 1


def test_the_command_prints_the_facts_and_writes_the_picture(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "fastgrad", "demo"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PACKAGE_FOLDER.parent)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [float(line.rpartition(" ")[2]) for line in lines if line.startswith("epoch ")] == LOSSES
    assert "accuracy on 1,000 other colours: 97.60%" in lines
    assert "times faster (the best of 5 epochs each, run in turn)" in lines[-1]
    picture = ElementTree.parse(tmp_path / "fastgrad-demo.svg").getroot()
    assert len(list(picture.iter(f"{SVG}circle"))) == 976
    assert len(list(picture.iter(f"{SVG}path"))) == 24


def test_a_picture_that_cannot_be_written_is_one_sentence(tmp_path, capsys):
    path = str(tmp_path / "absent" / "picture.svg")
    assert main(["demo", "--output", path]) == 1
    assert capsys.readouterr().err == f"fastgrad: cannot write the picture to {path!r}: No such file or directory\n"

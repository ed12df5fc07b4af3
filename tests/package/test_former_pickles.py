"""Pickles that earlier versions wrote: what is in pickles/, a folder a version, made by make.py there."""

import pickle
import runpy
from pathlib import Path

import pytest

import fastgrad

VERSIONS = sorted(path for path in (Path(__file__).parent / "pickles").iterdir() if path.is_dir())


@pytest.fixture(params=VERSIONS, ids=lambda path: path.name)
def read(request):
    return lambda name: pickle.loads((request.param / f"{name}.pickle").read_bytes())


def test_there_are_some():
    assert VERSIONS


def test_graphs(read):
    found = read("graph")
    (x, w), y = found["operands"], found["result"]
    assert (y.data, [x.grad, w.grad], x.label) == (found["data"], found["grads"], "x")
    y.zero_grad()
    y.backward()
    made_now = runpy.run_path(str(Path(__file__).parent / "pickles" / "make.py"))["graph"]()
    assert y.data == pytest.approx(made_now["data"], rel=1e-12)
    assert [x.grad, w.grad] == pytest.approx(made_now["grads"], rel=1e-12)


@pytest.mark.parametrize("name", ["network", "sequential", "perceptron"])
def test_modules(read, name):
    found = read(name)
    assert [found["model"](row).data for row in found["rows"]] == found["results"]


def test_optimizers_and_schedules_go_on(read):
    found = read("optimizer")
    parameters = found["parameters"]
    assert [x.data for x in parameters] == found["data"]
    fastgrad.sum([x * x for x in parameters]).backward()
    found["optimizer"].step()
    assert [x.data for x in parameters] != found["data"]
    assert found["optimizer"].lr == 0.1
    found["schedule"].step()
    assert found["optimizer"].lr == pytest.approx(0.01)


@pytest.mark.parametrize(("name", "function"), [("compiled", "mul"), ("steps", "every_step")])
def test_compiled_functions(read, name, function):
    found = read(name)
    assert found["function"].value_and_grad(*found["arguments"]) == found["value_and_grad"]
    assert repr(found["function"]) == f"<compiled {function}: 1 path>"

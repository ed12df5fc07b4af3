"""Both engines, and Graphviz as it may be found."""

import shutil
import sys

import pytest

import fastgrad
from fastgrad import reference


@pytest.fixture(params=[reference, fastgrad], ids=["reference", "compiled"])
def engine(request):
    return request.param


@pytest.fixture(params=["dot missing", "package missing"])
def no_graphviz(request, monkeypatch):
    if request.param == "dot missing":
        monkeypatch.setattr(shutil, "which", lambda program: None)
    else:
        monkeypatch.setitem(sys.modules, "graphviz", None)


@pytest.fixture
def graphviz_there(monkeypatch):
    """What is built where the program is installed; nothing is rendered."""
    monkeypatch.setattr(shutil, "which", lambda program: f"/usr/bin/{program}")

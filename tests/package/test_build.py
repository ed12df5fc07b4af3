"""What is built and installed: all packages, and after a change the C files that read a header, directly or not."""

import os
import re
import runpy
from pathlib import Path

import pytest

import fastgrad

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.skipif(not (ROOT / "src").exists(), reason="tested outside the checkout")


@pytest.fixture
def readers(monkeypatch):
    """The rooms of the C files that are compiled again when a header changes."""
    monkeypatch.chdir(ROOT)
    included = runpy.run_path("setup.py", run_name="setup")["included"]
    return lambda header: {path.parent.name for path in Path("src").glob("*/*.c") if header in included(str(path))}


def test_headers_are_found_through_headers(readers):
    assert readers(os.path.join("src", "operations", "ops.def")) == {"operations", "layers", "programs", "rows"}


def test_every_package_is_installed():
    listed = re.search(r"^packages = \[(.*?)\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE | re.DOTALL)[1]
    found = [path.parent.relative_to(ROOT) for path in (ROOT / "fastgrad").rglob("__init__.py")]
    assert sorted(re.findall(r'"([\w.]+)"', listed)) == sorted(".".join(path.parts) for path in found)


@pytest.mark.parametrize("header", sorted(path.name for path in (ROOT / "src" / "rows").glob("*.[hd]*")))
def test_touching_a_header_of_rows_compiles_rows_again_only(readers, header):
    assert readers(os.path.join("src", "rows", header)) == {"rows"}


@pytest.mark.parametrize("header", ["layer.h", "loss.h", "losses.def"])
def test_touching_what_a_layer_is_leaves_the_kernels_over_rows(readers, header):
    assert readers(os.path.join("src", "layers", header)) <= {"layers", "programs"}


def test_touching_an_update_rule_compiles_layers_again_only(readers):
    assert readers(os.path.join("src", "layers", "updates.h")) == {"layers"}


def test_the_citation_names_this_version():
    assert re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)[1] == fastgrad.__version__


def test_wheels_are_tested_without_their_sources():
    tested = re.search(r"^test-sources = \[(.*?)\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE | re.DOTALL)[1]
    names = set(re.findall(r'"([\w.]+)"', tested))
    assert not names & {"src", "fastgrad", "setup.py"}
    assert all((ROOT / name).exists() for name in names)


def test_the_recipe_for_pyodide_names_this_version():
    recipe = (ROOT / "recipes" / "pyodide" / "fastgrad" / "meta.yaml").read_text()
    assert re.search(r"^  version: (.+)$", recipe, re.MULTILINE)[1] == fastgrad.__version__

"""What is compiled again after a change: the C files that read a header, directly or through others."""

import os
import runpy
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("header", sorted(path.name for path in (ROOT / "src" / "rows").glob("*.[hd]*")))
def test_touching_a_header_of_rows_compiles_rows_again_only(readers, header):
    assert readers(os.path.join("src", "rows", header)) == {"rows"}


@pytest.mark.parametrize("header", ["layer.h", "loss.h", "losses.def"])
def test_touching_what_a_layer_is_leaves_the_kernels_over_rows(readers, header):
    assert readers(os.path.join("src", "layers", header)) <= {"layers", "programs"}


def test_touching_an_update_rule_compiles_layers_again_only(readers):
    assert readers(os.path.join("src", "layers", "updates.h")) == {"layers"}

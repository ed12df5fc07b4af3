"""What the words promise: every example runs, and the generated page is up to date."""

import doctest
import importlib
import pkgutil
import runpy

import pytest

import fastgrad
from support.places import CHECKOUT

PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]
MODULES = [m.name for m in pkgutil.walk_packages(fastgrad.__path__, "fastgrad.") if not m.name.endswith("__main__")]


@pytest.mark.parametrize("name", ["fastgrad", *MODULES])
def test_examples_of_modules_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


def test_compiled_modules_have_examples():
    finder = doctest.DocTestFinder()
    for name in ("fastgrad._tape.node", "fastgrad._tape.numbers", "fastgrad._tape.nary", "fastgrad._tape.functions"):
        assert any(test.examples for test in finder.find(importlib.import_module(name))), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_of_pages_run(page):
    result = doctest.testfile(str(page), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


@pytest.mark.skipif(not (CHECKOUT / "src").exists(), reason="tested outside the checkout")
def test_the_page_of_operations_is_the_op_tables():
    make = runpy.run_path(str(CHECKOUT / "docs" / "make_operations.py"))
    page = (CHECKOUT / "docs" / "operations.md").read_text()
    assert page == make["operations"](), "run python docs/make_operations.py"

"""What the words promise: every example runs, and the generated page is up to date."""

import doctest
import importlib
import json
import os
import pkgutil
import re
import runpy

import pytest

import fastgrad
from fastgrad import transforms
from fastgrad.compiled import Compiled
from support.marks import COLLECT_ALWAYS, SANITIZED, in_processes
from support.places import CHECKOUT, PACKAGE_FOLDER
from support.public_names import names_of, public_modules

PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
DERIVATIVES = CHECKOUT / "docs" / "derivatives"
NOTEBOOKS = sorted((CHECKOUT / "docs" / "tutorials").glob("*.ipynb"))
MODULES = [m.name for m in pkgutil.walk_packages(fastgrad.__path__, "fastgrad.") if not m.name.endswith("__main__")]

# What a room of guests stands on, and from which version on.
NEEDED = {
    "plots": ("matplotlib", "3.8"),
    "optimize": ("scipy", "1.11"),
    "ode": ("scipy", "1.11"),
    "sklearn": ("sklearn", "1.7"),
    "dask": ("dask", "2024.1"),
    "pandas": ("pandas", "2.0"),
}

# What pages and notebooks show beside fastgrad.
SHOWN = {"blackjax", "emcee", "iminuit", "jax", "lmfit", "nutpie"}


def skip_without(rooms, packages=()):
    """Skip the test where a package that one of these rooms stands on, or one of these packages, is missing."""
    for room, (package, version) in NEEDED.items():
        if room in rooms or package in packages:
            pytest.importorskip(package, minversion=version)
    for package in SHOWN.intersection(packages):
        pytest.importorskip(package)


@pytest.mark.parametrize("name", ["fastgrad", *MODULES])
def test_examples_of_modules_run(name, tmp_path, monkeypatch):
    skip_without(name.split(".")[1:2])
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


def test_compiled_modules_have_examples():
    finder = doctest.DocTestFinder()
    for name in (
        "fastgrad._tape.node",
        "fastgrad._tape.numbers",
        "fastgrad._tape.nary",
        "fastgrad._tape.functions",
        "fastgrad._tape.gradients",
    ):
        assert any(test.examples for test in finder.find(importlib.import_module(name))), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_examples_of_pages_run(page):
    text = page.read_text(encoding="utf-8")
    skip_without(
        re.findall(r"\w+", " ".join(re.findall(r"^>>> from fastgrad(?:\.| import )(.*)", text, re.MULTILINE))),
        re.findall(r"\w+", " ".join(re.findall(r"^>>> (from \w+|import .*)", text, re.MULTILINE))),
    )
    if "subprocess.run" in text and (COLLECT_ALWAYS or SANITIZED):
        pytest.skip("starts programs as others do")
    result = doctest.testfile(str(page), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.failed == 0


@in_processes
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda page: page.stem)
def test_notebooks_run(notebook, tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("ipykernel")
    skip_without((), re.findall(r'"(?:from|import) (\w+)', notebook.read_text(encoding="utf-8")))
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    skip_without(re.findall(r"fastgrad\.(\w+)", notebook.read_text(encoding="utf-8")))
    client = nbclient.NotebookClient(nbformat.read(notebook, as_version=4), resources={"metadata": {"path": tmp_path}})
    client.execute(env={**os.environ, "PYTHONPATH": str(PACKAGE_FOLDER.parent)})


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda page: page.stem)
def test_notebooks_are_stored_without_outputs(notebook):
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        assert (cell.get("outputs", []), cell.get("execution_count")) == ([], None)


@pytest.mark.parametrize("page", PAGES + NOTEBOOKS, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_links_between_pages_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        name, _, section = link.partition("#")
        if name.startswith("http"):
            continue
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not section or section in sections(target), link


def sections(page):
    """What the headings of a page are called in links."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_public_name_has_an_entry_in_the_reference():
    pytest.importorskip("scipy")
    entries = set()
    for page in (CHECKOUT / "docs" / "reference").glob("*.rst"):
        module = ""
        for directive, name in re.findall(r"^ *\.\. (\w+):: ([\w.]+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
            if directive == "currentmodule":
                module = name
            entries |= {name, f"{module}.{name}"}
    as_a_whole = re.compile(r"fastgrad\.(compat|math|nn\.init|reference)")  # their docstrings have what is in them
    for module, found in public_modules().items():
        for name in [] if as_a_whole.match(module) else names_of(found):
            assert {f"fastgrad.{name}", f"{module}.{name}"} & entries, name
    for owner in (fastgrad.Node, Compiled):
        for name in dir(owner):
            if not name.startswith("_") and name != "backwards" and hasattr(owner, name):
                assert f"{owner.__name__}.{name}" in entries, name


def test_every_transform_has_an_example_on_a_page_that_the_index_names():
    index = (DERIVATIVES / "README.md").read_text(encoding="utf-8")
    pages = [page for page in DERIVATIVES.glob("*.md") if page.name != "README.md"]
    assert [page.name for page in pages if f"({page.name})" not in index] == []
    examples = "".join(
        line
        for page in pages
        for line in page.read_text(encoding="utf-8").splitlines(keepends=True)
        if line.startswith((">>> ", "... "))
    )
    functions = [name for name in transforms.__all__ if name[0].islower()]
    assert [name for name in [*functions, "gradients"] if f"fastgrad.{name}(" not in examples] == []


@pytest.mark.skipif(not (CHECKOUT / "src").exists(), reason="tested outside the checkout")
def test_the_page_of_operations_is_the_op_tables():
    make = runpy.run_path(str(CHECKOUT / "docs" / "make_operations.py"))
    page = (CHECKOUT / "docs" / "operations.md").read_text()
    assert page == make["operations"](), "run python docs/make_operations.py"

"""Programs in the shapes that people write print the same on fastgrad, and what is said of them is what is expected."""

import importlib.util
from concurrent.futures import ThreadPoolExecutor

import pytest

from fastgrad.run import first_difference
from support import wild
from support.marks import in_processes

pytestmark = in_processes

pytest.importorskip("tomllib", reason="needs a Python that reads TOML")

PROGRAMS = wild.load()
needs_ipython = pytest.mark.skipif(importlib.util.find_spec("IPython") is None, reason="needs IPython")


def marked(program):
    marks = [needs_ipython] * program.is_notebook + [pytest.mark.slow] * program.heavy
    return pytest.param(program, id=program.name, marks=marks)


@pytest.mark.parametrize("program", [marked(program) for program in PROGRAMS])
def test_it_prints_the_same(program):
    with ThreadPoolExecutor(2) as both:
        plain, fast = both.map(lambda plain: wild.run(program, plain), (True, False))
    assert first_difference(plain.output, fast.output) is None
    assert fast.code == plain.code
    assert plain.output
    assert fast.said == program.says


def test_most_are_put_on_fastgrad():
    served = [program for program in PROGRAMS if any("runs on fastgrad" in line for line in program.says)]
    assert len(served) > 0.8 * len(PROGRAMS)


def test_every_file_belongs_to_a_program():
    used = {program.folder if program.folder.name not in ("heavy", wild.FOLDER.name) else None for program in PROGRAMS}
    scripts = {program.folder / program.arguments[0] for program in PROGRAMS}
    for path in (*wild.FOLDER.rglob("*.py"), *wild.FOLDER.rglob("*.ipynb")):
        assert path in scripts or used & set(path.parents), path

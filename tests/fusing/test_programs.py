"""Programs as users write them, with kernels: the third engine, beside the plain-Python one and numbers without."""

import importlib.util

import pytest

import fastgrad
from fastgrad import reference
from fastgrad._tape.exchange import nodes_made
from support import users_programs
from support.graphs import state, walked

FILE = users_programs.__file__


def fused():
    """The programs once more, each function with kernels."""
    spec = importlib.util.spec_from_file_location("support.users_programs_with_kernels", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return fastgrad.fuse(module)


FUSED = fused()
CASES = [("PROGRAMS", name, number) for name in users_programs.PROGRAMS for number in ("Scalar", "Value")]
CASES += [("VALUE_PROGRAMS", name, "Value") for name in users_programs.VALUE_PROGRAMS]


def ran(programs, table, name, number):
    """What a program returns, and how many nodes it makes."""
    before = nodes_made()
    found = getattr(programs, table)[name](number)
    return found, nodes_made() - before


@pytest.mark.parametrize(("table", "name", "number"), CASES)
def test_a_program_does_with_kernels_what_it_does_without(table, name, number):
    keep = fastgrad.Value(1.0)  # kernels run where there are numbers
    (found, made), (plain, made_plainly) = (
        ran(programs, table, name, getattr(fastgrad, number)) for programs in (FUSED, users_programs)
    )
    assert made == made_plainly
    assert [walked(node) for node in found] == [walked(node) for node in plain]
    assert state(found) == state(ran(users_programs, table, name, getattr(reference, number))[0])
    del keep


def test_kernels_run_in_them():
    for table, name, number in CASES:
        ran(FUSED, table, name, getattr(fastgrad, number))
    became = [line.rpartition(": ")[2] for line in fastgrad.fused_loops(FILE)]
    did = [text for text in became if text.startswith(("a kernel, which ran", "part of")) and "never" not in text]
    assert len(did) >= 10

"""Processes that a program starts: they compute what they would plainly, on fastgrad."""

import sys

import pytest

from support.marks import in_processes
from support.teaching_engines import command, python, said, same_both_ways

pytestmark = in_processes

METHODS = [
    pytest.param("fork", marks=pytest.mark.skipif(sys.platform != "linux", reason="forks")),
    pytest.param("forkserver", marks=pytest.mark.skipif(sys.platform == "win32", reason="forks")),
    "spawn",
]
ON_FASTGRAD = "processes that the program starts are put on fastgrad, too"

# One without closures, as numbers with closures cannot be sent to another process.
ENGINE = """
class Value:
    def __init__(self, data, _prev=(), slopes=()):
        self.data, self.grad = data, 0
        self._prev, self.slopes = _prev, slopes

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def backward(self):
        order = []
        def visit(node):
            if node not in order:
                for operand in node._prev:
                    visit(operand)
                order.append(node)
        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            for operand, slope in zip(node._prev, node.slopes):
                operand.grad += slope * node.grad

def squared(x):
    y = x * x + 1
    y.backward()
    return y

def kind(number):
    return type(Value(number).backward).__name__
"""
MAIN = """
import multiprocessing, sys
if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
"""
NUMBERS = (
    MAIN
    + """
        x = Value(3.0)
        for y in pool.map(squared, [x, x * x, Value(2.0)]):
            print(y.data, y.grad, sorted((v.data, v.grad) for v in y._prev), type(y) is Value)
"""
)
KINDS = MAIN + "        print(*pool.map(kind, [1.0, 2.0]))\n"


@pytest.fixture
def written(tmp_path):
    def write(**sources):
        for name, source in sources.items():
            (tmp_path / f"{name}.py").write_text(source)
        return tmp_path

    return write


@pytest.mark.parametrize("method", METHODS)
class TestStartedBy:
    def test_with_numbers_as_arguments_and_results(self, written, method):
        folder = written(program=ENGINE + NUMBERS)
        assert said(same_both_ways("program.py", method, cwd=folder))[-1].endswith("runs on fastgrad")

    def test_where_multiprocessing_was_imported_before(self, written, method):
        folder = written(program=ENGINE + NUMBERS)
        before = "import multiprocessing, sys; from fastgrad.cli import main; sys.exit(main(['run', *sys.argv[1:]]))"
        plain, done = python("program.py", method, cwd=folder), python("-c", before, "program.py", method, cwd=folder)
        assert (done.returncode, done.stdout) == (0, plain.stdout)

    def test_with_an_engine_in_a_module(self, written, method):
        folder = written(engine=ENGINE, program="from engine import *\n" + NUMBERS)
        assert said(same_both_ways("program.py", method, cwd=folder))[-1].endswith("runs on fastgrad")

    @pytest.mark.parametrize("arguments", [["program.py"], ["-m", "program"]])
    def test_run_on_fastgrad(self, written, method, arguments):
        done = command(*arguments, method, cwd=written(program=ENGINE + KINDS))
        assert done.stdout.split() == ["builtin_function_or_method"] * 2

    def test_of_an_engine_that_stays_as_it_is(self, written, method):
        engine = ENGINE.replace("self.data, self.grad = data, 0", "self.data, self.grad = float(int(data)), 0")
        same_both_ways("program.py", method, cwd=written(program=engine + NUMBERS))

    def test_of_a_program_that_is_run_plainly(self, written, method):
        done = command("--plain", "program.py", method, cwd=written(program=ENGINE + KINDS))
        assert (done.stdout.split(), said(done)) == (["method"] * 2, [])


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_the_parent_says_so_once(written, method):
    done = command("program.py", method, cwd=written(program=ENGINE + KINDS))
    assert said(done) == [ON_FASTGRAD]


def test_other_processes_are_not_touched(written):
    use = "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'print(6 * 7)']).returncode)\n"
    assert ON_FASTGRAD not in said(same_both_ways("program.py", cwd=written(program=use)))

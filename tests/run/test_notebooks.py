"""Notebooks: cells run in order, on fastgrad, from the command line and by ``%load_ext fastgrad``."""

import json
import os
import re
import textwrap

import pytest

from fastgrad.run import first_difference
from fastgrad.run.notebooks import cells_of
from support.marks import in_processes
from support.places import PACKAGE_FOLDER
from support.teaching_engines import OWN_ENGINE, command, said

pytestmark = in_processes

pytest.importorskip("IPython")

USE = "x = Value(3.0)\ny = x * x + x\ny.backward()\nprint(y.data, x.grad)"


@pytest.fixture
def notebook(tmp_path):
    """Write a notebook of code cells and return its path."""

    def write(*cells, name="lesson.ipynb"):
        path = tmp_path / name
        text = {"cell_type": "markdown", "metadata": {}, "source": ["# A lesson\n", "in two lines"]}
        code = [
            {
                "cell_type": "code",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": cell.splitlines(True),
            }
            for cell in cells
        ]
        path.write_text(json.dumps({"cells": [text, *code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        return str(path)

    return write


def both_ways(path, *arguments):
    """Run a notebook plainly and on fastgrad; it must do the same. Return the second run."""
    plain, done = command("--plain", path, *arguments), command(path, *arguments)
    assert (done.returncode, first_difference(plain.stdout, done.stdout)) == (plain.returncode, None), done.stderr
    assert said(plain) == [line for line in said(done) if line.endswith("is skipped")]
    return done


class TestRun:
    def test_cells_run_in_order(self, notebook):
        done = both_ways(notebook("print('first')\na = 1", "a += 1", "print('last', a)"))
        assert done.stdout == "first\nlast 2\n"

    def test_an_engine_in_a_cell_is_exchanged(self, notebook):
        done = both_ways(notebook(OWN_ENGINE, USE))
        assert done.stdout == "12.0 7.0\n"
        assert said(done) == ["class Value runs on fastgrad"]

    def test_an_engine_whose_sweep_is_a_function_of_another_cell(self, notebook):
        engine, sweep = OWN_ENGINE.split("    def backward(self):\n")
        function = "def backward(self):\n" + textwrap.indent(textwrap.dedent(sweep), "    ")
        done = both_ways(notebook(engine, function, "x = Value(3.0)\nbackward(x * x)\nprint(x.grad)"))
        assert done.stdout == "6.0\n"
        assert said(done) == ["class Value runs on fastgrad"]

    def test_an_engine_in_a_module_beside_it_is_exchanged(self, notebook, script):
        script(OWN_ENGINE, "engine.py")
        (line,) = said(both_ways(notebook("from engine import Value", USE)))
        assert line.endswith("engine.py, line 2) runs on fastgrad")

    def test_a_class_that_is_defined_again_is_tried_again(self, notebook):
        sketch = "class Value:\n    def __init__(self, data): self.data = data\n"
        sketch += "    def __repr__(self): return f'<{self.data}>'"
        done = both_ways(notebook(sketch, "Value(1)", OWN_ENGINE, USE, OWN_ENGINE, USE))
        assert said(done) == ["class Value runs on fastgrad"] * 2

    def test_methods_that_later_cells_add(self, notebook):
        add = "def cube(self):\n    return self * self * self\nValue.cube = cube"
        both_ways(notebook(OWN_ENGINE, "x = Value(2.0)", add, "y = x.cube()\ny.backward()\nprint(y.data, x.grad)"))

    def test_a_sweep_that_a_later_cell_adds(self, notebook):
        engine, sweep = OWN_ENGINE.split("    def backward(self):")
        add = "def backward(self):" + sweep.replace("\n    ", "\n") + "\nValue.backward = backward"
        both_ways(notebook(engine, "x = Value(2.0)\nprint((x * x).data)", add, USE))

    def test_operators_that_later_cells_add(self, notebook):
        sketch = "class Value:\n    def __init__(self, data, _prev=()):\n"
        sketch += "        self.data, self.grad, self._prev = data, 0.0, _prev\n"
        add = "def add(self, other):\n    return Value(self.data + other.data, (self, other))\n"
        both_ways(
            notebook(sketch, add + "Value.__add__ = add", "v = Value(1.0) + Value(2.0)\nprint(v.data, len(v._prev))")
        )

    def test_what_a_cell_ends_with_is_displayed(self, notebook):
        engine = OWN_ENGINE.replace("# more methods", "def __repr__(self): return f'Value({self.data})'")
        done = both_ways(notebook(engine, "x = Value(2.0)\nx", "x * 3;", "x * 4", "None", "[x, 'text']"))
        assert "Value(2.0)" in done.stdout
        assert "6.0" not in done.stdout
        assert "Value(8.0)" in done.stdout

    def test_display_prints(self, notebook):
        done = both_ways(notebook("from IPython.display import display\ndisplay(3, 'text')", "display([1])"))
        assert done.stdout.split() == ["3", "'text'", "[1]"]

    def test_the_shell_is_there_to_be_asked(self, notebook):
        done = both_ways(notebook("import IPython\nprint(IPython.get_ipython() is get_ipython() is not None)"))
        assert done.stdout == "True\n"

    def test_shows_its_classes_as_main(self, notebook):
        done = both_ways(notebook(OWN_ENGINE, "import sys\nprint(Value.__module__, __name__, sys.argv[1:])"), "7")
        assert done.stdout == "__main__ ['7']\n".replace(" [", " __main__ [")

    def test_pickles_of_its_numbers(self, notebook):
        make = "import pickle\nclass Point:\n    x = 1\nprint(pickle.loads(pickle.dumps(Point())).x)"
        both_ways(notebook(make))

    def test_the_folder_is_the_notebooks(self, notebook, script, tmp_path_factory):
        script("here = 'beside'", "beside.py")
        path = notebook("import beside\nprint(beside.here)")
        assert command(path, cwd=tmp_path_factory.mktemp("elsewhere")).stdout == "beside\n"

    def test_await(self, notebook):
        done = both_ways(notebook("import asyncio\nawait asyncio.sleep(0)\nprint('waited')"))
        assert done.stdout == "waited\n"


class TestMagics:
    SKIPPED = [
        "%matplotlib inline",
        "%load_ext autoreload",
        "%autoreload 2",
        "%pip install nothing",
        "!pip install nothing",
    ]

    def test_that_change_nothing_are_skipped_with_a_line(self, notebook):
        lines = [*self.SKIPPED, "%config InlineBackend.figure_format = 'svg'"]
        done = both_ways(notebook("pass", *lines, "if True:\n    %matplotlib inline\n    print('after')"))
        assert done.stdout == "after\n"
        skipped = [f"cell {number}: {line} is skipped" for number, line in enumerate([*lines, "%matplotlib inline"], 2)]
        assert said(done)[: len(skipped)] == skipped

    def test_others_run(self, notebook):
        done = both_ways(notebook("%precision 2\n3.14159", "%%capture seen\nprint('hidden')", "print(len(str(seen)))"))
        assert "hidden" not in done.stdout

    def test_of_time_run_the_cell(self, notebook):
        done = both_ways(
            notebook(OWN_ENGINE, "%%time\n" + USE, "print(x.grad)", "%time z = Value(2.0) * 3", "print(z.data)")
        )
        assert "12.0 7.0\n" in done.stdout
        assert done.stdout.endswith("6.0\n")

    def test_an_engine_under_a_magic_is_exchanged(self, notebook):
        assert said(both_ways(notebook("%%time" + OWN_ENGINE, USE))) == ["class Value runs on fastgrad"]

    def test_the_shell_runs(self, notebook):
        assert both_ways(notebook("!echo from the shell", "files = !echo one\nprint(files)")).stdout.count("one") == 1

    def test_percent_as_an_operator_is_no_magic(self, notebook):
        assert both_ways(notebook("pip = 5\na = (17\n     % pip)\nprint(a)")).stdout == "2\n"

    def test_text_that_looks_like_one(self, notebook):
        assert both_ways(notebook("print('''\n%matplotlib inline\n''')")).stdout == "\n%matplotlib inline\n\n"


class TestErrors:
    def test_the_first_ends_the_run(self, notebook):
        done = both_ways(notebook("print('before')", "1 / 0", "print('after')"))
        assert done.returncode == 1
        assert "ZeroDivisionError" in done.stdout + done.stderr
        assert "after" not in done.stdout

    @pytest.mark.parametrize("cell", ["x = (", "import absent", "raise SystemExit(3)"])
    def test_of_every_kind(self, notebook, cell):
        assert both_ways(notebook(cell, "print('after')")).returncode != 0

    def test_a_cell_that_may_raise(self, notebook, tmp_path):
        path = notebook("1 / 0", "print('after')")
        content = json.loads((tmp_path / "lesson.ipynb").read_text())
        content["cells"][1]["metadata"]["tags"] = ["raises-exception"]
        (tmp_path / "lesson.ipynb").write_text(json.dumps(content))
        assert both_ways(path).stdout.endswith("after\n")

    @pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": [{}]}', "print(1)"])
    def test_a_file_that_is_no_notebook(self, tmp_path, text):
        path = tmp_path / "broken.ipynb"
        path.write_text(text)
        with pytest.raises(ValueError, match="must be a Jupyter notebook"):
            cells_of(str(path))
        done = command(str(path))
        assert done.returncode == 1
        assert "must be a Jupyter notebook (JSON with cells), but is damaged" in done.stderr.splitlines()[-1]

    def test_ipython_is_named_where_it_is_missing(self, notebook, tmp_path):
        (tmp_path / "IPython.py").write_text("raise ImportError('No module named IPython')")
        paths = os.pathsep.join([str(tmp_path), str(PACKAGE_FOLDER.parent)])
        done = command(notebook("pass"), env={"PYTHONPATH": paths})
        assert done.returncode == 1
        assert (
            done.stderr.splitlines()[-1] == "ImportError: fastgrad run needs IPython for notebooks: pip install ipython"
        )


class TestFormats:
    def test_a_source_may_be_one_string(self, tmp_path):
        path = tmp_path / "n.ipynb"
        path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": "a = 1\nb = 2"}]}))
        assert cells_of(str(path)) == ["a = 1\nb = 2"]

    def test_the_third_format(self, tmp_path):
        path = tmp_path / "n.ipynb"
        cells = [{"cell_type": "heading", "source": "words"}, {"cell_type": "code", "input": ["a = 1\n", "b = 2"]}]
        path.write_text(json.dumps({"worksheets": [{"cells": cells}]}))
        assert cells_of(str(path)) == ["a = 1\nb = 2"]

    def test_only_code_is_read(self, notebook):
        assert cells_of(notebook("a = 1", "é = 2")) == ["a = 1", "é = 2"]


@pytest.fixture
def kernel(tmp_path_factory):
    """Run lists of cells in kernels of this Python; return what each prints, displays and raises."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")

    def printed(*cells, folder=None, may_raise=False):
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        where = {"metadata": {"path": str(folder or tmp_path_factory.mktemp("kernel"))}}
        options = {"timeout": 60, "kernel_name": "python3", "resources": where, "allow_errors": may_raise}
        nbclient.NotebookClient(made, **options).execute(env={**os.environ, "PYTHONPATH": str(PACKAGE_FOLDER.parent)})
        outputs = [output for cell in made.cells for output in cell.outputs]
        streams = {
            name: "".join(output.text for output in outputs if output.get("name") == name)
            for name in ("stdout", "stderr")
        }
        shown = [output.data["text/plain"] for output in outputs if output.output_type == "execute_result"]
        raised = [output.evalue for output in outputs if output.output_type == "error"]
        return {**streams, "shown": shown, "raised": raised}

    return printed


class TestExtension:
    """``%load_ext fastgrad`` in a notebook that a kernel runs."""

    def test_exchanges_engines_of_later_cells(self, kernel, tmp_path):
        (tmp_path / "engine.py").write_text(OWN_ENGINE.replace("Value", "Number"))
        uses = "from engine import Number\nn = Number(2.0)\n(n * n).backward()\nprint(n.grad)"
        before = OWN_ENGINE.replace("Value", "Earlier")
        unload = "%unload_ext fastgrad\n" + OWN_ENGINE.replace("Value", "Later") + "\nprint((Later(2.0) * 3).data)"
        kept = "z = x * 2\nz.backward()\nprint(x.grad)"
        cells = [before, "%load_ext fastgrad", OWN_ENGINE, USE, uses, "print((Earlier(2.0) * 2).data)", unload, kept]
        printed = kernel(*cells, folder=tmp_path)
        assert printed["stdout"] == "12.0 7.0\n4.0\n4.0\n6.0\n9.0\n"
        lines = printed["stderr"].splitlines()
        assert [line.split(" (")[0] for line in lines] == [
            "fastgrad: class Value runs on fastgrad",
            "fastgrad: class Number",
        ]

    def test_a_kernel_that_ends_says_nothing(self, kernel, capfd):
        kernel("%load_ext fastgrad")
        assert "Error" not in capfd.readouterr().err

    def test_loaded_in_the_cell_of_the_class(self, kernel):
        printed = kernel(
            "%load_ext fastgrad\n%load_ext fastgrad", OWN_ENGINE, USE, "%reload_ext fastgrad", OWN_ENGINE, USE
        )
        assert printed["stdout"].endswith("12.0 7.0\n12.0 7.0\n")
        assert printed["stderr"].count("class Value runs on fastgrad") == 2


class TestCompare:
    """``%%fastgrad compare`` in a notebook that a kernel runs."""

    DATA = (
        "import random\nw = [Value(random.random()) for _ in range(30)]\n"
        "rows = [[random.random() for _ in w] for _ in range(30)]\ndone = 0"
    )
    TRAINING = """%%fastgrad compare
for step in range(20):
    loss = sum((sum(a * b for a, b in zip(w, row)) + -1.0).relu() for row in rows)
    loss.backward()
    for p in w:
        p.data -= 0.001 * p.grad
        p.grad = 0
    done += 1
print("loss", loss.data)
loss.data
"""
    AGREES = "the printed output agrees: {} lines, numbers within 1e-09"

    @staticmethod
    def verdict(said):
        """The times and the ratio that are printed, and what else is."""
        line = re.compile(r"^(?:plainly|on fastgrad|ratio): ([0-9.e-]+)(?: s)?\n", re.MULTILINE)
        return [float(time) for time in line.findall(said)], line.sub("", said)

    def test_times_a_cell_with_the_class_of_the_notebook_and_on_fastgrad(self, kernel):
        done = kernel("%load_ext fastgrad", OWN_ENGINE, self.DATA, self.TRAINING, "done, step")
        (plain, fast, ratio), rest = self.verdict(done["stdout"])
        assert ratio == pytest.approx(plain / fast, abs=0.1)
        assert ratio > 2.0  # it is about 50
        loss, verdict = rest.splitlines()
        assert loss == f"loss {done['shown'][0]}"
        assert verdict == self.AGREES.format(2)
        assert done["shown"][1] == "(20, 19)"  # it ran once

    def test_numbers_of_fastgrads_own_are_those_without_kernels(self, kernel):
        used = "from fastgrad import Value, fused_loops\nx = [Value(i + 1.0) for i in range(9)]"
        cell = "%%fastgrad compare\ny = sum(v * v for v in x)\nkernels = len(fused_loops())\ny.data, bool(kernels)"
        done = kernel("%load_ext fastgrad", used, cell)
        _, rest = self.verdict(done["stdout"])
        assert rest.splitlines() == [
            "the printed output differs, first in line 1:", "  plain:    (285.0, False)", "  fastgrad: (285.0, True)",
        ]  # fmt: skip

    def test_a_statement_and_whatever_came_before_it(self, kernel):
        cells = [
            "import os, random\nplace = os.getcwd()\nos.chdir('/')",
            "%load_ext fastgrad\ndraw = random.random()",
            "1 / 0",
            "x = 1\n%fastgrad compare print({'x': x}, draw)\nx += 1\n%fastgrad compare (x, os.getcwd() != place)",
            "%%fastgrad compare\nx += 1\nx",
            "%%fastgrad compare\nx;",
        ]
        _, rest = self.verdict(kernel(*cells, may_raise=True)["stdout"])
        assert rest.splitlines()[1:] == [self.AGREES.format(1)] * 4

    def test_a_cell_that_raises_is_not_run_again(self, kernel):
        done = kernel("%load_ext fastgrad", "%%fastgrad compare\nprint('once')\n1 / 0", "5", may_raise=True)
        assert done == {"stdout": "once\n", "stderr": "", "shown": ["5"], "raised": ["division by zero"]}

    def test_a_plain_run_that_fails(self, kernel):
        deep = "%%fastgrad compare\ny = Value(1.0)\nfor _ in range(3000): y = y + 1\ny.backward()\ny.data"
        ended = "%%fastgrad compare\nimport os, sys\nif 'ipykernel' not in sys.modules: os._exit(3)"
        done = kernel("%load_ext fastgrad", OWN_ENGINE, deep, "print('before')", ended)
        deep, _, *ended = self.verdict(done["stdout"])[1].splitlines()
        assert deep.startswith("plainly: it failed, by RecursionError: maximum recursion depth exceeded")
        assert ended[0] == "plainly: it failed, by its process, which ran the cells before it again and ended with:"
        assert ended[-1] == "  before"
        assert done["shown"] == ["3001.0"]

    def test_what_compares_nothing_is_refused(self, kernel):
        wrong = ["%fastgrad compare", "%fastgrad 1 + 1", "%%fastgrad compare x\nprint(1)", "%%fastgrad\nprint(1)"]
        done = kernel("%load_ext fastgrad", *wrong, "%unload_ext fastgrad", "%fastgrad compare 1", may_raise=True)
        *lines, last = [line for line in done["stderr"].splitlines() if line]
        advice = "write %%fastgrad compare as the first line of a cell, or %fastgrad compare before a statement"
        assert lines == [f"UsageError: {text} compares nothing: {advice}" for text in (
            "%fastgrad compare", "%fastgrad 1 + 1", "%%fastgrad compare x", "%%fastgrad ",
        )]  # fmt: skip
        assert last == "UsageError: Line magic function `%fastgrad` not found."

    def test_under_fastgrad_run_the_cell_runs(self, notebook):
        cells = "%%fastgrad compare" + OWN_ENGINE, USE, "%fastgrad compare print(x.grad)"
        done = both_ways(notebook(*cells))
        assert done.stdout == "12.0 7.0\n7.0\n"
        assert said(done) == ["class Value runs on fastgrad"]


def test_the_loops_of_cells_are_kernels(notebook):
    cells = [
        "from fastgrad import Value, fused_loops",
        "x = [Value(i + 1.0) for i in range(3)]\ntotal = sum(v * v for v in x)",
        "for v in x:\n    v.data = v.data * 2.0",
        "print(total.data, x[2].data)\nprint([line.partition(': ')[2] for line in fused_loops('<cell 3>')])",
    ]
    path = notebook(*cells)
    assert command(path).stdout.splitlines() == ["14.0 6.0", "['for v in x: a kernel, which ran once']"]
    assert command("--no-fuse", path).stdout.splitlines() == ["14.0 6.0", "[]"]

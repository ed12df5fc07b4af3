"""``%%fastgrad compare``: a notebook's cell run both ways, and whether the two outputs say the same.

On fastgrad the cell runs in the notebook. Plainly it runs in a process of its own, after the cells that ran before it,
as numbers that are on fastgrad's tape cannot become the program's own again.
"""

from __future__ import annotations

import ast
import contextlib
import json
import pickle
import random
import subprocess
import sys
import time

from fastgrad.run.comparing import agreement

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MAGIC = "fastgrad"
_USAGE = "write %%fastgrad compare as the first line of a cell, or %fastgrad compare before a statement"
_REPLAY = '__import__("fastgrad.run.notebooks", None, None, ["replay"]).replay()'
_TAIL = 10  # lines of what a process says in the end


def register(shell: Any, function: Callable[[str, str | None], Any]) -> None:
    """Have a function called for the magic, with its line and its cell as they were written."""

    def magic(line: str, cell: str | None = None) -> Any:
        return function(line, cell)

    magic._ipython_magic_no_var_expand = True  # type: ignore[attr-defined]  # what is in braces stays a dict
    shell.register_magic_function(magic, "line_cell", MAGIC)


def forget(shell: Any) -> None:
    """Take the magic back."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop(MAGIC, None)


def code_of(line: str, cell: str | None) -> str:
    """Return the code that the magic is given.

    >>> code_of("compare f(x)", None), code_of("compare", "f(x)")
    ('f(x)', 'f(x)')
    """
    word, _, statement = line.strip().partition(" ")
    if word == "compare" and bool(statement.strip()) != bool(cell):
        return cell or statement
    from IPython.core.error import UsageError  # which is shown without a traceback

    percents = "%" if cell is None else "%%"
    raise UsageError(f"{percents}{MAGIC} {line.strip()} compares nothing: {_USAGE}")


class Ran:
    """Code that was run in a notebook: the seconds, what it ends with, and what was printed, with that in the end."""

    def __init__(self, shell: Any, source: str) -> None:
        text = shell.transform_cell(source)
        name = shell.compile.cache(text, shell.execution_count, raw_code=source)  # which tracebacks show
        tree = shell.transform_ast(shell.compile.ast_parse(text, name))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        statements = shell.compile(tree, name, "exec")
        expression = last and shell.compile(ast.Expression(last.value), name, "eval")
        with contextlib.redirect_stdout(_Copy(sys.stdout)) as copy:
            start = time.perf_counter()
            exec(statements, shell.user_ns)
            self.value = expression and eval(expression, shell.user_ns)
            self.seconds = time.perf_counter() - start
            shown = "" if self.value is None else shell.display_formatter.formatters["text/plain"](self.value)
        self.output = "".join(copy.written) + shown


class _Copy:
    """A stream that keeps what is written to it."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.written: list[str] = []

    def write(self, text: str) -> Any:
        self.written.append(text)
        return self.stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class Comparing:
    """The magic in a notebook that has fastgrad loaded; what `random` would have drawn then it remembers."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.start = len(self._cells()), random.getstate()
        self.place = 0, 0  # the cell, and how often it has asked

    def _cells(self) -> list[str]:
        return list(self.shell.history_manager.input_hist_raw[1:])

    def compare(self, line: str, cell: str | None) -> Any:
        """Run code here and plainly elsewhere, print both times and whether the outputs agree; return its value."""
        number, asked = self.place
        self.place = self.shell.execution_count, asked + 1 if number == self.shell.execution_count else 1
        source = code_of(line, cell)
        fast = Ran(self.shell, source)
        plain = self._plainly(source)
        if "error" in plain:
            print(f"plainly: it failed, by {plain['error']}\non fastgrad: {fast.seconds:.4g} s")
        else:
            print(f"plainly: {plain['seconds']:.4g} s\non fastgrad: {fast.seconds:.4g} s")
            print(f"ratio: {plain['seconds'] / fast.seconds:.2f}")
            print(agreement(plain["output"], fast.output)[1])
        return fast.value

    def _plainly(self, source: str) -> dict[str, Any]:
        cells, asked = self._cells(), self.place[1]
        if source.rstrip("\n") not in cells[-1]:  # a cell that leaves no history
            cells, asked = [*cells, f"%%{MAGIC} compare\n{source}"], 1
        done = subprocess.run(
            [sys.executable, "-c", _REPLAY],
            check=False,
            input=pickle.dumps((cells, asked, self.start)),
            capture_output=True,
            cwd=self.shell.starting_dir,
        )
        if done.stdout:
            answer: dict[str, Any] = json.loads(done.stdout)
            return answer
        said = done.stderr.decode(errors="replace").splitlines()[-_TAIL:]
        return {"error": "\n  ".join(["its process, which ran the cells before it again and ended with:", *said])}


def answered(shell: Any, line: str, cell: str | None) -> str:
    """Run the code that the magic is given; return what `Comparing` wants to know of it."""
    try:
        ran = Ran(shell, code_of(line, cell))
    except BaseException as error:
        return json.dumps({"error": f"{type(error).__name__}: {error}"})
    return json.dumps({"seconds": ran.seconds, "output": ran.output})

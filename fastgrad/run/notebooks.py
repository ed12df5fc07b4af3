"""Notebooks: their cells run in order, as Jupyter runs them, and engines that cells define or import are exchanged.

``fastgrad run notebook.ipynb`` runs one from the command line; in a notebook itself ``%load_ext fastgrad`` has the
classes of later cells exchanged, and ``%%fastgrad compare`` runs a cell both ways.
"""

from __future__ import annotations

import ast
import atexit
import contextlib
import itertools
import json
import os
import pickle
import random
import sys

from fastgrad.run import cells as magic
from fastgrad.run import offering, reading
from fastgrad.run.saying import say
from fastgrad.run.serving import served
from fastgrad.run.settings import settings

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from typing import Any

# What changes nothing that a program computes, and needs a browser, a kernel or the network.
_SKIPPED = ("matplotlib", "config", "autoreload", "load_ext", "pip", "conda", "pylab", "reload_ext")


def cells_of(path: str) -> list[str]:
    """Read the code cells of a notebook.

    Raises
    ------
    ValueError
        If the file is no notebook.
    """
    return [source for source, _ in _read(path)]


def _read(path: str) -> list[tuple[str, bool]]:
    """The code cells, and of each whether it may raise."""
    with open(path, encoding="utf-8") as file:
        try:
            found = json.load(file)
            cells = found["cells"] if "cells" in found else found["worksheets"][0]["cells"]
            code = [cell for cell in cells if cell["cell_type"] == "code"]
            sources = ["".join(cell.get("source", cell.get("input", ""))) for cell in code]
            may_raise = ["raises-exception" in cell.get("metadata", {}).get("tags", ()) for cell in code]
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"{path} must be a Jupyter notebook (JSON with cells), but is damaged: {error}") from error
    return list(zip(sources, may_raise))


def run_notebook(path: str) -> None:
    """Run the code cells of a notebook in order, in the folder it is in; display prints.

    Magics that change nothing of what is computed are skipped with a line. The first error ends the run.

    Parameters
    ----------
    path : str
        The notebook.

    Raises
    ------
    ImportError
        If IPython is not installed, which runs the cells.
    """
    cells = _read(path)
    at = _Place()
    shell = _shell(at)
    try:
        shell.user_module, shell.user_ns = sys.modules["__main__"], vars(sys.modules["__main__"])
        if settings.active:
            _prepare(shell, [source for source, _ in cells])
        for at.cell, (source, may_raise) in enumerate(cells, 1):
            result = shell.run_cell(source, store_history=True)
            failed = result.error_before_exec is not None or result.error_in_exec is not None
            if failed and not may_raise:
                raise SystemExit(1)  # IPython has printed it
    finally:
        shell.clear_instance()


class _Place:
    cell = 0


def _prepare(shell: Any, cells: list[str]) -> None:
    _Preparing().attach(shell)
    for number, cell in enumerate(cells, 1):  # what later cells ask for counts when a class is tried
        with contextlib.suppress(SyntaxError):
            reading.sources[f"<cell {number}>"] = reading.Source(ast.parse(shell.transform_cell(cell)))


def _shell(at: _Place) -> Any:
    """A shell that ``get_ipython`` finds, and that skips what needs a browser, a kernel or the network."""
    try:
        from IPython.core.interactiveshell import InteractiveShell
    except ImportError:
        raise ImportError("fastgrad run needs IPython for notebooks: pip install ipython", name="IPython") from None
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "NoColor"
    config.InteractiveShell.cache_size = 0
    shell: Any = InteractiveShell.instance(config=config)
    run_line_magic, system = shell.run_line_magic, shell.system

    def line_magic(name: str, line: str, _stack_depth: int = 1) -> Any:
        if name in _SKIPPED:
            return say(f"cell {at.cell}: %{name} {line} is skipped".replace("  ", " "))
        return run_line_magic(name, line, _stack_depth + 1)

    def command(text: str) -> Any:
        return say(f"cell {at.cell}: !{text} is skipped") if "install" in text else system(text)

    shell.run_line_magic, shell.system = line_magic, command
    magic.register(shell, lambda line, cell: magic.Ran(shell, magic.code_of(line, cell)).value)
    return shell


def replay() -> None:
    """Run cells plainly, in a process of its own, up to code that is compared; answer with what came of that.

    Standard input says which: the cells, at which time the last one asks, and how things were when fastgrad was loaded.
    """
    from IPython.core import displaypub

    cells, asked, (loaded, state) = pickle.load(sys.stdin.buffer)
    answer = os.dup(1)
    os.dup2(2, 1)  # where cells print
    out: Any = sys.stdout
    out.reconfigure(line_buffering=True)  # a cell may end the process
    at = _Place()
    shell = _shell(at)
    publisher: Any = displaypub.CapturingDisplayPublisher  # as else what is displayed would be printed
    shell.display_pub = publisher()
    asking = itertools.count(1)

    def compare(line: str, cell: str | None) -> Any:
        if at.cell < len(cells) or next(asking) < asked:
            return magic.Ran(shell, magic.code_of(line, cell)).value
        with open(answer, "w", encoding="utf-8") as file:
            file.write(magic.answered(shell, line, cell))
        os._exit(0)  # nothing that follows is asked for

    magic.register(shell, compare)
    for at.cell, source in enumerate(cells, 1):
        if at.cell == loaded:
            random.setstate(state)
        shell.run_cell(source, store_history=True)


class _Preparing(ast.NodeTransformer):
    """IPython's hook between a cell's text and its code, which IPython, or a magic, compiles."""

    def __init__(self) -> None:
        self.cells = 0
        self.fuser: Any = None
        self.shell: Any = None

    def attach(self, shell: Any) -> None:
        self.shell = shell
        shell.ast_transformers.append(self)
        if settings.fuse:
            from fastgrad.fusing.functions import every_loop
            from fastgrad.fusing.rewrite import Fuser

            self.fuser = Fuser("<cell>")
            self.fuser.found = every_loop

    def detach(self, shell: Any) -> None:
        with contextlib.suppress(ValueError):  # IPython removes what has raised
            shell.ast_transformers.remove(self)

    def visit(self, node: ast.AST) -> ast.AST:
        if not isinstance(node, ast.Module):
            return node
        self.cells += 1
        reading.sources[f"<cell {self.cells}>"] = reading.Source(ast.parse(ast.unparse(node)))
        tree = offering.offering(node)
        if self.fuser is not None:
            self.fuser.file = f"<cell {self.cells}>"
            tree = self.fuser.module_with_names(tree)
            # Functions that are sent to other processes take along what they find among the global names.
            self.shell.user_ns.update(self.fuser.constants)
            self.shell.user_ns_hidden.update(self.fuser.constants)
        return tree


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext fastgrad``: exchange engines that cells define, or import, from now on, and fuse cells' loops.

    ``%%fastgrad compare`` is there from now on, too; drawings can be zoomed, and training shows its progress.
    """
    from fastgrad.draw.zooming import attach

    attach(shell)
    settings.start(strict=False, explain=False, also=())
    _loaded.append((served([]), _Preparing()))
    _loaded[-1][0].__enter__()
    _loaded[-1][1].attach(shell)
    magic.register(shell, magic.Comparing(shell).compare)
    atexit.register(unload_ipython_extension, shell)  # while there is what it takes
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.insert(0, "")


def unload_ipython_extension(shell: Any) -> None:
    """``%unload_ext fastgrad``: what was exchanged stays; nothing more is."""
    settings.active = False
    magic.forget(shell)
    from fastgrad.draw.zooming import detach

    detach(shell)
    while _loaded:
        serving, preparing = _loaded.pop()
        serving.__exit__(None, None, None)
        preparing.detach(shell)


_loaded: list[tuple[Any, _Preparing]] = []

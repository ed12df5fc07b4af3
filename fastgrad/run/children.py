"""Processes that a program starts with `multiprocessing`: those that begin as a new Python are put on fastgrad, too.

Such a process is started with a line of code. Another is put before it, by which the process reads the program's
modules as its parent does, the main module among them.
"""

from __future__ import annotations

import functools
import runpy
import sys

from fastgrad.run.hook import STARTERS, OwnModules, compiled
from fastgrad.run.saying import hush, say
from fastgrad.run.settings import settings

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    import types
    from collections.abc import Iterable
    from typing import Any

_STARTS = ("from multiprocessing.spawn import", "from multiprocessing.forkserver import")
# A process that cannot import fastgrad is what it would be without it.
_LINE = """
try:
    from fastgrad.run.children import serve
except ImportError:
    pass
else:
    serve({also!r}, {strict!r})
"""


def follow(module: types.ModuleType) -> None:
    """Let the processes that one of the `STARTERS` starts be served."""
    original = getattr(module, STARTERS[module.__name__])

    @functools.wraps(original)
    def starting(*given: Any, **named: Any) -> Any:
        if module.__name__ == "multiprocessing.spawn":
            return _served(original(*given, **named))
        path, command, *others = given
        return original(path, _served(command), *others, **named)

    setattr(module, original.__name__, starting)


def _served(command: list[Any]) -> list[Any]:
    """Put our line before that of a command that starts a process of the program's."""
    if not settings.active or not any(str(part).startswith(_STARTS) for part in command):
        return command
    if not settings.has_children:
        settings.has_children = True
        say("processes that the program starts are put on fastgrad, too")
    line = f"exec({_LINE.format(also=settings.also, strict=settings.strict)!r}); "
    return [line + part if str(part).startswith(_STARTS) else part for part in command]


def serve(also: Iterable[str], strict: bool) -> None:
    """Serve this process as its parent is, which has said so."""
    import multiprocessing.spawn

    hush()
    settings.start(strict, explain=False, also=also)
    sys.meta_path.insert(0, OwnModules(also))  # type: ignore[arg-type]  # a finder by its methods
    multiprocessing.spawn.runpy = _Runner()  # type: ignore[attr-defined]


class _Runner:
    """What runs a child's main module, in the place of `runpy`: a script is prepared before it is compiled."""

    run_module = staticmethod(runpy.run_module)

    def run_path(self, path: str, run_name: str) -> dict[str, Any]:
        """Run a script under a name, and return its variables."""
        with open(path, "rb") as script:
            source = script.read()
        variables = {"__name__": run_name, "__file__": path, "__cached__": None, "__package__": "", "__spec__": None}
        exec(compiled(source, path), variables)
        return variables

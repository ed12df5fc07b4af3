"""Processes that a program starts with `multiprocessing`: those that begin as a new Python are put on fastgrad, too.

Such a process is started with a line of code. Another is put before it, by which the process is served (`children`).
"""

from __future__ import annotations

import functools

from fastgrad.run.saying import say
from fastgrad.run.settings import settings

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    import types
    from typing import Any

# By module of Python's: its function that is given a command, or returns it.
STARTERS = {"multiprocessing.spawn": "get_command_line", "multiprocessing.util": "spawnv_passfds"}
_STARTS = ("from multiprocessing.spawn import", "from multiprocessing.forkserver import")
# A process that cannot import fastgrad is what it would be without it.
_LINE = """
try:
    from fastgrad.run.children import serve
except ImportError:
    pass
else:
    serve({also!r}, {strict!r}, {fuse!r})
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
    if not settings.active or not any(map(_starts_one, command)):
        return command
    if not settings.has_children:
        settings.has_children = True
        say("processes that the program starts are put on fastgrad, too")
    line = f"exec({_LINE.format(also=settings.also, strict=settings.strict, fuse=settings.fuse)!r}); "
    return [line + part if _starts_one(part) else part for part in command]


def _starts_one(part: Any) -> bool:
    """Whether a part of a command is the line; from Python 3.14 on another import may come first in it."""
    return any(start in str(part) for start in _STARTS)

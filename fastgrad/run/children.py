"""A process that a program has started: it reads the program's modules as its parent does, the main one among them."""

from __future__ import annotations

import runpy
import sys

from fastgrad.run.hook import OwnModules, compiled
from fastgrad.run.saying import hush
from fastgrad.run.settings import settings

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

# What a main module has of a cache that there is not: a name less from Python 3.15 on.
UNCACHED: dict[str, Any] = {"__cached__": None} if sys.version_info < (3, 15) else {}


def serve(also: Iterable[str], strict: bool, fuse: bool) -> None:
    """Serve this process as its parent is, which has said so."""
    import multiprocessing.spawn

    hush()
    settings.start(strict, explain=False, also=also, fuse=fuse)
    sys.meta_path.insert(0, OwnModules(also))
    multiprocessing.spawn.runpy = _Runner()  # type: ignore[attr-defined]


class _Runner:
    """What runs a child's main module, in the place of `runpy`: a script is prepared before it is compiled."""

    def run_module(self, *given: Any, **named: Any) -> dict[str, Any]:
        """Run a module as `runpy` does."""
        return runpy.run_module(*given, **named)

    def run_path(self, path: str, run_name: str) -> dict[str, Any]:
        """Run a script under a name, and return its variables."""
        with open(path, "rb") as script:
            source = script.read()
        variables = {"__name__": run_name, "__file__": path, "__package__": "", "__spec__": None, **UNCACHED}
        exec(compiled(source, path), variables)
        return variables

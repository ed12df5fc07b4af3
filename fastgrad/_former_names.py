"""Modules under the names that pickles of earlier versions know them by.

A pickle names the module that a class or function was in when it was written. The names below are no modules any more;
whoever imports one is given the module in which its content is now.
"""

import sys

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

FORMER = {  # in 0.3.0
    "fastgrad._dense": "fastgrad._layers.dense",
    "fastgrad._functions": "fastgrad._tape.custom",
    "fastgrad._parameters": "fastgrad._layers.parameters",
    "fastgrad._paths": "fastgrad.compiled.paths",
    "fastgrad._pickle": "fastgrad._tape.restoring",
    "fastgrad._program": "fastgrad._programs.former",
    "fastgrad._run": "fastgrad._layers.leaves",
    "fastgrad._schedules": "fastgrad.optim.schedules",
    "fastgrad._structure": "fastgrad.compiled.structure",
}


class _Finder:
    """A finder of modules, and their loader, as `importlib` describes them."""

    def find_spec(
        self, name: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, self) if name in FORMER else None  # type: ignore[arg-type]  # a loader by its methods

    def create_module(self, spec: "ModuleSpec") -> None:
        return None

    def exec_module(self, module: "ModuleType") -> None:
        import importlib

        sys.modules[module.__name__] = importlib.import_module(FORMER[module.__name__])


def serve() -> None:
    """Let the former names be imported. They are looked for last, so that it costs other imports nothing."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())

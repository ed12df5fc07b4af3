"""Imports while a program runs: its own modules are prepared for exchange, and some are served by fastgrad."""

from __future__ import annotations

import ast
import contextlib
import importlib.machinery
import importlib.util
import os
import sys

from fastgrad.run import offering, reading
from fastgrad.run.own import is_named, is_own
from fastgrad.run.settings import settings
from fastgrad.run.starting import STARTERS, follow

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    import types
    from collections.abc import Iterable, Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from typing import Any

# The package of that name that others build on: its engine is exchanged wherever it is installed.
MICROGRAD = "micrograd"
_STAND_IN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "compat", "micrograd")


class OwnModules:
    """Finds what other finders find, and lets the program's own modules be prepared before they are compiled.

    Where there is no micrograd, fastgrad's stand-in is served.

    Parameters
    ----------
    also : iterable of str
        Installed packages that are to be taken for the program's own.
    """

    def __init__(self, also: Iterable[str] = ()) -> None:
        self.also = [*also, MICROGRAD]

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = found_after(self, name, path)
        if spec is None and name == MICROGRAD:
            init = os.path.join(_STAND_IN, "__init__.py")
            return importlib.util.spec_from_file_location(name, init, submodule_search_locations=[_STAND_IN])
        if spec is not None and name in STARTERS:
            spec.loader = _Followed(name, spec.origin or "")
        loader = spec.loader if spec is not None else None
        if (
            spec is not None
            and type(loader) is importlib.machinery.SourceFileLoader
            and self._is_meant(name, loader.path)
        ):
            spec.loader = _Prepared(loader.name, loader.path)
        return spec

    def _is_meant(self, name: str, path: str) -> bool:
        return is_own(path) or (is_named(name, self.also) and not path.startswith(_STAND_IN))


def found_after(finder: Any, name: str, path: Sequence[str] | None) -> ModuleSpec | None:
    """Return what the finders find that come after one of ours."""
    others = sys.meta_path[sys.meta_path.index(finder) + 1 :]
    found = (other.find_spec(name, path) for other in others if hasattr(other, "find_spec"))
    return next((spec for spec in found if spec is not None), None)


class _Prepared(importlib.machinery.SourceFileLoader):
    """Compiles a module's prepared tree. Python's cache of compiled files has no part in it."""

    def get_code(self, fullname: str) -> types.CodeType:
        path = self.get_filename(fullname)
        return compiled(self.get_data(path), path)


def own_modules() -> list[Any]:
    """The program's modules: those that were read, and the main one, which may be cells, or have no file."""
    files, main = reading.sources, sys.modules["__main__"]
    others = (module for module in list(sys.modules.values()) if module is not main)
    return [main, *(module for module in others if getattr(module, "__file__", None) in files)]


class _Followed(importlib.machinery.SourceFileLoader):
    """Loads a module that starts processes, and lets them be served."""

    def exec_module(self, module: types.ModuleType) -> None:
        super().exec_module(module)
        follow(module)


def read_ahead() -> None:
    """Read the program's modules that those which are read import, now or later, without running anything."""
    packages = {  # what stands in for a module, as JavaScript does in a browser, need have no names of its own
        getattr(module, "__file__", None): getattr(module, "__dict__", {}).get("__package__")
        for module in [*sys.modules.values()]
    }
    pending = [(source, packages.get(file)) for file, source in reading.sources.items()]
    seen: set[str] = set()
    while pending:
        source, package = pending.pop()
        for name in set(_imported(source, package)) - seen:
            seen.add(name)
            spec = _spec_of(name)
            if spec is None or spec.origin in reading.sources or not (spec.has_location and is_own(spec.origin or "")):
                continue
            with contextlib.suppress(OSError, SyntaxError, ValueError):
                with open(spec.origin or "", "rb") as file:
                    reading.sources[spec.origin or ""] = reading.Source(ast.parse(file.read()))
                pending.append((reading.sources[spec.origin or ""], spec.parent))


def _imported(source: reading.Source, package: str | None) -> Iterator[str]:
    """Yield the names of the modules that a module may import."""
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (not node.level or package):
            with contextlib.suppress(ImportError):
                base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names)


def _spec_of(name: str) -> ModuleSpec | None:
    parent = name.rpartition(".")[0]
    above = _spec_of(parent) if parent else None
    if parent and (above is None or above.submodule_search_locations is None):
        return None
    path = above.submodule_search_locations if above is not None else None
    return importlib.machinery.PathFinder.find_spec(name, path)


def compiled(source: str | bytes, file: str) -> types.CodeType:
    """Compile a module of the program, prepared for exchange; as it is where that goes wrong."""
    try:
        tree = offering.prepared(source, file)
    except (SyntaxError, ValueError, RecursionError):
        tree = source  # type: ignore[assignment]  # compiling it raises the error as Python does
    if settings.fuse and isinstance(tree, ast.AST):
        from fastgrad import fusing

        return fusing.compiled(tree, file)
    code: types.CodeType = compile(tree, file, "exec", dont_inherit=True)
    return code

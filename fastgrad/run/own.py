"""Which files are the program's own: those that nobody installed."""

from __future__ import annotations

import itertools
import os
import sysconfig

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterable

_looked_in: dict[str, bool] = {}  # folders, and whether packages were installed there
_INSTALLED = ("site-packages", "dist-packages")
_PATHS = sysconfig.get_paths()
# The folders of Python's own modules and of fastgrad; below them nothing is the program's.
_LIBRARIES = (
    os.path.realpath(_PATHS["stdlib"]) + os.sep,
    os.path.realpath(_PATHS["platstdlib"]) + os.sep,
    os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + os.sep,
)


def is_own(path: str) -> bool:
    """Tell whether a file belongs to the program.

    >>> is_own(os.__file__), is_own("train.py")
    (False, True)
    """
    path = os.path.realpath(path)
    folders = path.split(os.sep)
    if path.startswith(_LIBRARIES) or any(name in folders for name in _INSTALLED):
        return False
    above = itertools.accumulate(folders[1:-1], os.path.join, initial=folders[0] + os.sep)
    return not any(map(_has_installed, above))


def _has_installed(folder: str) -> bool:
    """Tell whether packages were installed in a folder, with ``pip install --target`` perhaps."""
    if folder not in _looked_in:
        try:
            _looked_in[folder] = any(name.endswith(".dist-info") for name in os.listdir(folder))
        except OSError:
            _looked_in[folder] = False
    return _looked_in[folder]


def short_name(path: str) -> str:
    """Return a file's name as a message has it: relative to the working directory where it lies below."""
    relative = os.path.relpath(path) if os.path.splitdrive(path)[0] == os.path.splitdrive(os.getcwd())[0] else path
    return path if relative.startswith("..") else relative


def is_named(module: str, packages: Iterable[str]) -> bool:
    """Tell whether a module is one of some packages, or in one.

    >>> is_named("course.engine", ["course"]), is_named("courses", ["course"])
    (True, False)
    """
    return any(module == package or module.startswith(package + ".") for package in packages)

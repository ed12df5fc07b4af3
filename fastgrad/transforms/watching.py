"""What a function reads from outside by name, as it is: so that a recording is made anew when it is another.

Scalars are read afresh by a recording, and are only told apart. Numbers in lists, tuples, dicts, sets and arrays are
compared, and attributes of objects, those of objects in them, too, down to a depth.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad._tape.node import Node
from fastgrad.compiled.outside import places_of

if TYPE_CHECKING:
    from collections.abc import Callable

_DEPTH = 4
# Told apart only: what is in them is not compared.
_WHOLE: tuple[type, ...] = (type, types.ModuleType, types.FunctionType, types.MethodType, types.BuiltinFunctionType)
_PLAIN = (float, int, str, bytes, type(None), Node)


class Watched:
    """The names of a function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.places = places_of(function)

    def now(self) -> list[Any]:
        """Return what they stand for, to be compared with what it was."""
        return [_seen(container.get(key) if key else _content(container), _DEPTH) for _, container, key in self.places]


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it is empty
        return None


def _seen(x: Any, depth: int) -> Any:
    """Return what tells a value from others; below the depth an object is itself, whatever it has become."""
    if isinstance(x, _PLAIN) or not depth:
        return x if isinstance(x, _PLAIN) else id(x)
    if isinstance(x, np.ndarray):
        return x.shape, x.dtype.str, _entries(x.ravel().tolist(), depth) if x.dtype == object else x.tobytes()
    if isinstance(x, (list, tuple)):
        return type(x), _entries(x, depth)
    if isinstance(x, dict):
        return [*x], _entries(x.values(), depth)
    if isinstance(x, (set, frozenset)):
        return type(x), len(x), frozenset(map(id, x))
    held = None if isinstance(x, _WHOLE) or hasattr(type(x), "value_and_grad") else getattr(x, "__dict__", None)
    return id(x), _entries(held.values(), depth) if isinstance(held, dict) else None


def _entries(xs: Any, depth: int) -> list[Any]:
    return [x if type(x) is float else _seen(x, depth - 1) for x in xs]

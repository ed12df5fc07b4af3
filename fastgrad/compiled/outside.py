"""What a function uses from outside by name, and whether it draws random numbers: what its recordings cannot tell."""

from __future__ import annotations

import functools
import random
import sys
import types
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    _Place: TypeAlias = tuple[str, Any, str | None]  # a name; where its value is: a cell, or a dict and its key there

_MOST_PLACES = 64
_FIXED: tuple[type, ...] = (type, types.ModuleType, types.BuiltinFunctionType, np.ufunc)  # what nobody exchanges


def places_of(function: object) -> list[_Place]:
    """List where a function finds what it names: globals, variables of functions around it, attributes of an instance.

    Those of functions that it names count, too.
    """
    found: dict[tuple[int, str], _Place] = {}
    pending, seen = [function], {id(function)}
    while pending and len(found) < _MOST_PLACES:
        for name, container, key, value in _named_by(pending.pop()):
            if _is_function(value):
                if id(value) not in seen:
                    seen.add(id(value))
                    pending.append(value)
            elif not isinstance(value, _FIXED):
                found[id(container), name] = (name, container, key)
    return list(found.values())[:_MOST_PLACES]


def _is_function(value: object) -> bool:
    plain = isinstance(value, (types.FunctionType, types.MethodType, functools.partial))
    return plain or hasattr(type(value), "value_and_grad")  # a compiled one


def _named_by(function: Any) -> Iterator[tuple[str, Any, str | None, object]]:
    """Yield names that a function's code has, with the places of their values and these."""
    if isinstance(function, functools.partial):
        function = function.func
    function = getattr(function, "__wrapped__", function)  # of one compiled
    if not hasattr(function, "__code__"):
        function = getattr(function, "__call__", function)  # noqa: B004 (of an object, a module for instance)
    code, instance = getattr(function, "__code__", None), getattr(function, "__self__", None)
    if not isinstance(code, types.CodeType):
        return
    names = _names_in(code)
    for container in (function.__globals__, getattr(instance, "__dict__", {})):
        yield from ((name, container, name, container[name]) for name in names if name in container)
    for name, cell in zip(code.co_freevars, function.__closure__ or ()):
        try:
            yield name, cell, None, cell.cell_contents
        except ValueError:  # it is empty as yet
            continue


def _names_in(code: types.CodeType) -> list[str]:
    """List the names in a function's code, and in that of functions defined there."""
    inner = [name for part in code.co_consts if isinstance(part, types.CodeType) for name in _names_in(part)]
    return list(dict.fromkeys([*code.co_names, *inner]))


# Random numbers.


def randomness(used: Sequence[object]) -> list[Any]:
    """Return the states of the global generators of random numbers, and of those among what a function uses."""
    numpys = sys.modules.get("numpy.random")
    states: list[Any] = [random.getstate()]
    if numpys is not None:
        states.append(_frozen(numpys.get_state(legacy=False)))
        states += [_frozen(x.bit_generator.state) for x in used if isinstance(x, numpys.Generator)]
    return states + [x.getstate() for x in used if isinstance(x, random.Random)]


def _frozen(state: Any) -> Any:
    """Make of a state in dicts and arrays what can be compared."""
    if isinstance(state, dict):
        return {key: _frozen(part) for key, part in state.items()}
    return state.tobytes() if isinstance(state, np.ndarray) else state


class _Watch:
    """A trace function that notes the line in which a state first changes."""

    def __init__(self, state: Callable[[], object]) -> None:
        self.state, self.before = state, state()
        self.line: tuple[str, int] | None = None
        self.last = ("", 0)

    def look(self) -> None:
        if self.line is None and self.state() != self.before:
            self.line = self.last

    def __call__(self, frame: types.FrameType, event: str, argument: Any) -> _Watch | None:
        self.look()
        if str(frame.f_globals.get("__name__")).partition(".")[0] in ("random", "numpy", "fastgrad"):
            return None
        self.last = frame.f_code.co_filename, frame.f_lineno
        return self


def drawing_line(call: Callable[[], object], used: Sequence[object]) -> str:
    """Tell in which line a call draws random numbers, as the beginning of a message; empty where it draws none."""
    watch, before = _Watch(lambda: randomness(used)), sys.gettrace()
    sys.settrace(watch)
    try:
        call()
    except Exception:  # the line is what is asked for
        pass
    finally:
        sys.settrace(before)
    watch.look()
    return f"{watch.line[0]}, line {watch.line[1]}: " if watch.line else ""

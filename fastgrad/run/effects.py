"""Whether a method does more than compute: it may print, write, draw random numbers, or change what is not its own.

Such a method is not run in a trial, and not exchanged.
"""

from __future__ import annotations

import ast
import sys
import types

from fastgrad.run import reading
from fastgrad.run.switches import Setting

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_WORLD = {"print", "open", "input", "exec", "eval", "breakpoint", "exit", "quit"}
_WORLDLY_MODULES = {"warnings", "logging", "sys", "os", "shutil", "subprocess", "socket", "random", "secrets"}
# What a trial can put back: it is looked at before and after.
_RESTORED = (list, dict, set)


def does_more(function: Any) -> bool:
    """Tell whether a function of the program, or one that it calls, does more than compute."""
    return isinstance(function, types.FunctionType) and _does_more(function, set())


def settings_read(function: Any, cls: type) -> list[Setting]:
    """Return the variables, and attributes of classes, that a function reads and the program changes."""
    return list(_settings_read(function, cls, set())) if isinstance(function, types.FunctionType) else []


def _settings_read(function: types.FunctionType, cls: type, seen: set[types.CodeType]) -> Iterator[Setting]:
    if function.__code__ in seen:
        return
    seen.add(function.__code__)
    node = reading.function_at(function.__code__.co_filename, function.__code__.co_firstlineno)
    for code in _codes(function.__code__):
        named = [function.__globals__[name] for name in code.co_names if name in function.__globals__]
        methods = [vars(base).get(name) for base in cls.__mro__ for name in code.co_names]
        for thing in (*named, *methods):
            if isinstance(thing, types.FunctionType):
                yield from _settings_read(thing, cls, seen)
        owners = [function.__globals__, *cls.__mro__[:-1], *(thing for thing in named if _is_own(thing))]
        for name in code.co_names:
            having = [owner for owner in owners if _is_setting(_had_by(owner, name))]
            files = {function.__code__.co_filename, *(getattr(owner, "__file__", "") for owner in having)}
            if having and reading.is_changed(name, node, files):
                yield from (Setting(name, owner) for owner in having)


def _is_own(thing: Any) -> bool:
    """Is it a class or a module of the program's?"""
    module = sys.modules.get(thing.__module__) if isinstance(thing, type) else thing
    own = module is sys.modules["__main__"] or getattr(module, "__file__", None) in reading.sources
    return isinstance(module, types.ModuleType) and own


def _had_by(owner: Any, name: str) -> Any:
    return owner.get(name) if isinstance(owner, dict) else vars(owner).get(name)


def _is_setting(thing: Any) -> bool:
    return isinstance(thing, (bool, int, float, str, list, dict, set))


def _does_more(function: types.FunctionType, seen: set[types.CodeType]) -> bool:
    if function.__code__ in seen:
        return False
    seen.add(function.__code__)
    node = reading.function_at(function.__code__.co_filename, function.__code__.co_firstlineno)
    if node is None:
        return False
    outside = _Outside(function, _names_of_its_own(node))
    return any(outside.is_touched(part, seen) for part in ast.walk(node))


def names_reached(cls: type) -> set[str]:
    """Return the names of variables and attributes that a class's methods, and what they call, may have to do with."""
    pending: list[Any] = [function for base in cls.__mro__ for function in _functions_of(base)]
    seen: set[types.CodeType] = set()
    names: set[str] = set()
    while pending:
        function = pending.pop()
        for code in _codes(function.__code__):
            if code not in seen:
                seen.add(code)
                names.update(code.co_names)
                for thing in map(function.__globals__.get, code.co_names):
                    pending.extend([thing] if isinstance(thing, types.FunctionType) else _functions_of(thing))
    return names


def _functions_of(thing: Any) -> list[types.FunctionType]:
    if not isinstance(thing, type):
        return []
    unbound = (
        value.__func__ if isinstance(value, (staticmethod, classmethod)) else value for value in vars(thing).values()
    )
    return [value for value in unbound if isinstance(value, types.FunctionType)]


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _names_of_its_own(node: ast.AST) -> set[str]:
    parts = list(ast.walk(node))
    shared = {name for part in parts if isinstance(part, ast.Global) for name in part.names}
    stored = {part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    inner = {part.name for part in parts if isinstance(part, ast.FunctionDef)}
    return (stored | inner | {part.arg for part in parts if isinstance(part, ast.arg)}) - shared


class _Outside:
    """What a function finds outside: its module's variables."""

    def __init__(self, function: types.FunctionType, own: set[str]) -> None:
        self.variables, self.own = function.__globals__, own

    def is_touched(self, part: ast.AST, seen: set[types.CodeType]) -> bool:
        """Tell whether a part of the function changes something outside, other than what a trial puts back."""
        if isinstance(part, (ast.Attribute, ast.Subscript)) and isinstance(part.ctx, (ast.Store, ast.Del)):
            return self._is_kept_elsewhere(part.value, isinstance(part, ast.Subscript))
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id not in self.own:
            called = self.variables.get(part.func.id)
            known = called is not None
            return (
                _does_more(called, seen)
                if isinstance(called, types.FunctionType)
                else not known and part.func.id in _WORLD
            )
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            return self._is_kept_elsewhere(part.func.value, True)
        return False

    def _is_kept_elsewhere(self, part: ast.expr, direct: bool) -> bool:
        """Tell whether an expression stands for an object of the module's that a trial does not look at."""
        depth = 0
        while isinstance(part, (ast.Attribute, ast.Subscript)):
            part, depth = part.value, depth + 1
        if not isinstance(part, ast.Name) or part.id in self.own:
            return isinstance(part, ast.Name) and part.id in _WORLDLY_MODULES and part.id in self.own
        thing = self.variables.get(part.id)
        if isinstance(thing, types.ModuleType):
            return thing.__name__.partition(".")[0] in _WORLDLY_MODULES
        if thing is None or isinstance(
            thing, (type, types.FunctionType, types.BuiltinFunctionType, int, float, str, tuple)
        ):
            return False
        return not (direct and depth == 0 and isinstance(thing, _RESTORED))

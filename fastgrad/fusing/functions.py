"""Functions, classes and modules, whose loops are given kernels."""

from __future__ import annotations

import ast
import types

from fastgrad.fusing.definitions import code_of, definition
from fastgrad.fusing.rewrite import Found, Fuser

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from typing import TypeVar

    _Thing = TypeVar("_Thing")

every_loop: list[Found] = []  # in order


def compiled(tree: ast.Module, file: str) -> types.CodeType:
    """Compile a module's tree, its loops with kernels beside them."""
    fuser = Fuser(file)
    try:
        code: types.CodeType = compile(fuser.module(tree), file, "exec", dont_inherit=True)
    except RecursionError:  # an expression of hundreds of terms
        every_loop.append(Found(file, tree.body[0], None, None, _TOO_DEEP))
        plainly: types.CodeType = compile(tree, file, "exec", dont_inherit=True)
        return plainly
    every_loop.extend(fuser.found)
    return fuser.with_sites(code)


def fuse(thing: _Thing) -> _Thing:
    """Let loops over numbers run as kernels: the same nodes, values and errors, without Python's interpreter.

    A kernel stands for a list comprehension, a generator that ``sum``, ``math.prod``, ``max``, ``list`` or the like
    consumes on the spot, or a ``for`` statement that computes and assigns. Where it meets something that it does not
    know it gives way to Python, at the round where that is. What becomes of each loop `fused_loops` tells.

    Parameters
    ----------
    thing : function, class or module
        What is changed: a function, all functions of a class, or all functions and classes that a module defines.

    Returns
    -------
    function, class or module
        The same, so that it may stand as a decorator.

    Raises
    ------
    TypeError
        If it is none of these.

    Examples
    --------
    >>> import fastgrad
    >>> @fastgrad.fuse
    ... def dot(w, x):
    ...     return sum(a * b for a, b in zip(w, x))
    >>> x = [fastgrad.Value(1.0), fastgrad.Value(2.0)]
    >>> y = dot([3.0, 4.0], x)
    >>> y.backward()
    >>> y.data, x[0].grad
    (11.0, 3.0)
    """
    if isinstance(thing, types.FunctionType):
        _fuse_function(thing)
    elif isinstance(thing, type):
        _fuse_class(thing)
    elif isinstance(thing, types.ModuleType):
        for value in [*vars(thing).values()]:
            if isinstance(value, (types.FunctionType, type)) and value.__module__ == thing.__name__:
                fuse(value)
    elif isinstance(thing, (staticmethod, classmethod)):
        fuse(thing.__func__)
    else:
        raise TypeError(f"fuse() takes a function, a class or a module, not {thing!r} of type {type(thing).__name__}")
    return thing


def _fuse_class(cls: type) -> None:
    for value in vars(cls).values():
        if isinstance(value, property):
            functions = [value.fget, value.fset, value.fdel]
        else:
            functions = [getattr(value, "__func__", value)]
        for function in functions:
            if isinstance(function, types.FunctionType):
                _fuse_function(function)


_TOO_DEEP = "something that stands with it is nested too deeply"
_NO_SOURCE = "its source is not to be had as a def"
_fused: dict[int, tuple[types.CodeType, types.CodeType]] = {}  # by identity: code, and what has become of it


def _fuse_function(function: types.FunctionType) -> None:
    """Exchange a function's code, where its source is to be had."""
    code = function.__code__
    if id(code) not in _fused:
        made = _with_sites(function)
        _fused[id(code)] = code, made
        _fused[id(made)] = made, made
    function.__code__ = _fused[id(code)][1]


def _with_sites(function: types.FunctionType) -> types.CodeType:
    code = function.__code__
    node = definition(function)
    if node is None:
        place = ast.Name(code.co_name, ast.Load(), lineno=code.co_firstlineno, col_offset=0)
        every_loop.append(Found(code.co_filename, place, None, None, _NO_SOURCE))
        return code
    fuser = Fuser(code.co_filename)
    try:
        made = fuser.function(node, set(code.co_freevars))
        found = fuser.with_sites(code_of(made, function)) if fuser.constants else code
    except RecursionError:
        every_loop.append(Found(code.co_filename, node, None, None, _TOO_DEEP))
        return code
    every_loop.extend(fuser.found)
    return found


def fused_loops(file: str | None = None) -> list[str]:
    """Tell what became of each loop: a line for each, with its place.

    Parameters
    ----------
    file : str, optional
        Only the loops of a file.

    Examples
    --------
    >>> import fastgrad
    >>> fastgrad.fused_loops("no such file")
    []
    """
    chosen = [found for found in every_loop if file is None or found.file == file]
    return [f"{found.file}:{found.line}: {found.text}: {_became(found)}" for found in chosen]


def _became(found: Found) -> str:
    why = found.why or found.kernel.why
    if why:
        return f"no kernel: {why}"
    site = found.kernel.site
    if not site.runs + site.ways and (whole := _whole(found)) is not None:
        return f"part of the kernel in line {whole.line}"
    said = f"a kernel, which ran {_times(site.runs)}" + (f" and gave way {_times(site.ways)}" if site.ways else "")
    return f"{said}: left to Python" if site.is_left else said


def _whole(found: Found) -> Found | None:
    """The kernel that a loop is part of: around it, or where the function it stands in is called."""
    around = found.around
    if around is not None and around.kernel is not None and around.kernel.site.runs:
        return around
    callers = (other for other in every_loop if other.kernel is not None and found.function in other.kernel.written)
    return next((other for other in callers if other.kernel.site.runs), None)


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count} times")

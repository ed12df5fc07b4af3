"""Functions' trees: how what a program calls is written."""

from __future__ import annotations
import __future__

import ast
import functools
import linecache
import types
import weakref

from fastgrad.fusing.syntax import obstacle
from fastgrad.fusing.trees import changed

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from typing import Any, TypeAlias, TypeGuard

    _Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_trees: weakref.WeakKeyDictionary[types.CodeType, ast.FunctionDef | None] = weakref.WeakKeyDictionary()


def may_be_inlined(node: _Definition) -> TypeGuard[ast.FunctionDef]:
    """Whether a kernel can do all that stands in a function."""
    return isinstance(node, ast.FunctionDef) and obstacle(node.body, in_function=True) is None


def as_function(node: ast.Lambda) -> ast.FunctionDef | None:
    """Return a lambda as a function's tree, if a kernel can do what stands in it."""
    made = ast.FunctionDef("<lambda>", node.args, [ast.Return(node.body)], [], lineno=node.lineno)
    return made if may_be_inlined(made) else None


def remember(code: types.CodeType, tree: ast.FunctionDef) -> None:
    """Note how code was written that is about to be, or was, given sites."""
    _trees[code] = tree


def _lambda_of(code: types.CodeType) -> ast.FunctionDef | None:
    """The tree of a lambda, if it is the only one in its line."""
    try:
        module = ast.parse(_source_of(code))
    except (SyntaxError, ValueError, RecursionError):
        return None
    there = [n for n in ast.walk(module) if isinstance(n, ast.Lambda) and n.lineno == code.co_firstlineno]
    found = _like(code, _compiled(module, code.co_filename, code.co_flags)) if len(there) == 1 else None
    return as_function(there[0]) if found is not None and _is_same(found, code) else None


def tree_of(function: types.FunctionType) -> ast.FunctionDef | None:
    """Return a function's tree, if a kernel can do what stands in it."""
    code = function.__code__
    if code not in _trees:
        node = definition(function) if code.co_name != "<lambda>" else _lambda_of(code)
        _trees[code] = node if node is not None and may_be_inlined(node) else None
    return _trees[code]


def first_line(node: _Definition) -> int:
    """Return the line in which a definition begins, as its code says."""
    return min([node.lineno, *(entry.lineno for entry in node.decorator_list)])


def definition(function: types.FunctionType) -> _Definition | None:
    """Return a function's tree; None where its source is not to be had, or has been changed since."""
    code = function.__code__
    node, module = _place_of(code)
    if node is None:
        return None
    found = _like(code, _compiled(module, code.co_filename, code.co_flags))
    return node if found is not None and _is_same(found, code) else None


def code_of(tree: _Definition, function: types.FunctionType) -> types.CodeType:
    """Compile another definition in the place of a function's own; return its code."""
    code = function.__code__
    node, module = _place_of(code)
    assert node is not None
    exchanged = changed(module, body=[_replaced(statement, node, tree) for statement in module.body])
    found = _like(code, _compiled(exchanged, code.co_filename, code.co_flags))
    assert found is not None
    return found


def _place_of(code: types.CodeType) -> tuple[_Definition | None, ast.Module]:
    """The definition that code comes from, by its name and line, and as much of the module as it needs."""
    for node, module in _functions_of(_source_of(code)):
        if node.name == code.co_name and first_line(node) == code.co_firstlineno:
            return node, module
    return None, ast.Module([], [])


def _source_of(code: types.CodeType) -> str:
    return "".join(linecache.getlines(code.co_filename))


def _functions(source: str) -> list[tuple[_Definition, ast.Module]]:
    """The functions of a module's source, each with as much of the module as says what names are in it."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return []
    imports = [node for node in tree.body if isinstance(node, _MAY_IMPORT) and _imports(node)]
    found: list[tuple[_Definition, ast.Module]] = []
    for statement in tree.body:
        inside = [node for node in ast.walk(statement) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
        module = ast.Module([*imports, statement], [])
        found += [(node, module) for node in inside]
    return found


_functions_of = functools.lru_cache(maxsize=4)(_functions)  # one file's are asked for one after the other
_MAY_IMPORT = (ast.Import, ast.ImportFrom, ast.If, ast.Try)


def _imports(node: ast.stmt) -> bool:
    """Whether names of modules come from it, of which Python calls functions in another way."""
    return any(isinstance(part, (ast.Import, ast.ImportFrom)) for part in ast.walk(node))


def _compiled(module: ast.Module, file: str, flags: int) -> types.CodeType:
    flags &= __future__.annotations.compiler_flag
    made: types.CodeType = compile(module, file, "exec", flags=flags, dont_inherit=True)
    return made


def _like(code: types.CodeType, within: types.CodeType) -> types.CodeType | None:
    """The code of the same place, in that of a module."""
    for constant in within.co_consts:
        if isinstance(constant, types.CodeType):
            if constant.co_name == code.co_name and constant.co_firstlineno == code.co_firstlineno:
                return constant
            found = _like(code, constant)
            if found is not None:
                return found
    return None


def _is_same(found: types.CodeType, code: types.CodeType) -> bool:
    """Whether it is the same definition: the file may have changed since."""
    names = ("co_names", "co_varnames", "co_freevars", "co_code")
    same = all(getattr(found, name) == getattr(code, name) for name in names)
    pairs = zip(found.co_consts, code.co_consts, strict=False)
    return same and len(found.co_consts) == len(code.co_consts) and all(_are_alike(*pair) for pair in pairs)


def _are_alike(found: Any, constant: Any) -> bool:
    """Whether constants are the same, to the sign of a zero."""
    if isinstance(found, types.CodeType) and isinstance(constant, types.CodeType):
        return _is_same(found, constant)
    if isinstance(found, frozenset):
        return bool(found == constant)
    return type(found) is type(constant) and repr(found) == repr(constant)


def _replaced(node: Any, before: _Definition, after: _Definition) -> Any:
    """A tree with another definition in it."""
    if node is before:
        return after
    if not getattr(node, "lineno", 0) <= before.lineno <= getattr(node, "end_lineno", 0):
        return node
    fields = {}
    for name in node._fields:
        value = getattr(node, name, None)
        if type(value) is list:
            fields[name] = [_replaced(part, before, after) if isinstance(part, ast.stmt) else part for part in value]
    return changed(node, **fields)

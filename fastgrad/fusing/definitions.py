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
    from collections.abc import Iterator
    from typing import Any, TypeAlias, TypeGuard

    Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_trees: weakref.WeakKeyDictionary[types.CodeType, ast.FunctionDef | None] = weakref.WeakKeyDictionary()


def may_be_inlined(node: Definition) -> TypeGuard[ast.FunctionDef]:
    """Whether a kernel can do all that stands in a function."""
    return isinstance(node, ast.FunctionDef) and obstacle(node.body, in_function=True) is None


def as_function(node: ast.Lambda) -> ast.FunctionDef | None:
    """Return a lambda as a function's tree, if a kernel can do what stands in it."""
    made = ast.FunctionDef("<lambda>", node.args, [ast.Return(node.body)], [], lineno=node.lineno)
    return made if may_be_inlined(made) else None


def remember(code: types.CodeType, tree: ast.FunctionDef) -> None:
    """Note how code was written that is about to be, or was, given sites."""
    _trees[code] = tree


def tree_of(function: types.FunctionType) -> ast.FunctionDef | None:
    """Return a function's tree, if a kernel can do what stands in it."""
    code = function.__code__
    if code not in _trees:
        node = definition(function)
        _trees[code] = node if node is not None and may_be_inlined(node) else None
    return _trees[code]


def first_line(node: Definition) -> int:
    """Return the line in which a definition begins, as its code says."""
    return min([node.lineno, *(entry.lineno for entry in node.decorator_list)])


def definition(function: types.FunctionType) -> Definition | None:
    """Return a function's tree; None where its source is not to be had, or has a class's own names in it."""
    code = function.__code__
    for node in _definitions("".join(linecache.getlines(code.co_filename))):
        if node.name == code.co_name and first_line(node) == code.co_firstlineno:
            return node if _is_compiled_to(node, function) else None
    return None


@functools.lru_cache(maxsize=4)
def _definitions(source: str) -> list[Definition]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return []
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def _is_compiled_to(node: Definition, function: types.FunctionType) -> bool:
    """Whether it is this definition: the file may have changed since."""
    found = code_of(node, function)
    names = {name for code in _codes(found) for name in (*code.co_names, *code.co_varnames)}
    if any(name.startswith("__") and not name.endswith("__") for name in names):
        return False
    code = function.__code__
    same = found.co_freevars == code.co_freevars and found.co_varnames == code.co_varnames
    return same and found.co_code == code.co_code


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def code_of(node: Definition, function: types.FunctionType) -> types.CodeType:
    """Compile a definition within a function that has its free variables; what is evaluated outside is left out."""
    bare = {name: [changed(entry, annotation=None) for entry in getattr(node.args, name)] for name in _PARAMETERS}
    starred = {name: value and changed(value, annotation=None) for name, value in _starred(node.args)}
    arguments = changed(
        node.args, **bare, **starred, defaults=[ast.Constant(None) for _ in node.args.defaults],
        kw_defaults=[default and ast.Constant(None) for default in node.args.kw_defaults],
    )  # fmt: skip
    decorators = [ast.copy_location(ast.Constant(None), entry) for entry in node.decorator_list[:1]]
    definition = changed(node, args=arguments, returns=None, decorator_list=decorators)
    tree: Any = ast.parse(f"def outer({', '.join(function.__code__.co_freevars)}): pass")
    tree.body[0].body = [definition]
    ast.fix_missing_locations(tree)
    flags = function.__code__.co_flags & __future__.annotations.compiler_flag
    made = compile(tree, function.__code__.co_filename, "exec", flags=flags, dont_inherit=True)
    [outer] = [constant for constant in made.co_consts if isinstance(constant, types.CodeType)]
    [inner] = [constant for constant in outer.co_consts if isinstance(constant, types.CodeType)]
    return _renamed(inner, f"outer.<locals>.{node.name}", function.__qualname__)


_PARAMETERS = ("posonlyargs", "args", "kwonlyargs")


def _starred(arguments: ast.arguments) -> list[tuple[str, ast.arg | None]]:
    return [("vararg", arguments.vararg), ("kwarg", arguments.kwarg)]


def _renamed(code: types.CodeType, before: str, after: str) -> types.CodeType:
    """Code whose qualified names, and those of what is defined in it, begin otherwise."""
    if not hasattr(code, "co_qualname"):
        return code
    constants = tuple(_renamed(c, before, after) if isinstance(c, types.CodeType) else c for c in code.co_consts)
    qualname: str = code.co_qualname
    kept: dict[str, Any] = {"co_qualname": after + qualname.removeprefix(before), "co_consts": constants}
    return code.replace(**kept)

"""Syntax trees: their parts, and trees that differ from others in a few places and share the rest."""

from __future__ import annotations

import ast
import re
import sys

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TypeVar

    _Tree = TypeVar("_Tree", bound=ast.AST)


# Fields that have no part: words and numbers, how a name is used, and operators.
_BARE = {
    "arg", "asname", "attr", "conversion", "ctx", "id", "is_async", "is_lazy", "kind", "kwd_attrs", "level", "module",
    "op", "ops", "rest", "simple", "tag", "type_comment",
}  # fmt: skip
_MIXED = {"keys", "kw_defaults", "names"}  # lists, in which there may be words, or None
_fields: dict[type[ast.AST], tuple[str, ...]] = {ast.Constant: (), ast.MatchSingleton: ()}  # of each type


def children(node: ast.AST) -> list[ast.AST]:
    """Return the parts of a node; operators, and that a name is read or assigned, are none."""
    found: list[ast.AST] = []
    kind = type(node)
    if kind not in _fields:
        _fields[kind] = tuple(name for name in node._fields if name not in _BARE)
    fields = vars(node)
    for name in _fields[kind]:
        value = fields.get(name)
        if value.__class__ is list:
            found += [x for x in value if isinstance(x, ast.AST)] if name in _MIXED else value
        elif value is not None and value.__class__ is not str:
            found.append(value)
    return found


def holds(nodes: Iterable[ast.AST], kinds: tuple[type[ast.AST], ...]) -> bool:
    """Whether any of the nodes, or a part of one, is of some kinds."""
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if isinstance(node, kinds):
            return True
        pending += children(node)
    return False


def changed(node: _Tree, **fields: Any) -> _Tree:
    """Return a node with other fields; the rest is shared."""
    made = type(node).__new__(type(node))
    vars(made).update(vars(node), **fields)
    return made


def located(node: _Tree, like: Any) -> _Tree:
    """Give new nodes the place of another one; below a node that has a place all have."""
    if "lineno" not in vars(node):
        if "lineno" in node._attributes:
            vars(node).update(
                lineno=like.lineno, col_offset=like.col_offset, end_lineno=like.end_lineno,
                end_col_offset=like.end_col_offset,
            )  # fmt: skip
        for part in children(node):
            located(part, like)
    return node


def written(node: ast.AST) -> str:
    """Return the first line of an expression or a statement as Python writes it, from 3.11 on: a loop's names bare."""
    line = ast.unparse(node).split("\n")[0].removesuffix(":")
    if sys.version_info < (3, 11):
        line = re.sub(r"\bfor \((.+?)\) in ", r"for \1 in ", line)
    return line

"""Syntax trees: their parts, and trees that differ from others in a few places and share the rest."""

from __future__ import annotations

import ast

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from typing import Any, TypeVar

    _Tree = TypeVar("_Tree", bound=ast.AST)


def children(node: ast.AST) -> list[ast.AST]:
    """Return the parts of a node; that a name is read or assigned is none."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if type(value) is list:
            found += [entry for entry in value if isinstance(entry, ast.AST)]
        elif isinstance(value, ast.AST) and name != "ctx":
            found.append(value)
    return found


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

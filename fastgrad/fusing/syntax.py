"""What may stand in a kernel, as far as its text tells, and the names that it reads."""

from __future__ import annotations

import ast

from fastgrad.fusing.names import assigned_in
from fastgrad.fusing.trees import children, holds

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterable

_FIT = {
    ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Attribute, ast.Subscript,
    ast.Slice, ast.ListComp, ast.GeneratorExp, ast.comprehension, ast.Call, ast.keyword, ast.Tuple, ast.List,
    ast.Starred, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For, ast.While, ast.If, ast.Pass, ast.Continue,
    ast.Break,
}  # fmt: skip
_COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp)


def obstacle(nodes: Iterable[ast.AST], in_function: bool = False) -> ast.AST | None:
    """Return the first part that no kernel can do, if there is one.

    Parameters
    ----------
    nodes : iterable of ast.AST
        Statements and expressions.
    in_function : bool, optional
        Whether they are a function's body, which may return.
    """
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if not _is_fit(node) and not (in_function and isinstance(node, ast.Return)):
            return node
        pending += children(node)
    return None


def _is_fit(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr):
        return appended_by(node) is not None or isinstance(node.value, ast.Constant)
    return type(node) in _FIT


def computes(nodes: Iterable[ast.AST]) -> bool:
    """Whether anything is computed: what only hands things on Python does as quickly, and with the same objects."""
    return holds(nodes, (ast.BinOp, ast.UnaryOp, ast.Call, ast.Compare, ast.Attribute))


def may_break(loop: ast.For | ast.While) -> bool:
    """Whether a break may end a loop."""
    pending: list[ast.AST] = [*loop.body]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Break):
            return True
        inner = isinstance(node, (ast.For, ast.AsyncFor, ast.While))  # whose breaks end it
        pending += node.orelse if inner else children(node)  # type: ignore[attr-defined]
    return False


def appended_by(node: ast.stmt) -> tuple[ast.expr, ast.expr] | None:
    """Return the list and the entry of a statement ``list.append(entry)``."""
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr != "append":
        return None
    if call.keywords or len(call.args) != 1 or isinstance(call.args[0], ast.Starred):
        return None
    return call.func.value, call.args[0]


def given_to(name: str, call: ast.Call) -> tuple[list[ast.expr], ast.expr | None] | None:
    """Return what a function of Python's own is given, and what it starts with; None where anything else has a name."""
    args = call.args
    if not call.keywords:
        return (args[:1], args[1]) if name == "sum" and len(args) == 2 else (args, None)
    first, *others = call.keywords
    knows_start = name in ("sum", "prod") and first.arg == "start" and len(args) == 1
    return (args, first.value) if knows_start and not others else None


def names_read(nodes: Iterable[ast.AST], bound: frozenset[str] = frozenset()) -> dict[str, None]:
    """Return the names that are read, in order; those that a comprehension binds for itself are not."""
    found: dict[str, None] = {}
    for node in nodes:
        _read(node, bound, found)
    return found


def read_after_first(node: ast.ListComp | ast.GeneratorExp) -> dict[str, None]:
    """Return the names that a comprehension reads beside what it runs over first."""
    found: dict[str, None] = {}
    _read_comprehension(node, frozenset(), found, [None, *(part.iter for part in node.generators[1:])])
    return found


def _read(node: ast.AST, bound: frozenset[str], found: dict[str, None]) -> None:
    if isinstance(node, ast.Name):
        if node.id not in bound and isinstance(node.ctx, ast.Load):
            found[node.id] = None
    elif isinstance(node, _COMPREHENSIONS):
        _read_comprehension(node, bound, found, [part.iter for part in node.generators])
    else:
        for part in children(node):
            _read(part, bound, found)


def _read_comprehension(
    node: ast.ListComp | ast.GeneratorExp, bound: frozenset[str], found: dict[str, None], over: list[ast.expr | None]
) -> None:
    for part, values in zip(node.generators, over, strict=True):
        if values is not None:
            _read(values, bound, found)
        bound = bound | assigned_in(part.target)
        for test in part.ifs:
            _read(test, bound, found)
    _read(node.elt, bound, found)

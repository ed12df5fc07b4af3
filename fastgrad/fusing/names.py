"""Which names a scope has, and which of them surely have a value at some place in it."""

from __future__ import annotations

import ast

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LOOK_AT_NAMES = {"locals", "vars", "dir", "globals", "eval", "exec"}


def own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes of a scope: those of inner functions and classes are not its own."""
    pending = list(body)
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, _SCOPES):
            pending += getattr(node, "decorator_list", [])
        else:
            pending += ast.iter_child_nodes(node)


class Scope:
    """A function's or a module's names.

    Parameters
    ----------
    body : list of ast.stmt
        Its statements.
    arguments : ast.arguments, optional
        A function's; without them it is a module.
    outer : set of str
        The variables of the functions around it.
    """

    def __init__(self, body: list[ast.stmt], arguments: ast.arguments | None = None, outer: Iterable[str] = ()) -> None:
        self.is_module = arguments is None
        self.parameters = set(_parameters(arguments)) if arguments else set()
        self.deleted: set[str] = set()
        self.looks_at_names = False
        elsewhere: set[str] = set()
        public: set[str] = set()
        for node in own_nodes(body):
            if isinstance(node, ast.Global):
                public |= set(node.names)
            elif isinstance(node, ast.Nonlocal):
                elsewhere |= set(node.names)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                self.deleted.add(node.name)  # which Python does at the handler's end
            elif isinstance(node, ast.Name):
                if isinstance(node.ctx, ast.Del):
                    self.deleted.add(node.id)
                self.looks_at_names |= node.id in _LOOK_AT_NAMES
        assigned = set().union(*map(assigned_in, body))
        self._own = set() if self.is_module else (assigned | self.parameters) - public - elsewhere
        self._outer = set(outer) - public - self._own

    def has(self, name: str) -> bool:
        """Whether a name is a variable of the function, or of one around it."""
        return name in self._own or name in self._outer

    def is_outer(self, name: str) -> bool:
        """Whether it is one of a function around."""
        return name in self._outer

    def for_inner(self) -> set[str]:
        """The variables that functions in it may read."""
        return self._own | self._outer


def _parameters(arguments: ast.arguments) -> Iterator[str]:
    for entry in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]:
        if entry is not None:
            yield entry.arg


def assigned_in(node: ast.AST) -> set[str]:
    """Return the names that a statement, or a part of one, assigns in its own scope."""
    found: set[str] = set()
    if isinstance(node, _COMPREHENSIONS):
        inner = [part for part in ast.walk(node) if isinstance(part, ast.NamedExpr)]
        return {part.target.id for part in inner}
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, ast.Lambda):
        return found
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return {node.id}
    if isinstance(node, ast.alias):
        return {(node.asname or node.name).partition(".")[0]}
    if isinstance(node, ast.ExceptHandler) and node.name:
        found.add(node.name)
    if isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
        found.add(node.name)
    if isinstance(node, ast.MatchMapping) and node.rest:
        found.add(node.rest)
    for part in ast.iter_child_nodes(node):
        found |= assigned_in(part)
    return found


def surely_assigned(statement: Any) -> set[str]:
    """Return the names that have a value after a statement, if that ends without leaving the block."""
    if isinstance(statement, ast.If):
        return _after_block(statement.body) & _after_block(statement.orelse)
    if isinstance(statement, (ast.For, ast.AsyncFor, ast.While, ast.Match)):
        return set()
    if isinstance(statement, ast.Try) or type(statement).__name__ == "TryStar":
        found = _after_block(statement.body) | _after_block(statement.orelse)
        for handler in statement.handlers:
            found = found & _after_block(handler.body)
        return found | _after_block(statement.finalbody)
    if isinstance(statement, (ast.With, ast.AsyncWith)):
        # A context may swallow an exception in its block.
        return _named(item.optional_vars for item in statement.items if item.optional_vars)
    if isinstance(statement, ast.Assign):
        return _named(statement.targets)
    if isinstance(statement, ast.AnnAssign):
        return _named([statement.target]) if statement.value else set()
    definitions = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return _named([statement]) if isinstance(statement, definitions) else set()


def _named(nodes: Iterable[ast.AST]) -> set[str]:
    return set().union(*map(assigned_in, nodes))


class _Everything(set):  # type: ignore[type-arg]
    """The names that are assigned where nothing goes on."""

    def __and__(self, other: set[str]) -> set[str]:  # type: ignore[override]
        return other

    __rand__ = __and__

    def __or__(self, other: set[str]) -> set[str]:  # type: ignore[override]
        return self


def _after_block(body: list[ast.stmt]) -> set[str]:
    found: set[str] = set()
    for statement in body:
        if isinstance(statement, (ast.Return, ast.Raise, ast.Continue, ast.Break)):
            return _Everything()
        found = found | surely_assigned(statement)
    return found

"""Which names a scope has, and which of them surely have a value at some place in it."""

from __future__ import annotations

import ast

from fastgrad.fusing.trees import children

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LOOK_AT_NAMES = {"locals", "vars", "dir", "globals", "eval", "exec"}


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
        self.is_module, self._body = arguments is None, body
        self.parameters = set(_parameters(arguments)) if arguments else set()
        self.deleted: set[str] = set()
        self.looks_at_names = False
        self._assigned: set[str] = set()
        self._elsewhere: set[str] = set()
        self._public: set[str] = set()
        self._look(body)
        own = self._assigned | self.parameters
        self._own = set() if self.is_module else own - self._public - self._elsewhere
        self._outer = set(outer) - self._public - self._own

    def _look(self, body: Iterable[ast.AST]) -> None:
        """Look at what is of the scope itself, not of the functions and classes in it."""
        pending = list(body)
        in_comprehensions: list[ast.AST] = []
        while pending:
            node = pending.pop()
            if isinstance(node, _COMPREHENSIONS):
                in_comprehensions.append(node)
                continue
            self._look_at(node)
            pending += getattr(node, "decorator_list", ()) if isinstance(node, _SCOPES) else children(node)
        while in_comprehensions:
            node = in_comprehensions.pop()
            if isinstance(node, ast.Name):
                self._look_at_name(node)
            elif isinstance(node, ast.NamedExpr):
                self._assigned.add(node.target.id)
            in_comprehensions += () if isinstance(node, _SCOPES) else children(node)

    def _look_at(self, node: ast.AST) -> None:
        if isinstance(node, ast.Name):
            self._look_at_name(node)
            if not isinstance(node.ctx, ast.Load):
                self._assigned.add(node.id)
        elif isinstance(node, ast.Global):
            self._public |= set(node.names)
        elif isinstance(node, ast.Nonlocal):
            self._elsewhere |= set(node.names)
        else:
            names = _bound_by(node)
            self._assigned |= names
            if isinstance(node, ast.ExceptHandler):
                self.deleted |= names  # which Python does at the handler's end

    def _look_at_name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Del):
            self.deleted.add(node.id)
        self.looks_at_names |= node.id in _LOOK_AT_NAMES

    def has(self, name: str) -> bool:
        """Whether a name is a variable of the function, or of one around it."""
        return name in self._own or name in self._outer

    def is_outer(self, name: str) -> bool:
        """Whether it is one of a function around."""
        return name in self._outer

    def is_shared(self, name: str) -> bool:
        """Whether a call of a function may give a variable another value: of one in it, or around it."""
        if name in self._outer or name in self._elsewhere:
            return True
        inside = (part for statement in self._body for part in ast.walk(statement))
        return any(isinstance(part, ast.Nonlocal) and name in part.names for part in inside)

    def for_inner(self) -> set[str]:
        """The variables that functions in it may read."""
        return self._own | self._outer


def _parameters(arguments: ast.arguments) -> Iterator[str]:
    for entry in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]:
        if entry is not None:
            yield entry.arg


def assigned_in(node: ast.AST) -> set[str]:
    """Return the names that a statement, or a part of one, assigns in its own scope."""
    if isinstance(node, ast.Name):
        return set() if isinstance(node.ctx, ast.Load) else {node.id}
    if isinstance(node, _COMPREHENSIONS):
        return {part.target.id for part in ast.walk(node) if isinstance(part, ast.NamedExpr)}
    found = _bound_by(node)
    if not isinstance(node, _SCOPES):
        for part in children(node):
            found |= assigned_in(part)
    return found


def _bound_by(node: ast.AST) -> set[str]:
    """The names that a node binds that are no `ast.Name`."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, ast.alias):
        return {(node.asname or node.name).partition(".")[0]}
    if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        return {node.name} if node.name else set()
    return {node.rest} if isinstance(node, ast.MatchMapping) and node.rest else set()


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

"""What names stand for in a kernel: variables, each with a register, and what modules have."""

from __future__ import annotations

import ast
import types

from fastgrad.fusing.building import Builder
from fastgrad.fusing.shapes import PYTHONS_OWN

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

UNKNOWN: Any = object()  # what a name stands for before the program runs


class Variables(Builder):
    """A builder that knows names.

    Parameters
    ----------
    arguments : sequence of str or None
        The names of the arguments; None for one that is no variable.
    lookup : function
        What a global name stands for; `UNKNOWN` where that is not known yet.
    is_local : function
        Whether a name is a variable of the function around.
    """

    def __init__(
        self, arguments: Sequence[str | None], lookup: Callable[[str], Any], is_local: Callable[[str], bool]
    ) -> None:
        super().__init__(arguments)
        self.variables = {name: place for place, name in enumerate(arguments) if name is not None}
        self.lookup, self.is_local = lookup, is_local
        self.wanted: list[str] = []  # local names that the kernel reads without having set them
        self.inner: list[dict[str, int]] = []  # variables of the comprehensions around

    def variable(self, name: str) -> int:
        """The register of a variable that is set."""
        for scope in reversed(self.inner):
            if name in scope:
                return scope[name]
        if name not in self.variables:
            self.variables[name] = self.register()
        return self.variables[name]

    def is_inner(self, name: str) -> bool:
        return any(name in scope for scope in self.inner)

    def read(self, node: ast.Name) -> int:
        name = node.id
        for scope in [*reversed(self.inner), self.variables, self.reads]:
            if name in scope:
                return scope[name]
        if self.is_local(name):
            self.wanted.append(name)
            self.variables[name] = self.register()
            return self.variables[name]
        self.reads[name] = self.register()
        return self.reads[name]

    def is_shadowed(self, name: str) -> bool:
        """Whether a name of Python's own is something else here."""
        if self.is_variable(name):
            return True
        found = self.lookup(name)
        return found is not UNKNOWN and found is not PYTHONS_OWN.get(name)

    def known(self, node: ast.expr) -> Any:
        """What a global name stands for, or a module has: `UNKNOWN` before the program runs, None for all the rest."""
        path: list[str] = []
        owner = node
        while isinstance(owner, ast.Attribute):
            path.insert(0, owner.attr)
            owner = owner.value
        if not isinstance(owner, ast.Name) or self.is_variable(owner.id):
            return None
        found = self.lookup(owner.id)
        if found is UNKNOWN:
            return UNKNOWN
        for depth, name in enumerate(path):
            if type(found) is not types.ModuleType:
                return None
            self.guards[owner.id, tuple(path[:depth])] = found
            found = vars(found).get(name)
        self.guards[owner.id, tuple(path)] = found
        return found

    def is_variable(self, name: str) -> bool:
        return self.is_inner(name) or name in self.variables or self.is_local(name)

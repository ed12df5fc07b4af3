"""What names stand for in a kernel: variables, each with a register, and what modules have."""

from __future__ import annotations

import ast
import builtins
import types

from fastgrad._kernels.conditions import Conditions
from fastgrad._kernels.program import Code
from fastgrad.fusing import samples
from fastgrad.fusing.building import Builder, Unfit
from fastgrad.fusing.samples import MISSING
from fastgrad.fusing.shapes import PYTHONS_OWN

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from fastgrad._kernels.program import Program
    from fastgrad.fusing.samples import _Samples


class Frame:
    """The variables of the code that is translated: of the kernel's own, or of a function that is written in place.

    Parameters
    ----------
    names : dict
        The global names.
    is_local : function
        Whether a name is a variable.
    variables : dict of str to int
        The registers of those that have a value.
    code : types.CodeType, optional
        Of a function.
    """

    def __init__(
        self,
        names: dict[str, Any],
        is_local: Callable[[str], bool],
        variables: dict[str, int],
        code: types.CodeType | None = None,
    ) -> None:
        self.names, self.is_local, self.variables, self.code = names, is_local, variables, code
        own = names.get("__builtins__", builtins)
        self.others: dict[str, Any] = own if isinstance(own, dict) else vars(own)
        self.inner: list[dict[str, int]] = []  # variables of the comprehensions around
        self.result = 0
        self.returns: list[int] = []  # jumps to the function's end
        self.last: ast.stmt | None = None


class Variables(Builder):
    """A builder that knows names.

    Parameters
    ----------
    arguments : sequence of str or None
        The names of the arguments; None for one that is no variable.
    values : sequence of object
        What they are this time.
    names : dict
        The global names.
    is_local : function
        Whether a name is a variable of the function around.
    assigned : iterable of str, optional
        The variables that the kernel assigns.
    """

    def __init__(
        self,
        arguments: Sequence[str | None],
        values: Sequence[Any],
        names: dict[str, Any],
        is_local: Callable[[str], bool],
        assigned: Iterable[str] = (),
    ) -> None:
        super().__init__(len(arguments))
        variables = {name: place for place, name in enumerate(arguments) if name is not None}
        self.frames = [Frame(names, is_local, variables)]
        self.assigned = set(assigned)
        self.samples: dict[int, _Samples] = {place: (value,) for place, value in enumerate(values)}
        self.fixed = {place for place, name in enumerate(arguments) if name not in self.assigned}
        self.guards: dict[tuple[int, str], tuple[dict[str, Any], dict[str, Any] | None, str, Any]] = {}
        self.reads: dict[tuple[int, str], tuple[dict[str, Any], dict[str, Any] | None, str, int]] = {}
        self.set_names: set[tuple[int, str]] = set()  # global ones
        self.bound: set[int] = set()  # registers that surely hold something where they are read
        self.given: list[tuple[int, Any]] = []
        self.types: list[type] = []
        self.functions: list[types.FunctionType] = []  # that are known,
        self.codes: list[types.FunctionType] = []  # and that are met

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    def variable(self, name: str) -> int:
        """The register of a variable that is set."""
        frame = self.frame
        for scope in reversed(frame.inner):
            if name in scope:
                return scope[name]
        if name not in frame.variables:
            if frame.code is not None and not frame.is_local(name):
                raise Unfit(ast.Pass(), f"{name} is a variable of another function, or of the module")
            frame.variables[name] = self.register()
        return frame.variables[name]

    def global_variable(self, name: str) -> int:
        """The register of a global name that the kernel sets."""
        place = self.variable(name)
        frame = self.frame
        self.reads[id(frame.names), name] = (frame.names, frame.others, name, place)
        self.set_names.add((id(frame.names), name))
        return place

    def read(self, node: ast.Name) -> int:
        name, frame = node.id, self.frame
        for scope in [*reversed(frame.inner), frame.variables]:
            if name in scope:
                return scope[name]
        if frame.is_local(name):
            return self.variable(name)
        if name.startswith("__"):
            raise Unfit(node, f"{name} may be a class's own name")
        key = id(frame.names), name
        if key not in self.reads:
            place = self.register()
            self.fixed.add(place)
            self.reads[key] = (frame.names, frame.others, name, place)
            found = frame.names.get(name, frame.others.get(name, MISSING))
            self.samples[place] = () if found is MISSING else (found,)
        return self.reads[key][3]

    def is_shadowed(self, name: str) -> bool:
        """Whether a name of Python's own is something else here."""
        if self.is_variable(name) or (id(self.frame.names), name) in self.set_names:
            return True
        return self.frame.names.get(name, self.frame.others.get(name)) is not PYTHONS_OWN.get(name)

    def known(self, node: ast.expr) -> Any:
        """What a global name, or an attribute of a module, stands for, if that is to be guarded: `MISSING` if not."""
        path: list[str] = []
        owner = node
        while isinstance(owner, ast.Attribute):
            path.insert(0, owner.attr)
            owner = owner.value
        if not isinstance(owner, ast.Name) or self.is_variable(owner.id):
            return MISSING
        frame = self.frame
        places: list[tuple[dict[str, Any], dict[str, Any] | None, str]] = [(frame.names, frame.others, owner.id)]
        found = frame.names.get(owner.id, frame.others.get(owner.id, MISSING))
        values = [found]
        classes = []
        for name in path:
            if type(found) is type:
                classes.append(found)
                found = samples.class_attribute(found, name)
            elif type(found) is types.ModuleType and not classes:
                places.append((vars(found), None, name))
                found = vars(found).get(name, MISSING)
                values.append(found)
            else:
                return MISSING
        if not self.is_guarded(found) or any((id(place[0]), place[2]) in self.set_names for place in places):
            return MISSING
        for place, value in zip(places, values, strict=True):
            self.guards[id(place[0]), place[2]] = (*place, value)
        for kind in classes:  # what it has its version tells
            self.type_place(kind)
        return found

    def is_guarded(self, value: Any) -> bool:
        raise NotImplementedError

    def is_variable(self, name: str) -> bool:
        frame = self.frame
        return any(name in scope for scope in frame.inner) or name in frame.variables or frame.is_local(name)

    # Samples, and what never changes.

    def sample(self, place: int) -> _Samples:
        if place < 0:
            return (self.constants[place],)
        return self.samples.get(place, ())

    def is_bound(self, place: int) -> bool:
        """Whether a register surely holds something."""
        return place < self.arguments or place in self.bound

    def is_fixed(self, place: int) -> bool:
        """Whether a register holds the same from the beginning to the end."""
        return place < 0 or place in self.fixed

    def note(self, place: int, found: _Samples) -> None:
        """Note samples of a register."""
        if found:
            self.samples[place] = samples.different([*found, *self.samples.get(place, ())])

    def emit_once(self, code: Code, to: int = 0, a: int = 0, b: int = 0, c: int = 0) -> None:
        """Emit an instruction, before all others where what it reads is fixed."""
        if not self.is_fixed(a) or not self.is_fixed(b):
            self.emit(code, to, a, b, c)
            return
        self.first.append([code, to, a, b, c, 0])
        if code in (Code.CELL, Code.ATTRIBUTE_OF_OBJECT):
            self.fixed.add(to)

    def type_place(self, kind: type) -> int:
        if kind not in self.types:
            self.types.append(kind)
        return self.types.index(kind)

    def code_place(self, function: types.FunctionType) -> int:
        if function not in self.codes:
            self.codes.append(function)
        return self.codes.index(function)

    def program(self, results: Sequence[int] = ()) -> Program:
        """Return the program, after which the results are in registers."""
        home = self.frames[0].names
        guards, reads = self.guards.values(), self.reads.values()
        conditions = Conditions(home, [*guards], [*reads], self.given, self.types, self.functions, self.codes)
        return self.built(conditions, results)

"""Expressions, and conditions, translated into instructions of a kernel."""

from __future__ import annotations

import ast

from fastgrad._kernels.program import Code
from fastgrad.fusing import samples
from fastgrad.fusing.building import Unfit
from fastgrad.fusing.calls import Calls
from fastgrad.fusing.samples import MISSING
from fastgrad.fusing.syntax import given_to
from fastgrad.fusing.trees import written

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from fastgrad.fusing.shapes import Call, Part

BINARY = {
    ast.Add: Code.ADD, ast.Sub: Code.SUBTRACT, ast.Mult: Code.MULTIPLY, ast.Div: Code.DIVIDE, ast.Pow: Code.POWER,
    ast.FloorDiv: Code.FLOOR_DIVIDE, ast.Mod: Code.REMAINDER,
}  # fmt: skip
REDUCTIONS = ("sum", "max", "min", "prod", "fsum")  # functions of Python's own that make one value of many
_UNARY = {ast.USub: Code.NEGATIVE, ast.UAdd: Code.ITSELF}
_COMPARISONS = {
    ast.Lt: Code.JUMP_UNLESS_LESS, ast.LtE: Code.JUMP_UNLESS_LESS_EQUAL, ast.Gt: Code.JUMP_UNLESS_GREATER,
    ast.GtE: Code.JUMP_UNLESS_GREATER_EQUAL, ast.Eq: Code.JUMP_UNLESS_EQUAL, ast.NotEq: Code.JUMP_UNLESS_NOT_EQUAL,
    ast.Is: Code.JUMP_UNLESS_SAME,
}  # fmt: skip


class Expressions(Calls):
    """A builder that knows expressions; its parameters are those of `Variables`."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.parts: dict[int, list[int]] = {}  # of tuples that are not made, as they are unpacked at once

    def value(self, node: ast.expr, to: int | None = None) -> int:
        """Compute an expression; return its register, which is ``to`` where that is given."""
        place = self.raw_value(node, to)
        self.settle(place)
        return place

    def raw_value(self, node: ast.expr, to: int | None = None) -> int:
        """The same, but that a tuple may be its parts only."""
        if to is None and isinstance(node, ast.Name):
            return self.read(node)
        if to is None and isinstance(node, ast.Constant):
            return self.constant_of(node)
        method = getattr(self, f"value_{type(node).__name__}", None)
        if method is None:
            raise Unfit(node, f"{what(node)} is not for kernels")
        place = self.register() if to is None else to
        if to is None and isinstance(node, ast.Attribute):
            self.own_attribute(node, place)
        else:
            method(node, place)
        return place

    def settle(self, place: int) -> None:
        """Make the tuple whose parts are known."""
        parts = self.parts.pop(place, None)
        if parts is not None:
            copies = [self.register() for _ in parts]
            for copy, part in zip(copies, parts, strict=True):
                self.emit(Code.COPY, copy, part)
            self.emit(Code.NEW_TUPLE, place, copies[0], c=len(copies))

    def constant_of(self, node: ast.Constant) -> int:
        if type(node.value) not in (int, float, str, bool, type(None)):
            raise Unfit(node, f"{node.value!r} is not for kernels")
        return self.constant(node.value)

    def value_Name(self, node: ast.Name, to: int) -> None:
        place = self.read(node)
        self.emit(Code.COPY, to, place)
        self.note(to, self.sample(place))

    def value_Constant(self, node: ast.Constant, to: int) -> None:
        self.emit(Code.COPY, to, self.constant_of(node))

    def value_BinOp(self, node: ast.BinOp, to: int) -> None:
        if type(node.op) not in BINARY:
            raise Unfit(node, f"{what(node.op)} is not for kernels")
        left = self.value(node.left)
        self.emit(BINARY[type(node.op)], to, left, self.value(node.right))

    def value_UnaryOp(self, node: ast.UnaryOp, to: int) -> None:
        if type(node.op) not in _UNARY:
            raise Unfit(node, f"{what(node.op)} is not for kernels")
        self.emit(_UNARY[type(node.op)], to, self.value(node.operand))

    def value_IfExp(self, node: ast.IfExp, to: int) -> None:
        unless = self.unless(node.test)
        self.value(node.body, to)
        end = self.emit(Code.JUMP)
        self.land(*unless)
        self.value(node.orelse, to)
        self.land(end)

    def value_Attribute(self, node: ast.Attribute, to: int) -> None:
        found = self.known(node)  # math.pi
        if type(found) in (int, float):
            self.emit(Code.COPY, to, self.constant(found))
            return
        owner = self.value(node.value)
        self.note(to, samples.attributes(self.sample(owner), node.attr))
        self.emit(Code.ATTRIBUTE, to, owner, c=self.name(node.attr))

    def own_attribute(self, node: ast.Attribute, place: int) -> None:
        """An attribute in a register that nothing else sets: of what never changes it is read before all else."""
        if self.known(node) is not MISSING:
            self.value_Attribute(node, place)
            return
        owner = self.value(node.value)
        self.note(place, samples.attributes(self.sample(owner), node.attr))
        self.emit_attribute(place, owner, node.attr)

    def value_Subscript(self, node: ast.Subscript, to: int) -> None:
        owner = self.value(node.value)
        if not isinstance(node.slice, ast.Slice):
            self.emit(Code.ITEM, to, owner, self.value(node.slice))
            self.note(to, samples.entries(self.sample(owner)))
            return
        if node.slice.step is not None:
            raise Unfit(node, "a slice with a step is not for kernels")
        low, high = self.end(node.slice.lower), self.end(node.slice.upper)
        self.emit(Code.SLICE, to, owner, low, high)
        self.note(to, self.sample(owner))

    def end(self, node: ast.expr | None) -> int:
        """An end of a slice; a register that is empty stands for none."""
        if node is not None:
            return self.own_value(node)
        place = self.register()
        self.emit(Code.CLEAR, place)
        return place

    def value_ListComp(self, node: ast.ListComp, to: int) -> None:
        self.emit(Code.NEW_LIST, to)
        self.comprehension(node.elt, node.generators, lambda place: self.emit(Code.APPEND, to, place))

    def value_List(self, node: ast.List, to: int) -> None:
        self.emit(Code.NEW_LIST, to)
        for entry in node.elts:
            if isinstance(entry, ast.Starred):
                self.emit(Code.EXTEND, to, self.value(entry.value))
            else:
                self.emit(Code.APPEND, to, self.value(entry))

    def value_Tuple(self, node: ast.Tuple, to: int) -> None:
        if not node.elts or any(isinstance(entry, ast.Starred) for entry in node.elts):
            raise Unfit(node, f"{what(node)} is not for kernels")
        self.parts[to] = [self.own_value(entry) for entry in node.elts]

    def own_value(self, node: ast.expr) -> int:
        """A value in a register that no variable has."""
        return self.value(node, self.register() if isinstance(node, ast.Name) else None)

    def value_Call(self, node: ast.Call, to: int) -> None:
        self.call(node, to)

    def builtin(self, name: str, node: ast.Call, to: int) -> None:
        single = {"abs": Code.ABSOLUTE_VALUE, "len": Code.LENGTH, "float": Code.TO_FLOAT, "int": Code.TO_INT}
        args, start = given_to(name, node) or ([], None)
        if name in single and len(args) == 1:
            self.emit(single[name], to, self.value(args[0]))
        elif name in ("max", "min") and len(args) > 1:
            self.largest(name, args, to)
        elif name in ("list", *REDUCTIONS) and len(args) == 1 and isinstance(args[0], ast.GeneratorExp):
            shape = self.shape(args[0].generators[0].iter, self.value)
            self.consumed(name, args[0], self.begin(name, start), to, shape)
        elif name in REDUCTIONS and len(args) == 1:
            values = self.value(args[0])
            self.reduced(name, values, self.begin(name, start), to)
        else:
            raise Unfit(node, f"a call of {name}() is not for kernels" + " with such arguments" * bool(node.keywords))

    def begin(self, name: str, start: ast.expr | None) -> int:
        """The register of what a sum or a product starts with."""
        return self.constant(int(name == "prod")) if start is None else self.value(start)

    def largest(self, name: str, args: list[ast.expr], to: int) -> None:
        code = Code.GREATER if name == "max" else Code.SMALLER
        places = [self.own_value(entry) for entry in args]
        found = places[0]
        for place in places[1:]:
            self.emit(code, to, found, place)
            found = to

    # Conditions: each gives the jumps that are taken where it is false.

    def unless(self, test: ast.expr) -> list[int]:
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
            return [jump for entry in test.values for jump in self.unless(entry)]
        if isinstance(test, ast.BoolOp):
            return self.unless_any(test.values)
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            unless = self.unless(test.operand)
            end = self.emit(Code.JUMP)
            self.land(*unless)
            return [end]
        if isinstance(test, ast.Compare):
            return self.unless_compared(test)
        return [self.emit(Code.JUMP_UNLESS, a=self.value(test))]

    def unless_any(self, tests: list[ast.expr]) -> list[int]:
        ends = []
        for test in tests[:-1]:
            unless = self.unless(test)
            ends.append(self.emit(Code.JUMP))
            self.land(*unless)
        last = self.unless(tests[-1])
        self.land(*ends)
        return last

    def unless_compared(self, test: ast.Compare) -> list[int]:
        jumps, left = [], self.value(test.left)
        for operation, node in zip(test.ops, test.comparators, strict=True):
            if type(operation) not in _COMPARISONS:
                raise Unfit(test, f"{what(operation)} is not for kernels")
            right = self.value(node)
            jumps.append(self.emit(_COMPARISONS[type(operation)], a=left, b=right))
            left = right
        return jumps

    # What loops are in it.

    def consumed(
        self, name: str, node: ast.GeneratorExp | ast.ListComp, start: int, to: int, shape: Part | Call | None = None
    ) -> None:
        raise NotImplementedError

    def reduced(self, name: str, values: int, start: int, to: int) -> None:
        raise NotImplementedError

    def shape(self, node: ast.expr, value: Callable[[ast.expr], int]) -> Part | Call:
        raise NotImplementedError

    def comprehension(
        self, element: ast.expr, generators: list[ast.comprehension], consume: Callable[[int], Any]
    ) -> None:
        raise NotImplementedError


def what(node: ast.AST) -> str:
    """A construct as Python writes it."""
    if isinstance(node, (ast.expr, ast.stmt)):
        return written(node)[:60]
    return f"the operator {type(node).__name__}"

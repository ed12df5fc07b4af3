"""Statements, and with them whole loops and comprehensions, translated into the program of a kernel."""

from __future__ import annotations

import ast

from fastgrad._kernels.program import Code
from fastgrad.fusing.building import Unfit
from fastgrad.fusing.expressions import BINARY, what
from fastgrad.fusing.loops import Loops
from fastgrad.fusing.syntax import appended_by

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from fastgrad.fusing.shapes import Call, Part

_ENDLESS = 2**62  # rounds
_AT_ONCE = (ast.BinOp, ast.UnaryOp, ast.Attribute)  # whose last instruction alone sets the result


class Translator(Loops):
    """Makes the program of one kernel; its parameters are those of `Variables`."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.continues: list[list[int]] = []  # jumps to the end of the round,
        self.breaks: list[list[int]] = []  # and behind the loop

    def statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Assign):
            self.assignment(node.targets, node.value)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self.assignment([node.target], node.value)
        elif isinstance(node, ast.AugAssign):
            self.augment(node)
        elif isinstance(node, ast.For):
            breaks = self.loop_to_break(
                self.shape(node.iter, self.own_value), node.target, lambda index: self.round(node.body)
            )
            self.block(node.orelse)
            self.land(*breaks)
        elif isinstance(node, ast.While):
            ends, breaks = self.loop_while(node.test, lambda index: self.round(node.body))
            self.land(*ends)
            self.block(node.orelse)
            self.land(*breaks)
        elif isinstance(node, ast.If):
            self.branches(node)
        elif isinstance(node, ast.Return):
            self.returned(node)
        elif isinstance(node, ast.Continue):
            self.continues[-1].append(self.emit(Code.JUMP))
        elif isinstance(node, ast.Break):
            self.is_open = True
            self.breaks[-1].append(self.emit(Code.JUMP))
        elif isinstance(node, ast.Expr) and (appended := appended_by(node)) is not None:
            self.append(*appended)
        elif not isinstance(node, (ast.Pass, ast.Expr)):
            raise Unfit(node, f"{what(node)} is not for kernels")

    def loop_to_break(self, shape: Part | Call, target: ast.expr, body: Callable[[int], None]) -> list[int]:
        """A loop; return the jumps of the breaks that end it."""
        self.breaks.append([])
        self.loop(shape, target, body)
        return self.breaks.pop()

    def loop_while(self, test: ast.expr, body: Callable[[int], None]) -> tuple[list[int], list[int]]:
        """A loop; return the jumps where the test does not hold, and those of the breaks that end it."""
        self.is_open = True
        self.breaks.append([])
        ends: list[int] = []

        def each(index: int) -> None:
            ends.extend(self.unless(test))
            body(index)

        self.counted(self.constant(_ENDLESS), each)
        return ends, self.breaks.pop()

    def round(self, body: list[ast.stmt]) -> None:
        """The statements of a loop."""
        self.continues.append([])
        self.block(body)
        self.land(*self.continues.pop())

    def branches(self, node: ast.If) -> None:
        unless = self.unless(node.test)
        self.block(node.body)
        if node.orelse:
            end = self.emit(Code.JUMP)
            self.land(*unless)
            self.block(node.orelse)
            self.land(end)
        else:
            self.land(*unless)

    def append(self, values: ast.expr, entry: ast.expr) -> None:
        """Append to a list, which is none that a loop around runs over: it would be longer then."""
        place = self.value(values)
        for other in {place for around in self.loops_around for place in around}:
            self.emit(Code.CHECK_OTHER, 0, place, other)
        self.emit(Code.APPEND_TO, place, self.value(entry))

    def assignment(self, targets: Sequence[ast.expr], node: ast.expr) -> None:
        first = targets[0]
        if len(targets) == 1 and isinstance(first, ast.Name) and isinstance(node, _AT_ONCE):
            place = self.variable(first.id)
            self.samples.pop(place, None)
            self.value(node, place)
        elif len(targets) == 1 and isinstance(first, (ast.Tuple, ast.List)):
            self.assign_parts(first, node)
        else:
            value = self.value(node)
            for target in targets:
                self.assign(target, value)

    def assign_parts(self, target: ast.Tuple | ast.List, node: ast.expr) -> None:
        """``a, b = b, a + b``, or what a function written in place returns: no tuple is made."""
        place = self.raw_value(node)
        parts = self.parts.get(place)
        if parts is None or len(parts) != len(target.elts) or any(isinstance(e, ast.Starred) for e in target.elts):
            self.settle(place)
            self.assign(target, place)
            return
        del self.parts[place]
        for entry, part in zip(target.elts, parts, strict=True):
            self.assign(entry, part)

    def block(self, body: list[ast.stmt]) -> None:
        for node in body:
            self.statement(node)

    def assign(self, target: ast.expr, value: int) -> None:
        if isinstance(target, ast.Name):
            self.emit(Code.COPY, self.variable(target.id), value)
            self.note(self.variable(target.id), self.sample(value))
        elif isinstance(target, (ast.Tuple, ast.List)):
            self.unpack(target, value)
        elif isinstance(target, ast.Attribute):
            self.emit(Code.SET_ATTRIBUTE, a=self.value(target.value), b=value, c=self.name(target.attr))
        elif isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Slice):
            owner = self.value(target.value)
            self.emit(Code.SET_ITEM, value, owner, self.value(target.slice))
        else:
            raise Unfit(target, f"an assignment to {ast.unparse(target)} is not for kernels")

    def unpack(self, target: ast.Tuple | ast.List, value: int) -> None:
        if any(isinstance(entry, ast.Starred) for entry in target.elts):
            raise Unfit(target, "a * in an assignment is not for kernels")
        places = [self.register() for _ in target.elts]
        self.emit(Code.UNPACKED, places[0], value, c=len(places))
        for entry, place in zip(target.elts, places, strict=True):
            self.assign(entry, place)

    def augment(self, node: ast.AugAssign) -> None:
        if type(node.op) not in BINARY:
            raise Unfit(node, f"{what(node.op)} is not for kernels")
        code, target, before, after = BINARY[type(node.op)], node.target, self.register(), self.register()
        if isinstance(target, ast.Name):
            place = self.read(target)
            self.emit(code, self.variable(target.id), place, self.value(node.value), c=1)
        elif isinstance(target, ast.Attribute):
            owner, name = self.value(target.value), self.name(target.attr)
            self.emit(Code.ATTRIBUTE, before, owner, c=name)
            self.emit(code, after, before, self.value(node.value), c=1)
            self.emit(Code.SET_ATTRIBUTE, a=owner, b=after, c=name)
        else:
            if isinstance(target.slice, ast.Slice):
                raise Unfit(node, "an assignment to a slice is not for kernels")
            owner, index = self.value(target.value), self.value(target.slice)
            self.emit(Code.ITEM, before, owner, index)
            self.emit(code, after, before, self.value(node.value), c=1)
            self.emit(Code.SET_ITEM, after, owner, index)

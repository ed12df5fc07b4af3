"""Loops and comprehensions, translated into the program of a kernel."""

from __future__ import annotations

import ast

from fastgrad._kernels.program import Code
from fastgrad.fusing import samples
from fastgrad.fusing.building import Unfit
from fastgrad.fusing.calls import Calls
from fastgrad.fusing.shapes import ITERATORS, Call, Part, shape_of
from fastgrad.fusing.syntax import appended_by

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

_BINARY = {
    ast.Add: Code.ADD, ast.Sub: Code.SUBTRACT, ast.Mult: Code.MULTIPLY, ast.Div: Code.DIVIDE, ast.Pow: Code.POWER,
    ast.FloorDiv: Code.FLOOR_DIVIDE, ast.Mod: Code.REMAINDER,
}  # fmt: skip
_UNARY = {ast.USub: Code.NEGATIVE, ast.UAdd: Code.ITSELF}
_COMPARISONS = {
    ast.Lt: Code.JUMP_UNLESS_LESS, ast.LtE: Code.JUMP_UNLESS_LESS_EQUAL, ast.Gt: Code.JUMP_UNLESS_GREATER,
    ast.GtE: Code.JUMP_UNLESS_GREATER_EQUAL, ast.Eq: Code.JUMP_UNLESS_EQUAL, ast.NotEq: Code.JUMP_UNLESS_NOT_EQUAL,
    ast.Is: Code.JUMP_UNLESS_SAME,
}  # fmt: skip


_AT_ONCE = (ast.BinOp, ast.UnaryOp, ast.Attribute)  # whose last instruction alone sets the result


class Translator(Calls):
    """Makes the program of one kernel; its parameters are those of `Variables`."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.parts: dict[int, list[int]] = {}  # of tuples that are not made, as they are unpacked at once
        self.loops_around: list[list[int]] = []  # registers of what they run over
        self.continues: list[list[int]] = []  # jumps to the end of the round

    # Expressions.

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
        if type(node.op) not in _BINARY:
            raise Unfit(node, f"{what(node.op)} is not for kernels")
        left = self.value(node.left)
        self.emit(_BINARY[type(node.op)], to, left, self.value(node.right))

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
        owner, name = self.value(node.value), self.name(node.attr)
        found = samples.attributes(self.sample(owner), node.attr)
        self.note(to, found)
        if found and to not in self.frame.variables.values():
            self.emit_once(Code.ATTRIBUTE, to, owner, c=name)
        else:
            self.emit(Code.ATTRIBUTE, to, owner, c=name)

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
            return self.value(node)
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
        args = node.args
        if name in single and len(args) == 1:
            self.emit(single[name], to, self.value(args[0]))
        elif name in ("max", "min") and len(args) > 1:
            self.largest(name, args, to)
        elif (
            name in ("sum", "list", "tuple", "max", "min") and len(args) == 1 and isinstance(args[0], ast.GeneratorExp)
        ):
            if name == "tuple":
                raise Unfit(node, "tuple() within a kernel is not for it")
            self.consumed(name, args[0], self.constant(0), to)
        elif name == "sum" and len(args) == 2 and isinstance(args[0], ast.GeneratorExp):
            self.consumed(name, args[0], self.value(args[1]), to)
        elif name == "sum" and len(args) in (1, 2):
            values = self.value(args[0])
            self.sum_of(values, self.value(args[1]) if len(args) == 2 else self.constant(0), to)
        else:
            raise Unfit(node, f"a call of {name}() is not for kernels")

    def largest(self, name: str, args: list[ast.expr], to: int) -> None:
        code = Code.GREATER if name == "max" else Code.SMALLER
        places = [self.value(entry) for entry in args]
        found = places[0]
        for place in places[1:]:
            self.emit(code, to, found, place)
            found = to

    # Loops.

    def consumed(
        self, name: str, node: ast.GeneratorExp | ast.ListComp, start: int, to: int, shape: Part | Call | None = None
    ) -> None:
        """A generator that a function of Python's own consumes on the spot."""
        if name in ("list", "tuple"):
            self.emit(Code.NEW_LIST, to)
            self.comprehension(node.elt, node.generators, lambda place: self.emit(Code.APPEND, to, place), shape)
        elif name == "sum":
            lost = self.begin_sum(start, to)
            self.comprehension(node.elt, node.generators, lambda place: self.emit(Code.SUMMED, to, place, lost), shape)
            self.emit(Code.SUM_DONE, to, lost)
        else:
            self.emit(Code.CLEAR, to)
            code = Code.GREATER if name == "max" else Code.SMALLER
            self.comprehension(node.elt, node.generators, lambda place: self.emit(code, to, to, place), shape)
            self.emit(Code.COPY, to, to)  # which gives way where there was none

    def begin_sum(self, start: int, to: int) -> int:
        lost = self.register()
        self.emit(Code.COPY, lost, self.constant(0.0))
        self.emit(Code.NUMBER, to, start)
        return lost

    def sum_of(self, values: int, start: int, to: int) -> None:
        lost = self.begin_sum(start, to)
        entry = self.register()

        def add(index: int) -> None:
            self.emit(Code.ITEM, entry, values, index)
            self.emit(Code.SUMMED, to, entry, lost)

        length = self.register()
        self.emit(Code.LENGTH, length, values)
        self.counted(length, add)
        self.emit(Code.SUM_DONE, to, lost)

    def comprehension(
        self,
        element: ast.expr,
        generators: list[ast.comprehension],
        consume: Callable[[int], Any],
        shape: Part | Call | None = None,
    ) -> None:
        """The loops of a comprehension; the shape of the first one is given where its parts are arguments."""
        first, *others = generators
        if first.is_async:
            raise Unfit(element, "an asynchronous comprehension is not for kernels")
        shape = self.shape(first.iter) if shape is None else shape
        self.frame.inner.append({name: self.register() for name in sorted(_targets(first.target))})

        def body(index: int) -> None:
            skips = [jump for test in first.ifs for jump in self.unless(test)]
            if others:
                self.comprehension(element, others, consume)
            else:
                consume(self.value(element))
            self.land(*skips)

        self.loop(shape, first.target, body)
        self.frame.inner.pop()

    def shape(self, node: ast.expr) -> Part | Call:
        """The shape of what an inner loop runs over; its places are registers."""

        def add(part: ast.expr) -> int:
            if isinstance(part, ast.Name) and part.id in ITERATORS and not self.is_shadowed(part.id):
                self.known(part)  # which guards it
                return 0
            return self.own_value(part)  # as a variable may be set in the loop

        return shape_of(node, add, self.is_shadowed)

    def loop(self, shape: Part | Call, target: ast.expr, body: Callable[[int], None]) -> None:
        length = self.register()
        self.length(shape, length)

        def each(index: int) -> None:
            self.bind(target, shape, index, length)
            body(index)

        self.loops_around.append([*_lists(shape)])
        self.counted(length, each)
        self.loops_around.pop()

    def counted(self, length: int, body: Callable[[int], None]) -> None:
        """A loop over the whole numbers below a length."""
        index = self.register()
        start = self.emit(Code.START, index, length)
        body(index)
        self.loops.append((start + 1, self.emit(Code.NEXT, index, length, jump=start + 1)))
        self.land(start)

    def length(self, shape: Part | Call, to: int) -> None:
        if isinstance(shape, Part):
            self.emit(Code.LENGTH, to, shape.place)
        elif shape.name == "range":
            start, stop, step = self.bounds(shape)
            self.emit(Code.LENGTH_OF_RANGE, to, start, stop, step)
        else:
            if shape.name == "enumerate" and len(shape.inner) > 1:  # where it begins has to be an int, as in a range
                self.emit(Code.LENGTH_OF_RANGE, to, shape.inner[1].place, self.constant(0), self.constant(1))
            self.length(shape.inner[0], to)
            for inner in shape.inner[1:] if shape.name == "zip" else ():
                other = self.register()
                self.length(inner, other)
                self.emit(Code.LEAST, to, to, other)

    def bounds(self, shape: Call) -> tuple[int, int, int]:
        places = [inner.place for inner in shape.inner]
        if len(places) == 1:
            return self.constant(0), places[0], self.constant(1)
        return places[0], places[1], places[2] if len(places) == 3 else self.constant(1)

    def bind(self, target: ast.expr, shape: Part | Call, index: int, length: int) -> None:
        """Give a loop's variables their values of a round."""
        if isinstance(target, ast.Name):
            self.entry(shape, index, length, self.variable(target.id))
        elif not isinstance(target, (ast.Tuple, ast.List)):
            raise Unfit(target, f"{ast.unparse(target)} as a loop's variable is not for kernels")
        elif isinstance(shape, Call) and shape.name == "zip" and len(shape.inner) == len(target.elts):
            for part, inner in zip(target.elts, shape.inner, strict=True):
                self.bind(part, inner, index, length)
        elif isinstance(shape, Call) and shape.name == "enumerate" and len(target.elts) == 2:
            number = index
            if len(shape.inner) > 1:
                number = self.register()
                self.emit(Code.ADD, number, index, shape.inner[1].place)
            self.assign(target.elts[0], number)
            self.bind(target.elts[1], shape.inner[0], index, length)
        else:
            whole = self.register()
            self.entry(shape, index, length, whole)
            self.assign(target, whole)

    def entry(self, shape: Part | Call, index: int, length: int, to: int) -> None:
        """What a loop runs over, of a round."""
        if isinstance(shape, Part):
            self.emit(Code.ITEM, to, shape.place, index)
            self.note(to, samples.entries(self.sample(shape.place)))
        elif shape.name == "range":
            start, _, step = self.bounds(shape)
            if len(shape.inner) == 1:
                self.emit(Code.COPY, to, index)
                return
            offset = self.register()
            self.emit(Code.MULTIPLY, offset, index, step)
            self.emit(Code.ADD, to, start, offset)
        elif shape.name == "reversed":
            last, place = self.register(), self.register()
            self.emit(Code.SUBTRACT, last, length, self.constant(1))
            self.emit(Code.SUBTRACT, place, last, index)
            self.entry(shape.inner[0], place, length, to)
        else:
            raise Unfit(ast.Pass(), f"the tuples of {shape.name}() as one variable are not for kernels")

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

    # Statements.

    def statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Assign):
            self.assignment(node.targets, node.value)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self.assignment([node.target], node.value)
        elif isinstance(node, ast.AugAssign):
            self.augment(node)
        elif isinstance(node, ast.For) and not node.orelse:
            self.loop(self.shape(node.iter), node.target, lambda index: self.round(node.body))
        elif isinstance(node, ast.If):
            self.branches(node)
        elif isinstance(node, ast.Return):
            self.returned(node)
        elif isinstance(node, ast.Continue):
            self.continues[-1].append(self.emit(Code.JUMP))
        elif isinstance(node, ast.Expr) and (appended := appended_by(node)) is not None:
            self.append(*appended)
        elif not isinstance(node, (ast.Pass, ast.Expr)):
            raise Unfit(node, f"{what(node)} is not for kernels")

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
        if type(node.op) not in _BINARY:
            raise Unfit(node, f"{what(node.op)} is not for kernels")
        code, target, before, after = _BINARY[type(node.op)], node.target, self.register(), self.register()
        if isinstance(target, ast.Name):
            place = self.read(target)
            self.emit(code, self.variable(target.id), place, self.value(node.value))
        elif isinstance(target, ast.Attribute):
            owner, name = self.value(target.value), self.name(target.attr)
            self.emit(Code.ATTRIBUTE, before, owner, c=name)
            self.emit(code, after, before, self.value(node.value))
            self.emit(Code.SET_ATTRIBUTE, a=owner, b=after, c=name)
        else:
            if isinstance(target.slice, ast.Slice):
                raise Unfit(node, "an assignment to a slice is not for kernels")
            owner, index = self.value(target.value), self.value(target.slice)
            self.emit(Code.ITEM, before, owner, index)
            self.emit(code, after, before, self.value(node.value))
            self.emit(Code.SET_ITEM, after, owner, index)


def _lists(shape: Part | Call) -> Iterator[int]:
    """The registers of what a loop runs over."""
    if isinstance(shape, Part):
        yield shape.place
    elif shape.name != "range":
        for inner in shape.inner[:1] if shape.name == "enumerate" else shape.inner:
            yield from _lists(inner)


def _targets(node: ast.expr) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def what(node: ast.AST) -> str:
    """A construct as Python writes it."""
    if isinstance(node, (ast.expr, ast.stmt)):
        return ast.unparse(node).split("\n")[0].removesuffix(":")[:60]
    return f"the operator {type(node).__name__}"

"""Loops of comprehensions, generators and statements, translated into instructions of a kernel."""

from __future__ import annotations

import ast
import functools
import sys

from fastgrad._kernels.program import Code
from fastgrad.fusing import samples
from fastgrad.fusing.building import Unfit
from fastgrad.fusing.expressions import Expressions
from fastgrad.fusing.shapes import ITERATORS, Call, Part, shape_of

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    _Consumer: TypeAlias = Callable[[int], Any]


_COMPENSATES = sys.version_info >= (3, 12)  # what rounding loses, in sum()


class Loops(Expressions):
    """A builder that knows loops; its parameters are those of `Variables`."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.loops_around: list[list[int]] = []  # registers of what they run over

    def consumed(
        self, name: str, node: ast.GeneratorExp | ast.ListComp, start: int, to: int, shape: Part | Call | None = None
    ) -> None:
        """A generator that a function of Python's own consumes on the spot."""
        if name == "list":
            self.emit(Code.NEW_LIST, to)
            self.comprehension(node.elt, node.generators, lambda place: self.emit(Code.APPEND, to, place), shape)
        elif name == "fsum" or isinstance(node, ast.ListComp):  # the whole list comes first
            values = self.register()
            self.consumed("list", node, start, values, shape)
            self.reduced(name, values, start, to)
        else:
            each = functools.partial(self.comprehension, node.elt, node.generators, shape=shape)
            self.reduction(name, start, to, each)

    def reduced(self, name: str, values: int, start: int, to: int) -> None:
        """What such a function makes of a list that is there."""
        if name == "fsum":
            self.emit(Code.EXACT_SUM, to, values)
            return

        def each(consume: _Consumer) -> None:
            length, entry = self.register(), self.register()
            self.emit(Code.LENGTH, length, values)
            self.counted(length, lambda index: consume(self.item(entry, values, index)))

        self.reduction(name, start, to, each)

    def item(self, to: int, values: int, index: int) -> int:
        self.emit(Code.ITEM, to, values, index)
        return to

    def reduction(self, name: str, start: int, to: int, each: Callable[[_Consumer], None]) -> None:
        """The instructions for each value, and those around them."""
        if name == "sum":
            lost = self.register() if _COMPENSATES else to
            if _COMPENSATES:
                self.emit(Code.COPY, lost, self.constant(0.0))
            self.emit(Code.NUMBER, to, start)
            each(lambda place: self.emit(Code.SUMMED, to, place, lost))
            if _COMPENSATES:
                self.emit(Code.SUM_DONE, to, lost)
        elif name == "prod":
            self.emit(Code.NUMBER, to, start)
            each(lambda place: self.emit(Code.MULTIPLY, to, to, place))
        else:
            code = Code.GREATER if name == "max" else Code.SMALLER
            self.emit(Code.CLEAR, to)
            each(lambda place: self.emit(code, to, to, place))
            self.emit(Code.COPY, to, to)  # which gives way where there was none

    def comprehension(
        self,
        element: ast.expr,
        generators: list[ast.comprehension],
        consume: _Consumer,
        shape: Part | Call | None = None,
    ) -> None:
        """The loops of a comprehension; the shape of the first one is given where its parts are arguments."""
        first, *others = generators
        if first.is_async:
            raise Unfit(element, "an asynchronous comprehension is not for kernels")
        shape = self.shape(first.iter, self.value) if shape is None else shape
        self.frame.inner.append({name: self.register() for name in sorted(_targets(first.target))})
        self.bound.update(self.frame.inner[-1].values())

        def body(index: int) -> None:
            skips = [jump for test in first.ifs for jump in self.unless(test)]
            if others:
                self.comprehension(element, others, consume)
            else:
                consume(self.value(element))
            self.land(*skips)

        self.loop(shape, first.target, body)
        self.frame.inner.pop()

    def shape(self, node: ast.expr, value: Callable[[ast.expr], int]) -> Part | Call:
        """The shape of what an inner loop runs over; its places are registers, in which a function puts values."""

        def add(part: ast.expr) -> int:
            if isinstance(part, ast.Name) and part.id in ITERATORS and not self.is_shadowed(part.id):
                self.known(part)  # which guards it
                return 0
            return value(part)

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
                if shape.is_strict:
                    self.same(to, other)
                else:
                    self.emit(Code.LEAST, to, to, other)

    def same(self, a: int, b: int) -> None:
        """Give way where two ints differ."""
        same = self.emit(Code.JUMP_UNLESS_NOT_EQUAL, a=a, b=b)
        self.emit(Code.GIVE_WAY)
        self.land(same)

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

    def assign(self, target: ast.expr, value: int) -> None:
        raise NotImplementedError


def _lists(shape: Part | Call) -> Iterator[int]:
    """The registers of what a loop runs over."""
    if isinstance(shape, Part):
        yield shape.place
    elif shape.name != "range":
        for inner in shape.inner[:1] if shape.name == "enumerate" else shape.inner:
            yield from _lists(inner)


def _targets(node: ast.expr) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}

"""Sites: the kernel of one loop, its arguments, and how the loop is written on them when the kernel gives way."""

from __future__ import annotations

import ast

from fastgrad import math as fastgrad_math
from fastgrad._kernels.program import Code
from fastgrad._kernels.site import Site
from fastgrad._tape import nary
from fastgrad.fusing.building import Unfit
from fastgrad.fusing.expressions import REDUCTIONS, what
from fastgrad.fusing.names import Scope, assigned_in, surely_assigned
from fastgrad.fusing.shapes import PYTHONS_OWN, Call, Part, functions_of, iterator_after, shape_of
from fastgrad.fusing.syntax import computes, given_to, may_break, names_read, obstacle, read_after_first
from fastgrad.fusing.translate import Translator
from fastgrad.fusing.trees import changed, holds, located

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, TypeAlias

    _Shape: TypeAlias = Part | Call

_OF_LISTS = (
    tuple, fastgrad_math.fsum, fastgrad_math.prod, nary.logsumexp, nary.mean, nary.prod, nary.softmax, nary.sum,
)  # fmt: skip  # functions that make a list of what they are given, if it is none, before they do anything else
_BY_NAME = ("list", "sum", "max", "min")  # which are Python's own where nothing stands before the name
_CONSUMERS = {"list", *REDUCTIONS, *(function.__name__ for function in _OF_LISTS)}


class Context:
    """What is known where an expression stands.

    Parameters
    ----------
    scope : Scope
        The function or module around.
    known : set of str
        The names that surely have a value.
    inner : set of str
        The variables of the comprehensions around.
    is_iterable : bool
        Whether it is what a comprehension runs over, where Python allows no assignment.
    """

    def __init__(
        self, scope: Scope, known: Iterable[str] = (), inner: Iterable[str] = (), is_iterable: bool = False
    ) -> None:
        self.scope, self.known, self.inner, self.is_iterable = scope, set(known), set(inner), is_iterable

    def knowing(self, names: Iterable[str]) -> Context:
        """The same, where more names have a value."""
        return Context(self.scope, self.known | set(names), self.inner, self.is_iterable)

    def within(self, targets: Iterable[str]) -> Context:
        """The same, in a comprehension with these variables."""
        return Context(self.scope, self.known, self.inner | set(targets), self.is_iterable)

    def as_iterable(self) -> Context:
        return Context(self.scope, self.known, self.inner, True)

    def is_local(self, name: str) -> bool:
        return name in self.inner or self.scope.has(name)

    def has_value(self, name: str) -> bool:
        return name in self.inner or self.scope.is_outer(name) or (name in self.known - self.scope.deleted)


class _Kernel:
    """What sites have in common: the arguments, and a program that is made when what names stand for is known."""

    def __init__(self, node: Any, file: str, context: Context) -> None:
        self.node, self.file, self.context = node, file, context
        self.why = ""  # there is no program after all
        self.written: set[Any] = set()  # functions that are written in it
        self.parts: list[ast.expr] = []
        self.given: list[str | None] = []
        self.finish = -1  # the argument that is a function of the list which the kernel makes

    def add(self, part: ast.expr) -> int:
        self.parts.append(part)
        return len(self.parts) - 1

    def find_arguments(self, nodes: Sequence[ast.AST], read: Iterable[str], assigned: Sequence[str] = ()) -> None:
        """Find the variables that the program reads; those that it assigns need not have a value."""
        found = obstacle(nodes)
        if found is not None:
            raise Unfit(found, f"{what(found)} is not for kernels")
        known = [name for name in assigned if self.context.is_local(name) and self.context.has_value(name)]
        wanted = [name for name in read if self.context.is_local(name) and name not in assigned]
        for name in wanted:
            if not self.context.has_value(name):
                raise Unfit(self.node, f"{name} may have no value here")
        self.assigned = assigned
        self.given = [*([None] * len(self.parts)), *known, *wanted]

    def translate(self, translator: Translator) -> list[int]:
        raise NotImplementedError

    def program(self, names: dict[str, Any], values: tuple[Any, ...]) -> Any:
        """The program and the registers of its results, for what names and arguments stand for now; or None."""
        translator = Translator(self.given, values, names, self.context.is_local, self.assigned)
        try:
            results = self.translate(translator)
            self.written = translator.written
            return translator.program(results), tuple(results), self.finish
        except Unfit as error:
            self.why = error.why
            return None

    @property
    def arguments(self) -> list[ast.expr]:
        names = [ast.Name(name, ast.Load()) for name in self.given[len(self.parts) :] if name is not None]
        return [*self.parts, *names]


class ExpressionKernel(_Kernel):
    """A comprehension, or a generator or list that a function of Python's own consumes on the spot."""

    def __init__(self, node: Any, consumer: str | None, file: str, context: Context) -> None:
        super().__init__(node, file, context)
        self.consumer = consumer
        self.may_take_list = bool(consumer) and not (isinstance(node.func, ast.Name) and consumer in _BY_NAME)
        if consumer:
            self.parts.append(node.func)
        self.generator = node.args[0] if consumer else node
        first, *others = self.generator.generators
        done = [self.generator.elt, *first.ifs, *(part for other in others for part in (other.iter, *other.ifs))]
        if not consumer and not computes(done):
            raise Unfit(node, "it computes nothing")
        self.shape = shape_of(first.iter, self.add, context.is_local)
        start = given_to(consumer, node) if consumer else None
        self.start = self.add(start[1]) if start and start[1] else None
        self.find_arguments([self.generator], read_after_first(self.generator))
        self.site = Site(self.program, node.lineno, None, context.scope.is_module)

    def translate(self, translator: Translator) -> list[int]:
        translator.given += functions_of(self.shape)
        name = self.known_consumer(self.consumer, translator) if self.consumer else "list"
        to = translator.register()
        start = translator.begin(name, None) if self.start is None else self.start
        translator.consumed(name, self.generator, start, to, self.shape)
        translator.emit(Code.END)
        return [to]

    def known_consumer(self, name: str, translator: Translator) -> str:
        """The function of Python's own that the kernel does itself: for others it makes the list that they take."""
        [function] = translator.sample(0)
        takes_list = self.may_take_list and any(function is known for known in _OF_LISTS)
        if self.start is not None if takes_list else function is not PYTHONS_OWN.get(name):
            raise Unfit(self.node, f"a call of {ast.unparse(self.node.func)} is not for kernels")
        self.finish = 0 if takes_list else -1
        translator.given.append((0, function))
        return "list" if takes_list else name

    def rebuilt(self, name: str, kept: Any) -> Any:
        """The expression, as it is kept for Python, on the arguments, which a variable has."""

        def argument(place: int) -> ast.expr:
            return located(item(name, place), self.node)

        comprehension = kept.args[0] if self.consumer else kept
        if not isinstance(comprehension, (ast.ListComp, ast.GeneratorExp)):  # a list with a site of its own
            comprehension = self.generator
        first, *others = comprehension.generators
        over = changed(first, iter=_again(self.shape, argument))
        whole = changed(comprehension, generators=[over, *others])
        if not self.consumer:
            return whole
        start = [] if self.start is None else [argument(self.start)]
        keywords = [changed(kept.keywords[0], value=start.pop())] if kept.keywords else []
        return changed(kept, func=argument(0), args=[whole, *start], keywords=keywords)


class StatementKernel(_Kernel):
    """A ``for`` or a ``while`` statement."""

    def __init__(self, node: ast.For | ast.While, file: str, context: Context) -> None:
        super().__init__(node, file, context)
        if context.scope.is_module and holds([node], (ast.AnnAssign,)):
            raise Unfit(node, "annotations of a module's names are kept")
        parts = [node.target if isinstance(node, ast.For) else node.test, *node.body]
        self.names = sorted(set().union(*map(assigned_in, parts)))
        surely = _surely_set(node) if isinstance(node, ast.For) else set()
        self.surely = [name in surely for name in self.names]
        self.may_break = isinstance(node, ast.While) or may_break(node)
        self.shape = shape_of(node.iter, self.add, context.is_local) if isinstance(node, ast.For) else None
        self.find_arguments(parts, names_read(parts), self.names)
        self.site = Site(self.program, node.lineno, self.rest, context.scope.is_module)

    def rest(self, arguments: tuple[Any, ...], rounds: int) -> Any:
        return () if self.shape is None else iterator_after(self.shape, arguments, rounds)

    def translate(self, translator: Translator) -> list[int]:
        for name in self.names:
            if not self.context.is_local(name):
                translator.global_variable(name)
        places = [translator.variable(name) for name in self.names]
        outputs = [translator.register() for _ in self.names]

        def keep() -> None:
            for first, count in _runs(places):
                translator.emit(Code.KEEP, outputs[first], places[first], c=count)

        def body(index: int) -> None:
            translator.round(self.node.body)
            keep()
            translator.emit(Code.ROUND_DONE, a=index)

        if self.shape is None:
            if self.node.orelse:
                raise Unfit(self.node, "a while with an else is for kernels within another loop only")
            ends, breaks = translator.loop_while(self.node.test, body)
            breaks += ends
        else:
            translator.given += functions_of(self.shape)
            breaks = translator.loop_to_break(self.shape, self.node.target, body)
        translator.emit(Code.END)
        if breaks:
            translator.land(*breaks)
            keep()
            translator.emit(Code.END, c=True)
        return outputs

    def iterator(self, given: str) -> ast.expr:
        """What the loop has still to run over: from the beginning where nothing was done.

        Of a loop that a break may end it is that in a tuple, or what is not true where a kernel has ended the loop.
        """
        goes_on = ast.Compare(item(given, 2), [ast.IsNot()], [ast.Constant(None)])
        if self.shape is None:  # there is nothing, unless a signal's handler has raised what comes of it
            raised = ast.List([ast.Starred(item(given, 2), ast.Load())], ast.Load())
            return ast.BoolOp(ast.And(), [goes_on, ast.UnaryOp(ast.Not(), raised)])

        def argument(place: int) -> ast.expr:
            return located(ast.Subscript(item(given, 3), ast.Constant(place), ast.Load()), self.node)

        over = ast.BoolOp(ast.Or(), [item(given, 2), _again(self.shape, argument)])
        if not self.may_break:
            return over
        return ast.BoolOp(ast.And(), [goes_on, ast.Tuple([over], ast.Load())])

    def taken(self, given: str) -> ast.stmt:
        """Give the variables their values, where there was a round."""
        assignments: list[ast.stmt] = []
        for place, (name, surely) in enumerate(zip(self.names, self.surely, strict=True)):
            value = ast.Subscript(item(given, 1), ast.Constant(place), ast.Load())
            own = ast.Subscript(value, ast.Constant(0), ast.Load())
            assignment = ast.Assign([ast.Name(name, ast.Store())], own)
            assignments.append(assignment if surely else ast.If(value, [assignment], []))
        return ast.If(item(given, 0), assignments or [ast.Pass()], [])


def _surely_set(loop: ast.For) -> set[str]:
    """The names that have a value after a round."""
    surely = assigned_in(loop.target)
    for statement in loop.body:
        if holds([statement], (ast.Continue, ast.Break)):
            break  # a round may end here
        surely |= surely_assigned(statement)
    return surely


def _runs(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Runs of registers that lie one behind the other: where each begins, and how many they are."""
    first = 0
    for i in range(1, len(places) + 1):
        if i == len(places) or places[i] != places[i - 1] + 1:
            yield first, i - first
            first = i


def item(name: str, place: int) -> ast.expr:
    """``name[place]``"""
    return ast.Subscript(ast.Name(name, ast.Load()), ast.Constant(place), ast.Load())


def _again(shape: _Shape, argument: Callable[[int], ast.expr]) -> ast.expr:
    """What a loop runs over, on the arguments."""
    if isinstance(shape, Part):
        return argument(shape.place)
    keywords = shape.node.keywords if shape.node is not None else []
    again = ast.Call(argument(shape.place), [_again(inner, argument) for inner in shape.inner], keywords)
    return ast.copy_location(again, shape.node) if shape.node is not None else again


def consumer_of(node: ast.AST, context: Context) -> str | None:
    """Return the name of the function that consumes a generator, or a new list, in an expression."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, (ast.Name, ast.Attribute)):
        return None
    name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
    args, start = given_to(name, node) or ([], None)
    if name not in _CONSUMERS or len(args) != 1 or isinstance(start, ast.Starred):
        return None
    if isinstance(node.func, ast.Name) and context.is_local(name):
        return None
    if isinstance(args[0], ast.ListComp):
        return name if name in REDUCTIONS and _may_come_before(start, context) else None
    return name if isinstance(args[0], ast.GeneratorExp) else None


def _may_come_before(start: ast.expr | None, context: Context) -> bool:
    """Whether it is all one if a start is looked at before the list that Python makes first."""
    if isinstance(start, ast.Name):
        if not context.is_local(start.id) or not context.has_value(start.id):
            return False
        return start.id in context.inner or not context.scope.is_shared(start.id)
    return start is None or isinstance(start, ast.Constant)

"""A class whose numbers take a derivative only where a flag on them says so, as ``requires_grad`` does.

Its methods are tried with numbers that have the flag: meanwhile it is what the constructor gives by default. Then all
is told again with numbers of which some have it, and with some that are given it, or lose it, later.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
import types

from fastgrad._tape.flags import Flag, inheriting
from fastgrad._tape.spelled import Spelled
from fastgrad.run import reading, trial
from fastgrad.run.roles import Unfit, vars_of

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    from fastgrad.run.candidate import Candidate

    # From a class, and whether it is on fastgrad, to what is told.
    _Story: TypeAlias = Callable[[Any], list[Any]]

_WITHOUT_RESULT = ("__init__", "backward")


def flags_of(cls: type) -> list[str]:
    """Return the parameters of a class's constructor that may be such a flag."""
    constructor = vars_of(cls, "__init__")
    if not isinstance(constructor, types.FunctionType) or hasattr(constructor, "__wrapped__"):
        return []
    parameters = inspect.signature(constructor).parameters.values()
    return [parameter.name for parameter in parameters if isinstance(parameter.default, bool)]


class Flagging:
    """The flag of the numbers of a class that is tried.

    Parameters
    ----------
    candidate : Candidate
        What is tried.
    parameter : str
        The constructor's parameter.
    """

    flag: Flag

    def __init__(self, candidate: Candidate, parameter: str) -> None:
        self.candidate, self.parameter = candidate, parameter
        self.constructor: Any = vars_of(candidate.cls, "__init__")
        self.at_first = bool(inspect.signature(self.constructor).parameters[parameter].default)

    @contextlib.contextmanager
    def by_default(self) -> Iterator[None]:
        """Let the constructor give the flag to all numbers."""
        constructor, parameter = self.constructor, self.parameter
        before = constructor.__defaults__, dict(constructor.__kwdefaults__ or {})
        if parameter in before[1]:
            constructor.__kwdefaults__[parameter] = True
        else:
            code = constructor.__code__
            named = code.co_varnames[: code.co_argcount][-len(before[0]) :]
            constructor.__defaults__ = tuple(
                True if name == parameter else value for name, value in zip(named, before[0])
            )
        try:
            yield
        finally:
            constructor.__defaults__, constructor.__kwdefaults__ = before[0], before[1] or None

    def number(self, cls: Any, number: float, flag: bool, **given: Any) -> Any:
        """Make a number with the flag, or without it."""
        return cls(number, **{self.parameter: flag}, **given)

    def find(self, making: dict[str, tuple[str, Any]]) -> None:
        """See which attribute keeps the flag, and what a number without it has."""
        candidate, roles = self.candidate, self.candidate.roles
        on, off = (vars(self.number(candidate.cls, 3.0, flag)) for flag in (True, False))
        names = [name for name in roles.extras if on.get(name) is True and off.get(name) is False]
        known = roles.returns != "derivatives" and roles.closure_kind == "()" and not candidate.dispatches()
        if len(names) != 1 or not known:
            raise Unfit
        del roles.extras[names[0]]
        roles.flag = self.flag = Flag(names[0], True, off[roles.grad])
        making[self.parameter] = "flag", True
        self.making = making

    def settle(self) -> None:
        """Tell all with and without the flag; a method that does something else then is the class's own."""
        candidate = self.candidate
        self.flag.at_first = self.at_first
        self.learn()
        self.making[self.parameter] = "flag", self.at_first
        candidate.twin._making = candidate.plan(self.making)
        is_set = reading.is_set(self.flag.name, {"__init__"})
        for story in (_given_grad, _alone, self._made_of, self._attributes, *(_SETTING if is_set else ())):
            if not self.agree(functools.partial(self.told, story)):
                raise Unfit(f"its {self.flag.name} decides what becomes of a number")
        for name in candidate.taken[:]:
            if name not in ("__init__", candidate.sweep.name) and not self.agrees_on_method(name):
                self.give_back(name)
        for function, fast in list(candidate.functions.taken.items()):
            if not self.agrees_on(lambda x, own=function, fast=fast: (fast if isinstance(x, Spelled) else own)(x), 1):
                del candidate.functions.taken[function]

    def learn(self) -> None:
        """See what the constructor makes of operands, and operators of numbers without the flag."""
        cls, roles, flag = self.candidate.cls, self.candidate.roles, self.flag
        x, y = self.number(cls, 2.0, True), self.number(cls, 3.0, False)
        for name, (meaning, _) in self.making.items():
            if meaning == "children":
                flag.drops = not roles.operands(self.number(cls, 3.0, False, **{name: (y,)}))
                flag.inherits = not self.at_first and bool(getattr(cls(3.0, **{name: (x,)}), flag.name))
        product = y * y
        flag.keeps = bool(roles.operands(product))
        if not flag.keeps and roles.symbol(product) == roles.symbol(x * x):
            flag.symbol = roles.symbol
        constant = self.at_first
        with contextlib.suppress(Exception):  # not every class takes plain operands
            flag.plain_takes = getattr(y + 1.0, flag.name)
            constant = getattr(self.candidate.constant_in(x + 9.0), flag.name)
        if constant is not self.at_first and self.candidate.looks_at_graphs:
            raise Unfit(f"its {flag.name} is another where a number is made of a plain operand")

    def give_back(self, name: str) -> None:
        """Let a method be the class's own, if that works on fastgrad's numbers."""
        reason = f"another result of numbers without {self.flag.name}"
        self.candidate.give_back(name)
        self.candidate.kept[name] = reason
        if name in ("__add__", "__mul__") or not self.agrees_on_method(name):
            raise Unfit(f"its {name} on fastgrad's numbers gives {reason}")

    def agrees_on_method(self, name: str) -> bool:
        if name in self.candidate.operators and name != "__neg__":
            with_plain = self.agrees_on(lambda x: getattr(x, name)(2.0), 1)
            return with_plain and (name[2] == "r" or self.agrees_on(lambda x, y: getattr(x, name)(y), 2))
        return self.agrees_on(lambda x: getattr(x, name)(), 1)

    def agrees_on(self, operation: Any, operands: int) -> bool:
        """Tell whether an operation does the same on both kinds of numbers, with all combinations of flags."""
        combinations = itertools.product((True, False), repeat=operands)
        return all(self.agree(functools.partial(self.operated, operation, flags)) for flags in combinations)

    def operated(self, operation: Any, flags: tuple[bool, ...], cls: Any) -> Any:
        """Tell of an operation's result, swept from and passed through."""
        leaves = [self.number(cls, number, flag) for number, flag in zip((0.5, 2.0), flags)]
        try:
            result = operation(*leaves)
            if result is NotImplemented:
                raise TypeError
        except Exception as error:
            return trial.raised(error)
        if not isinstance(result, cls):
            return ["no number of the class"]
        w = self.number(cls, 2.0, True)
        nodes = [*leaves, result, w]
        before = self.shown(nodes)
        return [before, self.swept(result), self.shown(nodes), self.swept(result * w + w), self.shown(nodes)]

    def told(self, story: Any, cls: Any) -> Any:
        """Tell a story of numbers with and without the flag."""
        told = []
        for step in story(lambda number, flag: self.number(cls, number, flag), self):
            told.append(self.shown(step) if isinstance(step, list) else step)
        return told

    def shown(self, nodes: list[Any]) -> list[Any]:
        """What a program can see of numbers, and of their operands if it looks at graphs."""
        roles, asks = self.candidate.roles, self.candidate.looks_at_graphs
        told = []
        for node in nodes:
            seen = [getattr(node, name) for name in (roles.number, self.flag.name, roles.grad)]
            operands = self.shown(roles.operands(node)) if asks else []
            told.append([*seen, sorted(operands, key=repr) if roles.container in (set, frozenset) else operands])
            if asks and roles.op and reading.is_asked_for({roles.op}, self.candidate.without):
                told[-1].append(roles.symbol(node))
        return told

    def swept(self, node: Any) -> str:
        """Sweep, and return what is raised."""
        try:
            self.candidate.roles.swept(node)
        except Exception as error:
            return f"raises {type(error).__name__}"
        return ""

    def agree(self, story: _Story) -> bool:
        """Tell whether a story is the same of the class and of its twin."""
        candidate = self.candidate
        plain = story(candidate.cls)
        candidate.first.twin = candidate.twin
        try:
            return trial.agree(plain, story(candidate.twin))
        finally:
            candidate.first.twin = None

    def set(self, node: Any, flag: bool) -> None:
        """Set the flag, and where it needs one a derivative that can be added to."""
        setattr(node, self.flag.name, flag)
        roles = self.candidate.roles
        if flag and getattr(node, roles.grad) is None:
            setattr(node, roles.grad, 0.0 if roles.grad_at_first is None else roles.grad_at_first)

    def _made_of(self, number: Any, flagging: Flagging) -> Iterator[Any]:
        """Numbers that are given operands by the constructor."""
        making = self.candidate.twin._making
        children = [name for name, meaning in zip(making.names, making.meanings) if meaning == "children"]
        for flag, of in itertools.product((True, False), repeat=2) if children else ():
            x = number(2.0, of)
            made = type(x)(3.0, **{children[0]: self.candidate.roles.container([x]), self.parameter: flag})
            yield [made, made * x, x]
        x = number(2.0, True)
        if children:
            made = type(x)(3.0, **{children[0]: self.candidate.roles.container([x])})
            yield [made, made * x, x]

    def _attributes(self, number: Any, flagging: Flagging) -> Iterator[Any]:
        """What else numbers have, with the flag, without it, and as results."""
        roles = self.candidate.roles
        names = [name for name in (*roles.extras, *roles.told_apart) if name not in roles.numbered]
        for node in (number(3.0, True), number(3.0, False), number(3.0, False) * number(5.0, False)):
            yield tuple(repr(getattr(node, name)) for name in names)
            yield tuple(getattr(node, name) is None for name in (roles.closure, roles.slopes) if name)


def method_for(name: str, flag: Flag | None) -> Any:
    """Return fastgrad's method of a name, which minds the flag of a class that has one."""
    method = vars_of(Spelled, name)
    return method if flag is None or name in _WITHOUT_RESULT else inheriting(method, flag)


# The stories: each is given what makes a number, and yields numbers to be shown, or what a sweep raised.


def _given_later(number: Any, flagging: Flagging) -> Iterator[Any]:
    x = number(3.0, False)
    y = x * x
    flagging.set(x, True)
    z = y * x + x
    yield flagging.swept(y)
    yield [x, y, z]
    yield flagging.swept(z)
    yield [x, y, z]


def _taken_away(number: Any, flagging: Flagging) -> Iterator[Any]:
    for place, again in itertools.product((0, 2), (False, True)):
        x, w = number(3.0, True), number(5.0, True)
        p = x * w
        z = p * x
        node = (x, w, p)[place]
        yield flagging.swept(z if again else w)
        for flag, root in ((False, z), (False, p), (True, z)):
            flagging.set(node, flag)
            yield flagging.swept(root)
            yield [x, w, p, z, node * node]


def _given_grad(number: Any, flagging: Flagging) -> Iterator[Any]:
    roles = flagging.candidate.roles
    x, w = number(3.0, False), number(5.0, True)
    z = x * w + w
    setattr(x, roles.grad, 7.0)
    yield flagging.swept(z)
    yield [x, w, z]


def _alone(number: Any, flagging: Flagging) -> Iterator[Any]:
    for flag in (True, False):
        x = number(3.0, flag)
        yield flagging.swept(x)
        yield [x]


_SETTING = (_given_later, _taken_away)

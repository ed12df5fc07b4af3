"""A class's own methods run beside fastgrad's, at a few points: what differs stays the program's own."""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import itertools
import math
import random
import signal
import sys
import threading
import warnings

from fastgrad.run import reading
from fastgrad.run.roles import Unfit

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeAlias

    from fastgrad.run.roles import Roles

    _Experiment: TypeAlias = Callable[[Any], tuple[list[Any], Any]]  # from a class to the leaves and the result

POINTS = (0.5, -0.5, 1.0, -1.0, 2.0, -3.0, 0.0, 1e-8, -1e-8, 1e-3, 0.1, 30.0, -30.0, 800.0, -800.0)
PAIRS = ((3.0, 2.0), (-1.5, 0.5), (0.0, 2.0), (2.0, 0.0), (2.0, -3.0), (-2.0, 3.0), (1e-8, 1e8), (0.5, 0.5), (4.0, 1.0))
POWERS = (*PAIRS[:6], (0.0, -1.0), (0.0, 0.0), (0.0, 0.5), (3.0, 1.0), (-1.5, 2.0), *PAIRS[7:])  # no huge exponent
_TOLERANCE = 1e-12
PATIENCE = 3.0  # seconds; a trial takes a hundredth of one


class Raised(Exception):
    """What a method raised in a trial.

    Parameters
    ----------
    name : str
        The exception's class, and what it says.
    deliberately : bool
        Whether a statement of the program raised it.
    """

    def __init__(self, name: str, deliberately: bool = False) -> None:
        super().__init__(name)
        self.name, self.deliberately = name, deliberately


def raised(error: Exception) -> Raised:
    """Return what an exception is as an outcome."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    file, line = (traceback.tb_frame.f_code.co_filename, traceback.tb_lineno) if traceback is not None else ("", 0)
    return Raised(f"{type(error).__name__}: {error}", reading.is_raised_at(file, line))


# What a method does, seen from outside.


def outcome(cls: type, roles: Roles, experiment: _Experiment, with_graph: bool) -> Any:
    """Return what an experiment makes: its number, its graph, and the derivatives by its leaves; or what it raises."""
    try:
        leaves, result = experiment(cls)
        if not isinstance(result, cls):
            return ["no number of the class", result if isinstance(result, (int, float, bool)) else type(result)]
        if isinstance(getattr(result, roles.number), complex):
            return Raised("complex")
        told_apart = [getattr(result, name) for name in roles.told_apart]
        picture = [told_apart, _picture(result, leaves, roles) if with_graph else None]
        returned = roles.swept(result)
        return [getattr(result, roles.number), picture, [roles.derivative(leaf, returned) for leaf in leaves]]
    except Exception as error:
        return raised(error)


def _picture(node: Any, leaves: list[Any], roles: Roles) -> Any:
    """A graph as lists: a leaf by its place, another node by its number, its symbol and its operands."""
    for place, leaf in enumerate(leaves):
        if node is leaf:
            return f"leaf {place}"
    operands = [_picture(operand, leaves, roles) for operand in roles.operands(node)]
    if roles.container in (set, frozenset):
        operands.sort(key=repr)
    return [getattr(node, roles.number), roles.symbol(node), operands]


def agree(plain: Any, fast: Any) -> bool:
    """Tell whether two outcomes are the same, numbers within a few roundings.

    Where the class's own method fails, anything will do: no program prints a number from there. What it raises itself
    has to be raised.
    """
    if isinstance(plain, Raised):
        return not plain.deliberately or (isinstance(fast, Raised) and plain.name == fast.name)
    if isinstance(plain, list) and isinstance(fast, list):
        return len(plain) == len(fast) and all(map(agree, plain, fast))
    if _is_number(plain) and _is_number(fast):
        return close(float(plain), float(fast))
    if isinstance(plain, str) and isinstance(fast, str):  # "**2" and "**2.0" are the same symbol
        return plain.removesuffix(".0") == fast.removesuffix(".0")
    return bool(plain == fast)


def differ_in_graph(plain: Any, fast: Any) -> bool:
    """Tell whether two outcomes differ in their graphs alone."""
    if not (isinstance(plain, list) and isinstance(fast, list) and len(plain) == len(fast) == 3):
        return False
    return agree(plain[0], fast[0]) and agree(plain[2], fast[2])


def _is_number(x: Any) -> bool:
    return hasattr(type(x), "__float__") and not isinstance(x, str)


def close(a: float, b: float) -> bool:
    """Tell whether two numbers differ by roundings only."""
    if a == b or (a != a and b != b):
        return True
    return math.isfinite(a) and math.isfinite(b) and abs(a - b) <= _TOLERANCE * max(1.0, abs(a), abs(b))


# The experiments.


def of_one(name: str) -> Iterator[tuple[str, _Experiment]]:
    """A method without arguments, at the points, and of a number that is used twice."""
    for point in POINTS:
        yield f"at {point:g}", _unary(name, point)
    yield from used_twice(lambda x: getattr(x, name)())


def used_twice(function: Callable[..., Any], operands: int = 1) -> Iterator[tuple[str, _Experiment]]:
    """A function of numbers that are used twice: where derivatives are set, not added, one of them is lost."""

    def experiment(cls: Any) -> tuple[list[Any], Any]:
        leaves = [cls(0.5 + k) for k in range(operands)]
        return leaves, function(*leaves) + function(*leaves)

    yield "of a number that is used twice", experiment


def _unary(name: str, point: float) -> _Experiment:
    def experiment(cls: Any) -> tuple[list[Any], Any]:
        x = cls(point)
        return [x], getattr(x, name)()

    return experiment


def of_two(name: str) -> Iterator[tuple[str, _Experiment]]:
    """An operator of two numbers, of a number and itself, and of a number and a plain one."""
    yield from of_numbers(name)
    yield from of_number_and_plain(name)


def of_numbers(name: str) -> Iterator[tuple[str, _Experiment]]:
    """An operator of two numbers, and of a number and itself."""
    for a, b in _pairs_for(name):
        yield f"at {a:g} and {b:g}", _binary(name, a, b, plain=False)
    yield "of a number with itself", _with_itself(name)
    yield from used_twice(lambda x, y: getattr(x, name)(y), 2)


def of_number_and_plain(name: str) -> Iterator[tuple[str, _Experiment]]:
    """An operator of a number and a plain one."""
    for a, b in _pairs_for(name):
        yield f"at {a:g} with the plain {b:g}", _binary(name, a, b, plain=True)
    yield "at 3 with the plain int 2", _binary(name, 3.0, 2, plain=True)
    yield from used_twice(lambda x: getattr(x, name)(2.0))


def _pairs_for(name: str) -> tuple[tuple[float, float], ...]:
    return POWERS if name == "__pow__" else PAIRS


def _binary(name: str, a: float, b: float, *, plain: bool) -> _Experiment:
    def experiment(cls: Any) -> tuple[list[Any], Any]:
        x, y = cls(a), b if plain else cls(b)
        result = getattr(x, name)(y)
        if result is NotImplemented:
            raise TypeError
        return ([x] if plain else [x, y]), result

    return experiment


def _with_itself(name: str) -> _Experiment:
    def experiment(cls: Any) -> tuple[list[Any], Any]:
        x = cls(1.5)
        return [x], getattr(x, name)(x)

    return experiment


def sweeps(cls: Any, roles: Roles) -> list[Any]:
    """All the grads after sweeps, again and over shared nodes, and where numbers are equal."""
    stories = [_twice, _shared, _equal_numbers, _diamond, _alone]
    stories += [_zeroed] if roles.returns != "derivatives" else []
    stories += [_seeded] if roles.seeded else []
    return [_told(cls, roles, story) for story in stories]


def _told(cls: Any, roles: Roles, story: Any) -> Any:
    try:
        nodes, returned = story(cls, roles)
        told = [roles.derivative(node, returned) for node in nodes]
        return [told, returned if roles.returns == "count" else None]
    except Exception as error:
        return f"raises {type(error).__name__}"


def _twice(cls: Any, roles: Roles) -> tuple[list[Any], Any]:
    x, y = cls(3.0), cls(5.0)
    p = x * y
    z = p + x
    roles.swept(z)
    return [x, y, p, z], roles.swept(z)


def _shared(cls: Any, roles: Roles) -> tuple[list[Any], Any]:
    x, y = cls(3.0), cls(5.0)
    a = x * y
    b = a * a
    c = b + a
    roles.swept(c)
    d = a * x
    return [x, y, a, b, c, d], roles.swept(d)


def _equal_numbers(cls: Any, roles: Roles) -> tuple[list[Any], Any]:
    x, y, w = cls(2.0), cls(2.0), cls(4.0)
    p, q = x * y, x * y
    z = (p + q) * w + p
    return [x, y, w, p, q, z], roles.swept(z)


def _diamond(cls: Any, roles: Roles) -> tuple[list[Any], Any]:
    x, y = cls(3.0), cls(5.0)
    a = x + y
    b = a * x
    c = a * b
    d = b + c + a
    return [x, y, a, b, c, d], roles.swept(d)


def _alone(cls: Any, roles: Roles) -> tuple[list[Any], Any]:
    x = cls(3.0)
    roles.swept(x)
    return [x], roles.swept(x)


def _zeroed(cls: Any, roles: Roles) -> tuple[list[Any], Any]:
    x, y = cls(3.0), cls(5.0)
    p = x * y
    roles.swept(p)
    setattr(x, roles.grad, roles.grad_at_first)
    return [x, y, p], roles.swept(p + x)


def _seeded(cls: Any, roles: Roles) -> tuple[list[Any], Any]:
    x, y = cls(3.0), cls(5.0)
    p = x * y
    q = p * x
    if roles.grad_at_first is not None:
        roles.swept_on(p)
    for gradient in (2.5, 0, -1):
        setattr(q, roles.grad, gradient)
        roles.swept_on(q)
    return [x, y, p, q], roles.swept_on(q)


# What a trial leaves behind: nothing.


@contextlib.contextmanager
def undone(cls: type, namespaces: Iterable[dict[str, Any]], names: set[str]) -> Iterator[list[str]]:
    """Run a trial, and then put back what it changed.

    Those are the class's attributes, the variables of modules under the given names, random generators, and what was
    printed. Yields a list that is filled with the names of what had changed; a trial that printed, or drew random
    numbers, is `Unfit`.
    """
    changed: list[str] = []
    printed = io.StringIO()
    places = [*namespaces, *(vars(base) for base in cls.__mro__ if base is not object)]
    before = [{name: (place[name], _copied(place[name])) for name in names & place.keys()} for place in places]
    state = random.getstate()
    legacy = sys.modules["numpy.random"].get_state() if "numpy.random" in sys.modules else None
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with _not_for_ever():
                yield changed
        drew = legacy is not None and repr(sys.modules["numpy.random"].get_state()) != repr(legacy)
        if printed.getvalue() or drew or random.getstate() != state:
            raise Unfit("its methods print, or draw random numbers")
    finally:
        random.setstate(state)
        if legacy is not None:
            sys.modules["numpy.random"].set_state(legacy)
        for place, values in zip(places, before):
            changed += _put_back(place, values, cls)


class _TooLong(BaseException):
    """Raised in a trial that does not end; no method of the program's may take it for an error of its own."""


@contextlib.contextmanager
def _not_for_ever() -> Iterator[None]:
    """End a trial that takes seconds: a method that no program calls may be a loop without an end.

    Where there are no timers, or the program has one at work, or in another thread than the first, nothing ends it.
    """
    first = threading.current_thread() is threading.main_thread()
    if not first or not hasattr(signal, "setitimer") or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return
    before = signal.signal(signal.SIGALRM, _end)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE, PATIENCE)
    try:
        yield
    except _TooLong:
        raise Unfit(f"a method of it took more than {PATIENCE} seconds when it was tried") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def _end(*given: Any) -> None:
    raise _TooLong


def _copied(value: Any) -> Any:
    if isinstance(value, (list, dict, set)):
        return type(value)(value) if type(value) in (list, dict, set) else None
    return _counter_copied(value) if isinstance(value, itertools.count) else None


def _counter_copied(counter: itertools.count[Any]) -> Any:
    """Another that counts on from the same number; Python, which copies none from 3.14 on, writes how it is made."""
    try:
        return type(counter)(*ast.literal_eval(repr(counter).partition("(")[2][:-1] + ","))
    except (ValueError, SyntaxError):  # of what no literal says
        return copy.copy(counter)


def _put_back(place: Any, values: dict[str, tuple[Any, Any]], cls: type) -> list[str]:
    changed = []
    for name, (value, copied) in values.items():
        now = place.get(name)
        counted = isinstance(value, itertools.count) and repr(value) != repr(copied)
        if copied is not None and not counted and value != copied:
            changed.append(name)
            value.clear()
            value.extend(copied) if isinstance(value, list) else value.update(copied)
        elif (now is not value and isinstance(value, (int, float, str, type(None)))) or counted:
            changed.append(name)
            _set(place, name, copied if counted else value, cls)
    return changed


def _set(place: Any, name: str, value: Any, cls: type) -> None:
    if isinstance(place, dict):
        place[name] = value
    else:
        owner = next(base for base in cls.__mro__ if vars(base).get(name) is place.get(name))
        setattr(owner, name, value)

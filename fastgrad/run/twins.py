"""A class's twin: a subclass of it on fastgrad's tape, whose instances pass for the class's own."""

from __future__ import annotations

import contextlib
import copy
import copyreg
import functools
import itertools
import types

from fastgrad._tape.attributes import (
    Kept,
    Operands,
    OperandsIn,
    RecomputingFrom,
    Slopes,
    StepFrom,
    Steps,
    pass_contributions,
    pass_gradient,
    pass_node,
    pass_slopes,
)
from fastgrad._tape.describe import operation_of, slopes_of
from fastgrad._tape.exchange import is_constant, keep_on, kept_on
from fastgrad._tape.flags import FlaggedGrad, FlaggedStep
from fastgrad._tape.node import Node
from fastgrad._tape.spelled import Spelled
from fastgrad.run.roles import vars_of

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from fastgrad._tape.spelled import Making
    from fastgrad.run.roles import Roles

    _Template = dict[str, Any]  # an operation's symbol by its name in the op table; {} stands for its constant

# What a node has that a class of the program's may give another meaning, or none.
_NODES_OWN = ("label", "prev", "op", "_op", "_children", "_prev", "_backward")
_IMMUTABLE: tuple[type, ...] = (int, float, str, bytes, complex, types.NoneType, types.FunctionType, tuple, frozenset)
_COMPARISONS = ("__lt__", "__le__", "__gt__", "__ge__", "__ne__")
_SIGNS = {"__neg__": "unary -", "__pos__": "unary +", "__abs__": "abs()"}
_OPERATORS = ("add", "sub", "mul", "truediv", "pow", "mod", "floordiv", "divmod")

# The node's own descriptors: a class may have its names for something else.
_GRAD: Any = vars(Spelled)["grad"]
_OWN_STEP: Any = vars(Node)["_own_backward"]
_PREV: Any = vars(Node)["prev"]


class TwinType(type):
    """The type of twins: equal to the class that a twin passes for, and pickled as such."""

    stands_for: type

    def __setattr__(cls, name: str, value: Any) -> None:
        """Set an attribute: of a twin that is finished, on the class that it passes for."""
        owner = cls.stands_for if "_finished" in vars(cls) and name != "_forms" else cls
        type.__setattr__(owner, name, value)

    def __eq__(cls, other: object) -> bool:
        return other is cls or other is cls.stands_for

    def __hash__(cls) -> int:
        return hash(cls.stands_for)


def twin_of(cls: Any) -> Any:
    """Return the twin of a class, which it has once an instance was made; for pickles."""
    return type(cls.__new__(cls)) if isinstance(vars(cls).get("__new__"), staticmethod) else cls


def _reduced(twin: TwinType) -> Any:
    return twin_of, (twin.stands_for,)


copyreg.pickle(TwinType, _reduced)
_twin_types: dict[type, type] = {type: TwinType}


def _twin_type(kind: type) -> Any:
    """The type of the twins of classes of a type, ABCMeta for instance: one for all, as twins stand on twins."""
    if kind not in _twin_types:
        _twin_types[kind] = types.new_class("TwinType", (TwinType, kind))
        copyreg.pickle(_twin_types[kind], _reduced)
    return _twin_types[kind]


def make_twin(cls: type, bases: tuple[type, ...], attributes: dict[str, Any]) -> Any:
    """Make a subclass that passes for the class: by name, by ``__class__``, and where types are compared."""
    kind = _twin_type(type(cls))
    own = {name: vars(cls)[name] for name in ("__module__", "__qualname__", "__doc__") if name in vars(cls)}
    passing = {"__slots__": (), "__class__": property(lambda self: cls), "__qualname__": cls.__qualname__}
    with _no_subclass_is_told(cls):
        twin = kind(cls.__name__, bases, {**own, **passing, **attributes})
    twin.stands_for = cls
    return twin


@contextlib.contextmanager
def _no_subclass_is_told(cls: Any) -> Iterator[None]:
    """Make a subclass without the class's ``__init_subclass__``, of which a program would see more than it has."""
    told = vars_of(cls, "__init_subclass__") is not vars(object)["__init_subclass__"]
    before = vars(cls).get("__init_subclass__")
    if told:
        cls.__init_subclass__ = classmethod(lambda kind, **options: None)
    try:
        yield
    finally:
        if before is not None:
            cls.__init_subclass__ = before
        elif told:
            del cls.__init_subclass__


def first_twin(cls: type, roles: Roles, making: Making, symbols: _Template) -> Any:
    """Make the twin of a class that has none below it."""
    return make_twin(cls, (cls, Spelled), {**_attributes(cls, roles, symbols), "_making": making})


class Twins:
    """The twins of a class and of the classes below it, and its plain instances."""

    def __init__(self, cls: type, twin: Any, originals: dict[str, Any]) -> None:
        self.cls, self.twin, self.originals = cls, twin, originals
        self.known: dict[type, Any] = {self.cls: self.twin, self.twin: self.twin}
        self.plains: dict[type, Any] = {}

    def make(self, cls: Any) -> Any:
        """Make a twin of a class below."""
        if isinstance(cls, TwinType):
            self.known[cls] = cls
        elif cls not in self.known:
            above = next(base for base in cls.__mro__[1:] if base in self.known or _is_below(base, self.cls))
            self.known[cls] = make_twin(cls, (cls, self.known.get(above) or self.make(above)), {"_results": self.twin})
        return self.known[cls]

    def plain(self, cls: Any) -> Any:
        """Make an instance as the class was, for data that is no number."""
        return object.__new__(self.plain_class(cls))

    def plain_class(self, cls: Any) -> Any:
        """Return the class as it was, as a subclass."""
        if cls not in self.plains:
            passing = {"__module__": cls.__module__, "__class__": property(lambda self: cls)}
            attributes = {**self.originals, "__new__": lambda kind, *given, **named: object.__new__(kind)}
            self.plains[cls] = type(cls)(cls.__name__, (cls,), {**attributes, **passing})
        return self.plains[cls]


def _is_below(base: type, cls: type) -> bool:
    return base is not cls and issubclass(base, cls)


def _attributes(cls: type, roles: Roles, symbols: _Template) -> dict[str, Any]:
    """The descriptors of a twin, under the program's names."""
    found: dict[str, Any] = {**_what_it_has_not(cls), **{name: _Unset(name) for name in _NODES_OWN}}
    found.update({name: _at_first(name, value) for name, value in roles.extras.items()})
    found.update({name: _Numbered(name, type(roles.extras[name])) for name in roles.numbered})
    found.update({name: Kept(_told_apart(*values), name) for name, values in roles.told_apart.items()})
    found[roles.number] = vars(Spelled)["data"]
    if roles.grad:
        found[roles.grad] = vars(Spelled)["grad"]
    if roles.flag is not None:
        found.update({roles.flag.name: roles.flag, roles.grad: FlaggedGrad(roles.flag)})
    found[roles.children] = _Operands(roles) if roles.inner is None else _History(roles, symbols)
    if roles.op:
        found[roles.op] = _Symbol(symbols, roles.op_at_first)
    for name, at_first in roles.more_symbols.items():
        found[name] = _Symbol(symbols, at_first, f"{name} of ")
    if roles.closure:
        found[roles.closure] = _steps(roles)
    for name, at_first in roles.recomputing.items():
        found[name] = Kept(RecomputingFrom(at_first), name)
    if roles.slopes:
        found[roles.slopes] = Slopes(lambda node: _like(roles.container, slopes_of(node)), roles.slopes)
    found["__array_priority__"] = getattr(cls, "__array_priority__", -1_000_000.0)  # as numpy ranks what has none
    shown = [name for name in roles.order if name not in roles.hidden]
    found["__dict__"] = property(lambda self: _Attributes(self, shown))
    return found


def _what_it_has_not(cls: type) -> dict[str, Any]:
    """Hide what fastgrad's numbers have beyond the class's own."""
    found: dict[str, Any] = {name: _Unset(name) for name in dir(Spelled) if name[0] != "_" and not hasattr(cls, name)}
    dunders = [f"__{side}{name}__" for name in _OPERATORS for side in ("", "r")]
    found.update({name: _later(name) for name in dunders if not hasattr(cls, name)})
    found.update({name: _unary(name, symbol) for name, symbol in _SIGNS.items() if not hasattr(cls, name)})
    found.update({name: _later(name) for name in _COMPARISONS if getattr(cls, name) is vars(object)[name]})
    if not hasattr(cls, "__bool__"):
        found["__bool__"] = (lambda self: len(self) > 0) if hasattr(cls, "__len__") else lambda self: True
    return found


def _later(name: str) -> Any:
    """An operator that a class has not, or gets later."""

    def operator(self: Any, *others: Any) -> Any:
        method = _had_by(self.__class__, name)
        return NotImplemented if method is None else method(self, *others)

    return operator


def _unary(name: str, symbol: str) -> Any:
    """A sign that a class has not, or gets later."""

    def operator(self: Any) -> Any:
        method = _had_by(self.__class__, name)
        if method is None:
            raise TypeError(f"bad operand type for {symbol}: {self.__class__.__name__!r}")
        return method(self)

    return operator


def _had_by(cls: type, name: str) -> Any:
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)


def _like(container: Any, entries: list[Any]) -> Any:
    return tuple(entries) if container in (set, frozenset) else container(entries)


def _at_first(name: str, value: Any) -> Any:
    return value if isinstance(value, _IMMUTABLE) and not isinstance(value, types.FunctionType) else _Fresh(name, value)


class _Unset:
    """An attribute that only exists once it is set, on the number or on the class."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, node: Any, owner: Any) -> Any:
        found = _had_by(owner.stands_for, self.name)
        if found is None:
            raise AttributeError(f"{owner.__name__!r} object has no attribute {self.name!r}")
        return found.__get__(node, owner) if hasattr(found, "__get__") else found


class _Fresh:
    """An attribute that each number has a copy of, made when it is asked for."""

    def __init__(self, name: str, value: Any) -> None:
        self.name, self.value = name, value

    def __get__(self, node: Any, owner: type) -> Any:
        return self if node is None else keep_on(node).setdefault(self.name, copy.copy(self.value))


class _Operands(Operands):
    """The operands, in the container that the class has them in."""

    def __init__(self, roles: Roles) -> None:
        repeats = not roles.unique or roles.container is set
        simple = roles.paired is None and roles.inner is None and roles.container is not list and repeats
        compute = OperandsIn(roles.container) if simple else self.of_node
        super().__init__(compute, roles.children, roles.paired, roles.inner, roles.slopes)
        self.container, self.unique = roles.container, roles.unique

    def of_node(self, node: Any) -> Any:
        operands = _PREV.__get__(node)
        if self.unique:
            operands = list({id(operand): operand for operand in operands}.values())
        if self.container is list:  # which may be added to, and then shows it
            return keep_on(node).setdefault(self.name, self.entries(node, operands))
        return self.entries(node, operands)

    def entries(self, node: Any, operands: list[Any]) -> Any:
        if self.paired is None:
            return self.container(operands)
        pairs = zip(operands, slopes_of(node))
        return self.container(pairs if self.paired == 0 else ((slope, operand) for operand, slope in pairs))


class _History(_Operands):
    """An object that has the operands, like the one that the class makes for the operation."""

    def __init__(self, roles: Roles, symbols: _Template) -> None:
        super().__init__(roles)
        self.symbols = symbols

    def of_node(self, node: Any) -> Any:
        name, _ = operation_of(node)
        like = self.symbols.get(f"history of {name}")
        if like is None:
            return self.symbols["history of a leaf"]
        return with_field(like, self.inner or "", self.container(_PREV.__get__(node)))


def with_field(record: Any, name: str, value: Any) -> Any:
    """Copy an object with one of its attributes another."""
    if hasattr(record, "_replace"):
        return record._replace(**{name: value})
    record = copy.copy(record)
    object.__setattr__(record, name, value)
    return record


class _Numbered:
    """An attribute in which numbers differ, made when it is first asked for."""

    def __init__(self, name: str, kind: type) -> None:
        self.name, self.kind, self.counter = name, kind, itertools.count(1)

    def __get__(self, node: Any, owner: type) -> Any:
        return self if node is None else keep_on(node).setdefault(self.name, self.kind(next(self.counter)))


def _told_apart(of_leaf: bool, of_result: bool, by_operands: bool) -> Any:
    """What an attribute is that differs between numbers that were given, and results."""
    if by_operands:
        return lambda node: of_result if _PREV.__get__(node) else of_leaf
    return lambda node: of_leaf if operation_of(node)[0] is None else of_result


class _Symbol:
    """The operation's symbol, as the class has it."""

    def __init__(self, symbols: _Template, at_first: Any, which: str = "") -> None:
        self.symbols, self.at_first, self.which = symbols, at_first, which
        self.key = which or "_op"

    def __get__(self, node: Any, owner: type) -> Any:
        if node is None:
            return self
        given = kept_on(node).get(self.key)
        if given is not None:
            return given
        name, constant = operation_of(node)
        if name is None:
            return self.symbols.get(f"{self.which}constant", self.at_first) if is_constant(node) else self.at_first
        symbol = self.symbols.get(self.which + name, name)
        if isinstance(symbol, str) and constant is not None:
            return symbol.replace("{}", _shortest(constant))
        return symbol

    def __set__(self, node: Any, value: Any) -> None:
        keep_on(node)[self.key] = value


def _steps(roles: Roles) -> Steps:
    """The function that passes a node's gradient on, of the kind that the class has."""
    has_leaves = roles.closure_at_first is not None
    if roles.closure_kind == "()":
        compute: Any = StepFrom(has_leaves)
        return Steps(compute if roles.flag is None else FlaggedStep(roles.flag, compute), "closure")
    compute, passes = _STEPS[roles.closure_kind]
    return Steps(functools.partial(compute, has_leaves), "closure", passes)


def _with_gradient(has_leaves: bool, node: Any) -> Any:
    return functools.partial(_pass_on, node) if has_leaves or _PREV.__get__(node) else None


def _with_node(has_leaves: bool, node: Any) -> Any:
    return _OWN_STEP if has_leaves or _PREV.__get__(node) else None


def _with_operands(has_leaves: bool, node: Any) -> Any:
    return (lambda *operands: tuple(slopes_of(node))) if has_leaves or _PREV.__get__(node) else None


def _for_contributions(has_leaves: bool, node: Any) -> Any:
    if not has_leaves and not _PREV.__get__(node):
        return None
    return lambda gradient: tuple(gradient * slope for slope in slopes_of(node))


_STEPS: dict[str, tuple[Any, Any]] = {
    "(node)": (_with_node, pass_node),
    "(gradient)": (_with_gradient, pass_gradient),
    "(operands) -> slopes": (_with_operands, pass_slopes),
    "(gradient) -> contributions": (_for_contributions, pass_contributions),
}


def _pass_on(node: Any, gradient: float) -> None:
    before = _GRAD.__get__(node)
    _GRAD.__set__(node, gradient)
    _OWN_STEP(node)
    _GRAD.__set__(node, before)


def _shortest(number: float) -> str:
    return str(int(number)) if number.is_integer() else str(number)


class _Attributes(dict):  # type: ignore[type-arg]  # not imported when this runs
    """What ``vars`` shows of a number; setting an entry sets the attribute."""

    def __init__(self, node: Any, order: list[str]) -> None:
        self.node = node
        hidden = ("_op", "_backward", "closure", "data", "grad")
        kept = {name: value for name, value in kept_on(node).items() if name not in hidden}
        super().__init__({**{name: getattr(node, name) for name in order}, **kept})

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        setattr(self.node, name, value)

    def update(self, *given: Any, **named: Any) -> None:
        for name, value in dict(*given, **named).items():
            self[name] = value

"""What a class of numbers keeps, and where: found out by making some and looking at them."""

from __future__ import annotations

import functools
import inspect
import itertools
import re
import types

from fastgrad._tape.own_sweeps import count_below, gradients_of
from fastgrad._tape.spelled import Spelled
from fastgrad.run.effects import does_more

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from typing import Any

    from fastgrad._tape.flags import Flag

_SWEEP = re.compile(r"back|grad|deriv|chain|propag|adjoint|sweep|reverse", re.IGNORECASE)
_NO_SWEEP = re.compile(r"^_|zero|reset|clear|clip|no_|set_|is_|has_|require", re.IGNORECASE)
_CONTAINERS = (set, frozenset, tuple, list)
_CALLABLES: tuple[type, ...] = (types.FunctionType, types.MethodType, functools.partial)


class Unfit(Exception):
    """A class cannot be exchanged, for the reason given; without one it is no engine and nothing need be said."""


class Roles:
    """The names of a class's attributes, by what they are for; None where there is none.

    number, grad : the number and its accumulated derivative.
    children, slopes : the operands and the derivatives by them; ``paired`` where both are in one, as pairs, with the
        place of the operand in a pair; ``inner`` where an object has them, under that name.
    op, closure : the operation's symbol, and others in ``more_symbols``, and the function that passes a gradient on. It
        takes nothing, the node, the gradient or the operands; it adds to the operands' grads, or returns what they are
        given, or the slopes: ``closure_kind``.
    sweep : the method that sweeps, or the function of the program's; where there is none, ours, which calls the
        closures. ``returns`` is what it gives: nothing, the number of nodes, the nodes, or a dict of derivatives, which
        then are nowhere else. ``sweeps_itself`` where fastgrad's does not stand in for it; ``seeded`` where it starts
        from the gradient that the program has given the root.
    recomputing : closures that compute the number again from its operands.
    extras : what else an instance has, with its value at first; ``numbered`` of it differ from instance to instance.
    told_apart : what is True of numbers that were given and False of results, or the other way round; with the two
        values, and whether the constructor tells by the operands.
    hidden : what depends on how an instance was made in a way that is not known, and why it is not.
    order : all the names, as an instance has them.
    flag : the flag of numbers that take a derivative, where not all do.
    """

    number: str
    grad: str
    sweep: Any
    children: str
    container: Any
    returns: str | None = None
    unique = False
    root_in_result = False
    order_step = order_direction = 1
    sweeps_itself = seeded = False
    result_like: Any = None
    paired: int | None = None
    inner: str | None = None
    slopes: str | None = None
    op: str | None = None
    op_at_first: Any = ""
    closure: str | None = None
    closure_at_first: Any = None
    closure_kind = "()"
    grad_at_first: Any = 0.0
    flag: Flag | None = None

    def __init__(self) -> None:
        self.extras: dict[str, Any] = {}
        self.numbered: list[str] = []
        self.recomputing: dict[str, Any] = {}
        self.told_apart: dict[str, tuple[bool, bool, bool]] = {}
        self.hidden: dict[str, str] = {}
        self.more_symbols: dict[str, Any] = {}
        self.order: list[str] = []

    def operands(self, node: Any) -> list[Any]:
        """Return a number's operands, in order, or as a set has them."""
        found = getattr(node, self.children) or ()
        if self.inner is not None:
            found = getattr(found, self.inner, None) or ()
        return [pair[self.paired] for pair in found] if self.paired is not None else list(found)

    def swept(self, node: Any) -> Any:
        """Sweep from a number with a gradient of 1: as the program does or, from one on the tape, as fastgrad does."""
        if self.seeded:
            setattr(node, self.grad, 1.0)
        return self.swept_on(node)

    def swept_on(self, node: Any) -> Any:
        """Sweep from a number with what its gradient is, if the program has to give it one."""
        if isinstance(self.sweep, str):
            return getattr(node, self.sweep)()
        if self.sweeps_itself or self.sweep == self.by_closures or not self.is_swept_fast(node):
            return self.sweep(node)
        return self.fast_sweep(node)

    def is_swept_fast(self, node: Any) -> bool:
        """Tell whether fastgrad's sweep is meant for a number: for one on the tape that takes a derivative."""
        return isinstance(node, Spelled) and (self.flag is None or bool(self.flag.__get__(node)))

    def fast_sweep(self, node: Any, *gradient: float) -> Any:
        """Sweep on the tape, and return what the program's own sweep returns."""
        if self.returns == "derivatives":
            found = gradients_of(node)
            if not self.root_in_result:
                del found[node]
            factory = getattr(self.result_like, "default_factory", None)
            return found if factory is None else type(self.result_like)(factory, found)
        Spelled.backward(node, *(gradient or ([0.0] if self.seeded else [])))
        if self.returns == "nodes":
            return self.depth_first(node, self.order_step)[:: self.order_direction]
        return count_below(node) if self.returns == "count" else None

    def depth_first(self, root: Any, step: int = 1) -> list[Any]:
        """Return all that a number stands on, itself the last, as a recursive function finds it.

        The last operands come first where ``step`` is -1, as in a function that keeps a stack.
        """
        order: list[Any] = []
        seen = {id(root)}
        pending = [(root, iter(self.operands(root)[::step]))]
        while pending:
            node, operands = pending[-1]
            operand = next((operand for operand in operands if id(operand) not in seen), None)
            if operand is None:
                order.append(node)
                pending.pop()
            else:
                seen.add(id(operand))
                pending.append((operand, iter(self.operands(operand)[::step])))
        return order

    def derivative(self, node: Any, returned: Any) -> Any:
        """Return a number's derivative after a sweep that returned something."""
        return returned.get(node) if self.returns == "derivatives" else getattr(node, self.grad)

    def by_closures(self, root: Any) -> None:
        """Call the closures of all that a number stands on, from the root down."""
        setattr(root, self.grad, 1.0)
        for node in reversed(self.depth_first(root)):
            getattr(node, self.closure or "")()

    def symbol(self, node: Any) -> Any:
        return getattr(node, self.op) if self.op else ""


def sweep_names(cls: type) -> list[str]:
    """Return the methods of a class that may be its sweep, the likeliest first."""
    names = [
        name for base in cls.__mro__ for name, value in vars(base).items() if isinstance(value, types.FunctionType)
    ]
    return _likeliest_first(names)


def _likeliest_first(names: list[str]) -> list[str]:
    found = [name for name in dict.fromkeys(names) if _SWEEP.search(name) and not _NO_SWEEP.search(name)]
    return sorted(found, key=lambda name: (not name.startswith("back"), found.index(name)))


def find_roles(cls: type, namespaces: list[dict[str, Any]]) -> Roles:
    """Make numbers, multiply and sweep them, and see what changes where.

    The sweep may be a function in one of the namespaces.
    """
    roles = Roles()
    if vars_of(cls, "__init__") is vars(object)["__init__"]:
        raise Unfit
    try:
        x, y = cls(3.0), cls(5.0)
        product = x * y
    except Exception:
        raise Unfit from None
    if type(product) is not cls:
        raise Unfit
    states = [dict(vars(number)) for number in (x, y, product)]
    roles.order = list(states[2])
    roles.number = _attribute(states, lambda a, b, c: (a, b, c) == (3.0, 5.0, 15.0), "no attribute holds its number")
    _find_operands(roles, states, x, y)
    _find_sweep(roles, cls, _functions(namespaces))
    _find_closures(roles, cls, states)
    _find_others(roles, cls, states)
    if roles.closure:
        _find_closure_kind(roles, cls)
    if roles.returns == "something":
        _find_order(roles, cls)
    if roles.sweep is None:
        roles.sweep = roles.by_closures
    return roles


def _attribute(states: list[dict[str, Any]], test: Any, otherwise: str) -> str:
    for name in states[2]:
        if all(name in state for state in states) and _holds(test, *(state[name] for state in states)):
            return name
    raise Unfit(otherwise)


def _holds(test: Any, *values: Any) -> bool:
    try:
        return bool(test(*values))
    except Exception:
        return False


def _find_operands(roles: Roles, states: list[dict[str, Any]], x: Any, y: Any) -> None:
    for name, value in states[2].items():
        for inner, entries in fields_of(value).items():
            if isinstance(entries, _CONTAINERS) and [*map(id, entries)] == [id(x), id(y)]:
                roles.children, roles.inner, roles.container = name, inner, type(entries)
                return
        if type(value) not in _CONTAINERS:
            continue
        entries = list(value)
        if len(entries) == 2 and all(any(entry is number for entry in entries) for number in (x, y)):
            roles.children, roles.container = name, type(value)
            roles.unique = len(getattr(x * x, name)) == 1
            return
        for place in (0, 1):
            pairs = [entry for entry in entries if isinstance(entry, tuple) and len(entry) == 2]
            if len(pairs) == 2 and pairs[0][place] is x and pairs[1][place] is y:
                roles.children, roles.container, roles.paired = name, type(value), place
                return
    raise Unfit("its numbers do not keep what they were made from")


def _functions(namespaces: list[dict[str, Any]]) -> list[types.FunctionType]:
    """The functions of a program that may be its sweep."""
    found = {
        name: value for space in namespaces for name, value in space.items() if isinstance(value, types.FunctionType)
    }
    functions = [found[name] for name in _likeliest_first(list(found))]
    return [function for function in functions if function.__code__.co_argcount == 1]


def fields_of(value: Any) -> dict[str, Any]:
    """Return the attributes of an object that is there to keep them."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return dict(value._asdict())
    return {} if isinstance(value, (type, types.FunctionType)) else dict(getattr(value, "__dict__", {}))


def _find_sweep(roles: Roles, cls: type, functions: list[types.FunctionType]) -> None:
    """The method, or function, that brings 5 and 3 to the factors 3 and 5, and where it leaves them.

    In an engine whose sweep knows nothing of products, a sum has to do. It may start from a gradient that the program
    has given the root. Without a sweep, the closure of a product has to do.
    """
    sweeps = [*sweep_names(cls), *functions]
    sweeps = [sweep for sweep in sweeps if not does_more(vars_of(cls, sweep) if isinstance(sweep, str) else sweep)]
    undone = [name for name, value in vars(cls(3.0) * cls(5.0)).items() if value is None or _is_zero(value)]
    for seed in (None, *undone):
        for operation, expected in (("__mul__", (5.0, 3.0)), ("__add__", (1.0, 1.0))):
            if any(_try_sweep(roles, cls, sweep, operation, expected, seed) for sweep in sweeps):
                return
    x, y = cls(3.0), cls(5.0)
    product, before = x * y, dict(vars(x))
    zeros = [name for name, value in vars(product).items() if _is_zero(value)]
    closures = [name for name, value in vars(product).items() if isinstance(value, types.FunctionType)]
    if len(zeros) == len(closures) == 1 and zeros[0] != roles.number:
        setattr(product, zeros[0], 1.0)
        if _succeeds(getattr(product, closures[0])) and getattr(x, zeros[0]) == 5.0:
            roles.sweep, roles.grad, roles.grad_at_first = None, zeros[0], before[zeros[0]]
            return
    raise Unfit("no method of it, and no function, brings the derivatives of a product to its factors")


def _is_zero(value: Any) -> bool:
    return isinstance(value, (int, float)) and value == 0


def _try_sweep(
    roles: Roles, cls: type, sweep: Any, operation: str, expected: tuple[float, float], seed: str | None
) -> bool:
    x, y = cls(3.0), cls(5.0)
    before = dict(vars(x))
    try:
        result = getattr(x, operation)(y)
        if seed is not None:
            setattr(result, seed, 1.0)
        returned = getattr(result, sweep)() if isinstance(sweep, str) else sweep(result)
    except Exception:
        return False
    if seed is None and isinstance(returned, dict) and _holds(lambda: (returned[x], returned[y]) == expected):
        roles.sweep, roles.returns, roles.grad = sweep, "derivatives", ""
        roles.result_like, roles.root_in_result = returned, result in returned
        return True
    for name, value in vars(x).items():
        changed = value is not before.get(name) and name != roles.number and seed in (None, name)
        if changed and _holds(lambda a, b: (a, b) == expected, value, vars(y).get(name)):
            roles.sweep, roles.grad, roles.grad_at_first = sweep, name, before.get(name)
            roles.seeded = seed is not None
            roles.returns = None if returned is None else "count" if returned == 3 else "something"
            return True
    return False


def _find_order(roles: Roles, cls: type) -> None:
    """See whether the sweep returns the nodes, in an order that is known."""
    x, y = cls(3.0), cls(5.0)
    a = x + y
    root = (a * x) * a + (y + x)
    returned = roles.swept(root)
    for step, direction in itertools.product((1, -1), repeat=2):
        order = roles.depth_first(root, step)[::direction]
        if isinstance(returned, list) and [*map(id, returned)] == [*map(id, order)]:
            roles.returns, roles.order_step, roles.order_direction = "nodes", step, direction


def _find_closures(roles: Roles, cls: type, states: list[dict[str, Any]]) -> None:
    leaf, _, product = states
    for name, value in product.items():
        if isinstance(value, _CALLABLES):
            if _computes_again(roles, cls, name):
                roles.recomputing[name] = leaf.get(name)
            elif roles.closure is None:
                roles.closure, roles.closure_at_first = name, leaf.get(name)


def _computes_again(roles: Roles, cls: type, name: str) -> bool:
    x, y = cls(3.0), cls(5.0)
    product = x * y
    setattr(x, roles.number, 4.0)
    return _succeeds(getattr(product, name)) and bool(getattr(product, roles.number) == 20.0)


def _find_closure_kind(roles: Roles, cls: type) -> None:
    """See what the closure of a product takes and does."""

    def called_with(*kinds: str) -> tuple[Any, Any]:
        """The grad of the first factor, and what is returned, after the closure of a product of 3 and 5 was called."""
        x, y = cls(3.0), cls(5.0)
        product = x * y
        if roles.grad:
            setattr(product, roles.grad, 2.0)
        given = {"node": product, "gradient": 2.0, "x": x, "y": y}
        try:
            returned = getattr(product, roles.closure or "")(*(given[kind] for kind in kinds))
        except Exception as error:
            return None, error
        return (getattr(x, roles.grad) if roles.grad else None), returned

    if not isinstance(called_with()[1], Exception):
        return
    if _holds(lambda: list(called_with("x", "y")[1]) == [5.0, 3.0]):
        roles.closure_kind = "(operands) -> slopes"
    elif _holds(lambda: float(called_with("node")[0]) == 10.0):
        roles.closure_kind = "(node)"
    elif _holds(lambda: list(called_with("gradient")[1]) == [10.0, 6.0]):
        roles.closure_kind = "(gradient) -> contributions"
    elif _holds(lambda: called_with("gradient")[0] == 10.0):
        roles.closure_kind = "(gradient)"
    elif isinstance(called_with("gradient")[1], Exception):
        raise Unfit(f"its {roles.closure} takes more than a gradient")
    else:
        raise Unfit(f"it is not clear what its {roles.closure} does")


def _succeeds(function: Any) -> bool:
    try:
        function()
    except Exception:
        return False
    return True


def _find_others(roles: Roles, cls: type, states: list[dict[str, Any]]) -> None:
    leaf, other, product = states
    for name, value in product.items():
        if name in (roles.number, roles.grad, roles.children, roles.closure, *roles.recomputing):
            continue
        if isinstance(value, _CONTAINERS) and list(value) == [5.0, 3.0]:
            roles.slopes = name
        elif isinstance(value, str) and value != leaf.get(name) == other.get(name):
            if _follows_operands(cls, name):
                roles.hidden[name] = f"its {name} is made from that of its operands"
            elif roles.op is None:
                roles.op, roles.op_at_first = name, leaf.get(name)
            else:
                roles.more_symbols[name] = leaf.get(name)
        else:
            differ = not _same(leaf.get(name), other.get(name))
            if differ and not isinstance(value, (int, str)):
                roles.hidden[name] = f"each number has its own {name}"
            elif (
                not differ and isinstance(value, bool) and value is not leaf.get(name) and isinstance(leaf[name], bool)
            ):
                roles.told_apart[name] = leaf[name], value, False
            elif not differ and not _same(value, leaf.get(name)):
                roles.hidden[name] = f"its {name} depends on how a number was made"
            else:
                roles.extras[name] = leaf.get(name)
                roles.numbered += [name] if differ else []


def _follows_operands(cls: type, name: str) -> bool:
    """Tell whether an attribute of a product is another where that of the factors is."""
    x, y = cls(3.0), cls(5.0)
    before = getattr(x * y, name)
    return _succeeds(lambda: setattr(x, name, "a probe")) and bool(getattr(x * y, name) != before)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, types.FunctionType) and isinstance(b, types.FunctionType):
        return a.__code__ is b.__code__
    return type(a) is type(b) and (a is b or _holds(lambda x, y: x == y, a, b))


def vars_of(cls: type, name: str) -> Any:
    """Return what a class or one above it has under a name, unbound."""
    return next(vars(base)[name] for base in cls.__mro__ if name in vars(base))


# The constructor.


def find_making(cls: type, roles: Roles) -> dict[str, tuple[str, Any]]:
    """Return what each parameter of the constructor means, and its default; see `fastgrad._tape.spelled.Making`."""
    constructor: Any = vars_of(cls, "__init__")
    parameters = list(inspect.signature(constructor).parameters.values())[1:]
    if any(parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) for parameter in parameters):
        raise Unfit("its constructor takes any number of arguments")
    if not parameters:
        raise Unfit("its constructor takes no number")
    data, *others = parameters
    for number in (0.1, 1 / 3, 16777217.0, -1e-300, 7):
        if getattr(cls(number), roles.number) != number:
            raise Unfit(f"its constructor makes another number of {number!r}")
    making: dict[str, tuple[str, Any]] = {data.name: ("data", ... if data.default is data.empty else data.default)}
    for parameter in others:
        if parameter.default is parameter.empty:
            raise Unfit(f"its constructor needs {parameter.name}")
        making[parameter.name] = _meaning(cls, roles, making, parameter.name), parameter.default
    for name, (of_leaf, of_result, _) in roles.told_apart.items():
        given = {key: (cls(2.0), cls(3.0)) for key, (meaning, _) in making.items() if meaning == "children"}
        tells = bool(given) and getattr(_made(cls, **given), name, of_leaf) is of_result
        roles.told_apart[name] = of_leaf, of_result, tells
    return making


def _meaning(cls: type, roles: Roles, making: dict[str, tuple[str, Any]], name: str) -> str:
    x, y = cls(3.0), cls(5.0)
    history = getattr(x * y, roles.children)
    if roles.inner is not None and getattr(_made(cls, **{name: history}), roles.children, None) is history:
        return "history"
    pairs = [((x, 2.0), (y, 7.0)), ((2.0, x), (7.0, y))][roles.paired or 0]
    operands = pairs if roles.paired is not None else (x, y)
    made = _made(cls, **{name: operands})
    if made is not None and _holds(lambda: [*map(id, roles.operands(made))] in ([id(x), id(y)], [id(y), id(x)])):
        return "children" if roles.paired is None else "pairs"
    given = {other: (x, y) for other, (meaning, _) in making.items() if meaning == "children"}
    made = _made(cls, **given, **{name: (2.0, 7.0)})
    if made is not None and roles.slopes and _holds(lambda: list(vars(made)[roles.slopes]) == [2.0, 7.0]):
        return "slopes"
    for probe in ("a probe", _probe, True):
        made = _made(cls, **{name: probe})
        kept = [key for key, value in vars(made).items() if value is probe] if made is not None else []
        if kept:
            return "op" if kept[0] == roles.op else f"={kept[0]}"
    return "-"


def _probe() -> None:
    pass


def _made(cls: type, **given: Any) -> Any:
    try:
        return cls(9.0, **given)
    except Exception:
        return None

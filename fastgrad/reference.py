"""The engine in plain Python: what every number in fastgrad means.

One object and one closure for each operation, as the teaching engines have it, with two differences. The sweep is a
loop, not a recursion, so depth is no limit; and it visits nodes in reverse order of creation, which is a topological
order for free, because a node is always younger than its operands.

The compiled engine is tested against this page bit for bit, and the benchmarks take it as the baseline.

>>> x = Value(3.0)
>>> y = (x * x + 1.0).tanh()
>>> y.backward()
>>> x.grad == 6.0 * (1.0 - y.data**2)
True
"""

from __future__ import annotations

import itertools
import math

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    import sys
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, SupportsFloat, TypeAlias, TypeVar

    from typing_extensions import Self

    _Function: TypeAlias = Callable[..., float]
    _Operand: TypeAlias = "Value | SupportsFloat"
    _V = TypeVar("_V", bound="Value")

    def _of_one(self: _V) -> _V: ...
    def _of_two(self: _V, other: _Operand, /) -> _V: ...


__all__ = ["Scalar", "Value"]

_clock = itertools.count()


class Value:
    """A number that remembers how it was made.

    Parameters
    ----------
    data : float
        The number.
    _children : iterable of Value
        The operands it was computed from.
    _op : str
        The operation's symbol.
    label : str
        A name for drawings.

    Examples
    --------
    >>> a = Value(2.0)
    >>> b = a * 3.0 + 1.0
    >>> b.backward()
    >>> a
    Value(data=2.0, grad=3.0)
    """

    def __init__(
        self, data: SupportsFloat, _children: Iterable[Value] = (), _op: str = "", label: str | None = ""
    ) -> None:
        self.data = float(data)
        self.grad = 0.0
        self.label = label
        self.prev: list[Self] = list(_children)  # type: ignore[arg-type]  # nearly always of the result's type
        self._op = _op
        self._backward: Callable[[], object] = lambda: None
        self._born = next(_clock)

    @property
    def _prev(self) -> set[Self]:
        """The operands, as a set."""
        return set(self.prev)

    def __repr__(self) -> str:
        return f"Value(data={self.data}, grad={self.grad})"

    def __bool__(self) -> bool:
        return bool(self.data)

    # The sweep.

    _not_taken: Sequence[Any] = ()  # of a choice: the condition and the other case, where those are nodes
    _flows = True  # does anything flow to it, if only a gradient of 0?

    def _reached(self, not_taken: bool = False) -> list[Self]:
        """This node and every node below it, the youngest first; those a choice did not take only if asked."""
        seen, pending = {self}, [self]
        while pending:
            node = pending.pop()
            new = {child for child in [*node.prev, *(node._not_taken if not_taken else ())] if child not in seen}
            seen |= new
            pending.extend(new)
        return sorted(seen, key=lambda node: node._born, reverse=True)

    def backward(self, gradient: SupportsFloat = 1.0) -> None:
        """Add to the ``grad`` of every node below this one the derivative of this one by it."""
        self.grad = float(gradient)
        reached = self._reached()
        for node in reached:
            node._flows = node is self
        for node in reached:
            node._backward()
        for node in reached:
            node._flows = True

    backwards = backward

    def zero_grad(self) -> None:
        """Set the ``grad`` of this node and of every node below it to 0."""
        for node in self._reached(not_taken=True):
            node.grad = 0.0

    def detach(self) -> Self:
        """Return a leaf with the same number: no gradient flows through it."""
        return self._made(self.data)

    def _made(self, data: float, prev: Iterable[Value] = (), op: str = "") -> Self:
        out = type(self).__new__(type(self))
        Value.__init__(out, data, prev, op)
        return out

    # Operations: a value now, and a closure that passes the gradient on when the sweep comes by. A slope is a function
    # of the operands' and the result's data at that time. A plain number takes part in the value and gets no gradient.

    def _give(self, out: Value, slope: float | None) -> None:
        """Be given the gradient of a result through a slope. None is the 0 of what was not chosen: nothing flows there,
        and nothing times infinity is nothing."""
        flows = out._flows and slope is not None
        amount = out.grad * (0.0 if slope is None else slope)
        none = slope is None or (out.grad == 0.0 and not out._flows)
        self.grad += 0.0 if none and math.isnan(amount) else amount
        self._flows = self._flows or flows

    def _unary(self, op: str, y: float, slope: _Function) -> Self:
        out = self._made(y, (self,), op)

        def _backward() -> None:
            self._give(out, slope(self.data, out.data))

        out._backward = _backward
        return out

    def _binary(self, other: _Operand, op: str, value: _Function, *slopes: _Function, swapped: bool = False) -> Any:
        if not isinstance(other, Value) and (isinstance(other, str) or not hasattr(other, "__float__")):
            return NotImplemented
        operands = (other, self) if swapped else (self, other)
        a, b = map(_data, operands)
        out = self._made(value(a, b), [node for node in operands if isinstance(node, Value)], op)

        def _backward() -> None:
            a, b = map(_data, operands)
            for node, slope in zip(operands, slopes):
                if isinstance(node, Value):
                    node._give(out, slope(a, b, out.data))

        out._backward = _backward
        return out

    def ifel(self, condition: object, true_case: _Operand, false_case: _Operand) -> Self:
        """Take one of two cases; a gradient of 1 flows straight through to this node and to the case taken."""
        taken, other = (true_case, false_case) if condition else (false_case, true_case)
        out = self._made(_data(taken), [node for node in (self, taken) if isinstance(node, Value)], "ifel")
        out._not_taken = [node for node in (condition, other) if isinstance(node, Value)]

        def _backward() -> None:
            for node in out.prev:
                node._give(out, 1.0)

        out._backward = _backward
        return out

    if TYPE_CHECKING:  # what is defined from the tables below
        __neg__ = __pos__ = __abs__ = exp = log = log2 = log10 = log1p = expm1 = sqrt = sin = cos = tan = _of_one
        asin = acos = atan = sinh = cosh = tanh = asinh = acosh = atanh = relu = step = sigmoid = softplus = _of_one
        gelu = sign = floor = ceil = erf = erfc = _of_one
        if sys.version_info >= (3, 11):
            cbrt = _of_one
        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _of_two
        __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = _of_two
        __pow__ = __rpow__ = __lt__ = __gt__ = __le__ = __ge__ = _of_two


class Scalar(Value):
    """The same engine under the name and with the looks of the perceptron tutorial.

    >>> Scalar(0.5)
    Scalar(0.5, grad = 0.0)
    >>> Scalar(0.2).label, Scalar(0.2, label="w").label
    ('Scalar(0.2)', 'w')
    """

    def __init__(self, data: SupportsFloat, label: str | None = None) -> None:
        super().__init__(data, label=label)

    @property
    def label(self) -> str:
        """The given name, or one made from the number."""
        return f"Scalar({self.data:.4g})" if self._label in (None, "") else self._label

    @label.setter
    def label(self, label: str | None) -> None:
        self._label = label

    def __repr__(self) -> str:
        return f"Scalar({self.data}, grad = {self.grad})"

    def trace(self) -> tuple[set[Self], set[tuple[Self, Self]]]:
        """Return the set of nodes and the set of (operand, result) edges below this node."""
        nodes = set(self._reached())
        return nodes, {(child, node) for node in nodes for child in node.prev}


def _data(x: _Operand) -> float:
    return x.data if isinstance(x, Value) else float(x)


# Slopes follow IEEE arithmetic, where Python raises: a division by zero and an overflow are infinite.


def _div(a: float, b: float) -> float:
    if b:
        return a / b
    return math.nan if a == 0.0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)


def _pow(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except OverflowError:
        return math.copysign(math.inf, a) if b % 2.0 == 1.0 else math.inf
    except ValueError:
        return math.nan if a < 0.0 else math.copysign(math.inf, a) if b % 2.0 == 1.0 else math.inf


def _ieee(function: Callable[[float], float], a: float) -> float:
    try:
        return function(a)
    except OverflowError:
        return math.inf if function is math.cosh else math.copysign(math.inf, a)
    except ValueError:
        return math.nan


def _log(a: float) -> float:
    return math.log(a) if a > 0.0 else -math.inf if a == 0.0 else math.nan


def _sqrt(a: float) -> float:
    return math.sqrt(a) if a >= 0.0 else math.nan


def _sign(a: float) -> float:
    return float((a > 0.0) - (a < 0.0))


def _whole(to_int: Callable[[float], int], a: float) -> float:
    return math.copysign(float(to_int(a)), a) if math.isfinite(a) else a


def _quotient(a: float, b: float) -> float:
    return a // b if b else math.nan


def _sigmoid(a: float) -> float:
    if a >= 0.0:
        return 1.0 / (1.0 + math.exp(-a))
    return math.exp(a) / (1.0 + math.exp(a))


def _softplus(a: float) -> float:
    return max(a, 0.0) + math.log1p(math.exp(-abs(a)))


def _normal_cdf(a: float) -> float:
    return 0.5 * math.erfc(-a * 0.7071067811865476)


def _real_power(a: float, b: float) -> float:
    y: float | complex = a**b
    if isinstance(y, complex):
        raise ValueError(f"a negative number to a fractional power is not real: ({a}) ** {b}")
    return y


_LN2, _LN10 = 0.6931471805599453, 2.302585092994046
_TWO_OVER_SQRT_PI, _ONE_OVER_SQRT_TWO_PI = 1.1283791670955126, 0.3989422804014327

# name: (symbol, value of a, slope as a function of a and the result y)
_UNARY = {
    "__neg__": ("neg", lambda a: -a, lambda a, y: -1.0),
    "__pos__": ("pos", lambda a: a, lambda a, y: 1.0),
    "__abs__": ("abs", abs, lambda a, y: _sign(a) or None),
    "exp": ("exp", math.exp, lambda a, y: y),
    "log": ("log", math.log, lambda a, y: _div(1.0, a)),
    "log2": ("log2", math.log2, lambda a, y: _div(1.0, a * _LN2)),
    "log10": ("log10", math.log10, lambda a, y: _div(1.0, a * _LN10)),
    "log1p": ("log1p", math.log1p, lambda a, y: _div(1.0, 1.0 + a)),
    "expm1": ("expm1", math.expm1, lambda a, y: y + 1.0),
    "sqrt": ("sqrt", math.sqrt, lambda a, y: _div(0.5, y)),
    "sin": ("sin", math.sin, lambda a, y: _ieee(math.cos, a)),
    "cos": ("cos", math.cos, lambda a, y: -_ieee(math.sin, a)),
    "tan": ("tan", math.tan, lambda a, y: 1.0 + y * y),
    "asin": ("asin", math.asin, lambda a, y: _div(1.0, _sqrt(1.0 - a * a))),
    "acos": ("acos", math.acos, lambda a, y: _div(-1.0, _sqrt(1.0 - a * a))),
    "atan": ("atan", math.atan, lambda a, y: 1.0 / (1.0 + a * a)),
    "sinh": ("sinh", math.sinh, lambda a, y: _ieee(math.cosh, a)),
    "cosh": ("cosh", math.cosh, lambda a, y: _ieee(math.sinh, a)),
    "tanh": ("tanh", math.tanh, lambda a, y: 1.0 - y * y),
    "asinh": ("asinh", math.asinh, lambda a, y: 1.0 / math.sqrt(a * a + 1.0)),
    "acosh": ("acosh", math.acosh, lambda a, y: _div(1.0, _sqrt(a * a - 1.0))),
    "atanh": ("atanh", math.atanh, lambda a, y: _div(1.0, 1.0 - a * a)),
    "relu": ("ReLU", lambda a: 0.0 if a < 0.0 else a, lambda a, y: 1.0 if a > 0.0 else None),
    "step": ("step", lambda a: float(a > 0.0), lambda a, y: 1.0),
    "sigmoid": ("sigmoid", _sigmoid, lambda a, y: y * (1.0 - y)),
    "softplus": ("softplus", _softplus, lambda a, y: _sigmoid(a)),
    "gelu": (
        "gelu",
        lambda a: a * _normal_cdf(a),
        lambda a, y: _normal_cdf(a) + a * (_ONE_OVER_SQRT_TWO_PI * math.exp(-0.5 * (a * a))),
    ),
    "sign": ("sign", _sign, lambda a, y: None),
    "floor": ("floor", lambda a: _whole(math.floor, a), lambda a, y: None),
    "ceil": ("ceil", lambda a: _whole(math.ceil, a), lambda a, y: None),
    "erf": ("erf", math.erf, lambda a, y: _TWO_OVER_SQRT_PI * math.exp(-(a * a))),
    "erfc": ("erfc", math.erfc, lambda a, y: -_TWO_OVER_SQRT_PI * math.exp(-(a * a))),
}
if hasattr(math, "cbrt"):  # Python 3.11
    _UNARY["cbrt"] = ("cbrt", math.cbrt, lambda a, y: _div(1.0, 3.0 * (y * y)))

# name: (symbol, value of a and b, slope for a, slope for b)
_BINARY = {
    "add": ("+", lambda a, b: a + b, lambda a, b, y: 1.0, lambda a, b, y: 1.0),
    "sub": ("-", lambda a, b: a - b, lambda a, b, y: 1.0, lambda a, b, y: -1.0),
    "mul": ("*", lambda a, b: a * b, lambda a, b, y: b, lambda a, b, y: a),
    "truediv": ("/", lambda a, b: a / b, lambda a, b, y: _div(1.0, b), lambda a, b, y: _div(-a, b * b)),
    "pow": (
        "**",
        _real_power,
        lambda a, b, y: 0.0 if b == 0.0 else b * _pow(a, b - 1.0),
        lambda a, b, y: 0.0 if a == 0.0 and b >= 0.0 else y * _log(a),
    ),
    "mod": ("%", lambda a, b: a % b, lambda a, b, y: 1.0, lambda a, b, y: -_quotient(a, b) or None),
    "floordiv": ("//", lambda a, b: a // b, lambda a, b, y: None, lambda a, b, y: None),
    # A comparison is 1 or 0.
    "lt": ("<", lambda a, b: a < b, lambda a, b, y: None, lambda a, b, y: None),
    "gt": (">", lambda a, b: a > b, lambda a, b, y: None, lambda a, b, y: None),
    "le": ("<=", lambda a, b: a <= b, lambda a, b, y: None, lambda a, b, y: None),
    "ge": (">=", lambda a, b: a >= b, lambda a, b, y: None, lambda a, b, y: None),
}


def _define(name: str, symbol: str, value: _Function, *slopes: _Function) -> None:
    if len(slopes) == 1:
        setattr(Value, name, lambda self: self._unary(symbol, value(self.data), *slopes))
        return
    setattr(Value, f"__{name}__", lambda self, other: self._binary(other, symbol, value, *slopes))
    if symbol not in ("<", ">", "<=", ">="):  # Python reflects a comparison by itself
        setattr(Value, f"__r{name}__", lambda self, other: self._binary(other, symbol, value, *slopes, swapped=True))


for _name, _row in (_UNARY | _BINARY).items():
    _define(_name, *_row)

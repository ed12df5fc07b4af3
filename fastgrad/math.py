"""The functions of Python's ``math`` module, for scalars and plain numbers alike.

A plain number gives the very result, or the very error, of ``math``; a scalar gives a scalar, through which the
gradient flows. Functions that read a number off (``isfinite``, ``floor``) do so of scalars too. ``max``, ``min``,
``where`` and ``clip`` are operations where Python has branches.

>>> import fastgrad
>>> from fastgrad import math
>>> math.sin(0.5), math.sin(fastgrad.Value(0.5))
(0.479425538604203, Value(data=0.479425538604203, grad=0.0))
"""

import functools as _functools
import math as _math

from fastgrad._tape import functions as _functions
from fastgrad._tape import nary as _nary
from fastgrad._tape.node import Node as _Node
from fastgrad._tape.numbers import Number as _Number
from fastgrad._tape.numbers import Value as _Value
from fastgrad._tape.observer import refuse_to_read as _refuse_to_read

atan2, copysign, fmod = _functions.atan2, _functions.copysign, _functions.fmod
max, min, clip, where = _functions.largest, _functions.smallest, _functions.clip, _nary.where

# The functions of one number that scalars have as methods. Those after the line break are not in Python's module.
_METHODS = """
exp log2 log10 log1p expm1 sqrt cbrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc
relu step sigmoid softplus leaky_relu gelu sign
"""


def _of_one(name):
    method = getattr(_Number, name)
    plain = getattr(_math, name, None) or (lambda x: method(_Value(x)).data)

    def function(x):
        return method(x) if isinstance(x, _Node) else plain(x)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = method.__doc__
    return function


def _reader(name):
    plain = getattr(_math, name)

    def function(*numbers, **options):
        return plain(*(_read(x, f"{name}()") for x in numbers), **options)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Python's ``math.{name}``, of the numbers that scalars hold."
    return function


def _read(x, what):
    if not isinstance(x, _Node):
        return x
    _refuse_to_read(x, what)
    return x.data


def _any_scalar(xs):
    return any(isinstance(x, _Node) for x in xs)


def _for_scalars(function):
    """Let Python's own function of the name, where it has one, take all calls without a scalar."""
    plain = getattr(_math, function.__name__, function)

    @_functools.wraps(function)
    def either(*numbers):
        return function(*numbers) if _any_scalar(numbers) else plain(*numbers)

    return either


@_for_scalars
def fabs(x):
    """Absolute value, as a float or a scalar; its slope at 0 is 0."""
    return abs(x)


@_for_scalars
def log(x, base=None):
    """Natural logarithm, or the logarithm to a base."""
    numerator = x.log() if isinstance(x, _Node) else _math.log(x)
    return numerator if base is None else numerator / log(base)


@_for_scalars
def pow(x, y):
    """x to the power y, with a gradient for both."""
    return x**y


@_for_scalars
def exp2(x):
    """2 to the power x."""
    return 2.0**x


@_for_scalars
def degrees(x):
    """An angle in degrees, from radians."""
    return x * (180.0 / _math.pi)


@_for_scalars
def radians(x):
    """An angle in radians, from degrees."""
    return x * (_math.pi / 180.0)


@_for_scalars
def ldexp(x, i):
    """x times 2 to the whole power i."""
    half = i // 2
    return x * 2.0**half * 2.0 ** (i - half)  # the whole power may be out of range where the result is not


@_for_scalars
def hypot(*coordinates):
    """Euclidean length, in one node. Its slope at the origin is 0."""
    return _nary.hypot(*coordinates)


def dist(p, q):
    """Euclidean distance of two points, in one node beside the differences."""
    p, q = list(p), list(q)
    if not _any_scalar(p + q):
        return _math.dist(p, q)
    if len(p) != len(q):
        raise ValueError(f"dist() takes points of the same dimension, not of {len(p)} and {len(q)}")
    return hypot(*(a - b for a, b in zip(p, q)))


def fsum(xs):
    """Sum without loss of precision, in one node."""
    xs = list(xs)
    return _nary.fsum(xs) if _any_scalar(xs) else _math.fsum(xs)


def prod(xs, *, start=1):
    """Product, in one node; its slopes are right also where factors are zero."""
    xs = list(xs)
    return _nary.prod([start, *xs]) if _any_scalar([start, *xs]) else _math.prod(xs, start=start)


def sumprod(p, q):
    """Sum of products, in one node."""
    p, q = list(p), list(q)
    plain = getattr(_math, "sumprod", _nary.dot)  # Python 3.12
    return _nary.dot(p, q) if _any_scalar(p + q) else plain(p, q)


for _name in _METHODS.split():
    globals()[_name] = _of_one(_name)
for _name in ("isclose", "isfinite", "isinf", "isnan"):
    globals()[_name] = _reader(_name)
for _name in dir(_math):  # constants, and functions without a derivative: those refuse a scalar
    globals().setdefault(_name, getattr(_math, _name))

"""The functions of Python's ``math`` module, for scalars and plain numbers alike.

A plain number gives the very result, or the very error, of ``math``; a scalar gives a scalar, through which the
gradient flows. Functions that read a number off (``isfinite``, ``floor``) do so of scalars too. ``max``, ``min``,
``where`` and ``clip`` are operations where Python has branches. Functions that ``math`` has not, such as ``digamma``,
give infinities at poles and nan where there is no value.

>>> import fastgrad
>>> from fastgrad import math
>>> math.sin(0.5), math.sin(fastgrad.Value(0.5))
(0.479425538604203, Value(data=0.479425538604203, grad=0.0))
"""

from __future__ import annotations as _annotations

import functools as _functools
import math as _math

from fastgrad._tape import functions as _functions
from fastgrad._tape import nary as _nary
from fastgrad._tape.convert import wrong_argument as _wrong_argument
from fastgrad._tape.node import Node as _Node
from fastgrad._tape.numbers import Number as _Number
from fastgrad._tape.numbers import Value as _Value
from fastgrad._tape.observer import refuse_to_read as _refuse_to_read

# Of plain numbers the result is a plain number. Signatures overlap since a subclass of Node could have a __float__.
# The last one of a list is for mypy, which cannot tell the type of scalars in a list with numbers among them.
# mypy: disable-error-code="overload-overlap,overload-cannot-match"
TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if not TYPE_CHECKING:

    def _overload(function):
        """In place of typing's, which says something to type checkers only."""


if TYPE_CHECKING:
    import sys
    from collections.abc import Callable, Iterable
    from typing import Any, Protocol, SupportsFloat, TypeAlias, TypeVar
    from typing import overload as _overload  # noqa: TC004 (when the module runs, it is the one above)

    import numpy as np
    from numpy.typing import NDArray

    if sys.version_info >= (3, 13):
        from math import fma as fma
    if sys.version_info >= (3, 15):
        from math import fmax as fmax
        from math import fmin as fmin
        from math import integer as integer
        from math import isnormal as isnormal
        from math import issubnormal as issubnormal
        from math import signbit as signbit

    _Plain: TypeAlias = SupportsFloat
    _N = TypeVar("_N", bound=_Node)

    class _OfOne(Protocol):
        @_overload
        def __call__(self, x: _Plain, /) -> float: ...
        @_overload
        def __call__(self, x: _N, /) -> _N: ...

    class _OfTwoLists(Protocol):
        @_overload
        def __call__(self, p: NDArray[np.object_], q: Iterable[_Node | _Plain]) -> Any: ...
        @_overload
        def __call__(self, p: Iterable[_Node | _Plain], q: NDArray[np.object_]) -> Any: ...
        @_overload
        def __call__(self, p: Iterable[_Plain], q: Iterable[_Plain]) -> float: ...
        @_overload
        def __call__(self, p: Iterable[_N | _Plain], q: Iterable[_N | _Plain]) -> _N: ...
        @_overload
        def __call__(self, p: Iterable[_Node | _Plain], q: Iterable[_Node | _Plain]) -> Any: ...


# Constants, and functions without a derivative: those refuse a scalar. The end adds what Python has beside these.

e, inf, nan, pi, tau = _math.e, _math.inf, _math.nan, _math.pi, _math.tau
ceil, floor, trunc, frexp, modf = _math.ceil, _math.floor, _math.trunc, _math.frexp, _math.modf
comb, factorial, gcd, isqrt, lcm, perm = _math.comb, _math.factorial, _math.gcd, _math.isqrt, _math.lcm, _math.perm
gamma, nextafter, remainder, ulp = _math.gamma, _math.nextafter, _math.remainder, _math.ulp


# Functions of one number, which scalars have as methods. Those after the blank line are not in Python's module.


def _of_one(name: str) -> _OfOne:
    method = getattr(_Number, name)
    plain = getattr(_math, name, None) or (lambda x: method(_Value(x)).data)

    def function(x: Any) -> Any:
        if isinstance(x, _Node):
            return method(x)
        try:
            return plain(x)
        except TypeError as error:
            raise _wrong_argument(name, (x,)) or error from None

    function.__name__ = function.__qualname__ = name
    function.__doc__ = method.__doc__
    return function


exp = _of_one("exp")
exp2 = _of_one("exp2")
log2 = _of_one("log2")
log10 = _of_one("log10")
log1p = _of_one("log1p")
expm1 = _of_one("expm1")
sqrt = _of_one("sqrt")
cbrt = _of_one("cbrt")
sin = _of_one("sin")
cos = _of_one("cos")
tan = _of_one("tan")
asin = _of_one("asin")
acos = _of_one("acos")
atan = _of_one("atan")
sinh = _of_one("sinh")
cosh = _of_one("cosh")
tanh = _of_one("tanh")
asinh = _of_one("asinh")
acosh = _of_one("acosh")
atanh = _of_one("atanh")
erf = _of_one("erf")
erfc = _of_one("erfc")
lgamma = _of_one("lgamma")

relu = _of_one("relu")
step = _of_one("step")
sigmoid = _of_one("sigmoid")
softplus = _of_one("softplus")
leaky_relu = _of_one("leaky_relu")
gelu = _of_one("gelu")
sign = _of_one("sign")
logit = _of_one("logit")
norm_cdf = _of_one("norm_cdf")
norm_ppf = _of_one("norm_ppf")
erfinv = _of_one("erfinv")
sinc = _of_one("sinc")
rint = _of_one("rint")
expit = sigmoid


# Functions of several numbers, and those of one that are no methods.


def _any_scalar(xs: Iterable[Any]) -> bool:
    for x in xs:  # noqa: SIM110 (a generator takes longer to make than this to find the first)
        if isinstance(x, _Node):
            return True
    return False


def _for_scalars(function: Any) -> Callable[..., Any]:
    """Let Python's own function of the name, where it has one, take all calls without a scalar."""
    plain = getattr(_math, function.__name__, function)

    @_functools.wraps(function)
    def either(*numbers: Any) -> Any:
        try:
            return (function if _any_scalar(numbers) else plain)(*numbers)
        except TypeError as error:
            raise _wrong_argument(function.__name__, numbers) or error from None

    return either


def _for_a_scalar(function: Any) -> _OfOne:
    return _for_scalars(function)


atan2, copysign, fmod = _functions.atan2, _functions.copysign, _functions.fmod
max = _functions.largest
min = _functions.smallest
clip, where = _functions.clip, _nary.where
digamma, polygamma, logaddexp = _functions.digamma, _functions.polygamma, _functions.logaddexp


@_for_a_scalar
def fabs(x: Any) -> Any:
    """Absolute value, as a float or a scalar; its slope at 0 is 0."""
    return abs(x)


@_overload
def log(x: _Plain, base: _Plain | None = None) -> float: ...
@_overload
def log(x: _N | _Plain, base: _N | _Plain | None = None) -> _N: ...
@_for_scalars
def log(x: Any, base: Any = None) -> Any:
    """Natural logarithm, or the logarithm to a base."""
    numerator = x.log() if isinstance(x, _Number) else _math.log(x)
    return numerator if base is None else numerator / log(base)


@_overload
def pow(x: _Plain, y: _Plain) -> float: ...
@_overload
def pow(x: _N | _Plain, y: _N | _Plain) -> _N: ...
@_for_scalars
def pow(x: Any, y: Any) -> Any:
    """x to the power y, with a gradient for both."""
    return x**y


@_for_a_scalar
def log_expit(x: Any) -> Any:
    """Logarithm of the sigmoid, exact where that is small."""
    return -softplus(-x)


@_overload
def heaviside(x: _Plain, at_zero: _Plain) -> float: ...
@_overload
def heaviside(x: _N | _Plain, at_zero: _N | _Plain) -> _N: ...
@_for_scalars
def heaviside(x: Any, at_zero: Any) -> Any:
    """0 where x is negative, 1 where it is positive, and a number to be given where it is 0; the slope by x is 0."""
    return where(x < 0.0, 0.0, where(x > 0.0, 1.0, where(x <= 0.0, at_zero, x)))


@_for_a_scalar
def degrees(x: Any) -> Any:
    """An angle in degrees, from radians."""
    return x * (180.0 / _math.pi)


@_for_a_scalar
def radians(x: Any) -> Any:
    """An angle in radians, from degrees."""
    return x * (_math.pi / 180.0)


@_overload
def ldexp(x: _Plain, i: int) -> float: ...
@_overload
def ldexp(x: _N, i: int) -> _N: ...
@_for_scalars
def ldexp(x: Any, i: int) -> Any:
    """x times 2 to the whole power i."""
    half = i // 2
    return x * 2.0**half * 2.0 ** (i - half)  # the whole power may be out of range where the result is not


@_overload
def hypot(*coordinates: _Plain) -> float: ...
@_overload
def hypot(*coordinates: _N | _Plain) -> _N: ...
@_for_scalars
def hypot(*coordinates: Any) -> Any:
    """Euclidean length, in one node. Its slope at the origin is 0."""
    return _nary.hypot(*coordinates)


# Functions of lists.


@_overload
def norm(xs: NDArray[np.object_]) -> Any: ...
@_overload
def norm(xs: Iterable[_Plain]) -> float: ...
@_overload
def norm(xs: Iterable[_N | _Plain]) -> _N: ...
@_overload
def norm(xs: Iterable[_Node | _Plain]) -> Any: ...
def norm(xs: Any) -> Any:
    """Euclidean length of a list, in one node. Its slope at the origin is 0."""
    return hypot(*xs)


def _for_lists(function: Any) -> _OfTwoLists:
    """Let Python's own function of the name, where it has one, take all calls with two lists without a scalar."""
    plain = getattr(_math, function.__name__, function)

    @_functools.wraps(function)
    def either(p: Iterable[Any], q: Iterable[Any]) -> Any:
        p, q = list(p), list(q)
        return function(p, q) if _any_scalar(p + q) else plain(p, q)

    return either


@_for_lists
def dist(p: list[Any], q: list[Any]) -> Any:
    """Euclidean distance of two points, in one node beside the differences."""
    if len(p) != len(q):
        raise ValueError(f"dist() takes points of the same dimension, not of {len(p)} and {len(q)}")
    return hypot(*(a - b for a, b in zip(p, q)))


@_for_lists
def sumprod(p: list[Any], q: list[Any]) -> Any:
    """Sum of products, in one node."""
    return _nary.dot(p, q)


@_overload
def fsum(xs: NDArray[np.object_]) -> Any: ...
@_overload
def fsum(xs: Iterable[_Plain]) -> float: ...
@_overload
def fsum(xs: Iterable[_N | _Plain]) -> _N: ...
@_overload
def fsum(xs: Iterable[_Node | _Plain]) -> Any: ...
def fsum(xs: Any) -> Any:
    """Sum without loss of precision, in one node."""
    xs = list(xs)
    return _nary.fsum(xs) if _any_scalar(xs) else _math.fsum(xs)


@_overload
def prod(xs: NDArray[np.object_], *, start: _Node | _Plain = 1) -> Any: ...
@_overload
def prod(xs: Iterable[_Plain], *, start: _Plain = 1) -> float: ...
@_overload
def prod(xs: Iterable[_N | _Plain], *, start: _N | _Plain = 1) -> _N: ...
@_overload
def prod(xs: Iterable[_Node | _Plain], *, start: _Node | _Plain = 1) -> Any: ...
def prod(xs: Any, *, start: Any = 1) -> Any:
    """Product, in one node; its slopes are right also where factors are zero."""
    xs = list(xs)
    return _nary.prod([start, *xs]) if _any_scalar([start, *xs]) else _math.prod(xs, start=start)


# Functions that read a number off.


def _read(x: Any, what: str) -> Any:
    if not isinstance(x, _Node):
        wrong = type(x) is not float and _wrong_argument(what.removesuffix("()"), (x,))
        if wrong:
            raise wrong
        return x
    _refuse_to_read(x, what)
    return x.data


def isclose(a: _Node | _Plain, b: _Node | _Plain, *, rel_tol: _Plain = 1e-09, abs_tol: _Plain = 0.0) -> bool:
    """Python's ``math.isclose``, of the numbers that scalars hold."""
    return _math.isclose(_read(a, "isclose()"), _read(b, "isclose()"), rel_tol=rel_tol, abs_tol=abs_tol)


def isfinite(x: _Node | _Plain, /) -> bool:
    """Python's ``math.isfinite``, of the number that a scalar holds."""
    return _math.isfinite(_read(x, "isfinite()"))


def isinf(x: _Node | _Plain, /) -> bool:
    """Python's ``math.isinf``, of the number that a scalar holds."""
    return _math.isinf(_read(x, "isinf()"))


def isnan(x: _Node | _Plain, /) -> bool:
    """Python's ``math.isnan``, of the number that a scalar holds."""
    return _math.isnan(_read(x, "isnan()"))


del TYPE_CHECKING
for _name in dir(_math):
    globals().setdefault(_name, getattr(_math, _name))

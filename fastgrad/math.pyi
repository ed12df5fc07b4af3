import sys
from collections.abc import Iterable
from math import ceil as ceil
from math import comb as comb
from math import e as e
from math import factorial as factorial
from math import floor as floor
from math import frexp as frexp
from math import gamma as gamma
from math import gcd as gcd
from math import inf as inf
from math import isqrt as isqrt
from math import lcm as lcm
from math import lgamma as lgamma
from math import modf as modf
from math import nan as nan
from math import nextafter as nextafter
from math import perm as perm
from math import pi as pi
from math import remainder as remainder
from math import tau as tau
from math import trunc as trunc
from math import ulp as ulp
from typing import Any, Protocol, SupportsFloat, TypeAlias, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from fastgrad._tape.functions import _Extreme
from fastgrad._tape.functions import atan2 as atan2
from fastgrad._tape.functions import clip as clip
from fastgrad._tape.functions import copysign as copysign
from fastgrad._tape.functions import fmod as fmod
from fastgrad._tape.nary import _OfMany
from fastgrad._tape.nary import hypot as hypot
from fastgrad._tape.nary import where as where
from fastgrad._tape.node import Node

if sys.version_info >= (3, 13):
    from math import fma as fma

# Of plain numbers the result is a plain number. Signatures overlap since a subclass of Node could have a __float__.
# The last one of a list is for mypy, which cannot tell the type of scalars in a list with numbers among them.
# mypy: disable-error-code="overload-overlap,overload-cannot-match"

_Plain: TypeAlias = SupportsFloat
_N = TypeVar("_N", bound=Node)

class _OfOne(Protocol):
    @overload
    def __call__(self, x: _Plain, /) -> float: ...
    @overload
    def __call__(self, x: _N, /) -> _N: ...

class _OfTwoLists(Protocol):
    @overload
    def __call__(self, p: NDArray[np.object_], q: Iterable[Node | _Plain]) -> Any: ...
    @overload
    def __call__(self, p: Iterable[Node | _Plain], q: NDArray[np.object_]) -> Any: ...
    @overload
    def __call__(self, p: Iterable[_Plain], q: Iterable[_Plain]) -> float: ...
    @overload
    def __call__(self, p: Iterable[_N | _Plain], q: Iterable[_N | _Plain]) -> _N: ...
    @overload
    def __call__(self, p: Iterable[Node | _Plain], q: Iterable[Node | _Plain]) -> Any: ...

acos: _OfOne
acosh: _OfOne
asin: _OfOne
asinh: _OfOne
atan: _OfOne
atanh: _OfOne
cbrt: _OfOne
cos: _OfOne
cosh: _OfOne
degrees: _OfOne
erf: _OfOne
erfc: _OfOne
exp: _OfOne
exp2: _OfOne
expm1: _OfOne
fabs: _OfOne
gelu: _OfOne
leaky_relu: _OfOne
log10: _OfOne
log1p: _OfOne
log2: _OfOne
radians: _OfOne
relu: _OfOne
sigmoid: _OfOne
sign: _OfOne
sin: _OfOne
sinh: _OfOne
softplus: _OfOne
sqrt: _OfOne
step: _OfOne
tan: _OfOne
tanh: _OfOne

fsum: _OfMany
dist: _OfTwoLists
sumprod: _OfTwoLists
max: _Extreme
min: _Extreme

def isclose(a: Node | _Plain, b: Node | _Plain, *, rel_tol: _Plain = 1e-09, abs_tol: _Plain = 0.0) -> bool: ...
def isfinite(x: Node | _Plain, /) -> bool: ...
def isinf(x: Node | _Plain, /) -> bool: ...
def isnan(x: Node | _Plain, /) -> bool: ...
@overload
def log(x: _Plain, base: _Plain | None = None) -> float: ...
@overload
def log(x: _N | _Plain, base: _N | _Plain | None = None) -> _N: ...
@overload
def pow(x: _Plain, y: _Plain) -> float: ...
@overload
def pow(x: _N | _Plain, y: _N | _Plain) -> _N: ...
@overload
def ldexp(x: _Plain, i: int) -> float: ...
@overload
def ldexp(x: _N, i: int) -> _N: ...
@overload
def prod(xs: NDArray[np.object_], *, start: Node | _Plain = 1) -> Any: ...
@overload
def prod(xs: Iterable[_Plain], *, start: _Plain = 1) -> float: ...
@overload
def prod(xs: Iterable[_N | _Plain], *, start: _N | _Plain = 1) -> _N: ...
@overload
def prod(xs: Iterable[Node | _Plain], *, start: Node | _Plain = 1) -> Any: ...

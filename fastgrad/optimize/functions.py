"""What a user's function becomes for a solver: a program of an array, or calls on the tape where there is none."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad import transforms
from fastgrad._tape.observer import TraceError
from fastgrad.compiled.function import Compiled
from fastgrad.compiled.structure import Array
from fastgrad.transforms.recorded import Recorded, recorded
from fastgrad.transforms.tape import Run, name_of, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from fastgrad.compiled.structure import _Floats

_KEY = "__fastgrad_forms__"  # among a function's attributes


def compiled(function: Callable[..., Any]) -> Compiled:
    """Return a function compiled; a plain one keeps what it was compiled to."""
    return function if isinstance(function, Compiled) else recorded(function).current()


def form(function: Callable[..., Any], key: Hashable, make: Callable[[], Callable[..., Any]]) -> Compiled:
    """Return compiled what `make` makes of a function; the function keeps it by the key."""
    if not isinstance(function, (types.FunctionType, Compiled)):
        return Compiled(make())
    owner, forms = vars(function).get(_KEY, (None, {}))
    if owner is not function:  # functools.wraps copies attributes
        owner, forms = vars(function)[_KEY] = function, {}
    if key not in forms:
        made = make()
        made.__name__ = name_of(function)
        forms[key] = Recorded(made, function.function if isinstance(function, Compiled) else function)
    found: Recorded = forms[key]
    return found.current()


def usable(found: Compiled, args: tuple[Any, ...]) -> Any:
    """Return a compiled function, or what stands for it where it cannot be recorded for these arguments."""
    try:
        found._located(args, {})
    except TraceError:
        return OnTape(found.function)
    return found


def is_vector(found: Compiled, args: tuple[Any, ...]) -> bool:
    """Tell whether a compiled function returns an array of one dimension."""
    structure = found._located(args, {})[1].structure
    return isinstance(structure, Array) and len(structure.shape) == 1


class OnTape:
    """A function of an array that is called on the tape whenever a value or a derivative is wanted.

    It has the methods of `Compiled` that solvers need, and their results.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.value_and_grad = transforms.value_and_grad(function)

    def __call__(self, x: Any, *args: Any) -> Any:
        """Return the function's result."""
        run = Run(self.function, (x, *args), {}, 0)
        return run.structure.of_floats(np.array([plain(output) for output in run.outputs], dtype=np.float64))

    def jacobian(self, x: _Floats, *args: Any, sparse: bool = False) -> Any:
        """Return the derivatives of all results."""
        return _matrix(transforms.jacobian(self.function)(x, *args), sparse)

    def hessian(self, x: _Floats, *args: Any, sparse: bool = False) -> Any:
        """Return the second derivatives of one result."""
        return _matrix(transforms.hessian(self.function)(x, *args), sparse)

    def hvp(self, x: _Floats, *args: Any) -> Any:
        """Return the product of the Hessian and the last argument."""
        others, v = args[:-1], args[-1]
        return transforms.hvp(lambda x: self.function(x, *others), (x,), (v,))

    def derivative(self, x: float, *args: Any, n: int = 1) -> float:
        """Return the n-th derivative by one number."""
        found: float = transforms.derivative(lambda x: self.function(x, *args), n)(x)
        return found

    def batch(self, points: _Floats, p: _Floats, **_: Any) -> _Floats:
        """Return the results at many points, whose parameters are the same."""
        return self.batch_value_and_grad(points, p)[0]

    def batch_value_and_grad(self, points: _Floats, p: _Floats, **_: Any) -> tuple[_Floats, _Floats]:
        """Return the results at many points, and their gradients by the parameters."""
        both = transforms.value_and_grad(self.function, 1)
        values, slopes = zip(*(both(point, p) for point in points))
        return np.array(values), np.array(slopes)


def _matrix(dense: _Floats, sparse: bool) -> Any:
    if not sparse:
        return dense
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    return csr_matrix(dense)

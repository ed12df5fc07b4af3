"""A compiled function as iminuit takes one: with the gradient and Hessian that it looks for, by all parameters."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from fastgrad.compiled.structure import _Floats


__all__ = ["ForMinuit"]


class ForMinuit:
    """What ``iminuit.Minuit`` takes of a function; made by ``f.minuit`` of a compiled function.

    The function takes numbers, whose names are those of the parameters, or one array, and returns one number.

    Attributes
    ----------
    of : Compiled
        The function.

    Notes
    -----
    iminuit warns that a Hessian makes its diagonal, `g2`, superfluous. Without that, iminuit 2.33 raises where it
    begins at a point whose Hessian is not positive definite.
    """

    __name__: str

    def __init__(self, of: Any) -> None:
        self.of = of
        functools.update_wrapper(self, of, updated=())  # iminuit reads the signature

    def __call__(self, *args: Any) -> float:
        """Return the function's value."""
        value: float = self.of(*args)
        return value

    def grad(self, *args: Any) -> _Floats:
        """Return the gradient by all parameters."""
        slopes: _Floats = self.of.grad(*args)
        return slopes

    def hessian(self, *args: Any) -> _Floats:
        """Return the matrix of second derivatives by all parameters."""
        if len(args) == 1:
            return np.atleast_2d(self.of.hessian(*args))
        return np.array(self.of.hessian(*args, argnums=tuple(range(len(args)))))

    def g2(self, *args: Any) -> _Floats:
        """Return the diagonal of `hessian`."""
        return np.diag(self.hessian(*args))

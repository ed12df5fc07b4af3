"""A compiled function of one array as SciPy's solvers take functions: value, gradient, Hessian, Jacobian by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from fastgrad.compiled.structure import _Floats


__all__ = ["ForSciPy"]


class ForSciPy:
    """What SciPy's solvers take of a function; made by ``f.scipy`` of a compiled function.

    The function takes an array of one dimension, and perhaps further arguments, which have no derivatives.

    Attributes
    ----------
    of : Compiled
        The function.
    value : float
        What `fun` found last, of a function of one result.

    Notes
    -----
    Of a function of one result `fun` finds value and gradient at once, and `jac` at the same point returns what was
    found, once. Every other call is computed afresh.
    """

    def __init__(self, of: Any, several: bool | None = None) -> None:
        self.of = of
        self.value = float("nan")
        self._several = several  # results; None until the first call shows it
        self._found: tuple[bytes, tuple[Any, ...], _Floats] | None = None  # exchanged as a whole, for threads

    def fun(self, x: _Floats, *args: Any) -> Any:
        """Return the function's result, a float or an array."""
        if self._several is None:
            self._several = not isinstance(self.of(x, *args), float)
        if self._several:
            return np.asarray(self.of(x, *args), dtype=np.float64)
        value, slopes = self.of.value_and_grad(x, *args)
        self.value, self._found = value, (x.tobytes(), args, slopes)
        return value

    def jac(self, x: _Floats, *args: Any) -> _Floats:
        """Return the gradient of one result, or the Jacobian of an array of them."""
        found, self._found = self._found, None
        if found is not None and found[0] == x.tobytes() and _same(found[1], args):
            return found[2]
        if self._several is None:
            self._several = not isinstance(self.of(x, *args), float)
        if self._several:
            return np.asarray(self.of.jacobian(x, *args), dtype=np.float64)
        slopes: _Floats = self.of.value_and_grad(x, *args)[1]
        return slopes

    def sparse_jac(self, x: _Floats, *args: Any) -> Any:
        """Return the Jacobian as a sparse matrix."""
        return self.of.jacobian(x, *args, sparse=True)

    def hess(self, x: _Floats, *args: Any) -> _Floats:
        """Return the Hessian of one result."""
        found: _Floats = self.of.hessian(x, *args)
        return found

    def sparse_hess(self, x: _Floats, *args: Any) -> Any:
        """Return the Hessian as a sparse matrix."""
        return self.of.hessian(x, *args, sparse=True)

    def hessp(self, x: _Floats, p: _Floats, *args: Any) -> _Floats:
        """Return the product of the Hessian and a vector."""
        found: _Floats = self.of.hvp(x, *args, p)
        return found


def _same(some: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    return len(some) == len(others) and all(one is other for one, other in zip(some, others))

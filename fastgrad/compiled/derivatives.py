"""The derivatives of a compiled function beyond its gradient, as its methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastgrad.compiled.derived import Derived, Wanted
from fastgrad.compiled.direct import direct_derivative

if TYPE_CHECKING:
    from fastgrad.compiled.arguments import _Axes, _Places
    from fastgrad.compiled.paths import Path, Paths
    from fastgrad.compiled.structure import _Floats

_MODES = ("auto", "forward", "reverse")


class Derivatives:
    """The part of `Compiled` that has Jacobians, Hessians, and products with them.

    Attributes
    ----------
    _derived : dict of Derived
        What was asked for, by what it is.
    """

    _derived: dict[Wanted, Derived]

    @direct_derivative(Wanted("jacobian"), argnums=1, mode=3)
    def jacobian(self, *args: Any, argnums: _Places = 0, mode: str = "auto", **kwargs: Any) -> Any:
        """Return the derivatives of all results by some arguments.

        Parameters
        ----------
        *args, **kwargs
            The function's arguments.
        argnums : int or tuple of int
            Which positional arguments the derivatives are by.
        mode : "auto", "forward" or "reverse"
            By a tangent of each of the arguments' numbers, by an adjoint of each result, or as takes fewer steps.

        Returns
        -------
        structure like the results
            In place of each number stands a structure like the argument's; in place of an array of shape s, too, with
            arrays of shape s + t for its arrays of shape t. For several `argnums`, a tuple takes the argument's place.

        Raises
        ------
        ValueError
            If there is no such mode, or no such argument.

        Examples
        --------
        >>> import fastgrad, numpy as np
        >>> f = fastgrad.compile(lambda x: [x[0] * x[1], x[1]])
        >>> f.jacobian([2.0, 3.0]), f.jacobian(np.array([2.0, 3.0]))
        ([[3.0, 2.0], [0.0, 1.0]], [array([3., 2.]), array([0., 1.])])
        """
        return self._derivative(Wanted("jacobian", argnums, False, _mode(mode)))(*args, **kwargs)

    @direct_derivative(Wanted("hessian"), argnums=1)
    def hessian(self, *args: Any, argnums: _Places = 0, **kwargs: Any) -> Any:
        """Return the second derivatives of a function of one result, symmetric to the last bit.

        Parameters
        ----------
        *args, argnums, **kwargs
            See `jacobian`.

        Returns
        -------
        structure like the argument
            In place of each of its numbers and arrays such a structure again.

        Raises
        ------
        TypeError
            If the function returns anything but one number.

        Examples
        --------
        >>> import fastgrad, numpy as np
        >>> f = fastgrad.compile(lambda x: x[0] ** 2 * x[1])
        >>> f.hessian(np.array([2.0, 3.0]))
        array([[6., 4.],
               [4., 0.]])
        """
        return self._derivative(Wanted("hessian", argnums))(*args, **kwargs)

    @direct_derivative(Wanted("hessian", with_value=True), argnums=1)
    def value_grad_and_hessian(self, *args: Any, argnums: _Places = 0, **kwargs: Any) -> tuple[float, Any, Any]:
        """Return value, gradient and Hessian of one call: see `value_and_grad` and `hessian`.

        Examples
        --------
        >>> import fastgrad
        >>> fastgrad.compile(lambda x: x**3).value_grad_and_hessian(2.0)
        (8.0, 12.0, 12.0)
        """
        found: tuple[float, Any, Any] = self._derivative(Wanted("hessian", argnums, True))(*args, **kwargs)
        return found

    @direct_derivative(Wanted("product"), argnums=1)
    def hvp(self, *args: Any, argnums: _Places = 0, **kwargs: Any) -> Any:
        """Return the product of the Hessian and a vector, for about twice the price of a gradient.

        Parameters
        ----------
        *args, argnums, **kwargs
            See `jacobian`. The last of the positional arguments is the vector, with the structure of the argument.

        Returns
        -------
        structure like the argument

        Examples
        --------
        >>> import fastgrad
        >>> f = fastgrad.compile(lambda x: x[0] ** 2 * x[1])
        >>> f.hvp([2.0, 3.0], [1.0, 0.0])
        [6.0, 4.0]
        """
        if len(args) < 2:
            raise TypeError("hvp() takes the function's arguments and, as the last one, the vector")
        return self._derivative(Wanted("product", argnums))(*args, **kwargs)

    @direct_derivative(Wanted("derivative"), argnums=1, n=4)
    def derivative(self, *args: Any, n: int = 1, argnums: int = 0, **kwargs: Any) -> float:
        """Return the n-th derivative of a function of one result by an argument that is one number.

        Examples
        --------
        >>> import fastgrad
        >>> fastgrad.compile(lambda x: x**5).derivative(2.0, n=3)
        240.0
        """
        found: float = self._derivative(Wanted("derivative", argnums, order=n))(*args, **kwargs)
        return found

    def batch_jacobian(
        self,
        *args: Any,
        argnums: _Places = 0,
        mode: str = "auto",
        in_axes: _Axes = 0,
        num_threads: int | None = None,
    ) -> Any:
        """Compute the Jacobian for many rows: see `jacobian` and `batch`.

        Returns
        -------
        structure like that of `jacobian`, of arrays with a leading axis of rows
        """
        return self._derivative(Wanted("jacobian", argnums, False, _mode(mode))).rows(args, in_axes, num_threads)

    def batch_hessian(
        self, *args: Any, argnums: _Places = 0, in_axes: _Axes = 0, num_threads: int | None = None
    ) -> Any:
        """Compute the Hessian for many rows: see `hessian` and `batch`.

        Returns
        -------
        structure like that of `hessian`, of arrays with a leading axis of rows

        Examples
        --------
        >>> import fastgrad, numpy as np
        >>> f = fastgrad.compile(lambda x: x[0] ** 2 * x[1])
        >>> f.batch_hessian(np.array([[2.0, 3.0], [0.0, 1.0]])).tolist()
        [[[6.0, 4.0], [4.0, 0.0]], [[2.0, 0.0], [0.0, 0.0]]]
        """
        return self._derivative(Wanted("hessian", argnums)).rows(args, in_axes, num_threads)

    def batch_value_grad_and_hessian(
        self, *args: Any, argnums: _Places = 0, in_axes: _Axes = 0, num_threads: int | None = None
    ) -> tuple[_Floats, Any, Any]:
        """Compute value, gradient and Hessian for many rows: see `value_grad_and_hessian` and `batch`."""
        found: tuple[_Floats, Any, Any] = self._derivative(Wanted("hessian", argnums, True)).rows(
            args, in_axes, num_threads
        )
        return found

    def _derivative(self, wanted: Wanted) -> Derived:
        if isinstance(wanted.argnums, list):
            wanted = wanted._replace(argnums=tuple(wanted.argnums))
        found = self._derived.get(wanted)
        if found is None:
            found = self._derived[wanted] = Derived(self, wanted)
        return found

    def _located(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Paths, Path, _Floats]:
        """Return the paths for the arguments' structure, that which they take, and their numbers."""
        paths, X = self._given(args, kwargs)
        return paths, self._path_of(paths, X) or paths.unkept(X[0].tolist()), X


def _mode(mode: str) -> str:
    if mode not in _MODES:
        raise ValueError(f"mode must be one of {', '.join(map(repr, _MODES))}, not {mode!r}")
    return mode

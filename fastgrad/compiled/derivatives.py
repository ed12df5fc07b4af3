"""The derivatives of a compiled function beyond its gradient, as its methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from fastgrad._tape.node import Node
from fastgrad.compiled.arguments import chosen, described_call, order_of, places_given
from fastgrad.compiled.derived import Derived, Wanted
from fastgrad.compiled.direct import direct_derivative
from fastgrad.compiled.replayed import scalars_of
from fastgrad.compiled.structure import crossed
from fastgrad.compiled.table import records

if TYPE_CHECKING:
    from fastgrad.compiled.arguments import _Axes, _Places
    from fastgrad.compiled.function import Compiled
    from fastgrad.compiled.path import Path
    from fastgrad.compiled.paths import Paths
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
    function: Any
    _name: Any  # and other methods of `Compiled`
    _given: Any
    _path_of: Any

    @direct_derivative(Wanted("jacobian"), argnums=1, mode=3)
    def jacobian(
        self, *args: Any, argnums: _Places = 0, mode: str = "auto", sparse: bool = False, **kwargs: Any
    ) -> Any:
        """Return the derivatives of all results by some arguments.

        Parameters
        ----------
        *args, **kwargs
            The function's arguments.
        argnums : int or tuple of int
            Which positional arguments the derivatives are by.
        mode : "auto", "forward" or "reverse"
            By a tangent of each of the arguments' numbers, by an adjoint of each result, or as takes fewer steps.
        sparse : bool
            Is the result to be a sparse matrix, of all the results' numbers by all the arguments'? Only derivatives
            that are not 0 for all numbers, as the program shows, are computed. This needs SciPy.

        Returns
        -------
        structure like the results, or scipy.sparse.csr_matrix
            In place of each number stands a structure like the argument's; in place of an array of shape s, too, with
            arrays of shape s + t for its arrays of shape t. For several `argnums`, a tuple takes the argument's place.

        Raises
        ------
        ValueError
            If there is no such mode, or no such argument.
        ImportError
            If a sparse matrix is asked for and SciPy is not there.

        Examples
        --------
        >>> import fastgrad, numpy as np
        >>> f = fastgrad.compile(lambda x: [x[0] * x[1], x[1]])
        >>> f.jacobian([2.0, 3.0]), f.jacobian(np.array([2.0, 3.0]))
        ([[3.0, 2.0], [0.0, 1.0]], [array([3., 2.]), array([0., 1.])])
        """
        wanted = Wanted("jacobian", argnums, False, mode_of(mode), sparse=bool(sparse))
        return self._derivative(wanted)(*args, **kwargs)

    @direct_derivative(Wanted("hessian"), argnums=1)
    def hessian(self, *args: Any, argnums: _Places = 0, sparse: bool = False, **kwargs: Any) -> Any:
        """Return the second derivatives of a function of one result, symmetric to the last bit.

        Parameters
        ----------
        *args, argnums, sparse, **kwargs
            See `jacobian`.

        Returns
        -------
        structure like the argument, or scipy.sparse.csr_matrix
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
        return self._derivative(Wanted("hessian", argnums, sparse=bool(sparse)))(*args, **kwargs)

    @direct_derivative(Wanted("hessian", with_value=True), argnums=1)
    def value_grad_and_hessian(self, *args: Any, argnums: _Places = 0, **kwargs: Any) -> tuple[float, Any, Any]:
        """Return value, gradient and Hessian of one call.

        Parameters
        ----------
        *args, argnums, **kwargs
            See `jacobian`.

        Returns
        -------
        value : float
        grad, hessian
            See `value_and_grad` and `hessian`.

        Raises
        ------
        TypeError
            If the function returns anything but one number.

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

        Raises
        ------
        TypeError
            If there is no vector, or the function returns anything but one number.
        ValueError
            If the vector has another structure than the argument.

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

        Parameters
        ----------
        *args, **kwargs
            The function's arguments.
        n : int
            At least 0.
        argnums : int
            Which positional argument the derivative is by.

        Raises
        ------
        TypeError
            If this argument is more than one number, or the function returns anything but one.

        Examples
        --------
        >>> import fastgrad
        >>> fastgrad.compile(lambda x: x**5).derivative(2.0, n=3)
        240.0
        """
        found: float = self._derivative(Wanted("derivative", argnums, order=order_of(n)))(*args, **kwargs)
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

        Examples
        --------
        >>> import fastgrad, numpy as np
        >>> f = fastgrad.compile(lambda x: np.array([x[0] * x[1], x[1]]))
        >>> f.batch_jacobian(np.array([[2.0, 3.0], [0.0, 1.0]])).tolist()
        [[[3.0, 2.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]]
        """
        return self._derivative(Wanted("jacobian", argnums, False, mode_of(mode))).rows(args, in_axes, num_threads)

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
        """Compute value, gradient and Hessian for many rows: see `value_grad_and_hessian` and `batch`.

        Examples
        --------
        >>> import fastgrad, numpy as np
        >>> fastgrad.compile(lambda x: x**3).batch_value_grad_and_hessian(np.array([1.0, 2.0]))
        (array([1., 8.]), array([ 3., 12.]), array([ 6., 12.]))
        """
        found: tuple[_Floats, Any, Any] = self._derivative(Wanted("hessian", argnums, True)).rows(
            args, in_axes, num_threads
        )
        return found

    def _derivative(self, wanted: Wanted) -> Derived:
        wanted = wanted._replace(argnums=places_given(wanted.argnums))
        found = self._derived.get(wanted)
        if found is None:
            found = self._derived[wanted] = Derived(cast("Compiled", self), wanted)
        return found

    def _values_and_slopes(self, *args: Any, **kwargs: Any) -> tuple[_Floats, _Floats]:
        """Return the results' numbers, and their derivatives by those of the first argument, as arrays."""
        paths, path, X = self._located(args, kwargs)
        made = self._derivative(Wanted("jacobian", 0, True)).made(paths, path)
        values, _ = made.program.run(X, made.uniforms.now())
        count = path.program.outputs
        inner = chosen(paths.structure, 0)[0]
        order = crossed(path.structure, inner)[1]
        slopes = np.empty(count * inner.size())
        slopes[order] = values[0, count:]
        return values[0, :count], slopes.reshape(count, inner.size())

    def _on_tape(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return the results as scalars on the tape, by a program for their values and derivatives."""
        structure = described_call(args, kwargs, self._name())
        numbers: list[Any] = []
        structure.take_apart((args, kwargs), numbers)
        places = [k for k, number in enumerate(numbers) if isinstance(number, Node)]
        plain = structure.put_together(iter([getattr(number, "data", number) for number in numbers]))
        _, path, X = self._located(*plain)
        captured = path.uniforms.scalars
        by_outside = range(path.program.inputs, path.program.inputs + len(captured)) if records() else []
        derived = self._derivative(Wanted("places", (*places, *by_outside), True)).made(None, path)
        values, _ = derived.program.run(X, derived.uniforms.now())
        return scalars_of(
            path.structure, values[0], self.function, (args, kwargs), places, captured if by_outside else []
        )

    def _located(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Paths, Path, _Floats]:
        """Return the paths for the arguments' structure, that which they take, and their numbers."""
        paths, X = self._given(args, kwargs)
        return paths, self._path_of(paths, X) or paths.unkept(X[0].tolist()), X


def mode_of(mode: str) -> str:
    """Return the mode of a Jacobian, if there is such a one."""
    if mode not in _MODES:
        raise ValueError(f"mode must be one of {', '.join(map(repr, _MODES))}, not {mode!r}")
    return mode

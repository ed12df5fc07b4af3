"""What a solver returns: SciPy's result with x as it was given, and how sure the numbers are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad.optimize.problem import scipy_optimize

if TYPE_CHECKING:
    from collections.abc import Callable

    from scipy.optimize import OptimizeResult  # type: ignore[import-untyped]

    from fastgrad.compiled.for_scipy import ForSciPy
    from fastgrad.compiled.structure import _Floats
    from fastgrad.optimize.problem import Unknowns

if not TYPE_CHECKING:
    OptimizeResult = scipy_optimize().OptimizeResult

__all__ = ["Result"]


class Result(OptimizeResult):  # type: ignore[misc]
    """SciPy's result: a dict whose entries are attributes, too, among them ``x``, ``fun``, ``success``, ``message``.

    ``x`` has the structure of x0. Arrays that SciPy adds are in the order of its numbers, row by row.
    """

    _unknowns: Unknowns
    _covariance: Callable[[], _Floats] | None
    _asked: _Floats | None  # the covariance, once it was computed

    def covariance(self) -> _Floats:
        """Return the covariance of the numbers of x.

        Returns
        -------
        numpy.ndarray, shape (n, n)
            Of least squares and fits, s² times the inverse of JᵀJ, where J is the exact Jacobian of the residuals at x,
            and s² = 2 cost / (m - n) for m residuals and n numbers; s² is 1 for a fit with `absolute_sigma`.
            Of a minimum the inverse of the exact Hessian, with no factor: that is the covariance where the function is
            a negative logarithm of a likelihood. Bounds and constraints are not looked at. With a `loss` that is
            not linear, cost and J are the loss's, as SciPy defines them.

        Raises
        ------
        ValueError
            If the derivatives do not determine the numbers: if J has linearly dependent columns or there are no more
            residuals than numbers, or if the Hessian is not positive definite.
        TypeError
            If it is the result of a solver that finds no minimum.

        Examples
        --------
        >>> from fastgrad import optimize
        >>> optimize.minimize(lambda x: 2.0 * (x - 1.0) ** 2, 0.0).covariance()
        array([[0.25]])
        """
        if self._covariance is None:
            raise TypeError("a covariance is that of a minimum or of a fit: root() has none")
        object.__setattr__(self, "_asked", self._covariance())
        return self._asked.copy()  # type: ignore[union-attr]

    def standard_errors(self) -> Any:
        """Return the square roots of the variances, in the structure of x: see `covariance`.

        Examples
        --------
        >>> from fastgrad import optimize
        >>> optimize.minimize(lambda p: 2.0 * (p["a"] - 1.0) ** 2, {"a": 0.0}).standard_errors()
        {'a': 0.5}
        """
        return self._unknowns.like(np.sqrt(np.diag(self.covariance())))

    def _repr_html_(self) -> str:
        from fastgrad.optimize.tables import numbers

        names = self._unknowns.structure.names("x")
        return numbers(self, names, self._unknowns.floats(self["x"]), self._asked)

    def __dir__(self) -> list[str]:
        return [*self, "covariance", "standard_errors"]


def result(found: Any, unknowns: Unknowns, covariance: Callable[[], _Floats] | None = None) -> Result:
    """Return SciPy's result as one of ours; the covariance is computed when it is asked for."""
    made = Result(found)
    made["x"] = unknowns.like(np.reshape(found.x, -1))
    for name, hidden in (("_unknowns", unknowns), ("_covariance", covariance), ("_asked", None)):
        object.__setattr__(made, name, hidden)  # not among the dict's entries, which are what is printed
    return made


def of_minimum(of: ForSciPy, x: _Floats, args: tuple[Any, ...]) -> _Floats:
    """Return the covariance at a minimum."""
    return inverse_of_hessian(of.hess(np.reshape(x, -1), *args))


def of_fit(jacobian: Any, cost: float, count: int, absolute: bool) -> _Floats:
    """Return the covariance of a fit of `count` residuals, `cost` being half of the sum of their squares."""
    matrix = jacobian.toarray() if hasattr(jacobian, "toarray") else np.asarray(jacobian)
    numbers = matrix.shape[1]
    if not absolute and count <= numbers:
        raise ValueError(
            f"the covariance needs more residuals than numbers, not {count} for {numbers}, as s² is 2 cost / (m - n)"
        )
    return inverse_of_square(matrix) * (1.0 if absolute else 2.0 * cost / (count - numbers))


def inverse_of_hessian(hessian: _Floats) -> _Floats:
    """Return the inverse of a Hessian that is positive definite."""
    root = np.sqrt(np.abs(np.diag(hessian)))
    root[root == 0.0] = 1.0
    try:
        half = np.linalg.inv(np.linalg.cholesky(hessian / np.outer(root, root)))
    except np.linalg.LinAlgError:
        raise ValueError(
            f"the covariance is the inverse of the Hessian, which must be positive definite at x, but its "
            f"eigenvalues are {np.linalg.eigvalsh(hessian).tolist()!r:.100}: is x a minimum, and does each number "
            "matter?"
        ) from None
    covariance: _Floats = half.T @ half / np.outer(root, root)
    return covariance


def inverse_of_square(jacobian: _Floats) -> _Floats:
    """Return the inverse of JᵀJ, without multiplying it out: columns are brought to one length first."""
    lengths = np.linalg.norm(jacobian, axis=0)
    lengths[lengths == 0.0] = 1.0
    _, singular, right = np.linalg.svd(jacobian / lengths, full_matrices=False)
    rank = int(np.sum(singular > np.finfo(np.float64).eps * max(jacobian.shape) * singular[0]))
    if rank < jacobian.shape[1]:
        raise ValueError(
            f"the Jacobian of {jacobian.shape[0]} residuals by {jacobian.shape[1]} numbers must have linearly "
            f"independent columns for a covariance, but its rank is {rank}: fit fewer numbers, or add residuals "
            "that tell them apart"
        )
    half = right.T / singular
    covariance: _Floats = half @ half.T / np.outer(lengths, lengths)
    return covariance

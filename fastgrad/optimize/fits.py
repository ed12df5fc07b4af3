"""Least squares, by SciPy's `least_squares`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad._frames import numbers_of
from fastgrad.compiled.structure import Nest, Number
from fastgrad.optimize.functions import form, usable
from fastgrad.optimize.limits import two_arrays
from fastgrad.optimize.problem import Unknowns, arguments, check_function, jacobian_of, scipy_optimize

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastgrad.compiled.function import Compiled
    from fastgrad.compiled.structure import _Floats
    from fastgrad.optimize.result import Result


_PRECISION = 1e-14  # of steps along the Jacobian's columns
_ROUNDING = 1e-6  # of sums of squares, where the residuals are small differences of large numbers
_TINY = np.finfo(np.float64).tiny


def least_squares(
    residuals: Callable[..., Any],
    x0: Any,
    bounds: Any = None,
    method: str = "trf",
    *,
    loss: Any = "linear",
    args: Any = (),
    sparse: bool | None = None,
    **options: Any,
) -> Result:
    """Minimise half of a sum of squares by :py:func:`scipy.optimize.least_squares`, with the exact Jacobian.

    Parameters
    ----------
    residuals : callable
        A plain function or a compiled one, of x and of `args`; it returns an array or list of numbers, or any structure
        of them.
    x0 : number, list, tuple, dict or array
        Where to begin; the function is called with x of this structure.
    bounds : pair of arrays, scipy.optimize.Bounds or dict, optional
        As of SciPy, or by the names of x0: see `minimize`.
    method, loss
        As of SciPy.
    args : tuple
        Further arguments of the function: numbers and structures of them.
    sparse : bool, optional
        Is the Jacobian a sparse matrix? Without it, it is one for 50 unknowns and more if at most a tenth is not 0; not
        with the method "lm", which takes none.
    **options
        What else SciPy's function takes, but for `jac`: `ftol`, `xtol`, `gtol`, `x_scale`, `max_nfev` and others.

    Returns
    -------
    Result
        With x of the structure of x0, `cost` and all that SciPy says; ``covariance()`` is s² times the inverse of JᵀJ.

    Raises
    ------
    TypeError
        If the function is none, or an argument is not as said.
    ValueError
        If x0 has no numbers, or SciPy refuses an option.
    ImportError
        If SciPy is not there.

    Examples
    --------
    >>> from fastgrad import math, optimize
    >>> times, measured = [0.0, 1.0, 2.0, 3.0], [3.0, 1.4, 0.7, 0.3]
    >>> def residuals(p):
    ...     return [p["height"] * math.exp(-p["rate"] * t) - y for t, y in zip(times, measured)]
    >>> fit = optimize.least_squares(residuals, {"height": 1.0, "rate": 1.0})
    >>> {name: round(number, 2) for name, number in fit.x.items()}
    {'height': 3.0, 'rate': 0.75}
    >>> {name: round(error, 3) for name, error in fit.standard_errors().items()}
    {'height': 0.027, 'rate': 0.014}
    """
    check_function(residuals, "residuals")
    _without_jac(options)
    unknowns, args = Unknowns(x0), arguments(args)
    of = unknowns.compiled_array(residuals, args)
    jac = jacobian_of(of, unknowns.start, args, False if method == "lm" and sparse is None else sparse)
    return _solved(of, jac, unknowns, False, bounds, False, method=method, loss=loss, args=args, **options)


def curve_fit(
    model: Callable[..., Any],
    x: Any,
    y: Any,
    p0: Any,
    sigma: Any = None,
    absolute_sigma: bool = False,
    bounds: Any = None,
    *,
    method: str | None = None,
    x_scale: Any = "jac",
    **options: Any,
) -> Result:
    """Fit a model to points by :py:func:`scipy.optimize.least_squares`, with the exact Jacobian, to the last digits.

    A search by sums of squares finds half of the digits, as sums differ by less than rounding beyond. So where no bound
    is reached and no `loss` is given, :py:func:`scipy.optimize.root` goes on from there for slopes of 0.

    Parameters
    ----------
    model : callable
        A plain function or a compiled one, of one point and of the parameters one by one; it returns a number.
            Of all points at once its program computes values and slopes.
    x : array, series or frame
        The points, of shape (m,) for a number each, or (m, k) for an array of k numbers each, which the model may index
        by the names of a frame's columns.
    y : array or series, shape (m,)
        What was measured there.
    p0 : list, tuple or array, or dict
        Where to begin: parameters in order, or by name, as the model calls them.
    sigma : array, optional
        The standard deviations of y, of shape (m,), or its covariance, of shape (m, m).
    absolute_sigma : bool
        Is sigma that of the measurements? Otherwise it says how they compare, and the residuals say how large it is.
    bounds
        Of the parameters: see `least_squares`.
    method : str, optional
        As of `scipy.optimize.least_squares`; without it "lm", or "trf" with bounds.
    x_scale, **options
        As of `scipy.optimize.least_squares`; scales are those of the Jacobian's columns.

    Returns
    -------
    Result
        x has the parameters as p0 has them; ``covariance()`` and ``standard_errors()`` their uncertainty.

    Raises
    ------
    TypeError, ImportError
        See `least_squares`.
    ValueError
        If there are not as many points as measurements and deviations, or SciPy refuses an option.

    Examples
    --------
    >>> import numpy as np
    >>> from fastgrad import math, optimize
    >>> times, measured = np.linspace(0.0, 4.0, 9), np.array([3.0, 2.1, 1.4, 1.0, 0.7, 0.5, 0.3, 0.2, 0.2])
    >>> def decay(t, height, rate):
    ...     return height * math.exp(-rate * t)
    >>> fit = optimize.curve_fit(decay, times, measured, {"height": 1.0, "rate": 1.0})
    >>> {name: round(number, 2) for name, number in fit.x.items()}
    {'height': 3.0, 'rate': 0.74}
    >>> {name: round(error, 3) for name, error in fit.standard_errors().items()}
    {'height': 0.026, 'rate': 0.011}
    """
    check_function(model, "model")
    _without_jac(options)
    points, measured = numbers_of(x, "x"), numbers_of(y, "y")
    if measured.ndim != 1 or points.ndim not in (1, 2) or len(points) != len(measured):
        raise ValueError(
            f"x and y must have one point and one measurement each, shapes (m,) or (m, k) and (m,), not {points.shape} "
            f"and {measured.shape}: points are rows, transpose an x of shape (k, m)"
        )
    unknowns = Unknowns(p0, "p0")
    if isinstance(unknowns.structure, Number):
        raise TypeError(f"p0 must be a list, an array or a dict of parameters, not {p0!r:.60}: write [{p0!r:.60}]")
    weighted = _weights(sigma, len(measured))
    row = usable(_of_array(model, unknowns), (points[0], unknowns.start))

    def residuals(p: _Floats) -> Any:
        return weighted(row.batch(points, p, in_axes=(0, None)) - measured)

    def jac(p: _Floats) -> Any:
        return weighted(row.batch_value_and_grad(points, p, argnums=1, in_axes=(0, None))[1])

    how = method or ("lm" if bounds is None else "trf")
    return _solved(residuals, jac, unknowns, absolute_sigma, bounds, True, method=how, x_scale=x_scale, **options)


def _without_jac(options: dict[str, Any]) -> None:
    if "jac" in options:
        raise TypeError("jac must not be given, as the exact one is found from the function: leave it out")


def _of_array(model: Callable[..., Any], unknowns: Unknowns) -> Compiled:
    """Compile a model as a function of a point and of an array of all parameters."""
    structure = unknowns.structure
    named = isinstance(structure, Nest) and structure.kind is dict

    def of_array(point: Any, p: Any) -> Any:
        given = structure.put_together(iter(p))
        return model(point, **given) if named else model(point, *given)

    return form(model, (structure, "model"), lambda: of_array)


def _weights(sigma: Any, count: int) -> Callable[[Any], Any]:
    """Return the function that divides residuals, and rows of a Jacobian, by the deviations of measurements."""
    if sigma is None:
        return lambda rows: rows
    deviations = numbers_of(sigma, "sigma")
    if deviations.shape == (count,):
        return lambda rows: (rows.T / deviations).T
    if deviations.shape != (count, count):
        raise ValueError(
            f"sigma must have a standard deviation for each of {count} measurements, or be their covariance, of shape "
            f"({count},) or ({count}, {count}), not {deviations.shape}"
        )
    try:
        lower = np.linalg.cholesky(deviations)
    except np.linalg.LinAlgError:
        raise ValueError("sigma must be a covariance that is positive definite, and has no Cholesky factor") from None
    scipy_optimize()
    from scipy.linalg import solve_triangular  # type: ignore[import-untyped]

    return lambda rows: solve_triangular(lower, rows, lower=True)


def _solved(fun: Any, jac: Any, unknowns: Unknowns, absolute: bool, bounds: Any, exact: bool, **options: Any) -> Result:
    """Solve a problem of arrays; `exact` if it is to end with slopes of 0."""
    from fastgrad.optimize.result import of_fit, result

    if bounds is not None:
        options["bounds"] = two_arrays(bounds, unknowns)
    found = scipy_optimize().least_squares(fun, unknowns.start, jac, **options)
    if exact and found.success and options.get("loss", "linear") == "linear" and not np.any(found.active_mask):
        _end_exactly(found, fun, jac, options.get("bounds", (-np.inf, np.inf)))
    return result(found, unknowns, functools.partial(of_fit, found.jac, found.cost, len(found.fun), absolute))


def _end_exactly(found: Any, fun: Any, jac: Any, bounds: Any) -> None:
    """Go on to slopes of 0 by SciPy's `root`, from where the sum of squares differs by less than rounding.

    The unknowns are the residuals' parts along the columns of the Jacobian, which are of one size.
    """
    if not np.all(np.isfinite(found.jac)):
        return
    if np.linalg.matrix_rank(found.jac / np.maximum(np.linalg.norm(found.jac, axis=0), _TINY)) < len(found.x):
        return
    step = np.linalg.inv(np.linalg.qr(found.jac, mode="r"))

    def along(parts: _Floats) -> tuple[_Floats, _Floats]:
        x = found.x + step @ parts
        columns = jac(x) @ step
        return columns.T @ fun(x), columns.T @ columns

    parts = scipy_optimize().root(along, np.zeros(len(found.x)), jac=True, tol=_PRECISION).x
    x = found.x + step @ parts
    residuals = fun(x)
    cost = 0.5 * float(residuals @ residuals)
    inside = np.all((bounds[0] <= x) & (x <= bounds[1]))
    if inside and cost <= found.cost * (1.0 + _ROUNDING):
        slopes = jac(x)
        found.update(x=x, fun=residuals, cost=cost, jac=slopes, grad=slopes.T @ residuals)
        found["optimality"] = float(np.abs(found.grad).max())

"""Minima near where one begins, by SciPy's `minimize` and `minimize_scalar`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad.compiled.for_scipy import ForSciPy
from fastgrad.optimize.functions import compiled, usable
from fastgrad.optimize.limits import bounds_by_name, constraints_of
from fastgrad.optimize.problem import Progress, Unknowns, arguments, check_function, scipy_optimize

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastgrad.optimize.result import Result

_WITHOUT_SLOPES = ("nelder-mead", "powell", "cobyla", "cobyqa")
_WITH_HESSIAN = ("dogleg", "trust-exact")
_WITH_PRODUCTS = ("newton-cg", "trust-ncg", "trust-krylov", "trust-constr")  # too
_FEW = 50  # unknowns, up to which the Hessian as a whole takes no longer than products with it, one by one
_PRECISION = 4 * np.finfo(np.float64).eps
_NEAR = 1e-4  # of a minimum that was searched by values: what Newton's method may add


def minimize(
    f: Callable[..., Any],
    x0: Any,
    method: Any = None,
    *,
    bounds: Any = None,
    constraints: Any = (),
    args: Any = (),
    callback: Callable[..., Any] | None = None,
    progress: bool = False,
    tol: float | None = None,
    options: dict[str, Any] | None = None,
) -> Result:
    """Minimise a function by :py:func:`scipy.optimize.minimize`, with exact derivatives.

    Parameters
    ----------
    f : callable
        A plain function or a compiled one, of x and of `args`; it returns one number. It is recorded, and keeps the
        recordings; what cannot be recorded is called on the tape.
    x0 : number, list, tuple, dict or array
        Where to begin; the function is called with x of this structure. Of an array it is given one, of a list a list.
    method : str or callable, optional
        As of SciPy: BFGS without it, L-BFGS-B with bounds, SLSQP with constraints. The method is given what it takes:
        the gradient, the Hessian, or its products with vectors where there are many unknowns.
    bounds : sequence of pairs, scipy.optimize.Bounds or dict, optional
        As of SciPy, in the order of x0's numbers; or by the names of x0, which is a dict: ``{"a": (0.0, None)}``.
    constraints : function, dict, LinearConstraint, NonlinearConstraint, or a list of these
        A function is at least 0 where it holds. Dicts are ``{"type": "eq" or "ineq", "fun": function}``, with "args" if
        there are any. Functions are of x and return a number or several; Jacobians are exact, and sparse where the
        method takes such ones, as are Hessians.
    args : tuple
        Further arguments of the function: numbers and structures of them.
    callback : callable, optional
        As of SciPy, with x of the structure of x0.
    progress : bool
        Show the number of steps, and the value? This needs tqdm, which the extra ``progress`` installs.
    tol, options
        As of SciPy.

    Returns
    -------
    Result
        With x of the structure of x0, `fun` and all that SciPy says; ``covariance()`` is the inverse of the Hessian.

    Raises
    ------
    TypeError
        If the function is none, or returns anything but one number, or an argument is not as said.
    ValueError
        If x0 has no numbers, or SciPy does not know the method.
    ImportError
        If SciPy is not there.

    Examples
    --------
    >>> import fastgrad, numpy as np
    >>> from fastgrad import optimize
    >>> def rosenbrock(x):
    ...     return sum((1.0 - a) ** 2 + 100.0 * (b - a * a) ** 2 for a, b in zip(x, x[1:]))
    >>> optimize.minimize(rosenbrock, np.zeros(4), "trust-exact").x.round(3).tolist()
    [1.0, 1.0, 1.0, 1.0]
    >>> found = optimize.minimize(rosenbrock, np.zeros(2), constraints=lambda x: 1.0 - x[0] ** 2 - x[1] ** 2)
    >>> found.x.round(3).tolist()
    [0.786, 0.618]
    """
    from fastgrad.optimize.result import of_minimum, result

    check_function(f, "f")
    unknowns, args = Unknowns(x0), arguments(args)
    of = ForSciPy(unknowns.compiled(f, args), several=False)
    name = method.lower() if isinstance(method, str) else "" if method is None else "custom"
    given: dict[str, Any] = {} if name in _WITHOUT_SLOPES else {"jac": of.jac}
    if name in _WITH_HESSIAN or (name in _WITH_PRODUCTS and len(unknowns.start) <= _FEW):
        given["hess"] = of.hess
    elif name == "custom" or name in _WITH_PRODUCTS:
        given["hessp"] = of.hessp
    shown = Progress(unknowns, callback, of if progress else None)
    try:
        found = scipy_optimize().minimize(
            of.of if name in _WITHOUT_SLOPES else of.fun,
            unknowns.start,
            args,
            method,
            bounds=bounds_by_name(bounds, unknowns),
            constraints=constraints_of(constraints, unknowns, name == "trust-constr"),
            callback=shown.for_scipy(),
            tol=tol,
            options=options,
            **given,
        )
    finally:
        shown.close()
    return result(found, unknowns, functools.partial(of_minimum, of, found.x, args))


def minimize_scalar(
    f: Callable[..., Any],
    bracket: Sequence[float] | None = None,
    bounds: Sequence[float] | None = None,
    args: Any = (),
    *,
    method: Any = None,
    tol: float | None = None,
    options: dict[str, Any] | None = None,
) -> Result:
    """Minimise a function of one number by :py:func:`scipy.optimize.minimize_scalar`, to the last digits.

    A search by values alone finds half of the digits, as values differ by less than rounding beyond. So Newton's method
    for a slope of 0, :py:func:`scipy.optimize.newton`, goes on from there; where it leads out of the search's own
    tolerance, or to a larger value, the search's result stands.

    Parameters
    ----------
    f : callable
        A plain function or a compiled one, of a number and of `args`; it returns one number.
    bracket, bounds, method, tol, options
        As of SciPy.
    args : tuple
        Further arguments of the function.

    Returns
    -------
    Result
        With x, a float.

    Raises
    ------
    TypeError, ImportError
        See `minimize`.

    Examples
    --------
    >>> import fastgrad
    >>> from fastgrad import optimize
    >>> optimize.minimize_scalar(lambda x: x.exp() - 2.0 * x, bounds=(0.0, 2.0)).x == fastgrad.math.log(2.0)
    True
    """
    from fastgrad.optimize.result import of_minimum, result

    check_function(f, "f")
    args, optimize = arguments(args), scipy_optimize()
    g = usable(compiled(f), (0.5 * (bounds[0] + bounds[1]) if bounds else bracket[0] if bracket else 0.0, *args))
    found = optimize.minimize_scalar(
        lambda x: g(float(x), *args), bracket, bounds, method=method, tol=tol, options=options
    )
    x = float(found.x)
    if g.derivative(x, *args, n=2) > 0.0:
        polished, status = optimize.newton(
            lambda x: g.derivative(float(x), *args),
            x,
            lambda x: g.derivative(float(x), *args, n=2),
            tol=_PRECISION * max(1.0, abs(x)),
            full_output=True,
            disp=False,
        )
        near = abs(polished - x) <= _NEAR * max(1.0, abs(x)) and (not bounds or bounds[0] <= polished <= bounds[1])
        value = g(float(polished), *args) if status.converged and near else np.inf
        if value <= found.fun + _PRECISION * abs(found.fun):
            found.x, found.fun = float(polished), value
    unknowns = Unknowns(float(found.x))
    of = ForSciPy(unknowns.compiled(f, args), several=False)
    return result(found, unknowns, functools.partial(of_minimum, of, found.x, args))

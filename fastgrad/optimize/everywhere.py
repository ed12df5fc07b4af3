"""The least of many minima, by SciPy's global optimizers with local steps by gradients."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad.compiled.for_scipy import ForSciPy
from fastgrad.optimize.limits import bounds_by_name, constraints_of
from fastgrad.optimize.problem import Unknowns, arguments, check_function, closed, scipy_optimize

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastgrad.optimize.result import Result


def basinhopping(
    f: Callable[..., Any],
    x0: Any,
    *,
    method: str = "L-BFGS-B",
    bounds: Any = None,
    args: Any = (),
    **options: Any,
) -> Result:
    """Minimise from many points near x0 by :py:func:`scipy.optimize.basinhopping`, each time with exact gradients.

    Parameters
    ----------
    f, x0, bounds, args
        See `minimize`; bounds are those of the local steps.
    method : str
        Of the local steps: one that takes a gradient.
    **options
        What else SciPy's function takes, with x as an array: `niter`, `T`, `stepsize`, `take_step`, `callback` and
        others, but `minimizer_kwargs`.

    Returns
    -------
    Result
        See `minimize`.

    Raises
    ------
    TypeError, ValueError, ImportError
        See `minimize`.

    Examples
    --------
    >>> import fastgrad
    >>> from fastgrad import optimize
    >>> def waves(x):
    ...     return fastgrad.math.cos(14.5 * x - 0.3) + (x + 0.2) * x
    >>> round(optimize.basinhopping(waves, 1.0, niter=200, seed=1).x, 3)
    -0.195
    """
    from fastgrad.optimize.result import of_minimum, result

    unknowns, of, args = _problem(f, x0, args)
    local = {"method": method, "jac": closed(of.jac, args), "bounds": bounds_by_name(bounds, unknowns)}
    found = scipy_optimize().basinhopping(closed(of.fun, args), unknowns.start, minimizer_kwargs=local, **options)
    return result(found, unknowns, functools.partial(of_minimum, of, found.x, args))


def dual_annealing(f: Callable[..., Any], bounds: Any, *, args: Any = (), x0: Any = None, **options: Any) -> Result:
    """Minimise between bounds by :py:func:`scipy.optimize.dual_annealing`, with local steps by exact gradients.

    Parameters
    ----------
    f, args
        See `minimize`.
    bounds : sequence of pairs, scipy.optimize.Bounds or dict
        For each number of an array x; or by name for each number of a dict x.
    x0 : array or dict, optional
        Where to begin.
    **options
        What else SciPy's function takes, with x as an array, but `minimizer_kwargs`.

    Returns
    -------
    Result
        See `minimize`.

    Raises
    ------
    TypeError, ValueError, ImportError
        See `minimize`.

    Examples
    --------
    >>> import fastgrad
    >>> from fastgrad import optimize
    >>> def rastrigin(x):
    ...     return sum(a * a - 10.0 * fastgrad.math.cos(2.0 * fastgrad.math.pi * a) + 10.0 for a in x)
    >>> found = optimize.dual_annealing(rastrigin, [(-5.12, 5.12)] * 3, maxiter=200, seed=1)
    >>> bool(abs(found.x).max() < 1e-6)
    True
    """
    from fastgrad.optimize.result import of_minimum, result

    middle = _middle(bounds)
    unknowns, of, args = _problem(f, middle if x0 is None else x0, args)
    limits = bounds_by_name(bounds, unknowns)
    start = None if x0 is None else unknowns.start
    local = {"method": "L-BFGS-B", "jac": closed(of.jac, args), "bounds": limits}
    found = scipy_optimize().dual_annealing(closed(of.fun, args), limits, minimizer_kwargs=local, x0=start, **options)
    return result(found, unknowns, functools.partial(of_minimum, of, found.x, args))


def shgo(
    f: Callable[..., Any],
    bounds: Any,
    *,
    args: Any = (),
    constraints: Any = (),
    options: dict[str, Any] | None = None,
    **further: Any,
) -> Result:
    """Minimise between bounds by :py:func:`scipy.optimize.shgo`, with local steps by exact gradients.

    Parameters
    ----------
    f, args, constraints
        See `minimize`.
    bounds
        See `dual_annealing`.
    options, **further
        What else SciPy's function takes, with x as an array, but `minimizer_kwargs`.

    Returns
    -------
    Result
        See `minimize`. What SciPy adds is in arrays: `xl` has all minima that it found.

    Raises
    ------
    TypeError, ValueError, ImportError
        See `minimize`.

    Examples
    --------
    >>> from fastgrad import optimize
    >>> def himmelblau(p):
    ...     return (p["x"] ** 2 + p["y"] - 11.0) ** 2 + (p["x"] + p["y"] ** 2 - 7.0) ** 2
    >>> found = optimize.shgo(himmelblau, {"x": (0.0, 5.0), "y": (0.0, 5.0)})
    >>> round(found.x["x"], 6), round(found.x["y"], 6)
    (3.0, 2.0)
    """
    from fastgrad.optimize.result import of_minimum, result

    unknowns, of, args = _problem(f, _middle(bounds), args)
    found = scipy_optimize().shgo(
        closed(of.fun, args),
        bounds_by_name(bounds, unknowns),
        constraints=constraints_of(constraints, unknowns, False),
        options={**(options or {}), "jac": closed(of.jac, args)},
        **further,
    )
    return result(found, unknowns, functools.partial(of_minimum, of, found.x, args))


def _problem(f: Any, x0: Any, args: Any) -> tuple[Unknowns, ForSciPy, tuple[Any, ...]]:
    check_function(f, "f")
    unknowns, args = Unknowns(x0), arguments(args)
    return unknowns, ForSciPy(unknowns.compiled(f, args), several=False), args


def _middle(bounds: Any) -> Any:
    """Return a point of the structure that bounds are for."""
    if isinstance(bounds, dict):
        return dict.fromkeys(bounds, 0.0)
    return np.zeros(len(bounds.lb if hasattr(bounds, "lb") else bounds))

"""Roots, by SciPy's `root`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastgrad.optimize.problem import Progress, Unknowns, arguments, check_function, scipy_optimize

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastgrad.optimize.result import Result

_WITH_SLOPES = ("hybr", "lm")


def root(
    f: Callable[..., Any],
    x0: Any,
    method: str = "hybr",
    *,
    args: Any = (),
    callback: Callable[..., Any] | None = None,
    tol: float | None = None,
    options: dict[str, Any] | None = None,
) -> Result:
    """Solve equations by :py:func:`scipy.optimize.root`, with the exact Jacobian.

    `fastgrad.implicit.root` solves them so that the solution has derivatives by what the equations are given.

    Parameters
    ----------
    f : callable
        A plain function or a compiled one, of x and of `args`; it returns as many numbers as x has, in any structure.
    x0 : number, list, tuple, dict or array
        Where to begin; the function is called with x of this structure.
    method, tol, options
        As of SciPy. The methods "hybr" and "lm" take the Jacobian.
    args : tuple
        Further arguments of the function: numbers and structures of them.
    callback : callable, optional
        As of SciPy, with x of the structure of x0.

    Returns
    -------
    Result
        With x of the structure of x0.

    Raises
    ------
    TypeError, ValueError, ImportError
        See `least_squares`; ValueError, too, if the function returns another number of numbers than x has.

    Examples
    --------
    >>> from fastgrad import optimize
    >>> found = optimize.root(lambda p: [p["a"] + p["b"] - 3.0, p["a"] * p["b"] - 2.0], {"a": 0.0, "b": 5.0})
    >>> {name: round(number, 9) for name, number in found.x.items()}
    {'a': 1.0, 'b': 2.0}
    """
    from fastgrad.optimize.result import result

    check_function(f, "f")
    unknowns, args = Unknowns(x0), arguments(args)
    of = unknowns.compiled_array(f, args)
    count = len(of(unknowns.start, *args))
    if count != len(unknowns.start):
        raise ValueError(
            f"f must return as many numbers as x0 has, {len(unknowns.start)}, not {count}: least_squares() is for "
            "another number of equations"
        )
    given = {"jac": of.jacobian} if method.lower() in _WITH_SLOPES else {}
    shown = Progress(unknowns, callback).for_scipy()
    found = scipy_optimize().root(of, unknowns.start, args, method, tol=tol, callback=shown, options=options, **given)
    return result(found, unknowns)

"""Bounds and constraints, as SciPy takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad.compiled.function import Compiled
from fastgrad.compiled.structure import Nest, in_words
from fastgrad.optimize.functions import usable
from fastgrad.optimize.problem import arguments, check_function, closed, jacobian_of, scipy_optimize

if TYPE_CHECKING:
    from fastgrad.compiled.structure import _Floats, _Structure
    from fastgrad.optimize.problem import Unknowns

_PAIR = "a pair (low, high) for it, None or an infinite number where there is none"


def bounds_by_name(bounds: Any, unknowns: Unknowns) -> Any:
    """Return SciPy's bounds for a dict of pairs, one for a name of x0; all else as it is."""
    if not isinstance(bounds, dict):
        return bounds
    low, high = np.full(len(unknowns.start), -np.inf), np.full(len(unknowns.start), np.inf)
    _fill(bounds, unknowns.structure, "bounds", low, high)
    return scipy_optimize().Bounds(low, high)


def two_arrays(bounds: Any, unknowns: Unknowns) -> Any:
    """Return bounds as least squares take them: those below, and those above."""
    found = bounds_by_name(bounds, unknowns)
    if hasattr(found, "lb"):
        return found.lb, found.ub
    if not hasattr(found, "__len__") or len(found) != 2:
        raise ValueError(
            f"bounds of a fit must be two, those below and those above, not {found!r:.60}: numpy.transpose(bounds) "
            "makes them of a pair for each number"
        )
    return found


def _fill(bounds: Any, structure: _Structure, name: str, low: _Floats, high: _Floats) -> None:
    if isinstance(bounds, dict):
        if not isinstance(structure, Nest) or structure.kind is not dict:
            raise TypeError(
                f"{name} is a dict, which is for a dict, but x0 has {in_words(structure)} there: give {_PAIR}"
            )
        unknown = [key for key in bounds if key not in structure.keys]
        if unknown:
            raise ValueError(f"{name} has {unknown[0]!r}, which x0 has not: its names are {list(structure.keys)!r}")
        start = 0
        for key, part in zip(structure.keys, structure.parts):
            stop = start + part.size()
            if key in bounds:
                _fill(bounds[key], part, f"{name}[{key!r}]", low[start:stop], high[start:stop])
            start = stop
        return
    try:
        below, above = bounds
        low[:] = -np.inf if below is None else np.ravel(below)
        high[:] = np.inf if above is None else np.ravel(above)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} must be {_PAIR}, of numbers or of as many as {in_words(structure)} has, not {bounds!r:.60}"
        ) from None


def constraints_of(constraints: Any, unknowns: Unknowns, second: bool) -> list[Any]:
    """Return constraints with their Jacobians, and with Hessians where the method takes `second` derivatives."""
    single = callable(constraints) or isinstance(constraints, dict) or hasattr(constraints, "lb")
    given = [constraints] if single else list(constraints)
    return [_constraint(one, f"constraints[{k}]", unknowns, second) for k, one in enumerate(given)]


def _constraint(given: Any, name: str, unknowns: Unknowns, second: bool) -> Any:
    optimize, args = scipy_optimize(), ()
    options: dict[str, Any] = {}
    if isinstance(given, optimize.LinearConstraint):
        return given
    if isinstance(given, optimize.NonlinearConstraint):
        function, low, high = given.fun, given.lb, given.ub
        options["keep_feasible"] = given.keep_feasible
        own = callable(given.jac)
    elif isinstance(given, dict) and given.get("type") in ("eq", "ineq"):
        function, low, high = given.get("fun"), 0.0, 0.0 if given["type"] == "eq" else np.inf
        args, own = arguments(given.get("args", ())), given.get("jac") is not None
    elif callable(given):
        function, low, high, own = given, 0.0, np.inf, False
    else:
        raise TypeError(
            f"{name} must be a function that is at least 0 where it holds, a dict with 'type' ('eq' or 'ineq') and "
            f"'fun', a LinearConstraint or a NonlinearConstraint, not {given!r:.60}"
        )
    check_function(function, f"{name}'s fun")
    if own:
        raise TypeError(f"{name} has a jac of its own, and must have none, as the exact one is found: leave it away")
    return optimize.NonlinearConstraint(*_parts(function, low, high, args, unknowns, second), **options)


def _parts(function: Any, low: Any, high: Any, args: Any, unknowns: Unknowns, second: bool) -> tuple[Any, ...]:
    """Return the function, the bounds, the Jacobian and perhaps the Hessian of a constraint."""
    of = unknowns.compiled_array(function, args)
    jac = jacobian_of(of, unknowns.start, args, None if second else False)
    parts = closed(of, args), low, high, closed(jac, args)
    if not second:
        return parts
    weighted = Compiled(lambda x, v, *args: sum(weight * value for weight, value in zip(v, of.function(x, *args))))
    weighted = usable(weighted, (unknowns.start, of(unknowns.start, *args), *args))
    return *parts, lambda x, v: weighted.hessian(x, np.asarray(v, dtype=np.float64), *args)

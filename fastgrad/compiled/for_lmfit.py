"""A compiled function of a dict as lmfit takes one: of its ``Parameters``, with the Jacobian by those that vary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad._tape.gradients import gradients
from fastgrad._tape.node import Node
from fastgrad._tape.numbers import Value

if TYPE_CHECKING:
    from fastgrad.compiled.structure import _Floats


__all__ = ["ForLmfit"]


class ForLmfit:
    """What ``lmfit.minimize`` takes of a function; made by ``f.lmfit`` of a compiled function.

    The function takes a dict of the parameters' numbers by name, and perhaps further arguments, which have no
    derivatives; it returns an array or list of residuals.

    Attributes
    ----------
    of : Compiled
        The function.
    """

    def __init__(self, of: Any) -> None:
        self.of = of

    def fun(self, params: Any, *args: Any, **kwargs: Any) -> _Floats:
        """Return the residuals."""
        found: _Floats = np.asarray(self.of(params.valuesdict(), *args, **kwargs), dtype=np.float64)
        return found

    def jac(self, params: Any, *args: Any, **kwargs: Any) -> _Floats:
        """Return their derivatives by the parameters that vary, also through the ``expr`` of others."""
        slopes: _Floats = self.of._values_and_slopes(params.valuesdict(), *args, **kwargs)[1]
        return slopes @ _by_varying(params)


def _by_varying(params: Any) -> _Floats:
    """Return the derivatives of all parameters by those that vary.

    An expression is lmfit's to evaluate. It is given scalars, and the slopes are on their tape.
    """
    varying = [p for p in params.values() if p.vary]
    tied = [p for p in params.values() if p.expr is not None]
    slopes = np.array([[float(p is other) for other in varying] for p in params.values()])
    if not tied:
        return slopes
    scalars = [Value(float(p.value)) for p in varying]
    try:
        for p, scalar in zip(varying, scalars):
            p.value = scalar
        for _ in tied:  # any of them may need any other
            numbers = [(k, _value_of(p)) for k, p in enumerate(params.values()) if p.expr is not None]
    finally:
        for p, scalar in zip(varying, scalars):
            p.value = scalar.data
        params.update_constraints()
    for place, number in numbers:
        if isinstance(number, Node):  # else it is a constant, or at a bound
            slopes[place] = gradients(number, scalars)
    return slopes


def _value_of(p: Any) -> Any:
    """Return a tied parameter's value, a scalar where its expression has made one."""
    try:
        return p.value
    except Exception as error:
        raise TypeError(
            f"the expr of parameter {p.name!r} must be arithmetic, or of exp, log, sqrt, sin and the like, to have a "
            f"derivative, not {p.expr!r}: compute {p.name} in the function instead"
        ) from error

"""Gradients compared with differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fastgrad._tape.numbers import Value
from fastgrad.compiled.arguments import chosen, described_call, names_of_inputs
from fastgrad.compiled.function import Compiled
from fastgrad.transforms.functions import grad
from fastgrad.transforms.tape import name_of, plain

if TYPE_CHECKING:
    from collections.abc import Callable


class GradientCheck(NamedTuple):
    """What `fastgrad.check_grad` has found; true if all entries agree.

    Attributes
    ----------
    names : list of str
        What the entries are called, as in ``x[0]``.
    computed, differences : list of float
        The gradient's entries, and what central differences say.
    agrees : list of bool
        Whether they are near enough.
    """

    names: list[str]
    computed: list[float]
    differences: list[float]
    agrees: list[bool]

    def __bool__(self) -> bool:
        return all(self.agrees)

    def __str__(self) -> str:
        verdicts = ("differs", "agrees")
        return "\n".join(
            f"{name}: {computed:.10g}, by differences {difference:.10g}: {verdicts[agrees]}"
            for name, computed, difference, agrees in zip(*self)
        )


def check_grad(
    function: Callable[..., Any],
    *args: Any,
    argnums: Any = 0,
    eps: float = 6e-6,
    rtol: float = 1e-5,
    atol: float = 1e-8,
) -> GradientCheck:
    """Compare a function's gradient with central differences.

    Parameters
    ----------
    function : callable
        See `grad`.
    *args
        Its arguments, at which the gradient is taken.
    argnums : int or tuple of int
        By which of them.
    eps : float
        The step, relative to an entry of more than 1. The default is the cube root of the precision of floats, at which
        rounding and curvature do least harm together.
    rtol, atol : float
        Entries agree if they differ by at most ``atol + rtol * (abs(entry) + abs(difference))``.

    Returns
    -------
    GradientCheck
        True if all entries agree; printed, a verdict for each.

    Raises
    ------
    TypeError, ValueError
        See `grad`.

    Examples
    --------
    >>> import fastgrad
    >>> print(fastgrad.check_grad(lambda x: x[0] * x[1].exp(), [2.0, 0.0]))
    x[0]: 1, by differences 1: agrees
    x[1]: 2, by differences 2: agrees
    >>> bool(fastgrad.check_grad(lambda x: x * x.detach(), 3.0))
    False
    """

    structure = described_call(args, {}, name_of(function))
    inner, places = chosen(structure, argnums)
    numbers: list[Any] = []
    structure.take_apart((args, {}), numbers)
    found: list[Any] = []
    inner.take_apart(grad(function, argnums)(*args), found)
    differences = []
    for k in places:
        step = eps * max(1.0, abs(numbers[k]))
        low, high = ([*numbers[:k], numbers[k] + sign * step, *numbers[k + 1 :]] for sign in (-1.0, 1.0))
        ends = [_value(function, structure, at) for at in (high, low)]
        differences.append((ends[0] - ends[1]) / (high[k] - low[k]))
    names = names_of_inputs(function, structure)
    agrees = [abs(a - b) <= atol + rtol * (abs(a) + abs(b)) for a, b in zip(found, differences)]
    return GradientCheck([names[k] for k in places], [float(x) for x in found], differences, agrees)


def _value(function: Any, structure: Any, numbers: list[Any]) -> float:

    args, _ = structure.put_together(iter([Value(number) for number in numbers]))
    called = function.function if isinstance(function, Compiled) else function
    return float(plain(called(*args)))

"""Results of compiled functions as scalars on the tape, where the arguments have scalars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastgrad._tape.gradients import gradients, set_slopes
from fastgrad._tape.node import Node
from fastgrad._tape.numbers import Value
from fastgrad.compiled.structure import described
from fastgrad.compiled.table import scalar_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastgrad.compiled.structure import _Floats, _Structure


def scalars_of(
    structure: _Structure,
    numbers: _Floats,
    function: Callable[..., Any],
    arguments: tuple[tuple[Any, ...], dict[str, Any]],
    places: list[int],
    outside: list[Any],
) -> Any:
    """Make scalars of results and their derivatives.

    Parameters
    ----------
    structure : that of the results
    numbers : numpy.ndarray
        The results, then for each its derivatives.
    function : callable
        What computes them on the tape, where the derivatives are to be differentiated again.
    arguments : (args, kwargs)
    places : list of int
        Which of the arguments' numbers the derivatives are by.
    outside : list of scalars
        By which they are, too.
    """
    call = _Call(function, arguments, places, outside)
    children = [*call.scalars, *outside]
    count = structure.size()
    slopes = numbers[count:].reshape(count, len(children))
    results = []
    for k in range(count):
        result = scalar_of(numbers[k].item(), children, slopes[k].copy(), 1.0)
        if result.prev:
            set_slopes(result, _Slopes(call, k))
        results.append(result)
    return structure.put_together(iter(results))


class _Call:
    """A call whose results may be differentiated again."""

    def __init__(self, function: Any, arguments: Any, places: list[int], outside: list[Any]) -> None:
        args, kwargs = arguments
        self.function, self.places, self.outside = function, places, outside
        self.structure = described(arguments, "the arguments")
        self.numbers: list[Any] = []
        self.structure.take_apart((args, kwargs), self.numbers)
        self.scalars = [self.numbers[k] for k in places]

    def slopes(self, k: int) -> list[Any]:
        """Call the function on the tape; return the derivatives of its k-th result."""
        fresh = [+scalar for scalar in self.scalars]
        numbers = [x if isinstance(x, Node) else Value(x) for x in self.numbers]
        for place, scalar in zip(self.places, fresh):
            numbers[place] = scalar
        args, kwargs = self.structure.put_together(iter(numbers))
        outputs: list[Any] = []
        result = self.function(*args, **kwargs)
        described(result, "the result").take_apart(result, outputs)
        if not isinstance(outputs[k], Node):
            return [0.0] * (len(fresh) + len(self.outside))
        found: list[Any] = gradients(outputs[k], [*fresh, *self.outside], True)
        return found


class _Slopes:
    """What computes the derivatives of one result as scalars."""

    def __init__(self, call: _Call, k: int) -> None:
        self.call, self.k = call, k

    def __call__(self) -> list[Any]:
        return self.call.slopes(self.k)

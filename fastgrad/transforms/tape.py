"""Functions run on the tape, to be differentiated there: with fresh scalars for their arguments.

A fresh scalar is `+x` of an argument x that is a scalar. So derivatives are by it alone, whatever else stands on x, and
an outer derivative goes through it all the same. While such a run goes on, transforms called in it return scalars.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from fastgrad._tape.functions import enable_grad
from fastgrad._tape.gradients import gradients
from fastgrad._tape.node import Node
from fastgrad._tape.numbers import Value
from fastgrad._tape.observer import recording_active
from fastgrad.compiled.arguments import chosen, described_call, differentiating, no_result, several_results
from fastgrad.compiled.structure import Number, described, has_scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastgrad.compiled.arguments import _Places
    from fastgrad.compiled.structure import _Structure


def name_of(function: Any) -> str:
    """Return what messages call a function."""
    return getattr(function, "__name__", None) or type(function).__name__


def check_callable(function: Any) -> Any:
    """Return what is to be differentiated, if it can be called."""
    if not callable(function):
        remedy = ": a scalar y has y.backward(), and fastgrad.gradients(y, xs)" if isinstance(function, Node) else ""
        raise TypeError(f"a derivative is taken of a function, not of {function!r:.60}{remedy}")
    return function


def running() -> bool:
    """Does a run go on in this thread?"""
    return bool(differentiating.runs)


def differentiated(args: Sequence[Any], kwargs: dict[str, Any]) -> bool:
    """Is what is computed now to be differentiated: in a recording, in another run, or as scalars are arguments?"""
    return running() or recording_active() or has_scalar([*args, *kwargs.values()])


class Run:
    """A call of a function on the tape.

    Attributes
    ----------
    inner : the structure of the arguments by which derivatives are taken
    inputs : list of scalars
        The numbers in them.
    structure : that of the results
    outputs : list of scalars and floats
        The numbers in these.
    aux : object
        What the function returned beside its results, if it was to return two.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        argnums: _Places,
        has_aux: bool = False,
    ) -> None:
        name = name_of(check_callable(function))
        structure = described_call(tuple(args), kwargs, name)
        self.inner, places = chosen(structure, argnums)
        numbers: list[Any] = []
        structure.take_apart((args, kwargs), numbers)
        with enable_grad():
            self.inputs = [_fresh(numbers[k]) for k in places]
        for k, number in zip(places, self.inputs):
            numbers[k] = number
        args, kwargs = structure.put_together(iter(numbers))
        differentiating.runs += 1
        try:
            with enable_grad():
                result = function(*args, **kwargs)
        finally:
            differentiating.runs -= 1
        self.aux = None
        if has_aux:
            result, self.aux = _two(result, name)
        self.structure, self.outputs = _taken_apart(result, name)


def product(xs: Sequence[Any], ys: Sequence[Any]) -> Any:
    """Return the sum of products of scalars, or of scalars and numbers."""
    with enable_grad():
        return sum(x * y for x, y in zip(xs, ys))


def _fresh(number: Any) -> Any:
    return +number if isinstance(number, Node) else Value(number)  # type: ignore[operator]


def _two(result: Any, name: str) -> tuple[Any, Any]:
    if not isinstance(result, tuple) or len(result) != 2:
        raise TypeError(
            f"with has_aux, {name} must return a pair of its result and what else there is, not {result!r:.60}"
        )
    return result


def _taken_apart(result: Any, name: str) -> tuple[_Structure, list[Any]]:
    outputs: list[Any] = []
    structure = described(result, f"the result of {name}")
    structure.take_apart(result, outputs)
    if not outputs:
        raise no_result(result, name)
    return structure, [x if isinstance(x, Node) else float(x) for x in outputs]


def plain(x: Any) -> Any:
    """Return a structure with the numbers of scalars in their places."""
    if isinstance(x, Node):
        return x.data
    if isinstance(x, dict):
        return {key: plain(entry) for key, entry in x.items()}
    if type(x) in (list, tuple):
        return type(x)(map(plain, x))
    return x


def only_output(run: Run, function: Any) -> Any:
    """Return the output of a function that has one."""
    if type(run.structure) is not Number:
        raise several_results(run.structure, name_of(function))
    return run.outputs[0]


def slopes_of(output: Any, inputs: list[Any], graph: bool) -> list[Any]:
    """Return the derivatives of an output by inputs, as scalars if there is to be a graph."""
    if not isinstance(output, Node):
        return [0.0] * len(inputs)
    return gradients(output, inputs, graph)  # type: ignore[no-any-return]


def swept(outputs: Any, inputs: list[Any], graph: bool, seeds: Any = None) -> list[Any]:
    """Return gradients by inputs, as floats unless there is to be a graph.

    A sweep over numbers makes nan of nothing times an infinite slope, below a choice that was not taken; one that makes
    nodes does not, and says where else it is nan.
    """
    if not isinstance(outputs, (Node, list)):
        return [0.0] * len(inputs)
    found: list[Any] = gradients(outputs, inputs, graph, seeds)
    if graph or not any(map(math.isnan, found)):
        return found
    try:
        return [plain(slope) for slope in gradients(outputs, inputs, True, seeds)]
    except TypeError:  # a Python function, which passes on numbers only
        return found

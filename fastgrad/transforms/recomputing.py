"""Parts of a graph that are computed again in the sweep instead of being kept."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad._tape.functions import enable_grad, no_grad
from fastgrad._tape.gradients import nodes_made
from fastgrad._tape.node import Node
from fastgrad._tape.observer import recording_active
from fastgrad._tape.tape import drop_nodes
from fastgrad.compiled.structure import described, has_scalar
from fastgrad.compiled.table import records, scalar_of
from fastgrad.transforms.tape import name_of, running

if TYPE_CHECKING:
    from collections.abc import Callable


def checkpoint(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that keeps no graph: what it computes is computed again when the gradient flows.

    So a long computation in such parts takes memory for one part, and for what goes from one to the next.

    Parameters
    ----------
    function : callable
        Of scalars, numbers and structures of them; it returns such. Its results must depend only on these, and on
        scalars from outside that are leaves, such as a model's parameters.

    Returns
    -------
    callable
        Of the same arguments, with the same results. Gradients through these are numbers: they cannot be differentiated
        again. In a recording, or where it is differentiated by `grad` and its like, it is the function as it is.

    Examples
    --------
    >>> import fastgrad
    >>> @fastgrad.checkpoint
    ... def many_steps(x):
    ...     for _ in range(1000):
    ...         x = x + 0.001 * x.sin()
    ...     return x
    >>> x = fastgrad.Value(1.0)
    >>> y = many_steps(x)
    >>> y.backward()
    >>> round(y.data, 6), round(x.grad, 6)
    (1.95625, 1.101705)
    """

    @functools.wraps(function)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        if recording_active() or running() or not records() or not has_scalar((args, kwargs)):
            return function(*args, **kwargs)
        return _Part(function, args, kwargs).results()

    return checkpointed


class _Part:
    """A call of a function, and how its gradient is found."""

    def __init__(self, function: Any, args: Any, kwargs: Any) -> None:
        self.function, self.args, self.kwargs = function, args, kwargs
        self.structure = described((args, kwargs), "the arguments")
        self.given: list[Any] = []
        self.structure.take_apart((args, kwargs), self.given)
        self.children = [x for x in self.given if isinstance(x, Node)]
        self.gate: Any = None
        self.outputs: list[Any] = []

    def results(self) -> Any:
        """Call the function; return its results, as nodes that stand on one whose step sweeps what it computes."""
        with no_grad():
            result = self.function(*self.args, **self.kwargs)
        numbers: list[Any] = []
        structure = described(result, f"the result of {name_of(self.function)}")
        structure.take_apart(result, numbers)
        self.gate = scalar_of(0.0, self.children, np.zeros(len(self.children)), 1.0)
        self.gate._backward = self.sweep
        self.outputs = [scalar_of(x.data, [self.gate], np.zeros(1), 1.0) if isinstance(x, Node) else x for x in numbers]
        return structure.put_together(iter(self.outputs))

    def sweep(self) -> None:
        """Compute all of it again on leaves, hand on what the results were given, and drop it."""
        start = nodes_made()
        slopes = self._slopes()
        drop_nodes(start)
        for child, slope in zip(self.children, slopes):
            child.grad += slope

    def _slopes(self) -> list[float]:
        leaves = [child.detach() for child in self.children]
        fresh = iter(leaves)
        args, kwargs = self.structure.put_together(
            iter([next(fresh) if isinstance(x, Node) else x for x in self.given])
        )
        again: list[Any] = []
        with enable_grad():
            result = self.function(*args, **kwargs)
            described(result, "the result").take_apart(result, again)
            total = sum(x * output.grad for x, output in zip(again, self.outputs) if isinstance(x, Node))
        if isinstance(total, Node):
            total.backward()
        return [leaf.grad for leaf in leaves]

"""The right-hand side of a differential equation as programs: of arrays, with its Jacobian, and with sensitivities."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from fastgrad._tape.gradients import gradients
from fastgrad._tape.node import Node
from fastgrad._tape.observer import TraceError, unobserved
from fastgrad.compiled.arguments import differentiating
from fastgrad.compiled.function import Compiled
from fastgrad.compiled.structure import described
from fastgrad.transforms.recorded import recorded
from fastgrad.transforms.tape import Run, name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastgrad.compiled.structure import _Floats, _Structure

_T = TypeVar("_T")
_MANY = 50  # unknowns, from which on a Jacobian may be sparse
_SHARE = 0.1  # of its entries, up to which it is
_KEY = "__fastgrad_flows__"  # among a function's attributes
_CALLED = (
    "{name} is called as {name}(t, y, *args), with scalars: y has the structure of y0. It may use arithmetic, "
    "fastgrad.math, numpy's functions and comparisons"
)
_NOT_RECORDED = "{name} is compiled for the solver: what it does with t, y and args must be computed from them alone"


class Flow:
    """dy/dt as a function of t, an array y and an array p of all other numbers.

    Attributes
    ----------
    function : callable
        The same of scalars; it returns a list.
    n : int
        How many numbers it gives.
    """

    def __init__(self, function: Any, n: int) -> None:
        self.function, self.n = function, n
        self.of = Compiled(_AsArray(function))
        self.sensitive: dict[tuple[int, ...], Flow] = {}
        self.adjoints: dict[tuple[int, ...], Flow] = {}

    def begin(self, t: float, y: _Floats, p: _Floats) -> _Floats:
        """Return dy/dt where a solution begins; the function is recorded there if it was not yet."""
        try:
            found: _Floats = self.of(t, y, p)
        except Exception as error:
            if hasattr(error, "add_note"):  # which Python has from 3.11 on
                note = _NOT_RECORDED if isinstance(error, TraceError) else _CALLED
                error.__notes__ = [note.format(name=name_of(self.function))]  # others speak of arrays and batches
            raise
        return found

    def jacobian(self, t: float, y: _Floats, p: _Floats, may_be_sparse: bool) -> Any:
        """Return a function of t, y and p for the Jacobian by y: sparse matrices where most of a large one is 0."""
        of = self.of
        if may_be_sparse and self.n >= _MANY:
            matrix = of.jacobian(t, y, p, argnums=1, sparse=True)
            if matrix.nnz <= _SHARE * self.n * self.n:
                return lambda t, y, p: of.jacobian(float(t), y, p, argnums=1, sparse=True)
        return lambda t, y, p: of.jacobian(float(t), y, p, argnums=1)

    def with_sensitivities(self, by: tuple[int, ...]) -> Flow:
        """Return the flow of y and of its derivatives by numbers of its start and of p, each an array like y.

        Parameters
        ----------
        by : tuple of int
            Places among the numbers of y and then of p.
        """
        found = self.sensitive.get(by)
        if found is None:
            found = self.sensitive[by] = Flow(_Sensitive(self.function, self.n, by), self.n * (1 + len(by)))
        return found

    def adjoint(self, by: tuple[int, ...]) -> Flow:
        """Return the adjoint equations: of a gradient by y, and of those by some numbers of p; their p is y and p.

        Parameters
        ----------
        by : tuple of int
            Places among the numbers of y and then of p.
        """
        found = self.adjoints.get(by)
        if found is None:
            found = self.adjoints[by] = Flow(_Adjoint(self.function, self.n, by), self.n + len(by))
        return found

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "function": None}  # what it was compiled to replays


class _AsArray:
    """A function whose results are a list as one whose result is an array."""

    def __init__(self, function: Any) -> None:
        self.function, self.__name__ = function, name_of(function)

    def __call__(self, *args: Any) -> Any:
        return np.array([*self.function(*args), None], dtype=object)[:-1]  # so that numpy looks into none of them


class _Flat:
    """A user's function of t, y and args, of arrays, which is to give so many numbers."""

    def __init__(self, of: Any, y: _Structure, args: _Structure, count: int) -> None:
        self.of, self.y, self.args, self.count = of, y, args, count
        self.__name__ = name_of(of)

    def __call__(self, t: Any, y: Any, p: Any) -> list[Any]:
        args = self.args.put_together(iter(p))
        result = self.of(t, self.y.put_together(iter(y)), *args)
        numbers: list[Any] = []
        described(result, f"the result of {self.__name__}").take_apart(result, numbers)
        if len(numbers) != self.count:
            raise ValueError(
                f"{self.__name__} must return {self.count} numbers, not {len(numbers)}: a right-hand side as many as "
                "y0 has, an event one"
            )
        return numbers


class _Sensitive:
    """A flow beside the linear equations that its derivatives by numbers follow: dS/dt = (df/dy) S + df/dp."""

    def __init__(self, function: Any, n: int, by: tuple[int, ...]) -> None:
        self.function, self.n, self.by = function, n, by
        self.__name__ = name_of(function)

    def __call__(self, t: Any, y: Any, p: Any) -> list[Any]:
        n = self.n
        values, slopes = slopes_of(self.function, t, y[:n], p)
        results = list(values)
        for column, place in enumerate(self.by, 1):
            tangent = y[n * column : n * (column + 1)]
            for row in slopes:
                own = 0.0 if place < n else row.get(place, 0.0)
                results.append(sum((slope * tangent[k] for k, slope in row.items() if k < n), own))
        return results


class _Adjoint:
    """The adjoint equations of a flow: da/dt = -(df/dy)ᵀ a, and of what is left with a number: db/dt = -(df/dp)ᵀ a."""

    def __init__(self, function: Any, n: int, by: tuple[int, ...]) -> None:
        self.function, self.n, self.by = function, n, by
        self.__name__ = name_of(function)

    def __call__(self, t: Any, z: Any, q: Any) -> list[Any]:
        n = self.n
        run = Run(self.function, (t, np.asarray(q[:n]), np.asarray(q[n:])), {}, (1, 2))
        flowing = [(output, seed) for output, seed in zip(run.outputs, z) if isinstance(output, Node)]
        slopes = gradients([output for output, _ in flowing], run.inputs, True, [seed for _, seed in flowing])
        return [-slopes[place] for place in (*range(n), *self.by)]


def slopes_of(function: Any, t: Any, y: Any, p: Any) -> tuple[list[Any], list[dict[int, Any]]]:
    """Return values of a function and their derivatives, as scalars, by those numbers of y and p that they stand on."""
    run = Run(function, (t, np.asarray(y), np.asarray(p)), {}, (1, 2))
    rows: list[dict[int, Any]] = []
    for output in run.outputs:
        rows.append({})
        if isinstance(output, Node):
            reached = gradients(output, run.inputs, True, run.inputs[0])  # a factor tells a number 0 from nothing
            slopes = gradients(output, run.inputs, True)
            rows[-1] = {k: slope for k, slope in enumerate(slopes) if reached[k].prev}
    return run.outputs, rows


def by_itself(function: Callable[..., _T], *arguments: Any) -> _T:
    """Call a function that computes with numbers, whatever is being recorded or differentiated meanwhile."""
    runs, differentiating.runs = differentiating.runs, 0
    try:
        return unobserved(function, *arguments)
    finally:
        differentiating.runs = runs


def flow_of(function: Any, y: _Structure, args: _Structure, count: int) -> Flow:
    """Return what a function was compiled to for arguments of these structures; the function keeps it."""
    known = recorded(function).current()
    flows = vars(function).setdefault(_KEY, {}) if isinstance(function, (types.FunctionType, Compiled)) else {}
    place = y, args, count
    found: tuple[Compiled, Flow] | None = flows.get(place)
    if found is None or found[0] is not known:
        found = flows[place] = known, Flow(_Flat(known.function, y, args, count), count)
    return found[1]

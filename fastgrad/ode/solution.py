"""Solutions of differential equations as scalars: `odeint`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad._tape.convert import plain as number_of
from fastgrad._tape.custom import NoSlope, called_node, with_slope
from fastgrad._tape.gradients import set_slopes
from fastgrad._tape.node import Node
from fastgrad._tape.observer import recording_active
from fastgrad.compiled.structure import Array, Nest, Row, crossed, described
from fastgrad.compiled.table import records, scalar_of
from fastgrad.ode.flow import by_itself, flow_of
from fastgrad.ode.solving import METHODS, Settings, integrated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastgrad.compiled.structure import _Floats, _Structure
    from fastgrad.ode.flow import Flow

_SECOND = (
    "in a compiled function a solution of fastgrad.ode has first derivatives: for higher ones take those of the plain "
    "function, with fastgrad.gradients(..., create_graph=True) or fastgrad.hessian"
)


def odeint(
    rhs: Callable[..., Any],
    y0: Any,
    t: Any,
    args: Any = (),
    *,
    method: Any = "LSODA",
    rtol: float = 1e-8,
    atol: Any = 1e-8,
    **options: Any,
) -> Any:
    """Solve dy/dt = rhs(t, y, *args) from y0 on, by SciPy's integrators, with derivatives of the solution.

    Parameters
    ----------
    rhs : callable
        A plain function or a compiled one of t, y and args, in the order of :py:func:`scipy.integrate.solve_ivp`. y has
        the structure of y0; what it returns has as many numbers. It is compiled, and is given scalars when it is.
    y0 : number, list, tuple, dict or array
        y at t[0].
    t : list, tuple or array
        Times of the results, ascending or descending; the first is that of y0.
    args : tuple
        Further arguments of rhs: numbers and structures of them. Scalars among these, in y0 and in t are what the
        solution is differentiated by. Scalars that rhs uses from outside are constants.
    method : str or scipy.integrate.OdeSolver
        "LSODA", "RK45", "RK23", "DOP853", "Radau" or "BDF". The implicit ones are given the exact Jacobian.
    rtol : float
        The relative error that a step may have.
    atol : float, or structure like y0
        The absolute one; of a derivative by p it is atol / abs(p).
    **options
        What else :py:func:`scipy.integrate.solve_ivp` takes: `first_step`, `max_step` and others.

    Returns
    -------
    array, or structure like y0 of arrays
        The first axis is that of the times. Numbers and lists of them in y0 become arrays, with scalars where there is
        anything to differentiate by.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as said.
    RuntimeError
        If the integration failed, with SciPy's message.
    TraceError
        If rhs cannot be compiled.
    ImportError
        If SciPy is not there.

    Notes
    -----
    Derivatives follow equations of their own, which are integrated together with y (forward sensitivities): their
    errors are controlled like those of y. In a compiled function they are of the first order; on the tape of any.

    Examples
    --------
    >>> import fastgrad
    >>> from fastgrad import ode
    >>> rate = fastgrad.Value(0.5)
    >>> y = ode.odeint(lambda t, y, rate: -rate * y, 3.0, [0.0, 1.0, 2.0], (rate,))
    >>> y[-1].backward()
    >>> round(y[-1].data, 6), round(rate.grad, 6)
    (1.103638, -2.207277)
    """
    if not callable(rhs):
        raise TypeError(f"rhs must be a function of t, y and args, not {rhs!r:.60}")
    y, y_structure = _taken_apart(y0, "y0")
    if not y:
        raise ValueError(f"y0 must have at least one number, not {y0!r:.60}")
    args = args if isinstance(args, tuple) else (args,)
    p, p_structure = _taken_apart(args, "args")
    times = _times(t)
    how = Settings(_method(method), _tolerance(rtol, "rtol"), _tolerances(atol, y_structure), options)
    flow = by_itself(flow_of, rhs, y_structure, p_structure)
    return _result(solution(flow, y, p, times, how), y_structure)


# Arguments.


def _taken_apart(x: Any, name: str) -> tuple[list[Any], _Structure]:
    structure, numbers = described(x, name), list[Any]()
    structure.take_apart(x, numbers)
    wrong = next((k for k, number in enumerate(numbers) if not math.isfinite(number_of(number))), None)
    if wrong is not None:
        raise ValueError(f"{structure.names(name)[wrong]} must be finite, not {number_of(numbers[wrong])}")
    return numbers, structure


def _times(t: Any) -> list[Any]:
    times, structure = _taken_apart(t, "t")
    if not times or type(structure) not in (Row, Array, Nest) or len(getattr(structure, "shape", (1,))) != 1:
        raise ValueError(f"t must be a list or array of times, the first of which is that of y0, not {t!r:.60}")
    steps = np.diff([number_of(time) for time in times])
    if not (np.all(steps > 0.0) or np.all(steps < 0.0)):
        raise ValueError(f"t must ascend, or descend, from the time of y0 on, each time once, not {t!r:.60}")
    return times


def _method(method: Any) -> Any:
    if method in METHODS or isinstance(method, type):
        return method
    raise ValueError(f"method must be one of {', '.join(map(repr, METHODS))}, or a class of SciPy's, not {method!r}")


def _tolerance(x: Any, name: str) -> float:
    if isinstance(x, (int, float, np.number)) and 0.0 < x < math.inf:
        return float(x)
    raise ValueError(f"{name} must be a number above 0, 1e-8 for instance, not {x!r:.60}")


def _tolerances(atol: Any, y: _Structure) -> _Floats:
    n = y.size()
    numbers, structure = _taken_apart(atol, "atol")
    if any(not number > 0.0 for number in numbers) or len(numbers) not in (1, n):
        raise ValueError(f"atol must be a number above 0, or {n} of them as y0 has, not {atol!r:.60}")
    return np.full(n, numbers, dtype=np.float64)


def _of_arrays(structure: _Structure) -> _Structure:
    """Return a structure with arrays for lists of numbers."""
    if isinstance(structure, Row):
        return Array((structure.length,))
    if isinstance(structure, Nest):
        return structure._replace(parts=tuple(map(_of_arrays, structure.parts)))
    return structure


def _result(rows: Any, y: _Structure) -> Any:
    """Put rows of numbers, one for each time, together."""
    structure, order = crossed(Array((len(rows),)), _of_arrays(y))
    if isinstance(rows, np.ndarray):
        return structure.of_floats(rows.ravel()[order])
    numbers = [entry for row in rows for entry in row]
    return structure.put_together(iter([numbers[k] for k in order.tolist()]))


# Solutions.


def solution(flow: Flow, y: Sequence[Any], p: Sequence[Any], t: Sequence[Any], how: Settings) -> Any:
    """Return y for each time: an array of floats, or lists of scalars on the tape, or of steps of a program."""
    numbers = [*y, *p, *t]
    recording = recording_active()
    places = [k for k, number in enumerate(numbers) if isinstance(number, Node)] if recording or records() else []
    problem = Problem(flow, [number_of(number) for number in numbers], len(t), places, how)
    by = [numbers[k] for k in places]
    table = problem.table([number.data if not recording else number_of(number) for number in by])
    if not places:
        return table[:, :, 0]
    rest = _recorded(problem, by, table) if recording else _scalars(problem, by, table, (y, p, t))
    return [list(y), *rest]


class Problem:
    """A solution as a function of some of the numbers of y0, p and t.

    Attributes
    ----------
    places : list of int
        Of these numbers among all.
    """

    def __init__(self, flow: Flow, numbers: Sequence[float], times: int, places: list[int], how: Settings) -> None:
        n, begin = flow.n, len(numbers) - times
        self.numbers, self.times, self.places, self.how = np.array(numbers), times, places, how
        self.numbers[places] = 0.0  # which are no part of the problem
        self.columns = tuple(place for place in places if place < begin)
        if begin in places:  # by the time of y0: as by y0, along the slope there
            self.columns = (*range(n), *(place for place in self.columns if place >= n))
        self.plain, self.flow = flow, flow.with_sensitivities(self.columns) if self.columns else flow
        self.last: tuple[Any, Any] = (None, None)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "last": (None, None)}

    def table(self, numbers: Sequence[float]) -> _Floats:
        """Return for each time and each number of y its value, and its derivatives by the numbers."""
        return by_itself(self._table, numbers)

    def _table(self, numbers: Sequence[float]) -> _Floats:
        given = self.numbers.copy()
        given[self.places] = numbers
        n, begin = self.plain.n, len(given) - self.times
        y, p, t = given[:n], given[n:begin], given[begin:]
        start, how = y, self.how
        if self.columns:
            start = np.concatenate([y, *(np.arange(n) == place for place in self.columns)])
            how = how.with_columns(given[list(self.columns)].tolist())
        found = integrated(self.flow, t, start, p, how).reshape(self.times, -1, n).swapaxes(1, 2)
        table = np.zeros((self.times, n, 1 + len(self.places)))
        table[:, :, 0] = found[:, :, 0]
        slopes = self.plain.of
        for k, place in enumerate(self.places, 1):
            if place < begin:
                table[:, :, k] = found[:, :, 1 + self.columns.index(place)]
            elif place == begin:
                table[:, :, k] = -found[:, :, 1 : n + 1] @ slopes(float(t[0]), y, p)
            else:
                row = place - begin
                table[row, :, k] = slopes(float(t[row]), found[row, :, 0], p)
        return table

    def by(self, row: int) -> list[int]:
        """Tell by which of the numbers the solution at a time has derivatives: other times are none of them."""
        begin = len(self.numbers) - self.times
        return [k for k, place in enumerate(self.places) if place <= begin or place == begin + row]

    def entry(self, numbers: tuple[float, ...], place: int) -> float:
        """Return an entry of the table, which is kept, as a program asks for one after the other."""
        given, found = self.last
        if given != numbers:
            try:
                found = self.table(numbers).ravel().tolist()
            except RuntimeError as error:
                found = error
            self.last = numbers, found
        if isinstance(found, RuntimeError):
            raise found
        return found[place]  # type: ignore[no-any-return]


# On the tape.


def _scalars(problem: Problem, by: list[Any], table: _Floats, of: tuple[Any, Any, Any]) -> list[list[Any]]:
    whole = _Again(problem, *of)
    rows = []
    for row in range(1, problem.times):
        columns = problem.by(row)
        children, slopes = [by[k] for k in columns], table[row][:, [1 + k for k in columns]]
        rows.append([scalar_of(float(entry[0]), children, slopes[k].copy(), 1.0) for k, entry in enumerate(table[row])])
        for k, node in enumerate(rows[-1]):
            if node.prev:
                set_slopes(node, _Slopes(whole, row, k))
    return rows


class _Again:
    """The solution with its sensitivities as scalars, which is found when it is asked for."""

    def __init__(self, problem: Problem, y: Sequence[Any], p: Sequence[Any], t: Sequence[Any]) -> None:
        self.problem, self.y, self.p, self.t = problem, y, p, t
        self.found: list[list[Any]] | None = None

    def rows(self) -> list[list[Any]]:
        """Return for each time y, and its derivatives by each column."""
        problem = self.problem
        if not problem.columns:
            return [list(self.y), *solution(problem.flow, self.y, self.p, self.t, problem.how)[1:]]
        if self.found is None:
            start = [*self.y, *(float(k == place) for place in problem.columns for k in range(len(self.y)))]
            numbers = [*self.y, *self.p]
            how = problem.how.with_columns([number_of(numbers[place]) for place in problem.columns])
            self.found = solution(problem.flow, start, self.p, self.t, how)
        return self.found


class _Slopes:
    """What computes the derivatives of one number of a solution as scalars."""

    def __init__(self, whole: _Again, row: int, k: int) -> None:
        self.whole, self.row, self.k = whole, row, k

    def __call__(self) -> list[Any]:
        whole, k = self.whole, self.k
        problem, function = whole.problem, whole.problem.plain.function
        n, begin = len(whole.y), len(whole.y) + len(whole.p)
        y = whole.rows()[self.row]
        found: list[Any] = []
        for place in (problem.places[j] for j in problem.by(self.row)):
            if place < begin:
                found.append(y[n * (1 + problem.columns.index(place)) + k])
            elif place == begin:
                slopes = function(whole.t[0], np.array(whole.y), np.array(whole.p))
                found.append(-sum(y[n * (1 + j) + k] * slope for j, slope in enumerate(slopes)))
            else:
                found.append(function(whole.t[self.row], np.array(y[:n]), np.array(whole.p))[k])
        return found


# In a recording.


def _recorded(problem: Problem, by: list[Any], table: _Floats) -> list[list[Any]]:
    unknown = called_node(NoSlope(_SECOND), by, math.nan)
    rows = []
    for row in range(1, problem.times):
        rows.append([_step(problem, by, table, row, k, unknown) for k in range(problem.plain.n)])
    return rows


def _step(problem: Problem, by: list[Any], table: _Floats, row: int, k: int, unknown: Any) -> Any:
    node = _called(problem, by, table, (row, k, 0))
    for j in problem.by(row):
        slope = _called(problem, by, table, (row, k, 1 + j))
        for x in by:
            slope = with_slope(slope, x, unknown)
        node = with_slope(node, by[j], slope)
    return node


def _called(problem: Problem, by: list[Any], table: _Floats, place: tuple[int, int, int]) -> Any:
    entry = _Entry(problem, int(np.ravel_multi_index(place, table.shape)))
    return called_node(entry, by, float(table[place]))


class _Entry:
    """One number of a solution's table as a function of numbers, for a program to call."""

    def __init__(self, problem: Problem, place: int) -> None:
        self.problem, self.place = problem, place

    def __hash__(self) -> int:
        problem = self.problem
        rhs = problem.plain.function.rhs
        return hash((getattr(rhs, "__code__", rhs), self.place, *problem.places, problem.numbers.tobytes()))

    def __call__(self, *numbers: float) -> float:
        return self.problem.entry(numbers, self.place)

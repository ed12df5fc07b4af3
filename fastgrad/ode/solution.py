"""Solutions of differential equations as scalars: `odeint`."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad._tape.convert import plain as number_of
from fastgrad._tape.custom import NoSlope, called_node, with_slope
from fastgrad._tape.gradients import set_slopes
from fastgrad._tape.node import Node
from fastgrad._tape.observer import TraceError, recording_active
from fastgrad.compiled.structure import Array, Nest, Number, Row, crossed, described
from fastgrad.compiled.table import records, scalar_of
from fastgrad.ode.adjoint import Adjoint
from fastgrad.ode.events import Solution, conditions_of
from fastgrad.ode.flow import by_itself, flow_of
from fastgrad.ode.problem import Problem
from fastgrad.ode.solving import METHODS, Settings
from fastgrad.transforms.tape import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastgrad.compiled.structure import _Floats, _Structure
    from fastgrad.ode.events import Condition
    from fastgrad.ode.flow import Flow

_OWN = {"fun", "t_span", "t_eval", "args", "jac", "dense_output", "vectorized"}
_MANY = 250  # equations of sensitivities, beyond which a sweep by the adjoint takes less
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
    events: Any = None,
    sensitivity: str = "auto",
    **options: Any,
) -> Any:
    """Solve ``dy/dt = rhs(t, y, *args)`` from y0 on, by SciPy's integrators, with derivatives of the solution.

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
        solution is differentiated by. Scalars that rhs uses from outside are refused, but within `no_grad`.
    method : str or scipy.integrate.OdeSolver
        "LSODA", "RK45", "RK23", "DOP853", "Radau" or "BDF". The implicit ones are given the exact Jacobian.
    rtol : float
        The relative error that a step may have.
    atol : float, or structure like y0
        The absolute one; of a derivative by p it is atol / abs(p).
    events : function or list of functions, optional
        Of t, y and args: an event is where one of them is 0. Their attributes ``terminal`` and ``direction`` are those
        of SciPy.
    sensitivity : str
        How derivatives are found: "forward", or "adjoint", or "auto", which is "adjoint" where there are many
        numbers to differentiate by.
    **options
        What else :py:func:`scipy.integrate.solve_ivp` takes: `first_step`, `max_step` and others.

    Returns
    -------
    array, or structure like y0 of arrays
        The first axis is that of the times. Numbers and lists of them in y0 become arrays, with scalars where there is
        anything to differentiate by. With ``events`` it is a `Solution`, with fields t, y, t_events and y_events.

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
    By forward sensitivities derivatives are integrated together with y, and their errors are controlled like those
    of y. That is as many equations more as y has numbers, for each number to differentiate by. In a compiled function
    derivatives are of the first order, on the tape of any.

    By the adjoint a sweep over the tape integrates the gradient backwards along the solution, with the same tolerances:
    one equation more for each number, in every sweep. It is for the tape, without events, and for first derivatives.

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
    own = sorted(_OWN.intersection(options))
    if own:
        raise TypeError(f"odeint() gives solve_ivp {own[0]} itself: leave it out")
    how = Settings(_method(method), _tolerance(rtol, "rtol"), _tolerances(atol, y_structure), options)
    flow = by_itself(flow_of, rhs, y_structure, p_structure, len(y))
    conditions = by_itself(conditions_of, events, y_structure, p_structure)
    numbers = [*y, *p, *times]
    if _by_adjoint(sensitivity, numbers, len(times), len(y), events):
        places = [k for k, number in enumerate(numbers) if isinstance(number, Node)]
        later = Adjoint(flow, numbers, len(times), places, how).scalars()
        _check_outside(rhs, flow)
        return _result([y, *later], y_structure)
    problem = problem_of(flow, numbers, len(times), how, conditions)
    rows = solution(problem, numbers)
    if records() or recording_active():
        _check_outside(rhs, flow)
    if events is None:
        return _result(rows, y_structure)
    reached, *counts = problem.counts or (len(times),)
    found = Solution(np.array(times[:reached]), _result(rows[:reached], y_structure), [], [])
    for count in counts or [0] * len(conditions):
        of_event, reached = rows[reached : reached + 2 * count], reached + 2 * count
        found.t_events.append(np.array([row[0] for row in of_event[::2]]))
        found.y_events.append(_result(of_event[1::2], y_structure))
    return found


# Arguments.


def _taken_apart(x: Any, name: str) -> tuple[list[Any], _Structure]:
    structure, numbers = described(x, name), list[Any]()
    structure.take_apart(x, numbers)
    wrong = next((k for k, number in enumerate(numbers) if not math.isfinite(number_of(number))), None)
    if wrong is not None:
        raise ValueError(f"{structure.names(name)[wrong]} must be finite, not {number_of(numbers[wrong])}")
    return numbers, structure


def _check_outside(rhs: Any, flow: Flow) -> None:
    """Raise TypeError where programs use scalars from outside: the solution would have no derivatives by them."""
    flows = flow, *flow.sensitive.values(), *flow.adjoints.values()
    if any(path.outside for one in flows for path in one.of._recorded()):
        raise TypeError(
            f"{name_of(rhs)} must take scalars as arguments, not from outside, or the solution has no derivatives by "
            "them: give them in args; where they are constants, solve within fastgrad.no_grad()"
        )


def _times(t: Any) -> list[Any]:
    times, structure = _taken_apart(t, "t")
    if isinstance(structure, Nest):
        one_by_one = structure.kind is tuple and all(type(part) is Number for part in structure.parts)
    else:
        one_by_one = isinstance(structure, Row) or (isinstance(structure, Array) and len(structure.shape) == 1)
    if not times or not one_by_one:
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


def _by_adjoint(sensitivity: str, numbers: Sequence[Any], times: int, n: int, events: Any) -> bool:
    """Are derivatives found by the adjoint?"""
    if sensitivity not in ("auto", "forward", "adjoint"):
        raise ValueError(f"sensitivity must be 'auto', 'forward' or 'adjoint', not {sensitivity!r}")
    if sensitivity == "forward" or times == 1 or not (records() or recording_active()):
        return False
    count = sum(isinstance(number, Node) for number in numbers)
    if sensitivity == "auto":
        return events is None and not recording_active() and n * count > _MANY
    if events is not None:
        raise ValueError('derivatives of events are found by sensitivity="forward", not by the adjoint')
    if recording_active() and count:
        raise TraceError(
            'in a compiled function derivatives are found by sensitivity="forward": call the plain function, and '
            "backward(), for the adjoint"
        )
    return count > 0


# Solutions.


def solution(problem: Problem, numbers: Sequence[Any]) -> list[list[Any]] | _Floats:
    """Return a problem's rows: an array of floats, or lists of scalars on the tape, or of steps of a program."""
    by = [numbers[place] for place in problem.places]
    table = problem.table([number_of(number) for number in by])
    if not by:
        return table[:, :, 0]
    return (_recorded if recording_active() else _scalars)(problem, by, table, numbers)


def problem_of(
    flow: Flow, numbers: Sequence[Any], times: int, how: Settings, conditions: Sequence[Condition] = ()
) -> Problem:
    """Return a problem, by those numbers of y0, p and t that are scalars."""
    differentiated = recording_active() or records()
    places = [k for k, number in enumerate(numbers) if isinstance(number, Node)] if differentiated else []
    return Problem(flow, [number_of(number) for number in numbers], times, places, how, conditions)


# On the tape.


def _scalars(problem: Problem, by: list[Any], table: _Floats, numbers: Sequence[Any]) -> list[list[Any]]:
    whole = _Again(problem, numbers)
    rows = [list(numbers[: problem.plain.n])]
    for row in range(1, len(table)):
        columns = problem.by(row if row < whole.reached else -1)
        children, slopes = [by[k] for k in columns], table[row][:, [1 + k for k in columns]]
        rows.append([scalar_of(float(entry[0]), children, slopes[k].copy(), 1.0) for k, entry in enumerate(table[row])])
        for k, node in enumerate(rows[-1]):
            if node.prev:
                set_slopes(node, functools.partial(whole.slopes, row, k))
    whole.rows = rows
    return rows


class _Again:
    """The solution with its sensitivities as scalars, which is found when it is asked for."""

    def __init__(self, problem: Problem, numbers: Sequence[Any]) -> None:
        n, begin = problem.plain.n, problem.begin
        self.problem, self.reached = problem, (problem.counts or (problem.times,))[0]
        self.y, self.p, self.t = list(numbers[:n]), list(numbers[n:begin]), list(numbers[begin:])
        self.rows: list[list[Any]] = []
        self.found: Any = None

    def slopes(self, row: int, k: int) -> list[Any]:
        """Return the derivatives of one number of a row as scalars."""
        if row < self.reached:
            if self.found is None:
                self.found = self._integrated(self.t)
            return [tangent[k] for tangent in self._tangents(self.found[row], row, self.t[row])]
        event, of_state = divmod(row - self.reached, 2)
        time = self.rows[self.reached + 2 * event][0]
        state = self._integrated([self.t[0], time])[1]
        y, condition = state[: len(self.y)], self.problem.met()[event]
        tangents, columns = self._tangents(state, -1, time), self.problem.by(-1)
        slopes = condition.slopes_of_scalars(time, y, self.p)
        moved = condition.moved(self.problem.own(columns), slopes, tangents, self._rates(time, y))
        return [entry[1 + k if of_state else 0] for entry in moved]

    def _integrated(self, t: list[Any]) -> Any:
        problem = self.problem
        numbers = [*self.y, *self.p]
        start = [float(k == place) for place in problem.columns for k in range(len(self.y))]
        how = problem.how.with_columns([number_of(numbers[place]) for place in problem.columns])
        numbers = [*self.y, *start, *self.p, *t]
        return solution(problem_of(problem.flow, numbers, len(t), how), numbers)

    def _tangents(self, state: Sequence[Any], row: int, time: Any) -> list[list[Any]]:
        """Return the derivatives of y at a time by each of the numbers that count there."""
        problem, n = self.problem, len(self.y)
        columns = [list(state[n * j : n * (j + 1)]) for j in range(1, 1 + len(problem.columns))]
        found = []
        for place in (problem.places[k] for k in problem.by(row)):
            if place < problem.begin:
                found.append(columns[problem.columns.index(place)])
            elif place == problem.begin:
                rates = self._rates(self.t[0], self.y)
                found.append([-sum(rate * column[k] for rate, column in zip(rates, columns)) for k in range(n)])
            else:
                found.append(self._rates(time, state[:n]))
        return found

    def _rates(self, t: Any, y: Sequence[Any]) -> list[Any]:
        found: list[Any] = self.problem.plain.function(t, np.array(y), np.array(self.p))
        return found


# In a recording.


def _recorded(problem: Problem, by: list[Any], table: _Floats, numbers: Sequence[Any]) -> list[list[Any]]:
    unknown = called_node(NoSlope(_SECOND), by, math.nan)
    reached = (problem.counts or (problem.times,))[0]
    rows = [list(numbers[: problem.plain.n])]
    for row in range(1, len(table)):
        columns = problem.by(row if row < reached else -1)
        rows.append([_step(problem, by, table, (row, k), columns, unknown) for k in range(problem.plain.n)])
    return rows


def _step(
    problem: Problem, by: list[Any], table: _Floats, at: tuple[int, int], columns: list[int], unknown: Any
) -> Any:
    node = _called(problem, by, table, (*at, 0))
    for j in columns:
        slope = _called(problem, by, table, (*at, 1 + j))
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
        rhs = problem.plain.function.of
        return hash((getattr(rhs, "__code__", rhs), self.place, *problem.places, problem.numbers.tobytes()))

    def __call__(self, *numbers: float) -> float:
        return self.problem.entry(numbers, self.place)

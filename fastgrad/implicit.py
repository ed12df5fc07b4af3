"""Solutions of equations as scalars: found by Newton's method, differentiated by the implicit function theorem.

>>> import fastgrad
>>> from fastgrad import implicit
>>> a = fastgrad.Value(2.0)
>>> x = implicit.root(lambda x, a: x**3 + a * x - 1.0, 0.5, a)
>>> x.backward()
>>> round(x.data, 12), round(a.grad, 12)
(0.453397651516, -0.17327023155)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad._tape.convert import plain as number_of
from fastgrad._tape.custom import ORDERS, NoSlope, called_node, too_high, with_slope
from fastgrad._tape.gradients import gradients, set_slopes
from fastgrad._tape.node import Node
from fastgrad._tape.observer import recording_active, unobserved
from fastgrad.compiled.structure import described
from fastgrad.compiled.table import scalar_of
from fastgrad.transforms.recorded import recorded
from fastgrad.transforms.tape import Run, name_of, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastgrad.compiled.structure import _Floats

__all__ = ["fixed_point", "root"]

_HALVINGS = 30  # of a step that does not come nearer
_PRECISION = 4 * np.finfo(np.float64).eps


def root(function: Callable[..., Any], x0: Any, *args: Any, max_steps: int = 100) -> Any:
    """Solve ``function(x, *args) == 0`` for x, by Newton's method with exact derivatives.

    Parameters
    ----------
    function : callable
        Of x and the other arguments; its result has as many numbers as x.
    x0 : number, list, tuple, dict or array
        Where to begin.
    *args
        Numbers and structures of them; scalars among these are what the solution is differentiated by. Scalars that the
        function uses from outside are constants: give as arguments what derivatives are wanted by.
    max_steps : int
        After so many steps a RuntimeError is raised.

    Returns
    -------
    structure like x0
        Of scalars with derivatives of every order, where there are scalars to differentiate by; else of floats.

    Raises
    ------
    ValueError
        If the result has another number of numbers than x.
    RuntimeError
        If no solution was found: the steps came to no end, or the derivatives have no inverse.

    Notes
    -----
    There is no tolerance to choose. Steps end with one of at most 4 units in the last place of x, or of 1 where x is
    smaller, or where rounding lets none come nearer.

    A compiled function finds the solution anew in every call, by calling Python. Its derivatives are steps of the
    program, up to the third order.

    Examples
    --------
    >>> import fastgrad
    >>> from fastgrad import implicit
    >>> implicit.root(lambda x, a: x * x - a, 1.0, 9.0)
    3.0
    >>> fastgrad.derivative(lambda a: implicit.root(lambda x, a: x * x - a, 1.0, a), 2)(4.0)
    -0.03125
    """
    return _solution(function, x0, args, max_steps, False)


def fixed_point(function: Callable[..., Any], x0: Any, *args: Any, max_steps: int = 100) -> Any:
    """Solve ``function(x, *args) == x`` for x, by Newton's method too.

    Parameters
    ----------
    function, x0, *args, max_steps
        See `root`, which returns the same and raises the same errors.

    Examples
    --------
    >>> import fastgrad
    >>> from fastgrad import implicit
    >>> x = implicit.fixed_point(lambda x: fastgrad.math.cos(x), 1.0)
    >>> round(x, 12)
    0.739085133215
    """
    return _solution(function, x0, args, max_steps, True)


def _solution(function: Any, x0: Any, args: tuple[Any, ...], max_steps: int, is_fixed_point: bool) -> Any:
    return _Solved(_Equation(function, x0, args, max_steps, is_fixed_point), x0, args).result()


class _Equation:
    """What is to be solved, and how."""

    def __init__(self, function: Any, x0: Any, args: tuple[Any, ...], max_steps: int, is_fixed_point: bool) -> None:
        self.known, self.max_steps, self.fixed_point = recorded(function), max_steps, is_fixed_point
        self.structure = described(x0, "x0")
        self.argument_structure = described(args, "the arguments")

    def solve(self, x: _Floats, arguments: Sequence[float]) -> _Floats:
        """Return the solution found from x, for numbers that are the arguments'."""
        residual, slopes = self._at(x, arguments)
        for _ in range(self.max_steps):
            step = self.solved(x, slopes, residual)
            if _is_small(step, x, _PRECISION):
                return x - step
            nearer = self._nearer(x, step, residual, arguments)
            if nearer is None:
                return x
            x, residual, slopes = nearer
            if not residual.any():
                return x
        raise self._failure(x, residual, f"after {self.max_steps} steps")

    def _nearer(
        self, x: _Floats, step: _Floats, residual: _Floats, arguments: Sequence[float]
    ) -> tuple[_Floats, _Floats, _Floats] | None:
        """Take a step, or the half of it until it comes nearer to a solution; None where rounding does not let it."""
        before, at_end = np.abs(residual).max(), _is_small(step, x, np.sqrt(_PRECISION))
        for _ in range(_HALVINGS):
            try:
                found, slopes = self._at(x - step, arguments)
            except ArithmeticError:
                found, slopes = np.full(len(x), np.inf), np.empty(0)
            if np.abs(found).max() < before:
                return x - step, found, slopes
            step = np.multiply(step, 0.5)
        if at_end:
            return None
        raise self._failure(x, residual, "where no step comes nearer")

    def _at(self, x: _Floats, arguments: Sequence[float]) -> tuple[_Floats, _Floats]:
        """Return the residual, and its derivatives by x."""
        x_now = self.structure.put_together(iter(x.tolist()))
        args = self.argument_structure.put_together(iter(arguments))
        values, slopes = self.known.call(
            lambda f: f._values_and_slopes(x_now, *args), lambda f: _values_and_slopes(f, x_now, args)
        )
        if len(values) != len(x):
            raise ValueError(
                f"{name_of(self.known.function)} must return as many numbers as x has, {len(x)}, not {len(values)}"
            )
        if self.fixed_point:
            return x - values, np.eye(len(x)) - slopes
        return values, slopes

    def solved(self, x: Sequence[float] | _Floats, slopes: _Floats, right: _Floats) -> _Floats:
        """Return the solution of the linear equations that the slopes at x make."""
        try:
            found: Any = np.linalg.solve(slopes, right)
        except np.linalg.LinAlgError:
            found = np.full(len(right), np.nan)
        if not np.all(np.isfinite(found)):
            raise RuntimeError(
                f"no solution of {name_of(self.known.function)} was found: where x is {list(map(float, x))!r:.200} its "
                f"derivatives by x have no inverse, {slopes.tolist()!r:.200}. Begin elsewhere"
            )
        return np.asarray(found, dtype=np.float64)

    def _failure(self, x: _Floats, residual: _Floats, when: str) -> RuntimeError:
        return RuntimeError(
            f"no solution of {name_of(self.known.function)} was found {when}: x is {x.tolist()!r:.200}, and the "
            f"residual {residual.tolist()!r:.200}. Begin nearer to a solution, or give more max_steps"
        )


def _is_small(step: _Floats, x: _Floats, share: float) -> bool:
    return bool(np.all(np.abs(step) <= share * np.maximum(1.0, np.abs(x))))


class _Solver:
    """One number of the solution as a function of those of x0 and of the arguments, for a program to call."""

    def __init__(self, equation: _Equation, place: int, kept: dict[tuple[float, ...], _Floats]) -> None:
        self.equation, self.place = equation, place
        self.kept = kept  # the last solution, as one is asked for its numbers one after the other

    def __hash__(self) -> int:
        function = self.equation.known.function
        return hash((getattr(function, "__code__", function), self.place))

    def __call__(self, *numbers: float) -> float:
        found = self.kept.get(numbers)
        if found is None:
            n = self.equation.structure.size()
            found = unobserved(self.equation.solve, np.array(numbers[:n]), numbers[n:])
            self.kept.clear()
            self.kept[numbers] = found
        return float(found[self.place])


class _Solved:
    """A solution, and its derivatives by those of the arguments that are scalars."""

    def __init__(self, equation: _Equation, x0: Any, args: tuple[Any, ...]) -> None:
        self.equation = equation
        self.start: list[Any] = []
        equation.structure.take_apart(x0, self.start)
        self.arguments: list[Any] = []
        equation.argument_structure.take_apart(args, self.arguments)
        self.places = [k for k, number in enumerate(self.arguments) if isinstance(number, Node)]
        self.by = [self.arguments[k] for k in self.places]
        self.solvers: list[_Solver] = []
        kept: dict[tuple[float, ...], _Floats] = {}
        for k in range(len(self.start)):
            self.solvers.append(_Solver(equation, k, kept))

    def result(self) -> Any:
        """Return the solution, as nodes on the tape where there is anything to differentiate by."""
        numbers = [number_of(x) for x in [*self.start, *self.arguments]]
        x = [solver(*numbers) for solver in self.solvers]
        found = x if not self.by else self._recorded(x) if recording_active() else self._scalars(x)
        return self.equation.structure.put_together(iter(found))

    def _scalars(self, x: list[float]) -> list[Any]:
        run, fresh = self._run(x)
        rows = [_floats(output, fresh) for output in run.outputs]
        slopes = np.array(rows)[:, : len(x)]
        if self.equation.fixed_point:
            slopes = slopes - np.eye(len(x))
        found = -self.equation.solved(x, slopes, np.array(rows)[:, len(x) :])
        nodes = [scalar_of(number, self.by, row.copy(), 1.0) for number, row in zip(x, found)]
        for k, node in enumerate(nodes):
            if node.prev:
                set_slopes(node, _Slopes(self, nodes, k))
        return nodes

    def _recorded(self, x: list[float]) -> list[Any]:
        """Return the solution as steps of a program: with slopes that use one whose own are of an order less."""
        numbers = [*self.start, *self.arguments]
        values = [called_node(solver, numbers, value) for solver, value in zip(self.solvers, x)]
        unknown = called_node(NoSlope(too_high("a solution")), numbers, math.nan)
        nodes = [self._with_slopes(value, [unknown] * len(self.by)) for value in values]
        for _ in range(ORDERS):
            nodes = [self._with_slopes(value, row) for value, row in zip(values, self.slopes(nodes))]
        return nodes

    def _with_slopes(self, node: Any, slopes: list[Any]) -> Any:
        for x, slope in zip(self.by, slopes):
            node = with_slope(node, x, slope)
        return node

    def _run(self, x: Sequence[Any]) -> tuple[Run, list[Any]]:
        """Call the function on the tape; return the fresh scalars of x and of those to differentiate by, too."""
        equation = self.equation
        args = equation.argument_structure.put_together(iter(self.arguments))
        x = equation.structure.put_together(iter(x))
        run = Run(equation.known.compiled.function, (x, *args), {}, tuple(range(1 + len(args))))
        n = equation.structure.size()
        return run, run.inputs[:n] + [run.inputs[n + k] for k in self.places]

    def slopes(self, nodes: list[Any]) -> list[list[Any]]:
        """Return the derivatives of each number of the solution, as scalars."""
        run, fresh = self._run(nodes)
        rows = [gradients(output, fresh, True) for output in run.outputs]
        n = len(nodes)
        matrix = [[row[j] - (self.equation.fixed_point and i == j) for j in range(n)] for i, row in enumerate(rows)]
        return [[-entry for entry in row] for row in _eliminated(matrix, [row[n:] for row in rows])]


class _Slopes:
    """What computes the derivatives of one number of a solution as scalars."""

    def __init__(self, solved: _Solved, nodes: list[Any], k: int) -> None:
        self.solved, self.nodes, self.k = solved, nodes, k

    def __call__(self) -> list[Any]:
        return self.solved.slopes(self.nodes)[self.k]


def _floats(output: Any, by: list[Any]) -> list[float]:
    return gradients(output, by) if isinstance(output, Node) else [0.0] * len(by)


def _values_and_slopes(function: Any, x: Any, args: Any) -> tuple[_Floats, _Floats]:
    run = Run(function, (x, *args), {}, 0)
    values = np.array([plain(output) for output in run.outputs])
    return values, np.array([_floats(output, run.inputs) for output in run.outputs])


def _eliminated(matrix: list[list[Any]], right: list[list[Any]]) -> list[list[Any]]:
    """Solve a small system of scalars for several right-hand sides, by elimination with the largest pivots."""
    n = len(matrix)
    rows = [[*left, *other] for left, other in zip(matrix, right)]
    for k in range(n):
        pivot = max(range(k, n), key=lambda i: abs(rows[i][k]))
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [entry / rows[k][k] for entry in rows[k]]
        for i in range(n):
            if i != k:
                factor = rows[i][k]
                rows[i] = [entry - factor * other for entry, other in zip(rows[i], rows[k])]
    return [row[n:] for row in rows]

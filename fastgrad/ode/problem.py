"""A solution as a function of numbers: its table of values and derivatives."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad.ode.flow import by_itself
from fastgrad.ode.solving import by_solve_ivp, check_beginning, integrated
from fastgrad.transforms.tape import name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastgrad.compiled.structure import _Floats
    from fastgrad.ode.events import Condition
    from fastgrad.ode.flow import Flow
    from fastgrad.ode.solving import Settings


class Problem:
    """A solution as a function of some of the numbers of y0, p and t.

    Its table has rows of as many entries as y: for each time y, then for each event its time, in the first entry, and
    then y. Each entry is the value and its derivatives by the numbers.

    Attributes
    ----------
    places : list of int
        Of these numbers among all.
    columns : tuple of int
        Places among the numbers of y0 and p, by which derivatives are integrated.
    counts : tuple of int or None
        How many times were reached, and how often each event was met.
    """

    def __init__(
        self,
        flow: Flow,
        numbers: Sequence[float],
        times: int,
        places: list[int],
        how: Settings,
        conditions: Sequence[Condition],
    ) -> None:
        n, self.begin = flow.n, len(numbers) - times
        self.numbers, self.times, self.places, self.how = np.array(numbers), times, places, how
        self.numbers[places] = 0.0  # which are no part of the problem
        self.conditions, self.counts = conditions, None
        self.columns = tuple(place for place in places if place < self.begin)
        if self.begin in places:  # by the time of y0: as by y0, along the slope there
            self.columns = (*range(n), *(place for place in self.columns if place >= n))
        self.plain, self.flow = flow, flow.with_sensitivities(self.columns) if self.columns else flow
        self.last: tuple[Any, Any] = (None, None)

    counts: tuple[int, ...] | None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "last": (None, None)}

    def table(self, numbers: Sequence[float]) -> _Floats:
        """Return the table for these numbers."""
        return by_itself(self._table, numbers)

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

    def by(self, row: int) -> list[int]:
        """Tell by which of the numbers a row has derivatives: other times are none of them."""
        return [k for k, place in enumerate(self.places) if place <= self.begin or place == self.begin + row]

    def met(self) -> list[Condition]:
        """Return the conditions of all events that were met, in the order of the table."""
        counts = (self.counts or ())[1:]
        return [condition for condition, count in zip(self.conditions, counts) for _ in range(count)]

    def _table(self, numbers: Sequence[float]) -> _Floats:
        given = self.numbers.copy()
        given[self.places] = numbers
        n = self.plain.n
        y, p, t = given[:n], given[n : self.begin], given[self.begin :]
        start, how = y, self.how
        if self.columns:
            start = np.concatenate([y, *(np.arange(n) == place for place in self.columns)])
            how = how.with_columns(given[list(self.columns)].tolist())
        if not self.conditions or len(t) == 1:
            found, t_events = integrated(self.flow, t, start, p, how), []
            y_events: list[_Floats] = []
        else:
            check_beginning(self.flow, t[0], start, p)
            events = [condition.for_scipy(n, p) for condition in self.conditions]
            all_found = by_solve_ivp(self.flow, t, start, p, how, events=events)
            found, t_events, y_events = all_found.y.T, all_found.t_events, all_found.y_events
        self._count((len(found), *map(len, t_events)))
        rates = self.plain.of(float(t[0]), y, p) if self.begin in self.places else None
        table = self._rows(found, rates)
        begin = self.begin
        for k, place in enumerate(self.places, 1):
            if begin < place < begin + len(table):
                row = place - begin
                table[row, :, k] = self.plain.of(float(t[row]), table[row, :, 0].copy(), p)
        met = zip(self.met(), np.concatenate(t_events) if t_events else (), itertools.chain(*y_events))
        return np.concatenate([table, *(self._event(*event, p, rates) for event in met)])

    def _count(self, counts: tuple[int, ...]) -> None:
        if self.counts is not None and counts != self.counts:
            raise RuntimeError(
                f"where a compiled function was recorded, the solution of {name_of(self.flow.of)} reached "
                f"{self.counts[0]} times and met {self.counts[1:]} events; with other numbers it is {counts[0]} and "
                f"{counts[1:]}. Call the plain function, with fastgrad.value_and_grad for derivatives"
            )
        self.counts = counts

    def _rows(self, states: _Floats, rates: Any) -> _Floats:
        """Return y for each state, and its derivatives, but by the row's own time."""
        n = self.plain.n
        found = states.reshape(len(states), -1, n).swapaxes(1, 2)
        table = np.zeros((len(states), n, 1 + len(self.places)))
        table[:, :, 0] = found[:, :, 0]
        for k, place in enumerate(self.places, 1):
            if place < self.begin:
                table[:, :, k] = found[:, :, 1 + self.columns.index(place)]
            elif place == self.begin:
                table[:, :, k] = -(found[:, :, 1 : n + 1] @ rates)
        return table

    def _event(self, condition: Condition, t: float, state: _Floats, p: _Floats, rates: Any) -> _Floats:
        table = self._rows(np.array([state, state]), rates)
        time, found = table
        columns, t, y = self.by(-1), float(t), found[:, 0].copy()
        time[:] = 0.0
        time[0, 0] = t
        if columns:
            slopes, speeds = condition.slopes(t, y, p), self.plain.of(t, y, p).tolist()
            tangents = [found[:, 1 + k].tolist() for k in columns]
            for k, moved in zip(columns, condition.moved(self.own(columns), slopes, tangents, speeds)):
                time[0, 1 + k], found[:, 1 + k] = moved[0], moved[1:]
        return table

    def own(self, columns: list[int]) -> list[int]:
        """Return which of these numbers are p's, by their places; a condition knows none of the others."""
        n = self.plain.n
        return [self.places[k] if n <= self.places[k] < self.begin else 0 for k in columns]

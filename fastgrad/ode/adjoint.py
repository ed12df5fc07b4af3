"""The gradient of what follows from a solution by the adjoint equations, which run backwards along the solution."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad._tape.convert import plain as number_of
from fastgrad.compiled.table import scalar_of
from fastgrad.ode.flow import by_itself
from fastgrad.ode.solving import by_solve_ivp, check_beginning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastgrad.compiled.structure import _Floats
    from fastgrad.ode.flow import Flow
    from fastgrad.ode.solving import Settings


class Adjoint:
    """A solution that is kept as a whole, and adjoint equations along it.

    On the tape each number of it stands on one node, the hub, which stands on what the solution is differentiated by.
    A sweep leaves the gradient of each with this object, before it comes to the hub, which passes on all of them.
    """

    def __init__(self, flow: Flow, numbers: Sequence[Any], times: int, places: list[int], how: Settings) -> None:
        n, begin = flow.n, len(numbers) - times
        given = np.array([number_of(number) for number in numbers])
        self.flow, self.how, self.places, self.begin = flow, how, places, begin
        self.p, self.t = given[n:begin], given[begin:]
        self.of_p = tuple(place for place in places if n <= place < begin)
        self.by = [numbers[place] for place in places]
        found = by_itself(self._solved, given[:n])
        self.y, self.whole = found.y.T, found.sol
        self.received = np.zeros_like(self.y)

    def _solved(self, y0: _Floats) -> Any:
        check_beginning(self.flow, self.t[0], y0, self.p)
        return by_solve_ivp(self.flow, self.t, y0, self.p, self.how, dense_output=True)

    def scalars(self) -> list[list[Any]]:
        """Return y for each time but the first."""
        hub = scalar_of(0.0, self.by, np.zeros(len(self.by)), 1.0)
        hub._backward = functools.partial(self._pass_on, hub)
        rows = range(1, len(self.t))
        return [[self._scalar(hub, (row, k)) for k in range(self.flow.n)] for row in rows]

    def _scalar(self, hub: Any, place: tuple[int, int]) -> Any:
        node = scalar_of(float(self.y[place]), [hub], np.zeros(1), 1.0)
        node._backward = functools.partial(self._receive, node, place)
        return node

    def _receive(self, node: Any, place: tuple[int, int]) -> None:
        self.received[place] = node.grad

    def _pass_on(self, hub: Any) -> None:
        received, self.received = self.received, np.zeros_like(self.received)
        for x, slope in zip(self.by, by_itself(self.gradient, received)):
            x.grad += slope

    def gradient(self, received: _Floats) -> list[float]:
        """Return the gradient by the numbers, given that by y at all times."""
        n, t = self.flow.n, self.t
        size = np.abs(received).max()
        if size == 0.0 or not np.isfinite(size):
            return [0.0 * float(size)] * len(self.places)
        flow, how = self.flow.adjoint(self.of_p), self.how
        scales = np.concatenate([np.ones(n), np.abs(self.p[[place - n for place in self.of_p]])])
        scales[scales == 0.0] = 1.0
        options = {name: option for name, option in how.options.items() if name != "first_step"}  # which is y's
        how = how._replace(atol=size * how.atol.min() / scales, options=options)
        state = np.zeros(n + len(self.of_p))
        for row in range(len(t) - 1, 0, -1):
            state[:n] += received[row]
            if np.any(state):
                span = t[[row, row - 1]]
                state = by_solve_ivp(flow, span, state, self._along, how).y[:, -1]
        found = []
        for place in self.places:
            if place < n:
                found.append(state[place])
            elif place < self.begin:
                found.append(state[n + self.of_p.index(place)])
            else:
                row = place - self.begin
                slope = -state[:n] if row == 0 else received[row]
                found.append(slope @ self.flow.of(float(t[row]), self.y[row].copy(), self.p))
        return [float(slope) for slope in found]

    def _along(self, t: float) -> _Floats:
        return np.concatenate([self.whole(t), self.p])

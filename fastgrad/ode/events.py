"""Events on the way of a solution: where functions of it are 0, with derivatives by the implicit function theorem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastgrad._tape.gradients import gradients
from fastgrad._tape.node import Node
from fastgrad.ode.flow import flow_of
from fastgrad.transforms.tape import Run, name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastgrad.compiled.structure import _Floats, _Structure
    from fastgrad.ode.flow import Flow


class Solution(NamedTuple):
    """What `odeint` returns where it looks for events; named as what :py:func:`scipy.integrate.solve_ivp` returns.

    Attributes
    ----------
    t : numpy.ndarray
        The times that were reached: all, but where an event was terminal.
    y : array, or structure like y0 of arrays
        The solution there.
    t_events : list of arrays
        The times of each event.
    y_events : list of such structures as y
        The solution there.
    """

    t: Any
    y: Any
    t_events: list[Any]
    y_events: list[Any]


class Condition(NamedTuple):
    """An event: a program, and the attributes that its function has for SciPy."""

    flow: Flow
    terminal: Any
    direction: float

    def for_scipy(self, n: int, p: _Floats) -> Callable[[float, _Floats], Any]:
        """Return the function that `solve_ivp` takes, of y and whatever is integrated with it."""
        of = self.flow.of

        def event(t: float, y: _Floats) -> Any:
            return of(float(t), y[:n], p)[0]

        event.terminal, event.direction = self.terminal, self.direction  # type: ignore[attr-defined]
        return event

    def slopes(self, t: float, y: _Floats, p: _Floats) -> list[float]:
        """Return the derivatives by t, y and p."""
        found = self.flow.of.jacobian(t, y, p, argnums=(0, 1, 2))
        return np.concatenate([np.ravel(part) for part in found]).tolist()  # type: ignore[no-any-return]

    def slopes_of_scalars(self, t: Any, y: Sequence[Any], p: Sequence[Any]) -> list[Any]:
        """Return the same as scalars."""
        run = Run(self.flow.function, (t, np.array(y), np.array(p)), {}, (0, 1, 2))
        output = run.outputs[0]
        return gradients(output, run.inputs, True) if isinstance(output, Node) else [0.0] * len(run.inputs)

    def moved(
        self, by: Sequence[int], slopes: Sequence[Any], tangents: Sequence[Sequence[Any]], rates: Sequence[Any]
    ) -> list[list[Any]]:
        """Return how the event's time moves with each number, and how y there does.

        Parameters
        ----------
        by : sequence of int
            The numbers: places among those of y0 and p.
        slopes : those of the condition
        tangents : for each number, that of y at a time that stays
        rates : dy/dt there
        """
        n = len(rates)
        speed = slopes[0] + sum(a * b for a, b in zip(slopes[1:], rates))
        if (speed.data if isinstance(speed, Node) else speed) == 0.0:
            raise RuntimeError(
                f"the event {name_of(self.flow.of)} has no derivative: where it is 0 it does not change with time"
            )
        found = []
        for place, tangent in zip(by, tangents):
            own = slopes[1 + place] if place >= n else 0.0
            moved = -(own + sum(a * b for a, b in zip(slopes[1:], tangent))) / speed
            found.append([moved, *(a + b * moved for a, b in zip(tangent, rates))])
        return found


def conditions_of(events: Any, y: _Structure, args: _Structure) -> list[Condition]:
    """Return the conditions of one event or several."""
    if events is None:
        return []
    found = []
    for event in [events] if callable(events) else events:
        if not callable(event):
            raise TypeError(f"events must be a function of t, y and args, or a list of them, not {event!r:.60}")
        terminal, direction = getattr(event, "terminal", False), getattr(event, "direction", 0.0)
        found.append(Condition(flow_of(event, y, args, 1), terminal, direction))
    return found

"""Whether a function is replayed or called on the tape.

A plain function is called on the tape at first. When it is called again it is recorded, and replayed from then on, as
`fastgrad.compile` does; the recording is kept with the function, and made anew when what the function reads from
outside is another. What cannot be recorded, or takes another path or finds another thing in nearly every call, is
called on the tape ever after, with the same results.
"""

from __future__ import annotations

import functools
import math
import types
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad._tape.observer import TraceError
from fastgrad.compiled.function import Compiled
from fastgrad.transforms.tape import check_callable
from fastgrad.transforms.watching import Watched

if TYPE_CHECKING:
    from collections.abc import Callable

_FEW = 8  # paths, or recordings, from which on recording must pay
_KEY = "__fastgrad_recorded__"  # among a function's attributes


class Recorded:
    """A function that is replayed where that pays.

    One that calls another in a way of its own reads what that one does: `calling`.
    """

    def __init__(self, function: Callable[..., Any], calling: Callable[..., Any] | None = None) -> None:
        self.function, self.calling = function, calling
        self.given = isinstance(function, Compiled)  # then there is nothing to find out
        self.calls, self.recordings, self.refused = 0, 0, False
        self.seen: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """A function that is sent elsewhere has its code there, and records: what it reads from is not sent along."""
        return vars(Recorded(self.function, self.calling))

    @functools.cached_property  # made when it is asked for, as in a pickle the function may not be complete yet
    def compiled(self) -> Any:
        """The function, compiled."""
        return self.function if self.given else Compiled(self.function)

    @functools.cached_property
    def _watched(self) -> Watched:
        return Watched(self.function if self.calling is None else self.calling)

    def replays(self) -> bool:
        """Count a call. Is it one to replay, or to record?"""
        self.calls += 1
        if self.refused or self.calls == 1:
            return False
        self._look()
        paths = self.recordings + sum(len(paths.recorded) for paths in self.compiled._paths.values())
        self.refused = paths > _FEW and 2 * paths > self.calls
        return not self.refused

    def current(self) -> Compiled:
        """Return the recording for what the function reads from outside now."""
        self._look()
        found: Compiled = self.compiled
        return found

    def _look(self) -> None:
        """Begin a recording anew if what the function reads from outside is another."""
        seen = self._watched.now()
        if seen == self.seen:
            return
        if self.seen is not None:
            self.compiled, self.recordings = Compiled(self.function), self.recordings + 1
        self.seen = seen

    def call(self, replay: Callable[[Any], Any], on_tape: Callable[[Any], Any]) -> Any:
        """Return what is found in the recording, or else on the tape."""
        if self.given:
            return replay(self.compiled)
        if self.replays():
            try:
                found = replay(self.compiled)
            except TraceError:
                self.refused = True
            else:
                if is_finite(found):  # what is not may be an error that a replay does not raise
                    return found
        return on_tape(self.compiled.function)


def is_finite(x: Any) -> bool:
    """Tell whether all numbers of a structure are finite."""
    if isinstance(x, float):
        return math.isfinite(x)
    if isinstance(x, np.ndarray):
        return bool(np.isfinite(x).all())
    if isinstance(x, dict):
        return all(map(is_finite, x.values()))
    return not isinstance(x, (list, tuple)) or all(map(is_finite, x))


def recorded(function: Callable[..., Any]) -> Recorded:
    """Return what there is of a function, which keeps it."""
    check_callable(function)
    if not isinstance(function, types.FunctionType):
        return Recorded(function)
    found = vars(function).get(_KEY)
    if found is None or found.function is not function:  # functools.wraps copies attributes
        found = vars(function)[_KEY] = Recorded(function)
    return found

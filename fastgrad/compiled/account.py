"""What recordings of a function have cost, and what replays have saved."""

from __future__ import annotations

_WITH_REST = 1.5  # times as long as a recording takes it, what is made when its program first runs, and sorting rows


class Account:
    """Seconds of recordings and of plain calls of a function, and its rows.

    Attributes
    ----------
    rows : int
        That were asked for.
    open : int
        Of these, so many of which it is not known as yet where they belong.
    plain_rows, plain_seconds
        Rows that were computed by plain calls, and what these took.
    sorting : float
        Seconds in which it was found out which rows of batches go which way, recordings and plain calls aside.
    """

    def __init__(self) -> None:
        self.rows = self.open = 0
        self.plain_rows, self.plain_seconds, self.sorting = 0, 0.0, 0.0
        self._recordings, self._seconds, self._quickest = 0, 0.0, float("inf")

    def recorded(self, call: float, seconds: float) -> None:
        """Note the seconds of a recording, and of the function's call in it."""
        self._quickest = min(self._quickest, call)
        self._recordings += 1
        self._seconds += _WITH_REST * seconds

    def computed(self, rows: int, seconds: float) -> None:
        """Note the seconds of plain calls."""
        self.plain_rows += rows
        self.plain_seconds += seconds

    def forget_plain_calls(self) -> None:
        """Have none that were computed."""
        self.plain_rows, self.plain_seconds = 0, 0.0

    def aside(self) -> float:
        """Return the seconds of all recordings and plain calls."""
        return self._seconds / _WITH_REST + self.plain_seconds

    def plain(self) -> float:
        """Return the seconds of a plain call, 0 where there was none; one that is recorded takes longer."""
        return min(self._quickest, self.plain_seconds / max(1, self.plain_rows))

    def cost(self) -> float:
        """Return the seconds that recordings, and one more, have taken beyond plain calls of the same rows."""
        each = self._seconds / max(1, self._recordings)
        return self._seconds + each - self.plain() * (self._recordings + 1)

    def worth(self, share: float) -> float:
        """Return the seconds that replays have saved, and a share of those of plain calls of all rows."""
        replayed = max(0, self.rows - self.open - self.plain_rows - self._recordings)
        return self.plain() * (replayed + share * self.rows) - self.sorting

"""Batches of a fit that come one after the other, so that data may be larger than memory."""

from __future__ import annotations

import itertools
import numbers
from typing import TYPE_CHECKING, Any

from fastgrad._frames import columns_of
from fastgrad.train import arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from fastgrad.train.arguments import _Data


class Stream:
    """Batches that come one after the other; a pass over them is an epoch.

    Parameters
    ----------
    source : iterable, or callable that returns one
        Of (X, y) or (X, y, weights).
    epochs : int
        How many passes there are to be.

    Attributes
    ----------
    first : tuple of arrays
        The first batch, to see what batches are like.
    taken : callable
        What makes of rows, `Rows` or an array, what the model takes; those of `first` are as they were.
    """

    def __init__(self, source: Any, epochs: int, *, batch_size: Any, weights: Any, validation: Any) -> None:
        if batch_size is not None or weights is not None or isinstance(validation, numbers.Real):
            raise ValueError(
                "batches are as they come: leave out batch_size=, give weights as (X, y, weights), and validation data "
                "as validation=(X, y)"
            )
        if not hasattr(type(source), "__iter__") and not callable(source):
            raise TypeError(
                "X without y must be batches (X, y), or a function that returns an iterator of them, not "
                f"{source!r:.60}"
            )
        if hasattr(type(source), "__next__") and epochs > 1:
            raise ValueError(
                f"batches of a {type(source).__name__} are used up after one epoch of {epochs}: give a function that "
                "returns a new one for each epoch, such as the generator function itself, or epochs=1"
            )
        self.source: Any = source
        self.taken: Callable[[Any], Any] = lambda rows: rows
        self.columns: tuple[str, ...] | None = None
        self.first: _Data = ()
        batches = self._begun()
        given = next(batches, None)
        if given is None:
            raise ValueError("batches must have at least one, and there is none")
        self.first = self._read(0, given)
        self.batches: Iterator[Any] | None = itertools.chain([given], batches)

    def _begun(self) -> Iterator[Any]:
        batches: Iterable[Any] = self.source if hasattr(type(self.source), "__iter__") else self.source()
        try:
            return iter(batches)
        except TypeError:
            raise TypeError(f"a function for batches must return an iterator of them, not {batches!r:.60}") from None

    def epoch(self) -> Iterator[_Data]:
        """Give the batches of an epoch, checked."""
        batches, self.batches = self.batches or self._begun(), None
        k = -1
        for k, batch in enumerate(batches):
            yield self._read(k, batch)
        if k < 0:
            raise ValueError("batches are used up: the function for them must return a new iterator at each call")

    def feed(self, steps: Any, taken: Callable[[Any], Any], targets_of: Callable[[Any], Any]) -> None:
        """Let a loop's steps be those of the batches, in rows and targets that are made as two functions say."""
        self.taken, steps.batches = taken, []

        def run_epoch() -> float:
            """Take a step for each batch and return the mean loss."""
            total, n = 0.0, 0
            for k, (rows, targets, *weights) in enumerate(self.epoch()):
                steps.batch = k
                total += steps.step(rows, targets_of(targets), *weights) * rows.shape[0]
                n += rows.shape[0]
            return total / n

        steps.run_epoch = run_epoch

    def _read(self, k: int, batch: Any) -> _Data:
        name = f"of batch {k}"
        if not isinstance(batch, (tuple, list)) or len(batch) not in (2, 3):
            raise TypeError(
                f"without y, each batch must be (X, y) or (X, y, weights), not {batch!r:.60}: of arrays give "
                "fit(model, X, y)"
            )
        X, y = arguments.data(batch[0], batch[1], f"X {name}", f"y {name}")
        columns, X = columns_of(batch[0]), self.taken(X)
        read = arguments.weighed_data(X, y, batch[2] if len(batch) == 3 else None, f"weights {name}")
        if not self.first:
            self.columns = columns
            return read
        if columns != self.columns:
            raise ValueError(f"X {name} must have the columns that the first had, {self.columns}, not {columns}")
        for part, other, what in zip(read, self.first, ("X", "y", "weights")):
            if part.shape[1:] != other.shape[1:]:
                raise ValueError(f"{what} {name} must have rows as the first had, {other.shape}, not {part.shape}")
        if len(read) != len(self.first):
            raise ValueError(f"batch {k} must have as many parts as the first, {len(self.first)}, not {len(read)}")
        return read

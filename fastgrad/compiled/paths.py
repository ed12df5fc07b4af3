"""The ways a function's rows go: one program for each sequence of outcomes, in a tree of guards.

A guard is a truth value that Python asked for while a path was recorded. A row belongs to the path all of whose guards
come out for it as they were recorded. Where guard k of a path comes out otherwise, the row is in the branch beside it,
which is recorded when the first row comes there.

A program rounds otherwise than plain arithmetic, and may answer a guard otherwise where it is a matter of rounding.
What has been decided on the way down the tree is not asked again; a row for which it comes out otherwise further down
is recorded, which tells its path by plain arithmetic.
"""

from __future__ import annotations

import gc
import heapq
import linecache
import sys
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from fastgrad._recording.record import Recording
from fastgrad._tape.functions import enable_grad
from fastgrad._tape.node import Node
from fastgrad._tape.numbers import Value
from fastgrad._tape.observer import TraceError, recording_active
from fastgrad.compiled.account import Account
from fastgrad.compiled.arguments import check_one, no_result
from fastgrad.compiled.direct import DirectPaths
from fastgrad.compiled.outside import drawing_line, places_of, randomness
from fastgrad.compiled.path import Lost, Path, Run
from fastgrad.compiled.remedies import explain
from fastgrad.compiled.structure import Number, described
from fastgrad.compiled.table import Calls, grouped, slopes_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import FrameType

    from numpy.typing import NDArray

    from fastgrad.compiled.structure import Nest, _Floats, _Structure

    _Junction: TypeAlias = tuple[Path | None, int]
    _Rows: TypeAlias = NDArray[np.int64] | None  # None for all

# A thread's own time, so that what else the machine does makes nothing dear; where it is told in large steps, or not at
# all, the clock's.
_seconds = time.perf_counter if sys.platform in ("win32", "emscripten") else time.thread_time

MOST_PATHS = 256
_FEW_SECONDS = 0.06  # that recordings may take anyway as long as there are no more rows than there may be paths
_FREE_SECONDS = 5e-4  # and later
_MOST_SHARE = 0.15  # of the seconds of plain calls of all rows, that recordings may take beyond what replays have saved
_NUMBER = Number()
_COLD_SECONDS, _TIMED = 1e-4, 8  # a plain call that takes less is slower the first time: so many are timed
_MISSES = 8  # so many rows in a row on no path, after which only every so many is looked for
_SILENT_SECONDS = 0.1  # of plain calls, of which nothing is said
_TOSSES = 8  # how often a function that draws random numbers is recorded, as they may decide what it does now and then


class Paths(DirectPaths):
    """All paths of a function for arguments of one structure.

    Attributes
    ----------
    recorded : list of Path
        The first one, and those that leave it, or that leave these.
    latest : Path or None
        The one that all rows of the last call took.
    account : Account
    """

    latest: Path | None

    def __init__(self, function: Callable[..., Any], structure: Nest, name: str, free_seconds: float = 0.0) -> None:
        """Make them for a function's arguments; recordings may take some seconds whatever they save."""
        super().__init__(structure, Calls(places_of(function)))
        self.function, self.name = function, name
        positional, named = structure.parts
        self._takes_numbers = not named.parts and all(part == _NUMBER for part in positional.parts)
        self.recorded: list[Path] = []
        self.account, self._free_seconds = Account(), free_seconds
        self._longest: Path | None = None
        self._lock, self._warned = threading.Lock(), False
        self._rows = self._misses = 0  # of batches beyond one a call; those on no path since the last one on one
        self._missed: tuple[Any, int, int] = (
            None,
            0,
            -1,
        )  # rows, one on no path, and the guard at which it leaves them
        self._located: tuple[Any, Path | None] = (None, None)  # of the call that was counted last, while it goes on
        self.refusal: str | None = None  # what every call raises, once two recordings differed

    @property
    def full(self) -> bool:
        """Are there as many paths as there may be, or would another take longer than it is worth?

        A row that is replayed saves a plain call, and one whose path is recorded costs several: a function that goes
        another way for every row would never get that back.
        """
        if not 0 < len(self.recorded) < MOST_PATHS:
            return bool(self.recorded)
        self.account.rows = self.asked()
        few = _FEW_SECONDS if self.account.rows <= MOST_PATHS else 0.0
        free = max(few, _FREE_SECONDS, self._free_seconds)
        return self.account.cost() > max(free, self.account.worth(_MOST_SHARE))

    def asked(self) -> int:
        """Return how many rows the function was asked for."""
        return self.calls.count + self._rows

    def _is_full_for(self, X: _Floats, row: int) -> bool:
        """The same for a row, which is computed plainly for nothing if it is not known what that takes."""
        if self.full and not self.account.plain_rows:
            self.plainly(X[row : row + 1])
            if self.account.plain_seconds < _COLD_SECONDS:
                self.account.forget_plain_calls()
                self.plainly(X[row : row + 1].repeat(_TIMED, axis=0))
        return self.full

    def counted(self, X: Any) -> Paths:
        """Count a call. The function is recorded again, to compare, whenever their number comes to a power of two, and
        when something that it names is another than before: if the first row would be replayed.
        """
        self._rows += len(X) - 1
        self.account.open = 0
        if self.calls.due() and self.recorded:
            if self.refusal is not None:
                raise TraceError(self.refusal)
            row, latest, known = X[0][np.newaxis], self.latest, len(self.recorded)
            path = self.path_of(row)
            if path is not None and len(self.recorded) == known:
                self.check(row[0].tolist())
            if len(X) > 1:
                self.latest = latest
            self._located = X, path
        return self

    def record(self, row: list[float]) -> tuple[Path | None, _Structure, list[float]]:
        """Run the function on a row of floats.

        Returns
        -------
        path : Path or None
            None where there are too many paths to keep one more.
        structure : the results' description
        numbers : list of float
            The results.
        """
        before = None if self.recorded else randomness(self.calls.used())
        path, run = self._recorded(row)
        if before is not None and randomness(self.calls.used()) != before:
            for _ in range(_TOSSES):
                self.check(row)
        return path, run.structure, [getattr(output, "data", output) for output in run.outputs]

    def check(self, row: list[float]) -> None:
        """Record the function again, to compare: what no comparison shows may have changed, or be random."""
        if isinstance(self.function, Lost):
            return
        try:
            self._recorded(row)
        except TraceError:
            raise
        except Exception:  # a row that is replayed may have no plain result
            return

    def unkept(self, row: list[float]) -> Path:
        """Return a path for a row of floats that does not become one of these."""
        return self._run(row).path().tried(row)

    def _run(self, row: list[float]) -> Run:
        if recording_active():
            raise TraceError(
                f"{self.name} cannot be recorded while another function is: in a compiled function only the plain call "
                "of another can be used, not its gradients, batches and sums"
            )
        inputs = [Value(number) for number in row]
        with Recording(inputs) as recording:
            structure, outputs = self.results(self.call(inputs))
        self.calls.look()
        return Run(recording, structure, outputs)

    def _recorded(self, row: list[float]) -> tuple[Path | None, Run]:
        """Record a row of floats; return its path, or None where there is no room for it."""
        exchanged, collects = self.calls.changed(), gc.isenabled()
        gc.disable()  # what is recorded lives, and a collection of everything else is not what a recording costs
        try:
            begun = _seconds()
            run = self._run(row)
            called = _seconds()
            path = self._kept(run, row, exchanged)
            self.account.recorded(called - begun, _seconds() - begun)
        finally:
            if collects:
                gc.enable()
        return path, run

    def _kept(self, run: Run, row: list[float], exchanged: Sequence[str]) -> Path | None:
        """Return the path that a run is, which may be a new one."""
        try:
            path, k = self._junction(run, row, exchanged)
            if path is not None and k < 0:
                return path
            return self.insert(run.path().tried(row), row, exchanged) if len(self.recorded) < MOST_PATHS else None
        finally:
            run.release()

    def call(self, numbers: Iterable[Any]) -> Any:
        """Call the function with the numbers in their places."""
        try:
            if self._takes_numbers:
                return self.function(*numbers)
            args, kwargs = self.structure.put_together(iter(numbers))
            return self.function(*args, **kwargs)
        except Exception as error:
            explain(error, self.structure, self.name)
            raise

    def results(self, result: Any) -> tuple[_Structure, list[Any]]:
        """Return the description of what the function returned, and the numbers and scalars in it."""
        if type(result) is Value:
            return _NUMBER, [result]
        structure = described(result, f"the result of {self.name}")
        outputs: list[Any] = []
        structure.take_apart(result, outputs)
        if not outputs:
            raise no_result(result, self.name)
        return structure, [x if isinstance(x, Node) else float(x) for x in outputs]

    def plainly(self, X: _Floats) -> list[tuple[_Structure, list[float]]]:
        """Compute rows by plain calls: for each the description of the results, and their numbers."""
        begun, found = _seconds(), []
        for row in X.tolist():
            structure, outputs = self.results(self.call([Value(number) for number in row]))
            found.append((structure, [getattr(output, "data", output) for output in outputs]))
        self.account.computed(len(X), _seconds() - begun)
        return found

    def plain_gradients(self, X: _Floats) -> tuple[_Floats, _Floats]:
        """Compute values and gradients of rows by plain calls and sweeps."""
        values: list[float] = []
        slopes: list[float] = []
        begun = _seconds()
        with enable_grad():
            for row in X.tolist():
                inputs = [Value(number) for number in row]
                structure, (output, *_) = self.results(self.call(inputs))
                if structure is not _NUMBER:
                    check_one(structure, self.name)
                values.append(getattr(output, "data", output))
                slopes += slopes_at(inputs, output) if isinstance(output, Node) else [0.0] * len(row)
        self.account.computed(len(X), _seconds() - begun)
        return np.array(values)[:, np.newaxis], np.array(slopes).reshape(X.shape)

    def insert(self, path: Path, row: list[float] | None = None, exchanged: Sequence[str] = ()) -> Path | None:
        """Put a path, recorded for a row of floats, among the others; return it, or the one that was there, or None
        where there is no room for it.

        A row may come to a path that is there by a guard that plain arithmetic answers as that path has it, where the
        program does not.
        """
        with self._lock:
            known, k = self._junction(path, row, exchanged)
            if known is not None and k < 0:
                return known
            if len(self.recorded) >= MOST_PATHS:
                return None
            path.number = len(self.recorded)
            if known is not None:
                known.branch_off(k, path)
            self.recorded.append(path)
            if self._longest is None or len(path.outcomes) > len(self._longest.outcomes):
                self._longest = path
        return path

    def _junction(self, new: Path | Run, row: list[float] | None, exchanged: Sequence[str]) -> _Junction:
        """Return the path that a new one leaves, and at which guard: -1 where it is that path."""
        if not self.recorded:
            return None, -1
        path = self.recorded[0]
        for k, asked in enumerate([*new.outcomes, (new.end, None)]):
            known = path.outcomes[k] if k < len(path.outcomes) else (path.end, None)
            if asked == known:
                continue
            if asked[0] != known[0] or None in (asked[1], known[1]):
                raise self._impure(k, row, exchanged)
            beside = path.beside(k)
            if beside is None:
                return path, k
            path = beside
        if path.structure != new.structure:
            raise self._impure(len(new.outcomes), row, exchanged)
        return path, -1

    def _impure(self, k: int, row: list[float] | None, exchanged: Sequence[str]) -> TraceError:
        """The exception for a recording that differs from another after k comparisons, which all calls raise then."""
        same = f"the first {k:,} of its comparisons came out the same" if k else "no comparison had come out otherwise"
        inputs = [Value(number) for number in row or ()]
        where = drawing_line(lambda: self.call(inputs), self.calls.used()) if inputs else ""
        if where:
            self.refusal = (
                f"{where}{self.name} draws random numbers, which would be the same in every call and for all rows of a "
                "batch. Draw them outside, pass them as an argument, and compile it afresh"
            )
        else:
            self.refusal = (
                f"{self.name} did something else than before, although {same}: what is compiled may depend on its "
                "arguments and on the same scalars from outside only, not on random numbers, counters, files, or "
                f"numbers and scalars that were exchanged since{_among(exchanged)}. Make them arguments, or set the "
                "data of a scalar, and compile it afresh"
            )
        self.calls.stop()
        return TraceError(self.refusal)

    # Rows.

    def path_of(self, X: _Floats) -> Path | None:
        """Return the path of one row, an array of shape (1, inputs), or None if there are too many."""
        if self._located[0] is X:
            return self._located[1]
        if self._misses >= _MISSES and self._misses % _MISSES and self.full:
            self._misses += 1
            return None
        path, settled = self.latest or (self.recorded[0] if self.recorded else None), 0
        while path is not None and path.outcomes:
            failed = int(path.program.classify(X, path.uniforms.now())[0])
            if failed < 0:
                break
            beside = path.beside(failed) if failed >= settled else None
            if beside is None and failed >= settled and self.full:
                self._misses += 1
                self._missed = X, 0, failed
                return None
            path, settled = beside, failed + 1
        if path is None:
            path = self.record(X[0].tolist())[0]
        self.latest, self._misses = path, 0
        return path

    def parts(self, X: _Floats, num_threads: int) -> list[tuple[Path | None, Any]]:
        """Tell which rows go which way.

        Parameters
        ----------
        X : numpy.ndarray, shape (rows, inputs)
        num_threads : int

        Returns
        -------
        list of (Path or None, rows)
            In the order of the paths. Rows as an array of indices in ascending order, or None where there is one path
            for all; those beyond the most paths there may be come last, with None for the path.
        """
        if not self.recorded:
            row = X[0].tolist()
            self.record(row)
            self.check(row)  # what is drawn or counted would be the same for all rows
        first = self.latest or self._longest or self.recorded[0]
        if not first.outcomes:
            self.latest = first
            return [(first, None)]
        self.account.open = len(X)
        found, begun, aside = Found(), _seconds(), self.account.aside()
        self._follow(found, X, first, None, 0, num_threads)
        while found.elsewhere:
            path, k, rows = found.next()
            beside = path.beside(k)
            if beside is not None:
                self._follow(found, X, beside, rows, k + 1, num_threads)
            elif self._is_full_for(X, rows[0]):
                self._missed = X, rows[0], k
                found.add(None, rows)
            else:
                self._record_each(found, X, rows[:1])
                found.leave(path, k, rows[1:])
        self.account.open = 0
        self.account.sorting += _seconds() - begun - (self.account.aside() - aside)
        known = sorted((path for path in found.rows if path), key=lambda path: path.number)
        self.latest = known[0] if len(found.rows) == 1 and known else None
        if self.latest:
            return [(self.latest, None)]
        return [(path, found.joined(path)) for path in [*known, *([None] if None in found.rows else [])]]

    def _follow(self, found: Found, X: _Floats, path: Path, rows: _Rows, settled: int, num_threads: int) -> None:
        """Put those rows that a path is right for with it, and the others where they leave it.

        Rows are None for all, which is how they are found if all are on one path. The path's first guards, as many as
        are settled, come out for these rows as recorded.
        """
        if settled == len(path.outcomes):
            self._put(found, X, path, rows)
            return
        failed = path.program.classify(X, path.uniforms.now(), num_threads, rows)
        for k, failing in grouped(failed, len(path.outcomes)):
            group = failing if rows is None else rows if failing is None else rows.take(failing)
            if k < 0:
                self._put(found, X, path, group)
                continue
            if group is None:
                group = np.arange(len(X), dtype=np.int64)
            if k < settled:
                self._record_each(found, X, group)
            else:
                found.leave(path, k, group)

    def _put(self, found: Found, X: _Floats, path: Path, rows: _Rows) -> None:
        self.account.open -= len(X) if rows is None else len(rows)
        found.add(path, rows)

    def _record_each(self, found: Found, X: _Floats, rows: NDArray[np.int64]) -> None:
        for row in rows.tolist():
            self.account.open -= 1
            found.add(self.record(X[row].tolist())[0], np.array([row], np.int64))

    # What splits the paths.

    def warn(self, rows: int) -> None:
        """Say once that rows, of which there are some more, are computed by plain calls, and what would help: as soon
        as that takes time.
        """
        limit = len(self.recorded) >= MOST_PATHS
        if self._warned or not (limit or self.account.plain_seconds + rows * self.account.plain() > _SILENT_SECONDS):
            return
        self._warned = True
        depth = 1
        frame: FrameType | None = sys._getframe()
        while frame is not None and frame.f_globals.get("__name__", "").startswith("fastgrad."):
            depth, frame = depth + 1, frame.f_back
        why = "no more are recorded" if limit else "to record more would take longer than it saves"
        warnings.warn(
            f"{self.name} has more than {len(self.recorded)} paths, and {why}; what splits them is "
            f"{self._splitting()}. Rows on further paths are computed by plain calls, which is slow. where, clip, "
            "max and min of fastgrad.math make no paths",
            RuntimeWarning,
            stacklevel=depth,
        )

    def _splitting(self) -> str:
        """Tell where the comparison stands at which a row has left the paths there are."""
        X, row, k = self._missed
        inputs = [Value(number) for number in X[row].tolist()]
        with Recording(inputs, k) as recording:
            self.call(inputs)
        file, line = recording.seen
        return f"{linecache.getline(file, line).strip() or 'a comparison'!r} in {file}, line {line}"


class Found:
    """Which rows of a batch are known to go which way, and which have left a path.

    Attributes
    ----------
    rows : dict of Path or None to list of rows
    elsewhere : heap of (minus their number, number, path, guard, rows)
        Those that come out otherwise at a guard of a path, most of them first: they are worth a recording most.
    """

    def __init__(self) -> None:
        self.rows: dict[Path | None, list[_Rows]] = {}
        self.elsewhere: list[tuple[int, int, Path, int, NDArray[np.int64]]] = []
        self._left = 0

    def add(self, path: Path | None, rows: _Rows) -> None:
        """Let rows belong to a path."""
        self.rows.setdefault(path, []).append(rows)

    def leave(self, path: Path, k: int, rows: NDArray[np.int64]) -> None:
        """Let rows leave a path at guard k."""
        if len(rows):
            self._left += 1
            heapq.heappush(self.elsewhere, (-len(rows), self._left, path, k, rows))

    def next(self) -> tuple[Path, int, NDArray[np.int64]]:
        """Take the most rows that left a path at one guard."""
        return heapq.heappop(self.elsewhere)[2:]

    def joined(self, path: Path | None) -> Any:
        """Return a path's rows."""
        rows: list[Any] = self.rows[path]
        return rows[0] if len(rows) == 1 else np.sort(np.concatenate(rows))


def _among(exchanged: Sequence[str]) -> str:
    return f", as {', '.join(exchanged)}" if exchanged else ""

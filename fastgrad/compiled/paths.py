"""The ways a function's rows go: one program for each sequence of outcomes, in a tree of guards.

A guard is a truth value that Python asked for while a path was recorded. A row belongs to the path all of whose guards
come out for it as they were recorded. Where guard k of a path comes out otherwise, the row is in the branch beside it,
which is recorded when the first row comes there.

A program rounds otherwise than plain arithmetic, and may answer a guard otherwise where it is a matter of rounding.
What has been decided on the way down the tree is not asked again; a row for which it comes out otherwise further down
is recorded, which tells its path by plain arithmetic.
"""

from __future__ import annotations

import functools
import importlib
import linecache
import sys
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from fastgrad._recording.record import Recording
from fastgrad._tape.functions import no_grad
from fastgrad._tape.node import Node
from fastgrad._tape.numbers import Value
from fastgrad._tape.observer import TraceError, recording_active
from fastgrad.compiled.arguments import no_result
from fastgrad.compiled.direct import DirectPath, DirectPaths
from fastgrad.compiled.outside import drawing_line, places_of, randomness
from fastgrad.compiled.remedies import explain
from fastgrad.compiled.structure import described
from fastgrad.compiled.table import Calls, Uniforms, grouped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import FrameType

    from numpy.typing import NDArray

    from fastgrad._programs.program import Program
    from fastgrad.compiled.structure import Nest, _Floats, _Structure

    _Outcome: TypeAlias = tuple[int, bool]
    _Asked: TypeAlias = tuple[int, bool | None]
    _Rows: TypeAlias = NDArray[np.int64] | None  # None for all
    _Found: TypeAlias = dict["Path | None", list[_Rows]]
    _Pending: TypeAlias = tuple["Path", _Rows, int]

MOST_PATHS = 256
_FREE_SECONDS = 0.25  # that recordings may take anyway
_MOST_SHARE = 0.5  # of the seconds that plain calls of all rows would have taken, that recordings may take
_MISSES = 8  # so many rows in a row on no path, after which only every so many is looked for
_TOSSES = 8  # how often a function that draws random numbers is recorded, as they may decide what it does now and then


class Lost:
    """What stands for a function after unpickling: programs are kept, code is not, but may be there by import."""

    def __init__(self, name: str, module: str, qualname: str) -> None:
        self.__name__, self.__module__, self.__qualname__ = name, module, qualname

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        function = self.found()
        if function is not None:
            return function(*args, **kwargs)
        raise RuntimeError(
            f"{self.__name__} was loaded from a pickle, which has its recorded programs and no code: it takes "
            "arguments of the structures it was called with before, and rows that go the ways recorded before. Compile "
            "the function here for others"
        )

    def found(self) -> Callable[..., Any] | None:
        """Return the function that a module of that name has compiled under that name, or None."""
        try:
            compiled = functools.reduce(getattr, self.__qualname__.split("."), importlib.import_module(self.__module__))
        except (ImportError, AttributeError):
            return None
        function = getattr(compiled, "function", None)
        return None if isinstance(function, Lost) else function


class Path(DirectPath):
    """One recorded way through a function.

    Attributes
    ----------
    program : Program
    uniforms : Uniforms
        The numbers that no row changes, and the scalars from outside that some are of.
    structure : the results' description
    outcomes : list of (mark, truth)
        What each guard asked, as a number that says what was computed until then, and the recorded answer.
    end : int
        A number that says what all of the function computed, and its results.
    nodes : int
        How many nodes were recorded.
    outside : list of scalars
        Those from outside that were used; these numbers tell them apart as long as they live.
    number : int
        Which of the paths it is.
    junctions : list of Junction
        Where in the tree each guard is asked, and where the path ends.
    """

    def __init__(
        self,
        program: Program,
        captured: list[Any],
        structure: _Structure,
        outcomes: list[_Outcome],
        end: int,
        nodes: int,
        outside: Sequence[Any] = (),
    ) -> None:
        super().__init__(program, Uniforms(captured, program.uniforms), structure)
        self.outcomes, self.end, self.nodes, self.outside = outcomes, end, nodes, outside
        self.number = 0
        self.junctions: list[Junction] = []

    def beside(self, k: int) -> Path | None:
        """Return a path through the branch that the other outcome of guard k leads to, or None."""
        junction = self.junctions[k].children.get(not self.outcomes[k][1])
        return None if junction is None else junction.path

    def state(self) -> tuple[Any, ...]:
        """Return what makes this path."""
        return self.program, self.uniforms.scalars, self.structure, self.outcomes, self.end, self.nodes


class Junction:
    """A node of the tree of outcomes: a path ends here, or a guard is asked."""

    __slots__ = ("children", "mark", "path")

    def __init__(self, path: Path, mark: int) -> None:
        self.path, self.mark = path, mark  # a path that comes through; what was done until then, and is asked
        self.children: dict[bool | None, Junction] = {}  # by outcome


class Paths(DirectPaths):
    """All paths of a function for arguments of one structure.

    Attributes
    ----------
    recorded : list of Path
    latest : Path or None
        The one that all rows of the last call took.
    """

    latest: Path | None

    def __init__(self, function: Callable[..., Any], structure: Nest, name: str) -> None:
        super().__init__(structure, Calls(places_of(function)))
        self.function, self.name = function, name
        self.root: Junction | None = None
        self.recorded: list[Path] = []
        self._longest: Path | None = None
        self._lock, self._warned = threading.Lock(), False
        self._rows = self._misses = 0  # of batches beyond one a call; those on no path since the last one on one
        self._spent, self._plain = 0.0, 0.0  # seconds of all recordings; of a plain call, where that matters
        self.refusal: str | None = None  # what every call raises, once two recordings differed

    @property
    def full(self) -> bool:
        """Are there as many paths as there may be, or has recording them taken longer than is worth it?"""
        if not self.recorded or len(self.recorded) >= MOST_PATHS:
            return bool(self.recorded)
        worth = _MOST_SHARE * self._plain * (self.calls.count + self._rows)
        return self._spent > max(_FREE_SECONDS, worth)

    def counted(self, X: Any) -> Paths:
        """Count a call. The function is recorded again, to compare, whenever their number comes to a power of two, and
        when something that it names is another than before.
        """
        self._rows += len(X) - 1
        if self.calls.due() and self.root is not None:
            if self.refusal is not None:
                raise TraceError(self.refusal)
            self.check(X[0].tolist())
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
        before = randomness(self.calls.used()) if self.root is None else None
        path, outputs = self._recorded(row)
        kept = self.insert(path, row)
        if before is not None and randomness(self.calls.used()) != before:
            for _ in range(_TOSSES):
                self.check(row)
        return kept, path.structure, [getattr(output, "data", output) for output in outputs]

    def check(self, row: list[float]) -> None:
        """Record the function again, to compare: what no comparison shows may have changed, or be random."""
        if isinstance(self.function, Lost):
            return
        exchanged = self.calls.changed()
        try:
            path = self._recorded(row)[0]
        except TraceError:
            raise
        except Exception:  # a row that is replayed may have no plain result
            return
        self.insert(path, row, exchanged)

    def unkept(self, row: list[float]) -> Path:
        """Return a path for a row of floats that does not become one of these."""
        return self._recorded(row)[0]

    def _recorded(self, row: list[float]) -> tuple[Path, list[Any]]:
        if recording_active():
            raise TraceError(
                f"{self.name} cannot be recorded while another function is: in a compiled function only the plain call "
                "of another can be used, not its gradients, batches and sums"
            )
        inputs, begun = [Value(number) for number in row], time.perf_counter()
        with Recording(inputs) as recording:
            structure, outputs = self.results(self.call(inputs))
        (*marks, end), outside = recording.marks(outputs)
        outcomes = [(mark, truth) for mark, (_, truth) in zip(marks, recording.guards)]
        program, captured = recording.program(outputs)
        self.calls.look()
        self._spent += time.perf_counter() - begun
        if self._spent > _FREE_SECONDS and not self._plain:
            begun = time.perf_counter()
            self.plainly(row)
            self._plain = time.perf_counter() - begun
        path = Path(program, captured, structure, outcomes, end, recording.report["nodes"], outside)
        if program.functions:  # one of them may raise what it was not asked while recording
            program.run(np.array([row]), path.uniforms.now())
        return path, outputs

    def call(self, numbers: Iterable[Any]) -> Any:
        """Call the function with the numbers in their places."""
        args, kwargs = self.structure.put_together(iter(numbers))
        try:
            return self.function(*args, **kwargs)
        except Exception as error:
            explain(error, self.structure, self.name)
            raise

    def results(self, result: Any) -> tuple[_Structure, list[Any]]:
        """Return the description of what the function returned, and the numbers and scalars in it."""
        structure = described(result, f"the result of {self.name}")
        outputs: list[Any] = []
        structure.take_apart(result, outputs)
        if not outputs:
            raise no_result(result, self.name)
        return structure, [x if isinstance(x, Node) else float(x) for x in outputs]

    def plainly(self, row: list[float]) -> tuple[_Structure, list[float]]:
        """Compute a row of floats by a plain call: the description of the results, and their numbers."""
        with no_grad():
            structure, outputs = self.results(self.call([Value(number) for number in row]))
        return structure, [getattr(output, "data", output) for output in outputs]

    def insert(self, path: Path, row: list[float] | None = None, exchanged: Sequence[str] = ()) -> Path | None:
        """Put a path, recorded for a row of floats, into the tree; return it, or the one that was there, or None where
        there is no room for it. What was exchanged since the recording before is for messages.

        A row may come to a path that is there by a guard that plain arithmetic answers as that path has it, where the
        program does not.
        """
        asked = [*path.outcomes, (path.end, None)]
        with self._lock:
            junctions, differs = self._common_junctions(asked)
            if not differs and len(junctions) < len(asked):
                return None if self.full else self._add(path, asked, junctions)
        if differs or junctions[-1].path.structure != path.structure:
            raise self._impure(len(junctions) - (not differs), row, exchanged)
        return junctions[-1].path

    def _common_junctions(self, asked: list[_Asked]) -> tuple[list[Junction], bool]:
        """Return the junctions of the tree that a path with these outcomes comes to, and whether the next differs."""
        junctions: list[Junction] = []
        junction = self.root
        for mark, truth in asked:
            if junction is None:
                break
            if junction.mark != mark:
                return junctions, True
            junctions.append(junction)
            junction = junction.children.get(truth)
        return junctions, False

    def _add(self, path: Path, asked: list[_Asked], junctions: list[Junction]) -> Path:
        """Add a path that shares some junctions. Other threads read without the lock, so that the tree gets it last."""
        new = [Junction(path, mark) for mark, _ in asked[len(junctions) :]]
        for junction, follows, (_, truth) in zip(new, new[1:], asked[len(junctions) :]):
            junction.children[truth] = follows
        path.junctions, path.number = junctions + new, len(self.recorded)
        self.recorded.append(path)
        if self._longest is None or len(path.outcomes) > len(self._longest.outcomes):
            self._longest = path
        if junctions:
            junctions[-1].children[asked[len(junctions) - 1][1]] = new[0]
        else:
            self.root = new[0]
        return path

    def _impure(self, k: int, row: list[float] | None, exchanged: Sequence[str]) -> TraceError:
        """The exception for a recording that differs from another after k comparisons, which all calls raise then."""
        same = f"the first {k:,} of its comparisons came out the same" if k else "no comparison had come out otherwise"
        where = "" if row is None else drawing_line(lambda: self.plainly(row), self.calls.used())
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
        if self._misses >= _MISSES and self._misses % _MISSES and self.full:
            self._misses += 1
            return None
        path, settled = self.latest or (self.recorded[0] if self.recorded else None), 0
        while path is not None and path.outcomes:
            failed = int(path.program.classify(X, path.uniforms.now())[0])
            if failed < 0:
                break
            beside = path.beside(failed)
            if beside is None and self.full and failed >= settled:
                self._misses += 1
                return None
            path, settled = beside if failed >= settled else None, failed + 1
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
        if self.root is None:
            row = X[0].tolist()
            self.record(row)
            self.check(row)  # what is drawn or counted would be the same for all rows
        first = self.latest or self._longest or self.recorded[0]
        if not first.outcomes:
            self.latest = first
            return [(first, None)]
        found: _Found = {}
        pending: list[_Pending] = [(first, None, 0)]
        while pending:
            pending += self._follow(found, X, *pending.pop(), num_threads)
        known = sorted((path for path in found if path), key=lambda path: path.number)
        self.latest = known[0] if len(found) == 1 and known else None
        if self.latest:
            return [(self.latest, None)]
        return [(path, _joined(found[path])) for path in [*known, *([None] if None in found else [])]]

    def _follow(
        self, found: _Found, X: _Floats, path: Path, rows: _Rows, settled: int, num_threads: int
    ) -> list[_Pending]:
        """Put those rows that a path is right for with it, and return where the others may belong.

        Rows are None for all, which is how they are found if all are on one path. The path's first guards, as many as
        are settled, come out for these rows as recorded.
        """
        if settled == len(path.outcomes):
            found.setdefault(path, []).append(rows)
            return []
        failed = path.program.classify(X, path.uniforms.now(), num_threads, rows)
        elsewhere = []
        for k, failing in grouped(failed, len(path.outcomes)):
            group = failing if rows is None else rows if failing is None else rows.take(failing)
            if k < 0:
                found.setdefault(path, []).append(group)
                continue
            if group is None:
                group = np.arange(len(X))
            if k < settled:
                self._record_each(found, X, group)
            else:
                elsewhere += self._beside(found, X, path, k, group)
        return elsewhere

    def _record_each(self, found: _Found, X: _Floats, rows: NDArray[np.int64]) -> None:
        for row in rows.tolist():
            found.setdefault(self.record(X[row].tolist())[0], []).append(np.array([row]))

    def _beside(self, found: _Found, X: _Floats, path: Path, k: int, rows: NDArray[np.int64]) -> list[_Pending]:
        """Where rows belong that come out otherwise at guard k of a path. One of them is recorded if need be."""
        for count in range(len(rows)):
            beside = path.beside(k)
            if beside is not None:
                return [(beside, rows[count:], k + 1)]
            if self.full:
                found.setdefault(None, []).append(rows[count:])
                return []
            self._record_each(found, X, rows[count : count + 1])
        return []

    # What splits the paths.

    def warn(self, row: list[float]) -> None:
        """Say once that there are too many paths; a row of floats is on none of those that are kept."""
        if self._warned:
            return
        self._warned = True
        depth = 1
        frame: FrameType | None = sys._getframe()
        while frame is not None and frame.f_globals.get("__name__", "").startswith("fastgrad."):
            depth, frame = depth + 1, frame.f_back
        warnings.warn(
            f"{self.name} has more than {len(self.recorded)} paths, and no more are recorded; what splits them is "
            f"{self.splitting(row)}. Rows on further paths are computed by plain calls, which is slow. where, clip, "
            "max and min of fastgrad.math make no paths",
            RuntimeWarning,
            stacklevel=depth,
        )

    def splitting(self, row: list[float]) -> str:
        """Tell where the comparison stands at which a row of floats leaves the paths there are."""
        leaves = self._leaves([bool(truth) for _, truth in self._asked(row, -1).guards])
        file, line = self._asked(row, leaves).seen
        return f"{linecache.getline(file, line).strip() or 'a comparison'!r} in {file}, line {line}"

    def _asked(self, row: list[float], watched: int) -> Recording:
        inputs = [Value(number) for number in row]
        with Recording(inputs, watched) as recording:
            self.call(inputs)
        return recording

    def _leaves(self, truths: list[bool]) -> int:
        """Return the number of the guard at which a sequence of outcomes leaves the tree."""
        junction = self.root
        for k, truth in enumerate(truths):
            junction = junction and junction.children.get(truth)
            if junction is None:
                return k
        return len(truths) - 1


def _among(exchanged: Sequence[str]) -> str:
    return f", as {', '.join(exchanged)}" if exchanged else ""


def _joined(rows: list[Any]) -> _Rows:
    return rows[0] if len(rows) == 1 else np.sort(np.concatenate(rows))

"""Compiled functions where the rows are: the recorded programs, without code and without the scalars they use.

A worker records nothing. Rows that go no known way are named in its answer; who asked records them, and asks again. So
which paths there are, and in which order, does not depend on who worked on which block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastgrad._tape.numbers import Value
from fastgrad.compiled.arguments import chosen, table
from fastgrad.compiled.function import Compiled
from fastgrad.compiled.path import Path
from fastgrad.compiled.paths import Found, Paths
from fastgrad.compiled.totals import SharedRows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastgrad.compiled.structure import Nest, _Floats


MOST_ASKED = 16  # rows that leave the known paths at one place, of which it is asked which way they go


class Place(NamedTuple):
    """What stands in a call's arguments for a column of the block."""

    number: int


class Request(NamedTuple):
    """What is asked of a block.

    Attributes
    ----------
    args : nesting of arrays, with a `Place` for each column
    in_axes, argnums
        As the caller gave them; argnums are None for a total with slopes by scalars from outside.
    order : int
        Of the highest derivative: 0, 1 or 2.
    scalars : numpy.ndarray
        The numbers of those from outside.
    threads : int
    decided : dict of int to int
        Rows whose paths the caller has found, which are these.
    sample : bool
        Whether to answer with a row, too.
    """

    args: tuple[Any, ...]
    in_axes: Any
    argnums: Any
    order: int
    scalars: _Floats
    threads: int
    decided: dict[int, int]
    sample: bool


class Unknown(NamedTuple):
    """What a block answers where rows go no known way: some of these."""

    structure: Nest
    rows: list[int]
    numbers: _Floats


class Partial(NamedTuple):
    """A block's total: how many rows, and their sums; None without rows. And perhaps a row."""

    rows: int
    sums: _Floats | None
    structure: Nest | None = None
    numbers: Any = ()


def state_of(function: Compiled) -> tuple[Any, tuple[Any, ...]]:
    """Return the scalars from outside that a function's programs use, and what makes a `BlockFunction`."""
    scalars: dict[int, Any] = {}
    known = []
    for paths in function._paths.values():
        states = []
        for path in paths.recorded:
            program, captured, *others = path.state()
            for scalar in captured:
                scalars.setdefault(id(scalar), (len(scalars), scalar))
            states.append((program, [scalars[id(scalar)][0] for scalar in captured], *others))
        known.append((paths.structure, states))
    return [scalar for _, scalar in scalars.values()], (function._name(), len(scalars), known)


class BlockFunction:
    """A compiled function's programs, as a function of a request and a block's columns."""

    def __init__(self, name: str, scalars: int, known: Any) -> None:
        self.state = name, scalars, known
        self.scalars = [Value(0.0) for _ in range(scalars)]
        self.function = _Replayed(name)
        for structure, states in known:
            paths = self.function._paths_for(structure)
            for program, captured, *others in states:
                paths.insert(Path(program, [self.scalars[k] for k in captured], *others))

    def __reduce__(self) -> tuple[Any, ...]:
        return BlockFunction, self.state

    def __call__(self, request: Request, columns: Sequence[Any]) -> Partial | Unknown:
        """Return the total over a block's rows."""
        if not columns or not len(columns[0]):
            return Partial(0, None)
        for scalar, number in zip(self.scalars, request.scalars.tolist()):
            scalar.data = number
        args = filled(request.args, columns)
        if request.argnums is None:
            return self._by_scalars(request, args)
        return self._by_shared(request, args)

    def _by_scalars(self, request: Request, args: Any) -> Partial | Unknown:
        structure, X = table(args, request.in_axes, self.function._name())
        paths = self.function._paths_for(structure)
        parts, unknown = paths.sorted(X, request)
        if unknown:
            return Unknown(structure, unknown, X[unknown])
        places = {scalar: k for k, scalar in enumerate(self.scalars)}
        sums = np.zeros(1 + len(self.scalars) * (request.order > 0))
        for path, rows in parts:
            wanted = len(path.uniforms.scalars) * (request.order > 0)
            total, _, slopes = path.program.total(X, path.uniforms.now(), rows, wanted, request.threads)
            sums[0] += total
            for scalar, slope in zip(path.uniforms.scalars, slopes.tolist()):
                sums[1 + places[scalar]] += slope
        return Partial(len(X), sums, structure, X[:1] if request.sample else ())

    def _by_shared(self, request: Request, args: Any) -> Partial | Unknown:
        rows = SharedRows(self.function, args, request.in_axes)
        paths = self.function._paths_for(rows.structure)
        _, places = chosen(rows.structure, request.argnums)
        sample = rows[0][np.newaxis] if request.sample else ()

        def total(path: Path, part: Any) -> tuple[_Floats, int]:
            program = self.function._shared_program(path, rows, places, request.order)
            return program.total(rows, part, request.threads)

        if len(paths.recorded) == 1 and not request.decided:
            sums, passed = total(paths.recorded[0], None)
            if passed == len(rows):
                return Partial(passed, sums, rows.structure, sample)
        parts, unknown = paths.sorted(rows.full(), request)
        if unknown:
            return Unknown(rows.structure, unknown, rows.full()[unknown])
        sums = np.sum([total(path, part)[0] for path, part in parts], axis=0)
        return Partial(len(rows), sums, rows.structure, sample)


class _Replayed(Compiled):
    """A compiled function that replays what was recorded elsewhere."""

    def __init__(self, name: str) -> None:
        super().__init__(_nothing)
        self._known_name = name

    def _name(self) -> str:
        return self._known_name

    def _paths_for(self, structure: Nest) -> Any:
        paths = self._paths.get(structure)
        if paths is None:
            paths = self._paths.setdefault(structure, _KnownPaths(_nothing, structure, self._known_name))
        return paths


def _nothing(*args: Any) -> Any:
    """Stand for a function whose code is elsewhere."""


class _KnownPaths(Paths):
    """Paths that no other is added to."""

    def sorted(self, X: _Floats, request: Request) -> tuple[list[tuple[Path, Any]], list[int]]:
        """Tell which rows go which way, and for which that is not known."""
        if not self.recorded:
            return [], [0]
        if not self.recorded[0].outcomes:
            return [(self.recorded[0], None)], []
        found, rows, self.unknown, first = Found(), None, list[int](), self._longest or self.recorded[0]
        if request.decided:
            for row, number in request.decided.items():
                found.add(self.recorded[number], np.array([row]))
            rows = np.setdiff1d(np.arange(len(X)), list(request.decided))
        self._follow(found, X, first, rows, 0, request.threads)
        while found.elsewhere:
            path, k, rows = found.next()
            beside = path.beside(k)
            if beside is not None:
                self._follow(found, X, beside, rows, k + 1, request.threads)
            else:
                self.unknown += rows[:: -(-len(rows) // MOST_ASKED)].tolist()
        ordered = sorted((path.number, path) for path in found.rows if path)
        return [(path, found.joined(path)) for _, path in ordered], self.unknown

    def _record_each(self, found: Found, X: _Floats, rows: Any) -> None:
        self.unknown += rows.tolist()


def filled(args: Any, columns: Sequence[Any]) -> Any:
    """Return a call's arguments with a block's columns in their places."""
    if isinstance(args, Place):
        return columns[args.number]
    if isinstance(args, dict):
        return {key: filled(entry, columns) for key, entry in args.items()}
    if type(args) in (list, tuple):
        return type(args)(filled(entry, columns) for entry in args)
    return args

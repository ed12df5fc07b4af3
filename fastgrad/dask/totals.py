"""Totals of compiled functions over rows that lie in blocks elsewhere: the caller's side."""

from __future__ import annotations

import dataclasses
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad.compiled.arguments import axes_of, chosen, of_positions
from fastgrad.compiled.paths import MOST_PATHS
from fastgrad.compiled.structure import Number, described
from fastgrad.compiled.table import records, scalar_of
from fastgrad.compiled.totals import check_shared, with_derivatives
from fastgrad.dask.columns import source_of
from fastgrad.dask.programs import BlockFunction, Request, Unknown, state_of
from fastgrad.dask.trees import tree_sum
from fastgrad.dask.workers import packed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastgrad.compiled.function import Compiled
    from fastgrad.compiled.structure import _Floats
    from fastgrad.dask.blocks import Blocks
    from fastgrad.dask.workers import Program


@dataclasses.dataclass
class Known:
    """What is known of a function from one call to the next."""

    counts: tuple[int, ...] = ()  # of paths in what was sent
    program: Program | None = None
    scalars: list[Any] = dataclasses.field(default_factory=list)
    sample: Any = None  # a row with its paths, that tells whether the function still is what was recorded


_known: weakref.WeakKeyDictionary[Compiled, Known] = weakref.WeakKeyDictionary()


def scalar_total(function: Any, args: tuple[Any, ...], in_axes: Any, threads: int, mean: bool) -> Any:
    """Return the total of a function over rows elsewhere, as one scalar on the tape."""
    order = int(records())
    sums, count, scalars = _totals(function, args, axes_of(in_axes, args), None, threads, order)
    return scalar_of(sums[0].item(), scalars if order else [], sums[1:], float(count) if mean else 1.0)


def shared_total(
    function: Any, args: tuple[Any, ...], argnums: Any, in_axes: Any, threads: int, is_sum: bool, order: int
) -> Any:
    """Return the total over rows elsewhere, and its derivatives by arguments that are the same for all rows."""
    axes, name = axes_of(in_axes, args), function._name()
    parts = tuple(Number() if axis == 0 else described(arg, f"argument {k} of {name}")
                  for k, (arg, axis) in enumerate(zip(args, axes)))  # fmt: skip
    inner, places = chosen(of_positions(parts), argnums)
    check_shared(argnums, axes, in_axes, name)
    sums, count, _ = _totals(function, args, axes, argnums, threads, order)
    return with_derivatives(inner, sums if is_sum else sums / count, len(places), order)


def _totals(
    function: Any, args: tuple[Any, ...], axes: Sequence[int | None], argnums: Any, threads: int, order: int
) -> tuple[_Floats, int, list[Any]]:
    """Return the sums over all rows, how many there are, and the scalars from outside."""
    source, placed = _placed(function, args, axes)
    known = _known.setdefault(function, Known())
    if known.sample is not None:
        paths, row = known.sample
        paths.counted(row)
    decided: dict[int, dict[int, int]] = {k: {} for k in range(source.count)}
    found: dict[int, Any] = {}
    used: dict[int, list[Any]] = {}  # the scalars from outside that a block's slopes are by
    pending = list(decided)
    while pending:
        program, scalars = _program(function, known)
        numbers = np.array([scalar.data for scalar in scalars])
        recorded = any(paths.recorded for paths in function._paths.values())
        asked = pending if recorded else pending[:1]  # whose first row is the first to be recorded
        request = Request(placed, axes, argnums, order, numbers, threads, {}, known.sample is None)
        found |= source.run(program, {k: request._replace(decided=decided[k]) for k in asked})
        used |= dict.fromkeys(asked, scalars)
        for k in asked:
            if isinstance(found[k], Unknown):
                decided[k] |= _recorded(function, found[k])
        pending = [k for k in pending if k not in found or isinstance(found[k], Unknown)]
        if known.sample is None:
            known.sample = next(((function._paths_for(part.structure), part.numbers[:1])
                                 for part in found.values() if len(part.numbers)), None)  # fmt: skip
    parts = [found[k] for k in range(source.count)]
    count = sum(part.rows for part in parts)
    if not count:
        raise ValueError(f"the arguments of {function._name()} have no rows in any block: give at least one")
    if argnums is None:
        return tree_sum([_by(scalars, part.sums, used[k]) for k, part in enumerate(parts)]), count, scalars
    return tree_sum([part.sums for part in parts]), count, scalars


def _by(scalars: list[Any], sums: Any, used: list[Any]) -> Any:
    """Return a block's sums with slopes by all scalars, of which it knew some."""
    if sums is None or len(sums) == 1 or used is scalars:
        return sums
    places = {id(scalar): 1 + k for k, scalar in enumerate(scalars)}
    found = np.zeros(1 + len(scalars))
    found[[0, *(places[id(scalar)] for scalar in used)]] = sums
    return found


def _placed(function: Any, args: tuple[Any, ...], axes: Sequence[int | None]) -> tuple[Blocks, tuple[Any, ...]]:
    """Return the blocks that arguments with rows lie in, and the arguments with places for these."""
    with_rows = [k for k, axis in enumerate(axes) if axis == 0]
    source, placed = source_of([(f"argument {k} of {function._name()}", args[k]) for k in with_rows])
    places = dict(zip(with_rows, placed))
    return source, tuple(places.get(k, arg) for k, arg in enumerate(args))


def _program(function: Any, known: Known) -> tuple[Program, list[Any]]:
    """Return what workers are sent, which changes with another path only, and the scalars from outside."""
    counts = tuple(len(paths.recorded) for paths in function._paths.values())
    if known.program is None or known.counts != counts:
        known.scalars, state = state_of(function)
        known.counts, known.program = counts, packed(BlockFunction(*state))
    return known.program, known.scalars


def _recorded(function: Any, unknown: Unknown) -> dict[int, int]:
    """Record rows that went no known way; return which path is each row's."""
    paths, decided = function._paths_for(unknown.structure), {}
    for row, numbers in zip(unknown.rows, unknown.numbers.tolist()):
        first = not paths.recorded
        path, *_ = paths.record(numbers)
        if first:
            paths.check(numbers)  # what is drawn or counted would be the same for all rows
        if path is None:
            raise ValueError(
                f"{function._name()} has more than {MOST_PATHS} paths, which is as many as workers are sent: where, "
                "clip, max and min of fastgrad.math make none"
            )
        decided[row] = path.number
    return decided

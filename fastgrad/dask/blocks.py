"""Rows in blocks, and the executors that work on them: `blocks`."""

from __future__ import annotations

import uuid
import weakref
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from fastgrad.dask.workers import Loader, Missing, array, dumps, forget, in_list, keep, packed, width, work_by_name

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from fastgrad.dask.workers import Program

MOST_LACKED = 4  # passes in a row in which workers lacked the program


def blocks(given: Iterable[Any], executor: Any = None) -> tuple[Column, ...]:
    """Make columns of rows that lie in blocks, for methods of compiled functions and for `train.fit`.

    Parameters
    ----------
    given : iterable
        For each block a tuple of arrays with as many rows, one for each column; or a function without arguments that
        returns such a tuple, and is called by the worker anew for each pass: so rows stay where they are, and what is
        larger than memory streams. A block of arrays is sent once to each worker that needs it.
    executor : concurrent.futures.Executor, joblib.Parallel or dask.distributed.Client, optional
        Who works: also what has a method ``submit`` like theirs, as ``mpi4py.futures.MPIPoolExecutor``. By default this
        process does, one block after the other.

    Returns
    -------
    tuple of Column
        They are given as arrays would be.

    Raises
    ------
    TypeError
        If a block is no tuple of arrays and no function, or the executor is none.
    ValueError
        If there are no blocks, or they have not as many columns, or these not as many rows.

    Examples
    --------
    >>> import fastgrad, fastgrad.dask, numpy as np
    >>> error = fastgrad.compile(lambda p, x, y: (p[0] * x + p[1] - y) ** 2)
    >>> halves = [(np.array([1.0]), np.array([3.0])), (np.array([2.0]), np.array([5.0]))]
    >>> x, y = fastgrad.dask.blocks(halves)
    >>> error.sum_value_and_grad(np.array([1.0, 1.0]), x, y, in_axes=(None, 0, 0))
    (5.0, array([-10.,  -6.]))
    """
    found = [_block(block, k) for k, block in enumerate(given)]
    if not found:
        raise ValueError("blocks must not be empty: give at least one tuple of arrays, or function that loads one")
    counts = {len(block): k for k, block in reversed(list(enumerate(found))) if isinstance(block, tuple)}
    if len(counts) > 1:
        has = " and ".join(f"block {k} has {count}" for count, k in sorted(counts.items()))
        raise ValueError(f"blocks must all have as many columns, but {has}")
    source = _source(found, executor)
    return tuple(Column(source, k) for k in range(next(iter(counts)) if counts else source.columns()))


def _block(given: Any, k: int) -> Any:
    if hasattr(given, "key"):  # a future of Dask's, or what it delays
        return given
    if callable(given):
        return Loader(dumps(given))
    if isinstance(given, np.ndarray):
        given = (given,)
    if not isinstance(given, (tuple, list)) or not given:
        raise TypeError(f"blocks[{k}] must be a tuple of arrays, or a function that returns one, not {given!r:.60}")
    block = tuple(array(column, f"blocks[{k}]") for column in given)
    lengths = [column.shape[:1] for column in block]
    if () in lengths:
        raise TypeError(
            f"blocks[{k}] must have arrays with an axis of rows, but column {lengths.index(())} is a number"
        )
    if len(set(lengths)) > 1:
        raise ValueError(f"blocks[{k}] must have as many rows in each column, not {[n for (n,) in lengths]}")
    return block


def _source(found: list[Any], executor: Any) -> Any:
    if executor is None:
        return ExecutorBlocks(found, None)
    if hasattr(executor, "get_executor") and hasattr(executor, "scatter"):  # a client of Dask's
        from fastgrad.dask.collections import of_client

        return of_client(found, executor)
    works = hasattr(executor, "submit") or hasattr(executor, "n_jobs")
    if isinstance(executor, type) or not works:
        raise TypeError(
            "executor must be a concurrent.futures.Executor, a joblib.Parallel or a dask.distributed.Client, not "
            f"{executor!r:.60}"
        )
    return ExecutorBlocks(found, executor)


class Column:
    """An argument with an axis of rows that lie in blocks elsewhere; made by `blocks`."""

    __fastgrad_blocks__ = True

    def __init__(self, source: Any, place: int) -> None:
        self.source, self.place = source, place

    def __repr__(self) -> str:
        return f"<column {self.place} of {self.source.count} blocks>"


class Blocks(Protocol):
    """Blocks of rows, and who works on them."""

    count: int

    def columns(self) -> int: ...
    def run(self, program: Program, requests: Mapping[int, Any]) -> dict[int, Any]: ...
    def takes_single(self) -> bool: ...
    def start(self, program: Program, request: Any, k: int, full: bool = False) -> Any: ...


class ExecutorBlocks:
    """Blocks that an executor's workers are sent, or load.

    Attributes
    ----------
    count : int
        How many blocks there are.
    """

    def __init__(self, found: list[Any], executor: Any) -> None:
        self.count, self.executor = len(found), executor
        self._name, self._turn, self._lacked = uuid.uuid4().hex, 0, 0
        self._blocks = found
        weakref.finalize(self, forget, self._name)

    def columns(self) -> int:
        """Ask a worker how many columns the first block has."""
        count: int = self.run(packed(width), {0: None})[0]
        return count

    def run(self, program: Program, requests: Mapping[int, Any]) -> dict[int, Any]:
        """Run a program on some blocks, each with its request; return the results.

        First names travel alone, then what workers lack: the program with one task for each that lacks it, whose
        answers the others wait for; in the end, for what has gone to yet another worker, all of it. Workers that lack
        the program time and again keep nothing, and get all at once.
        """
        self._keep_here(program, requests)
        first = list(requests)
        found = {} if self._lacked >= MOST_LACKED else self._answers(program, requests, first, False, ())
        missing = {k: found[k] for k in first if isinstance(found.get(k), Missing)}
        lacking = {answer.worker: k for k, answer in missing.items() if answer.program}
        self._lacked = self._lacked + 1 if lacking or not found else 0
        if missing:
            carriers = list(lacking.values())
            found |= self._answers(program, requests, carriers, True, missing)
            found |= self._answers(program, requests, [k for k in missing if k not in carriers], False, missing)
        rest = [k for k in first if k not in found or isinstance(found[k], Missing)]
        return found | self._answers(program, requests, rest, True, rest)

    def takes_single(self) -> bool:
        """Whether there are workers that blocks can be given to one by one."""
        return hasattr(self.executor, "submit")

    def start(self, program: Program, request: Any, k: int, full: bool = False) -> Any:
        """Return a future of a list with one block's result, or with what its worker lacks, unless all is sent."""
        self._keep_here(program, [k])
        return self.executor.submit(in_list, *self._call(program, request, k, full, full))

    def _keep_here(self, program: Program, wanted: Iterable[int]) -> None:
        """Keep all in this process, so that its threads, and processes that are forked, have it."""
        for k in wanted:
            keep(program, (self._name, k), self._blocks[k])

    def _answers(
        self, program: Program, requests: Mapping[int, Any], wanted: Sequence[int], carried: bool, sent: Container[int]
    ) -> dict[int, Any]:
        calls = [self._call(program, requests[k], k, carried, k in sent) for k in wanted]
        if self.executor is None:
            answers = [function(*args) for function, *args in calls]
        elif hasattr(self.executor, "submit"):
            futures = [self.executor.submit(*call) for call in calls]
            answers = [future.result() for future in futures]
        else:
            answers = self.executor((function, tuple(args), {}) for function, *args in calls)
        return dict(zip(wanted, answers))

    def _call(self, program: Program, request: Any, k: int, carried: bool, sent: bool) -> list[Any]:
        block, self._turn = self._blocks[k], self._turn + 1
        block = block if sent or isinstance(block, Loader) else None
        return [work_by_name, program.key, program.payload if carried else None, request, (self._name, k), block,
                self._turn]  # fmt: skip

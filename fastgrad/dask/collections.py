"""Dask's arrays and data frames as blocks: a block is a chunk of rows, or a partition."""

# mypy: disable-error-code="attr-defined,no-untyped-call"
# Dask has types for a part of it.

from __future__ import annotations

import itertools
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad.dask.workers import MOST_PROGRAMS, Latest, Loader, loaded, packed, width, work_on_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fastgrad.dask.blocks import Blocks
    from fastgrad.dask.workers import Program


_LOST = "cancelled", "lost", "error"  # as all futures are after a client's restart()
_SECONDS = 2.0  # after which it is looked again where blocks are
_SENT = "__fastgrad_sent__"  # programs, among a client's attributes: futures hold their client


def of_collections(given: Sequence[tuple[str, Any]]) -> Blocks:
    """Return blocks of arrays and frames, each with what messages call it, that have their rows in common."""
    _, first = given[0]
    collections = [_aligned(x, what, first, given[0][0]) for what, x in given]
    parts = [_parts(x) for x in collections]
    return DaskBlocks(getattr(parts[0][0], "client", None) if _is_future(parts[0][0]) else _client(), list(zip(*parts)))


def of_client(found: Sequence[Any], client: Any) -> Blocks:
    """Return blocks that a client's workers hold, or load."""
    from dask import delayed

    arrays = [k for k, block in enumerate(found) if isinstance(block, tuple)]
    parts = [delayed(loaded, pure=False)(block.payload) if isinstance(block, Loader) else block for block in found]
    for k, future in zip(arrays, client.scatter([found[k] for k in arrays]) if arrays else ()):
        parts[k] = future
    return DaskBlocks(client, [(part,) for part in parts])


def _client() -> Any:
    """Return the client that is in use, or None."""
    distributed = sys.modules.get("distributed")
    try:
        return None if distributed is None else distributed.Client.current()
    except ValueError:
        return None


def _aligned(x: Any, what: str, first: Any, name: str) -> Any:
    """Return a collection with the blocks of rows of another, and all columns in one."""
    if hasattr(type(x), "chunks"):
        chunks = x.chunks
        if not chunks:
            raise TypeError(f"{what} must have an axis of rows, but is a single number: {x!r:.60}")
        wanted: dict[int, Any] = {axis: -1 for axis in range(1, len(chunks)) if len(chunks[axis]) > 1}
        counts = _row_counts(first)
        if counts is not None and _row_counts(x) is not None and _row_counts(x) != counts:
            if sum(counts) != sum(chunks[0]):
                raise ValueError(f"all arguments must have as many rows, but {name} has {sum(counts)}, {what} has "
                                 f"{sum(chunks[0])}")  # fmt: skip
            wanted[0] = counts
        x = x.rechunk(wanted) if wanted else x
    elif not hasattr(type(x), "npartitions"):
        raise TypeError(f"{what} must be a Dask array, data frame or series, not {x!r:.60}")
    if _count(x) != _count(first):
        raise ValueError(
            f"all arguments must have as many blocks, but {name} has {_count(first)}, {what} has {_count(x)}, and how "
            "many rows these have is not known: repartition() makes them alike, or compute_chunk_sizes() counts"
        )
    return x


def _count(x: Any) -> int:
    return len(x.chunks[0]) if hasattr(type(x), "chunks") else x.npartitions


def _row_counts(x: Any) -> tuple[int, ...] | None:
    """Return how many rows each block has, or None where that is not known."""
    chunks = getattr(type(x), "chunks", None) and x.chunks
    return None if not chunks or any(np.isnan(n) for n in chunks[0]) else chunks[0]


def _parts(x: Any) -> list[Any]:
    """Return a future for each block where workers hold them, or else what computes it."""
    if "distributed" in sys.modules:
        from distributed import futures_of

        futures = {future.key: future for future in futures_of(x)}
        keys = x.__dask_keys__()
        while isinstance(keys[0], list):
            keys = list(itertools.chain.from_iterable(keys))
        if all(key in futures for key in keys):
            return [futures[key] for key in keys]
    return list(np.ravel(x.to_delayed()))


def _is_future(x: Any) -> bool:
    """Whether it is a future: of the type, since what is delayed has every attribute."""
    return hasattr(type(x), "add_done_callback")


class DaskBlocks:
    """Blocks that Dask's workers hold, or compute for each pass; the scheduler sends tasks where they are."""

    def __init__(self, client: Any, parts: Sequence[tuple[Any, ...]]) -> None:
        self.client, self.count = client, len(parts)
        self._parts = parts
        self._placed, self._workers, self._threads = -_SECONDS, dict[int, str](), dict[str, int]()
        self._are_held = client is not None and all(_is_future(x) for part in parts for x in part)

    def columns(self) -> int:
        """Ask a worker how many columns the first block has."""
        count: int = self.run(packed(width), {0: None})[0]
        return count

    def run(self, program: Program, requests: Mapping[int, Any]) -> dict[int, Any]:
        """Run a program on some blocks, each with its request; return the results."""
        if self.client is not None:
            groups, futures = self._futures(program, requests)
            answers = itertools.chain.from_iterable(self.client.gather(futures))
            return dict(zip(itertools.chain.from_iterable(groups), answers))
        import dask

        answers = dask.compute(*self._tasks(program, program.payload, requests))
        return {k: answer for k, (answer,) in zip(requests, answers)}

    def takes_single(self) -> bool:
        """Whether there are workers that blocks can be given to one by one."""
        return self.client is not None

    def start(self, program: Program, request: Any, k: int, full: bool = False) -> Any:
        """Return a future of one block's result, in a list."""
        return self._futures(program, {k: request})[1][0]

    def _futures(self, program: Program, requests: Mapping[int, Any]) -> tuple[list[list[int]], list[Any]]:
        """Start tasks, each on some blocks; return which these are, and futures of the lists of their results."""
        sent = vars(self.client).setdefault(_SENT, Latest(MOST_PROGRAMS))
        if program.key in sent and sent[program.key].status in _LOST:
            del sent[program.key]
        payload = sent.take(program.key, lambda: self._submitted(program))
        if not self._are_held:
            return [[k] for k in requests], list(self.client.compute(self._tasks(program, payload, requests)))
        groups, turn = self._groups(requests), uuid.uuid4().hex
        futures = []
        for group in groups:
            asked, parts = [requests[k] for k in group], [self._parts[k] for k in group]
            key = f"fastgrad-blocks-{turn}-{group[0]}"
            futures.append(self.client.submit(work_on_all, program.key, payload, asked, parts, key=key))
        return groups, futures

    def _groups(self, wanted: Iterable[int]) -> list[list[int]]:
        """Divide blocks that workers hold: a group for each thread of each worker, since a task takes longer to
        schedule than many a block to work on.
        """
        if time.monotonic() - self._placed >= _SECONDS:
            self._placed, held = time.monotonic(), self.client.who_has([part[0] for part in self._parts])
            self._workers = {k: min(held.get(part[0].key) or [""]) for k, part in enumerate(self._parts)}
            self._threads = self.client.nthreads()
        at: dict[str, list[int]] = {}
        for k in wanted:
            at.setdefault(self._workers[k], []).append(k)
        groups = []
        for worker, blocks in at.items():
            step = self._threads.get(worker, len(blocks))
            groups += [blocks[start::step] for start in range(min(step, len(blocks)))]
        return groups

    def _submitted(self, program: Program) -> Any:
        """Return a future of what a program travels as: a task's result, so that another worker can have it again."""
        return self.client.submit(_same, program.payload, key=f"fastgrad-program-{program.key}")

    def _tasks(self, program: Program, payload: Any, requests: Mapping[int, Any]) -> list[Any]:
        from dask import delayed

        do = delayed(work_on_all, pure=False)
        return [do(program.key, payload, [request], [self._parts[k]]) for k, request in requests.items()]


def _same(payload: bytes) -> bytes:
    return payload

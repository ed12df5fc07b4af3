"""What runs where the rows are: a program that came once as a pickle, on a block of rows.

A worker keeps programs under their content's hash, and blocks of arrays that were sent under their names. A task names
both; where one is not there the worker says so, and the task comes again with it.
"""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import importlib.util
import os
import pickle
import socket
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastgrad import _frames

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

MOST_PROGRAMS, MOST_DATA_SETS = 16, 4  # that a process keeps: those that were used last


class Program(NamedTuple):
    """A function of a request and a block's arrays, as it travels."""

    key: str
    payload: bytes


class Missing(NamedTuple):
    """What a worker answers that lacks a program or a block."""

    worker: tuple[str, int]
    program: bool
    block: bool


@dataclasses.dataclass(frozen=True)
class Loader:
    """A function that loads a block, as it travels."""

    payload: bytes


class Latest(collections.OrderedDict[Any, Any]):
    """A dict of what was used last."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def take(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what there is under a key, or what is made and not None."""
        found = self.get(key)
        if found is None:
            found = make()
            if found is None:
                return None
            self[key] = found
        self.move_to_end(key)
        while len(self) > self.most:
            self.popitem(last=False)
        return found


class _Loaded(threading.local):
    """Programs of a thread, since a run changes them."""

    def __init__(self) -> None:
        self.programs = Latest(MOST_PROGRAMS)


_lock = threading.RLock()  # which a collection of garbage may take again, as it lets go of blocks
_payloads, _data_sets, _loaded = Latest(MOST_PROGRAMS), Latest(MOST_DATA_SETS), _Loaded()


def _begin_anew() -> None:
    """Have a lock that no thread holds: of a process that was forked none but one lives."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


def packed(function: Any) -> Program:
    """Pickle a function for workers, with its code where cloudpickle is installed."""
    payload = dumps(function)
    return Program(hashlib.sha256(payload).hexdigest(), payload)


def dumps(thing: Any) -> bytes:
    """Pickle by value what is of no module that a worker could import."""
    if importlib.util.find_spec("cloudpickle") is None:
        return pickle.dumps(thing)
    import cloudpickle  # type: ignore[import-untyped]

    payload: bytes = cloudpickle.dumps(thing)
    return payload


def keep(program: Program | None, name: tuple[str, int], block: Any) -> None:
    """Keep a program and a block in this process."""
    with _lock:
        if program is not None:
            _payloads.take(program.key, lambda: program.payload)
        if block is not None and not isinstance(block, Loader):
            _data_sets.take(name[0], dict)[name[1]] = block


def forget(name: str) -> None:
    """Let go of the blocks of a data set in this process."""
    with _lock:
        _data_sets.pop(name, None)


def work(key: str, payload: Any, request: Any, *columns: Any) -> Any:
    """Run a program on a block, given column by column, or as one tuple of them.

    The payload, bytes, is read where this thread has not loaded it yet.
    """
    if len(columns) == 1 and isinstance(columns[0], (tuple, list)):
        columns = tuple(columns[0])
    program = _loaded.programs.take(key, lambda: pickle.loads(payload))
    return program(request, tuple(map(array, columns)))


def work_on_all(key: str, payload: bytes, requests: list[Any], blocks: list[Any]) -> list[Any]:
    """Run a program on several blocks, each with its request."""
    return [work(key, payload, request, *block) for request, block in zip(requests, blocks)]


def work_by_name(key: str, payload: bytes | None, request: Any, name: tuple[str, int], block: Any, turn: int) -> Any:
    """Run a program on a block: one given, one that a given function loads, or the one kept under that name.

    The turn makes a task another one than those before, for executors that know tasks by their arguments.
    """
    keep(None if payload is None else Program(key, payload), name, block)
    with _lock:  # what is found is held from here on: other threads may let go of it
        found = block if block is not None else _data_sets.get(name[0], {}).get(name[1])
        payload = payload if payload is not None else _payloads.get(key)
    lacks_program = payload is None and key not in _loaded.programs
    if found is None or lacks_program:
        return Missing((socket.gethostname(), os.getpid()), lacks_program, found is None)
    if isinstance(found, Loader):
        found = loaded(found.payload)
    return work(key, payload, request, found)


def in_list(function: Any, *args: Any) -> list[Any]:
    """Return a function's result as `work_on_all` returns several."""
    return [function(*args)]


def loaded(payload: bytes) -> Any:
    """Return what a pickled function loads."""
    return pickle.loads(payload)()


def width(request: Any, columns: tuple[Any, ...]) -> int:
    """Count the columns of a block: a program."""
    return len(columns)


def array(column: Any, what: str = "a block") -> Any:
    """Return a column, which messages call by `what`, as an array, a frame's with its names; what came in a
    message may lie at any address, which programs do not take.
    """
    if not _frames.is_table(column):
        return np.require(column, requirements="A")
    table = _frames.read(column, what)
    found = np.require(table.whole(), requirements="A")
    return found if table.columns is None else _frames.named(found, table.columns)

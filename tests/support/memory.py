"""Whether a loop runs in memory that stays as it is."""

import array
import gc
import os

import pytest

import fastgrad


def resident():
    """Bytes of memory this process has in use."""
    if not os.path.exists("/proc/self/statm"):
        pytest.skip("reads how much memory is in use as Linux tells it")
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def check_flat(step, steps=100_000):
    """The second half of a loop takes at most a megabyte and 1000 nodes in all more than the first half does.

    If not it is run once more: the allocator takes its time now and then, a leak takes it every time.
    """
    memory, nodes = growth(step, steps)
    if memory >= 1_000_000 or nodes >= 1000:
        memory, nodes = growth(step, steps)
    assert memory < 1_000_000
    assert nodes < 1000


def growth(step, steps):
    sizes, nodes = [], array.array("q")
    for i in range(steps):
        step(i)
        nodes.append(fastgrad.tape_info().nodes)
        if i % 200 == 0:
            sizes.append(resident())
    return tuple(max(x[len(x) // 2 :]) - max(x[: len(x) // 2]) for x in (sizes, nodes))


def check_no_objects(step, steps=10_000):
    """A loop leaves no Python objects that Python's collector knows, and runs in flat memory."""
    for i in range(100):
        step(i)
    gc.collect()
    before = len(gc.get_objects())
    check_flat(step, steps)
    gc.collect()
    assert len(gc.get_objects()) < before + 100

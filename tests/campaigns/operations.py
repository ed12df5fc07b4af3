"""Random operations on scalars, beside the pure-Python engine: to the last bit the same numbers, in bounded memory."""

import gc
import resource
import sys
from collections import Counter

from campaigns.campaign import main
from campaigns.world import SIZE, World
from support.graphs import live_nodes

ROOM = 100_000_000  # bytes that the process may take more than after its first cases


def case(number, steps):
    """One world; afterwards nothing of it is left."""
    world = World(number)
    try:
        for k in steps:
            world.step(k)
        world.compare()
    except Exception as error:
        raise AssertionError("\n".join(["the steps were:", *world.steps])) from error
    del world
    left = live_nodes()
    assert left == 0, f"{left} nodes are left"
    check_memory()
    return Counter(operations=len(steps), graphs=1)


FIRST = []


def most():
    """The most bytes that this process has had in use."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def check_memory():
    """The process has at most ROOM more than after 20 cases."""
    if len(FIRST) < 20:
        FIRST.append(most())
    assert most() < FIRST[-1] + ROOM, f"{most():,} bytes, after {FIRST[-1]:,}"


if __name__ == "__main__":
    gc.collect()
    gc.freeze()
    sys.exit(main(case, SIZE))

"""The end of memory is an error, and the tape stays usable."""

import sys
import textwrap

import pytest

from support.marks import measures
from support.processes import run_python

EXHAUST = """
    import resource, sys
    import fastgrad
    from fastgrad import Value

    def limit(more):
        with open("/proc/self/statm") as statm:
            used = int(statm.read().split()[0]) * resource.getpagesize()
        most = used + more if more else resource.RLIM_INFINITY
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))

    def check():
        "The tape computes, collects and sweeps."
        a, b = Value(3.0), Value(4.0)
        c = fastgrad.sum([a * b, a, b.tanh()])
        fastgrad.collect()
        c.backward()
        assert (a.grad, c.prev[0].data) == (5.0, 12.0)

    spare = [bytearray(8_000_000)]
    x, w = Value(0.5), Value(1.0)
"""

GROW = {
    "a chain": """
        y, steps = x, 0
        limit(100_000_000)
        try:
            while True:
                y = y * w
                steps += 1
        except MemoryError as error:
            assert "memory" in str(error), error
            spare.clear()
        assert steps > 100_000
        y.backward()
        assert (y.data, x.grad, w.grad) == (0.5, 1.0, 0.5 * steps)
        del y
        check()
        limit(None)
        check()
    """,
    "a long chain's sweeps": """
        y, steps = x, 3_000_000
        for _ in range(steps):
            y = y * w
        refused = 0
        limit(1_000_000)
        for sweep in (y.zero_grad, y.forward, y.backward, y.zero_grad):
            try:
                sweep()
            except MemoryError:
                refused += 1
        assert refused
        limit(None)
        y.zero_grad()
        y.backward()
        assert (x.grad, w.grad) == (1.0, 0.5 * steps)
        check()
    """,
    "many operands": """
        ys = []
        xs = [x, w, 2.0] * 100_000
        limit(100_000_000)
        try:
            while True:
                ys.append(fastgrad.dot(xs, xs, bias=w))
        except MemoryError:
            spare.clear()
        assert len(ys) > 3
        check()
        limit(None)
        ys[0].backward()
        assert (x.grad, w.grad) == (100_000.0, 200_001.0)
        check()
    """,
    "nodes held by variables": """
        kept = []
        limit(100_000_000)
        try:
            while True:
                kept.append(x * 2.0)
        except MemoryError:
            spare.clear()
        count = len(kept)
        assert count > 100_000
        kept[-1].backward()
        del kept
        check()
        limit(None)
        assert x.grad == 2.0
        check()
    """,
    "state on nodes": """
        kept = []
        limit(100_000_000)
        try:
            while True:
                y = x * 2.0
                y.label, y.note = "label", len(kept)
                kept.append(y)
        except MemoryError:
            spare.clear()
        assert len(kept) > 10_000
        limit(None)
        fastgrad.collect()
        assert [y.note for y in kept[::1000]] == list(range(0, len(kept), 1000))
        del kept, y
        check()
    """,
    "a collection": """
        kept = [x * float(k) for k in range(1_000_000)]
        kept = kept[::2]
        limit(50_000)
        try:
            fastgrad.collect()
        except MemoryError:
            spare.clear()
        assert kept[12345].data == 12345.0
        limit(None)
        fastgrad.collect()
        kept[12345].backward()
        assert (kept[12345].data, x.grad) == (12345.0, 24690.0)
        check()
    """,
}


@measures
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory as Linux does")
@pytest.mark.parametrize("name", GROW)
def test_memory_that_runs_out_is_an_error_and_the_tape_stays_usable(name):
    run_python(textwrap.dedent(EXHAUST) + textwrap.dedent(GROW[name]))

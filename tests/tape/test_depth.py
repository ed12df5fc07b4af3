"""Depth and size: no recursion anywhere, no price for a neighbour's graph, and an end of memory that is survived."""

import sys

import pytest
from helpers import large, measures, run_python

import fastgrad
from fastgrad import Value

# Everything that walks a graph, on a chain far deeper than Python's stack.

DEEP = """
    import copy, gc, sys, time
    import fastgrad
    from fastgrad import Value

    steps = int(sys.argv[1])
    x, w = Value(0.5), Value(1.0)
    y = x
    for _ in range(steps):
        y = y * w + 0.0
    assert y.data == 0.5

    y.backward()
    assert (x.grad, w.grad) == (1.0, 0.5 * steps)
    y.zero_grad()
    assert (x.grad, w.grad) == (0.0, 0.0)
    x.data = 0.25
    y.forward()
    assert y.data == 0.25
    y.backward()
    assert (x.grad, w.grad) == (1.0, 0.25 * steps)

    fastgrad.collect()
    assert fastgrad.tape_info().nodes == 2 * steps + 2
    del y
    fastgrad.collect()
    assert fastgrad.tape_info().nodes == 2
"""

WALKED = """
    import sys
    import fastgrad
    from fastgrad import Value

    steps = int(sys.argv[1])
    x = Value(0.5)
    y = x
    for _ in range(steps):
        y = -y
    nodes, edges = y.trace()
    assert len(nodes) == steps + 1 and len(edges) == steps
    del nodes, edges
    node, count = y, 0
    while node.prev:
        (node,) = node.prev
        count += 1
    assert node is x and count == steps
    for i, kept in enumerate([y, y.prev[0]]):
        kept.label = f"n{i}"
    del node, kept, y
    fastgrad.collect()
    assert fastgrad.tape_info().nodes == 1
"""

LINKED = """
    import sys
    import fastgrad
    from fastgrad import Value

    def linked(before):
        out = Value(before.data, (before,), "link")
        def _backward():
            before.grad += out.grad
        out._backward = _backward
        out.before, before.after = before, out
        return out

    x = Value(0.5)
    y = x
    for _ in range(int(sys.argv[1])):
        y = linked(y)
    y.backward()
    assert x.grad == 1.0
    del y
    x.after = None
    fastgrad.collect()
    fastgrad.collect()
    assert fastgrad.tape_info().nodes == 1, fastgrad.tape_info()
"""

small_stack = pytest.mark.parametrize("limit", ["true", "ulimit -s 256"], ids=["usual stack", "small stack"])


@large
@small_stack
@pytest.mark.parametrize("steps", [1000, 1_000_000])
def test_deep_graphs(limit, steps):
    run_python(DEEP, steps, limit=limit)


@large
@small_stack
def test_deep_graphs_are_walked(limit):
    run_python(WALKED, 300_000, limit=limit)


@large
@small_stack
def test_deep_graphs_of_a_users_own_nodes(limit):
    """Callbacks that close over each other from node to node are let go one by one, too."""
    run_python(LINKED, 100_000, limit=limit)


@pytest.mark.slow
@measures
def test_a_chain_of_ten_million_nodes():
    done = run_python(
        """
        import resource, time
        from fastgrad import Value
        import fastgrad

        start = time.perf_counter()
        x = Value(1.0)
        y = x
        for _ in range(5_000_000):
            y = y * 1.0 + 0.0
        y.backward()
        assert x.grad == 1.0
        del y
        fastgrad.collect()
        print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
        """,
        limit="ulimit -s 256",
    )
    seconds, gigabytes = map(float, done.stdout.split())
    assert seconds < 3.0
    assert gigabytes < 1.0


@pytest.mark.slow
@large
def test_ten_million_steps_deep():
    run_python(DEEP, 10_000_000, limit="ulimit -s 256")


# Many graphs on one tape.


def interleaved(count, length):
    """So many chains, grown in turn, node by node."""
    leaves = [Value(float(k)) for k in range(count)]
    ends = list(leaves)
    for _ in range(length):
        ends = [end * 1.5 for end in ends]
    return leaves, ends


def seconds(function):
    import time

    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - start)
    return best


@large
def test_a_sweep_touches_its_own_graph_only():
    leaves, ends = interleaved(count=5000, length=5)
    for end in ends[::7]:
        end.backward()
    assert [leaf.grad for leaf in leaves] == [0.0 if k % 7 else 1.5**5 for k in range(5000)]


@measures
def test_a_sweep_pays_for_its_own_graph_only():
    """Far from a benchmark: that the cost is not that of what lies between."""
    _, ends = interleaved(count=20_000, length=10)
    _, (alone,) = interleaved(count=1, length=200_000)
    each = seconds(lambda: [end.backward() for end in ends])
    assert each < 20 * seconds(alone.backward)


# The end of memory.

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
    import textwrap

    run_python(textwrap.dedent(EXHAUST) + textwrap.dedent(GROW[name]))


# The price of an import.


def test_importing_does_not_import_numpy():
    run_python("""
        import sys
        import fastgrad
        from fastgrad import Scalar, Value
        x = Value(2.0)
        y = fastgrad.softmax([x * 2.0, fastgrad.math.hypot(x, 1.0)])[0] + Scalar(1.0)
        y.backward()
        y.forward()
        f"{x:.3f} {x!r} {y.trace()}"
        assert "numpy" not in sys.modules
        fastgrad.values([x, y])
        assert "numpy" in sys.modules
    """)


def test_submodules_are_there_without_an_import_of_their_own():
    run_python("""
        import sys
        import fastgrad
        assert "fastgrad.nn" not in sys.modules
        for name in ("losses", "nn", "optim", "plots", "train"):
            assert getattr(fastgrad, name) is sys.modules[f"fastgrad.{name}"]
        assert not hasattr(fastgrad, "nns")
    """)


@measures
def test_importing_takes_little_time():
    code = """
        import time
        start = time.perf_counter()
        import fastgrad
        print(time.perf_counter() - start)
    """
    assert min(float(run_python(code).stdout) for _ in range(10)) < 0.015


def test_the_modules_names_are_listed():
    for name in fastgrad.__all__:
        assert getattr(fastgrad, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        fastgrad.nothing  # noqa: B018

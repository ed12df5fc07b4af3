"""Depth: no recursion anywhere, and no price for a neighbour's graph."""

import pytest

from fastgrad import Value
from support.marks import large, measures
from support.processes import SMALL_STACK, run_python

# Everything that walks a graph, on a chain far deeper than Python's stack.

DEEP = """
    import sys
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

small_stack = pytest.mark.parametrize("limits", [None, SMALL_STACK], ids=["usual stack", "small stack"])


@large
@small_stack
@pytest.mark.parametrize("steps", [1000, 1_000_000])
def test_deep_graphs(limits, steps):
    run_python(DEEP, steps, limits=limits)


@large
@small_stack
def test_deep_graphs_are_walked(limits):
    run_python(WALKED, 300_000, limits=limits)


@large
@small_stack
def test_deep_graphs_of_a_users_own_nodes(limits):
    """Callbacks that close over each other from node to node are let go one by one, too."""
    run_python(LINKED, 100_000, limits=limits)


@pytest.mark.slow
@measures
def test_a_chain_of_ten_million_nodes():
    done = run_python(
        """
        import resource
        from fastgrad import Value
        import fastgrad

        x = Value(1.0)
        y = x
        for _ in range(5_000_000):
            y = y * 1.0 + 0.0
        y.backward()
        assert x.grad == 1.0
        del y
        fastgrad.collect()
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
        """,
        limits=SMALL_STACK,
    )
    assert float(done.stdout) < 1.0  # gigabytes


@pytest.mark.slow
@large
def test_ten_million_steps_deep():
    run_python(DEEP, 10_000_000, limits=SMALL_STACK)


# Many graphs on one tape.


def interleaved(count, length):
    """So many chains, grown in turn, node by node."""
    leaves = [Value(float(k)) for k in range(count)]
    ends = list(leaves)
    for _ in range(length):
        ends = [end * 1.5 for end in ends]
    return leaves, ends


@large
def test_a_sweep_touches_its_own_graph_only():
    leaves, ends = interleaved(count=5000, length=5)
    for end in ends[::7]:
        end.backward()
    assert [leaf.grad for leaf in leaves] == [0.0 if k % 7 else 1.5**5 for k in range(5000)]

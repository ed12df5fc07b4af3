"""Graphs of scalars: what can be seen of them, one with every kind of node, and how many nodes are needed."""

import gc

import fastgrad


def exact(x):
    """A number as text, different for any two different doubles; one text for every nan."""
    return repr(float(x))


def state(nodes):
    """Data and gradient of each node, exactly."""
    return [(exact(node.data), exact(node.grad)) for node in nodes]


def live_nodes():
    """How many nodes are needed: the others go, then what was kept on them, then the nodes that this kept."""
    fastgrad.collect()
    gc.collect()
    fastgrad.collect()
    return fastgrad.tape_info().nodes


def reached(root):
    """The nodes a node stands on, itself included, operands after results."""
    seen, pending, nodes = {root}, [root], []
    while pending:
        nodes.append(pending.pop())
        for operand in nodes[-1].prev:
            if operand not in seen:
                seen.add(operand)
                pending.append(operand)
    return nodes


def check_the_tape():
    """Whatever happened before: the tape computes, collects and sweeps."""
    a, b = fastgrad.Value(3.0), fastgrad.Value(4.0)
    c = fastgrad.sum([a * b, a, b.tanh()])
    before = fastgrad.tape_info().nodes
    for _ in range(100):
        a * 2.0
    fastgrad.collect()
    assert fastgrad.tape_info().nodes <= before
    c.backward()
    assert a.grad == 5.0
    assert a.prev == []
    assert (a * b).prev == [a, b]


# An operation of a user's own that can be pickled, and a graph with every kind of node.


def half(a):
    return a / 2.0


def slope_of_half(a):
    return 0.5


HALF = fastgrad.custom("half", half, slope_of_half)


def everything():
    """A graph with every kind of node."""
    x, w = fastgrad.Value(0.75, label="x"), fastgrad.Scalar(-1.5)
    y = (x * w + 2.0) / (3.0 - x) - x**2 + 2.0**w + (x < w) * x
    y = fastgrad.sum([y, 1.0, x]) + fastgrad.mean([x, 4.0]) + fastgrad.prod([x, w, 2.0]) + fastgrad.logsumexp([x, w])
    y = y + fastgrad.softmax([x, y, 0.5])[1] + fastgrad.dot([x, 2.0], [w, y], bias=x) + HALF(x)
    y = y + x.ifel(x > 0.0, w, 3.0) + fastgrad.math.where(True, x, w) + fastgrad.math.hypot(x, 2.0)
    y = (
        y
        + fastgrad.math.fsum([x, w])
        + fastgrad.math.max(x, 0.75)
        + fastgrad.math.clip(w, -1.0, x)
        + x.tanh().leaky_relu()
    )
    y = y + fastgrad.Value(9.0, (x, w), (0.5, 0.25)) + fastgrad.Value(1.0, (x,), "mark")
    y.backward()
    return y


def walked(root):
    """All there is to see of a graph."""
    return [(type(node), node._op, node.label, *pair) for node, pair in zip(reached(root), state(reached(root)))]

"""Memory: what a node takes, what is given back, and that nothing grows for ever."""

import gc
import weakref

import pytest

import fastgrad
from fastgrad import Scalar, Value
from support.graphs import check_the_tape, exact, live_nodes, reached, state
from support.marks import large, measures
from support.memory import check_flat, resident
from support.processes import run_python

# What a node takes.

CHAIN = """
    import os, resource, sys
    from fastgrad import Value

    def resident():
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    n, form = int(sys.argv[1]), sys.argv[2]
    x, a, b = Value(1.0), Value(1.0), Value(0.0)
    y, before = x, resident()
    for _ in range(n // 2):
        y = y * a + b if form == "nodes" else y * 1.0 + 0.0
    y.backward()
    print((resident() - before) / n)
    assert x.grad == 1.0
"""


@measures
@pytest.mark.parametrize("form", ["nodes", "constants"])
@pytest.mark.parametrize("nodes", [200_000, 300_000, 700_000, 1_000_000])
def test_a_node_takes_at_most_48_bytes(nodes, form):
    assert float(run_python(CHAIN, nodes, form).stdout) <= 48.0


@measures
def test_an_operand_of_many_takes_4_bytes_and_a_constant_8():
    code = """
        import ctypes, os
        import fastgrad

        def resident():
            ctypes.CDLL(None).malloc_trim(0)  # what the lists on the way took is free, but the process may keep it
            with open("/proc/self/statm") as statm:
                return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

        x = fastgrad.Value(1.0)
        xs, ones = [x] * 2_000_000, [1.0] * 2_000_000
        sizes, kept = [resident()], []
        kept.append(fastgrad.sum(xs))
        sizes.append(resident())
        kept.append(fastgrad.dot(xs, ones))
        sizes.append(resident())
        print((sizes[1] - sizes[0]) / 2_000_000, (sizes[2] - sizes[1]) / 4_000_000)
        kept[0].backward()
        kept[1].backward()
        assert x.grad == 4_000_000.0
    """
    of_sum, of_dot = map(float, run_python(code).stdout.split())
    assert of_sum < 5.0
    assert of_dot < 13.0


@measures
def test_a_handle_takes_less_than_a_float_with_a_dictionary():
    """Handles are the price of having every node in a list."""
    before = resident()
    kept = [Value(1.0) for _ in range(300_000)]
    assert (resident() - before) / len(kept) < 48 + 40 + 8 + 30


# What is given back.


def test_temporaries_are_squeezed_out(number):
    before = live_nodes()
    x = number(1.0)
    for _ in range(1000):
        (x * 2.0 + 1.0).tanh()
    assert live_nodes() == before + 1


def test_a_graph_goes_with_its_last_variable(number):
    before = live_nodes()
    x = number(1.0)
    y = x
    for _ in range(1000):
        y = y * x + 1.0
    y.backward()
    middle = y.prev[0]
    assert live_nodes() == before + 2001
    del y
    assert live_nodes() == before + 2000
    del middle
    assert live_nodes() == before + 1
    del x
    assert live_nodes() == before


@pytest.mark.parametrize("kept", [1, 2, 7, 8, 9, 16, 17, 63, 64, 65])
@pytest.mark.parametrize("dropped", [1, 7, 8, 9, 15, 16, 17, 64, 65])
def test_survivors_of_any_runs_keep_what_they_were(number, kept, dropped):
    """Nodes of one, two and many operands, in runs between runs of garbage, with handles on some of them only."""
    before = live_nodes()
    leaves = [number(0.5 + k) for k in range(3)]
    roots = []
    for k in range(6):
        garbage = [number(float(j)) for j in range(dropped)]
        y = leaves[k % 3]
        for j in range(kept - 1):
            y = (y * leaves[j % 3], y.tanh(), fastgrad.sum([y, leaves[1], 2.0]))[(j + k) % 3]
        roots.append((y, y * 2.0))
        del garbage
    values = state(leaves) + [state(pair) for pair in roots]
    prev = [exact(node.data) for pair in roots for root in pair for node in reached(root)]
    live_nodes()
    assert state(leaves) + [state(pair) for pair in roots] == values
    assert [exact(node.data) for pair in roots for root in pair for node in reached(root)] == prev
    check_the_tape()
    fastgrad.sum([root for _, root in roots]).backward()
    assert all(root.grad == 1.0 for _, root in roots)
    del leaves, roots, y
    assert live_nodes() == before


@large
def test_memory_is_given_back_after_a_large_graph(number):
    y = number(1.0)
    for _ in range(200_000):
        y = y + 1.0
    wide = fastgrad.sum([y] * 1_000_000)
    wide.forward()
    assert fastgrad.tape_info().bytes > 10_000_000
    del y, wide
    live_nodes()
    assert fastgrad.tape_info().bytes < 4_000_000


def test_walking_a_graph_does_not_keep_it(number):
    before = live_nodes()
    y = number(1.0)
    for _ in range(100):
        y = y * 2.0
    nodes, edges = y.trace()
    assert len(nodes) == 101
    del nodes, edges
    del y
    assert live_nodes() == before


# What is kept on nodes, and refers to nodes again.


def closure(x):
    out = Value(x.data * 2.0, (x,), "closure")

    def _backward():
        x.grad += 2.0 * out.grad

    out._backward = _backward
    return out


def default_arguments(x):
    out = Value(x.data * 2.0, (x,), "defaults")
    out._backward = lambda out=out, x=x: setattr(x, "grad", x.grad + 2.0 * out.grad)
    return out


class Operation:
    def __init__(self, x):
        self.x, self.out = x, Value(x.data * 2.0, (x,), "method")
        self.out._backward = self.run

    def run(self):
        self.x.grad += 2.0 * self.out.grad


def bound_method(x):
    return Operation(x).out


def two_callbacks_sharing_cells(x):
    a, b = Value(x.data, (x,), "a"), Value(x.data, (x,), "b")
    both = [a, b]

    def from_a():
        x.grad += a.grad + 0.0 * both[1].grad

    def from_b():
        x.grad += b.grad + 0.0 * both[0].grad

    a._backward, b._backward = from_a, from_b
    return a + b


def chain_of_users_nodes(x):
    out = x
    for _ in range(4):
        before, out = out, Value(out.data * 2.0**0.25, (out,), "link")

        def _backward(before=before, out=out):
            before.grad += 2.0**0.25 * out.grad

        out._backward = _backward
        out.before = before
    return out


def labels_and_attributes(x):
    out = x * 2.0
    out.label, out.history, out.itself = "a label of some length" * 3, [0.0] * 20, {"node": (out, x)}
    return out


def links_both_ways(x):
    inner = x * 2.0
    out = inner * 1.0
    inner.parent, out.child = out, inner
    return out


def its_own_step_again(x):
    out = x * 2.0
    out._backward = out._backward
    return out


class Traced(Value):
    __slots__ = ("link",)

    def doubled(self):
        out = self * 2.0
        out.link, out.partner = [out], self
        return out


def subclass_with_slots(x):
    return Traced(1.0).doubled() * 0.0 + x * 2.0


class Holder:
    pass


def object_with_nodes(x):
    holder = Holder()
    holder.out = x * 2.0
    holder.out.holder = holder
    return holder.out


CYCLES = [
    closure, default_arguments, bound_method, two_callbacks_sharing_cells, chain_of_users_nodes, labels_and_attributes,
    links_both_ways, its_own_step_again, subclass_with_slots, object_with_nodes,
]  # fmt: skip
of_each_cycle = pytest.mark.parametrize("cycle", CYCLES, ids=lambda cycle: cycle.__name__)


@of_each_cycle
def test_the_gradient_arrives(cycle):
    x = Value(3.0)
    y = cycle(x) + 1.0
    fastgrad.collect()
    y.backward()
    assert x.grad == pytest.approx(2.0)


@of_each_cycle
def test_cycles_through_the_tape_are_let_go(cycle):
    x = Value(3.0)
    before = live_nodes()
    for _ in range(10):
        (cycle(x) + 1.0).backward()
    assert live_nodes() == before


@measures
@of_each_cycle
def test_training_loops_run_in_flat_memory(cycle):
    x = Value(1.0)

    def step(i):
        (cycle(x) + 1.0).backward()
        x.data -= 1e-6 * x.grad
        x.grad = 0.0

    check_flat(step)


@measures
def test_a_training_loop_of_100000_steps_is_flat():
    weights = [Scalar(0.1 * k, label=f"w{k}") for k in range(4)]
    losses = []

    def step(i):
        loss = (sum((w * x for w, x in zip(weights[1:], (0.5, -1.0, 2.0))), weights[0]).tanh() - 0.5) ** 2
        for w in weights:
            w.grad = 0.0
        loss.backward()
        for w in weights:
            w.data -= 0.01 * w.grad
        losses[:] = [loss.data]

    check_flat(step)
    assert weights[0].label == "w0"
    assert losses[0] < 1e-6


def test_what_is_held_from_outside_is_kept():
    """State that the program shares with a node is not the node's to give up."""
    x = Value(3.0)
    shared = {}
    out = closure(x)
    out.shared = shared
    shared["node"] = out
    del out
    for _ in range(3):
        fastgrad.collect()
    assert shared["node"].op == "closure"
    shared["node"].backward()
    assert x.grad == 2.0


def test_what_the_state_of_a_needed_node_refers_to_is_kept():
    x = Value(3.0)
    x.friend = closure(Value(4.0))
    x.friends = [closure(Value(5.0)), {"k": (closure(Value(6.0)),)}]
    for _ in range(3):
        fastgrad.collect()
        [x * 2.0 for _ in range(1000)]
    assert [x.friend.data, x.friends[0].data, x.friends[1]["k"][0].data] == [8.0, 10.0, 12.0]
    x.friends[1]["k"][0].backward()
    assert x.friends[1]["k"][0].prev[0].grad == 2.0
    assert (x.friend.op, x.friend.prev[0].data) == ("closure", 4.0)


def test_a_callback_kept_by_the_program_keeps_its_nodes():
    x = Value(3.0)
    out = closure(x)
    callback = out._backward
    out.grad = 5.0
    del out
    fastgrad.collect()
    callback()
    assert x.grad == 10.0


def test_finalizers_run_and_may_compute():
    x, seen = Value(3.0), []

    class Finalized:
        def __del__(self):
            y = x * 2.0
            y.backward()
            fastgrad.collect()
            seen.append(y.data)

    for _ in range(5):
        out = x * 1.0
        out.cycle, out.finalized = out, Finalized()
    del out
    gc.collect()
    fastgrad.collect()
    assert seen == [6.0] * 5
    assert x.grad == 10.0


def test_what_a_finalizer_keeps_keeps_its_state():
    """As with Python's collector: finalizers run first, and what they keep is no garbage."""
    kept, before = [], live_nodes()

    class Keeper:
        def __init__(self, number):
            self.number = number

        def __del__(self):
            kept.append(self.number)

    double = fastgrad.custom("double", lambda a: 2.0 * a, lambda a: 2.0)
    x = Value(3.0)
    y = double(x)
    y.label, y.keeper, x.label = "y", Keeper(y), "x"
    del x, y
    fastgrad.collect()
    [y] = kept
    assert (y.label, y.prev[0].label) == ("y", "x")
    y.backward()
    assert y.prev[0].grad == 2.0
    del y
    kept.clear()
    assert (live_nodes(), kept) == (before, [])


def test_the_state_of_a_dead_node_is_let_go():
    thing = Holder()
    gone = weakref.ref(thing)
    y = Value(1.0) * 2.0
    y.thing, y.itself = thing, y
    del thing
    fastgrad.collect()
    assert gone() is not None
    del y
    fastgrad.collect()
    assert gone() is None


@large
def test_many_kept_nodes_are_a_reason_to_collect():
    """State is memory, too: a tape that is far from full collects when very many nodes keep some."""
    x = Value(1.0)
    most = 0
    for i in range(100_000):
        y = x * 2.0
        y.itself = y
        if i % 1000 == 0:
            most = max(most, fastgrad.tape_info().nodes)
    assert most < 100_000
    assert y.itself is y

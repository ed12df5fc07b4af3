"""Python code that runs in the middle of an operation and computes itself: conversions, finalizers, other threads."""

import copy
import gc
import sys
import threading
import weakref

import pytest

import fastgrad
from fastgrad import Value
from support.graphs import state
from support.processes import run_python

SEED = Value(1.0)


def disturb():
    """Put nodes on the tape and squeeze it: every index and every place in memory changes."""
    for k in range(5):
        fastgrad.dot([SEED, SEED, float(k)], [SEED, 2.0, SEED]) * 2.0
    fastgrad.collect()


class Disturbing:
    """A number whose conversion computes."""

    def __init__(self, number):
        self.number = number

    def __float__(self):
        disturb()
        return self.number


class Garbage:
    """What Python's own collector finds sooner or later, and whose finalizer computes."""

    def __init__(self):
        self.itself = self

    def __del__(self):
        disturb()


class Mine(Value):
    pass


SQUARE = fastgrad.custom("square", lambda a: a * a, lambda a: 2.0 * a)


def labelled(node):
    node.label = "label"
    return node


def with_callback(node):
    node._backward = node._backward
    return labelled(node)


# Each of two scalars and a number, which may be one whose conversion computes.
OPERATIONS = {
    "product": lambda x, w, c: x * w,
    "product with a number": lambda x, w, c: x * c,
    "number to a power": lambda x, w, c: c**x,
    "comparison": lambda x, w, c: x < c,
    "function": lambda x, w, c: x.tanh(),
    "asked of Python": lambda x, w, c: 1.0 / (x * 0.0 + float("inf")) ** c + w,
    "sum": lambda x, w, c: fastgrad.sum([x, c, w, c]),
    "mean": lambda x, w, c: fastgrad.mean([x, c, w]),
    "prod": lambda x, w, c: fastgrad.prod([x, c, w]),
    "dot": lambda x, w, c: fastgrad.dot([x, c], [c, w], bias=c),
    "logsumexp": lambda x, w, c: fastgrad.logsumexp([x, c, w]),
    "softmax": lambda x, w, c: fastgrad.softmax([x, c, w])[2],
    "fsum": lambda x, w, c: fastgrad.math.fsum([x, c, w]),
    "hypot": lambda x, w, c: fastgrad.math.hypot(x, c, w),
    "where": lambda x, w, c: fastgrad.math.where(x > w, c, w),
    "ifel": lambda x, w, c: x.ifel(x > c, w, c),
    "clip": lambda x, w, c: fastgrad.math.clip(x, w, c),
    "maximum": lambda x, w, c: fastgrad.math.max(x, c, w),
    "custom": lambda x, w, c: SQUARE(x) * SQUARE(c),
    "detach": lambda x, w, c: x.detach() * x,
    "node with slopes": lambda x, w, c: type(x)(c, (x, w), (c, 2.0)),
    "labels and callbacks": lambda x, w, c: with_callback(x * w),
    "gradient and data": lambda x, w, c: write(x * w, c),
    "copies": lambda x, w, c: x * copy.deepcopy(fastgrad.sum([labelled(w.detach() * 2.0), 1.0])),
    "iterators": lambda x, w, c: fastgrad.sum(disturbing_iterator(x, w, c)),
}


def write(node, number):
    node.data, node.grad = number, number
    return node * 1.0


def disturbing_iterator(*xs):
    for x in xs:
        disturb()
        yield x


def recurrence(number, operation, constant, trouble):
    """The whole state of a graph grown by an operation, swept and walked, with trouble in between."""
    x, w = number(0.3), number(0.7)
    nodes = [x, w]
    for _ in range(12):
        trouble()
        nodes.append((operation(nodes[-1], nodes[-2], constant) + x).tanh())
        trouble()
        nodes[-1].prev, nodes[-1]._prev, nodes[-1].op  # noqa: B018
    trouble()
    root = fastgrad.sum(nodes)
    del nodes
    trouble()
    root.backward()
    seen, pending = [], [root]
    while pending and len(seen) < 200:
        trouble()
        seen.append(pending.pop())
        pending.extend(seen[-1].prev)
    return state([root, x, w, *seen])


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("number", [Value, Mine])
def test_conversions_that_compute(name, number):
    expected = recurrence(number, OPERATIONS[name], 1.25, lambda: None)
    assert recurrence(number, OPERATIONS[name], Disturbing(1.25), disturb) == expected


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("number", [Value, Mine])
def test_finalizers_that_compute_whenever_python_collects(name, number):
    """Python's collector may run within any allocation."""
    expected = recurrence(number, OPERATIONS[name], 1.25, lambda: None)
    thresholds = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    try:
        assert recurrence(number, OPERATIONS[name], 1.25, Garbage) == expected
    finally:
        gc.set_threshold(*thresholds)


@pytest.mark.parametrize("name", OPERATIONS)
def test_conversions_that_let_other_threads_run(name):
    expected = recurrence(Value, OPERATIONS[name], 1.25, lambda: None)
    stop, interval = threading.Event(), sys.getswitchinterval()

    def disturb_for_ever():
        while not stop.is_set():
            disturb()

    thread = threading.Thread(target=disturb_for_ever)
    sys.setswitchinterval(1e-6)
    thread.start()
    try:
        results = [recurrence(Value, OPERATIONS[name], Disturbing(1.25), lambda: None) for _ in range(3)]
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(interval)
    assert results == [expected] * 3


def test_forward_while_python_collects():
    x = Mine(0.3)
    y = fastgrad.sum([with_callback(x * float(k)) for k in range(20)] + [SQUARE(x), x.ifel(x > 0.0, x * 2.0, x)])
    thresholds = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    try:
        for data in (0.5, -0.5):
            x.data = data
            Garbage()
            y.forward()
            Garbage()
            y.zero_grad()
            Garbage()
            y.backward()
    finally:
        gc.set_threshold(*thresholds)
    assert y.data == sum(k * -0.5 for k in range(20)) + 0.25 - 0.5
    assert x.grad == sum(range(20)) - 1.0 + 1.0 + 1.0


def test_weak_references_whose_callbacks_compute():
    x, calls = Mine(2.0), []
    references = []
    for k in range(50):
        y = x * float(k)
        references.append(weakref.ref(y, lambda _: (disturb(), calls.append(1))))
        z = y + 1.0
        del y
        z = fastgrad.sum([z, x])
    z.backward()
    assert len(calls) == 50
    assert x.grad == 50.0


def test_a_finalizer_may_drop_what_is_being_released():
    run_python("""
        import fastgrad
        from fastgrad import Value

        kept = {}

        class Dropping:
            def __init__(self, key):
                self.key = key

            def __del__(self):
                kept.pop(self.key + 1, None)
                fastgrad.collect()
                Value(1.0) * 2.0

        x = Value(1.0)
        for k in range(200):
            y = x * 2.0
            y.dropping, y.itself = Dropping(k), y
            if k % 2:
                kept[k] = y
        del y
        for _ in range(5):
            fastgrad.collect()
        assert not kept, kept
        assert fastgrad.tape_info().nodes < 5
    """)

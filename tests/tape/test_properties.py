"""Random graphs, built and swept in lockstep on the plain-Python engine and on the compiled one."""

import math
import pickle
from functools import reduce
from itertools import chain

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

import fastgrad
from fastgrad import reference
from support.graphs import HALF, reached, state
from support.operations import ARITHMETIC

STEP = st.integers(0, 2**24 - 1)


def steps_of(names, numbers, steps):
    """Lists of steps: one of the names, two places and a number, which is of the given kind or one of the step's own.

    A step is drawn as one integer: to draw its parts one by one takes several times as long.
    """

    def read(pool, drawn):
        return [parts(pool, step) for step in drawn]

    def parts(pool, step):
        name, i, j, x = (step >> shift & 63 for shift in (0, 6, 12, 18))
        return names[name % len(names)], i, j, pool[x // 2 % len(pool)] if x % 2 else step * 10.0 / 2**24 - 5.0

    return st.builds(read, st.lists(numbers, min_size=6, max_size=12), steps)


def in_lists(most, **sizes):
    """Steps in short lists, one after the other: there are more of them than in one list."""
    return st.lists(st.lists(STEP, max_size=most), **sizes).map(lambda lists: list(chain.from_iterable(lists)))


numbers = (
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0]) | st.floats(-5.0, 5.0) | st.sampled_from([1e-200, 1e200])
)
UNARY = [name for name in reference._UNARY if name not in ("floor", "ceil")]


class Lockstep:
    """Two engines that are told the same things. Nodes are named by their place in the list, counted around its end."""

    def __init__(self, number):
        self.types = [getattr(engine, number) for engine in (fastgrad, reference)]
        self.pairs = []
        self.leaf(0, 0, 1.5)

    def pair(self, i):
        return self.pairs[i % len(self.pairs)]

    def add(self, operation):
        """Do an operation on both engines: two results, or the same error twice."""
        results = []
        for side in (0, 1):
            try:
                results.append(operation(side))
            except (ArithmeticError, ValueError) as error:
                results.append((type(error), str(error)))
        if isinstance(results[1], tuple):
            assert results[0] == results[1]
        else:
            self.pairs.append(results)

    # What it can be told: two places and a number each.

    def leaf(self, i, j, x):
        self.add(lambda side: self.types[side](x))

    def unary(self, i, j, x):
        self.add(lambda side: getattr(self.pair(i)[side], UNARY[j % len(UNARY)])())

    def binary(self, i, j, x):
        self.add(lambda side: self.operation(j)(self.pair(i)[side], self.pair(j)[side]))

    def constant_right(self, i, j, x):
        self.add(lambda side: self.operation(j)(self.pair(i)[side], x))

    def constant_left(self, i, j, x):
        self.add(lambda side: self.operation(j)(x, self.pair(i)[side]))

    def ifel(self, i, j, x):
        self.add(lambda side: self.pair(i)[side].ifel(x > 0.0, self.pair(j)[side], x))

    def detach(self, i, j, x):
        self.add(lambda side: self.pair(i)[side].detach())

    def backward(self, i, j, x):
        for node in self.pair(i):
            node.backward(*([x] if j % 2 else []))

    def zero_grad(self, i, j, x):
        for node in self.pair(i):
            node.zero_grad()

    def own_step(self, i, j, x):
        for node in self.pair(i):
            node._backward()

    def change_data(self, i, j, x):
        for node in self.pair(i):
            node.data = x

    def change_grad(self, i, j, x):
        for node in self.pair(i):
            node.grad += x

    def replace_step(self, i, j, x):
        for node in self.pair(i):
            attach_step(node, x)

    def label(self, i, j, x):
        for node in self.pair(i):
            node.label = f"n{j}"

    def drop(self, i, j, x):
        if len(self.pairs) > 1:
            self.pairs.pop(i % len(self.pairs))

    def drop_temporaries(self, i, j, x):
        for _ in range(j % 8):
            (self.pair(i)[0] * x + 1.0).tanh()

    def collect(self, i, j, x):
        fastgrad.collect()

    @staticmethod
    def operation(j):
        return list(ARITHMETIC.values())[j % len(ARITHMETIC)]

    def compare(self):
        """Everything that can be reached is the same on both sides, also where no variable holds it."""
        for fast, slow in self.pairs:
            assert state([fast]) == state([slow])
        fast, slow = ([node for pair in self.pairs for node in reached(pair[side])] for side in (0, 1))
        assert state(fast) == state(slow)


def attach_step(node, factor):
    """Give a node a callback of its own, which closes over the node."""

    def step():
        for operand in node.prev:
            operand.grad += factor * node.grad

    node._backward = step


BUILD = ["unary", "binary", "constant_left", "constant_right"]
REST = [
    "label", "leaf", "ifel", "detach", "backward", "zero_grad", "own_step", "change_data", "change_grad",
    "replace_step", "drop", "drop_temporaries", "collect",
]  # fmt: skip


@pytest.mark.parametrize("number", ["Scalar", "Value"])
@given(program=steps_of([*[*REST, "backward"] * 2, *BUILD * 7], numbers, in_lists(12, min_size=5, max_size=12)))
@settings(max_examples=600)
def test_both_engines_agree_to_the_last_bit(number, program):
    note(f"steps: {program}")
    lockstep = Lockstep(number)
    for name, i, j, x in program:
        getattr(lockstep, name)(i, j, x)
    lockstep.compare()


# Nodes of many operands, against the same from operations of two.


def softmax(xs):
    exponentials = [x.exp() if isinstance(x, reference.Value) else math.exp(x) for x in xs]
    return [e / sum(exponentials) for e in exponentials]


def logsumexp(xs):
    total = sum(x.exp() if isinstance(x, reference.Value) else math.exp(x) for x in xs)
    return total.log() if isinstance(total, reference.Value) else math.log(total)


def weighed(results, weights):
    return sum(weight * result for weight, result in zip(weights, results) if weight)


# name: (with fastgrad, from operations of two); functions of a list of scalars and numbers, and a list of plain numbers
NARY = {
    "sum": (lambda xs, ws: fastgrad.sum(xs), lambda xs, ws: sum(xs)),
    "fsum": (lambda xs, ws: fastgrad.math.fsum(xs), lambda xs, ws: sum(xs)),
    "mean": (lambda xs, ws: fastgrad.mean(xs), lambda xs, ws: sum(xs) / len(xs)),
    "prod": (lambda xs, ws: fastgrad.prod(xs), lambda xs, ws: reduce(lambda a, b: a * b, xs)),
    "dot": (
        lambda xs, ws: fastgrad.dot(xs, xs[::-1], bias=xs[0]),
        lambda xs, ws: sum((a * b for a, b in zip(xs, xs[::-1])), xs[0]),
    ),
    "weighted dot": (lambda xs, ws: fastgrad.dot(ws, xs), lambda xs, ws: weighed(xs, ws)),
    "hypot": (lambda xs, ws: fastgrad.math.hypot(*xs, 1.0), lambda xs, ws: (sum(x * x for x in xs) + 1.0) ** 0.5),
    "logsumexp": (lambda xs, ws: fastgrad.logsumexp(xs), lambda xs, ws: logsumexp(xs)),
    "softmax": (lambda xs, ws: weighed(fastgrad.softmax(xs), ws), lambda xs, ws: weighed(softmax(xs), ws)),
    "where": (
        lambda xs, ws: fastgrad.math.where(ws[0] > 0.0, xs[0], xs[-1]),
        lambda xs, ws: xs[0] if ws[0] > 0.0 else xs[-1],
    ),
    "ifel": (
        lambda xs, ws: fastgrad.Value(1.0).ifel(ws[0] > 0.0, xs[0], xs[-1]),
        lambda xs, ws: reference.Value(1.0).ifel(ws[0] > 0.0, xs[0], xs[-1]),
    ),
}

moderate = st.sampled_from([0.0, 1.0, -1.0, 2.0]) | st.floats(-10.0, 10.0).filter(lambda x: x == 0.0 or abs(x) > 1e-50)
WEIGHTS = [0.0, 1.0, -1.0, 2.0, *(10.0 * math.sin(k) for k in range(60))]


def operands_of(leaves, plan):
    """A leaf, the product of two, or the number for each step; the places count from -1, which is none."""

    def operand(i, j, x):
        if i < 0 and j < 0:
            return x
        return leaves[max(i, j)] if min(i, j) < 0 else leaves[i] * leaves[j]

    return [operand(i % 5 - 1, j % 5 - 1, x) for _, i, j, x in plan]


def absolute_gradients(root):
    """The sum of the absolute contributions to each gradient: what rounding errors are to be measured by."""
    totals = {root: 1.0}
    for node in root._reached():
        for operand in node.prev:
            operand.grad = 0.0
        node.grad = 1.0
        node._backward()
        for operand in set(node.prev):
            totals[operand] = totals.get(operand, 0.0) + totals[node] * abs(operand.grad)
    return totals


@pytest.mark.parametrize("name", NARY)
@given(
    data=st.lists(moderate, min_size=4, max_size=4),
    plan=steps_of(WEIGHTS, moderate, st.lists(STEP, min_size=1, max_size=9)),
)
@settings(max_examples=150)
def test_one_node_equals_many(name, data, plan):
    one, many = NARY[name]
    weights = [weight for weight, _, _, _ in plan]
    fast, slow = ([number(x) for x in data] for number in (fastgrad.Value, reference.Value))
    result, expected = one(operands_of(fast, plan), weights), many(operands_of(slow, plan), weights)
    if not isinstance(expected, reference.Value):
        assert getattr(result, "data", result) == pytest.approx(expected, rel=1e-12, abs=1e-12)
        return
    expected.backward()
    gradients = [leaf.grad for leaf in slow]
    scales = absolute_gradients(expected)
    fastgrad.collect()
    result.backward()
    size = sum(abs(leaf.data) * scales.get(leaf, 0.0) for leaf in slow)
    assert result.data == pytest.approx(expected.data, rel=1e-12, abs=1e-12 * max(1.0, size))
    for leaf, gradient, of in zip(fast, gradients, slow):
        assert leaf.grad == pytest.approx(gradient, rel=0.0, abs=1e-12 * scales.get(of, 0.0))


# A graph that is kept: forward() gives what building it anew would.

KEPT = {
    "add": lambda a, b, x: a + b,
    "subtract": lambda a, b, x: x - a,
    "multiply": lambda a, b, x: a * b,
    "scale": lambda a, b, x: a * x,
    "divide": lambda a, b, x: a / b,
    "power": lambda a, b, x: a**b,
    "square": lambda a, b, x: a**2,
    "tanh": lambda a, b, x: a.tanh(),
    "log": lambda a, b, x: a.log(),
    "sin": lambda a, b, x: a.sin(),
    "compare": lambda a, b, x: a < b,
    "maximum": lambda a, b, x: fastgrad.math.max(a, b, x),
    "clip": lambda a, b, x: fastgrad.math.clip(a, -abs(x), b),
    "ifel": lambda a, b, x: a.ifel(a > b, b, x),
    "where": lambda a, b, x: fastgrad.math.where(a <= x, a, b),
    "sum": lambda a, b, x: fastgrad.sum([a, b, x, a]),
    "mean": lambda a, b, x: fastgrad.mean([a, x, b]),
    "prod": lambda a, b, x: fastgrad.prod([a, b, x]),
    "dot": lambda a, b, x: fastgrad.dot([a, b], [b, x], bias=a),
    "logsumexp": lambda a, b, x: fastgrad.logsumexp([a, b, x]),
    "softmax": lambda a, b, x: fastgrad.softmax([a, x, b])[1],
    "hypot": lambda a, b, x: fastgrad.math.hypot(a, b, x),
    "fsum": lambda a, b, x: fastgrad.math.fsum([a, b, x]),
    "atan2": lambda a, b, x: fastgrad.math.atan2(a, b),
    "custom": lambda a, b, x: HALF(a),
}


def build(number, data, program):
    """Leaves, and the sum of all nodes that the program makes of them; or the error on the way."""
    leaves = [number(x) for x in data]
    nodes = list(leaves)
    try:
        for name, i, j, x in program:
            nodes.append(KEPT[name](nodes[i % len(nodes)], nodes[j % len(nodes)], x))
    except (ArithmeticError, ValueError) as error:
        return leaves, (type(error), str(error))
    return leaves, fastgrad.sum(nodes)


def recomputed(root):
    try:
        root.forward()
    except (ArithmeticError, ValueError) as error:
        return type(error), str(error)
    return root


kept_programs = steps_of(sorted(KEPT), moderate, in_lists(6, min_size=1))
leaf_data = st.lists(moderate, min_size=3, max_size=3)


@given(program=kept_programs, first=leaf_data, others=st.lists(leaf_data, min_size=1, max_size=4), copied=st.booleans())
@settings(max_examples=600)
def test_forward_equals_a_graph_built_anew(program, first, others, copied):
    note(f"steps: {program}")
    leaves, root = build(fastgrad.Value, first, program)
    while isinstance(root, tuple):
        program.pop()
        leaves, root = build(fastgrad.Value, first, program)
    for data in others:
        if copied:
            leaves, root = pickle.loads(pickle.dumps((leaves, root)))
            fastgrad.collect()
        fastgrad.set_values(leaves, data)
        again = recomputed(root)
        new_leaves, new = build(fastgrad.Value, data, program)
        if isinstance(new, tuple):
            assert again == new
            continue
        assert again is root
        for node in (root, new):
            node.zero_grad()
            node.backward()
        assert state(reached(root)) == state(reached(new))
        assert state(leaves) == state(new_leaves)

"""Pairs of scalars, of fastgrad and of the pure-Python engine, that are told the same things at random."""

import contextlib
import copy
import pickle
import random

import fastgrad
from campaigns.table import OPERATIONS
from fastgrad import reference
from support.graphs import state

SIZE = 400  # steps
NAMES = sorted(OPERATIONS)
POINTS = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -2.5, 1e-9, 12.0]


class Slotted(fastgrad.Scalar):
    """A subclass with a slot."""

    __slots__ = ("note",)


class Open(fastgrad.Value):
    """A subclass with attributes."""


class World:
    """Pairs of a scalar and what it is in the pure-Python engine, which are told the same things."""

    TYPES = (fastgrad.Scalar, fastgrad.Value, Slotted, Open)

    def __init__(self, number):
        self.number_of_case, self.random = number, random.Random(number)
        self.pairs, self.steps, self.copied, self.changed = [], [], True, False
        self.leaf()

    def some(self):
        return self.random.choice(self.pairs)

    def number(self):
        return self.random.choice(POINTS) if self.random.random() < 0.4 else self.random.uniform(-5.0, 5.0)

    def leaf(self):
        number, of = self.number(), self.random.choice(self.TYPES)
        self.steps.append(f"leaf {of.__name__} {number!r}")
        self.pairs.append((of(number), reference.Value(number)))

    def operation(self):
        """An operation of numbers, at least one of which is a scalar: the same result, or the same error."""
        name = self.random.choice(NAMES)
        most, fast, slow = OPERATIONS[name]
        count = self.random.randint(1, most) if most > 4 else most
        operands = [self.some() if self.random.random() < 0.7 else (x := self.number(), x) for _ in range(count)]
        operands[self.random.randrange(count)] = self.some()
        self.steps.append(f"{name} {[b if isinstance(b, float) else b.data for _, b in operands]}")
        results = [outcome(function, xs) for function, xs in zip((fast, slow), zip(*operands))]
        if isinstance(results[1], type) or isinstance(results[0], type):
            assert results[0] is results[1], results
            return
        self.same(results)
        if abs(results[1].data) < 1e6:
            self.pairs.append(tuple(results))

    def unrecorded(self):
        """What is computed under no_grad stands on nothing."""
        count = len(self.pairs)
        self.steps.append("no_grad:")
        with fastgrad.no_grad():
            self.operation()
        self.pairs[count:] = [(fast, slow.detach()) for fast, slow in self.pairs[count:]]
        assert all(fast.prev == [] for fast, _ in self.pairs[count:])

    def own_step(self):
        """Give both a callback that closes over its node; such a graph cannot be copied."""
        self.steps.append("own step")
        factor, self.copied = self.number(), False
        for node in self.some():
            attach_step(node, factor)

    def users_node(self):
        self.steps.append("a user's node")
        (a, b), factor = self.some(), self.number()
        self.copied = False
        self.pairs.append((fastgrad.Value(a.data, (a,), "own"), reference.Value(b.data, (b,), "own")))
        for node in self.pairs[-1]:
            attach_step(node, factor)
            node._forward = lambda: None

    def backward(self):
        number = self.number()
        self.steps.append(f"backward {number}")
        for node in self.some():
            node.backward(number)
        self.compare()

    def zero_grad(self):
        self.steps.append("zero_grad")
        for node in self.some():
            node.zero_grad()

    def change(self):
        self.steps.append("change data and gradient")
        number, self.changed = self.number(), True
        for node in self.some():
            node.data = number
            node.grad += 0.5

    def forward(self):
        """Where no data was changed, all numbers are computed once more as they are."""
        if not self.changed:
            self.steps.append("forward")
            with contextlib.suppress(ValueError):  # a choice by a plain condition cannot be made again
                self.some()[0].forward()
            self.compare()

    def label(self):
        self.steps.append("label")
        for node in self.some():
            node.label = f"n{len(self.steps)}"

    def attribute(self):
        self.steps.append("attributes in a cycle")
        fast, _ = self.some()
        fast.itself = [fast]

    def drop(self):
        self.steps.append("drop")
        self.random.shuffle(self.pairs)
        del self.pairs[self.random.randrange(1, len(self.pairs) + 1) :]

    def collect(self):
        self.steps.append("collect")
        fastgrad.collect()

    def copy(self):
        """All scalars are copied at once, under one that keeps their nodes' order, or the graph refuses."""
        way = self.random.choice([copy.deepcopy, lambda things: pickle.loads(pickle.dumps(things))])
        self.steps.append("copy")
        olds = [fast for fast, _ in self.pairs]
        try:
            assert state(way(olds)) == state(olds)
            news = way(fastgrad.sum(olds)).prev
        except TypeError:
            assert not self.copied, "refused to copy"
            return
        self.pairs = [(fast, slow) for fast, (_, slow) in zip(news, self.pairs)]

    def same(self, pair):
        assert state(pair[:1]) == state(pair[1:]), f"{state(pair[:1])} for {state(pair[1:])}"

    def compare(self):
        for pair in self.pairs:
            self.same(pair)

    OTHERS = (leaf, unrecorded, own_step, users_node, backward, backward, zero_grad, change, label, attribute, drop)
    OTHERS += (collect, copy, leaf, forward)

    def step(self, k):
        """The k-th step draws numbers of its own, so that others can be left out."""
        self.random = random.Random(self.number_of_case * SIZE + k)
        (self.operation if self.random.random() < 0.8 else self.random.choice(self.OTHERS).__get__(self))()


def attach_step(node, factor):
    def step():
        for operand in node.prev:
            operand.grad += factor * node.grad
            if isinstance(operand, reference.Value):
                operand._flows = operand._flows or node._flows

    node._backward = step


def outcome(function, operands):
    """The result, or the type of the error."""
    try:
        return function(*operands)
    except (ArithmeticError, ValueError) as error:
        return type(error)

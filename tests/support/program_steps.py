"""Programs made by hand or at random, step by step, and what eager scalars make of them."""

import numpy as np

import fastgrad
from fastgrad import Value
from fastgrad._programs.program import Program
from support.operations import BINARY, NARY, UNARY, called

NO_VALUE = 0xFFFFFFFF
CODES = {name: 1 + k for k, name in enumerate(UNARY)}
CODES |= {name: 1 + len(UNARY) + 2 * len(BINARY) + k for k, name in enumerate(BINARY)}
FIRST_STEP = 1 + len(UNARY) + 3 * len(BINARY) + len(NARY)
DOT, SUM, SELECT, STOP = range(FIRST_STEP, FIRST_STEP + 4)
NAMES = {code: name for name, code in CODES.items()}


class Steps:
    """A program in the making: each method adds a step and returns its value."""

    def __init__(self, inputs, uniforms=()):
        self.inputs, self.uniforms = inputs, list(map(float, uniforms))
        self.steps, self.operands, self.uniform_steps = [], [], 0

    def __getattr__(self, name):
        return lambda a, b=0: self.push(CODES[name], a, b)

    def push(self, op, a=0, b=0, n=0):
        self.steps.append((op, a, b, n))
        return self.inputs + len(self.uniforms) + len(self.steps) - 1

    def many(self, op, values, b=0, n=0):
        self.operands += values
        return self.push(op, len(self.operands) - len(values), b, n)

    def dot(self, x, y, bias=NO_VALUE):
        return self.many(DOT, [v for pair in zip(x, y) for v in pair], bias, len(x))

    def sum(self, values):
        return self.many(SUM, values, 0, len(values))

    def select(self, condition, x, y):
        return self.many(SELECT, [condition, x, y])

    def stop(self, a):
        return self.push(STOP, a)

    def program(self, outputs, guards=()):
        return Program(
            self.inputs, self.uniforms, self.uniform_steps, self.steps, self.operands, list(outputs), list(guards)
        )


def one_step(name, form="node-node"):
    """A program of one operation: of one input or of two, or of an input and a uniform."""
    steps = Steps(2 if form == "node-node" and name in BINARY else 1, [] if form == "node-node" else [1.0])
    return steps.program([getattr(steps, name)(*((0, 1) if form != "constant-node" else (1, 0)))])


def eagerly(program, row, uniforms):
    """The values of a program, as scalars; the inputs and uniforms first."""
    _, _, _, steps, operands, _, _, _ = program.arrays()
    values = [Value(x) for x in (*row, *uniforms)]
    for op, a, b, n in steps.tolist():
        count = {DOT: 2 * n, SUM: n, SELECT: 3}.get(op, 0)
        own = [values[v] for v in operands[a : a + count]]
        if op == DOT:
            bias = values[b] if b != NO_VALUE else 0.0
            values.append(fastgrad.dot(own[::2], own[1::2], bias=bias))
        elif op == SUM:
            values.append(fastgrad.sum(own))
        elif op == SELECT:
            values.append(fastgrad.math.where(*own))
        elif op == STOP:
            values.append(Value(values[a].data))
        else:
            name = NAMES[op]
            values.append(called(name)(*((values[a], values[b]) if name in BINARY else (values[a],))))
    return values


OF_ONE = ["neg", "pos", "abs", "sin", "cos", "tanh", "sigmoid", "relu", "softplus", "atan", "gelu"]
OF_TWO = ["add", "sub", "mul", "max", "min", "lt", "ge", "clip_low", "leaky_relu", "atan2"]


def random_program(random, outputs=None):
    """A program with every kind of step; its values are tame, so that rounding does not show."""
    inputs, uniforms = random.randint(0, 4), random.randint(1, 4)
    steps = Steps(inputs, [random.uniform(-2.0, 2.0) for _ in range(uniforms)])
    steps.uniform_steps = random.randint(0, 4)
    for i in range(steps.uniform_steps + random.randint(1, 25)):
        pool = range(inputs if i < steps.uniform_steps else 0, inputs + uniforms + i)
        pick = [random.choice(pool) for _ in range(12)]
        random_step(random, steps, pick)
    values = range(inputs + uniforms + len(steps.steps))
    results = [random.choice(values[-8:]) for _ in range(random.randint(0, 3) if outputs is None else outputs)]
    guards = [(random.choice(values), random.randint(0, 1)) for _ in range(random.randint(0, 3))]
    return steps.program(results, guards)


def random_step(random, steps, pick):
    n = random.randint(1, 5)
    kind = random.random()
    if kind < 0.3:
        getattr(steps, random.choice(OF_ONE))(pick[0])
    elif kind < 0.6:
        getattr(steps, random.choice(OF_TWO))(pick[0], pick[1])
    elif kind < 0.75:
        steps.dot(pick[:n], pick[n : 2 * n], random.choice([NO_VALUE, pick[10]]))
    elif kind < 0.85:
        steps.sum(pick[:n])
    elif kind < 0.95:
        steps.select(*pick[:3])
    else:
        steps.stop(pick[0])


def large_program(steps_count=200):
    steps = Steps(2, [0.5, 0.25])
    value = 0
    for _ in range(steps_count):
        value = steps.tanh(steps.dot([value, 1], [2, 3]))
    return steps.program([value])


def close(a, b, tolerance=1e-9):
    """Are numbers equal but for rounding, and nan and infinite in the same places?"""
    return np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)

"""Functions recorded as programs, for tests.

A program's arrays are read here by a few lines of Python of their own, which is one check of the numbers; running it as
a `Program` is the other.
"""

import math
import operator

import numpy as np

import fastgrad
from fastgrad import Value
from fastgrad import math as fm
from fastgrad._programs.listing import text
from fastgrad._programs.program import Program
from fastgrad._recording.record import Recording
from fastgrad._tape.describe import op_table
from support.operations import ARITHMETIC

# An interpreter of programs.

UNARY = [name for name, _, operands, _ in op_table() if operands == 1]
BINARY = [(name, symbol) for name, symbol, operands, _ in op_table() if operands == 2]
_FIRST_BINARY = 1 + len(UNARY) + 2 * len(BINARY)
_DOT = _FIRST_BINARY + len(BINARY) + sum(operands == 0 for _, _, operands, _ in op_table())
_SUM, _SELECT, _STOP, _SLOPED = _DOT + 1, _DOT + 2, _DOT + 3, _DOT + 4
_NO_VALUE = 0xFFFFFFFF
NAMED = {
    "clip_low": lambda a, b: fm.clip(a, b, math.inf),
    "clip_high": lambda a, b: fm.clip(a, -math.inf, b),
    "leaky_relu": lambda a, b: a.leaky_relu(b),
}


def _unary(op, a):
    name = UNARY[op - 1]
    return (getattr(operator, name) if name in ("neg", "pos", "abs") else getattr(Value, name))(Value(a)).data


def _binary(op, a, b):
    name, symbol = BINARY[op - _FIRST_BINARY]
    function = ARITHMETIC.get(symbol) or NAMED.get(name) or getattr(fm, name)
    return function(Value(a), Value(b)).data


def _step(step, operands, values):
    op, a, b, n = step
    if op == _DOT:
        total = 0.0 if b == _NO_VALUE else values[b]
        for k in range(a, a + 2 * n, 2):
            total += values[operands[k]] * values[operands[k + 1]]
        return total
    if op == _SUM:
        return sum(values[operands[k]] for k in range(a, a + n))
    if op == _SELECT:
        return values[operands[a + 1]] if values[operands[a]] != 0.0 else values[operands[a + 2]]
    if op in (_STOP, _SLOPED):
        return values[a if op == _STOP else operands[a]]
    return _unary(op, values[a]) if op < _FIRST_BINARY else _binary(op, values[a], values[b])


def interpreted(arrays, numbers, captured=()):
    """The outputs of a program, and the truths of its guards."""
    inputs, uniforms, uniform_steps, steps, operands, outputs, guards, _ = arrays
    assert len(numbers) == inputs
    uniforms = [*(scalar.data for scalar in captured), *uniforms.tolist()[len(captured) :]]
    values = [*map(float, numbers), *uniforms]
    for k, step in enumerate(steps.tolist()):
        if k < uniform_steps:
            assert all(v >= inputs for v in _values_of(step, operands)), "a uniform step stands on an input"
        assert all(v < len(values) for v in _values_of(step, operands)), "a step stands on a later one"
        values.append(_step(step, operands, values))
    return [values[v] for v in outputs], [values[v] != 0.0 for v, _ in guards]


def _values_of(step, operands):
    op, a, b, n = step
    if op in (_DOT, _SUM, _SELECT, _SLOPED):
        length = {_DOT: 2 * n, _SUM: n}.get(op, 3)
        return [*operands[a : a + length].tolist(), *([b] if op == _DOT and b != _NO_VALUE else [])]
    return [a] if op < _FIRST_BINARY or op == _STOP else [a, b]


# Recording a function of a list of scalars, which returns one or a list.


class Recorded:
    def __init__(self, function, *numbers, number=Value):
        inputs = [number(x) for x in numbers]
        with Recording(inputs) as self.recording:
            results = function(inputs)
        self.results = results if isinstance(results, list) else [results]
        self.guards = [(scalar.data, truth) for scalar, truth in self.recording.guards]
        self.arrays, self.captured = self.recording.arrays(self.results)
        self.report = self.recording.report
        self.text = text(*self.arrays)

    def __call__(self, *numbers):
        outputs, self.truths = interpreted(self.arrays, numbers, self.captured)
        return outputs

    def gradient(self, *numbers):
        uniforms = self.arrays[1].copy()
        uniforms[: len(self.captured)] = [scalar.data for scalar in self.captured]
        values, passed, grads = Program(*self.arrays).run_grad(np.array([numbers], dtype=float), uniforms)
        assert passed[0] == -1
        return values[0].tolist(), grads[0].tolist()


def eager(function, *numbers):
    """The values of a function's results, and the gradient of their sum."""
    inputs = [Value(x) for x in numbers]
    results = function(inputs)
    results = results if isinstance(results, list) else [results]
    fastgrad.sum(results).backward()
    return [result.data for result in results], [x.grad for x in inputs]


def close(xs, ys, scale=1.0):
    assert len(xs) == len(ys)
    for x, y in zip(xs, ys):
        assert (math.isnan(x) and math.isnan(y)) or math.isclose(x, y, rel_tol=1e-12, abs_tol=1e-12 * scale), (xs, ys)


def check(function, numbers, *others):
    """Recorded at some numbers, a function has eager code's values and gradients there, and at others on its path."""
    recorded = Recorded(function, *numbers)
    for at in (numbers, *others):
        values, gradient = eager(function, *at)
        close(recorded(*at), values)
        replayed, replayed_gradient = recorded.gradient(*at)
        close(replayed, values)
        close(replayed_gradient, gradient)
    return recorded


def truths(function, *numbers):
    """The outcomes of the guards of a function recorded at some numbers."""
    return [truth for _, truth in Recorded(function, *numbers).recording.guards]

"""The dialect of the GPT in 200 lines: its numbers and its helpers."""

import math
import random

import pytest

from fastgrad.compat.microgpt import Value, linear, rmsnorm, softmax


class Pure:
    """A number that keeps the slope for each operand, as the GPT's does; only what the helpers need."""

    def __init__(self, data, children=(), local_grads=()):
        self.data, self.grad, self.children, self.local_grads = data, 0.0, children, local_grads

    def __add__(self, other):
        other = other if isinstance(other, Pure) else Pure(other)
        return Pure(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Pure) else Pure(other)
        return Pure(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return Pure(self.data**n, (self,), (n * self.data ** (n - 1),))

    def exp(self):
        return Pure(math.exp(self.data), (self,), (math.exp(self.data),))

    def __sub__(self, other):
        return self + other * -1

    def __truediv__(self, other):
        return self * (other**-1)

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        order, seen = [], set()

        def visit(number):
            if number not in seen:
                seen.add(number)
                for child in number.children:
                    visit(child)
                order.append(number)

        visit(self)
        self.grad = 1.0
        for number in reversed(order):
            for child, slope in zip(number.children, number.local_grads):
                child.grad += slope * number.grad


def block(number, weights, row):
    """A piece of a transformer: a normalized row, through a matrix, as probabilities; the sum of some of them."""
    matrix = [[number(w) for w in weights[k : k + 3]] for k in range(0, 12, 3)]
    x = [number(value) for value in row]
    outputs = softmax(linear(rmsnorm(x), matrix))
    return outputs, matrix, x


def test_the_helpers_are_those_of_plain_python():
    rng = random.Random(3)
    weights, row = [rng.gauss(0.0, 1.0) for _ in range(12)], [0.5, -2.0, 1.0]
    results = []
    for number in (Value, Pure):
        outputs, matrix, x = block(number, weights, row)
        for output in (outputs[0], outputs[2]):  # twice, over shared numbers that keep their gradients
            output.backward()
        numbers = [*x, *(w for line in matrix for w in line)]
        results.append(([output.data for output in outputs], [v.grad for v in numbers]))
    (data, grads), (expected_data, expected_grads) = results
    assert data == pytest.approx(expected_data, rel=1e-12)
    assert grads == pytest.approx(expected_grads, rel=1e-11)
    assert all(grads)


def test_linear_is_a_matrix_by_a_row():
    w = [[Value(1.0), Value(2.0)], [Value(-1.0), Value(0.5)], [Value(0.0), Value(3.0)]]
    assert [y.data for y in linear([2.0, 4.0], w)] == [10.0, 0.0, 12.0]


def test_softmax_sums_to_one_and_does_not_overflow():
    probabilities = softmax([Value(1000.0), Value(1000.0 + math.log(3.0)), Value(-1000.0)])
    assert [p.data for p in probabilities] == pytest.approx([0.25, 0.75, 0.0], rel=1e-9)


def test_rmsnorm_gives_a_mean_square_of_one():
    normal = rmsnorm([Value(3.0), Value(4.0)])
    assert [y.data for y in normal] == pytest.approx([3.0 / 12.5**0.5, 4.0 / 12.5**0.5], rel=1e-6)
    assert [y.data for y in rmsnorm([Value(0.0), Value(0.0)])] == [0.0, 0.0]


def test_a_number_is_made_of_its_operands_and_slopes():
    a, b = Value(2.0), Value(3.0)
    for made in (Value(6.0, (a, b), (3.0, 2.0)), Value(6.0, children=(a, b), local_grads=(3.0, 2.0))):
        a.grad = b.grad = 0
        made.backward()
        assert (made._children, a.grad, b.grad) == ((a, b), 3.0, 2.0)


@pytest.mark.parametrize(
    ("name", "y", "slope"),
    [("log", math.log(0.5), 2.0), ("exp", math.exp(0.5), math.exp(0.5)), ("relu", 0.5, 1.0)],
)
def test_functions(name, y, slope):
    x = Value(0.5)
    result = getattr(x, name)()
    result.backward()
    assert (result.data, x.grad) == (y, slope)


def test_the_hidden_numbers_are_nodes():
    x, w = [Value(1.0), Value(2.0)], [[Value(3.0), Value(4.0)]]
    (y,) = linear(x, w)
    first, second = y._children
    assert second._children == (w[0][1], x[1])
    assert {*first.prev[0].prev} == {w[0][0], x[0]}

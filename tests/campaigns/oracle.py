"""What the pure-Python engine has not: operations of many numbers, and functions, as nodes of `fastgrad.reference`.

The value and what each operand is given are computed in the same order as fastgrad does: to the last bit the same.
"""

import math

from fastgrad import reference


def data_of(x):
    return x.data if isinstance(x, reference.Value) else float(x)


def scalars(xs):
    return [x for x in xs if isinstance(x, reference.Value)]


def node(operands, value, pull):
    """A node: its value is computed from the operands' data, what they are given from these, it and a gradient. None is
    nothing, and so is a nan that a gradient makes that is 0 because nothing flows."""
    data = [data_of(x) for x in operands]
    out = reference.Value(value(data), scalars(operands))

    def _backward():
        for x, amount in zip(operands, pull([data_of(x) for x in operands], out.data, out.grad)):
            if isinstance(x, reference.Value) and amount is not None:
                x.grad += 0.0 if math.isnan(amount) and out.grad == 0.0 and not out._flows else amount
                x._flows = x._flows or out._flows

    out._backward = _backward
    return out


def of_slopes(value, *slopes, chooses=False):
    """An operation with a slope for each operand; one that chooses gives nothing by a slope of 0, whatever arrives."""

    def of(*xs):
        data = [data_of(x) for x in xs]
        out = reference.Value(value(*data), scalars(xs))

        def _backward():
            data = [data_of(x) for x in xs]
            for x, slope in zip(xs, slopes):
                if isinstance(x, reference.Value):
                    x._give(out, (slope(*data) or None) if chooses else slope(*data))

        out._backward = _backward
        return out

    return of


two_to = getattr(math, "exp2", lambda a: math.pow(2.0, a))  # Python 3.10 has none


def exp2(x):
    return node([x], lambda data: two_to(*data), lambda data, y, g: [g * (y * math.log(2.0))])


# Operations of two that the pure-Python engine has not.


def at_tie(chosen, other):
    return 0.5 if chosen == other else float(chosen > other)


def squares(a, b):
    return a * a + b * b


def whole(quotient):
    return -math.copysign(reference._whole(math.floor, abs(quotient)), quotient)


fmod = of_slopes(math.fmod, lambda a, b: 1.0, lambda a, b: whole(reference._div(a, b)), chooses=True)
atan2 = of_slopes(
    math.atan2,
    lambda a, b: reference._div(b, squares(a, b)),
    lambda a, b: reference._div(-a, squares(a, b)),
)
copysign = of_slopes(
    math.copysign, lambda a, b: reference._sign(a) * math.copysign(1.0, b), lambda a, b: 0.0, chooses=True
)
larger = of_slopes(max, at_tie, lambda a, b: at_tie(b, a), chooses=True)
smaller = of_slopes(min, lambda a, b: at_tie(b, a), at_tie, chooses=True)
leaky_relu = of_slopes(lambda a: a if a > 0.0 else 0.01 * a, lambda a: 1.0 if a > 0.0 else 0.01, chooses=True)


# Operations of many.


def left_to_right(data):
    total = data[0]
    for x in data[1:]:
        total += x
    return total


def powers(data):
    largest = max(data)
    return [1.0 if x == largest else math.exp(x - largest) for x in data]


def sum_(*xs):
    return node(xs, left_to_right, lambda data, y, g: [g] * len(data))


def fsum(*xs):
    return node(xs, math.fsum, lambda data, y, g: [g] * len(data))


def mean(*xs):
    return node(xs, lambda data: left_to_right(data) / len(data), lambda data, y, g: [g / len(data)] * len(data))


def product(data):
    total = data[0]
    for x in data[1:]:
        total *= x
    return total


def prod(*xs):
    def pull(data, y, g):
        before = [product([1.0, *data[:k]]) for k in range(len(data))]
        after = [product([1.0, *data[:k:-1]]) for k in range(len(data))]
        return [g * (b * a) for b, a in zip(before, after)][::-1]

    return node(xs[::-1], lambda data: product(data[::-1]), lambda data, y, g: pull(data[::-1], y, g))


def dot(bias, *xs):
    """The first number and the products of neighbours."""
    xs, pairs = [*xs, 1.0], (len(xs) + 1) // 2

    def value(data):
        return left_to_right([data[0], *(data[2 * k + 1] * data[2 * k + 2] for k in range(pairs))])

    def pull(data, y, g):
        return [g, *(g * data[j] for k in range(pairs) for j in (2 * k + 2, 2 * k + 1))]

    return node([bias, *xs[: 2 * pairs]], value, pull)


def hypot(*xs):
    return node(xs, lambda data: math.hypot(*data), lambda data, y, g: [g * (x / y) if y else None for x in data])


def logsumexp(*xs):
    def pull(data, y, g):
        each = powers(data)
        return [g * (e / left_to_right(each)) for e in each]

    return node(xs, lambda data: max(data) + math.log(left_to_right(powers(data))), pull)


def softmax(*xs):
    """Its results stand on a node that gathers what they are given."""

    def pull(data, y, g):
        inner = left_to_right([0.0, *(a * p for a, p in zip(adjoints, results))])
        amounts = [p * (a - inner) for a, p in zip(adjoints, results)]
        adjoints[:] = [0.0] * len(data)
        return amounts

    each = powers([data_of(x) for x in xs])
    results, adjoints = [e / left_to_right([0.0, *each]) for e in each], [0.0] * len(xs)
    whole = node(xs, lambda data: 0.0, pull)

    def pick(k):
        def gather():
            adjoints[k] += out.grad
            whole._flows = whole._flows or out._flows

        out = reference.Value(results[k], [whole])
        out._backward = gather
        return out

    return [pick(k) for k in range(len(xs))]


class Where(reference.Value):
    """The condition is asked again when the gradient flows, which reaches what is taken then."""

    def __init__(self, *operands):
        self.operands = operands
        super().__init__(data_of(operands[1 if data_of(operands[0]) else 2]))
        self._backward = lambda: [x._give(self, 1.0) for x in self.prev]

    def split(self):
        """The case taken, and the condition and the other case."""
        condition, *cases = self.operands
        return cases[not data_of(condition)], condition, cases[bool(data_of(condition))]

    prev = property(lambda self: scalars(self.split()[:1]), lambda self, prev: None)
    _not_taken = property(lambda self: scalars(self.split()[1:]))

    def _made(self, *arguments):
        return reference.Value(*arguments)

"""Loops that people write: with kernels they do what they do without, and most of them are kernels."""

import pytest

import fastgrad
from fastgrad import Scalar, Value, fused_loops
from support.fused import both, outcome
from support.graphs import live_nodes

SOURCE = """
import math
from math import fsum, prod
import fastgrad.math

def dot(w, x): return sum(a * b for a, b in zip(w, x))
def strict_dot(w, x): return sum(a * b for a, b in zip(w, x, strict=True))
def lenient_dot(w, x): return sum(a * b for a, b in zip(w[1:], x, strict=False))
def strict_pairs(w, x):
    total = 0.0
    for i, (a, b) in enumerate(zip(w, x, strict=True)):
        total = total + i * sum(c * a for c, _ in zip(w, [b] * len(x), strict=True))
    return total, a, b
def dot_and_bias(w, x): return sum((a * b for a, b in zip(w, x)), w[0])
def layer(rows, x): return [sum(w * v for w, v in zip(row, x)) for row in rows]
def softmax(x):
    largest = max(v.data for v in x)
    powers = [(v - largest).exp() for v in x]
    total = sum(powers)
    return [p / total for p in powers]
def norm(x):
    scale = (sum(v * v for v in x) / len(x) + 1e-5) ** -0.5
    return [v * scale for v in x]
def attention(q, k, size):
    return [sum(q[j] * k[t][j] for j in range(size)) / size**0.5 for t in range(len(k))]
def slices(x): return [sum(x[i:i + 3]) for i in range(len(x) - 2)]
def numbered(x): return [i * v for i, v in enumerate(x, 3)]
def pairs(rows): return [a - b for a, b, *_ in [row[:2] for row in rows]]
def unpacked(rows): return [a - b for a, b in [row[:2] for row in rows]]
def filtered(rows): return [v * w for row in rows for v, w in zip(row, row) if v.data > 0.1 and not w.data > 0.5]
def chosen(x): return [v if v > 0.3 or v.data < -0.3 else -v for v in x]
def clipped(x): return [max(v, 0.1) + min(v, 0.2, 0.15) + abs(v) for v in x]
def largest(x): return max(v * 2 for v in x), min(v * 2 for v in x)
def largest_of(x):
    low = 0.25
    return max([v * 2 for v in x]), [min(x) * v for v in x], [max([v.data, 0.2]) for v in x], sum([-v for v in x], low)
def products_of(x):
    return prod(v + 1 for v in x), math.prod((v + 1 for v in x), start=x[0]), prod([v + 1 for v in x], start=0.5)
def products_within(x):
    return [prod(v - w for j, w in enumerate(x) if i != j) for i, v in enumerate(x)], [prod([2, v, 0.5]) for v in x]
def products_of_rows(rows): return [prod(row, start=0.5) * prod(i for i in range(1, 9)) for row in rows]
def exact_sums(x):
    low, data = [math.fsum([w, 1e16, 1, -1e16]) for w in range(3)], [0.1 + i for i in range(len(x))]
    return fsum(d * 0.1 for d in data), fsum([d * 3 for d in data]), low, [fsum(data) * v for v in x]
def single_nodes(x):
    a, b = fastgrad.math.fsum(v * 2 for v in x), fastgrad.math.prod(v + 1 for v in x)
    c, d = fastgrad.prod(v + 1 for v in x), fastgrad.sum(v * 2 for v in x)
    return a, b, c, d, fastgrad.mean(v * 2 for v in x), fastgrad.logsumexp(v * 2 for v in x)
def functions(x): return [fastgrad.math.exp(v) + math.exp(0.1) * v.tanh() + fastgrad.math.relu(v) - math.pi for v in x]
def as_tuple(x): return tuple(v + 1 for v in x)
def as_list(x): return list(v + 1 for v in x)
def sum_of(x): return sum(x), sum(x, 1.0), sum([v * 2 for v in x])
def mean(x): return sum(x) / len(x)
def horner(x):
    total = 0
    for v in reversed(x):
        total = total * 0.5 + v
    return total, v
def recurrence(x, n):
    y = x[0]
    for _ in range(n):
        y = y * x[1] + 2.0
    return y
def fibonacci(x, n):
    a, b = x[0], x[1]
    for _ in range(n):
        a, b = b, a + b
    return a, b
def descent(x):
    for p in x:
        p.data -= 0.1 * p.grad
        p.grad = 0
    return p
def zeroed(x):
    for p in x: p.grad = 0.0
def momentum(x, m):
    for i, p in enumerate(x):
        m[i] = 0.9 * m[i] + p.grad
        p.data -= 0.1 * m[i]
    return i, m
def adam(x, m, v, step):
    for i, p in enumerate(x):
        m[i] = 0.9 * m[i] + 0.1 * p.grad
        v[i] = 0.99 * v[i] + 0.01 * p.grad ** 2
        a = m[i] / (1 - 0.9 ** (step + 1))
        b = v[i] / (1 - 0.99 ** (step + 1))
        p.data -= 0.1 * a / (b ** 0.5 + 1e-8)
        p.grad = 0
    return m, v, a, b, i
def products(rows, x):
    for i in range(len(rows)):
        for j in range(len(x)):
            x[j] = x[j] + rows[i][j] * 0.1
    return i, j
def totals(rows):
    out = [0.0] * len(rows)
    for i, row in enumerate(rows):
        for v in row:
            out[i] += v
    return out
def doubled(x):
    for i in range(1, len(x), 2):
        x[i] *= 2
    for i in range(len(x) - 1, -1, -2):
        x[i] = -x[i]
def neighbours(x):
    for i in range(1, len(x)):
        x[i] = x[i] - x[i - 1]
def else_branch(x):
    for v in x:
        w = v + 1
    else:
        w = w * 2
    return w, v
def none_at_all():
    for v in []:
        w = v
    try:
        return w
    except NameError as error:
        return str(error)
def closed_over(x):
    scale = x[0]
    def scaled(values):
        return [v * scale for v in values]
    return scaled(x)
def counted(x):
    total = 0
    for v in x:
        total += 1
        square = v * v
    return total, square
def plain_numbers(n):
    total, product = 0, 1
    for i in range(1, n):
        total += i ** 2 % 7 - i // 3
        product *= i
    return total, product, i, [i / 4 for i in range(n)], sum(0.1 for _ in range(n))
def polynomial(x): return [3 * v ** 3 - v ** 2 / 2 + v - 1 for v in x]
"""

PLAIN, FUSED = both(SOURCE, file="loops.py")
CALLS = {
    "dot": "wx", "strict_dot": "wx", "lenient_dot": "wx", "strict_pairs": "wx",
    "dot_and_bias": "wx", "layer": "rx", "softmax": "x", "norm": "x", "attention": "xr5", "slices": "x",
    "numbered": "x", "unpacked": "r", "filtered": "r", "chosen": "x", "clipped": "x", "largest": "x", "functions": "x",
    "as_tuple": "x", "as_list": "x", "sum_of": "x", "mean": "x", "horner": "x", "recurrence": "x5", "fibonacci": "x5",
    "descent": "x", "zeroed": "x", "momentum": "xm", "adam": "xmv5", "products": "rx", "totals": "r", "doubled": "x",
    "neighbours": "x", "else_branch": "x", "none_at_all": "", "closed_over": "x", "counted": "x", "plain_numbers": "5",
    "polynomial": "x", "largest_of": "x", "products_of": "x", "products_within": "x", "products_of_rows": "r",
    "exact_sums": "x", "single_nodes": "x", "pairs": "r",
}  # fmt: skip


def arguments(letters, make, count=5):
    """Arguments by their letters; each run gets its own."""
    values = [make(0.7 * (-1) ** i / (1 + i) + 0.1) for i in range(count)]
    for i, value in enumerate(values):
        if hasattr(value, "grad"):
            value.grad = 0.5 - i
    kinds = {
        "x": values, "w": [make(0.3 * i - 0.4) for i in range(count)], "5": count, "m": [0.0] * count,
        "v": [0.25] * count, "r": [[make(0.2 * i - 0.1 * j) for i in range(count)] for j in range(4)],
    }  # fmt: skip
    return [kinds[letter] for letter in letters]


@pytest.mark.parametrize("count", [5, 40, 150])
@pytest.mark.parametrize("make", [Value, Scalar, float], ids=["Value", "Scalar", "float"])
@pytest.mark.parametrize("name", CALLS)
def test_a_loop_with_a_kernel_does_what_it_does_without(name, make, count):
    letters = CALLS[name]
    for _ in range(2):
        plainly = outcome(PLAIN[name], *arguments(letters, make, count))
        assert outcome(FUSED[name], *arguments(letters, make, count)) == plainly


def test_it_is_said_what_became_of_each_loop():
    for name in CALLS:
        outcome(FUSED[name], *arguments(CALLS[name], Value))
    said = fused_loops("loops.py")
    without = [line.partition(": ")[2] for line in said if "no kernel" in line]
    assert without == [
        "[a - b for a, b, *_ in [row[:2] for row in rows]]: no kernel: a * in an assignment is not for kernels"
    ]


@pytest.mark.parametrize("make", [Value, Scalar])
@pytest.mark.parametrize("name", CALLS)
def test_a_loop_within_no_grad_does_with_a_kernel_what_it_does_without(name, make):
    def seen(functions):
        with fastgrad.no_grad():
            within = outcome(functions[name], *arguments(CALLS[name], make))
        return within, live_nodes(), outcome(functions[name], *arguments(CALLS[name], make))

    assert seen(FUSED) == seen(PLAIN)


REMAINDERS = """
import math
import fastgrad.math as fm

def remainders(xs, w):
    total = 0.0
    for x in xs:
        total = total + x % w + (x // 0.5) * w + fm.lgamma(x + 3.0) + fm.sinc(x) + x.rint() + fm.logaddexp(x, w)
    return total
def of_floats(xs): return sum(math.lgamma(x + 3.3) + x % 0.7 + x // 0.3 + fm.norm_cdf(x) for x in xs)
"""


def test_remainders_and_special_functions_in_loops():
    plain, fused = both(REMAINDERS)
    for w in (0.7, -0.7, 0.0):
        first, second = (
            outcome(names["remainders"], [Value(k / 7 - 2.0) for k in range(30)], Value(w)) for names in (plain, fused)
        )
        assert first == second
        assert (first["error"] is None) == (w != 0.0)
    floats = [k / 7 - 2.0 for k in range(40)]
    assert plain["of_floats"](floats) == fused["of_floats"](floats)

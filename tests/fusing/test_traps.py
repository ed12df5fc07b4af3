"""What kernels once got wrong, or could: each with kernels as without."""

import contextlib
import gc
import math

import pytest

import fastgrad
import fastgrad.math
from fastgrad import Value, fuse
from support.fused import both, outcome

NAMES = {"contextlib": contextlib, "math": math, "fastgrad": fastgrad, "Value": Value}


class Summing(Value):
    """A number that adds in place in its own way."""

    def __iadd__(self, other):
        return Value(100.0)


class Reading(Value):
    """A number that shows its attributes in its own way."""

    def __getattribute__(self, name):
        return 7.0 if name == "data" else super().__getattribute__(name)


class Floating:
    """A thing that is a float when asked, and not always the same one."""

    def __init__(self):
        self.asked = 0.0

    def __float__(self):
        self.asked += 1.0
        return self.asked

    def sum(self, values):
        return next(values), self.asked

    def prod(self, values):
        return values[-1]


def values(count=70, make=Value):
    made = [make(0.5 * i - 3.0) for i in range(count)]
    for i, value in enumerate(made):
        value.grad = 0.25 * i
    return made


def hiding(number):
    number.tanh = lambda: Value(7.0)
    return number


def labelled(numbers):
    for i, number in enumerate(numbers):
        number.label = f"w{i}"
    return numbers


# A function `f`, and its arguments, made anew for each run.
PROGRAMS = {
    "two names of one list": (
        "def f(m, v):\n    for i in range(len(m)):\n        m[i] = m[i] * 2.0\n        v[i] = v[i] + 1.0\n    return m",
        lambda: [[1.0] * 70] * 2,
    ),
    "ints and floats into one list": (
        "def f(a, b, c):\n    for i in range(len(a)):\n        a[i] = c[i]\n        b[i] = a[i] * 0.5\n    return a, 1",
        lambda: [*([[float(i) for i in range(70)]] * 2), [1] * 70],
    ),
    "a round that reads what the one before has set": (
        "def f(x):\n    for a, b in zip(x[1:], x[:-1]):\n        a.grad = a.grad + b.grad + 1.0",
        lambda: [values()],
    ),
    "data that the round before has set": (
        "def f(x):\n    for a, b in zip(x[1:], x[:-1]):\n        a.data = a.data * 0.5 + b.data",
        lambda: [values()],
    ),
    "backwards over a range, given way": (
        "def f(y):\n    s = 0.0\n    for i in reversed(range(10)):\n        s = s * 0.5 + y[i]\n    return s",
        lambda: [[1.0, 2.0, True, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]],
    ),
    "a variable that a with statement has set": (
        "def f():\n    with contextlib.nullcontext(): m = 9.0\n    for x in [1.0, 2.0]: m = max(m, x)\n    return m",
        list,
    ),
    "a variable without a value": ("def f(x):\n    for v in x: m = max(m, v)\n    return m", lambda: [[1.0, 2.0]]),
    "an end of a slice without a value": (
        "def f(x, c):\n    if c: t = 8\n    for v in x[:1]:\n        z = sum(x[t:])\n        t = 1\n    return z",
        lambda: [[1.0] * 10, True],
    ),
    "a strict zip that ends early": (
        "def f(x, y, out):\n    for a, b in zip(x, y, strict=True): out.append(a * b)",
        lambda: [values(5), values(4), []],
    ),
    "a strict zip that ends late, in a handler": (
        "def f(x, y, out):\n    try:\n        for i, (a, b) in enumerate(zip(x, y, strict=True)):\n"
        "            c = a * b\n            out.append(c)\n"
        "    except ValueError as error: return str(error), i, a, b, c\n    else: return 0",
        lambda: [values(70), values(71), []],
    ),
    "a strict zip that gives way and then ends early": (
        "def f(x, y, out):\n    for a, b in zip(x, y, strict=True): out.append(a * b)",
        lambda: [[*values(3), True, "ab", *values(3)], [2] * 7, []],
    ),
    "a strict zip that ends early in a later round": (
        "def f(x, out):\n    for a in x:\n        out.append(a * 2)\n"
        "        t = sum(a * b for a, b in zip(out, x[:2] + out[2:4], strict=True))\n    return t",
        lambda: [values(6)[4:], []],
    ),
    "a strict zip of nothing and one": (
        "def f(x): return [a * b for a, b in zip([], x, strict=True)]",
        lambda: [[1.0]],
    ),
    "a strict zip of three": (
        "def f(x, y):\n    z = []\n    for a, b, c in zip(x, x, y, strict=True): z.append(a + b * c)\n    return z",
        lambda: [values(3), values(2)],
    ),
    "a zip that a variable makes strict": (
        "def f(x, y, s): return [a * b for a, b in zip(x, y, strict=s)]",
        lambda: [values(3), values(2), True],
    ),
    "the largest one by a key": (
        "def f(x): return [max(v, w, key=abs) for v, w in zip(x, x[1:])]",
        lambda: [values(9)],
    ),
    "the largest one of none": (
        "def f(x): return [max((v.data for v in x[:i]), default=5.0) for i in range(3)]",
        lambda: [values(3)],
    ),
    "an int of digits": ("def f(x): return [int(v, base=2) for v in x]", lambda: [[1.0, 2.0]]),
    "a sum with a start by name": (
        "def f(x): return [sum(x, start=v) + sum((w * 2 for w in x), start=v) + sum([v, v], start=1.5) for v in x]",
        lambda: [values(5)],
    ),
    "a sum with a start and something else by name": (
        "def f(x): return [sum((w * 2 for w in x), start=v, end=1) for v in x]",
        lambda: [values(5)],
    ),
    "a start after what a generator runs over": (
        "def f(x): return [sum((w + 1 for w in [v * 2, v]), v * 3) for v in x]",
        lambda: [values(5)],
    ),
    "a start after a list": (
        "def f(x): return sum([v * 2 for v in x], x[0] * 3), sum([v * 2 for v in x], start=x[0] * 3)",
        lambda: [values(5)],
    ),
    "a start of no value, after a list": ("def f(x): return sum([v * 2 for v in x], nowhere)", lambda: [values(5)]),
    "a float of a number": ("def f(x): return math.fsum(v * 2 for v in x)", lambda: [values(5)]),
    "an exact sum that overflows on the way": (
        "def f(x): return math.fsum((v * 2).data for v in x)",
        lambda: [[Value(8e307), Value(8e307), Value(-8e307), Value(1.0)]],
    ),
    "an exact sum of both infinities": (
        "def f(x): return [math.fsum(math.inf * d for d in [v.data, -v.data]) for v in x]",
        lambda: [values(3)],
    ),
    "exact sums of what else there is": (
        "def f(x): return [math.fsum([v, 1]) for v in x]",
        lambda: [[1.0, 2**60 + 1, True]],
    ),
    "an exact sum of an int that is too large": ("def f(x): return [math.fsum([v]) for v in x]", lambda: [[2**1025]]),
    "an exact sum of what has a float of its own": (
        "def f(x, y): return [math.fsum([v, y]) for v in x]",
        lambda: [[1.0], Floating()],
    ),
    "a product of ints that outgrows them": (
        "def f(): return math.prod(i for i in range(1, 30)), math.prod([i * 0.5 for i in range(2**53, 2**53 + 3)])",
        list,
    ),
    "a product of other things": (
        "def f(x): return [math.prod([v, 2]) for v in x], [math.prod([2, v], start=0.5) for v in x]",
        lambda: [[1.0, True, 2**62, math.nan, -0.0]],
    ),
    "a product of a list": ("def f(x): return math.prod(v for v in x)", lambda: [[[1.0], 2]]),
    "a product of nothing": (
        "def f(x, y): return math.prod(v + 1 for v in x), math.prod((v + 1 for v in x), start=y), "
        "math.prod([v + 1 for v in x], start='a')",
        lambda: [[], values(1)[0]],
    ),
    "a product that begins by place": ("def f(x): return math.prod((v * 2 for v in x), x[0])", lambda: [values(5)]),
    "a product that begins with what follows a list": (
        "def f(x): return math.prod([v * 2 for v in x], start=x[0] * 3)",
        lambda: [values(5)],
    ),
    "a single node that begins with a number": (
        "def f(x): return fastgrad.math.prod((v * 2 for v in x), start=x[0])",
        lambda: [values(5)],
    ),
    "a single node of nothing": ("def f(x): return fastgrad.mean(v * 2 for v in x[9:])", lambda: [values(5)]),
    "a single node of what is no number": (
        "def f(x):\n    return fastgrad.math.fsum(\n        v for v in x\n    )",
        lambda: [[*values(3), "a"]],
    ),
    "another function of the name": (
        "def f(x):\n    class math:\n        def prod(v): return [*v][1]\n    return math.prod(v * 2 for v in x)",
        lambda: [values(5)],
    ),
    "a method of the name": (
        "def f(x, y): return y.sum(v * 2 for v in x), y.prod([v * 2 for v in x])",
        lambda: [values(5), Floating()],
    ),
    "the same object": ("def f(x): return [1.0 if a is b else 0.0 for a, b in zip(x, x)]", lambda: [values(5)]),
    "adding in place": ("def f(x, s):\n    for v in x: s += v\n    return s", lambda: [[1.0], Summing(1.0)]),
    "attributes of a class's own": ("def f(x): return [v.data for v in x]", lambda: [values(5, Reading)]),
    "a method that a number hides": (
        "def f(x):\n    x[2].tanh = lambda: 5.0\n    y = [v.tanh() for v in x]\n    del x[2].tanh\n    return y",
        lambda: [values()],
    ),
    "a method that a number hides, at the head of a recurrence": (
        "def f(x, y):\n    for n in (50, 50, 50, 50, 1, 3):\n        z = x if n > 9 else y\n"
        "        for _ in range(n): z = z.tanh()\n    del y.tanh\n    return z",
        lambda: [Value(0.5), hiding(Value(0.25))],
    ),
    "a function of floats, in a round that takes up a node": (
        "def f(x, v):\n    y = 2.0\n    for w in x:\n        y, z = v * 2.0, math.exp(y + 3.0)\n    return y, z",
        lambda: [[1.0] * 70, Value(0.25)],
    ),
    "a start that a call gives another value": (
        "def f(x):\n    s = 1.0\n    def g(v):\n        nonlocal s\n        s = s + 100.0\n        return v * 2.0\n"
        "    return math.prod([g(v) for v in x], start=s), sum([g(v) for v in x], s)",
        lambda: [values(5)],
    ),
    "a start of a function around that a call gives another value": (
        "def f(x):\n    s = 1.0\n    def g(v):\n        nonlocal s\n        s = s + 100.0\n        return v * 2.0\n"
        "    def h(): return sum([g(v) for v in x], s)\n    return h()",
        lambda: [values(5)],
    ),
    "a sum of products that rounds take up": (
        "def f(rows, x, b):\n    def g(w, t):\n        for a, c in zip(w, x): t = t + a * c\n        return t\n"
        "    def h(w, t):\n        for a, c in zip(w, x): t = a * c + t\n        return t\n"
        "    return [g(w, b) for w in rows], [h(w, b) for w in rows], [g(w, 0.0) for w in rows]",
        lambda: [[values(3), values(70), [0.5] * 70, values(2) + [2, 1.5]], values(80), Value(0.75)],
    ),
    "labelled numbers": (
        "def f(x):\n    for v in x:\n        v.data -= 0.5 * v.grad\n        v.grad = 0.0\n    return x",
        lambda: [labelled(values())],
    ),
    "a reversed reversed": ("def f(x):\n    for v in reversed(reversed(x)): pass", lambda: [[1.0]]),
    "a count that begins with a float": ("def f(x): return [i for i, v in enumerate(x, 1.5)]", lambda: [[1.0]]),
    "a sum that begins with a string": ("def f(x): return sum((v for v in x), '')", lambda: [[]]),
    "a name that a handler has let go of": (
        "def f(x):\n    e = 2.0\n    try: 1/0\n    except ArithmeticError as e: pass\n    return [v * e for v in x]",
        lambda: [[]],
    ),
    "an entry of a dict": ("def f(d, x): return [d['w'] * v for v in x]", lambda: [{"w": 2.0}, values(3)]),
    "annotations": ("def f(x):\n    total: sum(x) = sum(x)\n    return total", lambda: [values(3)]),
    "not a number to run over": ("def f(x):\n    for a, b in zip(x, 5): pass", lambda: [[1.0]]),
    "no numbers at all": ("def f(x):\n    return [len(w) for w in x], sum(len(w) for w in x)", lambda: [["a", "bc"]]),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_trap(name):
    source, arguments = PROGRAMS[name]
    plain, fused = both(source, NAMES)
    keep = Value(1.0)  # kernels run where there are numbers
    assert outcome(fused["f"], *arguments()) == outcome(plain["f"], *arguments())
    del keep


def test_a_finalizer_in_a_list_that_is_set_runs_as_it_does_in_python():
    class Emptying:
        def __init__(self, owner):
            self.owner = owner

        def __del__(self):
            self.owner[:] = [5.0] * 3

    @fuse
    def fill(m):
        for i in range(len(m)):
            m[i] = 1.0

    m, keep = [0.0] * 4, Value(1.0)
    m += [Emptying(m)] * 2
    m += [0.0] * 50
    with pytest.raises(IndexError):
        fill(m)
    assert m == [5.0, 5.0, 5.0]
    del keep


def test_what_a_loop_makes_in_each_round_is_let_go_of():
    @fuse
    def sums(x, rounds):
        for _ in range(rounds):
            s = sum([v * 2.0 for v in x])
        return s

    x = values(100)
    sums(x, 10)
    before = len(gc.get_objects())
    assert sums(x, 20_000).data == sums(x, 10).data
    assert len(gc.get_objects()) - before < 100
    assert fastgrad.tape_info().nodes < 1_000_000


def test_nothing_is_left_behind_in_a_module():
    _, fused = both("x = [Value(1.0)]\nfor v in x: y = v * 2.0\nz = [v * 3.0 for v in x]", {"Value": Value})
    assert set(fused) == {"Value", "__builtins__", "x", "v", "y", "z"}


def test_names_of_a_module_that_is_executed_elsewhere():
    import ast

    from fastgrad.fusing import compiled

    own = {"k": 3.0, "y": [Value(2.0)]}
    exec(compiled(ast.parse("for v in y: z = v * k"), "elsewhere"), {"k": 100.0}, own)
    assert own["z"].data == 6.0


def test_a_functions_defaults_and_decorators_stay():
    @fuse
    def first(x, key=lambda v: 777):
        return [v * 2.0 for v in x], key(0)

    assert first([Value(1.0)])[1] == 777

    @fuse
    class Private:
        def __init__(self):
            self.__w = [Value(1.0)]

        def total(self):
            return sum(w * 2.0 for w in self.__w)

    assert Private().total().data == 2.0

    @fuse
    def outer(x):
        def inner():
            return [v * 2.0 for v in x]

        return inner, list(x)

    assert outer([Value(1.0)])[0].__qualname__.endswith("stay.<locals>.outer.<locals>.inner")

"""Calls of a program's own functions and objects are written in place, as long as they are what they were."""

import types

import pytest

from fastgrad import Value, fuse, fused_loops
from support.fused import both, outcome

SOURCE = """
import fastgrad.math
from fastgrad import Value

class Neuron:
    def __init__(self, w, b, nonlin=True):
        self.w, self.b, self.nonlin = w, b, nonlin
    def __call__(self, x):
        act = sum((wi * xi for wi, xi in zip(self.w, x)), self.b)
        return act.tanh() if self.nonlin else act
    def parameters(self):
        return self.w + [self.b]

class Layer:
    def __init__(self, neurons): self.neurons = neurons
    def __call__(self, x):
        out = [n(x) for n in self.neurons]
        return out[0] if len(out) == 1 else out
    def parameters(self):
        return [p for n in self.neurons for p in n.parameters()]

class Twice:
    def __call__(self, x):
        return [v * 2 for v in x]

class Net:
    def __init__(self, layers): self.layers = layers
    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
    def forward(self, x, scale=1.0, *, more=0.0): return self(x) * scale
    def twice(self, x, scale=2.0): return self(x) * scale
    @property
    def size(self): return len(self.layers)

def made(x):
    first = [Neuron([x[0], x[1]], x[2]), Neuron([x[1], x[2]], 0.5)]
    return Net([Layer(first), Twice(), Layer([Neuron([x[0], x[2]], x[1], False)])])

def network(x):
    net = made(x)
    return [net([v, v * 0.5]) for v in x], [net.twice([v, 1.0]) for v in x], [net.twice(scale=v, x=[v, v]) for v in x]
def parameters(x):
    net = made(x)
    return [p for layer in net.layers if hasattr(layer, "neurons") for p in layer.parameters()]
def keyword_only(x):
    net = made(x)
    return [net.forward([v, v]) for v in x]
def of_property(x):
    net = made(x)
    return [net.size * v for v in x]

def orbit(x):
    k = x[0]
    def slope(p, q): return q * k, -p + 0.1 * q
    p, q = x[1], x[2]
    for _ in range(4):
        dp, dq = slope(p, q)
        ep, eq = slope(p + 0.1 * dp, q + 0.1 * dq)
        p, q = p + 0.05 * (dp + ep), q + 0.05 * (dq + eq)
    return p, q
def rebound(x):
    k = x[0]
    def scaled(v): return v * k
    found = []
    for i in range(3):
        k = x[i]
        found.append([scaled(v) for v in x])
    return found

def clamp(v, low=-0.2, high=0.2):
    if v < low: return v * 0.1 + low
    if v > high:
        w = v * 0.1
        return w + high
    return v
def early(v):
    for limit in (0.1, 0.3, 0.5):
        if v.data < limit:
            return v - limit
def branches(x): return [clamp(v) for v in x], [clamp(v, high=0.05) for v in x]
def returns_nothing(x):
    found = []
    for v in x:
        w = early(v)
        if w is None:
            continue
        found.append((w, v))
    return found
def unbound(x):
    found = []
    for v in x:
        if v.data > 100.0:
            w = v
        found.append(w)
    return found
def half_bound(v):
    if v.data > 0.0: w = v
    return w
def unbound_in_call(x): return [half_bound(v) for v in x]

def activations(x):
    out = []
    for act in (fastgrad.math.tanh, fastgrad.math.relu, Value.exp, clamp, lambda v: v * v, Neuron([x[0]], 0.0)):
        out.append([act(v) for v in x] if not isinstance(act, Neuron) else [act([v]) for v in x])
    return out
def mixed(x):
    acts = [fastgrad.math.tanh, clamp, lambda v: v * v]
    return [act(v) for v in x for act in acts]

def grows(x):
    for v in x:
        if len(x) < 9: x.append(v * 2)
    return len(x)
def grows_elsewhere(x):
    y = x
    for i, v in enumerate(x):
        if i < 3: y.append(v * 2)
    return y
def gathered(x):
    out, total = [], 0.0
    for v in x:
        if v.data < 0.0: continue
        total = total + v
        out.append(total * v)
    return out, total
def raises_in_call(x):
    def root(v):
        w = v * 2
        return fastgrad.math.log(w)
    return [root(v) for v in x]
def recursive(x):
    def power(v, n): return v if n == 0 else v * power(v, n - 1)
    return [power(v, 3) for v in x]
def counted(x):
    calls = 0
    def call(v):
        nonlocal calls
        calls += 1
        return v * calls
    return [call(v) for v in x], calls
def starred(x):
    def add(*values): return sum(values)
    return [add(v, v) for v in x]
def generated(x):
    def numbers(v):
        yield v
        yield v * 2
    return [w for v in x for w in numbers(v)]
def listed(x):
    def pair(v): return [v, *[v * 2, v * 3], 1.0] + [v]
    return [pair(v) for v in x], [p * q for p, q, *_ in [pair(v) for v in x]], [sum(pair(v)) for v in x]
def swapped(x):
    def swap(v, w): return w, v
    a, b = x[0], x[1]
    for _ in range(3):
        a, b = swap(a, b)
        pair = swap(a, b)
    return a, b, pair, pair[0]
"""
FUNCTIONS = [
    "network", "parameters", "keyword_only", "of_property", "orbit", "rebound", "branches", "returns_nothing",
    "unbound", "unbound_in_call", "activations", "mixed", "grows", "grows_elsewhere", "gathered", "raises_in_call",
    "recursive", "counted", "starred", "generated", "listed", "swapped",
]  # fmt: skip
PLAIN, FUSED = both(SOURCE, file="calls.py")


def arguments(make):
    return [make(round(0.37 * i - 0.6, 2)) for i in range(5)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_call_in_a_kernel_does_what_it_does_without(name):
    for _ in range(3):
        assert outcome(FUSED[name], arguments(Value)) == outcome(PLAIN[name], arguments(Value))


def test_whole_networks_are_one_kernel():
    fused = both(SOURCE, file="calls_again.py")[1]
    for _ in range(2):
        fused["network"](arguments(Value))
        fused["orbit"](arguments(Value))
    said = [line.partition(": ")[2] for line in fused_loops("calls_again.py")]
    for loop in ("[net([v, v * 0.5]) for v in x]", "for _ in range(4)"):
        assert f"{loop}: a kernel, which ran 2 times" in said
    assert any(line.startswith("for layer in self.layers: part of the kernel in line") for line in said)


# What a kernel was made for may change: then it is made anew, or Python goes on.


def fused(source):
    """The variables of a module, plain and with kernels, that has numbers x."""
    made = both("import fastgrad.math\n" + source, file="changing.py")
    for names in made:
        names["x"] = arguments(Value)
    return made


def both_do(source, change, call="use(x)"):
    """Do plain and fused modules the same before a change and after it? ``change`` is a statement."""
    seen = []
    for names in fused(source):
        before = outcome(lambda names=names: eval(call, names))
        exec(change, names)
        after = [outcome(lambda names=names: eval(call, names)) for _ in range(2)]
        seen.append((before, after))
    assert seen[0] == seen[1]
    return seen[0][0] != seen[0][1][0]


FUNCTION = "def f(v): return v * 2\ndef use(x): return [f(v) for v in x]\n"
CLASS = """
class Unit:
    def __init__(self, w): self.w = w
    def __call__(self, v): return v * self.w
    def go(self, v, by=0.5): return v * self.w * by
class Other(Unit):
    def __call__(self, v): return v + self.w
unit = Unit(0.25)
def use(x): return [unit(v) for v in x], [unit.go(v) for v in x]
"""


@pytest.mark.parametrize(
    ("source", "change"),
    [
        (FUNCTION, "def f(v): return v * 3"),
        (FUNCTION, "def g(v): return v * 4\nf.__code__ = g.__code__"),
        (FUNCTION, "f = fastgrad.math.tanh"),
        (FUNCTION, "f = None"),
        (FUNCTION.replace("(v)", "(v, w=0.5)", 1).replace("* 2", "* w"), "f.__defaults__ = (0.75,)"),
        (CLASS, "Unit.__call__ = lambda self, v: v - self.w"),
        (CLASS, "Unit.go = lambda self, v: v - self.w"),
        (CLASS, "unit.go = lambda v: v"),
        (CLASS, "unit.w = x[0]"),
        (CLASS, "unit.__class__ = Other"),
        (CLASS, "unit = Other(0.5)"),
        (CLASS, "Unit.__getattribute__ = lambda self, name: 7.0 if name == 'w' else x"),
        (CLASS, "Unit.w = property(lambda self: 3.0)"),
        (CLASS, "Unit.go.__defaults__ = (0.75,)"),
        ("K = 2.0\ndef f(v): return v * K\ndef use(x): return [f(v) for v in x]\n", "K = x[1]"),
        ("K = 2.0\ndef f(v): return v * K\ndef use(x): return [f(v) for v in x]\n", "del K"),
        ("def f(v): return abs(v)\ndef use(x): return [f(v) for v in x]\n", "abs = lambda v: v + 1"),
    ],
)  # fmt: skip
def test_what_is_called_may_change(source, change):
    assert both_do(source, change)


def test_a_function_of_another_module_sees_its_own_names():
    other = types.ModuleType("other")
    exec("K = 3.0\ndef f(v): return v * K", vars(other))
    seen = []
    for names in both("K = 5.0\ndef use(x): return [other.f(v) for v in x]\n", {"other": other}, "changing.py"):
        seen.append(outcome(names["use"], arguments(Value)))
    assert seen[0] == seen[1]


def test_a_closure_is_another_function_each_time():
    def scaled(k):
        @fuse
        def use(x):
            return [times(v) for v in x]

        def times(v):
            return v * k

        return use

    x = arguments(Value)
    assert [[y.data for y in scaled(k)(x)] for k in (2.0, 3.0)] == [[v.data * k for v in x] for k in (2.0, 3.0)]

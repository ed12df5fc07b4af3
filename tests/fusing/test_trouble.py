"""Loops on which a kernel could go wrong: registers that are set in two places, lists that move, what has no value."""

import gc
import linecache
import sys
import types
import weakref

import pytest

import fastgrad
from fastgrad import Value, fuse
from support.fused import both, outcome

SOURCE = """
from fastgrad import Value

class P:
    def __init__(self, a, b): self.a, self.b = a, b
    def pick(self, v):
        if v > 0: return self.a
        return self.b

def either(x):
    p = P(x[0], x[1])
    return [(p.a if v > 0 else p.b) * v for v in x], [(p.a if v > 0 else 1.0) * v for v in x]
def picked(x):
    p = P(x[0], 2.0)
    return [p.pick(v) * v for v in x]
def chosen_functions(x):
    def closed(v): return v * x[0]
    def plain(v): return v * 3
    p = P(closed, plain)
    return [(p.a if v > 0 else p.b)(v) for v in x]
def skipped(x):
    for v in x:
        if v.data < 9.0: continue
        t = v * 2
    try: return t
    except NameError as error: return str(error)
def partly_skipped(x):
    for v in x:
        s = v * 3
        if v > 0: continue
        t = v * 2
    return s, t
def stored_and_appended(x):
    m = [x[0]]
    for v in x:
        m[0] = v * 2
        for k in range(30): m.append(v * k)
        c = 1 / (v.data - x[3].data)
    return m, c
def big_numbers(x):
    m = [2**70 for v in x]
    for i, v in enumerate(x):
        t = m[i]
        m[i] = v * 2.0
    return t, m
def extended(x):
    out = []
    alias = out
    for v in x: out += [v * 2]
    return alias, out
def extended_elsewhere(x):
    def add(out, v):
        out += [v]
        return v * 2
    out = []
    return [add(out, v) for v in x], out
def sliced(x):
    def f(v):
        if v.data > 9.0: n = 1
        return x[n:]
    return [f(v) for v in x]
def greater(x):
    def f(v):
        if v.data > 9.0: n = v
        return max(n, v)
    return [f(v) for v in x]
def unread(x):
    def f(v, t): return v * 2
    def g(v):
        if v.data > 9.0: t = 1
        return f(v, t)
    return [g(v) for v in x]
def unknown(x):
    def f(v, t): return v * 2
    return [f(v, nowhere) for v in x]
def act(v): return v * 2
def cube(v): return v * v * v
def through(v): return act(v)
def exchanged(x):
    global act
    before, out = act, []
    for v in x:
        out.append(through(v))
        act = cube
    act = before
    return out
def lambdas(x, h=lambda v: v * 2): return [h(v) for v in x], list(map(lambda v: v + 1, x))
"""
NAMES = [
    "either", "picked", "chosen_functions", "skipped", "partly_skipped", "stored_and_appended", "big_numbers",
    "extended",
    "extended_elsewhere", "sliced", "greater", "unread", "unknown", "exchanged", "lambdas",
]  # fmt: skip
PLAIN, FUSED = both(SOURCE, file="trouble.py")


def arguments():
    return [Value(round(0.37 * i - 0.6, 2)) for i in range(5)]


@pytest.mark.parametrize("name", NAMES)
def test_trouble_is_the_same_with_kernels(name):
    for _ in range(3):
        assert outcome(FUSED[name], arguments()) == outcome(PLAIN[name], arguments())


def test_a_number_that_is_a_default_may_move_on_the_tape():
    keep = [Value(1.0) for _ in range(100)]
    source = "def g(v, w=W): return v * w\ndef use(x): return [g(v) for v in x]\n"
    use = both(source, {"W": Value(0.5)})[1]["use"]
    x = [Value(2.0), Value(4.0)]
    assert [y.data for y in use(x)] == [1.0, 2.0]
    keep.clear()
    fastgrad.collect()
    others = [Value(7.0) for _ in range(100)]
    assert [y.data for y in use(x)] == [1.0, 2.0]
    assert len(others) == 100


def test_attributes_of_numbers_are_read_each_time():
    source = "def use(x, p):\n    for v in x: v.data = v.data + p.data\n    return x\n"
    seen = []
    for names in both(source):
        names["use"](arguments(), types.SimpleNamespace(data=1.0))
        x = arguments()
        seen.append([v.data for v in names["use"](x, x[2])])
    assert seen[0] == seen[1]


def test_a_file_that_has_changed_since_is_not_what_runs(tmp_path):
    place = tmp_path / "edited.py"
    place.write_text("def f(v): return v * 2.0\n")
    names = {}
    exec(compile(place.read_text(), str(place), "exec"), names)
    place.write_text("def f(v): return v * 3.0\n")
    linecache.checkcache(str(place))
    f = names["f"]

    @fuse
    def use(x):
        return [f(v) for v in x]

    assert use([Value(1.0)])[0].data == 2.0


def test_closures_that_were_met_are_not_kept():
    class Thing:
        pass

    @fuse
    def use(x, k):
        def scaled(v):
            return v * k.scale

        return [scaled(v) for v in x]

    thing = Thing()
    thing.scale = 2.0
    assert use([Value(1.0)], thing)[0].data == 2.0
    there = weakref.ref(thing)
    del thing
    gc.collect()
    assert there() is None


def test_annotations_of_a_module_are_kept():
    for names in both("for v in x: t: float = v * 2", {"x": arguments()}):
        kept = names["__annotations__"] if sys.version_info < (3, 14) else names["__annotate__"](1)  # as a function
        assert kept == {"t": float}


def test_who_has_asked_for_an_entrys_end_is_told_when_it_is_replaced():
    class Own(Value):
        pass

    def double(x, out):
        for i, v in enumerate(x):
            out[i] = v * 2.0

    def seen(function):
        out, states = [Own(0.0) for _ in range(3)], []
        refs = [weakref.ref(entry, lambda ref: states.append([v.data for v in out])) for entry in out]
        function([Own(float(i)) for i in range(1, 4)], out)
        assert [ref() for ref in refs] == [None] * 3
        return states

    assert seen(fuse(double)) == seen(double) == [[2.0, 0.0, 0.0], [2.0, 4.0, 0.0], [2.0, 4.0, 6.0]]


@pytest.mark.skipif(sys.version_info < (3, 15), reason="imports may be lazy from Python 3.15 on")
def test_what_is_imported_lazily_is_there_where_it_is_read():
    source = "lazy import this_one\nlazy from this_one import twice\ndef use(x): return [(v * 2.0, twice) for v in x]"
    sys.modules["this_one"] = types.ModuleType("this_one")
    sys.modules["this_one"].twice = 2.0
    try:
        for names in both(source):
            assert [pair[1] for _ in range(2) for pair in names["use"](arguments())] == [2.0] * 2 * len(arguments())
    finally:
        del sys.modules["this_one"]

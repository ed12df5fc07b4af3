"""Loops that a break or a test ends are kernels, which leave what Python would have left."""

import ast
import contextlib
import threading
import types

import pytest

from fastgrad import Value, fused_loops
from fastgrad.fusing import compiled
from support.drawn_loops import Own
from support.fused import both, outcome
from support.marks import large

SOURCE = """
def of_data(x, k):
    total, last = 0.0, None
    for i, v in enumerate(x):
        total = total + v * v
        if total.data > k: break
        last = total
    return total, last, i, v
def of_numbers(x, k):
    out = []
    for v in x:
        w = v * 2
        if w > k: break
        out.append(w)
    else: out.append(k)
    return out, v, w
def at_once(x, k):
    n = 0
    for v in x:
        n = n + v * k
        break
    else: n = k
    return n
def without_a_value(x, k):
    for v in x:
        if v.data > k: break
        w = v * 3
        if w.data > k: break
        u = w + 1
    try: return v, w, u
    except NameError as error: return str(error)
def inner(x, k):
    out = []
    for v in x:
        for w in x:
            t = v * w
            if t > k: break
            out.append(t)
        out.append(w)
    return out, v, w, t
def inner_with_else(x, k):
    out = []
    for v in x:
        for w in x:
            t = v * w
            if t > k: break
        else:
            out.append(v)
            continue
        out.append(w)
    else: out.append(k)
    return out, v, w, t
def outer_in_an_else(x, k):
    out = []
    for v in x:
        for w in x:
            t = v * w
            if t > k: break
        else:
            out.append(v * 3)
            break
    else: out.append(k)
    return out, v, w, t
def both_loops(x, k):
    out = []
    for v in x:
        for w in x:
            if w > k: break
            out.append(v - w)
        if v > k: break
        elif v < -k: continue
        else: out.append(v)
    return out, v, w
def limited(v, k):
    for q in (1, 2, 3):
        if v > q * k: break
        v = v * 0.5
    else: return v + 100
    return v - q
def in_a_call(x, k): return [limited(v, k) for v in x]
def settings(x, k):
    for i, v in enumerate(x):
        x[i] = v * 2
        v.data = v.data + 1
        if v.data > k: break
    return x
def appended_before(x, k):
    out = []
    for v in x:
        out.append(v * 2)
        if v > k: break
        out[0] = v
    return out
def strictly(x, k):
    out = []
    for v, w in zip(x, x + [1.0], strict=True):
        out.append(v * w)
        if v.data > k: break
    return out, v, w
def by_a_count(x, k):
    total, i = 0.0, 0
    while i < len(x):
        total = total + x[i] * k
        i += 1
    return total, i
def by_a_number(x, k):
    y, n = x[0], 0
    while n < 9 and (y > k or -y > k):
        y = y * 0.5
        n += 1
        if n == 2: continue
        w = y - n
    try: return y, n, w
    except NameError as error: return y, n, str(error)
def by_nothing(x, k):
    y = x[0]
    while True:
        y = y * 0.5
        if y.data < 0.1: break
    return y
def never(x, k):
    w = 3.5
    while k > 1e9: w = k
    return w
def of_a_name_without_a_value(x, k):
    while w < k: w = 1.0
def backwards(x, k):
    i = len(x)
    while i:
        i -= 1
        x[i] = x[i] * k
        x[i].data -= 1
    return x
def inside(x, k):
    out = []
    for v in x:
        n = 0
        while v.data < k and n < 4:
            v = v * 2 + 1
            n += 1
            if n == 3: break
        else: out.append(n)
        out.append(v)
    return out
def of_two(x, k):
    n, out = 0, []
    while n < 4:
        n += 1
        for v in x:
            w = v * n
            if w > k: break
        else: continue
        m = n
        while True:
            m = m - 1
            if m < 0: break
            out.append(x[0] * m)
    return out, n, v, w, m
def newton(v, k):
    n = 0
    while n < 5:
        n += 1
        v = v - (v * v - k * k - 1) / (2 * v)
        if abs((v * v - k * k - 1).data) < 1e-3: break
    else: return -v
    return v
def while_in_a_call(x, k): return [newton(v * v + 1, k) for v in x]
def raises_in_a_round(x, k):
    n, m = 0, [0.0]
    while n < 4:
        n += 1
        m[0] = m[0] + x[0] * n
        x[0].data += 1
        if n == 3: m[0] = [1][n]
def of_a_global_name(x, k):
    global total
    total = 0.0
    for v in x:
        total = total + v * v
        if total > k: break
    return total
"""
PLAIN, FUSED = both(SOURCE, file="breaks.py")
NAMES = [name for name, found in PLAIN.items() if callable(found) and name not in ("limited", "newton")]


def numbers(count, make=Value):
    return [make(round(1.4 * (-1) ** i / (1 + i) + 0.2, 3)) for i in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 5, 70])
@pytest.mark.parametrize("name", NAMES)
def test_a_loop_that_is_broken_off_leaves_what_it_leaves_without_a_kernel(name, count):
    for limit in (-10.0, 0.2, 0.5, 1.5, 3, 1e9):
        assert outcome(FUSED[name], numbers(count), limit) == outcome(PLAIN[name], numbers(count), limit)


def test_all_of_them_are_kernels():
    for name in NAMES:
        outcome(FUSED[name], numbers(5), 0.5)
    assert [line for line in fused_loops("breaks.py") if "no kernel" in line] == []


GIVES_WAY = """
def f(x, k):
    out = []
    for v in x:
        y = v * 2
        out.append(y)
        if y.data > k: break
        z = y + 1
    else: out.append(7)
    return out, v, y, z
"""


@pytest.mark.parametrize("limit", [0.5, 1.5, 1e9])
@pytest.mark.parametrize("place", [1, 2, 3])
def test_python_breaks_a_loop_off_that_a_kernel_has_given_way_in(place, limit):
    plain, fused = both(GIVES_WAY, file="way.py")

    def arguments():
        x = [Value(0.1 * i) for i in range(10)]
        return [*x[:place], Own(0.5), *x[place:]], limit

    assert outcome(fused["f"], *arguments()) == outcome(plain["f"], *arguments())
    [line] = fused_loops("way.py")[-1:]
    assert line.endswith("a kernel, which ran never and gave way once")


@large
def test_a_break_after_a_pause_of_a_long_loop():
    source = """
def f(x, last):
    y, kept = x[0], []
    for i in range(10**9):
        y = y * 0.5 + 1.0
        if i % 50_000 == 0: kept.append(y)
        if i == last: break
    return y.data, [k.data for k in kept], i
"""
    plain, fused = both(source, file="long.py")
    x = numbers(1)
    assert fused["f"](x, 150_000) == plain["f"](x, 150_000)


STOPPED = """
def f(x, start):
    def handler(number, frame):
        nonlocal stop
        stop = True
    stop, y = False, x[0]
    start(handler)
    for i in range(10**12):
        y = y * 0.5 + 1.0
        if stop: break
    return i
"""


@contextlib.contextmanager
def alarms():
    """What gives a signal, soon, to a handler."""
    signal = pytest.importorskip("signal")
    if not hasattr(signal, "setitimer"):
        pytest.skip("there are no timers of the process here")
    before = signal.getsignal(signal.SIGALRM)

    def start(handler):
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.05)

    try:
        yield start
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def test_a_signals_handler_can_end_a_loop():
    with alarms() as start:
        assert both(STOPPED, file="stopped.py")[1]["f"](numbers(1), start) < 10**9


SET_MEANWHILE = """
def by_attribute(thing, start):
    start(lambda *_: setattr(thing, "c", -1.0))
    total = 0.0
    for _ in range(10**12):
        total = total + thing.c
        if total < 0.0: break
    return total

def by_closure(thing, start):
    c = 1.0
    def handler(*_):
        nonlocal c
        c = -1.0
    def add(total): return total + c
    start(handler)
    total = 0.0
    for _ in range(10**12):
        total = add(total)
        if total < 0.0: break
    return total

def without_end(thing, start):
    start(lambda *_: setattr(thing, "c", 0.0))
    total = 0.0
    for _ in range(20_000_000): total = total + thing.c
    return total - 20_000_000.0
"""


@pytest.mark.parametrize("name", ["by_attribute", "by_closure", "without_end"])
def test_what_a_signals_handler_sets_is_seen(name):
    keep = numbers(1)  # kernels run where there are numbers
    with alarms() as start:
        assert both(SET_MEANWHILE, file="meanwhile.py")[1][name](types.SimpleNamespace(c=1.0), start) < 0.0
    del keep


WAITS = """
stop, y = False, x[0]
start()
while not stop: y.data
"""


def test_another_thread_can_end_a_loop():
    fused = {"x": numbers(1)}
    fused["start"] = threading.Timer(0.1, lambda: fused.update(stop=True)).start
    exec(compiled(ast.parse(WAITS), "waits.py"), fused)
    assert fused["stop"]


def test_a_signals_handler_can_raise_in_a_loop():
    class Stop(Exception):
        pass

    def stop(number, frame):
        raise Stop

    names = both("def f(out):\n    while True: out[0] = out[0] + 1.0", file="raising.py")[1]
    out, keep = [0.0], Value(1.0)
    with alarms() as start:
        start(stop)
        with pytest.raises(Stop):
            names["f"](out)
    assert out[0] > 0.0
    del keep


def test_a_break_in_a_modules_own_loop():
    source = """
for v in x:
    y = v * 2
    if y.data > k: break
    z = y
else: whole = True
"""
    for limit in (-10.0, 0.5, 1e9):
        plain, fused = both(source, {"x": numbers(5), "k": limit}, "module.py")
        seen = [{key: outcome(names.get, key) for key in ("v", "y", "z", "whole")} for names in (plain, fused)]
        assert seen[0] == seen[1]
        assert plain.keys() == fused.keys()

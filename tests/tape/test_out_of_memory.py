"""The end of memory is an error, and the tape stays usable."""

import shutil
import subprocess
import sys
import textwrap

import pytest

from support.marks import measures
from support.places import TESTS
from support.processes import run_python

EXHAUST = """
    import resource, sys
    import fastgrad
    from fastgrad import Value

    def limit(more):
        with open("/proc/self/statm") as statm:
            used = int(statm.read().split()[0]) * resource.getpagesize()
        most = used + more if more else resource.RLIM_INFINITY
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))

    def check():
        "The tape computes, collects and sweeps."
        a, b = Value(3.0), Value(4.0)
        c = fastgrad.sum([a * b, a, b.tanh()])
        fastgrad.collect()
        c.backward()
        assert (a.grad, c.prev[0].data) == (5.0, 12.0)

    spare = [bytearray(40_000_000)]  # let go of, it is the system's again, whatever the C library keeps for itself
    x, w = Value(0.5), Value(1.0)
"""

GROW = {
    "a chain": """
        y, steps = x, 0
        limit(100_000_000)
        try:
            while True:
                y = y * w
                steps += 1
        except MemoryError as error:
            assert "memory" in str(error), error
            spare.clear()
        assert steps > 100_000
        y.backward()
        assert (y.data, x.grad, w.grad) == (0.5, 1.0, 0.5 * steps)
        del y
        check()
        limit(None)
        check()
    """,
    "a long chain's sweeps": """
        y, steps = x, 3_000_000
        for _ in range(steps):
            y = y * w
        refused = 0
        limit(1_000_000)
        for sweep in (y.zero_grad, y.forward, y.backward, y.zero_grad):
            try:
                sweep()
            except MemoryError:
                refused += 1
        assert refused
        limit(None)
        y.zero_grad()
        y.backward()
        assert (x.grad, w.grad) == (1.0, 0.5 * steps)
        check()
    """,
    "many operands": """
        ys = []
        xs = [x, w, 2.0] * 100_000
        limit(100_000_000)
        try:
            while True:
                ys.append(fastgrad.dot(xs, xs, bias=w))
        except MemoryError:
            spare.clear()
        assert len(ys) > 3
        check()
        limit(None)
        ys[0].backward()
        assert (x.grad, w.grad) == (100_000.0, 200_001.0)
        check()
    """,
    "nodes held by variables": """
        kept = []
        limit(100_000_000)
        try:
            while True:
                kept.append(x * 2.0)
        except MemoryError:
            spare.clear()
        count = len(kept)
        assert count > 100_000
        kept[-1].backward()
        del kept
        check()
        limit(None)
        assert x.grad == 2.0
        check()
    """,
    "state on nodes": """
        kept = []
        limit(100_000_000)
        try:
            while True:
                y = x * 2.0
                y.label, y.note = "label", len(kept)
                kept.append(y)
        except MemoryError:
            spare.clear()
        assert len(kept) > 10_000
        limit(None)
        fastgrad.collect()
        assert [y.note for y in kept[::1000]] == list(range(0, len(kept), 1000))
        del kept, y
        check()
    """,
    "a collection": """
        kept = [x * float(k) for k in range(1_000_000)]
        kept = kept[::2]
        limit(50_000)
        try:
            fastgrad.collect()
        except MemoryError:
            spare.clear()
        assert kept[12345].data == 12345.0
        limit(None)
        fastgrad.collect()
        kept[12345].backward()
        assert (kept[12345].data, x.grad) == (12345.0, 24690.0)
        check()
    """,
}


@measures
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory as Linux does")
@pytest.mark.parametrize("name", GROW)
def test_memory_that_runs_out_is_an_error_and_the_tape_stays_usable(name):
    run_python(textwrap.dedent(EXHAUST) + textwrap.dedent(GROW[name]))


# Every allocation that fastgrad asks for fails once.

FAIL = """
    import copy, ctypes, os, pickle
    import numpy as np
    import fastgrad
    from fastgrad import Value, losses, nn, optim

    fail_at = ctypes.CDLL(os.environ["LD_PRELOAD"]).fail_at
    fail_at.argtypes, fail_at.restype = [ctypes.c_long], ctypes.c_long

    def check():
        "The tape computes, collects and sweeps."
        kept = [Value(float(k)) for k in range(70_000)]
        a, b = Value(3.0), Value(4.0)
        c = fastgrad.sum([a * b, a, b.tanh()])
        fastgrad.collect()
        c.backward()
        assert (a.grad, c.prev[0].data, kept[-1].data) == (5.0, 12.0, 69_999.0)

    def fail_once_each(work, expected, prepare=lambda: None):
        n = failed = 0
        while True:
            prepare()
            fail_at(n)
            try:
                result = work()
            except MemoryError as error:
                failed += 1
                assert "memory" in str(error) or not str(error), error
                result = expected
            finally:
                asked = fail_at(-1)
            assert result == expected, (n, result)
            check()
            if asked <= n:
                break
            n += 1
        assert n
        return n, failed

    x, w = Value(0.5), Value(-1.0)
    y = fastgrad.softmax([x * w, fastgrad.dot([x, 2.0], [w, x]), fastgrad.prod([x, w])])[1]
    z = [y * x, y + w]
"""

FAILING = {
    "giving memory back": """
        def prepare():
            [Value(1.0) for _ in range(600_000)]
        n, failed = fail_once_each(fastgrad.collect, None, prepare)
        assert n >= 8, n
    """,
    "reading pickles": """
        text = pickle.dumps([y, z])
        def work():
            y, z = pickle.loads(text)
            return y.data, [v.data for v in z], z[0].prev[0] is y
        n, failed = fail_once_each(work, (y.data, [v.data for v in z], True))
        assert failed >= 4, failed
    """,
    "pickles and copies": """
        for way in (pickle.dumps, copy.deepcopy):
            expected = pickle.dumps([y, z])
            n, failed = fail_once_each(lambda: pickle.dumps(way([y, z])) and None, None)
            assert failed >= 3, failed
            assert pickle.dumps([y, z]) == expected
    """,
    "sweeps": """
        def work():
            v = x
            for _ in range(50_000):
                v = v * 1.0 + w
            v.backward()
            v.forward()
            result = x.grad, w.grad
            v.zero_grad()
            return result
        def prepare():
            fastgrad.collect()
            x.grad = w.grad = 0.0
        fail_once_each(work, (1.0, 50_000.0), prepare)
    """,
    "what is kept on nodes": """
        def work():
            kept = [x * 2.0 for _ in range(3000)]
            for v in kept:
                v.itself = v
            del kept, v
            fastgrad.collect()
            fastgrad.collect()
        fail_once_each(work, None)
    """,
    "training": """
        X = np.random.default_rng(1).normal(size=(40, 3))
        def work():
            m = nn.MLP(3, [8, 1], rng=1)
            adam = optim.Adam(m)
            for _ in range(3):
                loss = losses.mse(m(X), X[:, 0])
                adam.zero_grad()
                loss.backward()
                adam.step()
            return loss.data
        fail_once_each(work, work())
    """,
    "compiled functions": """
        X = np.random.default_rng(1).normal(size=(100, 2))
        def work():
            f = fastgrad.compile(lambda a, b: a * b if a > b else fastgrad.math.exp(a))
            values, grads = f.batch_value_and_grad(X[:, 0], X[:, 1])
            return f(1.0, 2.0), values.sum()
        fail_once_each(work, work())
    """,
}


@pytest.fixture(scope="module")
def failing_malloc(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    library = tmp_path_factory.mktemp("failing") / "failing_malloc.so"
    source = TESTS / "support" / "failing_malloc.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return str(library)


@measures
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="loads a library before the C library as Linux does")
@pytest.mark.parametrize("name", FAILING)
def test_any_allocation_may_fail(failing_malloc, name):
    run_python(textwrap.dedent(FAIL) + textwrap.dedent(FAILING[name]), LD_PRELOAD=failing_malloc)

"""Threads, processes, signals and the end of the interpreter."""

import os
import sys
import textwrap
import threading

import pytest

import fastgrad
from fastgrad import Value
from support.graphs import check_the_tape
from support.marks import large
from support.processes import run_python

# Threads.


def computed(seed):
    """A graph with callbacks and n-ary nodes; its value and gradients depend on the seed alone."""
    x, w = Value(0.1 + seed % 7), Value(0.3)
    y = x
    for k in range(30):
        y = fastgrad.dot([y, w], [w, x], bias=float(k % 3)).tanh() + x / (k + 1.0)
        if k % 10 == 5:
            y._backward = lambda step=y._backward: step()
            y.label = f"{seed}"
    y = fastgrad.softmax([y, x, 0.5])[0]
    y.backward()
    y.forward()
    return y.data, x.grad, w.grad


def test_threads_may_share_the_tape():
    expected, results, failures = {seed: computed(seed) for seed in range(7)}, [], []
    interval = sys.getswitchinterval()

    def work(start):
        try:
            for seed in range(start, start + 60):
                results.append((seed, computed(seed)))
                if seed % 10 == 0:
                    fastgrad.collect()
        except BaseException as error:
            failures.append(error)

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(7 * k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not failures
    assert len(results) == 240
    assert all(result == expected[seed % 7] for seed, result in results)
    check_the_tape()


def test_one_graph_grown_by_many_threads():
    x, totals = Value(1.0), []

    def work():
        total = Value(0.0)
        for k in range(2000):
            total = total + x * float(k)
        totals.append(total)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    y = fastgrad.sum(totals)
    y.backward()
    assert x.grad == 4 * sum(range(2000))


# Processes.


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_fork():
    run_python("""
        import os
        import fastgrad
        from fastgrad import Value

        x = Value(2.0)
        y = x * x
        y.label = "y"
        child = os.fork()
        for _ in range(100_000):
            z = (x * 1.5 + y).tanh()
        (y * 3.0).backward()
        fastgrad.collect()
        assert (x.grad, y.label) == (12.0, "y")
        if child:
            assert os.waitpid(child, 0)[1] == 0
    """)


def test_a_pool_of_forked_workers():
    run_python("""
        import multiprocessing
        from fastgrad import Value

        shared = Value(3.0)

        def slope(a):
            x = Value(a)
            (x * x * shared).backward()
            return x.grad, shared.grad

        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert sorted(set(pool.map(slope, [1.0] * 3)))[0] == (6.0, 1.0)
        assert shared.grad == 0.0
    """)


AT_EXIT = {
    "state": "y.label = 'y'; y.itself = y; y.other = [x, {'y': y}]",
    "callbacks": "y._backward = lambda: (x, y)",
    "a finalizer that computes": "class C:\n    def __del__(self, x=x): (x * 2.0).backward()\ny.c = C(); y.itself = y",
    "a module that keeps nodes": "sys.kept = [y, x]",
    "a subclass": "class S(fastgrad.Scalar):\n    def __del__(self): self.data\nz = S(1.0) * 2.0; z.z = z",
    "a thread": "import threading; threading.Thread(target=lambda: [x * 2.0 for _ in range(9**6)], daemon=1).start()",
    "an exit inside a sweep": "y._backward = lambda: sys.exit(0)\ny.backward()",
    "a function at exit": "import atexit; atexit.register(lambda: (x * y).backward())",
}


@pytest.mark.parametrize("name", AT_EXIT)
def test_the_interpreter_ends_in_peace(name):
    start = "import sys\nimport fastgrad\nfrom fastgrad import Value\nx = Value(1.0)\ny = x * 2.0\n"
    done = run_python(start + AT_EXIT[name])
    assert done.stderr == ""


# Ctrl-C.

INTERRUPTED = """
    import signal, sys
    import fastgrad
    from fastgrad import Value

    def interrupted(function, after):
        "Is the function cut off by a signal that comes so many seconds after its start?"
        try:
            signal.setitimer(signal.ITIMER_REAL, after)
            function()
            signal.setitimer(signal.ITIMER_REAL, 0.0)
        except KeyboardInterrupt:
            return True
        return False

    def interrupt(*_):
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, interrupt)
    x, w = Value(0.5), Value(1.0)
"""

IN_THE_MIDDLE = {
    "backward": """
        y, steps = x, 4_000_000
        for _ in range(steps):
            y = y * w
        assert interrupted(y.backward, after=0.002)
        assert x.grad == 0.0  # the sweep had not come to the end
        y.zero_grad()
        y.backward()
        assert (x.grad, w.grad) == (1.0, 0.5 * steps)
    """,
    "backward on a kept graph": """
        y, steps = x, 4_000_000
        for _ in range(steps):
            y = y * w
        y.forward()
        assert interrupted(y.backward, after=0.002)
        assert x.grad == 0.0
        y.zero_grad()
        y.backward()
        assert (x.grad, w.grad) == (1.0, 0.5 * steps)
    """,
    "forward": """
        y, steps = x, 4_000_000
        for _ in range(steps):
            y = y * w
        y.forward()
        x.data = 2.0
        assert interrupted(y.forward, after=0.002)
        assert y.data == 0.5
        y.forward()
        assert y.data == 2.0
        y.backward()
        assert (x.grad, w.grad) == (1.0, 2.0 * steps)
    """,
}


@large
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no such timer here")
@pytest.mark.parametrize("name", IN_THE_MIDDLE)
def test_a_long_sweep_can_be_interrupted(name):
    run_python(textwrap.dedent(INTERRUPTED) + textwrap.dedent(IN_THE_MIDDLE[name]))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no such timer here")
def test_interrupts_at_any_moment_corrupt_nothing():
    """Cut off anywhere, in building, sweeping, collecting or a callback, the tape computes as ever afterwards."""
    program = """
        import random, time

        def program():
            a, b = Value(0.25), Value(0.5)
            y, kept = a, []
            for k in range(400):
                y = fastgrad.dot([y, b], [b, a], bias=float(k % 3)).tanh() + fastgrad.softmax([a, y])[0]
                if k % 20 == 0:
                    y._backward = lambda step=y._backward: (a * 2.0, step())
                    y.label = str(k)
                if k % 100 == 0:
                    fastgrad.collect()
                kept.append(y.prev[0])
            y.backward()
            y.zero_grad()
            y.forward()
            y.backward()
            return y.data, a.grad, b.grad

        expected = program()
        start = time.process_time()
        program()
        whole = time.process_time() - start
        generator, count = random.Random(1), 0
        for _ in range(300):
            count += interrupted(program, after=generator.uniform(1e-6, whole))
            with fastgrad.no_grad():
                pass
        assert program() == expected
        assert count > 50, count
        del x, w
        for _ in range(3):
            fastgrad.collect()
        assert fastgrad.tape_info().nodes <= 5, fastgrad.tape_info()
    """
    run_python(textwrap.dedent(INTERRUPTED) + textwrap.dedent(program))


def test_a_signal_during_a_callback_is_raised_from_backward():
    run_python("""
        import signal
        from fastgrad import Value

        x = Value(2.0)
        y = x * 3.0
        step = y._backward
        y._backward = lambda: (signal.raise_signal(signal.SIGINT), step())
        try:
            y.backward()
            raise SystemExit("not interrupted")
        except KeyboardInterrupt:
            pass
        y._backward = step
        x.grad = 0.0
        y.backward()
        assert x.grad == 3.0
    """)

"""A child made by fork has this thread only: what other threads were doing has ended there."""

import os
from textwrap import dedent

import pytest

from support.processes import run_python

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="has no fork")

PROGRAM = """
    import os, pickle, threading, warnings
    import fastgrad
    from fastgrad import Value

    warnings.simplefilter("ignore")  # Python's own, on threads and fork
    inside, go = threading.Event(), threading.Event()

    def stop():
        inside.set()
        go.wait()

    def in_child(work):
        child = os.fork()
        if child == 0:
            try:
                work()
            except BaseException as error:
                os.write(2, f"{type(error).__name__}: {error}\\n".encode())
                os._exit(1)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0

    def collects():
        for _ in range(300_000):
            Value(1.0)
        assert fastgrad.tape_info().nodes < 40_000, fastgrad.tape_info()

    def records_in_a_thread():
        seen = []
        f = fastgrad.compile(lambda x: x * x)
        thread = threading.Thread(target=lambda: seen.append(f.value_and_grad(3.0)))
        thread.start()
        thread.join()
        assert seen == [(9.0, 6.0)], seen
        assert fastgrad.compile(lambda x: x + x)(2.0) == 4.0
"""

OTHERS = {
    "sweeps": """
        y = Value(1.0) * 2.0
        y._backward = stop
        other = y.backward
    """,
    "records": """
        other = lambda: fastgrad.compile(lambda x: (stop(), x * x)[1])(2.0)
    """,
    "pickles": """
        class Stops:
            def __reduce__(self):
                stop()
                return str, ("stopped",)

        x = Value(1.0)
        other = lambda: pickle.dumps([x, Stops(), x * 2.0])
    """,
    "records nothing": """
        def other():
            with fastgrad.no_grad():
                stop()
    """,
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_another_thread_does_ends_in_the_child(name):
    run_python(
        dedent(PROGRAM)
        + dedent(OTHERS[name])
        + dedent("""
        thread = threading.Thread(target=other)
        thread.start()
        inside.wait()
        in_child(collects)
        in_child(records_in_a_thread)
        go.set()
        thread.join()
        collects()
        """)
    )


def test_what_this_thread_does_goes_on_in_the_child():
    run_python(
        dedent(PROGRAM)
        + dedent("""
        def held():
            for _ in range(100_000):
                Value(1.0)
            assert fastgrad.tape_info().nodes > 100_000, fastgrad.tape_info()
            x = Value(3.0)
            (x * x).backward()
            assert x.grad == 6.0

        x = Value(1.0)
        y = x * 2.0
        y._backward = lambda: in_child(held)
        (y * 1.0).backward()
        in_child(collects)
        """)
    )

"""`fastgrad.fuse`: what it takes, what stays as it was, and what is told."""

import inspect
import math
import pickle
import sys
import threading
import time
import traceback
import types

import pytest

import fastgrad
from fastgrad import Scalar, Value, fuse, fused_loops
from fastgrad._tape.exchange import nodes_made
from support.fused import both


def became(function):
    """What is told of the loops of a function of this file."""
    first = function.__code__.co_firstlineno
    last = first + len(inspect.getsource(function).splitlines())
    said = [line.removeprefix(f"{__file__}:").partition(": ") for line in fused_loops(__file__)]
    return [text for line, _, text in said if first <= int(line) < last]


def numbers(count, make=Value):
    return [make(0.5 * i - 1.0) for i in range(count)]


def test_a_function_is_the_same_function_with_kernels():
    def total(x):
        """Add up."""
        return sum(v * 2.0 for v in x)

    before = total.__code__
    assert fuse(total) is total
    assert total.__code__ is not before
    assert (total.__name__, total.__doc__) == ("total", "Add up.")
    assert "return sum(v * 2.0 for v in x)" in inspect.getsource(total)
    assert total(numbers(4)).data == -2.0
    assert became(total) == ["sum((v * 2.0 for v in x)): a kernel, which ran once"]


def test_closures_and_defaults_stay():
    scale = Value(3.0)

    @fuse
    def scaled(x, shift=1.0):
        return [v * scale + shift for v in x]

    assert [y.data for y in scaled(numbers(3))] == [-2.0, -0.5, 1.0]
    scale.data = 1.0
    assert [y.data for y in scaled(numbers(3), 0.0)] == [-1.0, -0.5, 0.0]
    assert became(scaled) == ["[v * scale + shift for v in x]: a kernel, which ran 2 times"]


def test_a_class_is_fused_method_by_method():
    @fuse
    class Neuron:
        def __init__(self, count):
            self.w = numbers(count)

        def __call__(self, x):
            return sum((w * v for w, v in zip(self.w, x, strict=False)), 0.5)

        @staticmethod
        def squares(x):
            return [v * v for v in x]

        @property
        def total(self):
            return sum(v + 0.0 for v in self.w)

    neuron = Neuron(3)
    assert neuron([1.0, 2.0, 3.0]).data == -1.5
    assert [y.data for y in Neuron.squares(neuron.w)] == [1.0, 0.25, 0.0]
    assert neuron.total.data == -1.5
    assert became(Neuron.squares) == ["[v * v for v in x]: a kernel, which ran once"]
    assert became(Neuron.total.fget) == ["sum((v + 0.0 for v in self.w)): a kernel, which ran once"]


def test_a_module_is_fused_as_far_as_it_defines_things(tmp_path, monkeypatch):
    (tmp_path / "written_module.py").write_text("def doubled(x):\n    return [v * 2 for v in x]\n")
    monkeypatch.syspath_prepend(tmp_path)
    import written_module

    assert fuse(written_module) is written_module
    assert [y.data for y in written_module.doubled(numbers(2))] == [-2.0, -1.0]
    assert fused_loops(written_module.__file__) == [
        f"{written_module.__file__}:2: [v * 2 for v in x]: a kernel, which ran once"
    ]


class Hidden:
    def __init__(self, w):
        self.__w = w

    @fuse
    def total(self, x):
        scale = math.sqrt(4.0)  # Python calls functions of modules in its own way
        return sum(a * b * scale for a, b in zip(self.__w, x))


@fuse
def halved(x, times):
    return halved([v * 0.5 for v in x], times - 1) if times else x


def scaled(k):
    @fuse
    def use(x):
        return [square(v) * k for v in x]

    return use


square = lambda v: v * v  # noqa: E731 (people write that)


def test_functions_are_compiled_in_their_place():
    x = [Value(1.0), Value(2.0)]
    assert Hidden(x).total(x).data == 10.0
    assert [y.data for y in halved(x, 2)] == [0.25, 0.5]
    assert [y.data for k in range(3) for y in scaled(k)(x)] == [0.0, 0.0, 1.0, 4.0, 2.0, 8.0]
    assert became(Hidden.total) == ["sum((a * b * scale for a, b in zip(self.__w, x))): a kernel, which ran once"]
    assert became(halved) == ["[v * 0.5 for v in x]: a kernel, which ran 2 times"]
    assert became(scaled(1)) == ["[square(v) * k for v in x]: a kernel, which ran 3 times"]


def test_what_is_fused_already_is_told_of_once():
    before = len(fused_loops())
    fuse(halved)
    assert len(fused_loops()) == before


def test_code_with_sites_can_be_sent_to_other_processes():
    keep = Value(1.0)
    sites = [constant for constant in halved.__code__.co_consts if type(constant).__name__ == "Site"]
    assert [~site for site in sites] == [True]
    assert [~site for site in pickle.loads(pickle.dumps(sites))] == [False]
    del keep


def test_what_is_nested_too_deeply_stays_as_it_is_and_is_told_of():
    terms = " + ".join(["v"] * 700)
    plain, fused = both(f"def total(x): return [{terms} for v in x]", file="deep.py")
    assert [y.data for y in fused["total"]([Value(1.0)])] == [y.data for y in plain["total"]([Value(1.0)])] == [700.0]
    [line] = fused_loops("deep.py")
    assert line.endswith("no kernel: something that stands with it is nested too deeply")


def test_what_has_no_source_stays_as_it_is():
    variables = {}
    exec("def total(x): return sum(v * 2 for v in x)", variables)
    before = variables["total"].__code__
    assert fuse(variables["total"]).__code__ is before
    assert fused_loops("<string>")[-1] == ("<string>:1: total: no kernel: its source is not to be had as a def")


def test_what_cannot_be_fused_is_refused():
    with pytest.raises(TypeError, match=r"fuse\(\) takes a function, a class or a module, not 3 of type int"):
        fuse(3)


def test_a_kernel_gives_way_where_it_meets_something_new_and_goes_on_later():
    @fuse
    def halves(x):
        return [v / 2 for v in x]

    assert [y.data for y in halves(numbers(2))] == [-0.5, -0.25]
    assert halves([2 + 2j, Value(1.0)])[0] == 1 + 1j
    assert [y.data for y in halves(numbers(2))] == [-0.5, -0.25]
    assert became(halves) == ["[v / 2 for v in x]: a kernel, which ran 2 times and gave way once"]


def test_a_loop_that_always_gives_way_is_left_to_python():
    @fuse
    def joined(words):
        return [word + "!" for word in words]

    keep = Value(1.0)
    for _ in range(20):
        assert joined(["a", "b"]) == ["a!", "b!"]
    assert became(joined) == [
        "[word + '!' for word in words]: a kernel, which ran never and gave way 8 times: left to Python"
    ]
    del keep


def test_a_statement_goes_on_in_python_from_the_round_that_is_new():
    @fuse
    def marked(x, out):
        for i, v in enumerate(x):
            out[i] = v * 2
        return i

    x, out = [Value(1.0), Value(2.0), "ab", Value(3.0)], [0.0] * 4
    assert marked(x, out) == 3
    assert [y if isinstance(y, str) else y.data for y in out] == [2.0, 4.0, "abab", 6.0]


def test_errors_are_raised_by_the_line_that_makes_them():
    @fuse
    def inverses(x):
        return [
            1.0 / v
            for v in x
        ]  # fmt: skip

    with pytest.raises(ZeroDivisionError, match=r"division by zero|float division") as raised:
        inverses([Value(1.0), Value(0.0)])
    assert "1.0 / v" in [frame.line for frame in traceback.extract_tb(raised.value.__traceback__)]


def test_a_redefined_function_is_seen():
    variables = {"__name__": "redefined"}
    from support.fused import both

    _, fused = both("import math\ndef powers(x): return [exp(v) for v in x]\nfrom math import exp\n", variables)
    assert fused["powers"]([0.0]) == [1.0]
    fused["exp"] = lambda v: "mine"
    keep = Value(0.0)
    assert fused["powers"]([0.0]) == ["mine"]
    fused["exp"] = fastgrad.math.exp
    assert fused["powers"]([keep])[0].data == 1.0


def test_a_changed_method_is_seen():
    class Own(Value):
        pass

    @fuse
    def activated(x):
        return [(v * 2.0).relu() for v in x]

    assert [y.data for y in activated(numbers(3, Own))] == [0.0, 0.0, 0.0]
    Own.relu = lambda self: "mine"
    assert activated(numbers(2, Own)) == ["mine", "mine"]
    del Own.relu
    Own.__mul__ = lambda self, other: Value(7.0)
    assert [y.data for y in activated(numbers(2, Own))] == [7.0, 7.0]


def test_a_changed_method_is_seen_of_a_class_that_has_changed_more_often_than_python_counts():
    class Own(Value):
        pass

    @fuse
    def squares(x):
        return [v * v for v in x]

    for i in range(1100):
        Own.changes = i
        assert Own.changes == i  # Python counts changes that somebody has looked at, up to 1000 from 3.12 on
    assert [y.data for _ in range(2) for y in squares(numbers(1, Own))] == [1.0, 1.0]
    Own.__mul__ = lambda self, other: "mine"
    assert squares(numbers(2, Own)) == ["mine", "mine"]


def test_a_debugger_sees_every_line():
    @fuse
    def doubled(x):
        out = [0.0] * len(x)
        for i, v in enumerate(x):
            out[i] = v * 2
        return out

    lines = []

    def trace(frame, event, argument):
        if frame.f_code.co_name == "doubled" and event == "line":
            lines.append(frame.f_lineno - frame.f_code.co_firstlineno)
        return trace

    doubled(numbers(3))
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        doubled(numbers(3))
    finally:
        sys.settrace(before)
    assert lines.count(4) == 3


def test_a_recording_records_what_plain_code_does():
    def polynomial(x, w):
        return sum(a * x**i for i, a in enumerate(w))

    plain = fastgrad.compile(types.FunctionType(polynomial.__code__, globals()))
    fused = fastgrad.compile(fuse(polynomial))
    assert fused.value_and_grad(0.3, [1.0, 2.0, 3.0]) == plain.value_and_grad(0.3, [1.0, 2.0, 3.0])


def test_nothing_is_recorded_within_no_grad():
    @fuse
    def total(x):
        return sum(v * v for v in x)

    x = numbers(3)
    with fastgrad.no_grad():
        assert total(x).prev == []
    assert len(total(x).prev) == 2


def test_a_lazy_generator_stays_lazy():
    @fuse
    def lazily(x):
        return (v * 2 for v in x)

    made = nodes_made()
    generator = lazily(numbers(3))
    assert nodes_made() - made == 3
    assert next(generator).data == -2.0


def test_a_long_loop_is_interrupted_by_a_signal_and_leaves_what_was_done():
    signal = pytest.importorskip("signal")
    if not hasattr(signal, "setitimer"):
        pytest.skip("there are no timers of the process here")

    class Stop(Exception):
        pass

    def stop(number, frame):
        raise Stop

    @fuse
    def counted(x, out):
        for _ in range(10**9):
            out[0] = out[0] + 1.0
        return out

    out, keep = [0.0], Value(1.0)
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(Stop):
            counted([keep], out)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert 0.0 < out[0] < 1e9


def test_other_threads_run_while_a_kernel_does():
    @fuse
    def long(x):
        total = 0.0
        for _ in range(5 * 10**6):
            total = total + 1.0
        return total

    keep, seen = Value(1.0), []
    thread = threading.Thread(target=lambda: [seen.append(time.perf_counter()) or time.sleep(0) for _ in range(100)])
    thread.start()
    assert long([keep]) == 5e6
    thread.join()
    assert len(seen) == 100


def test_memory_stays_flat_in_a_loop_of_temporaries():
    @fuse
    def last(x, rounds):
        for _ in range(rounds):
            y = x[0] * x[1] + 2.0
        return y

    x = numbers(2)
    assert last(x, 10).data == last(x, 400_000).data
    assert fastgrad.tape_info().nodes < 400_000


@pytest.mark.parametrize("make", [Value, Scalar])
def test_a_graph_that_a_kernel_made_is_swept_computed_again_and_walked(make):
    @fuse
    def layer(rows, x):
        return [sum(w * v for w, v in zip(row, x, strict=False)) for row in rows]

    rows, x = [numbers(30, make) for _ in range(3)], numbers(30, make)

    @fuse
    def added(ys):
        return sum(ys)

    total = added(layer(rows, x))
    total.backward()
    assert x[2].grad == sum(row[2].data for row in rows)
    x[2].data = 5.0
    total.forward()
    assert total.data == pytest.approx(sum(w.data * v.data for row in rows for w, v in zip(row, x, strict=True)))

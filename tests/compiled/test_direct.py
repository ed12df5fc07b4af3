"""Calls that go straight from the arguments through a program: when they may, what they give, what they leave."""

import collections
import functools
import gc
import inspect
import itertools
import math
import pickle
import sys
import threading

import numpy as np
import pytest
from hypothesis import given

import fastgrad
from fastgrad import Value
from fastgrad import math as fm
from fastgrad.compiled import Compiled
from support.direct_calls import WAYS, bits, by_way_of_python, called_before, entered, flat, outcome
from support.drawn_functions import OPERATIONS, ROWS, function_of

NESTED = [[1.0, 2], (3.0, [4.0], ()), 5.0]
ARRAY = np.arange(6.0).reshape(2, 3)


# What is direct.

DIRECT = {
    "a float": (1.5,),
    "an int": (3,),
    "a float of numpy": (np.float64(1.5), [np.float64(2.5), 1.0]),
    "several": (1.5, 2, -0.5),
    "more than eight": tuple(range(20)),
    "a list": ([1.0, 2, 3.0],),
    "an empty list": (1.0, []),
    "a tuple": ((1.0, 2),),
    "lists in lists": (NESTED, 2.0),
    "an array": (ARRAY,),
    "arrays in lists": (1.0, [ARRAY, ARRAY[0]]),
}


@pytest.mark.parametrize("call", WAYS)
@pytest.mark.parametrize("what", DIRECT)
def test_numbers_in_lists_tuples_and_arrays_go_through_no_python_code(what, call):
    args = DIRECT[what]
    f = called_before(lambda *args: sum((k + 1.5) * x * x for k, x in enumerate(flat(args))), *args)
    assert entered(getattr(f, call), *args) == []
    assert bits(getattr(f, call)(*args)) == bits(WAYS[call](f, *args))


def test_floats_and_ints_may_take_turns():
    f = called_before(lambda x, ys: x * ys[0] + ys[1], 1.0, [2.0, 3.0])
    for args in ((2, [3, 4]), (2.0, [3, 4.0]), (2, [3.0, 4])):
        assert entered(f, *args) == []
        assert bits(f(*args)) == bits(10.0)


@given(OPERATIONS, ROWS)
def test_results_are_the_same_to_the_last_bit(operations, rows):
    f = fastgrad.compile(function_of(operations))
    rows = [*rows, *rows, (math.nan, -0.0, math.inf)]
    for row in rows:
        for call, way in WAYS.items():
            assert outcome(getattr(f, call), *row) == outcome(way, f, *row)


@pytest.mark.parametrize("x", [0.0, -0.0, -1.0, math.nan, math.inf, 1e308, 5e-324])
def test_what_plain_code_would_raise_or_not_is_replayed_as_before(x):
    f = called_before(lambda x: fm.log(x) + fm.exp(x * 2.0) + 1.0 / x, 1.0)
    for call, way in WAYS.items():
        assert bits(getattr(f, call)(x)) == bits(way(f, x))


def test_a_function_of_no_arguments_is_direct_but_has_no_gradient():
    w = Value(2.0)
    f = called_before(lambda: w * 3.0)
    assert entered(f) == []
    w.data = 5.0
    assert f() == 15.0
    assert outcome(f.value_and_grad) == outcome(WAYS["value_and_grad"], f)
    with pytest.raises(ValueError, match="argnums"):
        f.value_and_grad()


def test_scalars_from_outside_are_read_afresh_and_decide():
    w = Value(2.0)
    f = called_before(lambda x: w * x if w > 0 else x - w, 3.0)
    for w.data in (5.0, 7.0, -1.0, 5.0):
        expected = (3.0 * w.data, w.data) if w.data > 0 else (3.0 - w.data, 1.0)
        assert f.value_and_grad(3.0) == expected
        assert f(3.0) == expected[0]
    assert w.grad == 0.0
    assert entered(f, 3.0) == []


# Results.

Point = collections.namedtuple("Point", "x y")
RESULTS = {
    "a number": lambda x: x * 2.0,
    "a constant": lambda x: 3.0,
    "a list": lambda x: [x, x * 2.0],
    "a tuple": lambda x: (x, x * 2.0),
    "a dict": lambda x: {"b": x, "a": [x * 2.0], 3: ()},
    "lists in tuples": lambda x: ([x, (x, [])], [[x * 3.0], 1.0], x),
    "what is no number": lambda x: (x, None, "words", True, b"bytes"),
    "an array": lambda x: x * np.ones((2, 3)),
    "arrays in a dict": lambda x: {"one": [x, x * np.ones(2)], "two": (x * np.zeros((0, 2)),)},
    "a named tuple": lambda x: Point(x, [x * 2.0]),
    "a kind of dict": lambda x: collections.OrderedDict(a=x, b=x),
    "deep lists": lambda x: functools.reduce(lambda inner, _: [inner, 1.0], range(100), x),
}


@pytest.mark.parametrize("what", RESULTS)
def test_results_have_their_structure(what):
    f = called_before(RESULTS[what], 1.0)
    assert "_given" not in entered(f, 1.0)
    for x in (2.0, -0.0, math.nan):
        assert bits(f(x)) == bits(by_way_of_python(f, x))
    assert outcome(f.value_and_grad, 2.0) == outcome(WAYS["value_and_grad"], f, 2.0)


def test_results_are_new_each_time():
    f = called_before(lambda x: {"a": [x, 2.0], "b": [x * np.ones(2)]}, 1.0)
    first = f(1.0)
    first["a"].clear()
    first["b"][0][:] = 7.0
    second = f(1.0)
    assert (second["a"], second["b"][0].tolist()) == ([1.0, 2.0], [1.0, 1.0])
    g = called_before(lambda xs: xs[0] * xs[1], [1.0, 2.0])
    _, slopes = g.value_and_grad([3.0, 4.0])
    slopes.clear()
    assert g.value_and_grad([3.0, 4.0]) == (12.0, [4.0, 3.0])


# In turns.


def test_shapes_may_take_turns():
    f = fastgrad.compile(lambda *args: sum(flat(args)) * 2.0)
    shapes = [(1.0,), ([1.0],), ((1.0,),), (1, 2.0), ([1.0, 2],), (np.array([1.0, 2.0]),), ([[1.0], 2.0],)]
    for first, second in itertools.permutations(shapes, 2):
        for args in (first, second, second, first):
            assert f(*args) == sum(flat(args)) * 2.0
            value, slope = f.value_and_grad(*args)
            assert (value, set(flat(slope))) == (sum(flat(args)) * 2.0, {2.0})
            assert type(slope) is (float if type(args[0]) is int else type(args[0]))
    assert len(f.programs()) == len(shapes)


def choosing(x):
    if x > 1.0:
        return {"large": x * x}
    return [x + 1.0, -x] if x > 0.0 else -x


def test_branches_may_take_turns():
    f = fastgrad.compile(choosing)
    for x in [2.0, 0.5, -1.0, 2.0, -1.0, 0.5, 0.5, 3.0, 3.0, -2.0, -2.0, 1.0, 0.0] * 3:
        assert bits(f(x)) == bits(choosing(x))
    assert len(f.programs()) == 3
    f(2.0)
    assert [entered(f, x) == [] for x in (2.0, 3.0, -1.0, -2.0)] == [True, True, False, True]


def test_gradients_of_branches_may_take_turns():
    f = fastgrad.compile(lambda x: x * x if x > 0 else -x)
    for x in [1.0, -1.0, 2.0, 3.0, -3.0, -4.0, 5.0] * 5:
        assert f.value_and_grad(x) == ((x * x, 2.0 * x) if x > 0 else (-x, -1.0))
        assert f(x) == (x * x if x > 0 else -x)


def test_a_path_that_is_new_is_taken_from_then_on():
    f = called_before(lambda x: x * x if x > 0 else x + 1.0, 2.0)
    assert (len(f.programs()), entered(f, 3.0)) == (1, [])
    assert f(-3.0) == -2.0
    assert len(f.programs()) == 2
    assert entered(f, -4.0) == []
    assert (f(-4.0), f(4.0), f(5.0)) == (-3.0, 16.0, 25.0)
    assert len(f.programs()) == 2


def test_a_batch_before_decides_which_path_is_tried_first_and_no_more():
    f = fastgrad.compile(lambda x: x * x if x > 0 else -x)
    for rows in ([1.0, 2.0], [-1.0, -2.0], [1.0, -2.0], [3.0]):
        f.batch(np.array(rows))
        assert [f(3.0), f(-3.0), f(-3.0), f(3.0)] == [9.0, 3.0, 3.0, 9.0]


# Looking again.


def test_a_call_counts_once_whichever_way_it_goes():
    def recording_calls(by_python):
        """At which of many calls the function is recorded, some of which begin directly and give way."""
        noted, k = [], 0

        @fastgrad.compile
        def f(x):
            noted.append(k)
            return x * x if x > 0 else -x

        for k in range(40):
            x, way = [1.0, 2.0, -1.0][k % 3], "value_and_grad" if k % 4 else "__call__"
            WAYS[way](f, x) if by_python else getattr(f, way)(x)
        return noted

    assert recording_calls(False) == recording_calls(True)


def test_a_call_to_compare_at_is_not_direct():
    f = called_before(lambda x: x * 2.0, 1.0)
    assert [k for k in range(5, 70) if entered(f, 1.0)] == [8, 16, 32, 64]


RATE = 2.0


def test_a_variable_that_changes_is_noticed_at_the_next_call(monkeypatch):
    f = called_before(lambda x: x * RATE, 1.0)
    assert entered(f, 1.0) == []
    monkeypatch.setitem(globals(), "RATE", 3.0)
    for call in WAYS:
        with pytest.raises(fastgrad.TraceError, match="exchanged since, as RATE"):
            getattr(f, call)(1.0)
    monkeypatch.undo()
    with pytest.raises(fastgrad.TraceError, match="exchanged since, as RATE"):
        f(1.0)


def test_what_was_called_directly_is_recorded_through_all_the_same():
    w = Value(3.0)
    inner = called_before(lambda x: w * x, 2.0)
    outer = fastgrad.compile(lambda x: inner(2.0) * x + inner(x))
    assert outer.value_and_grad(5.0) == (45.0, 9.0)
    w.data = 4.0
    assert outer.value_and_grad(5.0) == (60.0, 12.0)
    with pytest.raises(fastgrad.TraceError, match="not its gradients, batches and sums|plain numbers"):
        fastgrad.compile(lambda x: inner.value_and_grad(2.0)[0] * x)(1.0)


# Code of others that runs in the middle.


class Key:
    """A key of a dict that calls whenever it is hashed."""

    def __init__(self):
        self.call = lambda: None

    def __hash__(self):
        self.call()
        return 7


def test_a_call_in_the_middle_of_one_has_numbers_of_its_own():
    key, inside = Key(), []
    f = called_before(lambda x: {"a": x, key: [x * 2.0, x], "b": x * 3.0}, 1.0)

    def call():
        key.call = lambda: None
        inside.append(f(5.0)["b"])

    key.call = call
    found = f(2.0)
    assert (found["a"], found[key], found["b"], inside) == (2.0, [4.0, 2.0], 6.0, [15.0])


def test_an_error_in_the_middle_comes_out_and_the_next_call_is_direct():
    key = Key()
    f = called_before(lambda x: {"a": x, key: x}, 1.0)

    def fail():
        raise LookupError("no hash")

    key.call = fail
    for _ in range(2):
        with pytest.raises(LookupError, match="no hash"):
            f(2.0)
    key.call = lambda: None
    assert "_given" not in entered(f, 2.0)
    assert list(f(2.0).values()) == [2.0, 2.0]


def test_finalizers_may_call_and_change_lists_meanwhile():
    xs, calls = [1.0] * 50, []
    f = called_before(lambda xs: [[x * 2.0, x] for x in xs], xs)

    def interfere(phase, info):
        if phase == "start" and len(calls) < 1000:
            calls.append([pair[0] for pair in f([3.0] * 50)])
            xs[:] = [float(len(calls))] * 50

    threshold = gc.get_threshold()
    gc.callbacks.append(interfere)
    try:
        gc.set_threshold(1)
        for _ in range(100):
            found = f(xs)
            assert len({pair[1] for pair in found}) == 1
            assert all(pair[0] == 2.0 * pair[1] for pair in found)
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(interfere)
    assert calls
    assert all(inside == [6.0] * 50 for inside in calls)


def test_threads_that_call_at_once_have_their_own_numbers():
    f = called_before(lambda x: {"x": x, "powers": [[x * x], (x, x * 3.0)]}, 1.0)
    g = called_before(lambda x, ys: x * ys[0] * ys[1] if x > 50.0 else x + ys[0], 1.0, [2.0, 3.0])
    failures, interval, barrier = [], sys.getswitchinterval(), threading.Barrier(3)

    def work(x):
        barrier.wait()
        try:
            for k in range(3000):
                y = x + k % 100
                assert f(y) == {"x": y, "powers": [[y * y], (y, y * 3.0)]}
                value, slope = g.value_and_grad(y, [2.0, 4.0])
                assert (value, slope) == ((8.0 * y, 8.0) if y > 50.0 else (y + 2.0, 1.0))
        except BaseException as error:
            failures.append(error)

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(100.0 * k,)) for k in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not failures


# What it is to Python.


class Line:
    def __init__(self, slope):
        self.slope = Value(slope)

    @fastgrad.compile
    def at(self, x):
        return self.slope * x


def test_methods_of_instances_are_direct_on_their_own():
    lines = [Line(2.0), Line(3.0)]
    for x in range(10):
        assert [line.at(x) for line in lines] == [2.0 * x, 3.0 * x]
    first, second = lines[0].at, lines[1].at
    assert (entered(first, 1.0), entered(second, 1.0), first(2.0), second(2.0)) == ([], [], 4.0, 6.0)


def square(x):
    return x * x


def test_a_pickled_function_replays_directly():
    f = called_before(square, 1.0)
    there = pickle.loads(pickle.dumps(f))
    assert [there(3.0) for _ in range(4)] == [9.0] * 4
    assert entered(there, 3.0) == []
    gradient = pickle.loads(pickle.dumps(f.value_and_grad))
    assert gradient(3.0) == (9.0, 6.0)
    assert pickle.loads(pickle.dumps(Compiled.value_and_grad)) is Compiled.value_and_grad


def test_methods_show_their_signatures_and_words():
    f = fastgrad.compile(square)
    signature = "(*args: 'Any', argnums: '_Places' = 0, **kwargs: 'Any') -> 'tuple[float, Any]'"
    assert str(inspect.signature(f.value_and_grad)) == signature
    assert str(inspect.signature(Compiled.value_and_grad)) == signature.replace("(", "(self, ", 1)
    assert str(inspect.signature(Compiled.__call__)) == "(self, *args: 'Any', **kwargs: 'Any') -> 'Any'"
    assert str(inspect.signature(f)) == "(x)"
    assert inspect.getdoc(f.value_and_grad).startswith("Return the function's value and its gradient")
    assert "def value_and_grad" in inspect.getsource(Compiled.value_and_grad)
    assert (f.value_and_grad.__name__, f.value_and_grad.__module__) == ("value_and_grad", "fastgrad.compiled.function")
    assert inspect.ismethod(f.value_and_grad)
    assert repr(f.value_and_grad) == "<bound method Compiled.value_and_grad of <compiled square: 0 paths>>"

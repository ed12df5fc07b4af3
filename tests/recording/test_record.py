"""Recordings: what they capture, their guards, what is refused, and their programs as text."""

import inspect
import math
import pickle
import threading

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, losses, nn, optim
from fastgrad import math as fm
from fastgrad._recording.record import Recording
from fastgrad._tape.observer import TraceError, recording_active
from support.graphs import HALF, live_nodes
from support.recorded import Recorded, interpreted, truths

# Captured scalars.


def test_scalars_from_outside_are_captured_and_read_afresh():
    w, square = Value(2.0), Value(3.0) * Value(3.0)
    recorded = Recorded(lambda x: x[0] * w + square, 5.0)
    assert recorded.captured == [w, square]
    assert recorded(5.0) == [19.0]
    w.data = 10.0
    assert recorded(5.0) == [59.0]


def test_a_captured_scalar_is_captured_once_and_in_order_of_use():
    a, b, c = Value(2.0), Value(3.0), Value(4.0)
    assert Recorded(lambda x: c * x[0] + a * x[0] + c, 5.0).captured == [c, a]
    assert Recorded(lambda x: [b, x[0]], 5.0).captured == [b]


def test_a_number_of_a_batch_from_outside_is_captured():
    batch = nn.Layer(2, 3, rng=1)([[1.0, 2.0], [3.0, 4.0]])
    recorded = Recorded(lambda x: x[0] * batch[1, 2], 5.0)
    assert recorded(2.0) == [2.0 * batch.data[1, 2]]


def test_scalars_made_inside_are_constants():
    recorded = Recorded(lambda x: x[0] * Value(3.0) + Value(0.5), 5.0)
    assert recorded.captured == []
    assert recorded(2.0) == [6.5]


# Guards.


def test_a_branch_becomes_a_guard_with_its_outcome():
    recorded = Recorded(lambda x: x[0] * 2.0 if x[0] > x[1] else x[1], 1.0, 2.0)
    assert recorded.guards == [(0.0, False)]
    assert recorded.arrays[6][:, 1].tolist() == [0]
    recorded(1.0, 2.0)
    assert recorded.truths == [False]
    recorded(3.0, 2.0)
    assert recorded.truths == [True]


def test_a_loop_asks_once_a_turn():
    def halved(x):
        y = x[0]
        while y > 1.0:
            y = y * 0.5
        return y

    assert truths(halved, 5.0) == [True, True, True, False]


def test_the_truth_of_a_scalar_itself_is_a_guard():
    assert truths(lambda x: x[0] if x[0] else x[1], 0.0, 1.0) == [False]


def test_max_min_and_sorted_of_python_are_guards():
    assert truths(lambda x: max(x), 1.0, 3.0, 2.0) == [True, False]
    assert truths(lambda x: min(x), 1.0, 3.0, 2.0) == [False, False]
    assert len(truths(lambda x: sorted(x), 1.0, 3.0, 2.0)) >= 2


def test_operations_with_branches_inside_are_no_guards():
    assert truths(lambda x: fm.max(fm.where(x[0] > 0.0, x[0], 1.0), abs(x[1]), fm.clip(x[0], 0.0, 1.0)), 1.0, 2.0) == []


def test_the_truth_of_captured_scalars_is_a_guard_and_that_of_constants_is_none():
    w = Value(2.0)
    recorded = Recorded(lambda x: x[0] if w > 1.0 and w else x[1], 1.0, 2.0)
    assert recorded.guards == [(1.0, True), (2.0, True)]
    w.data = 0.5
    recorded(1.0, 2.0)
    assert recorded.truths == [False, True]
    assert truths(lambda x: x[0] if Value(2.0) > 1.0 else x[1], 1.0, 2.0) == []


def test_equality_with_a_number_is_a_guard():
    recorded = Recorded(lambda x: x[0] if x[0] == 3.0 else x[1], 3.0, 7.0)
    assert recorded.results[0].data == 3.0
    recorded(4.0, 7.0)
    assert recorded.truths != [truth for _, truth in recorded.guards]
    assert Recorded(lambda x: x[0] if x[0] != 3.0 else x[1], 3.0, 7.0).results[0].data == 7.0
    assert Recorded(lambda x: x[0] if x[0] == 4 else x[1], 3.0, 7.0).results[0].data == 7.0


def test_equality_of_scalars_is_a_guard():
    for at, equal in [((2.0, 2.0), True), ((2.0, 3.0), False), ((math.inf, math.inf), True), ((math.nan, 1.0), False)]:
        recorded = Recorded(lambda x: [1.0 if x[0] == x[1] else 0.0, 1.0 if x[0] != x[1] else 0.0], *at)
        assert recorded(*at) == [float(equal), float(not equal)]
        assert recorded.truths == [equal, equal]
    assert Recorded(lambda x: 1.0 if x[0] == math.inf else 0.0, math.inf)(math.inf) == [1.0]


def test_equality_goes_by_identity_outside_recordings_and_for_other_things():
    x, w = Value(2.0), Value(2.0)
    assert x != 2.0
    assert truths(lambda x: 1.0 if w == 2.0 or w != w or x[0] == "2" or x[0] is None else 0.0, 2.0) == []
    assert x != w


def test_guards_are_of_this_thread_only():
    with Recording([Value(1.0)]) as recording:
        thread = threading.Thread(target=lambda: [bool(Value(2.0)), Value(3.0).data, float(bool(Value(1.0) > 0.0))])
        thread.start()
        thread.join()
    assert recording.guards == []


def test_two_threads_record_at_once():
    barrier, found = threading.Barrier(2), {}

    def record(number):
        x = Value(number)
        barrier.wait()
        with Recording([x]) as recording:
            barrier.wait()
            y = x * 2.0 if x > 1.5 else x * 3.0
            barrier.wait()
        found[number] = interpreted(recording.arrays([y])[0], [10.0])

    threads = [threading.Thread(target=record, args=(number,)) for number in (1.0, 2.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {1.0: ([30.0], [True]), 2.0: ([20.0], [True])}


# What is refused.

LAYER = nn.Layer(1, 2, rng=1)

REFUSED = {
    ".data": lambda x: x[0].data,
    "data of a result": lambda x: (x[0] * 2.0).data,
    ".grad": lambda x: x[0].grad,
    "float()": lambda x: float(x[0]),
    "int()": lambda x: int(x[0]),
    "round()": lambda x: round(x[0]),
    "floor()": lambda x: math.floor(x[0]),
    "ceil()": lambda x: math.ceil(x[0]),
    "trunc()": lambda x: math.trunc(x[0]),
    "isfinite": lambda x: fm.isfinite(x[0]),
    "exp": lambda x: math.exp(x[0]),
    "backward()": lambda x: (x[0] * 2.0).backward(),
    "forward()": lambda x: (x[0] * 2.0).forward(),
    "zero_grad()": lambda x: (x[0] * 2.0).zero_grad(),
    "_backward()": lambda x: (x[0] * 2.0)._backward(),
    "setting .data": lambda x: setattr(x[0], "data", 2.0),
    "setting .grad": lambda x: setattr(x[0], "grad", 2.0),
    "no_grad()": lambda x: fastgrad.no_grad().__enter__(),
    "pickling": lambda x: pickle.dumps(x[0]),
    "numpy": lambda x: np.array(x, dtype=float),
    "values()": lambda x: fastgrad.values(x),
    "flat parameters": lambda x: LAYER.flat,
    "an optimizer's step": lambda x: optim.SGD(x).step(),
    "a batch's data": lambda x: LAYER([[x[0]], [1.0]]).data,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_bake_a_number_in_is_refused_with_the_line(name):
    function = REFUSED[name]
    line = inspect.getsourcelines(function)[1]
    with pytest.raises((TraceError, ValueError)) as caught:
        Recorded(function, 2.0)
    assert f"{__file__}, line {line}: " in str(caught.value) + str(caught.value.__cause__)
    assert not recording_active()


def test_the_message_says_what_to_do():
    with pytest.raises(TraceError, match=r"\.data of a number that depends on its arguments .* where\(\) for a choice"):
        Recorded(lambda x: x[0].data, 2.0)


def test_a_captured_scalar_cannot_be_read_off_either():
    w = Value(2.0)
    with pytest.raises(TraceError, match=r"\.data of a number that comes from outside and may change"):
        Recorded(lambda x: x[0] * w.data, 2.0)


def test_a_constant_made_inside_may_be_read_off():
    assert Recorded(lambda x: x[0] * (Value(2.0) * 3.0).data, 2.0)(2.0) == [12.0]


def test_numbers_print_while_recording():
    Recorded(lambda x: [x[0], print(x[0], f"{x[0]:.2f}", repr(x[0]))][0], 2.0)


def marked(x):
    y = x[0] * 2.0
    y._backward = lambda: None
    return y


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda x: Value(4.0, (x[0],), (2.0,)), "made from outside"),
        (lambda x: Value(4.0, (x[0],), "cube"), "cube"),
    ],
)
def test_operations_only_python_knows_are_refused_by_name(function, name):
    with pytest.raises(TraceError, match=name):
        Recorded(function, 2.0)


def test_a_callback_is_refused():
    with pytest.raises(TraceError, match="Python function"):
        Recorded(marked, 2.0)


def test_what_is_not_needed_may_be_anything():
    assert Recorded(lambda x: [x[0] * 2.0, HALF(x[0])][:1], 2.0)(3.0) == [6.0]


def test_a_batch_from_outside_is_refused_as_a_whole():
    batch = nn.Layer(2, 3, rng=1)([[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(TraceError, match="batch from outside"):
        Recorded(lambda x: losses.mse(batch, np.zeros((2, 3))) * x[0], 2.0)


def test_an_input_must_be_a_leaf():
    with pytest.raises(ValueError, match="leaf"), Recording([Value(1.0) * 2.0]):
        pass
    assert not recording_active()


# The life of a recording.


def test_recordings_do_not_nest_and_are_made_once():
    recording = Recording([Value(1.0)])
    with recording:
        assert recording_active()
        with pytest.raises(RuntimeError, match="already"), Recording([]):
            pass
        assert recording_active()
    assert not recording_active()
    with pytest.raises(RuntimeError, match="twice"), recording:
        pass
    recording.arrays([])
    with pytest.raises(RuntimeError, match="once"):
        recording.arrays([])


def test_an_output_must_be_a_number():
    with pytest.raises(TypeError, match="output must be a scalar"):
        Recorded(lambda x: [LAYER([[x[0]], [1.0]])], 2.0)


def test_a_result_from_after_the_recording_is_refused():
    with Recording([Value(1.0)]) as recording:
        pass
    with pytest.raises(ValueError, match="after the recording"):
        recording.arrays([Value(1.0) * 2.0])


def test_a_recording_under_no_grad_records():
    with fastgrad.no_grad():
        recorded = Recorded(lambda x: x[0] * 2.0, 3.0)
        assert (Value(1.0) * 2.0).prev == []
    assert recorded(4.0) == [8.0]
    assert (Value(1.0) * 2.0).prev != []


def test_an_error_in_the_function_ends_the_recording():
    before = live_nodes()
    with pytest.raises(ZeroDivisionError):
        Recorded(lambda x: x[0] / 0.0, 3.0)
    assert not recording_active()
    assert live_nodes() <= before + 2
    assert truths(lambda x: x[0] if x[0] > 0.0 else 1.0, 3.0) == [True]


def test_nodes_are_let_go_of_after_recordings():
    before = live_nodes()
    for _ in range(20):
        Recorded(lambda x: sum((x[0] * k for k in range(1000)), x[1]), 2.0, 3.0)
    with Recording([Value(1.0)]):
        pass
    assert live_nodes() <= before + 5


# Text.


def test_a_program_as_text():
    w = Value(2.0)
    recorded = Recorded(lambda x: x[0].tanh() * w + 3.0 if x[0] > x[1] else x[1], 2.0, 1.0)
    assert recorded.text.splitlines() == [
        "v0, v1: inputs",
        "u0 = 2.0",
        "u1 = 3.0",
        "v4 = v0 > v1",
        "v5 = tanh(v0)",
        "v6 = u1 + dot(v5*u0)",
        "guard v4 != 0",
        "return v6",
    ]


def test_every_kind_of_step_has_its_text():
    def function(x):
        sums = [fastgrad.sum(x), x[0] * x[1] + x[2] * 2.0]
        return [fm.where(x[0], x[1], x[2]), fm.max(*x).detach(), x[0] / x[1], *sums]

    lines = Recorded(function, 1.0, 2.0, 3.0).text
    for line in ("where(v0, v1, v2)", "max(v0, v1)", "stop(v", "sum(v0, v1, v2)", "v0 / v1", "= dot(v0*v1, v2*u0)"):
        assert line in lines


def test_a_recording_ends_without_memory():
    testcapi = pytest.importorskip("_testcapi")
    for first in range(4):
        recording = Recording([fastgrad.Value(1.0)])
        recording.__enter__()
        testcapi.set_nomemory(first, first + 1)
        try:
            recording.__exit__(None, None, None)
        finally:
            testcapi.remove_mem_hooks()
        assert not recording_active()

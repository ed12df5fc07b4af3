"""What a differentiated function reads from outside: when it is another, the function is recorded anew."""

import numpy as np
import pytest

import fastgrad
from fastgrad import Value

GLOBAL = 2.0


class Holder:
    def __init__(self, **attributes):
        vars(self).update(attributes)


def reads(place):
    """A function that multiplies its argument by what stands in a place, and one that puts another number there."""
    if place == "a list":
        data = [1.0, [2.0, 5.0]]
        return lambda x: data[1][0] * x, lambda number: data[1].__setitem__(0, number)
    if place == "an array":
        array = np.array([2.0, 5.0])
        return lambda x: array[0] * x, lambda number: array.__setitem__(0, number)
    if place == "a dict":
        named = {"w": 2.0}
        return lambda x: named["w"] * x, lambda number: named.update(w=number)
    if place == "an attribute of an attribute":
        holder = Holder(inner=Holder(w=2.0))
        return lambda x: holder.inner.w * x, lambda number: setattr(holder.inner, "w", number)
    if place == "a variable of a function that it calls":
        w = 2.0

        def inner(x):
            return w * x

        def put(number):
            nonlocal w
            w = number

        return lambda x: inner(x), put
    if place == "an attribute of its instance":
        holder = type("Model", (Holder,), {"call": lambda self, x: self.w * x})(w=2.0)
        return holder.call, lambda number: setattr(holder, "w", number)
    return lambda x: GLOBAL * x, lambda number: globals().update(GLOBAL=number)


PLACES = [
    "a list",
    "an array",
    "a dict",
    "an attribute of an attribute",
    "a variable of a function that it calls",
    "an attribute of its instance",
    "a global",
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("calls", [1, 2, 5])
def test_a_change_is_seen_at_the_next_call(place, calls):
    function, put = reads(place)
    put(2.0)
    slope = fastgrad.grad(function)
    for number in (2.0, 7.0, -1.0):
        put(number)
        assert [slope(1.0) for _ in range(calls)] == [number] * calls
    put(2.0)


def test_what_is_another_at_every_call_is_right_too():
    data = [0.0]
    slope, found = fastgrad.grad(lambda x: data[0] * x), []
    for k in range(40):
        data[0] = float(k)
        found.append(slope(1.0))
    assert found == list(map(float, range(40)))


def test_scalars_are_read_afresh_without_another_recording():
    w = Value(2.0)
    slope = fastgrad.grad(lambda x: w * x)
    assert [slope(1.0), slope(1.0)] == [2.0, 2.0]
    w.data = 5.0
    assert slope(1.0) == 5.0


def test_what_stays_is_recorded_once():
    runs = iter(range(1_000))
    data = {"xs": [1.0, 2.0], "array": np.ones(3)}

    def function(x):
        next(runs)
        return sum(x * number for number in data["xs"]) * data["array"][0]

    slope = fastgrad.grad(function)
    assert {slope(2.0) for _ in range(500)} == {3.0}
    assert next(runs) < 30


def test_a_structure_that_holds_itself_ends():
    data = [2.0]
    data.append(data)
    slope = fastgrad.grad(lambda x: data[0] * x)
    assert [slope(1.0) for _ in range(4)] == [2.0] * 4

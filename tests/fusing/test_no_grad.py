"""Loops with kernels within `no_grad`: what they make has no operands, and after it all is as it was."""

import threading

import pytest

import fastgrad
from fastgrad import Value, fuse


@fuse
def squares(x):
    return [v * v for v in x]


def test_results_are_leaves_within_it_and_have_operands_after_it():
    x = [Value(1.0), Value(3.0)]
    with fastgrad.no_grad():
        within = squares(x)
    after = squares(x)
    assert [y.data for y in within] == [y.data for y in after] == [1.0, 9.0]
    assert [y.prev for y in within] == [[], []]
    assert [y.prev for y in after] == [[v, v] for v in x]


def test_leaves_from_within_are_numbers_of_a_loop_after_it():
    x = [Value(1.0), Value(3.0)]
    with fastgrad.no_grad():
        within = squares(x)
    after = squares(within)
    after[1].backward()
    assert (after[1].data, within[1].grad, x[1].grad) == (81.0, 18.0, 0.0)


def test_it_is_left_by_an_error_in_a_loop():
    @fuse
    def inverses(x):
        with fastgrad.no_grad():
            return [1.0 / v for v in x]

    with pytest.raises(ZeroDivisionError):
        inverses([Value(1.0), Value(0.0)])
    assert squares([Value(2.0)])[0].prev != []


def test_the_rest_of_a_loop_that_gives_way_is_within_it_where_it_begins():
    @fuse
    def mixed(x, out):
        for i, v in enumerate(x):
            out[i] = v * 2
        return out

    x = [Value(1.0), "a", Value(3.0)]
    with fastgrad.no_grad():
        first, text, last = mixed(x, [0.0] * 3)
    assert (first.data, text, last.data, first.prev, last.prev) == (2.0, "aa", 6.0, [], [])
    first, text, last = mixed(x, [0.0] * 3)
    assert (first.prev, last.prev) == ([x[0]], [x[2]])


def test_another_thread_that_is_within_it_does_not_matter():
    entered, done = threading.Event(), threading.Event()

    def work():
        with fastgrad.no_grad():
            entered.set()
            done.wait(60.0)

    thread = threading.Thread(target=work)
    thread.start()
    assert entered.wait(60.0)
    try:
        x = [Value(1.0), Value(3.0)]
        assert [y.prev for y in squares(x)] == [[v, v] for v in x]
    finally:
        done.set()
        thread.join()

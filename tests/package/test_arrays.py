"""`values`, `grads` and `set_values`: numbers in and out of scalars in any nesting."""

import re

import numpy as np
import pytest

import fastgrad


def test_values_and_grads_of_any_nesting(number):
    x, y = number(1.0), number(2.0)
    (x * y).backward()
    for nesting in ([[x, y], [3.0, x]], ((x, y), (3, x)), np.array([[x, y], [3.0, x]]), [np.array([x, y]), [3.0, x]]):
        for function, expected in (
            (fastgrad.values, [[1.0, 2.0], [3.0, 1.0]]),
            (fastgrad.grads, [[2.0, 1.0], [0.0, 2.0]]),
        ):
            array = function(nesting)
            assert array.dtype == np.float64
            assert array.tolist() == expected
    assert fastgrad.values(x).shape == ()
    assert float(fastgrad.values(x)) == 1.0
    assert fastgrad.values([[[x]]]).shape == (1, 1, 1)
    assert fastgrad.values([]).shape == (0,)


def test_values_are_a_copy(number):
    x = number(1.0)
    array = fastgrad.values([x])
    array[0] = 9.0
    assert x.data == 1.0


def test_set_values(number):
    xs = [[number(0.0), number(0.0)], [number(0.0), number(0.0)]]
    result = xs[0][0] * 2.0
    fastgrad.set_values(xs, np.arange(4.0).reshape(2, 2))
    assert fastgrad.values(xs).tolist() == [[0.0, 1.0], [2.0, 3.0]]
    fastgrad.set_values(xs, [[5, 6], [7, 8]])
    assert fastgrad.values(xs).tolist() == [[5.0, 6.0], [7.0, 8.0]]
    fastgrad.set_values(xs[0][0], 1.5)
    result.forward()
    assert result.data == 3.0


def test_set_values_writes_all_or_nothing(number):
    xs = [number(0.0), number(0.0)]
    with pytest.raises(ValueError, match=r"\(2,\), not \(3,\)"):
        fastgrad.set_values(xs, [1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match="not to 4.0 of type float"):
        fastgrad.set_values([*xs, 4.0], [1.0, 2.0, 3.0])
    assert fastgrad.values(xs).tolist() == [0.0, 0.0]


def test_what_is_no_number_has_no_value(number):
    for wrong in ("x", "3", None, 1j):
        with pytest.raises(TypeError, match=re.escape(f"{wrong!r} of type {type(wrong).__name__}")):
            fastgrad.values([number(1.0), wrong])


def test_what_is_no_number_is_not_written(number):
    x = number(1.0)
    for wrong in ("3", None, 1j):
        with pytest.raises(TypeError):
            fastgrad.set_values([x], [wrong])
        assert x.data == 1.0

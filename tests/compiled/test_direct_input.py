"""Arguments for which a call is not direct: they go the other way, with the results and errors that it has."""

import fractions

import numpy as np
import pytest

import fastgrad
from fastgrad import Value
from fastgrad.compiled import Compiled
from support.direct_calls import WAYS, bits, called_before, entered, flat, outcome

ARRAY = np.arange(6.0).reshape(2, 3)


class FloatLike:
    def __float__(self):
        return 2.0


class Real(float):
    def __float__(self):
        return 7.0


class Whole(int):
    pass


class Listed(list):
    pass


class Rows(np.ndarray):
    pass


def holding_itself():
    found = [1.0]
    found.append(found)
    return found


OTHERS = {
    "a number": lambda: 7,
    "a list": lambda: [5, 6.0],
    "a bool": lambda: True,
    "None": lambda: None,
    "words": lambda: "1.0",
    "a float of numpy": lambda: np.float64(2.0),
    "a subclass of float": lambda: Real(2.0),
    "a subclass of int": lambda: Whole(2),
    "a fraction": lambda: fractions.Fraction(1, 3),
    "what has __float__": FloatLike,
    "a complex number": lambda: 1j,
    "an int beyond the floats": lambda: 10**400,
    "a scalar": lambda: Value(2.0),
    "another length": lambda: [1.0],
    "nothing": list,
    "a tuple": lambda: (1.0, 2.0),
    "a subclass of list": lambda: Listed([1.0, 2.0]),
    "a list with a bool": lambda: [1.0, True],
    "a list with an int beyond the floats": lambda: [1.0, -(10**400)],
    "a list with a list": lambda: [1.0, [2.0]],
    "a list that holds itself": holding_itself,
    "a list with an array without dimensions": lambda: [np.array(1.0), 2.0],
    "an array": lambda: np.array([1.0, 2.0]),
    "an array of ints": lambda: np.array([1, 2]),
    "an array of objects": lambda: np.array([1.0, Value(2.0)]),
    "an array without dimensions": lambda: np.array(2.0),
    "a dict": lambda: {"a": 1.0},
    "a set": lambda: {1.0},
}
BEFORE = {
    "a number": 1.0,
    "a list": [1.0, 2.0],
    "a tuple": (3.0, 4.0),
    "an array": np.array([3.0, 4.0]),
    "a list of arrays without dimensions": [np.array(3.0), np.array(4.0)],
}


@pytest.mark.parametrize("call", WAYS)
@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("other", OTHERS)
def test_other_arguments_go_another_way_with_the_same_results_and_errors(other, before, call):
    def function(x, y):
        return sum(flat(list(x.values()) if isinstance(x, dict) else x)) * y

    # One that was called, so that the next call might be direct, and one that comes by way of Python code always.
    f, plain = called_before(function, BEFORE[before], 2.0), called_before(function, BEFORE[before], 2.0)
    assert outcome(getattr(f, call), OTHERS[other](), 2.0) == outcome(WAYS[call], plain, OTHERS[other](), 2.0)
    assert repr(f) == repr(plain)
    assert bits(getattr(f, call)(BEFORE[before], 3.0)) == bits(WAYS[call](plain, BEFORE[before], 3.0))


ARRAYS = {
    "the other order": lambda: np.asfortranarray(ARRAY),
    "float32": lambda: ARRAY.astype(np.float32),
    "big-endian": lambda: ARRAY.astype(">f8"),
    "ints": lambda: ARRAY.astype(int),
    "every other row": lambda: np.repeat(ARRAY, 2, axis=0)[::2],
    "a subclass": lambda: ARRAY.view(Rows),
    "another shape": lambda: ARRAY.reshape(3, 2),
    "fewer dimensions": lambda: ARRAY.reshape(6),
    "objects": lambda: ARRAY.astype(object),
}


@pytest.mark.parametrize("what", ARRAYS)
def test_other_arrays_go_another_way(what):
    f = called_before(lambda X: (X * X * np.arange(X.size).reshape(X.shape)).sum(), ARRAY)
    assert "_given" in entered(f, ARRAYS[what]())
    f(ARRAY)
    assert "_given" in entered(f.value_and_grad, ARRAYS[what]())
    assert f(ARRAYS[what]()) == 225.0


def test_arrays_that_may_not_be_written_to_are_read_all_the_same():
    array = ARRAY.copy()
    array.flags.writeable = False
    f = called_before(lambda X: X.sum(), ARRAY)
    assert entered(f, array) == []
    assert f(array) == 15.0


@pytest.mark.parametrize("count", [0, 2])
def test_other_numbers_of_arguments_are_the_functions_own_error(count):
    f = called_before(lambda x: x * 2.0, 1.0)
    for call in WAYS:
        with pytest.raises(TypeError, match="positional argument"):
            getattr(f, call)(*[1.0] * count)
    assert f(2.0) == 4.0


def test_options_and_keywords_go_another_way():
    f = called_before(lambda x, y=3.0: x * y, 2.0, 5.0)
    assert f(2.0, y=4.0) == 8.0
    assert f(2.0) == 6.0
    assert f.value_and_grad(2.0, 5.0, argnums=1) == (10.0, 2.0)
    assert f.value_and_grad(2.0, 5.0, argnums=(1, 0)) == (10.0, (2.0, 5.0))
    assert f.value_and_grad(2.0, y=5.0) == (10.0, 5.0)
    assert f.value_and_grad(2.0, 5.0) == (10.0, 5.0)
    assert Compiled.value_and_grad(*(f, 2.0), **{"y": 5.0}) == (10.0, 5.0)


def test_words_by_name_are_part_of_the_call():
    f = fastgrad.compile(lambda x, how="plain": x if how == "plain" else x * x)
    for _ in range(5):
        assert f(3.0, how="square") == 9.0
    assert f(3.0) == 3.0
    assert f.value_and_grad(3.0) == (3.0, 1.0)
    assert f(3.0, how="square") == 9.0


def test_gradients_of_several_results_are_refused_as_before():
    f = called_before(lambda x: [x, x * x], 1.0)
    with pytest.raises(TypeError, match="must return one number for this, not several in a structure"):
        f.value_and_grad(1.0)
    assert f(3.0) == [3.0, 9.0]


def test_a_long_program_lets_other_threads_run():
    def long(x):
        for _ in range(40_000):
            x = x.sin()
        return x

    f = called_before(long, 1.0)
    assert "_given" in entered(f.value_and_grad, 1.0)

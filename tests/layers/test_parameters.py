"""Parameters: scalars and parts of runs, wherever they lie on the tape, as flat arrays."""

import gc
import math

import numpy as np
import pytest

import fastgrad
from fastgrad import Scalar, Value
from fastgrad._layers.leaves import Leaves
from fastgrad._layers.parameters import Parameters
from support.graphs import check_the_tape, live_nodes


class Mine(Value):
    pass


def several():
    """A single scalar, parts of two runs out of order, scalars of one of them, and a single one again."""
    first, run = Value(0.0), Leaves(Scalar, 6)
    Value(0.0)
    other, last = Leaves(Mine, 3), Mine(0.0)
    return Parameters([last, (run, 3, 6), run[1], run[2], (other, 0, 3), first, (run, 0, 1)])


def garbage():
    """Nodes between whatever lies around them, every third of them to stay."""
    return [Value(1.0) * 2.0 for _ in range(100)][::3]


# What there is.


def test_parameters_are_in_the_given_order():
    parameters = several()
    assert len(parameters) == 11
    assert [type(x) for x in parameters.scalars()] == [Mine] + [Scalar] * 5 + [Mine] * 3 + [Value] + [Scalar]
    for k, x in enumerate(parameters.scalars()):
        x.data, x.grad = float(k), -float(k)
    assert parameters.data.tolist() == list(range(11))
    assert parameters.grad.tolist() == [-float(k) for k in range(11)]


def test_scalars_are_the_very_ones():
    run, x = Leaves(Value, 3), Value(1.0)
    held = run[1]
    scalars = Parameters([x, (run, 0, 3)]).scalars()
    assert scalars[0] is x
    assert scalars[2] is held
    assert all(a is b for a, b in zip(scalars[1:], run))


def test_arrays_are_copies_of_doubles():
    parameters = Parameters([Value(1.0), Value(2.0)])
    for name in ("data", "grad"):
        array = getattr(parameters, name)
        assert (array.dtype, array.shape) == (np.float64, (2,))
        array[:] = 7.0
        assert getattr(parameters, name).tolist() != [7.0, 7.0]


def test_there_may_be_none():
    for parameters in (Parameters([]), Parameters([(Leaves(Value, 2), 1, 1)])):
        assert len(parameters) == 0
        assert parameters.data.shape == (0,)
        parameters.set_data([])
        parameters.zero_grad()
        assert parameters.scalars() == []


def test_an_iterator_will_do():
    assert len(Parameters(Value(0.0) for _ in range(5))) == 5


# Writing.


@pytest.mark.parametrize(
    "numbers",
    [
        np.arange(10.0)[::-1],
        list(range(10)),
        np.arange(10, dtype=np.int8),
        np.arange(10, dtype=np.float32),
        np.arange(20.0)[::2],
        [True] * 10,
        [math.nan, math.inf, -math.inf, -0.0, 5e-324, 1e308, 1.0, 2.0, 3.0, 4.0],
    ],
    ids=str,
)
def test_real_numbers_are_written(numbers):
    parameters = Parameters(several().stretches[1:])
    assert len(parameters) == 10
    parameters.set_data(numbers)
    parameters.set_grad(numbers)
    np.testing.assert_array_equal(parameters.data, np.asarray(numbers, dtype=float))
    np.testing.assert_array_equal(parameters.grad, np.asarray(numbers, dtype=float))
    np.testing.assert_array_equal(fastgrad.values(parameters.scalars()), np.asarray(numbers, dtype=float))


@pytest.mark.parametrize(
    ("numbers", "error", "complaint"),
    [
        ([1.0, 2.0], ValueError, r"must be an array of shape \(3,\), not \(2,\)"),
        (np.zeros((3, 1)), ValueError, r"must be an array of shape \(3,\), not \(3, 1\)"),
        (1.0, ValueError, r"must be an array of shape \(3,\), not \(\)"),
        ([], ValueError, r"must be an array of shape \(3,\), not \(0,\)"),
        (["1", "2", "3"], TypeError, r"must be an array of real numbers, not \['1', '2', '3'\] of type list"),
        ([1.0, 2.0, 3j], TypeError, "must be an array of real numbers"),
        ([1.0, 2.0, None], TypeError, "must be an array of real numbers"),
        ([1.0, 2.0, [3.0]], TypeError, "must be an array of real numbers"),
        ([Value(1.0)] * 3, TypeError, "must be an array of real numbers"),
        (None, TypeError, "must be an array of real numbers, not None of type NoneType"),
    ],
    ids=repr,
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(numbers, error, complaint):
    parameters = Parameters([Value(1.0), (Leaves(Value, 2), 0, 2)])
    parameters.set_grad([4.0, 5.0, 6.0])
    with pytest.raises(error, match=f"^data {complaint}"):
        parameters.set_data(numbers)
    with pytest.raises(error, match=f"^grad {complaint}"):
        parameters.set_grad(numbers)
    assert parameters.data.tolist() == [1.0, 0.0, 0.0]
    assert parameters.grad.tolist() == [4.0, 5.0, 6.0]


def test_zero_grad_is_for_the_parameters_alone():
    run, x = Leaves(Value, 3), Value(1.0)
    y = x * run[0]
    y.backward()
    run[1].grad = run[2].grad = 1.0
    Parameters([(run, 0, 2)]).zero_grad()
    assert [z.grad for z in (run[0], run[1], run[2], x, y)] == [0.0, 0.0, 1.0, 0.0, 1.0]
    assert run[0].data == 0.0


# The tape moves.


def test_parameters_stay_in_place_when_nodes_move():
    before = garbage()
    parameters = several()
    between = garbage()
    parameters.set_data(np.arange(11.0))
    parameters.set_grad(np.arange(11.0) + 0.5)
    del before[::2], between[1::2]
    for _ in range(3):
        more = garbage()
        fastgrad.collect()
        del more
    assert parameters.data.tolist() == np.arange(11.0).tolist()
    assert parameters.grad.tolist() == (np.arange(11.0) + 0.5).tolist()
    assert [x.data for x in parameters.scalars()] == np.arange(11.0).tolist()
    check_the_tape()


def test_neighbours_that_come_and_go_are_not_taken_for_parameters():
    """Leaves that lie side by side are one part inside; those in between, and those that close up later, are not."""
    scalars = [Value(float(k)) for k in range(30)]
    chosen = [x for k, x in enumerate(scalars) if k % 3]
    parameters = Parameters(chosen)
    expected = [x.data for x in chosen]
    rest = scalars[::3]
    parameters.set_grad([1.0] * 20)
    assert fastgrad.grads(rest).tolist() == [0.0] * 10
    del scalars, rest
    fastgrad.collect()
    assert parameters.data.tolist() == expected
    newcomers = [Value(7.0) for _ in range(10)]
    parameters.set_data(np.zeros(20))
    assert {x.data for x in newcomers} == {7.0}


def test_parameters_keep_what_they_stand_on_and_no_more():
    before = live_nodes()
    parameters = Parameters([Value(1.0), (Leaves(Value, 10), 2, 4)])
    assert live_nodes() == before + 1 + 11
    scalars = parameters.scalars()
    del parameters
    assert live_nodes() == before + 3
    del scalars
    assert live_nodes() == before


def test_a_collection_between_making_and_using_numpy_arrays():
    """numpy's own code runs between asking for a number's place and writing it: the place is asked for after it."""

    class Collecting:
        def __array__(self, dtype=None, copy=None):
            nodes.append(Value(1.0))
            kept.clear()
            fastgrad.collect()
            return np.array([1.0, 2.0])

    nodes, kept = [], garbage()
    parameters = Parameters([Value(0.0), Value(0.0)])
    parameters.set_data(Collecting())
    assert parameters.data.tolist() == [1.0, 2.0]


# Checks.


def test_what_is_no_stretch_is_refused():
    run, x = Leaves(Value, 3), Value(1.0)
    for bad in (1.0, run, (run, 1), (x, 0, 1), [run, 0, 1], "w", None):
        with pytest.raises(TypeError, match=r"a stretch is a scalar or \(leaves, start, stop\), not"):
            Parameters([x, bad])
    with pytest.raises(TypeError):
        Parameters([(run, 0, 1.5)])
    with pytest.raises(TypeError):
        Parameters(x)
    for start, stop in [(-1, 2), (0, 4), (2, 1), (0, 1 << 40)]:
        with pytest.raises(ValueError, match=rf"there are no parameters {start} to {stop} in <3 leaves"):
            Parameters([(run, start, stop)])


def test_a_run_that_was_not_initialized_has_no_parameters():
    with pytest.raises(ValueError, match="there are no parameters 0 to 1 in <no leaves>"):
        Parameters([(Leaves.__new__(Leaves), 0, 1)])
    assert Parameters([(Leaves.__new__(Leaves), 0, 0)]).scalars() == []


def test_the_same_parameter_twice_is_found_by_check():
    run = Leaves(Value, 5)
    several().check()
    Parameters([run[4], (run, 0, 2), run[3]]).check()
    for stretches in ([run[1], run[1]], [(run, 0, 3), run[2]], [(run, 2, 5), (run, 0, 3)], [run[0], (run, 0, 1)]):
        with pytest.raises(ValueError, match="more than once"):
            Parameters(stretches).check()


def test_parameters_are_those_they_were_made_of():
    x = Value(1.0)
    parameters = Parameters([x])
    parameters.__init__([x, x, x])
    assert parameters.scalars() == [x]
    with pytest.raises(TypeError):
        Parameters.__new__(Parameters)


# Copies.


def test_a_copy_has_parameters_of_its_own(copied):
    parameters = several()
    parameters.set_data(np.arange(11.0))
    twin = copied(parameters)
    assert twin.data.tolist() == np.arange(11.0).tolist()
    parameters.set_data(np.zeros(11))
    assert twin.data.tolist() == np.arange(11.0).tolist()
    assert [type(x) for x in twin.scalars()] == [type(x) for x in parameters.scalars()]


def test_a_copy_with_its_run_keeps_to_it(copied):
    run, x = Leaves(Value, 4), Value(5.0)
    runs_copy, xs_copy, twin = copied((run, x, Parameters([(run, 1, 3), x])))
    twin.set_data([1.0, 2.0, 3.0])
    assert [y.data for y in runs_copy] == [0.0, 1.0, 2.0, 0.0]
    assert xs_copy.data == 3.0


def test_parameters_in_a_cycle_are_freed():
    before = live_nodes()
    x = Value(1.0)
    x.parameters = Parameters([x])
    del x
    gc.collect()
    assert live_nodes() == before

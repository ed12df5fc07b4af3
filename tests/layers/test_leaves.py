"""Runs: leaves that lie together on the tape, held by one object."""

import copy
import gc
import pickle
import random

import pytest

import fastgrad
from fastgrad import Scalar, Value
from fastgrad._layers.dense import Dense
from fastgrad._layers.layer_input import apply
from fastgrad._layers.leaves import Leaves
from fastgrad._layers.parameters import Parameters
from support.graphs import check_the_tape, live_nodes
from support.marks import measures
from support.processes import run_python


class Mine(Scalar):
    def doubled(self):
        return self * 2.0


def filled(length, number=Value):
    """A run whose numbers are 0, 1, 2, ..."""
    run = Leaves(number, length)
    whole(run).set_data(range(length))
    return run


def whole(run):
    return Parameters([(run, 0, len(run))])


def numbers(run):
    """A run's data as the kernels see it: from the first leaf on, one beside the other."""
    return whole(run).data.tolist()


# The numbers of a run.


@pytest.mark.parametrize("kind", [Value, Scalar, Mine])
def test_a_run_has_leaves_of_its_type(kind):
    run = Leaves(kind, 4)
    assert (len(run), run.type) == (4, kind)
    for x in run:
        assert (type(x), x.data, x.grad, x.prev) == (kind, 0.0, 0.0, [])
    assert repr(run) == f"<4 leaves of type {kind.__name__}>"


def test_a_number_is_the_same_while_it_is_held():
    run = filled(5)
    x = run[3]
    assert x is run[3] is run[-2] is list(run)[3] is run[2:4][1]
    assert x is not run[2]


def test_a_number_let_go_comes_back_with_what_it_had():
    run = filled(5)
    run[3].data, run[3].grad = 7.5, -1.0
    gc.collect()
    assert (run[3].data, run[3].grad) == (7.5, -1.0)
    assert (run[2].data, run[4].data) == (2.0, 4.0)


@pytest.mark.parametrize("chosen", [slice(1, 4), slice(None, None, -2), slice(-2, None), slice(3, 1), slice(0, 99)])
def test_a_slice_is_a_list(chosen):
    run = filled(6)
    assert [x.data for x in run[chosen]] == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0][chosen]
    assert type(run[chosen]) is list


@pytest.mark.parametrize("index", [5, -6, 1 << 70])
def test_a_number_beyond_the_run_is_refused(index):
    with pytest.raises(IndexError):
        filled(5)[index]


@pytest.mark.parametrize("index", [1.0, "w", None, (1, 2)])
def test_a_place_is_a_whole_number(index):
    with pytest.raises(TypeError):
        filled(5)[index]


def test_gradients_reach_a_runs_numbers():
    run = filled(3)
    loss = run[0] * 2.0 + run[1] * run[2] + run[2]
    loss.backward()
    assert whole(run).grad.tolist() == [2.0, 2.0, 2.0]
    assert loss.data == 4.0


def test_numbers_keep_labels_and_attributes():
    run = filled(4)
    run[2].label = "w2"
    run[1].note = note = ["kept"]
    gc.collect()
    fastgrad.collect()
    assert [x.label for x in run] == ["", "", "w2", ""]
    assert run[1].note is note


@pytest.mark.parametrize(
    ("arguments", "error", "complaint"),
    [
        ((Value, 0), ValueError, "there are at least 1 and at most 2,147,483,647, not 0"),
        ((Value, -3), ValueError, "there are at least 1 and"),
        ((Value, 1 << 31), ValueError, "there are at least 1 and at most 2,147,483,647, not 2147483648"),
        ((Value, 1 << 70), ValueError, "there are at least 1 and"),
        ((Value, 2.5), TypeError, None),
        ((Value, "3"), TypeError, None),
        ((float, 3), TypeError, "leaves are of Value, Scalar or a subclass, not of <class 'float'>"),
        ((Value(1.0), 3), TypeError, "leaves are of Value, Scalar or a subclass, not of Value"),
        ((fastgrad.Node, 3), TypeError, "leaves are of Value, Scalar or a subclass, not of"),
        ((Value,), TypeError, None),
    ],
    ids=repr,
)
def test_what_makes_no_run_is_refused(arguments, error, complaint):
    before = live_nodes()
    with pytest.raises(error, match=complaint):
        Leaves(*arguments)
    assert live_nodes() == before


def test_a_run_cannot_be_made_again():
    run = filled(3)
    with pytest.raises(TypeError, match="leaves cannot be made again by __init__"):
        run.__init__(Value, 5)
    assert numbers(run) == [0.0, 1.0, 2.0]


def test_a_run_that_was_not_initialized_is_empty():
    blank = Leaves.__new__(Leaves)
    assert (len(blank), list(blank), repr(blank)) == (0, [], "<no leaves>")
    for use in (lambda: blank.type, lambda: copy.copy(blank), lambda: pickle.loads(pickle.dumps(blank))):
        with pytest.raises(TypeError):
            use()
    with pytest.raises(IndexError):
        blank[0]


# Memory.


def test_a_run_holds_its_leaves_and_lets_go_of_them():
    before = live_nodes()
    run = filled(100)
    assert live_nodes() == before + 101
    x = run[50]
    del run
    assert live_nodes() == before + 1
    assert x.data == 50.0
    del x
    assert live_nodes() == before


def test_what_stands_on_a_run_keeps_it():
    before = live_nodes()
    run = filled(4)
    y = apply([Dense(run, 1, 2, 1, "identity")], [10.0, 100.0])
    del run
    assert live_nodes() == before + 6
    assert y.data == 1.0 * 10.0 + 2.0 * 100.0 + 3.0
    y.forward()
    assert y.data == 213.0
    del y
    assert live_nodes() == before


def test_a_run_in_a_cycle_through_a_number_is_freed():
    before = live_nodes()
    run = filled(10)
    run[3].owner = run
    del run
    gc.collect()
    assert live_nodes() == before


@pytest.mark.parametrize("seed", range(5))
def test_a_run_stays_together_whatever_comes_and_goes_around_it(seed):
    chance = random.Random(seed)
    runs, held = {}, []
    for turn in range(60):
        held += [Value(-1.0) * 2.0 for _ in range(chance.randrange(20))]
        for _ in range(chance.randrange(2)):
            runs[turn] = Leaves(chance.choice([Value, Scalar, Mine]), chance.randrange(1, 40))
            whole(runs[turn]).set_data([turn + k / 64.0 for k in range(len(runs[turn]))])
        for run in list(runs.values()):
            held.append(run[chance.randrange(len(run))])
            held.append(run[chance.randrange(len(run))] * 3.0)
        chance.shuffle(held)
        del held[: chance.randrange(len(held) + 1)]
        if runs and chance.random() < 0.2:
            del runs[chance.choice(list(runs))]
        if chance.random() < 0.5:
            fastgrad.collect()
        for made, run in runs.items():
            assert numbers(run) == [made + k / 64.0 for k in range(len(run))]
            assert [x.data for x in run] == numbers(run)
    check_the_tape()


def test_a_run_longer_than_the_tape_was():
    held = [Value(float(k)) for k in range(10)]
    run = Leaves(Value, 200_000)
    assert numbers(run) == [0.0] * 200_000
    run[199_999].data = 3.0
    del held[::2]
    fastgrad.collect()
    assert (run[199_999].data, run[199_998].data) == (3.0, 0.0)
    assert [x.data for x in held] == [1.0, 3.0, 5.0, 7.0, 9.0]


@measures
def test_a_run_without_memory_is_refused_and_the_tape_goes_on():
    code = """
        import fastgrad
        from fastgrad._layers.leaves import Leaves
        run = Leaves(fastgrad.Value, 3)
        run[1].data = 7.0
        try:
            Leaves(fastgrad.Value, 500_000_000)
        except MemoryError:
            print([x.data for x in run], (run[1] * 2.0).data, len(Leaves(fastgrad.Value, 1000)))
    """
    assert run_python(code, limits={"RLIMIT_AS": 4_000_000 << 10}).stdout == "[0.0, 7.0, 0.0] 14.0 1000\n"


# Copies.


@pytest.mark.parametrize("kind", [Value, Scalar, Mine])
def test_a_copy_is_a_run_of_its_own(kind, copied):
    run = filled(5, kind)
    whole(run).set_grad([0.5] * 5)
    run[2].label = "w2"
    twin = copied(run)
    assert (len(twin), twin.type, numbers(twin)) == (5, kind, [0.0, 1.0, 2.0, 3.0, 4.0])
    assert whole(twin).grad.tolist() == [0.5] * 5
    assert [x.label for x in twin] == [x.label for x in run]
    whole(run).set_data([9.0] * 5)
    assert numbers(twin) == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_numbers_copied_after_their_run_are_the_copys(copied):
    run = filled(5)
    x = run[3]
    y = x * 2.0 + run[1]
    twin, x_twin, y_twin = copied((run, x, y))
    assert x_twin is twin[3]
    y_twin.backward()
    assert whole(twin).grad.tolist() == [0.0, 1.0, 0.0, 2.0, 0.0]
    assert whole(run).grad.tolist() == [0.0] * 5


def test_a_run_copied_after_one_of_its_numbers_is_refused(copied):
    """Its leaves would not lie together."""
    run = filled(5)
    with pytest.raises(ValueError, match="a parameter cannot be pickled or copied before its module"):
        copied((run[3], run))
    assert numbers(copied(run)) == numbers(run)


def test_a_number_is_copied_without_its_run(copied):
    before = live_nodes()
    run = filled(1000)
    twin = copied(run[7])
    del run
    assert (type(twin), twin.data) == (Value, 7.0)
    assert live_nodes() == before + 1


def test_what_holds_a_run_twice_has_one_in_the_copy(copied):
    run = filled(4)
    first, second, twin = copied((run, Dense(run, 0, 1, 2, "tanh"), [run]))
    assert first is second.leaves is twin[0]


def test_a_copied_run_stays_together(copied):
    held = [Value(1.0)]
    twin, other = copied((filled(50), filled(30)))
    del held
    fastgrad.collect()
    more = [Value(2.0) for _ in range(100)]
    fastgrad.collect()
    assert numbers(twin) == list(range(50))
    assert numbers(other) == list(range(30))
    assert len(more) == 100


def test_a_damaged_pickle_of_a_run_is_refused():
    from fastgrad._layers.leaves import restored

    with pytest.raises(ValueError, match="the pickled leaves are damaged: their node is another"):
        restored(Value(1.0))
    check_the_tape()

"""Compiled functions through pickle and copy: the recorded programs travel, the code does not."""

import contextlib
import copy
import pickle
import random

import numpy as np
import pytest

import fastgrad
from fastgrad import Value
from support.processes import run_python


class Model:
    def __init__(self, slope):
        self.slope = Value(slope)

    @fastgrad.compile
    def at(self, x):
        return self.slope * x


def choosing(w):
    return fastgrad.compile(lambda x, y: w * x + y if x > 0 else x * y)


X, Y = np.array([1.0, -2.0, 3.0]), np.array([4.0, 5.0, 6.0])


def loaded(compiled):
    return pickle.loads(pickle.dumps(compiled))


def test_known_paths_are_replayed():
    compiled = choosing(Value(2.0))
    expected = compiled.batch(X, Y).tolist()
    there = loaded(compiled)
    assert there.batch(X, Y).tolist() == expected
    assert (there(1.0, 4.0), there.value_and_grad(-2.0, 5.0)) == (6.0, (-10.0, 5.0))
    assert repr(there) == "<compiled <lambda>: 2 paths>"
    assert loaded(there).batch(X, Y).tolist() == expected
    assert there.text() == compiled.text()
    assert there.report() == compiled.report()


def test_scalars_from_outside_come_along():
    w = Value(2.0)
    compiled = choosing(w)
    compiled.batch(X, Y)
    there, w_there = pickle.loads(pickle.dumps((compiled, w)))
    w_there.data = 10.0
    total = there.sum(X, Y)
    total.backward()
    assert total.prev == [w_there]
    assert (total.data, w_there.grad, w.grad) == (14.0 - 10.0 + 36.0, 4.0, 0.0)


def test_rows_that_go_another_way_are_refused():
    compiled = choosing(Value(2.0))
    compiled(1.0, 1.0)
    there = loaded(compiled)
    message = "<lambda> was loaded from a pickle, which has its recorded programs and no code"
    assert there(3.0, 1.0) == 7.0
    for call in (
        lambda: there(-1.0, 1.0),
        lambda: there.batch(X, Y),
        lambda: there.sum(X, Y),
        lambda: there([1.0], 2.0),
        lambda: there.batch(np.ones((2, 2)), Y[:2]),
    ):
        with pytest.raises(RuntimeError, match=message):
            call()
    assert there.batch(X[:1], Y[:1]).tolist() == [6.0]


def test_another_process_replays_what_was_recorded_here(tmp_path):
    compiled = choosing(Value(2.0))
    expected = compiled.batch(X, Y).tolist()
    (tmp_path / "compiled").write_bytes(pickle.dumps(compiled))
    code = """
        import pickle, sys
        import numpy as np
        compiled = pickle.load(open(sys.argv[1], "rb"))
        print(compiled.batch(np.array([1.0, -2.0, 3.0]), np.array([4.0, 5.0, 6.0])).tolist())
    """
    assert run_python(code, tmp_path / "compiled").stdout.strip() == str(expected)


def test_structures_of_arguments_and_results_travel():
    compiled = fastgrad.compile(lambda p, x: {"y": p["w"][0] * x[1], "z": (x[0],)})
    given = {"w": [2.0, 1.0]}, np.array([3.0, 4.0])
    expected = compiled(*given)
    assert loaded(compiled)(*given) == expected == {"y": 8.0, "z": (3.0,)}


def test_a_copy_is_the_function_itself():
    compiled = choosing(Value(2.0))
    assert copy.deepcopy(compiled) is compiled


@pytest.mark.parametrize("copied", [copy.deepcopy, loaded])
def test_a_method_belongs_to_the_copy_of_its_instance(copied):
    model = Model(3.0)
    assert model.at(2.0) == 6.0
    there = copied(model)
    there.slope.data = 5.0
    assert (there.at(2.0), model.at(2.0)) == (10.0, 6.0)
    assert copied(model.at)(7.0) == 21.0


def test_a_copy_of_an_instance_has_methods_of_its_own():
    line = Model(2.0)
    assert line.at(3.0) == 6.0
    other = copy.copy(line)
    other.slope = Value(5.0)
    assert (other.at(3.0), line.at(3.0), other.at is other.at) == (15.0, 6.0, True)
    other.at = lambda x: "mine"
    assert other.at(1.0) == "mine"


@fastgrad.compile
def bent(x):
    return x * 2.0 if x > 0 else x * 3.0


def test_a_function_of_a_module_records_on_where_it_is_loaded():
    bent(1.0)
    there = loaded(bent)
    assert len(there.programs()) == len(bent.programs())
    assert there.batch(np.array([1.0, -1.0])).tolist() == [2.0, -3.0]


def test_a_function_of_no_module_replays_and_says_that_it_has_no_code():
    f = fastgrad.compile(lambda x: x * 2.0 if x > 0 else x * 3.0)
    f(1.0)
    there = loaded(f)
    for _ in range(5):
        assert there(4.0) == 8.0
    with pytest.raises(RuntimeError, match="no code"):
        there(-1.0)


# Numpy complains aside of a damaged dtype.
@pytest.mark.filterwarnings("ignore:(?s).*get_clear_loop:pytest.PytestUnraisableExceptionWarning")
def test_damaged_pickles_raise_and_do_not_crash():
    compiled = choosing(Value(2.0))
    compiled.batch(X, Y)
    whole, generator = pickle.dumps(compiled), random.Random(5)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(generator.randrange(1, 4)):
            place = generator.randrange(len(damaged))
            damaged[place] = generator.randrange(256)
        with contextlib.suppress(Exception):
            there = pickle.loads(bytes(damaged))
            there.batch(X, Y)
            there.sum(X, Y)
    assert loaded(compiled).batch(X, Y).tolist() == compiled.batch(X, Y).tolist()

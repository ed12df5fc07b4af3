"""Pickling and copying: what is refused, what is damaged, what goes on meanwhile, and what it costs."""

import copy
import pickle
import re

import pytest

import fastgrad
from fastgrad import Scalar, Value
from support.graphs import check_the_tape, everything, live_nodes, walked
from support.marks import large
from support.processes import run_python

# What cannot be copied.


def test_callbacks_are_refused_with_a_sentence(copied):
    x = Value(2.0)
    y = x * 3.0
    y._backward = lambda: None
    z = y + 1.0
    for node in (y, z, [x, z]):
        with pytest.raises(TypeError, match=rf"{re.escape(repr(y))} cannot be pickled or copied.*_backward"):
            copied(node)
    assert copied(x).data == 2.0
    assert copied(z.detach()).data == 7.0
    check_the_tape()


def test_a_kept_error_does_not_hold_the_tape():
    """As a notebook keeps the last one, with all the variables of the calls it came through."""
    run_python("""
        import copy, pickle
        import fastgrad
        from fastgrad import Value

        x = Value(1.0)
        y = x * 2.0
        y._backward = lambda: None
        kept = []
        for way in (copy.deepcopy, pickle.dumps, pickle._dumps):
            try:
                way([x, y])
            except TypeError as error:
                kept.append(error)
        assert len(kept) == 3
        for _ in range(100_000):
            x * 2.0
        assert fastgrad.tape_info().nodes < 90_000, fastgrad.tape_info()
    """)


def test_a_users_own_forward_is_refused_too(copied):
    y = Value(1.0, (Value(2.0),), "op")
    y._forward = lambda: None
    with pytest.raises(TypeError, match="_forward"):
        copied(y + 1.0)


def test_what_an_attribute_cannot_do_is_passed_on():
    x = Value(1.0)
    x.function = lambda: None
    for _ in range(3):
        with pytest.raises((AttributeError, pickle.PicklingError)):
            pickle.dumps(x)
    assert copy.deepcopy(x).function is x.function
    check_the_tape()


def test_damaged_pickles_are_refused_or_harmless():
    """Any byte may be wrong: that is an error, or other numbers, never a crash."""
    run_python("""
        import pickle, random
        import fastgrad
        from fastgrad import Value

        x, w = Value(0.5, label="x"), Value(-1.0)
        y = fastgrad.softmax([x * w, fastgrad.dot([x, 2.0], [w, x]), fastgrad.prod([x, w])])[1]
        y = x.ifel(x > w, y, 1.0) + y ** 2 + fastgrad.math.where(x, w, y)
        pickled = pickle.dumps([x, y, w])
        generator = random.Random(5)
        refused = 0
        for k in range(20_000):
            damaged = bytearray(pickled)
            for _ in range(generator.choice([1, 1, 2, 8])):
                damaged[generator.randrange(len(damaged))] = generator.choice([0, 1, 255, generator.randrange(256)])
            try:
                things = pickle.loads(damaged[: generator.choice([None, None, generator.randrange(len(damaged))])])
                for thing in things:
                    thing.backward()
                    thing.trace()
                    thing.forward()
            except Exception:
                refused += 1
            if k % 1000 == 0:
                things = thing = None
                fastgrad.collect()
        assert refused > 1000, refused
        y.backward()
    """)


# What it costs.


@large
def test_any_depth():
    for limit in ("true", "ulimit -s 256"):
        run_python(
            """
            import copy, pickle
            import fastgrad
            from fastgrad import Value

            x = y = Value(0.5)
            for _ in range(200_000):
                y = y * 1.0 + x
            middle = y.prev[0]
            pickled = pickle.dumps([y, middle])
            assert len(pickled) < 400_000 * 40, len(pickled)
            for z, inner in (pickle.loads(pickled), copy.deepcopy([y, middle])):
                assert z.data == y.data and z.prev[0] is inner
                z.backward()
                assert z.prev[1].grad == 200_001.0
            del z, inner, middle, y, pickled
            fastgrad.collect()
            fastgrad.collect()
            assert fastgrad.tape_info().nodes == 1, fastgrad.tape_info()
            """,
            limit=limit,
        )


def test_copying_keeps_nothing(copied):
    y = everything()
    y.label = "y"
    before = live_nodes()
    for _ in range(3):
        copied([y, y.prev])
    assert live_nodes() == before
    new = copied(y)
    assert live_nodes() > before
    del new
    assert live_nodes() == before
    check_the_tape()


def test_a_copy_outlives_its_original(copied):
    y = everything()
    expected = walked(y)
    z = copied(y)
    del y
    live_nodes()
    assert walked(z) == expected


def test_computing_while_copying(copied):
    class Busy:
        def __reduce__(self):
            [Value(float(k)) * 2.0 for k in range(20_000)]
            fastgrad.collect()
            pickle.loads(pickle.dumps(Value(1.0) * 3.0))
            return str, ("busy",)

    y = everything()
    y.prev[0].busy = Busy()
    x = Value(1.0)
    things = [x, Busy(), y, Busy(), x * 2.0, y.prev[0]]
    new = copied(things)
    assert walked(new[2]) == walked(y)
    assert new[2].prev[0].busy == "busy"
    assert new[4].prev[0] is new[0]
    assert new[5] is new[2].prev[0]
    check_the_tape()


def test_without_recording_a_graph_comes_back_all_the_same(copied):
    y = Value(2.0) * 3.0
    with fastgrad.no_grad():
        z = copied(y)
    assert z.prev[0].data == 2.0


def test_another_process_reads_it():
    x = Scalar(2.0, label="x")
    y = fastgrad.softmax([x * 3.0, x])[0]
    done = run_python(
        """
        import pickle, sys
        x, y = pickle.loads(bytes.fromhex(sys.argv[1]))
        y.backward()
        print(repr((x.label, x.grad, y.data)))
        """,
        pickle.dumps([x, y]).hex(),
    )
    y.backward()
    assert eval(done.stdout) == ("x", x.grad, y.data)

"""Pickling and copying: what is refused, what is damaged, what goes on meanwhile, and what it costs."""

import copy
import pickle
import re

import pytest

import fastgrad
from fastgrad import Scalar, Value
from support.graphs import check_the_tape, everything, live_nodes, walked
from support.marks import COLLECT_ALWAYS, large
from support.processes import SMALL_STACK, run_python

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


def test_a_class_that_is_no_number_is_refused_and_unharmed():
    """Two slots make it as large as a number is."""
    run_python("""
        import pickle
        from fastgrad import Value

        class Two:
            __slots__ = ("a", "b")

        text = pickle.dumps(Value(1.0), 2).replace(b"cfastgrad\\nValue\\n", b"c__main__\\nTwo\\n")
        try:
            pickle.loads(text)
        except ValueError as error:
            assert "Two" in str(error) and "damaged" in str(error), error
        else:
            raise AssertionError("read")
        for _ in range(3):
            two = Two()
            two.a, two.b = [1], (2,)
            del two
    """)


@pytest.mark.parametrize("segment", [None, 1, "empty"])
def test_what_is_no_segment_is_refused(segment):
    from fastgrad._tape.restoring import Restored, restore_nodes, restore_number

    if segment == "empty":
        segment = Restored.__new__(Restored)
    _, (own, _) = (Value(1.0) * 2.0).__reduce__()
    _, (_, *arrays), *_ = own.__reduce__()
    for restore in (lambda: restore_number(segment, 0), lambda: restore_nodes([segment], *arrays)):
        with pytest.raises(ValueError, match="the pickled scalars are damaged: a segment is missing"):
            restore()


# What goes on meanwhile.


@pytest.mark.parametrize("fill", range(1, 60, 3))
def test_a_collection_between_two_scalars_that_share_a_graph(fill):
    """Garbage lies below them, so that a collection moves the first before the second is linked to it."""
    xs = [Value(float(k + 1)) for k in range(20)]
    y = fastgrad.sum(xs)
    text = pickle.dumps([y, [y * x for x in xs]])
    del xs, y
    room = 0
    live_nodes()
    collections = fastgrad.tape_info().collections
    while fastgrad.tape_info().collections == collections:
        Value(0.0)
        room += 1
    live_nodes()
    for _ in range(room - fill):
        Value(0.0)
    y, products = pickle.loads(text)
    assert all(product.prev[0] is y for product in products)
    assert [product.data for product in products] == [210.0 * (k + 1) for k in range(20)]
    products[3].backward()
    assert [x.grad for x in y.prev] == [4.0, 4.0, 4.0, 214.0, *[4.0] * 16]
    check_the_tape()


def test_a_collection_while_scalars_are_pickled(copied):
    """What they share stays shared: their nodes are found again."""

    class Collects:
        def __reduce__(self):
            nonlocal garbage
            garbage = None
            fastgrad.collect()
            return str, ("collected",)

    garbage = [Value(0.0) for _ in range(1000)]
    x = Value(2.0)
    y = x * 3.0
    z = y + x
    generation = fastgrad.tape_info().collections
    new = copied([y, Collects(), z, x])
    assert fastgrad.tape_info().collections > generation
    assert new[1] == "collected"
    assert [*new[2].prev] == [new[0], new[3]]
    assert [*new[0].prev] == [new[3]]
    check_the_tape()


def test_pickling_within_pickling_loses_no_sharing(copied):
    class Keeper:
        def __init__(self):
            self.w = Value(5.0)

        def __reduce__(self):
            copy.deepcopy(self.w)
            copy.deepcopy([self.w, self.w * 2.0])
            return str, ("kept",)

    x = Value(2.0)
    y = x * 10.0
    z = y * 3.0
    new = copied([y, Keeper(), z, Keeper(), x])
    assert [*new[2].prev] == [new[0]]
    assert [*new[0].prev] == [new[4]]
    check_the_tape()


def test_threads_that_pickle_at_once():
    run_python("""
        import copy, pickle, sys, threading
        import fastgrad
        from fastgrad import Value

        wrong = []

        def work():
            for _ in range(60):
                xs = [Value(float(k)) for k in range(50)]
                y = fastgrad.sum(xs)
                z = [y * x for x in xs]
                for way in (lambda things: pickle.loads(pickle.dumps(things)), copy.deepcopy):
                    new, products = way([y, z])
                    wrong.extend(p for p in products if len(p.prev) != 2 or p.prev[0] is not new)
                    products[7].backward()
                    wrong.extend(p for p in products[7].prev if p.grad not in (7.0, 1225.0 + 7.0))

        sys.setswitchinterval(1e-5)
        threads = [threading.Thread(target=work) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert not wrong, (len(wrong), wrong[0])
    """)


# What it costs.


@large
def test_any_depth():
    for limits in (None, SMALL_STACK):
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
            limits=limits,
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
            [Value(float(k)) * 2.0 for k in range(200 if COLLECT_ALWAYS else 20_000)]  # a collection comes either way
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

"""Pickling and copying: scalars with the graph they stand on."""

import copy
import io
import math
import pickle
import random

import pytest

import fastgrad
from fastgrad import Scalar, Value
from support.graphs import HALF, check_the_tape, everything, reached, walked


class Mine(Value):
    def __init__(self, data, note):
        super().__init__(data)
        self.note = note

    def doubled(self):
        return self * 2.0


class Slotted(Scalar):
    __slots__ = ("slot",)


class Model:
    def __init__(self):
        self.w = [Value(0.5, label="w0"), Value(-1.0, label="w1")]
        self.b = Scalar(0.25)
        self.output = None

    def __call__(self, xs):
        self.output = fastgrad.dot(self.w, xs, bias=self.b).tanh()
        return self.output


# What a copy has.


def test_a_leaf(number, copied):
    x = number(0.1)
    x.grad = -3.0
    y = copied(x)
    assert y is not x
    assert (type(y), y.data, y.grad, y.prev) == (number, 0.1, -3.0, [])
    y.data = 5.0
    assert x.data == 0.1


@pytest.mark.parametrize("data", [math.inf, -math.inf, math.nan, -0.0, 5e-324])
def test_every_number_comes_back(data, copied):
    assert repr(copied(Value(data)).data) == repr(data)


def test_a_graph_comes_back_whole(copied):
    y = everything()
    z = copied(y)
    assert not set(reached(z)) & set(reached(y))
    assert walked(z) == walked(y)
    for root in (y, z):
        root.zero_grad()
        root.backward(2.0)
    assert walked(z) == walked(y)


def test_a_graph_that_comes_back_is_computed_again(copied):
    x = Value(0.5)
    y = (
        fastgrad.softmax([x.ifel(x > 0.0, x * 3.0, x), HALF(x), 1.0])[0]
        + fastgrad.math.hypot(x, 1.0)
        + (x * 0.0 + 1.0).log()
    )
    z = copied(y)
    leaf = next(node for node in reached(z) if not node.prev)
    for data in (0.75, -2.0):
        x.data = leaf.data = data
        for root in (y, z):
            root.forward()
            root.zero_grad()
            root.backward()
        assert (z.data, leaf.grad) == (y.data, x.grad)


def test_the_original_is_as_it_was(copied):
    y = everything()
    before = walked(y)
    copied([y, y.prev])
    assert walked(y) == before
    check_the_tape()


def test_copies_of_copies(copied):
    y = everything()
    assert walked(copied(copied(copied(y)))) == walked(y)


# What copies share.


def test_scalars_copied_together_share_their_graph(number, copied):
    x = number(2.0)
    y = x * 3.0
    z = y + x
    for things in ([x, y, z], [z, y, x], [y, [z, {"x": x}]]):
        new = copied(things)
        flat = new if not isinstance(new[1], list) else [new[1][1]["x"], new[0], new[1][0]]
        new_x, new_y, new_z = sorted(flat, key=lambda node: node.data)
        assert (new_y.prev, new_z.prev) == ([new_x], [new_y, new_x])
        new_z.backward()
        assert new_x.grad == 4.0
    assert x.grad == 0.0


def test_the_same_scalar_twice_is_one_copy(copied):
    x = Value(1.0)
    a, b, c = copied((x, x, [x]))
    assert a is b
    assert c == [a]


def test_parts_that_overlap(copied):
    """Each scalar of a list brings what those before it did not."""
    generator = random.Random(3)
    nodes = [Value(1.0), Scalar(2.0)]
    for _ in range(200):
        nodes.append(generator.choice(nodes) * generator.choice(nodes).tanh() + 0.5)
    chosen = [generator.choice(nodes) for _ in range(40)]
    new = copied(chosen)
    assert [walked(node) for node in new] == [walked(node) for node in chosen]
    assert len({node for root in new for node in reached(root)}) == len(
        {node for root in chosen for node in reached(root)}
    )


def test_results_of_one_softmax_stay_together(copied):
    xs = [Value(0.5), Value(-1.0)]
    p, q, x = copied([*fastgrad.softmax(xs), xs[0]])
    (p * 2.0 + q * 5.0).backward()
    assert x.grad == pytest.approx(-3.0 * p.data * q.data, rel=1e-14)
    assert p.prev == q.prev


def test_objects_that_hold_scalars(copied):
    model = Model()
    model([1.0, Value(2.0)])
    new = copied(model)
    assert new.output.prev[0].prev[0] is new.b
    assert [w.label for w in new.w] == ["w0", "w1"]
    new.output.backward()
    assert new.w[0].grad == pytest.approx(1.0 - new.output.data**2)
    assert model.w[0].grad == 0.0
    assert new([3.0, 4.0]).data == model([3.0, 4.0]).data


def test_one_pickler_for_several_dumps():
    x = Value(2.0)
    y = x * 3.0
    file = io.BytesIO()
    pickler = pickle.Pickler(file)
    for node in (x, y, y + x):
        pickler.dump(node)
    file.seek(0)
    unpickler = pickle.Unpickler(file)
    new_x, new_y, new_z = (unpickler.load() for _ in range(3))
    assert new_y.prev == [new_x]
    assert new_z.prev == [new_y, new_x]


def test_two_picklers_in_turn():
    x = Value(2.0)
    nodes = [x, x * 3.0, x * 3.0 + x, x.exp()]
    files = [io.BytesIO(), io.BytesIO()]
    picklers = [pickle.Pickler(file) for file in files]
    for node in nodes:
        for pickler in picklers:
            pickler.dump(node)
        node * 2.0
        fastgrad.collect()
    del picklers, pickler
    for file in files:
        file.seek(0)
        unpickler = pickle.Unpickler(file)
        new = [unpickler.load() for _ in nodes]
        assert [walked(node) for node in new] == [walked(node) for node in nodes]
        assert new[2].prev[1] is new[0]


# What is kept on nodes.


def test_labels_and_attributes_come_along(copied):
    x = Value(2.0, label="x")
    inner = x * 3.0
    inner.label, inner.m, inner.friend, inner.itself = "inner", [0.25], x, inner
    y = inner + 1.0
    del inner
    fastgrad.collect()
    z = copied(y)
    (inner,) = z.prev
    assert (inner.label, inner.m, inner.prev[0].label) == ("inner", [0.25], "x")
    assert inner.friend is inner.prev[0]
    assert inner.itself is inner
    assert y.prev[0].m is not inner.m


def test_types_come_along(copied):
    y = Mine(2.0, note={"a": 1}).doubled() + 1.0
    z = copied(y)
    assert [type(node) for node in reached(z)] == [Mine] * 3
    assert reached(z)[-1].note == {"a": 1}
    assert type(z.doubled()) is Mine
    s = Slotted(1.0)
    s.slot = "kept"
    assert copied(s * 2.0).prev[0].slot == "kept"


def test_attributes_that_are_graphs_themselves(copied):
    x = Value(2.0)
    x.target = Value(3.0) * 4.0
    x.target.back = x
    y = copied(x)
    assert (y.target.data, y.target.prev[0].data) == (12.0, 3.0)
    assert y.target.back is y


def test_a_shallow_copy_is_a_number_of_its_own(number):
    x = number(2.0)
    y = x * 3.0
    z = copy.copy(y)
    assert z is not y
    assert (type(z), z.data) == (number, 6.0)
    z.data = 1.0
    assert y.data == 6.0

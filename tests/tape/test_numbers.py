"""The number types: how they are made, how they look, what is kept on them, and what their graph shows."""

import gc
import math
from decimal import Decimal
from fractions import Fraction

import pytest

import fastgrad
from fastgrad import Node, Scalar, Value
from support.graphs import exact, reached

# Made and shown.


def test_a_scalar():
    x = Scalar(0.5)
    assert (x.data, x.grad) == (0.5, 0.0)
    assert repr(x) == str(x) == "Scalar(0.5, grad = 0.0)"
    x.grad = -2
    assert repr(x) == "Scalar(0.5, grad = -2.0)"


def test_a_value():
    x = Value(0.5)
    assert (x.data, x.grad, x.label, x._op, x.op) == (0.5, 0.0, "", "", "")
    assert repr(x) == str(x) == "Value(data=0.5, grad=0.0)"


def test_numbers_are_read_and_written_as_floats(number):
    x = number(3)
    assert type(x.data) is float
    x.data, x.grad = True, Fraction(1, 4)
    assert (x.data, x.grad) == (1.0, 0.25)
    assert type(x.grad) is float
    x.data -= 0.25
    x.grad += 1
    assert (x.data, x.grad) == (0.75, 1.25)


@pytest.mark.parametrize("data", [7, True, 0.1, Fraction(1, 3), Decimal("0.1"), -0.0, math.inf, math.nan, 5e-324])
def test_any_real_number_is_data(number, data):
    assert exact(number(data).data) == exact(float(data))


def test_labels(number):
    x = number(0.2, label="w")
    assert x.label == "w"
    x.label = "weight"
    assert x.label == "weight"
    result = x * 2.0
    result.label = "twice"
    assert (result.label, x.label) == ("twice", "weight")


def test_a_scalar_without_a_label_is_called_by_its_number():
    x = Scalar(0.2)
    assert x.label == "Scalar(0.2)"
    x.data = -1.06843
    assert x.label == "Scalar(-1.068)"
    assert (x * 3.0).label == "Scalar(-3.205)"
    assert Scalar(0.5, "w").label == "w"


def test_value_as_in_micrograd():
    a, b = Value(2.0), Value(3.0)
    y = Value(6.0, (a, b), "*", "product")
    assert (y._prev, y.prev, y._children) == ({a, b}, [a, b], (a, b))
    assert (y._op, y.op, y.label) == ("*", "*", "product")
    assert Value(1.0, (a,)).prev == [a]
    assert Value(1.0, _children=[a, a], _op="twice").prev == [a, a]
    assert Value(1.0, {a}, "set").prev == [a]


def test_value_with_the_label_second():
    a = Value(2.0, "a")
    y = Value(4.0, "y", [a], "square")
    assert (a.label, y.label, y.prev, y.op) == ("a", "y", [a], "square")
    assert Value(4.0, prev=[a], op="**2").op == "**2"
    assert Value(4.0, prev=[a], op="**2").prev == [a]
    assert Value(4.0, label="late").label == "late"
    assert Value(4.0, "").label == ""


@pytest.mark.parametrize(
    "make",
    [
        lambda a, b: Value(6.0, (a, b), (3.0, 2.0)),
        lambda a, b: Value(6.0, [a, b], [3, 2]),
        lambda a, b: Value(6.0, children=(a, b), local_grads=(3.0, 2.0)),
        lambda a, b: Value(6.0, _children=(a, b), _local_grads=(3.0, 2.0)),
    ],
)
def test_value_with_local_gradients(make):
    a, b = Value(2.0), Value(3.0)
    y = make(a, b)
    (y * 0.5).backward()
    assert (a.grad, b.grad, y.prev) == (1.5, 1.0, [a, b])
    a.data = 100.0  # the slopes are what was given
    y.backward()
    assert a.grad == 4.5


def test_as_many_local_gradients_as_children():
    with pytest.raises(ValueError, match=r"2 children .* not 1"):
        Value(1.0, (Value(1.0), Value(2.0)), (1.0,))
    with pytest.raises(ValueError, match="0 children .* not 1"):
        Value(1.0, (), (1.0,))


def test_children_are_scalars():
    with pytest.raises(TypeError, match=r"children must be scalars.* 'x' of type str"):
        Value(1.0, (Value(1.0), "x"))


def test_children_and_local_gradients_are_in_tuples_or_lists():
    with pytest.raises(TypeError, match=r"^children must be in a tuple or list, not 5\.0 of type float"):
        Value(1.0, 5.0)
    with pytest.raises(TypeError, match=r"^children must be in a tuple or list, not Value\(data=2\.0, grad=0\.0\)"):
        Value(1.0, Value(2.0))
    with pytest.raises(TypeError, match=r"^local gradients must be in a tuple or list, not 3\.0 of type float"):
        Value(6.0, (Value(2.0),), 3.0)


def test_a_node_made_by_hand_without_slopes_passes_nothing_on():
    a = Value(2.0)
    y = Value(6.0, (a,), "mystery")
    y.backward()
    assert (y.grad, a.grad) == (1.0, 0.0)


# What formatting, rounding and conversion make of a number.


def test_formats_read_the_number(number):
    x = number(3.14159)
    assert f"{x:.2f}" == "3.14"
    assert f"{x:8.1e}" == " 3.1e+00"
    assert f"{x}" == f"{x!s}" == repr(x)
    assert f"{x.data:+}" == "+3.14159"


def test_rounding_reads_the_number(number):
    x = number(-2.718)
    assert round(x, 1) == -2.7
    assert round(x) == -3
    assert type(round(x)) is int
    assert (math.floor(x), math.ceil(x), math.trunc(x)) == (-3, -2, -2)


def test_truth_is_that_of_the_number(number):
    assert [bool(number(x)) for x in (0.0, -0.0, 1e-300, -2.0, math.nan)] == [False, False, True, True, True]
    assert not number(1.0) > 2.0


@pytest.mark.parametrize("conversion", [float, int, math.exp, math.sqrt])
def test_conversions_that_would_lose_the_gradient_are_refused(number, conversion):
    with pytest.raises(TypeError, match=rf"{number.__name__}.*\.data.*fastgrad\.math"):
        conversion(number(2.0))


def test_complex_and_indices_are_refused(number):
    for use in (complex, lambda x: [1, 2][x], range, hex):
        with pytest.raises(TypeError):
            use(number(1.0))


@pytest.mark.parametrize("plain", [Fraction(1, 4), Decimal("0.25"), True, 3])
def test_whatever_is_a_real_number_takes_part(number, plain):
    x = number(2.0)
    y = (x + plain) * (plain - x) / plain**x + x**plain
    z = (x + float(plain)) * (float(plain) - x) / float(plain) ** x + x ** float(plain)
    assert (type(y), y.data) == (number, z.data)
    assert (plain < x).data == float(float(plain) < 2.0)


# Identity.


def test_hash_and_equality_are_by_identity(number):
    x, y = number(1.0), number(1.0)
    assert x == x  # noqa: PLR0124
    assert x != y
    assert not x == y  # noqa: SIM201
    assert x != 1.0
    assert 1.0 != x  # noqa: SIM300
    assert len({x, y, x}) == 2
    assert hash(x) == hash(x)
    assert [y, x].index(x) == 1
    assert type(x == y) is bool


def test_a_node_has_one_handle(number):
    x = number(2.0)
    y = (x * 3.0) + 1.0
    assert y.prev[0] is y.prev[0]
    assert y.prev[0].prev[0] is x
    assert {id(node) for node in reached(y)} == {id(node) for node in reached(y)}


# Kept on a node.


def test_attributes_and_labels_outlive_the_variable(number):
    x = number(2.0)
    inner = x * 3.0
    inner.label, inner.m, inner.v = "inner", 0.25, [1, 2]
    y = inner + 1.0
    del inner
    for _ in range(3):
        gc.collect()
        fastgrad.collect()
        [x * i for i in range(100)]
    (kept,) = y.prev
    assert (kept.label, kept.m, kept.v, kept.data) == ("inner", 0.25, [1, 2], 6.0)
    assert vars(kept)["m"] == 0.25


def test_attributes_can_be_changed_and_deleted(number):
    x = number(2.0)
    x.m = 1
    x.m += 1
    assert x.m == 2
    del x.m
    with pytest.raises(AttributeError, match="'m'"):
        x.m  # noqa: B018
    assert not hasattr(x, "m")
    assert x.data == 2.0


def test_an_optimizer_keeps_its_moments_on_the_parameters(number):
    parameters = [number(x) for x in (1.0, -2.0)]
    for p in parameters:
        p.m, p.v = 0.0, 0.0
    for step in range(1, 200):
        loss = sum((p - 3.0) ** 2 for p in parameters)
        for p in parameters:
            p.grad = 0.0
        loss.backward()
        for p in parameters:
            p.m = 0.9 * p.m + 0.1 * p.grad
            p.v = 0.99 * p.v + 0.01 * p.grad**2
            p.data -= 0.1 * (p.m / (1 - 0.9**step)) / ((p.v / (1 - 0.99**step)) ** 0.5 + 1e-8)
    assert [p.data for p in parameters] == pytest.approx([3.0, 3.0], abs=0.1)


def test_new_handles_have_no_old_state(number):
    """Handles are used again; what was kept on one must not show on another."""
    for i in range(100):
        x = number(float(i))
        x.secret = i
        x.label = f"label {i}"
        x._backward = lambda: None
        del x
    fastgrad.collect()
    for _ in range(3000):
        fresh = number(1.0) * 2.0
        assert vars(fresh) == {}


# The graph.


def test_operands(number):
    x, w = number(2.0), number(3.0)
    y = x * w + x
    product, second = y.prev
    assert second is x
    assert product.prev == [x, w]
    assert y._prev == {product, x}
    assert y._children == (product, x)
    assert x.prev == []
    assert x._prev == set()
    assert (x * x).prev == [x, x]
    assert (x * x)._prev == {x}


def test_a_constant_is_part_of_its_operation(number):
    x = number(2.0)
    assert [(x * 3.5)._prev, (1 - x)._prev, (x**2)._prev] == [{x}, {x}, {x}]
    assert [(x * 3.5)._op, (x**2)._op, (1 - x)._op] == ["*3.5", "**2", "1-"]


@pytest.mark.parametrize("name", ["prev", "_prev", "_children", "op"])
def test_operands_and_operations_are_read_only(number, name):
    x = number(2.0) * 3.0
    with pytest.raises(AttributeError):
        setattr(x, name, set())
    x.prev.append(1)
    x._prev.clear()
    assert len(x.prev) == 1
    assert len(x._prev) == 1


def test_symbols():
    x, y = Value(2.0), Value(3.0)
    assert [node._op for node in (x + y, x - y, x * y, x / y, x**y)] == ["+", "-", "*", "/", "**"]
    assert [node.op for node in (-x, x.tanh(), x.relu(), x.exp(), x < y)] == ["neg", "tanh", "ReLU", "exp", "<"]


def test_trace(number):
    x, w = number(2.0), number(3.0)
    product = x * w
    y = product + x
    nodes, edges = y.trace()
    assert nodes == {x, w, product, y}
    assert edges == {(x, product), (w, product), (product, y), (x, y)}


# The type of a result.


class Base(Value):
    def double(self):
        return self * 2.0


class Derived(Base):
    def __init__(self, data, note, extra=None):
        super().__init__(data)
        self.note = note


class Slotted(Scalar):
    __slots__ = ("slot",)


class Other(Value):
    pass


@pytest.mark.parametrize(
    "result",
    [
        lambda x: x + 1, lambda x: 2.0 * x, lambda x: x**x, lambda x: -x, lambda x: x.tanh(), lambda x: x < 3.0,
        lambda x: 1 - x,
        lambda x: x.detach(), lambda x: x.ifel(True, 1.0, 0.0), lambda x: x.leaky_relu(), lambda x: fastgrad.sum([1.0,
        x]),
        lambda x: fastgrad.dot([x], [2.0]), lambda x: fastgrad.softmax([1.0, x])[0], lambda x: fastgrad.math.max(x,
        1.0),
        lambda x: fastgrad.math.where(True, 1.0, x), lambda x: fastgrad.math.hypot(3.0, x),
        lambda x: fastgrad.math.fsum([x]),
        lambda x: fastgrad.custom("same", lambda a: a, lambda a: 1.0)(x), lambda x: sum([x, x]),
    ],
)  # fmt: skip
def test_results_of_a_subclass_are_of_the_subclass(result):
    x = Derived(2.0, note="given")
    assert type(result(x)) is Derived
    assert not hasattr(result(x), "note")  # made without __init__
    assert type(result(x).double().double()) is Derived


def test_the_most_derived_type_wins():
    for left, right in [(Base(1.0), Derived(1.0, 2)), (Derived(1.0, 2), Base(1.0)), (Derived(1.0, 2), Value(1.0))]:
        for result in (
            left + right,
            fastgrad.sum([left, right]),
            fastgrad.math.max(left, right),
            left.ifel(True, right, 1),
        ):
            assert type(result) is Derived


def test_the_left_type_wins_where_neither_derives_from_the_other():
    for left, right in [
        (Base(1.0), Other(1.0)),
        (Other(1.0), Base(1.0)),
        (Scalar(1.0), Value(1.0)),
        (Value(1.0), Scalar(1.0)),
    ]:
        for result in (left * right, left - right, left < right, fastgrad.mean([1.0, left, right])):
            assert type(result) is type(left)
    assert isinstance(Scalar(1.0), Node)
    assert not isinstance(Scalar(1.0), Value)


def test_handles_made_again_keep_their_type():
    y = Derived(2.0, "x").double() + 1.0
    fastgrad.collect()
    assert [type(node) for node in reached(y)] == [Derived] * 3
    assert reached(y)[-1].note == "x"


def test_slots_of_a_subclass_are_kept():
    x = Slotted(2.0)
    y = x * 2.0
    y.slot = "kept"
    z = y + x
    del y
    fastgrad.collect()
    assert z.prev[0].slot == "kept"


def test_more_subclasses_than_the_table_of_types_holds():
    classes = [type(f"Kind{i}", (Value,), {"number": i}) for i in range(300)]
    nodes = [kind(1.0) * 2.0 + 1.0 for kind in classes]
    fastgrad.collect()
    for kind, node in zip(classes, nodes):
        assert type(node) is kind
        assert type(node.prev[0]) is kind
        node.backward()
        assert node.prev[0].prev[0].grad == 2.0

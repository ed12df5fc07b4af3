"""Subclasses of the number types: what makes them fast changes nothing that Python promises of a class."""

import gc
import sys
import weakref

import pytest

from fastgrad import Scalar, Value


def subclass(base=Value, **members):
    return type("Sub", (base,), members)


@pytest.mark.parametrize(
    "members", [{}, {"__slots__": ()}, {"__slots__": ("extra",)}], ids=["plain", "no slots", "a slot"]
)
def test_handles_come_and_go(members, number):
    sub = subclass(number, **members)
    x = sub(2.0)
    for _ in range(3):
        ys = [x * float(k) for k in range(5000)]
        assert all(type(y) is sub for y in ys)
        assert [y.data for y in ys[:3]] == [0.0, 2.0, 4.0]
        del ys
    (x * x + 1.0).backward()
    assert x.grad == 4.0


def test_an_overridden_operator_is_called():
    doubling = subclass(__mul__=lambda self, other: "mine", __radd__=lambda self, other: "mine too")
    x = doubling(2.0)
    assert (x * 3.0, 3.0 + x) == ("mine", "mine too")
    assert (x + 3.0).data == 5.0


def test_an_operator_set_later_is_called():
    sub = subclass()
    x = sub(2.0)
    assert (x * 3.0).data == 6.0
    sub.__mul__ = lambda self, other: "mine"
    assert x * 3.0 == "mine"
    del sub.__mul__
    assert (x * 3.0).data == 6.0


def test_a_subclass_of_a_subclass():
    sub = subclass()
    below = subclass(sub, doubled=lambda self: self * 2.0)
    x, y = sub(2.0), below(3.0)
    assert type(x * y) is below
    assert type((y + x).doubled()) is below
    del x, y
    assert type(subclass(below)(1.0) * 2.0).__mro__[1] is below


def test_finalizers_are_called_once_each():
    seen = []
    early = subclass(__del__=lambda self: seen.append(self.data))
    late = subclass()
    x, y = early(1.0), late(2.0)
    late.__del__ = lambda self: seen.append(self.data)
    del x, y
    assert seen == [1.0, 2.0]


def test_a_number_kept_by_a_finalizer_that_came_late_is_known_to_the_collector():
    sub, kept = subclass(), []
    for _ in range(3):
        sub(1.0)
    sub.__del__ = lambda self: kept.append(self)
    x = sub(2.0)
    x * 2.0  # on one of the handles from before, which has no part in the collector until then
    del x
    del sub.__del__
    assert [y.data for y in kept] == [4.0, 2.0]
    assert all(map(gc.is_tracked, kept))


@pytest.mark.skipif(not hasattr(sys, "gettotalrefcount"), reason="only a debug build of Python counts all references")
def test_references_of_handles_that_come_and_go_are_counted(number):
    def make(kind, count):
        for _ in range(count):
            kind(1.0) * 2.0

    for kind in (number, subclass(number)):
        make(kind, 10_000)
        before = sys.gettotalrefcount()
        make(kind, 1000)
        assert abs(sys.gettotalrefcount() - before) < 50


def test_a_finalizer_may_keep_its_number():
    kept = []
    sub = subclass()
    x = sub(3.0)
    sub.__del__ = lambda self: kept.append(self)
    del x
    del sub.__del__
    (kept[0] * 2.0).backward()
    assert (kept[0].data, kept[0].grad) == (3.0, 2.0)


def test_weak_references_die_with_the_handle():
    sub, died = subclass(), []
    for k in range(3):  # the same memory, each time
        x = sub(float(k))
        reference = weakref.ref(x, lambda _: died.append(True))
        assert reference() is x
        del x
        assert reference() is None
    assert len(died) == 3


def test_the_class_of_a_number_may_be_changed():
    first, second = subclass(), subclass()
    second(0.0)
    x = first(2.0)
    x.__class__ = second
    assert type(x) is second
    del x
    assert type(first(1.0)) is first
    assert type(second(1.0)) is second
    assert type(first(1.0) * 1.0) is first


def test_scalar_and_value_with_a_common_subclass_of_each():
    x, y = subclass(Scalar)(2.0), subclass(Value)(3.0)
    assert type(x * y) is type(x)
    assert type(y * x) is type(y)

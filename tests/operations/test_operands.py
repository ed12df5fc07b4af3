"""Operands of nodes of many: what is read at a glance, and what takes running code, mean the same."""

import operator
import pickle
from collections import namedtuple
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import fastgrad
from fastgrad import Scalar, Value
from support.graphs import exact, live_nodes

OF_LISTS = {
    "sum": fastgrad.sum,
    "mean": fastgrad.mean,
    "prod": fastgrad.prod,
    "logsumexp": fastgrad.logsumexp,
    "softmax": lambda xs: fastgrad.softmax(xs)[0],
    "fsum": fastgrad.math.fsum,
    "hypot": lambda xs: fastgrad.math.hypot(*xs),
    "dot": lambda xs: fastgrad.dot(xs, tuple(xs)),
    "dot of floats": lambda xs: fastgrad.dot(xs, [1.0] * len(xs)),
}
of_lists = pytest.mark.parametrize("operation", OF_LISTS.values(), ids=OF_LISTS)


class Mine(Value):
    pass


class MineToo(Mine):
    pass


class Reading:
    """A number whose conversion does something."""

    def __init__(self, number, act):
        self.number, self.act = number, act

    def __float__(self):
        self.act()
        return self.number


class Dozens(int):
    def __float__(self):
        return 12.0 * int(self)


# What a number is.


@pytest.mark.parametrize("n", [0, -7, 2**53 + 1, 2**62 + 2**8 + 1, 2**63 - 1, -(2**63), 2**63, -(2**63) - 1, 10**300])
def test_an_int_is_the_nearest_float(number, n):
    zero = number(0.0)
    assert fastgrad.sum([zero, n]).data == float(n)
    assert fastgrad.dot([n, 1], (zero, n)).data == float(n)
    assert fastgrad.sum([n]) == fastgrad.dot([1], [n]) == fastgrad.dot([], [], n) == float(n)


@pytest.mark.parametrize(
    "x",
    [True, np.float32(0.1), np.float64(0.1), np.int64(3), Fraction(1, 3), Decimal("0.1"), Dozens(2)],
    ids=lambda x: type(x).__name__,
)
def test_any_other_number_is_what_it_converts_to(number, x):
    one = number(1.0)
    for container in (list, tuple):
        assert fastgrad.sum(container([one, x, 2])).data == 1.0 + float(x) + 2.0
        assert fastgrad.dot(container([one, x]), container([x, x]), bias=x).data == (
            float(x) + 1.0 * float(x) + float(x) * float(x)
        )


@of_lists
@pytest.mark.parametrize(
    ("wrong", "error"),
    [(10**400, OverflowError), ("3", TypeError), (np.ones(2), TypeError)],
    ids=["int", "str", "array"],
)
def test_an_error_leaves_the_tape_as_it_was(number, operation, wrong, error):
    x = number(2.0)
    before = live_nodes()
    for xs in ([x, 1, wrong], (x, wrong, 1), [wrong, 1.0, x]):
        with pytest.raises(error, match=r"int too large|type (str|ndarray)|array of shape"):
            operation(xs)
    assert live_nodes() == before
    assert operation([x, 1, 0.5]).prev[0] is x


def test_an_operand_is_one_number(number):
    batch = fastgrad.nn.Layer(2, 3)(np.ones((4, 2)))
    for xs in ([batch], (number(1.0), batch), [1.0, batch, batch]):
        with pytest.raises(TypeError, match="give its scalars"):
            fastgrad.sum(xs)
        with pytest.raises(TypeError, match="give its scalars"):
            fastgrad.dot([1.0] * len(xs), xs)


# What a list is.


def test_a_class_of_lists_says_itself_what_is_in_it(number):
    class Twice(list):
        def __iter__(self):
            return iter([*super().__iter__()] * 2)

    class Backwards(namedtuple("Pair", "x y")):
        def __iter__(self):
            return iter((self[1], self[0]))

    x, y = number(2.0), number(3.0)
    assert fastgrad.sum(Twice([x])).prev == [x, x]
    assert fastgrad.sum(Backwards(x, y)).prev == [y, x]
    assert fastgrad.dot(Twice([x]), Backwards(x, y)).prev == [x, y, x, x]


@of_lists
@pytest.mark.parametrize("change", ["clear", "pop", "append"])
def test_a_list_changed_by_its_conversions_is_read_as_it_was(number, operation, change):
    xs = [number(2.0), 0.25, number(3.0)]
    expected = operation([xs[0], 1.5, *xs[1:]])
    act = {"clear": xs.clear, "pop": xs.pop, "append": lambda: xs.append(9.0)}[change]
    xs.insert(1, Reading(1.5, act))
    result = operation(xs)
    assert (result.data, result.prev) == (expected.data, expected.prev)


def test_numbers_are_read_after_all_conversions(number):
    x = number(1.0)

    def conversion():
        return Reading(0.5, lambda: setattr(x, "data", x.data + 1.0))

    assert fastgrad.sum([x, conversion()]).data == 2.0 + 0.5
    assert fastgrad.dot([x, 1.0], [3.0, conversion()], bias=conversion()).data == 0.5 + 3.0 * 4.0 + 0.5


class Shortening:
    """What shortens lists when it is let go of."""

    def __init__(self, *lists):
        self.lists = lists

    def __del__(self):
        for k, xs in enumerate(self.lists):
            del xs[k + 1 :]


def shortened_by_the_tape(*lists):
    """Have the tape let go of it when it makes room."""
    Value(1.0).kept = Shortening(*lists)


def test_a_list_shortened_when_the_tape_makes_room_is_read_as_it_is_then(number):
    xs = [number(1.0) for _ in range(1000)]
    shortened_by_the_tape(xs)
    while len(xs) > 1:
        y = fastgrad.sum(xs)
    assert (y.data, y.prev) == (1.0, xs)


def test_lists_shortened_then_differ_in_length(number):
    xs, ys = [[number(1.0) for _ in range(1000)] for _ in range(2)]
    shortened_by_the_tape(xs, ys)
    with pytest.raises(ValueError, match="not of 1 and 2"):
        all(fastgrad.dot(xs, ys).data for _ in range(100_000))


# What a result is.


@of_lists
def test_a_result_is_of_the_most_derived_type(operation):
    value, mine, too = Value(1.0), Mine(2.0), MineToo(3.0)
    for xs in ([value, mine, too], [too, mine, value], [0.5, mine, value, too], (value, 2, too, mine)):
        result = operation(xs)
        assert type(result) is MineToo
        result.backward()
    assert [type(operation([1.0, x, x])) for x in (value, mine, too)] == [Value, Mine, MineToo]


@of_lists
def test_of_types_of_which_neither_derives_from_the_other_the_first_counts(operation):
    value, scalar = Value(1.0), Scalar(2.0)
    assert type(operation([value, scalar, 1.0])) is Value
    assert type(operation((1.0, scalar, value, scalar))) is Scalar


def test_products_take_turns_in_saying_what_the_result_is():
    value, scalar = Value(1.0), Scalar(2.0)
    assert type(fastgrad.dot([1.0, value], [scalar, 1.0])) is Scalar
    assert type(fastgrad.dot([1.0, value], [1.0, scalar])) is Value
    assert type(fastgrad.dot([value, value], [1.0, 1.0], bias=scalar)) is Scalar


def test_comparing_types_may_run_code():
    class Computing(type(Value)):
        def __instancecheck__(cls, x):
            fastgrad.dot([x, 3.0], [x, x])
            fastgrad.collect()
            return super().__instancecheck__(x)

    class Compared(Value, metaclass=Computing):
        pass

    x, y = Compared(2.0), Value(3.0)
    result = fastgrad.dot([y, x], [5.0, y])
    assert (type(result), result.data, result.prev) == (Compared, 21.0, [y, x, y])


# What is written.


@of_lists
def test_what_lay_in_the_memory_before_is_not_seen(operation):
    x = Value(2.0)
    written = []
    for rubbish in (1.0, x):
        fastgrad.collect()
        fastgrad.sum([x, *[rubbish] * 1000])
        fastgrad.collect()
        written.append(pickle.dumps(operation([x, 0.5, x, 1])))
    assert written[0] == written[1]


@of_lists
def test_nothing_is_recorded_under_no_grad(number, operation):
    x = number(2.0)
    with fastgrad.no_grad():
        result = operation([x, 0.5, x])
    assert (type(result), result.prev) == (number, [])
    assert result.data == operation([x, 0.5, x]).data


# Divisions with a remainder.

PAIRS = [(5.5, 3.0), (-5.5, 3.0), (5.5, -3.0), (-5.5, -3.0), (6.0, -3.0), (-0.0, 2.0), (0.3, 0.1), (1e20, -3.0)]


@pytest.mark.parametrize(("x", "y"), PAIRS)
def test_remainders_and_quotients_have_pythons_signs(number, x, y):
    for left, right in ((number(x), number(y)), (number(x), y), (x, number(y))):
        found = [left % right, left // right, *divmod(left, right)]
        assert [type(result) for result in found] == [number] * 4
        assert list(map(exact, [result.data for result in found])) == list(map(exact, [x % y, x // y, *divmod(x, y)]))


def test_the_remainder_follows_the_dividend_and_the_quotient_nothing(number):
    x, y = number(-7.5), number(2.0)
    (x % y + 100.0 * (x // y)).backward()
    assert (x.grad, y.grad) == (1.0, 4.0)


@pytest.mark.parametrize("other", ["words", None, 1j, [1.0]])
def test_remainders_by_what_is_no_number_are_pythons_own_error(number, other):
    for divide in (operator.mod, operator.floordiv, divmod):
        with pytest.raises(TypeError, match="unsupported operand type"):
            divide(number(1.0), other)


def test_a_text_formats_a_scalar_and_what_knows_how_to_divide_one_does(number):
    class Unit:
        def __rmod__(self, other):
            return "mine"

    assert number(1.0) % Unit() == "mine"
    assert "%.1f and %s" % (number(1.5).data, number(2.0)) == f"1.5 and {number(2.0)!r}"  # noqa: UP031


def test_remainders_of_arrays_are_taken_element_by_element(number):
    rows = np.array([5.5, -5.5])
    assert [x.data for x in rows % number(3.0)] == [2.5, 0.5]
    assert [x.data for x in number(7.0) // rows] == [1.0, -2.0]
    assert [x.data for x in np.remainder(np.array([number(7.0)], dtype=object), 2.0)] == [1.0]

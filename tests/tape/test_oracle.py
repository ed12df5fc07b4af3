"""The same programs on the plain-Python engine and on the compiled one: to the last bit the same numbers."""

from itertools import product

import pytest

import fastgrad
from fastgrad import reference
from support.graphs import exact, state
from support.operations import ARITHMETIC, POINTS, points
from support.users_programs import PROGRAMS, VALUE_PROGRAMS


@pytest.mark.parametrize("number", ["Scalar", "Value"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name, number):
    fast, slow = (state(PROGRAMS[name](getattr(engine, number))) for engine in (fastgrad, reference))
    assert fast == slow
    assert any(gradient not in ("0.0", "nan") for _, gradient in slow)


@pytest.mark.parametrize("name", VALUE_PROGRAMS)
def test_programs_of_value(name):
    fast, slow = (state(VALUE_PROGRAMS[name](engine.Value)) for engine in (fastgrad, reference))
    assert fast == slow
    assert any(gradient not in ("0.0", "nan") for _, gradient in slow)


# Every operation.


@pytest.mark.parametrize("name", reference._UNARY)
def test_operations_of_one_number(name):
    for x in points(name.strip("_")):
        leaves, results = zip(*((leaf := engine.Value(x), getattr(leaf, name)()) for engine in (fastgrad, reference)))
        for result in results:
            result.backward(0.625)
        assert exact(results[0].data) == exact(results[1].data), f"{name} of {x}"
        assert exact(leaves[0].grad) == exact(leaves[1].grad), f"the slope of {name} at {x}"


def outcome(engine, operation, left, right, constant):
    """Result and gradients of an operation of two numbers, one of which may be constant; or its error."""
    a = left if constant == "left" else engine.Value(left)
    b = right if constant == "right" else engine.Value(right)
    try:
        result = operation(a, b)
    except (ArithmeticError, ValueError) as error:
        return type(error), str(error)
    result.backward(0.625)
    return state(node for node in (result, a, b) if isinstance(node, engine.Value))


@pytest.mark.parametrize("constant", ["none", "left", "right"])
@pytest.mark.parametrize("symbol", ARITHMETIC)
def test_operations_of_two_numbers(symbol, constant):
    values_seen = 0
    for left, right in product([*POINTS, 2.0, -2.0, 3.0, 1e200], repeat=2):
        fast, slow = (outcome(engine, ARITHMETIC[symbol], left, right, constant) for engine in (fastgrad, reference))
        assert fast == slow, f"{left} {symbol} {right}"
        values_seen += isinstance(slow, list)
    assert values_seen > 100


# Looks.


def looks(engine):
    """What the small engine says of its numbers; the compiled one says the same."""
    s, v = engine.Scalar(0.25, label="s"), engine.Value(-2.0, label="v")
    result = engine.Scalar(1.0 / 3.0) * s + s
    nodes, edges = result.trace()
    yield [repr(s), repr(v), s.label, v.label, result.label, result._op, v._op]
    yield [bool(engine.Value(x)) for x in (0.0, 2.0)], len(nodes), len(edges)
    yield sorted((operand.label, node.label) for operand, node in edges)
    yield [type(x).__name__ for x in (result, v + 1.0, -v, v.detach())]
    yield len(result.prev), len(result._prev), result.prev[1] is s
    s.data = 4.0
    s.label = ""
    yield s.label, (v * v).prev == [v, v], (v * v)._prev == {v}


def test_the_same_looks():
    assert list(looks(fastgrad)) == list(looks(reference))


# Errors.


def test_the_same_errors_at_the_same_line():
    def errors(engine):
        x = engine.Value(0.0)
        attempts = [
            lambda: x / 0.0, lambda: 1.0 / x, lambda: x**-1.0, lambda: (x - 8.0) ** (1 / 3), lambda: x.log(),
            lambda: (x + 1000.0).exp(), lambda: (x - 1.0).sqrt(), lambda: (x + 2.0).acos(), lambda: 10.0 ** (x + 400.0),
            lambda: x // 0.0, lambda: 1.0 // x, lambda: x + "1", lambda: x + None, lambda: x * 1j, lambda: x < "1",
            lambda: (x - 1.0) ** 0.5, lambda: x % x, lambda: (x + 1e6).sinh(), lambda: x * 10**400,
        ]  # fmt: skip
        for attempt in attempts:
            with pytest.raises((ArithmeticError, ValueError, TypeError)) as raised:
                attempt()
            yield type(raised.value)

    assert list(errors(fastgrad)) == list(errors(reference))

"""What a type checker says of numbers and functions of them.

The first tests are run, and mypy and pyright read them too: what ``assert_type`` says has to hold for all. Then come
lines that are only read, each with an error that both must find; one that does not complains of the comment.
"""

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

import fastgrad
from fastgrad import Scalar, Value, math
from fastgrad._tape.numbers import Number
from support.typed import assert_type

if TYPE_CHECKING:
    from collections.abc import Callable


class Parameter(Value):
    """A number with attributes of its own, which a type checker has to be told of."""

    momentum: float = 0.0

    def doubled(self) -> "Parameter":
        return self * 2.0


# What is right.


def test_operators_give_the_operands_type() -> None:
    x, s = Value(2.0), Scalar(3.0)
    assert_type(x + 1, Value)
    assert_type(True - x, Value)
    assert_type(2.0**x, Value)
    assert_type(x**x, Value)
    assert_type(-abs(+x), Value)
    assert_type(s / np.float32(2.0), Scalar)
    assert_type(np.float64(2.0) * s, Scalar)
    assert_type(s + x, Scalar)
    assert_type(x < 1.0, Value)
    assert_type(x >= s, Value)
    x *= 2.0
    assert_type(x, Value)


def test_operators_take_arrays_element_by_element() -> None:
    x, array = Value(2.0), np.ones(2)
    assert_type(x * array, NDArray[np.object_])
    assert_type(array - x, NDArray[np.object_])
    assert_type(x > array, NDArray[np.object_])


def test_subclass_results_are_of_the_subclass() -> None:
    p = Parameter(2.0, label="p")
    assert_type((p + 1.0).doubled().tanh(), Parameter)
    assert_type(1.0 - p, Parameter)
    assert_type(p * Value(2.0), Parameter)
    assert_type(p.arcsinh().detach(), Parameter)
    assert_type(math.exp(p), Parameter)
    assert_type(fastgrad.mean([p, p]), Parameter)
    p.momentum = 0.9 * p.momentum + p.grad


def test_attributes_and_the_graph() -> None:
    x = Value(2.0, label="x")
    y = (x * x).leaky_relu(negative_slope=0.1)
    y.backward()
    assert_type(x.data, float)
    assert_type(x.grad, float)
    assert_type(x.label, str)
    assert_type(y.prev, list[Value])
    assert_type(y._prev, set[Value])
    assert_type(y._children, tuple[Value, ...])
    assert_type(y.op + y._op, str)
    assert_type(y.trace(), tuple[set[Value], set[tuple[Value, Value]]])
    x.data -= 0.1 * x.grad
    x.data, x.grad, x.label = np.float32(1.0), 0, "w"
    x._op = "input"
    y.forward()
    y.zero_grad()


def test_values_in_every_dialect() -> None:
    a, b = Value(2.0), Value(3.0, "b")
    product = Value(6.0, (a, b), "*", label="product")

    def _backward() -> None:
        a.grad += b.data * product.grad

    product._backward = _backward
    product.backwards(gradient=1)
    step: Callable[[], object] = product._backward
    step()
    assert_type(Value(6.0, "product", (a, b), "*"), Value)
    assert_type(Value(6.0, (a, b), [3.0, 2.0]), Value)
    assert_type(Value(6.0, children=(a, b), local_grads=(3.0, 2.0)), Value)
    assert_type(Scalar(1.0, label="s").ifel(a > 1.0, 1.0, b), Scalar)


def test_reading_numbers() -> None:
    x = Value(2.5)
    assert_type(bool(x), bool)
    assert_type(round(x), int)
    assert_type(round(x, 1), float)
    assert_type(f"{x:.3f}", str)
    assert_type(math.floor(x), int)
    assert_type(math.isfinite(x), bool)
    assert_type(math.isclose(x, 2.5, rel_tol=1e-6), bool)


def test_functions_give_a_scalar_of_a_scalar_and_a_float_of_a_number() -> None:
    x = Value(0.5)
    assert_type(math.sin(x), Value)
    assert_type(math.sin(0.5), float)
    assert_type(math.sigmoid(np.float32(0.5)), float)
    assert_type(math.atan2(1.0, x), Value)
    assert_type(math.hypot(3.0, 4.0), float)
    assert_type(math.log(x, 10), Value)
    assert_type(math.max(0.0, x, 1.0), Value)
    assert_type(math.min([x, x]), Value)
    assert_type(math.clip(x, 0.0, 1.0), Value)
    assert_type(math.where(x > 0.0, 1.0, 0.0), Value)
    assert_type(math.pi, float)
    assert_type(list(map(math.exp, [x, x])), list[Value])


def test_functions_of_many() -> None:
    xs = [Value(1.0), Value(2.0)]
    mixed: list[Value | float] = [xs[0], 1.0]
    assert_type(fastgrad.sum(xs), Value)
    assert_type(fastgrad.sum(x * x for x in xs), Value)
    assert_type(fastgrad.sum(mixed), Value)
    assert_type(fastgrad.sum([1.0, 2.0]), float)
    assert_type(fastgrad.dot(xs, [1.0, 2.0]), Value)
    assert_type(fastgrad.dot([1.0, 2.0], [3.0, 4.0], bias=xs[0]), Value)
    assert_type(fastgrad.dot(np.ones(2), xs), Value)
    assert_type(fastgrad.softmax(xs), list[Value])
    assert_type(fastgrad.softmax([1.0, 2.0]), list[float])
    assert_type(math.dist(xs, (0.0, 0.0)), Value)


def test_lists_and_arrays_that_do_not_tell_their_type() -> None:
    x = Value(2.0)
    product: Value = fastgrad.prod([3.0, x])
    total: Value = fastgrad.sum(np.array([x, x]))
    largest: Value = math.max([1.0, x])
    scaled: Value = fastgrad.dot([x, 1.0], np.array([x, x]))
    assert [y.data for y in (product, total, largest, scaled)] == [6.0, 4.0, 2.0, 6.0]


def test_the_rest() -> None:
    x = Value(2.0)
    area = fastgrad.custom("area", lambda w, h: w * h, lambda w, h: h, lambda w, h: w)
    assert_type(area(x, 3.0), Value)
    assert_type(fastgrad.values([[x, 1.0], [2.0, x]]), NDArray[np.float64])
    assert_type(fastgrad.grads((x, [x])), NDArray[np.float64])
    fastgrad.set_values([x], [1.0])
    with fastgrad.no_grad():
        assert_type(x * 2.0, Value)
    assert_type(fastgrad.tape_info().nodes, int)
    assert_type(x.draw_dot(rankdir="TB").source, str)
    assert_type(fastgrad.__version__, str)


# What is wrong.

if TYPE_CHECKING:
    _x = Value(1.0)
    Value("1.0")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    Value(1.0, (2.0,))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportCallIssue]
    Value(1.0, None, "", 2.0)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    Scalar(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Scalar(_x)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    _x + "1.0"  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]
    1j * _x  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]
    _x // "2"  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]
    float(_x)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    int(_x)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    _x.data = "1.0"  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    _x.data = _x  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    _x.prev = []  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    _x._prev = set()  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    _x._backward = 1.0  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    _x.gard = 0.0  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    _x.rellu()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    math.gamma(_x)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    math.sin("1.0")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    fastgrad.sum(_x)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    fastgrad.dot([_x], 1.0)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    fastgrad.set_values([1.0], [2.0])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    _x.draw_dot(rankdir="up")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


# The annotations: in stubs of compiled modules, and in the source of others, which may make names in ways of its own.


def _names(file: str) -> set[str]:
    """Every name that a stub or a module defines or passes on in so many words, in its classes too."""
    nodes = list(ast.walk(ast.parse(Path(fastgrad.__file__).parent.joinpath(file).read_text(encoding="utf-8"))))
    names = {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    names |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return names | {node.asname or node.name for node in nodes if isinstance(node, ast.alias)}


@pytest.mark.parametrize(
    ("names", "files"),
    [
        ([name for name in dir(Number) if hasattr(Number, name)], ["_tape/node.pyi", "_tape/numbers.pyi"]),
        (dir(math), ["math.py"]),
        (fastgrad.__all__, ["__init__.py"]),
    ],
    ids=["numbers", "math", "fastgrad"],
)
def test_every_public_name_has_a_line_that_type_checkers_read(names: list[str], files: list[str]) -> None:
    known = set[str]().union(*map(_names, files))
    assert [name for name in names if not name.startswith("_") and name not in known] == []

"""What a loop runs over: the calls of zip, enumerate, range and reversed, and what stands in them."""

from __future__ import annotations

import ast
import builtins
import math

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

ITERATORS = ("zip", "enumerate", "range", "reversed")
PYTHONS_OWN = {**vars(builtins), "fsum": math.fsum, "prod": math.prod}  # before a program exchanges any of it


class Part:
    """An expression that is evaluated where the loop begins: its place among the arguments."""

    def __init__(self, place: int) -> None:
        self.place = place


class Call:
    """A call of one of `ITERATORS`: the place of the function, and what it is given."""

    def __init__(self, name: str, place: int, inner: Sequence[Part | Call], node: ast.Call | None = None) -> None:
        self.name, self.place, self.inner, self.node = name, place, inner, node

    @property
    def is_strict(self) -> bool:
        """Whether it is a zip of what has to be of the same length."""
        return self.node is not None and any(ast.literal_eval(keyword.value) for keyword in self.node.keywords)


def is_iterator(node: ast.expr, shadowed: Callable[[str], bool]) -> bool:
    """Whether an expression calls one of the `ITERATORS` in a way that kernels know."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    name, count = node.func.id, len(node.args)
    if node.keywords and not (name == "zip" and all(map(_says_whether_strict, node.keywords))):
        return False
    if name not in ITERATORS or shadowed(name) or any(isinstance(entry, ast.Starred) for entry in node.args):
        return False
    if name == "reversed" and count == 1 and is_iterator(node.args[0], shadowed):
        inner: Any = node.args[0]
        return inner.func.id == "range"  # type: ignore[no-any-return]  # no other one can be reversed
    return {"zip": count > 0, "enumerate": 1 <= count <= 2, "range": 1 <= count <= 3, "reversed": count == 1}[name]


def _says_whether_strict(keyword: ast.keyword) -> bool:
    return keyword.arg == "strict" and isinstance(keyword.value, ast.Constant)


def shape_of(node: ast.expr, add: Callable[[ast.expr], int], shadowed: Callable[[str], bool]) -> Part | Call:
    """Return the shape of what a loop runs over; each part of it is added, in Python's order of evaluation."""
    if not is_iterator(node, shadowed):
        return Part(add(node))
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    place = add(node.func)
    inner = tuple(shape_of(entry, add, shadowed) for entry in node.args)
    return Call(node.func.id, place, inner, node)


def functions_of(shape: Part | Call) -> Iterator[tuple[int, Any]]:
    """Yield the places of the functions, and what they have to be."""
    if isinstance(shape, Call):
        yield shape.place, PYTHONS_OWN[shape.name]
        for inner in shape.inner:
            yield from functions_of(inner)


def iterator_after(shape: Part | Call, given: Sequence[Any], rounds: int) -> Any:
    """Return what a loop has still to run over after some rounds, as an iterator.

    >>> shape = Call("enumerate", 0, (Part(1),))
    >>> list(iterator_after(shape, (enumerate, ["a", "b", "c"]), 1))
    [(1, 'b'), (2, 'c')]
    """
    if isinstance(shape, Part):
        found = iter(given[shape.place])
        if rounds:
            found.__setstate__(rounds)
        return found
    function = given[shape.place]
    if not rounds:
        return function(*(_value(inner, given) for inner in shape.inner))
    if shape.name == "zip":
        return zip(*(iterator_after(inner, given, rounds) for inner in shape.inner), strict=shape.is_strict)
    if shape.name == "enumerate":
        start = given[shape.inner[1].place] if len(shape.inner) > 1 else 0
        return enumerate(iterator_after(shape.inner[0], given, rounds), start + rounds)
    values = [_value(inner, given) for inner in shape.inner]
    if shape.name == "range":
        return iter(range(*values)[rounds:])
    if isinstance(values[0], range):
        return iter(values[0][::-1][rounds:])
    found = reversed(values[0])
    found.__setstate__(len(values[0]) - 1 - rounds)
    return found


def _value(inner: Part | Call, given: Sequence[Any]) -> Any:
    """What a call is given, as if nothing had been done."""
    if isinstance(inner, Part):
        return given[inner.place]
    return iterator_after(inner, given, 0)

"""Nested arguments and results: taken apart into a flat list of numbers and a description, and put together again.

A description says what a structure is apart from its numbers, and can be compared and hashed. It is one of

    Number()              a number
    Array(shape)          an array of numbers, or a network's batch
    Named(shape, columns) an array whose last axis has names, of a frame
    Row(length)           a list of numbers
    Nest(kind, keys, parts)   any other list, tuple, named tuple or dict of structures
    Fixed(value)          anything else that can be hashed: a string, a bool, None
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from fastgrad._frames import array_of, is_table, named
from fastgrad._layers.batch import Batch
from fastgrad._tape.node import Node
from fastgrad._tape.observer import TraceError, recording_active

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    _Floats: TypeAlias = NDArray[np.float64]
    _Structure: TypeAlias = "Number | Array | Row | Nest | Fixed"


class Number(NamedTuple):
    """A number."""

    def take_apart(self, x: Any, numbers: list[Any]) -> None:
        """Append the number to a list."""
        numbers.append(x.item() if isinstance(x, np.ndarray) else x)

    def put_together(self, numbers: Iterator[Any]) -> Any:
        """Take the number from an iterator."""
        return next(numbers)

    def of_floats(self, numbers: _Floats) -> Any:
        """Take the number from an array of one."""
        return numbers.item()

    def size(self) -> int:
        """How many numbers there are."""
        return 1

    def names(self, name: str) -> list[str]:
        """List a name for each number, as Python's code would have it."""
        return [name]


class Array(NamedTuple):
    """An array of numbers, of a shape."""

    shape: tuple[int, ...]

    def take_apart(self, x: Any, numbers: list[Any]) -> None:
        """Append the numbers to a list, in C order."""
        numbers.extend(np.asarray(_plain_array(x)).ravel().tolist())

    def put_together(self, numbers: Iterator[Any]) -> Any:
        """Make an array from the next numbers: of floats, or of objects where scalars are among them."""
        entries = [next(numbers) for _ in range(self.size())]
        kind = object if any(isinstance(entry, Node) for entry in entries) else np.float64
        array = np.empty(len(entries), dtype=kind)
        array[:] = entries
        return array.reshape(self.shape)

    def of_floats(self, numbers: _Floats) -> Any:
        """Make the array of one of floats."""
        return numbers.reshape(self.shape)

    def size(self) -> int:
        """How many numbers there are."""
        return math.prod(self.shape)

    def names(self, name: str) -> list[str]:
        """List a name for each number."""
        return [f"{name}[{', '.join(map(str, place))}]" for place in np.ndindex(*self.shape)]


class Named(Array):
    """An array whose last axis has names, which a function may index it by."""

    __slots__ = ()

    def __new__(cls, shape: tuple[int, ...], columns: tuple[str, ...]) -> Named:
        return tuple.__new__(cls, (shape, columns))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names."""
        fields: tuple[Any, ...] = (*self,)
        names: tuple[str, ...] = fields[1]
        return names

    def put_together(self, numbers: Iterator[Any]) -> Any:
        """Make an array with names from the next numbers."""
        return named(super().put_together(numbers), self.columns)

    def of_floats(self, numbers: _Floats) -> Any:
        """Make the array of one of floats."""
        return named(numbers.reshape(self.shape), self.columns)

    def names(self, name: str) -> list[str]:
        """List a name for each number."""
        rows = [", ".join(map(str, place)) for place in np.ndindex(*self.shape[:-1])]
        return [f"{name}{f'[{row}]' if row else ''}[{column!r}]" for row in rows for column in self.columns]


class Row(NamedTuple):
    """A list of so many numbers."""

    length: int

    def take_apart(self, x: Any, numbers: list[Any]) -> None:
        """Append the numbers to a list."""
        numbers.extend(x)

    def put_together(self, numbers: Iterator[Any]) -> Any:
        """Take the next numbers from an iterator."""
        return list(itertools.islice(numbers, self.length))

    def of_floats(self, numbers: _Floats) -> Any:
        """Make the list of an array."""
        return numbers.tolist()

    def size(self) -> int:
        """How many numbers there are."""
        return self.length

    def names(self, name: str) -> list[str]:
        """List a name for each number."""
        return [f"{name}[{k}]" for k in range(self.length)]


class Nest(NamedTuple):
    """A container of structures; `keys` are those of a dict."""

    kind: Any
    keys: tuple[Any, ...]
    parts: tuple[Any, ...]

    def take_apart(self, x: Any, numbers: list[Any]) -> None:
        """Append the numbers of all parts to a list."""
        for part, entry in zip(self.parts, x.values() if self.kind is dict else x):
            part.take_apart(entry, numbers)

    def put_together(self, numbers: Iterator[Any]) -> Any:
        """Make the container from the next numbers."""
        return self.made_of([part.put_together(numbers) for part in self.parts])

    def of_floats(self, numbers: _Floats) -> Any:
        """Make the container of the numbers of an array."""
        return self.put_together(iter(numbers.tolist()))

    def made_of(self, entries: list[Any]) -> Any:
        """Make the container from what is to be in it."""
        if self.kind is dict:
            return dict(zip(self.keys, entries))
        return self.kind(*entries) if hasattr(self.kind, "_fields") else self.kind(entries)

    def size(self) -> int:
        """How many numbers there are."""
        return sum(part.size() for part in self.parts)

    def names(self, name: str) -> list[str]:
        """List a name for each number."""
        if hasattr(self.kind, "_fields"):
            names = [f"{name}.{field}" for field in self.kind._fields]
        else:
            names = [f"{name}[{key!r}]" for key in self.keys or range(len(self.parts))]
        return [name for part, of_part in zip(self.parts, names) for name in part.names(of_part)]


class Fixed(NamedTuple):
    """Something that is no number; a field more than a `Row` has tells True from a list of one."""

    value: Any
    numbers: int = 0

    def take_apart(self, x: Any, numbers: list[Any]) -> None:
        """Append nothing."""

    def put_together(self, numbers: Iterator[Any]) -> Any:
        """Return the thing itself."""
        return self.value

    def of_floats(self, numbers: _Floats) -> Any:
        """Return the thing itself."""
        return self.value

    def size(self) -> int:
        """How many numbers there are: none."""
        return self.numbers

    def names(self, name: str) -> list[str]:
        """List no name."""
        return []


def crossed(outer: _Structure, inner: _Structure) -> tuple[_Structure, NDArray[np.intp]]:
    """Describe derivatives of one structure by another.

    In place of each number or array of the first stands the second, with an array of both shapes for each of its
    numbers and arrays.

    Returns
    -------
    structure
    order : numpy.ndarray of int
        Where its numbers, in order, are in an array of shape (outer.size(), inner.size()).

    >>> crossed(Number(), Array((2,)))[0], crossed(Row(2), Number())[0]
    (Array(shape=(2,)), Row(length=2))
    """
    places = np.arange(outer.size() * inner.size()).reshape(outer.size(), inner.size())
    order: list[NDArray[np.intp]] = []

    def leaf(shape: tuple[int, ...], block: NDArray[np.intp]) -> _Structure:
        order.append(block.ravel())
        return Array(shape) if shape else Number()

    structure = _in_place(
        outer,
        places,
        lambda shape, rows: _in_place(inner, rows.T, lambda own, block: leaf((*shape, *own), block.T)),
    )
    return structure, np.concatenate(order) if order else places.ravel()


def _in_place(structure: _Structure, rows: NDArray[np.intp], leaf: Callable[..., _Structure]) -> _Structure:
    """Replace the numbers and arrays of a structure, of whose numbers each has a row, by what is made of these."""
    if isinstance(structure, (Number, Array)):
        return leaf(structure.shape if isinstance(structure, Array) else (), rows)
    if isinstance(structure, Fixed):
        return structure
    if isinstance(structure, Row):
        kind, keys, parts = list, (), (Number(),) * structure.length
    else:
        kind, keys, parts = structure
    entries, start = [], 0
    for part in parts:
        entries.append(_in_place(part, rows[start : start + part.size()], leaf))
        start += part.size()
    if kind is list and all(type(entry) is Number for entry in entries):
        return Row(len(entries))
    return Nest(kind, keys, tuple(entries))


def in_words(structure: _Structure) -> str:
    """Say what a structure is, for messages.

    >>> in_words(Nest(tuple, (), (Number(), Row(2), Array((3, 4)))))
    'a tuple of a number, a list of 2 numbers, an array of shape (3, 4)'
    """
    if isinstance(structure, Number):
        return "a number"
    if isinstance(structure, Named):
        return f"an array of shape {structure.shape} with the columns {', '.join(map(repr, structure.columns))}"
    if isinstance(structure, Array):
        return f"an array of shape {structure.shape}"
    if isinstance(structure, Row):
        return f"a list of {structure.length} numbers"
    if isinstance(structure, Fixed):
        return repr(structure.value)
    parts = [in_words(part) for part in structure.parts]
    if structure.kind is dict:
        parts = [f"{key!r}: {part}" for key, part in zip(structure.keys, parts)]
    return f"a {structure.kind.__name__} of {', '.join(parts) or 'nothing'}"


def described(x: Any, name: str) -> _Structure:
    """Return the description of a structure; `name` is what messages call it."""
    try:
        return _described(x, name)
    except RecursionError:
        raise ValueError(f"{name} is nested too deeply, or holds itself") from None


def _described(x: Any, name: str) -> _Structure:
    if isinstance(x, (bool, str, bytes, type(None))):
        return Fixed(x)
    if is_table(x):
        array = array_of(x, name)
        columns = getattr(array, "columns", ())
        return Named(array.shape, columns) if columns else Array(array.shape)
    if isinstance(x, np.ndarray):
        return _described_array(x, name)
    if isinstance(x, Batch):
        return Array(x.shape)
    if isinstance(x, dict):
        return Nest(dict, tuple(x), tuple(_described(entry, f"{name}[{key!r}]") for key, entry in x.items()))
    if type(x) is list and all(_is_number(entry) and not isinstance(entry, (np.ndarray, bool)) for entry in x):
        return Row(len(x))
    if isinstance(x, (list, tuple)):
        return Nest(type(x), (), tuple(_described(entry, f"{name}[{k}]") for k, entry in enumerate(x)))
    if _is_number(x):
        return Number()
    raise TypeError(f"{name} must be a number, an array, or a list, tuple or dict of these, not {x!r:.60}")


def _described_array(x: NDArray[Any], name: str) -> Array | Number:
    if x.dtype.kind not in "fiubO":
        raise TypeError(f"{name} must be an array of real numbers, not of {x.dtype}")
    wrong = [entry for entry in x.flat if not _is_number(entry)] if x.dtype == object else []
    if wrong:
        raise TypeError(f"{name} must be an array of real numbers, but {wrong[0]!r:.60} is among them")
    return Array(x.shape) if x.ndim else Number()


def _is_number(x: object) -> bool:
    """Is this a scalar, or a real number of any type?"""
    if isinstance(x, (Node, float, int)):
        return True
    return hasattr(type(x), "__float__") and not isinstance(x, (complex, np.complexfloating)) and not is_table(x)


def _plain_array(x: Any) -> Any:
    """What numpy takes for an array, of a batch or a table, too."""
    if isinstance(x, Batch):
        return x[:]
    return array_of(x, "an argument") if is_table(x) else x


def has_names(structure: _Structure) -> bool:
    """Tell whether an array with names is in a structure."""
    return any(map(has_names, structure.parts)) if isinstance(structure, Nest) else isinstance(structure, Named)


def has_scalar(x: Any) -> bool:
    """Tell whether a scalar is among the numbers of a structure."""
    try:
        return _has_scalar(x)
    except RecursionError:  # it holds itself, which is an error of its own
        return False


def _has_scalar(x: Any) -> bool:
    if isinstance(x, Node):
        return True
    if isinstance(x, (list, tuple, dict)):
        return any(map(_has_scalar, x.values() if isinstance(x, dict) else x))
    return isinstance(x, np.ndarray) and x.dtype == object and any(map(_has_scalar, x.flat))


def floats_of(structure: _Structure, x: Any, name: str) -> list[float]:
    """Return the numbers of a structure as floats; scalars are refused."""
    numbers: list[Any] = []
    structure.take_apart(x, numbers)
    scalar = next((number for number in numbers if isinstance(number, Node)), None)
    if scalar is not None and recording_active():
        raise TraceError(
            f"{name} has a number that is being recorded: in a compiled function only the plain call of another can be "
            f"used, not its gradients, batches and sums"
        )
    if scalar is not None:
        raise TypeError(
            f"{name} has the scalar {scalar!r}, whose gradient would be lost: give its number, or take the plain call, "
            f"whose results are scalars then"
        )
    return [float(number) for number in numbers]

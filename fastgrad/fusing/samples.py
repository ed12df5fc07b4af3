"""Samples: what is in a register, or was at some time. They tell which functions a program calls; kernels check it."""

from __future__ import annotations

import itertools
import types

from fastgrad import Node
from fastgrad._kernels.fields import plain_attribute

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TypeAlias

    _Samples: TypeAlias = tuple[Any, ...]

_MOST = 4  # of one register
_LOOKED_AT = 256  # entries of a list
MISSING: Any = object()


def different(values: Iterable[Any]) -> _Samples:
    """Return some of the values: one of each type, and of functions one of each code."""
    found: dict[Any, Any] = {}
    for value in values:
        kind: Any = type(value)
        if kind is types.FunctionType:
            kind = value.__code__
        elif callable(value) and method_of(kind, "__call__") is None:
            kind = id(value)  # functions in C
        if kind not in found and len(found) < _MOST:
            found[kind] = value
    return tuple(found.values())


def entries(samples: _Samples) -> _Samples:
    """Return samples of what is in lists and tuples."""
    lists = [values for values in samples if type(values) in (list, tuple)]
    return different(itertools.chain.from_iterable(itertools.islice(values, _LOOKED_AT) for values in lists))


def attributes(samples: _Samples, name: str) -> _Samples:
    """Return samples of an attribute."""
    others = [sample for sample in samples if not is_number(sample)]
    found = [plain_attribute(sample, name, MISSING) for sample in others]
    return different(value for value in found if value is not MISSING)


def is_number(value: Any) -> bool:
    return issubclass(type(value), Node)


def class_attribute(kind: type, name: str) -> Any:
    """Return what a type has under a name, itself or from a base."""
    return next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), MISSING)


def method_of(kind: type, name: str) -> types.FunctionType | None:
    """Return the function that a type has as a method."""
    found = class_attribute(kind, name)
    return found if type(found) is types.FunctionType else None

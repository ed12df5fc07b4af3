"""Scalars and numpy arrays: the numbers of a nesting of scalars, in and out. Exported from ``fastgrad`` itself."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, SupportsFloat, TypeAlias

import numpy as np

from fastgrad._tape.convert import plain
from fastgrad._tape.node import Node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from fastgrad._tape.numbers import Number

    _Scalars: TypeAlias = Node | NDArray[Any] | Sequence["_Scalars"]
    _Numbers: TypeAlias = Node | SupportsFloat | NDArray[Any] | Sequence["_Numbers"]


def _flat(xs: Any) -> tuple[list[Any], tuple[int, ...]]:
    """Every scalar and number of a nesting of lists, tuples and arrays, in order, and the nesting's shape."""
    array = np.asarray(xs, dtype=object)
    return array.ravel().tolist(), array.shape


def values(xs: _Numbers) -> NDArray[np.float64]:
    """The numbers of scalars.

    Parameters
    ----------
    xs : scalar, or list, tuple or array of scalars and numbers, nested to any depth

    Returns
    -------
    numpy.ndarray
        float64, of the nesting's shape.

    Examples
    --------
    >>> import fastgrad
    >>> fastgrad.values([[fastgrad.Value(1.0), 2.0], [3.0, fastgrad.Scalar(4.0)]])
    array([[1., 2.],
           [3., 4.]])
    """
    flat, shape = _flat(xs)
    numbers = [x.data if isinstance(x, Node) else plain(x) for x in flat]  # reading .data is refused while recording
    return np.array(numbers, dtype=np.float64).reshape(shape)


def grads(xs: _Numbers) -> NDArray[np.float64]:
    """The gradients of scalars; 0.0 for a plain number.

    Parameters
    ----------
    xs : scalar, or list, tuple or array of scalars and numbers, nested to any depth

    Returns
    -------
    numpy.ndarray
        float64, of the nesting's shape.

    Examples
    --------
    >>> import fastgrad
    >>> x = [fastgrad.Value(1.0), fastgrad.Value(2.0)]
    >>> (x[0] * x[1]).backward()
    >>> fastgrad.grads(x)
    array([2., 1.])
    """
    flat, shape = _flat(xs)
    return np.array([x.grad if isinstance(x, Node) else 0.0 for x in flat], dtype=np.float64).reshape(shape)


def set_values(xs: _Scalars, numbers: ArrayLike) -> None:
    """Write numbers into the ``data`` of scalars.

    Parameters
    ----------
    xs : scalar, or list, tuple or array of scalars, nested to any depth
    numbers : array_like
        Of the same shape.

    Raises
    ------
    TypeError
        If xs holds anything but scalars, or numbers anything but numbers; nothing is written then.
    ValueError
        If the shapes differ; nothing is written then.

    Examples
    --------
    >>> import fastgrad
    >>> x = [fastgrad.Value(1.0), fastgrad.Value(2.0)]
    >>> fastgrad.set_values(x, [3.0, 4.0])
    >>> x[1].data
    4.0
    """
    flat, shape = _flat(xs)
    flat_numbers, given = _flat(numbers)
    if given != shape:
        raise ValueError(f"set_values() needs as many numbers as scalars: the shape is {shape}, not {given}")
    for x in flat:
        if not isinstance(x, Node):
            raise TypeError(f"set_values() writes to scalars, not to {x!r} of type {type(x).__name__}")
    for x, number in zip(flat, [plain(number) for number in flat_numbers]):
        x.data = number


def elementwise(name: str, left: Number | NDArray[Any], right: Number | NDArray[Any]) -> NDArray[np.object_]:
    """An operator of an array and a scalar, element by element, as an array of objects."""
    function = operator.truediv if name == "div" else getattr(operator, name)
    result: NDArray[np.object_] = np.frompyfunc(function, 2, 1)(_as_objects(left), _as_objects(right))
    return result


def _as_objects(x: Number | NDArray[Any]) -> NDArray[Any]:
    """The array, or the scalar in an array without dimensions, so that numpy does not hand the work back to it."""
    if not isinstance(x, Node):
        return x
    array = np.empty((), dtype=object)
    array[()] = x
    return array

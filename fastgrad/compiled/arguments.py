"""Arguments of compiled functions: those with an axis of rows as one table of numbers; results back from tables."""

from __future__ import annotations

import inspect
import math
import operator
import os
import threading
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from fastgrad._frames import is_table, read
from fastgrad._programs.rows import Columns  # type: ignore[import-not-found]  # it needs no stub for one class
from fastgrad.compiled.structure import Array, Fixed, Named, Nest, Number, Row, described, floats_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from fastgrad.compiled.structure import _Floats, _Structure

    _Axes: TypeAlias = int | Sequence[int | None] | None
    _Places: TypeAlias = int | Sequence[int]  # of arguments


def of_positions(parts: tuple[_Structure, ...]) -> Nest:
    """Return the description of positional arguments."""
    return Nest(tuple, (), (Nest(tuple, (), parts), Nest(dict, (), ())))


def of_shapes(shapes: tuple[Any, ...]) -> tuple[_Structure, ...]:
    """Return the descriptions of arguments that `row_of` or `table_of` has read."""
    return tuple(Row(shape) if type(shape) is int else Array(shape) if shape else Number() for shape in shapes)


def described_call(args: tuple[Any, ...], kwargs: dict[str, Any], name: str) -> Nest:
    """Return the description of the arguments of a call."""
    try:
        positional = tuple(described(arg, f"argument {k} of {name}") for k, arg in enumerate(args))
    except TypeError as error:
        raise _of_method(error, args[0], name) from None
    named = tuple(described(arg, f"argument {key!r} of {name}") for key, arg in kwargs.items())
    return Nest(tuple, (), (Nest(tuple, (), positional), Nest(dict, tuple(kwargs), named)))


def _of_method(error: TypeError, arg: object, name: str) -> TypeError:
    """What to say of the first argument where it is an instance, or a class, and the function one of its methods."""
    if isinstance(arg, type) and isinstance(inspect.getattr_static(arg, name, None), classmethod):
        return no_class_method(name)  # to which Python gives the class as an argument, from 3.13 on
    is_method = hasattr(getattr(type(arg), name, None), "value_and_grad")
    remedy = f": {name} is a method of {type(arg).__name__}, call it on the instance" if is_method else ""
    return TypeError(f"{error}{remedy}")


def no_class_method(name: str) -> TypeError:
    """The exception for a call of a compiled class method."""
    return TypeError(
        f"{name} is compiled, and cannot be a class method: compile a function outside of the class, and call it from "
        "the class method"
    )


def names_of_inputs(function: Callable[..., Any], structure: Nest) -> list[str]:
    """Name the arguments' numbers as the function's own code would: x, p['w'], X[0, 1]."""
    positional, keywords = structure.parts
    parts = [*zip(positional.parts, _positional_names(function, len(positional.parts)))]
    parts += zip(keywords.parts, keywords.keys)
    return [name for part, argument in parts for name in part.names(argument)]


def _positional_names(function: Callable[..., Any], count: int) -> list[str]:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # a function of a compiled module has none
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][:count]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "args")
    return names + [f"{rest}[{k}]" for k in range(count - len(names))]


def table(args: tuple[Any, ...], in_axes: _Axes, name: str) -> tuple[Nest, _Floats]:
    """Return the description of one row's arguments, and the numbers of all rows, a table of shape (rows, inputs)."""
    parts, pieces, rows = pieces_of(args, in_axes, name)
    return of_positions(parts), side_by_side([piece for of_argument in pieces for piece in of_argument], rows)


def pieces_of(
    args: tuple[Any, ...], in_axes: _Axes, name: str
) -> tuple[tuple[_Structure, ...], list[list[NDArray[Any]]], int]:
    """Return the descriptions of a row of each argument, and their numbers: arrays of float64 of shape (rows, some),
    which lie side by side, or of shape (some,) where they are the same for all rows. And how many rows there are.
    """
    axes = axes_of(in_axes, args)
    pieces: list[list[NDArray[Any]]] = []
    lengths: dict[str, int] = {}
    parts: list[_Structure] = []
    for place, (arg, axis) in enumerate(zip(args, axes)):
        what, found = f"argument {place} of {name}", []
        if axis is None:
            structure = described(arg, what)
            found.append(np.array(floats_of(structure, arg, what)))
        else:
            try:
                structure = _of_a_row(arg, what, found, lengths)
            except TypeError as error:
                raise _of_method(TypeError(f"{error}{_if_number(arg, args, axes)}"), args[0], name) from None
        parts.append(structure)
        pieces.append(found)
    return tuple(parts), pieces, _one_length(lengths, name)


def axes_of(in_axes: Any, args: tuple[Any, ...]) -> list[int | None]:
    """Return for each argument whether it has an axis of rows: 0 or None."""
    axes: list[Any] = list(in_axes) if isinstance(in_axes, (list, tuple)) else [in_axes] * len(args)
    if len(axes) != len(args) or any(axis is not None and (type(axis) is not int or axis) for axis in axes):
        another = any(type(axis) is int and axis for axis in axes)
        remedy = ": rows are along the first axis, where numpy.moveaxis puts another" if another else ""
        raise ValueError(
            f"in_axes must be 0, None, or one of these for each of {len(args)} arguments, not {in_axes!r}{remedy}"
        )
    return axes


def is_elsewhere(arg: Any) -> bool:
    """Whether an argument's rows lie in blocks elsewhere: a collection of Dask's, or a column of `dask.blocks`."""
    return type(arg) is not np.ndarray and (hasattr(arg, "__dask_graph__") or hasattr(arg, "__fastgrad_blocks__"))


def are_elsewhere(args: tuple[Any, ...]) -> bool:
    """Whether any of the arguments, or of what is in dicts and tuples among them, has its rows elsewhere."""
    for arg in args:
        if type(arg) is dict or type(arg) is tuple:
            if are_elsewhere(tuple(arg.values()) if isinstance(arg, dict) else arg):
                return True
        elif is_elsewhere(arg):
            return True
    return False


def _if_number(arg: object, args: tuple[Any, ...], axes: Sequence[int | None]) -> str:
    """What to do with a number where rows are wanted, or nothing."""
    fitting = tuple(None if _has_numbers(other) else axis for other, axis in zip(args, axes))
    if not _has_numbers(arg) or not any(axis == 0 for axis in fitting):
        return ""
    return f": {'what' if isinstance(arg, dict) else 'a number that'} is the same for all rows wants in_axes={fitting}"


def _has_numbers(x: object) -> bool:
    """Whether it is a number, or a dict that has one where it would need rows."""
    return isinstance(x, Real) or (isinstance(x, dict) and any(map(_has_numbers, x.values())))


def _one_length(lengths: Mapping[str, int], name: str) -> int:
    if not lengths:
        raise ValueError(f"{name} was given no argument with rows")
    if len(set(lengths.values())) > 1:
        given = ", ".join(f"{what} has {length}" for what, length in lengths.items())
        raise ValueError(f"all arguments must have as many rows, but {given}")
    rows = next(iter(lengths.values()))
    if not rows:
        raise ValueError(f"the arguments of {name} have no rows: give at least one")
    return rows


_FEW_ROWS = 512  # so many are copied side by side


def side_by_side(pieces: Sequence[NDArray[Any]], rows: int) -> Any:
    """Return a table of arrays: one array, or `Columns` that are read where they lie."""
    if len(pieces) == 1:
        return np.ascontiguousarray(pieces[0], dtype=np.float64)
    if rows > _FEW_ROWS and all(piece.ndim == 2 and piece.flags.c_contiguous for piece in pieces):
        return Columns(tuple(pieces))
    X = np.empty((rows, sum(piece.shape[-1] for piece in pieces)))
    place = 0
    for piece in pieces:
        X[:, place : place + piece.shape[-1]] = piece
        place += piece.shape[-1]
    return X


def _of_a_row(arg: Any, what: str, pieces: list[NDArray[Any]], lengths: dict[str, int]) -> _Structure:
    """Describe a row of an argument with rows, and append its numbers."""
    if isinstance(arg, dict):
        parts = tuple(_of_a_row(entry, f"{what}[{key!r}]", pieces, lengths) for key, entry in arg.items())
        return Nest(dict, tuple(arg), parts)
    if isinstance(arg, (list, tuple)) and any(isinstance(entry, (np.ndarray, dict)) for entry in arg):
        parts = tuple(_of_a_row(entry, f"{what}[{k}]", pieces, lengths) for k, entry in enumerate(arg))
        return Nest(type(arg), (), parts)
    if is_table(arg):
        return _of_a_tables_row(arg, what, pieces, lengths)
    try:
        array = np.asarray(arg)
    except ValueError:
        raise ValueError(f"{what} must have rows of one length") from None
    if array.ndim == 0 or array.dtype.kind not in "fiub":
        remedy = ": give toarray() of a sparse matrix" if hasattr(type(arg), "tocsr") else ""
        raise TypeError(f"{what} must be an array of real numbers with an axis of rows, not {arg!r:.60}{remedy}")
    lengths[what] = len(array)
    pieces.append(array.reshape(len(array), int(np.prod(array.shape[1:]))).astype(np.float64, copy=False))
    return Number() if array.ndim == 1 else Array(array.shape[1:])


def _of_a_tables_row(arg: Any, what: str, pieces: list[NDArray[Any]], lengths: dict[str, int]) -> _Structure:
    found = read(arg, what)
    parts = found.parts()
    lengths[what] = len(parts[0])
    pieces += [part.reshape(len(part), math.prod(part.shape[1:])) for part in parts]
    if found.array is None or found.array.ndim == 2 and found.columns:
        assert found.columns is not None
        return Named((len(found.columns),), found.columns)
    return Array(found.array.shape[1:]) if found.array.ndim > 1 else Number()


# Results.


def with_rows(part: _Structure, numbers: _Floats, start: int = 0) -> Any:
    """Return a structure with a leading axis of rows; its numbers are the columns of a table from one on."""
    stop = start + part.size()
    if isinstance(part, Array):
        return np.ascontiguousarray(numbers[:, start:stop]).reshape(len(numbers), *part.shape)
    if isinstance(part, Fixed):
        return part.value
    if not isinstance(part, Nest) or _is_of_single_numbers(part):
        return part.put_together(iter(np.ascontiguousarray(numbers[:, start:stop].T)))
    entries = []
    for entry in part.parts:
        entries.append(with_rows(entry, numbers, start))
        start += entry.size()
    return part.made_of(entries)


def _is_of_single_numbers(part: _Structure) -> bool:
    """Is each of its numbers a column by itself? Then all are copied at once, which is quicker than one by one."""
    if isinstance(part, Nest):
        return bool(part.parts) and all(_is_of_single_numbers(entry) for entry in part.parts)
    return isinstance(part, (Number, Row))


def check_one(structure: _Structure, name: str) -> None:
    """Raise TypeError unless a result is one number."""
    if type(structure) is not Number:
        raise several_results(structure, name)


def several_results(structure: _Structure, name: str) -> TypeError:
    """Return the exception for a result that is not one number, of which a gradient was asked for."""
    several = "an array" if type(structure) is Array else "several in a structure"
    return TypeError(
        f"{name} must return one number for this, not {several}: jacobian() has the first derivatives of several "
        "results, or compile a function of one, such as a single residual, and give batch_value_and_grad a row for each"
    )


def no_result(result: object, name: str) -> TypeError:
    """The exception for a result that has no number in it."""
    remedy = ": return 1.0 or 0.0 for yes or no" if isinstance(result, (bool, str, bytes)) else ""
    if result is None:
        remedy = ": is there a return at the end of each way through it?"
    return TypeError(f"{name} must return a number, or numbers in lists, tuples, dicts, not {result!r:.60}{remedy}")


def common(structures: Sequence[_Structure], name: str) -> _Structure:
    """Return the one structure of all rows' results."""
    if any(structure != structures[0] for structure in structures):
        raise TypeError(f"{name} must return the same structure for all rows of a batch")
    return structures[0]


def gradient(structure: Nest, numbers: _Floats, argnums: _Places) -> Any:
    """Return the gradient by some arguments, from an array of numbers: of one row, or of many."""
    parts = structure.parts[0].parts
    wanted, several = _wanted(parts, argnums)
    found = []
    for k in wanted:
        start = _start_of(parts, k)
        if numbers.ndim == 1:
            found.append(parts[k].of_floats(numbers[start : start + parts[k].size()]))
        else:
            found.append(with_rows(parts[k], numbers, start))
    return tuple(found) if several else found[0]


def chosen(structure: Nest, argnums: _Places) -> tuple[_Structure, list[int]]:
    """Return the structure of some arguments, of one or as a tuple, and the places of their numbers among all."""
    parts = structure.parts[0].parts
    wanted, several = _wanted(parts, argnums)
    places = [place for k in wanted for place in range(_start_of(parts, k), _start_of(parts, k + 1))]
    return Nest(tuple, (), tuple(parts[k] for k in wanted)) if several else parts[wanted[0]], places


def _wanted(parts: Sequence[_Structure], argnums: _Places) -> tuple[list[int], bool]:
    """Return the places of arguments, and whether there may be several of them."""
    given = places_given(argnums)
    if isinstance(given, int):
        return [_place(given, parts)], False
    if len(set(given)) < len(given):
        raise ValueError(f"argnums must name each argument once, not {argnums!r}")
    return [_place(k, parts) for k in given], True


def _start_of(parts: Sequence[_Structure], k: int) -> int:
    """How many numbers are in the arguments before one."""
    return sum(part.size() for part in parts[:k])


def places_given(argnums: Any) -> int | tuple[int, ...]:
    """Read argnums: an int or a tuple of ints."""
    if isinstance(argnums, (tuple, list)):
        return tuple(map(_index, argnums))
    return _index(argnums)


def _index(argnum: Any) -> int:
    try:
        return operator.index(argnum)
    except TypeError:
        raise TypeError(
            f"argnums must be an int or a tuple of them, not {argnum!r}: count the positional arguments from 0 on"
        ) from None


def _place(place: int, parts: Sequence[_Structure]) -> int:
    if not 0 <= place < len(parts):
        raise ValueError(
            f"argnums must be places among the {len(parts)} positional arguments, from 0 on, not {place!r}: those "
            f"given by name are not among them, give them by place; the last place is {len(parts) - 1}"
        )
    return place


# Options and buffers.


class _Differentiating(threading.local):
    """How many functions this thread runs on scalars to differentiate them, one in the other."""

    runs = 0


differentiating = _Differentiating()


def order_of(n: Any) -> int:
    """Read the order of a derivative."""
    try:
        order = operator.index(n)
    except TypeError:
        order = -1
    if order < 0:
        raise ValueError(f"n must be a whole number of at least 0, not {n!r}")
    return order


def thread_count(num_threads: int | None) -> int:
    """Read a number of threads; None is the environment's."""
    given: Any = os.environ.get("FASTGRAD_NUM_THREADS", "1") if num_threads is None else num_threads
    try:
        count = int(given) if num_threads is None else operator.index(given)
    except (TypeError, ValueError):
        count = 0
    if count < 1:
        source = "FASTGRAD_NUM_THREADS" if num_threads is None else "num_threads"
        raise ValueError(f"{source} must be a whole number of at least 1, not {given!r}")
    return count


def check_buffer(name: str, buffer: object, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless a buffer is one that a program can use."""
    if not isinstance(buffer, np.ndarray) or buffer.dtype != np.float64 or buffer.shape != shape:
        what = f"{buffer.dtype} of shape {buffer.shape}" if isinstance(buffer, np.ndarray) else f"{buffer!r:.60}"
        raise ValueError(f"{name} must be a numpy array of float64 of shape {shape}, not {what}")
    if not buffer.flags.c_contiguous or (name != "x" and not buffer.flags.writeable):
        raise ValueError(f"{name} must be contiguous, and writable where it is written to")

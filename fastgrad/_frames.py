"""Tables of other packages as arrays of numbers: frames and series of pandas and polars, tables and arrays of Arrow,
masked arrays of numpy.

None of these packages is imported: what they are is told by their methods. Each column is a column of numbers, bools as
0 and 1. What is missing, or no number, is refused by the names of column and row.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    _Floats: TypeAlias = NDArray[np.float64]

_FEW_ROWS = 512  # so many are copied sooner than columns are looked up
_OF_ROWS = int, np.integer, slice  # indices of the first axis that leave the last as it is
_MARKS = ("__arrow_c_stream__", "__dataframe__", "iloc", "null_count", "_baseclass")
_NUMBERS = re.compile(r"(u?int|float)\d*|double|halffloat|bool(ean)?", re.IGNORECASE)  # types of Arrow and polars
_TEXTS = re.compile(r"str|object|utf8|categor|dictionary|enum", re.IGNORECASE)
_TIMES = re.compile(r"date|time|duration|period", re.IGNORECASE)


def is_table(x: object) -> bool:
    """Tell whether something is one of these tables; its rows lie in memory, or could."""
    kind = type(x)
    if kind is np.ndarray or kind is float or kind is list or hasattr(kind, "__dask_graph__"):
        return False
    return kind is NamedArray or any(hasattr(kind, mark) for mark in _MARKS)


class NamedArray(np.ndarray[Any, Any]):
    """An array whose last axis has names: ``row["age"]`` is ``row[2]`` where that is the third column.

    So have its rows; whatever else is made of it has none.
    """

    columns: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return named, (self.view(np.ndarray), self.columns)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            key = place_of(key, self.columns)
        elif type(key) is list and key and all(isinstance(name, str) for name in key):
            key = [place_of(name, self.columns) for name in key]
        else:
            found = super().__getitem__(key)
            return named(found, self.columns) if self.ndim > 1 and isinstance(key, _OF_ROWS) else found
        return super().__getitem__(key if self.ndim == 1 else (..., key))


def named(array: NDArray[Any], columns: tuple[str, ...]) -> NamedArray:
    """Return an array with names for its last axis."""
    found = array.view(NamedArray)
    found.columns = columns
    return found


def place_of(name: str, columns: Sequence[str]) -> int:
    """Return where a name is among others."""
    if name in columns:
        return columns.index(name)
    near = difflib.get_close_matches(name, columns, n=1)
    remedy = f": is it {near[0]!r}?" if near else f": {in_words(columns)}" if columns else ", as it has no names"
    raise KeyError(f"there is no column {name!r}{remedy}")


def in_words(columns: Sequence[str]) -> str:
    """Say what columns there are, for messages."""
    shown = [repr(name) for name in columns]
    if len(shown) > 8:
        shown[6:-1] = ["..."]
    return f"the columns are {', '.join(shown)}"


class Table(NamedTuple):
    """A table that was read.

    Attributes
    ----------
    columns : tuple of str, or None
        The names of the last axis, where it has some.
    array : numpy.ndarray, or None
        All of it, a view where that can be.
    pieces : list of numpy.ndarray
        Its columns by themselves, where there is no such array.
    """

    columns: tuple[str, ...] | None
    array: NDArray[Any] | None
    pieces: list[NDArray[Any]]

    def whole(self) -> NDArray[Any]:
        """Return one array; of columns by themselves, one of float64."""
        if self.array is not None:
            return self.array
        found = np.empty((len(self.pieces[0]), len(self.pieces)))
        for k, piece in enumerate(self.pieces):
            found[:, k] = piece
        return found

    def parts(self) -> list[_Floats]:
        """Return contiguous arrays of float64, each with an axis of rows, that lie side by side."""
        if self.array is None and len(self.pieces[0]) > _FEW_ROWS:
            return [np.ascontiguousarray(piece, dtype=np.float64) for piece in self.pieces]
        array = self.whole()
        if len(array) > _FEW_ROWS and array.ndim == 2 and not array.flags.c_contiguous and array.flags.f_contiguous:
            return list(np.ascontiguousarray(array.T, dtype=np.float64))
        return [np.ascontiguousarray(array, dtype=np.float64)]


def array_of(x: Any, what: str) -> NDArray[Any]:
    """Return a table's numbers as an array, with the names that it has: those of a frame's columns, or of a row."""
    table = read(x, what)
    columns = table.columns or (_names_in_row(x) if hasattr(type(x), "iloc") else None)
    return table.whole() if columns is None else named(table.whole(), columns)


def _names_in_row(series: Any) -> tuple[str, ...] | None:
    """Return the names of a row of a frame; None of a column, whose labels are seldom all different strings."""
    index = series.index
    if not len(index) or not isinstance(index[0], str) or not index.is_unique:
        return None
    return tuple(index) if all(isinstance(label, str) for label in index) else None


def numbers_of(x: Any, what: str) -> _Floats:
    """Return anything that numpy takes, or a table, as an array of float64 with the names that it has."""
    if not is_table(x):
        try:
            return np.asarray(x, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{what} must hold numbers, not {x!r:.60}: {error}") from error
    table = read(x, what)
    array = np.asarray(table.whole(), dtype=np.float64)
    return array if table.columns is None else named(array, table.columns)


def columns_of(x: Any) -> tuple[str, ...] | None:
    """Return the names of columns; None of anything but a frame."""
    if not is_table(x) or hasattr(type(x), "collect"):
        return None
    if type(x) is NamedArray:
        return x.columns
    labels = getattr(x, "column_names", None) or getattr(x, "columns", None)
    return None if labels is None else _names(labels)


def read(x: Any, what: str) -> Table:
    """Read a table, which messages call by `what`.

    Raises
    ------
    TypeError
        If a column is not one of numbers, or the table is one that is still to be computed.
    ValueError
        If anything is missing or masked, or two columns have one name.
    """
    kind = type(x)
    if kind is NamedArray:
        return Table(x.columns, x.view(np.ndarray), [])
    if isinstance(x, np.ma.MaskedArray):
        return Table(None, _unmasked(x, what), [])
    if hasattr(kind, "iloc"):
        return _of_pandas(x, what)
    if hasattr(kind, "column_names"):
        return _of_columns(x.column_names, x.columns, what)
    if hasattr(kind, "get_columns"):
        return _of_polars(x, what)
    if hasattr(kind, "collect"):
        raise TypeError(f"{what} must be rows of numbers, not a {kind.__name__}, which has none yet: collect() it")
    if hasattr(kind, "null_count"):
        return Table(None, _of_column(x, what, _name_of(x)), [])
    return _of_arrow(x, what)


def _of_arrow(x: Any, what: str) -> Table:
    """Read what hands its columns over as a stream of Arrow's."""
    try:
        from pyarrow import table  # type: ignore[import-untyped]
    except ImportError as error:
        raise TypeError(
            f"{what} is a {type(x).__name__}, which pyarrow can read, and is not there: pip install pyarrow, or give "
            "an array"
        ) from error
    return read(table(x), what)


def _names(labels: Iterable[Any]) -> tuple[str, ...]:
    names = tuple(labels)
    if set(map(type, names)) != {str}:
        names = tuple(map(str, names))
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{names.count(twice)} columns are called {twice!r}: give each a name of its own")
    return names


def _name_of(series: Any) -> str | None:
    name = getattr(series, "name", None)
    return None if name is None or name == "" else str(name)


# pandas, and what is made like it.


def _of_pandas(x: Any, what: str) -> Table:
    frame = x.ndim == 2
    names = _names(x.columns) if frame else None
    dtypes = x.dtypes.tolist() if frame else [x.dtype]
    if frame and not dtypes:
        raise ValueError(f"{what} must have at least one column; its shape is {x.shape}")
    different = set(dtypes)
    if any(dtype.kind not in "biuf" for dtype in different):
        k = next(k for k, dtype in enumerate(dtypes) if dtype.kind not in "biuf")
        raise _no_numbers(what, names[k] if names else _name_of(x), str(dtypes[k]), "pandas")
    plain = all(isinstance(dtype, np.dtype) for dtype in different)
    if plain and len(different) == 1:
        array = x.to_numpy()
    else:
        array = x.to_numpy(dtype=np.float64, **({} if plain else {"na_value": np.nan}))
    if array.dtype.kind == "f" and has_nan(array):
        row, *column = np.argwhere(np.isnan(array))[0].tolist()
        name = names[column[0]] if names else _name_of(x)
        label = x.index[row]
        label = label.item() if isinstance(label, np.generic) else label
        of = "" if label == row else f" (of index {label!r})"
        raise _missing(what, name, f"{row}{of}", "dropna() leaves out such rows, fillna() puts a number in")
    return Table(names, array, [])


def has_nan(array: NDArray[Any]) -> bool:
    """Tell whether nan is among numbers: nan stays nan in a sum, which takes one pass and no memory."""
    with np.errstate(all="ignore"):
        total = array.sum()
    return bool(total != total) and bool(np.isnan(array).any())


# Arrow and polars.


def _of_polars(x: Any, what: str) -> Table:
    """Read a frame of few rows as a whole: many columns would take longer one by one."""
    if 0 < len(x) <= _FEW_ROWS and all(map(_NUMBERS.fullmatch, map(str, set(x.dtypes)))):
        array = x.to_numpy()
        if array.dtype.kind in "biuf" and not any(x.null_count().row(0)):
            return Table(_names(x.columns), array, [])
    return _of_columns(x.columns, x.get_columns(), what)


def _of_columns(labels: Iterable[Any], columns: Sequence[Any], what: str) -> Table:
    names = _names(labels)
    if not names:
        raise ValueError(f"{what} must have at least one column, and has none")
    return Table(names, None, [_of_column(column, what, name) for name, column in zip(names, columns)])


def _of_column(x: Any, what: str, name: str | None) -> NDArray[Any]:
    """Read one column; null is missing, nan is a number."""
    polars = not hasattr(type(x), "type")
    dtype = str(x.dtype if polars else x.type)
    if not _NUMBERS.fullmatch(dtype):
        raise _no_numbers(what, name, dtype, "polars" if polars else "arrow")
    if x.null_count() if polars else x.null_count:
        row = str(np.asarray(x.is_null()).argmax())
        how = "drop_nulls() leaves out" if polars else "drop_null() leaves out"
        raise _missing(what, name, row, f"{how} such rows, fill_null() puts a number in")
    return np.asarray(x)


# Masked arrays.


def _unmasked(x: Any, what: str) -> NDArray[Any]:
    if np.ma.is_masked(x):
        place = np.argwhere(np.ma.getmaskarray(x))[0].tolist()
        where = ", ".join(f"{axis} {k}" for axis, k in zip(("row", "column", "place"), place))
        raise ValueError(f"{what}: {where} is masked, which is no number: x.filled(0.0) puts one in")
    found: NDArray[Any] = np.asarray(x.data)
    return found


# What is refused.


def _at(what: str, name: str | None) -> str:
    return what if name is None else f"{what}, column {name!r},"


def _missing(what: str, name: str | None, row: str, remedy: str) -> ValueError:
    return ValueError(f"{_at(what, name)} is missing in row {row}: {remedy}")


def _no_numbers(what: str, name: str | None, dtype: str, package: str) -> TypeError:
    column = "x" if name is None else f"df[{name!r}]"
    if _TIMES.search(dtype):
        remedy = f"({column} - {column}.min()).dt.total_seconds() has seconds"
    elif not _TEXTS.search(dtype):
        remedy = f"{column}.{'astype' if package == 'pandas' else 'cast'}(float) if they are numbers"
    elif package == "polars":
        remedy = (
            f"{column}.cast(float) if they are numbers; df.to_dummies({name!r}) makes columns of 0 and 1 of classes"
        )
    else:
        of = column if name is None else f"df, columns=[{name!r}]"
        remedy = (
            f"{column}.astype(float) if they are numbers; pandas.get_dummies({of}) makes columns of "
            f"0 and 1 of classes, {column}.astype('category').cat.codes numbers them"
        )
    if package == "arrow":
        remedy = f"{remedy}, after to_pandas()"
    return TypeError(f"{_at(what, name)} must hold numbers, not {dtype}: {remedy}")

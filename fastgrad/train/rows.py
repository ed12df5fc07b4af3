"""Rows of a fit that are in a file or in a sparse matrix: those of a step become numbers for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    _Floats: TypeAlias = NDArray[np.float64]
    _Places: TypeAlias = slice | NDArray[Any]

_BLOCK = 1 << 20  # numbers that are looked at together


class Rows:
    """Rows in a file or in a sparse matrix, of which those that are asked for become numbers.

    Parameters
    ----------
    base : numpy.memmap, or a matrix of SciPy
        Of two dimensions.
    places : numpy.ndarray of int, optional
        Which rows; by default all.
    stay_sparse : bool
        Are rows of a sparse matrix given as such a matrix?
    """

    def __init__(self, base: Any, places: NDArray[np.int64] | None = None, stay_sparse: bool = False) -> None:
        self.base, self.places, self.stay_sparse = base, places, stay_sparse
        self.shape = (base.shape[0] if places is None else len(places), *base.shape[1:])
        self.ndim, self.size = len(self.shape), self.shape[0] * int(np.prod(self.shape[1:]))

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, places: _Places | int) -> Any:
        if isinstance(places, (int, np.integer)):
            return self[slice(int(places), int(places) + 1)][0]
        found = self.base[places if self.places is None else self.places[places]]
        if self.stay_sparse:
            return found
        if is_sparse(found):
            return np.ascontiguousarray(found.toarray(), dtype=np.float64)
        return np.array(found, dtype=np.float64, order="C")

    def chosen(self, which: NDArray[np.bool_]) -> Rows:
        """Return those rows for which an array has True."""
        places = np.flatnonzero(which)
        return Rows(self.base, places if self.places is None else self.places[places], self.stay_sparse)

    def blocks(self) -> Iterator[tuple[int, _Floats]]:
        """Give all rows in parts, each with its first one's number; none of a sparse matrix of finite numbers."""
        if is_sparse(self.base) and np.isfinite(self.base.data).all():
            return
        step = max(1, _BLOCK // max(1, int(np.prod(self.shape[1:]))))
        for start in range(0, len(self), step):
            yield start, self[start : start + step]

    def as_taken(self, taken: Callable[[Any], bool]) -> Rows:
        """Return these rows so as a function takes them: sparse, where they are, if it does."""
        sparse = Rows(self.base, self.places, is_sparse(self.base))
        return sparse if sparse.stay_sparse and taken(sparse) else self


def is_sparse(x: object) -> bool:
    """Tell whether something is a sparse matrix of SciPy."""
    return hasattr(type(x), "tocsr")


def rows_of(X: Any) -> Rows | None:
    """Return the rows of a memory map or a sparse matrix, or None of anything else."""
    if is_sparse(X):
        return Rows(X.tocsr())
    if isinstance(X, np.memmap) and X.ndim == 2 and X.dtype.kind in "biuf" and getattr(X, "_mmap", None) is not None:
        return Rows(np.asarray(X))
    return None


def chosen(column: Any, which: NDArray[np.bool_]) -> Any:
    """Return those rows of a column of the data for which an array has True."""
    return column.chosen(which) if isinstance(column, Rows) else column[which]


def picked(sequence: Any, rows: _Places) -> Any:
    """Return rows of an array, of `Rows` or of a list, by a slice or by an array of their numbers."""
    if isinstance(rows, slice) or isinstance(sequence, (np.ndarray, Rows)):
        return sequence[rows]
    return [sequence[row] for row in rows]

"""Sums and means of a compiled function over rows, with their derivatives.

By scalars from outside the slopes are those of one node on the tape. By arguments that are the same for all rows they
are returned: these are taken for numbers from outside of the program, whose gradient over all rows is one pass.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from fastgrad._programs import derive
from fastgrad._tape.node import Node
from fastgrad._tape.numbers import Value
from fastgrad.compiled.arguments import (
    are_elsewhere,
    check_one,
    chosen,
    of_positions,
    of_shapes,
    pieces_of,
    side_by_side,
)
from fastgrad.compiled.blocks import in_blocks
from fastgrad.compiled.structure import crossed
from fastgrad.compiled.table import records, row_of, scalar_of, table_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastgrad._programs.program import Program
    from fastgrad.compiled.arguments import _Axes, _Places
    from fastgrad.compiled.path import Path
    from fastgrad.compiled.paths import Paths, _Rows
    from fastgrad.compiled.structure import Nest, _Floats

    _Slope: TypeAlias = tuple[Any, float]  # by a scalar


class Totals:
    """The part of `Compiled` that adds over rows."""

    _shared: dict[tuple[Any, ...], SharedProgram]
    _name: Any  # and other methods of `Compiled`
    _given_rows: Any
    _paths_for: Any
    _parts: Any
    _threads_of: Any

    def sum(self, *args: Any, in_axes: _Axes = 0, num_threads: int | None = None) -> Any:
        """Add the function's values over many rows, as one scalar on the tape.

        Value and gradient by the scalars from outside are computed at once; ``backward()`` hands the gradient on. Under
        `no_grad` only the value is.

        Parameters
        ----------
        *args, num_threads
            See `batch`. Rows may lie in Dask's collections or in blocks, as for `sum_value_and_grad`.
        in_axes : 0, or a sequence of 0 for each argument
            Arguments that are the same for all rows are for `sum_value_and_grad`.

        Returns
        -------
        Value
            Or a `Scalar`, or what the scalars from outside are.

        Raises
        ------
        TypeError
            If an argument is the same for all rows, as its slope would be lost.

        Examples
        --------
        >>> import fastgrad, numpy as np
        >>> w = fastgrad.Value(2.0)
        >>> error = fastgrad.compile(lambda x, y: (w * x - y) ** 2)
        >>> loss = error.sum(np.array([1.0, 2.0]), np.array([1.0, 2.0]))
        >>> loss.backward()
        >>> loss.data, w.grad
        (5.0, 10.0)
        """
        return self._total(args, in_axes, num_threads, False)

    def mean(self, *args: Any, in_axes: _Axes = 0, num_threads: int | None = None) -> Any:
        """Average the function's values over many rows, as one scalar on the tape: see `sum`.

        Examples
        --------
        >>> import fastgrad, numpy as np
        >>> w = fastgrad.Value(2.0)
        >>> loss = fastgrad.compile(lambda x: w * x).mean(np.array([1.0, 2.0]))
        >>> loss.backward()
        >>> loss.data, w.grad
        (3.0, 1.5)
        """
        return self._total(args, in_axes, num_threads, True)

    def sum_value_and_grad(
        self, *args: Any, argnums: _Places = 0, in_axes: _Axes = (None, 0), num_threads: int | None = None
    ) -> tuple[float, Any]:
        """Add the function's values over many rows; return the sum and its gradient by arguments that all rows share.

        Parameters
        ----------
        *args
            Arrays with a leading axis of rows, or structures of them, see `batch`, and arguments that are the same for
            all rows.
            Instead of arrays there may be Dask's arrays and data frames, or columns made by `fastgrad.dask.blocks`:
            then the sums are computed where the rows are, see docs/how-to/many-machines.md.
        argnums : int or tuple of int
            By which of the latter.
        in_axes : sequence of 0 and None
            None for each argument that is the same for all rows.
        num_threads : int, optional
            See `batch`.

        Returns
        -------
        value : float
        grad : structure like the argument's, or a tuple of them

        Raises
        ------
        TypeError
            If the function returns anything but one number.
        ValueError
            If one of `argnums` has an axis of rows, or there is no such argument.

        Examples
        --------
        >>> import fastgrad, numpy as np
        >>> error = fastgrad.compile(lambda p, x, y: (p[0] * x + p[1] - y) ** 2)
        >>> x, y = np.array([1.0, 2.0]), np.array([3.0, 5.0])
        >>> error.sum_value_and_grad(np.array([1.0, 1.0]), x, y, in_axes=(None, 0, 0))
        (5.0, array([-10.,  -6.]))
        """
        value, slopes = self._shared_total(args, argnums, in_axes, num_threads, True, 1)
        return value, slopes

    def mean_value_and_grad(
        self, *args: Any, argnums: _Places = 0, in_axes: _Axes = (None, 0), num_threads: int | None = None
    ) -> tuple[float, Any]:
        """Average the function's values over many rows, with the gradient: see `sum_value_and_grad`.

        Examples
        --------
        >>> import fastgrad, numpy as np
        >>> fastgrad.compile(lambda p, x: p * x**2).mean_value_and_grad(2.0, np.array([1.0, 2.0]))
        (5.0, 2.5)
        """
        value, slopes = self._shared_total(args, argnums, in_axes, num_threads, False, 1)
        return value, slopes

    def sum_value_grad_and_hessian(
        self, *args: Any, argnums: _Places = 0, in_axes: _Axes = (None, 0), num_threads: int | None = None
    ) -> tuple[float, Any, Any]:
        """Add value, gradient and Hessian over many rows: see `sum_value_and_grad` and `hessian`.

        Returns
        -------
        value : float
        grad, hessian
            By arguments that are the same for all rows.

        Examples
        --------
        >>> import fastgrad, numpy as np
        >>> f = fastgrad.compile(lambda p, x: (p * x - 1.0) ** 2)
        >>> f.sum_value_grad_and_hessian(1.0, np.array([1.0, 2.0]))
        (1.0, 4.0, 10.0)
        """
        value, slopes, second = self._shared_total(args, argnums, in_axes, num_threads, True, 2)
        return value, slopes, second

    def mean_value_grad_and_hessian(
        self, *args: Any, argnums: _Places = 0, in_axes: _Axes = (None, 0), num_threads: int | None = None
    ) -> tuple[float, Any, Any]:
        """Average value, gradient and Hessian over many rows: see `sum_value_grad_and_hessian`.

        Examples
        --------
        >>> import fastgrad, numpy as np
        >>> f = fastgrad.compile(lambda p, x: (p * x - 1.0) ** 2)
        >>> f.mean_value_grad_and_hessian(1.0, np.array([1.0, 2.0]))
        (0.5, 2.0, 5.0)
        """
        value, slopes, second = self._shared_total(args, argnums, in_axes, num_threads, False, 2)
        return value, slopes, second

    def _total(self, args: tuple[Any, ...], in_axes: _Axes, num_threads: int | None, mean: bool) -> Any:
        if in_axes is None or (isinstance(in_axes, (list, tuple)) and None in in_axes):
            name, kind = self._name(), "mean" if mean else "sum"
            raise TypeError(
                f"{name}.{kind}() returns a scalar with slopes by scalars from outside, and none by an argument that "
                f"is the same for all rows: {name}.{kind}_value_and_grad() returns the gradient by it, and "
                f"{name}.batch(...).{kind}() the value alone"
            )
        threads = self._threads_of(num_threads)
        if are_elsewhere(args):
            from fastgrad.dask.totals import scalar_total

            return scalar_total(self, args, in_axes, threads, mean)
        blocks = in_blocks(args, in_axes) if np.memmap in map(type, args) else None
        if blocks is not None:
            sums = [self._total(block, in_axes, num_threads, False) for block in blocks]
            return scalar_of(sum(x.data for x in sums), sums, np.ones(len(sums)), len(args[0]) if mean else 1.0)
        paths, X = self._given_rows(args, in_axes)
        divisor = len(X) if mean else 1.0
        latest = paths.latest
        if latest is not None:  # all rows of the last call took it: these may, too
            total, passed, slopes = self._sum_on(latest, X, None, threads)
            if passed == len(X):
                return scalar_of(total, latest.uniforms.scalars, slopes, divisor)
        total = 0.0
        by_scalar: dict[Any, float] = {}
        for path, rows in self._parts(paths, X, threads):
            if path is None:
                found, some = self._plain_sum(paths, X[rows].tolist())
            else:
                found, some = self._sum_by_scalar(path, X, rows, threads)
            total += found
            for scalar, slope in some:
                by_scalar[scalar] = by_scalar.get(scalar, 0.0) + slope
        return scalar_of(total, list(by_scalar), np.array(list(by_scalar.values())), divisor)

    def _sum_on(self, path: Path, X: _Floats, rows: _Rows, threads: int) -> tuple[float, int, _Floats]:
        """Return the sum over rows, how many are on this path, and the slopes by the path's scalars from outside."""
        check_one(path.structure, self._name())
        wanted = len(path.uniforms.scalars) if records() else 0
        return path.program.total(X, path.uniforms.now(), rows, wanted, threads)

    def _sum_by_scalar(self, path: Path, X: _Floats, rows: _Rows, threads: int) -> tuple[float, list[_Slope]]:
        total, _, slopes = self._sum_on(path, X, rows, threads)
        scalars = path.uniforms.scalars
        return total, list(zip(scalars, slopes.tolist() or [0.0] * len(scalars)))

    def _plain_sum(self, paths: Paths, rows: list[list[float]]) -> tuple[float, list[_Slope]]:
        """Return the sum of plain calls for some rows, and the nodes on the tape that it is the sum of."""
        total, nodes = 0.0, []
        for row in rows:
            structure, (result, *_) = paths.results(paths.call([Value(number) for number in row]))
            check_one(structure, self._name())
            total += getattr(result, "data", result)
            if isinstance(result, Node):
                nodes.append((result, 1.0))
        return total, nodes

    def _shared_total(
        self, args: Any, argnums: _Places, in_axes: _Axes, num_threads: int | None, is_sum: bool, order: int
    ) -> Any:
        """Return the total over all rows, and its derivatives up to an order by arguments that are the same for all."""
        threads = self._threads_of(num_threads)
        if are_elsewhere(args):
            from fastgrad.dask.totals import shared_total

            return shared_total(self, args, argnums, in_axes, threads, is_sum, order)
        found: Any = 0.0
        count = 0
        for block in (in_blocks(args, in_axes) if np.memmap in map(type, args) else None) or [args]:
            rows = SharedRows(self, block, in_axes)
            inner, places = chosen(rows.structure, argnums)
            check_shared(argnums, rows.axes, in_axes, self._name())
            found = found + self._shared_totals(rows, places, threads, order)
            count += len(rows.X)
        return with_derivatives(inner, found if is_sum else found / count, len(places), order)

    def _shared_totals(self, rows: SharedRows, places: list[int], threads: int, order: int) -> Any:
        """Return the total over rows, its gradient, and the lower half of its Hessian, one after the other."""
        paths = self._paths_for(rows.structure)
        paths.counted(rows)
        latest, count = paths.latest, len(rows.X)
        totals: Any = None
        if latest is not None:
            totals, passed = self._shared_program(latest, rows, places, order).total(rows, None, threads)
            totals = totals if passed == count else None
        if totals is None:
            totals = sum(
                self._plain_total(paths, rows, part, places, order)
                if path is None
                else self._shared_program(path, rows, places, order).total(rows, part, threads)[0]
                for path, part in self._parts(paths, rows.full(), threads)
            )
        return totals

    def _plain_total(self, paths: Paths, rows: SharedRows, part: Any, places: list[int], order: int) -> Any:
        """Return the total of rows on no path: of plain calls, or where that takes Hessians of programs for each."""
        X = rows.full()[part]
        if order == 2:
            made = [self._shared_program(paths.unkept(row), rows, places, order) for row in X.tolist()]
            return sum(one.total(rows, np.array([k]), 1)[0] for k, one in zip(part, made))
        values, slopes = paths.plain_gradients(X)
        return np.concatenate([values.sum(axis=0), slopes[:, places].sum(axis=0)])

    def _shared_program(self, path: Path, rows: SharedRows, places: list[int], order: int) -> SharedProgram:
        check_one(path.structure, self._name())
        key = path, tuple(rows.places), tuple(places), order
        found = self._shared.get(key)
        if found is None:
            found = SharedProgram(path, rows.places, places, order)
            if path.number >= 0:
                self._shared[key] = found
        return found


class SharedRows:
    """The arguments of a call of which some are the same for all rows.

    Attributes
    ----------
    structure : the description of one row's arguments
    places : list of int
        Which of a row's numbers are the same for all.
    shared : numpy.ndarray, shape (len(places),)
        These.
    X : numpy.ndarray of shape (rows, others), or `Columns`
        The others.
    """

    def __init__(self, function: Any, args: tuple[Any, ...], in_axes: _Axes) -> None:
        self.axes = list(in_axes) if isinstance(in_axes, (list, tuple)) else [in_axes] * len(args)
        self.args = args
        self._full: Any = None
        if not self._read_simply():
            parts, pieces, count = pieces_of(args, in_axes, function._name())
            self.structure = of_positions(parts)
            self.places = _shared_places(self.structure, self.axes)
            by_axis = [[p for axis, found in zip(self.axes, pieces) if axis == own for p in found] for own in (None, 0)]
            self.shared = np.concatenate([np.empty(0), *by_axis[0]])
            self.X = side_by_side(by_axis[1], count)

    def _read_simply(self) -> bool:
        if len(self.axes) != len(self.args) or any(axis not in (0, None) for axis in self.axes):
            return False
        fixed = row_of(tuple(arg for arg, axis in zip(self.args, self.axes) if axis is None))
        varied = table_of(tuple(arg for arg, axis in zip(self.args, self.axes) if axis == 0))
        if fixed is None or varied is None:
            return False
        shapes = iter(fixed[0]), iter(varied[0])
        self.structure, self.places = _layout_of(
            tuple([next(shapes[axis == 0]) for axis in self.axes]), tuple(self.axes)
        )
        self.shared, self.X = fixed[1][0], varied[1]
        return True

    def _others(self) -> list[int]:
        fixed = set(self.places)
        return [k for k in range(self.structure.size()) if k not in fixed]

    def full(self) -> _Floats:
        """Return the table of all numbers of all rows."""
        if self._full is None:
            self._full = self._joined(np.asarray(self.X[:]))
        found: _Floats = self._full
        return found

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, k: int) -> _Floats:
        """Return all numbers of a row."""
        row: _Floats = self._joined(np.asarray(self.X[k])[np.newaxis])[0]
        return row

    def _joined(self, X: _Floats) -> _Floats:
        joined = np.empty((len(X), self.structure.size()))
        joined[:, self.places], joined[:, self._others()] = self.shared, X
        return joined


def check_shared(argnums: Any, axes: Sequence[Any], in_axes: Any, name: str) -> None:
    """Raise ValueError unless derivatives are by arguments that are the same for all rows."""
    for k in argnums if isinstance(argnums, (tuple, list)) else [argnums]:
        if axes[k] is not None:
            raise ValueError(
                f"the total of {name} over rows has no derivative by argument {k}, which has a number for each of "
                f"them: batch_value_and_grad() has those of the rows; in_axes is {in_axes!r}"
            )


def with_derivatives(inner: Any, totals: _Floats, n: int, order: int) -> tuple[Any, ...]:
    """Return a total, the gradient by n numbers in their structure, and perhaps the Hessian, from one array."""
    found = [totals[0].item(), inner.of_floats(totals[1 : n + 1])]
    if order == 2:
        structure, places_of = crossed(inner, inner)
        lower = np.zeros((n, n))
        lower[np.tril_indices(n)] = totals[n + 1 :]
        found.append(structure.of_floats((lower + np.tril(lower, -1).T).ravel()[places_of]))
    return tuple(found)


def _shared_places(structure: Nest, axes: Sequence[Any]) -> list[int]:
    """Return which of a row's numbers are the same for all."""
    places: list[int] = []
    start = 0
    for part, axis in zip(structure.parts[0].parts, axes):
        if axis is None:
            places += range(start, start + part.size())
        start += part.size()
    return places


def _layout(shapes: tuple[Any, ...], axes: tuple[int | None, ...]) -> tuple[Nest, list[int]]:
    """Return the description of arguments by the shapes of a row, and which of its numbers are the same for all."""
    structure = of_positions(of_shapes(shapes))
    return structure, _shared_places(structure, axes)


_layout_of = functools.lru_cache(maxsize=64)(_layout)  # of a few forms of arguments, again and again


class SharedProgram:
    """A path's program with some inputs taken for numbers from outside."""

    def __init__(self, path: Path, shared: list[int], places: list[int], order: int) -> None:
        self.path, self.captured, self.order = path, len(path.uniforms.scalars), order
        self.wanted = [shared.index(k) for k in places]
        self.program: Program
        if order == 2:
            self.program, self.sums = derive.sums(path.program, self.captured, places, shared)
        else:
            self.program, self.sums = derive.shared(path.program, self.captured, shared), 0
        self.uniforms = self.program.uniforms
        self.uniforms[: self.sums] = 1.0

    def total(self, rows: SharedRows, part: _Rows, threads: int) -> tuple[_Floats, int]:
        """Return value, gradient and perhaps the lower half of the Hessian, and how many rows are on the path."""
        start, end = self.sums + self.captured, self.sums + self.captured + len(rows.places)
        uniforms = self.uniforms.copy()
        uniforms[self.sums : start] = self.path.uniforms.now()[: self.captured]
        uniforms[start:end] = rows.shared
        total, passed, slopes = self.program.total(rows.X, uniforms, part, self.sums or end, threads)
        if self.order == 2:
            return slopes, passed
        return np.concatenate([[total], slopes[start:end][self.wanted]]), passed

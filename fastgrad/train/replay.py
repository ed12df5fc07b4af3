"""A model that `fit` calls row by row, compiled: recorded once, and replayed over the rows of every batch.

A recording stands for a model as long as that depends on its row and on scalars from outside only. So the first batch
is computed both ways, and a single row now and then; where they differ, where a model cannot be recorded, or takes more
paths than are kept, its rows are computed by plain calls from then on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from fastgrad._layers.batch import Batch
from fastgrad._layers.dense import leaf_batch, taken_gradient
from fastgrad._tape.node import Node
from fastgrad.arrays import grads, values
from fastgrad.compiled.arguments import of_positions, thread_count
from fastgrad.compiled.paths import Paths
from fastgrad.compiled.structure import Number, Row, described
from fastgrad.compiled.table import scalar_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from fastgrad.compiled.path import Path
    from fastgrad.compiled.structure import _Structure

    _Floats: TypeAlias = NDArray[np.float64]

LEAST_ROWS = 64  # of all epochs: fewer are computed sooner than recorded
FREE_SECONDS = 0.25  # that recordings may take before it is known what they save
TOLERANCE = 1e-9  # a program rounds otherwise; a model that is not what was recorded differs by more


class CompiledModel:
    """A function of many rows: what a model makes of each.

    Attributes
    ----------
    compiled : bool
        Whether rows may be replayed; otherwise they are computed by calls of the model.
    """

    def __init__(self, model: Callable[..., Any], inputs: int, takes_batches: bool) -> None:
        """Make it for rows of so many inputs, and a loss that takes an `nn.Batch` or wants a list of results."""
        self.model, self.takes_batches, self.threads = model, takes_batches, thread_count(None)
        structure = of_positions((described([0.0] * inputs, "a row"),))
        self.paths = Paths(model, structure, type(model).__name__, FREE_SECONDS)
        self.compiled = True
        self.kind: Any = None  # the type of the model's scalars, once it has been called
        self.usable: set[Path] = set()  # paths that stand on leaves
        self.X = np.empty((0, inputs))  # the last batch
        self.parts: list[tuple[Path, Any]] = []  # its paths, with their rows
        self.leaves: Any = None  # its results: a Batch, or a list for each row

    @property
    def is_replayed(self) -> bool:
        """Whether rows are replayed: not before the first batch."""
        return self.compiled and self.kind is not None

    def __call__(self, X: _Floats) -> Any:
        """Return the results for an array of rows. Those of a replay are leaves: see `sweep`."""
        if self.is_replayed:
            try:
                return self._replayed(X)
            except Exception:  # whatever a model that was written for plain numbers makes of a row of scalars
                self.compiled = False
        results = self._plainly(X)
        if self.compiled:
            self._begin(X, results)
        return results

    def sweep(self, root: Node) -> None:
        """Go back from the loss of the last results, and on to the scalars that the model uses."""
        root.backward()
        if not self.parts:
            return
        seeds = taken_gradient(self.leaves) if isinstance(self.leaves, Batch) else grads(self.leaves)
        asked: Any = seeds.any(
            axis=1
        )  # a row that the loss does not use has no gradient: one of 0 may make nan further on
        for path, rows in self.parts:
            rows = np.flatnonzero(asked) if rows is None else rows[asked[rows]]
            scalars, uniforms = path.uniforms.scalars, path.uniforms.now()
            _, _, slopes, _ = path.program.run_sum(
                self.X[rows], uniforms, seeds[rows], num_threads=self.threads, uniforms_wanted=len(scalars)
            )
            scalar_of(0.0, scalars, slopes, 1.0).backward()

    def check(self, row: _Floats) -> None:
        """Compute a row of an array both ways, and stop replaying where the results differ."""
        if self.is_replayed:
            self.compiled = self._agrees(row[None], lambda: self._plainly(row[None]))

    def _plainly(self, X: _Floats) -> list[Any]:
        self.parts = []
        return [self.model(row) for row in X.tolist()]

    def _begin(self, X: _Floats, results: list[Any]) -> None:
        """Replay from now on, if a first batch has the results of the plain calls."""
        self.kind = next((type(x) for x in np.ravel(np.array(results[0], dtype=object)) if isinstance(x, Node)), None)
        self.compiled = self.kind is not None and self._agrees(X, lambda: results)
        self.parts = []

    def _agrees(self, X: _Floats, plainly: Callable[[], list[Any]]) -> bool:
        try:
            found, expected = self._replayed(X), values(plainly())
            found = found.data if isinstance(found, Batch) else values(found)
            scale = np.where(np.isfinite(expected), np.abs(expected), 0.0).max(axis=0)  # of each column
            close = np.isclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE * scale, equal_nan=True)
            return found.shape == expected.shape and bool(close.all())
        except Exception:  # as above
            return False

    def _replayed(self, X: _Floats) -> Any:
        parts = self.paths.parts(X, self.threads)
        self.X, self.parts = X, [(self._of_use(path), rows) for path, rows in parts]
        structure = self.paths.recorded[0].structure
        numbers = np.empty((len(X), structure.size()))
        for path, rows in self.parts:
            path.program.fill(X, path.uniforms.now(), rows, numbers, None, self.threads)
        return self._given(numbers, structure)

    def _given(self, numbers: _Floats, structure: _Structure) -> Any:
        """What a loss is given: the results' numbers as leaves."""
        if self.takes_batches and structure != Row(1):  # a batch of one column has no second axis
            self.leaves = leaf_batch(numbers)
            return self.leaves
        self.leaves = [[self.kind(number) for number in row] for row in numbers.tolist()]
        if type(structure) is Number:
            return [leaf for (leaf,) in self.leaves]
        return [structure.put_together(iter(row)) for row in self.leaves]

    def _of_use(self, path: Path | None) -> Path:
        """Return a path; raise where it is of no use."""
        if path is None:
            raise ValueError("there are more paths than are kept")
        if path in self.usable:
            return path
        if any(scalar.prev for scalar in path.uniforms.scalars):
            raise ValueError("a gradient must go on from what the model uses")
        if path.structure != self.paths.recorded[0].structure or type(path.structure) not in (Number, Row):
            raise ValueError("the results of a row are neither a number nor a list of numbers, always as many")
        self.usable.add(path)
        return path

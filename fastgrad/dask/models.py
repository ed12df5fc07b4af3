"""A model in training where the rows are: one pickle of model, loss and parameters, as a function of a block."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastgrad._tape.functions import no_grad
from fastgrad._tape.node import Node
from fastgrad.train import arguments
from fastgrad.train.replay import CompiledModel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastgrad._layers.parameters import Parameters
    from fastgrad.train.arguments import _Data, _Floats

SAMPLE = 64  # rows that a model which is called row by row is recorded with, the same on all workers


class Look(NamedTuple):
    """Asks for what a fit has to know of a block beforehand; whether for accuracy, too."""

    accuracy: bool


class Looked(NamedTuple):
    """What a block has: the rows that count, the sum of their weights, some rows, and the least target."""

    rows: int
    weight: float
    X: _Floats
    y: Any
    least: float


class Step(NamedTuple):
    """Asks for a block's share of the loss at these parameters; with its gradient, or to validate, without."""

    parameters: _Floats
    with_gradient: bool
    metric: Callable[..., float] | None


class Share(NamedTuple):
    """A block's mean loss, its gradient, its metric, and whether the model was replayed; or what went wrong."""

    loss: float
    grad: _Floats | None
    metric: float
    replayed: bool
    failure: str | None = None
    node: str | None = None


class Steps(NamedTuple):
    """Asks for some steps from these parameters on, each over the block or over rows drawn from it."""

    parameters: _Floats
    steps: int
    batch_size: int | None
    optimizer: str | None
    lr: float | None
    seed: tuple[int, ...]


class Moved(NamedTuple):
    """Where some steps have led, and the mean of their losses; or what went wrong."""

    parameters: _Floats
    loss: float
    failure: str | None = None
    node: str | None = None


class BlockModel:
    """A model with its loss, as a program for blocks of rows, targets and perhaps weights.

    Parameters
    ----------
    model : callable
    loss : callable
        Of predictions and targets, and perhaps weights.
    parameters : Parameters
        Those that a fit changes.
    compiled : bool
        Whether a model that is called row by row may be replayed.
    sample : numpy.ndarray, shape (rows, inputs), or None
        What it is recorded with.
    """

    def __init__(self, model: Any, loss: Any, parameters: Parameters, compiled: bool, sample: _Floats | None) -> None:
        self.given = model, loss, parameters, compiled, sample
        self.model, self.loss, self.parameters, self.compiled = model, loss, parameters, compiled
        self.sample: Any = sample
        self.first, self.recorded = parameters.data, 0
        if sample is not None:
            self.by_batch = arguments.takes_batches(model, sample)
            self.forward = self._forward()

    def __reduce__(self) -> tuple[Any, ...]:
        return BlockModel, self.given

    def _forward(self) -> Any:
        """Return a function of many rows, which is replayed from the first one on if it can be."""
        if not self.compiled or self.by_batch:
            return arguments.forward(self.model, self.by_batch)
        forward = CompiledModel(self.model, self.sample.shape[1], arguments.takes_batches_too(self.loss))
        now = self.parameters.data
        self.parameters.set_data(self.first)
        with no_grad():
            forward(self.sample)
        self.parameters.set_data(now)
        self.recorded = len(forward.paths.recorded)
        return forward

    def __call__(self, asked: tuple[Any, Sequence[int]], given: Sequence[Any]) -> Any:
        """Do what is asked of a block, whose columns are in these places; None of one without rows."""
        request, columns = asked[0], [given[place] for place in asked[1]]
        if not len(columns[0]):
            return None
        if isinstance(request, Look):
            try:
                return self.look(request, columns)
            except (TypeError, ValueError) as error:
                return error
        self.parameters.set_data(request.parameters)
        data = self.data(columns)
        if data is None:
            return None
        return self.steps(request, data) if isinstance(request, Steps) else self.share(request, data)

    def look(self, request: Look, columns: Sequence[Any]) -> Looked | None:
        """Check a block as `fit` checks its arrays."""
        X, y = arguments.data(np.asarray(columns[0]), columns[1])  # the rows of a memory map, too, are read whole
        if len(columns) > 2:
            if not np.any(columns[2]):
                return None
            arguments.weighed_data(X, y, columns[2])
        by_batch = arguments.takes_batches(self.model, X)
        metric = arguments.metric("accuracy" if request.accuracy else None, self.loss, y)
        shape = arguments.shape_of_a_row(self.model, X, by_batch, None)
        arguments.check_targets(shape, self.loss, metric, y, None)
        counts = np.flatnonzero(columns[2]) if len(columns) > 2 else np.arange(len(X))
        weight = float(np.sum(columns[2])) if len(columns) > 2 else float(len(X))
        some = counts[:SAMPLE]
        return Looked(len(counts), weight, X[some], y[some], float(y.min()))

    def data(self, columns: Sequence[Any]) -> _Data | None:
        """Return rows and targets as the model and the loss take them, and perhaps weights; None where none counts."""
        X, y = np.ascontiguousarray(columns[0], dtype=np.float64), columns[1]
        y = y.astype(np.float64 if y.dtype.kind == "f" else np.int64, copy=False)
        if len(columns) == 2:
            return X, y
        return arguments.weighed_data(X, y, columns[2]) if np.any(columns[2]) else None

    def share(self, request: Step, data: _Data) -> Share:
        """Return a block's share of a step, or of a validation."""
        if not request.with_gradient:
            with no_grad():
                return self._share(request, *data)
        return self._share(request, *data)

    def _share(self, request: Step, X: _Floats, y: Any, *weights: _Floats) -> Share:
        try:
            predictions, root = self.root(X, y, *weights)
            loss = root.data
            if loss - loss != 0.0 and self.stops_replaying():  # so it is nan or infinite, and plain calls tell more
                predictions, root = self.root(X, y, *weights)
                loss = root.data
        except (OverflowError, ZeroDivisionError) as error:
            return Share(0.0, None, 0.0, False, f"computing the loss raised {type(error).__name__}: {error}")
        if loss - loss != 0.0 and request.with_gradient:
            from fastgrad._tape.describe import first_not_finite

            node = first_not_finite(root)
            what = f"the loss is {loss}; the first of its graph that is not finite is {node}"
            return Share(loss, None, 0.0, False, what, node)
        metric = 0.0
        if request.metric is not None:
            metric = arguments.measured(request.metric, arguments.as_array(predictions), y)
        grad = self.gradient(root) if request.with_gradient else None
        replayed = isinstance(self.forward, CompiledModel) and self.forward.is_replayed
        if replayed and len(self.forward.paths.recorded) > self.recorded:
            self.forward = self._forward()  # so that no block's result depends on those that came before
        return Share(loss, grad, metric, replayed)

    def steps(self, request: Steps, data: _Data) -> Moved:
        """Take some steps, with an optimizer that begins anew."""
        optimizer = arguments.optimizer(request.optimizer, request.lr, self.model)
        rng, n, losses = np.random.default_rng(request.seed), len(data[0]), []
        asked = Step(request.parameters, True, None)
        for _ in range(request.steps):
            size = request.batch_size
            rows = slice(None) if size is None or size >= n else rng.choice(n, size, replace=False)
            share = self.share(asked, tuple(column[rows] for column in data))
            if share.failure is not None:
                return Moved(request.parameters, share.loss, share.failure, share.node)
            losses.append(share.loss)
            optimizer.step()
        return Moved(self.parameters.data, float(np.mean(losses)))

    def root(self, X: _Floats, y: Any, *weights: _Floats) -> tuple[Any, Any]:
        """Return the predictions for rows and the loss, a scalar."""
        weighed = functools.partial(self.loss, weights=weights[0]) if weights else self.loss
        predictions = self.forward(X)
        root = weighed(predictions, arguments.targets_for(self.loss, y, self.by_batch))
        if not isinstance(root, Node):
            raise TypeError(f"loss must return one scalar of fastgrad, not {root!r:.60}")
        return predictions, root

    def stops_replaying(self) -> bool:
        """Call the model from here on, if it was replayed; say whether it was."""
        if not isinstance(self.forward, CompiledModel) or not self.forward.is_replayed:
            return False
        self.forward.compiled = False
        return True

    def gradient(self, root: Node) -> _Floats:
        """Sweep back from a loss, and return the gradient by the parameters."""
        self.parameters.zero_grad()
        if isinstance(self.forward, CompiledModel):
            self.forward.sweep(root)
        else:
            root.backward()
        return self.parameters.grad

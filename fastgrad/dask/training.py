"""`train.fit` for rows that lie in blocks elsewhere: the caller's side."""

from __future__ import annotations

import functools
import numbers
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad import _frames, losses
from fastgrad.compiled.arguments import are_elsewhere
from fastgrad.dask.columns import source_of
from fastgrad.dask.models import BlockModel, Look, Step
from fastgrad.dask.trees import tree_sum
from fastgrad.dask.workers import packed
from fastgrad.train import arguments
from fastgrad.train.history import TrainingError
from fastgrad.train.loop import _run, _Watch
from fastgrad.train.patience import Patience
from fastgrad.train.progress import bars

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastgrad.dask.models import Looked
    from fastgrad.dask.workers import Program
    from fastgrad.optim import Optimizer
    from fastgrad.train.arguments import _Floats, _Metric
    from fastgrad.train.history import History


def fit_elsewhere(
    model: Any, X: Any, y: Any, *, loss: Any, optimizer: Any, lr: Any, epochs: Any, batch_size: Any, shuffle: bool,
    seed: Any, weights: Any, validation: Any, metric: Any, penalty: Any, patience: Any, min_delta: Any, schedule: Any,
    callbacks: Any, progress: Any, compiled: bool,
) -> History:  # fmt: skip
    """Train a model as `fit` does, where the rows are."""
    epochs = arguments.count(epochs, "epochs")
    batch_size = batch_size if batch_size is None else arguments.count(batch_size, "batch_size")
    patience = patience if patience is None else arguments.count(patience, "patience")
    min_delta = arguments.not_negative(min_delta, "min_delta")
    loss = mean_loss(loss, weights is not None)
    penalty, optimizer = arguments.penalty_of(penalty, model), arguments.optimizer(optimizer, lr, model)
    callbacks, rng, bar = arguments.callbacks(callbacks), arguments.generator(seed), bars(progress)
    schedule = arguments.schedule(schedule, optimizer)

    data = Rows(columns_of(X, y, weights), "X")
    sample = data.look(packed(BlockModel(model, loss, optimizer.parameters, compiled, None)), metric == "accuracy")
    metric = arguments.metric(metric, loss, data.labels())
    program = packed(BlockModel(model, loss, optimizer.parameters, compiled, sample))
    training, held_out = data.split(validation, rng)
    steps: Any = BlockSteps(model, program, data, training, optimizer, penalty, metric)
    if batch_size is not None:
        steps.in_batches(batch_size, rng if shuffle else None)
    watch = BlockWatch(steps, epochs, metric)
    if held_out is not None:
        watch.validate_blocks(data, held_out)
    elif validation is not None:
        watch.validate_given(validation, loss, sample, weights is not None)
    if patience is not None:
        watch.patience = Patience(optimizer, patience, min_delta)
    if bar is not None:
        watch.bar = bar("epoch", watch.beside, epochs)
    watch.schedule, watch.callbacks = schedule, callbacks
    return _run(steps, watch)


def mean_loss(given: Any, weighed: bool) -> Any:
    """Return a loss that is a mean over rows, so that it is a mean of blocks' losses."""
    loss = arguments.loss(given, weighed)
    if arguments.function_of(loss) in (losses.sum_of_squares, losses.root_of_squares):
        raise ValueError(f"loss must be a mean over rows, as losses.mse is, for rows in blocks; not {given!r:.60}")
    return loss


def columns_of(X: Any, y: Any, weights: Any = None) -> list[tuple[str, Any]]:
    """Return rows, targets and perhaps weights with what messages call them; those named are columns of a frame."""
    if y is None:
        raise TypeError("y must be targets in blocks, as X is, or the name of a frame's column, not None")
    named = [name for name in (y, weights) if isinstance(name, str)]
    if named and not hasattr(type(X), "drop"):
        raise TypeError(f"y and weights may be names of columns where X is a data frame, not {type(X).__name__}")
    for name in named:
        _frames.place_of(name, list(X.columns))
    y, weights = (X[name] if isinstance(name, str) else name for name in (y, weights))
    found = [("X", X.drop(columns=named) if named else X), ("y", y)]
    return found if weights is None else [*found, ("weights", weights)]


class Rows:
    """Blocks of rows, targets and perhaps weights, and what is known of them.

    Attributes
    ----------
    blocks : Blocks
    looked : dict of int to Looked
        What is known of each block with rows that count.
    """

    def __init__(self, columns: list[tuple[str, Any]], name: str) -> None:
        self.blocks, placed = source_of(columns)
        self.places, self.name = [place.number for place in placed], name
        self.looked: dict[int, Looked] = {}

    def run(self, program: Program, request: Any, wanted: Sequence[int]) -> list[Any]:
        """Return the answers of some blocks."""
        found = self.blocks.run(program, dict.fromkeys(wanted, (request, self.places)))
        return [found[k] for k in wanted]

    def look(self, program: Program, accuracy: bool) -> _Floats:
        """Look at all blocks; return some rows."""
        answers = self.run(program, Look(accuracy), range(self.blocks.count))
        for k, answer in enumerate(answers):
            if isinstance(answer, Exception):
                raise type(answer)(f"block {k}: {answer}")
        self.looked = {k: answer for k, answer in enumerate(answers) if answer is not None}
        if not self.looked:
            raise ValueError(f"{self.name} must have at least one row that counts in one of its blocks")
        first = next(iter(self.looked.values()))
        for k, other in self.looked.items():
            for one, another, name in ((first.X, other.X, self.name), (first.y, other.y, "y")):
                if one.shape[1:] != another.shape[1:]:
                    raise ValueError(
                        f"{name} must have as many columns in each block, but block {k} has {another.shape[1:]} for a "
                        f"row, and one before it {one.shape[1:]}"
                    )
        return first.X

    def labels(self) -> Any:
        """Return targets that have the shape of all, and the least of them."""
        y = np.concatenate([looked.y[:1] for looked in self.looked.values()])
        y[0] = min(looked.least for looked in self.looked.values())
        return y

    def split(self, validation: Any, rng: np.random.Generator) -> tuple[list[int], list[int] | None]:
        """Return which blocks to train on, and which to validate on, or None."""
        known = list(self.looked)
        if not isinstance(validation, numbers.Real):
            return known, None
        fraction = float(validation)
        count = round(fraction * len(known)) if 0.0 < fraction < 1.0 else 0
        if not 0 < count < len(known):
            raise ValueError(
                "validation must be a fraction that leaves blocks on both sides, as whole blocks are held out, not "
                f"{validation} of {len(known)} blocks"
            )
        chosen = set(rng.permutation(len(known))[:count].tolist())
        return [k for n, k in enumerate(known) if n not in chosen], [known[n] for n in sorted(chosen)]

    def shares(self, wanted: Sequence[int]) -> list[float]:
        """Return which part of the weight of some blocks each has."""
        total = sum(self.looked[k].weight for k in wanted)
        return [self.looked[k].weight / total for k in wanted]


class BlockSteps:
    """Takes the steps of an epoch on blocks, and knows at which it is."""

    def __init__(
        self, model: Any, program: Program, data: Rows, blocks: list[int], optimizer: Optimizer,
        penalty: Callable[[], Any] | None, metric: _Metric | None,
    ) -> None:  # fmt: skip
        self.model, self.program, self.data, self.blocks = model, program, data, blocks
        self.optimizer, self.penalty = optimizer, penalty
        self.metric, self.measured = metric, 0.0
        self.epoch = self.batch = 0
        self.is_replayed, self.seen = False, None
        self.batches: list[list[int]] | None = None
        self.rng: np.random.Generator | None = None
        self.batch_size = 0
        self.run_epoch: Callable[[], float] = functools.partial(self.step, blocks)
        by_batch = arguments.takes_batches(model, next(iter(data.looked.values())).X)
        self.forward = arguments.forward(model, by_batch)

    def in_batches(self, size: int, rng: np.random.Generator | None) -> None:
        """Take several steps an epoch, each on as many blocks as it takes for so many rows."""
        self.batch_size, self.rng = size, rng
        self.batches, self.run_epoch = [], self.run_batches

    def run_batches(self) -> float:
        """Take a step for each batch and return the mean loss."""
        order = self.blocks if self.rng is None else [self.blocks[n] for n in self.rng.permutation(len(self.blocks))]
        self.batches, rows = [[]], 0
        for k in order:
            if rows >= self.batch_size:
                self.batches.append([])
                rows = 0
            self.batches[-1].append(k)
            rows += self.data.looked[k].rows
        counts = [sum(self.data.looked[k].rows for k in batch) for batch in self.batches]
        mean = measured = 0.0
        for number, (batch, count) in enumerate(zip(self.batches, counts)):
            self.batch = number
            mean += self.step(batch) * (count / sum(counts))
            measured += self.measured * (count / sum(counts))
        self.measured = measured
        return mean

    def step(self, blocks: list[int]) -> float:
        """Take one step and return the loss before it."""
        parameters = self.optimizer.parameters
        loss, grad, self.measured = self.total(Step(parameters.data, True, self.metric), self.data, blocks)
        self.optimizer.zero_grad()
        parameters.set_grad(grad)
        if self.penalty is not None:
            try:
                root = self.penalty()
            except (OverflowError, ZeroDivisionError) as error:
                raise self.failure(f"computing the penalty raised {type(error).__name__}: {error}") from error
            loss += root.data
            if loss - loss != 0.0:  # so it is nan or infinite
                raise self.failure(f"the penalty is {root.data}")
            root.backward()
        self.optimizer.step()
        return loss

    def total(self, request: Step, data: Rows, blocks: list[int]) -> tuple[float, Any, float]:
        """Return loss, gradient and metric over blocks."""
        answers = data.run(self.program, request, blocks)
        for k, answer in zip(blocks, answers):
            if answer.failure is not None:
                raise self.failure(f"block {k}: {answer.failure}", answer.node)
        self.is_replayed = all(answer.replayed for answer in answers)
        shares = list(zip(answers, data.shares(blocks)))
        loss = tree_sum([answer.loss * part for answer, part in shares])
        grad = tree_sum([answer.grad * part for answer, part in shares]) if request.with_gradient else None
        counts = sum(data.looked[k].rows for k in blocks)
        metric = tree_sum([answer.metric * (data.looked[k].rows / counts) for k, answer in zip(blocks, answers)])
        return loss, grad, metric

    def check(self, epoch: int, often: bool) -> None:
        """Nothing: workers have the model as it was, and other parameters."""

    def stop_replaying(self) -> bool:
        return False

    def failure(self, what: str, node: str | None = None) -> TrainingError:
        moved = self.epoch or self.batch  # before the first step, no learning rate is to blame
        remedy = f"; try a smaller lr than {self.optimizer.lr:g}" if moved else ""
        return TrainingError(f"epoch {self.epoch}, batch {self.batch}: {what}{remedy}", self.epoch, self.batch, node)


class BlockWatch(_Watch):
    """Looks at epochs over blocks."""

    steps: Any

    def validate_blocks(self, data: Rows, blocks: list[int]) -> None:
        """Validate on blocks after each epoch."""
        self.validate_on(None, data, blocks)  # type: ignore[arg-type]

    def validate_given(self, validation: Any, loss: Any, sample: _Floats, weighed: bool) -> None:
        """Validate on data (X, y) or (X, y, weights), in blocks or not."""
        if not isinstance(validation, (tuple, list)) or len(validation) not in (2, 3):
            raise TypeError(f"validation must be a fraction of the blocks or a pair (X, y), not {validation!r:.60}")
        if are_elsewhere(tuple(validation)):
            data = Rows(columns_of(*validation), "X of validation")
            data.look(self.steps.program, False)
            self.validate_blocks(data, list(data.looked))
            return
        first = next(iter(self.steps.data.looked.values()))
        held_out: Any = arguments.validation(tuple(validation), first.X, first.y, None)
        validated = functools.partial(loss, weights=held_out[2]) if len(held_out) > 2 else loss
        by_batch = arguments.takes_batches(self.steps.model, sample)
        rows = arguments.rows_for(self.steps.model, by_batch, held_out[0])
        self.validate_on(validated, rows, arguments.targets_for(loss, held_out[1], by_batch))

    def measure(self, epoch: int, metric: _Metric) -> None:
        self.columns["metric"][epoch] = self.steps.measured

    def validate(self, epoch: int, loss: Any, rows: Any, targets: Any) -> None:
        if not isinstance(rows, Rows):
            super().validate(epoch, loss, rows, targets)
            return
        request = Step(self.steps.optimizer.parameters.data, False, self.metric)
        self.columns["val_loss"][epoch], _, measured = self.steps.total(request, rows, targets)
        if self.metric is not None:
            self.columns["val_metric"][epoch] = measured

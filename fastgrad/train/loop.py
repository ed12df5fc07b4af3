"""The loop of batches and steps, and what is looked at after each epoch."""

from __future__ import annotations

import functools
import operator
import time
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeAlias

import numpy as np

from fastgrad._frames import columns_of
from fastgrad._tape.functions import no_grad
from fastgrad._tape.node import Node
from fastgrad.compiled.arguments import are_elsewhere
from fastgrad.train import arguments
from fastgrad.train.history import History, TrainingError
from fastgrad.train.patience import Patience
from fastgrad.train.progress import Bar, bars, due, finish, unseen
from fastgrad.train.replay import LEAST_ROWS, CompiledModel
from fastgrad.train.rows import picked
from fastgrad.train.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import ArrayLike, NDArray

    from fastgrad.optim import Optimizer
    from fastgrad.train.arguments import _Callback, _Floats, _Loss, _Metric, _Schedule

    _Targets: TypeAlias = NDArray[Any] | list[Any]


def fit(
    model: Callable[..., Any],
    X: Any,
    y: Any = None,
    *,
    loss: str | Callable[[Any, Any], Node] = "mse",
    optimizer: str | Optimizer | None = None,
    lr: float | None = None,
    epochs: int = 100,
    batch_size: int | None = None,
    shuffle: bool = True,
    seed: int | np.random.Generator | None = None,
    weights: ArrayLike | None = None,
    validation: float | tuple[ArrayLike, ...] | None = None,
    metric: Literal["accuracy"] | Callable[[NDArray[np.float64], NDArray[Any]], float] | None = None,
    penalty: float | Callable[[Any], Node] | None = None,
    patience: int | None = None,
    min_delta: float = 0.0,
    schedule: _Schedule | Callable[[Optimizer], _Schedule] | None = None,
    callbacks: Iterable[Callable[[int, History], Any]] = (),
    progress: bool | None = None,
    compiled: bool = True,
    **unknown: NoReturn,
) -> History:
    """Train a model: for each epoch and each batch compute the loss and its gradient, and take a step.

    Ctrl-C ends the training and gives the history so far; the parameters are those of the last complete step.

    Parameters
    ----------
    model : nn.Module or callable
        A module is called with a whole batch, an array of shape (rows, inputs), if it makes an `nn.Batch` of that. Any
        other model is called row by row with a list of floats, and returns a scalar or a list of scalars. Unless an
        optimizer is given, the model needs a method ``parameters()``.
    X : array_like, frame, memory map or sparse matrix, shape (n, inputs)
        Without y, batches: an iterable of (X, y) or (X, y, weights), or a function that returns one for each epoch.
    y : array_like or series, shape (n,) or (n, outputs), optional
        Targets, or labels. X and y may be Dask's arrays and data frames, or columns made by `fastgrad.dask.blocks`:
        then the model is trained where the rows are, and batches are made of whole blocks, see
        docs/how-to/many-machines.md. Of a data frame y, and weights, may be names of columns.
    loss : str or callable
        The name of a function of `fastgrad.losses`, or ``loss(predictions, targets)`` that returns one scalar. It gets
        an `nn.Batch` and an array, or, of a model called row by row, two lists.
    optimizer : str or optim.Optimizer, optional
        "sgd" (the default), "adam", "adamw" or "rmsprop", or one that you have made.
    lr : float, optional
        The learning rate of an optimizer that is made here: by default 0.1 for "sgd", and for the others their own.
    epochs : int
        How many times to go through the data.
    batch_size : int, optional
        The rows of a step; the last batch may have fewer. By default each step takes the whole data, in order.
    shuffle : bool
        Whether batches are drawn anew for each epoch; those that are given come as they are.
    seed : int or numpy.random.Generator, optional
        Decides how rows are shuffled, and which are held out. The same seed gives the same numbers to the last bit.
    weights : array_like, shape (n,), optional
        How much each row counts, at least 0: the loss of a batch is the weighted mean, ``loss(predictions, targets,
        weights=...)``. A row of weight 0 is left out. A metric does not look at them.
    validation : float or (array_like, array_like), optional
        A fraction of the rows to hold out, or other data (X, y), or (X, y, weights).
    metric : str or callable, optional
        ``metric(predictions, targets)``, of two arrays, returns a number. "accuracy" is the fraction of rows with the
        right class. Of several columns the largest counts, against a number of the class or a column for each. One
        column stands for two classes: 0 and 1, apart at 0.5, or -1 and 1, apart at 0; predictions are told apart at 0
        also where the loss takes logits or scores.
    penalty : float or callable, optional
        What is added to the loss: ``penalty(model)``, a scalar; a float is the factor of `losses.l2_penalty`.
    patience : int, optional
        Stop after so many epochs in a row without a better validation loss (training loss without validation data).
        At the end the best epoch's parameters are put back; not after Ctrl-C, and with a warning instead if no epoch's
        loss was finite.
    min_delta : float
        How much lower a loss has to be to be better.
    schedule : object or callable, optional
        A schedule of `fastgrad.optim`, whose ``step()`` is called after each epoch, or a callable that makes one of
        the optimizer, such as ``functools.partial(optim.StepLR, step_size=30)``.
    callbacks : iterable of callables
        ``callback(epoch, history)`` is called after each epoch, counted from 0; if it returns a true value, training
        stops. One with a method ``is_due()``, as `plots.live` has, is called only where that is true, and one with a
        method ``finish(history)`` is told the end, whatever it came of.
    progress : bool, optional
        Whether to show a bar with loss and metric on the standard error stream, or as a notebook does, which takes the
        extra ``progress``. By default only on a terminal, and in a notebook after ``%load_ext fastgrad``.
    compiled : bool
        Whether a model that is called row by row may be recorded once and its recording replayed over all rows, see
        `fastgrad.compile`, with results equal to about 12 digits. Where the recording proves not to stand for the
        model, which is tried on the first batch and on a row now and then, the model is called as before. A model that
        keeps something from one row to the next needs False. Modules that take a batch have a `compiled` of their own.

    Returns
    -------
    History

    Raises
    ------
    TrainingError
        If the loss becomes nan or infinite, or computing it, in training or in validation, overflows.
    TypeError, ValueError
        If an argument is of no use; nothing has changed then. Labels and targets are checked beforehand for a loss that
        is one of `fastgrad.losses`, and for the metric "accuracy". What a function of yours raises, or what a loss says
        of the model's predictions, may come later.

    Examples
    --------
    >>> from fastgrad import nn
    >>> model, snapshots = nn.MLP(1, [1], rng=0), []
    >>> history = fit(model, [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0], epochs=300,
    ...               callbacks=[lambda epoch, history: snapshots.append(model.flat)])
    >>> snapshots[-1].round(3).tolist()
    [2.0, 1.0]
    """
    arguments.refuse(unknown, fit)
    if are_elsewhere((X, y)):
        from fastgrad.dask.training import fit_elsewhere

        return fit_elsewhere(
            model, X, y, loss=loss, optimizer=optimizer, lr=lr, epochs=epochs, batch_size=batch_size, shuffle=shuffle,
            seed=seed, weights=weights, validation=validation, metric=metric, penalty=penalty, patience=patience,
            min_delta=min_delta, schedule=schedule, callbacks=callbacks, progress=progress, compiled=compiled,
        )  # fmt: skip
    epochs = arguments.count(epochs, "epochs")
    batch_size = batch_size if batch_size is None else arguments.count(batch_size, "batch_size")
    stream = Stream(X, epochs, batch_size=batch_size, weights=weights, validation=validation) if y is None else None
    columns = columns_of(X) if stream is None else stream.columns
    data = arguments.weighed_data(*arguments.data(X, y), weights) if stream is None else stream.first
    X, y, *_ = data
    patience = patience if patience is None else arguments.count(patience, "patience")
    min_delta = arguments.not_negative(min_delta, "min_delta")
    loss = arguments.loss(loss, len(data) > 2)
    by_batch, objective = arguments.takes_batches(model, X), arguments.objective(loss, penalty, model)
    optimizer = arguments.optimizer(optimizer, lr, model)
    metric = arguments.metric(metric, loss, y)
    callbacks = arguments.callbacks(callbacks)
    validation, rng = arguments.validation(validation, X, y, columns), arguments.generator(seed)
    bar = bars(progress)
    schedule = arguments.schedule(schedule, optimizer)
    arguments.check_targets(arguments.shape_of_a_row(model, X, by_batch, columns), loss, metric, y, validation)

    (X, y, *given_weights), held_out = arguments.split(validation, data, rng)
    taken = functools.partial(arguments.rows_for, model, by_batch)
    X = taken(X, batch_size)
    if compiled and not by_batch and (stream is not None or epochs * len(X) >= LEAST_ROWS):
        forward: Callable[[_Floats], Any] = CompiledModel(model, X.shape[1], arguments.takes_batches_too(loss))
    else:
        forward = arguments.forward(model, by_batch)
    steps = _Steps(forward, objective, optimizer, X, arguments.targets_for(loss, y, by_batch), *given_weights)
    if stream is not None:
        stream.feed(steps, taken, functools.partial(arguments.targets_for, loss, by_batch=by_batch))
    elif batch_size is not None:
        steps.in_batches(batch_size, rng if shuffle else None)
    watch = _Watch(steps, epochs, metric)
    if held_out is not None:
        validated = functools.partial(loss, weights=held_out[2]) if len(held_out) > 2 else loss
        watch.validate_on(validated, taken(held_out[0]), arguments.targets_for(loss, held_out[1], by_batch))
    if patience is not None:
        watch.patience = Patience(optimizer, patience, min_delta)
    if bar is not None:
        watch.bar = bar("epoch", watch.beside, epochs)
    watch.schedule, watch.callbacks = schedule, callbacks
    watch.may_change_the_model = not arguments.are_own(loss, penalty, metric, optimizer, schedule, *callbacks)
    return _run(steps, watch)


def _run(steps: _Steps, watch: _Watch) -> History:
    """Go through the epochs; whatever ends them, say so in the history."""
    history, optimizer, run_epoch = watch.history, steps.optimizer, steps.run_epoch
    losses, lrs, look = watch.columns["loss"], watch.columns["lr"], watch.look if watch.is_needed() else None
    stopped, start = None, time.perf_counter()
    try:
        for epoch in range(len(losses)):
            if steps.is_replayed:
                steps.check(epoch, watch.may_change_the_model)
            lrs[epoch] = optimizer.lr
            losses[epoch] = run_epoch()
            if look is not None and epoch >= watch.resume:
                stopped = look(epoch)
            history.epochs = steps.epoch = epoch + 1
            if stopped is not None:
                break
        watch.put_back()
    except KeyboardInterrupt:
        stopped = "interrupted"
    except Exception as error:
        stopped = "error"
        if isinstance(error, TrainingError):
            error.history = history
        raise
    finally:
        watch.close()
        history.stopped, history.seconds = stopped or "finished", time.perf_counter() - start
        history.compiled = steps.is_replayed
        watch.fill_history(copy=True)
        finish(watch.callbacks, history)
    return history


# Steps.


class _Steps:
    """Takes the steps of an epoch, and knows at which it is."""

    def __init__(
        self,
        forward: Callable[[_Floats], Any],
        objective: _Loss,
        optimizer: Optimizer,
        rows: _Floats,
        targets: _Targets,
        *weights: _Floats,
    ) -> None:
        self.forward, self.objective, self.optimizer = forward, objective, optimizer
        self.zero_grad, self.take_step = optimizer.zero_grad, optimizer.step
        self.replay = forward if isinstance(forward, CompiledModel) else None
        self.sweep: Callable[[Node], None] = self.replay.sweep if self.replay else operator.methodcaller("backward")
        self.rows = rows
        self.columns: tuple[Any, ...] = (rows, targets, *weights)
        self.epoch = self.batch = 0
        self.seen: list[tuple[_Floats, _Targets]] | None = None  # for a metric
        self.batches: list[slice] | None = None
        self.run_epoch: Callable[[], float] = functools.partial(self.step, *self.columns)

    def in_batches(self, size: int, rng: np.random.Generator | None) -> None:
        """Take several steps an epoch; on rows drawn anew where there is an rng."""
        n = len(self.rows)
        self.batches, self.rng = [slice(start, min(start + size, n)) for start in range(0, n, size)], rng
        self.run_epoch = self.run_batches

    def step(self, rows: _Floats, targets: _Targets, *weights: _Floats) -> float:
        """Take one step and return the loss before it."""
        try:
            predictions = self.forward(rows)
            root = self.objective(predictions, targets, *weights)
        except (OverflowError, ZeroDivisionError) as error:
            raise self.failure(_raised(error)) from error
        if not isinstance(root, Node):
            raise TypeError(f"loss must return one scalar of fastgrad, not {root!r:.60}")
        loss = root.data
        if loss - loss != 0.0:  # so it is nan or infinite
            return self.not_finite(root, rows, targets, *weights)
        if self.seen is not None:
            self.seen.append((arguments.as_array(predictions), targets))
        self.zero_grad()
        self.sweep(root)
        self.take_step()
        return loss

    def run_batches(self) -> float:
        """Take a step for each batch and return the mean loss."""
        n, mean = len(self.rows), 0.0
        order = None if self.rng is None else self.rng.permutation(n)
        for k, batch in enumerate(self.batches or ()):
            self.batch = k
            rows = batch if order is None else order[batch]
            loss = self.step(*[picked(column, rows) for column in self.columns])
            mean += loss * ((batch.stop - batch.start) / n)
        return mean

    @property
    def is_replayed(self) -> bool:
        return self.replay is not None and self.replay.is_replayed

    def check(self, epoch: int, often: bool) -> None:
        """See whether the model still is what was recorded: before each epoch, or as often as a power of two comes."""
        if self.replay is not None and (often or not epoch & (epoch - 1)):
            self.replay.check(self.rows[epoch % len(self.rows)])

    def stop_replaying(self) -> bool:
        """Call the model from here on, if it was replayed; say whether it was."""
        if self.replay is None or not self.replay.is_replayed:
            return False
        self.replay.compiled = False
        return True

    def not_finite(self, root: Node, *columns: Any) -> float:
        """Raise TrainingError. Plain calls tell more than a replay, and may find another loss."""
        if self.stop_replaying():
            return self.step(*columns)
        from fastgrad._tape.describe import first_not_finite

        node = first_not_finite(root)
        raise self.failure(f"the loss is {root.data}; the first of its graph that is not finite is {node}", node)

    def failure(self, what: str, node: str | None = None) -> TrainingError:
        moved = self.epoch or self.batch  # before the first step, no learning rate is to blame
        remedy = f"; try a smaller lr than {self.optimizer.lr:g}" if moved else ""
        return TrainingError(f"epoch {self.epoch}, batch {self.batch}: {what}{remedy}", self.epoch, self.batch, node)


def _raised(error: Exception) -> str:
    return f"computing the loss raised {type(error).__name__}: {error}"


# What is looked at after each epoch.


class _Watch:
    """Fills the history after each epoch, and says when to stop."""

    def __init__(self, steps: _Steps, epochs: int, metric: _Metric | None) -> None:
        self.steps, self.epochs, self.metric = steps, epochs, metric
        self.held_out: tuple[_Loss, _Floats, _Targets] | None = None
        self.patience: Patience | None = None
        self.schedule: _Schedule | None = None
        self.bar: Bar | None = None
        self.callbacks: list[_Callback] = []
        self.may_change_the_model = False
        self.resume, self.start = 0, time.perf_counter()  # from which epoch on to look again
        columns = ("loss", "val_loss", "metric", "val_metric", "lr")
        self.columns: dict[str, _Floats] = {name: np.empty(0) for name in columns}
        self.columns["loss"], self.columns["lr"] = np.empty(epochs), np.empty(epochs)
        if metric is not None:
            steps.seen, self.columns["metric"] = [], np.empty(epochs)
        self.history = History(**self.columns)  # type: ignore[arg-type]  # a dict of some of the arguments

    def validate_on(self, loss: _Loss, rows: _Floats, targets: _Targets) -> None:
        self.held_out = loss, rows, targets
        self.columns["val_loss"] = np.empty(self.epochs)
        if self.metric is not None:
            self.columns["val_metric"] = np.empty(self.epochs)

    def is_needed(self) -> bool:
        return any((self.metric, self.held_out, self.patience, self.schedule, self.bar, self.callbacks))

    def look(self, epoch: int) -> str | None:
        """Look at an epoch; if it is to be the last, return why."""
        stopped = None
        if self.metric is not None:
            self.measure(epoch, self.metric)
        if self.held_out is not None:
            self.validate(epoch, *self.held_out)
        if self.patience is not None and self.is_over(epoch, self.patience):
            stopped = "patience"
        if self.schedule is not None:
            self.schedule.step()
        if self.bar is not None:
            self.bar.show(epoch + 1)
        if self.callbacks and self.call_back(epoch):
            stopped = stopped or "callback"
        if not any((self.metric, self.held_out, self.patience, self.schedule)):
            self.resume = epoch + 1 + unseen(self.callbacks, epoch + 1, self.start)
        return stopped

    def measure(self, epoch: int, metric: _Metric) -> None:
        predictions, targets = zip(*(self.steps.seen or ()))
        self.steps.seen = []
        measured = arguments.measured(metric, np.concatenate(predictions), np.concatenate(targets))
        self.columns["metric"][epoch] = measured

    def validate(self, epoch: int, loss: _Loss, rows: _Floats, targets: _Targets) -> None:
        try:
            with no_grad():
                predictions = self.steps.forward(rows)
                number = loss(predictions, targets).data
        except (OverflowError, ZeroDivisionError) as error:
            lr = self.steps.optimizer.lr
            what = f"epoch {epoch}, validation: {_raised(error)}; try a smaller lr than {lr:g}"
            raise TrainingError(what, epoch) from error
        if number - number != 0.0 and self.steps.stop_replaying():  # as in a step
            self.validate(epoch, loss, rows, targets)
            return
        self.columns["val_loss"][epoch] = number
        if self.metric is not None:
            measured = arguments.measured(self.metric, arguments.as_array(predictions), np.asarray(targets))
            self.columns["val_metric"][epoch] = measured

    def is_over(self, epoch: int, patience: Patience) -> bool:
        if self.held_out is not None:
            return patience.is_over(self.columns["val_loss"][epoch])
        # The loss of a single step is that of the parameters before it.
        return patience.is_over(self.columns["loss"][epoch], before=self.steps.batches is None)

    def call_back(self, epoch: int) -> bool:
        callbacks = due(self.callbacks)
        if not callbacks:
            return False
        self.history.epochs = epoch + 1
        self.fill_history()
        answers = [callback(epoch, self.history) for callback in callbacks]  # of all, even if one has enough
        return any(answers)

    def fill_history(self, copy: bool = False) -> None:
        for name, column in self.columns.items():
            complete = column[: self.history.epochs]
            setattr(self.history, name, complete.copy() if copy else complete)

    def put_back(self) -> None:
        if self.patience is not None:
            self.patience.put_back()

    def beside(self, epochs: int) -> dict[str, float]:
        """Tell what stands beside the bar after so many epochs."""
        columns = {name: column for name, column in self.columns.items() if name != "lr" and len(column)}
        return {name: column[epochs - 1] for name, column in columns.items()}

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close(self.history.epochs)

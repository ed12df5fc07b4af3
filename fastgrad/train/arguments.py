"""The arguments of `fastgrad.train.fit`: checked, and made into what its loop works with.

Each function gives one argument's final form, or raises an error that names it. None changes a model or a generator.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import numbers
import operator
from typing import TYPE_CHECKING, Any, Protocol, SupportsIndex, TypeAlias, TypeVar

import numpy as np

from fastgrad import losses, nn, optim
from fastgrad._frames import columns_of, in_words, is_table, read
from fastgrad._layers.batch import Batch
from fastgrad._layers.parameters import Parameters
from fastgrad._tape.functions import no_grad
from fastgrad._tape.node import Node
from fastgrad.arrays import values
from fastgrad.compiled import Compiled
from fastgrad.nn.module import each_once
from fastgrad.train.rows import Rows, chosen, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import ArrayLike, NDArray

    from fastgrad.train.history import History

    _Floats: TypeAlias = NDArray[np.float64]
    _Data: TypeAlias = tuple[Any, ...]  # rows, targets or labels, and perhaps weights: arrays
    _Columns: TypeAlias = tuple[str, ...] | None
    _Model: TypeAlias = Callable[..., Any]
    _Loss: TypeAlias = Callable[..., Any]  # of predictions and targets, and perhaps weights
    _Metric: TypeAlias = Callable[[_Floats, NDArray[Any]], float]
    _Penalty: TypeAlias = float | Callable[[Any], Node] | None
    _Callback: TypeAlias = Callable[[int, History], Any]
    _T = TypeVar("_T")
    _F = TypeVar("_F", bound=Callable[..., Any])

    class _Schedule(Protocol):
        def step(self) -> Any: ...


LOSSES: dict[str, _Loss] = {name: getattr(losses, name) for name in losses.__all__ if name != "l2_penalty"}
OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    "sgd": optim.SGD,
    "adam": optim.Adam,
    "adamw": optim.AdamW,
    "rmsprop": optim.RMSprop,
}
LR_OF_SGD = 0.1  # the other optimizers have defaults of their own

# Names.

_OF_OTHERS = {  # what other libraries call them
    "verbose": "progress=True",
    "validation_data": "validation=(X, y)",
    "validation_split": "validation=0.2",
    "learning_rate": "lr=",
    "learning_rate_init": "lr=",
    "n_epochs": "epochs=",
    "num_epochs": "epochs=",
    "max_iter": "epochs=",
    "n_iter": "epochs=",
    "metrics": 'metric="accuracy", one of them',
    "random_state": "seed=",
    "early_stopping": "patience=, with validation=",
    "criterion": "loss=",
    "loss_fn": "loss=",
    "weight_decay": "penalty=",
    "sample_weight": "weights=",
    "alpha": "penalty=",
    "tol": "min_delta=, with patience=",
    "scheduler": "schedule=",
}


def refuse(unknown: Mapping[str, object], fit: Callable[..., Any]) -> None:
    """Raise TypeError for an argument that `fit` does not have, with the one that it may be."""
    for name in unknown:
        known = [p.name for p in inspect.signature(fit).parameters.values() if p.kind is p.KEYWORD_ONLY]
        near = difflib.get_close_matches(name, known, n=1)
        if name in _OF_OTHERS:
            remedy = f"give {_OF_OTHERS[name]}"
        else:
            remedy = f"is it {near[0]}=?" if near else f"those by name are {', '.join(known)}"
        raise TypeError(f"fit() has no argument {name!r}: {remedy}")


# Numbers and functions.


def count(number: SupportsIndex, name: str, least: int = 1) -> int:
    try:
        number = operator.index(number)
    except TypeError as error:
        raise TypeError(f"{name} must be a whole number, not {number!r:.60}") from error
    if number < least:
        raise ValueError(f"{name} must be at least {least}, not {number}")
    return number


def not_negative(number: float, name: str) -> float:
    if not isinstance(number, numbers.Real):
        raise TypeError(f"{name} must be a number, not {number!r:.60}")
    if not 0.0 <= number < np.inf:
        raise ValueError(f"{name} must be 0 or a positive number, not {number}")
    return float(number)


def called(function: _F, name: str, such_as: str = "") -> _F:
    if not callable(function):
        raise TypeError(f"{name} must be callable{such_as}, not {function!r:.60}")
    return function


def of_estimator(model: object) -> str:
    """Where a network is, if an estimator of scikit-learn's kind was given for it."""
    return ", as an estimator's model_ is" if hasattr(model, "model_") else ""


def named(choice: object, table: Mapping[str, _T], name: str, other: str) -> _T:
    """What a table has under a name."""
    if isinstance(choice, str) and choice in table:
        return table[choice]
    error = ValueError if isinstance(choice, str) else TypeError
    raise error(f"{name} must be one of {', '.join(table)}, or {other}; not {choice!r:.60}")


# Data.


def data(X: Any, y: Any, X_name: str = "X", y_name: str = "y") -> tuple[Any, NDArray[Any]]:
    """Rows and targets as arrays of finite numbers, as many of the one as of the other; rows of files stay there."""
    columns, lazy = columns_of(X), rows_of(X)
    X = array(X, X_name).astype(np.float64, order="C", copy=False) if lazy is None else lazy
    if lazy is not None and lazy.base.dtype.kind not in "biuf":
        raise TypeError(f"{X_name} must hold plain numbers, not {lazy.base.dtype}")
    y = array(y, y_name)
    if X.ndim != 2:
        hint = "; X.reshape(-1, 1) makes a row of each number" if X.ndim == 1 else ""
        raise ValueError(f"{X_name} must have the shape (rows, inputs), not {X.shape}{hint}")
    if y.ndim not in (1, 2):
        raise ValueError(f"{y_name} must have the shape (rows,) or (rows, outputs), not {y.shape}")
    if not X.size:
        raise ValueError(f"{X_name} must have at least one row and one column; its shape is {X.shape}")
    if len(X) != len(y):
        raise ValueError(f"{y_name} must have a row for each of {X_name}, {len(X)}, not {len(y)}")
    for start, rows in [(0, X)] if lazy is None else lazy.blocks():
        check_finite(rows, X_name, columns, start)
    check_finite(y, y_name)
    return X, y


def check_finite(rows: NDArray[Any], name: str, columns: _Columns = None, start: int = 0) -> None:
    """Raise ValueError where not all numbers of rows are finite, of which the first is number `start`."""
    wrong = np.argwhere(~np.isfinite(rows))
    if len(wrong):
        row, *column = wrong[0].tolist()
        place = ", ".join(
            [f"row {start + row}", *(f"column {columns[k]!r}" if columns else f"column {k}" for k in column)]
        )
        raise ValueError(f"{name} must hold finite numbers, but {place} is {rows[tuple(wrong[0])]}")


def weighed_data(X: _Floats, y: NDArray[Any], given: ArrayLike | None, name: str = "weights") -> _Data:
    """Rows and targets as they are, or those with a weight above 0 and these weights."""
    if given is None:
        return X, y
    weights = array(given, name).astype(np.float64)
    if weights.shape != (len(X),):
        raise ValueError(f"{name} must have a number for each row of X, shape {(len(X),)}, not {weights.shape}")
    for k in np.flatnonzero(~(np.isfinite(weights) & (weights >= 0.0)))[:1]:
        raise ValueError(f"{name} must be finite and at least 0, but that of row {k} is {weights[k]}")
    counts = weights > 0.0
    if not counts.any():
        raise ValueError(f"{name} must not all be 0: give one above 0 to each row that counts")
    return tuple(chosen(column, counts) for column in (X, y, weights))


def array(given: ArrayLike, name: str) -> NDArray[Any]:
    """A new array, of integers where they are given (as labels), otherwise of float64."""
    table = read(given, name) if is_table(given) else None
    try:
        made = np.asarray(given if table is None else table.whole())
    except ValueError as error:
        raise ValueError(f"{name} must be an array of numbers, not a list of rows of different lengths") from error
    if made.dtype.kind not in "biuf":
        kind = type(given).__name__
        raise TypeError(f"{name} must hold plain numbers, not {made.dtype} (in a {kind}){_remedy(given, made, name)}")
    own = table is not None and table.array is None  # of columns a new array was made
    return made.astype(np.float64 if made.dtype.kind == "f" else np.int64, order="C", copy=not own)


def _remedy(given: object, made: NDArray[Any], name: str) -> str:
    """How to make numbers of what is in an array."""
    if hasattr(type(given), "__next__"):
        return ": batches (X, y) are given alone, fit(model, batches)"
    if hasattr(type(given), "tocsr"):
        return f": only X may be sparse, so give {name[0]}.toarray()"
    if made.dtype.kind == "O" and any(isinstance(entry, Node) for entry in made.flat):
        return ": the numbers of scalars are in .data"
    if made.dtype.kind in "US" and name.startswith("y"):
        return ": np.unique(y, return_inverse=True)[1] numbers the classes"
    if made.dtype.kind == "O" and all(isinstance(entry, numbers.Real) for entry in made.flat):
        return f": they are, so give {name[0]}.astype(float)"
    return ""


def validation(
    given: float | tuple[ArrayLike, ...] | None, X: _Floats, y: NDArray[Any], columns: _Columns
) -> int | _Data | None:
    """Validation data, the number of rows to hold out, or None."""
    if given is None:
        return None
    if isinstance(given, (tuple, list)) and len(given) in (2, 3):
        others, names = data(given[0], given[1], "X of validation", "y of validation"), columns_of(given[0])
        if columns and names and columns != names:
            raise ValueError(f"X of validation must have the columns that X has, {columns}, not {names}")
        for rows, other, name in zip((X, y), others, "Xy"):
            if rows.shape[1:] != other.shape[1:]:
                raise ValueError(f"{name} of validation must have rows as {name} has, {rows.shape}, not {other.shape}")
        return weighed_data(*others, given[2] if len(given) == 3 else None, "weights of validation")
    if not isinstance(given, numbers.Real):
        raise TypeError(f"validation must be a fraction of the rows or a pair (X, y), not {given!r:.60}")
    held_out = round(given * len(X)) if 0.0 < given < 1.0 else 0
    if not 0 < held_out < len(X):
        raise ValueError(f"validation must be a fraction that leaves rows on both sides, not {given} of {len(X)} rows")
    return held_out


def split(validation: int | _Data | None, data: _Data, rng: np.random.Generator) -> tuple[_Data, _Data | None]:
    """The data to train on, and those to validate on or None."""
    if not isinstance(validation, int):
        return data, validation
    held_out = np.zeros(len(data[0]), dtype=bool)
    held_out[rng.permutation(len(held_out))[:validation]] = True
    return tuple(chosen(column, ~held_out) for column in data), tuple(chosen(column, held_out) for column in data)


def takes_batches_too(loss: _Loss) -> bool:
    """Whether it is one of `fastgrad.losses`, which take an `nn.Batch` as well as lists."""
    return function_of(loss) in LOSSES.values()


def are_own(loss: _Loss, penalty: _Penalty, metric: _Metric | None, *others: object) -> bool:
    """Whether none of these is the user's code, which might change a model: optimizer, schedule, callbacks."""
    known = takes_batches_too(loss) and not callable(penalty) and (metric is None or function_of(metric) is accuracy)
    return known and all(thing is None or type(thing).__module__.startswith("fastgrad.") for thing in others)


def targets_for(loss: _Loss, y: NDArray[Any], by_batch: bool) -> NDArray[Any] | list[Any]:
    """The targets as the loss takes them: an array with a whole batch, a list with single rows."""
    if takes_batches_too(loss):
        return y.astype(np.float64)  # as the losses read them fastest
    return y if by_batch else y.tolist()


def generator(seed: int | np.random.Generator | None) -> np.random.Generator:
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError) as error:
        raise type(error)(f"seed must be a whole number from 0, or a numpy Generator, not {seed!r:.60}") from error


# Model, loss, optimizer.


def takes_batches(model: _Model, X: _Floats) -> bool:
    """Whether a model is called with whole batches: a module that makes a Batch of the first row of X does."""
    called(model, "model", ", with a method __call__ that takes a row" + of_estimator(model))
    if not isinstance(model, nn.Module):
        return False
    try:
        with no_grad():
            return isinstance(model(X[:1]), Batch)
    except Exception:  # whatever it is: if a single row is of no use either, the first step says so
        return False


def rows_for(model: _Model, by_batch: bool, X: Any, batch_size: int | None = None) -> Any:
    """Rows in a file or a sparse matrix as the model takes them: with a size of batches they become numbers later."""
    if isinstance(X, Rows) and by_batch:
        X = X.as_taken(functools.partial(takes_batches, model))
    return X[:] if batch_size is None else X


def forward(model: _Model, by_batch: bool) -> Callable[[_Floats], Any]:
    """A function of an array of rows."""
    return model if by_batch else lambda rows: [model(row) for row in rows.tolist()]


def as_array(predictions: Any) -> _Floats:
    """The numbers of what a model made of many rows."""
    return predictions.data if isinstance(predictions, Batch) else values(predictions)


def shape_of_a_row(model: _Model, X: _Floats, by_batch: bool, columns: _Columns) -> tuple[int, ...] | None:
    """The shape of what the model makes of one row, () or (outputs,). None where that is not to be found out."""
    try:
        with no_grad():
            return as_array(forward(model, by_batch)(X[:1])).shape[1:]
    except ValueError as error:
        if isinstance(model, nn.Module):
            names = f"; {in_words(columns)}" if columns else ""
            raise ValueError(f"X does not suit the model: {error}{names}") from error
    except Exception:  # as above
        return None
    return None


def check_targets(
    shape: tuple[int, ...] | None,
    loss: _Loss,
    metric: _Metric | None,
    y: NDArray[Any],
    validation: int | _Data | None,
) -> None:
    """Raise ValueError where the loss or the accuracy would refuse labels or targets, of predictions so shaped."""
    if shape is None:
        return
    for name, targets in (("y", y), ("y of validation", validation[1] if isinstance(validation, tuple) else y[:0])):
        predictions = np.full((len(targets), *shape), 0.5)  # which every loss takes
        try:
            if len(targets) and function_of(loss) in LOSSES.values():
                loss(predictions, targets)
            if len(targets) and metric is not None and function_of(metric) is accuracy:
                metric(predictions, targets)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name} does not suit the model and its loss or metric: {error}") from error


def loss(given: str | _Loss, weighed: bool) -> _Loss:
    found = given if callable(given) else named(given, LOSSES, "loss", "a function of predictions and targets")
    if weighed and function_of(found) in (losses.sum_of_squares, losses.root_of_squares):
        raise ValueError(f"loss must take weights=, as losses.mse does, where weights are given; not {given!r:.60}")
    return found


def function_of(loss: object) -> object:
    """The function itself, of one with arguments given beforehand."""
    return loss.func if isinstance(loss, functools.partial) else loss


def objective(loss: _Loss, penalty: _Penalty, model: _Model) -> _Loss:
    """A function of predictions and targets, and perhaps weights: the loss, with the penalty added."""

    def weighed(predictions: Any, targets: Any, weights: _Floats | None = None) -> Any:
        return loss(predictions, targets) if weights is None else loss(predictions, targets, weights=weights)

    added = penalty_of(penalty, model)
    return weighed if added is None else lambda *columns: weighed(*columns) + added()


def penalty_of(penalty: _Penalty, model: _Model) -> Callable[[], Node] | None:
    """What is added to the loss, or None."""
    if penalty is None:
        return None
    if callable(penalty):
        return functools.partial(penalty, model)
    alpha, parameters = not_negative(penalty, "penalty"), parameters_of(model, "leave penalty= out")
    return functools.partial(losses.l2_penalty, parameters, alpha)


def parameters_of(model: Any, otherwise: str) -> nn.Module | list[Any]:
    """What an optimizer takes of a model."""
    if isinstance(model, nn.Module):
        if not model._stretches():
            raise ValueError(
                f"model has no parameters: {model!r:.60}; they are the scalars, such as Value(0.5), and the modules "
                "among its attributes, in lists and dicts too"
            )
        return model
    if not callable(getattr(model, "parameters", None)):
        if isinstance(model, Compiled):
            otherwise = "give the model itself, which fit compiles; or " + otherwise
        raise TypeError(f"model must have a method parameters(): give {model!r:.60} one, or {otherwise}")
    return list(model.parameters())


def check_is_of(optimizer: optim.Optimizer, model: Any) -> None:
    """Raise ValueError where an optimizer has parameters, and the model has some, but not these."""
    if not callable(getattr(model, "parameters", None)):
        return
    own = model._stretches() if isinstance(model, nn.Module) else [p for p in model.parameters() if isinstance(p, Node)]
    theirs = optimizer.parameters
    if own and len(Parameters(each_once([*own, *theirs.stretches]))) == len(Parameters(own)) + len(theirs):
        raise ValueError("optimizer must be made of the model's parameters, or some of them, but has none of them")


def optimizer(given: str | optim.Optimizer | None, lr: float | None, model: _Model) -> optim.Optimizer:
    if isinstance(given, optim.Optimizer):
        if lr is not None:
            raise ValueError(f"lr is for an optimizer that fit makes: leave out lr={lr!r}, or set it as optimizer.lr")
        check_is_of(given, model)
        return given
    kind = optim.SGD if given is None else named(given, OPTIMIZERS, "optimizer", "an Optimizer")
    if lr is None and kind is optim.SGD:
        lr = LR_OF_SGD
    parameters = parameters_of(model, "pass an optimizer= made of its scalars")
    return kind(parameters) if lr is None else kind(parameters, lr=lr)


SUCH_AS = ", such as functools.partial(optim.StepLR, step_size=30), or have a method step()"


def schedule(
    given: _Schedule | Callable[[optim.Optimizer], _Schedule] | None, optimizer: optim.Optimizer
) -> _Schedule | None:
    """An object with a method step(), or None."""
    if given is None:
        return None
    if isinstance(given, type) or not hasattr(given, "step"):
        given = called(given, "schedule", SUCH_AS)(optimizer)
        if not hasattr(given, "step"):
            raise TypeError(f"schedule must have a method step(), or make something that has, not {given!r:.60}")
    if getattr(given, "optimizer", optimizer) is not optimizer:
        raise ValueError("schedule must be of the optimizer that steps: give that as optimizer=, too")
    return given


# What is looked at.


def callbacks(given: Iterable[_Callback]) -> list[_Callback]:
    try:
        found = [called(callback, "each of callbacks") for callback in given]
    except TypeError as error:
        raise TypeError(f"callbacks must be a list of functions of epoch and history, not {given!r:.60}") from error
    for callback in found:
        if isinstance(callback, type) and hasattr(callback, "finish"):
            raise TypeError(f"each of callbacks must be made first, {callback.__name__}(), not the class {callback!r}")
    return found


def metric(given: str | _Metric | None, loss: _Loss, y: NDArray[Any]) -> _Metric | None:
    """A function of two arrays, or None."""
    if given is None or callable(given):
        return given
    named(given, {"accuracy": None}, "metric", "a function of predictions and targets")
    if y.ndim == 1 or y.shape[1] == 1:
        for label in y[y != np.rint(y)][:1]:
            raise ValueError(f"metric='accuracy' compares classes, so y must hold whole numbers, not {label}")
    middle = 0.0 if (y < 0).any() else 0.5
    scores = function_of(loss) in (losses.hinge, losses.binary_cross_entropy_with_logits)
    return functools.partial(accuracy, 0.0 if scores else middle, middle)


def measured(metric: _Metric, predictions: _Floats, targets: NDArray[Any]) -> float:
    number = metric(predictions, targets)
    try:
        return float(number)
    except (TypeError, ValueError) as error:
        raise TypeError(f"metric must return a number, not {number!r:.60}") from error


def accuracy(threshold: float, middle: float, predictions: _Floats, targets: NDArray[Any]) -> float:
    """The fraction of rows with the right class. A single column is of the upper class above its threshold."""
    if predictions.ndim == 2 and predictions.shape[1] > 1:
        classes = targets.argmax(axis=1) if targets.ndim == 2 and targets.shape[1] > 1 else targets.ravel()
        return float(np.mean(predictions.argmax(axis=1) == classes))
    if not np.isin(targets, (0, 1) if middle else (-1, 1)).all():
        raise ValueError(
            "metric='accuracy' of one output needs a y of 0 and 1, or of -1 and 1: more classes need an output each"
        )
    return float(np.mean((predictions.ravel() > threshold) == (targets.ravel() > middle)))

"""How estimators are trained: by steps over batches, which stop as scikit-learn's do, or by SciPy's L-BFGS-B."""

# mypy: disable-error-code="import-untyped,import-not-found"
# scikit-learn has no types.

from __future__ import annotations

import functools
import types
import warnings
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from fastgrad import losses, nn, optim
from fastgrad._layers.parameters import Parameters
from fastgrad._tape.node import Node
from fastgrad.nn.module import Rows
from fastgrad.train import TrainingError, arguments, fit
from fastgrad.train.replay import CompiledModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastgrad.train import History

    _Floats: TypeAlias = NDArray[np.float64]
    _Columns: TypeAlias = tuple[_Floats, NDArray[Any], _Floats | None]  # rows, targets, weights

BATCH = 200  # rows, where batch_size is "auto"
LEAST_LR = 1e-6  # which learning_rate="adaptive" does not make smaller
FAILED = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be preprocessed"
)


# What is minimised.


class Objective(functools.partial):  # type: ignore[type-arg]
    """A loss, with half of alpha times the squares of the weights, a row's part for each row of a batch.

    As a partial it is the loss with arguments given beforehand to `train.fit`, which knows its own losses so.
    """

    alpha: float
    weights: Any

    def __call__(self, predictions: Any, targets: Any, weights: _Floats | None = None) -> Any:
        if weights is None:
            root, rows = self.func(predictions, targets), len(targets)
        else:
            root, rows = self.func(predictions, targets, weights=weights), weights.sum()
        return root + losses.l2_penalty(self.weights, 0.5 * self.alpha / rows) if self.alpha else root


def objective(estimator: Any) -> Objective:
    """What an estimator minimises."""
    made = Objective(estimator._function())
    made.alpha, made.weights = estimator.alpha, _weights_of(estimator.model_)
    return made


def _weights_of(model: Any) -> Any:
    """The parameters of a model but for the biases of layers, as `losses.l2_penalty` takes them."""
    if not isinstance(model, nn.Module):
        return model.parameters()
    stretches: list[Any] = []
    for block in model._named_blocks():
        if isinstance(block, Rows):
            leaves, start, stop = block.stretch
            stretches += [(leaves, k, k + block.width - 1) for k in range(start, stop, block.width)]
        else:
            stretches.append(block.stretch)
    weights = Parameters(stretches)
    return types.SimpleNamespace(_flat_view=lambda: weights)


def parameters_of(model: Any) -> Parameters:
    """All parameters of a model, as one."""
    found = arguments.parameters_of(model, "derive from nn.Module")
    return found._flat_view() if isinstance(found, nn.Module) else Parameters(found)


# Steps over batches.


class _Adam(optim.Adam):
    """Adam with the epsilon of scikit-learn."""

    _fixed = {"eps_hat": 1.0}


def optimizer(estimator: Any) -> optim.Optimizer:
    """An optimizer for the model of an estimator."""
    parameters, lr = arguments.parameters_of(estimator.model_, "derive from nn.Module"), estimator.learning_rate_init
    if estimator.solver == "sgd":
        momentum = estimator.momentum
        return optim.SGD(parameters, lr, momentum, nesterov=estimator.nesterovs_momentum and momentum > 0.0)
    if estimator.solver == "rmsprop":
        return optim.RMSprop(parameters, lr)
    kind = _Adam if estimator.solver == "adam" else optim.AdamW
    return kind(parameters, lr, (estimator.beta_1, estimator.beta_2), estimator.epsilon)


class _Orders(np.random.Generator):
    """The orders of rows that scikit-learn draws, each from the one before."""

    def __init__(self, rng: np.random.RandomState) -> None:
        super().__init__(np.random.PCG64(0))  # which nothing is drawn from
        self.rng = rng
        self.order: NDArray[np.int64] | None = None

    def permutation(self, n: int) -> NDArray[np.int64]:  # type: ignore[override]
        places = np.arange(n, dtype=np.int64)
        self.rng.shuffle(places)
        self.order = places if self.order is None else self.order[places]
        return self.order


class _Watch:
    """Looks at the end of an epoch as scikit-learn does: keeps what happened, says when to stop, sets the rate."""

    def __init__(self, estimator: Any, rows: int, held_out: _Columns | None) -> None:
        self.of, self.rows, self.held_out = estimator, rows, held_out

    def __call__(self, epoch: int, history: History) -> bool:
        of = self.of
        of.loss_ = float(history.loss[-1])
        of.loss_curve_.append(of.loss_)
        of.n_iter_, of.t_ = epoch + 1, of.t_ + self.rows
        if of.verbose:
            print(f"Iteration {of.n_iter_}, loss = {of.loss_:.8f}")
        of._no_improvement_count = 0 if self.is_better() else of._no_improvement_count + 1
        if of.solver == "sgd" and of.learning_rate == "invscaling":
            _set_lr(of._optimizer, of.learning_rate_init / (of.t_ + 1) ** of.power_t)
        return of._no_improvement_count > of.n_iter_no_change and self.stops()

    def is_better(self) -> bool:
        """Whether the loss, or the score of the rows held out, is by `tol` better than the best so far."""
        of = self.of
        if self.held_out is None:
            best, of.best_loss_ = of.best_loss_, min(of.best_loss_, of.loss_)
            return bool(of.loss_ <= best - of.tol)
        score, best = of._score_of(*self.held_out), of.best_validation_score_
        of.validation_scores_.append(score)
        if of.verbose:
            print(f"Validation score: {score:f}")
        if score > best:
            of.best_validation_score_, of._best = score, of._optimizer.parameters.data
        return not score < best + of.tol  # nan is no reason to stop

    def stops(self) -> bool:
        """Whether to stop now that it gets no better, or else go on at a smaller rate."""
        of, optimizer = self.of, self.of._optimizer
        over: bool = of.solver != "sgd" or of.learning_rate != "adaptive" or optimizer.lr <= LEAST_LR
        if not over:
            _set_lr(optimizer, optimizer.lr / 5.0)
            of._no_improvement_count = 0
        if of.verbose:
            what = "Training loss" if self.held_out is None else "Validation score"
            print(
                f"{what} did not improve more than tol={of.tol:f} for {of.n_iter_no_change} consecutive epochs.",
                "Stopping." if over else f"Setting learning rate to {optimizer.lr:f}",
            )
        return over


def _set_lr(optimizer: optim.Optimizer, lr: float) -> None:
    """Set the rate of SGD. What scikit-learn keeps of the last step has its rate in it, and stays as it is."""
    state = optimizer.state_dict()
    if "momentum_buffer" in state:
        state["momentum_buffer"] *= state["lr"] / lr
    optimizer.load_state_dict({**state, "lr": lr})


def begin(estimator: Any) -> None:
    """Forget what happened in epochs before."""
    stops_early = estimator.early_stopping
    estimator.loss_curve_, estimator._no_improvement_count = [], 0
    estimator.best_loss_ = None if stops_early else np.inf
    estimator.validation_scores_ = [] if stops_early else None
    estimator.best_validation_score_ = -np.inf if stops_early else None
    estimator._best = parameters_of(estimator.model_).data if stops_early else None


def take_steps(estimator: Any, columns: _Columns, rng: np.random.RandomState, partial: bool) -> None:
    """Train by steps over batches: for an epoch only, or until the loss or the score gets no better."""
    columns, held_out = _split(estimator, columns, rng) if estimator.early_stopping else (columns, None)
    X, targets, weights = columns
    rows = BATCH if estimator.batch_size == "auto" else estimator.batch_size
    try:
        stopped = fit(
            estimator.model_,
            X,
            estimator._as_trained_on(targets),
            loss=objective(estimator),
            optimizer=estimator._optimizer,
            epochs=1 if partial else estimator.max_iter,
            batch_size=rows if rows < len(X) else None,
            shuffle=estimator.shuffle,
            seed=_Orders(rng),
            weights=weights,
            patience=estimator.max_iter if estimator._ends_at_best and not partial else None,
            callbacks=[_Watch(estimator, len(X), held_out)],
            progress=False,
        ).stopped
    except TrainingError as error:
        if held_out is None:
            raise ValueError(f"{FAILED}: {error}") from error
        stopped = "error"
        warnings.warn(f"{error}; the weights are those of the best epoch before", ConvergenceWarning, stacklevel=4)
    if held_out is not None:
        estimator._optimizer.parameters.set_data(estimator._best)
    if stopped == "interrupted":
        warnings.warn("Training interrupted by user.", stacklevel=4)
    if stopped == "finished" and not partial:
        _warn(f"max_iter={estimator.max_iter} epochs ended before the loss stopped falling by tol={estimator.tol}")


def _split(estimator: Any, columns: _Columns, rng: np.random.RandomState) -> tuple[_Columns, _Columns]:
    """What to train on, and what to see the score of."""
    X, targets, weights = columns
    one = estimator._is_classifier() and estimator.n_outputs_ == 1
    parts = train_test_split(
        np.arange(len(X)),
        random_state=rng,
        test_size=estimator.validation_fraction,
        stratify=targets if one else None,
    )
    if len(parts[1]) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your dataset: "
            f"validation_fraction={estimator.validation_fraction} of {len(X)} rows is {len(parts[1])}"
        )
    first, second = ((X[rows], targets[rows], None if weights is None else weights[rows]) for rows in parts)
    return first, second


def _warn(what: str) -> None:
    warnings.warn(f"{what}: give a larger max_iter, or a larger tol", ConvergenceWarning, stacklevel=5)


# All rows at once.


def take_lbfgs(estimator: Any, columns: _Columns) -> None:
    """Train by L-BFGS-B, on the loss of all rows and its gradient."""
    X, targets, weights = columns
    minimised, parameters = objective(estimator), parameters_of(estimator.model_)
    by_batch = arguments.takes_batches(estimator.model_, X)
    y = arguments.targets_for(minimised, estimator._as_trained_on(targets), by_batch)
    given = (y,) if weights is None else (y, weights)
    forward = (
        estimator.model_
        if by_batch
        else CompiledModel(estimator.model_, X.shape[1], arguments.takes_batches_too(minimised))
    )
    sweep = Node.backward if by_batch else forward.sweep

    def value_and_grad(numbers: _Floats) -> tuple[float, _Floats]:
        parameters.set_data(numbers)
        parameters.zero_grad()
        root = minimised(forward(X), *given)
        sweep(root)
        return root.data, parameters.grad

    found = minimize(
        value_and_grad,
        parameters.data,
        method="L-BFGS-B",
        jac=True,
        options={"maxfun": estimator.max_fun, "maxiter": estimator.max_iter, "gtol": estimator.tol},
    )
    parameters.set_data(found.x)
    estimator.n_iter_, estimator.loss_ = min(found.nit, estimator.max_iter), float(found.fun)
    if not np.isfinite(found.x).all():
        raise ValueError(FAILED)
    if found.status:
        _warn(f"lbfgs ended before the gradient was below tol={estimator.tol}: {found.message}")

"""What the estimators share: scikit-learn's conventions around `fastgrad.train.fit`."""

# mypy: disable-error-code="import-untyped,import-not-found"
# scikit-learn has no types.

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, column_or_1d, compute_sample_weight
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from fastgrad._tape.functions import no_grad
from fastgrad.train import arguments, fit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from fastgrad import optim
    from fastgrad.train import History

    _Floats: TypeAlias = NDArray[np.float64]

BATCH = 200  # rows, where batch_size is "auto"

OF_CLASSES = ("cross_entropy", "binary_cross_entropy", "binary_cross_entropy_with_logits", "hinge")  # losses


def _has_probabilities(estimator: Trained) -> bool:
    return estimator._is_classifier() and not _has_margins(estimator)


def _has_margins(estimator: Trained) -> bool:
    return bool(estimator._loss_of(()) == "hinge")


class Trained(BaseEstimator):  # type: ignore[misc]
    """An estimator that `train.fit` trains. A subclass says which model and which loss."""

    _parameter_constraints: dict[str, list[Any]] = {
        "solver": [StrOptions(set(arguments.OPTIMIZERS))],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }

    _losses = [StrOptions(set(arguments.LOSSES))]

    # What a subclass says.

    def _make(self, inputs: int, outputs: int, rng: np.random.RandomState) -> Any:
        """A model with its first parameters."""
        raise NotImplementedError

    def _loss_of(self, classes: Any) -> Any:
        """What `train.fit` takes as the loss, for such classes."""
        raise NotImplementedError

    def _is_classifier(self) -> bool:
        return self._loss_of(()) in OF_CLASSES

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, RegressorTags

        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        if self._is_classifier():
            tags.estimator_type, tags.regressor_tags = "classifier", None
            tags.classifier_tags = ClassifierTags(multi_class=self._loss_of(range(3)) == "cross_entropy")
        else:
            tags.estimator_type, tags.classifier_tags, tags.regressor_tags = "regressor", None, RegressorTags()
            tags.target_tags.multi_output = True
        return tags

    # Training.

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Any:
        """Train on rows, from the first parameters on, or with ``warm_start`` from those of the last fit.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_features)
        y : array_like, shape (n_samples,) or (n_samples, n_outputs)
            Classes of any kind, or numbers.
        sample_weight : array_like, shape (n_samples,), optional
            How much each row counts.

        Returns
        -------
        self
        """
        return self._fit(X, y, sample_weight, None, not (self.warm_start and hasattr(self, "model_")), False)

    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Any:
        """Go through the rows once, from where the last call ended.

        Parameters
        ----------
        X, y, sample_weight
            As those of `fit`.
        classes : array_like, optional
            All classes that there are: for the first call of a classifier.

        Returns
        -------
        self
        """
        if self.early_stopping:
            raise ValueError(
                "early_stopping must be False for partial_fit, not True: a single epoch is no time to stop"
            )
        first = not hasattr(self, "model_")
        if first and classes is None and self._is_classifier():
            raise ValueError("classes must be passed on the first call to partial_fit: np.unique of all labels")
        return self._fit(X, y, sample_weight, classes, first, True)

    def _fit(self, X: Any, y: Any, sample_weight: Any, classes: Any, first: bool, partial: bool) -> Any:
        self._validate_params()
        numeric = not self._is_classifier()
        X, y = validate_data(self, X, y, dtype=np.float64, multi_output=numeric, y_numeric=numeric, reset=first)
        targets, weights = self._targets(y, classes, first), self._weights(sample_weight, X, y)
        columns: tuple[Any, ...] = (X, targets, weights)
        if weights is not None:
            columns = tuple(column[weights > 0.0] for column in columns)
        rng = check_random_state(self.random_state)
        if first:
            self.n_outputs_ = self._outputs(columns[1])
            self.model_ = self._make(X.shape[1], self.n_outputs_, rng)
            self.t_ = 0
            self.loss_curve_: list[float] = []
        if first or not partial or not hasattr(self, "_optimizer"):
            self._optimizer = self._make_optimizer()
        if not partial:
            self.loss_curve_ = []
        self._take(self._train(columns, rng, 1 if partial else self.max_iter, partial), len(columns[0]), partial)
        return self

    def _train(self, columns: Any, rng: np.random.RandomState, epochs: int, partial: bool) -> History:
        columns, held_out = self._split(columns, rng)
        X, y, weights = columns
        n = len(X)
        rows = min(BATCH if self.batch_size == "auto" else self.batch_size, n)
        counted = n if weights is None else weights.sum()
        return fit(
            self.model_,
            X,
            y,
            loss=self._loss_of(getattr(self, "classes_", ())),
            optimizer=self._optimizer,
            epochs=epochs,
            batch_size=rows,
            shuffle=self.shuffle and rows < n,
            seed=rng.randint(2**31 - 1),
            weights=weights,
            validation=held_out,
            penalty=0.5 * self.alpha * n / (counted * rows) if self.alpha else None,
            patience=None if partial else self.n_iter_no_change,
            min_delta=self.tol,
            callbacks=[_report] if self.verbose else (),
            progress=False,
        )

    def _split(self, columns: Any, rng: np.random.RandomState) -> tuple[Any, Any]:
        """What to train on, and what to validate on or None."""
        if not self.early_stopping:
            return columns, None
        given = [column for column in columns if column is not None]
        parts = train_test_split(
            *given,
            test_size=self.validation_fraction,
            random_state=rng,
            stratify=columns[1] if self._is_classifier() else None,
        )
        return (*parts[::2], None)[:3], tuple(parts[1::2])

    def _take(self, history: History, n: int, partial: bool) -> None:
        """Keep what happened."""
        self.n_iter_ = getattr(self, "n_iter_", 0) + 1 if partial else history.epochs
        self.t_ += history.epochs * n
        self.loss_curve_ += history.loss.tolist()
        self.loss_ = self.loss_curve_[-1] if self.loss_curve_ else np.nan  # of an epoch that Ctrl-C ended
        self.best_loss_ = min(self.loss_curve_, default=np.nan)
        self.validation_loss_curve_ = history.val_loss.tolist() if self.early_stopping else None
        if history.stopped == "finished" and not partial:
            warnings.warn(
                f"max_iter={self.max_iter} epochs ended before the loss stopped falling by tol={self.tol}: "
                "give a larger max_iter, or a larger tol",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _make_optimizer(self) -> optim.Optimizer:
        options = {"lr": self.learning_rate_init}
        if self.solver == "sgd":
            options |= {"momentum": self.momentum, "nesterov": self.nesterovs_momentum and self.momentum > 0.0}
        return arguments.OPTIMIZERS[self.solver](
            arguments.parameters_of(self.model_, "derive from nn.Module"), **options
        )

    # Targets and weights.

    def _targets(self, y: Any, classes: Any, first: bool) -> Any:
        """The targets as the loss takes them."""
        if not self._is_classifier():
            one = y.ndim == 2 and y.shape[1] == 1
            return column_or_1d(y, warn=True).astype(np.float64) if one else y.astype(np.float64)
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        if first:
            self.classes_ = np.unique(y) if classes is None else unique_labels(classes)
            self._check_classes()
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y must hold classes of classes_ alone, {self.classes_}, not {unknown}: fit anew for others"
            )
        codes = np.searchsorted(self.classes_, y)
        return 2 * codes - 1 if self._loss_of(self.classes_) == "hinge" else codes

    def _check_classes(self) -> None:
        if len(self.classes_) < 2:
            raise ValueError(f"y must have at least two classes, but has one class: {self.classes_}")
        loss = self._loss_of(self.classes_)
        if len(self.classes_) > 2 and loss != "cross_entropy":
            raise ValueError(
                f"Only binary classification is supported by loss={loss!r}, but y has {len(self.classes_)} classes: "
                "take loss='cross_entropy', with an output for each"
            )

    def _weights(self, sample_weight: Any, X: _Floats, y: NDArray[Any]) -> Any:
        by_class = getattr(self, "class_weight", None)
        if sample_weight is None and by_class is None:
            return None
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        if by_class is not None:
            weights = weights * compute_sample_weight(by_class, y)
        if not weights.any():
            raise ValueError("Sample weights must contain at least one non-zero number: sample_weight is all 0")
        return weights

    def _outputs(self, targets: NDArray[Any]) -> int:
        if self._is_classifier():
            return len(self.classes_) if self._loss_of(self.classes_) == "cross_entropy" else 1
        return targets.shape[1] if targets.ndim == 2 else 1

    # What it says of rows.

    def _results(self, X: Any) -> _Floats:
        """What the model makes of rows."""
        check_is_fitted(self, "model_")
        X = validate_data(self, X, dtype=np.float64, reset=False)
        with no_grad():
            return arguments.as_array(arguments.forward(self.model_, arguments.takes_batches(self.model_, X))(X))

    def _scores(self, X: Any) -> _Floats:
        """The results of a classifier, above 0 for the second of two classes."""
        results = self._results(X)
        if self._loss_of(self.classes_) == "cross_entropy":
            return results
        return results.ravel()

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the class of each row, or its numbers.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_features)

        Returns
        -------
        numpy.ndarray, shape (n_samples,) or (n_samples, n_outputs)
        """
        if not self._is_classifier():
            results = self._results(X)
            return results.ravel() if self.n_outputs_ == 1 else results
        scores = self._scores(X)
        if scores.ndim == 2:
            return self.classes_[scores.argmax(axis=1)]  # type: ignore[no-any-return]
        middle = 0.5 if self._loss_of(self.classes_) == "binary_cross_entropy" else 0.0
        return self.classes_[(scores > middle).astype(int)]  # type: ignore[no-any-return]

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: ArrayLike) -> _Floats:
        """Return the probability of each class in each row.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_features)

        Returns
        -------
        numpy.ndarray, shape (n_samples, n_classes)
        """
        scores = self._scores(X)
        if scores.ndim == 2:
            grown = np.exp(scores - scores.max(axis=1, keepdims=True))
            return grown / grown.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]
        if self._loss_of(self.classes_) != "binary_cross_entropy":
            scores = np.exp(-np.logaddexp(0.0, -scores))
        return np.column_stack([1.0 - scores, scores])

    @available_if(_has_margins)  # type: ignore[untyped-decorator]
    def decision_function(self, X: ArrayLike) -> _Floats:
        """Return the score of each row by the hinge loss, above 0 for the second class.

        Parameters
        ----------
        X : array_like, shape (n_samples, n_features)

        Returns
        -------
        numpy.ndarray, shape (n_samples,)
        """
        return self._scores(X)

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy of a classifier, R² of a regressor.

        Parameters
        ----------
        X, y, sample_weight
            As those of `fit`.

        Returns
        -------
        float
        """
        measure = accuracy_score if self._is_classifier() else r2_score
        return float(measure(y, self.predict(X), sample_weight=sample_weight))


def _report(epoch: int, history: History) -> None:
    print(f"Iteration {epoch + 1}, loss = {history.loss[-1]:.8f}")

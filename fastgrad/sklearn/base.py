"""What the estimators share: scikit-learn's conventions around training and results."""

# mypy: disable-error-code="import-untyped,import-not-found"
# scikit-learn has no types.

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy.sparse import issparse
from scipy.special import expit
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import unique_labels
from sklearn.utils.validation import check_is_fitted, validate_data

from fastgrad._tape.functions import no_grad
from fastgrad.sklearn import solvers
from fastgrad.sklearn.targets import PROBABILITIES, OfTargets
from fastgrad.train import arguments

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    _Floats: TypeAlias = NDArray[np.float64]


def _has_probabilities(estimator: Trained) -> bool:
    return estimator._is_classifier() and not estimator._has_margins()


def _takes_steps(estimator: Trained) -> bool:
    if estimator.solver == "lbfgs":
        raise AttributeError("partial_fit is only available for stochastic optimizers. lbfgs is not stochastic.")
    return True


class Trained(OfTargets):
    """An estimator that is trained. A subclass says which model and which loss."""

    _parameter_constraints: dict[str, list[Any]] = {
        "solver": [StrOptions({*arguments.OPTIMIZERS, "lbfgs"})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"})],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
    }

    # What a subclass says.

    _ends_at_best = False  # with the parameters of the epoch with the least loss, not those of the last

    def _make(self, inputs: int, outputs: int, rng: np.random.RandomState) -> Any:
        """A model with its first parameters."""
        raise NotImplementedError

    def _function(self) -> Any:
        """What is minimised, of predictions, targets and perhaps weights, without a penalty."""
        loss = self._loss_of(getattr(self, "classes_", ()))
        return arguments.LOSSES[loss] if isinstance(loss, str) else loss

    def _keep(self, given: dict[str, Any]) -> None:
        """Keep the arguments of an __init__: its locals, as they are at its beginning."""
        for name, value in given.items():
            if name != "self":
                setattr(self, name, value)

    # Training.

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Any:
        """Train on rows, from the first parameters on, or with ``warm_start`` from those of the last fit.

        Parameters
        ----------
        X : array_like or sparse matrix, shape (n_samples, n_features)
        y : array_like, shape (n_samples,) or (n_samples, n_outputs)
            Classes of any kind, columns of labels 0 and 1, or numbers.
        sample_weight : array_like, shape (n_samples,), optional
            How much each row counts.

        Returns
        -------
        self
        """
        return self._fit(X, y, sample_weight, None, not (self.warm_start and hasattr(self, "model_")), False)

    @available_if(_takes_steps)  # type: ignore[untyped-decorator]
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
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
                "partial_fit does not support early_stopping=True: a single epoch is no time to stop, give False"
            )
        first = not hasattr(self, "model_")
        if self._is_classifier() and first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit: np.unique of all labels")
        if not first and classes is not None and not np.array_equal(unique_labels(classes), self.classes_):
            raise ValueError(f"classes must be those of the first call, {self.classes_}, not {classes!r:.60}")
        return self._fit(X, y, sample_weight, classes, first, True)

    def _fit(self, X: Any, y: Any, sample_weight: Any, classes: Any, first: bool, partial: bool) -> Any:
        self._validate_params()
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            dtype=np.float64,
            multi_output=True,
            y_numeric=not self._is_classifier(),
            reset=first,
        )
        X, y = _dense(X), _dense(y)
        targets, weights = self._targets(y, classes, first, partial), self._weights(sample_weight, X, y)
        columns: tuple[Any, ...] = (X, targets, weights)
        if weights is not None:
            columns = tuple(column[weights > 0.0] for column in columns)
        rng = check_random_state(self.random_state)
        if first:
            self.n_outputs_ = self._outputs(columns[1])
            self.model_ = self._make(X.shape[1], self.n_outputs_, rng)
            self.n_iter_ = self.t_ = 0
        if self.solver == "lbfgs":
            solvers.take_lbfgs(self, columns)
            return self
        if first or not hasattr(self, "loss_curve_"):
            solvers.begin(self)
        if first or not partial:
            self._optimizer = solvers.optimizer(self)
        solvers.take_steps(self, columns, rng, partial)
        return self

    # What it says of rows.

    def _validated(self, X: Any) -> _Floats:
        check_is_fitted(self, "model_")
        return _dense(validate_data(self, X, accept_sparse=["csr", "csc"], dtype=np.float64, reset=False))

    def _results(self, X: _Floats) -> _Floats:
        """What the model makes of rows: a number for each, or columns."""
        with no_grad():
            forward = arguments.forward(self.model_, arguments.takes_batches(self.model_, X))
            results: _Floats = arguments.as_array(forward(X))
        return results.ravel() if self.n_outputs_ == 1 else results

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the class of each row, its labels, or its numbers.

        Parameters
        ----------
        X : array_like or sparse matrix, shape (n_samples, n_features)

        Returns
        -------
        numpy.ndarray, shape (n_samples,) or (n_samples, n_outputs)
        """
        decided = self._decided(self._results(self._validated(X)))
        by_number = self._is_classifier() and not self._labels
        return self.classes_[decided] if by_number else decided  # type: ignore[no-any-return]

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: ArrayLike) -> _Floats:
        """Return the probability of each class, or of each label, in each row.

        Parameters
        ----------
        X : array_like or sparse matrix, shape (n_samples, n_features)

        Returns
        -------
        numpy.ndarray, shape (n_samples, n_classes)
        """
        results = self._results(self._validated(X))
        if results.ndim == 2 and not self._labels:
            grown = np.exp(results - results.max(axis=1, keepdims=True))
            return grown / grown.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]
        shares = results if self._loss_of(self.classes_) == PROBABILITIES else expit(results)
        return shares if self._labels else np.column_stack([1.0 - shares, shares])

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: ArrayLike) -> _Floats:
        """Return the logarithms of what `predict_proba` returns.

        Parameters
        ----------
        X : array_like or sparse matrix, shape (n_samples, n_features)

        Returns
        -------
        numpy.ndarray, shape (n_samples, n_classes)
        """
        return np.log(self.predict_proba(X))  # type: ignore[no-any-return]

    @available_if(OfTargets._has_margins)  # type: ignore[untyped-decorator]
    def decision_function(self, X: ArrayLike) -> _Floats:
        """Return the score of each row by the hinge loss, above 0 for the second class.

        Parameters
        ----------
        X : array_like or sparse matrix, shape (n_samples, n_features)

        Returns
        -------
        numpy.ndarray, shape (n_samples,)
        """
        return self._results(self._validated(X))

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy of a classifier, R² of a regressor.

        Parameters
        ----------
        X, y, sample_weight
            As those of `fit`. Of columns of labels all of a row must be right.

        Returns
        -------
        float
        """
        measure = accuracy_score if self._is_classifier() else r2_score
        return float(measure(y, self.predict(X), sample_weight=sample_weight))

    def _score_of(self, X: _Floats, targets: _Floats, weights: _Floats | None) -> float:
        """The score by targets as `_targets` gives them; nan where numbers are not finite."""
        decided = self._decided(self._results(X))
        if not self._is_classifier():
            finite = np.isfinite(decided).all()
            return float(r2_score(targets, decided, sample_weight=weights)) if finite else np.nan
        return float(np.average((decided == targets).reshape(len(X), -1).all(axis=1), weights=weights))


def _dense(given: Any) -> NDArray[Any]:
    return given.toarray() if issparse(given) else given  # type: ignore[no-any-return]

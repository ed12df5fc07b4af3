"""What an estimator is by its loss, and what its targets mean: classes, labels or numbers."""

# mypy: disable-error-code="import-untyped,import-not-found"
# scikit-learn has no types.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import ClassifierTags, RegressorTags, column_or_1d, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
from sklearn.utils.validation import _check_sample_weight

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _Floats: TypeAlias = NDArray[np.float64]

LOGITS, PROBABILITIES = "binary_cross_entropy_with_logits", "binary_cross_entropy"
OF_CLASSES = ("cross_entropy", PROBABILITIES, LOGITS, "hinge")  # losses


class OfTargets(BaseEstimator):  # type: ignore[misc]
    """An estimator whose loss says what it is."""

    def _loss_of(self, classes: Any) -> Any:
        """The loss for such classes, a function or the name of one: those of `OF_CLASSES` make a classifier."""
        raise NotImplementedError

    def _is_classifier(self) -> bool:
        return self._loss_of(()) in OF_CLASSES

    def _has_margins(self) -> bool:
        """Whether it is a classifier without probabilities."""
        return bool(self._loss_of(()) == "hinge")

    def _takes_labels(self) -> bool:
        """Whether it is a classifier that takes several labels a row."""
        return self._loss_of(range(2)) in (LOGITS, PROBABILITIES)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = tags.input_tags.sparse = True
        if self._is_classifier():
            tags.estimator_type, tags.regressor_tags = "classifier", None
            several = self._loss_of(range(3)) == "cross_entropy"
            tags.classifier_tags = ClassifierTags(multi_class=several, multi_label=self._takes_labels())
        else:
            tags.estimator_type, tags.classifier_tags, tags.regressor_tags = "regressor", None, RegressorTags()
            tags.target_tags.multi_output = True
        return tags

    # Targets and weights for training.

    def _targets(self, y: Any, classes: Any, first: bool, partial: bool) -> Any:
        """Numbers; of a classifier the number of each row's class, or columns of labels 0 and 1."""
        columns = y.ndim == 2 and y.shape[1] > 1
        if not self._is_classifier():
            return y.astype(np.float64) if columns or y.ndim == 1 else column_or_1d(y, warn=True).astype(np.float64)
        labels = columns and self._takes_labels()
        if not labels:
            y = column_or_1d(y, warn=True)
            check_classification_targets(y)
        elif type_of_target(y) != "multilabel-indicator":
            raise ValueError(
                "y must be a column of classes, or columns of labels 0 and 1: Multioutput is not supported"
            )
        found = np.arange(y.shape[1]) if labels else np.unique(y)
        if first:
            self._labels, self.classes_ = labels, found if classes is None else unique_labels(classes)
            self._check_classes()
        self._check_known(found, labels, partial)
        return (y if labels else np.searchsorted(self.classes_, y)).astype(np.float64)

    def _check_classes(self) -> None:
        if self._labels:
            return
        loss = self._loss_of(self.classes_)
        if len(self.classes_) < 2 and loss == "cross_entropy":
            raise ValueError(f"y must have at least two classes, but has one class: {self.classes_}")
        if len(self.classes_) > 2 and loss != "cross_entropy":
            raise ValueError(
                f"Only binary classification is supported by loss={loss!r}, but y has {len(self.classes_)} classes: "
                "take loss='cross_entropy', with an output for each"
            )

    def _check_known(self, found: NDArray[Any], labels: bool, partial: bool) -> None:
        """Raise ValueError where classes are not those that there are: all of them, but for a partial fit."""
        same = labels == self._labels
        if not partial and not (same and np.array_equal(found, self.classes_)):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. Previously "
                f"got {self.classes_}, `y` has {found}"
            )
        if not same or len(np.setdiff1d(found, self.classes_)):
            raise ValueError(
                f"y must hold classes of classes_ alone, {self.classes_}, not {found}: fit anew for others"
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
        if self._is_classifier() and self._loss_of(self.classes_) == "cross_entropy" and not self._labels:
            return len(self.classes_)
        return targets.shape[1] if targets.ndim == 2 else 1

    def _as_trained_on(self, targets: _Floats) -> _Floats:
        """The targets as the loss takes them."""
        return 2.0 * targets - 1.0 if self._has_margins() else targets

    # What results say.

    def _decided(self, results: _Floats) -> Any:
        """The number of each row's class, or labels 0 and 1; of a regressor the numbers."""
        if not self._is_classifier():
            return results
        if results.ndim == 2 and not self._labels:
            return results.argmax(axis=1)
        middle = 0.5 if self._loss_of(self.classes_) == PROBABILITIES else 0.0
        above = (results > middle).astype(int)
        return above if self._labels else np.minimum(above, len(self.classes_) - 1)

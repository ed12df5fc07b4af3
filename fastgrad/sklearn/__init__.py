"""Estimators for scikit-learn: in its pipelines and searches, by its names and conventions.

They take scikit-learn, from 1.7 on, which the extra ``sklearn`` installs.

>>> from sklearn.datasets import load_iris
>>> from sklearn.model_selection import cross_val_score
>>> from fastgrad.sklearn import MLPClassifier
>>> X, y = load_iris(return_X_y=True)
>>> bool(cross_val_score(MLPClassifier((10,), learning_rate_init=0.05, tol=1e-3, random_state=0), X, y).mean() > 0.9)
True
"""

# mypy: disable-error-code="import-untyped,import-not-found"
# scikit-learn has no types.

try:
    from sklearn.utils.validation import validate_data as _needed  # noqa: F401
except ImportError as error:
    raise ImportError('fastgrad.sklearn needs scikit-learn, 1.7 or newer: pip install "fastgrad[sklearn]"') from error

from fastgrad.sklearn.estimator import Estimator
from fastgrad.sklearn.perceptrons import MLPClassifier, MLPRegressor

__all__ = ["Estimator", "MLPClassifier", "MLPRegressor"]

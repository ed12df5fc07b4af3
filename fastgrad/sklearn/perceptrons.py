"""Perceptrons of many layers, under scikit-learn's names."""

# mypy: disable-error-code="import-untyped,import-not-found"
# scikit-learn has no types.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils._param_validation import StrOptions

from fastgrad import nn
from fastgrad.sklearn.base import Trained

if TYPE_CHECKING:
    from collections.abc import Sequence

ACTIVATIONS = {"identity": "identity", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}
ACTIVATIONS |= {"softplus": "softplus", "gelu": "gelu", "leaky_relu": "leaky_relu"}


class _Perceptron(Trained):
    _parameter_constraints = {
        **Trained._parameter_constraints,
        "hidden_layer_sizes": ["array-like", int],
        "activation": [StrOptions(set(ACTIVATIONS))],
    }

    def _make(self, inputs: int, outputs: int, rng: np.random.RandomState) -> nn.MLP:
        widths = np.atleast_1d(self.hidden_layer_sizes).tolist()
        if not all(isinstance(width, int) and width > 0 for width in widths):
            raise ValueError(
                "hidden_layer_sizes must be numbers of neurons, each at least 1, such as (100,), "
                f"not {self.hidden_layer_sizes!r}"
            )
        return nn.MLP(inputs, [*widths, outputs], ACTIVATIONS[self.activation], weights="xavier_uniform", rng=rng)


class MLPClassifier(ClassifierMixin, _Perceptron):  # type: ignore[misc]
    """A classifier of fully connected layers, trained by the cross-entropy.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, or int
        How many neurons each hidden layer has.
    activation : str
        Of the hidden layers: "identity", "logistic", "tanh", "relu", "softplus", "gelu" or "leaky_relu".
    solver : str
        "adam", "sgd", "adamw" or "rmsprop".
    alpha : float
        Half of it, divided by the rows of a batch, is the factor of `losses.l2_penalty`, biases included.
    batch_size : int or "auto"
        The rows of a step; "auto" is 200, or all where there are fewer.
    learning_rate_init : float
        The learning rate.
    max_iter : int
        Epochs at most; a `ConvergenceWarning` tells where they were too few.
    shuffle : bool
        Whether batches are drawn anew for each epoch.
    random_state : int, numpy.random.RandomState or None
        Decides the first weights, the batches and the rows that are held out.
    tol, n_iter_no_change : float, int
        Training stops when for so many epochs the loss has not fallen by `tol`, and the best parameters are put back.
    verbose : bool
        Whether each epoch prints its loss.
    warm_start : bool
        Whether `fit` goes on from the parameters of the last fit.
    momentum, nesterovs_momentum : float, bool
        Of the solver "sgd".
    early_stopping, validation_fraction : bool, float
        Whether that loss is the one of a fraction of the rows, held out.
    class_weight : dict, "balanced" or None
        How much the rows of each class count.

    Attributes
    ----------
    classes_ : numpy.ndarray, shape (n_classes,)
    model_ : nn.MLP
        With an output for each class, or of two classes one for the second.
    n_features_in_, n_outputs_, n_iter_, t_ : int
        Inputs, outputs, epochs taken, rows seen.
    feature_names_in_ : numpy.ndarray
        The names of the columns, where rows came with some.
    loss_curve_, loss_, best_loss_ : list of float, float, float
        The loss of each epoch, of the last, and the least.
    validation_loss_curve_ : list of float or None
        With `early_stopping` that of the rows held out.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from fastgrad.sklearn import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), MLPClassifier((10,), learning_rate_init=0.05, tol=1e-3, random_state=0))
    >>> model.fit(X, y).score(X, y) > 0.95
    True
    """

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] | int = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 1e-4,
        batch_size: int | str = "auto",
        learning_rate_init: float = 1e-3,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        class_weight: Any = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight

    def _loss_of(self, classes: Any) -> str:
        return "binary_cross_entropy_with_logits" if len(classes) == 2 else "cross_entropy"


class MLPRegressor(RegressorMixin, _Perceptron):  # type: ignore[misc]
    """A regressor of fully connected layers, trained by the mean squared error.

    Parameters and attributes are those of `MLPClassifier`, without `class_weight` and `classes_`. (The mean squared
    error is not halved, as scikit-learn has it.)

    Examples
    --------
    >>> import numpy as np
    >>> from fastgrad.sklearn import MLPRegressor
    >>> X = np.linspace(-2.0, 2.0, 100)[:, None]
    >>> model = MLPRegressor((20,), "tanh", learning_rate_init=0.02, max_iter=1000, random_state=0)
    >>> model.fit(X, np.sin(X[:, 0])).score(X, np.sin(X[:, 0])) > 0.99
    True
    """

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] | int = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 1e-4,
        batch_size: int | str = "auto",
        learning_rate_init: float = 1e-3,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change

    def _loss_of(self, classes: Any) -> str:
        return "mse"

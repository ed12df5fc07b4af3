"""Perceptrons of many layers, as scikit-learn's: by the same names, to the same numbers."""

# mypy: disable-error-code="import-untyped,import-not-found"
# scikit-learn has no types.

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy.special import xlogy
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils._param_validation import Interval, StrOptions

from fastgrad import losses, nn
from fastgrad.sklearn.base import Trained
from fastgrad.sklearn.targets import LOGITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    _Floats: TypeAlias = NDArray[np.float64]

ACTIVATIONS = {"identity": "identity", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}
ACTIVATIONS |= {"softplus": "softplus", "gelu": "gelu", "leaky_relu": "leaky_relu"}


# Losses with the value and the slope that scikit-learn's have.


def _columns(targets: _Floats) -> int:
    return targets.shape[1] if targets.ndim == 2 else 1


def _entropies(logits: Any, labels: _Floats, weights: _Floats | None = None) -> Any:
    """The binary cross-entropies of a row's labels, added."""
    return _columns(labels) * losses.binary_cross_entropy_with_logits(logits, labels, weights=weights)


def _half_squares(predictions: Any, targets: _Floats, weights: _Floats | None = None) -> Any:
    """Half of the mean squared error. Of several outputs the slope is that of their sum."""
    columns = _columns(targets)
    half = 0.5 * columns * losses.mse(predictions, targets, weights=weights)
    return half if columns == 1 else half + (1.0 / columns - 1.0) * half.data


def _half_deviance(logs: Any, targets: _Floats, weights: _Floats | None = None) -> Any:
    """Half of the Poisson deviance, the outputs' added, by the logarithms of rates.

    Its slope by a logarithm is the rate less the target, which is also that of half a square: of the distance from what
    lies as far below.
    """
    rates = np.exp(logs.data)
    half = 0.5 * _columns(targets) * losses.mse(logs, logs.data - (rates - targets), weights=weights)
    value = np.average(xlogy(targets, targets / rates) - targets + rates, weights=weights, axis=0).sum()
    return half + (value - half.data)


class _Perceptron(Trained):
    _parameter_constraints = {
        **Trained._parameter_constraints,
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
    }

    def _make(self, inputs: int, outputs: int, rng: np.random.RandomState) -> nn.MLP:
        widths = np.atleast_1d(self.hidden_layer_sizes).tolist()
        if not all(isinstance(width, int) and width > 0 for width in widths):
            raise ValueError(
                "hidden_layer_sizes must be numbers of neurons, each at least 1, such as (100,), "
                f"not {self.hidden_layer_sizes!r}"
            )
        model = nn.MLP(inputs, [*widths, outputs], ACTIVATIONS[self.activation], weights="zeros")
        for layer in model.layers:
            bound = np.sqrt((2.0 if self.activation == "logistic" else 6.0) / (layer.nin + layer.nout))
            drawn = [rng.uniform(-bound, bound, size) for size in ((layer.nin, layer.nout), layer.nout)]
            layer.load_state_dict({"w": drawn[0].T, "b": drawn[1]})
        return model

    def _arrays(self, name: str) -> list[_Floats]:
        return [layer.state_dict()[name] for layer in self.model_.layers]

    def _set_arrays(self, name: str, given: Sequence[Any]) -> None:
        for layer, numbers in zip(self.model_.layers, given, strict=True):
            layer.load_state_dict({**layer.state_dict(), name: numbers})

    @property
    def coefs_(self) -> list[_Floats]:
        """The weights of each layer, a copy of shape (inputs, outputs)."""
        return [weights.T for weights in self._arrays("w")]

    @coefs_.setter
    def coefs_(self, given: Sequence[Any]) -> None:
        self._set_arrays("w", [np.asarray(weights).T for weights in given])

    @property
    def intercepts_(self) -> list[_Floats]:
        """The biases of each layer, a copy of shape (outputs,)."""
        return self._arrays("b")

    @intercepts_.setter
    def intercepts_(self, given: Sequence[Any]) -> None:
        self._set_arrays("b", given)

    @property
    def n_layers_(self) -> int:
        """How many layers there are, that of the inputs included."""
        return len(self.model_.layers) + 1


class MLPClassifier(ClassifierMixin, _Perceptron):  # type: ignore[misc]
    """A classifier of fully connected layers, trained by the cross-entropy.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, or int
        How many neurons each hidden layer has.
    activation : str
        Of the hidden layers: "identity", "logistic", "tanh", "relu", "softplus", "gelu" or "leaky_relu".
    solver : str
        "adam", "sgd", "adamw" or "rmsprop", which take steps over batches, or "lbfgs", which takes all rows.
    alpha : float
        Half of it, divided by the rows of a batch, is the factor of the squares of weights; biases do not count.
    batch_size : int or "auto"
        The rows of a step; "auto" is 200, or all where there are fewer.
    learning_rate : str
        Of "sgd": "constant", "invscaling", after t rows ``learning_rate_init / (t + 1) ** power_t``, or "adaptive",
        divided by 5 where training would stop, until it is small.
    learning_rate_init, power_t : float
        See there.
    max_iter : int
        Epochs, or iterations of "lbfgs", at most; a `ConvergenceWarning` tells where they were too few.
    shuffle : bool
        Whether batches are drawn anew for each epoch.
    random_state : int, numpy.random.RandomState or None
        Decides the first weights, the batches and the rows that are held out.
    tol, n_iter_no_change : float, int
        Training stops when for more than so many epochs the loss was not by `tol` below the best; "lbfgs", when no
        slope is above `tol`.
    verbose : bool
        Whether each epoch prints its loss.
    warm_start : bool
        Whether `fit` goes on from the parameters of the last fit.
    momentum, nesterovs_momentum : float, bool
        Of "sgd".
    early_stopping, validation_fraction : bool, float
        Whether training stops by the score of a fraction of the rows, held out, and ends with the weights of the best.
    beta_1, beta_2, epsilon : float
        Of "adam" and "adamw".
    max_fun : int
        How often "lbfgs" may compute the loss.
    class_weight : dict, "balanced" or None
        How much the rows of each class count.

    Attributes
    ----------
    classes_ : numpy.ndarray, shape (n_classes,)
        The classes, or the numbers of the columns of labels.
    model_ : nn.MLP
        With an output for each class or label, or of two classes one for the second; without the ``out_activation_``.
    coefs_, intercepts_ : list of numpy.ndarray
        Copies of each layer's weights, of shape (inputs, outputs), and biases. Assigning writes them.
    n_features_in_, n_outputs_, n_layers_, n_iter_, t_ : int
        Inputs, outputs, layers with that of the inputs, epochs or iterations taken, rows seen.
    out_activation_ : str
        "softmax" or "logistic".
    feature_names_in_ : numpy.ndarray
        The names of the columns, where rows came with some.
    loss_ : float
        The last loss.
    loss_curve_, best_loss_ : list of float, float or None
        The loss of each epoch, and without `early_stopping` the least. Not of "lbfgs", nor are those below.
    validation_scores_, best_validation_score_ : list of float or None, float or None
        With `early_stopping` the score after each epoch, and the best.

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

    _parameter_constraints = {
        **_Perceptron._parameter_constraints,
        "class_weight": [StrOptions({"balanced"}), dict, list, None],
    }

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] | int = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 1e-4,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 1e-3,
        power_t: float = 0.5,
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
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        class_weight: Any = None,
    ) -> None:
        self._keep(locals())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True  # which the mixin does not know
        return tags

    def _loss_of(self, classes: Any) -> str:
        return LOGITS if len(classes) <= 2 else "cross_entropy"

    def _function(self) -> Any:
        return _entropies if self._labels else super()._function()

    @property
    def out_activation_(self) -> str:
        """What stands behind the last layer."""
        return "softmax" if self.n_outputs_ > 1 and not self._labels else "logistic"


class MLPRegressor(RegressorMixin, _Perceptron):  # type: ignore[misc]
    """A regressor of fully connected layers, trained by half of the mean squared error, or of the Poisson deviance.

    Parameters
    ----------
    loss : str
        "squared_error", or "poisson" for numbers of at least 0: the model computes the logarithm of the rate.
    hidden_layer_sizes, activation, solver and others
        As those of `MLPClassifier`, but for `class_weight`.

    Attributes
    ----------
    out_activation_ : str
        "identity" or "exp".
    model_, coefs_, n_features_in_, n_iter_, loss_curve_ and others
        As those of `MLPClassifier`, but for `classes_`.

    Examples
    --------
    >>> import numpy as np
    >>> from fastgrad.sklearn import MLPRegressor
    >>> X = np.linspace(-2.0, 2.0, 100)[:, None]
    >>> model = MLPRegressor(hidden_layer_sizes=(20,), activation="tanh", solver="lbfgs", random_state=0)
    >>> model.fit(X, np.sin(X[:, 0])).score(X, np.sin(X[:, 0])) > 0.99
    True
    """

    _parameter_constraints = {**_Perceptron._parameter_constraints, "loss": [StrOptions({"squared_error", "poisson"})]}

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: Sequence[int] | int = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 1e-4,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 1e-3,
        power_t: float = 0.5,
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
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
    ) -> None:
        self._keep(locals())

    def _loss_of(self, classes: Any) -> Any:
        return _half_deviance if self.loss == "poisson" else _half_squares

    def _targets(self, y: Any, *rest: Any) -> Any:
        targets = super()._targets(y, *rest)
        if self.loss == "poisson" and (targets < 0.0).any():
            raise ValueError(f"y must be at least 0 for loss='poisson', but {targets.min()} is in it")
        return targets

    def _decided(self, results: _Floats) -> Any:
        return np.exp(results) if self.loss == "poisson" else results

    @property
    def out_activation_(self) -> str:
        """What stands behind the last layer."""
        return "exp" if self.loss == "poisson" else "identity"

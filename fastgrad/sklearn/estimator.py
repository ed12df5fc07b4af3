"""Any model as an estimator."""

# mypy: disable-error-code="import-untyped,import-not-found"
# scikit-learn has no types.

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils._param_validation import StrOptions

from fastgrad._tape.numbers import Value
from fastgrad.sklearn.base import Trained
from fastgrad.train import arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

REMEDY = "a function of a row and of parameters needs start=, the numbers to begin with"


class Estimator(Trained):
    """A module, or a function, as an estimator.

    Parameters
    ----------
    model : nn.Module or callable
        One of three. A model with a method ``parameters()``, of which each fit trains a copy. With `start` a function
        ``model(row, parameters)`` of two lists, which returns a scalar or a list of scalars. Otherwise a function
        ``model(inputs, outputs)`` that makes a model for so many columns of X and so many outputs.
    loss : str or callable
        As that of `train.fit`. By a loss of classes it is a classifier, "cross_entropy" (an output for each class),
        "binary_cross_entropy", "binary_cross_entropy_with_logits" (one output, or one for each label of a row) or
        "hinge" (one output); by any other a regressor.
    start : array_like, shape (n,), optional
        The parameters to begin with.
    solver, alpha, batch_size and others
        As those of `MLPClassifier`, from there on. A function that makes a model draws its first parameters by itself.
        `alpha` counts all parameters but the biases of layers. Steps end with the best epoch's parameters.

    Attributes
    ----------
    model_ : callable
        What was trained.
    parameters_ : numpy.ndarray
        The numbers of its parameters.
    classes_, n_features_in_, n_outputs_, n_iter_, loss_curve_ and others
        As those of `MLPClassifier`.

    Examples
    --------
    >>> import numpy as np
    >>> from fastgrad import math
    >>> from fastgrad.sklearn import Estimator
    >>> t = np.linspace(0.0, 4.0, 50)[:, None]
    >>> decay = Estimator(lambda row, p: p[0] * math.exp(-p[1] * row[0]), start=[1.0, 1.0],
    ...                   solver="lbfgs", tol=1e-9, alpha=0.0)
    >>> decay.fit(t, 3.0 * np.exp(-0.75 * t[:, 0])).parameters_.round(2).tolist()
    [3.0, 0.75]
    """

    _parameter_constraints = {
        **Trained._parameter_constraints,
        "model": [callable],
        "loss": [StrOptions(set(arguments.LOSSES)), callable],
        "class_weight": [StrOptions({"balanced"}), dict, list, None],
        "start": ["array-like", None],
    }

    _ends_at_best = True

    def __init__(
        self,
        model: Callable[..., Any],
        loss: str | Callable[..., Any] = "mse",
        *,
        start: ArrayLike | None = None,
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

    def _loss_of(self, classes: Any) -> Any:
        return self.loss

    def _make(self, inputs: int, outputs: int, rng: np.random.RandomState) -> Any:
        if self.start is not None:
            return _Function(self.model, arguments.array(self.start, "start").ravel().astype(float).tolist())
        if callable(getattr(self.model, "parameters", None)) and not isinstance(self.model, type):
            return copy.deepcopy(self.model)
        try:
            made = self.model(inputs, outputs)
        except TypeError as error:
            raise TypeError(f"model(inputs, outputs) must make a model, not raise {error!r}: {REMEDY}") from error
        if not callable(getattr(made, "parameters", None)):
            raise TypeError(
                f"model(inputs, outputs) must make a model with a method parameters(), not {made!r:.60}: {REMEDY}"
            )
        return made

    @property
    def parameters_(self) -> Any:
        """The numbers of the trained model's parameters."""
        if not hasattr(self, "model_"):
            raise AttributeError("parameters_ is there after fit: call it first")
        return np.array([parameter.data for parameter in self.model_.parameters()])


class _Function:
    """A model of a function of a row and of parameters."""

    def __init__(self, function: Callable[[Sequence[Any], Sequence[Value]], Any], start: Sequence[float]) -> None:
        self.function, self.scalars = function, [Value(number) for number in start]

    def parameters(self) -> list[Value]:
        return self.scalars

    def __call__(self, row: Sequence[Any]) -> Any:
        return self.function(row, self.scalars)

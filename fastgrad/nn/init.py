"""Initialisers: the numbers that weights and biases start from.

A layer takes one by name or as a function ``draw(rng, nin, nout, size)`` that returns ``size`` numbers. The functions
here make such functions. Neurons are drawn one after the other, each one's weights in the order of its inputs and then
its bias.

`rng` is where the numbers come from. It has numpy's methods ``uniform(low, high, size)`` and ``normal(mean, std,
size)``. A layer makes it of its argument of that name: None stands for the generator behind Python's `random`, the
module `numpy.random` for the one behind that, an integer for a new generator with that seed.

>>> from fastgrad import nn
>>> from fastgrad.nn import init
>>> nn.Layer(2, 3, weights=init.uniform(-0.1, 0.1), rng=7).flat.shape
(9,)
>>> nn.Layer(2, 3, weights="xavier_normal", bias=lambda rng, nin, nout, size: [0.5] * size).neurons[2].b.data
0.5
"""

from __future__ import annotations

import math
import numbers
import operator
import random
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from numpy.typing import ArrayLike, NDArray

    class _Generator(Protocol):
        def uniform(self, low: float, high: float, size: int) -> NDArray[np.float64]: ...
        def normal(self, mean: float, std: float, size: int) -> NDArray[np.float64]: ...

    # The first is a numpy.random.Generator, or what has these methods of it.
    _Initialiser: TypeAlias = Callable[[Any, int, int, int], ArrayLike]
    _Choice: TypeAlias = str | _Initialiser | Callable[[], _Initialiser]
    _Source: TypeAlias = int | np.integer[Any] | np.random.Generator | np.random.RandomState | ModuleType | None

__all__ = ["he_normal", "he_uniform", "normal", "uniform", "xavier_normal", "xavier_uniform", "zeros"]


def uniform(low: float = -1.0, high: float = 1.0) -> _Initialiser:
    """Make an initialiser that draws evenly between ``low`` and ``high``.

    Examples
    --------
    >>> import numpy as np
    >>> draw = uniform(-0.5, 0.5)
    >>> bool(abs(draw(np.random.default_rng(0), 3, 4, 1000)).max() <= 0.5)
    True
    """

    def draw(rng: _Generator, nin: int, nout: int, size: int) -> NDArray[np.float64]:
        return rng.uniform(low, high, size)

    return draw


def zeros() -> _Initialiser:
    """Make an initialiser that draws nothing: every number is 0.

    Examples
    --------
    >>> zeros()(None, 3, 4, 2)
    array([0., 0.])
    """

    def draw(rng: _Generator, nin: int, nout: int, size: int) -> NDArray[np.float64]:
        return np.zeros(size)

    return draw


def normal(mean: float = 0.0, std: float = 1.0) -> _Initialiser:
    """Make an initialiser that draws from a normal distribution.

    Examples
    --------
    >>> import numpy as np
    >>> float(normal(5.0, std=0.0)(np.random.default_rng(0), 3, 4, 1)[0])
    5.0
    """

    def draw(rng: _Generator, nin: int, nout: int, size: int) -> NDArray[np.float64]:
        return rng.normal(mean, std, size)

    return draw


def xavier_uniform() -> _Initialiser:
    """Make an initialiser for tanh and sigmoid layers, even between plus and minus ``sqrt(6 / (nin + nout))``.

    Activations and gradients keep about the same variance from layer to layer.

    References
    ----------
    X. Glorot, Y. Bengio: Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010,
    equation 16.

    Examples
    --------
    >>> import numpy as np
    >>> bool(abs(xavier_uniform()(np.random.default_rng(0), 2, 4, 1000)).max() <= 1.0)
    True
    """

    def draw(rng: _Generator, nin: int, nout: int, size: int) -> NDArray[np.float64]:
        limit = math.sqrt(6.0 / (nin + nout))
        return rng.uniform(-limit, limit, size)

    return draw


def xavier_normal() -> _Initialiser:
    """Make an initialiser for tanh and sigmoid layers, normal with variance ``2 / (nin + nout)``.

    References
    ----------
    X. Glorot, Y. Bengio: Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010,
    equation 12.

    Examples
    --------
    >>> import numpy as np
    >>> xavier_normal()(np.random.default_rng(0), 2, 4, 3).shape
    (3,)
    """

    def draw(rng: _Generator, nin: int, nout: int, size: int) -> NDArray[np.float64]:
        return rng.normal(0.0, math.sqrt(2.0 / (nin + nout)), size)

    return draw


def he_uniform() -> _Initialiser:
    """Make an initialiser for relu layers, even between plus and minus ``sqrt(6 / nin)``.

    References
    ----------
    K. He, X. Zhang, S. Ren, J. Sun: Delving deep into rectifiers, ICCV 2015, section 2.2, where the variance is
    ``2 / nin``.

    Examples
    --------
    >>> import numpy as np
    >>> bool(abs(he_uniform()(np.random.default_rng(0), 6, 4, 1000)).max() <= 1.0)
    True
    """

    def draw(rng: _Generator, nin: int, nout: int, size: int) -> NDArray[np.float64]:
        limit = math.sqrt(6.0 / nin)
        return rng.uniform(-limit, limit, size)

    return draw


def he_normal() -> _Initialiser:
    """Make an initialiser for relu layers, normal with variance ``2 / nin``.

    References
    ----------
    K. He, X. Zhang, S. Ren, J. Sun: Delving deep into rectifiers, ICCV 2015, equation 10.

    Examples
    --------
    >>> import numpy as np
    >>> he_normal()(np.random.default_rng(0), 6, 4, 3).shape
    (3,)
    """

    def draw(rng: _Generator, nin: int, nout: int, size: int) -> NDArray[np.float64]:
        return rng.normal(0.0, math.sqrt(2.0 / nin), size)

    return draw


# What layers need.

_NAMES: dict[str, Callable[[], _Initialiser]] = {
    make.__name__: make for make in (uniform, zeros, normal, xavier_uniform, xavier_normal, he_uniform, he_normal)
}


class _PythonsRandom:
    """The generator behind Python's `random`, with numpy's methods."""

    def uniform(self, low: float, high: float, size: int) -> NDArray[np.float64]:
        return np.array([random.uniform(low, high) for _ in range(size)])

    def normal(self, mean: float, std: float, size: int) -> NDArray[np.float64]:
        return np.array([random.gauss(mean, std) for _ in range(size)])


class Recipe:
    """How layers draw their parameters: two initialisers and where their numbers come from, checked."""

    def __init__(self, weights: _Choice, bias: _Choice, rng: _Source) -> None:
        self.weights = _initialiser("weights", weights)
        self.bias = _initialiser("bias", bias)
        self.rng = _source(rng)

    def draw(self, nin: int, nout: int) -> NDArray[np.float64]:
        """Draw a layer's parameters: an array of shape (nout, nin + 1), the biases in the last column."""
        table = np.empty((nout, nin + 1))
        for row in table:
            row[:-1] = self._drawn("weights", nin, nout, nin)
            row[-1:] = self._drawn("bias", nin, nout, 1)
        return table

    def _drawn(self, argument: str, nin: int, nout: int, size: int) -> NDArray[np.float64]:
        given = getattr(self, argument)(self.rng, nin, nout, size)
        try:
            drawn = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError):
            drawn = None
        if drawn is None or drawn.shape != (size,):
            raise ValueError(f"{argument}: the initialiser must return {size} numbers, not {given!r}")
        return drawn


def _initialiser(argument: str, given: Any) -> _Initialiser:
    if callable(given):
        initialiser: _Initialiser = given() if given in _NAMES.values() else given
        return initialiser
    if not isinstance(given, str) or given not in _NAMES:
        raise ValueError(
            f"{argument} must be one of {', '.join(_NAMES)}, or a function of (rng, nin, nout, size), not {given!r}"
        )
    return _NAMES[given]()


def _source(rng: Any) -> Any:
    if rng is None:
        return _PythonsRandom()
    if isinstance(rng, numbers.Integral) and not isinstance(rng, bool) and operator.index(rng) >= 0:
        return np.random.default_rng(operator.index(rng))
    if not (hasattr(rng, "uniform") and hasattr(rng, "normal")):
        raise ValueError(
            "rng must be None, a seed (an integer of at least 0), a numpy.random.Generator or the module numpy.random, "
            f"not {rng!r}"
        )
    return rng

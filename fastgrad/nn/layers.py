"""Neurons and layers on fused nodes.

The parameters of a layer lie side by side on the tape, and a call makes one node. Neurons, weights and biases
are made when they are asked for: they are views of these.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, SupportsFloat, TypeAlias, overload

import numpy as np

from fastgrad._layers.dense import ACTIVATIONS, Dense
from fastgrad._layers.layer_input import apply
from fastgrad._layers.leaves import Leaves
from fastgrad._layers.parameters import Parameters
from fastgrad._tape.node import Node
from fastgrad._tape.numbers import Value
from fastgrad.nn.init import Recipe
from fastgrad.nn.module import Module, Rows, numbers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from typing_extensions import Self

    from fastgrad._layers.batch import Batch
    from fastgrad._tape.numbers import Number, Scalar
    from fastgrad.nn.drawn import _Step
    from fastgrad.nn.init import _Choice, _Source

    _Row: TypeAlias = Sequence[Node | SupportsFloat]

    class _Frame(Protocol):  # of pandas, polars, Arrow
        @property
        def columns(self) -> Any: ...

    class _Sparse(Protocol):  # a matrix of SciPy
        def tocsr(self) -> Any: ...

    _Rows: TypeAlias = Batch | Sequence[Sequence[Node | SupportsFloat] | NDArray[Any]] | _Frame | _Sparse

_LINEAR = (None, "linear")
_SHOWN = {"identity": "Linear", "relu": "ReLU"}  # as micrograd prints them


class _Fused(Module):
    """What a neuron and a layer have in common: parameters side by side on the tape."""

    _dense: Dense

    def _make(
        self,
        number: type[Value | Scalar],
        nin: int,
        nout: int,
        activation: str,
        recipe: Recipe,
        compiled: bool = True,
    ) -> None:
        nin, nout = count("nin", nin), count("nout", nout)
        leaves = Leaves(number, nout * (nin + 1))
        self._dense = Dense(leaves, 0, nin, nout, activation, compiled)
        draw([self._dense], recipe)

    @classmethod
    def _on(cls, dense: Dense) -> Self:
        """Make one on parameters that are there already."""
        fused = cls.__new__(cls)
        fused._dense = dense
        return fused

    if not TYPE_CHECKING:  # a type checker would take it that there is an attribute of any name

        def __getattr__(self, name: str) -> NoReturn:
            made = "_dense" in self.__dict__ or name.startswith("__")
            remedy = "" if made else ": call super().__init__ first, or derive from Module"
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{remedy}")

    @property
    def nin(self) -> int:
        """How many inputs there are."""
        return self._dense.nin

    @property
    def compiled(self) -> bool:
        """Whether a compiled program computes many rows, where that is faster. Assigning changes it."""
        return self._dense.compiled

    @compiled.setter
    def compiled(self, wanted: bool) -> None:
        self._dense.compiled = wanted


class Neuron(_Fused):
    """A weighted sum of the inputs, and a bias, through an activation.

    Parameters
    ----------
    nin : int
        How many inputs.
    activation : str or None
        One of identity, tanh, relu, sigmoid, step, softplus, gelu, leaky_relu; None and "linear" are the identity.
    weights, bias : str or callable
        Initialisers, see `fastgrad.nn.init`.
    rng : None, int, numpy.random.Generator or the module numpy.random
        Where they draw from, see there; None is Python's `random`.

    Examples
    --------
    >>> neuron = Neuron(2)
    >>> neuron.w, neuron.b = [1.0, -2.0], 0.5
    >>> y = neuron([1.5, 1.0])
    >>> y.backward()
    >>> y, neuron.w[0].grad
    (Value(data=0.0, grad=1.0), 1.5)
    """

    _inner = frozenset({"_dense", "_w", "_in_layer"})
    _number: type[Value | Scalar] = Value  # the type of the parameters
    _w: list[Number] | None = None
    _in_layer = False  # of several neurons, which have one activation

    def __init__(
        self,
        nin: int,
        activation: str | None = "tanh",
        *,
        weights: _Choice = "uniform",
        bias: _Choice = "zeros",
        rng: _Source = None,
    ) -> None:
        self._make(self._number, nin, 1, _of_one(activation), Recipe(weights, bias, rng))

    @overload
    def __call__(self, x: _Rows) -> Batch: ...  # type: ignore[overload-overlap]  # an array has a __float__, too
    @overload
    def __call__(self, x: _Row) -> Number: ...
    @overload
    def __call__(self, x: NDArray[Any]) -> Any: ...
    def __call__(self, x: Any) -> Any:
        """Apply the neuron.

        Parameters
        ----------
        x : sequence of scalars and numbers, array of shape (nin,) or (n, nin), frame, sparse matrix or Batch
            A row, or many.

        Returns
        -------
        Value or Batch
            One scalar for a row, a batch of shape (n,) for many.

        Raises
        ------
        ValueError
            If a row has not `nin` numbers, if there is no row, or if a number is nan.
        """
        if self._dense.activation == "softmax":
            raise ValueError("a neuron of a softmax layer has no output of its own: call the layer")
        return apply([self._dense], x)

    @property
    def w(self) -> list[Number]:
        """The weights, a list of scalars. Assigning numbers writes them."""
        if self._w is None:
            start = self._dense.offset
            self._w = _Weights(self._dense.leaves[start : start + self._dense.nin])
        return self._w

    @w.setter
    def w(self, numbers: Sequence[SupportsFloat] | NDArray[Any]) -> None:
        self._write_numbers("w", numbers, (self.nin,), self._dense.offset)

    @property
    def b(self) -> Number:
        """The bias, a scalar. Assigning a number writes it."""
        bias: Number = self._dense.leaves[self._dense.offset + self._dense.nin]
        return bias

    @b.setter
    def b(self, number: SupportsFloat) -> None:
        self._write_numbers("b", number, (), self._dense.offset + self._dense.nin)

    def _write_numbers(self, name: str, given: object, shape: tuple[int, ...], start: int) -> None:
        try:
            flat = numbers_of(given, shape, name).ravel()
        except ValueError as error:
            raise ValueError(f"{error}. A neuron keeps its own scalars: set their data, or give numbers") from None
        Parameters([(self._dense.leaves, start, start + flat.size)]).set_data(flat)

    @property
    def activation(self) -> str:
        """The activation's name. Assigning another changes it; neurons of one layer have one activation."""
        return self._dense.activation

    @activation.setter
    def activation(self, name: str | None) -> None:
        name = _of_one(name)
        if self._in_layer and name != self._dense.activation:
            raise ValueError(
                f"activation must be {self._dense.activation!r}, that of the neuron's layer, not {name!r}: "
                "set the layer's activation, or make a layer of its own"
            )
        self._dense.activation = name

    def _steps(self, name: str) -> list[_Step]:
        return [*self._own_blocks(name)]

    def _own_blocks(self, prefix: str) -> tuple[Rows]:
        return (Rows(prefix, self._dense, ()),)

    def __repr__(self) -> str:
        return _neuron_repr(type(self), self._dense)


class Perceptron(Neuron):
    """A neuron whose output is 1 where the weighted sum and the bias are above 0, else 0.

    A gradient passes through the step as if it were not there, so that a perceptron learns by its errors. Parameters
    are those of `Neuron`.

    Examples
    --------
    >>> both = Perceptron(2)
    >>> both.w, both.b = [1.0, 1.0], -1.5
    >>> both([1.0, 1.0]).data, both([1.0, 0.0]).data
    (1.0, 0.0)
    """

    def __init__(
        self,
        nin: int,
        activation: str | None = "step",
        *,
        weights: _Choice = "uniform",
        bias: _Choice = "zeros",
        rng: _Source = None,
    ) -> None:
        super().__init__(nin, activation, weights=weights, bias=bias, rng=rng)


class Layer(_Fused):
    """Neurons with the same inputs and the same activation.

    Parameters
    ----------
    nin, nout : int
        How many inputs and how many neurons.
    activation : str or None
        One of identity, tanh, relu, sigmoid, step, softplus, gelu, leaky_relu, softmax; None and "linear" are the
        identity.
    weights, bias : str or callable
        Initialisers, see `fastgrad.nn.init`.
    rng : None, int, numpy.random.Generator or the module numpy.random
        Where they draw from, see there; None is Python's `random`.
    compiled : bool
        Whether a compiled program computes many rows, where that is faster: see `fastgrad.compile`. The results are
        equal to about 12 digits either way.

    Examples
    --------
    >>> layer = Layer(3, 2, activation="relu", weights="he_normal", rng=0)
    >>> len(layer([1.0, 2.0, 3.0])), layer([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).shape
    (2, (2, 2))
    >>> layer
    Layer of [ReLUNeuron(3), ReLUNeuron(3)]
    """

    _inner = frozenset({"_dense", "_neurons"})
    _neuron_type: type[Neuron] = Neuron
    _bare = True  # a single result is not given in a list
    _most_shown: float = 16

    _neurons: list[Neuron] | None

    def __init__(
        self,
        nin: int,
        nout: int,
        activation: str | None = "tanh",
        *,
        weights: _Choice = "uniform",
        bias: _Choice = "zeros",
        rng: _Source = None,
        compiled: bool = True,
    ) -> None:
        name, recipe = _of_layer(nout, activation), Recipe(weights, bias, rng)
        self._make(self._neuron_type._number, nin, nout, name, recipe, compiled)
        self._neurons = None

    @classmethod
    def _on(cls, dense: Dense) -> Self:
        layer = super()._on(dense)
        layer._neurons = None
        return layer

    def has_more(self) -> bool:
        """Whether there may be other parameters than the neurons': attributes or a `parameters` of its own."""
        return len(self.__dict__) > 2 or type(self).parameters is not Module.parameters

    @overload
    def __call__(self, x: _Rows) -> Batch: ...
    @overload
    def __call__(self, x: _Row | NDArray[Any]) -> Any: ...  # a list of scalars, or one: no type says which
    def __call__(self, x: Any) -> Any:
        """Apply the layer.

        Parameters
        ----------
        x : sequence of scalars and numbers, array of shape (nin,) or (n, nin), frame, sparse matrix or Batch
            A row, or many.

        Returns
        -------
        list of Value, Value or Batch
            For a row, a list of `nout` scalars, or the scalar itself where `nout` is 1. For many, a batch of shape
            (n, nout), or (n,).

        Raises
        ------
        ValueError
            If a row has not `nin` numbers, if there is no row, or if a number is nan.
        """
        return self._listed(apply([self._dense], x))

    def _listed(self, results: Any) -> Any:
        return results if self._bare or not isinstance(results, Node) else [results]

    @property
    def nout(self) -> int:
        """How many neurons there are."""
        return self._dense.nout

    @property
    def neurons(self) -> list[Neuron]:
        """The neurons, a list of views."""
        if self._neurons is None:
            self._neurons = _Neurons(map(self._neuron, range(self.nout)))
        return self._neurons

    def _neuron(self, k: int) -> Neuron:
        dense = self._dense
        if dense.nout == 1:
            return self._neuron_type._on(dense)
        offset = dense.offset + k * (dense.nin + 1)
        neuron = self._neuron_type._on(Dense(dense.leaves, offset, dense.nin, 1, dense.activation, dense.compiled))
        neuron._in_layer = True
        return neuron

    @property
    def activation(self) -> str:
        """The activation's name. Assigning another changes it."""
        return self._dense.activation

    @activation.setter
    def activation(self, name: str | None) -> None:
        self._dense.activation = _of_layer(self.nout, name)
        for neuron in self._neurons or ():
            neuron._dense.activation = self._dense.activation

    def _steps(self, name: str) -> list[_Step]:
        return [*self._own_blocks(name)]

    def _own_blocks(self, prefix: str) -> tuple[Rows]:
        return (Rows(prefix, self._dense, (self.nout,)),)

    def __repr__(self) -> str:
        neuron, most = _neuron_repr(self._neuron_type, self._dense), self._most_shown
        shown = [neuron] * self.nout if self.nout <= most else [neuron, neuron, f"{self.nout - 2} more"]
        return f"{type(self).__name__} of [{', '.join(shown)}]"


# Lists to read.


class _Fixed(list[Any]):
    """A list that cannot be changed, since it is a view: a change would change nothing else."""

    _remedy = ""

    def _refuse(self, *arguments: Any, **options: Any) -> NoReturn:
        raise TypeError(self._remedy)

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (list(self),)


class _Weights(_Fixed):
    _remedy = "a neuron's list of weights cannot be changed: set the data of a weight, or assign numbers to neuron.w"


class _Neurons(_Fixed):
    _remedy = (
        "a layer's list of neurons cannot be changed: set the data of their parameters, make another layer, or write "
        "a module of your own with these neurons"
    )


# Arguments.


def activation_name(name: str | None, argument: str = "activation") -> str:
    """Return the name of an activation as `Dense` has it."""
    if name in _LINEAR:
        return "identity"
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise ValueError(f"{argument} must be None, linear, {', '.join(ACTIVATIONS)}, not {name!r}")
    return name


def _of_one(activation: str | None) -> str:
    name = activation_name(activation)
    if name == "softmax":
        raise ValueError("activation: softmax is one of a whole layer, not of a neuron")
    return name


def _of_layer(nout: int, activation: str | None) -> str:
    name = activation_name(activation)
    check_softmax(nout, name)
    return name


def check_softmax(nout: int, name: str) -> None:
    """Raise ValueError for the softmax of a single number, which is always 1."""
    if name == "softmax" and nout == 1:
        raise ValueError("activation: softmax of one neuron is always 1; take sigmoid, or a neuron for each class")


def count(argument: str, given: Any) -> int:
    try:
        number = operator.index(given)
    except TypeError:
        number = 0
    if number < 1:
        raise ValueError(f"{argument} must be an integer of at least 1, not {given!r}")
    return number


def draw(denses: list[Dense], recipe: Recipe) -> None:
    """Write new numbers into the parameters of layers that follow one another on the tape."""
    flat = np.concatenate([recipe.draw(dense.nin, dense.nout).ravel() for dense in denses])
    Parameters([(denses[0].leaves, denses[0].offset, denses[0].offset + flat.size)]).set_data(flat)


def _neuron_repr(kind: type, dense: Dense) -> str:
    return f"{_SHOWN.get(dense.activation, dense.activation)}{kind.__name__}({dense.nin})"

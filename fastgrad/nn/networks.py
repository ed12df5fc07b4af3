"""Networks: layers one after the other, applied in one go where they are fused.

The parameters of an `MLP` lie side by side on the tape. A call makes one node for each layer, or one for all
of them where many rows are computed by a compiled program.
"""

from __future__ import annotations

import reprlib
from typing import TYPE_CHECKING, Any, NoReturn

from fastgrad._layers.dense import Dense
from fastgrad._layers.layer_input import apply
from fastgrad._layers.leaves import Leaves
from fastgrad.nn.init import Recipe
from fastgrad.nn.layers import Layer, activation_name, check_softmax, count, draw
from fastgrad.nn.module import Module, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    from numpy.typing import NDArray

    from fastgrad._layers.parameters import Parameters
    from fastgrad.nn.drawn import _Step
    from fastgrad.nn.init import _Choice, _Source
    from fastgrad.nn.layers import _Row, _Rows


class Sequential(Module):
    """Layers and other callables, one after the other.

    Parameters
    ----------
    *layers : callables
        Modules of any kind, or functions of what comes before: a row of scalars, a scalar or a batch.

    Attributes
    ----------
    layers : list
        What is in it when the module is called is what is applied: layers may be replaced, added and taken away.

    Examples
    --------
    >>> model = Sequential(Layer(2, 3, rng=1), Layer(3, 1, activation=None, rng=2), lambda y: y * 10.0)
    >>> round(model([0.5, -0.5]), 3) == round(10.0 * model.layers[1](model.layers[0]([0.5, -0.5])), 3)
    True
    """

    layers: list[Any]  # which have attributes of their own: model.layers[0].neurons[1].w
    _plan: _Plan

    def __init__(self, *layers: Callable[..., Any]) -> None:
        for layer in layers:
            if not callable(layer):
                raise TypeError(f"layers must be modules or functions, not {layer!r}")
        self.layers = list(layers)

    def __call__(self, x: _Rows | _Row | NDArray[Any]) -> Any:
        """Apply the layers in turn.

        Parameters
        ----------
        x : sequence of scalars and numbers, array of shape (nin,) or (n, nin), frame, sparse matrix or Batch
            A row, or many.

        Returns
        -------
        list of Value, Value or Batch
            What the last layer gives: for a row a list of scalars, or the scalar itself if it has one neuron; for many
            a batch.

        Raises
        ------
        ValueError
            If a row has another width than the first layer has inputs, if there is no row, or if a number is nan.
        """
        plan = self._plan
        if plan.layers != self.layers:
            plan = self._plan = _Plan(self.layers)
        if plan.fused is not None:
            return apply(plan.fused, x)
        for step in plan.steps:
            x = step(x)
        return x

    def _flat_view(self) -> Parameters:
        plan = self._plan
        if plan.layers != self.layers:
            plan = self._plan = _Plan(self.layers)
        more = len(self.__dict__) > 2 or type(self).parameters is not Module.parameters
        if more or plan.fused is None or any(map(Layer.has_more, plan.layers)):
            return super()._flat_view()
        if plan.view is None:
            plan.view = super()._flat_view()
        return plan.view

    def _steps(self, name: str) -> list[_Step]:
        steps: list[_Step] = []
        for k, layer in enumerate(self.layers):
            place = joined(name, f"layers.{k}")
            within = layer._steps(place) if isinstance(layer, Module) else None
            called = getattr(layer, "__name__", type(layer).__name__)
            steps += [f"{place}\n{called}"] if within is None else within
        return steps

    @reprlib.recursive_repr()
    def __repr__(self) -> str:
        parts = [repr(x) if isinstance(x, Module) else getattr(x, "__name__", repr(x)) for x in self.layers]
        return f"{type(self).__name__} of [{', '.join(parts)}]"


class _Plan:
    """How layers are applied: those that follow one another at once.

    A module makes a new one when its layers are no longer these. Copies and pickles of a module begin without.
    """

    def __init__(self, layers: Iterable[Any]) -> None:
        self.layers = list(layers)
        self.view: Parameters | None = None
        self.steps: list[Any] = []
        chain = None
        for layer in self.layers:
            if not (isinstance(layer, Layer) and type(layer).__call__ is Layer.__call__):
                self.steps.append(layer)
                chain = None
            elif chain is None:
                chain = _Chain(layer)
                self.steps.append(chain)
            else:
                chain.add(layer)
        self.fused: list[Dense] | None = None
        if chain is not None and len(self.steps) == 1 and (chain.last._bare or chain.last.nout > 1):
            self.fused = chain.fused

    def __reduce__(self) -> tuple[Any, ...]:
        return _Plan, ([],)


class _Chain:
    """Layers that are applied at once."""

    def __init__(self, layer: Layer) -> None:
        self.fused, self.last = [layer._dense], layer

    def add(self, layer: Layer) -> None:
        self.fused.append(layer._dense)
        self.last = layer

    def __call__(self, x: Any) -> Any:
        return self.last._listed(apply(self.fused, x))


class _NotMade:
    """The layers of a network whose __init__ was not called."""

    def __iter__(self) -> NoReturn:
        raise AttributeError("there are no layers yet: call super().__init__ first, or derive from Module")


Sequential._plan = _Plan([])
# Not by __getattr__, which would slow down each call.
Sequential.layers = _NotMade()  # type: ignore[assignment]


class MLP(Sequential):
    """A multi-layer perceptron: fully connected layers, one after the other.

    Parameters
    ----------
    nin : int
        How many inputs.
    nouts : sequence of int
        How many neurons each layer has; the last number is that of the outputs.
    activation, output_activation : str or None
        Of all layers but the last, and of the last: see `Layer`.
    weights, bias : str or callable
        Initialisers, see `fastgrad.nn.init`.
    rng : None, int, numpy.random.Generator or the module numpy.random
        Where they draw from, see there; None is Python's `random`.
    compiled : bool
        Whether a compiled program computes many rows, where that is faster: see `fastgrad.compile`. The results are
        equal to about 12 digits either way.

    Examples
    --------
    >>> model = MLP(3, [4, 4, 1], rng=0)
    >>> model.num_parameters()
    41
    >>> model([1.0, 2.0, 3.0]).backward()
    >>> model([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    <batch of shape (2,)>
    """

    _layer_type: type[Layer] = Layer

    def __init__(
        self,
        nin: int,
        nouts: Iterable[int] | NDArray[np.integer[Any]],
        activation: str | None = "tanh",
        output_activation: str | None = None,
        *,
        weights: _Choice = "uniform",
        bias: _Choice = "zeros",
        rng: _Source = None,
        compiled: bool = True,
    ) -> None:
        recipe = Recipe(weights, bias, rng)
        sizes = [count("nin", nin), *_widths(nouts)]
        names = [activation_name(activation)] * (len(sizes) - 2)
        names.append(activation_name(output_activation, "output_activation"))
        leaves = Leaves(self._layer_type._neuron_type._number, sum((i + 1) * o for i, o in zip(sizes, sizes[1:])))
        offset, layers = 0, []
        for nin, nout, name in zip(sizes, sizes[1:], names):
            check_softmax(nout, name)
            layers.append(self._layer_type._on(Dense(leaves, offset, nin, nout, name, compiled)))
            offset += (nin + 1) * nout
        draw([layer._dense for layer in layers], recipe)
        super().__init__(*layers)


class MultiLayerPerceptron(MLP):
    """An `MLP` by its numbers of layers: hidden layers of one width, and an output layer.

    Parameters
    ----------
    n_inputs, n_outputs : int
        How many inputs and outputs.
    n_hidden_layers, n_perceptrons_per_layer : int
        How many hidden layers, and how many neurons each has.
    activation, output_activation, weights, bias, rng, compiled
        As those of `MLP`.

    Examples
    --------
    >>> model = MultiLayerPerceptron(3, 8, n_hidden_layers=2)
    >>> [(layer.nin, layer.nout, layer.activation) for layer in model.layers]
    [(3, 5, 'tanh'), (5, 5, 'tanh'), (5, 8, 'identity')]
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        n_hidden_layers: int = 1,
        n_perceptrons_per_layer: int = 5,
        *,
        activation: str | None = "tanh",
        output_activation: str | None = None,
        weights: _Choice = "uniform",
        bias: _Choice = "zeros",
        rng: _Source = None,
        compiled: bool = True,
    ) -> None:
        counts = {"n_inputs": n_inputs, "n_outputs": n_outputs, "n_perceptrons_per_layer": n_perceptrons_per_layer}
        nin, nout, width = (count(name, given) for name, given in counts.items())
        nouts = [width] * count("n_hidden_layers", n_hidden_layers) + [nout]
        super().__init__(
            nin, nouts, activation, output_activation, weights=weights, bias=bias, rng=rng, compiled=compiled
        )


def _widths(nouts: Iterable[Any]) -> list[int]:
    try:
        widths = list(nouts)
    except TypeError:
        widths = []
    if not widths:
        raise ValueError(f"nouts must be a list of at least one number of neurons, not {nouts!r}")
    return [count(f"nouts[{k}]", width) for k, width in enumerate(widths)]

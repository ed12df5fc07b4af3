"""Modules: things with parameters, whether fused layers, scalars, or other modules.

A module's parameters are found in its attributes as blocks. A block is a scalar on its own, or a `Rows`: what a fused
layer keeps side by side on the tape, for which no Python objects are made here.
"""

from __future__ import annotations

import os
import reprlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from fastgrad._layers.parameters import Parameters
from fastgrad._tape.node import Node
from fastgrad.nn import _archive
from fastgrad.nn.drawn import Drawn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from os import PathLike

    from numpy.typing import ArrayLike, NDArray

    from fastgrad._layers.dense import Dense
    from fastgrad._layers.leaves import Leaves
    from fastgrad._tape.numbers import Number

    _Floats: TypeAlias = NDArray[np.float64]
    _Interval: TypeAlias = tuple[int, int]
    _Seen: TypeAlias = dict[int, object]
    _Block: TypeAlias = "Single | Rows"
    _Stretch: TypeAlias = Node | tuple[Leaves, int, int]


class Module(Drawn):
    """Something with parameters, and the base class for modules of your own.

    Parameters are found in attributes, in the order in which these were first assigned: scalars that were not computed
    from others, modules, and lists, tuples, dicts and numpy arrays of them. Each counts once, wherever else it appears.
    A subclass may also say by itself what its parameters are: if it overrides `parameters`, all the other methods go by
    that.

    Examples
    --------
    >>> from fastgrad import Value, nn
    >>> class Scaled(nn.Module):
    ...     def __init__(self):
    ...         self.inner = nn.Layer(2, 1)
    ...         self.scale = Value(3.0)
    ...     def __call__(self, x):
    ...         return self.inner(x) * self.scale
    >>> model = Scaled()
    >>> model.num_parameters(), [name for name, _ in model.named_parameters()][-2:]
    (4, ['inner.neurons.0.b', 'scale'])
    """

    # Attributes of this class that hold no parameters beside those of `_own_blocks`.
    _inner: frozenset[str] = frozenset()

    # What there is.

    def parameters(self) -> list[Number]:
        """Return the list of the parameters as scalars; of a neuron, its weights and then its bias.

        Examples
        --------
        >>> from fastgrad import nn
        >>> len(nn.MLP(3, [4, 4, 1]).parameters())
        41
        """
        if type(self).parameters is Module.parameters:
            return self._flat_view().scalars()
        return Parameters(each_once([block.stretch for block in self._found("", {})])).scalars()

    def named_parameters(self) -> Iterator[tuple[str, Number]]:
        """Iterate over pairs of a parameter's name and the parameter, in the order of `parameters`.

        A name is the path of attributes, places in lists and keys of dicts that leads to the parameter.

        Examples
        --------
        >>> from fastgrad import nn
        >>> [name for name, _ in nn.MLP(1, [1, 1]).named_parameters()]
        ['layers.0.neurons.0.w.0', 'layers.0.neurons.0.b', 'layers.1.neurons.0.w.0', 'layers.1.neurons.0.b']
        """
        held: dict[int, Number] = {}  # by identity, which is only good while the scalar is held
        for block in self._blocks("", {}):
            for name, value in block.named():
                if id(value) not in held:
                    held[id(value)] = value
                    yield name, value

    def num_parameters(self) -> int:
        """Return how many parameters there are.

        Examples
        --------
        >>> from fastgrad import nn
        >>> nn.MultiLayerPerceptron(64, 1, n_hidden_layers=23, n_perceptrons_per_layer=10).num_parameters()
        3081
        """
        return len(self._flat_view())

    def _stretches(self) -> list[_Stretch]:
        """Return what `Parameters` takes: scalars and stretches of leaves, each parameter once."""
        if type(self).parameters is Module.parameters:
            return each_once([block.stretch for block in self._found("", {})])
        return each_once(self._own_parameters())

    def _flat_view(self) -> Parameters:
        return Parameters(self._stretches())

    def _blocks(self, prefix: str, seen: _Seen) -> Iterator[_Block]:
        """Yield the blocks of parameters, whether they are found in attributes or given by an own `parameters`."""
        if id(self) in seen:
            return
        if type(self).parameters is Module.parameters:
            yield from self._found(prefix, seen)
        else:
            yield from self._given(prefix, seen)

    def _found(self, prefix: str, seen: _Seen) -> Iterator[_Block]:
        seen[id(self)] = self
        yield from self._own_blocks(prefix)
        for name, thing in vars(self).items():
            if name not in self._inner:
                yield from _blocks_in(thing, joined(prefix, name), seen)

    def _given(self, prefix: str, seen: _Seen) -> Iterator[_Block]:
        blocks = list(self._found(prefix, dict(seen)))
        named = [(value, name, block.activation) for block in blocks for name, value in block.named()]
        known = {id(value): (name, activation) for value, name, activation in reversed(named)}
        seen[id(self)] = self
        for place, value in enumerate(self._own_parameters()):
            name, activation = known.get(id(value), (joined(prefix, f"parameters.{place}"), None))
            yield Single(name, value, activation)

    def _own_parameters(self) -> list[Number]:
        """Return what a subclass's `parameters` gives, checked."""
        parameters = list(self.parameters())
        for value in parameters:
            if not isinstance(value, Node):
                kind = f"{type(self).__name__}.parameters()"
                raise TypeError(f"{kind} must give scalars, not {value!r} of type {type(value).__name__}")
        return parameters

    def _own_blocks(self, prefix: str) -> Iterable[_Block]:
        """Return the blocks that are not found in attributes."""
        return ()

    # Numbers and gradients.

    def zero_grad(self) -> None:
        """Set every parameter's ``grad`` to 0.

        Examples
        --------
        >>> from fastgrad import nn
        >>> neuron = nn.Neuron(1)
        >>> neuron([1.0]).backward()
        >>> neuron.zero_grad()
        >>> neuron.flat_grad
        array([0., 0.])
        """
        self._flat_view().zero_grad()

    @property
    def flat(self) -> _Floats:
        """All parameters' numbers, in the order of `parameters`: a copy, of shape (n,). Assigning writes them.

        Examples
        --------
        >>> from fastgrad import nn
        >>> neuron = nn.Neuron(2)
        >>> neuron.flat = [0.5, -1.0, 0.25]
        >>> neuron.w[1].data, neuron.flat
        (-1.0, array([ 0.5 , -1.  ,  0.25]))
        """
        return self._flat_view().data

    @flat.setter
    def flat(self, numbers: ArrayLike) -> None:
        view = self._flat_view()
        view.set_data(numbers_of(numbers, (len(view),), "flat"))

    @property
    def flat_grad(self) -> _Floats:
        """All parameters' gradients, in the order of `parameters`: a copy, of shape (n,). Assigning writes them.

        Examples
        --------
        >>> from fastgrad import nn
        >>> neuron = nn.Neuron(2, activation=None)
        >>> neuron([3.0, 4.0]).backward()
        >>> neuron.flat_grad
        array([3., 4., 1.])
        """
        return self._flat_view().grad

    @flat_grad.setter
    def flat_grad(self, numbers: ArrayLike) -> None:
        view = self._flat_view()
        view.set_grad(numbers_of(numbers, (len(view),), "flat_grad"))

    # State.

    def state_dict(self) -> dict[str, _Floats]:
        """Return all parameters' numbers by name, as arrays of their own.

        Returns
        -------
        dict of str to numpy.ndarray
            A layer has two entries: ``w`` of shape (nout, nin) and ``b`` of shape (nout,). A neuron's have shapes
            (nin,) and (), a single scalar's has shape ().

        Examples
        --------
        >>> from fastgrad import nn
        >>> {name: array.shape for name, array in nn.MLP(3, [4, 1]).state_dict().items()}
        {'layers.0.w': (4, 3), 'layers.0.b': (4,), 'layers.1.w': (1, 4), 'layers.1.b': (1,)}
        """
        blocks = self._named_blocks()
        return {name: array for block in blocks for name, array in block.split(_view(block).data).items()}

    def load_state_dict(self, state: Mapping[str, ArrayLike]) -> None:
        """Write the numbers of a state dict into the parameters. Gradients stay.

        Parameters
        ----------
        state : mapping of str to array_like
            As `state_dict` gives it.

        Raises
        ------
        TypeError
            If it is no mapping.
        ValueError
            If a name is missing or unknown, or an array is of another shape or not of real numbers; nothing is written
            then.

        Examples
        --------
        >>> from fastgrad import nn
        >>> one, other = nn.MLP(2, [3, 1]), nn.MLP(2, [3, 1])
        >>> other.load_state_dict(one.state_dict())
        >>> bool((one.flat == other.flat).all())
        True
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"state must be a mapping of names to arrays, not {state!r}")
        self._write(state, {}, source="state")

    def save(self, path: str | PathLike[str]) -> None:
        """Save the parameters' numbers in a file, ``.npz`` without pickles, which `numpy.load` reads too.

        The file also tells the layers' activations, so that `load` can compare them. An existing file is replaced only
        when the new one is complete.

        Parameters
        ----------
        path : str or os.PathLike
            The file, with its suffix.

        Raises
        ------
        OSError
            If it cannot be written.

        Examples
        --------
        >>> import os, tempfile
        >>> from fastgrad import nn
        >>> model, same = nn.Layer(2, 3), nn.Layer(2, 3)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(os.path.join(folder, "layer.npz"))
        ...     same.load(os.path.join(folder, "layer.npz"))
        >>> bool((model.flat == same.flat).all())
        True
        """
        _archive.write(os.fsdecode(path), self.state_dict(), _activations_of(self._named_blocks()))

    def load(self, path: str | PathLike[str]) -> None:
        """Write the numbers of a file that `save` wrote into the parameters. Gradients stay.

        Parameters
        ----------
        path : str or os.PathLike

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If it is damaged or of another kind, or does not fit this module, as `load_state_dict` says, or if it tells
            of other activations than the layers have; nothing is written then.
        """
        path = os.fsdecode(path)
        self._write(*_archive.read(path), source=path)

    def _named_blocks(self) -> list[_Block]:
        blocks = list(self._blocks("", {}))
        names = [name for block in blocks for name in block.shapes]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"two parameters of {type(self).__name__} have the name {twice!r}: rename an attribute")
        return blocks

    def _write(self, state: Mapping[str, ArrayLike], activations: Mapping[str, str], source: str) -> None:
        """Check all of a state, and the activations that are known of it, then write it. Messages call it `source`."""
        blocks = self._named_blocks()
        shapes = {name: shape for block in blocks for name, shape in block.shapes.items()}
        missing = [name for name in shapes if name not in state]
        unknown = [name for name in state if name not in shapes]
        if missing or unknown:
            verdicts = [f"has no {_listed(missing)}"] * bool(missing) + [f"has {_listed(unknown)}"] * bool(unknown)
            raise ValueError(f"{source} must have the names {_listed(list(shapes))}, but {' and '.join(verdicts)}")
        arrays = {name: numbers_of(state[name], shape, f"{source}: {name!r}") for name, shape in shapes.items()}
        _check_activations(blocks, activations, source)
        for block in blocks:
            _view(block).set_data(block.join(arrays))

    @reprlib.recursive_repr()
    def __repr__(self) -> str:
        return f"{type(self).__name__} of [{', '.join(map(repr, _modules_in(vars(self))))}]"


# Blocks.


class Single:
    """A parameter that is a scalar on its own, with its name; and the activation, where it is of a fused layer."""

    def __init__(self, name: str, value: Node, activation: str | None = None) -> None:
        self.name, self.stretch, self.activation = name, value, activation
        self.shapes: dict[str, tuple[int, ...]] = {name: ()}

    def named(self) -> list[tuple[str, Any]]:
        """Return the one pair of name and parameter."""
        return [(self.name, self.stretch)]

    def split(self, flat: _Floats) -> dict[str, _Floats]:
        """Return the state dict's entry for the flat numbers."""
        return {self.name: flat.reshape(())}

    def join(self, arrays: Mapping[str, _Floats]) -> _Floats:
        """Return the flat numbers from a state dict."""
        return arrays[self.name].reshape(1)


class Rows:
    """The parameters of a fused layer, whose biases have the shape `rows`, or of a neuron, which has one."""

    def __init__(self, prefix: str, dense: Dense, rows: tuple[int, ...]) -> None:
        self.prefix, self.width, self.activation = prefix, dense.nin + 1, dense.activation
        self.stretch = (dense.leaves, dense.offset, dense.offset + dense.nout * self.width)
        self.w, self.b = joined(prefix, "w"), joined(prefix, "b")
        self.shapes: dict[str, tuple[int, ...]] = {self.w: (*rows, dense.nin), self.b: rows}

    def named(self) -> Iterator[tuple[str, Number]]:
        """Yield the pairs of names and parameters, neuron by neuron."""
        leaves, start, stop = self.stretch
        for place in range(start, stop):
            neuron, k = divmod(place - start, self.width)
            yield self.name(neuron, f"w.{k}" if k < self.width - 1 else "b"), leaves[place]

    def name(self, neuron: int, part: str) -> str:
        """Return the name of one of a neuron's parameters."""
        path = joined(self.prefix, f"neurons.{neuron}") if self.shapes[self.b] else self.prefix
        return joined(path, part)

    def split(self, flat: _Floats) -> dict[str, _Floats]:
        """Return the state dict's entries for the flat numbers."""
        table = flat.reshape(-1, self.width)
        halves = {self.w: table[:, :-1], self.b: table[:, -1]}
        return {name: half.reshape(self.shapes[name]).copy() for name, half in halves.items()}

    def join(self, arrays: Mapping[str, _Floats]) -> _Floats:
        """Return the flat numbers from a state dict."""
        bias = arrays[self.b].reshape(-1, 1)
        return np.hstack([arrays[self.w].reshape(len(bias), -1), bias]).ravel()


def _blocks_in(thing: object, name: str, seen: _Seen) -> Iterator[_Block]:
    """Yield the blocks of an attribute's value. `seen` has the modules and containers done, by identity."""
    if isinstance(thing, Module):
        yield from thing._blocks(name, seen)
    elif isinstance(thing, Node):
        if not thing.prev:
            yield Single(name, thing)
    elif isinstance(thing, (list, tuple, dict)) or (isinstance(thing, np.ndarray) and thing.dtype == object):
        if id(thing) in seen:
            return
        seen[id(thing)] = thing
        for key, entry in thing.items() if isinstance(thing, dict) else enumerate(thing):
            yield from _blocks_in(entry, f"{name}.{key}", seen)


def _modules_in(thing: object) -> Iterator[Module]:
    """Yield the modules in an attribute's value, which themselves are not looked into."""
    if isinstance(thing, Module):
        yield thing
    elif isinstance(thing, (list, tuple, dict)):
        for entry in thing.values() if isinstance(thing, dict) else thing:
            yield from _modules_in(entry)


def each_once(stretches: Sequence[_Stretch]) -> list[_Stretch]:
    """Leave out of stretches what came before."""
    kept: list[_Stretch] = []
    known: set[int] = set()
    taken: dict[int, list[_Interval]] = {}
    for stretch in _located(stretches):
        if isinstance(stretch, Node):
            if id(stretch) not in known:
                known.add(id(stretch))
                kept.append(stretch)
            continue
        leaves, start, stop = stretch
        kept += [(leaves, first, end) for first, end in _rest(start, stop, taken.setdefault(id(leaves), []))]
    return kept


def _located(stretches: Sequence[_Stretch]) -> Sequence[_Stretch]:
    """Put the stretch of one for a scalar that lies in one of them among these."""
    several = {id(stretch[0]): stretch[0] for stretch in stretches if isinstance(stretch, tuple)}
    if not several or all(isinstance(stretch, tuple) for stretch in stretches):
        return stretches
    numbers = [(leaves, leaves[:]) for leaves in several.values()]  # held, so that their identities stay theirs
    places = {id(value): (leaves, k, k + 1) for leaves, values in numbers for k, value in enumerate(values)}
    return [places.get(id(stretch), stretch) for stretch in stretches]


def _rest(start: int, stop: int, taken: list[_Interval]) -> list[_Interval]:
    """Return what is left of an interval without those taken before, and count it among them."""
    rest = [(start, stop)]
    for first, end in taken:
        rest = [part for a, b in rest for part in ((a, min(b, first)), (max(a, end), b)) if part[0] < part[1]]
    taken.append((start, stop))
    return rest


def _activations_of(blocks: Iterable[_Block]) -> dict[str, str]:
    """Return the activations of the layers that parameters belong to, by the parameters' names in a state dict."""
    return {name: block.activation for block in blocks if block.activation for name in block.shapes}


def _check_activations(blocks: Sequence[_Block], given: Mapping[str, str], source: str) -> None:
    """Raise ValueError where parameters come from layers with other activations than their own."""
    pairs = {name: (given.get(name, own), own) for name, own in _activations_of(blocks).items()}
    other = {name.rpartition(".")[0]: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    if other:
        verdicts = [
            f"{layer or 'it'} has {theirs} in the file and {own} in the module"
            for layer, (theirs, own) in other.items()
        ]
        raise ValueError(
            f"{source} must be of a module with the same activations, but {_few(verdicts)}: set the activation of each "
            "layer, layer.activation = ..., to what it was trained with, or make the module so. (If only the numbers "
            "are wanted, load_state_dict(numpy.load(path)) takes them.)"
        )


def _view(block: _Block) -> Parameters:
    return Parameters([block.stretch])


def joined(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def numbers_of(given: Any, shape: tuple[int, ...], name: str) -> _Floats:
    """Return an array of real numbers of this shape."""
    try:
        array = np.asarray(given)
    except ValueError:  # rows of different lengths
        array = np.empty((), dtype=object)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name} must be real numbers, not {given!r:.80}")
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, not {array.shape}")
    return array.astype(np.float64)


def _listed(names: Sequence[str]) -> str:
    return _few([repr(name) for name in names]) or "(none)"


def _few(texts: Sequence[str]) -> str:
    shown = ", ".join(texts[:6])
    return f"{shown} and {len(texts) - 6} more" if len(texts) > 6 else shown

"""A network's picture: a column for the inputs and one for each layer, and between them a line for each weight.

Everything gets its place here, in points: "along" is the way of a row through the network, "across" the other one.
"""

from __future__ import annotations

import itertools
import math
import numbers
import reprlib
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from fastgrad._layers.parameters import Parameters
from fastgrad.draw.canvas import canvas, decimal, escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from fastgrad.draw.canvas import _Direction, _Picture
    from fastgrad.nn.module import Rows

    _Step: TypeAlias = Rows | str  # a layer or a neuron; or what else is applied, by its name
    _Point: TypeAlias = tuple[float, float]  # along, across


class Limits(NamedTuple):
    """How much is drawn: see `Drawn.draw`."""

    nodes: float
    neurons: float
    numbers: float
    edges: float

    def check(self) -> None:
        """Raise an error for what cannot be a limit."""
        for name, given, least in zip(self._fields, self, (1, 3, 0, 0)):
            if not isinstance(given, numbers.Real):
                raise TypeError(f"max_{name} must be a number, not {given!r}")
            if not given >= least:
                why = ": of a wide layer the first, the last and a mark between are drawn" if name == "neurons" else ""
                raise ValueError(f"max_{name} must be at least {least}, not {given!r}{why}")


def picture(
    model: str,
    steps: Sequence[_Step],
    format: str,
    rankdir: _Direction,
    limits: Limits,
    names: Sequence[str] | None = None,
) -> _Picture:
    """Draw what is applied in turn. Messages call it `model`, and so does the caption of a layer without a name."""
    limits.check()
    columns = columns_of(model, steps, limits.neurons)
    if names is not None:
        _give_names(columns[0], names, model)
    weights = sum(gap.weights for gap in gaps_of(columns))
    if weights > limits.edges:
        columns = list(_with_tables(columns))
    nodes = sum(len(column.spots) for column in columns)
    if nodes > limits.nodes:
        raise ValueError(
            f"a picture of {model} has {nodes:,} nodes, too many to read (the limit is {limits.nodes}): draw its "
            "layers one by one, or pass a smaller max_neurons= or a larger max_nodes="
        )
    sketch = _Sketch(columns, rankdir, numbered=weights <= min(limits.numbers, limits.edges))
    dot = canvas(format, rankdir, {}, layout="neato", outputorder="edgesfirst")
    sketch.draw(dot)
    return dot


# Texts.

_CHARACTER, _LINE = 6.1, 12.5
_COMMON = {"fontsize": "10", "style": "filled", "fillcolor": "white"}
_BARE = {"shape": "plaintext", "margin": "0", "width": "0", "height": "0"}


def _width(lines: Iterable[str]) -> float:
    return max(map(len, lines), default=0) * _CHARACTER


def _height(lines: Sequence[str]) -> float:
    return len(lines) * _LINE


def _text(lines: Iterable[str]) -> str:
    return escape("\n".join(lines))


# Columns.

_NEURON, _INPUT = 66.0, 34.0  # diameters


class _Column:
    """What stands at one distance from the inputs: inputs or neurons, of which a mark stands for those left out."""

    def __init__(self, key: str, caption: Sequence[str], size: int, most: float, block: Rows | None = None) -> None:
        self.key, self.caption, self.block = key, caption, block
        self.places = list(range(size)) if size <= most else [*range(int(most) - 2), size - 1]
        self.left_out = size - len(self.places)
        self.spots: list[int | None] = [*self.places]
        if self.left_out:
            self.spots.insert(-1, None)
        self.diameter = _INPUT if block is None else _NEURON
        self.size = self.diameter, self.diameter
        self.names: Sequence[str] | None = None  # of inputs
        self.table: NDArray[np.float64] | None = None  # of each neuron the weights and the bias
        if block is not None:
            self.table = Parameters([block.stretch]).data.reshape(size, block.width)

    def name(self, place: int | None) -> str:
        """Return what a node is called in the source."""
        return f"{self.key}{'more' if place is None else place}"

    def node(self, place: int | None) -> tuple[str, dict[str, str]]:
        """Return a node's label and attributes."""
        if place is None:
            return _text(["...", f"{self.left_out:,} more"]), _BARE
        round_ = {"shape": "circle", "fixedsize": "true", "width": f"{self.diameter / 72:.3f}"}
        if self.names is not None:
            return escape(self.names[place]), {**round_, "shape": "plaintext", "fixedsize": "false"}
        if self.block is None or self.table is None:
            return f"x{place}", round_
        name, bias = self.block.name(place, "b"), f"b {decimal(self.table[place, -1])}"
        own = name[len(self.block.prefix) :].removesuffix("b").strip(".")
        lines = [*([own] if own else []), bias, self.block.activation]
        return _text(lines), {**round_, "tooltip": _text([name.removesuffix("b") + bias])}


class _Box(_Column):
    """A function, a module that computes in a way of its own, or all of a layer's weights."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(key, [], 1, 1)
        self.lines = text.splitlines()
        self.size = _width(self.lines) + 20.0, _height(self.lines) + 10.0

    def node(self, place: int | None) -> tuple[str, dict[str, str]]:
        return _text(self.lines), {"shape": "box"}


def columns_of(model: str, steps: Sequence[_Step], most: float) -> list[_Column]:
    """Make the columns, with one of inputs before each layer that does not follow another."""
    columns: list[_Column] = []
    given: int | None = None
    for k, step in enumerate(steps):
        if isinstance(step, str):
            columns.append(_Box(f"f{k}_", step))
            given = None
            continue
        name, nin, nout = step.prefix or model, step.width - 1, math.prod(step.shapes[step.b])
        if given is None:
            columns.append(_Column(f"x{k}_" if k else "x", ["inputs", f"{nin:,}"], nin, most))
        elif given != nin:
            raise ValueError(
                f"{name} has {nin} inputs, but the layer before it gives {given}, so that they cannot be drawn as one "
                "network: make them fit, or draw each layer by itself"
            )
        columns.append(_Column(f"n{k}_", [name, f"{nin:,} to {nout:,}, {step.activation}"], nout, most, step))
        given = nout
    return columns


def _give_names(column: _Column, names: Sequence[str], model: str) -> None:
    inputs = 0 if isinstance(column, _Box) else len(column.places) + column.left_out
    if len(names) != inputs:
        given = reprlib.repr(list(names))
        raise ValueError(f"inputs must name the {inputs} inputs of {model}'s first layer, not {len(names)}: {given}")
    column.names = names
    column.size = max(column.diameter, _width(names[k] for k in column.places) + 2 * _CHARACTER), column.diameter


def _with_tables(columns: Sequence[_Column]) -> Iterator[_Column]:
    """Put before each layer a box that stands for its weights, and tells of them as a state dict does."""
    for column in columns:
        if column.block is not None:
            w, shape = column.block.w, column.block.shapes[column.block.w]
            yield _Box(f"{column.key}w", "\n".join([w, " x ".join(f"{size:,}" for size in shape)]))
        yield column


# From column to column.

_PITCH, _GAP, _STEEP = 70.0, 80.0, 0.2  # between circles' middles; between columns, of nodes and of their height
_POSITIVE, _NEGATIVE, _ZERO, _NOT_FINITE = "#2166ac", "#b2182b", "gray", "black"
_THIN, _THICK = 0.3, 3.0


class _Gap:
    """What runs from one column to the next: weights, or whatever a box takes or gives."""

    def __init__(self, before: _Column, after: _Column) -> None:
        self.before, self.after = before, after
        self.block = None if isinstance(before, _Box) else after.block
        self.pairs = [(i, j) for j in after.places for i in before.places]

    @property
    def weights(self) -> int:
        """How many are drawn as lines."""
        return 0 if self.block is None else len(self.pairs)

    def line(self, i: int, j: int, largest: float) -> dict[str, str]:
        """Return the attributes of an edge, whose width is that of a weight beside the largest."""
        if self.block is None:
            return {"arrowhead": "none", "color": _ZERO}
        weight = self.weight(i, j)
        if math.isfinite(weight):
            color = _POSITIVE if weight > 0 else _NEGATIVE if weight < 0 else _ZERO
            share = abs(weight) / largest if largest else 0.0
        else:
            color, share = _NOT_FINITE, 1.0
        tooltip = f"{self.block.name(j, f'w.{i}')} {decimal(weight)}"
        width = f"{_THIN + (_THICK - _THIN) * share:.3g}"
        return {"arrowhead": "none", "color": color, "penwidth": width, "tooltip": _text([tooltip])}

    def weight(self, i: int, j: int) -> float:
        assert self.after.table is not None
        return float(self.after.table[j, i])

    def number(self, i: int, j: int) -> str:
        return f"w.{i} {decimal(self.weight(i, j))}"


def gaps_of(columns: Sequence[_Column]) -> list[_Gap]:
    return [_Gap(before, after) for before, after in itertools.pairwise(columns)]


class _Sketch:
    """Everything that is drawn, in its place."""

    def __init__(self, columns: Sequence[_Column], rankdir: _Direction, numbered: bool) -> None:
        self.columns, self.gaps, self.upright, self.numbered = columns, gaps_of(columns), rankdir == "TB", numbered
        self.pitch = max([_PITCH, *map(self._pitch, filter(self._is_numbered, self.gaps))])
        self.along = [0.0, *itertools.accumulate(map(self._distance, self.gaps))]
        self.top = -self.pitch * max(len(column.spots) - 1 for column in columns) / 2
        self.at = {
            column.name(place): (along, self.pitch * (k - (len(column.spots) - 1) / 2))
            for column, along in zip(columns, self.along)
            for k, place in enumerate(column.spots)
        }

    # How far things are apart. Where n lines part from each circle of a column, or meet there, all of them are evenly
    # apart at one (n + 1)-th of the way: numbers stand there, at the column that has more circles.

    def _extents(self, size: _Point) -> _Point:
        """Return the extents (along, across) of what has a width and a height."""
        return size[::-1] if self.upright else size

    def _number_size(self, gap: _Gap) -> _Point:
        return self._extents((_width(gap.number(i, j) for i, j in gap.pairs) + _CHARACTER, 1.3 * _LINE))

    def _is_numbered(self, gap: _Gap) -> bool:
        return self.numbered and gap.weights > 0

    def _fraction(self, gap: _Gap) -> float:
        tails, heads = len(gap.before.places), len(gap.after.places)
        return 1 / (heads + 1) if heads <= tails else tails / (tails + 1)

    def _pitch(self, gap: _Gap) -> float:
        """Return how far circles have to be apart for a gap's numbers."""
        fraction = self._fraction(gap)
        return self._number_size(gap)[1] / min(fraction, 1 - fraction)

    def _distance(self, gap: _Gap) -> float:
        """Return how far the middles of two columns are apart."""
        halves = [self._extents(column.size)[0] / 2 for column in (gap.before, gap.after)]
        height = self.pitch * max(len(gap.before.spots), len(gap.after.spots))
        distances = [sum(halves) + max(_GAP, _STEEP * height)]
        if not self.upright:
            distances.append((_width(gap.before.caption) + _width(gap.after.caption)) / 2 + 2 * _CHARACTER)
        if self._is_numbered(gap):
            room, fraction = self._number_size(gap)[0] / 2 + _CHARACTER, self._fraction(gap)
            distances += [(halves[0] + room) / fraction, (halves[1] + room) / (1 - fraction)]
        return max(distances)

    # The picture.

    def draw(self, dot: _Picture) -> None:
        captions = [self._extents((_width(column.caption), _height(column.caption)))[1] for column in self.columns]
        above = self.top - (_NEURON + max(captions)) / 2 - _LINE
        for column, along in zip(self.columns, self.along):
            for place in column.spots:
                label, attributes = column.node(place)
                self._node(dot, column.name(place), label, attributes, self.at[column.name(place)])
            if column.caption:
                self._node(dot, f"{column.key}caption", _text(column.caption), _BARE, (along, above))
        largest = self._largest_weight()
        for gap in self.gaps:
            for i, j in gap.pairs:
                tail, head = gap.before.name(i), gap.after.name(j)
                line = gap.line(i, j, largest)
                dot.edge(tail, head, **line)
                if self._is_numbered(gap):
                    look = {**_BARE, "fontcolor": line["color"]}
                    self._node(dot, f"{head}_w{i}", _text([gap.number(i, j)]), look, self._between(tail, head, gap))

    def _largest_weight(self) -> float:
        sizes = [np.abs(column.table[:, :-1]) for column in self.columns if column.table is not None]
        return max((float(np.max(size, where=np.isfinite(size), initial=0.0)) for size in sizes), default=0.0)

    def _between(self, tail: str, head: str, gap: _Gap) -> _Point:
        fraction = self._fraction(gap)
        along, across = (a + fraction * (b - a) for a, b in zip(self.at[tail], self.at[head]))
        return along, across

    def _node(self, dot: _Picture, name: str, label: str, attributes: Mapping[str, str], at: _Point) -> None:
        x, y = at[::-1] if self.upright else at
        dot.node(name, label, pos=f"{x / 72:.3f},{(0.0 - y) / 72:.3f}!", **_COMMON, **attributes)

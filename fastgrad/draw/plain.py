"""The plain SVG that a `Drawing` makes without Graphviz: nodes in columns, or where they say that they are."""

from __future__ import annotations

import html
import itertools
import math
import re
import unicodedata
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastgrad.draw.canvas import _Direction

    _Attributes: TypeAlias = Mapping[str, str]
    _Node: TypeAlias = tuple[str, _Attributes]  # the label comes first
    _Edge: TypeAlias = tuple[str, str]  # names of nodes
    _Place: TypeAlias = tuple[str, int]
    _Link: TypeAlias = tuple[_Place, _Place]
    _Pair: TypeAlias = tuple[float, float]

_CHARACTER, _LINE, _PADDING, _GAP_ALONG, _GAP_ACROSS = 7.3, 15.0, 9.0, 38.0, 12.0
_FONT_SIZE, _INCH = 12.0, 72.0


def svg(nodes: Mapping[str, _Node], edges: Mapping[_Edge, _Attributes], rankdir: _Direction) -> str:
    """Write the picture of nodes by name and of edges: by columns, or if a node has a place, ``pos``, by places."""
    boxes = {name: _Box(label, attributes, rankdir) for name, (label, attributes) in nodes.items()}
    places = {name: attributes["pos"] for name, (_, attributes) in nodes.items() if "pos" in attributes}
    shapes, (width, height) = _by_places(boxes, places, edges) if places else _by_columns(boxes, list(edges), rankdir)
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="monospace" font-size="{_FONT_SIZE:.0f}" '
        'text-anchor="middle">'
    )
    return "\n".join([opening, '<rect width="100%" height="100%" fill="white"/>', *shapes, "</svg>\n"])


# By places: those of Graphviz's neato, in inches, y upwards. Edges are lines, which the nodes' shapes cover.


def _by_places(
    boxes: Mapping[str, _Box], places: Mapping[str, str], edges: Mapping[_Edge, _Attributes]
) -> tuple[list[str], _Pair]:
    """List the elements of a picture, and return its extents."""
    at = {name: _point(place) for name, place in places.items()}
    left = min(x - boxes[name].width / 2 for name, (x, _) in at.items()) - _PADDING
    top = min(y - boxes[name].height / 2 for name, (_, y) in at.items()) - _PADDING
    for name, box in boxes.items():
        if name not in at:  # beneath all others
            at[name] = left + _PADDING + box.width / 2, _bottom(boxes, at) + _GAP_ACROSS + box.height / 2
    at = {name: (x - left, y - top) for name, (x, y) in at.items()}
    shapes = [_line(at[tail], at[head], attributes) for (tail, head), attributes in edges.items()]
    for name, box in boxes.items():
        shapes += box.svg(*at[name])
    width = max(x + boxes[name].width / 2 for name, (x, _) in at.items()) + _PADDING
    return shapes, (width, _bottom(boxes, at) + _PADDING)


def _point(place: str) -> _Pair:
    x, y = (float(number) * _INCH for number in place.rstrip("!").split(","))
    return x, -y


def _bottom(boxes: Mapping[str, _Box], at: Mapping[str, _Pair]) -> float:
    return max(y + boxes[name].height / 2 for name, (_, y) in at.items())


def _line(start: _Pair, end: _Pair, attributes: _Attributes) -> str:
    (x1, y1), (x2, y2) = start, end
    look = f'stroke="{html.escape(attributes.get("color", "black"))}" stroke-width="{attributes.get("penwidth", "1")}"'
    return f'<path d="M{x1:.1f},{y1:.1f} L{x2:.1f},{y2:.1f}" {look}>{_title(attributes)}</path>'


def _title(attributes: _Attributes) -> str:
    """Return the element for what is shown of something that is pointed at."""
    lines = _cells(attributes.get("tooltip", ""), is_record=False)[0]
    return f"<title>{html.escape(' '.join(lines))}</title>" if any(lines) else ""


# By columns: every node has a place in that of its rank. An edge over several columns gets a place in each column
# between as well, so that it runs between the boxes; edges from one node share these. A place is (name, rank). "Along"
# is the direction in which ranks grow, "across" the other one: x and y, or with "TB" y and x.

_WIRE = (0.0, 6.0)  # an edge's extents (along, across) where it passes a column
_SWEEPS = 12


class Columns:
    """Where boxes of some sizes (along, across) lie, and how edges run between them."""

    def __init__(self, sizes: Mapping[str, _Pair], edges: Sequence[_Edge]) -> None:
        self.ranks = _ranks(list(sizes), edges)
        self.links = _links(self.ranks, edges)
        places = [*self.ranks.items(), *(place for link in self.links for place in link)]
        columns: list[list[_Place]] = [[] for _ in range(max(self.ranks.values(), default=-1) + 1)]
        for place in dict.fromkeys(places):
            columns[place[1]].append(place)
        self._sizes = {(name, rank): sizes[name] if self.ranks[name] == rank else _WIRE for name, rank in places}
        self._spans = _along(columns, self._sizes)
        self._middles = _across(columns, self.links, self._sizes)
        ends = [
            (0.0, 0.0),
            *((self._spans[place][1], self._middles[place] + self._sizes[place][1] / 2) for place in places),
        ]
        along, across = (max(end) + _PADDING for end in zip(*ends, strict=True))
        self.extents: _Pair = along, across

    def center(self, name: str) -> _Pair:
        """The middle of a box (along, across)."""
        place = name, self.ranks[name]
        return sum(self._spans[place]) / 2, self._middles[place]

    def pieces(self, edge: _Edge) -> list[_Link]:
        """The links that an edge consists of, from its tail to its head."""
        tail, head = edge
        start, end = self.ranks[tail], self.ranks[head]
        wire = [(tail, rank) for rank in range(start, max(start + 1, end))]
        return [*itertools.pairwise(wire), (wire[-1], (head, end))]

    def curve(self, link: _Link, rankdir: _Direction) -> tuple[str, str]:
        """The paths of a link: a curve that goes straight through another column, and the arrow at a box."""
        tail, head = link
        (_, start), (end, far) = self._spans[tail], self._spans[head]
        low, high, half = self._middles[tail], self._middles[head], (start + end) / 2

        def at(along: float, across: float) -> str:
            return f"{along:.1f},{across:.1f}" if rankdir == "LR" else f"{across:.1f},{along:.1f}"

        curve = f"M{at(start, low)} C{at(half, low)} {at(half, high)} {at(end, high)}"
        if self._sizes[head] == _WIRE:
            return f"{curve} L{at(far, high)}", ""
        return curve, f"M{at(end, high)} L{at(end - 7, high - 3)} L{at(end - 7, high + 3)} Z"


def _by_columns(boxes: Mapping[str, _Box], edges: Sequence[_Edge], rankdir: _Direction) -> tuple[list[str], _Pair]:
    """List the elements of a picture, and return its extents."""
    columns = Columns({name: box.size(rankdir) for name, box in boxes.items()}, edges)
    shapes = []
    for link in columns.links:
        curve, arrow = columns.curve(link, rankdir)
        shapes.append(f'<path d="{curve}" fill="none" stroke="black"/>' + (f'<path d="{arrow}"/>' if arrow else ""))
    for name, box in boxes.items():
        shapes += box.svg(*turned(columns.center(name), rankdir))
    return shapes, turned(columns.extents, rankdir)


def turned(pair: _Pair, rankdir: _Direction) -> _Pair:
    """What is (along, across) as (x, y), and the other way."""
    return pair if rankdir == "LR" else (pair[1], pair[0])


def _ranks(names: Sequence[str], edges: Sequence[_Edge]) -> dict[str, int]:
    """Count each node's steps from the leaves; a leaf is moved up to its first use."""
    order = {name: index for index, name in enumerate(names)}
    before: dict[str, list[str]] = {name: [] for name in names}
    after: dict[str, list[str]] = {name: [] for name in names}
    for tail, head in edges:
        if order[tail] < order[head]:  # others could close a circle: drawn, but without a say in the ranks
            before[head].append(tail)
            after[tail].append(head)
    ranks: dict[str, int] = {}
    for name in names:
        ranks[name] = max((ranks[tail] + 1 for tail in before[name]), default=0)
    for name in names:
        if after[name] and not before[name]:
            ranks[name] = min(ranks[head] for head in after[name]) - 1
    return ranks


def _links(ranks: Mapping[str, int], edges: Sequence[_Edge]) -> list[_Link]:
    """Cut the edges into pieces between neighbouring columns."""
    heads: dict[str, list[str]] = {}
    for tail, head in edges:
        heads.setdefault(tail, []).append(head)
    links: list[_Link] = []
    for tail, reached in heads.items():
        start = ranks[tail]
        wire = [(tail, rank) for rank in range(start, max(ranks[head] for head in reached))]
        links += itertools.pairwise(wire)
        links += [((tail, max(start, ranks[head] - 1)), (head, ranks[head])) for head in reached]
    return links


def _along(columns: list[list[_Place]], sizes: Mapping[_Place, _Pair]) -> dict[_Place, _Pair]:
    """Return where each place starts and ends in the direction of the ranks; a wire goes through the whole column."""
    spans: dict[_Place, _Pair] = {}
    start = _PADDING
    for column in columns:
        width = max(sizes[place][0] for place in column)
        for place in column:
            slack = 0.0 if sizes[place] == _WIRE else (width - sizes[place][0]) / 2
            spans[place] = (start + slack, start + width - slack)
        start += width + _GAP_ALONG
    return spans


def _across(columns: list[list[_Place]], links: Sequence[_Link], sizes: Mapping[_Place, _Pair]) -> dict[_Place, float]:
    """Return each place's middle across the ranks, near its neighbours' middles and without overlaps."""
    tails: dict[_Place, list[_Place]] = {}
    heads: dict[_Place, list[_Place]] = {}
    for tail, head in links:
        tails.setdefault(head, []).append(tail)
        heads.setdefault(tail, []).append(head)
    middles = {place: index * 1.0 for column in columns for index, place in enumerate(column)}
    for sweep in range(_SWEEPS):
        neighbours, ordered = (heads, reversed(columns)) if sweep % 2 else (tails, columns)
        for column in ordered:
            _settle(column, neighbours, middles, sizes)
    top = min((middles[place] - sizes[place][1] / 2 for place in middles), default=0.0)
    return {place: middle - top + _PADDING for place, middle in middles.items()}


def _settle(
    column: list[_Place],
    neighbours: Mapping[_Place, list[_Place]],
    middles: dict[_Place, float],
    sizes: Mapping[_Place, _Pair],
) -> None:
    wanted = {}
    for place in column:
        near = neighbours.get(place, [place])
        wanted[place] = sum(middles[other] for other in near) / len(near)
    column.sort(key=wanted.__getitem__)
    edge = -math.inf
    for place in column:
        half = sizes[place][1] / 2
        middles[place] = max(wanted[place], edge + half)
        edge = middles[place] + half + _GAP_ACROSS
    shift = sum(wanted[place] - middles[place] for place in column) / len(column)
    for place in column:
        middles[place] += shift


# Boxes.


def _cells(label: str, is_record: bool) -> list[list[str]]:
    """Read a Graphviz label as cells, each a list of lines: what `escape` wrote, and a record's own marks."""
    cells = [[""]]
    for token in re.findall(r"\\.|[^\\]", label, re.DOTALL):
        if token in (r"\n", r"\l", r"\r", "\n"):
            cells[-1].append("")
        elif is_record and token == "|":
            cells.append([""])
        elif not (is_record and token in "{}"):
            cells[-1][-1] += token[-1]
    return [[html.unescape(line.strip()) for line in cell] for cell in cells]


class _Box:
    """A node's shape and texts, with its size."""

    def __init__(self, label: str, attributes: _Attributes, rankdir: _Direction) -> None:
        shape = attributes.get("shape", "ellipse")
        self.is_round, self.is_bare = shape in ("circle", "ellipse"), shape == "plaintext"
        self.title, self.color = _title(attributes), attributes.get("fontcolor")
        self.fill = attributes.get("fillcolor", "white")
        self.scale = float(attributes.get("fontsize", _FONT_SIZE)) / _FONT_SIZE
        # Graphviz stacks a record's cells across the ranks, and the other way inside braces.
        self.side_by_side = shape == "record" and label.startswith("{") == (rankdir == "LR")
        self.cells = _cells(label, shape == "record")
        padding = 1.0 if self.is_bare else _PADDING
        self.widths = [max(map(length, cell)) * _CHARACTER * self.scale + 2 * padding for cell in self.cells]
        self.heights = [len(cell) * _LINE * self.scale + padding for cell in self.cells]
        if attributes.get("fixedsize") == "true":
            self.widths = self.heights = [_INCH * float(attributes["width"])]
        along, across = (sum, max) if self.side_by_side else (max, sum)
        self.width, self.height = along(self.widths), across(self.heights)

    def size(self, rankdir: _Direction) -> _Pair:
        """The extents (along, across)."""
        return (self.width, self.height) if rankdir == "LR" else (self.height, self.width)

    def svg(self, x: float, y: float) -> list[str]:
        """List the elements of a box whose middle is at (x, y)."""
        left, top = x - self.width / 2, y - self.height / 2
        look = f'fill="{html.escape(self.fill)}" stroke="{"none" if self.is_bare else "black"}"'
        shapes = []
        if self.is_round:
            radii = f'rx="{self.width / 2:.1f}" ry="{self.height / 2:.1f}"'
            shapes.append(f'<ellipse cx="{x:.1f}" cy="{y:.1f}" {radii} {look}/>')
        for cell, cell_width, cell_height in zip(self.cells, self.widths, self.heights, strict=True):
            width, height = (cell_width, self.height) if self.side_by_side else (self.width, cell_height)
            if not self.is_round:
                at = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
                shapes.append(f"<rect {at} {look}/>")
            shapes += self._lines(cell, left + width / 2, top + height / 2)
            left, top = (left + width, top) if self.side_by_side else (left, top + height)
        return ["<g>", self.title, *shapes, "</g>"] if self.title else shapes

    def _lines(self, lines: Sequence[str], x: float, y: float) -> list[str]:
        """List the elements of texts one below the other, around (x, y)."""
        look = "" if self.scale == 1.0 else f' font-size="{self.scale * _FONT_SIZE:g}"'
        look += "" if self.color is None else f' fill="{html.escape(self.color)}"'
        baseline = y + (4 - (len(lines) - 1) * _LINE / 2) * self.scale
        return [
            f'<text x="{x:.1f}" y="{baseline + index * _LINE * self.scale:.1f}"{look}>{html.escape(line)}</text>'
            for index, line in enumerate(lines)
        ]


def length(line: str) -> int:
    """A line's width in characters, of which the East Asian ones are twice as wide."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)

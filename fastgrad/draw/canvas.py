"""What stands in for Graphviz where it is missing or takes minutes: the same source, and a plain SVG of columns."""

from __future__ import annotations

import functools
import html
import importlib
import itertools
import math
import pathlib
import re
import shutil
import unicodedata
import webbrowser
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence
    from os import PathLike

    from fastgrad._tape.node import Node

    _Direction: TypeAlias = Literal["LR", "TB"]
    _Path: TypeAlias = str | PathLike[str]
    _Edge: TypeAlias = tuple[str, str]  # names of nodes
    _Place: TypeAlias = tuple[str, int]
    _Link: TypeAlias = tuple[_Place, _Place]
    _Pair: TypeAlias = tuple[float, float]
    _N = TypeVar("_N", bound=Hashable)


class _Picture(Protocol):
    """What a `Drawing` has in common with a ``graphviz.Digraph``."""

    def node(self, name: str, label: str | None = None, **attributes: str) -> None: ...
    def edge(self, tail_name: str, head_name: str, label: str | None = None, **attributes: str) -> None: ...
    @property
    def source(self) -> str: ...
    @overload
    def pipe(self, format: str | None = None, *, encoding: None = None) -> bytes: ...
    @overload
    def pipe(self, format: str | None = None, *, encoding: str) -> str: ...
    def _repr_svg_(self) -> str: ...
    def save(self, filename: _Path | None = None, directory: _Path | None = None) -> str: ...
    def render(
        self,
        filename: _Path | None = None,
        directory: _Path | None = None,
        view: bool = False,
        cleanup: bool = False,
        format: str | None = None,
    ) -> str: ...
    def view(self, filename: _Path | None = None, directory: _Path | None = None, cleanup: bool = False) -> str: ...


MOST_NODES = 400  # that are drawn, unless one says otherwise


# Texts.

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def name_of(node: Node) -> list[str]:
    """The node's label as a list of one text, or of none."""
    return [] if node.label is None or not str(node.label).strip() else [str(node.label)]


def decimal(number: float) -> str:
    """Four significant digits."""
    return f"{number:.4g}"


def escape(text: str) -> str:
    """Write a text so that Graphviz shows every character of it, in a record or elsewhere."""
    text = re.sub(r'[\\{}|<>"]', r"\\\g<0>", text.replace("&", "&amp;"))
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", r"\n".join(text.splitlines()))


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


def _quote(text: str) -> str:
    """Write a text as an identifier of the DOT language, as the graphviz package does."""
    plain = re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*|-?(\.[0-9]+|[0-9]+(\.[0-9]*)?)", text)
    if plain and text.lower() not in ("node", "edge", "graph", "digraph", "subgraph", "strict"):
        return text
    return '"' + re.sub(r'(\\.)|"', lambda match: match[1] or r"\"", text, flags=re.DOTALL) + '"'


def _listed(label: str | None, attributes: Mapping[str, str]) -> str:
    """Write a statement's attributes, the label first."""
    shown = ([] if label is None else [("label", label)]) + sorted(attributes.items())
    return f" [{' '.join(f'{_quote(key)}={_quote(value)}' for key, value in shown)}]" if shown else ""


class Drawing:
    """A graph's picture made without Graphviz, used like a ``graphviz.Digraph``.

    The picture has a column (with "TB" a row) for each step from the leaves. A leaf stands just before its first use.

    Parameters
    ----------
    format : str
        What ``render`` and ``pipe`` make unless told otherwise. Only "svg" can be made without the ``dot`` program.
    rankdir : {"LR", "TB"}
        Left to right, or top to bottom.

    Examples
    --------
    >>> drawing = Drawing()
    >>> drawing.node("a", "start")
    >>> drawing.edge("a", "b")
    >>> print(drawing.source.expandtabs(4))
    digraph {
        graph [rankdir=LR]
        a [label=start]
        a -> b
    }
    <BLANKLINE>
    >>> drawing.pipe(encoding="utf-8").startswith("<svg ")
    True
    """

    def __init__(self, format: str = "svg", rankdir: _Direction = "LR") -> None:
        self.format = format
        self.rankdir = rankdir
        self._nodes: dict[str, tuple[str, str]] = {}  # label and shape, by name
        self._edges: dict[_Edge, None] = {}
        self._body: list[str] = []

    def node(self, name: str, label: str | None = None, **attributes: str) -> None:
        """Add a node, or change it: ``shape="record"``, "circle" and "ellipse" are known, others are boxes."""
        self._nodes[name] = (name if label is None else label, attributes.get("shape", "ellipse"))
        self._body.append(f"\t{_quote(name)}{_listed(label, attributes)}\n")

    def edge(self, tail_name: str, head_name: str, label: str | None = None, **attributes: str) -> None:
        """Add an arrow between two nodes. Its label and attributes are for the source: the plain picture shows none."""
        for name in (tail_name, head_name):
            self._nodes.setdefault(name, (name, "ellipse"))
        self._edges[tail_name, head_name] = None
        self._body.append(f"\t{_quote(tail_name)} -> {_quote(head_name)}{_listed(label, attributes)}\n")

    @property
    def source(self) -> str:
        """The graph in the DOT language, for ``dot`` elsewhere."""
        return "".join(["digraph {\n", f"\tgraph [rankdir={self.rankdir}]\n", *self._body, "}\n"])

    def __str__(self) -> str:
        return self.source

    @overload
    def pipe(self, format: str | None = None, encoding: None = None) -> bytes: ...
    @overload
    def pipe(self, format: str | None = None, *, encoding: str) -> str: ...
    def pipe(self, format: str | None = None, encoding: str | None = None) -> bytes | str:
        """Return the picture: bytes, or a str if an encoding is given. Formats other than "svg" raise RuntimeError."""
        format = format or self.format
        if format != "svg":
            raise RuntimeError(
                f"a picture in the format {format!r} needs the graphviz package and Graphviz's program dot, which are "
                "not both installed here: install them, or ask for format='svg'"
            )
        picture = _svg(self._nodes, list(self._edges), self.rankdir)
        return picture if encoding else picture.encode()

    def _repr_svg_(self) -> str:
        return self.pipe(format="svg", encoding="utf-8")

    def save(self, filename: _Path | None = None, directory: _Path | None = None) -> str:
        """Write the source to ``filename`` (by default "Digraph.gv") and return the path."""
        path = pathlib.Path(directory or "", filename or "Digraph.gv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.source, encoding="utf-8")
        return str(path)

    def render(
        self,
        filename: _Path | None = None,
        directory: _Path | None = None,
        view: bool = False,
        cleanup: bool = False,
        format: str | None = None,
    ) -> str:
        """Write the source to ``filename`` and the picture to ``filename`` with ".svg" added; return the latter's path.

        With ``cleanup`` the source is removed again; with ``view`` the picture is shown in the browser.
        """
        picture = self.pipe(format)
        source_path = pathlib.Path(self.save(filename, directory))
        path = source_path.with_name(source_path.name + ".svg")
        path.write_bytes(picture)
        if cleanup:
            source_path.unlink()
        if view:
            webbrowser.open(path.resolve().as_uri())
        return str(path)

    def view(self, filename: _Path | None = None, directory: _Path | None = None, cleanup: bool = False) -> str:
        """Render the picture and show it in the browser."""
        return self.render(filename, directory, view=True, cleanup=cleanup)


# Graphviz takes seconds, then minutes, over a graph with long edges, as those from the shared leaves of a recurrence.
_LONG_FOR_GRAPHVIZ = 2000


def canvas(format: str, rankdir: _Direction, operands: Mapping[_N, Iterable[_N]]) -> _Picture:
    """Return what a graph is to be drawn on: a ``graphviz.Digraph``, or a `Drawing` where Graphviz is missing or slow.

    Parameters
    ----------
    format, rankdir : str
    operands : dict
        What each node stands on, by node; every node comes after those.
    """
    if rankdir not in ("LR", "TB"):
        raise ValueError(f"rankdir={rankdir!r} is not a direction: pass 'LR' (left to right) or 'TB' (top to bottom)")
    try:
        graphviz = importlib.import_module("graphviz")
    except ImportError:
        graphviz = None
    if graphviz is None or shutil.which("dot") is None or _stretch(operands) > _LONG_FOR_GRAPHVIZ:
        return Drawing(format, rankdir)
    dot = graphviz.Digraph(format=format, graph_attr={"rankdir": rankdir})
    dot._repr_svg_ = functools.partial(dot.pipe, format="svg", encoding="utf-8")
    picture: _Picture = dot
    return picture


def _stretch(operands: Mapping[_N, Iterable[_N]]) -> int:
    """The lengths of all edges, in levels: how much there is to do for a program that draws level by level."""
    level: dict[_N, int] = {}
    stretch = 0
    for node, before in operands.items():
        level[node] = 1 + max((level[operand] for operand in before), default=0)
        stretch += sum(level[node] - level[operand] for operand in before)
    return stretch


# The plain SVG. Every node has a place in the column of its rank. An edge over several columns gets a place in each
# column between as well, so that it runs between the boxes; edges from one node share these. A place is (name, rank).
# "Along" is the direction in which ranks grow, "across" the other one: x and y, or with "TB" y and x.

_CHARACTER, _LINE, _PADDING, _GAP_ALONG, _GAP_ACROSS = 7.3, 15.0, 9.0, 38.0, 12.0
_WIRE = (0.0, 6.0)  # an edge's extents (along, across) where it passes a column
_SWEEPS = 12


def _svg(nodes: Mapping[str, tuple[str, str]], edges: Sequence[_Edge], rankdir: _Direction) -> str:
    boxes = {name: _Box(label, shape, rankdir) for name, (label, shape) in nodes.items()}
    ranks = _ranks(list(boxes), edges)
    links = _links(ranks, edges)
    places = [*ranks.items(), *(place for link in links for place in link)]
    columns: list[list[_Place]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    for place in dict.fromkeys(places):
        columns[place[1]].append(place)
    sizes = {(name, rank): boxes[name].size(rankdir) if ranks[name] == rank else _WIRE for name, rank in places}
    spans = _along(columns, sizes)
    middles = _across(columns, links, sizes)
    shapes = [_wire(spans, middles, link, sizes[link[1]] != _WIRE, rankdir) for link in links]
    for name, rank in ranks.items():
        center = sum(spans[name, rank]) / 2, middles[name, rank]
        shapes += boxes[name].svg(*(center if rankdir == "LR" else center[::-1]))
    ends = [(0.0, 0.0), *((spans[place][1], middles[place] + sizes[place][1] / 2) for place in places)]
    extents = [max(end) + _PADDING for end in zip(*ends, strict=True)]
    width, height = extents if rankdir == "LR" else extents[::-1]
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="monospace" font-size="12" text-anchor="middle">'
    )
    return "\n".join([opening, '<rect width="100%" height="100%" fill="white"/>', *shapes, "</svg>\n"])


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


def _wire(
    spans: Mapping[_Place, _Pair], middles: Mapping[_Place, float], link: _Link, arrives: bool, rankdir: _Direction
) -> str:
    """Draw one piece of an edge: a curve that ends in an arrow at a box and goes straight through another column."""
    tail, head = link
    (_, start), (end, far) = spans[tail], spans[head]
    low, high, half = middles[tail], middles[head], (start + end) / 2

    def at(along: float, across: float) -> str:
        return f"{along:.1f},{across:.1f}" if rankdir == "LR" else f"{across:.1f},{along:.1f}"

    curve = f"M{at(start, low)} C{at(half, low)} {at(half, high)} {at(end, high)}"
    if not arrives:
        return f'<path d="{curve} L{at(far, high)}" fill="none" stroke="black"/>'
    arrow = f"M{at(end, high)} L{at(end - 7, high - 3)} L{at(end - 7, high + 3)} Z"
    return f'<path d="{curve}" fill="none" stroke="black"/><path d="{arrow}"/>'


class _Box:
    """A node's shape and texts, with its size."""

    def __init__(self, label: str, shape: str, rankdir: _Direction) -> None:
        self.is_round = shape in ("circle", "ellipse")
        # Graphviz stacks a record's cells across the ranks, and the other way inside braces.
        self.side_by_side = shape == "record" and label.startswith("{") == (rankdir == "LR")
        self.cells = _cells(label, shape == "record")
        self.widths = [max(map(_length, cell)) * _CHARACTER + 2 * _PADDING for cell in self.cells]
        self.heights = [len(cell) * _LINE + _PADDING for cell in self.cells]
        along, across = (sum, max) if self.side_by_side else (max, sum)
        self.width, self.height = along(self.widths), across(self.heights)

    def size(self, rankdir: _Direction) -> _Pair:
        """The extents (along, across)."""
        return (self.width, self.height) if rankdir == "LR" else (self.height, self.width)

    def svg(self, x: float, y: float) -> list[str]:
        """List the elements of a box whose middle is at (x, y)."""
        left, top = x - self.width / 2, y - self.height / 2
        shapes = []
        if self.is_round:
            radii = f'rx="{self.width / 2:.1f}" ry="{self.height / 2:.1f}"'
            shapes.append(f'<ellipse cx="{x:.1f}" cy="{y:.1f}" {radii} fill="white" stroke="black"/>')
        for cell, cell_width, cell_height in zip(self.cells, self.widths, self.heights, strict=True):
            width, height = (cell_width, self.height) if self.side_by_side else (self.width, cell_height)
            if not self.is_round:
                at = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
                shapes.append(f'<rect {at} fill="white" stroke="black"/>')
            baseline = top + (height - (len(cell) - 1) * _LINE) / 2 + 4
            for index, line in enumerate(cell):
                at = f'x="{left + width / 2:.1f}" y="{baseline + index * _LINE:.1f}"'
                shapes.append(f"<text {at}>{html.escape(line)}</text>")
            left, top = (left + width, top) if self.side_by_side else (left, top + height)
        return shapes


def _length(line: str) -> int:
    """A line's width in characters, of which the East Asian ones are twice as wide."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)

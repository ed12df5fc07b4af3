"""What stands in for Graphviz where it is missing or takes minutes: the same source, and a plain SVG."""

from __future__ import annotations

import functools
import importlib
import pathlib
import re
import shutil
import webbrowser
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, TypeVar, overload

from fastgrad.draw import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping
    from os import PathLike

    from fastgrad._tape.node import Node
    from fastgrad.draw.plain import _Attributes, _Edge, _Node

    _Direction: TypeAlias = Literal["LR", "TB"]
    _Path: TypeAlias = str | PathLike[str]
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


def format_of(given: str) -> Callable[[float], str]:
    """Return how numbers are written by a format of Python's operator %."""
    try:
        given % 0.5
    except (TypeError, ValueError) as error:
        raise type(error)(f"numbers must be a format for one number, such as '%.4g', not {given!r:.60}") from error
    return lambda number: given % number


def escape(text: str) -> str:
    """Write a text so that Graphviz shows every character of it, in a record or elsewhere."""
    text = re.sub(r'[\\{}|<>"]', r"\\\g<0>", text.replace("&", "&amp;"))
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", r"\n".join(text.splitlines()))


def _quote(text: str) -> str:
    """Write a text as an identifier of the DOT language, as the graphviz package does."""
    bare = re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*|-?(\.[0-9]+|[0-9]+(\.[0-9]*)?)", text)
    if bare and text.lower() not in ("node", "edge", "graph", "digraph", "subgraph", "strict"):
        return text
    return '"' + re.sub(r'(\\.)|"', lambda match: match[1] or r"\"", text, flags=re.DOTALL) + '"'


def _listed(label: str | None, attributes: Mapping[str, str]) -> str:
    """Write a statement's attributes, the label first."""
    shown = ([] if label is None else [("label", label)]) + sorted(attributes.items())
    return f" [{' '.join(f'{_quote(key)}={_quote(value)}' for key, value in shown)}]" if shown else ""


class Drawing:
    """A graph's picture made without Graphviz, used like a ``graphviz.Digraph``.

    The picture has a column (with "TB" a row) for each step from the leaves. A leaf stands just before its first use.
    Where nodes have places, ``pos="1.5,-2!"`` as Graphviz's neato reads it, these count instead, and edges are lines.

    Parameters
    ----------
    format : str
        What ``render`` and ``pipe`` make unless told otherwise. Only "svg" can be made without the ``dot`` program.
    rankdir : {"LR", "TB"}
        Left to right, or top to bottom.
    graph_attr : mapping of str to str, optional
        More of the graph's attributes, for the source.

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

    def __init__(
        self, format: str = "svg", rankdir: _Direction = "LR", graph_attr: Mapping[str, str] | None = None
    ) -> None:
        self.format = format
        self.rankdir = rankdir
        self.graph_attr = dict(graph_attr or {})
        self._nodes: dict[str, _Node] = {}
        self._edges: dict[_Edge, _Attributes] = {}
        self._body: list[str] = []

    def node(self, name: str, label: str | None = None, **attributes: str) -> None:
        """Add a node, or change it.

        ``shape="record"``, "circle", "ellipse" and "plaintext" are known, others are boxes. The plain picture goes by
        ``pos``, ``fillcolor``, ``fontsize``, ``fontcolor``, ``width`` with ``fixedsize="true"``, and ``tooltip``, too.
        """
        self._nodes[name] = (name if label is None else label, attributes)
        self._body.append(f"\t{_quote(name)}{_listed(label, attributes)}\n")

    def edge(self, tail_name: str, head_name: str, label: str | None = None, **attributes: str) -> None:
        """Add an arrow between two nodes.

        Its label and attributes are for the source; where nodes have places, the plain picture shows ``color``,
        ``penwidth`` and ``tooltip``.
        """
        for name in (tail_name, head_name):
            self._nodes.setdefault(name, (name, {}))
        self._edges[tail_name, head_name] = attributes
        self._body.append(f"\t{_quote(tail_name)} -> {_quote(head_name)}{_listed(label, attributes)}\n")

    @property
    def source(self) -> str:
        """The graph in the DOT language, for ``dot`` elsewhere."""
        attributes = _listed(None, {"rankdir": self.rankdir, **self.graph_attr})
        return "".join(["digraph {\n", f"\tgraph{attributes}\n", *self._body, "}\n"])

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
        picture = plain.svg(self._nodes, self._edges, self.rankdir)
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


def canvas(format: str, rankdir: _Direction, operands: Mapping[_N, Iterable[_N]], **graph_attr: str) -> _Picture:
    """Return what a graph is to be drawn on: a ``graphviz.Digraph``, or a `Drawing` where Graphviz is missing or slow.

    Parameters
    ----------
    format, rankdir : str
    operands : dict
        What each node stands on, by node; every node comes after those. Of nodes that have places nothing is asked.
    **graph_attr : str
        More of the graph's attributes.
    """
    if rankdir not in ("LR", "TB"):
        raise ValueError(f"rankdir={rankdir!r} is not a direction: pass 'LR' (left to right) or 'TB' (top to bottom)")
    try:
        graphviz = importlib.import_module("graphviz")
    except ImportError:
        graphviz = None
    if graphviz is None or shutil.which("dot") is None or _stretch(operands) > _LONG_FOR_GRAPHVIZ:
        return Drawing(format, rankdir, graph_attr)
    dot = graphviz.Digraph(format=format, graph_attr={"rankdir": rankdir, **graph_attr})
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

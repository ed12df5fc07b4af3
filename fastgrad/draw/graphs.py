"""The looks of a graph, and the walk that finds what is in it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

from fastgrad._tape.describe import formula_of
from fastgrad._tape.node import Node
from fastgrad.draw.canvas import MOST_NODES, canvas, escape, format_of, name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastgrad.draw.canvas import _Direction, _Picture

    _N = TypeVar("_N", bound=Node)

# The walk. A graph may be millions of nodes deep, so it keeps its own stack.


def trace(root: _N) -> tuple[set[_N], set[tuple[_N, _N]]]:
    """Find everything that a number was computed from.

    Parameters
    ----------
    root : Node
        The number to start from.

    Returns
    -------
    nodes : set of Node
        ``root`` and every node below it.
    edges : set of (Node, Node)
        A pair (operand, result) for each operand of each node.

    Examples
    --------
    >>> from fastgrad import Value
    >>> x = Value(3.0)
    >>> y = x * x
    >>> nodes, edges = trace(y)
    >>> nodes == {x, y}, edges == {(x, y)}
    (True, True)
    """
    nodes = _operands_first(root)
    return set(nodes), {(operand, node) for node in nodes for operand in node.prev}


def _operands_first(root: _N, max_nodes: float = math.inf) -> list[_N]:
    """List the nodes below ``root``, each after its operands: an order that depends on the program alone."""
    if not hasattr(root, "prev"):
        raise TypeError(f"a picture starts from one Scalar or Value, not from a {type(root).__name__}: {root!r:.60}")
    seen, path = {root}, [(root, iter(root.prev))]
    order: list[_N] = []
    while path:
        node, operands = path[-1]
        operand = next((operand for operand in operands if operand not in seen), None)
        if operand is None:
            order.append(node)
            path.pop()
            continue
        seen.add(operand)
        if len(seen) > max_nodes:
            raise ValueError(
                f"the graph has at least {len(seen)} nodes, too many to read (the limit is {max_nodes}): "
                "draw a number nearer to the leaves, or pass a larger max_nodes= to draw it all"
            )
        path.append((operand, iter(operand.prev)))
    return order


# The two looks.

_POSITIVE, _NEGATIVE, _NOT_FINITE = (0x72, 0xA6, 0xD6), (0xF0, 0xA5, 0x8F), "#c0c0c0"


def draw_dot(
    root: Node,
    format: str = "svg",
    rankdir: _Direction = "LR",
    max_nodes: float = MOST_NODES,
    *,
    numbers: str = "%.4g",
    gradients: bool = False,
) -> _Picture:
    """Draw a graph with a record for each number and a circle for each operation.

    A constant operand is part of the operation, beside a _ for the other: ``_ - 1``, ``1 - _``.

    Parameters
    ----------
    root : Node
        The result whose computation is drawn.
    format : str
        What ``render`` writes by default: "svg", or with the ``dot`` program also "png", "pdf" and others.
    rankdir : {"LR", "TB"}
        Which way the computation runs: left to right, or top to bottom.
    max_nodes : int
        The largest graph that is drawn.
    numbers : str
        How numbers are written, by Python's operator %.
    gradients : bool
        Whether boxes have their gradient as a colour: blue above 0, red below, the stronger the larger beside the
        graph's largest, and gray where it is not finite.

    Returns
    -------
    graphviz.Digraph or Drawing
        Shown as a picture by a notebook; has ``source``, ``render``, ``view`` and ``pipe``.

    Raises
    ------
    ValueError
        If the graph has more than ``max_nodes`` nodes, or ``numbers`` is no format.

    Examples
    --------
    >>> from fastgrad import Value
    >>> picture = draw_dot(Value(0.5, label="x").tanh())
    >>> "{ x | data 0.5 | grad 0 }" in picture.source
    True
    """

    def label(node: Node) -> str:
        fields = [*name_of(node), f"data {write(node.data)}", f"grad {write(node.grad)}"]
        return f"{{ {' | '.join(map(escape, fields))} }}"

    write = format_of(numbers)
    return _draw(root, label, format, rankdir, max_nodes, gradients)


def visualize_graph(
    root: Node,
    output_label: str | None = None,
    format: str = "svg",
    rankdir: _Direction = "LR",
    max_nodes: float = MOST_NODES,
    *,
    numbers: str = "%.4g",
    gradients: bool = False,
) -> _Picture:
    """Draw a graph with a box for each number that lists its label, its value and its gradient.

    Parameters
    ----------
    root : Node
        The result whose computation is drawn.
    output_label : str, optional
        The result's name. With it a gradient is written as a derivative: ``[y, x]`` is that of y by x.
    format, rankdir, max_nodes, numbers, gradients
        As for `draw_dot`, like the result and the errors.

    Examples
    --------
    >>> from fastgrad import Scalar
    >>> x = Scalar(3.0, label="x")
    >>> y = x.tanh()
    >>> y.backward()
    >>> "x | data: 3 | [y, x]: 0.009866" in visualize_graph(y, "y").source
    True
    """

    def label(node: Node) -> str:
        gradient = "grad" if output_label is None else f"[{', '.join([str(output_label), *name_of(node)])}]"
        fields = [*name_of(node), f"data: {write(node.data)}", f"{gradient}: {write(node.grad)}"]
        return " | ".join(map(escape, fields))

    write = format_of(numbers)
    return _draw(root, label, format, rankdir, max_nodes, gradients)


def _draw(
    root: Node,
    label: Callable[[Node], str],
    format: str,
    rankdir: _Direction,
    max_nodes: float,
    gradients: bool,
) -> _Picture:
    operands = {node: list(dict.fromkeys(node.prev)) for node in _operands_first(root, max_nodes)}
    dot = canvas(format, rankdir, operands)
    look = _looks([node.grad for node in operands]) if gradients else [{}] * len(operands)
    names = {node: f"n{index}" for index, node in enumerate(operands)}
    for (node, name), colored in zip(names.items(), look):
        entry = name
        if node._op:
            entry = f"{name}_op"
            dot.node(entry, escape(_operation(node)), shape="circle")
        dot.node(name, label(node), shape="record", **colored)
        if node._op:
            dot.edge(entry, name)
        for operand in operands[node]:
            dot.edge(names[operand], entry)
    return dot


def _looks(grads: list[float]) -> list[dict[str, str]]:
    """Return the attributes of boxes that have gradients for colours, pale enough for black texts."""
    largest = max((abs(grad) for grad in grads if math.isfinite(grad)), default=0.0)
    return [{"style": "filled", "fillcolor": color_of(grad, largest)} for grad in grads]


def color_of(grad: float, largest: float) -> str:
    """Return a gradient's colour: from white to that of the largest, of its sign.

    >>> color_of(1.0, 2.0), color_of(-2.0, 2.0), color_of(0.0, 2.0)
    ('#b8d2ea', '#f0a58f', '#ffffff')
    """
    if not math.isfinite(grad):
        return _NOT_FINITE
    strongest, share = (_POSITIVE if grad > 0 else _NEGATIVE), abs(grad) / (largest or 1.0)
    return "#" + "".join(f"{round(255 - share * (255 - part)):02x}" for part in strongest)


def _operation(node: Node) -> str:
    return formula_of(node) if isinstance(node, Node) else node._op

"""What an interactive picture shows: a graph, and how values and gradients flow in it, step by step.

Everything is computed here and sent as what JSON has; ``flow.js`` draws it in a notebook or on a page.
"""

from __future__ import annotations

import ast
import math as python_math
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from fastgrad import math
from fastgrad._tape.numbers import Value
from fastgrad.draw.canvas import MOST_NODES, decimal, name_of
from fastgrad.draw.graphs import _operands_first, _operation
from fastgrad.draw.plain import Columns, length, turned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fastgrad._tape.node import Node
    from fastgrad.draw.canvas import _Direction

    _Json: TypeAlias = dict[str, Any]

_HEIGHT, _LEAST_WIDTH, _CHARACTER, _MARGIN = 58.0, 102.0, 7.6, 20.0  # of a box, in pixels

_KNOWN = {name: value for name, value in vars(math).items() if not name.startswith("_")}
_KNOWN |= {"abs": abs, "pow": pow, "__builtins__": {}}


# Inputs.


class Input(NamedTuple):
    """A number that a slider moves."""

    value: float
    low: float
    high: float


def input_of(name: str, given: Any) -> Input:
    """Read what an input is given as: a number, or a number and where its slider begins and ends.

    >>> input_of("a", 2.0)
    Input(value=2.0, low=-2.0, high=6.0)
    >>> input_of("a", (2.0, 0.0, 10.0))
    Input(value=2.0, low=0.0, high=10.0)
    """
    parts = given if isinstance(given, (tuple, list)) else (given,)
    if len(parts) not in (1, 3) or not all(_is_number(part) for part in parts):
        raise TypeError(
            f"{name}={given!r} is no input: pass a number, {name}=2.0, "
            f"or a number with the ends of its slider, {name}=(2.0, -5.0, 5.0)"
        )
    value, *ends = map(float, parts)
    if not ends:
        reach = 2.0 * max(1.0, abs(value))
        ends = [value - reach, value + reach]
    low, high = ends
    if not (low <= value <= high and low < high and python_math.isfinite(high - low)):
        raise ValueError(
            f"{name}={given!r} is no input: its value must lie between the ends of its slider, both finite"
        )
    return Input(value, low, high)


def _is_number(part: Any) -> bool:
    return isinstance(part, (int, float)) and not isinstance(part, bool)


# Expressions.


def names_in(expression: str) -> list[str]:
    """List the names in an expression that stand for inputs, in order.

    >>> names_in("tanh(a * b + c) * a")
    ['a', 'b', 'c']
    """
    found = [node for node in ast.walk(ast.parse(expression.strip(), mode="eval")) if isinstance(node, ast.Name)]
    found.sort(key=lambda node: (node.lineno, node.col_offset))
    bound = {node.id for node in found if isinstance(node.ctx, ast.Store)}
    return [name for name in dict.fromkeys(node.id for node in found) if name not in bound and name not in _KNOWN]


def function_of(function: Callable[..., Any] | str, names: list[str]) -> Callable[..., Any]:
    """Return the function that is given, or make that of an expression; it is called with its inputs by name."""
    if callable(function):
        return function
    if not isinstance(function, str):
        raise TypeError(
            f"a picture is drawn of a function or of an expression, not of a {type(function).__name__}: "
            f"{function!r:.60}. Pass explore(f, x=2.0) or explore('x * x', x=2.0)"
        )
    missing = [name for name in names_in(function) if name not in names]
    if missing:
        raise ValueError(
            f"in {function!r} {' and '.join(missing)} {'has' if len(missing) == 1 else 'have'} no value: "
            f"pass {', '.join(f'{name}=1.0' for name in missing)}, too"
        )
    code = compile(function.strip(), "<expression>", "eval")
    return lambda **inputs: eval(code, {**_KNOWN, **inputs})


# What is shown.


def flow(
    function: Callable[..., Any] | str, inputs: Mapping[str, float], max_nodes: float = MOST_NODES
) -> dict[str, _Json]:
    """Compute a function at its inputs, and return what is shown of it.

    Parameters
    ----------
    function : callable or str
        Of scalars, called with the inputs by name; or an expression that has them in it.
    inputs : mapping of str to float
    max_nodes : int
        The largest graph that is drawn.

    Returns
    -------
    dict
        ``graph`` is the same as long as the function takes the same steps. It has ``nodes``, in an order in which each
        comes after its operands, each with a ``title`` and whether it is an ``operation``; ``edges``, pairs (operand,
        node); the node of each of the ``inputs``, None if the result does not stand on it; and the places of all that
        by direction, ``LR`` and ``TB``.
        ``numbers`` has texts: ``values`` and ``grads`` of the nodes, and along the edges what is ``passed`` to the
        operand and what its gradient is ``after`` that, when gradients flow from the last node to the first.

    Examples
    --------
    >>> shown = flow("a * b + a", {"a": 2.0, "b": -3.0})
    >>> [node["title"] for node in shown["graph"]["nodes"]]
    ['a', 'b', '*', '+']
    >>> shown["numbers"]["values"], shown["numbers"]["grads"]
    (['2', '-3', '-6', '-4'], ['-2', '2', '1', '1'])
    >>> shown["graph"]["edges"], shown["numbers"]["passed"], shown["numbers"]["after"]
    ([(0, 2), (1, 2), (2, 3), (0, 3)], ['-3', '2', '1', '1'], ['-2', '2', '1', '1'])
    """
    leaves = {name: Value(value) for name, value in inputs.items()}
    for name, leaf in leaves.items():
        leaf.label = name
    root = function_of(function, [*inputs])(**leaves)
    nodes = _operands_first(root, max_nodes)
    place = {node: k for k, node in enumerate(nodes)}
    edges = [(place[operand], place[node]) for node in nodes for operand in dict.fromkeys(node.prev)]
    titles = [": ".join([*name_of(node), *([_operation(node)] if node._op else [])]) or "constant" for node in nodes]
    graph = {
        "nodes": [{"title": title, "operation": bool(node._op)} for title, node in zip(titles, nodes)],
        "edges": edges,
        "inputs": {name: place.get(leaf) for name, leaf in leaves.items()},
        "LR": _laid_out(titles, edges, "LR"),
        "TB": _laid_out(titles, edges, "TB"),
    }
    return {"graph": graph, "numbers": _numbers(nodes, edges)}


def _numbers(nodes: list[Node], edges: list[tuple[int, int]]) -> _Json:
    """Sweep once, for the gradients, and once node by node, to see what each passes on."""
    nodes[-1].backward()
    grads = [node.grad for node in nodes]
    passed: dict[tuple[int, int], float] = {}
    after: dict[tuple[int, int], float] = {}
    sums = [0.0] * len(nodes)
    for k in reversed(range(len(nodes))):
        to_operands = [edge for edge in edges if edge[1] == k]
        for operand, _ in to_operands:
            nodes[operand].grad = 0.0
        if to_operands:
            nodes[k]._backward()
        for edge in to_operands:
            operand = edge[0]
            passed[edge] = nodes[operand].grad
            sums[operand] += passed[edge]
            after[edge] = sums[operand]
            nodes[operand].grad = grads[operand]
    return {
        "values": [decimal(node.data) for node in nodes],
        "grads": [decimal(grad) for grad in grads],
        "passed": [decimal(passed[edge]) for edge in edges],
        "after": [decimal(after[edge]) for edge in edges],
    }


def _laid_out(titles: list[str], edges: list[tuple[int, int]], rankdir: _Direction) -> _Json:
    """Return where boxes and edges lie."""
    sizes = {
        str(k): (max(_LEAST_WIDTH, _CHARACTER * length(title) + _MARGIN), _HEIGHT) for k, title in enumerate(titles)
    }
    named = [(str(operand), str(node)) for operand, node in edges]
    columns = Columns({name: turned(size, rankdir) for name, size in sizes.items()}, named)
    drawn = [[columns.curve(link, rankdir) for link in columns.pieces(edge)] for edge in named]
    return {
        "size": [round(extent) for extent in turned(columns.extents, rankdir)],
        "boxes": [
            [round(extent, 1) for extent in (*turned(columns.center(name), rankdir), *size)]
            for name, size in sizes.items()
        ],
        "curves": [" ".join(curve for curve, _ in pieces) for pieces in drawn],
        "arrows": [pieces[-1][1] for pieces in drawn],
    }

from collections.abc import Callable, Sequence
from typing import Any, SupportsFloat

from fastgrad._tape.node import Node

def gradients(
    y: Node | Sequence[Node],
    xs: Node | Sequence[Node],
    create_graph: bool = False,
    seeds: Node | SupportsFloat | Sequence[Node | SupportsFloat] | None = None,
) -> Any: ...
def backward_with_graph(root: Node, gradient: float) -> None: ...
def set_slopes(number: Node, slopes: Callable[[], list[Any]]) -> None: ...
def nodes_made() -> int: ...

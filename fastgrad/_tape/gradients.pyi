from collections.abc import Sequence
from typing import Any, SupportsFloat

from fastgrad._tape.node import Node

def gradients(
    y: Node | Sequence[Node],
    xs: Node | Sequence[Node],
    create_graph: bool = False,
    seeds: Node | SupportsFloat | Sequence[Node | SupportsFloat] | None = None,
) -> Any: ...
def backward_with_graph(root: Node, gradient: float) -> None: ...

from collections.abc import Iterable
from typing import SupportsFloat

from fastgrad._tape.node import Node

def wrong_argument(name: str, numbers: Iterable[object]) -> TypeError | None: ...
def plain(x: Node | SupportsFloat) -> float: ...

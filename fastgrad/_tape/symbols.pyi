from typing import SupportsFloat

from fastgrad._tape.node import Node

def slopes_of(name: str, *numbers: Node | SupportsFloat) -> list[Node]: ...

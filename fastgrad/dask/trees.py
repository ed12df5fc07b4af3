"""Sums by a tree whose shape the number of blocks decides, so that they do not depend on who computed what, or when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def tree_sum(parts: Sequence[Any]) -> Any:
    """Add neighbours, and the sums of neighbours, until one is left; None stands for nothing.

    >>> tree_sum([1.0, 2.0, None, 4.0, 5.0])
    12.0
    """
    level = list(parts)
    while len(level) > 1:
        level = [_added(*level[k : k + 2]) for k in range(0, len(level), 2)]
    return level[0]


def _added(left: Any, right: Any = None) -> Any:
    if left is None or right is None:
        return right if left is None else left
    return left + right

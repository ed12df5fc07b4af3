"""Arguments with rows that lie in blocks elsewhere: found among those of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastgrad.compiled.arguments import is_elsewhere
from fastgrad.dask.blocks import Column
from fastgrad.dask.programs import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastgrad.dask.blocks import Blocks


def source_of(given: Sequence[tuple[str, Any]]) -> tuple[Blocks, list[Any]]:
    """Return the blocks that arguments with rows lie in, each given with what messages call it, and the arguments
    with a `Place` for each column.
    """
    leaves: list[tuple[str, Any]] = []
    placed = [_placed(arg, what, leaves) for what, arg in given]
    if not any(isinstance(leaf, Column) for _, leaf in leaves):
        from fastgrad.dask.collections import of_collections

        return of_collections(leaves), placed
    sources = {id(getattr(leaf, "source", None)) for _, leaf in leaves}
    if len(sources) > 1:
        raise ValueError(
            f"{' and '.join(what for what, _ in leaves)} must be columns of the same blocks: make them by one call of "
            "fastgrad.dask.blocks"
        )
    return leaves[0][1].source, placed


def _placed(arg: Any, what: str, leaves: list[tuple[str, Any]]) -> Any:
    if isinstance(arg, dict):
        return {key: _placed(entry, f"{what}[{key!r}]", leaves) for key, entry in arg.items()}
    if type(arg) in (list, tuple):
        return type(arg)(_placed(entry, f"{what}[{k}]", leaves) for k, entry in enumerate(arg))
    if not is_elsewhere(arg):
        raise TypeError(
            f"{what} must have its rows in blocks, as other arguments have, not {arg!r:.60}: what is the same for all "
            "rows wants None in in_axes, and dask.array.from_array makes blocks of an array"
        )
    leaves.append((what, arg))
    return Place(arg.place if isinstance(arg, Column) else len(leaves) - 1)

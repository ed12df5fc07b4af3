"""Rows in files: a total over them reads block after block, so that it takes no memory of their size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastgrad.compiled.arguments import _Axes

_NUMBERS = 1 << 18  # of the widest argument, that are read together


def in_blocks(args: tuple[Any, ...], in_axes: _Axes) -> Iterator[tuple[Any, ...]] | None:
    """Return the arguments of a few rows after the other, where one is a memory map that would have to be copied.

    None where the arguments may be read at once: a memory map of float64 is read where it lies.
    """
    axes = list(in_axes) if isinstance(in_axes, (list, tuple)) else [in_axes] * len(args)
    if len(axes) != len(args) or not any(axis == 0 and _to_be_copied(arg) for arg, axis in zip(args, axes)):
        return None
    arrays = [arg for arg, axis in zip(args, axes) if axis == 0]
    if not all(isinstance(array, np.ndarray) and array.ndim and len(array) == len(arrays[0]) for array in arrays):
        return None
    return _blocks(args, axes, max(1, len(arrays[0])), max(1, *(array[:1].size for array in arrays)))


def _to_be_copied(x: Any) -> bool:
    return isinstance(x, np.memmap) and (x.dtype != np.float64 or not x.flags.c_contiguous)


def _blocks(args: tuple[Any, ...], axes: list[Any], rows: int, width: int) -> Iterator[tuple[Any, ...]]:
    step = max(1, _NUMBERS // width)
    for start in range(0, rows, step):
        part = slice(start, start + step)
        yield tuple(np.asarray(arg[part]) if axis == 0 else arg for arg, axis in zip(args, axes))

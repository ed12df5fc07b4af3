"""What a notebook shows of a history: where each line of numbers began, how low and high it was, where it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastgrad.draw.tables import table

if TYPE_CHECKING:
    from fastgrad.train.history import History


def history(of: History) -> str:
    """Write the table of a history."""
    known = [(name, getattr(of, name)) for name in ("loss", "val_loss", "metric", "val_metric")]
    lines = [(name, line) for name, line in known if len(line)]

    def row(k: int) -> list[object]:
        name, line = lines[k]
        return [name, *map(float, (line[0], np.fmin.reduce(line), np.fmax.reduce(line), line[-1]))]

    epochs = f"{of.epochs:,} epoch{'' if of.epochs == 1 else 's'}"
    title = f"{epochs} in {of.seconds:.3g} s: {of.stopped or 'running'}"
    return table(title, ["", "first", "lowest", "highest", "last"], len(lines), row)

"""What a notebook shows of a module: a row for each layer, neuron or single parameter."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fastgrad.draw.tables import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastgrad.nn.module import Rows, Single


def parameters(model: str, blocks: Sequence[Single | Rows], count: int) -> str:
    """Write the table of a model's parameters, of which there are so many, each once."""

    def row(k: int) -> list[object]:
        block = blocks[k]
        if not isinstance(block.stretch, tuple):  # a scalar on its own
            return [*block.shapes, "", block.activation or "", "scalar", 1]
        nin, nout = block.width - 1, math.prod(block.shapes[block.b])
        weights = " x ".join(f"{size:,}" for size in block.shapes[block.w])
        return [block.prefix or model, f"{nin:,} to {nout:,}", block.activation, weights, nout * block.width]

    title = f"{model}: {count:,} parameter{'' if count == 1 else 's'}"
    return table(title, ["", "inputs to outputs", "activation", "weights", "parameters"], len(blocks), row)

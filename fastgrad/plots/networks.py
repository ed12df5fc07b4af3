"""A network in a figure: neurons in columns, and between them a line for each weight, in the weight's colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad import nn
from fastgrad.nn.drawing import columns_of, gaps_of
from fastgrad.plots.axes import axes
from fastgrad.train import arguments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

_THIN, _THICK, _DOT = 0.4, 3.0, 220.0  # points; points' squares


def network(model: nn.Module, ax: Axes | None = None, *, max_neurons: int = 16) -> Axes:
    """Draw a network: inputs and neurons in columns, and weights as lines, blue above 0 and red below.

    A line is the wider the larger the weight; a neuron has the colour of its bias. A bar tells what colours mean.
    `nn.Module.draw` makes a picture with names and numbers of it.

    Parameters
    ----------
    model : nn.Module
        Layers that are applied one after the other.
    ax : matplotlib.axes.Axes, optional
    max_neurons : int
        How many circles a column has at most, 3 or more. Of a wider layer the first and the last are drawn, and dots
        between.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError, ValueError
        If the model is none, or computes in a way that only it knows.

    Examples
    --------
    >>> from fastgrad import nn
    >>> ax = network(nn.MLP(2, [4, 1], rng=0))
    >>> [len(lines.get_segments()) for lines in ax.collections[:2]]
    [8, 4]
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a module of fastgrad.nn{arguments.of_estimator(model)}, not {model!r:.60}")
    name = type(model).__name__
    steps = model._steps("")
    if not steps or any(isinstance(step, str) for step in steps):
        raise TypeError(f"{name} must be layers that are applied one after the other, of which there are pictures")
    columns = columns_of(name, steps, arguments.count(max_neurons, "max_neurons", least=3))
    ax = axes(ax)
    from matplotlib import colormaps
    from matplotlib.colors import Normalize

    largest = max((float(np.abs(_finite(c.table)).max(initial=0.0)) for c in columns if c.table is not None), default=0)
    scale = Normalize(-(largest or 1.0), largest or 1.0)
    look: dict[str, Any] = {"cmap": colormaps["RdBu"].with_extremes(bad="black"), "norm": scale}
    lines = [_lines(ax, k, gap, largest or 1.0, look) for k, gap in enumerate(gaps_of(columns)) if gap.weights]
    for k, column in enumerate(columns):
        heights = _heights(column.spots)
        biases = [0.0 if column.table is None or place is None else column.table[place, -1] for place in column.spots]
        shown = [place is not None for place in column.spots]
        at, colors = np.compress(shown, heights), np.compress(shown, biases)
        ax.scatter([k] * len(at), at, c=colors, s=_DOT, edgecolors="black", zorder=2, **look)
        for height in np.compress(np.logical_not(shown), heights):
            ax.text(k, height, "⋮", ha="center", va="center", fontsize=14)
        caption = "\n".join(part for text in column.caption for part in text.split(", "))
        above: dict[str, Any] = {"xytext": (0, 14), "textcoords": "offset points", "ha": "center", "va": "bottom"}
        ax.annotate(caption, (k, max(heights)), fontsize=8, **above)
    ax.set_axis_off()
    ax.margins(0.15, 0.1)
    ax.figure.colorbar(lines[-1], ax=ax, label="Weight", format="%g")
    return ax


def _finite(table: Any) -> Any:
    return table[np.isfinite(table)]


def _heights(spots: Sequence[object]) -> Any:
    """Return the heights of what stands in a column, the first on top, around 0."""
    return (len(spots) - 1) / 2.0 - np.arange(len(spots))


def _lines(ax: Axes, k: int, gap: Any, largest: float, look: dict[str, Any]) -> Any:
    """Draw the weights between two columns, the larger ones above the others; those that are not finite are black."""
    from matplotlib.collections import LineCollection

    before, after = (dict(zip(c.spots, _heights(c.spots))) for c in (gap.before, gap.after))
    weights = np.array([gap.weight(i, j) for i, j in gap.pairs])
    order = np.argsort(np.abs(weights))
    ends = [[(k, before[i]), (k + 1, after[j])] for i, j in (gap.pairs[n] for n in order)]
    sizes = np.abs(np.where(np.isfinite(weights), weights, largest))[order] / largest
    lines = LineCollection(ends, linewidths=_THIN + (_THICK - _THIN) * sizes, zorder=1, **look)
    lines.set_array(np.ma.masked_invalid(weights[order]))
    ax.add_collection(lines)
    return lines

"""What all plots have in common: axes, legends that cover nothing, colours, and numbers that are checked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from fastgrad.draw.tables import shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.legend import Legend
    from numpy.typing import NDArray

    _Floats: TypeAlias = NDArray[np.float64]
    _Color: TypeAlias = tuple[float, ...]

_MOST_ENTRIES, _MOST_CHARACTERS = 40, 28  # of a legend
_LINE, _HANDLE = 1.5, 5.0  # a legend's line, and what stands before its text, in sizes of the font
_ROOM = 1.5  # inches beside new axes that a legend may take of them


def pyplot() -> Any:
    """Return matplotlib's module of that name."""
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError('the pictures need matplotlib: pip install "fastgrad[plots]"') from error
    return pyplot


def axes(ax: Axes | None) -> Axes:
    """Return the given axes, or those of a new figure."""
    if ax is not None:
        return ax
    new: Axes = pyplot().subplots(layout="constrained")[1]
    return new


def epochs_along(ax: Axes, label: str) -> None:
    """Have epochs, which are whole numbers, from left to right, and another quantity upwards."""
    from matplotlib.ticker import MaxNLocator

    ax.set(xlabel="Epoch", ylabel=label)
    if not ax.dataLim.width > 0.0:  # one epoch, or none
        ax.set_xlim(-0.5, 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.ticklabel_format(axis="y", useOffset=False)
    ax.grid(True, alpha=0.3)


def line(ax: Axes, numbers: _Floats, **look: Any) -> Any:
    """Draw a line of numbers by epoch; a point that has no neighbours to be joined to gets a dot."""
    finite = np.isfinite(numbers)
    before, after = np.append(False, finite[:-1]), np.append(finite[1:], False)
    alone = np.flatnonzero(finite & ~before & ~after).tolist()
    made = ax.plot(np.where(finite, numbers, np.nan), **look)[0]
    if alone:
        ax.scatter(alone, numbers[alone], color=made.get_color())
    return made


def legend(ax: Axes, new: bool, **look: Any) -> Legend:
    """Draw the legend beside the axes where the figure makes room for it, else in them, where nothing is.

    Of many entries the first are shown, in several columns, and how many more there are. New axes keep their width: the
    figure gets wider, or higher, by what a large legend takes.
    """
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    beside = isinstance(ax.figure.get_layout_engine(), ConstrainedLayoutEngine)
    handles, labels = ax.get_legend_handles_labels()
    texts = [shortened(str(label), _MOST_CHARACTERS) for label in labels]
    look |= {"fontsize": "small" if len(texts) > 12 else "medium"}
    most, in_a_column = _entries(ax, texts, _size(look["fontsize"]), beside)
    if len(texts) > most:
        from matplotlib.lines import Line2D

        handles = [*handles[:most], Line2D([], [], linestyle="none")]
        texts = [*texts[:most], f"… {len(texts) - most:,} more"]
    look["ncols"] = math.ceil(len(texts) / in_a_column)
    if not beside:
        made = ax.legend(handles, texts, **look)
        return ax.legend(handles, texts, loc="upper right", **look) if _room_is_made(ax, made) else made
    made = ax.legend(handles, texts, loc="upper left", bbox_to_anchor=(1.0, 1.0), **look)
    if new:
        figure: Any = ax.figure
        width, height = made.get_window_extent().size / figure.dpi
        inches = figure.get_size_inches()
        figure.set_size_inches(inches[0] + max(0.0, width - _ROOM), max(inches[1], height + 0.5))
    return made


def _entries(ax: Axes, texts: list[str], size: float, beside: bool) -> tuple[int, int]:
    """Return how many entries a legend may have, and how many in a column, for the height of the axes.

    In the axes they may take two thirds of the width, too; a letter is about two thirds of its size wide.
    """
    extent, inch = ax.get_window_extent(), ax.figure.dpi
    width, height = 72.0 * extent.width / inch, 72.0 * extent.height / inch
    in_a_column = max(3, int(height / (_LINE * size)) - 1)
    if beside:
        return _MOST_ENTRIES, in_a_column
    columns = max(1, int(0.66 * width / (size * (0.66 * max(map(len, texts), default=0) + _HANDLE))))
    return min(_MOST_ENTRIES, in_a_column * columns - 1), in_a_column


def _size(name: str) -> float:
    """Return a font's size in points."""
    from matplotlib.font_manager import FontProperties

    return float(FontProperties(size=name).get_size_in_points())


def laid_out(ax: Any) -> None:
    """Have everything of the figure, of which the axes may be in a part, at its place."""
    ax.figure.canvas.figure.draw_without_rendering()


def _room_is_made(ax: Any, made: Legend) -> bool:
    """Have the axes reach further to the right if the legend would lie over a line; say whether they do."""
    laid_out(ax)
    box, inside = made.get_window_extent(), ax.get_window_extent()
    paths = [line.get_path().transformed(line.get_transform()) for line in ax.get_lines()]
    if not any(path.intersects_bbox(box, False) for path in paths):
        return False
    share = min(0.7, (box.width + 20.0) / inside.width)
    left, right = ax.get_xlim()
    ax.set_xlim(left, left + (right - left) / (1.0 - share))
    return True


def colors(count: int) -> list[_Color]:
    """Return so many colours that differ: strong ones, pale ones beyond ten, and a scale beyond twenty."""
    from matplotlib import colormaps

    if count <= 20:
        pairs = list(colormaps["tab20"].colors)  # type: ignore[attr-defined]  # a list of colours has them
        return [*pairs[::2], *pairs[1::2]][:count]
    return [tuple(color[:3]) for color in colormaps["turbo"](np.linspace(0.02, 0.98, count))]


MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "<", ">", "h", "*")


def on(background: Sequence[float]) -> str:
    """Return the colour of a text that is readable on another: black or white, whichever contrasts more.

    The contrast is that of WCAG 2, https://www.w3.org/TR/WCAG20/#contrast-ratiodef, and at least 4.5.

    >>> on((1.0, 1.0, 0.9)), on((0.0, 0.2, 0.5))
    ('black', 'white')
    """
    return "black" if luminance(background) > 0.179 else "white"


def luminance(color: Sequence[float]) -> float:
    """Return the relative luminance of an sRGB colour, from 0 to 1."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def numbers(given: Any, ndim: int, name: str) -> _Floats:
    """Return an array of floats of so many dimensions, epochs along the first."""
    try:
        made = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        what = {1: "what train.fit returned, or a list of numbers", 2: "a list of rows of numbers"}[ndim]
        raise TypeError(f"{name} must be {what}, not {given!r:.60} of type {type(given).__name__}") from error
    if made.ndim != ndim:
        shape = {1: "(epochs,)", 2: "(epochs, parameters)"}[ndim]
        raise ValueError(f"{name} must have the shape {shape}, not {made.shape}")
    return made

"""What a model makes of the plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad._frames import columns_of
from fastgrad._tape.functions import no_grad
from fastgrad.plots.axes import MARKERS, axes, colors, legend
from fastgrad.train import arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from fastgrad.plots.axes import _Color, _Floats

_LARGE, _SMALL, _FEW = 36.0, 4.0, 400.0  # areas of points; how many have the large one
_SHADES = 20


def decision_regions(
    model: Callable[..., Any],
    X: Any,
    y: Any,
    ax: Axes | None = None,
    resolution: int = 200,
    margin: float = 0.5,
) -> Axes:
    """Draw what a model makes of the plane, and the points it was trained on.

    The output of a model with one is drawn in about 20 shades, with a bar that tells what they mean; it is best a
    probability. Of several outputs, the plane is divided by which is the largest.

    Parameters
    ----------
    model : nn.Module or callable
        As for `train.fit`, with two inputs.
    X : array_like or frame, shape (n, 2)
        The names of a frame's columns are those of the axes.
    y : array_like or series, shape (n,) or (n, classes)
        Labels; or a column for each class, the largest of which counts.
    ax : matplotlib.axes.Axes, optional
    resolution : int
        How many points to compute along each axis.
    margin : float
        How far the picture goes beyond the points.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from fastgrad import nn
    >>> X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    >>> ax = decision_regions(nn.MLP(2, [4, 1], output_activation="sigmoid"), X, [0, 1, 1, 0])
    >>> ax.get_xlim() == (-0.5, 1.5), [text.get_text() for text in ax.get_legend().get_texts()]
    (True, ['class 0', 'class 1'])
    """
    plane = Plane(X, y, arguments.count(resolution, "resolution", least=2), arguments.not_negative(margin, "margin"))
    outputs = plane.outputs(model)
    new, ax = ax is None, axes(ax)
    shades = plane.draw(ax, outputs)
    if shades is not None:
        ax.figure.colorbar(shades, ax=ax, label="Prediction", format="%g").ax.set_facecolor("white")
    marks: Any = legend(ax, new, facecolor="white", labelcolor="black").legend_handles
    for mark in marks:
        if hasattr(mark, "set_sizes"):  # not what else a user has drawn there
            mark.set_sizes([_LARGE])  # however small the points are
    return ax


class Plane:
    """Points of classes, the part of the plane around them, and a grid of it.

    Attributes
    ----------
    X : numpy.ndarray, shape (n, 2)
    labels : numpy.ndarray, shape (n,)
    across, up : numpy.ndarray, shape (resolution,)
    """

    def __init__(self, X: Any, y: Any, resolution: int, margin: float) -> None:
        self.names = columns_of(X) or ("Feature 1", "Feature 2")
        rows, y = arguments.data(X, y)
        self.X = rows[:]  # of rows in a file, an array
        if self.X.shape[1] != 2:
            raise ValueError(f"X must have two columns to be drawn in the plane, not {self.X.shape[1]}")
        self.labels = y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else y.ravel()
        self.known = np.unique(self.labels)
        ends = [(x.min() - margin, x.max() + margin) for x in self.X.T]
        ends = [(low, high) if low < high else (low - 0.5, high + 0.5) for low, high in ends]
        self.across, self.up = (np.linspace(low, high, resolution) for low, high in ends)

    def outputs(self, model: Callable[..., Any]) -> _Floats:
        """Return what the model makes of each point of the grid: of shape (up, across), or (up, across, classes)."""
        grid = np.stack(np.meshgrid(self.across, self.up), axis=-1)
        outputs = outputs_of(model, grid.reshape(-1, 2))
        up, across = grid.shape[:2]
        outputs = outputs.reshape((up, across) if outputs.size == up * across else (up, across, -1))
        classes = 1 if outputs.ndim == 2 else outputs.shape[-1]
        if outputs.ndim == 3 and not np.isin(self.labels, range(classes)).all():
            raise ValueError(f"y must hold classes from 0 to {classes - 1}, as the model has outputs")
        return outputs

    def draw(self, ax: Axes, outputs: _Floats, levels: _Floats | None = None) -> Any:
        """Draw the regions and the points; return the shades, of one output, which a bar explains."""
        shades = None
        ax.set_facecolor("white")  # in a dark style, too: regions are pale, and points are dark
        if outputs.ndim == 2:
            shades, found = _draw_output(ax, self.across, self.up, outputs, levels, len(self.known))
        else:
            found = _draw_classes(ax, self.across, self.up, outputs, self.known)
        self._draw_points(ax, found)
        ax.set(xlabel=self.names[0], ylabel=self.names[1])
        return shades

    def _draw_points(self, ax: Axes, colors: Iterable[_Color]) -> None:
        """Draw the points, of many smaller ones, and of each class in a shape of its own."""
        share = min(1.0, _FEW / len(self.X))
        look: dict[str, Any] = {"s": max(_SMALL, _LARGE * share), "linewidths": max(0.25, share), "edgecolors": "black"}
        for k, (label, color) in enumerate(zip(self.known, colors)):
            points = self.X[self.labels == label]
            marker = MARKERS[k % len(MARKERS)]
            ax.scatter(points[:, 0], points[:, 1], color=[color], marker=marker, label=f"class {label:g}", **look)


def outputs_of(model: Callable[..., Any], rows: _Floats) -> _Floats:
    """Return what a model makes of rows, by batch or one by one."""
    by_batch = arguments.takes_batches(model, rows)
    with no_grad():
        return arguments.as_array(arguments.forward(model, by_batch)(rows))


def levels_of(outputs: _Floats) -> _Floats:
    """Return where one shade ends and the next begins: round numbers, as matplotlib has them."""
    from matplotlib.ticker import MaxNLocator

    finite = outputs[np.isfinite(outputs)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):  # all the same
        low, high = low - max(0.5, 0.5 * abs(low)), high + max(0.5, 0.5 * abs(high))
    return np.asarray(MaxNLocator(_SHADES + 1, min_n_ticks=1).tick_values(low, high))


def _draw_output(
    ax: Axes, across: _Floats, up: _Floats, outputs: _Floats, levels: _Floats | None, classes: int
) -> tuple[Any, Iterable[_Color]]:
    """Draw the regions of one output. A class's points have the regions' own colour, darker, on pale regions."""
    shown = np.ma.masked_invalid(outputs)
    ends = levels_of(outputs) if levels is None else levels
    shades = ax.contourf(across, up, shown, levels=ends, cmap="RdYlBu", alpha=0.4)
    darker = shades.get_cmap()(np.linspace(0.0, 1.0, classes))[:, :3] * 0.85
    return shades, [tuple(color) for color in darker]


def _draw_classes(ax: Axes, across: _Floats, up: _Floats, outputs: _Floats, known: NDArray[Any]) -> Iterable[_Color]:
    """Draw the regions of several outputs, and return a colour for each label."""
    classes = outputs.shape[2]
    every = colors(classes)
    largest = np.ma.masked_array(outputs.argmax(axis=2), ~np.isfinite(outputs).all(axis=2))
    ax.contourf(across, up, largest, levels=np.arange(classes + 1) - 0.5, colors=every, alpha=0.3)
    return [every[int(label)] for label in known]

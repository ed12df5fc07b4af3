"""Which classes are taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad.draw.canvas import format_of
from fastgrad.draw.tables import shortened
from fastgrad.plots.axes import laid_out, on, pyplot
from fastgrad.train import arguments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

_CELL, _LARGEST, _SMALLEST = 0.5, 10.0, 3.0  # inches; points
_LONG_NAME, _LONGEST_NAME = 4, 24  # characters


def confusion_matrix(
    y: ArrayLike,
    predicted: ArrayLike,
    labels: Sequence[str] | None = None,
    ax: Axes | None = None,
    *,
    normalize: bool = False,
    numbers: str = "%g",
) -> Axes:
    """Draw how many rows of each class are taken for which, a number in each cell.

    Parameters
    ----------
    y : array_like, shape (n,) or (n, classes)
        Labels from 0 on; or a column for each class, the largest of which counts.
    predicted : array_like, shape (n,) or (n, classes)
        What was predicted, in one of these ways: ``model(X).data`` of a model with an output for each class will do.
    labels : sequence of str, optional
        The classes' names.
    ax : matplotlib.axes.Axes, optional
    normalize : bool
        Whether to show the shares of each row's class, to two digits, in place of the numbers of rows.
    numbers : str
        How numbers are written, by Python's operator %.

    Returns
    -------
    matplotlib.axes.Axes
        Rows are true classes, columns are predicted ones.

    Raises
    ------
    TypeError, ValueError
        If these are no classes, or not equally many, or names for other than the classes there are.

    Examples
    --------
    >>> ax = confusion_matrix([0, 0, 1, 2], [0, 1, 1, 2], ["cat", "dog", "owl"])
    >>> [text.get_text() for text in ax.texts]
    ['1', '1', '0', '0', '1', '0', '0', '0', '1']
    """
    write = format_of(numbers)
    if not isinstance(normalize, (bool, np.bool_)):
        raise TypeError(f"normalize must be True, for shares of each true class, or False, not {normalize!r:.60}")
    true, taken = _classes(y, "y"), _classes(predicted, "predicted")
    if len(true) != len(taken):
        raise ValueError(f"predicted must have a row for each of y, {len(true)}, not {len(taken)}")
    classes = 1 + max(int(true.max()), int(taken.max()), _width(y) - 1, _width(predicted) - 1)
    names = [str(k) for k in range(classes)] if labels is None else [str(label) for label in labels]
    if len(names) < classes:
        raise ValueError(f"labels must be a name for each class, {classes}, not {len(names)}")
    classes = len(names)
    counts = np.zeros((classes, classes))
    np.add.at(counts, (true, taken), 1.0)
    if normalize:
        counts = np.round(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0), 2)
    texts = [[write(float(count)) for count in row] for row in counts]
    drawn: Axes = _drawn(counts, texts, names, ax)
    return drawn


def _drawn(counts: Any, texts: list[list[str]], names: list[str], ax: Any) -> Any:
    classes, names = len(names), [shortened(name, _LONGEST_NAME) for name in names]
    if ax is None:
        side = max(3.6, _CELL * classes + 1.0) + 0.08 * max(map(len, names))
        ax = pyplot().subplots(figsize=(side, side), layout="constrained")[1]
    shades: Any = ax.imshow(counts, cmap="Blues", vmin=0.0, vmax=max(counts.max(), 1e-300))
    long = max(map(len, names)) > _LONG_NAME
    turned: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if long else {}
    ax.set_xticks(range(classes), names, **turned)
    ax.set_yticks(range(classes), names)
    ax.set(xlabel="Predicted", ylabel="True")
    written = [
        ax.text(column, row, text, ha="center", va="center", color=on(shades.to_rgba(counts[row, column])))
        for row, line in enumerate(texts)
        for column, text in enumerate(line)
    ]
    laid_out(ax)
    cell = 72.0 / ax.figure.dpi * ax.get_window_extent().width / classes  # in points
    longest = max(max(map(len, line)) for line in texts)
    size = min(_LARGEST, max(_SMALLEST, 0.9 * cell / (0.64 * longest + 0.4)))  # a digit is 0.64 of the size wide
    for text in written:
        text.set_fontsize(size)
    for ticks in (ax.get_xticklabels(), ax.get_yticklabels()):
        for label in ticks:
            label.set_fontsize(min(_LARGEST, max(_SMALLEST, 0.8 * cell)))
    return ax


def _width(given: ArrayLike) -> int:
    shape = np.shape(given)
    return shape[1] if len(shape) == 2 else 0


def _classes(given: ArrayLike, name: str) -> NDArray[np.int64]:
    """Return the class of each row."""
    made = arguments.array(given, name)
    if made.ndim == 2 and made.shape[1] > 1:
        largest: NDArray[np.int64] = made.argmax(axis=1)
        return largest
    flat: NDArray[Any] = made.ravel()
    if made.ndim not in (1, 2) or not len(flat):
        raise ValueError(f"{name} must have the shape (n,) or (n, classes) with a row at least, not {made.shape}")
    for number in flat[(flat != np.rint(flat)) | (flat < 0)][:1]:
        raise ValueError(
            f"{name} must hold classes, whole numbers from 0 on, not {number}: of one output, give (output > 0.5)"
        )
    return flat.astype(np.int64)

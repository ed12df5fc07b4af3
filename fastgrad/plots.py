"""Pictures of training: the loss, the parameters along the epochs, and what a model decides in the plane.

They take matplotlib, which the extra ``plots`` installs. Each draws on the axes it is given, or on those of a new
figure, and returns them: ``ax.figure.savefig("loss.svg")`` saves the picture, and a notebook shows it. In a figure with
``layout="constrained"``, as a new one is, legends stand beside the axes.

>>> import numpy as np
>>> ax = parameter_history(np.array([[0.0, 1.0], [0.5, 0.8], [0.7, 0.7]]), labels=["w", "b"])
>>> [line.get_label() for line in ax.get_lines()]
['w', 'b']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from fastgrad._frames import columns_of
from fastgrad._tape.functions import no_grad
from fastgrad.train import arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    from fastgrad.train import History

    _Floats: TypeAlias = NDArray[np.float64]

__all__ = ["decision_regions", "loss_curve", "parameter_history"]


def _axes(ax: Axes | None) -> Axes:
    """The given axes, or those of a new figure."""
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError('the pictures need matplotlib: pip install "fastgrad[plots]"') from error
    return pyplot.subplots(layout="constrained")[1]


def _legend(ax: Axes) -> None:
    """Draw the legend beside the axes where the figure makes room for it, else where it covers least."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    if isinstance(ax.figure.get_layout_engine(), ConstrainedLayoutEngine):
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    else:
        ax.legend()


def loss_curve(history: History | ArrayLike, ax: Axes | None = None) -> Axes:
    """Draw the loss of each epoch, and that of the validation data where there are any.

    Parameters
    ----------
    history : train.History or array_like of shape (epochs,)
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
        Call its ``set_yscale("log")`` where the loss falls by orders of magnitude.

    Examples
    --------
    >>> ax = loss_curve([1.0, 0.5, 0.25])
    >>> ax.get_lines()[0].get_xydata().tolist()
    [[0.0, 1.0], [1.0, 0.5], [2.0, 0.25]]
    """
    loss = _numbers(getattr(history, "loss", history), 1, "history")
    validation = getattr(history, "val_loss", ())
    ax = _axes(ax)
    ax.plot(loss, label="training")
    if len(validation):
        ax.plot(validation, label="validation")
        _legend(ax)
    ax.set(xlabel="Epoch", ylabel="Loss")
    ax.grid(True, alpha=0.3)
    return ax


def parameter_history(parameters: ArrayLike, labels: Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
    """Draw how parameters changed, a line for each.

    Parameters
    ----------
    parameters : array_like of shape (epochs, parameters)
        For instance a list of ``model.flat``, to which a callback of `train.fit` appends.
    labels : sequence of str, optional
        A name for each parameter. Without it there is no legend.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    parameters = _numbers(parameters, 2, "parameters")
    if labels is not None and len(labels) != parameters.shape[1]:
        raise ValueError(f"labels must be a name for each parameter, {parameters.shape[1]}, not {len(labels)}")
    ax = _axes(ax)
    lines = ax.plot(parameters)
    if labels is not None:
        for line, label in zip(lines, labels):
            line.set_label(label)
        _legend(ax)
    ax.set(xlabel="Epoch", ylabel="Parameter")
    ax.grid(True, alpha=0.3)
    return ax


def decision_regions(
    model: Callable[..., Any],
    X: Any,
    y: Any,
    ax: Axes | None = None,
    resolution: int = 200,
    margin: float = 0.5,
) -> Axes:
    """Draw what a model makes of the plane, and the points it was trained on.

    The output of a model with one is drawn in 20 shades, with a bar that tells what they mean; it is best a
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
    names = columns_of(X) or ("Feature 1", "Feature 2")
    X, y = arguments.data(X, y)
    X = X[:]  # of rows in a file, an array
    if X.shape[1] != 2:
        raise ValueError(f"X must have two columns to be drawn in the plane, not {X.shape[1]}")
    resolution, margin = arguments.count(resolution, "resolution", least=2), arguments.not_negative(margin, "margin")
    labels = y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else y.ravel()
    across, up = (np.linspace(x.min() - margin, x.max() + margin, resolution) for x in X.T)
    outputs = _outputs(model, across, up)
    if outputs.ndim == 3 and not np.isin(labels, range(outputs.shape[2])).all():
        raise ValueError(f"y must hold classes from 0 to {outputs.shape[2] - 1}, as the model has outputs")
    ax = _axes(ax)
    draw = _draw_output if outputs.ndim == 2 else _draw_classes
    colors = draw(ax, across, up, outputs, np.unique(labels))
    for label, color in zip(np.unique(labels), colors):
        points = X[labels == label]
        ax.scatter(points[:, 0], points[:, 1], color=color, edgecolor="black", label=f"class {label:g}")
    ax.set(xlabel=names[0], ylabel=names[1])
    _legend(ax)
    return ax


def _outputs(model: Callable[..., Any], across: _Floats, up: _Floats) -> _Floats:
    """What the model makes of each point of a grid: of shape (up, across), or (up, across, classes)."""
    grid = np.stack(np.meshgrid(across, up), axis=-1)
    rows = grid.reshape(-1, 2)
    by_batch = arguments.takes_batches(model, rows)
    with no_grad():
        outputs = arguments.as_array(arguments.forward(model, by_batch)(rows))
    return outputs.reshape(grid.shape[:2] if outputs.size == len(rows) else (*grid.shape[:2], -1))


def _draw_output(ax: Axes, across: _Floats, up: _Floats, outputs: _Floats, labels: NDArray[Any]) -> Iterable[Any]:
    """The regions of one output, and a color for each label: the regions' own, darker, on pale regions."""
    shades = ax.contourf(across, up, outputs, levels=20, cmap="RdYlBu", alpha=0.4)
    ax.figure.colorbar(shades, ax=ax, label="Prediction")
    return shades.get_cmap()(np.linspace(0.0, 1.0, len(labels)))[:, :3] * 0.85


def _draw_classes(ax: Axes, across: _Floats, up: _Floats, outputs: _Floats, labels: NDArray[Any]) -> Iterable[Any]:
    """The regions of several outputs, and a color for each label."""
    classes = outputs.shape[2]
    colors = [f"C{k}" for k in range(classes)]
    ax.contourf(across, up, outputs.argmax(axis=2), levels=np.arange(classes + 1) - 0.5, colors=colors, alpha=0.3)
    return [colors[int(label)] for label in labels]


def _numbers(given: Any, ndim: int, name: str) -> _Floats:
    try:
        numbers = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        what = {1: "what train.fit returned, or a list of numbers", 2: "a list of rows of numbers"}[ndim]
        raise TypeError(f"{name} must be {what}, not {given!r:.60} of type {type(given).__name__}") from error
    if numbers.ndim != ndim:
        shape = {1: "(epochs,)", 2: "(epochs, parameters)"}[ndim]
        raise ValueError(f"{name} must have the shape {shape}, not {numbers.shape}")
    return numbers

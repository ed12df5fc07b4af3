"""Lines along the epochs: the loss, the metric, the parameters."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from fastgrad.plots.axes import axes, colors, epochs_along, legend, line, numbers, pyplot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from fastgrad.plots.axes import _Floats
    from fastgrad.train import History

_STYLES = ("-", "--", "-.", ":")


def loss_curve(history: History | ArrayLike, ax: Axes | None = None) -> Axes:
    """Draw the loss of each epoch, and that of the validation data where there are any.

    Parameters
    ----------
    history : train.History or array_like of shape (epochs,)
        A number that is not finite leaves a gap.
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
    loss = numbers(getattr(history, "loss", history), 1, "history")
    return _curves(loss, getattr(history, "val_loss", None), "Loss", ax)


def learning_curves(history: History, axs: Sequence[Axes] | None = None) -> list[Axes]:
    """Draw the loss by epoch and, beside it, the metric, of the training and of the validation data.

    Parameters
    ----------
    history : train.History
    axs : sequence of matplotlib.axes.Axes, optional
        For the loss, and for the metric if there is one.

    Returns
    -------
    list of matplotlib.axes.Axes

    Examples
    --------
    >>> from fastgrad import nn, train
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]
    >>> model = nn.MLP(1, [1], output_activation="sigmoid", rng=0)
    >>> history = train.fit(model, X, y, epochs=20, metric="accuracy", validation=0.5, seed=0)
    >>> [ax.get_ylabel() for ax in learning_curves(history)]
    ['Loss', 'Metric']
    """
    loss = numbers(getattr(history, "loss", history), 1, "history")
    metric = np.asarray(getattr(history, "metric", ()))
    count = 2 if len(metric) else 1
    if axs is None:
        axs = list(pyplot().subplots(1, count, figsize=(4.8 * count, 3.6), layout="constrained", squeeze=False)[1][0])
    if len(axs) < count:
        raise ValueError(f"axs must have axes for the loss and for the metric, 2, not {len(axs)}")
    drawn = [_curves(loss, getattr(history, "val_loss", None), "Loss", axs[0])]
    if count == 2:
        drawn.append(_curves(metric, getattr(history, "val_metric", None), "Metric", axs[1]))
    return drawn


def _curves(training: _Floats, validation: _Floats | None, label: str, ax: Axes | None) -> Axes:
    new, ax = ax is None, axes(ax)
    line(ax, training, label="training")
    if validation is not None and len(validation):
        line(ax, validation, label="validation")
    epochs_along(ax, label)
    if len(training) and not np.isfinite(training).any():
        ax.text(0.5, 0.5, "no number is finite", ha="center", va="center", transform=ax.transAxes)
    if validation is not None and len(validation):
        legend(ax, new)
    return ax


def parameter_history(parameters: ArrayLike, labels: Sequence[str] | None = None, ax: Axes | None = None) -> Axes:
    """Draw how parameters changed, a line for each.

    Parameters
    ----------
    parameters : array_like of shape (epochs, parameters)
        For instance a `Recorder`'s ``parameters``, or a list of ``model.flat`` to which a callback appends.
    labels : sequence of str, optional
        A name for each parameter. Without it there is no legend; of more than 40 it has the first.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    table = numbers(parameters, 2, "parameters")
    if labels is not None and len(labels) != table.shape[1]:
        raise ValueError(f"labels must be a name for each parameter, {table.shape[1]}, not {len(labels)}")
    new, ax = ax is None, axes(ax)
    looks = itertools.cycle(itertools.product(_STYLES, colors(10)))
    for k, (style, color) in zip(range(table.shape[1]), looks):
        named = {} if labels is None else {"label": labels[k]}
        line(ax, table[:, k], linestyle=style, color=color, **named)
    epochs_along(ax, "Parameter")
    if labels is not None:
        legend(ax, new)
    return ax

"""Films of a training: what the model makes of its inputs, and the loss, epoch after epoch."""

from __future__ import annotations

import pathlib
import re
import tempfile
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgrad._layers.parameters import Parameters
from fastgrad.plots.axes import epochs_along, line, pyplot
from fastgrad.plots.regions import Plane, levels_of, outputs_of
from fastgrad.train import arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from os import PathLike

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from fastgrad.plots.axes import _Floats
    from fastgrad.train import History

_RESOLUTION, _CURVE = 80, 200  # points along each side of the plane; of a curve
_FONT_AWESOME = re.compile(r"<link[^>]*font-awesome[^>]*>", re.DOTALL)
_ICON = re.compile(r'<i class="fa fa-([\w-]+)( fa-flip-horizontal)?"></i>')
_SIGNS = {
    "minus": "−", "plus": "+", "fast-backward": "|◀", "step-backward": "◂", "play": "▶", "pause": "❚❚",
    "step-forward": "▸", "fast-forward": "▶|",
}  # fmt: skip


class Recorder:
    """A callback of `train.fit` that keeps a model's parameters, for a film and for `parameter_history`.

    Parameters
    ----------
    model : nn.Module or object with a method ``parameters()``
    every : int
        Of how many epochs one is kept; each takes as much memory as the parameters. The first and the last are kept in
        any case.

    Attributes
    ----------
    epochs : list of int
        Which are kept, counted from 0.
    parameters : numpy.ndarray, shape (kept epochs, parameters)
        What the parameters were after these epochs.
    loss : numpy.ndarray, shape (epochs,)
        Of all epochs.

    Examples
    --------
    >>> from fastgrad import nn, plots, train
    >>> model = nn.MLP(1, [1], rng=0)
    >>> recorder = plots.Recorder(model, every=10)
    >>> _ = train.fit(model, [[0.0], [1.0]], [1.0, 3.0], epochs=25, callbacks=[recorder])
    >>> recorder.epochs, recorder.parameters.shape
    ([0, 10, 20, 24], (4, 2))
    """

    def __init__(self, model: Any, every: int = 1) -> None:
        arguments.parameters_of(model, "record what it computes by a callback of your own")
        self.model, self.every = model, arguments.count(every, "every")
        self.epochs: list[int] = []
        self.loss: _Floats = np.empty(0)
        self._rows: list[_Floats] = []

    def __call__(self, epoch: int, history: History) -> None:
        """Keep the parameters, if it is one of so many epochs."""
        if epoch == 0:
            self.epochs, self._rows = [], []
        if epoch % self.every == 0:
            self._keep(epoch)

    def finish(self, history: History) -> None:
        """Keep the last ones."""
        self.loss = np.array(history.loss)
        if history.epochs and history.epochs - 1 not in self.epochs[-1:]:
            self._keep(history.epochs - 1)

    def _keep(self, epoch: int) -> None:
        self.epochs.append(epoch)
        self._rows.append(self._flat().data.copy())

    def _flat(self) -> Parameters:
        model = self.model
        return Parameters(model._stretches() if hasattr(model, "_stretches") else list(model.parameters()))

    @property
    def parameters(self) -> _Floats:
        return np.array(self._rows).reshape(len(self._rows), -1)

    def at_each(self, compute: Callable[[], Any], places: Iterable[int] | None = None) -> list[Any]:
        """Compute something with the parameters of each of the kept epochs; afterwards they are what they were.

        Parameters
        ----------
        compute : callable
            Called without arguments.
        places : iterable of int, optional
            Of which of the kept epochs; by default of all.

        Returns
        -------
        list
        """
        flat = self._flat()
        before = flat.data.copy()
        try:
            found = []
            for k in range(len(self._rows)) if places is None else places:
                flat.set_data(self._rows[k])
                found.append(compute())
            return found
        finally:
            flat.set_data(before)


class Film:
    """A training, frame by frame, as `animate` makes it. A notebook shows it with buttons, and it needs no network.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    frames : int
    """

    def __init__(self, figure: Any, draw: Callable[[int], Any], frames: int, fps: float) -> None:
        self.figure, self.frames = figure, frames
        self._draw, self._fps = draw, fps

    def _animation(self) -> Any:
        from matplotlib.animation import FuncAnimation

        return FuncAnimation(self.figure, self._draw, frames=self.frames, interval=1000.0 / self._fps)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the film to a file, whose name ends with ".gif" or ".html"."""
        path = pathlib.Path(path)
        if path.suffix.lower() == ".gif":
            self._animation().save(path, writer="pillow", fps=self._fps)
        elif path.suffix.lower() == ".html":
            path.write_text(f'<!DOCTYPE html>\n<meta charset="utf-8">\n{self.html()}', encoding="utf-8")
        else:
            raise ValueError(f"path must end with .gif or .html, not {path.name!r}")

    def html(self) -> str:
        """Return the film with its buttons, as a part of a page."""
        text = _FONT_AWESOME.sub("", self._animation().to_jshtml(fps=self._fps))

        def sign(found: re.Match[str]) -> str:
            return "◀" if found[2] else _SIGNS[found[1]]

        return _ICON.sub(sign, text)

    def _repr_html_(self) -> str:
        return self.html()

    def gif(self) -> bytes:
        """Return the film as a GIF's bytes."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "film.gif")
            self.save(path)
            return path.read_bytes()


def animate(
    recorder: Recorder,
    X: ArrayLike,
    y: ArrayLike,
    *,
    fps: float = 10.0,
    most: int = 100,
    margin: float = 0.5,
) -> Film:
    """Make a film of a training: on the left what the model makes of its inputs, on the right the loss.

    With two inputs, these are the `decision_regions` with the points; with one, a curve through the points. The colours
    mean the same in all frames.

    Parameters
    ----------
    recorder : Recorder
        Which was a callback of the training.
    X : array_like, shape (n, 1) or (n, 2)
    y : array_like
        As for `train.fit`.
    fps : float
        Frames a second.
    most : int
        How many frames there are at most; of more epochs that were kept, some are left out.
    margin : float
        How far the picture goes beyond the points.

    Returns
    -------
    Film
        Its ``save("training.gif")`` writes a GIF, or a page with buttons.

    Raises
    ------
    ValueError
        If nothing was recorded, or if the inputs cannot be drawn.

    Examples
    --------
    >>> from fastgrad import nn, plots, train
    >>> model, X, y = nn.MLP(1, [4, 1], rng=0), [[0.0], [1.0], [2.0]], [0.0, 1.0, 0.0]
    >>> recorder = plots.Recorder(model, every=10)
    >>> _ = train.fit(model, X, y, epochs=50, callbacks=[recorder])
    >>> plots.animate(recorder, X, y).frames
    6
    """
    rows, targets = arguments.data(X, y)
    rows = rows[:]  # of a file, an array
    if not recorder.epochs:
        raise ValueError("recorder has nothing yet: give it to train.fit, callbacks=[recorder]")
    if not 0.0 < fps < float("inf"):
        raise ValueError(f"fps must be a number of frames a second above 0, not {fps!r}")
    chosen = _evenly(len(recorder.epochs), arguments.count(most, "most", least=2))
    margin = arguments.not_negative(margin, "margin")
    if rows.shape[1] not in (1, 2):
        raise ValueError(f"X must have one or two columns to be drawn, not {rows.shape[1]}")
    make = _curve if rows.shape[1] == 1 else _regions
    draw_left = make(recorder, rows, targets, margin, chosen)
    figure = pyplot().figure(figsize=(8.4, 3.7), dpi=80, layout="constrained")
    pyplot().close(figure)  # so that a notebook does not show it, too
    left, right = figure.subplots(1, 2)

    def draw(frame: int) -> None:
        for ax in (left, right):
            ax.clear()
        draw_left(left, frame)
        epoch = recorder.epochs[chosen[frame]]
        left.set_title(f"After epoch {epoch:,}", fontsize="medium")
        _loss_until(right, recorder.loss, epoch)

    draw(0)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # so that nothing moves from frame to frame
    return Film(figure, draw, len(chosen), fps)


def _evenly(count: int, most: int) -> list[int]:
    """Return places among so many, the first and the last with them, evenly apart."""
    places: list[int] = np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int)).tolist()
    return places


def _loss_until(ax: Axes, loss: _Floats, epoch: int) -> None:
    line(ax, loss, color="0.8")
    line(ax, loss[: epoch + 1], color="C0")
    ax.plot([epoch], loss[epoch : epoch + 1], "o", color="C0")
    epochs_along(ax, "Loss")


def _regions(recorder: Recorder, X: _Floats, y: Any, margin: float, chosen: list[int]) -> Callable[[Axes, int], Any]:
    plane = Plane(X, y, _RESOLUTION, margin)
    outputs = recorder.at_each(lambda: plane.outputs(recorder.model), chosen)
    levels = levels_of(np.array(outputs)) if outputs[0].ndim == 2 else None
    return lambda ax, frame: plane.draw(ax, outputs[frame], levels)


def _curve(recorder: Recorder, X: _Floats, y: Any, margin: float, chosen: list[int]) -> Callable[[Axes, int], Any]:
    x = np.linspace(X.min() - margin, X.max() + margin, _CURVE)
    curves = recorder.at_each(lambda: outputs_of(recorder.model, x[:, np.newaxis]).reshape(_CURVE, -1), chosen)
    targets = np.asarray(y, dtype=np.float64).reshape(len(X), -1)
    shown = np.concatenate([targets.ravel(), *(curve.ravel() for curve in curves[-1:])])
    shown = shown[np.isfinite(shown)]
    low, high = (shown.min(), shown.max()) if len(shown) else (0.0, 1.0)
    reach = 0.1 * (high - low) or 1.0

    def draw(ax: Axes, frame: int) -> None:
        for k, column in enumerate(targets.T):
            ax.scatter(X[:, 0], column, color=f"C{k}", s=16.0, alpha=0.6)
        for k, column in enumerate(curves[frame].T):
            ax.plot(x, column, color=f"C{k}")
        ax.set(xlabel="Input", ylabel="Output", ylim=(low - reach, high + reach))

    return draw

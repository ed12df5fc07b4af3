"""Learning curves that grow in a notebook while a model is trained."""

from __future__ import annotations

import contextlib
import io
import sys
from typing import TYPE_CHECKING, Any

from fastgrad.plots.axes import pyplot
from fastgrad.plots.curves import learning_curves
from fastgrad.train.progress import Seldom, notebook

if TYPE_CHECKING:
    from fastgrad.train import History

_EVERY, _SHARE = 1.0, 0.02  # seconds between two drawings at least; of the training's time, all but the last at most


class live:
    """A callback of `train.fit` that draws the learning curves in a notebook, in one place, while the model is trained.

    It draws after the first second, then so seldom that drawing takes 2 percent of the time, and at the end. Elsewhere
    than in a notebook it draws nothing, and says so.

    Parameters
    ----------
    logarithmic : bool
        Whether the loss is drawn on a logarithmic scale.

    Examples
    --------
    >>> from fastgrad import nn, plots, train
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> history = train.fit(nn.MLP(1, [1]), X, y, callbacks=[plots.live()])  # doctest: +SKIP
    """

    def __init__(self, logarithmic: bool = False) -> None:
        pyplot()  # which says what to install
        self.logarithmic = logarithmic
        self.shown: Any = None
        self._clock: Seldom | None = None

    def is_due(self) -> bool:
        """Is it time to draw?"""
        if self._clock is None:
            self._clock, self.shown = Seldom(_EVERY, _SHARE, wait=True), None
            if notebook() is None:
                print("fastgrad: plots.live draws in notebooks only", file=sys.stderr)
        return self._clock.is_due() and notebook() is not None

    def __call__(self, epoch: int, history: History) -> None:
        """Draw, and measure what that takes."""
        with self._clock or contextlib.nullcontext():
            self.draw(history)

    def finish(self, history: History) -> None:
        """Draw the last state; the next training begins anew."""
        if notebook() is not None and history.epochs:
            self.draw(history)
        self._clock = None

    def draw(self, history: History) -> None:
        """Draw the learning curves in the place where they were drawn before."""
        from IPython.display import Image, display

        picture = Image(data=self.picture(history), format="png")  # type: ignore[no-untyped-call]
        if self.shown is None:
            self.shown = display(picture, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self.shown.update(picture)

    def picture(self, history: History) -> bytes:
        """Return the learning curves as a PNG."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        count = 2 if len(history.metric) else 1
        figure = Figure(figsize=(4.4 * count, 3.2), dpi=90, layout="constrained")  # which no notebook shows by itself
        FigureCanvasAgg(figure)
        axs = list(figure.subplots(1, count, squeeze=False)[0])
        learning_curves(history, axs)
        if self.logarithmic:
            axs[0].set_yscale("log")
        file = io.BytesIO()
        figure.savefig(file, format="png")
        return file.getvalue()

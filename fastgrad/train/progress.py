"""Progress bars: on a terminal, and in a notebook as notebooks have them."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_EVERY = 0.1  # seconds between two drawings at least
_UNSEEN = 0.005  # seconds in which nobody looks
_SHARE = 0.01  # of the time since the beginning, that drawing may take


def notebook() -> Any:
    """Return the shell of the notebook that this runs in, or None elsewhere: a terminal's shell has no kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if getattr(shell, "kernel", None) is not None else None


def bars(wanted: bool | None) -> type[Bar] | None:
    """Return the class of progress bars, or None where there are to be none.

    Without a wish there are some where the standard error stream is a terminal, and in a notebook that has loaded
    fastgrad as an extension; if tqdm is there.
    """
    if wanted is None:
        wanted = (_is_terminal() or _is_loaded(notebook())) and importlib.util.find_spec("tqdm") is not None
    if not wanted:
        return None
    try:
        importlib.import_module("tqdm")
    except ImportError as error:
        raise ImportError('progress=True needs tqdm: pip install "fastgrad[progress]"') from error
    return Bar


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _is_loaded(shell: Any) -> bool:
    return shell is not None and "fastgrad" in shell.extension_manager.loaded


class Bar:
    """A bar that is drawn now and then, as drawing takes longer than many a step, and in a notebook much longer.

    Parameters
    ----------
    unit : str
        What is counted.
    texts : callable
        What stands beside the bar when so many are done.
    total : int, optional
        How many there will be.
    """

    def __init__(self, unit: str, texts: Callable[[int], Mapping[str, object]], total: int | None = None) -> None:
        tqdm, file = _tqdm()
        self.bar = tqdm(total=total, unit=unit, file=file, mininterval=0)
        self.texts, self.done = texts, 0
        self.clock = Seldom(_EVERY, _SHARE)

    def show(self, done: int) -> None:
        """Show how many are done, if it is time to."""
        self.done = done
        if self.clock.is_due():
            with self.clock:
                self.draw()

    def draw(self) -> None:
        if self.done > self.bar.n:
            self.bar.set_postfix(self.texts(self.done), refresh=False)
            self.bar.update(self.done - self.bar.n)

    def close(self, done: int) -> None:
        """Show the last state, and leave it."""
        self.done = done
        self.draw()
        self.bar.close()


def _tqdm() -> tuple[Callable[..., Any], Any]:
    """Return tqdm's class, and the stream that it is to write to: a notebook's bar is a widget, if there are any."""
    if notebook() is None:
        from tqdm import tqdm

        return tqdm, sys.stderr
    from tqdm import TqdmWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TqdmWarning)  # that without ipywidgets it is one of text
        from tqdm.auto import tqdm as automatic
    return automatic, None


class Seldom:
    """Says when to do what takes time, so that it takes a small share of all. Entered, it measures that.

    It is due at first after `every` seconds if `wait`, else at once.
    """

    def __init__(self, every: float, share: float, wait: bool = False) -> None:
        self.every, self.share = every, share
        self.start = time.perf_counter()
        self.next, self.spent = self.start + every * wait, 0.0

    def is_due(self) -> bool:
        return time.perf_counter() >= self.next

    def __enter__(self) -> None:
        self.begun = time.perf_counter()

    def __exit__(self, *error: object) -> None:
        now = time.perf_counter()
        self.spent += now - self.begun
        self.next = max(now + self.every, self.start + self.spent / self.share)


# Callbacks: one with a method `is_due` is called only where that is true; one with a method `finish` is told the end.


def due(callbacks: Iterable[Any]) -> list[Any]:
    """Return the callbacks that are to be called now."""
    return [callback for callback in callbacks if not hasattr(callback, "is_due") or callback.is_due()]


def unseen(callbacks: Iterable[Any], epochs: int, start: float) -> int:
    """Return how many epochs nobody has to look at, of which so many were done since the start.

    Even to ask takes a while beside the shortest epochs. Callbacks that are called after each leave none.
    """
    if not all(hasattr(callback, "is_due") for callback in callbacks):
        return 0
    return int(_UNSEEN * epochs / max(time.perf_counter() - start, 1e-9))


def finish(callbacks: Iterable[Any], history: object) -> None:
    """Tell those that want to know it that a training has ended."""
    for callback in callbacks:
        if hasattr(callback, "finish"):
            callback.finish(history)

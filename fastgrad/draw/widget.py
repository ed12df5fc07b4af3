"""The interactive picture in a notebook, over anywidget."""

from __future__ import annotations

import functools
import importlib
import pathlib
from typing import TYPE_CHECKING, Any

from fastgrad.draw.canvas import MOST_NODES
from fastgrad.draw.flow import flow, input_of

if TYPE_CHECKING:
    from collections.abc import Callable

_HERE = pathlib.Path(__file__).parent


def explore(function: Callable[..., Any] | str, /, *, max_nodes: float = MOST_NODES, **inputs: Any) -> Any:
    """Show a function's graph in a notebook, with a slider for each input, and let values and gradients flow in it.

    A moved slider computes the function again, so where it branches the graph may become another.

    Parameters
    ----------
    function : callable or str
        Of scalars, called with the inputs by name; or an expression that has them in it and may have the functions of
        `fastgrad.math`.
    max_nodes : int
        The largest graph that is drawn.
    **inputs : float or tuple of three floats
        The inputs' values; with three numbers, the value and where its slider begins and ends.

    Returns
    -------
    anywidget.AnyWidget
        Shown as the picture by Jupyter and other notebooks. Its attribute ``values`` is a dict of the inputs; to set it
        moves the sliders.

    Raises
    ------
    ImportError
        If anywidget is not installed.
    TypeError, ValueError
        If there are no inputs, or one is not such a number; and what the function raises.

    Examples
    --------
    >>> from fastgrad import draw
    >>> widget = draw.explore("tanh(a * b + c) * a", a=2.0, b=-3.0, c=(5.5, 0.0, 10.0))  # doctest: +SKIP
    >>> widget.values["a"]  # doctest: +SKIP
    2.0
    """
    if not inputs:
        raise ValueError("there is nothing to explore without inputs: pass their values by name, explore(f, x=2.0)")
    read = {name: input_of(name, given) for name, given in inputs.items()}
    compute = functools.partial(flow, function, max_nodes=max_nodes)
    return _widget(compute, {name: given._asdict() for name, given in read.items()})


def _widget(compute: Callable[[dict[str, float]], dict[str, Any]], inputs: dict[str, Any]) -> Any:
    try:
        anywidget, traitlets = map(importlib.import_module, ("anywidget", "traitlets"))
    except ImportError as error:
        raise ImportError('the interactive picture needs anywidget: pip install "fastgrad[widget]"') from error
    browsers = {"_esm": _HERE / "flow.js", "_css": _HERE / "flow.css"}
    traits = {name: traitlets.Dict().tag(sync=True) for name in ("inputs", "values", "graph", "numbers")}
    traits["trouble"] = traitlets.Unicode().tag(sync=True)
    values = {name: given["value"] for name, given in inputs.items()}
    shown = compute(values)
    widget = type("Explorer", (anywidget.AnyWidget,), {**browsers, **traits})(inputs=inputs, values=values, **shown)

    def moved(change: Any) -> None:
        """Compute again. A graph that is as before is not sent; what the function raises is shown."""
        try:
            shown, trouble = compute(change.new), ""
        except Exception as error:
            shown, trouble = {}, f"{type(error).__name__}: {error}"
        with widget.hold_sync():
            widget.trouble = trouble
            for name, value in shown.items():
                setattr(widget, name, value)

    widget.observe(moved, "values")
    return widget

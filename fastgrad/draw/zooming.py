"""Pictures that can be zoomed and moved, in a notebook or on a page, without a network."""

from __future__ import annotations

import pathlib
import uuid
from typing import Any

_SCRIPT = pathlib.Path(__file__).with_name("zoom.js")
_BUTTONS = {
    "+": ("+", "larger"),
    "-": ("−", "smaller"),
    "1": ("1:1", "as drawn"),
    "fit": ("Fit", "all of it"),
}


class Zoomed:
    """A picture with buttons, as `zoom` makes it."""

    def __init__(self, svg: str) -> None:
        self._svg = svg

    def _repr_svg_(self) -> str:
        return self._svg

    def _repr_html_(self) -> str:
        return zoomed(self._svg)

    def save(self, path: str | pathlib.Path) -> None:
        """Write a page with the picture."""
        page = f'<!DOCTYPE html>\n<meta charset="utf-8">\n<title>fastgrad</title>\n{zoomed(self._svg)}\n'
        pathlib.Path(path).write_text(page, encoding="utf-8")


def zoom(picture: Any) -> Zoomed:
    """Let a picture be zoomed and moved in a notebook: by buttons, by the wheel with Ctrl, by dragging.

    After ``%load_ext fastgrad`` a notebook shows all drawings of fastgrad so.

    Parameters
    ----------
    picture : graphviz.Digraph, Drawing, or anything with a ``_repr_svg_``
        As `draw_dot`, ``model.draw()`` and ``f.draw()`` return it.

    Returns
    -------
    Zoomed
        Shown by a notebook; its ``save("graph.html")`` writes a page.

    Raises
    ------
    TypeError
        If it is no picture.

    Examples
    --------
    >>> from fastgrad import Value, draw
    >>> shown = draw.zoom((Value(2.0) * 3.0).draw_dot())
    >>> "<svg" in shown._repr_html_()
    True
    """
    make = getattr(picture, "_repr_svg_", None)
    if make is None:
        raise TypeError(
            f"picture must be a drawing, as y.draw_dot(), model.draw() and f.draw() return it, not {picture!r:.60}"
        )
    return Zoomed(make())


def zoomed(svg: str) -> str:
    """Write an SVG as a part of a page, with buttons and a script of its own."""
    name = f"fastgrad-{uuid.uuid4().hex}"
    buttons = "".join(
        f'<button type="button" data-zoom-by="{by}" title="{title}">{text}</button> '
        for by, (text, title) in _BUTTONS.items()
    )
    place = 'data-zoom-place tabindex="0" style="overflow:auto;max-height:80vh;touch-action:none;cursor:grab"'
    script = f'for (const root of document.querySelectorAll(".{name}")) ({_SCRIPT.read_text(encoding="utf-8")})(root);'
    return (
        f'<div class="{name}"><div>{buttons}</div>\n<div {place}>{svg[svg.index("<svg") :]}</div></div>\n'
        f"<script>\n{script}\n</script>"
    )


def of_ours(picture: Any) -> str | None:
    """Return a drawing of fastgrad as a part of a page, and None for another picture."""
    make = vars(picture).get("_repr_svg_")  # which only our own have
    return None if make is None else zoomed(make())


def attach(shell: Any) -> None:
    """Have a notebook show drawings so."""
    formatter = shell.display_formatter.formatters["text/html"]
    formatter.for_type_by_name("graphviz.graphs", "Digraph", of_ours)
    formatter.for_type_by_name("fastgrad.draw.canvas", "Drawing", lambda drawing: zoomed(drawing._repr_svg_()))


def detach(shell: Any) -> None:
    """Have a notebook show drawings as they are."""
    formatter = shell.display_formatter.formatters["text/html"]
    for name in ("graphviz.graphs.Digraph", "fastgrad.draw.canvas.Drawing"):
        formatter.pop(name, None)

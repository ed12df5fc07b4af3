"""Small tables for notebooks, in the notebook's own colours: plain HTML, escaped, and cut where it would be long."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MOST_ROWS, MOST_CHARACTERS = 24, 60
_LAST = 4  # rows of a table that is cut


def table(
    title: str, columns: Sequence[str], count: int, row: Callable[[int], Iterable[object]], note: str = ""
) -> str:
    """Write a table.

    Parameters
    ----------
    title : str
        A line above it.
    columns : sequence of str
        The columns' names.
    count : int
        How many rows there are. Of many the first and the last are written, and how many are left out.
    row : callable
        The cells of the k-th row; of a row that is left out it is not asked. Numbers stand to the right, texts to the
        left.
    note : str, optional
        A line below.

    Returns
    -------
    str

    Examples
    --------
    >>> print(table("Two numbers", ["name", "value"], 2, lambda k: [f"x[{k}]", 0.5 * k]))
    <div>
    <p>Two numbers</p>
    <table>
    <thead><tr><th style="text-align:left">name</th><th style="text-align:left">value</th></tr></thead>
    <tbody>
    <tr><td style="text-align:left">x[0]</td><td style="text-align:right">0</td></tr>
    <tr><td style="text-align:left">x[1]</td><td style="text-align:right">0.5</td></tr>
    </tbody>
    </table>
    </div>
    """
    heads = "".join(f'<th style="text-align:left">{_text(name)}</th>' for name in columns)
    lines = ["<div>", f"<p>{_text(title, 4 * MOST_CHARACTERS)}</p>"]
    if count:
        lines += ["<table>", f"<thead><tr>{heads}</tr></thead>", "<tbody>"]
        first = count if count <= MOST_ROWS else MOST_ROWS - _LAST - 1
        lines += [_row(row(k)) for k in range(first)]
        if first < count:
            lines.append(f'<tr><td colspan="{len(columns)}">… {count - first - _LAST:,} more …</td></tr>')
            lines += [_row(row(k)) for k in range(count - _LAST, count)]
        lines += ["</tbody>", "</table>"]
    if note:
        lines.append(f"<p>{_text(note, 4 * MOST_CHARACTERS)}</p>")
    return "\n".join([*lines, "</div>"])


def _row(cells: Iterable[object]) -> str:
    return f"<tr>{''.join(map(_cell, cells))}</tr>"


def _cell(content: object) -> str:
    if isinstance(content, (int, float)) and not isinstance(content, bool):
        text = f"{content:,}" if isinstance(content, int) else f"{content:.6g}"
        return f'<td style="text-align:right">{text}</td>'
    return f'<td style="text-align:left">{_text(content)}</td>'


def _text(content: object, most: int = MOST_CHARACTERS) -> str:
    return html.escape(shortened(str(content), most))


def shortened(text: str, most: int) -> str:
    """Leave out the middle of a text that is longer.

    >>> shortened("layers.10.neurons.3.w.7", 12)
    'layers….3.w.7'
    """
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}…{text[len(text) - (most + 1) // 2 :]}"

"""A picture of times: bars on a logarithmic scale, written as SVG by hand.

It has a ground of its own, so that it can be read on any page, and is dark where its reader's system is. The type is
large enough to be read on a telephone, where the picture has half its width.
"""

import math
from html import escape
from typing import NamedTuple

WIDTH, BARS_FROM, BARS_TO = 560, 168, 484
ROW, BAR, HEAD, FOOT, LINE = 27, 18, 58, 38, 17
UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))

STYLE = """
  text { font: 14px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .ours { font-weight: 600; }
  .small { font-size: 12px; fill: #59636e; }
  .ground { fill: #ffffff; stroke: #d1d9e0; }
  .grid { stroke: #d1d9e0; }
  rect.other { fill: #8a9bb0; }
  rect.ours { fill: #e4572e; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .small { fill: #a3acb6; }
    .ground { fill: #0d1117; stroke: #3d444d; }
    .grid { stroke: #3d444d; }
    rect.other { fill: #76879c; }
    rect.ours { fill: #ff7a52; }
  }
"""


class Bar(NamedTuple):
    """What took how long; one of `ours` stands out and says how much faster it is than the panel's first."""

    name: str
    seconds: float
    ours: bool = False


class Panel(NamedTuple):
    """Bars on one scale; the first is what the others are compared with."""

    title: str
    subtitle: str
    bars: list[Bar]


def in_words(seconds):
    """Write two digits of a time with its unit."""
    unit, size = next((pair for pair in UNITS if seconds >= 0.995 * pair[1]), UNITS[-1])
    return f"{_two_digits(seconds / size)} {unit}"


def times(ratio):
    """Write two digits of a ratio."""
    return f"{_two_digits(ratio)}x"


def _two_digits(x):
    return f"{x:.1f}" if x < 9.95 else f"{float(f'{x:.2g}'):,.0f}"


def draw(panels, notes):
    """Return the picture; the lines of `notes` stand below the panels."""
    parts, top = [], 8
    for panel in panels:
        parts += _panel(panel, top)
        top += HEAD + ROW * len(panel.bars) + FOOT
    parts += [_text(20, top + LINE * k, note, "small") for k, note in enumerate(notes)]
    height = top + LINE * len(notes)
    told = "; ".join(f"{p.title}: " + ", ".join(f"{b.name} {in_words(b.seconds)}" for b in p.bars) for p in panels)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'role="img">',
        f"<title>{escape(told)}</title>",
        f"<desc>{escape(' '.join(notes))}</desc>",
        f"<style>{STYLE}</style>",
        f'<rect class="ground" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>',
        *parts,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _panel(panel, top):
    """Yield the parts of a panel: titles, lines at powers of ten, bars."""
    low = math.floor(math.log10(min(bar.seconds for bar in panel.bars)))
    high = math.log10(max(bar.seconds for bar in panel.bars))
    scale = (BARS_TO - BARS_FROM) / (high - low)
    first, bottom = top + HEAD, top + HEAD + ROW * len(panel.bars)
    yield _text(20, top + 21, panel.title, "title")
    yield _text(20, top + 41, panel.subtitle, "small")
    for power in range(low, math.floor(high) + 1):
        x = BARS_FROM + scale * (power - low)
        yield f'<path class="grid" d="M{x:.1f} {first - 6} V{bottom}"/>'
        yield _text(x, bottom + 14, in_words(10.0**power).replace(".0", ""), "small", "middle")
    for k, bar in enumerate(panel.bars):
        y, kind = first + ROW * k, "ours" if bar.ours else "other"
        width = scale * (math.log10(bar.seconds) - low)
        said = in_words(bar.seconds)
        if bar.ours:
            said += f", {times(panel.bars[0].seconds / bar.seconds)} faster"
        yield _text(BARS_FROM - 8, y + 14, bar.name, kind, "end")
        yield f'<rect class="{kind}" x="{BARS_FROM}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>'
        yield _text(BARS_FROM + width + 6, y + 14, said, kind)


def _text(x, y, words, kind, anchor="start"):
    return f'<text class="{kind}" x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'

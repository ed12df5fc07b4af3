"""Write docs/operations.md from the op table: ``python docs/make_operations.py``."""

import runpy
from pathlib import Path

ROOT = Path(__file__).parent.parent

HEADER = """\
# Operations

Every operation of one or two numbers, as the op table (`src/operations/ops.def`) has it. `a` and `b` are the operands,
`y` is the result; the slopes are the partial derivatives by `a` and by `b`, as C expressions. "Python's" names the
function whose values these are, and whose exception is raised where it raises one. What begins with `op_` is a C
function of `src/operations`.

"Continuity": a value that is *kinked* has a slope that jumps somewhere; one that *jumps* does so itself, *jumps at b*
as b passes a number, and *turns* by a full turn, as an angle. "Replay": *exact* is the C library's very number;
*rounded* may differ from it by rounding where a compiled function computes many rows at once.

| operation | symbol | Python's | continuity | replay | value | slope by a | slope by b |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""


def cell(text):
    """A column's text in a table of Markdown, where | ends a cell."""
    return f"`{text}`".replace("|", "\\|") if text else ""


def operations():
    """Return the page's text."""
    table = runpy.run_path(str(ROOT / "src" / "expressions.py"))
    lines = []
    for kind, columns in table["rows"](table["OPERATIONS"]):
        if kind in ("UNARY", "BINARY"):
            name, symbol, python, continuity, replay, _, *expressions = columns
            cells = [name, symbol.strip('"'), python.strip('"')]
            expressions = [*expressions, ""][:3]
            words = [continuity.replace("_", " "), replay]
            lines.append(f"| {' | '.join([*map(cell, cells), *words, *map(cell, expressions)])} |\n")
    return HEADER + "".join(lines)


if __name__ == "__main__":
    (ROOT / "docs" / "operations.md").write_text(operations())

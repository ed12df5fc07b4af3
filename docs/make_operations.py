"""Write docs/operations.md from the op table: ``python docs/make_operations.py``."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROW = re.compile(r'^(UNARY|BINARY)\((\w+), "([^"]*)", "([^"]*)", (.*)\)$')

HEADER = """\
# Operations

Every operation of one or two numbers, as the op table (`src/operations/ops.def`) has it. `a` and `b` are the operands,
`y` is the result; the slopes are the partial derivatives by `a` and by `b`, as C expressions. "Python's" names the
function whose values these are, and whose exception is raised where it raises one.

| operation | symbol | Python's | value | slope by a | slope by b |
| --- | --- | --- | --- | --- | --- |
"""


def columns(expressions):
    """Split a row's expressions at the commas outside parentheses."""
    parts, depth = [""], 0
    for character in expressions:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def operations():
    """Return the page's text."""
    lines = []
    for line in (ROOT / "src" / "operations" / "ops.def").read_text().splitlines():
        row = ROW.match(line)
        if row:
            _, name, symbol, python, expressions = row.groups()
            cells = [name, symbol, python, *columns(expressions), ""][:6]
            lines.append("| " + " | ".join(f"`{cell}`".replace("|", "\\|") if cell else "" for cell in cells) + " |\n")
    return HEADER + "".join(lines)


if __name__ == "__main__":
    (ROOT / "docs" / "operations.md").write_text(operations())

"""What is said beside what a program prints."""

from __future__ import annotations

import sys

NODES = "nodes made"  # before their number, where all is explained


def say(line: str) -> None:
    """Print a line of fastgrad's own on standard error."""
    print(f"fastgrad: {line}", file=sys.stderr, flush=True)

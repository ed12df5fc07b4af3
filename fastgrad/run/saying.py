"""What is said beside what a program prints."""

from __future__ import annotations

import sys

NODES = "nodes made"  # before their number, where all is explained


_quiet = False


def say(line: str) -> None:
    """Print a line of fastgrad's own on standard error."""
    if not _quiet and sys.stderr is not None:
        sys.stderr.write(f"fastgrad: {line}\n")  # at once: other processes may have something to say
        sys.stderr.flush()


def hush() -> None:
    """Say nothing in this process, as another speaks for it."""
    global _quiet
    _quiet = True

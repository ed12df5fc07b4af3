"""A program run both ways, and whether the two outputs say the same."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import time

from fastgrad.run.saying import NODES

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Sequence

_TOLERANCE = 1e-9
_NUMPY_SCALAR = re.compile(r"\bnp\.(?:(?:float|int|uint)[0-9]+\(([^()]*)\)|(True|False)_\b)")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{5,}\b")
_UNIT = r"(?:ns|us|[µμ]s|ms|milliseconds?|s|secs?|seconds?|minutes?|hours?|it/s|steps?/s)"
_TIMING = re.compile(
    rf"[-+]?[0-9.]+(?:e[-+]?[0-9]+)? ?{_UNIT}\b|[0-9]+(?:min|h)\b"
    r"|\b[0-9]+:[0-9]{2}(?::[0-9]{2})?(?:\.[0-9]+)?\b"
)
_LABELLED_TIMING = re.compile(
    r"(\b(?:elapsed|took|duration|runtime|time|ms per [a-z]+|seconds)[ :=]{1,3})[0-9]+\.[0-9]+"
)
_TIMES = re.compile(r"\(a time\)(?: ?\(a time\))+")
_SET = re.compile(r"\{[^{}:]*\}")


def compare(arguments: Sequence[str], options: Sequence[str] = ()) -> int:
    """Run a program plainly and on fastgrad, print both times and whether the output agrees; return an exit code.

    Parameters
    ----------
    arguments : sequence of str
        What comes after ``python``: a script, or ``-m`` and a module, and the program's own arguments.
    options : sequence of str
        What comes after ``fastgrad run`` before them.

    Returns
    -------
    int
        0 when both runs end well and print the same, addresses, timings and the order of sets aside, numbers within
        1e-9; else 1.
    """
    plainly = ["-m", "fastgrad", "run", "--plain"] if arguments[0].endswith(".ipynb") else []
    plain = _Run("the plain run", [*plainly, *arguments])
    explained = [*options, "--explain"] if "--explain" not in options else options
    fast = _Run("the run on fastgrad", ["-m", "fastgrad", "run", *explained, *arguments])
    said = [line for line in fast.errors.splitlines() if line.startswith("fastgrad: ")]
    for line in said:
        if "--explain" in options or not line.startswith(("fastgrad:   ", f"fastgrad: {NODES}")):
            print(line, file=sys.stderr)
    for run in (plain, fast):
        print(run.summary())
    if plain.failed or fast.failed:
        return 1
    print(f"ratio: {plain.seconds / fast.seconds:.2f} (whole programs, the start of Python included)")
    for line in (*_counted(said), *_advice(said)):
        print(line)
    agrees, verdict = agreement(plain.output, fast.output)
    print(verdict)
    return 0 if agrees else 1


def agreement(plain: str, fast: str) -> tuple[bool, str]:
    """Return whether two outputs agree, and a sentence that says so."""
    difference = first_difference(plain, fast)
    if difference is None:
        return True, f"the printed output agrees: {len(plain.splitlines())} lines, numbers within {_TOLERANCE:g}"
    number, expected, found = difference
    text = f"the printed output differs, first in line {number}:\n  plain:    {expected}\n  fastgrad: {found}"
    return False, text


def first_difference(plain: str, fast: str) -> tuple[int, str, str] | None:
    """Return the number of the first line in which two outputs disagree, and that line of each; None if they agree.

    Numbers agree within 1e-9, absolute or relative, however they are written. Addresses and timings agree with all
    others, and sets in whatever order.

    >>> first_difference("loss 3", "loss 3.0000000001"), first_difference("np.float64(1.5)", "1.5")
    (None, None)
    >>> first_difference("{1, 2} at 0x7f12a0 in 3 s", "{2, 1} at 0x7e3400 in 0.1 s")
    >>> first_difference("a\\nb 2", "a\\nb 3")
    (2, 'b 2', 'b 3')
    """
    lines = itertools.zip_longest(plain.splitlines(), fast.splitlines(), fillvalue="(the output has ended)")
    for number, (expected, found) in enumerate(lines, 1):
        if not _lines_agree(expected, found):
            return number, expected, found
    return None


def _lines_agree(expected: str, found: str) -> bool:
    if expected == found:
        return True
    expected, found = map(_without_accidents, (expected, found))
    if expected == found:
        return True
    if _NUMBER.split(expected) != _NUMBER.split(found):
        return False
    pairs = zip(map(float, _NUMBER.findall(expected)), map(float, _NUMBER.findall(found)), strict=True)
    return all(a == b or abs(a - b) <= _TOLERANCE * max(1.0, abs(a), abs(b)) for a, b in pairs)


def _without_accidents(line: str) -> str:
    line = _TIMING.sub("(a time)", _ADDRESS.sub("(an address)", _NUMPY_SCALAR.sub(r"\1\2", line)))
    line = _TIMES.sub("(a time)", _LABELLED_TIMING.sub(r"\1(a time)", line))
    return _SET.sub(_sorted_set, line)


def _sorted_set(match: re.Match[str]) -> str:
    entries = re.split(r", (?![^(]*\))", match[0][1:-1])
    return "{" + ", ".join(sorted(entries)) + "}"


def _counted(said: Sequence[str]) -> list[str]:
    return [line.removeprefix("fastgrad: ") for line in said if line.startswith(f"fastgrad: {NODES}")]


def _advice(said: Sequence[str]) -> list[str]:
    """Say what would make the program faster than it is on fastgrad."""
    kept = [line for line in said if "its own stay: " in line]
    advice = [
        f"faster still: {line.partition('its own stay: ')[2]} as fastgrad has them (--explain says how they differ)"
        for line in kept
    ]
    if any(" runs on fastgrad" in line for line in said):
        advice.append("faster still: fastgrad.compile for functions that are called often, fastgrad.nn for networks")
    return advice


class _Run:
    """One run of Python in a process of its own, with its time and all that it printed."""

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self.name = name
        # Sets of strings must come out in the same order in both runs.
        environment = {"PYTHONHASHSEED": "0", **os.environ}
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
        )
        self.seconds = time.perf_counter() - start
        self.failed, self.output, self.errors = done.returncode, done.stdout, done.stderr

    def summary(self) -> str:
        """Return the time, or how the run failed."""
        if not self.failed:
            return f"{self.name}: {self.seconds:.3f} s"
        tail = "".join(f"\n  {line}" for line in self.errors.splitlines()[-10:])
        text = f"{self.name} failed with exit code {self.failed}; its standard error ends with:{tail}"
        if "No module named 'micrograd" in self.errors:
            text += "\nmicrograd is not installed, and the plain run needs it: pip install micrograd"
        return text

"""``python -m benchmarks.wild``: programs in the shapes that people write, plainly and by ``fastgrad run``.

The programs are those of ``tests/programs_in_the_wild``. Every run is a process of its own, from Python's start to its
end. The heavy programs run several times both ways, in turns; their times are the least. Needs Python 3.11.
"""

import argparse
import platform
import statistics
import sys
from typing import NamedTuple

from benchmarks.children import CHECKOUT
from benchmarks.compare import print_table
from fastgrad.run import first_difference

sys.path.append(str(CHECKOUT / "tests"))  # how the programs are run is the tests' affair
from support.wild import Program, load, run  # noqa: E402

ROUNDS = 3
LONG = 1.0  # seconds of a plain run, from which on a ratio says something of the engine


class Measured(NamedTuple):
    """What became of a program, and the least seconds of each way."""

    program: Program
    said: list[str]
    same: bool
    plain: float
    fast: float

    @property
    def is_served(self):
        return any("runs on fastgrad" in line for line in self.said)

    @property
    def ratio(self):
        return self.plain / self.fast


def measure(program, rounds):
    """Run a program both ways in turns."""
    pairs = [(run(program, plain=True), run(program, plain=False)) for _ in range(rounds)]
    same = all(first_difference(a.output, b.output) is None and a.code == b.code for a, b in pairs)
    plain, fast = (min(each.seconds for each in runs) for runs in zip(*pairs, strict=True))
    return Measured(program, pairs[0][1].said, same, plain, fast)


def what_became(measured):
    """Return which class runs on fastgrad, or why none does, in few words."""
    lines = [line for line in measured.said if not line.endswith(" is skipped")]
    served = [line for line in lines if "runs on fastgrad" in line]
    text = (served or lines or ["nothing was said"])[0]
    text = text.partition(" is left alone: ")[2] or text.partition(": no class")[0]
    return text if len(text) <= 72 else text[:69] + "..."


def print_programs(measured):
    """Print a line for each program."""
    header = ["program", "what became of it", "same output", "plain, s", "fastgrad, s", "ratio"]
    rows = [
        [m.program.name, what_became(m), "yes" if m.same else "NO", f"{m.plain:.2f}", f"{m.fast:.2f}", f"{m.ratio:.2f}"]
        for m in measured
    ]
    print_table("programs, plainly and on fastgrad (whole processes)", header, rows)


def print_summary(measured):
    """Print what they come to."""
    heavy = [m for m in measured if m.plain > LONG]
    light = [m for m in measured if not m.program.heavy]
    ratios = [m.ratio for m in heavy] or [float("nan")]
    lines = [
        ("programs", f"{len(measured)}"),
        ("served without options", f"{sum(m.is_served for m in measured)}"),
        ("same output", f"{sum(m.same for m in measured)}"),
        (f"median ratio of the {len(heavy)} that take over {LONG:g} s plainly", f"{statistics.median(ratios):.1f}"),
        ("least of these ratios", f"{min(ratios):.2f}"),
        ("largest difference of a light one, fastgrad less plain", f"{max(m.fast - m.plain for m in light):.2f} s"),
    ]
    print_table("in all", ["what", "measured"], [list(line) for line in lines])


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.wild", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="run each program once")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.machine()}")
    measured = []
    for program in load():
        measured.append(measure(program, ROUNDS if program.heavy and not options.quick else 1))
    print_programs(measured)
    print_summary(measured)


if __name__ == "__main__":
    main()

"""How a campaign runs: cases one after the other, in a process of its own that tells how far it is.

A case is a function of its number and of a list of steps. So a crash is noticed, and what fails is done again with
fewer steps. A case returns what it counted, or None when there is nothing left to try.
"""

import argparse
import faulthandler
import json
import os
import subprocess
import sys
import time
from collections import Counter
from typing import NamedTuple

from support.places import PACKAGE_FOLDER, TESTS

NAMES = ["operations", "pickles", "allocations", "threads", "engines"]
PATIENCE = 60  # seconds after which a case hangs
CASES_OF_A_SEED = 1_000_000
TRIES = 1000  # of fewer steps


class Result(NamedTuple):
    """What a campaign counted, and what failed, or nothing."""

    counts: dict[str, int]
    failure: str

    def __str__(self):
        counted = "".join(f"{count:,} {what}, " for what, count in self.counts.items())
        return f"{counted}1 disagreement; {self.failure}" if self.failure else f"{counted}0 disagreements"


def main(case, size, environment=dict):
    """A campaign's command line: cases of so many steps. `environment` gives its process more variables."""
    module = sys.modules["__main__"]
    parser = argparse.ArgumentParser(description=module.__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", type=int, help="do this case alone, in this process")
    parser.add_argument("--steps", type=json.loads, default=[*range(size)], help="do these steps of it, [0, 3, 8]")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        faulthandler.enable()
        first = options.seed * CASES_OF_A_SEED if options.case is None else options.case
        numbers = range(first, first + (CASES_OF_A_SEED if options.case is None else 1))
        return work(case, numbers, options.steps, time.monotonic() + options.seconds)
    start = time.monotonic()
    result = Watched(module.__spec__.name, environment()).run(options)
    print(f"{module.__spec__.name}: {result} ({time.monotonic() - start:.0f} s)", flush=True)
    return int(bool(result.failure))


def work(case, numbers, steps, end):
    """What the process does: before each case it says which, and what it has counted."""
    counts = Counter()
    for number in numbers:
        print(number, json.dumps(counts), flush=True)
        faulthandler.dump_traceback_later(PATIENCE, exit=True)
        counted = case(number, steps)
        faulthandler.cancel_dump_traceback_later()
        if counted is None:
            return
        counts.update(counted)
        if time.monotonic() > end:
            break
    print(number, json.dumps(counts), flush=True)


class Watched:
    """A campaign's process, seen from outside."""

    def __init__(self, name, environment):
        self.name, self.tries, self.errors = name, 0, ""
        paths = [str(TESTS), str(PACKAGE_FOLDER.parent), os.environ.get("PYTHONPATH", "")]
        self.environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **environment}

    def process(self, *arguments):
        """How the process ended, and the last line that it said."""
        command = [sys.executable, "-m", self.name, "--child", *map(str, arguments)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            self.errors = done.stderr[-8000:]
        return done.returncode, (done.stdout.splitlines() or ["0 {}"])[-1]

    def run(self, options):
        only = () if options.case is None else ("--case", options.case)
        code, last = self.process("--seconds", options.seconds, "--seed", options.seed, "--steps", options.steps, *only)
        number, counts = last.split(" ", 1)
        if not code:
            return Result(json.loads(counts), "")
        steps = self.smallest(number, options.steps)
        again = f"python -m {self.name} --case {number} --steps '{steps}'"
        return Result(json.loads(counts), f"seed {options.seed}, ended with {code}: {again}\n{self.errors}")

    def fails(self, number, steps):
        self.tries += 1
        return self.tries <= TRIES and self.process("--case", number, "--steps", steps)[0] != 0

    def smallest(self, number, steps):
        """Fewer steps that fail as well: what comes after them is left out, then halves, quarters and so on."""
        fewest, most = 1, len(steps)
        while fewest < most:
            middle = (fewest + most) // 2
            fewest, most = (fewest, middle) if self.fails(number, steps[:middle]) else (middle + 1, most)
        steps, length = steps[:most], most // 2
        while length:
            for k in reversed(range(0, len(steps), length)):
                fewer = steps[:k] + steps[k + length :]
                if fewer and self.fails(number, fewer):
                    steps = fewer
            length //= 2
        return steps

"""``python -m benchmarks.programs``: compiled programs in fastgrad, beside other engines that record or compile.

The computations are in `replays`: one row of the five programs, networks over many rows, many rows of parameters, a
function with branches, threads, and the training of a perceptron. Every engine computes values and gradients in 64-bit
numbers, and on one thread but where threads are compared. No time of a computation is printed unless its engines agree
to 1e-9.

It is a report: a requirement that is missed is marked, and the exit status is 0 all the same.
"""

import argparse
import gc
import json
import platform
import statistics
import time
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from benchmarks import figure, networks, timing
from benchmarks.compare import print_table
from benchmarks.limits import Limit

SIZES = {4: "3-4-4-1", 16: "3-16-16-1"}


class Plan(NamedTuple):
    """How long to measure: so many seconds a case, but at least and at most so many rounds."""

    seconds: float
    least_rounds: int
    most_rounds: int


FULL = Plan(seconds=1.5, least_rounds=5, most_rounds=60)
QUICK = Plan(seconds=0.1, least_rounds=2, most_rounds=3)


# Measuring.


def make_runners(case):
    """Return the runner of each engine that is installed, by the engine's name."""
    runners = {}
    for name, make in case.makers.items():
        try:
            runners[name] = make()
        except ModuleNotFoundError as error:
            if name.startswith("fastgrad"):
                raise
            networks.say_left_out(name, str(error))
    return runners


def check_agreement(case, runners, tolerance=1e-9):
    """Raise unless all engines find the same numbers, within `tolerance` times the largest of them."""
    import numpy as np

    (first, expected), *others = [(name, runner.results()) for name, runner in runners.items()]
    for name, found in others:
        if found.shape != expected.shape:
            raise RuntimeError(f"{case.name}: {first} finds {expected.size} numbers and {name} {found.size}")
        off = np.abs(found - expected).max() / np.abs(expected).max()
        if not off <= tolerance:
            raise RuntimeError(f"{case.name}: {first} and {name} differ by {off:.2g} of the largest number")


def time_case(case, plan, tolerance=1e-9):
    """Check that a case's engines agree, then time them in turns; return the seconds by engine."""
    clock = time.perf_counter if case.group.endswith("by the clock") else time.process_time
    runners = make_runners(case)
    check_agreement(case, runners, tolerance)
    gc.collect()
    gc.freeze()  # Imported modules, and graphs that were compiled, are not any engine's garbage.
    loops = {name: timing.loops_for(runner.run) for name, runner in runners.items()}
    samples, start = {name: [] for name in runners}, time.perf_counter()
    for number in range(plan.most_rounds):
        if number >= plan.least_rounds and time.perf_counter() - start > plan.seconds:
            break
        for name, runner in runners.items():
            samples[name].append(runner.scale * timing.sample(runner.run, loops[name], clock=clock))
    gc.unfreeze()
    return samples


# What was asked, and the report.


class Asked(NamedTuple):
    """A requirement on how many times longer one engine takes than another, over some cases."""

    cases: tuple[str, ...]
    slower: str
    faster: str
    combine: object  # makes one number of the cases' ratios
    limit: Limit

    def measured(self, samples, statistic):
        """Return the ratio of the engines' times; None where an engine is missing."""
        times = [samples[key] for key in self.cases]
        if not all({self.slower, self.faster} <= set(engines) for engines in times):
            return None
        return self.combine(statistic(engines[self.slower]) / statistic(engines[self.faster]) for engines in times)


def _asked(cases, slower, faster, relation, bound, what, combine=min):
    cases = (cases,) if isinstance(cases, str) else tuple(cases)
    return Asked(cases, slower, faster, combine, Limit(f"{cases[0]}: {slower} / {faster}", what, relation, bound, "x"))


def _networks(rows, peer, bound):
    for width, sizes in SIZES.items():
        what = f"{sizes}, {rows:,} rows: faster than {peer}"
        yield _asked(f"network.{width}.{rows}", peer, "fastgrad", ">=", bound, what)


def _by_itself(kind, width, what):
    return _asked(f"{kind}.{width}", "not compiled", "compiled", ">=", 1.0, f"{what}: faster than not compiled")


ROWS, RECORDS = ([f"{kind}.{index}" for index in range(5)] for kind in ("row", "record"))
ASKED = [
    _asked(ROWS, "ddx", "fastgrad", ">=", 1.0, "one row: faster than ddx interpreted, least of the five"),
    _asked(ROWS, "casadi", "fastgrad", ">=", 3.0, "one row: faster than CasADi, mean", statistics.geometric_mean),
    _asked(ROWS, "casadi", "fastgrad", ">=", 2.0, "one row: faster than CasADi, least of the five"),
    _asked(RECORDS, "recorded", "eager", "<=", 10.0, "the first gradient: time against an eager one, most", max),
    *_networks(4, "jax", 4.0),
    *_networks(64, "jax", 2.0),
    *_networks(4096, "jax", 1.0),
    *_networks(100_000, "jax", 1.0),
    *_networks(4096, "torch", 2.0),
    *_networks(100_000, "torch", 2.0),
    _asked("batch.equation", "jax, scan", "fastgrad", ">=", 1.0, "Lotka-Volterra, 4,096 rows: faster than jax"),
    _asked("batch.regression", "jax, scan", "fastgrad", ">=", 1.0, "logistic regression, 4,096 rows: faster than jax"),
    _asked("pieces.values", "8 paths", "1 path", "<=", 2.0, "8 paths, values: time against one path"),
    _asked("pieces.gradients", "8 paths", "1 path", "<=", 2.0, "8 paths, gradients: time against one path"),
    *(_asked(f"threads.{w}", "one thread", "two threads", ">=", 1.8, f"{SIZES[w]}: two threads") for w in SIZES),
    *(_by_itself("module", w, f"nn.MLP {SIZES[w]} on 4,096 rows") for w in SIZES),
    *(_by_itself("fit", w, f"fit with a user's classes, {SIZES[w]} on 64 rows") for w in SIZES),
    _asked("perceptron", "reference", "fastgrad", ">=", 1000.0, "perceptron: faster than fastgrad.reference"),
]


def print_times(cases, samples):
    """Print the microseconds of every case, the least and the median, in a table a group."""
    for group, members in groupby(cases, key=lambda case: case.group):
        members = list(members)
        engines = list(dict.fromkeys(name for case in members for name in case.makers))
        rows = [
            [case.name, *(networks.microseconds(samples[case.key].get(name)) for name in engines)] for case in members
        ]
        print_table(f"{group}, microseconds: the least (the median)", ["", *engines], rows)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.programs", description=__doc__.split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="the engines agree, the times are rough")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples to this file, too")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="time networks alone, and draw time against rows")
    options = parser.parse_args()
    networks.use_one_thread()
    from benchmarks import replays  # imports numpy, which reads then how many threads there are to be

    cases = replays.make_cases_of_figure() if options.figure else replays.make_cases()
    samples = {case.key: time_case(case, QUICK if options.quick else FULL) for case in cases}
    print(f"Python {platform.python_version()}, {platform.machine()}; 64-bit numbers")
    print_times(cases, samples)
    if options.figure:
        figure.draw(figure.curves(cases, samples), options.figure)
    else:
        networks.print_asked(ASKED, samples)
    if options.json:
        report = {"python": platform.python_version(), "seconds": samples}
        options.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""``python -m benchmarks.derivatives``: second derivatives and Jacobians, beside the peers that have them.

The functions, and value, gradient and Hessian of one row, stand in `hessians`, the other cases in `derived`. All use
64-bit numbers and one thread; ratios are of minima, times by the clock. No time is printed unless the numbers agree.

It is a report: a requirement that is missed is marked, and the exit status is 0 all the same.
"""

import argparse
import json
import os
import platform
from pathlib import Path

from benchmarks import networks, programs, rows
from benchmarks.compare import print_table, three_digits
from benchmarks.limits import Limit

FULL = programs.Plan(seconds=3.0, least_rounds=5, most_rounds=200)
QUICK = programs.Plan(seconds=0.05, least_rounds=2, most_rounds=2)

BEST_PEER = "the best peer"
ONE_ROW = ("rosenbrock", "black", "chi", "pendulum", "likelihood")
MADE = ("make.chi", "make.pendulum", "make.likelihood")
KEPT = ("kept.600", "kept.6000", "kept.60000")


def _asked(cases, slower, faster, relation, bound, what, combine=min):
    cases = (cases,) if isinstance(cases, str) else cases
    limit = Limit(f"{cases[0]}: {slower} / {faster}", what, relation, bound, "x")
    return programs.Asked(cases, slower, faster, combine, limit)


def _at_least(cases, slower, bound, what):
    return _asked(cases, slower, "fastgrad", ">=", bound, what)


def _at_most(cases, slower, faster, bound, what):
    return _asked(cases, slower, faster, "<=", bound, what, max)


ASKED = [
    *(_at_least(key, BEST_PEER, 1.0, f"{key}, Hessian of one row: faster than {BEST_PEER}") for key in ONE_ROW),
    _at_most("over.rosenbrock", "Hessian", "gradient", 8.0, "Rosenbrock, n = 10: Hessian over gradient"),
    _at_most("over.rosenbrock", "product", "gradient", 2.5, "Rosenbrock, n = 10: Hessian-vector product over gradient"),
    _at_most("over.chain", "product", "gradient", 2.5, "5,000 operations: Hessian-vector product over gradient"),
    _at_least("rows", BEST_PEER, 2.0, "4,096 rows of Black-76, 15 second derivatives each: faster than jax"),
    _at_least("jacobian", "scipy", 10.0, "Jacobian, 51 x 3: faster than scipy's differences of plain Python"),
    _at_least("paths", "jax", 1.5, "price and 5 Greeks of 100,000 paths: faster than jax"),
    _at_most(MADE, "Hessian", "gradient", 5.0, "recording and the first Hessian over the first gradient, most"),
    _at_most(KEPT, "gradients", "backward", 6.0, "gradients with create_graph over backward of a kept graph, most"),
    _at_least("sparse", "casadi", 1.0, "sparse Hessian, n = 1,000: faster than casadi"),
]


def use_one_thread():
    """Have the engines, and what jax compiles, use one thread."""
    networks.use_one_thread()
    flags = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flags}".strip()


def with_best_peer(samples):
    """Add the samples of the fastest engine that is no fastgrad."""
    peers = [times for name, times in samples.items() if not name.startswith("fastgrad")]
    return samples | ({BEST_PEER: min(peers, key=min)} if peers else {})


def time_cases(cases, plan, tolerance):
    """Return the seconds of all engines by case; of what is not there, none."""
    samples = {key: {} for asked in ASKED for key in asked.cases}
    for case in cases:
        samples[case.key] = programs.time_case(case, plan, tolerance.get(case.key, 1e-9))
    return samples | {key: with_best_peer(samples[key]) for key in (*ONE_ROW, "rows")}


def print_one_row(cases, samples):
    """Print the times of one row's Hessian, and how many times as long the best peer takes."""
    engines = list(dict.fromkeys(name for case in cases for name in case.makers))
    table = []
    for case in cases:
        times = {name: min(found) * 1e6 for name, found in samples[case.key].items()}
        cells = [three_digits(times[name]) if name in times else "-" for name in engines]
        ratio = three_digits(times[BEST_PEER] / times["fastgrad"]) + "x" if BEST_PEER in times else "-"
        table.append([case.name, *cells, ratio])
    title = "value, gradient and Hessian of one row, the least microseconds; the best peer against fastgrad"
    print_table(title, ["function", *engines, "ratio"], table)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.derivatives", description=__doc__.split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="the engines agree, the times are rough")
    parser.add_argument(
        "--instructions", choices=rows.XLA_SETS, help="the instruction set that fastgrad and jax use at most"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples to this file, too")
    options = parser.parse_args()
    use_one_thread()
    try:
        used = rows.use_instructions(options.instructions)
    except ValueError as error:
        parser.error(str(error))
    from benchmarks import derived  # imports numpy, which reads then how many threads there are to be

    cases = derived.make_cases(options.quick)
    samples = time_cases(cases, QUICK if options.quick else FULL, derived.TOLERANCE)
    print(f"Python {platform.python_version()}, {platform.machine()}, {used}; one thread, 64-bit numbers")
    print_one_row([case for case in cases if case.key in ONE_ROW], samples)
    programs.print_times([case for case in cases if case.key not in ONE_ROW], samples)
    networks.print_asked(ASKED, samples)
    if options.json:
        report = {"python": platform.python_version(), "instructions": used, "seconds": samples}
        options.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""``python -m benchmarks.compare``: fastgrad beside complex numbers and beside every other engine that is installed.

The first table gives times as ratios, the second what a node costs in fastgrad, the third the requirements and what was
measured. It is a report: a requirement that is missed is marked, and the exit status is 0 all the same.
"""

import argparse
import gc
import json
import math
import platform
import statistics
from pathlib import Path
from typing import NamedTuple

from benchmarks import children, engines, limits, timing


class Plan(NamedTuple):
    """How much to measure."""

    rounds: int
    training_iterations: int
    import_rounds: int


FULL = Plan(rounds=60, training_iterations=100_000, import_rounds=20)
QUICK = Plan(rounds=13, training_iterations=10_000, import_rounds=5)


def measure_workloads(chosen, rounds):
    """Check that the engines agree, time them, and return a record a workload."""
    records = []
    gc.collect()
    gc.freeze()  # Imported modules are not any engine's garbage.
    for index, workload in enumerate(chosen[0].workloads):
        engines.check_agreement(chosen, index)
        samples = timing.time_workload(chosen, index, rounds)
        operations = engines.count_operations(workload)
        per_node = 1e9 / operations
        records.append(
            {
                "workload": workload.name,
                "operations": operations,
                "seconds": {name: _summary(times) for name, times in samples.items()},
                "backward_ns": timing.time_backward(chosen[0], index, 10 * rounds) * per_node,
                "kept_ns": timing.time_kept_graph(chosen[0], index, rounds) * per_node,
            }
        )
    gc.unfreeze()
    return records


def _summary(times):
    return {"min": min(times), "median": statistics.median(times), "samples": len(times)}


def ratios(records, numerator, denominator, statistic="min"):
    """Return the ratio of two engines' times for each workload."""
    return [r["seconds"][numerator][statistic] / r["seconds"][denominator][statistic] for r in records]


def measure_figures(records, plan):
    """Return the number for each limit by the limit's name."""
    figures = {"complex.mean": statistics.geometric_mean(ratios(records, "fastgrad", "complex"))}
    for peer in ("xad", "torch", "micrograd", "reference"):
        if peer in records[0]["seconds"]:
            slower = ratios(records, peer, "fastgrad")
            figures |= {f"{peer}.mean": statistics.geometric_mean(slower), f"{peer}.least": min(slower)}
    figures |= {"backward": records[0]["backward_ns"], "kept": records[0]["kept_ns"]}
    node = children.measure("node_bytes", 4_000_000)
    figures |= {"node_bytes": node["account"], "node_bytes_process": node["process"]}
    for name, with_callback in (("growth", 0), ("growth_callback", 1)):
        trained = children.measure("training", plan.training_iterations, with_callback)
        figures[name] = trained["growth_megabytes"]
    for name, stack in (("long", ()), ("small_stack", (256,))):
        chain = children.measure("long_chain", 10_000_000, *stack)
        figures |= {f"{name}.seconds": chain["seconds"], f"{name}.megabytes": chain["peak_megabytes"]}
    figures |= _interleaved_figures(children.measure("interleaved", 100_000, 10, 3))
    figures["import"] = children.measure("import_seconds", plan.import_rounds)["milliseconds"]
    return figures


def _interleaved_figures(measured):
    (build, sweep), (single_build, single_sweep) = measured["in_turns"], measured["single"]
    return {
        "interleaved.sweep": sweep / measured["one_by_one"][1],
        "interleaved.sweep_single": sweep / single_sweep,
        "interleaved.all_single": (build + sweep) / (single_build + single_sweep),
    }


def print_table(title, header, rows):
    """Print aligned columns: the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    print(f"\n{title}\n")
    for row in [header, ["-" * width for width in widths], *rows]:
        first, *others = (
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join([first, *others]))


def print_ratios(records):
    """Print fastgrad's time against the baselines', and the other engines' against fastgrad's."""
    names = list(records[0]["seconds"])
    baselines = [name for name in names if name in ("complex", "float")]
    peers = [name for name in names if name not in ("fastgrad", *baselines)]
    columns = [_column(ratios(records, "fastgrad", b), ratios(records, "fastgrad", b, "median")) for b in baselines]
    columns += [_column(ratios(records, peer, "fastgrad"), unit="x") for peer in peers]
    times = [f"{r['seconds']['fastgrad']['min'] * 1e9 / r['operations']:.1f}" for r in records] + [""]
    labels = [r["workload"] for r in records] + ["geometric mean"]
    counts = [f"{r['operations']:,}" for r in records] + [""]
    header = ["workload", "operations", "ns each", *(f"/ {b} (median)" for b in baselines), *peers]
    print_table(
        "fastgrad, forward + backward, against plain numbers (forward only); other engines against fastgrad",
        header,
        [list(row) for row in zip(labels, counts, times, *columns, strict=True)],
    )


def _column(numbers, medians=None, unit=""):
    cells = [three_digits(x) + unit for x in [*numbers, statistics.geometric_mean(numbers)]]
    if medians:
        medians = [*medians, statistics.geometric_mean(medians)]
        cells = [f"{cell} ({three_digits(median)})" for cell, median in zip(cells, medians, strict=True)]
    return cells


def three_digits(x):
    """Write three significant digits."""
    return f"{x:,.{max(0, 2 - math.floor(math.log10(x)))}f}" if x > 0.0 else f"{x:.2f}"


def print_costs(records):
    """Print what a node costs in the parts of fastgrad that can be timed alone."""
    rows = [[r["workload"], f"{r['backward_ns']:.1f}", f"{r['kept_ns']:.1f}"] for r in records]
    title = "fastgrad alone, ns an operation"
    print_table(title, ["workload", "backward() of a new graph", "forward() + backward() of a kept graph"], rows)


def print_limits(figures):
    """Print every limit beside its measured figure."""
    rows = []
    for limit in limits.LIMITS:
        measured, verdict = "not measured", ""
        if limit.figure in figures:
            measured = three_digits(figures[limit.figure]) + limit.unit
            verdict = "yes" if limit.is_met(figures[limit.figure]) else "NO"
        rows.append([limit.what, limit.asked(), measured, verdict])
    print_table("asked and measured", ["what", "asked", "measured", "met"], rows)


def read_arguments(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__.split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds and shorter training loops")
    parser.add_argument(
        "--engines",
        type=lambda text: text.split(","),
        metavar="A,B",
        help=f"which engines to run beside {' and '.join(engines.ALWAYS)} (of {', '.join(engines.NAMES)}; "
        "default: all that are installed)",
    )
    parser.add_argument("--rounds", type=int, help=f"rounds of timing (default: {FULL.rounds}, quick {QUICK.rounds})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers to this file, too")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.engines or ()) - set(engines.NAMES))
    if unknown:
        parser.error(f"no engine named {', '.join(unknown)}; there are {', '.join(engines.NAMES)}")
    if options.rounds is not None and options.rounds < 1:
        parser.error(f"--rounds must be at least 1, not {options.rounds}")
    return options


def main():
    options = read_arguments()
    plan = QUICK if options.quick else FULL
    chosen = engines.make_engines(options.engines)
    records = engines.call_with_deep_stack(measure_workloads, chosen, options.rounds or plan.rounds)
    print(f"Python {platform.python_version()}, {platform.machine()}; engines: {', '.join(e.name for e in chosen)}")
    print_ratios(records)
    print_costs(records)
    figures = measure_figures(records, plan)
    print_limits(figures)
    if options.json:
        report = {"python": platform.python_version(), "workloads": records, "figures": figures}
        options.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()

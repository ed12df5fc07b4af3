"""``python -m benchmarks.rows``: small networks over 4 to 100,000 rows, beside jax, with one instruction set.

A run is the mean squared error over the rows and its gradient by all parameters: by a compiled function's `mean` and
`backward()`, by an `nn.MLP`, a loss and `backward()`, and by jax's jitted `value_and_grad`, of layers and of one array
of all parameters, of which the faster one counts. All use 64-bit numbers and one thread. No time is printed unless the
numbers agree to 1e-9.

It is a report: a requirement that is missed is marked, and the exit status is 0 all the same.
"""

import argparse
import functools
import json
import os
import platform
from itertools import pairwise
from pathlib import Path

from benchmarks import networks, programs
from benchmarks.compare import print_table, three_digits
from benchmarks.limits import Limit

SIZES, ROWS = [(3, 16, 16, 1), (3, 4, 4, 1)], (4, 16, 64, 256, 1024, 4096, 16384, 100_000)
OURS, PEERS, BEST_PEER = ("compiled", "nn"), ("jax", "jax, one array"), "jax at its best"

FULL = programs.Plan(seconds=4.0, least_rounds=20, most_rounds=200)
QUICK = programs.Plan(seconds=0.1, least_rounds=2, most_rounds=3)

# The instruction sets that kernels are for, as XLA has them.
XLA_SETS = {"baseline": "SSE4_2", "avx2": "AVX2", "avx512": "AVX512"}


def use_instructions(name=None):
    """Have the kernels use an instruction set, or the best one that there is, and jax too; return its name.

    To be called before jax is imported, and before anything is compiled.
    """
    from fastgrad._programs import program

    known = [found for found in map(program.use_lanes, range(len(XLA_SETS))) if found]
    if name not in (None, *known):
        raise ValueError(f"this processor has {', '.join(known)}, and not {name}")
    used = program.use_lanes(list(XLA_SETS).index(name or known[-1]))
    if name:
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_max_isa={XLA_SETS[used]}".strip()
    return used


def one_array(network):
    """Make jax's runner whose parameters are one array, in which those of a layer are weights, then biases."""
    import jax
    import numpy as np

    from benchmarks import replays

    jax.config.update("jax_enable_x64", True)
    loss = networks.jax_loss(network)

    def loss_of_flat(flat, x, y):
        layers, start = [], 0
        for n_in, n_out in pairwise(network.sizes):
            biases = start + n_in * n_out
            layers.append((flat[start:biases].reshape(n_out, n_in), flat[biases : biases + n_out]))
            start = biases + n_out
        return loss(layers, x, y)

    def places():
        """Where each parameter is that `Workload` has neuron by neuron."""
        tables = network._replace(parameters=np.arange(len(network.parameters))).tables()
        return np.concatenate([np.concatenate([table[:, :-1].ravel(), table[:, -1]]) for table in tables])

    f, order = jax.jit(jax.value_and_grad(loss_of_flat)), places()
    arrays = [jax.numpy.array(array) for array in (network.parameters[order], network.rows, network.targets)]

    def run():
        return jax.block_until_ready(f(*arrays))

    def results():
        value, slopes = run()
        grad = np.empty(len(order))
        grad[order] = slopes
        return np.concatenate([[value], grad])

    return replays.Runner(run, results)


def make_case(sizes, rows):
    from benchmarks import replays

    network = replays._network(sizes, rows)
    makers = {
        "compiled": functools.partial(replays._mean, network),
        "nn": functools.partial(replays._module, network, compiled=True),
        "jax": functools.partial(replays._jax_network, network),
        "jax, one array": functools.partial(one_array, network),
    }
    return replays.Case("networks, by the clock", f"{sizes[1]}.{rows}", network.name, makers)


def with_best_peer(samples):
    """Add the samples of the faster of jax's two ways."""
    known = [samples[peer] for peer in PEERS if peer in samples]
    return samples | ({BEST_PEER: min(known, key=min)} if known else {})


def _asked(sizes, rows, faster, bound):
    what = f"{'-'.join(map(str, sizes))}, {faster}: faster than jax, least over {rows[0]} to {rows[-1]:,} rows"
    keys = tuple(f"{sizes[1]}.{count}" for count in rows)
    return programs.Asked(keys, BEST_PEER, faster, min, Limit(f"{sizes[1]}: {faster}", what, ">=", bound, "x"))


def print_ratios(cases, samples):
    """Print how long each way takes, at least, and how many times as long jax takes at its best."""
    rows = []
    for case in cases:
        times = {name: min(found) * 1e6 for name, found in samples[case.key].items()}
        cells = [three_digits(times[name]) if name in times else "-" for name in (*OURS, *PEERS)]
        ratios = [three_digits(times[BEST_PEER] / times[name]) + "x" if BEST_PEER in times else "-" for name in OURS]
        rows.append([case.name, *cells, *ratios])
    print_table(
        "value and gradient, the least microseconds; jax at its best against fastgrad",
        ["network", *OURS, *PEERS, *(f"jax / {name}" for name in OURS)],
        rows,
    )


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rows", description=__doc__.split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="the engines agree, the times are rough")
    parser.add_argument(
        "--instructions", choices=XLA_SETS, help="the instruction set that fastgrad and jax use at most"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples to this file, too")
    options = parser.parse_args()
    networks.use_one_thread()
    try:
        used = use_instructions(options.instructions)
    except ValueError as error:
        parser.error(str(error))
    cases = [make_case(sizes, rows) for sizes in SIZES for rows in ROWS]
    plan = QUICK if options.quick else FULL
    samples = {case.key: with_best_peer(programs.time_case(case, plan)) for case in cases}
    print(f"Python {platform.python_version()}, {platform.machine()}, {used}; one thread, 64-bit numbers")
    print_ratios(cases, samples)
    networks.print_asked([_asked(sizes, ROWS, name, 1.0) for sizes in SIZES for name in OURS], samples)
    if options.json:
        report = {"python": platform.python_version(), "instructions": used, "seconds": samples}
        options.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()

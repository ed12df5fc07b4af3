"""What the other benchmarks measure of fastgrad alone, under the names that asv looks for.

Ratios to something that does not change, complex numbers or the same without kernels, hold on a noisy machine. Seconds
are the processor's. What asv installed is measured: of the checkout only the package `benchmarks` is imported.
"""

import importlib.util
import random
import sys
import time
from pathlib import Path

if "benchmarks" not in sys.modules:
    spec = importlib.util.spec_from_file_location("benchmarks", Path(__file__).parents[1] / "__init__.py")
    sys.modules["benchmarks"] = importlib.util.module_from_spec(spec)

from benchmarks import bounds, engines, fusing, networks, timing, workloads  # noqa: E402

networks.use_one_thread()
from benchmarks import derived, replays  # noqa: E402

ROUNDS = 10
PEERS = ("casadi", "ddx", "hyperjet", "jax", "scipy", "torch", "reference")
BOUNDS = {limit.what: measure for limit, measure in bounds.BOUNDS.items() if measure is not bounds.importing}
CASES = {case.key: case for case in [*replays.make_cases(), *derived.make_cases()]}
WAYS = [f"{key}: {way}" for key, case in CASES.items() for way in case.makers if not way.startswith(PEERS)]


class Workloads:
    params = [workload.name for workload in workloads.WORKLOADS]
    unit = "times complex"

    def track_forward_and_backward(self, name):
        samples = timing.time_workload(engines.make_engines([]), self.params.index(name), ROUNDS)
        return min(samples["fastgrad"]) / min(samples["complex"])


class Kernels:
    params = [limit.figure for limit in fusing.LIMITS if limit.figure not in ("gpt", "translate")]
    unit = "ratio"

    def setup_cache(self):
        random.seed(1)
        figures = [fusing.workload_figures, fusing.loop_figures, fusing.node_figures, fusing.optimizer_figures]
        return {key: ratio for measure in [*figures, fusing.call_figures] for key, ratio in measure(ROUNDS).items()}

    def track_ratio(self, figures, figure):
        return figures[figure]


class Growth:
    params = list(BOUNDS)
    unit = "ratio"

    def track_ratio(self, what):
        return BOUNDS[what]()


class Replays:
    params = WAYS
    timer = staticmethod(time.process_time)

    def setup(self, way):
        key, _, name = way.partition(": ")
        self.run = CASES[key].makers[name]().run
        self.run()

    def time_run(self, way):
        self.run()


class Networks:
    params = list(networks.make_workloads())
    timer = staticmethod(time.process_time)

    def setup(self, key):
        self.step = networks.ENGINES["fastgrad, batch"](networks.make_workloads()[key])

    def time_step(self, key):
        self.step()

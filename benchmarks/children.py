"""Measurements that want a process to themselves: peak memory, a small stack, a tape with nothing else on it.

``python -m benchmarks.children NAME [ARGUMENT...]`` makes one measurement and prints it as JSON; `measure` runs that
and reads it.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from benchmarks.workloads import WORKLOADS

CHECKOUT = Path(__file__).resolve().parent.parent


def measure(name, *arguments):
    """Make a measurement of this module in a new process and return what it printed."""
    command = [sys.executable, "-m", "benchmarks.children", name, *map(str, arguments)]
    done = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[1:])} ended with status {done.returncode}")
    return json.loads(done.stdout)


def _peak_megabytes():
    """Return the most memory this process has had; on Linux not by `getrusage`, which counts its parent's, too."""
    status = Path("/proc/self/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) * 1024 / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _chain(x, a, b, steps):
    for _ in range(steps):
        x = x * a + b
    return x


def _long_chain(nodes):
    import fastgrad

    # The factor keeps values and gradients away from denormal numbers over any length asked for here.
    return _chain(fastgrad.Value(0.5), fastgrad.Value(1.0 - 1e-7), fastgrad.Value(1e-7), nodes // 2)


def long_chain(nodes, stack_kilobytes=None):
    """Build, sweep and free one chain, if asked with a stack as small as ``ulimit -s`` would make it."""
    if stack_kilobytes is not None:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_STACK)
        resource.setrlimit(resource.RLIMIT_STACK, (stack_kilobytes * 1024, hard))
    import fastgrad

    start = time.perf_counter()
    x = _long_chain(nodes)
    built = time.perf_counter()
    x.backward()
    swept = time.perf_counter()
    del x
    fastgrad.collect()
    freed = time.perf_counter()
    if fastgrad.tape_info().nodes > 3:
        raise RuntimeError("the chain was not freed")
    return {
        "seconds": freed - start,
        "build": built - start,
        "sweep": swept - built,
        "free": freed - swept,
        "peak_megabytes": _peak_megabytes(),
    }


def node_bytes(nodes):
    """Measure what a node takes: by the tape's account, and by the growth of the process."""
    import fastgrad

    before = _peak_megabytes()
    x = _long_chain(nodes)
    x.backward()
    info = fastgrad.tape_info()
    growth = (_peak_megabytes() - before) * 1e6
    return {"account": info.bytes / info.capacity, "process": growth / nodes}


def training(iterations, with_callback):
    """Train the small network and return by how much the peak memory grew after the first tenth of the iterations."""
    import fastgrad

    workload = next(workload for workload in WORKLOADS if "3-4-4-1" in workload.name)
    lib = SimpleNamespace(tanh=fastgrad.Value.tanh, exp=fastgrad.Value.exp, log=fastgrad.Value.log)
    parameters = [fastgrad.Value(x) for x in workload.inputs()]
    warm_up, start = 0.0, time.perf_counter()
    for iteration in range(iterations):
        if iteration == iterations // 10:
            warm_up = _peak_megabytes()
        loss = workload.program(parameters, lib)
        if with_callback:
            loss = _halved(_halved(loss))
        for p in parameters:
            p.grad = 0.0
        loss.backward()
        for p in parameters:
            p.data -= 0.01 * p.grad
    return {
        "growth_megabytes": _peak_megabytes() - warm_up,
        "seconds": time.perf_counter() - start,
        "loss": loss.data,
    }


def _halved(x):
    """A user's own operation in the manner of the teaching engines: its callback refers to its own result."""
    import fastgrad

    out = fastgrad.Value(0.5 * x.data, (x,), "halved")

    def _backward():
        x.grad += 0.5 * out.grad

    out._backward = _backward
    return out


def interleaved(graphs, steps, rounds):
    """Build many chains in turns, step by step, and sweep each; or as many one by one; or one of as many nodes.

    Returns the least nanoseconds a node over the rounds.
    """
    import fastgrad

    a, b = fastgrad.Value(0.999), fastgrad.Value(0.002)

    def in_turns():
        xs = [fastgrad.Value(0.5) for _ in range(graphs)]
        for _ in range(steps):
            xs = [x * a + b for x in xs]
        return xs

    def one_by_one():
        return [_chain(fastgrad.Value(0.5), a, b, steps) for _ in range(graphs)]

    def single():
        return [_chain(fastgrad.Value(0.5), a, b, steps * graphs)]

    ways = (in_turns, one_by_one, single)
    least = {}
    for way in ways * rounds:
        times = _build_and_sweep(way, 2 * graphs * steps)
        least[way.__name__] = tuple(map(min, times, least.get(way.__name__, times)))
    return least


def _build_and_sweep(build, nodes):
    start = time.perf_counter()
    outputs = build()
    built = time.perf_counter()
    for y in outputs:
        y.backward()
    swept = time.perf_counter()
    return (built - start) / nodes * 1e9, (swept - built) / nodes * 1e9


def import_seconds(rounds):
    """Return by how much ``import fastgrad`` is slower than starting Python, as a difference of minima."""

    def start_python(code):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=True)
        return time.perf_counter() - start

    pairs = [(start_python("pass"), start_python("import fastgrad")) for _ in range(rounds)]
    plain, with_import = map(min, zip(*pairs, strict=True))
    return {"milliseconds": (with_import - plain) * 1e3, "python_milliseconds": plain * 1e3}


MEASUREMENTS = {f.__name__: f for f in (long_chain, node_bytes, training, interleaved, import_seconds)}

if __name__ == "__main__":
    print(json.dumps(MEASUREMENTS[sys.argv[1]](*map(int, sys.argv[2:]))))

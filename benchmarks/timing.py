"""Timing: the engines take turns, round by round, in one process.

Python's own garbage collector is on, as in the users' programs, and runs to the end before every sample. The time of a
run includes freeing its graph. It is the processor's time: waiting for a busy processor does not count.
"""

import gc
import time

import numpy as np

SAMPLE_SECONDS = 0.005
SLOW_ENGINES_EVERY = 6


def sample(run, loops, warm_up=True, clock=time.process_time):
    """Return the seconds that one run takes, the mean of `loops` runs in a row, after one to warm the caches up."""
    gc.collect()
    if warm_up:
        run()
    start = clock()
    for _ in range(loops):
        run()
    return (clock() - start) / loops


def loops_for(run):
    """Return how many runs fill a sample."""
    return max(1, round(SAMPLE_SECONDS / sample(run, 1, warm_up=False)))


def least_seconds(pair, rounds, numbers=lambda found: found, tolerance=1e-4):
    """Return the least seconds of either of two ways, which take turns and find the same `numbers`."""
    found = [numbers(run()) for run in pair]
    if not np.allclose(*found, rtol=tolerance, atol=tolerance):
        raise RuntimeError(f"the two found different numbers: {found}")
    for run in pair:  # recordings are compared at calls whose number is a power of two
        for _ in range(5):
            run()
    loops = [loops_for(run) for run in pair]
    samples = [[sample(run, count) for run, count in zip(pair, loops)] for _ in range(rounds)]
    return [min(column) for column in zip(*samples)]


def time_workload(engines, index, rounds):
    """Time one workload in `rounds` rounds; return the samples of each engine by its name.

    Slow engines, for which a few samples do, sit out all but every sixth round.
    """
    runs = {}
    for engine in engines:
        workload = engine.workloads[index]
        run = engine.runner(workload, engine.inputs(workload))
        runs[engine] = run, loops_for(run), []
    for number in range(rounds):
        for engine, (run, loops, samples) in runs.items():
            if not engine.is_slow or number % SLOW_ENGINES_EVERY == 0:
                samples.append(sample(run, loops, warm_up=not engine.is_slow))
    return {engine.name: samples for engine, (_, _, samples) in runs.items()}


def time_backward(engine, index, rounds):
    """Return the least seconds that ``backward()`` takes on a graph just built."""
    workload = engine.workloads[index]
    xs = engine.inputs(workload)
    least = float("inf")
    gc.collect()
    for _ in range(rounds):
        y = workload.program(xs, engine.lib)
        start = time.perf_counter()
        y.backward()
        least = min(least, time.perf_counter() - start)
    return least


def time_kept_graph(engine, index, rounds):
    """Return the least seconds that ``forward()`` and ``backward()`` take on a kept graph, an input being changed."""
    workload = engine.workloads[index]
    xs = engine.inputs(workload)
    y = workload.program(xs, engine.lib)
    expected, first = y.data, xs[0].data

    def run(change):
        xs[0].data = first + change
        y.forward()
        y.backward()

    loops = loops_for(lambda: run(1e-3))
    least = min(sample(lambda: run(1e-3), loops) for _ in range(rounds))
    run(0.0)
    if y.data != expected:
        raise RuntimeError(f"forward() on {workload.name!r} gave {y.data!r}, the program itself {expected!r}")
    return least

"""Rows on many machines: what two workers gain on one, and what a step costs: ``python -m benchmarks.many``.

Workers are processes of this machine with one thread each. One worker and two hold the same rows, and take turns. A
step of rows is compared with one of as many blocks of ten rows, which is what the scheduler takes. On a machine that is
busy with other work the clock says little: what is asked of is the processor's time of the busiest worker, with the
scheduler's added. What 100 machines would do is computed from these, not measured: see `model`.
"""

import argparse
import logging
import os
import pickle
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster, wait

import fastgrad
from fastgrad import math, nn, train
from fastgrad.dask import blocks
from fastgrad.dask.programs import BlockFunction, Partial, Place, Request, state_of
from fastgrad.dask.workers import packed

ROWS, QUICK_ROWS, BLOCKS, ROUNDS = 10_000_000, 400_000, 16, 12
LEAST_GAIN = 1.8
P = np.array([0.5, -0.25, 0.1, 0.3, 0.2])
AXES = (None, 0, 0)
MACHINES, BANDWIDTH = (1, 10, 100), 125e6  # bytes a second, of a network of one gigabit


@fastgrad.compile
def error(p, x, y):
    """The logarithmic loss of a logistic regression."""
    score = p[0] * x[0] + p[1] * x[1] + p[2] * x[2] + p[3] * x[3] + p[4]
    return y * math.log1p(math.exp(-score)) + (1.0 - y) * math.log1p(math.exp(score))


def made(k, rows):
    """A block of rows, and whether each is of the upper class."""
    X = np.random.default_rng(k).normal(size=(rows, 4))
    return X, (X[:, 0] > 0.0).astype(float)


def held(client, rows):
    """Columns of rows that a client's workers hold, as many blocks on each."""
    workers = sorted(client.nthreads())
    futures = [client.submit(made, k, rows // BLOCKS, workers=[workers[k % len(workers)]]) for k in range(BLOCKS)]
    wait(futures)
    return blocks(futures, client)


def step(X, y):
    return error.mean_value_and_grad(P, X, y, in_axes=AXES, num_threads=1)


def newton(X, y):
    return error.mean_value_grad_and_hessian(P, X, y, in_axes=AXES, num_threads=1)


def epoch(X, y):
    """A step of a small network's training, and the look at the data before it."""
    return train.fit(nn.MLP(4, [8, 1], rng=0), X, y, loss="binary_cross_entropy_with_logits", epochs=1)


STEPS = {"value and gradient": step, "Hessian, too": newton, "train.fit, an epoch of a network of 4, 8, 1": epoch}


def seconds(call, *args):
    start = time.perf_counter()
    call(*args)
    return time.perf_counter() - start


def in_turn(calls, rounds):
    """Return the least seconds of each call; they take turns."""
    least = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, (call, *args) in calls.items():
            least[name] = min(least[name], seconds(call, *args))
    return least


def processors(client, call, args, rounds):
    """Return the seconds of the processor that the busiest worker takes for a call."""
    before = client.run(time.process_time)
    for _ in range(rounds):
        call(*args)
    after = client.run(time.process_time)
    return max(after[worker] - before[worker] for worker in after) / rounds


def scheduling(workers, rounds):
    """Return the least seconds of a step of a block of ten rows for each worker, which are threads of this process."""
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, processes=False, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        X, y = da.ones((10 * workers, 4), chunks=(10, 4)), da.ones(10 * workers, chunks=10)
        X, y = client.persist((X, y))
        wait([X, y])
        step(X, y)
        return min(seconds(step, X, y) for _ in range(rounds))


def model(a_row, fixed, a_worker, sent, rows_of_each=ROWS):
    """Print what so many machines would do, each with as many rows.

    A step takes the time of a machine's rows, the scheduler's fixed time and its time for each machine's task, and the
    time in which parameters and gradients pass through one network card, one machine's after the other's. Machines are
    taken to be alike, and none waits for another's rows.
    """
    one = rows_of_each * a_row + fixed + a_worker + sent / BANDWIDTH
    print(f"\nmachines of {rows_of_each:,} rows each, computed from these:")
    for machines in MACHINES:
        took = rows_of_each * a_row + fixed + machines * (a_worker + sent / BANDWIDTH)
        print(f"  {machines:4d}: {took * 1e3:8.1f} ms a step, {machines * one / took:6.1f} times one's rows a second")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rows and rounds, without judgement")
    logging.getLogger("distributed").setLevel(logging.WARNING)
    quick = parser.parse_args().quick
    rows, rounds = (QUICK_ROWS, 3) if quick else (ROWS, ROUNDS)
    clusters = [LocalCluster(n_workers=n, threads_per_worker=1, dashboard_address=":0") for n in (1, 2)]
    clients = [Client(cluster) for cluster in clusters]
    data = dict(zip((1, 2), (held(client, rows) for client in clients)))
    few = dict(zip((1, 2), (held(client, 10 * BLOCKS) for client in clients)))
    found = [step(*data[n]) for n in (1, 2)]
    if found[0][0] != found[1][0] or not np.array_equal(found[0][1], found[1][1]):
        raise SystemExit("one worker and two have not found the same numbers")
    for columns in few.values():
        step(*columns)

    scheduled = in_turn({n: (step, *few[n]) for n in (1, 2)}, rounds)
    print(
        f"{rows:,} rows in {BLOCKS} blocks; one worker and two; ms of the clock, and of the busiest worker's processor"
    )
    gains, busy = {}, {}
    for name, call in STEPS.items():
        often = rounds if call is not epoch else max(1, rounds // 6)
        least = in_turn({n: (call, *data[n]) for n in (1, 2)}, often)
        busy[name] = {n: processors(client, call, data[n], often) for n, client in zip((1, 2), clients)}
        one, two = (busy[name][n] + scheduled[n] for n in (1, 2))
        gains[name] = one / two
        clock = f"{least[1] * 1e3:.1f} and {least[2] * 1e3:.1f}: {least[1] / least[2]:.2f} times"
        own = f"{busy[name][1] * 1e3:.1f} and {busy[name][2] * 1e3:.1f}: {gains[name]:.2f} times"
        print(f"  {name}: by the clock {clock}; by the processor, with the scheduler's time, {own}")
    print(
        f"  what the scheduler takes, a step of ten rows a block: {scheduled[1] * 1e3:.1f} and {scheduled[2] * 1e3:.1f}"
    )

    request = pickle.dumps(Request((P, Place(0), Place(1)), AXES, 0, 1, np.empty(0), 1, {}, False))
    answer = pickle.dumps(Partial(10, np.zeros(1 + len(P))))
    program = len(packed(BlockFunction(*state_of(error)[1])).payload)
    print(
        f"  bytes: {program:,} of the program, once; {len(request):,} to a worker and {len(answer):,} back from a block"
    )
    for client, cluster in zip(clients, clusters):
        client.close()
        cluster.close()

    counts = (2, 8) if quick else (2, 8, 32)
    took = {workers: scheduling(workers, 5 if quick else 20) for workers in counts}
    a_worker, fixed = np.polyfit(list(took), list(took.values()), 1)
    measured = ", ".join(f"{workers}: {each * 1e3:.1f}" for workers, each in took.items())
    print(f"\na step of ten rows for each of so many workers, ms: {measured}")
    print(f"  so {max(fixed, 0.0) * 1e3:.1f} ms, and {a_worker * 1e3:.2f} for each worker's task")
    model(busy["value and gradient"][1] / rows, max(fixed, 0.0), a_worker, len(request) + len(answer))
    if not quick and gains["Hessian, too"] < LEAST_GAIN:
        raise SystemExit(f"two workers must gain {LEAST_GAIN} times on one, not {gains['Hessian, too']:.2f}")


if __name__ == "__main__":
    main()

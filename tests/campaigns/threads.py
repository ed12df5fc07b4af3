"""Threads that compute, sweep, pickle and collect at once, with signals and forks in between: all results are right."""

import copy
import os
import pickle
import random
import signal
import sys
import threading
from collections import Counter

import fastgrad
from campaigns.campaign import main
from fastgrad import Value
from support.graphs import live_nodes, state

SIZE = 40
THREADS = 4
SEEDS = 7
A_CHILDS_SECONDS = 30


def graph(seed):
    """Leaves and results of a graph with callbacks, state and nodes of many operands."""
    x, w = Value(0.1 + seed), Value(0.3, label="w")
    y = x
    for k in range(12):
        y = fastgrad.dot([y, w], [w, x], bias=float(k % 3)).tanh() + x / (k + 1.0)
    y = fastgrad.softmax([y, x, 0.5])[0]
    return [x, w, y * x, y]


def computed(seed):
    x, w, z, y = graph(seed)
    z._backward = lambda step=z._backward: step()
    z.itself = z
    z.backward()
    z.forward()
    return state([x, w, z, y])


def pickled(seed):
    x, w, z, y = pickle.loads(pickle.dumps(graph(seed)))
    z.backward()
    return state([x, w, z, y])


def copied(seed):
    x, w, z, y = copy.deepcopy(graph(seed))
    z.backward()
    return state([x, w, z, y])


def unrecorded(seed):
    with fastgrad.no_grad():
        *_, z, y = graph(seed)
    return state([z, y]), z.prev


def collected(seed):
    kept = graph(seed)
    fastgrad.collect()
    kept[2].backward()
    return state(kept)


RECORDED = [computed, pickled, copied, collected]  # a signal's handler must not come while its thread is in a no_grad
WORK = [*RECORDED, computed, unrecorded]


def expected():
    """Each kind of work with each seed, done alone."""
    return {(work, seed): work(seed) for work in WORK for seed in range(SEEDS)}


class Storm:
    """What goes on at once; `wrong` are results that are not as expected, and errors."""

    def __init__(self, number, results):
        self.number, self.results = number, results
        self.wrong, self.counts = [], Counter()

    def one(self, generator, what, kinds=RECORDED):
        """One piece of work, and whether its result is right."""
        work, seed = generator.choice(kinds), generator.randrange(SEEDS)
        try:
            result = work(seed)
            if result != self.results[work, seed]:
                self.wrong.append(f"{what}: {work.__name__}({seed}) is {result}, not {self.results[work, seed]}")
        except BaseException as error:
            self.wrong.append(f"{what}: {work.__name__}({seed}) raises {error!r}")

    def thread(self, index, steps):
        for step in steps:
            self.one(random.Random(self.number * 1000 + step * THREADS + index), f"thread {index}, step {step}", WORK)
        self.counts[index] += len(steps)

    def signalled(self, *_):
        self.one(random.Random(self.counts["signals"]), "signal handler")
        self.counts["signals"] += 1

    def fork(self):
        """A child that does each kind of work, with no signals; it is ended if it hangs."""
        child = os.fork()
        if not child:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(A_CHILDS_SECONDS)
            self.wrong.clear()
            for k in range(10):
                self.one(random.Random(k), "child")
            os.write(2, "\n".join(self.wrong).encode())
            os._exit(bool(self.wrong))
        if status := os.waitpid(child, 0)[1]:
            self.wrong.append(f"a child ended with {os.waitstatus_to_exitcode(status)}")
        self.counts["forks"] += 1

    def run(self, steps):
        signal.signal(signal.SIGALRM, self.signalled)
        threads = [threading.Thread(target=self.thread, args=(k, steps)) for k in range(THREADS)]
        for thread in threads:
            thread.start()
        signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
        try:
            while any(thread.is_alive() for thread in threads):
                self.fork()
                self.one(random.Random(self.counts["forks"]), "main thread")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
        for thread in threads:
            thread.join()


RESULTS = {}


def case(number, steps):
    """One storm; afterwards nothing of it is left."""
    if not RESULTS:
        sys.setswitchinterval(1e-5)
        RESULTS.update(expected())
    storm = Storm(number, RESULTS)
    before = live_nodes()
    storm.run(steps)
    assert not storm.wrong, f"{len(storm.wrong)} wrong: " + "\n".join(storm.wrong[:10])
    counts = {"results of threads": THREADS * len(steps), "of signals": storm.counts["signals"]}
    counts["forks"] = storm.counts["forks"]
    del storm
    left = live_nodes() - before
    assert left <= 0, f"{left} nodes are left"
    return counts


if __name__ == "__main__":
    sys.exit(main(case, SIZE))

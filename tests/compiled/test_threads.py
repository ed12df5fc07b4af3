"""Compiled functions while other threads record, replay and compute."""

import sys
import threading

import numpy as np

import fastgrad
from fastgrad import losses, nn


def test_threads_that_record_and_replay_at_once_see_whole_paths():
    def stairs(x):
        k = 0
        while x > k and k < 6:
            k += 1
        return x * k

    rows, failures = np.arange(-1.0, 8.0), []
    expected = [stairs(x) for x in rows]
    interval = sys.getswitchinterval()

    def work(f, barrier):
        barrier.wait()
        try:
            assert f.batch(rows).tolist() == expected
            assert f.sum(rows).data == sum(expected)
        except Exception as error:
            failures.append(error)

    sys.setswitchinterval(1e-6)
    try:
        for _ in range(60):
            f, barrier = fastgrad.compile(stairs), threading.Barrier(3)
            threads = [threading.Thread(target=work, args=(f, barrier)) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not failures


def test_a_recording_lets_other_threads_graphs_go():
    kept, started, made = [], threading.Event(), threading.Event()

    def compute():
        started.wait()
        batch = nn.Layer(4, 64)(np.ones((3000, 4)))
        kept.append(losses.mse(batch, np.zeros((3000, 64))))
        made.set()

    thread = threading.Thread(target=compute)
    thread.start()

    @fastgrad.compile
    def f(x):
        started.set()
        made.wait()
        return x * x

    f(2.0)
    thread.join()
    assert not f._paths[next(iter(f._paths))].recorded[0].outside

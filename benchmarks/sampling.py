"""Leapfrog steps of Hamiltonian Monte Carlo by compiled gradients: ``python -m benchmarks.sampling``.

A step of 10 parameters, as `examples/hamiltonian.py` takes it, with the gradient by three ways that take turns: the
compiled function's `value_and_grad`; numpy, with a gradient derived by hand; a graph of the engine in plain Python,
which takes a fiftieth of the steps. A fourth way is the compiled function on buffers of its own, through `bind`. All
end at the same place, or nothing is printed.
"""

import argparse
import functools

import numpy as np

from benchmarks.compare import print_table
from benchmarks.timing import sample
from examples import hamiltonian
from fastgrad import reference

STEPS, FEWER, SIZE = 10_000, 50, 0.01
ROUNDS, QUICK = 20, 4
MOST_SECONDS = 0.1
START, KICK = hamiltonian.SEEN, np.ones(hamiltonian.COUNT)


class ByHand:
    """The energy in numpy, with its gradient."""

    @staticmethod
    def value_and_grad(q):
        strides, misses = np.diff(q, prepend=0.0), (q - hamiltonian.SEEN) / hamiltonian.FOG
        slopes = misses / hamiltonian.FOG + strides / hamiltonian.STRIDE**2
        slopes[:-1] -= strides[1:] / hamiltonian.STRIDE**2
        return 0.5 * (strides @ strides / hamiltonian.STRIDE**2 + misses @ misses), slopes


class InPython:
    """The energy as a graph of the engine in plain Python."""

    @staticmethod
    def value_and_grad(q):
        places = [reference.Value(x) for x in q.tolist()]
        strides = sum((b - a) ** 2 for a, b in zip([0.0, *places], places))
        misses = sum((place - y) ** 2 for place, y in zip(places, hamiltonian.SEEN.tolist()))
        energy = 0.5 * (strides / hamiltonian.STRIDE**2 + misses / hamiltonian.FOG**2)
        energy.backward()
        return energy.data, np.array([place.grad for place in places])


def leapfrog(energy, steps):
    """Return where a ball ends after some steps."""
    return hamiltonian.leapfrog(energy, START, KICK, SIZE, steps)[0]


def on_buffers(steps):
    """The same, by a call on buffers."""
    q, value, slopes = START.copy(), np.empty(1), np.empty_like(START)
    call = hamiltonian.energy.bind(q, value, slopes)
    call()
    p = KICK - 0.5 * SIZE * slopes
    for _ in range(steps):
        q += SIZE * p
        call()
        p -= SIZE * slopes
    return q


WAYS = {  # by name: a run of so many steps, and which share of them is timed
    "value_and_grad": (lambda steps: leapfrog(hamiltonian.energy, steps), 1),
    "bind": (on_buffers, 1),
    "numpy, by hand": (lambda steps: leapfrog(ByHand, steps), 1),
    "pure Python engine": (lambda steps: leapfrog(InPython, steps), FEWER),
}


def least_seconds(rounds):
    """Return the least seconds of `STEPS` steps by each way, which take turns."""
    ends = [run(STEPS // FEWER) for run, _ in WAYS.values()]
    for end in ends[1:]:
        np.testing.assert_allclose(end, ends[0], rtol=1e-10)
    runs = [(functools.partial(run, STEPS // share), share) for run, share in WAYS.values()]
    samples = [[sample(run, 1, warm_up=False) * share for run, share in runs] for _ in range(rounds)]
    return dict(zip(WAYS, map(min, zip(*samples))))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a fifth of the rounds")
    found = least_seconds(QUICK if parser.parse_args().quick else ROUNDS)
    ours = found["value_and_grad"]
    rows = [[name, f"{seconds:.4f}", f"{seconds / ours:.2f}"] for name, seconds in found.items()]
    print_table(
        f"{STEPS:,} leapfrog steps of {hamiltonian.COUNT} parameters", ["gradient by", "seconds", "ratio"], rows
    )
    verdict = "" if ours <= MOST_SECONDS else "   NO"
    print(f"\nasked: at most {MOST_SECONDS} seconds, measured: {ours:.4f}{verdict}")


if __name__ == "__main__":
    main()

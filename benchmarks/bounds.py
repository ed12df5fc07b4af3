"""``python -m benchmarks.bounds``: what only a clock can tell, as ratios that hold on a busy machine, too.

Two ways take turns in this process, the processor's time is taken, and the least of several rounds counts. A bound is
many times what is measured, so that missing it means another order of growth or a loop in Python where there was one in
C. Then the exit status is 1: unlike the other commands, which are reports, this one is a test.
"""

import math
import sys

from benchmarks import children, timing
from benchmarks.compare import print_table, three_digits
from benchmarks.limits import Limit

ROUNDS = 7


def ratio(run, yardstick):
    """Return the least time of a function over that of another, taken in turns."""
    least = [math.inf, math.inf]
    for _ in range(ROUNDS):
        least = [min(before, timing.sample(way, 1)) for before, way in zip(least, (run, yardstick), strict=True)]
    return least[0] / least[1]


def chains(count, length):
    """Grow so many chains in turn, node by node, and return their ends."""
    from fastgrad import Value

    ends = [Value(float(k)) for k in range(count)]
    for _ in range(length):
        ends = [end * 1.5 for end in ends]
    return ends


def sweeps_of_neighbours():
    """20,000 chains of 10 nodes that lie between each other, against one of as many nodes."""
    ends, (alone,) = chains(20_000, 10), chains(1, 200_000)
    return ratio(lambda: [end.backward() for end in ends], alone.backward)


def chain_of_ten_times_the_length():
    """A node built, swept and freed in a chain of 1,000,000, against one in a chain of 100,000."""
    return ratio(lambda: chains(1, 1_000_000)[0].backward(), lambda: chains(1, 100_000)[0].backward()) / 10.0


def recording_of_ten_times_the_length():
    """A step of a function recorded and made a program, of 50,000 steps against 5,000, with a guard at each."""
    return ratio(lambda: _recorded(50_000), lambda: _recorded(5_000)) / 10.0


def _recorded(steps):
    from fastgrad import Value
    from fastgrad._recording.record import Recording

    x, a, b = Value(0.5), Value(0.25), Value(0.125)
    with Recording([x, a, b]) as recording:
        y = x
        for _ in range(steps):
            y = (y * a + b).tanh() if y > -2.0 else y
    return recording.arrays([y])


def gradient_of_ten_times_the_length():
    """A step of a function compiled and its gradient computed once, of 50,000 steps against 5,000."""
    return ratio(lambda: _gradient(50_000), lambda: _gradient(5_000)) / 10.0


def _gradient(steps):
    import fastgrad

    def chain(x, a, b):
        for _ in range(steps):
            x = (x * a + b).tanh()
        return x

    return fastgrad.compile(chain).value_and_grad(0.5, 0.25, 0.125)


def step(kind):
    """Return the measurement of an optimizer's step on 100,000 parameters, against ``x -= 0.1 * g`` of arrays."""

    def measured():
        import numpy as np

        from fastgrad import nn, optim

        optimizer = getattr(optim, kind)(nn.Layer(99, 1000))
        x, g = np.zeros(100_000), np.ones(100_000)

        def plain():
            x[:] -= 0.1 * g

        return ratio(optimizer.step, plain)

    return measured


def importing():
    """``import fastgrad``, against starting Python."""
    measured = children.measure("import_seconds", 10)
    return measured["milliseconds"] / measured["python_milliseconds"]


def _most(bound, what):
    return Limit("", what, "<=", bound, "x")


BOUNDS = {
    _most(20.0, "a node swept among other graphs' nodes, against one in a graph alone"): sweeps_of_neighbours,
    _most(5.0, "a node of a chain of 1,000,000, against one of a chain of 100,000"): chain_of_ten_times_the_length,
    _most(5.0, "a recorded step of 50,000, against one of 5,000"): recording_of_ten_times_the_length,
    _most(5.0, "a step compiled and swept, of 50,000, against one of 5,000"): gradient_of_ten_times_the_length,
    _most(20.0, "a step of SGD on 100,000 parameters, against numpy's x -= 0.1 * g"): step("SGD"),
    _most(20.0, "a step of Adam, against the same"): step("Adam"),
    _most(20.0, "a step of RMSprop, against the same"): step("RMSprop"),
    _most(2.0, "import fastgrad, against starting Python"): importing,
}


def main():
    rows, missed = [], 0
    for limit, measure in BOUNDS.items():
        measured = measure()
        missed += not limit.is_met(measured)
        rows.append([limit.what, limit.asked(), three_digits(measured), "yes" if limit.is_met(measured) else "NO"])
    print_table("bounds and what was measured", ["what", "bound", "measured", "met"], rows)
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())

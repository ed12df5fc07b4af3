"""fastgrad.optimize beside the same calls of SciPy written by hand: ``python -m benchmarks.optimize``.

The glue is the time that `fastgrad.optimize` takes beyond SciPy's function given the derivatives of the same compiled
function. Both find the same numbers, or nothing is printed. Fits are set beside SciPy's differences, too, of plain
Python with numpy.
"""

import argparse
import math as pythons

import numpy as np
from scipy import optimize as scipys

import fastgrad
from benchmarks.timing import least_seconds
from fastgrad import math, optimize

ROUNDS, QUICK = 40, 8
MOST_GLUE, LEAST_GAIN = 1.05, 5.0


@fastgrad.compile
def rosenbrock(x):
    return fastgrad.sum((1.0 - a) ** 2 + 100.0 * (b - a * a) ** 2 for a, b in zip(x, x[1:]))


START = np.zeros(10)
TIMES = np.linspace(0.0, 5.0, 200)
NOISE = np.random.default_rng(11).normal(0.0, 0.05, 200)
MEASURED = 3.0 * np.exp(-TIMES) + 1.5 * np.exp(-0.3 * TIMES) + 0.5 + NOISE
BEGIN = np.array([2.0, 1.5, 1.0, 0.2, 0.4])


@fastgrad.compile
def residuals(p):
    a, b, c, d, e = p
    return np.array([a * math.exp(-b * t) + c * math.exp(-d * t) + e - y for t, y in zip(TIMES, MEASURED)])


def with_numpy(p):
    a, b, c, d, e = p
    return a * np.exp(-b * TIMES) + c * np.exp(-d * TIMES) + e - MEASURED


def in_python(p):
    a, b, c, d, e = p
    return np.array([a * pythons.exp(-b * t) + c * pythons.exp(-d * t) + e - y for t, y in zip(TIMES, MEASURED)])


def in_floats(x):
    return sum((1.0 - a) ** 2 + 100.0 * (b - a * a) ** 2 for a, b in zip(x.tolist(), x[1:].tolist()))


GLUE = {  # by fastgrad.optimize, by hand
    "minimize, BFGS": (
        lambda: optimize.minimize(rosenbrock, START, "BFGS"),
        lambda: scipys.minimize(rosenbrock.value_and_grad, START, jac=True, method="BFGS"),
    ),
    "minimize, L-BFGS-B": (
        lambda: optimize.minimize(rosenbrock, START, "L-BFGS-B"),
        lambda: scipys.minimize(rosenbrock.value_and_grad, START, jac=True, method="L-BFGS-B"),
    ),
    "minimize, trust-exact": (
        lambda: optimize.minimize(rosenbrock, START, "trust-exact"),
        lambda: scipys.minimize(
            rosenbrock.value_and_grad, START, jac=True, hess=rosenbrock.hessian, method="trust-exact"
        ),
    ),
    "minimize, SLSQP": (
        lambda: optimize.minimize(rosenbrock, START, "SLSQP"),
        lambda: scipys.minimize(rosenbrock.value_and_grad, START, jac=True, method="SLSQP"),
    ),
    "least_squares, trf": (
        lambda: optimize.least_squares(residuals, BEGIN),
        lambda: scipys.least_squares(residuals, BEGIN, residuals.jacobian),
    ),
    "least_squares, lm": (
        lambda: optimize.least_squares(residuals, BEGIN, method="lm"),
        lambda: scipys.least_squares(residuals, BEGIN, residuals.jacobian, method="lm"),
    ),
}
GAINS = {  # by fastgrad.optimize, by SciPy with differences
    "least_squares, 2-point of plain Python": (
        GLUE["least_squares, trf"][0],
        lambda: scipys.least_squares(in_python, BEGIN),
    ),
    "least_squares, 2-point of numpy": (
        GLUE["least_squares, trf"][0],
        lambda: scipys.least_squares(with_numpy, BEGIN),
    ),
    "minimize, BFGS, 2-point of plain Python": (
        GLUE["minimize, BFGS"][0],
        lambda: scipys.minimize(in_floats, START, method="BFGS"),
    ),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    rounds = QUICK if parser.parse_args().quick else ROUNDS
    print(f"{'Glue':42}{'here, µs':>12}{'by hand, µs':>14}{'ratio':>8}   at most {MOST_GLUE}")
    for name, pair in GLUE.items():
        ours, by_hand = least_seconds(pair, rounds, lambda found: found.x)
        verdict = "" if ours <= MOST_GLUE * by_hand else "   NO"
        print(f"{name:42}{1e6 * ours:12.0f}{1e6 * by_hand:14.0f}{ours / by_hand:8.3f}{verdict}", flush=True)
    print(f"\n{'Gains':42}{'here, µs':>12}{'SciPy, µs':>14}{'times':>8}   at least {LEAST_GAIN}")
    for name, pair in GAINS.items():
        ours, theirs = least_seconds(pair, rounds, lambda found: found.x)
        print(f"{name:42}{1e6 * ours:12.0f}{1e6 * theirs:14.0f}{theirs / ours:8.1f}", flush=True)


if __name__ == "__main__":
    main()

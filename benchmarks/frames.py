"""Frames beside the same numbers as an array, taken out by hand: ``python -m benchmarks.frames``.

By hand is ``frame.to_numpy()``, and the call with that array. The glue is what a frame takes beyond it, the look for
missing values included, which by hand is left out. Both find the same numbers, or nothing is printed.
"""

import argparse

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from scipy import sparse

import fastgrad
from benchmarks.timing import least_seconds
from fastgrad import losses, math, nn, train

ROUNDS, QUICK = 40, 8
MOST_GLUE = 1.05
N = 100_000

RNG = np.random.default_rng(11)
ARRAY = RNG.normal(size=(N, 5))
NAMES = ["a", "b", "c", "d", "e"]
WIDE = RNG.normal(size=(100, 2000))
P = np.array([0.5, -1.0, 0.1, 0.2, 0.3])


@fastgrad.compile
def error(p, x):
    return (math.tanh(p[0] * x[0] + p[1] * x[1] + p[2] * x[2] + p[3] * x[3]) - p[4] * x[4]) ** 2


@fastgrad.compile
def plain(x):
    return (math.tanh(0.5 * x[0] - x[1] + 0.1 * x[2] + 0.2 * x[3]) - 0.3 * x[4]) ** 2


@fastgrad.compile
def wide(x):
    return x[0] * x[1999]


def mean(x):
    return plain.mean(x).data


def mean_and_gradient(x):
    return error.mean_value_and_grad(P, x)[0]


def fitted(x):
    model = nn.MLP(5, [8, 1], rng=0)
    return train.fit(model, x, ARRAY[:, 0], epochs=1, batch_size=1000, seed=1).loss[0]


def wide_mean(x):
    return wide.mean(x).data


def numbers_of(table):
    return table.to_pandas().to_numpy()


COLUMNS = {name: ARRAY[:, k].copy() for k, name in enumerate(NAMES)}
MADE = {
    "pandas of an array": (pd.DataFrame(ARRAY, columns=NAMES), pd.DataFrame.to_numpy),
    "pandas of columns": (pd.DataFrame(COLUMNS), pd.DataFrame.to_numpy),
    "pandas, floats and ints": (pd.DataFrame(COLUMNS).assign(a=np.arange(N) % 7), pd.DataFrame.to_numpy),
    "polars": (pl.DataFrame(COLUMNS), pl.DataFrame.to_numpy),
    "Arrow": (pa.table(COLUMNS), numbers_of),
}
WIDE_NAMES = [f"x{k}" for k in range(WIDE.shape[1])]
OF_WIDE = {
    "pandas": (pd.DataFrame(WIDE, columns=WIDE_NAMES), pd.DataFrame.to_numpy),
    "polars": (pl.DataFrame(WIDE, schema=WIDE_NAMES), pl.DataFrame.to_numpy),
    "Arrow": (pa.table({name: WIDE[:, k] for k, name in enumerate(WIDE_NAMES)}), numbers_of),
}


def least_of(call, frame, by_hand, rounds):
    """Return the least seconds of a call with a frame, and with what is taken out of it by hand."""
    return least_seconds((lambda: call(frame), lambda: call(by_hand(frame))), rounds, tolerance=1e-12)


def steps_on(density):
    """Return a training step of a network of 5,000 inputs on 200 sparse rows, and on the array of them."""
    X = sparse.random_array((200, 5000), density=density, format="csr", rng=np.random.default_rng(11))
    model, y, dense = nn.MLP(5000, [32, 1], rng=0), np.ones(200), X.toarray()

    def step(x):
        model.zero_grad()
        loss = losses.mse(model(x), y)
        loss.backward()
        return loss.data

    return lambda: step(X), lambda: step(dense)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    rounds = QUICK if parser.parse_args().quick else ROUNDS
    rows = [(call, name, *pair) for call in (mean, mean_and_gradient, fitted) for name, pair in MADE.items()]
    print(f"{'Glue':44}{'frame, µs':>12}{'by hand, µs':>14}{'ratio':>8}   at most {MOST_GLUE}")
    for call, name, frame, by_hand in rows:
        ours, theirs = least_of(call, frame, by_hand, rounds)
        verdict = "" if ours <= MOST_GLUE * theirs else "   NO"
        label = f"{call.__name__.replace('_', ' ')}, {name}"
        print(f"{label:44}{1e6 * ours:12.0f}{1e6 * theirs:14.0f}{ours / theirs:8.3f}{verdict}", flush=True)
    print(
        f"\n{f'Mean of 100 rows of {len(WIDE_NAMES):,} columns':44}{'frame, µs':>12}{'by hand, µs':>14}{'a column':>10}"
    )
    for name, (frame, by_hand) in OF_WIDE.items():
        ours, theirs = least_of(wide_mean, frame, by_hand, rounds)
        print(f"{name:44}{1e6 * ours:12.0f}{1e6 * theirs:14.0f}{1e6 * (ours - theirs) / len(WIDE_NAMES):10.2f}")
    print(f"\n{'Step on 200 rows of 5,000 inputs':44}{'sparse, µs':>12}{'array, µs':>14}{'times':>8}")
    for density in (0.001, 0.01, 0.05):
        ours, theirs = least_seconds(steps_on(density), rounds, tolerance=1e-12)
        print(f"{f'{density:.1%} are not 0':44}{1e6 * ours:12.0f}{1e6 * theirs:14.0f}{theirs / ours:8.1f}", flush=True)


if __name__ == "__main__":
    main()

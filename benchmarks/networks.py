"""``python -m benchmarks.networks``: training steps of small and wide networks, in fastgrad and in other engines.

A step is what a training loop repeats: predictions, loss, zeroed gradients, backward sweep, gradient descent. Every
engine starts from the same parameters, in 64-bit numbers and on one thread, and no time is printed unless the losses
of the first steps agree. The programs are those that a user of the engine writes: torch has its modules, losses and
optimizer, jax a compiled step, micrograd its own classes. Micrograd has no tanh, so it is compared on a network of
rectifiers, which is linear in the last layer as its own is; torch is compared on the network of tanh neurons, where a
scalar engine has more to compute.

It is a report: a requirement that is missed is marked, and the exit status is 0 all the same.
"""

import argparse
import functools
import gc
import json
import math
import os
import platform
import statistics
import sys
from itertools import pairwise, product
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import timing
from benchmarks.compare import print_table, three_digits
from benchmarks.limits import Limit
from benchmarks.workloads import SMALL_ROWS, SMALL_TARGETS

ALPHA = 1e-4  # the factor of the penalty in micrograd's demonstration
STEPS_COMPARED = 3


class Plan(NamedTuple):
    """How much to measure."""

    rounds: int
    fits: int
    fit_steps: int
    class_steps: int


FULL = Plan(rounds=60, fits=5, fit_steps=100_000, class_steps=500)
QUICK = Plan(rounds=2, fits=1, fit_steps=10_000, class_steps=100)


def use_one_thread():
    """Have the engines use one thread each; to be called before they or numpy are imported, which read these then."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC"):  # the last is for jax
        os.environ[name] = "1"


# Workloads.


class Workload(NamedTuple):
    """A network, the numbers it starts from and what it is trained on."""

    name: str
    sizes: tuple[int, ...]
    activation: str  # of all layers but the last, which is linear
    loss: str
    lr: float
    rows: Any  # arrays
    targets: Any
    parameters: Any

    def tables(self):
        """Deal the parameters out: a layer is a table, a neuron a row of it, its weights and then its bias."""
        tables, start = [], 0
        for n_in, n_out in pairwise(self.sizes):
            stop = start + (n_in + 1) * n_out
            tables.append(self.parameters[start:stop].reshape(n_out, n_in + 1))
            start = stop
        return tables


def make_workload(name, sizes, activation, loss, lr, data):
    import numpy as np

    draw = np.random.default_rng(len(sizes) * sizes[0])
    layers = [draw.normal(0.0, (2.0 / n_in) ** 0.5, (n_in + 1) * n_out) for n_in, n_out in pairwise(sizes)]
    return Workload(name, sizes, activation, loss, lr, *data, np.concatenate(layers))


def _moons(count):
    """Two half circles that reach into one another, with labels -1 and 1."""
    import numpy as np

    draw = np.random.default_rng(5)
    labels, angles = np.repeat([-1.0, 1.0], count // 2), draw.uniform(0.0, np.pi, count)
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    lower = labels > 0.0
    rows[lower] = [1.0, 0.5] - rows[lower]
    return rows + draw.normal(0.0, 0.1, rows.shape), labels


def make_workloads():
    """Make the workloads by their keys."""
    import numpy as np

    small, draw = (np.array(SMALL_ROWS), np.array(SMALL_TARGETS)), np.random.default_rng(6)
    digits = draw.uniform(0.0, 1.0, (64, 784)), draw.integers(0, 10, 64)
    return {
        "tanh": make_workload("3-4-4-1 tanh, 4 rows", (3, 4, 4, 1), "tanh", "mse", 0.01, small),
        "relu": make_workload("3-4-4-1 relu, 4 rows", (3, 4, 4, 1), "relu", "mse", 0.001, small),
        "moons": make_workload(
            "2-16-16-1 relu, 100 rows, hinge + L2", (2, 16, 16, 1), "relu", "hinge", 0.1, _moons(100)
        ),
        "wide": make_workload("784-128-10 relu, 64 rows", (784, 128, 10), "relu", "cross-entropy", 0.01, digits),
    }


# Engines: each makes, for a workload, a function that takes a step and returns the loss before it.


def fastgrad_model(workload):
    from fastgrad import nn

    model = nn.MLP(workload.sizes[0], list(workload.sizes[1:]), activation=workload.activation)
    model.flat = workload.parameters
    return model


def _fastgrad(workload, by_rows):
    from fastgrad import losses, optim

    if by_rows and workload.loss == "cross-entropy":
        return None

    def moons(scores, labels):
        return losses.hinge(scores, labels) + losses.l2_penalty(model, ALPHA)

    model, X, y = fastgrad_model(workload), workload.rows, workload.targets
    if by_rows:
        X, y = X.tolist(), y.tolist()
    forward = (lambda rows: [model(row) for row in rows]) if by_rows else model
    loss_of = {"mse": losses.mse, "cross-entropy": losses.cross_entropy, "hinge": moons}[workload.loss]
    optimizer = optim.SGD(model, lr=workload.lr)

    def step():
        loss = loss_of(forward(X), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def torch_model(workload):
    import torch

    layers = []
    for table in workload.tables():
        linear = torch.nn.Linear(table.shape[1] - 1, table.shape[0], dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(table[:, :-1]))
            linear.bias.copy_(torch.from_numpy(table[:, -1]))
        layers += [linear, torch.nn.Tanh() if workload.activation == "tanh" else torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def _torch(workload):
    import torch

    def moons(scores, labels):
        penalty = sum((p * p).sum() for p in model.parameters())
        return (1.0 - labels * scores).relu().mean() + ALPHA * penalty

    torch.set_num_threads(1)
    model, X, y = torch_model(workload), torch.from_numpy(workload.rows), torch.from_numpy(workload.targets)
    if workload.sizes[-1] == 1:
        y = y.reshape(-1, 1)
    losses = {"mse": torch.nn.MSELoss(), "cross-entropy": torch.nn.CrossEntropyLoss(), "hinge": moons}
    loss_of, optimizer = losses[workload.loss], torch.optim.SGD(model.parameters(), lr=workload.lr)

    def step():
        loss = loss_of(model(X), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def jax_loss(workload):
    import jax
    import jax.numpy as jnp

    activate = {"tanh": jnp.tanh, "relu": jax.nn.relu}[workload.activation]

    def forward(layers, x):
        for weights, bias in layers[:-1]:
            x = activate(x @ weights.T + bias)
        weights, bias = layers[-1]
        return (x @ weights.T + bias).squeeze()

    def loss(layers, x, y):
        out = forward(layers, x)
        if workload.loss == "cross-entropy":
            return -jnp.take_along_axis(jax.nn.log_softmax(out), y[:, None], axis=1).mean()
        if workload.loss == "mse":
            return ((out - y) ** 2).mean()
        return jax.nn.relu(1.0 - y * out).mean() + ALPHA * sum((p * p).sum() for layer in layers for p in layer)

    return loss


def _jax(workload):
    import jax

    jax.config.update("jax_enable_x64", True)
    loss_of = jax.value_and_grad(jax_loss(workload))
    layers = [(jax.numpy.array(table[:, :-1]), jax.numpy.array(table[:, -1])) for table in workload.tables()]
    X, y = jax.numpy.array(workload.rows), jax.numpy.array(workload.targets)

    @functools.partial(jax.jit, donate_argnums=0)
    def update(layers, x, y):
        loss, slopes = loss_of(layers, x, y)
        return jax.tree.map(lambda p, slope: p - workload.lr * slope, layers, slopes), loss

    def step():
        nonlocal layers
        layers, loss = update(layers, X, y)
        return loss.block_until_ready()

    return step


def _micrograd(workload):
    """Row by row, as micrograd's demonstration has it: scalars are made of the rows of the moons in every step."""
    if workload.activation != "relu" or workload.loss == "cross-entropy":
        return None
    from micrograd.engine import Value
    from micrograd.nn import MLP

    model, xs, ys = MLP(workload.sizes[0], list(workload.sizes[1:])), workload.rows.tolist(), workload.targets.tolist()
    for p, number in zip(model.parameters(), workload.parameters.tolist()):
        p.data = number

    def mse():
        errors = [(model(x) - y) ** 2 for x, y in zip(xs, ys)]
        return sum(errors) * (1.0 / len(errors))

    def moons():
        scores = [model(list(map(Value, x))) for x in xs]
        hinges = [(1 + -y * score).relu() for y, score in zip(ys, scores)]
        return sum(hinges) * (1.0 / len(hinges)) + ALPHA * sum(p * p for p in model.parameters())

    def step():
        loss = mse() if workload.loss == "mse" else moons()
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= workload.lr * p.grad
        return loss

    return step


ENGINES = {
    "fastgrad, batch": functools.partial(_fastgrad, by_rows=False),
    "fastgrad, rows": functools.partial(_fastgrad, by_rows=True),
    "torch": _torch,
    "jax": _jax,
    "micrograd": _micrograd,
}
SLOW = "micrograd"


def make_steps(workload):
    """Return a step of each engine that is installed and can train the workload, by the engine's name."""
    steps = {}
    for name, make in ENGINES.items():
        try:
            step = make(workload)
        except ModuleNotFoundError as error:
            if name.startswith("fastgrad"):
                raise
            say_left_out(name, str(error))
        else:
            steps |= {name: step} if step else {}
    return steps


@functools.cache
def say_left_out(name, why):
    print(f"{name} is left out: {why}", file=sys.stderr)


def first_losses(step):
    """Return the losses of the first steps, whatever the engine's type of number."""
    return [float(getattr(loss, "data", loss)) for loss in (step() for _ in range(STEPS_COMPARED))]


def check_agreement(what, losses, tolerance=1e-9):
    """Raise unless the lists of losses, by the engines' names, are the same."""
    (first, expected), *others = losses.items()
    for name, found in others:
        for k, (a, b) in enumerate(zip(expected, found, strict=True)):
            if not math.isclose(a, b, rel_tol=tolerance):
                raise RuntimeError(f"{what}, step {k}: the loss is {a!r} in {first} and {b!r} in {name}")


# The training of a tutorial, tanh in the last layer too: by `fit`, and by classes as the tutorial has them.


class Neuron:
    """A neuron as tutorials have it: a list of numbers, and one more."""

    def __init__(self, numbers):
        *self.w, self.b = numbers

    def __call__(self, x):
        return sum((wi * xi for wi, xi in zip(self.w, x)), self.b).tanh()

    def parameters(self):
        return [*self.w, self.b]


class Layer:
    def __init__(self, table):
        self.neurons = [Neuron(row) for row in table]

    def __call__(self, x):
        out = [neuron(x) for neuron in self.neurons]
        return out if len(out) > 1 else out[0]

    def parameters(self):
        return [p for neuron in self.neurons for p in neuron.parameters()]


class Network:
    def __init__(self, tables):
        self.layers = [Layer(table) for table in tables]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]


def train_classes(workload, steps, value):
    """Train the user's network and return the losses."""
    xs, ys, losses = workload.rows.tolist(), workload.targets.tolist(), []
    network = Network([[[value(p) for p in row] for row in table.tolist()] for table in workload.tables()])
    for _ in range(steps):
        predictions = [network(x) for x in xs]
        for p in network.parameters():
            p.grad = 0.0
        loss = sum((yi - prediction) ** 2 for yi, prediction in zip(ys, predictions)) ** 0.5
        loss.backward()
        for p in network.parameters():
            p.data -= 0.01 * p.grad
        losses.append(loss.data)
    return losses


def train_fit(workload, steps):
    """Do the same by `fit`."""
    from fastgrad import train

    model = fastgrad_model(workload)
    model.layers[-1].activation = "tanh"
    X, y = workload.rows, workload.targets
    return train.fit(model, X, y, loss="root_of_squares", lr=0.01, epochs=steps).loss.tolist()


# Measuring.


def time_steps(workload, steps, rounds):
    """Check that the engines' losses agree, then time their steps in turns; return the samples by engine."""
    check_agreement(workload.name, {name: first_losses(step) for name, step in steps.items()})
    loops = {name: timing.loops_for(step) for name, step in steps.items()}
    samples = {name: [] for name in steps}
    for turn, (name, step) in product(range(rounds), steps.items()):
        if name != SLOW or turn % timing.SLOW_ENGINES_EVERY == 0:
            samples[name].append(timing.sample(step, loops[name], warm_up=name != SLOW))
    return samples


def time_fit(workload, plan):
    """Check that `fit` and the user's classes agree, then time them in turns; the seconds are those of a step."""
    from fastgrad import reference

    runs = {
        "fit": (functools.partial(train_fit, workload), plan.fit_steps),
        "classes": (functools.partial(train_classes, workload, value=reference.Value), plan.class_steps),
    }
    check_agreement("fit", {name: run(steps=plan.class_steps) for name, (run, _) in runs.items()})
    samples = {name: [] for name in runs}
    for _, (name, (run, steps)) in product(range(plan.fits), runs.items()):
        samples[name].append(timing.sample(functools.partial(run, steps=steps), 1, warm_up=False) / steps)
    return samples


def measure(workloads, plan):
    """Return the samples of all engines, in seconds a step, by the workload's key."""
    steps = {key: make_steps(workload) for key, workload in workloads.items()}
    gc.collect()
    gc.freeze()  # Imported modules are not any engine's garbage.
    samples = {key: time_steps(workload, steps[key], plan.rounds) for key, workload in workloads.items()}
    samples["fit"] = time_fit(workloads["tanh"], plan)
    gc.unfreeze()
    return samples


# What was asked, and the report.


class Asked(NamedTuple):
    """A requirement on how many times longer one engine takes than another."""

    workload: str
    slower: str
    faster: str
    limit: Limit

    def measured(self, samples, statistic):
        """Return the ratio of the engines' times; None where an engine is missing."""
        times = samples[self.workload]
        if not {self.slower, self.faster} <= set(times):
            return None
        return statistic(times[self.slower]) / statistic(times[self.faster])


def _asked(workload, slower, faster, relation, bound, what):
    return Asked(workload, slower, faster, Limit(f"{workload}: {slower} / {faster}", what, relation, bound, "x"))


ASKED = [
    _asked("tanh", "torch", "fastgrad, rows", ">=", 15.0, "3-4-4-1, row by row: faster than torch's whole batch"),
    _asked("relu", "micrograd", "fastgrad, rows", ">=", 100.0, "3-4-4-1, row by row: faster than micrograd"),
    _asked("tanh", "torch", "fastgrad, batch", ">=", 40.0, "3-4-4-1, the batch at once: faster than torch"),
    _asked("moons", "micrograd", "fastgrad, batch", ">=", 300.0, "2-16-16-1, moons: faster than micrograd"),
    _asked("moons", "torch", "fastgrad, batch", ">=", 3.0, "2-16-16-1, moons: faster than torch"),
    _asked("wide", "fastgrad, batch", "torch", "<=", 2.0, "784-128-10: time against torch's"),
    _asked("fit", "classes", "fit", ">=", 100.0, "fit: faster than a user's classes on fastgrad.reference"),
]


def print_times(workloads, samples):
    """Print the microseconds of a step: the least, and the median."""
    rows = [
        [workload.name, *(microseconds(samples[key].get(engine)) for engine in ENGINES)]
        for key, workload in workloads.items()
    ]
    print_table("a training step, microseconds: the least (the median)", ["network", *ENGINES], rows)
    fit, classes = (microseconds(samples["fit"][name]) for name in ("fit", "classes"))
    print(f"\n3-4-4-1 tanh to the last layer, 4 rows, a step of many: {fit} in fit, {classes} in a user's classes")


def microseconds(times):
    """Return the least time and, in parentheses, the median, as text."""
    if times is None:
        return "-"
    return f"{three_digits(min(times) * 1e6)} ({three_digits(statistics.median(times) * 1e6)})"


def print_asked(requirements, samples):
    """Print every requirement beside the measured ratios."""
    rows = []
    for asked in requirements:
        least, median = (asked.measured(samples, statistic) for statistic in (min, statistics.median))
        cells = ["not measured", "", ""]
        if least is not None:
            verdict = "yes" if asked.limit.is_met(least) else "NO"
            cells = [f"{three_digits(least)}x", f"{three_digits(median)}x", verdict]
        rows.append([asked.limit.what, asked.limit.asked(), *cells])
    print_table("asked and measured", ["what", "asked", "of minima", "of medians", "met"], rows)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.networks", description=__doc__.split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="a few seconds: the engines agree, the times are rough")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples to this file, too")
    options = parser.parse_args()
    use_one_thread()
    workloads = make_workloads()
    samples = measure(workloads, QUICK if options.quick else FULL)
    print(f"Python {platform.python_version()}, {platform.machine()}; one thread, 64-bit numbers")
    print_times(workloads, samples)
    print_asked(ASKED, samples)
    if options.json:
        report = {"python": platform.python_version(), "seconds": samples}
        options.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()

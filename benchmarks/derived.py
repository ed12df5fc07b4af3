"""What `benchmarks.derivatives` times beside Hessians of one row: products, rows, Jacobians, making programs, graphs.

numpy is imported here, so `networks.use_one_thread` has to be called before.
"""

import functools
import math
import sys
from types import SimpleNamespace

import numpy as np

import fastgrad
from benchmarks import hessians
from benchmarks.replays import Case, Runner, _flat, _into_buffers

CLOCK = "by the clock"

# Cases whose engines agree to less than 1e-9, since one of them takes differences.
TOLERANCE = {"over.rosenbrock": 1e-6, "over.chain": 1e-6, "jacobian": 1e-6}


# Hessians and products with them, over the gradient of the same function.

CHAIN_STEPS = 1_000


def _chain(xs, lib):
    x, a, b = xs
    for _ in range(CHAIN_STEPS):
        x = x + (a - b * x) * x * 0.001
    return x


CHAIN = hessians.Subject("chain", "chain of 5,000 operations", [0.3, 1.2, 0.5], _chain, None)


def _gradient(subject):
    f, x, h = hessians.compiled(subject), np.array(subject.point), 1e-5

    def slope(step):
        return (f.value_and_grad(x + step)[1] - f.value_and_grad(x - step)[1]) / (2.0 * h)

    run = functools.partial(f.value_and_grad, x)
    return hessians.settled(run, lambda: np.ravel([slope(h * unit) for unit in np.eye(len(x))]))


def _hessian(subject):
    run = functools.partial(hessians.compiled(subject).hessian, np.array(subject.point))
    return hessians.settled(run, lambda: np.ravel(run()))


def _product(subject):
    f, x = hessians.compiled(subject), np.array(subject.point)
    run = functools.partial(f.hvp, x, np.linspace(0.5, 1.5, len(x)))
    return hessians.settled(run, lambda: np.ravel([f.hvp(x, unit) for unit in np.eye(len(x))]))


def _over_gradient(subject):
    ways = {"gradient": _gradient, "Hessian": _hessian, "product": _product}
    makers = {name: functools.partial(make, subject) for name, make in ways.items()}
    return Case(f"over a gradient, {CLOCK}", f"over.{subject.key}", subject.name, makers)


# Many rows.

ROWS = 4_096
OPTIONS = np.array(hessians.OPTION) * np.random.default_rng(13).uniform(0.9, 1.1, (ROWS, 5))


def _rows(spread):
    """All second derivatives of the rows, of a function of five numbers or of one array."""
    f = hessians.compiled(hessians.SUBJECT["black"], spread)
    if not spread:
        run = functools.partial(f.batch_hessian, OPTIONS, num_threads=1)
        return hessians.settled(run, lambda: np.ravel(run()))
    columns, argnums = [np.ascontiguousarray(column) for column in OPTIONS.T], tuple(range(5))
    run = functools.partial(f.batch_hessian, *columns, argnums=argnums, num_threads=1)
    return hessians.settled(run, lambda: np.ravel(np.moveaxis(np.array(run()), 2, 0)))


def _jax_rows(forward):
    import jax

    jax.config.update("jax_enable_x64", True)
    function = functools.partial(hessians.SUBJECT["black"].in_arrays, jnp=jax.numpy)
    hessian = jax.jacfwd(jax.jacfwd(function)) if forward else jax.hessian(function)
    f, X = jax.jit(jax.vmap(hessian)), jax.numpy.array(OPTIONS)
    return Runner(lambda: jax.block_until_ready(f(X)), lambda: np.ravel(f(X)))


def _many_rows():
    makers = {
        "fastgrad": lambda: _rows(spread=True),
        "fastgrad, one array": lambda: _rows(spread=False),
        "jax": lambda: _jax_rows(forward=False),
        "jax, forward": lambda: _jax_rows(forward=True),
    }
    return Case(f"15 second derivatives a row, {CLOCK}", "rows", f"Black-76, {ROWS:,} rows", makers)


# A Jacobian.

SAMPLES = np.linspace(0.0, 3.0, 51)
DATA = 2.0 * np.exp(-0.7 * SAMPLES) + 0.3
FITTED = np.array([1.8, 0.6, 0.4])


def residuals(p, lib):
    a, b, c = p
    return [a * lib.exp(-b * t) + c - y for t, y in zip(SAMPLES.tolist(), DATA.tolist(), strict=True)]


def _jacobian():
    run = functools.partial(fastgrad.compile(lambda p: residuals(p, fastgrad.math)).jacobian, FITTED)
    return hessians.settled(run, lambda: np.ravel(run()))


def _differences():
    from scipy.optimize._numdiff import approx_derivative

    def run():
        return approx_derivative(lambda p: residuals(p, math), FITTED, method="2-point")

    return Runner(run, lambda: np.ravel(run()))


def _jacobians():
    return Case(f"Jacobian, {CLOCK}", "jacobian", "51 x 3", {"fastgrad": _jacobian, "scipy": _differences})


# The mean over paths, and its gradient.

PATHS = 100_000
DRAWS = np.random.default_rng(14).standard_normal(PATHS)
GIVEN = np.array([100.0, 105.0, 0.2, 0.03, 0.75])


def payoff(p, draw, lib, larger):
    spot, strike, volatility, rate, time = p
    growth = (rate - 0.5 * volatility * volatility) * time + volatility * lib.sqrt(time) * draw
    return lib.exp(-rate * time) * larger(spot * lib.exp(growth) - strike, 0.0)


def _paths():
    f = fastgrad.compile(lambda p, draw: payoff(p, draw, fastgrad.math, fastgrad.math.max))

    run = functools.partial(f.mean_value_and_grad, GIVEN, DRAWS, in_axes=(None, 0), num_threads=1)
    return hessians.settled(run, lambda: _flat(*run()))


def _jax_paths():
    import jax

    jax.config.update("jax_enable_x64", True)

    def mean(p, draws):
        return payoff(list(p), draws, hessians.jax_words(), jax.numpy.maximum).mean()

    f, p, draws = jax.jit(jax.value_and_grad(mean)), jax.numpy.array(GIVEN), jax.numpy.array(DRAWS)
    return Runner(lambda: jax.block_until_ready(f(p, draws)), lambda: _flat(*f(p, draws)))


def _greeks():
    makers = {"fastgrad": _paths, "jax": _jax_paths}
    return Case(f"price and Greeks, {CLOCK}", "paths", f"European call, {PATHS:,} paths", makers)


# Recording and making programs.


def _first(subject, with_hessian):
    x = np.array(subject.point)

    def run():
        f = hessians.compiled(subject)
        return f.value_grad_and_hessian(x) if with_hessian else f.value_and_grad(x)

    return Runner(run, lambda: _flat(*run()[:2]))


def _making(key):
    subject = hessians.SUBJECT[key]
    makers = {
        name: functools.partial(_first, subject, with_hessian)
        for name, with_hessian in (("gradient", False), ("Hessian", True))
    }
    return Case(f"recording, and the first call, {CLOCK}", f"make.{key}", subject.name, makers)


# Graphs of scalars.


def _kept_graph(nodes):
    """Return inputs and the last of so many nodes, one in six of which is a tanh."""
    xs = [fastgrad.Value(x) for x in (0.5, 1.1, 0.3)]
    x, a, b = xs
    y = x
    for _ in range(nodes // 6):
        y = ((y * a + x).tanh() - y * b) / a
    return xs, y


def _backward(nodes):
    xs, y = _kept_graph(nodes)

    def results():
        for x in xs:
            x.grad = 0.0
        y.backward()
        return np.array([x.grad for x in xs])

    return Runner(y.backward, results)


def _gradients(nodes):
    xs, y = _kept_graph(nodes)

    def run():
        return fastgrad.gradients(y, xs, create_graph=True)

    return Runner(run, lambda: np.array([slope.data for slope in run()]))


def _graphs(nodes):
    makers = {"backward": lambda: _backward(nodes), "gradients": lambda: _gradients(nodes)}
    return Case(f"a kept graph, {CLOCK}", f"kept.{nodes}", f"{nodes:,} nodes", makers)


# A sparse Hessian.

BAND = np.linspace(-1.0, 1.0, 1_000)


def banded(xs, lib):
    pairs = [(xs[k], xs[k + 1]) for k in range(len(BAND) - 1)]
    return sum((b - a * a) ** 2 + lib.exp(a * b * 0.1) for a, b in pairs)


def _sparse():
    f = fastgrad.compile(lambda xs: banded(xs, fastgrad.math))
    run = functools.partial(f.hessian, BAND, sparse=True)
    return hessians.settled(run, lambda: np.ravel(run().toarray()))


def _casadi_sparse():
    import casadi

    symbols = casadi.SX.sym("x", len(BAND))
    hessian, _ = casadi.hessian(banded(casadi.vertsplit(symbols), SimpleNamespace(exp=casadi.exp)), symbols)
    f = casadi.Function("f", [symbols], [hessian])
    numbers, (buffer, run) = np.empty(hessian.nnz()), f.buffer()
    buffer.set_arg(0, memoryview(BAND))
    buffer.set_res(0, memoryview(numbers))
    run.used = buffer  # which it does not keep alive by itself
    rows, columns = (np.array(places) for places in hessian.sparsity().get_triplet())

    def answers():
        dense = np.zeros((len(BAND), len(BAND)))
        dense[rows, columns] = numbers
        return (dense,)

    return _into_buffers(run, answers)


def _sparse_hessian():
    makers = {"fastgrad": _sparse, "casadi": _casadi_sparse}
    return Case(f"sparse Hessian, {CLOCK}", "sparse", "band of 3, n = 1,000", makers)


# What there is.


def is_there(case):
    """Say so where a case needs a method that compiled functions have not."""
    missing = {
        "paths": not hasattr(fastgrad.compiled.Compiled, "mean_value_and_grad") and "mean_value_and_grad",
        "sparse": not _has_sparse() and "hessian(x, sparse=True)",
    }.get(case.key)
    if missing:
        print(f"{case.name} is left out: compiled functions have no {missing}", file=sys.stderr)
    return not missing


def _has_sparse():
    import inspect

    return "sparse" in inspect.signature(fastgrad.compiled.Compiled.hessian).parameters


def make_cases(quick=False):
    """Return the cases; nothing is recorded or compiled before their makers are called."""
    over_chain = _over_gradient(CHAIN)
    del over_chain.makers["Hessian"]
    cases = [
        *hessians.make_cases(quick),
        _over_gradient(hessians.SUBJECT["rosenbrock"]),
        over_chain,
        _many_rows(),
        _jacobians(),
        _greeks(),
        *(_making(key) for key in ("chi", "pendulum", "likelihood")),
        *(_graphs(nodes) for nodes in (600, 6_000, 60_000)),
        _sparse_hessian(),
    ]
    return [case for case in cases if is_there(case)]

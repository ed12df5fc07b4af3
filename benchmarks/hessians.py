"""Value, gradient and Hessian of one row, in fastgrad and in its peers: cases of `benchmarks.derivatives`.

A function is one text, over a list of numbers and a namespace of mathematics; jax has the sums over points as arrays
and the differential equation as a scan. numpy is imported here, so `networks.use_one_thread` has to be called before.
"""

import functools
import operator
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

import fastgrad
from benchmarks.replays import Case, Runner, _flat, _into_buffers

WORDS = ("cos", "erf", "exp", "log", "sin", "sqrt")


class Subject(NamedTuple):
    """A function that is differentiated, and where."""

    key: str
    name: str
    point: list[float]
    function: Callable[[Any, Any], Any]
    in_arrays: Callable[[Any, Any], Any]  # the same for jax


# The functions.


def rosenbrock(xs, lib):
    return sum(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2 for a, b in zip(xs, xs[1:]))


def _rosenbrock_of_array(x, jnp):
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def black_76(xs, lib):
    """The price of a call on a future."""
    future, strike, time, rate, volatility = xs
    width = volatility * lib.sqrt(time)
    d = lib.log(future / strike) / width + 0.5 * width

    def normal(x):
        return 0.5 * (1.0 + lib.erf(x * 0.5**0.5))

    return lib.exp(-rate * time) * (future * normal(d) - strike * normal(d - width))


OPTION = [100.0, 95.0, 0.7, 0.03, 0.25]

ERROR = 0.05
TIMES = np.linspace(0.0, 5.0, 200)
MEASURED = 3.0 * np.exp(-TIMES) + 1.5 * np.exp(-0.3 * TIMES) + 0.5 + np.random.default_rng(11).normal(0.0, ERROR, 200)


def chi_squared(xs, lib):
    a, b, c, d, e = xs
    total = 0.0
    for t, y in zip(TIMES.tolist(), MEASURED.tolist(), strict=True):
        total = total + ((a * lib.exp(-b * t) + c * lib.exp(-d * t) + e - y) / ERROR) ** 2
    return total


def _chi_squared_of_array(x, jnp):
    a, b, c, d, e = x
    return (((a * jnp.exp(-b * TIMES) + c * jnp.exp(-d * TIMES) + e - MEASURED) / ERROR) ** 2).sum()


GRAVITY, STEP, STEPS = 9.81, 0.001, 2_000


def _pendulum_slope(state, lib):
    """Two pendulums of the same length and mass, one below the other: angles and their velocities."""
    a, b, p, q = state
    s, c = lib.sin(a - b), lib.cos(a - b)
    below = 4.0 - 2.0 * c * c
    faster = -3.0 * GRAVITY * lib.sin(a) - GRAVITY * lib.sin(a - 2.0 * b) - 2.0 * s * (q * q + p * p * c)
    other = 2.0 * s * (2.0 * p * p + 2.0 * GRAVITY * lib.cos(a) + q * q * c)
    return [p, q, faster / below, other / below]


def _pendulum_step(state, lib):
    """A step of the classical Runge-Kutta method."""

    def moved(slope, h):
        return [x + h * k for x, k in zip(state, slope, strict=True)]

    k1 = _pendulum_slope(state, lib)
    k2 = _pendulum_slope(moved(k1, STEP / 2.0), lib)
    k3 = _pendulum_slope(moved(k2, STEP / 2.0), lib)
    k4 = _pendulum_slope(moved(k3, STEP), lib)
    return moved([a + 2.0 * b + 2.0 * c + d for a, b, c, d in zip(k1, k2, k3, k4, strict=True)], STEP / 6.0)


def double_pendulum(xs, lib):
    state = list(xs)
    for _ in range(STEPS):
        state = _pendulum_step(state, lib)
    return state[0] * state[0] + state[1]


def _scanned_pendulum(x, jnp):
    import jax

    lib = jax_words()
    end, _ = jax.lax.scan(lambda state, _: (tuple(_pendulum_step(state, lib)), None), tuple(x), None, length=STEPS)
    return end[0] * end[0] + end[1]


POINTS = np.random.default_rng(12).uniform(-1.0, 1.0, (500, 8))
LABELS = POINTS.sum(axis=1) > 0.0


def log_likelihood(xs, lib):
    total = 0.0
    for point, label in zip(POINTS.tolist(), LABELS.tolist(), strict=True):
        p = 1.0 / (1.0 + lib.exp(-sum(w * x for w, x in zip(xs, point, strict=True))))
        total = total + lib.log(p if label else 1.0 - p)
    return total


def _log_likelihood_of_array(w, jnp):
    p = 1.0 / (1.0 + jnp.exp(-(POINTS @ w)))
    return jnp.log(jnp.where(LABELS, p, 1.0 - p)).sum()


def jax_words():
    """The namespace of mathematics for jax's numbers."""
    import jax

    words = {name: getattr(jax.numpy, name) for name in WORDS if name != "erf"}
    return SimpleNamespace(erf=jax.scipy.special.erf, **words)


def _of_list(function):
    return lambda x, jnp: function(list(x), jax_words())


SUBJECTS = [
    Subject("rosenbrock", "Rosenbrock, n = 10", np.linspace(-1.0, 1.5, 10).tolist(), rosenbrock, _rosenbrock_of_array),
    Subject("black", "Black-76, 5 arguments", OPTION, black_76, _of_list(black_76)),
    Subject("chi", "chi-squared, 200 points", [2.8, 1.1, 1.4, 0.25, 0.6], chi_squared, _chi_squared_of_array),
    Subject("pendulum", "double pendulum, 2,000 steps", [0.5, 0.7, 0.1, -0.2], double_pendulum, _scanned_pendulum),
    Subject("likelihood", "log-likelihood, 500 x 8", np.linspace(-0.8, 0.9, 8).tolist(), log_likelihood,
            _log_likelihood_of_array),
]  # fmt: skip
SUBJECT = {subject.key: subject for subject in SUBJECTS}


# The engines: each makes a runner of value, gradient and Hessian.


def compiled(subject, spread=False):
    """Return the compiled function, of one array, or of as many arguments as numbers."""
    if spread:
        return fastgrad.compile(lambda *xs: subject.function(xs, fastgrad.math))
    return fastgrad.compile(lambda xs: subject.function(xs, fastgrad.math))


SETTLED = 20  # calls, after which a function is seldom recorded again to be compared


def settled(run, results):
    """Return the runner of calls that are like those long after the first."""
    for _ in range(SETTLED):
        run()
    return Runner(run, results)


def _bound(subject):
    """A call on buffers, as CasADi and ddx have it."""
    f, x = compiled(subject), np.array(subject.point)
    value, grad, hessian = np.empty(1), np.empty(len(x)), np.empty((len(x), len(x)))
    f(x)
    return _into_buffers(f.bind(x, value, grad, hessian=hessian), lambda: (value, grad, hessian))


def _called(subject):
    run = functools.partial(compiled(subject).value_grad_and_hessian, np.array(subject.point))
    return settled(run, lambda: _flat(*run()))


def _spread(subject):
    """The same of a function whose arguments are numbers."""
    f, argnums = compiled(subject, spread=True), tuple(range(len(subject.point)))
    run = functools.partial(f.value_grad_and_hessian, *subject.point, argnums=argnums)
    return settled(run, lambda: _flat(*run()))


def _casadi(subject, plainly=False):
    """One program of scalar steps, called through its buffers or as a function."""
    import casadi

    lib = SimpleNamespace(**{name: getattr(casadi, name) for name in WORDS})
    symbols, x = casadi.SX.sym("x", len(subject.point)), np.array(subject.point)
    return _casadi_runner(symbols, subject.function(casadi.vertsplit(symbols), lib), x, plainly)


def _casadi_folded(subject):
    """The pendulum as a loop over a program of one step."""
    import casadi

    lib = SimpleNamespace(**{name: getattr(casadi, name) for name in WORDS})
    state, start = casadi.SX.sym("state", 4), casadi.MX.sym("x", 4)
    step = casadi.Function("step", [state], [casadi.vertcat(*_pendulum_step(casadi.vertsplit(state), lib))])
    end = step.fold(STEPS)(start)
    return _casadi_runner(start, end[0] * end[0] + end[1], np.array(subject.point), plainly=True)


def _casadi_runner(symbols, value, x, plainly):
    import casadi

    hessian, grad = casadi.hessian(value, symbols)
    f = casadi.Function("f", [symbols], [value, grad, casadi.densify(hessian)])
    if plainly:
        return Runner(lambda: f(x), lambda: _flat(*f(x)))
    answers, (buffer, run) = [np.empty(1), np.empty(len(x)), np.empty(len(x) ** 2)], f.buffer()
    buffer.set_arg(0, memoryview(x))
    for place, answer in enumerate(answers):
        buffer.set_res(place, memoryview(answer))
    run.used = buffer, x  # which it does not keep alive by itself
    return _into_buffers(run, lambda: answers)


def _ddx(subject, through_llvm=False):
    import ddx

    x, lib = np.array(subject.point), SimpleNamespace(**{name: getattr(ddx, name) for name in WORDS})
    f = ddx.equation(lambda: subject.function([ddx.var(f"x{k}") for k in range(len(x))], lib))
    if through_llvm:
        f.compile(cache_dir="")
    run = f.buffer(x, want=ddx.Want.HESSIAN)
    if through_llvm:
        f.wait_for_kernel(want=ddx.Want.HESSIAN)
    return _into_buffers(run, lambda: (run.value, run.jacobian, run.hessian))


def _jax(subject, forward=False):
    """Tangents of the adjoints, with which the value and the gradient come; or tangents of tangents."""
    import jax

    jax.config.update("jax_enable_x64", True)
    function = functools.partial(subject.in_arrays, jnp=jax.numpy)

    def slopes(x):
        value, grad = jax.value_and_grad(function)(x)
        return grad, (value, grad)

    def of_adjoints(x):
        hessian, (value, grad) = jax.jacfwd(slopes, has_aux=True)(x)
        return value, grad, hessian

    def of_tangents(x):
        return *jax.value_and_grad(function)(x), jax.jacfwd(jax.jacfwd(function))(x)

    f, x = jax.jit(of_tangents if forward else of_adjoints), jax.numpy.array(subject.point)
    return Runner(lambda: jax.block_until_ready(f(x)), lambda: _flat(*f(x)))


def _hyperjet(subject):
    import hyperjet

    scalar = getattr(hyperjet, f"DD{len(subject.point)}Scalar")
    lib = SimpleNamespace(**{name: operator.methodcaller(name) for name in WORDS})

    def run():
        y = subject.function(scalar.variables(subject.point), lib)
        return y.f, y.g, y.hm("full")

    return Runner(run, lambda: _flat(*run()))


LEFT_OUT = {  # what has not all operations, or takes a minute to make
    "black": ("hyperjet",),
    "pendulum": ("ddx, LLVM",),
    "chi": ("ddx, LLVM",),
    "likelihood": ("ddx, LLVM",),
}
SLOW_TO_MAKE = {"pendulum": ("casadi", "casadi, called", "ddx")}


def make_cases(quick=False):
    """Return the cases; without what takes half a minute to make, if it has to be quick."""
    cases = []
    for subject in SUBJECTS:
        makers = {
            "fastgrad": functools.partial(_bound, subject),
            "fastgrad, called": functools.partial(_called, subject),
            "casadi": functools.partial(_casadi, subject),
            "casadi, called": functools.partial(_casadi, subject, plainly=True),
            "ddx": functools.partial(_ddx, subject),
            "ddx, LLVM": functools.partial(_ddx, subject, through_llvm=True),
            "jax": functools.partial(_jax, subject),
            "jax, forward": functools.partial(_jax, subject, forward=True),
            "hyperjet": functools.partial(_hyperjet, subject),
        }
        if subject.key == "black":
            makers["fastgrad, 5 floats"] = functools.partial(_spread, subject)
        if subject.key == "pendulum":
            makers["casadi, folded"] = functools.partial(_casadi_folded, subject)
        for name in (*LEFT_OUT.get(subject.key, ()), *(SLOW_TO_MAKE.get(subject.key, ()) if quick else ())):
            del makers[name]
        cases.append(Case("value, gradient and Hessian of one row, by the clock", subject.key, subject.name, makers))
    return cases

"""fastgrad.ode beside SciPy's own integrators: ``python -m benchmarks.ode``.

A fit of Lotka and Volterra's equations, by 4 parameters and 2 numbers to begin with, is set beside the same fit by
SciPy's differences through `solve_ivp`, of a right-hand side in plain Python. The glue is the time that `odeint` takes
with numbers only beyond a call of `solve_ivp` with the same compiled right-hand side. A last table has other
methods and SciPy's `odeint`, whose loop over steps is C. Both find the same numbers,
or nothing is printed.
"""

import argparse

import numpy as np
from scipy import integrate
from scipy import optimize as scipys

import fastgrad
from benchmarks.timing import least_seconds
from fastgrad import ode, optimize

ROUNDS, QUICK = 20, 4
MOST_GLUE, LEAST_GAIN = 1.05, 10.0
TIMES = np.linspace(0.0, 15.0, 31)
TRUE = np.array([1.0, 0.1, 1.5, 0.075, 10.0, 5.0])
BEGIN = TRUE * [1.1, 0.9, 1.1, 0.9, 1.05, 0.95]
TOLERANCES = {"rtol": 1e-8, "atol": 1e-8}


def lotka_volterra(t, y, a, b, c, d):
    prey, predators = y
    return [a * prey - b * prey * predators, -c * predators + d * prey * predators]


compiled = fastgrad.compile(lambda t, y, a, b, c, d: np.array(lotka_volterra(t, y, a, b, c, d)))


def by_solve_ivp(p, method, rhs=lotka_volterra):
    found = integrate.solve_ivp(
        rhs, (TIMES[0], TIMES[-1]), p[4:], method, TIMES, args=tuple(p[:4].tolist()), **TOLERANCES
    )
    return found.y.T


def by_scipys_odeint(p, rhs=compiled):
    return integrate.odeint(rhs, p[4:], TIMES, tuple(p[:4].tolist()), tfirst=True, rtol=1e-8, atol=1e-8)


def here(p, method):
    return ode.odeint(lotka_volterra, p[4:], TIMES, tuple(p[:4]), method=method, **TOLERANCES)


NOISE = np.random.default_rng(7).normal(0.0, 0.2, (31, 2))
MEASURED = by_solve_ivp(TRUE, "LSODA") + NOISE


def fit_here(method):
    residuals = fastgrad.compile(lambda p: (here(p, method) - MEASURED).ravel())
    return lambda: optimize.least_squares(residuals, BEGIN, x_scale="jac").x


def fit_by_differences(method):
    return lambda: scipys.least_squares(lambda p: (by_solve_ivp(p, method) - MEASURED).ravel(), BEGIN, x_scale="jac").x


def fit_by_odeint():
    return lambda: (
        scipys.least_squares(lambda p: (by_scipys_odeint(p, lotka_volterra) - MEASURED).ravel(), BEGIN, x_scale="jac").x
    )


GLUE = {
    **{
        f"odeint, {method}": (
            lambda method=method: here(TRUE, method),
            lambda method=method: by_solve_ivp(TRUE, method, compiled),
        )
        for method in ("RK45", "DOP853", "LSODA")
    },
}
GAINS = {"fit, LSODA, by solve_ivp": (fit_here("LSODA"), fit_by_differences("LSODA"))}
OTHERS = {
    "fit, RK45, by solve_ivp": (fit_here("RK45"), fit_by_differences("RK45")),
    "fit, DOP853, by solve_ivp": (fit_here("DOP853"), fit_by_differences("DOP853")),
    "fit, LSODA, by SciPy's odeint": (fit_here("LSODA"), fit_by_odeint()),
    "odeint, LSODA, by SciPy's odeint": (lambda: here(TRUE, "LSODA"), lambda: by_scipys_odeint(TRUE)),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    rounds = QUICK if parser.parse_args().quick else ROUNDS
    print(f"{'Glue':36}{'here, ms':>12}{'by hand, ms':>14}{'ratio':>8}   at most {MOST_GLUE}")
    for name, pair in GLUE.items():
        ours, by_hand = least_seconds(pair, rounds)
        verdict = "" if ours <= MOST_GLUE * by_hand else "   NO"
        print(f"{name:36}{1e3 * ours:12.3f}{1e3 * by_hand:14.3f}{ours / by_hand:8.3f}{verdict}", flush=True)
    for pairs, asked in ((GAINS, LEAST_GAIN), (OTHERS, None)):
        print(f"\n{'Gains':36}{'here, ms':>12}{'SciPy, ms':>14}{'times':>8}   {f'at least {asked}' if asked else ''}")
        for name, pair in pairs.items():
            ours, theirs = least_seconds(pair, rounds)
            verdict = "   NO" if asked and theirs < asked * ours else ""
            print(f"{name:36}{1e3 * ours:12.2f}{1e3 * theirs:14.2f}{theirs / ours:8.1f}{verdict}", flush=True)


if __name__ == "__main__":
    main()

"""Options priced by compiled functions
====================================

Greeks of a grid, a barrier by Monte Carlo, an American put on a lattice. Three lessons, each a function below: the
price of Black and Scholes gives all its first derivatives in one call; random paths come in as arguments, and each goes
its own way through the branches; and on a lattice the larger of two numbers is better an operation than a branch.

To run it::

    python -m examples.options
    python -m examples.options --out pictures
"""

import time

import numpy as np

import fastgrad
from examples.pictures import give, picture
from fastgrad import math

SPOTS = np.linspace(70.0, 130.0, 61)
STRIKE, RATE, VOLATILITY, YEARS = 100.0, 0.05, 0.25, 1.0
MARKET = (STRIKE, RATE, VOLATILITY, YEARS)
OVER_SPOTS = (0, None, None, None, None)


def normal(x):
    """The standard normal distribution's probability of at most x."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def compare(compiled, arguments, in_axes):
    """The largest difference between a batch and plain calls on Python's floats, of which it prints the times, too."""
    values = compiled.batch(*arguments, in_axes=in_axes)  # once before: it may have to be recorded
    _, seconds = timed(lambda: compiled.batch(*arguments, in_axes=in_axes))
    few = min(len(values), 1_000)
    columns = [[x] * few if axis is None else x[:few].tolist() for x, axis in zip(arguments, in_axes, strict=True)]
    found, plain_seconds = timed(lambda: [compiled.function(*row) for row in zip(*columns, strict=True)])
    gap = np.abs(values[:few] - found).max()
    each, plainly = 1e6 * seconds / len(values), 1e6 * plain_seconds / few
    print(f"  {each:.2f} microseconds a row; plain Python takes {plainly:.2f}, and differs by {gap:.0e} at most")
    return gap


def timed(function):
    """What a function returns, and how many seconds it takes."""
    start = time.perf_counter()
    return function(), time.perf_counter() - start


# %%
# Lesson 1: a call's price over a grid of spots, with a gradient a row.


@fastgrad.compile
def call(spot, strike, rate, volatility, years):
    """The price of a European call, by Black and Scholes."""
    spread = volatility * math.sqrt(years)
    d = (math.log(spot / strike) + rate * years) / spread + 0.5 * spread
    return spot * normal(d) - strike * math.exp(-rate * years) * normal(d - spread)


def greeks_by_hand(spots, strike, rate, volatility, years):
    """The derivatives of the price by each argument, as books have them."""
    spread = volatility * np.sqrt(years)
    d = (np.log(spots / strike) + rate * years) / spread + 0.5 * spread
    density = np.exp(-0.5 * d * d) / np.sqrt(2.0 * np.pi)
    delta, exercised = (np.array([normal(x) for x in points.tolist()]) for points in (d, d - spread))
    discount = np.exp(-rate * years)
    return {
        "delta": delta,
        "strike": -discount * exercised,
        "rho": strike * years * discount * exercised,
        "vega": spots * density * np.sqrt(years),
        "years": spots * density * volatility / (2.0 * np.sqrt(years)) + rate * strike * discount * exercised,
    }


def greeks(folder, quick):
    """One gradient a row is delta, rho, vega and the rest; theta is the one by years with the other sign."""
    prices, slopes = call.batch_value_and_grad(SPOTS, *MARKET, argnums=(0, 1, 2, 3, 4), in_axes=OVER_SPOTS)
    wanted = greeks_by_hand(SPOTS, *MARKET)
    found = dict(zip(wanted, slopes, strict=True))
    print("   spot    price    delta      rho     vega    theta")
    for k in range(0, len(SPOTS), 15):
        delta, _, rho, vega, years = (slope[k] for slope in slopes)
        print(f"  {SPOTS[k]:5.0f} {prices[k]:8.4f} {delta:8.4f} {rho:8.4f} {vega:8.4f} {-years:8.4f}")
    error = max(np.abs(found[name] - wanted[name]).max() for name in wanted)
    print(f"  the largest difference from the closed forms: {error:.0e}")
    gap = compare(call, (SPOTS, *MARKET), OVER_SPOTS)
    picture(folder, "options_greeks", lambda *axes: draw_greeks(axes, found), across=3)
    return {"call": prices, "greeks": found, "greeks error": error, "greeks gap": gap}


def draw_greeks(axes, found):
    """Draw three of the derivatives over the spots."""
    for ax, name in zip(axes, ("delta", "rho", "vega"), strict=True):
        ax.plot(SPOTS, found[name])
        ax.set(xlabel="spot", title=name)


# %%
# Lesson 2: a call that is worth nothing once the spot has been at a barrier below.

BARRIER, MONTHS = 85.0, 12
OVER_DRAWS = (None, None, None, None, None, 0)


@fastgrad.compile
def knocked_out(spot, barrier, strike, rate, volatility, draws):
    """One random path's discounted payoff, with a month a step and a normal draw for each.

    Between two months the path is at the barrier with a known probability, that of a Brownian bridge. With it the
    payoff does not jump where a path gets to the barrier, so that its slope is the price's slope on average.
    """
    month = 1.0 / 12.0
    drift, spread = (rate - 0.5 * volatility**2) * month, volatility * math.sqrt(month)
    above, survival = math.log(spot / barrier), 1.0
    for draw in draws:
        before, above = above, above + drift + spread * draw
        if above <= 0.0:
            return 0.0
        survival *= 1.0 - math.exp(-2.0 * before * above / spread**2)
    spot = barrier * math.exp(above)
    return survival * math.exp(-rate * month * len(draws)) * (spot - strike) if spot > strike else 0.0


@fastgrad.compile
def knocked_out_by_formula(spot, barrier, strike, rate, volatility, years):
    """The price by reflection, for a barrier below the strike."""
    mirrored = call(barrier**2 / spot, strike, rate, volatility, years)
    power = 2.0 * rate / volatility**2 - 1.0
    return call(spot, strike, rate, volatility, years) - (barrier / spot) ** power * mirrored


def barrier(folder, quick, seed=0):
    """Random numbers drawn inside would be constants of the recording. Given as arguments they differ row by row."""
    draws = np.random.default_rng(seed).standard_normal((20_000 if quick else 200_000, MONTHS))
    spots, market = np.linspace(90.0, 120.0, 7), (BARRIER, STRIKE, RATE, VOLATILITY)
    rows = [simulate(spot, market, draws) for spot in spots]
    print("   spot  price by paths          formula  delta by paths  formula")
    for spot, row in zip(spots, rows, strict=True):
        print("  {:5.0f} {:8.4f} +- {:6.4f} {:12.4f} {:15.4f} {:8.4f}".format(spot, *row))
    print(f"  {len(draws):,} random paths for each spot; {knocked_out}")
    gap = compare(knocked_out, (100.0, *market, draws), OVER_DRAWS)
    picture(folder, "options_barrier", lambda ax: draw_barrier(ax, spots, np.array(rows)))
    return {"barrier": np.array(rows), "barrier paths": len(knocked_out.programs()), "barrier gap": gap}


def simulate(spot, market, draws):
    """Price, its standard error, the formula's price, and delta by both."""
    payoffs, slopes = knocked_out.batch_value_and_grad(spot, *market, draws, in_axes=OVER_DRAWS)
    price, delta = knocked_out_by_formula.value_and_grad(spot, *market, 1.0)
    return payoffs.mean(), payoffs.std() / len(draws) ** 0.5, price, slopes.mean(), delta


def draw_barrier(ax, spots, rows):
    """Draw the formula's price as a line, and what the random paths say as points."""
    ax.plot(spots, rows[:, 2], label="formula")
    ax.errorbar(spots, rows[:, 0], yerr=2.0 * rows[:, 1], fmt="o", label="random paths, two standard errors")
    ax.set(xlabel="spot", ylabel="down-and-out call")
    ax.legend()


# %%
# Lesson 3: a put that may be exercised at any step of a binomial lattice.


def american_put(larger, steps):
    """A compiled American put; what the larger of two numbers is, is Python's function or an operation."""

    @fastgrad.compile
    def put(spot, strike, rate, volatility, years):
        up, growth = math.exp(volatility * math.sqrt(years / steps)), math.exp(rate * years / steps)
        chance = (growth - 1.0 / up) / (up - 1.0 / up)
        rise, fall = chance / growth, (1.0 - chance) / growth
        exercised = {n: strike - spot * up**n for n in range(-steps, steps + 1)}
        values = [larger(exercised[2 * k - steps], 0.0) for k in range(steps + 1)]
        for n in reversed(range(steps)):
            held = [rise * high + fall * low for low, high in zip(values, values[1:])]
            values = [larger(exercised[2 * k - n], held[k]) for k in range(n + 1)]
        return values[0]

    return put


def lattice(folder, quick):
    """Python's max asks which number is larger, so that every pattern of exercise is a path; math.max is one path."""
    steps = 15 if quick else 41  # odd: no last node is at the strike, where an option's slope is anybody's choice
    operation, branch = american_put(math.max, steps), american_put(max, steps)
    prices, deltas = operation.batch_value_and_grad(SPOTS, *MARKET, in_axes=OVER_SPOTS)
    others, slopes = branch.batch_value_and_grad(SPOTS, *MARKET, in_axes=OVER_SPOTS)
    print(f"  with math.max {operation}, {operation.report()['steps']:,} steps")
    print(f"  with max {branch}, {branch.report()['steps']:,} steps")
    gap = max(np.abs(prices - others).max(), np.abs(deltas - slopes).max())
    print(f"  the largest difference of prices and deltas between the two: {gap:.0e}")
    plain = [compare(put, (SPOTS, *MARKET), OVER_SPOTS) for put in (operation, branch)]
    european = call.batch(SPOTS, *MARKET, in_axes=OVER_SPOTS) - SPOTS + STRIKE * np.exp(-RATE * YEARS)
    exercised = SPOTS[np.abs(prices - (STRIKE - SPOTS)) < 1e-9]
    print(f"  exercised at once up to a spot of {exercised.max():.0f}")
    curves = {"American": prices, "European": european, "exercised now": np.maximum(STRIKE - SPOTS, 0.0)}
    picture(folder, "options_american", lambda ax: draw_puts(ax, curves))
    paths = {"math.max": len(operation.programs()), "max": len(branch.programs())}
    return {
        "american": prices,
        "american deltas": deltas,
        "european": european,
        "lattice paths": paths,
        "lattice gaps": [gap, *plain],
    }


def draw_puts(ax, curves):
    """Draw prices by name."""
    for name, prices in curves.items():
        ax.plot(SPOTS, prices, "--" if name == "exercised now" else "-", label=name)
    ax.set(xlabel="spot", ylabel="put")
    ax.legend()


LESSONS = {
    "A call and its greeks": greeks,
    "A barrier by Monte Carlo": barrier,
    "An American put on a lattice": lattice,
}


def main(argv=None):
    """Give the three lessons in turn."""
    return give(LESSONS, "options", __doc__.partition("\n")[0], argv)


if __name__ == "__main__":
    main()

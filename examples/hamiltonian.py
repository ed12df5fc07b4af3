"""Hamiltonian Monte Carlo
=======================

Somebody walks along a street and is seen ten times through fog. Where was he? A ball that rolls over the energy, minus
the logarithm of the probability, draws the answers; all that it needs is the gradient. Three lessons, each a function
below: the ball's steps lead back, and keep its energy the better the smaller they are; its places are drawn as the
probability says; and a sighting of somebody else asks for another energy, and no other line.

To run it::

    python -m examples.hamiltonian
    python -m examples.hamiltonian --out pictures
"""

import time

import numpy as np

import fastgrad
from examples.pictures import give, picture
from fastgrad import math

COUNT, STRIDE, FOG = 10, 1.0, 0.5  # places, and the deviations of his strides and of what is seen
PLACES = np.cumsum(np.random.default_rng(7).normal(0.0, STRIDE, COUNT))
SEEN = PLACES + np.random.default_rng(8).normal(0.0, FOG, COUNT)


@fastgrad.compile
def energy(q):
    """Minus the logarithm of the probability of places, but for a constant."""
    strides = fastgrad.sum((b - a) ** 2 for a, b in zip([0.0, *q], q, strict=False))
    misses = fastgrad.sum((place - y) ** 2 for place, y in zip(q, SEEN, strict=True))
    return 0.5 * (strides / STRIDE**2 + misses / FOG**2)


def exact():
    """Mean and covariance of the places by linear algebra, which an energy of squares allows."""
    differences = np.eye(COUNT) - np.eye(COUNT, k=-1)
    covariance = np.linalg.inv(differences.T @ differences / STRIDE**2 + np.eye(COUNT) / FOG**2)
    return covariance @ SEEN / FOG**2, covariance


# %%
# Lesson 1: a ball at q with momentum p. The momentum takes half a step, then both take whole ones in turn.


def leapfrog(energy, q, p, size, steps):
    """Let a ball of mass 1 roll for some steps of a size; return its place, its momentum and its height."""
    _, slopes = energy.value_and_grad(q)
    p = p - 0.5 * size * slopes
    for _ in range(steps):
        q = q + size * p
        height, slopes = energy.value_and_grad(q)
        p = p - size * slopes
    return q, p + 0.5 * size * slopes, height


def drift(size, duration=1.0):
    """How far the whole energy is from where it began, of a ball that rolls for a time in steps of a size."""
    q, p = SEEN, np.ones(COUNT)
    before = energy(q) + 0.5 * p @ p
    _, p, height = leapfrog(energy, q, p, size, round(duration / size))
    return abs(height + 0.5 * p @ p - before)


def rolling(folder, quick):
    """Steps of half the size keep the energy four times as well; with the momentum turned around, the ball is back."""
    sizes = [0.2, 0.1, 0.05, 0.025, 0.0125]
    drifts = [drift(size) for size in sizes]
    for size, found in zip(sizes, drifts, strict=True):
        print(f"  steps of {size:6.4f}: the energy is {found:.1e} off")
    q, p, _ = leapfrog(energy, SEEN, np.ones(COUNT), 0.1, 1_000)
    back, _, _ = leapfrog(energy, q, -p, 0.1, 1_000)
    gap = np.abs(back - SEEN).max()
    print(f"  there and back in 2,000 steps: {gap:.0e} from where it began")
    picture(folder, "hamiltonian_energy", lambda ax: draw_drifts(ax, sizes, drifts))
    return {"sizes": sizes, "drifts": drifts, "gap": gap}


def draw_drifts(ax, sizes, drifts):
    """Draw how far the energy is off."""
    ax.loglog(sizes, drifts, "o-", label="energy")
    ax.loglog(sizes, drifts[0] * (np.array(sizes) / sizes[0]) ** 2, "--", label="the size squared")
    ax.set(xlabel="size of a step", ylabel="off by")
    ax.legend()


# %%
# Lesson 2: a kick at random, a roll, and a coin that makes up for what the steps lose.


def draws_of(energy, count, rng, size=0.2, steps=5):
    """Draw places; return them, and the share of rolls that were accepted."""
    q, draws, accepted = SEEN, np.empty((count, COUNT)), 0
    height = energy(q)
    for k in range(count):
        kick = rng.normal(size=COUNT)
        end, p, end_height = leapfrog(energy, q, kick, size * rng.uniform(0.8, 1.2), steps)
        if rng.random() < np.exp(height - end_height + 0.5 * (kick @ kick - p @ p)):
            q, height, accepted = end, end_height, accepted + 1
        draws[k] = q
    return draws, accepted / count


def places(folder, quick, seed=0):
    """Means and deviations of what is drawn are those of linear algebra."""
    start = time.perf_counter()
    draws, accepted = draws_of(energy, 2_000 if quick else 20_000, np.random.default_rng(seed))
    seconds = time.perf_counter() - start
    print(f"  {5 * len(draws):,} steps in {seconds:.2f} s, {accepted:.0%} of the rolls accepted")
    mean, covariance = exact()
    print("  sighting      at   mean  exact   deviation  exact")
    for k in range(COUNT):
        found, spread = draws[:, k].mean(), draws[:, k].std()
        print(f"  {k:8d} {SEEN[k]:7.2f} {found:6.2f} {mean[k]:6.2f} {spread:11.3f} {covariance[k, k] ** 0.5:6.3f}")
    picture(folder, "hamiltonian_places", lambda ax: draw_places(ax, SEEN, {"drawn": draws}))
    return {"draws": draws, "accepted": accepted}


def draw_places(ax, seen, found):
    """Draw sightings, and means of what was drawn with two deviations."""
    ax.plot(PLACES, "k-", label="the walk")
    ax.plot(seen, "kx", label="seen")
    for k, (name, draws) in enumerate(found.items()):
        ax.errorbar(
            np.arange(COUNT) + 0.1 * (k + 1),
            draws.mean(axis=0),
            2.0 * draws.std(axis=0),
            fmt="o",
            capsize=3,
            label=name,
        )
    ax.set(xlabel="sighting", ylabel="place")
    ax.legend()


# %%
# Lesson 3: once somebody else was seen. An energy of logarithms gives a sighting up that is far from all others.

ODD = 5
MISTAKEN = SEEN + 8.0 * (np.arange(COUNT) == ODD)


def energy_of(misses):
    """The energy for the sightings with the mistake, and a function of how far one is off, in deviations."""

    @fastgrad.compile
    def energy(q):
        strides = fastgrad.sum((b - a) ** 2 for a, b in zip([0.0, *q], q, strict=False))
        return 0.5 * strides / STRIDE**2 + fastgrad.sum(misses((a - y) / FOG) for a, y in zip(q, MISTAKEN, strict=True))

    return energy


def mistake(folder, quick, seed=0):
    """Squares are drawn to the odd sighting; Student's distribution, with its wide tails, is not."""
    energies = {
        "squares": energy_of(lambda miss: 0.5 * miss * miss),
        "Student": energy_of(lambda miss: 1.5 * math.log(1.0 + 0.5 * miss * miss)),
    }
    found = {}
    for name, each in energies.items():
        draws, _ = draws_of(each, 2_000 if quick else 20_000, np.random.default_rng(seed))
        found[name] = draws[len(draws) // 10 :]
        mean, spread = found[name][:, ODD].mean(), found[name][:, ODD].std()
        print(f"  {name}: the odd sighting is of {mean:5.2f} ± {spread:.2f}; he was at {PLACES[ODD]:.2f}")
    picture(folder, "hamiltonian_mistake", lambda ax: draw_places(ax, MISTAKEN, found))
    return {"with mistake": found}


LESSONS = {
    "A ball that rolls": rolling,
    "Ten places": places,
    "A mistake": mistake,
}


def main(argv=None):
    """Give the three lessons in turn."""
    return give(LESSONS, "hamiltonian", __doc__.partition("\n")[0], argv)


if __name__ == "__main__":
    main()

"""What second derivatives are for
===============================

Newton's method, standard errors of a fit, an equation that a network solves. Three lessons, each a function below: the
Hessian says how far to step where the gradient only says which way; its inverse, for the surprise at data, says how
well the data tell the parameters; and a derivative may be part of a loss, which then has slopes by a network's weights.

To run it::

    python -m examples.second_order
    python -m examples.second_order --out pictures
"""

import numpy as np

import fastgrad
from examples.pictures import give, picture
from fastgrad import nn, optim

# %%
# Lesson 1: the shortest way down a bent valley.

START, LEAST = (-1.2, 1.0), (1.0, 1.0)


@fastgrad.compile
def valley(x):
    """Rosenbrock's function: a valley along a parabola, with its least number at 1, 1."""
    return (1.0 - x[0]) ** 2 + 100.0 * (x[1] - x[0] ** 2) ** 2


def descent(steps, rate=1e-3):
    """The points that gradient descent goes through."""
    points = [np.array(START)]
    for _ in range(steps):
        points.append(points[-1] - rate * valley.value_and_grad(points[-1])[1])
    return np.array(points)


def newton(steps):
    """The points of Newton's method: each is where a parabola with this gradient and Hessian would be least."""
    points = [np.array(START)]
    for _ in range(steps):
        _, gradient, hessian = valley.value_grad_and_hessian(points[-1])
        points.append(points[-1] - np.linalg.solve(hessian, gradient))
    return np.array(points)


def downhill(folder, quick):
    """Descent follows the valley in small steps; Newton's method doubles its digits in each of the last ones."""
    ways = {"descent": descent(500 if quick else 20_000), "Newton": newton(6)}
    for name, points in ways.items():
        gap = np.abs(points[-1] - LEAST).max()
        print(f"  {name}: after {len(points) - 1:,} steps {gap:.0e} from the least")
    picture(folder, "second_order_valley", lambda ax: draw_valley(ax, ways))
    return ways


def draw_valley(ax, ways):
    """Draw the ways over lines of equal height."""
    across, up = np.meshgrid(np.linspace(-1.5, 1.5, 201), np.linspace(-0.6, 1.4, 201))
    heights = valley.batch(np.column_stack([across.ravel(), up.ravel()])).reshape(across.shape)
    ax.contour(across, up, np.log10(heights + 1e-3), levels=20, linewidths=0.5)
    for name, points in ways.items():
        ax.plot(*points.T, "-o" if name == "Newton" else "-", markersize=4, label=name)
    ax.set(xlim=(-1.5, 1.5), ylim=(-0.6, 1.4))
    ax.legend()


# %%
# Lesson 2: what a fit knows of its own errors.

TRUTH = np.array([0.5, 1.0, -2.0])


@fastgrad.compile
def surprise(w, x, y):
    """Minus the logarithm of the probability that a logistic regression gives to a row's answer, 0 or 1."""
    z = w[0] + w[1] * x[0] + w[2] * x[1]
    return fastgrad.logsumexp([z, 0.0]) - y * z


def simulated(generator, rows):
    """Rows of data that the truth might give."""
    X = generator.normal(size=(rows, 2))
    chances = 1.0 / (1.0 + np.exp(-(TRUTH[0] + X @ TRUTH[1:])))
    return X, (generator.random(rows) < chances).astype(float)


def fitted(X, y):
    """The likeliest parameters, and their standard errors."""
    w = np.zeros(len(TRUTH))
    for _ in range(20):
        _, gradient, hessian = surprise.sum_value_grad_and_hessian(w, X, y, in_axes=(None, 0, 0))
        step = np.linalg.solve(hessian, gradient)
        w = w - step
        if np.abs(step).max() < 1e-10:
            break
    return w, np.sqrt(np.diag(np.linalg.inv(hessian)))


def errors(folder, quick, seed=0):
    """The errors that the Hessian of one fit says, beside those of many fits to data drawn anew."""
    generator = np.random.default_rng(seed)
    fits = [fitted(*simulated(generator, 1_000)) for _ in range(100 if quick else 1_000)]
    found, said = (np.array(numbers) for numbers in zip(*fits, strict=True))
    print("  parameter   truth  first fit  its error  spread of all fits")
    for k, truth in enumerate(TRUTH):
        print(f"  {k:9d} {truth:7.2f} {found[0, k]:10.3f} {said[0, k]:10.3f} {found[:, k].std():19.3f}")
    inside = np.abs(found - TRUTH) < 1.96 * said
    print(f"  the truth lies within 1.96 errors in {100 * inside.mean():.1f} percent")
    picture(folder, "second_order_errors", lambda *axes: draw_errors(axes, found, said), across=3)
    return {"found": found, "said": said, "inside": inside.mean()}


def draw_errors(axes, found, said):
    """Draw where the fits lie, and the bell that the first fit's error says."""
    for k, ax in enumerate(axes):
        places = np.linspace(found[:, k].min(), found[:, k].max(), 200)
        bell = np.exp(-0.5 * ((places - TRUTH[k]) / said[0, k]) ** 2) / (said[0, k] * np.sqrt(2.0 * np.pi))
        ax.hist(found[:, k], bins=30, density=True, alpha=0.5)
        ax.plot(places, bell)
        ax.set(title=f"parameter {k}")


# %%
# Lesson 3: a network that swings.

TIMES = np.linspace(0.0, 4.0, 41)


def swing(steps, rng=0):
    """Train a network u with u'' = -u, u(0) = 0 and u'(0) = 1; return u, and the loss at each step."""
    network = nn.MLP(1, [12, 1], rng=rng)

    def u(t):
        return t + t * t * network([0.5 * t - 1.0])  # is 0 at 0, with slope 1, whatever the network is

    acceleration = fastgrad.derivative(u, 2)

    @fastgrad.compile
    def residual(t):
        return (acceleration(t) + u(t)) ** 2

    optimizer, losses = optim.Adam(network, lr=0.01), []
    for _ in range(steps):
        loss = residual.mean(TIMES)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.data)
    return u, losses


def equation(folder, quick):
    """No solution is shown to the network: the loss is how far its second derivative is from what the equation says."""
    u, losses = swing(500 if quick else 4_000)
    found = fastgrad.compile(u).batch(TIMES)
    gap = np.abs(found - np.sin(TIMES)).max()
    print(f"  loss {losses[0]:.2g}, after {len(losses):,} steps {losses[-1]:.1g}; at most {gap:.1g} from the sine")
    picture(folder, "second_order_swing", lambda *axes: draw_swing(axes, found, losses), across=2)
    return {"losses": losses, "gap": gap}


def draw_swing(axes, found, losses):
    """Draw the solution and the loss."""
    axes[0].plot(TIMES, np.sin(TIMES), label="sine")
    axes[0].plot(TIMES, found, "o", label="network")
    axes[0].legend()
    axes[1].semilogy(losses)
    axes[1].set(xlabel="step", title="mean squared residual")


LESSONS = {
    "Down a valley": downhill,
    "Errors of a fit": errors,
    "A network that swings": equation,
}


def main(argv=None):
    """Give the three lessons in turn."""
    return give(LESSONS, "second_order", __doc__.partition("\n")[0], argv)


if __name__ == "__main__":
    main()

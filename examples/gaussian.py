"""What one node can say, and what two can
=======================================

Four lessons, each a function below: a single sigmoid node is a soft step, wherever its weight and its bias put it; one
that steps up and one that steps down make a hill; descent from a poor start finds such a hill for a Gaussian, by
gradients derived by hand and by automatic ones; and a single node is enough to tell two blobs apart (this one needs
scikit-learn).

To run it::

    python -m examples.gaussian
    python -m examples.gaussian --out pictures
"""

import importlib.util
import math

import numpy as np

from examples.pictures import give, picture
from fastgrad import losses, nn, optim, plots
from fastgrad.train import fit

LINE = np.linspace(-5.0, 5.0, 500)
GAUSSIAN = np.exp(-(LINE**2))


# %%
# Lesson 1: a node steps from 0 to 1, or down if its weight is negative, and is half way where x = -b/w.


def node(w, b):
    """A sigmoid neuron of one input."""
    neuron = nn.Neuron(1, "sigmoid")
    neuron.w, neuron.b = [w], b
    return neuron


def curve(model):
    """What a model of one input makes of all the points."""
    return model(LINE[:, None]).data


def error(y):
    """The mean squared distance from the Gaussian."""
    return np.mean((y - GAUSSIAN) ** 2)


def single_node(folder, quick):
    """Sweep over weights and biases: no step is a hill, and none of these is as near to one as a flat line."""
    pairs = [(-4.5, 4.0), (-2.5, 1.0), (-5.0, 0.0), (0.1, -1.0), (5.0, 1.0)]
    curves = {f"w = {w}, b = {b}": curve(node(w, b)) for w, b in pairs}
    for (w, b), (name, y) in zip(pairs, curves.items(), strict=True):
        print(f"  {name}: half way at x = {-b / w:5.2f}, mean squared error {error(y):.4f}")
    flat = error(GAUSSIAN.mean())
    print(f"  a flat line: mean squared error {flat:.4f}")
    activations = {"sigmoid": curve(node(1.0, 0.0)), "tanh": np.tanh(LINE)}
    picture(folder, "gaussian_activations", lambda ax: draw(ax, activations))
    picture(folder, "gaussian_single_node", lambda ax: draw(ax, {"Gaussian": GAUSSIAN, **curves}))
    return {"nodes": [error(y) for y in curves.values()], "flat line": flat}


# %%
# Lesson 2: two nodes, one stepping up where the other has not yet stepped down.


def two_nodes(w, b, w_out, b_out):
    """A network of one input, two sigmoid nodes and a linear output."""
    model = nn.MLP(1, [2, 1], activation="sigmoid")
    model.flat = [w[0], b[0], w[1], b[1], *w_out, b_out]
    return model


def two_by_design(folder, quick):
    """Their sum is a hill on a plateau. The output's weights and bias turn it over, or put it on the ground."""
    steps = {"w": [3.5, -3.5], "b": [3.5, 3.5]}
    curves = {
        "their sum": curve(two_nodes(**steps, w_out=[1.0, 1.0], b_out=0.0)),
        "1.5 - 1.5 times their sum": curve(two_nodes(**steps, w_out=[-1.5, -1.5], b_out=1.5)),
        "their sum - 1": curve(two_nodes(**steps, w_out=[1.0, 1.0], b_out=-1.0)),
    }
    for name, y in curves.items():
        print(f"  {name}: mean squared error {error(y):.4f}")
    first, second = curve(node(3.5, 3.5)), curve(node(-3.5, 3.5))
    shown = {"Gaussian": GAUSSIAN, "first node": first, "second node": second, **curves}
    picture(folder, "gaussian_two_nodes", lambda ax: draw(ax, shown))
    return {"two nodes": [error(y) for y in curves.values()]}


# %%
# Lesson 3: the same network, from other numbers, learns from one point at a time.


def gradient_by_hand(model, x, y):
    """The slopes of the squared error at one point by the seven parameters, in the order of `model.flat`.

    The error's own slope is 2 (out - y). A weight of the output gets that times its node, the bias that itself, and a
    node's sum that times the node's weight and the slope of sigmoid, h (1 - h).
    """
    w, b, w_out, b_out = (numbers.ravel() for numbers in model.state_dict().values())
    h = 1.0 / (1.0 + np.exp(-(w * x + b)))
    by_out = 2.0 * (h @ w_out + b_out - y)
    by_sum = by_out * w_out * h * (1.0 - h)
    return np.concatenate([np.column_stack([by_sum * x, by_sum]).ravel(), by_out * h, by_out])


def learn_point(model, optimizer, x, y):
    """Take a step on one point; return the largest difference between the automatic gradient and that by hand."""
    loss = losses.mse(model([x]), y)
    optimizer.zero_grad()
    loss.backward()
    gap = np.abs(model.flat_grad - gradient_by_hand(model, x, y)).max()
    optimizer.step()
    return gap


def learn_points(points, lr):
    """Take a step on each point in turn; return the network and the largest difference between its gradients."""
    model = two_nodes(w=[1.0, -1.0], b=[1.0, 1.0], w_out=[1.0, -1.0], b_out=1.0)
    optimizer = optim.SGD(model, lr=lr)
    return model, np.max([learn_point(model, optimizer, x, math.exp(-x * x)) for x in points])


def one_step(lr):
    """The output at x = 1 after a single step there."""
    return learn_points([1.0], lr)[0]([1.0]).data


def two_by_descent(folder, quick, seed=0):
    """A step of rate 1 jumps far over the target; 50,000 small ones at random points get there."""
    before, far, near = (one_step(lr) for lr in (0.0, 1.0, 0.01))
    print(f"  at x = 1, where {math.exp(-1.0):.4f} is wanted, the output is {before:.4f}")
    print(f"  after a step of rate 1 it is {far:.4f}, after one of rate 0.01 {near:.4f}")
    steps = 20_000 if quick else 50_000
    model, gap = learn_points(np.random.default_rng(seed).choice(LINE, steps).tolist(), lr=0.01)
    y = curve(model)
    print(f"  after {steps:,} steps: mean squared error {error(y):.4f}")
    print(f"  the largest difference between the gradients by hand and the automatic ones: {gap:.1e}")
    picture(folder, "gaussian_fit", lambda ax: draw(ax, {"Gaussian": GAUSSIAN, "two nodes": y}))
    return {"one step": [before, far, near], "gap": gap, "fit": error(y)}


# %%
# Lesson 4: the step of a node in the plane is a boundary.


def blobs():
    """Two clouds of 250 points: those to train on, those to test on, and the classes of each."""
    from sklearn.datasets import make_blobs
    from sklearn.model_selection import train_test_split

    points, classes = make_blobs(n_samples=500, centers=2, n_features=2, random_state=0)
    return train_test_split(points, classes, test_size=0.2, random_state=42)


def two_blobs(folder, quick, seed=0):
    """Ten points a step, in a new order for each epoch."""
    if importlib.util.find_spec("sklearn") is None:
        print('  left out: scikit-learn is not installed (pip install "fastgrad[examples]")')
        return {}
    X, test_X, y, test_y = blobs()
    neuron = nn.Neuron(2, "sigmoid")
    neuron.w, neuron.b = [1.0, 1.0], 1.0
    before = accuracy(neuron, test_X, test_y)
    epochs = 50 if quick else 1_000
    fit(neuron, X, y, loss="binary_cross_entropy", lr=0.1, epochs=epochs, batch_size=10, seed=seed)
    after = accuracy(neuron, test_X, test_y)
    print(f"  told right of the 100 points for the test: {before:.0%} before training, {after:.0%} after")
    picture(folder, "gaussian_blobs", lambda ax: plots.decision_regions(neuron, test_X, test_y, ax=ax))
    return {"blobs before": before, "blobs after": after}


def accuracy(model, points, classes):
    """The share of points on the right side of 1/2."""
    return np.mean((model(points).data > 0.5) == classes)


def draw(ax, curves):
    """Draw curves by name."""
    for name, y in curves.items():
        ax.plot(LINE, y, "--" if name == "Gaussian" else "-", label=name)
    ax.set(xlabel="x", ylabel="y")
    ax.legend()


LESSONS = {
    "One node": single_node,
    "Two nodes": two_by_design,
    "Two nodes learn": two_by_descent,
    "Two blobs": two_blobs,
}


def main(argv=None):
    """Give the four lessons in turn."""
    return give(LESSONS, "gaussian", __doc__.partition("\n")[0], argv)


if __name__ == "__main__":
    main()

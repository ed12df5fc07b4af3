"""From a line to what no line can part
====================================

Five lessons, each a function below: a neuron that learns a boundary between two clouds; exclusive or, its gradients
derived by hand beside the automatic ones; a deeper network on the same four points; Xavier starts; and three rings,
blurred until they overlap, told apart by softmax.

To run it::

    python -m examples.perceptrons
    python -m examples.perceptrons --out pictures
"""

import numpy as np

from examples.pictures import give, picture
from fastgrad import losses, nn, optim, plots
from fastgrad.train import fit

XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
EITHER = np.array([0.0, 1.0, 1.0, 0.0])


# %%
# Lesson 1: one sigmoid neuron says how probable class 1 is. It is in doubt, at 1/2, along a line.


def two_clouds(rng, n=100):
    """Draw points about two curves, `n` of class 0 about a falling one and `n` of class 1 about a rising one."""
    noise = rng.normal(0.0, 2.0, n)
    left, right = np.linspace(0.0, 1.1, n), np.linspace(0.5, 2.0, n)
    falling = np.column_stack([left, 13.0 - 3.0 * left**3 + noise])
    rising = np.column_stack([right, 2.0 + 2.0 * right**3 + noise])
    return np.concatenate([falling, rising]), np.repeat([0.0, 1.0], n)


def one_neuron(folder, quick, seed=0):
    """Move the line until cross-entropy is content."""
    X, y = two_clouds(np.random.default_rng(seed))
    neuron = nn.Neuron(2, "sigmoid", weights="normal", rng=seed)
    epochs = 1_000 if quick else 10_000
    history = fit(neuron, X, y, loss="binary_cross_entropy", lr=0.03, epochs=epochs)
    (w_1, w_2, b), share = neuron.flat, np.mean((neuron(X).data > 0.5) == y)
    print(f"  loss {history.loss[0]:.4f} before the first step, {history.loss[-1]:.4f} before the last")
    print(f"  the line: {w_1:.3f} x {w_2:+.3f} y {b:+.3f} = 0, with {share:.1%} of the points on their side")
    show("line", neuron, X, y, history.loss, folder)
    return {"neuron loss": history.loss[-1], "neuron accuracy": share}


# %%
# Lesson 2: exclusive or. No line parts its four points; two hidden neurons bend the plane until one does.


def gradient_by_hand(model):
    """The slopes of the mean cross-entropy by the nine parameters of a 2-2-1 network, in the order of `model.flat`.

    Where sigmoid meets cross-entropy, the slope by the weighted sum is just prediction minus target. By a weight it is
    that times what the weight multiplies, by the bias that itself. What goes on to a hidden neuron is that times the
    weight between them, and then times the slope of tanh, 1 - tanh^2.
    """
    w_1, b_1, w_2, b_2 = model.state_dict().values()
    hidden = np.tanh(XOR @ w_1.T + b_1)
    predictions = 1.0 / (1.0 + np.exp(-(hidden @ w_2.T + b_2)))
    by_output = (predictions - EITHER[:, None]) / len(XOR)
    by_hidden = (by_output @ w_2) * (1.0 - hidden**2)
    layers = [(by_hidden, XOR), (by_output, hidden)]
    return np.concatenate([np.column_stack([by.T @ x, by.sum(axis=0)]).ravel() for by, x in layers])


def xor_both_ways(model, steps, lr=0.5):
    """Train on the automatic gradients; return the losses and the largest difference from the gradients by hand."""
    optimizer, history, gaps = optim.SGD(model, lr=lr), [], []
    for _ in range(steps):
        loss = losses.binary_cross_entropy(model(XOR), EITHER)
        optimizer.zero_grad()
        loss.backward()
        gaps.append(np.abs(model.flat_grad - gradient_by_hand(model)).max())
        history.append(loss.data)
        optimizer.step()
    return history, np.max(gaps)


def xor_by_hand(folder, quick, seed=3):
    """The chain rule on paper and the engine agree at every step.

    Two hidden neurons are just enough: three of the first ten seeds end where two of the points stay at 1/2.
    """
    model = nn.MLP(2, [2, 1], output_activation="sigmoid", weights="normal", rng=seed)
    history, gap = xor_both_ways(model, steps=1_000 if quick else 20_000)
    predictions = show_xor("xor_2-2-1", model, history, folder)
    print(f"  the largest difference between the two gradients in {len(history):,} steps: {gap:.1e}")
    return {"XOR gap": gap, "XOR loss": history[-1], "XOR predictions": predictions}


# %%
# Lessons 3 and 4: more neurons can make corners where there was one band, and fewer places to get stuck.


def learn_xor(widths, weights, lr, epochs, seed):
    """Train a network with hidden layers of these widths; return it and its losses."""
    model = nn.MLP(2, [*widths, 1], output_activation="sigmoid", weights=weights, rng=seed)
    return model, fit(model, XOR, EITHER, loss="binary_cross_entropy", lr=lr, epochs=epochs).loss


def xor_deeper(folder, quick, seed=0):
    """Two hidden layers, of 6 and of 4."""
    model, history = learn_xor([6, 4], "normal", 0.3, 1_000 if quick else 10_000, seed)
    return {"2-6-4-1 predictions": show_xor("xor_2-6-4-1", model, history, folder)}


def xor_from_xavier(folder, quick, starts=10):
    """Weights start within sqrt(6 / (inputs + outputs)) of 0, so that a signal keeps its size from layer to layer."""
    learnt = {}
    for width in (2, 4):
        epochs = 5_000 if quick else 20_000
        models = [learn_xor([width, width], "xavier_uniform", 0.08, epochs, seed) for seed in range(starts)]
        learnt[width] = sum(np.abs(model(XOR).data - EITHER).max() < 0.1 for model, _ in models)
        print(f"  2-{width}-{width}-1 learns it from {learnt[width]} of {starts} starts")
    predictions = show_xor("xor_xavier", *models[0], folder)
    return {"Xavier starts": learnt, "Xavier predictions": predictions}


def show_xor(name, model, history, folder):
    """Print and draw what a model makes of the four points, and return it."""
    predictions = model(XOR).data
    print(f"  loss {history[0]:.4f} before the first step, {history[-1]:.4f} before the last")
    for (a, b), prediction in zip(XOR, predictions, strict=True):
        print(f"  {a:g} xor {b:g}: {prediction:.3f}")
    show(name, model, XOR, EITHER, history, folder)
    return predictions


# %%
# Lesson 5: a class for each of three rings. Noise carries some points over to the next ring, where nobody can tell.


def rings(rng, n=100, radii=(0.2, 0.7, 1.2), noise=0.2):
    """Draw `n` points about each of three circles, and number the circles."""
    angles = np.linspace(0.0, 2.0 * np.pi, n)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    X = np.concatenate([radius * circle for radius in radii])
    return X + rng.normal(0.0, noise, X.shape), np.repeat(np.arange(len(radii)), n)


def three_rings(folder, quick, seed=0):
    """Train on 300 points, and count on 3,000 others."""
    X, y = rings(np.random.default_rng(seed))
    others, their_y = rings(np.random.default_rng(seed + 1_000), n=1_000)
    model = nn.MLP(2, [16, 3], weights="normal", rng=seed)
    history = fit(model, X, y, loss="cross_entropy", lr=0.05, epochs=2_000 if quick else 10_000, metric="accuracy")
    share = np.mean(model(others).data.argmax(axis=1) == their_y)
    print(f"  loss {history.loss[0]:.4f} before the first step, {history.loss[-1]:.4f} before the last")
    print(f"  told right: {history.metric[-1]:.1%} of the points learnt from, {share:.1%} of others")
    show("rings", model, X, y, history.loss, folder)
    return {"rings accuracy": share}


def show(name, model, X, y, history, folder):
    """Draw what a model makes of the plane, and its losses."""

    def draw(plane, curve):
        plots.decision_regions(model, X, y, ax=plane)
        plots.loss_curve(history, ax=curve)

    picture(folder, f"perceptrons_{name}", draw, across=2)


LESSONS = {
    "One neuron, one line": one_neuron,
    "Exclusive or, with 2 hidden neurons, by hand and by machine": xor_by_hand,
    "Exclusive or, with hidden layers of 6 and 4": xor_deeper,
    "Exclusive or from a Xavier start": xor_from_xavier,
    "Three rings": three_rings,
}


def main(argv=None):
    """Give the five lessons in turn."""
    return give(LESSONS, "perceptrons", __doc__.partition("\n")[0], argv)


if __name__ == "__main__":
    main()

"""From the slope of a parabola to irises told apart
=================================================

Seven lessons, each a function below: slopes by nudging; backpropagation by hand beside `backward()`; three drawings of
a graph, each of which says more; operations of your own, relu and sigmoid among them; the first twenty steps of a
network; a network that bends into a parabola; and one that tells two kinds of iris apart (this one needs scikit-learn).
What happens within a sweep is the subject of `examples/backprop.py`.

To run it::

    python -m examples.from_scratch
    python -m examples.from_scratch --out pictures
"""

import argparse
import functools
import importlib.util
import math

import numpy as np

from examples import backprop
from examples.drawing import save
from examples.four_rows import ROWS, TARGETS
from examples.pictures import folder_for, picture
from fastgrad import Value, custom, nn, plots
from fastgrad.draw import Drawing
from fastgrad.train import fit

# Lesson 1: a slope is a difference of values over the nudge that made it, for a nudge that is small, but not too small.


def slopes(options):
    """Nudges of three sizes, then the slope where a parabola falls, rises and turns."""
    nudged = {nudge: backprop.slope(backprop.parabola, 3.0, nudge) for nudge in (1e-2, 1e-6, 1e-12)}
    for nudge, slope in nudged.items():
        print(f"  3x^2 - 4x + 5 has slope {slope:.6f} at x = 3 by a nudge of {nudge:g}")
    print("  (the last is worse: of a difference that small, rounding leaves a few digits)")
    backprop.nudging(options)
    return {"slopes": list(nudged.values())}


# %%
# Lesson 2: from the end to the start, what a node has got times its own slope by each operand is what that gets.


def neuron_by_hand(nodes):
    """Fill in the gradients of o = tanh(x1*w1 + x2*w2 + b) by the rules for tanh, sums and products."""
    x1, x2, w1, w2, b, x1w1, x2w2, weighted, n, o = nodes.values()
    o.grad = 1.0
    n.grad = (1.0 - o.data**2) * o.grad
    weighted.grad = b.grad = n.grad
    x1w1.grad = x2w2.grad = weighted.grad
    x1.grad, w1.grad = w1.data * x1w1.grad, x1.data * x1w1.grad
    x2.grad, w2.grad = w2.data * x2w2.grad, x2.data * x2w2.grad


def largest_gap(graph, by_hand, end):
    """Sweep one copy of a graph by hand and one by `backward()`; print both, return how far apart they are."""
    hand, machine = graph(), graph()
    by_hand(hand)
    machine[end].backward()
    print(f"  {'':14}       data    by hand   backward()")
    for name, node in hand.items():
        print(f"  {name:>14} {node.data:10.4f} {node.grad:10.4f} {machine[name].grad:10.4f}")
    return max(abs(hand[name].grad - machine[name].grad) for name in hand)


def by_hand(options):
    """An expression and a neuron, twice each."""
    gaps = [
        largest_gap(backprop.expression_graph, backprop.pencil_and_paper, "L"),
        largest_gap(backprop.neuron_graph, neuron_by_hand, "o"),
    ]
    return {"gradient gaps": gaps}


# %%
# Lesson 3: drawings.

FIELDS = {
    "label": lambda node: node.label or "",
    "data": lambda node: f"data {node.data:.4f}",
    "grad": lambda node: f"grad {node.grad:.4f}",
}


def drawing(root, *fields):
    """Draw a graph: a record of these fields for each number, and a circle for each operation.

    `fastgrad.draw.draw_dot` is this with all three fields, for any graph.
    """
    picture, names = Drawing(), {}
    for node in backprop.operands_first(root):
        name = names[node] = f"n{len(names)}"
        if node.op:
            picture.node(f"{name}_op", node.op, shape="circle")
            picture.edge(f"{name}_op", name)
        picture.node(name, f"{{ {' | '.join(FIELDS[field](node) for field in fields)} }}", shape="record")
        for operand in node.prev:
            picture.edge(names[operand], f"{name}_op")
    return picture


def three_drawings(options):
    """The numbers of d = a*b + c; of L = d*f the names, too; then its gradients. At last the neuron."""
    nodes, neuron = backprop.expression_graph(), backprop.neuron_graph()
    nodes["L"].backward()
    neuron["o"].backward()
    shown = {
        "scratch_graph_1_data": drawing(nodes["d"], "data"),
        "scratch_graph_2_labels": drawing(nodes["L"], "label", "data"),
        "scratch_graph_3_gradients": drawing(nodes["L"], "label", "data", "grad"),
        "scratch_graph_neuron": neuron["o"].draw_dot(),
    }
    for name, graph in shown.items():
        save(lambda graph=graph: graph, options.out, name)
    return {"drawings": {name: graph.source for name, graph in shown.items()}}


# %%
# Lesson 4: an operation is a value and, for each operand, a slope. The engine has these five; here they are made again.

ACTIVATIONS = ("tanh", "relu", "sigmoid")


def logistic(x):
    """1 / (1 + exp(-x)), for x of a moderate size."""
    return 1.0 / (1.0 + math.exp(-x))


OWN = {
    "difference": (custom("-", lambda a, b: a - b, lambda a, b: 1.0, lambda a, b: -1.0), lambda a, b: a - b),
    "product": (custom("*", lambda a, b: a * b, lambda a, b: b, lambda a, b: a), lambda a, b: a * b),
    "quotient": (custom("/", lambda a, b: a / b, lambda a, b: 1.0 / b, lambda a, b: -a / b**2), lambda a, b: a / b),
    "relu": (custom("relu", lambda a: max(a, 0.0), lambda a: float(a > 0.0)), Value.relu),
    "sigmoid": (custom("sigmoid", logistic, lambda a: logistic(a) * (1.0 - logistic(a))), Value.sigmoid),
}


def at(operation, *numbers):
    """An operation's value and gradients."""
    operands = [Value(number) for number in numbers]
    result = operation(*operands)
    result.backward()
    return [result.data, *(operand.grad for operand in operands)]


def own_operations(options):
    """Each operation at a point or two, and how far it is from the engine's own."""
    gaps = {}
    for name, (mine, engines) in OWN.items():
        points = [(-1.5,), (0.5,)] if name in ("relu", "sigmoid") else [(3.0, -2.0)]
        for numbers in points:
            value, *gradients = at(mine, *numbers)
            of = " and ".join(map(str, numbers))
            print(f"  {name} of {of}: {value:.4f}, gradients", *(f"{gradient:.4f}" for gradient in gradients))
        gaps[name] = max(np.abs(np.subtract(at(mine, *numbers), at(engines, *numbers))).max() for numbers in points)
    picture(options.folder, "scratch_activations", draw_activations, across=3)
    return {"operation gaps": gaps}


def draw_activations(*axes):
    """Draw three activations and their slopes, which `backward()` gives."""
    xs = np.linspace(-5.0, 5.0, 101)
    for ax, name in zip(axes, ACTIVATIONS, strict=True):
        values, slopes = zip(*(at(getattr(Value, name), x) for x in xs), strict=True)
        ax.plot(xs, values, label=name)
        ax.plot(xs, slopes, "--", label="its slope")
        ax.legend()


# %%
# Lesson 5: a network of 41 parameters and four rows, for twenty steps.


def twenty_steps(options):
    """Train by the sum of squares."""
    model = nn.MLP(3, [4, 4, 1], rng=1)
    history = fit(model, ROWS, TARGETS, loss="sum_of_squares", lr=0.05, epochs=20)
    print(f"  {model}")
    print("  loss", *(f"{loss:.4f}" for loss in history.loss))
    print("  answers", *(f"{answer:.3f}" for answer in model(ROWS).data), "for", *TARGETS)
    return {"twenty steps": history.loss}


# %%
# Lesson 6: a hidden layer of 16 and a parabola. With relu the curve is of straight pieces.


def parabola():
    """40 points of x^2 + 3x, as X and y to train on and X and y to test on.

    The split is that of scikit-learn's `train_test_split(X, y, test_size=0.33, random_state=42)`.
    """
    X = np.linspace(-5.0, 5.0, 40).reshape(-1, 1)
    y = X[:, 0] ** 2 + 3.0 * X[:, 0]
    order = np.random.RandomState(42).permutation(len(X))
    test, training = np.split(order, [math.ceil(0.33 * len(X))])
    return X[training], y[training], X[test], y[test]


def learn_parabola(activation, epochs):
    """Train; return the history, and by the number of epochs the curve that the model draws over -5 to 5."""
    X, y, test_X, test_y = parabola()
    model = nn.MLP(1, [16, 1], activation=activation, weights="xavier_uniform", bias="uniform", rng=3)
    across = np.linspace(-5.0, 5.0, 201).reshape(-1, 1)
    curves = {0: model(across).data}

    def remember(epoch, history):
        if epoch + 1 in (epochs // 100, epochs // 20, epochs // 5, epochs):
            curves[epoch + 1] = model(across).data

    history = fit(
        model,
        X,
        y,
        optimizer="adam",
        lr=0.03,
        epochs=epochs,
        validation=(test_X, test_y),
        callbacks=[remember],
    )
    return history, curves


def fit_parabola(options):
    """Fit with each activation; the error is in the units of y, which goes from -2.25 to 40."""
    learnt = {name: learn_parabola(name, epochs=1_000 if options.quick else 5_000) for name in ACTIVATIONS}
    for name, (history, _) in learnt.items():
        print(f"  {name:>7}: {history.epochs:,} epochs, {history.seconds:.2f} s; error", end=" ")
        print(f"{history.loss[-1] ** 0.5:.3f} in training, {history.val_loss[-1] ** 0.5:.3f} on the test points")
    picture(options.folder, "scratch_parabola_fits", lambda *axes: draw_fits(axes, learnt), across=3)
    picture(options.folder, "scratch_parabola_losses", lambda *axes: draw_losses(axes, learnt), across=3)
    return {"parabola": {name: (history.loss[-1], history.val_loss[-1]) for name, (history, _) in learnt.items()}}


def draw_fits(axes, learnt):
    """Draw the points, and each model's curve as training went on, from pale to dark."""
    X, y, test_X, test_y = parabola()
    for ax, (name, (_, curves)) in zip(axes, learnt.items(), strict=True):
        for shade, (epochs, curve) in enumerate(curves.items(), start=1):
            ax.plot(np.linspace(-5.0, 5.0, 201), curve, color="C0", alpha=shade / len(curves), label=f"{epochs} epochs")
        ax.scatter(X, y, color="black", s=12, label="training")
        ax.scatter(test_X, test_y, color="C1", s=12, label="test")
        ax.set_title(name)
        ax.legend()


def draw_losses(axes, learnt):
    """Draw the losses along the epochs."""
    for ax, (name, (history, _)) in zip(axes, learnt.items(), strict=True):
        plots.loss_curve(history, ax=ax)
        ax.set(yscale="log", title=name)


# %%
# Lesson 7: a sigmoid at the end makes the output a probability.


def irises(first, second):
    """The lengths and widths, in cm, of the sepals and petals of two kinds of iris, and 0 or 1 for the kind."""
    from sklearn.datasets import load_iris

    X, y = load_iris(return_X_y=True)
    rows = (y == first) | (y == second)
    return X[rows], (y[rows] == second).astype(float)


def learn_irises(X, y, epochs):
    """Train on all the flowers at once."""
    model = nn.MLP(4, [8, 1], output_activation="sigmoid", rng=1)
    history = fit(model, X, y, loss="binary_cross_entropy", optimizer="adam", lr=0.03, epochs=epochs)
    return model, history


def two_irises(options):
    """Two pairs of kinds: one that a line parts, and one whose flowers overlap until the network bends round each."""
    if importlib.util.find_spec("sklearn") is None:
        print('  left out: scikit-learn is missing (pip install "fastgrad[examples]")')
        return {}
    pairs = {"setosa or versicolor": (0, 1), "versicolor or virginica": (1, 2)}
    shares, drawn = {}, []
    for name, pair in pairs.items():
        X, y = irises(*pair)
        model, history = learn_irises(X, y, epochs=200 if options.quick else 5_000)
        shares[name] = np.mean((model(X).data > 0.5) == y)
        drawn.append((name, model, X, y))
        print(f"  {name}: loss {history.loss[-1]:.6f}, {shares[name]:.0%} of {len(y)} right")
    picture(options.folder, "scratch_irises", lambda *axes: draw_irises(axes, drawn), across=2)
    return {"irises": shares}


def with_sepals(model, sepals, petals):
    """What a model makes of one flower."""
    return model([*sepals, *petals])


def draw_irises(axes, drawn):
    """Draw what each model makes of petals, on a flower whose sepals are of the mean length and width."""
    for ax, (name, model, X, y) in zip(axes, drawn, strict=True):
        sepals = X[:, :2].mean(axis=0)
        plots.decision_regions(functools.partial(with_sepals, model, sepals), X[:, 2:], y, ax=ax)
        ax.set(xlabel="Petal length (cm)", ylabel="Petal width (cm)", title=f"{name}, at mean sepals")


LESSONS = {
    "Slopes": slopes,
    "Backpropagation by hand": by_hand,
    "Three drawings": three_drawings,
    "Operations of your own": own_operations,
    "Twenty steps": twenty_steps,
    "A parabola": fit_parabola,
    "Irises": two_irises,
}


def main(argv=None):
    """Give the seven lessons in turn; return their numbers by name."""
    parser = argparse.ArgumentParser(prog="python -m examples.from_scratch", description=__doc__.partition("\n")[0])
    parser.add_argument("--out", metavar="FOLDER", default=".", help="draw graphs and pictures into this folder")
    parser.add_argument("--quick", action="store_true", help="a fifth of the epochs or fewer, to see that it runs")
    options = parser.parse_args(argv)
    options.folder, results = folder_for(options.out), {}  # where PNGs go, None if they cannot be drawn
    for number, (title, lesson) in enumerate(LESSONS.items(), start=1):
        print(f"\n{number}. {title}")
        results |= lesson(options)
    return results


if __name__ == "__main__":
    main()

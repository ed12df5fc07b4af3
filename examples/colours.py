"""Colours told apart
==================

A perceptron tells two colours apart, a network eight; then there is a network with a memory, made of scalars. Five
lessons, each a function below. A perceptron learns red from blue; `examples/perceptron.py` says how. It learns it again
at other rates. A sum counts the parameters of a deep network. A network learns the names of eight colours by softmax
and cross-entropy, and names 1,000 colours that it never saw. The last network is of another kind: it reads bits one
after the other, and remembers whether the ones so far were odd in number.

To run it::

    python -m examples.colours
    python -m examples.colours --out pictures
"""

import functools
import itertools
import random

import numpy as np

import fastgrad
from examples.perceptron import learn_colours
from examples.pictures import give, picture
from fastgrad import Scalar, losses, nn, optim, plots
from fastgrad.train import fit

NAMES = ("red", "green", "blue", "yellow", "cyan", "magenta", "white", "black")
PURE = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1], [0, 0, 0]]) * 255
ORANGE, YELLOW = [1.0, 0.5, 0.0], 3
HELD_OUT = 1000


# %%
# Lesson 1: one perceptron, red or blue.


def red_or_blue(folder, quick):
    """Train on the 1,000 colours of seed 42, and count how many of 1,000 others are told right."""
    path = []
    curve, weights, share = learn_colours(
        epochs=10 if quick else 50, watch=lambda weights: path.append([w.data for w in weights])
    )
    print("  colours told wrong in each epoch:", *(f"{wrong:.0f}" for wrong in curve))
    print("  weights and bias:", *(w.data for w in weights))
    print(f"  {share:.2%} of 1,000 other colours told right")

    def draw(left, right):
        plots.loss_curve(curve, ax=left)
        plots.parameter_history(path, [w.label for w in weights], ax=right)

    picture(folder, "colours_perceptron", draw, across=2)
    return {"perceptron losses": curve, "perceptron weights": path[-1], "red or blue": share}


# %%
# Lesson 2: the rate. At one too small the weights it began with decide for long. One too large does no harm here, since
# the answers depend on the weights' ratios only: all of them grow with the rate.


def rates(folder, quick):
    """Train at rates from far too small on; say what is wrong at the end, and how many other colours are told right."""
    ends = {}
    for rate in (1e-5, 1e-4, 1e-3, 1e-2, 1e-1):
        curve, _, share = learn_colours(epochs=10 if quick else 50, rate=rate)
        ends[rate] = curve[-1]
        print(f"  rate {rate:7g}: {curve[-1]:3.0f} told wrong in epoch {len(curve)}, {share:.1%} of others told right")
    return {"told wrong by rate": ends}


# %%
# Lesson 3: a layer has a weight for each input of each neuron, and a bias for each neuron.


def parameters(folder, quick):
    """Count those of 23 hidden layers of 10 between 64 inputs and 1 output, by a sum and by the network."""
    first, between, last = 10 * (64 + 1), 22 * 10 * (10 + 1), 1 * (10 + 1)
    model = nn.MultiLayerPerceptron(n_inputs=64, n_outputs=1, n_hidden_layers=23, n_perceptrons_per_layer=10)
    print(f"  {first} + {between:,} + {last} = {first + between + last:,}")
    print(f"  the network counts {model.num_parameters():,}")
    return {"parameters": model.num_parameters()}


# %%
# Lesson 4: eight colours.


def names_of(colours):
    """Number the colours' names: white, black and the mixtures by rule; what is left goes by its largest channel."""
    red, green, blue = colours.T > 0.5
    rules = {
        6: (colours > 0.7).all(axis=1),
        7: (colours < 0.3).all(axis=1),
        3: red & green & ~blue,
        4: green & blue & ~red,
        5: red & blue & ~green,
    }
    return np.select(list(rules.values()), list(rules), default=colours.argmax(axis=1))


def eight_colours(count, seed=42):
    """Draw random colours: an array with a row for each, and the numbers of their names."""
    generator = np.random.RandomState(seed)
    colours = generator.random_sample((3, count)).T  # all the reds are drawn first, then the greens, then the blues
    colours = colours[generator.permutation(count)]
    return colours, names_of(colours)


def learn_names(count, epochs):
    """Train on all of the colours but the last 1,000, which only measure what was learnt."""
    colours, names = eight_colours(count)
    seen, unseen = slice(-HELD_OUT), slice(-HELD_OUT, None)
    model = nn.MultiLayerPerceptron(3, len(NAMES), n_hidden_layers=2, n_perceptrons_per_layer=24, rng=1)
    history = fit(
        model,
        colours[seen],
        names[seen],
        loss="cross_entropy",
        optimizer="adam",
        lr=0.01,
        epochs=epochs,
        batch_size=100,
        schedule=functools.partial(optim.CosineAnnealingLR, T_max=epochs),
        seed=1,
        validation=(colours[unseen], names[unseen]),
        metric="accuracy",
    )
    return model, history, confusion(model, colours[unseen], names[unseen])


def confusion(model, colours, names):
    """Count the colours of each name, a row, that the model gives each name, a column."""
    table = np.zeros((len(NAMES), len(NAMES)), dtype=int)
    np.add.at(table, (names, model(colours).data.argmax(axis=1)), 1)
    return table


def by_softmax(model, colour, name):
    """The cross-entropy of a colour: minus the logarithm of the share that softmax gives to its name."""
    return -fastgrad.softmax(model(colour))[name].log()


def name_colours(folder, quick):
    """Learn the eight names, and say what became of the colours held out."""
    model, history, table = learn_names(*((4_000, 20) if quick else (10_000, 60)))
    for name, row, right in zip(NAMES, table, table.diagonal(), strict=True):
        print(f"  {name:>7}: {right:3} of {row.sum():3}")
    share = history.val_metric[-1]
    print(f"  {share:.1%} of {HELD_OUT:,} held-out colours told right, after {history.seconds:.1f} s of training")
    costs = by_softmax(model, ORANGE, YELLOW).data, losses.cross_entropy(model(ORANGE), YELLOW).data
    print("  to call orange yellow costs {:.6f} by softmax, {:.6f} by losses.cross_entropy".format(*costs))

    def draw(left, right):
        plots.loss_curve(history, ax=left)
        draw_table(right, table)

    picture(folder, "colours_names", draw, across=2)
    picture(folder, "colours_cube", lambda ax: draw_cube(ax, model))
    return {"names": share, "table": table, "costs": costs}


def draw_table(ax, table):
    """Draw which name was given for which, large numbers in white on dark."""
    shades = ax.imshow(np.sqrt(table), cmap="Blues")
    for (name, given), count in np.ndenumerate(table):
        color = "white" if shades.norm(np.sqrt(count)) > 0.6 else "black"
        ax.text(given, name, count or "", ha="center", va="center", color=color)
    ax.set_xticks(range(len(NAMES)), NAMES, rotation=45)
    ax.set_yticks(range(len(NAMES)), NAMES)
    ax.set(xlabel="Name given", ylabel="Name")


def draw_cube(ax, model, blues=(0.1, 0.4, 0.6, 0.9), points=100):
    """Draw slices through the cube of colours, each of one blue: above by the rules, below by the network."""
    green, red = np.meshgrid(*2 * [np.linspace(0.0, 1.0, points)], indexing="ij")
    for column, blue in enumerate(blues):
        colours = np.stack([red, green, np.full_like(red, blue)], axis=-1).reshape(-1, 3)
        for row, slice_ in enumerate([model(colours).data.argmax(axis=1), names_of(colours)]):
            place = (1.1 * column, 1.1 * column + 1.0, 1.1 * row, 1.1 * row + 1.0)
            ax.imshow(PURE[slice_].reshape(points, points, 3), origin="lower", extent=place)
    ax.set(xlim=(-0.1, 1.1 * len(blues)), ylim=(-0.1, 2.2), facecolor="lightgray", xlabel="red across, green up")
    ax.set_xticks(1.1 * np.arange(len(blues)) + 0.5, [f"blue = {blue}" for blue in blues])
    ax.set_yticks([0.5, 1.6], ["network", "rules"])


# %%
# Lesson 5: a network with a memory. Beside the number just read, its neurons see what they all said to the one before.


class Recurrent:
    """Tanh neurons that read numbers in turn, and a linear one that answers after each.

    A neuron is a list of weights: for the number, for what each of the neurons said before, and at last the bias.
    """

    def __init__(self, size, generator):
        self.neurons = [self.neuron(1 + size, generator) for _ in range(size)]
        self.answer = self.neuron(size, generator)

    @staticmethod
    def neuron(n_inputs, generator):
        """Draw the weights and the bias between -1 and 1."""
        return [Scalar(generator.uniform(-1.0, 1.0)) for _ in range(n_inputs + 1)]

    def __call__(self, numbers):
        said, answers = [0.0] * len(self.neurons), []
        for number in numbers:
            said = [weighted_sum(neuron, [number, *said]).tanh() for neuron in self.neurons]
            answers.append(weighted_sum(self.answer, said))
        return answers

    def parameters(self):
        """All weights and biases."""
        return [*itertools.chain(*self.neurons), *self.answer]


def weighted_sum(neuron, inputs):
    """Every input times its weight, and the bias."""
    *weights, bias = neuron
    return sum((w * x for w, x in zip(weights, inputs, strict=True)), bias)


def is_odd(strings):
    """At each bit, 1 if the ones up to it are odd in number, else 0."""
    return np.cumsum(strings, axis=1) % 2


def learn_parity(length=5, seed=1):
    """Train on all strings of `length` bits until the loss is small."""
    strings = np.array(list(itertools.product((0.0, 1.0), repeat=length)))
    network = Recurrent(4, random.Random(seed))
    history = fit(
        network,
        strings,
        is_odd(strings),
        loss="binary_cross_entropy_with_logits",
        optimizer="adam",
        lr=0.03,
        epochs=2_000,
        callbacks=[lambda epoch, history: history.loss[epoch] < 0.005],
    )
    return network, history


def memory(folder, quick):
    """Learn parity from 5 bits, then answer at each of 100. One slip would make every later answer wrong."""
    network, history = learn_parity()
    print(f"  loss {history.loss[0]:.4f} at first, {history.loss[-1]:.4f} after {history.epochs} epochs of 32 strings")
    strings = np.random.RandomState(0).randint(2, size=(2 if quick else 20, 100))
    with fastgrad.no_grad():
        odd = fastgrad.values([[answer.sigmoid() for answer in network(string)] for string in strings.tolist()])
    share = np.mean((odd > 0.5) == is_odd(strings))
    print(f"  {share:.1%} of {odd.size:,} answers right, on strings of {odd.shape[1]} bits")
    picture(folder, "colours_memory", lambda ax: draw_bits(ax, strings[0, :40], odd[0, :40]))
    return {"parity": share}


def draw_bits(ax, bits, odd):
    """Draw the bits of a string, and how sure the network is that the ones so far are odd in number."""
    ax.bar(range(len(bits)), bits, color="lightgray", label="bit")
    ax.step(range(len(bits)), odd, where="mid", label="odd so far")
    ax.set(xlabel="Bit", ylabel="Probability", ylim=(-0.05, 1.25))
    ax.legend(loc="upper right", ncols=2)


LESSONS = {
    "One perceptron: red or blue?": red_or_blue,
    "At what rate?": rates,
    "How many parameters?": parameters,
    "Eight colours": name_colours,
    "A network with a memory": memory,
}


def main(argv=None):
    """Give the five lessons in turn; return their numbers by name."""
    return give(LESSONS, "colours", __doc__.partition("\n")[0], argv)


if __name__ == "__main__":
    main()

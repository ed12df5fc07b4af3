"""A perceptron by hand, then in layers
====================================

Three lessons, each a function below. The first builds one perceptron operation by operation and draws its graph. The
second trains it on 1,000 colours; the training loop is a page of its own, `fastgrad/demo.py`, worth reading beside this
one. The third puts perceptrons side by side and one after another, and asks what the inputs of the whole did to its
outputs.

To run it::

    python -m examples.perceptron
    python -m examples.perceptron --out drawings
"""

import argparse

import numpy as np

from examples.drawing import named, save
from examples.mlp import MLP, Layer, Neuron
from fastgrad import Scalar
from fastgrad.demo import EPOCHS, RATE, TRAINING_SEED, VALIDATION_SEED, accuracy, colours, start_weights, train

INPUTS, WEIGHTS, BIAS = (3.0, 2.0, 5.0), (0.2, -0.5, -0.8), 0.1
FOUR_NUMBERS = (1.0, 2.0, -5.0, -3.0)


# %%
# Lesson 1: one perceptron. It answers 1 where the weighted sum of its inputs and the bias are above 0, and else 0.


def labelled_perceptron():
    """Build a perceptron of three inputs with a name on every node; return its inputs, its weights and its output."""
    x_1, x_2, x_3 = inputs = [Scalar(x, label=f"x_{i}") for i, x in enumerate(INPUTS, start=1)]
    w_1, w_2, w_3 = weights = [Scalar(w, label=f"w_{i}") for i, w in enumerate(WEIGHTS, start=1)]
    first = named("x_1 w_1", x_1 * w_1)
    second = named("x_2 w_2", x_2 * w_2)
    third = named("x_3 w_3", x_3 * w_3)
    two = named("x_1 w_1 + x_2 w_2", first + second)
    three = named("x_1 w_1 + x_2 w_2 + x_3 w_3", two + third)
    sigma = named("sigma", three + Scalar(BIAS, label="b"))
    # A step is flat, so its true slope teaches nothing: `ifel` lets the gradient of the sum through instead.
    output = named("Theta(sigma)", sigma.ifel(sigma.data > 0.0, 1.0, 0.0))
    return inputs, weights, output


def by_hand(folder):
    """The gradient by an input is its weight, and the gradient by a weight is its input."""
    inputs, weights, output = labelled_perceptron()
    output.backward()
    save(lambda: output.visualize_graph(output_label=output.label), folder, "perceptron")
    print(f"  {output.label} = {output.data}")
    for node in inputs + weights:
        print(f"  {node.label} = {node.data:4}    [{output.label}, {node.label}] = {node.grad:4}")


# %%
# Lesson 2: red or blue? A colour is blue where its blue is at least its red; the perceptron must find that line itself.


def learn_colours(epochs, scalar=Scalar, rate=RATE, watch=lambda weights: None):
    """Train on colours of seed 42; return the losses, the weights and the accuracy on colours never seen.

    `watch` is called with the weights at the start and after each epoch.
    """
    random = np.random.RandomState(TRAINING_SEED)
    table = colours(random)
    weights = start_weights(random, scalar)
    watch(weights)
    losses = train(table, weights, epochs, rate, report=lambda epoch, loss: watch(weights))
    return losses, weights, accuracy(colours(np.random.RandomState(VALIDATION_SEED)), weights)


def red_or_blue(epochs):
    """The loss is the number of colours told wrong: 500 of 1,000 is a guess."""
    losses, weights, share = learn_colours(epochs)
    for start in range(0, epochs, 10):
        row = losses[start : start + 10]
        print(f"  loss in epochs {start + 1:2} to {start + len(row):2}:", *(f"{loss:3.0f}" for loss in row))
    for weight in weights:
        print(f"  {weight.label:3} = {weight.data!r}")
    print(f"  {share:.2%} of 1,000 other colours told right")


# %%
# Lesson 3: layers. Now tanh is the activation, a step with its edges rounded, and so with a slope.


def tower(random):
    """A network of 4 inputs, two hidden layers of 5 perceptrons and 5 linear outputs."""
    return MLP(Scalar, [4, 5, 5, 5], random, linear_output=True)


def one_sweep(network):
    """Add up the outputs, then sweep: the inputs get the gradient of that sum."""
    inputs = [Scalar(x) for x in FOUR_NUMBERS]
    sum(network(inputs)).backward()
    return [x.grad for x in inputs]


def a_sweep_for_each_output(network):
    """Sweep from each output in turn over the graph they share.

    Gradients are added to, never cleared, on inner nodes too: what the first sweep left there, the second sends down
    once more. So the inputs end with far more than the sum's gradient.
    """
    inputs = [Scalar(x) for x in FOUR_NUMBERS]
    for output in network(inputs):
        output.backward()
    return [x.grad for x in inputs]


def in_layers(folder):
    """From one perceptron to a network, and two ways to ask it for gradients, of which one is a trap."""
    random = np.random.RandomState(VALIDATION_SEED)
    colours(random)  # drawn and left aside, so that the weights are new numbers and not the validation colours' own
    x_1, x_2 = Scalar(1.0, label="x_1"), Scalar(-1.0, label="x_2")
    answer = Neuron(Scalar, 2, random)([x_1, x_2])
    answer.backward()
    save(answer.visualize_graph, folder, "tanh_perceptron")
    print(f"  a perceptron: {answer}")
    print(f"  a layer of 2: {Layer(Scalar, 2, 2, random)([x_1, x_2])}")
    network = tower(random)
    print(f"  a network of {len(network.parameters())} parameters:", *(f"{y.data:.4f}" for y in network(FOUR_NUMBERS)))
    print("  gradients of its inputs:")
    print("    one sweep from the sum of the outputs:", *(f"{grad:9.4f}" for grad in one_sweep(network)))
    print("    a sweep from each output in turn:     ", *(f"{grad:9.4f}" for grad in a_sweep_for_each_output(network)))


def main(argv=None):
    """Give the three lessons in turn."""
    parser = argparse.ArgumentParser(prog="python -m examples.perceptron", description=__doc__.partition("\n")[0])
    parser.add_argument("--out", metavar="FOLDER", help="draw the graphs into this folder, as SVG")
    parser.add_argument("--quick", action="store_true", help="train for 3 epochs instead of 50")
    options = parser.parse_args(argv)
    print("1. One perceptron by hand")
    by_hand(options.out)
    print("\n2. Red or blue?")
    red_or_blue(3 if options.quick else EPOCHS)
    print("\n3. Layers of perceptrons")
    in_layers(options.out)


if __name__ == "__main__":
    main()

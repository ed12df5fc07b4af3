"""Four rows and 41 parameters: the smallest training worth watching.

    python -m examples.four_rows
    python -m examples.four_rows --steps 100000

A network of 3 inputs, two hidden layers of 4 and 1 output, with tanh in every layer, learns to say 1, -1, -1, 1 on four
rows of three numbers. Its loss is the distance from the four answers to the targets: the root of the summed squares.

The fall is fast at first and slow later, and that is no accident. Near a target of 1 or -1 the slope of tanh is about
twice the error that is left, so the smaller the loss, the smaller the fraction that a step takes off it: in the end the
loss falls as one over the number of steps. Ten times the patience buys one more digit.
"""

import argparse
import math
import random

from examples.mlp import MLP
from fastgrad import Value

ROWS = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
TARGETS = [1.0, -1.0, -1.0, 1.0]


def squared_error(network):
    """The squares of the four errors, summed: a node of the graph like any other."""
    return sum((target - network(row)) ** 2 for row, target in zip(ROWS, TARGETS, strict=True))


def distance(network):
    """How far the four answers are from the four targets, as the crow flies."""
    return squared_error(network) ** 0.5


def train(network, loss_of, rate, steps):
    """Take `steps` steps downhill and return the loss before each of them.

    The gradients are cleared at every step: `backwards()` adds to what it finds.
    """
    parameters = network.parameters()
    losses = []
    for _ in range(steps):
        loss = loss_of(network)
        for parameter in parameters:
            parameter.grad = 0.0
        loss.backwards()
        for parameter in parameters:
            parameter.data -= rate * parameter.grad
        losses.append(loss.data)
    return losses


def milestones(steps):
    """The steps worth a line of print: 1, 10, 100 and so on, and the last."""
    powers = [10**k for k in range(math.ceil(math.log10(steps)))]
    return [*powers, steps]


def main(argv=None):
    """Train, print the loss at each power of ten, then the answers beside their targets."""
    parser = argparse.ArgumentParser(prog="python -m examples.four_rows", description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=10_000, help="steps of gradient descent (100000 end near 1e-4)")
    parser.add_argument("--seed", type=int, default=1, help="where the parameters start")
    parser.add_argument("--quick", action="store_true", help="200 steps, to see that it runs")
    options = parser.parse_args(argv)
    steps = 200 if options.quick else options.steps
    if steps < 1:
        parser.error(f"--steps is {steps}: there must be at least 1 step")

    network = MLP(Value, [3, 4, 4, 1], random.Random(options.seed))
    losses = train(network, distance, rate=0.01, steps=steps)
    for step in milestones(steps):
        print(f"step {step:>7,}  loss {losses[step - 1]:.6f}")
    print("\n   answer  target")
    for row, target in zip(ROWS, TARGETS, strict=True):
        print(f"{network(row).data:9.5f}  {target:6.1f}")


if __name__ == "__main__":
    main()

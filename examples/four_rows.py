"""Four rows and 41 parameters
===========================

The smallest training worth watching. A network of 3 inputs, two hidden layers of 4 and 1 output, with tanh in every
layer, learns to say 1, -1, -1, 1 on four rows of three numbers. Its loss is the distance from the four answers to the
targets: the root of the summed squares.

The fall is fast at first and slow later, and that is no accident. Near a target of 1 or -1 the slope of tanh is about
twice the error that is left, so the smaller the loss, the smaller the fraction that a step takes off it: in the end the
loss falls as one over the number of steps. Ten times the patience buys one more digit. A linear output has no such
trouble: with it the mean squared error falls by a fixed fraction at every step, until rounding ends it.

To run it::

    python -m examples.four_rows
    python -m examples.four_rows --out pictures
"""

import argparse
import importlib.util
import math

import numpy as np

from examples.mlp import MLP
from examples.pictures import folder_for, picture
from fastgrad import Value, nn
from fastgrad.train import fit

ROWS = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
TARGETS = [1.0, -1.0, -1.0, 1.0]
RATE = 0.01


# One operation at a time, on any engine: what `nn` and `fit` do.


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


# A node a layer, and a loop that is written already.


def network(seed, output="tanh"):
    """41 parameters, each drawn between -1 and 1; the last layer's activation is `output`."""
    return nn.MLP(3, [4, 4, 1], "tanh", output, bias="uniform", rng=seed)


def learn(model, loss, steps, **options):
    """Take `steps` steps on the four rows at once."""
    return fit(model, ROWS, TARGETS, loss=loss, lr=RATE, epochs=steps, **options).loss


def gap_to_loop(seed, steps=100):
    """The largest difference between a loss of `fit` and one of the loop above, from the same numbers on."""
    by_hand = train(MLP(Value, [3, 4, 4, 1], np.random.default_rng(seed)), distance, RATE, steps)
    return np.abs(learn(network(seed), "root_of_squares", steps) - by_hand).max()


# Beside torch.


def torch_twin(model):
    """The linear-output network in torch, in double precision, with the same parameters."""
    from torch import nn, tensor

    twin = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    twin.load_state_dict(dict(zip(twin.state_dict(), map(tensor, model.state_dict().values()), strict=True)))
    return twin


def torch_steps(twin, steps):
    """Yield torch's loss before each step, and its parameters after it, neuron by neuron."""
    import torch

    rows, targets = torch.tensor(ROWS, dtype=torch.float64), torch.tensor(TARGETS, dtype=torch.float64)
    optimizer = torch.optim.SGD(twin.parameters(), lr=RATE)
    for _ in range(steps):
        loss = torch.nn.functional.mse_loss(twin(rows)[:, 0], targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        layers = [torch.column_stack([twin[k].weight, twin[k].bias]).ravel() for k in (0, 2, 4)]
        yield loss.item(), torch.cat(layers).detach().numpy()


def gap_to_torch(seed, steps=100):
    """The largest difference from torch in a loss or a parameter, over `steps` steps from equal weights."""
    model, ours = network(seed, output=None), []
    twin = torch_twin(model)
    losses = learn(model, "mse", steps, callbacks=[lambda epoch, history: ours.append(model.flat)])
    theirs, flats = zip(*torch_steps(twin, steps), strict=True)
    return max(np.abs(losses - theirs).max(), np.abs(np.subtract(ours, flats)).max())


# What is shown.


def milestones(steps):
    """The steps worth a line of print: 1, 10, 100 and so on, and the last."""
    powers = [10**k for k in range(math.ceil(math.log10(steps)))]
    return [*powers, steps]


def in_five_sections(ax, losses):
    """Draw the loss in five colours, one after the other, on a logarithmic scale."""
    for number, steps in enumerate(np.array_split(np.arange(len(losses)), 5), start=1):
        ax.plot(steps, losses[steps], label=f"section {number}")
    ax.set(xlabel="Iteration", ylabel="Loss", yscale="log")
    ax.legend()


def show(model, loss, steps, folder):
    """Train; print the loss at each power of ten, then the answers beside their targets; return the last loss."""
    losses = learn(model, loss, steps)
    for step in milestones(steps):
        print(f"  step {step:>7,}  loss {losses[step - 1]:.6g}")
    print("\n     answer  target")
    for answer, target in zip(model(ROWS).data, TARGETS, strict=True):
        print(f"  {answer:9.5f}  {target:6.1f}")
    picture(folder, f"four_rows_{loss}", lambda ax: in_five_sections(ax, losses))
    return losses[-1]


def main(argv=None):
    """Train with a tanh output and with a linear one, then compare with a loop by hand and with torch."""
    parser = argparse.ArgumentParser(prog="python -m examples.four_rows", description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=100_000, help="steps of gradient descent")
    parser.add_argument("--seed", type=int, default=1, help="where the parameters start")
    parser.add_argument("--out", metavar="FOLDER", default=".", help="draw the losses into this folder, as PNG")
    parser.add_argument("--quick", action="store_true", help="2,000 steps, to see that it runs")
    options = parser.parse_args(argv)
    steps = 2_000 if options.quick else options.steps
    if steps < 1:
        parser.error(f"--steps is {steps}: there must be at least 1 step")
    folder = folder_for(options.out)

    print("A tanh output, the root of the squares:")
    results = {"tanh loss": show(network(options.seed), "root_of_squares", steps, folder)}
    print("\nA linear output, the mean squared error:")
    results["linear loss"] = show(network(options.seed, output=None), "mse", steps, folder)

    print("\nThe largest difference over 100 steps")
    results["gap to loop"] = gap_to_loop(options.seed)
    print(f"  from a loop written by hand: {results['gap to loop']:.1e}")
    if importlib.util.find_spec("torch") is None:
        print("  from torch: it is not installed")
    else:
        results["gap to torch"] = gap_to_torch(options.seed)
        print(f"  from torch: {results['gap to torch']:.1e}")
    return results


if __name__ == "__main__":
    main()

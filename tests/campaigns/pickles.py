"""Pickles of which bytes are wrong: each gives numbers or an ordinary error, and leaves other numbers as they were."""

import contextlib
import pickle
import random
import resource
import sys
from collections import Counter

import fastgrad
from campaigns.campaign import main
from fastgrad import nn, optim
from support.graphs import check_the_tape, everything, live_nodes, walked

SIZE = 100
MOST_MEMORY = 3_000_000_000  # a wrong length may ask for any amount


def product(a, b):
    return a * b if a > b else fastgrad.math.exp(a)


def trained():
    network = nn.MLP(2, [3, 1], rng=1)
    adam = optim.Adam(network)
    (network([0.5, -1.0]) * 2.0).backward()
    adam.step()
    return network, adam


def things_of(generator):
    """What is pickled: graphs mostly."""
    x = fastgrad.Scalar(generator.uniform(-2.0, 2.0), label="x")
    y = everything()
    choices = [
        lambda: [x, fastgrad.softmax([x * 2.0, x, 0.5]), fastgrad.dot([x, 2.0], [x, x.tanh()])],
        lambda: [y, x],
        lambda: [y, y.prev],
        lambda: [fastgrad.sum([y, x, y * x, 1.0]), x, {"again": x}],
        lambda: [*trained(), x],
        lambda: [fastgrad.compile(product), x],
    ]
    return generator.choice(choices)()


# What may be wrong.


def bytes_changed(data, generator):
    for _ in range(generator.choice([1, 1, 2, 8])):
        data[generator.randrange(len(data))] = generator.choice([0, 1, 2, 127, 255, generator.randrange(256)])


def bits_changed(data, generator):
    for _ in range(generator.choice([1, 2, 4])):
        data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)


def truncated(data, generator):
    del data[generator.randrange(len(data)) :]


def blocks_exchanged(data, generator):
    length = generator.choice([1, 2, 4, 8, 16, 64])
    i, j = (generator.randrange(len(data)) for _ in range(2))
    data[i : i + length], data[j : j + length] = data[j : j + length], data[i : i + length]


def block_left_out(data, generator):
    start = generator.randrange(len(data))
    del data[start : start + generator.choice([1, 4, 8, 32])]


def block_repeated(data, generator):
    start, length = generator.randrange(len(data)), generator.choice([1, 4, 8, 32])
    data[start:start] = data[start : start + length]


MUTATIONS = [bytes_changed, bytes_changed, bits_changed, truncated, blocks_exchanged, block_left_out, block_repeated]


def used(things):
    """Do with what was read all that can be done; errors are ordinary."""
    nodes = [thing for thing in things if isinstance(thing, fastgrad.Node)]
    for node in nodes:
        for use in (node.backward, node.forward, node.trace, node.zero_grad, node.__repr__):
            with contextlib.suppress(Exception):
                use()
    for thing in things:
        if isinstance(thing, (nn.Module, type(fastgrad.compile(product)))):
            with contextlib.suppress(Exception):
                thing([0.5, 1.0]) if isinstance(thing, nn.Module) else thing(0.5, 1.0)
        if isinstance(thing, optim.Adam):
            with contextlib.suppress(Exception):
                thing.step()


def load(text, generator):
    """What a damaged pickle gives, or nothing."""
    data = bytearray(text)
    generator.choice(MUTATIONS)(data, generator)
    loads = pickle._loads if generator.random() < 0.02 else pickle.loads
    try:
        things = loads(bytes(data))
    except Exception:
        return None
    return things if isinstance(things, list) else [things]


def case(number, steps):
    """Some pickled numbers, damaged as often as there are steps. Each step draws numbers of its own."""
    earlier = everything()
    before, counts = walked(earlier), Counter()
    text = pickle.dumps(things_of(random.Random(number)), random.Random(number).choice([2, 4, 5]))
    for step in steps:
        things = load(text, random.Random(number * SIZE + step))
        if things is not None:
            used(things)
        counts.update({"loads": 1, "that were read": things is not None})
        assert walked(earlier) == before, f"earlier numbers have changed after step {step}"
    check_the_tape()
    return counts


def limited(number, steps):
    """A case in bounded memory, of which no nodes are left."""
    if resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, resource.RLIM_INFINITY))
    counts = case(number, steps)
    if number % 20 == 0:
        assert live_nodes() < 50, f"{fastgrad.tape_info().nodes} nodes are left"
    return counts


if __name__ == "__main__":
    sys.exit(main(limited, SIZE))

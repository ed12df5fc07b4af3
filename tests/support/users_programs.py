"""Programs for numbers with gradients, in the manner of those the engine is for.

Each takes a number type and returns nodes. They run on any engine; tape/test_oracle.py compares two.
"""

import math
import random

from support.graphs import state

PROGRAMS = {}  # of either number type
VALUE_PROGRAMS = {}  # of the dialects of Value


def program(function):
    PROGRAMS[function.__name__] = function
    return function


def value_program(function):
    VALUE_PROGRAMS[function.__name__] = function
    return function


# Colours told apart by a step: the perceptron tutorial.


def coloured_rows(count, seed):
    generator = random.Random(seed)
    rows = [(generator.random(), 0.0, generator.random()) for _ in range(count)]
    return [(row, 1.0 if row[2] >= row[0] else 0.0) for row in rows]


@program
def perceptron_with_a_step(number):
    generator = random.Random(3)
    weights = [number(generator.uniform(-1.0, 1.0)) for _ in range(4)]
    trail = []
    for _ in range(12):
        total = number(0.0)
        for row, target in coloured_rows(40, seed=42):
            products = [number(x) * w for x, w in zip(row, weights)]
            sigma = products[0] + products[1] + products[2] + weights[3]
            output = sigma.ifel(sigma.data > 0.0, 1.0, 0.0)
            total = total + (output - number(target)) ** 2
        for w in weights:
            w.grad = 0.0
        total.backward()
        for w in weights:
            w.data -= 0.01 * w.grad
        trail.append(total)
    return trail + weights


@program
def a_step_between_scalars(number):
    x, low, high = number(0.3), number(-2.0), number(5.0)
    up = (x * 2.0).ifel(x.data > 0.0, high * x, low)
    down = (x * 3.0).ifel(x.data < 0.0, high, low * x)
    (up * down).backward()
    return [x, low, high, up, down]


@program
def layers_of_perceptrons_swept_output_by_output(number):
    """Each sweep adds the gradients that the one before left on shared nodes once more."""
    generator = random.Random(142)

    def layer(inputs, size, activate=True):
        outputs = []
        for _ in range(size):
            weights = [number(generator.uniform(-1, 1)) for _ in inputs]
            parameters.extend(weights)
            weighted = sum([w * x for w, x in zip(weights, inputs)], number(generator.uniform(-1, 1)))
            outputs.append(weighted.tanh() if activate else weighted)
        return outputs

    parameters = []
    inputs = [number(x) for x in (1.0, 2.0, -5.0, -3.0)]
    outputs = layer(layer(layer(inputs, 5), 5), 5, activate=False)
    for output in outputs:
        output.backward()
    return inputs + outputs + parameters


@program
def scores_to_cross_entropy(number):
    scores = [number(x) for x in (1.5, -0.25, 3.0)]
    exponentials = [score.exp() for score in scores]
    total = sum(exponentials)
    loss = -(exponentials[1] / total).log()
    loss.backward()
    return [*scores, *exponentials, total, loss]


# Four rows learned: the engine with tanh, `**` and `backwards`.

FOUR_ROWS = [([2.0, 3.0, -1.0], 1.0), ([3.0, -1.0, 0.5], -1.0), ([0.5, 1.0, 1.0], -1.0), ([1.0, 1.0, -1.0], 1.0)]


def network(number, sizes, generator, linear_output=False):
    """A function of a row, and the list of its parameters."""
    layers = [
        [
            ([number(generator.uniform(-1, 1)) for _ in range(before)], number(generator.uniform(-1, 1)))
            for _ in range(size)
        ]
        for before, size in zip(sizes, sizes[1:])
    ]

    def model(row):
        for layer in layers:
            sums = [sum((w * x for w, x in zip(weights, row)), bias) for weights, bias in layer]
            row = sums if linear_output and layer is layers[-1] else [s.tanh() for s in sums]
        return row[0]

    return model, [p for layer in layers for weights, bias in layer for p in (*weights, bias)]


@program
def network_3_4_4_1(number):
    model, parameters = network(number, [3, 4, 4, 1], random.Random(260))
    losses = []
    for _ in range(25):
        for p in parameters:
            p.grad = 0.0
        loss = sum((target - model(row)) ** 2 for row, target in FOUR_ROWS) ** 0.5
        loss.backwards()
        for p in parameters:
            p.data -= 0.01 * p.grad
        losses.append(loss)
    return losses + parameters


@program
def a_parabola_fitted(number):
    model, parameters = network(number, [1, 6, 1], random.Random(7), linear_output=True)
    rows = [([x / 4], (x / 4) ** 2 + 3 * x / 4) for x in range(-8, 9)]
    losses = []
    for _ in range(6):
        loss = sum([(model(row) - target) ** 2 for row, target in rows], number(0)) / len(rows)
        for p in parameters:
            p.grad = 0
        loss.backward()
        for p in parameters:
            p.data += -0.05 * p.grad
        losses.append(loss)
    return losses + parameters


# Backpropagation by hand: the engine from scratch.


@value_program
def steps_run_by_hand(number):
    x1, x2, w1, w2, b = (number(x) for x in (2.0, 0.0, -3.0, 1.0, 6.8813735870195432))
    x1w1, x2w2 = x1 * w1, x2 * w2
    both = x1w1 + x2w2
    n = both + b
    o = n.tanh()
    o.grad = 1.0
    for node in (o, n, b, both, x2w2, x1w1):
        node._backward()
    return [x1, x2, w1, w2, b, x1w1, x2w2, both, n, o]


@value_program
def steps_run_in_a_users_own_order(number):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for operand in sorted(node._prev, key=lambda operand: operand.label):
                visit(operand)
            order.append(node)

    a, b = number(-2.0, label="a"), number(3.0, label="b")
    d = a * b
    d.label = "d"
    e = a + b
    e.label = "e"
    f = d * e
    visit(f)
    f.grad = 1.0
    for node in reversed(order):
        node._backward()
    return order


@value_program
def an_operation_with_a_callback_of_its_own(number):
    x = number(0.75)
    doubled = x * 2.0
    out = number(math.atan(doubled.data), (doubled,), "arc")

    def _backward():
        doubled.grad += out.grad / (1.0 + doubled.data**2)

    out._backward = _backward
    y = out * out + x
    y.backward()
    return [x, doubled, out, y]


@value_program
def a_built_operation_with_another_callback(number):
    x, w = number(0.75), number(4.0)
    product = x * w

    def _backward():  # clips what it passes on
        x.grad += max(-1.0, min(1.0, product.grad * w.data))

    product._backward = _backward
    (product * 3.0).tanh().backward()
    return [x, w, product]


@program
def a_node_used_twice(number):
    a = number(3.0)
    b = a + a
    b.backward()
    return [a, b]


@program
def products_and_sums_of_the_same_two(number):
    a, b = number(-2.0), number(3.0)
    f = (a * b) * (a + b) - b / a + a**2 - 1.0 / b + (5 - a) * True
    f.backward()
    return [a, b, f]


# A single node, and nets without a library: sigmoids, cross entropy.


@program
def a_sigmoid_from_its_formula(number):
    w, b = number(0.8), number(-0.4)
    outputs = [1 / (1 + math.e ** -(w * x + b)) for x in (-2.0, -0.5, 1.0, 4.0)]
    loss = sum((y - math.exp(-x * x)) ** 2 for x, y in zip((-2.0, -0.5, 1.0, 4.0), outputs)) / 4
    loss.backward()
    return [w, b, loss, *outputs]


@program
def exclusive_or_with_cross_entropy(number):
    model, parameters = network(number, [2, 2, 1], random.Random(11), linear_output=True)
    losses = []
    for _ in range(10):
        loss = number(0.0)
        for row, target in [((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 0)]:
            p = model(row).sigmoid()
            loss -= target * p.log() + (1 - target) * (1 - p).log()
        for p in parameters:
            p.grad = 0.0
        loss.backward()
        for p in parameters:
            p.data -= 0.5 * p.grad
        losses.append(loss)
    return losses + parameters


# Numerical programs, and what sweeps mean.


@program
def a_chain(number):
    x, a, b = number(0.5), number(0.99), number(0.01)
    y = x
    for _ in range(2000):
        y = y * a + b
    y.backward()
    return [x, a, b, y]


@program
def runge_kutta_of_predators_and_prey(number):
    rates = [number(rate) for rate in (1.1, 0.4, 0.1, 0.4)]
    start = [number(10.0), number(5.0)]

    def change(x, y):
        return rates[0] * x - rates[1] * x * y, rates[2] * x * y - rates[3] * y

    state, step = start, 0.05
    for _ in range(40):
        k1 = change(*state)
        k2 = change(*(s + step / 2 * k for s, k in zip(state, k1)))
        k3 = change(*(s + step / 2 * k for s, k in zip(state, k2)))
        k4 = change(*(s + step * k for s, k in zip(state, k3)))
        state = [s + step / 6 * (a + 2 * b + 2 * c + d) for s, a, b, c, d in zip(state, k1, k2, k3, k4)]
    (state[0] - state[1]).backward()
    return rates + start + state


@program
def a_root_found_by_newtons_steps(number):
    a = number(7.0)
    x = a
    while abs(x.data * x.data - a.data) > 1e-12:
        x = 0.5 * (x + a / x)
    x.backward()
    return [a, x]


@program
def a_branch_taken_by_the_number(number):
    x = number(1.5)
    y = x
    for _ in range(20):
        y = -y * 1.25 if y > 0 else y + 2.0
    y.backward()
    return [x, y]


@program
def comparisons_as_factors(number):
    x, y = number(2.0), number(-1.0)
    z = (x > y) * x + (x < y) * y + (x >= 2.0) * 3.0 - (1.0 <= y) * x  # noqa: SIM300
    z.backward()
    return [x, y, z]


@program
def sweeps_again_over_old_gradients(number):
    x = number(1.25)
    inner = x * x
    first, second = inner.exp(), inner * x
    for root in (first, second, first, inner, second):
        root.backward()
    return [x, inner, first, second]


@program
def data_changed_between_build_and_sweep(number):
    x, w = number(1.25), number(-0.5)
    product = x * w
    y = product.tanh() / (x + 3.0)
    x.data, product.data = 2.0, 0.125
    y.backward()
    w.data = 9.0
    y.backward(-0.5)
    return [x, w, product, y]


@program
def gradients_written_by_hand(number):
    x = number(1.25)
    inner = x.sin()
    y = inner * inner
    inner.grad, x.grad = 10.0, -1.0
    y.backward(2)
    return [x, inner, y]


@program
def zeroed_and_detached(number):
    x = number(1.25)
    inner = x.exp()
    y = inner * x + inner.detach()
    y.backward()
    y.zero_grad()
    cleared = state([x, inner, y])
    y.backward()
    return [x, inner, y] if all(grad == "0.0" for _, grad in cleared) else []


@program
def infinities_and_nothing(number):
    """Slopes follow IEEE arithmetic where values are at the edge."""
    edge = [number(0.0).sqrt(), number(1.0).asin(), number(-1.0).acos(), number(1.0).acosh(), number(1e300) * 1e300]
    leaves = [node.prev[0] for node in edge]
    total = sum(node * 1.0 for node in edge)
    (total - total).backward()
    total.backward()
    return [*leaves, *edge, number(3.0) ** 2, total]


@program
def plain_numbers_of_every_kind(number):
    x = number(3)
    y = 2 * x + True - x / 4 + 10**3 * x - 0.5**x + (-x) ** 2 - +x + abs(-x) + sum([x, x, 1])
    y.backward()
    return [x, y]

"""Loops over numbers in as many ways as people write them. Of each the result is printed, and the gradients of w."""

import functools
import itertools
import math

from engine import Value

WAYS = []
SCALE = 0.5


def way(function):
    WAYS.append(function)
    return function


def times(a, b):
    return a * b


class Neuron:
    def __init__(self, w, bias=0.5):
        self.w, self.bias = w, bias

    def __call__(self, x):
        return sum((wi * xi for wi, xi in zip(self.w, x)), self.bias).relu()


@way
def indices(w, x):
    total = 0.0
    for i in range(len(w)):
        total += w[i] * x[i]
    return total


@way
def zipped(w, x):
    total = Value(0.0)
    for a, b in zip(w, x):
        total = total + a * b
    return total


@way
def zipped_strictly(w, x):
    return sum([a * b for a, b in zip(w, x, strict=True)])


@way
def enumerated(w, x):
    total = 0.0
    for i, a in enumerate(w, 1):
        total = total + a * i * SCALE
    return total


@way
def enumerated_pairs(w, x):
    total = 0.0
    for i, (a, b) in enumerate(zip(w, x)):
        total += a * b + i
    return total


@way
def a_generator(w, x):
    return sum(a * b for a, b in zip(w, x))


@way
def a_generator_and_a_start(w, x):
    return sum((a * b for a, b in zip(w, x)), w[0] * 2.0)


@way
def a_list_that_is_summed(w, x):
    return sum([a * b for a, b in zip(w, x)])


@way
def rows_of_a_matrix(w, x):
    rows = [w, w[1:] + w[:1], w[::-1]]
    return sum([sum(a * b for a, b in zip(row, x)).relu() for row in rows])


@way
def a_product_of_matrices(w, x):
    left, right = [w[:2], w[2:]], [x[:2], x[2:]]
    product = [[sum(left[i][k] * right[k][j] for k in range(2)) for j in range(2)] for i in range(2)]
    return product[0][0] + product[1][1]


@way
def pairs_with_a_condition(w, x):
    return sum(a * b for i, a in enumerate(w) for j, b in enumerate(x) if i != j)


@way
def backwards(w, x):
    total = 0.0
    for a in reversed(w):
        total = total * SCALE + a
    return total


@way
def down_to_zero(w, x):
    total = 0.0
    for i in range(len(w) - 1, -1, -1):
        total = total * x[i] + w[i]
    return total


@way
def windows(w, x):
    return sum([sum(w[i : i + 2]) * x[i] for i in range(len(w) - 1)])


@way
def every_second(w, x):
    return sum(a * b for a, b in zip(w[::2], x[::2]))


@way
def neighbours(w, x):
    total = 0.0
    for before, after in zip(w[:-1], w[1:]):
        total += (after - before) * (after - before)
    return total


@way
def bins(w, x):
    found = [0.0, 0.0]
    for i, a in enumerate(w):
        found[i % 2] += a * x[i]
    return found[0] * found[1]


@way
def two_at_once(w, x):
    a, b = w[0], w[1]
    for c in x:
        a, b = b, a + b * c
    return b


@way
def either_or(w, x):
    return sum([a * b if b > 0 else -a for a, b in zip(w, x)])


@way
def an_if(w, x):
    total = 0.0
    for a, b in zip(w, x):
        if b > 0:  # noqa: SIM108
            total = total + a * b
        else:
            total = total - a
    return total


@way
def an_if_and_no_else(w, x):
    total, count = 0.0, 0
    for a in w:
        if a.data > 0:
            total = total + a * a
            count += 1
    return total * count


@way
def continued(w, x):
    total = 0.0
    for a, b in zip(w, x):
        if b < 0:
            continue
        total = total + a * b
    return total


@way
def broken_off(w, x):
    total = 0.0
    for a in w:
        total = total + a * a
        if total.data > 0.3:
            break
    else:
        total = total * 2.0
    return total


@way
def broken_off_inside(w, x):
    total = 0.0
    for a in w:
        for b in x:
            if b > 2:
                break
            total = total + a * b
    return total


@way
def then_else(w, x):
    total = 0.0
    for a in w:
        total = total + a
    else:
        total = total * 2.0
    return total


@way
def counted_by_while(w, x):
    total, i = 0.0, 0
    while i < len(w):
        total = total + w[i] * x[i]
        i += 1
    return total


@way
def until_it_is_small(w, x):
    y = w[0]
    while y.data > 0.1:
        y = y * 0.5
        for b in x:
            if b < 0:
                break
            y = y * b
    return y


@way
def until_it_is_there(w, x):
    y = w[0]
    while True:
        y = y * 0.5 + 0.1
        if y.data < 0.3:
            return y


@way
def appended(w, x):
    made = []
    for a, b in zip(w, x):
        made.append(a * b)
    return sum(made)


@way
def a_function_of_the_programs(w, x):
    return sum([times(a, b) for a, b in zip(w, x)])


@way
def a_function_of_the_programs_in_a_statement(w, x):
    total = 0.0
    for a, b in zip(w, x):
        total = total + times(a, b).relu()
    return total


@way
def objects(w, x):
    neurons = [Neuron(w), Neuron(w[::-1], 0.25)]
    return sum([neuron(x) for neuron in neurons])


@way
def attributes(w, x):
    neurons = [Neuron(w), Neuron(w[::-1], 0.25)]
    return sum(a * n.bias for n in neurons for a in n.w)


@way
def a_list_in_a_list(w, x):
    flat = [a for row in [w[:2], w[2:]] for a in row]
    return sum(flat)


@way
def the_largest(w, x):
    largest = max(a.data for a in w)
    return sum(list(a * (largest - min(0.0, b)) for a, b in zip(w, x)))  # noqa: C400


@way
def a_product(w, x):
    return math.prod(a + b for a, b in zip(w, x))


@way
def products_with_a_start(w, x):
    return sum([math.prod((a - b for b in x if b > 0), start=a) for a in w])


@way
def an_exact_sum(w, x):
    return sum([a * math.fsum(b * c for b, c in zip(x, x)) for a in w])


@way
def a_tuple(w, x):
    return sum(tuple(a.relu() for a in w))


@way
def functions_of_math(w, x):
    return sum([a * math.exp(b) for a, b in zip(w, x)])


@way
def entries_of_a_dict(w, x):
    named = {"first": w[0], "second": w[1]}
    total = 0.0
    for name, a in named.items():
        total = total + a * len(name)
    return total


@way
def by_map(w, x):
    return sum(map(times, w, x))


@way
def by_map_and_lambda(w, x):
    return sum(map(lambda a: a * a, w))  # noqa: C417


@way
def by_reduce(w, x):
    return functools.reduce(lambda total, a: total * SCALE + a, w)


@way
def transposed(w, x):
    return sum([sum(column) * (i + 1) for i, column in enumerate(zip(*[w, x]))])


@way
def given_as_arguments(w, x):
    return sum([times(*pair) for pair in zip(w, x)])


@way
def a_product_of_iterators(w, x):
    return sum(a * b for a, b in itertools.product(w, x))


@way
def a_generator_function(w, x):
    def products():
        for a, b in zip(w, x):
            yield a * b

    total = 0.0
    for p in products():
        total = total + p
    return total


@way
def a_variable_of_the_function_around(w, x):
    total = 0.0

    def add(values):
        nonlocal total
        for a in values:
            total = total + a * a

    add(w)
    return total


@way
def with_a_name_for_a_part(w, x):
    return sum([(y := a * b) * y for a, b in zip(w, x)])


@way
def with_a_handler(w, x):
    total = 0.0
    for i in range(len(w) + 1):
        try:
            total = total + w[i] * x[i]
        except IndexError:
            total = total * 2.0
    return total


@way
def with_a_text(w, x):
    names, total = [], 0.0
    for i, a in enumerate(w):
        names.append(f"w{i}")
        total = total + a * len(names[-1])
    return total


@way
def steps_of_descent(w, x):
    for _ in range(3):
        loss = sum((a * b for a, b in zip(w, x)), 1.0).relu()
        for a in w:
            a.grad = 0.0
        loss.backward()
        for a in w:
            a.data -= 0.1 * a.grad
    return loss


@way
def momentum(w, x):
    speed = [0.0] * len(w)
    for _ in range(2):
        indices(w, x).backward()
        for i, a in enumerate(w):
            speed[i] = 0.9 * speed[i] + a.grad
            a.data -= 0.1 * speed[i]
            a.grad = 0
    return zipped(w, x)


for function in WAYS:
    w = [Value(a) for a in (0.5, -0.25, 1.0, 0.75)]
    x = [1.0, -2.0, 0.5, 3.0]
    result = function(w, x)
    result.backward()
    print(function.__name__, result.data, [a.grad for a in w])

"""Loops over numbers of a teaching engine: some of its data and grads are ints, and labels are kept on numbers."""

import pytest

from support.teaching_engines import FULL_ENGINE, same_both_ways

ENGINES = {
    "grads begin as ints": FULL_ENGINE,
    "grads begin as floats": FULL_ENGINE.replace(
        "self.data, self.grad = data, 0\n", "self.data, self.grad = data, 0.0\n"
    ),
    "all data is floats": FULL_ENGINE.replace("= data, 0\n", "= float(data), 0.0\n"),
}

LOOPS = """
def sgd(params, rate):
    for p in params:
        p.data -= rate * p.grad
        p.grad = 0.0

def zeroed(params):
    for p in params:
        p.grad = 0

def adam(params, m, v, step):
    for i, p in enumerate(params):
        m[i] = 0.9 * m[i] + 0.1 * p.grad
        v[i] = 0.99 * v[i] + 0.01 * p.grad ** 2
        p.data -= 0.01 * (m[i] / (1 - 0.9 ** step)) / ((v[i] / (1 - 0.99 ** step)) ** 0.5 + 1e-8)
        p.grad = 0

def shown(params):
    print([(p.data, p.grad) for p in params])

def loss(params):
    total = Value(0.5)
    for p in params:
        total = total + p * p * 0.25
    return total

def trained(params):
    m, v = [0.0] * len(params), [0.0] * len(params)
    for step in range(1, 9):
        shown(params)
        loss(params).backward()
        shown(params)
        if step % 3 == 0:
            sgd(params, 0.1)
        elif step % 3 == 1:
            adam(params, m, v, step)
        else:
            sgd(params[::-1], 0.1)
            zeroed(params)
        print(m, v)
    shown(params)
"""

PARAMETERS = {
    "floats": "[Value(0.125 * k - 3.0) for k in range(80)]",
    "ints": "[Value(k - 3) for k in range(80)]",
    "an int among floats": "[Value(0.5 * k if k != 70 else 7) for k in range(80)]",
    "apart in memory": "[Value(0.5 * k) * 1.0 for k in range(160)][::2]",
    "one of them twice": "(lambda x: x + x[40:41] + x)([Value(0.5 * k) for k in range(50)])",
    "zeros": "[Value(0.0 if k % 2 else -0.0) for k in range(80)]",
    "few": "[Value(0.5), Value(2)]",
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("parameters", PARAMETERS)
def test_training_by_loops_is_as_it_is_plainly(script, engine, parameters):
    same_both_ways(script(f"{ENGINES[engine]}{LOOPS}trained({PARAMETERS[parameters]})\n"))


@pytest.mark.parametrize("engine", ENGINES)
def test_labels_and_what_stands_for_an_attribute_are_seen(script, engine):
    program = """
params = [Value(0.5 * k) for k in range(80)]
for k, p in enumerate(params):
    p.label = f"w{k}"
trained(params)
params[66].data = True
sgd(params, 0.1)
shown(params)
params[66].data = True
params[70].grad = None
try:
    sgd(params, 0.1)
except TypeError as error:
    print(error)
shown(params)
"""
    same_both_ways(script(f"{ENGINES[engine]}{LOOPS}{program}"))

"""Backpropagation by hand, then by machine
========================================

Six short lessons, each a function below: what a slope is; the chain rule with pencil and paper; one neuron swept node
by node; the order of a sweep; why gradients add up; and a network that learns four rows in twenty steps. With `--out`
every graph is also drawn, its gradients filled in as they come.

To run it::

    python -m examples.backprop
    python -m examples.backprop --out drawings
"""

import argparse
import random

from examples.drawing import named, save
from examples.four_rows import ROWS, TARGETS, squared_error, train
from examples.mlp import MLP, Layer, Neuron
from fastgrad import Value

EXPRESSION = {"a": 2.0, "b": -3.0, "c": 10.0, "f": -2.0}
NEURON = {"x1": 2.0, "x2": 0.0, "w1": -3.0, "w2": 1.0, "b": 6.8813735870195432}  # this bias makes o the root of 1/2


# %%
# Lesson 1: a slope is what an answer does, divided by the nudge that made it do so.


def slope(function, at, nudge=1e-6):
    """How fast `function` changes at a point, from its values there and a nudge further on."""
    return (function(at + nudge) - function(at)) / nudge


def parabola(x):
    """Falls, turns at 2/3, rises."""
    return 3 * x**2 - 4 * x + 5


def slopes_by_nudging(function, arguments):
    """The slope by each named argument in turn, the others held still."""
    return {
        name: slope(lambda moved, name=name: function(**{**arguments, name: moved}), at)
        for name, at in arguments.items()
    }


def nudging(options):
    """Slopes without any calculus."""
    for x in (3.0, -3.0, 2 / 3):
        print(f"  3x^2 - 4x + 5 has slope {slope(parabola, x):8.4f} at x = {x:.4f}")
    for name, by in slopes_by_nudging(expression, EXPRESSION).items():
        print(f"  (a*b + c) * f has slope {by:8.4f} by {name}")


# %%
# Lesson 2: the chain rule. Start at the end with 1; a product passes a gradient on times the other factor, a sum as is.


def expression(a, b, c, f):
    """The same line serves plain numbers and nodes of a graph."""
    return (a * b + c) * f


def expression_graph():
    """Build the expression one node at a time, so that each has a name; return the nodes by name."""
    a, b, c, f = (Value(number, label=name) for name, number in EXPRESSION.items())
    e = named("e", a * b)
    d = named("d", e + c)
    L = named("L", d * f)
    return {node.label: node for node in (a, b, c, f, e, d, L)}


def pencil_and_paper(nodes):
    """Fill in every gradient by the two rules alone."""
    a, b, c, f, e, d, L = nodes.values()
    L.grad = 1.0
    d.grad = f.data * L.grad
    f.grad = d.data * L.grad
    e.grad = d.grad
    c.grad = d.grad
    a.grad = b.data * e.grad
    b.grad = a.data * e.grad


def uphill(nodes, step=0.01):
    """The expression's value after each leaf moved a little along its gradient."""
    return expression(*(nodes[name].data + step * nodes[name].grad for name in EXPRESSION))


def chain_rule(options):
    """Gradients set by hand agree with the nudges, and a step along them raises the result."""
    nodes = expression_graph()
    save(nodes["L"].draw_dot, options.out, "expression_before")
    pencil_and_paper(nodes)
    save(nodes["L"].draw_dot, options.out, "expression_after")
    print_gradients(nodes)
    print(f"  a step along the gradients takes L from {nodes['L'].data:.4f} to {uphill(nodes):.4f}")


# %%
# Lesson 3: every node knows its own step of the chain rule, `_backward()`. Call them from the end to the start.


def neuron_graph():
    """A neuron of two inputs, o = tanh(x1*w1 + x2*w2 + b); return its nodes by name."""
    x1, x2, w1, w2, b = leaves = [Value(number, label=name) for name, number in NEURON.items()]
    x1w1 = named("x1*w1", x1 * w1)
    x2w2 = named("x2*w2", x2 * w2)
    weighted = named("x1*w1 + x2*w2", x1w1 + x2w2)
    n = named("n", weighted + b)
    o = named("o", n.tanh())
    return {node.label: node for node in (*leaves, x1w1, x2w2, weighted, n, o)}


def sweep_by_hand(nodes):
    """Run each node's own step, a node always after everything that uses it."""
    nodes["o"].grad = 1.0
    for name in ("o", "n", "b", "x1*w1 + x2*w2", "x1*w1", "x2*w2"):  # b is a leaf: its step does nothing
        nodes[name]._backward()


def node_by_node(options):
    """A sweep by hand, then the same by `backward()`."""
    by_hand, by_machine = neuron_graph(), neuron_graph()
    sweep_by_hand(by_hand)
    by_machine["o"].backward()
    save(by_hand["o"].draw_dot, options.out, "neuron")
    print_gradients(by_hand)
    print(f"  backward() says the same: {gradients(by_hand) == gradients(by_machine)}")


# %%
# Lesson 4: which order? Operands before results, a topological order; a sweep walks it from its end.


def operands_first(root):
    """Every node below `root`, each after the nodes it was computed from."""
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for operand in node.prev:
                visit(operand)
            order.append(node)

    visit(root)
    return order


def sweep_in_order(root):
    """All that `backward()` does, in three lines."""
    root.grad = 1.0
    for node in reversed(operands_first(root)):
        node._backward()


def order_of_a_sweep(options):
    """The order found by walking the graph gives the same gradients again."""
    nodes = neuron_graph()
    sweep_in_order(nodes["o"])
    print("  operands first:", ", ".join(node.label for node in operands_first(nodes["o"])))
    print(f"  x1.grad = {nodes['x1'].grad:.4f}, w1.grad = {nodes['w1'].grad:.4f}")


# %%
# Lesson 5: a node that is used twice hears from both uses, and the two messages add up.


def used_twice():
    """b = a + a: two ways from b to a, each of slope 1."""
    a = Value(3.0, label="a")
    b = named("b", a + a)
    b.backward()
    return a, b


def two_ways():
    """f = (a*b) * (a + b): both a and b reach f through the product and through the sum."""
    a, b = Value(-2.0, label="a"), Value(3.0, label="b")
    d = named("d", a * b)
    e = named("e", a + b)
    f = named("f", d * e)
    f.backward()
    return a, b, f


def gradients_add_up(options):
    """Were gradients set and not added, the last use would erase the others."""
    a, b = used_twice()
    save(b.draw_dot, options.out, "used_twice")
    print(f"  b = a + a: a.grad = {a.grad}")
    a, b, f = two_ways()
    save(f.draw_dot, options.out, "two_ways")
    print(f"  f = (a*b) * (a + b): a.grad = {a.grad}, b.grad = {b.grad}")


# %%
# Lesson 6: a neuron, a layer, a network; then training, which is nothing but small steps against the gradient.


def learn_four_rows(steps, rate=0.05, seed=4):
    """Train a network with a linear output; return it and the loss before each step."""
    network = MLP(Value, [3, 4, 4, 1], random.Random(seed), linear_output=True)
    return network, train(network, squared_error, rate, steps)


def from_neuron_to_network(options):
    """The same handful of operations, many times over."""
    generator = random.Random(1)
    print(f"  a neuron of 2 inputs: {Neuron(Value, 2, generator)([2.1, 3.1]).data:.4f}")
    print("  a layer of 3 such:   ", *(f"{out.data:.4f}" for out in Layer(Value, 2, 3, generator)([2.1, 3.1])))
    network, losses = learn_four_rows(steps=5 if options.quick else 20)
    for step, loss in enumerate(losses, start=1):
        print(f"  step {step:2}  loss {loss:.4f}")
    answers = [network(row) for row in ROWS]
    for answer, target in zip(answers, TARGETS, strict=True):
        print(f"  answer {answer.data:6.3f}  target {target:2g}")
    answers[0].backward()
    save(answers[0].draw_dot, options.out, "network")


def gradients(nodes):
    """The gradient of each node by name."""
    return {name: node.grad for name, node in nodes.items()}


def print_gradients(nodes):
    """A line a node: its name, its number, its gradient."""
    for name, node in nodes.items():
        print(f"  {name:>14}  data {node.data:8.4f}  grad {node.grad:8.4f}")


LESSONS = {
    "A slope is a nudge answered": nudging,
    "The chain rule by hand": chain_rule,
    "One neuron, node by node": node_by_node,
    "The order of a sweep": order_of_a_sweep,
    "Gradients add up": gradients_add_up,
    "From a neuron to a network that learns": from_neuron_to_network,
}


def main(argv=None):
    """Give the six lessons in turn."""
    parser = argparse.ArgumentParser(prog="python -m examples.backprop", description=__doc__.partition("\n")[0])
    parser.add_argument("--out", metavar="FOLDER", help="draw every graph into this folder, as SVG")
    parser.add_argument("--quick", action="store_true", help="train for 5 steps instead of 20")
    options = parser.parse_args(argv)
    for number, (title, lesson) in enumerate(LESSONS.items(), start=1):
        print(f"\n{number}. {title}")
        lesson(options)


if __name__ == "__main__":
    main()

"""Sweeps of every kind: what they leave on the numbers, when they run again and what they return."""

import re
import textwrap

import pytest

from support.engine_shapes import SHAPES
from support.teaching_engines import FULL_ENGINE, OWN_ENGINE, both_ways, engine_with, unary

ON_FASTGRAD = "runs on fastgrad"

_ENGINE = """
class Value:
    def __init__(self, data, operands=(), op=""):
        self.data, self.grad, self.operands, self.op = data, {first}, operands, op
        self.step = lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), "+")
        def step():
            self.grad += out.grad
            other.grad += out.grad
        out.step = step
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), "*")
        def step():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out.step = step
        return out

    __radd__, __rmul__ = __add__, __mul__

    def backward(self{parameters}):
{body}

def order_of(root):
    order, seen, pending = [], set(), [(root, False)]
    while pending:
        node, done = pending.pop()
        if done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            pending.append((node, True))
            pending.extend((operand, False) for operand in node.operands)
    return order[::-1]
"""


def engine(body, parameters="", first="0.0"):
    """An engine with this sweep."""
    return _ENGINE.format(body=textwrap.indent(textwrap.dedent(body), " " * 8), parameters=parameters, first=first)


SHOW = """
x, y = Value(3.0), Value(-0.5)
p = x * y
z = p * p + x
def show():
    print([v.grad for v in (x, y, p, z)])
"""
AGAIN = """
{0}
show()
{0}
show()
x.grad = 0.0
w = z * y
{1}
show()
print(w.grad)
"""


def program(call="{}.backward()"):
    """Sweeps, again, and after some grads were set."""
    return SHOW + AGAIN.format(call.format("z"), call.format("w"))


SETS = """
self.grad = 1.0
for node in order_of(self):
    node.step()
"""
METHODS = {
    "accumulating": SETS,
    "adding to the root's own grad": SETS.replace("self.grad = 1.0", "self.grad += 1.0"),
    "clearing all before": "for node in order_of(self):\n    node.grad = 0.0\n" + SETS,
    "each passing on what it brings itself": """
        before = {node: node.grad for node in order_of(self)}
        for node in before:
            node.grad = 0.0
        self.grad = 1.0
        for node in before:
            node.step()
        for node, grad in before.items():
            node.grad += grad
        """,
    "leaving grads on leaves only": """
        before = {node: node.grad for node in order_of(self)}
        for node in before:
            node.grad = 0.0
        self.grad = 1.0
        for node in before:
            node.step()
        for node, grad in before.items():
            node.grad = grad + (0.0 if node.operands else node.grad)
        """,
}
EXCHANGED_METHODS = ["accumulating", "adding to the root's own grad", "clearing all before"]


class TestSeeds:
    """The program gives the root its gradient, and sweeps from that."""

    BODY = SETS.replace("self.grad = 1.0", "")
    USE = """
z.backward()
show()
z.grad = 1
z.backward()
show()
w = z * z + 3
for seed in (0.5, -2.0, 0):
    w.grad = seed
    w.backward()
    show()
w.backward()
print(w.grad)
"""

    @pytest.mark.parametrize("first", ["0.0", "0"])
    def test_that_the_program_sets(self, script, first):
        (line,) = both_ways(script(engine(self.BODY, first=first) + SHOW + self.USE)).said
        assert line.endswith(ON_FASTGRAD)

    def test_for_a_function_that_sweeps(self, script):
        function = "def backpropagate(root):\n    for node in order_of(root):\n        node.step()\n"
        source = engine("pass").replace("    def backward(self):\n        pass\n", "") + function
        used = re.sub(r"(\w)\.backward\(\)", r"backpropagate(\1)", self.USE)
        (line,) = both_ways(script(source + SHOW + used)).said
        assert line.endswith(ON_FASTGRAD)

    def test_that_a_sweep_takes_away(self, script):
        body = self.BODY + "self.grad = 0.0\n"
        (line,) = both_ways(script(engine(body) + SHOW + self.USE)).said
        assert line.endswith("its own stay: backward")

    def test_that_a_sweep_is_also_given(self, script):
        body = "self.grad = self.grad if gradient is None else gradient\n" + self.BODY
        used = self.USE + "w.backward(0.25)\nshow()\n"
        both_ways(script(engine(body, ", gradient=None") + SHOW + used))


class TestMethods:
    @pytest.mark.parametrize("kind", METHODS)
    def test_of_each_kind(self, script, kind):
        (line,) = both_ways(script(engine(METHODS[kind]) + program())).said
        assert line.endswith(ON_FASTGRAD)

    @pytest.mark.parametrize(
        "name", ["backward", "backwards", "backprop", "compute_gradients", "propagate", "chain_rule"]
    )
    def test_of_many_names(self, script, name):
        source = engine(SETS) + program()
        (line,) = both_ways(script(source.replace("backward", name))).said
        assert line.endswith(ON_FASTGRAD)

    def test_with_a_gradient_to_start_from(self, script):
        body = SETS.replace("1.0", "gradient")
        used = program("{}.backward(2.5)") + "\nz.backward(gradient=-1.0)\nshow()\nz.backward()\nshow()\n"
        (line,) = both_ways(script(engine(body, ", gradient=1.0") + used)).said
        assert line.endswith(ON_FASTGRAD)

    def test_that_returns_the_number_of_nodes(self, script):
        body = "order = order_of(self)\n" + SETS + "return len(order)\n"
        used = program() + "print(z.backward(), (x + 1).backward(), x.backward())\n"
        (line,) = both_ways(script(engine(body) + used)).said
        assert line.endswith(ON_FASTGRAD)

    def test_that_returns_what_nobody_uses(self, script):
        (line,) = both_ways(script(engine(SETS + "return order_of(self)\n") + program())).said
        assert line.endswith(ON_FASTGRAD)

    RECURSIVE = "order = []\ndef visit(node):\n    if node not in order:\n        [visit(v) for v in node.operands]\n"
    RECURSIVE += "        order.append(node)\nvisit(self)\nreturn order\n"

    @pytest.mark.parametrize("order", ["return order_of(self)\n", "return order_of(self)[::-1]\n", RECURSIVE])
    def test_that_returns_the_nodes(self, script, order):
        used = program() + "for root in (z, (z + y) * z):\n    print([node.data for node in root.backward()])\n"
        (line,) = both_ways(script(engine(SETS + order) + used)).said
        assert line.endswith(ON_FASTGRAD)

    @pytest.mark.parametrize("result", ["order_of(self)[1:]", "{'nodes': len(order_of(self))}", "self.data > 0"])
    def test_that_returns_what_else_the_program_uses(self, script, result):
        used = program() + "print(str(z.backward())[:9])\n"
        (line,) = both_ways(script(engine(SETS + f"return {result}\n") + used)).said
        assert line.endswith(f"{ON_FASTGRAD}; its own stay: backward")

    def test_by_recursion_along_all_paths(self, script):
        body = "self.grad += gradient\nif self.op == '+':\n    for operand in self.operands:\n"
        body += "        operand.backward(gradient)\nelif self.op == '*':\n    a, b = self.operands\n"
        body += "    a.backward(gradient * b.data)\n    b.backward(gradient * a.data)\n"
        (line,) = both_ways(script(engine(body, ", gradient=1.0") + program())).said
        assert line.endswith(ON_FASTGRAD)

    def test_with_a_method_that_zeroes_beside_it(self, script):
        zero = (
            "    def zero_grad(self):\n        for node in order_of(self):\n            node.grad = 0.0\n\ndef order_of"
        )
        source = (
            engine(SETS).replace("def order_of", zero, 1) + program() + "z.zero_grad()\nshow()\nz.backward()\nshow()\n"
        )
        (line,) = both_ways(script(source)).said
        assert line.endswith(ON_FASTGRAD)


class TestMistakes:
    """Sweeps that find other derivatives: they stay."""

    SWEEPS = {
        "no order": "self.grad = 1.0\npending = [self]\nfor node in pending:\n    node.step()\n"
        "    pending.extend(node.operands)\n",
        "shared numbers twice": "self.grad = 1.0\ndef visit(node):\n    node.step()\n"
        "    for operand in node.operands:\n        visit(operand)\nvisit(self)\n",
    }

    @pytest.mark.parametrize("mistake", SWEEPS)
    def test_stay(self, script, mistake):
        (line,) = both_ways(script(engine(self.SWEEPS[mistake]) + program())).said
        assert line.endswith(f"{ON_FASTGRAD}; its own stay: backward")

    def test_of_a_step_that_assigns(self, script):
        source = engine(SETS).replace("self.grad += out.grad", "self.grad = out.grad", 1)
        (line,) = both_ways(script(source + program())).said
        assert " is left alone: " in line

    def test_that_call_the_numbers_own_steps_stay_on_fastgrad(self, script):
        (line,) = both_ways(script(engine(SETS.replace("1.0", "2.0")) + program())).said
        assert line.endswith(ON_FASTGRAD)


class TestFunctions:
    """Sweeps that are functions of the program."""

    @pytest.mark.parametrize("kind", EXCHANGED_METHODS)
    def test_of_each_kind(self, script, kind):
        body = textwrap.indent(textwrap.dedent(METHODS[kind]), "    ").replace("self", "root")
        source = engine("raise NotImplementedError").replace("def backward", "def unused")
        source += f"def backpropagate(root):\n{body}\n" + program("backpropagate({})")
        (line,) = both_ways(script(source)).said
        assert line.endswith(ON_FASTGRAD)

    def test_that_the_program_has_under_several_names(self, script):
        source = engine("raise NotImplementedError").replace("def backward", "def unused")
        source += "def backprop(root):" + textwrap.indent(SETS, "    ").replace("self", "root")
        source += "\nsweep_of = {'the': backprop}\nsweep = backprop\n" + program("backprop({})")
        (line,) = both_ways(script(source + "sweep = sweep_of['the']\nsweep(z)\nshow()\nprint(backprop.__name__)")).said
        assert line.endswith(ON_FASTGRAD)

    DERIVATIVES = """
def gradients(root):
    found = {0}
    found[root] = 1.0
    for node in order_of(root):
        if node.op == "+":
            for operand in node.operands:
                found[operand] = found.get(operand, 0.0) + found[node]
        elif node.op == "*":
            a, b = node.operands
            found[a] = found.get(a, 0.0) + b.data * found[node]
            found[b] = found.get(b, 0.0) + a.data * found[node]
    return found
"""

    @pytest.mark.parametrize("result", ["{}", "collections.defaultdict(float)"])
    def test_that_return_derivatives(self, script, result):
        source = "import collections" + engine("raise NotImplementedError").replace("def backward", "def unused")
        used = SHOW + "for root in (z, z, z * y, x):\n    found = gradients(root)\n"
        used += "    print(type(found).__name__, len(found), [found.get(v) for v in (x, y, p, z)])\nshow()\n"
        used += "print(found[x], z in gradients(z))\n"
        (line,) = both_ways(script(source + self.DERIVATIVES.replace("{0}", result) + used)).said
        assert line.endswith(ON_FASTGRAD)

    def test_the_program_calls_the_steps_itself(self, script):
        source = engine("raise NotImplementedError").replace("def backward", "def unused")
        used = SHOW + "z.grad = 1.0\nfor node in order_of(z):\n    node.step()\nshow()\n"
        (line,) = both_ways(script(source + used)).said
        assert line.endswith(ON_FASTGRAD)


class TestDispatch:
    """A sweep that looks at the operations' symbols."""

    SWEEP = """
        self.grad = 1.0
        for node in order_of(self):
            if node.op == "+":
                for operand in node.operands:
                    operand.grad += node.grad
            elif node.op == "*":
                a, b = node.operands
                a.grad += b.data * node.grad
                b.grad += a.data * node.grad
            elif node.op == "square":
                node.operands[0].grad += 2 * node.operands[0].data * node.grad
        """

    def source(self, program):
        without_steps = [line for line in engine(self.SWEEP).splitlines() if "step" not in line]
        return "\n".join(line for line in without_steps if "out.grad" not in line) + program

    def test_of_the_operators(self, script):
        (line,) = both_ways(script(self.source(program()))).said
        assert line.endswith(ON_FASTGRAD)

    def test_with_nodes_made_by_hand(self, script):
        used = (
            SHOW
            + "s = Value(z.data**2, (z,), 'square')\nt = s * x + s\nt.backward()\nshow()\nprint(s.grad, t.data, s.op)\n"
        )
        (line,) = both_ways(script(self.source(used))).said
        assert line.endswith(ON_FASTGRAD)

    def test_with_a_method_of_the_class(self, script):
        method = "    def squared(self):\n        return Value(self.data**2, (self,), 'square')\n\n    def backward"
        used = SHOW + "t = z.squared() * x\nt.backward()\nshow()\nprint(t.data)\n"
        (line,) = both_ways(script(self.source(used).replace("    def backward", method))).said
        assert line.endswith(ON_FASTGRAD)

    def test_of_a_symbol_that_the_sweep_does_not_know(self, script):
        used = SHOW + "s = Value(z.data, (z,), 'unknown')\n(s * x).backward()\nshow()\nprint(s.grad)\n"
        (line,) = both_ways(script(self.source(used))).said
        assert line.endswith(ON_FASTGRAD)


class TestRandomPrograms:
    """Operations, sweeps and assignments in random order, on numbers that are kept or dropped."""

    PROGRAM = """
import random
draw = random.Random({seed})
numbers = [Value(draw.choice([2, 3, 0.5, -1.25, 0])) for _ in range(4)]
for _ in range(150):
    a, b = draw.choice(numbers), draw.choice(numbers)
    what = draw.randrange(11)
    if what < 6:
        made = [lambda: a + b, lambda: a * b, lambda: a - b, lambda: a + 2, lambda: 0.5 * a, lambda: 3 - a][what]()
        numbers.append(made * (1.0 if abs(made.data) < 100 else 0.001))
    elif what == 6:
        numbers.append(draw.choice([a.tanh, lambda: (a * 0.01).exp(), lambda: a**2])())
    elif what == 7:
        a.backward()
    elif what == 8:
        a.grad = draw.choice([0, 0.0, 1.5])
    elif what == 9:
        a.data = draw.choice([1, -0.75])
    elif len(numbers) > 8:
        numbers.remove(a)
    print(what, [(v._op, v.data, v.grad, len(v._prev)) for v in numbers[-4:]])
def seen_from(v, seen):
    if v not in seen:
        seen.add(v)
        for operand in v._prev:
            seen_from(operand, seen)
    return seen
for v in numbers:
    print(len(seen_from(v, set())), sum(u.grad for u in seen_from(v, set())))
"""

    @pytest.mark.parametrize("seed", range(20))
    def test_print_the_same(self, script, seed):
        (line,) = both_ways(script(FULL_ENGINE + self.PROGRAM.replace("{seed}", str(seed)))).said
        assert line.endswith(ON_FASTGRAD)


class TestChangedData:
    """Numbers that are changed between making a graph and sweeping it."""

    AFTERWARDS = """
{0}
sweep(z)
print([number(v) for v in (x, y, z)], [derivative(v) for v in (x, y)])
"""
    CHANGES = {"operands": "x.{0}, y.{0} = 7.0, -2.0", "a result": "p.{0} = 11.0", "the root": "z.{0} = -3.0"}
    # Those that read numbers when the gradient flows, as fastgrad does.
    KINDS = ["closures", "steps that are given the gradient", "symbols that the sweep tells apart"]

    @pytest.mark.parametrize("what", CHANGES)
    @pytest.mark.parametrize("shape", KINDS)
    def test_of_operators(self, script, shape, what):
        program = "\nx, y = make(3.0), make(-0.5)\np = x * y\nz = p * p + x\n"
        changed = self.AFTERWARDS.replace("{0}", self.CHANGES[what].replace("{0}", "data"))
        both_ways(script(SHAPES[shape] + program + changed))

    SLOPES = {
        "relu by its operand": ("relu", "max(x, 0.0)", "self.data > 0"),
        "tanh by its result": ("tanh", "math.tanh(x)", "1 - out.data**2"),
        "exp by its result": ("exp", "math.exp(min(x, 700))", "out.data"),
        "sin by its operand": ("sin", "math.sin(x)", "math.cos(self.data)"),
    }

    @pytest.mark.parametrize("change", ["x.data = -1.5", "y.data = -0.25"])
    @pytest.mark.parametrize("spelling", SLOPES)
    def test_of_functions(self, script, spelling, change):
        name, value, slope = self.SLOPES[spelling]
        source = OWN_ENGINE.replace("def relu", "def former_relu") if name == "relu" else OWN_ENGINE
        program = f"x = Value(0.75)\ny = x.{name}()\nz = y * 2 + x\n{change}\nz.backward()\nprint(x.grad, y.grad)\n"
        both_ways(script("import math" + engine_with(unary(name, value, slope), source) + program))


class TestASweepThatKnowsNoProducts:
    """It looks at the symbols, calls itself with the gradient, and knows what the program makes by hand."""

    ENGINE = """
class Value:
    def __init__(self, data, _children=(), _op=""):
        self.data, self.grad, self._prev, self._op = data, 0.0, tuple(_children), _op
    def __add__(self, other):
        return Value(self.data + other.data, (self, other), "+")
    def __mul__(self, other):
        return Value(self.data * other.data, (self, other), "*")
    def backward(self, gradient=1.0):
        self.grad += gradient
        if self._op == "+":
            for operand in self._prev:
                operand.backward(gradient)
        if self._op == "square":
            self._prev[0].backward(2 * self._prev[0].data * gradient)
def square(x):
    return Value(x.data**2, (x,), "square")
"""

    def test_passes_on_what_it_passed_on(self, script):
        use = "x, y = Value(3.0), Value(5.0)\n(square(x) + x * y).backward()\nprint(x.grad, y.grad)\n"
        ran = both_ways(script(self.ENGINE + use))
        assert ran.output == "6.0 0.0\n"
        assert ran.said[0].endswith("runs on fastgrad; its own stay: __mul__")


class TestSecondSweeps:
    """What a sweep has left inside an operation is passed on by the next one, if the class has an inside there."""

    @pytest.mark.parametrize("what", ["a - b", "a / b", "a.tanh()", "-a * b", "2 - a", "1 / b", "(a - b) * (a / b)"])
    def test_pass_on_what_the_first_has_left(self, script, what):
        use = f"a, b = Value(0.5), Value(2.0)\nq = {what}\nq.backward()\nq.backward()\nprint(a.grad, b.grad)\n"
        both_ways(script(FULL_ENGINE + use))

    @pytest.mark.parametrize("what", ["a - b", "a / b"])
    def test_over_an_operation_that_is_one_node(self, script, what):
        one_node = """
            def __sub__(self, other):
                out = Value(self.data - other.data, (self, other), "-")
                def _backward():
                    self.grad += out.grad
                    other.grad -= out.grad
                out._backward = _backward
                return out
            def __truediv__(self, other):
                out = Value(self.data / other.data, (self, other), "/")
                def _backward():
                    self.grad += out.grad / other.data
                    other.grad -= out.grad * self.data / other.data**2
                out._backward = _backward
                return out
        """
        use = f"a, b = Value(0.5), Value(2.0)\nq = {what}\nq.backward()\nq.backward()\nprint(a.grad, b.grad)\n"
        (line,) = both_ways(script(engine_with(one_node) + use)).said
        assert line.endswith("runs on fastgrad")

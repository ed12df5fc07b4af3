"""Numbers of which some take no derivative, as a flag on each says: they are served, or left alone, as they were."""

import random
import textwrap

import pytest

from support.teaching_engines import both_ways

_ENGINE = """
class Value:
    def __init__(self, data, {parameters}):
        self.data, self.grad = data, {grad}
        {constructor}
        self.back = lambda: None

    def made(self, data, prev):
        {made}

    def pass_on(self, slope):
        if {guard}:
            self.grad += slope()

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = self.made(self.data + other.data, (self, other))
        def back():
            self.pass_on(lambda: out.grad)
            other.pass_on(lambda: out.grad)
        out.back = back
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = self.made(self.data * other.data, (self, other))
        def back():
            self.pass_on(lambda: other.data * out.grad)
            other.pass_on(lambda: self.data * out.grad)
        out.back = back
        return out

    def relu(self):
        out = self.made(max(self.data, 0.0), (self,))
        def back():
            self.pass_on(lambda: (out.data > 0) * out.grad)
        out.back = back
        return out

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (-other)

    def backward(self):
        order, seen = [], set()
        def visit(node):
            if node not in seen:
                seen.add(node)
                for operand in node.prev:
                    visit(operand)
                order.append(node)
        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            node.back()

    def __repr__(self):
        return f"({{self.data:.6g}}, {{self.grad}}, {{self.needs}})"
"""


def engine(parameters, constructor, made, grad="0.0", guard="self.needs"):
    """An engine whose numbers have a flag: the constructor's parameters and lines, and what makes its results."""
    lines = {"constructor": constructor, "made": made}
    filled = {name: textwrap.indent(textwrap.dedent(text), " " * 8).strip() for name, text in lines.items()}
    return _ENGINE.format(parameters=parameters, grad=grad, guard=guard, **filled)


ENGINES = {
    "whose constructor drops the operands": engine(
        "prev=(), needs=False",
        "self.needs, self.prev = needs, prev if needs else ()",
        "return Value(data, prev, needs=any(node.needs for node in prev))",
    ),
    "whose numbers have no grad without it": engine(
        "needs=False, prev=()",
        "self.needs, self.prev = needs, prev",
        """
        needs = any(node.needs for node in prev)
        return Value(data, needs, prev if needs else ())
        """,
        grad="0.0 if needs else None",
    ),
    "whose results keep their operands": engine(
        "prev=(), needs=False",
        "self.needs, self.prev = needs, prev",
        """
        out = Value(data, prev)
        out.needs = any(node.needs for node in prev)
        return out
        """,
    ),
    "whose constructor asks the operands": engine(
        "prev=(), needs=False",
        "self.needs, self.prev = needs or any(node.needs for node in prev), prev",
        "return Value(data, prev)",
    ),
    "whose numbers have it by default": engine(
        "prev=(), needs=True",
        "self.needs, self.prev = needs, prev",
        "return Value(data, prev, any(node.needs for node in prev))",
    ),
    "whose constructor takes it by name": engine(
        "*, prev=(), needs=False",
        "self.needs, self.prev = needs, prev if needs else ()",
        "return Value(data, prev=prev, needs=any(node.needs for node in prev))",
    ),
}
TRAINING = """
rows = [[Value(a, needs=False) for a in row] for row in ((0.5, -1.0), (1.5, 2.0), (-2.0, 0.5))]
w = [Value(0.3 * k - 0.4, needs=True) for k in range(3)]
for step in range(5):
    loss = Value(0.0, needs=False)
    for a, b in rows:
        error = (a * w[0] + b * w[1] + w[2]).relu() - a * b * 0.5
        loss = loss + error * error
    loss.backward()
    print(step, loss, w, rows[0], a * b, (a * w[0]).prev)
    for p in w:
        p.data -= 0.05 * p.grad
        p.grad = 0.0
constant = rows[0][0] * rows[1][1]
constant.backward()
print(constant, constant.prev, rows, (constant * w[0] + 2).prev, vars(w[0]).keys())
"""
# Whatever a program may do to numbers, at random; then it shows all that there is to see.
STORY = """
import random
r = random.Random({seed})
nodes = [Value(round(r.uniform(-2, 2), 1), needs=r.random() < 0.5) for _ in range(4)]
def shown(node):
    return [round(node.data, 9), node.grad and round(node.grad, 7), node.needs, [shown(p) for p in node.prev]]
for _ in range(30):
    what, a, b = r.randrange({kinds}), r.choice(nodes), r.choice(nodes)
    if what < 6:
        nodes.append([lambda: a + b, lambda: a * b, lambda: a - b, a.relu, lambda: 0.5 * a, lambda: -a][what]())
    elif what == 6:
        nodes.append(Value(round(r.uniform(-2, 2), 1), needs=r.random() < 0.5))
    elif what == 7:
        a.grad = round(r.uniform(-1, 1), 1)
    elif what < 10:
        try:
            a.backward()
        except TypeError:
            print("no grad to add to")
            break
        print([shown(node)[:3] for node in nodes])
    else:
        SET
print([shown(node) for node in nodes[:12]])
"""
SETTING = "a.needs = r.random() < 0.5"


@pytest.mark.parametrize("which", ENGINES)
class TestEngines:
    def test_are_served(self, script, which):
        (line,) = both_ways(script(ENGINES[which] + TRAINING)).said
        assert "runs on fastgrad" in line

    def test_are_served_where_nobody_looks_at_graphs(self, script, which):
        program = TRAINING.replace(".prev", ".data")
        (line,) = both_ways(script(ENGINES[which] + program)).said
        assert "runs on fastgrad" in line

    @pytest.mark.parametrize("seed", random.Random(7).sample(range(1000), 4))
    def test_print_the_same_whatever_a_program_does(self, script, which, seed):
        story = STORY.format(seed=seed, kinds=10).replace("SET", "pass")
        (line,) = both_ways(script(ENGINES[which] + story)).said
        assert "runs on fastgrad" in line

    @pytest.mark.parametrize("seed", random.Random(8).sample(range(1000), 4))
    def test_print_the_same_where_flags_are_set(self, script, which, seed):
        both_ways(script(ENGINES[which] + STORY.format(seed=seed, kinds=11).replace("SET", SETTING)))


class TestFlags:
    KEEPING = ENGINES["whose results keep their operands"]
    DROPPING = ENGINES["whose constructor drops the operands"]

    def test_are_taken_away_and_given_back(self, script):
        program = """
        w = [Value(0.5 * k - 1, needs=True) for k in range(4)]
        p = w[0] * w[1]
        z = (p + w[3]) * w[0]
        for changed in (w[0], p, w[3]):
            for flag in (False, True):
                changed.needs = flag
                z.backward()
                print(w, p, z, p * p + 1, len((w[0] * 2).prev))
        """
        (line,) = both_ways(script(self.KEEPING + textwrap.dedent(program))).said
        assert "runs on fastgrad" in line

    def test_that_a_step_asks_for_when_it_is_too_late_are_no_flags(self, script):
        program = "x = Value(3.0)\ny = x * x\nx.needs = True\ny.backward()\nprint(x, y)\n"
        ran = both_ways(script(self.DROPPING + program))
        assert ran.output == "(3, 6.0, True) (9, 1.0, False)\n"
        assert "is left alone" in ran.said[0]

    def test_default_to_what_they_were(self, script):
        program = "import inspect\nx = Value(2.0)\nprint(inspect.signature(Value), x)\n"
        ran = both_ways(script(self.DROPPING + program))
        assert ran.output.startswith("(data, prev=(), needs=False)")

    def test_default_to_what_they_were_where_the_class_is_left_alone(self, script):
        engine = self.DROPPING.replace("self.grad += slope()", "self.grad += 2 * slope()")
        program = "x = Value(2.0)\nprint(Value.__init__.__defaults__, x, (x * x).prev)\n"
        ran = both_ways(script(engine + program))
        assert ran.output.startswith("((), False) (2, 0.0, False) ()")
        assert "is left alone" in ran.said[0]

    def test_that_a_method_forgets_leave_it_its_own(self, script):
        forgetful = self.DROPPING.replace(
            "self.pass_on(lambda: (out.data > 0) * out.grad)", "self.grad += (out.data > 0) * out.grad"
        )
        program = "x = Value(2.0)\ny = x.relu()\ny.backward()\nw = Value(1.0, needs=True)\n(w.relu() * y).backward()\n"
        (line,) = both_ways(script(forgetful + program + "print(x, y, w)\n")).said
        assert line.endswith("runs on fastgrad; its own stay: __sub__, relu")

    def test_that_a_sum_forgets_leave_the_class_alone(self, script):
        forgetful = self.DROPPING.replace("self.pass_on(lambda: out.grad)", "self.grad += out.grad")
        program = "x = Value(2.0)\ny = x + x\ny.backward()\nprint(x, y)\n"
        assert "is left alone" in both_ways(script(forgetful + program)).said[0]

    def test_that_only_look_like_some_are_attributes_as_others(self, script):
        engine = self.DROPPING.replace(
            "self.needs, self.prev = needs, prev if needs else ()", "self.needs, self.prev = needs, prev"
        )
        engine = engine.replace("if self.needs", "if True")
        program = "x, w = Value(2.0), Value(1.0, needs=True)\n(x * w).backward()\nprint(x, w)\n"
        both_ways(script(engine + program))

    def test_are_copied_with_the_number(self, script):
        program = """
        import copy
        x, w = Value(2.0), Value(1.0, needs=True)
        numbers = [copy.copy(number) for number in (x, w, x * x, x * w)]
        (numbers[0] * numbers[1]).backward()
        print(numbers, [number.prev for number in numbers])
        """
        (line,) = both_ways(script(self.DROPPING + textwrap.dedent(program))).said
        assert "runs on fastgrad" in line

    def test_of_a_class_below(self, script):
        program = """
        class Weight(Value):
            def __init__(self, data):
                super().__init__(data, needs=True)
        x, w = Value(2.0), Weight(3.0)
        y = (x * w + w * 2).relu()
        y.backward()
        print(x, w, y, y.prev[0].prev, (x * x).prev, type(x * x) is Value)
        """
        (line,) = both_ways(script(self.DROPPING + textwrap.dedent(program))).said
        assert "runs on fastgrad" in line


def test_a_switch_that_a_helper_of_operators_reads_is_followed(script):
    engine = ENGINES["whose constructor drops the operands"].replace(
        "needs=any(node.needs for node in prev)", "needs=recording and any(node.needs for node in prev)"
    )
    program = """
    w = Value(3.0, needs=True)
    for on in (True, False, True):
        recording = True if on else False
        y = w * w + w
        y.backward()
        print(on, w, y, y.prev)
    """
    (line,) = both_ways(script("recording = True\n" + engine + textwrap.dedent(program))).said
    assert "runs on fastgrad" in line

"""Which methods of an engine become fastgrad's, and which stay the program's own, mistakes included."""

import textwrap

import pytest

from support.engine_shapes import SHAPES
from support.teaching_engines import OWN_ENGINE, both_ways, engine_with, unary

ON_FASTGRAD = "class Value (program.py, line 3) runs on fastgrad"


def ran_with(script, methods, program, engine=OWN_ENGINE):
    """Both ways, an engine with more methods and a program."""
    return both_ways(script("\nimport math" + engine_with(methods, engine) + textwrap.dedent(program)))


USE = """
xs = [Value(0.1 * k - 0.45) for k in range(10)]
ys = [x.{0}() for x in xs]
sum(y * y for y in ys).backward()
print([y.data for y in ys], [x.grad for x in xs], ys[0]._op, type(ys[0]) is Value)
"""


class TestFunctions:
    MEANT = {
        "sigmoid": ("1 / (1 + math.exp(-x)) if x > -700 else 0.0", "out.data * (1 - out.data)"),
        "sin": ("math.sin(x)", "math.cos(x)"),
        "cos": ("math.cos(x)", "-math.sin(x)"),
        "cosh": ("math.cosh(x)", "math.sinh(x)"),
        "softplus": ("math.log1p(math.exp(x)) if x < 30 else x", "1 / (1 + math.exp(-x)) if x > -700 else 0.0"),
        "erf": ("math.erf(x)", "2 / math.sqrt(math.pi) * math.exp(-x * x)"),
    }

    @pytest.mark.parametrize("name", MEANT)
    def test_of_fastgrads_meaning_are_fastgrads(self, script, name):
        assert ran_with(script, unary(name, *self.MEANT[name]), USE.format(name)).said == [ON_FASTGRAD]

    MISTAKEN = {
        "relu with slope 1 at 0": ("relu", "max(x, 0.0)", "x >= 0"),
        "relu with a leak": ("relu", "x if x > 0 else 0.01 * x", "1 if x > 0 else 0.01"),
        "leaky_relu of another slope": ("leaky_relu", "x if x > 0 else 0.3 * x", "1 if x > 0 else 0.3"),
        "tanh of a clipped number": ("tanh", "math.tanh(max(-0.2, min(0.2, x)))", "1 - out.data**2"),
        "a log with an epsilon": ("log", "math.log(abs(x) + 1e-7)", "1 / (abs(x) + 1e-7)"),
        "an exp whose step forgets the chain rule": ("exp", "math.exp(min(x, 50.0))", "1"),
        "a sigmoid with half the slope": ("sigmoid", "1 / (1 + math.exp(-max(x, -50.0)))", "0.5 * out.data"),
        "a step with half a slope": ("step", "float(x > 0)", "0.5"),
        "a sin in degrees": ("sin", "math.sin(math.radians(x))", "math.cos(math.radians(x))"),
    }

    @pytest.mark.parametrize("mistake", MISTAKEN)
    def test_that_differ_stay(self, script, mistake):
        name, value, slope = self.MISTAKEN[mistake]
        engine = OWN_ENGINE.replace("def relu", "def former_relu")
        ran = ran_with(script, unary(name, value, slope), USE.format(name), engine)
        assert ran.said == [f"{ON_FASTGRAD}; its own stay: {name}"]

    OWN = {
        "a function that fastgrad has not": (
            unary("mish", "x * math.tanh(math.log1p(math.exp(x)))", "2 * x"),
            USE.format("mish"),
        ),
        "made of other methods": (
            "def squared_plus(self, c=1):\n    return self * self + c",
            """
            x = Value(3.0)
            x.squared_plus().backward()
            print(x.grad, x.squared_plus(c=Value(2)).data)
            """,
        ),
        "of two numbers": (
            """
            def larger(self, other):
                out = Value(max(self.data, other.data), (self, other), "max")
                def _backward():
                    self.grad += (self.data >= other.data) * out.grad
                    other.grad += (other.data > self.data) * out.grad
                out._backward = _backward
                return out
            """,
            """
            x, y = Value(3.0), Value(4.0)
            z = x.larger(y) * x
            z.backward()
            print(x.grad, y.grad, z.data, z._prev)
            """,
        ),
        "that give plain numbers": (
            """
            def item(self):
                return self.data
            def __float__(self):
                return float(self.data)
            """,
            "x = Value(3) * 2\nprint(x.item(), type(x.item()), float(x), math.sqrt(x))",
        ),
        "comparisons": (
            """
            def __lt__(self, other):
                return self.data < (other.data if isinstance(other, Value) else other)
            def __gt__(self, other):
                return self.data > (other.data if isinstance(other, Value) else other)
            """,
            "a, b = Value(1.0), Value(2.0)\nprint(a < b, a > b, max(a, b).data, sorted([b, a])[0].data, a < 1.5)",
        ),
        "equality by data, and a hash": (
            """
            def __eq__(self, other):
                return isinstance(other, Value) and self.data == other.data
            def __hash__(self):
                return id(self)
            """,
            "a, b = Value(1.0), Value(1.0)\nprint(a == b, a != b, a == 1.0, len({a, b}), [b].index(a))",
        ),
        "properties": (
            """
            @property
            def value(self):
                return self.data
            @value.setter
            def value(self, number):
                self.data = number
            """,
            """
            x = Value(1.0)
            x.value += 1.5
            print(x.value, x.data, (x * 2).value)
            """,
        ),
        "of the class": (
            """
            @classmethod
            def zeros(cls, n):
                return [cls(0.0) for _ in range(n)]
            @staticmethod
            def of(x):
                return x if isinstance(x, Value) else Value(x)
            """,
            "print([v.data for v in Value.zeros(2)], Value.of(3.0).data, (Value.of(2.0) + Value.zeros(1)[0]).data)",
        ),
        "that change the number in place": (
            """
            def __iadd__(self, other):
                self.data += other
                return self
            """,
            """
            x = y = Value(1.0)
            x += 2.0
            print(x is y, y.data)
            """,
        ),
        "a length, entries and a call": (
            """
            def __len__(self):
                return 0
            def __call__(self, x):
                return self * x
            def __getitem__(self, k):
                return self.data * k
            """,
            "x = Value(2.0)\nprint(bool(x), len(x), x(3.0).data, x[4])",
        ),
        "formats": (
            """
            def __format__(self, spec):
                return format(self.data, spec)
            def __str__(self):
                return 'V'
            """,
            "x = Value(2.0)\nprint(f'{x:.3f} {x!s}', str(x + 1))",
        ),
        "with print in them": (
            """
            def shown(self):
                print('here', self.data)
                return self
            """,
            "print((Value(2.0).shown() * 2).data)",
        ),
    }

    @pytest.mark.parametrize("what", OWN)
    def test_of_the_programs_own(self, script, what):
        assert ran_with(script, *self.OWN[what]).said == [ON_FASTGRAD]


class TestOperators:
    """Operators with mistakes stay as they are, and those that stand on them."""

    MISTAKEN = {
        "a subtraction with the wrong sign below": (
            "__sub__",
            """
            def __sub__(self, other):
                out = Value(self.data - other.data, (self, other), "-")
                def _backward():
                    self.grad += out.grad
                    other.grad += out.grad
                out._backward = _backward
                return out
            """,
            """
            x, y = Value(3.0), Value(4.0)
            (x - y).backward()
            print(x.grad, y.grad)
            """,
        ),
        "a quotient whose slope is wrong": (
            "__truediv__",
            """
            def __truediv__(self, other):
                out = Value(self.data / other.data, (self, other), "/")
                def _backward():
                    self.grad += out.grad / other.data
                    other.grad += out.grad * self.data / other.data**2
                out._backward = _backward
                return out
            """,
            """
            x, y = Value(3.0), Value(4.0)
            (x / y * x).backward()
            print(x.grad, y.grad)
            """,
        ),
        "a power that passes nothing on": (
            "__pow__",
            'def __pow__(self, other):\n    return Value(self.data**other, (self,), "**")',
            """
            x = Value(3.0)
            (x**2 + x).backward()
            print(x.grad)
            """,
        ),
        "a power with the exponent's name in it": (
            "__pow__",
            """
            def __pow__(self, other):
                out = Value(self.data**other, (self,), "to the " + ["zero", "one", "two", "three"][int(other) % 4])
                def _backward():
                    self.grad += other * self.data ** (other - 1) * out.grad
                out._backward = _backward
                return out
            """,
            """
            x = Value(3.0)
            y = x**2 + x**3
            y.backward()
            print(x.grad, sorted(v._op for v in y._prev))
            """,
        ),
    }

    @pytest.mark.parametrize("mistake", MISTAKEN)
    def test_that_differ_stay(self, script, mistake):
        name, methods, program = self.MISTAKEN[mistake]
        ran = ran_with(script, methods, program)
        assert ran.said == [f"{ON_FASTGRAD}; its own stay: {name}"]

    SPELLED = {
        "a difference as one node": """
            def __sub__(self, other):
                out = Value(self.data - other.data, (self, other), "-")
                def _backward():
                    self.grad += out.grad
                    other.grad -= out.grad
                out._backward = _backward
                return out
            """,
        "a difference as a sum": """
            def __neg__(self):
                return self * -1
            def __sub__(self, other):
                return self + (-other)
            def __rsub__(self, other):
                return -self + other
            """,
        "a negative as one node": """
            def __neg__(self):
                out = Value(-self.data, (self,), "neg")
                def _backward():
                    self.grad -= out.grad
                out._backward = _backward
                return out
            """,
        "a negative with the constant first": "def __neg__(self):\n    return -1 * self",
        "a negative from zero": """
            def __neg__(self):
                return 0 - self
            def __rsub__(self, other):
                return self * -1 + other
            """,
        "constants first": """
            def __radd__(self, other):
                return Value(other) + self
            def __rmul__(self, other):
                return Value(other) * self
            """,
        "a reflected difference that is exchanged": """
            def __sub__(self, other):
                return self + other * -1
            def __rsub__(self, other):
                return self - other
            """,
    }

    @pytest.mark.parametrize("way", SPELLED)
    def test_leave_the_graph_that_the_engine_makes(self, script, way):
        program = """
            def graph(v):
                operands = sorted(map(graph, v._prev), key=repr)
                return (v._op, v.data, v.grad, operands) if operands else (v.data, v.grad)
            a, b = Value(2.0), Value(5.0)
            results = [a + 1, 1 + a, a * 3, 3 * a]
            results += [a - b] if hasattr(Value, "__sub__") else []
            results += [-a] if hasattr(Value, "__neg__") else []
            results += [7 - a] if hasattr(Value, "__rsub__") else []
            for result in results:
                result.backward()
                print(graph(result))
            """
        (line,) = ran_with(script, self.SPELLED[way], program).said
        assert line.startswith(ON_FASTGRAD)

    def test_that_the_class_has_not_are_not_there(self, script):
        program = """
            x = Value(2.0)
            for make in (lambda: x - 1, lambda: -x, lambda: abs(x), lambda: x / 2, lambda: x**2, lambda: 1 + x):
                try:
                    print(make())
                except TypeError as error:
                    print(error)
            print([name for name in ("exp", "sin", "forward", "label", "zero_grad") if hasattr(x, name)])
            """
        assert len(both_ways(script(SHAPES["closures"] + textwrap.dedent(program))).said) == 1


class TestArguments:
    """fastgrad's functions take one number: one that is given more stays the program's own."""

    BASE = unary("log", "math.log(x, base)", "1 / (x * math.log(base))").replace("(self)", "(self, base=math.e)", 1)

    def run(self, script, use, engine=BASE):
        return both_ways(script("import math\n" + engine_with(engine) + "x = Value(8.0)\n" + use)).said

    def test_that_are_given_keep_the_function(self, script):
        assert self.run(script, "y = x.log(2)\ny.backward()\nprint(y.data, x.grad)\n")[0].endswith("its own stay: log")

    def test_that_have_to_be_given_keep_it(self, script):
        engine = self.BASE.replace("base=math.e", "base")
        assert self.run(script, "print(x.data)\n", engine)[0].endswith("its own stay: log")

    def test_that_are_never_given_do_not(self, script):
        assert self.run(script, "y = x.log()\ny.backward()\nprint(y.data, x.grad)\n")[0].endswith("runs on fastgrad")

    SWEEP = OWN_ENGINE.replace("def backward(self):", "def backward(self, seed=1):").replace(
        "self.grad = 1\n", "self.grad = seed\n"
    )

    @pytest.mark.parametrize("call", ["y.backward(0.5)", "y.backward(seed=0.5)", "y.backward()"])
    def test_a_sweep_may_be_given_its_gradient(self, script, call):
        (line,) = both_ways(script(f"{self.SWEEP}x = Value(3.0)\ny = x * x\n{call}\nprint(x.grad, y.grad)\n")).said
        assert line.endswith("runs on fastgrad")

    def test_a_sweep_that_is_given_something_else_is_then_the_programs(self, script):
        engine = OWN_ENGINE.replace(
            "def backward(self):", "def backward(self, halve=False):\n        if halve: self.data /= 2"
        )
        use = "x = Value(3.0)\ny = x * x\ny.backward(halve=True)\nprint(x.grad, y.data)\ny.backward()\nprint(x.grad)\n"
        assert both_ways(script(engine + use)).said == ["class Value (program.py, line 2) runs on fastgrad"]

    def test_a_sweep_that_reads_a_setting_stays(self, script):
        engine = "scale = 1.0\n" + OWN_ENGINE.replace("self.grad = 1\n", "self.grad = scale\n")
        use = "x = Value(3.0)\n(x * x).backward()\nscale = 2.0\n(x * x).backward()\nprint(x.grad)\n"
        (line,) = both_ways(script(engine + use)).said
        assert line.endswith("runs on fastgrad; its own stay: backward")


def test_a_reflected_operator_alone(script):
    engine = OWN_ENGINE.replace(
        "    # more methods",
        "    def __neg__(self): return self * -1.0\n    def __rsub__(self, other): return other + -self",
    )
    use = "x = Value(3.0)\ny = 1.0 - x\ny.backward()\nprint(y.data, x.grad, y._op, len(y._prev))\n"
    assert both_ways(script(engine + use)).said[0].endswith("runs on fastgrad")


class TestMakingAnEmptyNumber:
    EMPTY = OWN_ENGINE.replace("def __init__(self, data,", "def __init__(self, data=None,")
    USE = """
def cube(x):
    out = Value()
    out.data = x.data**3
    out._prev = {x}
    def step():
        x.grad += 3 * x.data**2 * out.grad
    out._backward = step
    return out

x, empty = Value(2.0), Value()
y = cube(x) * x + cube(cube(x))
y.backward()
print(y.data, x.grad, empty.data, empty.grad, empty._prev, len(y._prev))
empty.data = 3.0
(empty * x).backward()
print(empty.data, empty.grad)
"""

    def test_which_gets_its_number_and_operands_later(self, script):
        assert both_ways(script(self.EMPTY + self.USE)).said == ["class Value (program.py, line 2) runs on fastgrad"]

    @pytest.mark.parametrize("default", ["0.0", "1.5", "7"])
    def test_of_a_number_that_is_the_default(self, script, default):
        engine = self.EMPTY.replace("data=None", f"data={default}")
        assert (
            both_ways(script(engine + "x = Value()\n(x * x).backward()\nprint(x.data, x.grad)\n"))
            .said[0]
            .endswith("fastgrad")
        )

    def test_that_has_to_have_one(self, script):
        use = "x = Value(2.0)\ntry:\n    Value()\nexcept TypeError as error:\n    print(error)\n"
        both_ways(script(OWN_ENGINE + use))


class TestDerivativesThatAreSetNotAdded:
    """A step with = for +=, which shows where a number is used twice."""

    USE = "x, y = Value(0.5), Value(2.0)\nz = {0} + {0}\nz.backward()\nprint(z.data, x.grad, y.grad)\n"

    @pytest.mark.parametrize(
        ("method", "call"),
        [(unary("exp", "math.exp(x)", "out.data"), "x.exp()"), (unary("sin", "math.sin(x)", "math.cos(x)"), "x.sin()")],
    )
    def test_of_one_operand(self, script, method, call):
        engine = engine_with(method.replace("self.grad += ", "self.grad = "))
        (line,) = both_ways(script("\nimport math" + engine + self.USE.format(call))).said
        assert line.endswith(f"; its own stay: {call[2:5]}")

    @pytest.mark.parametrize("operand", ["self", "other"])
    def test_of_one_operand_of_two(self, script, operand):
        method = "def __sub__(self, other):\n    out = Value(self.data - other.data, (self, other), '-')\n"
        method += "    def _backward():\n        self.grad += out.grad\n        other.grad -= out.grad\n"
        method += "    out._backward = _backward\n    return out\n"
        method = method.replace(f"{operand}.grad {'+=' if operand == 'self' else '-='} ", f"{operand}.grad = ")
        (line,) = both_ways(script(engine_with(method) + self.USE.format("(x - y)"))).said
        assert line.endswith("; its own stay: __sub__")


class TestWhatAPlainOperandBecomes:
    MAKES = "other = other if isinstance(other, Value) else Value(other"
    LABELLED = OWN_ENGINE.replace(f"{MAKES})", f"{MAKES}, label='c')").replace(
        '_op=""):', '_op="", label=""):\n        self.label = label'
    )

    def test_is_refused_where_it_is_more_and_asked_for(self, script):
        use = "x = Value(2.0)\nprint(sorted(v.label for v in (x + 3)._prev))\n"
        (line,) = both_ways(script(self.LABELLED + use)).said
        assert "its label is another where a number is made of a plain operand" in line

    def test_is_a_number_where_no_one_asks(self, script):
        (line,) = both_ways(script(self.LABELLED + "x = Value(2.0)\nprint((x + 3).data)\n")).said
        assert line.endswith("runs on fastgrad")


def test_a_function_that_may_take_more_is_the_classs_own_where_it_does(script):
    log = """
def log(self, base=math.e):
    out = Value(math.log(self.data, base), (self,), "log")
    def _backward():
        self.grad += out.grad / (self.data * math.log(base))
    out._backward = _backward
    return out
"""
    use = "x = Value(3.0)\narguments = [(), (10,), (2.0,)]\n"
    use += (
        "for given in arguments:\n    exec('y = x.log' + str(tuple(given)) + '; y.backward(); print(y.data, x.grad)')\n"
    )
    (line,) = both_ways(script("\nimport math" + engine_with(log) + use)).said
    assert line.endswith("runs on fastgrad")


@pytest.mark.parametrize("symbols", ["+*", "+"])
def test_labels_that_are_made_of_labels_are_no_symbols(script, symbols):
    engine = OWN_ENGINE.replace('_op=""):', '_op="", label=""):\n        self.label = label')
    for symbol in symbols:
        made = f"(self, other), '{symbol}', f'({{self.label}}{symbol}{{other.label}})')"
        engine = engine.replace(f'(self, other), "{symbol}")', made)
    (line,) = both_ways(script(engine + "x = Value(2.0, label='x')\ny = x + x\nprint(y.data, y.label)\n")).said
    assert " is left alone: its label " in line

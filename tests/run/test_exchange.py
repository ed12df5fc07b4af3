"""Which classes are put on fastgrad, and that the program prints the same as it does plainly."""

import textwrap

import pytest

from support.engine_shapes import PROGRAM, SHAPES
from support.teaching_engines import (
    FULL_ENGINE,
    OTHER_DIALECT,
    OWN_ENGINE,
    TRAINING,
    both_ways,
    command,
    on_fastgrad,
    python,
)

EXCHANGED = "class Value (program.py, line 2) runs on fastgrad"
FULL = "class Value (program.py, line 3) runs on fastgrad"


class TestShapes:
    @pytest.mark.parametrize("shape", SHAPES)
    def test_of_engines(self, script, shape):
        (line,) = both_ways(script(SHAPES[shape] + PROGRAM)).said
        assert line.endswith(" runs on fastgrad")

    def test_of_the_other_dialect(self, script):
        program = "x = Number(0.5, 'x')\ny = (x * 2.0 + Number(-3.0, label='b')).tanh()\ny.backwards()\nprint(y, x)\n"
        ran = both_ways(script(OTHER_DIALECT + program))
        assert ran.said == ["class Number (program.py, line 4) runs on fastgrad"]
        assert "Number(label=x, data=0.5, grad=" in ran.output

    def test_a_training_prints_the_same(self, script):
        ran = both_ways(script(OWN_ENGINE + TRAINING))
        assert ran.said == [EXCHANGED]
        assert ran.output.count("\n") == 6

    def test_numbers_are_on_fastgrads_tape(self, script):
        program = "import fastgrad\nx = Value(2.0)\nbefore = fastgrad.tape_info().nodes\ny = x * x + x\n"
        program += "print(isinstance(y, fastgrad.Node), fastgrad.tape_info().nodes - before)\n"
        assert on_fastgrad(script(OWN_ENGINE + program)).output == "True 2\n"

    def test_a_deep_graph_needs_no_recursion(self, script):
        program = "x = y = Value(1.0)\nfor _ in range(5000):\n    y = y + 1\ny.backward()\nprint(x.grad)"
        path = script(OWN_ENGINE + program)
        assert "RecursionError" in python(path).stderr
        assert command(path).stdout == "1.0\n"

    def test_two_engines_in_one_program(self, script):
        program = "v, n = Value(2.0), Number(3.0)\n(v * v).backward()\n(n * n).backwards()\nprint(v.grad, n)\n"
        ran = both_ways(script(OTHER_DIALECT + OWN_ENGINE + program))
        assert [line.split(" (")[0] for line in ran.said] == ["class Value", "class Number"]

    def test_a_class_that_is_defined_again(self, script):
        program = "x = Value(2.0)\n(x * x).backward()\nprint(x.grad)\n"
        ran = both_ways(script((OWN_ENGINE + program) * 2))
        assert len(ran.said) == 2

    def test_a_class_that_is_made_in_a_function_again_and_again(self, script):
        program = (
            SHAPES["in a function"] + PROGRAM + "Value = engine()\nx = Value(3.0)\n(x * x).backward()\nprint(x.grad)"
        )
        assert len(both_ways(script(program)).said) == 2

    def test_a_class_of_which_no_number_is_made_is_not_tried(self, script):
        ran = both_ways(script(OWN_ENGINE + "print(Value.__name__, Value.__module__)"))
        assert not [line for line in ran.said if "runs on fastgrad" in line]


class TestNumbers:
    """A program that uses the full engine in one way."""

    PROGRAMS = {
        "operators": """
            a, b = Value(2.0), Value(-3.0)
            print(a + b, a - b, a * b, a / b, -a, a**3, a**-0.5, b**2)
            print(a + 1, 1 + a, a - 1, 1 - a, a * 2, 2 * a, a / 4, 4 / a)
            """,
        "operators in place": """
            a = b = Value(2.0)
            a += 1
            a *= b
            a -= 0.5
            a /= 2
            a.backward()
            print(a, b)
            """,
        "functions": """
            x = Value(0.7)
            y = x.exp().log() * x.tanh() + (x - 1.0).relu() + x.relu()
            y.backward()
            print(x, y)
            """,
        "sums": """
            xs = [Value(0.5 * k) for k in range(4)]
            y = sum(x * x for x in xs) + sum(xs, Value(1.0)) + sum((xs[0], xs[1]))
            y.backward()
            print(y, xs)
            """,
        "ints": """
            a, b = Value(3), Value(4)
            c = a * b + 2
            c.backward()
            print(a.data, c.data, type(a.data), type(c.data), list(range(c.data))[-1], (a - b).data, a / b)
            print(Value(True).data + 1, Value(2).exp())
            """,
        "ints too large for a float": "print(Value(2**60 + 1).data, Value(3).data)",
        "data and grad are set": """
            a = Value(1.5)
            b = a * a
            b.backward()
            a.data, a.grad = 4.0, 7.5
            a.data -= 0.5
            a.grad += 1
            print(a, b)
            (a * b).backward()
            print(a, b)
            """,
        "a grad at first": "print(Value(1.0).grad, type(Value(1.0).grad), (Value(1.0) + 1).grad)",
        "infinities and nan": """
            big = Value(1e200)
            print(big * big, big * big - big * big, Value(float("nan")).relu().data)
            """,
        "types": """
            x = Value(1.0)
            y = x + 1
            print(type(x) is Value, type(y) is Value, type(x) == type(y), y.__class__ is Value, isinstance(y, Value))
            print(type(x).__name__, type(x), type(x)(2.0), issubclass(type(x), Value), {type(x): 1}[Value])
            print(callable(x), hasattr(x, "data"), hasattr(x, "prev"), hasattr(x, "label"), Value.__mro__[1:])
            """,
        "a match statement": """
            match Value(1.0) + 1:
                case Value(data=2.0, grad=g):
                    print("two", g)
                case _:
                    print("else")
            """,
        "sets and dictionaries": """
            a, b = Value(1.0), Value(1.0)
            print(len({a, b, a}), {a: "a", b: "b"}[a], a == b, a == a, a != b, a in [b, a], [b, a].index(a))
            print(bool(a), bool(Value(0.0)), not Value(0.0))
            """,
        "an order that the class has not": """
            try:
                print(Value(1.0) < Value(2.0))
            except TypeError as error:
                print(error)
            """,
        "an operand that it cannot take": """
            for wrong in ("2", None, [1.0]):
                try:
                    print(Value(1.0) + wrong)
                except Exception as error:
                    print(type(error).__name__)
            """,
        "attributes of the program's own": """
            x = Value(1.0)
            x.label, x.state = "the input", {"m": 0.0}
            x.state["m"] += 1.5
            print(x.label, x.state, vars(x)["label"], getattr(x, "other", "none"))
            del x.label
            print(hasattr(x, "label"))
            """,
        "attributes on inner numbers live as long as the graph": """
            y = (Value(1.0) + 1) * 2
            inner = next(v for v in y._prev if v._op)
            inner.label = "inner"
            del inner
            print([v.label for v in y._prev if v._op])
            """,
        "graphs that nothing holds are freed": """
            x = Value(1.0)
            for step in range(3):
                y = sum(x * k for k in range(10))
                y.backward()
            print(x)
            """,
        "arguments by name": """
            a = Value(data=2.0)
            b = Value(4.0, _children=(a,), _op="square")
            print(b, b._op, b._prev == {a})
            for wrong in (lambda: Value(), lambda: Value(1.0, 2, 3, 4), lambda: Value(1.0, wrong=2)):
                try:
                    print(wrong())
                except TypeError:
                    print("TypeError")
            """,
        "unbound methods": """
            import operator, functools
            a = Value(2.0)
            print(Value.__add__(a, a), operator.mul(a, 3.0), functools.reduce(operator.add, [a, a, a]), Value.relu(a))
            print(list(map(Value.tanh, [a])))
            """,
        "numpy's numbers": """
            import numpy as np
            x = Value(np.float64(1.5))
            y = x * np.float64(2.0) + x
            y.backward()
            print(y.data, x.grad, Value(np.int64(3)).data + 1)
            """,
        "the types of numpy's numbers": """
            import numpy as np
            print([type(Value(x).data).__name__ for x in (np.float32(1.5), np.int64(3))])
            """,
        "a product with an array": """
            import numpy as np
            y = Value(1.5) * np.array([1.0, 2.0])
            print(type(y).__name__, y)
            """,
        "object arrays": """
            import numpy as np
            w = np.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]])
            y = (w @ np.array([Value(0.5), Value(-1.0)])).sum() + (w * 2).sum()
            y.backward()
            print(y, w, w.T[0, 1] is w[1, 0])
            """,
        "fractions": """
            from fractions import Fraction
            x = Value(Fraction(1, 3))
            y = x * x + Value(Fraction(1, 2))
            y.backward()
            print(x, y, Value(2.0) * 3)
            """,
        "complex numbers": """
            z = Value(1 + 2j)
            w = z * z + 1
            w.backward()
            print(z, w, Value(2.0) * Value(3.0))
            """,
        "weak references": """
            import weakref, gc
            x = Value(1.0)
            seen = weakref.ref(x)
            y = x * 2
            print(seen() is x, len(weakref.WeakSet([x, y])))
            del x, y
            gc.collect()
            print(seen())
            """,
        "attributes that come and go": """
            x = Value(1.0)
            setattr(x, "m", [])
            x.m.append(1)
            x.__dict__.update(v=2.0)
            print(x.m, x.v, "m" in vars(x), sorted(set(dir(x)) & {"m", "v", "data", "grad"}))
            del x.m
            print(hasattr(x, "m"))
            """,
        "a grad that is deleted": """
            x = Value(1.0)
            del x.grad
            print(hasattr(x, "grad"))
            x.grad = 2.0
            print(x)
            """,
        "a number made past its constructor": """
            x = Value.__new__(Value)
            x.__init__(2.0)
            y = object.__new__(type(x))
            print(x.data, type(y) is Value, hasattr(y, "data"))
            """,
        "a constructor called again": """
            x = Value(2.0)
            y = x * 3
            x.__init__(5.0)
            print(x, y, (x * 2).data)
            """,
        "callers keep a sweep": """
            x = Value(2.0)
            y = x * x
            sweep = y.backward
            sweep()
            print(x.grad, y.backward())
            """,
    }

    @pytest.mark.parametrize("program", PROGRAMS)
    def test_are_the_same(self, script, program):
        path = script(FULL_ENGINE + textwrap.dedent(self.PROGRAMS[program]))
        assert both_ways(path).said == [FULL]


class TestGraph:
    """What a program finds in the graph of its numbers."""

    PROGRAMS = {
        "symbols": """
            a = Value(2.0)
            for v in (a + 1, a * 2, -a, a - 1, 1 - a, a / 2, a**2, a**0.5, a.exp(), a.log(), a.tanh(), a.relu(), a):
                print(repr(v._op), v.data)
            """,
        "operands": """
            a, b = Value(2.0), Value(3.0)
            c = a * b
            print(c._prev == {a, b}, type(c._prev), a._prev, (a + a)._prev == {a}, len((a + 1)._prev))
            print(sorted(v.data for v in (a - b)._prev), all(v in (a, b) for v in c._prev))
            """,
        "a walk": """
            def tree(v, depth=0):
                print("  " * depth + (v._op or "leaf"), v.data, v.grad)
                for operand in sorted(v._prev, key=lambda v: (v.data, v._op)):
                    tree(operand, depth + 1)
            y = (Value(2.0) * 3 - Value(1.0) / 4).tanh() ** 2
            y.backward()
            tree(y)
            """,
        "constants are leaves": """
            x = Value(2.0)
            y = 3 * x
            y.backward()
            (three,) = y._prev - {x}
            print(three.data, three.grad, three._op == "", three._prev)
            """,
        "a count of all nodes by their ids": """
            seen = set()
            def count(v):
                if id(v) in seen:
                    return 0
                seen.add(id(v))
                return 1 + sum(count(operand) for operand in v._prev)
            x = Value(2.0)
            y = sum(x * k + 1 for k in range(50))
            print(count(y))
            """,
        "numbers that are met again are the same": """
            y = (Value(2.0) + 1) * 3
            inner = [v for v in y._prev if v._op][0]
            print(inner in y._prev, [v for v in y._prev if v._op][0] is inner, id(inner) in map(id, y._prev))
            """,
        "a count of all nodes": """
            def count(v, seen):
                seen.add(v)
                for operand in v._prev:
                    if operand not in seen:
                        count(operand, seen)
                return len(seen)
            x = Value(2.0)
            print(count(x * x + 1 - x / 3, set()))
            """,
        "steps taken by hand": """
            a, b = Value(2.0), Value(3.0)
            c = a * b
            d = c + a
            d.grad = 1.0
            d._backward()
            c._backward()
            print(a, b, c, d, a._backward())
            """,
        "a step that is replaced": """
            x = Value(2.0)
            y = x * 3
            def half():
                x.grad += 0.5 * y.grad
            y._backward = half
            (y * 4).backward()
            print(x)
            """,
        "a step that is wrapped": """
            x = Value(2.0)
            y = x * x
            before = y._backward
            def noted():
                print("passing on", y.grad)
                before()
            y._backward = noted
            (y + 1).backward()
            print(x)
            """,
        "nodes made by hand": """
            def sine(x):
                out = Value(math.sin(x.data), (x,), "sin")
                def _backward():
                    x.grad += math.cos(x.data) * out.grad
                out._backward = _backward
                return out
            x = Value(0.5)
            y = sine(x * 2) * x
            y.backward()
            print(x, y, sine(x)._op)
            """,
        "operands that are replaced": """
            x = Value(2.0)
            y = x * 3
            y._prev = set()
            print(y._prev, x._prev)
            """,
        "symbols that are replaced": """
            x = Value(2.0) + 1
            x._op = "input"
            print(x._op, (x * 2)._op)
            """,
        "vars": """
            y = Value(2.0) * 3
            print(sorted(vars(y)), vars(y)["data"], y.__dict__["_op"])
            y.__dict__["data"] = 7.5
            print(y.data)
            """,
        "a sweep through a sweep's own step": """
            x = Value(2.0)
            y = x * x
            y.backward()
            x.grad = 0
            y._backward()
            print(x)
            """,
    }

    @pytest.mark.parametrize("program", PROGRAMS)
    def test_is_the_same(self, script, program):
        path = script(FULL_ENGINE + textwrap.dedent(self.PROGRAMS[program]))
        assert both_ways(path).said == [FULL]


class TestCopies:
    PROGRAMS = {
        "copy": """
            import copy
            x = Value(2.0)
            y = x * 3
            y.label = "y"
            z = copy.copy(y)
            z.data = 5.0
            print(y, z, z._op, z.label, z._prev == y._prev, type(z) is Value)
            """,
        "deepcopy of a leaf": """
            import copy
            x = Value(2.0)
            x.grad = 1.5
            y = copy.deepcopy(x)
            y.data += 1
            print(x, y, y is x, type(y) is Value)
            """,
        "deepcopy of a list": """
            import copy
            model = {"w": [Value(1.0), Value(2.0)], "b": Value(3)}
            model["shared"] = model["w"][0]
            other = copy.deepcopy(model)
            other["w"][0].data = 9.0
            print(model, other, other["shared"] is other["w"][0], type(other["b"].data))
            """,
    }

    @pytest.mark.parametrize("program", PROGRAMS)
    def test_are_the_same(self, script, program):
        path = script(FULL_ENGINE + textwrap.dedent(self.PROGRAMS[program]))
        assert both_ways(path).said == [FULL]

    def test_pickles_of_an_engine_that_can_be_pickled(self, script):
        program = """
            import pickle
            x, y = Value(2.0), Value(3)
            x.label = "x"
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
                a, b, c = pickle.loads(pickle.dumps([x, y, x], protocol))
                print(a.data, a.label, b.data, type(a) is Value, a is c)
            z = pickle.loads(pickle.dumps(x * y + x))
            z.backward()
            print(z.data, z.grad, sorted(v.data for v in z.operands))
        """
        ran = both_ways(script(SHAPES["slopes"] + textwrap.dedent(program)))
        assert ran.said == ["class Value (program.py, line 1) runs on fastgrad"]


def test_a_constructor_that_makes_floats_of_ints(script):
    engine = OWN_ENGINE.replace("self.data, self.grad = data, 0", "self.data, self.grad = float(data), 0", 1)
    use = "x = Value(3)\ny = x * 2\nprint(type(x.data), type(y.data), {type(v.data) for v in y._prev})\n"
    use += "print(Value(True).data)\n"
    assert both_ways(script(engine + use)).said[0].endswith("runs on fastgrad")

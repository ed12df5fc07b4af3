"""An attribute that tells results from numbers that were given, is_leaf for instance."""

import textwrap

import pytest

from support.teaching_engines import ARITHMETIC, OWN_ENGINE, both_ways, engine_with

START = "self._backward = lambda: None\n\n"
BY_CONSTRUCTOR = OWN_ENGINE.replace(START, "self._backward = lambda: None\n        self.is_leaf = not _children\n\n", 1)
BY_OPERATORS = OWN_ENGINE.replace(START, "self._backward = lambda: None\n        self.is_leaf = True\n\n", 1).replace(
    "        out._backward = _backward\n", "        out._backward, out.is_leaf = _backward, False\n"
)
ENGINES = {
    "by the constructor": BY_CONSTRUCTOR,
    "by the operators": BY_OPERATORS,
    "as results, not as leaves": BY_CONSTRUCTOR.replace("is_leaf = not _children", "is_leaf = bool(_children)"),
}
USE = """
class Weight(Value): pass
x, w = Value(3.0), Weight(2.0)
y = (x * w + 1).relu()
z = Value(y.data * 2, (y, x), "made")
(y + x).backward()
print([n.is_leaf for n in (x, w, y, z, y + y, 2 * x, Value(1.0))], x.grad, w.grad)
def leaves(node):
    return [node.data] if node.is_leaf else sorted(v for n in node._prev for v in leaves(n))
print(leaves(y), vars(y)["is_leaf"])
y.is_leaf, x.is_leaf = x.is_leaf, "perhaps"
print(y.is_leaf, x.is_leaf, (x * y).is_leaf)
"""


@pytest.mark.parametrize("which", ENGINES)
def test_is_what_it_was(script, which):
    program = USE.replace("[node.data] if node.is_leaf", "[node.data] if not node._prev")
    (line,) = both_ways(script(ENGINES[which] + program)).said
    assert line.endswith("runs on fastgrad")


def test_is_what_it_was_in_a_walk(script):
    (line,) = both_ways(script(BY_CONSTRUCTOR + USE)).said
    assert line.endswith("runs on fastgrad")


def test_with_more_methods(script):
    source = "import math" + engine_with(textwrap.dedent(ARITHMETIC), BY_CONSTRUCTOR)
    program = (
        "x = Value(0.5)\ny = (x.exp() - x / 3) ** 2\ny.backward()\nprint(y, x, y.is_leaf, x.is_leaf, y.exp().is_leaf)\n"
    )
    (line,) = both_ways(script(source + program)).said
    assert line.endswith("runs on fastgrad")


def test_that_an_operator_forgets_leaves_it_its_own(script):
    engine = BY_OPERATORS.replace("out._backward, out.is_leaf = _backward, False", "out._backward = _backward", 3)
    forgetful = (
        engine.replace(
            "self.grad += (out.data > 0) * out.grad\n        out._backward = _backward\n",
            "self.grad += (out.data > 0) * out.grad\n        out._backward = _backward\n",
        )
        .replace('"*")', '"*")\n        out.is_leaf = False')
        .replace('"+")', '"+")\n        out.is_leaf = False')
    )
    program = "x = Value(3.0)\nprint([n.is_leaf for n in (x, x + x, x * x, x.relu())])\n"
    ran = both_ways(script(forgetful + program))
    assert ran.output == "[True, False, False, True]\n"
    assert ran.said[0].endswith("runs on fastgrad; its own stay: relu")


def test_that_decides_what_becomes_of_a_number_leaves_the_class_alone(script):
    engine = BY_CONSTRUCTOR.replace("node._backward()", "node._backward() if not node.is_leaf else None")
    program = "x = Value(3.0)\ny = x * x\nz = y * x\ny.is_leaf = True\nz.backward()\nprint(x.grad)\n"
    ran = both_ways(script(engine + program))
    assert ran.output == "9.0\n"
    assert "is left alone" in ran.said[0]


def test_where_operands_are_set_later_leaves_the_class_alone(script):
    program = "x, y = Value(3.0), Value(6.0)\ny._prev = {x}\nprint(x.is_leaf, y.is_leaf)\n"
    assert "is left alone" in both_ways(script(BY_CONSTRUCTOR + program)).said[0]

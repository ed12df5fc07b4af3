"""A power that is another at a few points, or raises there, stays the program's own; the rest of its class does not."""

import textwrap

import pytest

from support.teaching_engines import ARITHMETIC, OWN_ENGINE, both_ways, engine_with

POWER = """
def __pow__(self, k):
    {first}
    out = Value(self.data**k, (self,), f"**{{k}}")
    def _backward():
        self.grad += {slope} * out.grad
    out._backward = _backward
    return out
"""
SLOPE = "k * self.data ** (k - 1)"
OTHERS = ARITHMETIC[: ARITHMETIC.index("def __pow__")] + ARITHMETIC[ARITHMETIC.index("def __truediv__") :]
USE = """
def show(what):
    x, y = Value(3.0), Value(2.0)
    try:
        z = what(x, y) + x * y
        z.backward()
        print(z.data, x.grad, y.grad, len(what(x, y)._prev))
    except Exception as error:
        print(type(error).__name__, error)
zero, negative = Value(0.0), Value(-1.5)
for k in (2, 3, -1, 1, -2.0):
    show(lambda x, y: (x * y) ** k)
    show(lambda x, y: y * negative**k)
    show(lambda x, y: x * zero**k)
show(lambda x, y: x**0 + y**0.5)
show(lambda x, y: x / y - 1 / x)
show(lambda x, y: x / zero)
show(lambda x, y: x ** 2.5 / negative)
"""


def ran(script, first="pass", slope=SLOPE):
    """Both ways, an engine whose power begins so and has this slope."""
    power = POWER.format(first=textwrap.indent(textwrap.dedent(first), "    ").strip(), slope=slope)
    return both_ways(script("import math" + engine_with(power + OTHERS, OWN_ENGINE) + USE))


class TestPowers:
    OWN = {
        "a square is a product": ("if k == 2:\n    return self * self", SLOPE),
        "a power of zero is a plain zero": ("if self.data == 0:\n    return Value(0.0)", SLOPE),
        "it has no slope at zero": ("pass", f"({SLOPE} if self.data else 0.0)"),
        "a negative base is an error": ("if self.data < 0:\n    raise ValueError('negative base')", SLOPE),
        "a zero base is an error of its own": (
            "if self.data == 0 and k < 0:\n    raise ZeroDivisionError(f'0 ** {k}')",
            SLOPE,
        ),
        "an exponent that is no int is an error": ("assert isinstance(k, int), 'ints only'", SLOPE),
        "an exponent of zero is a leaf": ("if k == 0:\n    return Value(1.0)", SLOPE),
        "an exponent of one changes nothing": ("if k == 1:\n    return self", SLOPE),
        "whole exponents are products": (
            """
            if isinstance(k, int) and k > 0:
                out = self
                for _ in range(k - 1):
                    out = out * self
                return out
            """,
            SLOPE,
        ),
        "exponents are counted down": (
            """
            out = Value(1.0)
            while k >= 1:
                out, k = out * self, k - 1
            if k == 0:
                return out
            """,
            SLOPE,
        ),
    }

    @pytest.mark.parametrize("what", OWN)
    def test_that_are_another_at_a_few_points_stay(self, script, what):
        (line,) = ran(script, *self.OWN[what]).said
        assert "runs on fastgrad; its own stay: __pow__" in line

    def test_where_one_of_zero_is_no_error(self, script):
        handled = """
        try:
            self.data**k
        except ZeroDivisionError:
            return Value(0.0)
        """
        (line,) = ran(script, handled).said
        assert "runs on fastgrad; its own stay: __pow__" in line

    def test_that_are_fastgrads(self, script):
        (line,) = ran(script).said
        assert line.endswith("runs on fastgrad")

    def test_that_refuse_numbers_as_exponents_are_fastgrads(self, script):
        (line,) = ran(script, "assert isinstance(k, (int, float)), 'a plain exponent'").said
        assert line.endswith("runs on fastgrad")


class TestErrors:
    """What a method of the program raises is what is raised."""

    LOG = """
def log(self):
    {0}
    out = Value(math.log(self.data), (self,), "log")
    def _backward():
        self.grad += 1 / self.data * out.grad
    out._backward = _backward
    return out
"""
    USE = """
for number in (2.0, 0.0, -1.0):
    try:
        print(Value(number).log().data)
    except Exception as error:
        print(type(error).__name__)
"""

    @pytest.mark.parametrize(
        ("check", "note"),
        [
            ("if self.data <= 0: raise ArithmeticError('log')", "; its own stay: log"),
            ("assert self.data > 0", "; its own stay: log"),
            ("pass", ""),
        ],
    )
    def test_in_a_function(self, script, check, note):
        engine = "import math" + engine_with(self.LOG.format(check), OWN_ENGINE)
        (line,) = both_ways(script(engine + self.USE)).said
        assert line.endswith(f"runs on fastgrad{note}")

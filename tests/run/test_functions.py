"""Functions that a program has beside its class: those that mean what fastgrad's mean are fastgrad's."""

import textwrap

import pytest

from support.teaching_engines import OWN_ENGINE, both_ways, engine_with, said, same_both_ways

BY_HAND = """
import math

def {name}(x):
    value = x.data if isinstance(x, Value) else x
    out = {value}
    if not isinstance(x, Value):
        return out
    y = Value(out, (x,), "{name}")
    def _backward():
        x.grad += ({slope}) * y.grad
    y._backward = _backward
    return y
"""
USE = """
xs = [Value(0.3 * k - 1.4) for k in range(10)]
ys = [{0}(x) for x in xs]
sum(y * y for y in ys).backward()
print([y.data for y in ys], [x.grad for x in xs], ys[0]._op, {0}(0.5), {0}(x=xs[0]).data, {0}.__name__)
"""
EXCHANGED = {
    "tanh": ("math.tanh(value)", "1 - out * out"),
    "sigmoid": ("1 / (1 + math.exp(-max(value, -700)))", "out * (1 - out)"),
    "relu": ("max(value, 0.0)", "value > 0"),
    "sin": ("math.sin(value)", "math.cos(value)"),
    "exp": ("math.exp(value)", "out"),
}
MISTAKEN = {
    "exp": ("math.exp(value)", "1"),
    "relu": ("max(value, 0.0)", "value >= 0"),
    "sigmoid": ("1 / (1 + math.exp(-2 * max(value, -300)))", "out * (1 - out)"),
}


def written(name, value, slope):
    return BY_HAND.format(name=name, value=value, slope=slope)


def explained(ran):
    return next(line for line in ran.said if line.startswith("  fastgrad's: "))


@pytest.mark.parametrize("name", EXCHANGED)
def test_that_mean_the_same_are_fastgrads(script, name):
    ran = both_ways(script(OWN_ENGINE + written(name, *EXCHANGED[name]) + USE.format(name)), explain=True)
    assert explained(ran).endswith(f", {name}()")


@pytest.mark.parametrize("name", MISTAKEN)
def test_that_differ_stay(script, name):
    ran = both_ways(script(OWN_ENGINE + written(name, *MISTAKEN[name]) + USE.format(name)), explain=True)
    assert f"{name}()" not in explained(ran)


REFUSED = {
    "one that prints": ("def tanh(x):\n    print('here')\n    return x.tanh()\n", "tanh(x)"),
    "one that counts": ("calls = []\ndef tanh(x):\n    calls.append(x)\n    return x.tanh()\n", "tanh(x)"),
    "one that takes more": ("def tanh(x, k=1.0):\n    return (x * k).tanh()\n", "tanh(x, 2.0)"),
    "one of a list": ("def tanh(xs):\n    return [x.tanh() for x in xs]\n", "tanh([x])[0]"),
    "one that reads what the program changes": ("k = 1\ndef tanh(x):\n    return (x * k).tanh()\nk = 2\n", "tanh(x)"),
    "one that a function makes": (
        "def of(k):\n    def tanh(x):\n        return (x * k).tanh()\n    return tanh\ntanh = of(2)\n",
        "tanh(x)",
    ),
    "one that returns no number": ("def tanh(x):\n    return x.data\n", "Value(tanh(x))"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_that_do_more_stay(script, case):
    method = textwrap.dedent(written("tanh", *EXCHANGED["tanh"]).replace("import math", ""))
    function, call = REFUSED[case]
    use = f"x = Value(0.5)\nfor k in range(3):\n    y = {call}\n    y.backward()\n    print(y.data, x.grad)\n"
    ran = both_ways(script("\nimport math" + engine_with(method) + function + use), explain=True)
    assert "tanh()" not in explained(ran)


def test_are_exchanged_wherever_the_program_has_them(script):
    registry = "\nacts = {'tanh': tanh}\nclass Layer:\n    def __init__(self, act=tanh): self.act = act\n"
    use = "x = Value(0.5)\nfor act in (tanh, acts['tanh'], Layer().act):\n"
    use += "    print(act(x).data, act.__name__, act is tanh, type(act(x)) is Value)\n"
    ran = both_ways(script(OWN_ENGINE + written("tanh", *EXCHANGED["tanh"]) + registry + use), explain=True)
    assert explained(ran).endswith(", tanh()")


def test_in_another_module(tmp_path):
    engine = OWN_ENGINE + written("tanh", *EXCHANGED["tanh"])
    (tmp_path / "engine.py").write_text(engine)
    (tmp_path / "nn.py").write_text("from engine import tanh\nfrom engine import Value as Number\n")
    (tmp_path / "train.py").write_text(
        "import inspect\nfrom nn import *\nfrom engine import *\n"
        + USE.format("tanh")
        + "print(inspect.signature(tanh))\n"
    )
    done = same_both_ways("train.py", cwd=tmp_path, options=["--explain"])
    assert any(line.endswith(", tanh()") for line in said(done))

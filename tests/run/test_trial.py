"""What a class is tried for: what its numbers keep and where, what is refused, and that a trial leaves nothing."""

import math

import pytest

from fastgrad.run import switches, trial
from fastgrad.run.roles import Unfit, find_making, find_roles, sweep_names
from support.engine_shapes import SHAPES
from support.marks import posix
from support.teaching_engines import FULL_ENGINE, OWN_ENGINE, both_ways, on_fastgrad, said, same_both_ways


def class_of(source, name="Value"):
    """The class that a program defines, as Python alone makes it."""
    namespace = {"__name__": "an_engine"}
    exec(source, namespace)
    return namespace[name]


def roles_of(source, name="Value"):
    cls = class_of(source, name)
    return find_roles(cls, [])


class TestRoles:
    def test_of_the_usual_engine(self):
        roles = roles_of(OWN_ENGINE)
        assert (roles.number, roles.grad, roles.sweep) == ("data", "grad", "backward")
        assert (roles.children, roles.container, roles.op, roles.closure) == ("_prev", set, "_op", "_backward")
        assert (roles.op_at_first, roles.closure_kind, roles.unique, roles.returns) == ("", "()", True, None)
        assert type(roles.grad_at_first) is int
        assert roles.extras == {}
        assert roles.order == ["data", "grad", "_prev", "_op", "_backward"]

    @pytest.mark.parametrize(
        ("shape", "name", "found"),
        [
            ("slopes", "Value", {"children": "operands", "slopes": "slopes", "container": tuple, "closure": None}),
            ("pairs of operand and slope", "Value", {"children": "parents", "paired": 0, "container": list}),
            (
                "pairs of slope and operand, other names",
                "Num",
                {"number": "v", "grad": "d", "children": "inputs", "paired": 1, "sweep": "chain"},
            ),
            ("steps that are given the gradient", "Value", {"closure": "step", "closure_kind": "(gradient)"}),
            (
                "steps that return what operands are given",
                "Value",
                {"closure": "pull", "closure_kind": "(gradient) -> contributions"},
            ),
            ("symbols that the sweep tells apart", "Value", {"op": "op", "closure": None, "slopes": None}),
        ],
    )
    def test_of_others(self, shape, name, found):
        roles = roles_of(SHAPES[shape], name)
        assert {role: getattr(roles, role) for role in found} == found

    def test_what_else_a_number_has(self):
        source = OWN_ENGINE.replace("self._backward =", "self.label, self.state = '', {}\n        self._backward =", 1)
        assert roles_of(source).extras == {"label": "", "state": {}}

    def test_what_may_be_a_sweep(self):
        methods = [
            "zero_grad",
            "compute_gradients",
            "_backward",
            "backward",
            "has_grad",
            "propagate",
            "clip_grad",
            "data",
        ]
        source = "class Value:\n" + "".join(f"    def {name}(self): pass\n" for name in methods)
        assert sweep_names(class_of(source)) == ["backward", "compute_gradients", "propagate"]


class TestMaking:
    @pytest.mark.parametrize(
        ("shape", "name", "meanings"),
        [
            ("closures", "Value", {"data": "data", "operands": "children"}),
            ("slopes", "Value", {"data": "data", "operands": "children", "slopes": "slopes"}),
            ("pairs of operand and slope", "Value", {"data": "data", "parents": "pairs"}),
            ("steps that are given the gradient", "Value", {"data": "data", "operands": "children", "step": "=step"}),
            ("symbols that the sweep tells apart", "Value", {"data": "data", "operands": "children", "op": "op"}),
        ],
    )
    def test_means_what_it_does(self, shape, name, meanings):
        cls = class_of(SHAPES[shape], name)
        making = find_making(cls, find_roles(cls, []))
        assert {parameter: meaning for parameter, (meaning, _) in making.items()} == meanings

    def test_of_an_attribute_that_is_only_kept(self):
        cls = class_of(OWN_ENGINE.replace('_op=""):', '_op="", label="none", unused=3):\n        self.label = label'))
        making = find_making(cls, find_roles(cls, []))
        assert (making["label"], making["unused"]) == (("=label", "none"), ("-", 3))


class TestRefused:
    START = "self.data, self.grad = data, 0"
    CASES = {
        "a number that is rounded": (
            (START, "import struct\n        self.data, self.grad = struct.unpack('f', struct.pack('f', data))[0], 0"),
            "its constructor makes another number of 0.1",
        ),
        "a number that is an int": (
            (START, "self.data, self.grad = int(data), 0"),
            "its constructor makes another number of",
        ),
        "arrays": (
            (START, "import numpy\n        self.data, self.grad = numpy.asarray([data, data]), 0"),
            "no attribute holds its number",
        ),
        "numbers that know nothing of operands": (
            ("self._prev, self._op = set(_children), _op", "self._prev, self._op = set(), _op"),
            "its numbers do not keep what they were made from",
        ),
        "an id of its own": (
            (START, "self.data, self.grad = data, 0\n        self.lock = object()"),
            "each number has its own lock, and the program asks for it",
        ),
        "an attribute that depends on the operands": (
            (START, "self.data, self.grad = data, 0\n        self.depth = len(_children)"),
            "its depth depends on how a number was made, and the program asks for it",
        ),
        "any number of arguments": (
            ('_op=""):', '_op="", **options):'),
            "its constructor takes any number of arguments",
        ),
    }

    @pytest.mark.parametrize("case", CASES)
    def test_with_the_reason(self, script, case):
        (before, after), reason = self.CASES[case]
        assert before in OWN_ENGINE
        use = "x = Value(3.0)\ny = x * x + 1\nprint(y.data)\nif y is None: print(y.lock, y.depth)\n"
        ran = both_ways(script(OWN_ENGINE.replace(before, after, 1) + use))
        (line,) = ran.said
        assert line.startswith(f"class Value (program.py, line 2) is left alone: {reason}")

    def test_without_a_sweep(self, script):
        engine = SHAPES["symbols that the sweep tells apart"].replace(
            "        order, seen", "        return\n        order, seen"
        )
        (line,) = both_ways(script(engine + "x = Value(3.0)\nprint((x * x).data)\n")).said
        assert line.endswith(
            "is left alone: no method of it, and no function, brings the derivatives of a product to its factors"
        )

    def test_what_is_made_without_its_number(self, script):
        engine = SHAPES["closures"].replace(
            "def __init__(self, data, operands=()):", "def __init__(self, data, name, operands=()):"
        )
        engine = engine.replace(".data, (self, other))", ".data, '', (self, other))")
        ran = both_ways(script(engine + "x = Value(3.0, 'x')\nprint((x * x).data)\n"))
        assert not [line for line in ran.said if "runs on" in line]

    @pytest.mark.parametrize(
        "source",
        [
            "class Vector:\n    def __init__(self, x, y):\n        self.x, self.y = x, y\n",
            "class Money:\n    def __init__(self, data):\n        self.data = data\n",
        ],
    )
    def test_without_a_word_if_it_is_no_engine(self, script, source):
        name = source.split(":")[0].split()[1]
        arguments = "2, 3" if name == "Vector" else "2"
        first = "x" if name == "Vector" else "data"
        source += "    def __add__(self, other):\n        return self\n"
        source += f"    def __mul__(self, other):\n        return self.{first}\n"
        (line,) = said(same_both_ways(script(source + f"v = {name}({arguments})\nprint(v * v, (v + v).{first})\n")))
        assert line.startswith("nothing was put on fastgrad: ")

    def test_find_roles_says_nothing_of_what_is_no_number(self):
        cls = class_of("class Value:\n    def __init__(self): pass\n")
        with pytest.raises(Unfit) as caught:
            find_roles(cls, [])
        assert str(caught.value) == ""

    def test_strict_refuses_what_has_any_method_of_its_own(self, script):
        mistake = OWN_ENGINE.replace("(out.data > 0)", "(out.data >= 0)")
        path = script(mistake + "x = Value(0.0)\nx.relu().backward()\nprint(x.grad)")
        assert both_ways(path).said == ["class Value (program.py, line 2) runs on fastgrad; its own stay: relu"]
        (line,) = both_ways(path, strict=True).said
        assert line.startswith("class Value (program.py, line 2) is left alone: --strict, and relu: another result at ")

    def test_strict_takes_what_agrees(self, script):
        path = script(FULL_ENGINE + "print(Value(1.0))")
        assert both_ways(path, strict=True).said == ["class Value (program.py, line 3) runs on fastgrad"]


class TestNothingIsLeftBehind:
    SIDE_EFFECTS = {
        "prints": ("print('made', data)", ""),
        "draws a random number": ("random.random()", "print(random.random())"),
        "draws from numpy": ("numpy.random.rand()", "print(numpy.random.rand())"),
        "changes another object": ("counter.made += 1", "print(counter.made)"),
        "puts into an object's list": ("counter.all.append(data)", "print(len(counter.all))"),
        "writes to a file": ("log.write('made ')", "print(log.getvalue())"),
    }
    BEFORE = """
import io, random, numpy, types
random.seed(1)
numpy.random.seed(1)
counter, log = types.SimpleNamespace(made=0, all=[]), io.StringIO()
"""

    @pytest.mark.parametrize("what", SIDE_EFFECTS)
    def test_of_a_constructor_that(self, script, what):
        effect, shown = self.SIDE_EFFECTS[what]
        engine = OWN_ENGINE.replace("self.data, self.grad", f"{effect}\n        self.data, self.grad", 1)
        both_ways(script(self.BEFORE + engine + "x = Value(3.0)\ny = x * x\n" + shown))

    @pytest.mark.parametrize("what", SIDE_EFFECTS)
    def test_of_an_operator_that(self, script, what):
        effect, shown = self.SIDE_EFFECTS[what]
        engine = OWN_ENGINE.replace(
            "out = Value(self.data * ", f"{effect.replace('data', '1')}\n        out = Value(self.data * "
        )
        both_ways(script(self.BEFORE + engine + "x = Value(3.0)\ny = x * x\n" + shown))

    @pytest.mark.parametrize("what", SIDE_EFFECTS)
    def test_of_a_method_that_the_program_does_not_call(self, script, what):
        effect, shown = self.SIDE_EFFECTS[what]
        engine = OWN_ENGINE.replace("out = Value(max", f"{effect.replace('data', '1')}\n        out = Value(max")
        ran = both_ways(script(self.BEFORE + engine + "x = Value(3.0)\ny = x * x\nprint(y.data)\n" + shown))
        assert len(ran.said) == 1

    def test_warnings(self, script):
        engine = FULL_ENGINE.replace(
            "out = Value(math.tanh", "import warnings; warnings.warn('tanh')\n        out = Value(math.tanh"
        )
        source = "import warnings\nwith warnings.catch_warnings(record=True) as caught:\n"
        source += "    warnings.simplefilter('always')\n    x = Value(1.0)\nprint([str(w.message) for w in caught])\n"
        assert len(both_ways(script(engine + source)).said) == 1

    def test_a_counter_on_the_class_that_nobody_asks_for(self, script):
        engine = OWN_ENGINE.replace("class Value:", "class Value:\n    made = 0")
        engine = engine.replace("self.data, self.grad", "Value.made += 1\n        self.data, self.grad", 1)
        said = both_ways(script(engine + "x = Value(3.0)\nprint((x * x).data)")).said
        assert said == ["class Value (program.py, line 2) runs on fastgrad"]

    COUNTERS = {
        "on the class": ("Value.made += 1", "Value.made = 0"),
        "of the module": ("global made; made += 1", "made = 0"),
        "in a list": ("made.append(data)", "made = []"),
        "in a dict": ("made[data] = made.get(data, 0) + 1", "made = {}"),
        "in a set": ("made.add(data)", "made = set()"),
        "of itertools": ("next(made)", "import itertools; made = itertools.count()"),
    }

    @pytest.mark.parametrize("where", COUNTERS)
    def test_a_counter_that_the_program_asks_for(self, script, where):
        count, first = self.COUNTERS[where]
        start = "self.data, self.grad = data, 0"
        engine = OWN_ENGINE.replace(start, f"{count}\n        {start}", 1)
        shown = "Value.made" if where == "on the class" else "made"
        ran = both_ways(script(f"{engine}\n{first}\nx = Value(3.0)\ny = x * x\nprint({shown})\n"))
        (line,) = ran.said
        assert line.endswith("is left alone: making a number changes made, which the program asks for")

    def test_methods_that_take_for_ever_are_not_called(self, script):
        engine = OWN_ENGINE.replace("    # more methods", "    def train(self):\n        while True: pass\n")
        assert len(on_fastgrad(script(engine + "print(Value(1.0).data)")).said) == 1

    @posix
    def test_a_sweep_without_an_end_that_nobody_calls(self, script, monkeypatch):
        monkeypatch.setattr(trial, "PATIENCE", 0.2)
        engine = OWN_ENGINE.replace(
            "        order, seen = [], set()", "        order, seen = [], set()\n        while 1: pass"
        )
        program = "import signal\nx = Value(3.0)\nprint((x * x).data, signal.getsignal(signal.SIGALRM))\n"
        (line,) = both_ways(script(engine + program)).said
        assert line.endswith("is left alone: a method of it took more than 0.2 seconds when it was tried")

    def test_recursion_limits(self, script):
        program = "import sys\nsys.setrecursionlimit(4000)\nx = Value(1.0)\nprint(sys.getrecursionlimit())"
        assert len(both_ways(script(OWN_ENGINE + program)).said) == 1


class TestAgreement:
    def test_of_numbers_is_within_roundings(self):
        assert trial.close(1.0, 1.0 + 1e-14)
        assert trial.close(1e200, 1e200 * (1 + 1e-14))
        assert trial.close(math.nan, math.nan)
        assert trial.close(math.inf, math.inf)
        assert not trial.close(1.0, 1.0 + 1e-10)
        assert not trial.close(math.inf, 1e308)
        assert not trial.close(math.nan, 0.0)

    @pytest.mark.parametrize(
        ("plain", "fast", "agrees"),
        [
            ([1.0, ["+", [2]]], [1.0, ["+", [2.0]]], True),
            ([1.0, 2.0], [1.0], False),
            ("**2", "**2.0", True),
            ("+", "-", False),
            (None, None, True),
            (None, 0.0, False),
            (trial.Raised("ValueError"), 3.0, True),
            (3.0, trial.Raised("ValueError"), False),
        ],
    )
    def test_of_outcomes(self, plain, fast, agrees):
        assert trial.agree(plain, fast) is agrees


class TestSettings:
    """What a method reads of the program may change later: then it is not what it was when it was tried."""

    FLAG = OWN_ENGINE.replace("class Value:", "class Value:\n    tracks = True")
    KEEPS = "self._prev, self._op = set(_children) if {0} else set(), _op"
    USE = "x = Value(3.0)\n(x * x).backward()\n{0}\ny = x * x\ny.backward()\nprint(x.grad, len(y._prev))\n"

    @pytest.mark.parametrize(
        ("start", "read", "change"),
        [
            ("tracking = [True]\n", "tracking[0]", "tracking[0] = False"),
            ("", "self.tracks", "setattr(Value, 'tracks', False)"),
        ],
    )
    def test_that_the_constructor_reads(self, script, start, read, change):
        engine = self.FLAG.replace("self._prev, self._op = set(_children), _op", self.KEEPS.format(read))
        (line,) = both_ways(script(start + engine + self.USE.format(change))).said
        assert "is left alone: its __init__ reads track" in line

    SWITCHES = {
        "a variable": ("tracking = True\n", "tracking", "global tracking; tracking = {0}"),
        "an attribute": ("", "Value.tracks", "Value.tracks = {0}"),
        "one of another class": ("class Mode:\n    tracks = True\n", "Mode.tracks", "Mode.tracks = {0}"),
        "one that is set beside another": (
            "tracking = True\n",
            "tracking",
            "global tracking; other, tracking = 1, {0}",
        ),
    }
    SWITCHED = """
def switch(on):
    {0}
class Weight(Value): pass
x, w = Value(3.0), Weight(2.0)
for on in (True, False, True, False, False, True):
    switch(on)
    y = x * w + 1
    z = (y * y).relu() + 2 * x
    (z * z).backward()
    print(on, x.grad, w.grad, y.grad, len(y._prev), len((z * 2)._prev), y, isinstance(y, Value), y.__class__ is Value)
    switch(True)
    mixed = y * x + w
    mixed.backward()
    print(mixed.data, x.grad, w.grad, y.grad, len(mixed._prev), sum([y, mixed, 1]).data)
print(Value(1.0).data, Weight(4.0).data, vars(Weight(4.0)).keys())
"""

    @pytest.mark.parametrize("kind", SWITCHES)
    def test_that_are_switches_are_followed(self, script, kind):
        start, read, change = self.SWITCHES[kind]
        engine = self.FLAG.replace("self._prev, self._op = set(_children), _op", self.KEEPS.format(read))
        change = change.replace("{0}", "True if on else False")
        (line,) = both_ways(script(start + engine + self.SWITCHED.replace("{0}", change))).said
        assert line.endswith("runs on fastgrad")

    AROUND = "tracking = True\n" + OWN_ENGINE.replace(
        "        def _backward():", "        if not tracking: return Value(out.data)\n        def _backward():"
    )
    OFF_AT_LAST = """
import fastgrad
x, w = Value(3.0), Value(2.0)
for on in (True, False, True, False):
    tracking = True if on else False
    y = x * w + 1
    z = (y * y).relu() * x
    z.backward()
    print(on, x.grad, w.grad, y.data, len(y._prev), len(z._prev))
"""

    def test_that_operators_alone_read_are_followed_on_the_tape(self, script):
        both_ways(script(self.AROUND + self.OFF_AT_LAST))
        ran = on_fastgrad(script(self.AROUND + self.OFF_AT_LAST + "print(isinstance(y, fastgrad.Node))\n"))
        assert ran.output.endswith("0 0\nTrue\n")

    def test_that_the_constructor_reads_leave_the_tape(self, script):
        engine = "tracking = True\n" + OWN_ENGINE.replace(
            "self._prev, self._op = set(_children), _op", self.KEEPS.format("tracking")
        )
        ran = on_fastgrad(script(engine + self.OFF_AT_LAST + "print(isinstance(y, fastgrad.Node))\n"))
        assert ran.output.endswith("0 0\nFalse\n")

    def test_that_were_those_of_another_program_are_forgotten(self, script):
        path = script(self.AROUND + self.OFF_AT_LAST)
        on_fastgrad(path)
        watched = switches._switched[:]
        on_fastgrad(path)
        assert len(switches._switched) == len(watched) == 1
        assert switches._switched != watched

    def test_that_are_switches_are_followed_by_functions(self, script):
        keeps = self.KEEPS.format("tracking")
        engine = "import math\ntracking = True\n" + OWN_ENGINE.replace(
            "self._prev, self._op = set(_children), _op", keeps
        )
        function = """
def tanh(x):
    out = Value(math.tanh(x.data), (x,), "tanh")
    def step():
        x.grad += (1 - out.data**2) * out.grad
    out._backward = step
    return out
x = Value(0.5)
for on in (True, False):
    tracking = True if on else False
    y = tanh(x)
    y.backward()
    print(y.data, x.grad, len(y._prev))
"""
        (line,) = both_ways(script(engine + function)).said
        assert line.endswith("runs on fastgrad")

    FLAGGED = OWN_ENGINE.replace('_op=""):', '_op="", needs=True):\n        self.needs = needs').replace(
        "self.grad += out.grad", "self.grad += out.grad if self.needs else 0"
    )

    @pytest.mark.parametrize(
        "use",
        ["x = Value(3.0, needs=False)", "x = Value(3.0, (), '', False)", "x = Value(3.0)\nx.needs = False"],
    )
    def test_that_each_number_has(self, script, use):
        (line,) = both_ways(script(self.FLAGGED + use + "\n(x + x).backward()\nprint(x.grad)\n")).said
        assert line.endswith("is left alone: its needs decides what becomes of a number, and the program sets it")

    def test_that_each_number_has_and_no_one_sets(self, script):
        (line,) = both_ways(script(self.FLAGGED + "x = Value(3.0)\n(x + x).backward()\nprint(x.grad)\n")).said
        assert line.endswith("runs on fastgrad")

    def test_that_a_function_reads(self, script):
        engine = "slope = 0.0\n" + OWN_ENGINE.replace("max(self.data, 0)", "max(self.data, slope * self.data)")
        use = "x = Value(-2.0)\nprint(x.relu().data)\nslope = 0.1\nprint(x.relu().data)\n"
        (line,) = both_ways(script(engine + use)).said
        assert line.endswith("runs on fastgrad; its own stay: relu")

    def test_that_stay_what_they_are_are_no_settings(self, script):
        engine = "slope = 0.0\n" + OWN_ENGINE.replace("max(self.data, 0)", "max(self.data, slope * self.data)")
        (line,) = both_ways(script(engine + "x = Value(-2.0)\nprint(x.relu().data)\n")).said
        assert line.endswith("runs on fastgrad")


class TestClassesBelow:
    """The first number may be of a class below the engine's."""

    def test_where_a_mixin_makes_numbers_of_a_class_below_it(self, script):
        engine = OWN_ENGINE.replace("class Value:", "class Operators:", 1)
        start = engine.index("    def __init__")
        constructor = engine[start : engine.index("    def __add__")]
        engine = engine.replace(constructor, "") + "\nclass Value(Operators):\n" + constructor
        program = (
            "class Weight(Value):\n    pass\nw = Weight(2.0)\ny = w * w + 1\ny.backward()\nprint(w.grad, y.data)\n"
        )
        (line,) = both_ways(script(engine + program)).said
        assert line.startswith("class Value ")
        assert line.endswith("runs on fastgrad")

    def test_with_a_metaclass(self, script):
        engine = "from abc import ABC\n" + OWN_ENGINE.replace("class Value:", "class Value(ABC):")
        program = (
            "class Weight(Value):\n    pass\nw = Weight(2.0)\n(w * w).backward()\nprint(w.grad, type(w).__name__)\n"
        )
        (line,) = both_ways(script(engine + program)).said
        assert line.endswith("runs on fastgrad")


@pytest.mark.parametrize("unknown", ["self.lock = object()", "self.depth = len(_children)"])
def test_what_no_one_asks_for_is_no_reason_to_refuse(script, unknown):
    start = "self.data, self.grad = data, 0"
    source = OWN_ENGINE.replace(start, f"{start}\n        {unknown}", 1)
    ran = both_ways(script(source + "x = Value(3.0)\ny = x * x + 1\ny.backward()\nprint(y.data, x.grad)\n"))
    assert ran.said == ["class Value (program.py, line 2) runs on fastgrad"]

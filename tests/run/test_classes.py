"""What programs do with an engine's class: methods put onto it, classes below it, names of numbers, kinds of grads."""

import textwrap

import pytest

from support.engine_shapes import SHAPES
from support.teaching_engines import OWN_ENGINE, both_ways, unary

ON_FASTGRAD = "class Value (program.py, line 2) runs on fastgrad"


class TestPatches:
    def test_before_the_first_number(self, script):
        program = "Value.cube = cube\nx = Value(2.0)\ny = (x + 1.0).cube() * 2.0\ny.backward()\nprint(y.data, x.grad)"
        assert both_ways(script(OWN_ENGINE + unary("cube", "x**3", "3 * x**2") + program)).said == [ON_FASTGRAD]

    PATCHED = {
        "a method that is new": "Value.cube = lambda self: self * self * self\nprint(x.cube().data, y.cube().data)",
        "an operator that was there": "Value.__mul__ = lambda a, b: Value(4.0)\nprint((x * y).data, (2 * x).data)",
        "an operator that was not": "Value.__matmul__ = lambda self, other: self * other\nprint((x @ y).data)",
        "a function that was there": "Value.relu = lambda self: Value(-1.0)\nprint(x.relu().data)",
        "a representation": "Value.__repr__ = lambda self: f'<{self.data}>'\nprint(x, [y], x + y)",
        "an attribute of the class": """
            Value.unit = 'm'
            print(x.unit, (x + y).unit)
            Value.unit = 'cm'
            print(x.unit)
            """,
        "a property": "Value.double = property(lambda self: 2 * self.data)\nprint(x.double, (x + y).double)",
        "the sweep": """
            before = Value.backward
            def backward(self):
                print('sweeping')
                before(self)
            Value.backward = backward
            (x * y).backward()
            print(x.grad, y.grad)
            """,
        "the constructor": """
            before = Value.__init__
            def init(self, data, *rest, **named):
                before(self, data, *rest, **named)
                self.note = 'made'
            Value.__init__ = init
            print(Value(1.0).note)
            """,
        "by type(x)": "type(x).cube = lambda self: self * self * self\nprint(y.cube().data, hasattr(Value, 'cube'))",
        "for a while": """
            before = Value.__add__
            Value.__add__ = lambda self, other: Value(0.5)
            print((x + y).data)
            Value.__add__ = before
            print((x + y).data)
            """,
    }

    @pytest.mark.parametrize("what", PATCHED)
    def test_after_the_first_number(self, script, what):
        program = "x, y = Value(2.0), Value(3.0)\nx * y\n" + textwrap.dedent(self.PATCHED[what])
        assert both_ways(script(OWN_ENGINE + program)).said == [ON_FASTGRAD]


class TestSubclasses:
    PROGRAMS = {
        "with a method": """
            class Angle(Value):
                def halved(self):
                    return self * 0.5
            a = Angle(3.0)
            print(a.halved().data, (a.halved() + 1).data, type(a) is Angle, type(a + 1) is Value)
            """,
        "with a constructor of its own": """
            class Parameter(Value):
                def __init__(self, data, name):
                    super().__init__(data)
                    self.name = name
            p = Parameter(2.0, 'w')
            (p * p).backward()
            print(p.name, p.grad, isinstance(p, Value), type(p).__name__)
            """,
        "with state of its own": """
            class Parameter(Value):
                def __init__(self, data):
                    super().__init__(data)
                    self.velocity = 0.0
                def step(self):
                    self.velocity = 0.9 * self.velocity - 0.1 * self.grad
                    self.data += self.velocity
                    self.grad = 0.0
            p = Parameter(2.0)
            for _ in range(3):
                (p * p).backward()
                p.step()
                print(p.data, p.velocity)
            """,
        "made before one of the class itself": """
            class Parameter(Value):
                pass
            p = Parameter(2.0)
            (p * p + Value(1.0)).backward()
            print(p.grad, type(p) is Parameter)
            """,
        "with an operator of its own": """
            class Saturated(Value):
                def __add__(self, other):
                    return Saturated(min(1.0, super().__add__(other).data))
            s = Saturated(0.75)
            print((s + s).data, (s + Value(1.0)).data, type(s + s).__name__)
            """,
        "of a subclass": """
            class A(Value):
                kind = 'a'
            class B(A):
                kind = 'b'
            b = B(2.0)
            print(b.kind, isinstance(b, A), B.__mro__[1] is A, (b * b).data, type(b).__mro__.index(Value))
            """,
        "with a registry": """
            class Parameter(Value):
                made = []
                def __init__(self, data):
                    super().__init__(data)
                    Parameter.made.append(self)
            a, b = Parameter(1.0), Parameter(2.0)
            (a * b).backward()
            print([p.grad for p in Parameter.made])
            """,
        "with a mixin": """
            class Named:
                name = 'n'
                def named(self):
                    return self.name
            class Both(Named, Value):
                pass
            b = Both(2.0)
            b.name = 'm'
            print(b.named(), (b + 1).data, isinstance(b, Named))
            """,
        "with __slots__": """
            class Small(Value):
                __slots__ = ('note',)
            s = Small(1.0)
            s.note = 'n'
            print(s.note, (s + 1).data)
            """,
        "with __init_subclass__": """
            class Base(Value):
                known = []
                def __init_subclass__(cls):
                    Base.known.append(cls.__name__)
            class Sub(Base):
                pass
            print(Sub(2.0).data, Base.known)
            """,
        "whose numbers are copied": """
            import copy
            class Parameter(Value):
                pass
            p = Parameter(2.0)
            p.note = 'n'
            q = copy.deepcopy(p)
            print(type(q).__name__, type(q) is Parameter, q.note, q.data, copy.copy(p).note)
            """,
    }

    @pytest.mark.parametrize("what", PROGRAMS)
    def test_run_on_fastgrad(self, script, what):
        assert both_ways(script(OWN_ENGINE + textwrap.dedent(self.PROGRAMS[what]))).said == [ON_FASTGRAD]


class TestGrads:
    KINDS = {
        "float": ("0.0", "x.grad = 0.0"),
        "int": ("0", "x.grad = 0"),
        "None": ("None", "x.grad = None"),
        "int, set to a float": ("0", "x.grad = 0.0"),
        "None, set to 0": ("None", "x.grad = 0.0"),
    }

    @pytest.mark.parametrize("kind", KINDS)
    def test_that_nothing_has_reached(self, script, kind):
        first, zeroed = self.KINDS[kind]
        engine = (
            SHAPES["closures"].replace("self.data, 0.0", "self.data, ?").replace("= data, 0.0,", f"= data, {first},")
        )
        if first == "None":
            engine = engine.replace("self.grad += ", "self.grad = (self.grad or 0.0) + ")
            engine = engine.replace("other.grad += ", "other.grad = (other.grad or 0.0) + ")
        program = f"""
            x, y, unused = Value(2.0), Value(0.0), Value(1.0)
            def shown(*numbers):
                print([(type(v.grad).__name__, v.grad) for v in numbers])
            shown(x, y, unused)
            z = x * y
            shown(z)
            z.backward()
            shown(x, y, unused)
            {zeroed}
            shown(x)
            (x * y).backward()
            shown(x, y)
            x.grad = None
            shown(x)
            """
        ran = both_ways(script(engine + textwrap.dedent(program)))
        assert [line.split(") ")[1] for line in ran.said] == ["runs on fastgrad"]
        assert "'NoneType'" in ran.output.splitlines()[-1]


class TestNumbered:
    """Engines that give each number a name or an id of its own."""

    NAMES = {
        "counted on the class": ("Value.made += 1\n        self.id = Value.made", ""),
        "counted in the module": ("global made; made += 1; self.id = f'v{made}'", "made = 0"),
        "of itertools": ("self.id = next(made)", "import itertools\nmade = itertools.count(10)"),
        "by the length of a list": ("made.append(0)\n        self.id = len(made)", "made = []"),
        "by its address": ("self.id = 'v' + str(id(self))", ""),
        "drawn": ("self.id = random.randrange(10**6)", "import random\nrandom.seed(3)"),
        "of uuid": ("self.id = str(uuid.UUID(int=random.getrandbits(128)))", "import random, uuid\nrandom.seed(3)"),
    }

    @pytest.mark.parametrize("how", NAMES)
    def test_keep_them(self, script, how):
        kept, before = self.NAMES[how]
        engine = OWN_ENGINE.replace("self.data, self.grad", f"{kept}\n        self.data, self.grad", 1)
        engine = engine.replace("class Value:", "class Value:\n    made = 0")
        program = "x = Value(3.0)\ny = x * x + 1\nnames = [v.id for v in (x, y, Value(1))]\n"
        program += "print(y.data, names if 'addr' not in how else names[0] == 'v' + str(id(x)))\n"
        both_ways(script(f"how = {how!r}\n{before}\n{engine}\n{program}"))

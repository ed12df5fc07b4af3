"""``fastgrad run``: what a program sees, and which classes are exchanged."""

import sys
import textwrap

import pytest

from fastgrad.run import first_difference, parse_replacement, run_script
from support.teaching_engines import OTHER_DIALECT, OWN_ENGINE, TRAINING, command, lines_about_classes, python


class TestMicrograd:
    def test_its_imports_are_served(self, script):
        path = script("""
            import micrograd.engine
            from micrograd import nn
            from micrograd.engine import Value
            import fastgrad
            assert micrograd.engine.Value is Value is fastgrad.Value
            neuron = nn.Neuron(2)
            print(neuron, type(neuron).__module__)
        """)
        done = command(path)
        assert (done.stdout, done.stderr) == ("ReLUNeuron(2) micrograd.nn\n", "")

    def test_a_module_it_has_not_is_not_found(self, script):
        done = command(script("import micrograd.optim"))
        assert done.stderr.endswith("ModuleNotFoundError: No module named 'micrograd.optim'\n")

    def test_served_only_while_the_program_runs(self, script, monkeypatch):
        marker = object()
        monkeypatch.setitem(sys.modules, "micrograd", marker)
        known = {name for name in sys.modules if name.startswith("micrograd.")}
        before = list(sys.meta_path), list(sys.path), list(sys.argv), sys.modules["__main__"]
        run_script(script("import micrograd.nn\nassert micrograd.nn.MLP"))
        assert sys.modules["micrograd"] is marker
        assert {name for name in sys.modules if name.startswith("micrograd.")} == known
        assert (list(sys.meta_path), list(sys.path), list(sys.argv), sys.modules["__main__"]) == before

    def test_methods_may_be_added_to_its_value(self, script):
        path = script("""
            from micrograd.engine import Value
            from micrograd.nn import Neuron
            def cubed(self):
                return self * self * self
            Value.cubed = cubed
            y = Neuron(1, nonlin=False)([Value(2.0)]).cubed()
            print(type(y).__name__, isinstance(y, Value))
        """)
        done = command(path)
        assert (done.stdout, done.stderr) == ("Value True\n", "")


class TestReplace:
    PROGRAM = "from {0} import Scalar\nx = Scalar(0.5)\n(x * x).backward()\nprint(x)\n"

    @pytest.mark.parametrize("module", ["engine", "course.week_1.engine"])
    def test_a_module_is_served_under_any_name(self, script, module):
        done = command("--replace", f"{module}=Scalar", script(self.PROGRAM.format(module)))
        assert (done.stdout, done.stderr) == ("Scalar(0.5, grad = 1.0)\n", "")

    def test_the_module_wins_over_a_file_of_that_name(self, script):
        script("raise RuntimeError('the slow engine was imported')", "engine.py")
        done = command("--replace", "engine=Scalar", script(self.PROGRAM.format("engine")))
        assert done.stdout == "Scalar(0.5, grad = 1.0)\n"

    def test_other_modules_of_a_real_package_stay(self, script, tmp_path):
        (tmp_path / "course").mkdir()
        (tmp_path / "course" / "__init__.py").write_text("term = 'autumn'\n")
        (tmp_path / "course" / "engine.py").write_text("raise RuntimeError\n")
        path = script("import course.engine\nprint(course.term, course.engine.Value(1.0))")
        assert command("--replace", "course.engine=Value", path).stdout == "autumn Value(data=1.0, grad=0.0)\n"

    def test_afterwards_nothing_of_it_is_left(self, script):
        run_script(script("import course.engine"), replace=[("course.engine", "Value")])
        assert not [name for name in sys.modules if name.partition(".")[0] == "course"]

    def test_may_be_given_several_times(self, script):
        path = script("import a.b, c\nprint(a.Scalar(1.0), a.b.Value(2.0), c.Value(3.0), c.Scalar.__name__)")
        options = ["--replace", "a=Scalar", "--replace", "a.b=Value", "--replace", "c=Value", "--replace", "c=Scalar"]
        done = command(*options, path)
        assert done.stdout == "Scalar(1.0, grad = 0.0) Value(data=2.0, grad=0.0) Value(data=3.0, grad=0.0) Scalar\n"

    def test_methods_may_be_added_to_the_class(self, script):
        path = script("import engine\nengine.Scalar.twice = lambda x: x * 2.0\nprint(engine.Scalar(1.5).twice().data)")
        done = command("--replace", "engine=Scalar", path)
        assert (done.stdout, done.stderr) == ("3.0\n", "")

    def test_what_is_offered_is_listed(self):
        with pytest.raises(
            ValueError, match="the classes Scalar and Value and the dialects seed0, seed1, seed2, not 'x'"
        ):
            parse_replacement("engine=x")

    @pytest.mark.parametrize("text", ["engine", "=Scalar", "engine=", "engine=Tensor", "my engine=Value", "a..b=Value"])
    def test_bad_forms_are_refused_with_a_sentence(self, text, script):
        with pytest.raises(ValueError, match="cannot replace .*: (expected a module's name|fastgrad offers)"):
            parse_replacement(text)
        done = command("--replace", text, script(""))
        assert done.returncode == 2
        assert f"cannot replace {text!r}" in done.stderr


class TestDialects:
    PROGRAMS = {
        "seed0": """
            import numpy as np
            from engine import Scalar
            from course.nn import Layer, MultiLayerPerceptron, Perceptron
            np.random.seed(3)
            mlp = MultiLayerPerceptron(n_inputs=2, n_outputs=1, n_perceptrons_per_layer=3)
            for step in range(3):
                loss = (mlp([Scalar(1.0, label="x1"), Scalar(-1.0, label="x2")]) - 0.5) ** 2
                parameters = [p for layer in mlp.layers for one in layer.perceptrons for p in one.weights + [one.bias]]
                for p in parameters:
                    p.grad = 0.0
                loss.backward()
                for p in parameters:
                    p.data -= 0.1 * p.grad
            print(f"{loss.data:.9f}", isinstance(mlp.layers[0].perceptrons[0].bias, Scalar), Layer, Perceptron)
            """,
        "seed1": """
            import random
            from course.nn import Layer, MLP, Neuron
            from engine import Value
            random.seed(3)
            mlp = MLP(2, [3, 1])
            for step in range(3):
                loss = sum([(mlp(x) - y) ** 2 for x, y in [([1.0, 2.0], 1.0), ([0.5, -1.0], -1.0)]]) ** 0.5
                for p in mlp.parameters():
                    p.grad = 0
                loss.backwards()
                for p in mlp.parameters():
                    p.data += -0.01 * p.grad
            print(f"{loss.data:.9f}", type(mlp.layers[0].neurons[0].w[0]) is Value, Layer, Neuron)
            """,
        "seed2": """
            import random
            from course.nn import *
            from engine import Value
            random.seed(3)
            model = MLP(2, [3, 1])
            for step in range(3):
                loss = sum((model(x) - y) ** 2 for x, y in [([1.0, 2.0], 1.0), ([0.5, -1.0], -1.0)])
                model.zero_grad()
                loss.backward()
                for p in model.parameters():
                    p.data -= 0.05 * p.grad
            print(f"{loss.data:.9f}", isinstance(model, Module), Layer, Neuron, Value(1.0))
            """,
    }

    @pytest.mark.parametrize("dialect", PROGRAMS)
    def test_a_program_is_served_its_dialect(self, script, dialect):
        options = ["--replace", f"course.nn={dialect}", "--replace", f"engine={dialect}"]
        done = command(*options, script(self.PROGRAMS[dialect]))
        assert done.stderr == ""
        assert "<class 'course.nn.Layer'>" in done.stdout
        loss, rest = done.stdout.split(maxsplit=1)
        assert 0.0 < float(loss) < 10.0
        assert rest.startswith("True ")

    def test_its_classes_are_pickled_by_their_served_names(self, script):
        path = script("""
            import pickle
            from nn import MLP
            mlp = MLP(2, [2, 1])
            print(pickle.loads(pickle.dumps(mlp))([1.0, 2.0]).data == mlp([1.0, 2.0]).data)
        """)
        done = command("--replace", "nn=seed1", path)
        assert (done.stdout, done.stderr) == ("True\n", "")

    def test_methods_may_be_added_to_its_numbers(self, script):
        path = script("""
            import engine
            from nn import MLP, Value
            def cubed(self):
                return self * self * self
            Value.cubed = cubed
            y = MLP(2, [2, 1])([1.0, 2.0])
            print(type(y) is Value is engine.Value, y.cubed().data == y.data * y.data * y.data)
        """)
        done = command("--replace", "nn=seed2", "--replace", "engine=Value", path)
        assert (done.stdout, done.stderr) == ("True True\n", "")

    def test_what_a_program_changes_is_not_changed_for_others(self, script):
        path = script("import nn\nnn.MLP.extra = 1\nnn.Layer.__call__ = None")
        run_script(path, replace=[("nn", "seed1")])
        from fastgrad.compat import seed1

        assert not hasattr(seed1.MLP, "extra")
        assert seed1.Layer(1, 1)([1.0]).grad == 0.0

    def test_help_says_what_there_is(self):
        text = command("--help").stdout
        assert all(f"\n  {dialect}  " in text for dialect in ("seed0", "seed1", "seed2"))


class TestOwnClass:
    def test_a_training_prints_the_same(self, script):
        path = script(OWN_ENGINE + TRAINING)
        done, plain = command(path), python(path)
        assert done.stderr == "fastgrad: class Value (line 2) is run on fastgrad.Value\n"
        assert plain.stdout.count("\n") == 6
        assert first_difference(plain.stdout, done.stdout) is None

    def test_the_name_is_bound_to_fastgrads_class(self, script):
        program = "\nimport fastgrad\nprint({0} is fastgrad.{1})"
        for name, target in [("Value", "Value"), ("Node", "Value"), ("Scalar", "Scalar")]:
            source = OWN_ENGINE.replace("Value", name).replace("_children=(), _op=''", "label=None")
            done = command(script(source + program.format(name, target)))
            assert done.stderr == f"fastgrad: class {name} (line 2) is run on fastgrad.{target}\n"
            assert done.stdout == "True\n"

    def test_a_deep_graph_needs_no_recursion(self, script):
        path = script(
            OWN_ENGINE + "x = y = Value(1.0)\nfor _ in range(5000):\n    y = y + 1\ny.backward()\nprint(x.grad)"
        )
        assert "RecursionError" in python(path).stderr
        assert command(path).stdout == "1.0\n"

    def test_the_other_dialect_keeps_its_looks(self, script):
        program = "x = Number(0.5, 'x')\ny = (x * 2.0 + Number(-3.0, label='b')).tanh()\ny.backwards()\nprint(y, x)\n"
        path = script(OTHER_DIALECT + program)
        done = command(path)
        assert done.stderr == "fastgrad: class Number (line 4) is run on fastgrad.Value\n"
        assert first_difference(python(path).stdout, done.stdout) is None
        assert "Number(label=x, data=0.5, grad=" in done.stdout

    @pytest.mark.parametrize(
        "fields",
        [
            "self.data = data\n        self.grad = 0",
            "(self.data, self.grad), self._op = (data, 0), ''",
            "self.data: float = data\n        self.grad: float = 0",
            "self.__dict__.update(data=data, grad=0)\n    data = grad = None",
            "self.both = [data, 0]\n    def data(self): return self.both[0]\n    def grad(self): return self.both[1]",
            "object.__setattr__(self, 'data', data)\n    __slots__ = ('data', 'grad', '_prev', '_op', '_backward')",
        ],
    )
    def test_data_and_grad_may_be_set_in_many_ways(self, script, fields):
        own = "    def __init__(self, data, _children=(), _op=''):\n        " + fields
        methods = "".join(
            f"    def {name}(self, other=None): return self\n" for name in ("__add__", "__mul__", "backward")
        )
        done = command(script(f"class Value:\n{own}\n{methods}\nprint(Value(1.0) + 2.0)"))
        assert done.stdout == "Value(data=3.0, grad=0.0)\n"

    def test_a_dataclass_is_an_engine_too(self, script):
        done = command(
            script("""
            from dataclasses import dataclass

            @dataclass(eq=False)
            class Value:
                data: float
                grad: float = 0.0
                label: str = ""
                def __add__(self, other): ...
                def __mul__(self, other): ...
                def backward(self): ...

            print(Value(1.0, label="x") * 2.0)
            """)
        )
        assert done.stdout == "Value(data=2.0, grad=0.0)\n"

    def test_each_definition_in_a_notebooks_script_is_handled(self, script):
        sketch = "class Value:\n    def __init__(self, data): self.data = data\n    def __repr__(self): return '<1>'\n"
        extra = OWN_ENGINE.replace("# more methods", "def mish(self): return self.data")
        path = script(sketch + "print(Value(1))" + OWN_ENGINE + "print(Value(2))" + extra + "print(Value(3).mish())")
        done = command(path)
        assert done.stdout == "<1>\nValue(data=2.0, grad=0.0)\n3\n"
        verdicts = [line.partition(") is ")[2] for line in lines_about_classes(done)]
        assert verdicts == ["run on fastgrad.Value", "left alone: fastgrad.Value has no mish"]

    def test_classes_in_functions_are_not_looked_at(self, script):
        path = script(
            "def make():\n" + textwrap.indent(OWN_ENGINE, "    ") + "    return Value\nprint(make().__module__)"
        )
        done = command(path)
        assert (done.stdout, done.stderr) == ("__main__\n", "")

    def test_a_class_under_a_condition_is(self, script):
        done = command(script("if True:\n" + textwrap.indent(OWN_ENGINE, "    ") + "\nprint(Value(1.0))"))
        assert done.stdout == "Value(data=1.0, grad=0.0)\n"

    def test_methods_added_later_are_the_scripts(self, script):
        program = """
def cube(self):
    out = Value(self.data**3, (self,), "cube")
    def _backward():
        self.grad += 3 * self.data**2 * out.grad
    out._backward = _backward
    return out
Value.cube = cube
x = Value(2.0)
y = (x + 1.0).cube() * 2.0
y.backward()
print(y.data, x.grad)
"""
        done = command(script(OWN_ENGINE + program))
        assert done.stdout == "54.0 54.0\n"
        assert done.stderr == "fastgrad: class Value (line 2) is run on fastgrad.Value\n"

    def test_a_subclass_of_the_engine_runs_on_fastgrad(self, script):
        program = (
            "class Angle(Value):\n    def halved(self): return self * 0.5\nprint((Angle(3.0) + 1.0).halved().data)\n"
        )
        done = command(script(OWN_ENGINE + program))
        assert done.stdout == "2.0\n"
        assert len(lines_about_classes(done)) == 1


class TestLeftAlone:
    def verdict(self, path, expected_output):
        done = command(path)
        assert done.stdout == expected_output
        (line,) = lines_about_classes(done)
        return line.partition(" is left alone: ")[2]

    @pytest.mark.parametrize(
        "method",
        [
            "def mish(self): pass",
            "def __matmul__(self, other): pass",
            "def __eq__(self, other): return self.data == other.data",
            "def __float__(self): return self.data",
            "mish = __add__",
            "@property\n    def mish(self): pass",
        ],
    )
    def test_for_a_method_that_fastgrad_lacks(self, script, method):
        name = next(name for name in ("mish", "__matmul__", "__eq__", "__float__") if name in method)
        path = script(OWN_ENGINE.replace("# more methods", method) + "print(Value.__module__)")
        assert self.verdict(path, "__main__\n") == f"fastgrad.Value has no {name}"

    def test_with_all_such_methods_named(self, script):
        methods = (
            "def swish(self): pass\n    def mish(self): pass\n    def _helper(self): pass\n    def tanh(self): pass"
        )
        path = script(OWN_ENGINE.replace("# more methods", methods))
        assert self.verdict(path, "") == "fastgrad.Value has no mish, swish"

    def test_for_an_attribute_that_the_program_reads(self, script):
        engine = OWN_ENGINE.replace("self._backward =", "self.parents = _children\n        self._backward =", 1)
        assert lines_about_classes(command(script(engine)))[0].endswith("is run on fastgrad.Value")
        path = script(engine + "print((Value(1) + Value(2)).parents[1].data)")
        assert self.verdict(path, "2\n") == "fastgrad.Value has no parents"

    def test_for_an_argument_that_the_program_passes(self, script):
        engine = OWN_ENGINE.replace('_op="")', '_op="", trainable=True)', 1)
        assert lines_about_classes(command(script(engine)))[0].endswith("is run on fastgrad.Value")
        for call in ("Value(1, trainable=False)", "Value(1, (), '', False)"):
            path = script(engine + f"print({call}.data)")
            assert self.verdict(path, "1\n") == "fastgrad.Value is not made with trainable"

    def test_for_an_operation_that_changes_its_number(self, script):
        plain = OWN_ENGINE.replace("# more methods", "def __iadd__(self, other): return self + other")
        assert lines_about_classes(command(script(plain)))[0].endswith("is run on fastgrad.Value")
        changing = plain.replace("return self + other", "self.data += other; return self")
        assert self.verdict(script(changing), "") == "fastgrad.Value has no __iadd__"

    def test_for_a_base_class_from_elsewhere(self, script):
        path = script("import numbers" + OWN_ENGINE.replace("class Value:", "class Value(numbers.Number):"))
        assert self.verdict(path, "") == "its base class numbers.Number is not defined in this script"

    def test_for_options_that_may_name_a_metaclass(self, script):
        path = script("options = {}" + OWN_ENGINE.replace("class Value:", "class Value(**options):"))
        assert self.verdict(path, "") == "its base class **options is not defined in this script"

    def test_not_for_a_base_class_of_its_own(self, script):
        base = "class Named(object):\n    def named(self): pass\n"
        plain_base = base.replace("named(self)", "tanh(self)")
        engine = OWN_ENGINE.replace("class Value:", "class Value(Named):")
        assert lines_about_classes(command(script(plain_base + engine)))[0].endswith("is run on fastgrad.Value")
        assert self.verdict(script(base + engine), "") == "fastgrad.Value has no named"

    def test_for_arrays(self, script):
        engine = OWN_ENGINE.replace("self.data, self.grad = data, 0", "self.data, self.grad = np.asarray(data), 0")
        path = script("import numpy as np\n" + engine + "print(Value([1, 2]).data)")
        assert self.verdict(path, "[1 2]\n") == "it works on arrays (asarray), and fastgrad's numbers are single"

    def test_for_an_unknown_decorator(self, script):
        path = script("def register(c): return c\n@register" + OWN_ENGINE)
        assert self.verdict(path, "") == "its decorator register may need the class as it is"

    def test_without_a_word_if_it_is_no_engine(self, script):
        for part in ("def backward", "__add__", "__mul__", "self.grad"):
            done = command(script(OWN_ENGINE.replace(part, part + "x")))
            assert done.stderr == "", part


class TestLikeAPlainRun:
    def same(self, *arguments, **options):
        """Run a script both ways, check that all that can be seen agrees, and return the run on fastgrad."""
        plain, done = python(*arguments, **options), command(*arguments, **options)
        assert (done.returncode, done.stdout, done.stderr) == (plain.returncode, plain.stdout, plain.stderr)
        return done

    def test_surroundings(self, script, tmp_path):
        script("here = __file__", "sibling.py")
        script("""
            '''Its own words.'''
            from __future__ import annotations
            import sys, sibling
            def f(x: not_evaluated): pass
            print(__name__, __file__, __doc__, sys.argv, sys.path[0], sibling.here, sys.modules['__main__'].f is f)
        """)
        options = ["--version", "-x", "--compare", "--replace", "a b"]
        assert "['program.py', '--version'," in self.same("program.py", *options, cwd=tmp_path).stdout

    @pytest.mark.parametrize("code", ["3", "0", "None", "'a message'"])
    def test_exit(self, script, code):
        self.same(script(f"import sys\nprint('before')\nsys.exit({code})"))

    def test_an_exceptions_traceback(self, script):
        path = script("""
            def outer():
                try:
                    [][0]
                except IndexError as error:
                    raise KeyError("outer") from error

            outer()
        """)
        done = self.same(path)
        assert done.returncode == 1
        assert "fastgrad" not in done.stderr

    def test_a_traceback_after_an_exchanged_class_has_the_files_lines(self, script):
        source = OWN_ENGINE + "def fail():\n    return Value(1.0) / 0.0\n\nfail()\n"
        done = command(script(source))
        assert f"line {source.count(chr(10))}, in <module>" in done.stderr
        assert "return Value(1.0) / 0.0" in done.stderr
        assert done.stderr.splitlines()[-1].startswith("ZeroDivisionError: ")

    def test_exceptions_reach_the_caller(self, script):
        with pytest.raises(ZeroDivisionError):
            run_script(script("1 / 0"))
        with pytest.raises(SystemExit):
            run_script(script("raise SystemExit(4)"))

    def test_a_syntax_error(self, script):
        assert "SyntaxError" in self.same(script("x = 1\ny = (\n")).stderr

    def test_a_missing_script(self, tmp_path):
        for path in (str(tmp_path / "absent.py"), str(tmp_path)):
            done = command(path)
            assert done.returncode == 2
            assert done.stderr.startswith(f"fastgrad: cannot open the script {path!r}: ")
            assert done.stderr.count("\n") == 1

    def test_another_source_encoding(self, tmp_path):
        path = tmp_path / "latin.py"
        path.write_bytes("# -*- coding: latin-1 -*-\nprint(ascii('é'))\n".encode("latin-1"))
        assert self.same(str(path)).stdout == "'\\xe9'\n"

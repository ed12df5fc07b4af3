"""``--replace``: a program is served whole modules, with fastgrad's numbers or a dialect of networks in them."""

import sys

import pytest

from fastgrad.run import parse_replacement, run_script
from fastgrad.run.serving import DIALECTS, NUMBERS, offers
from support.teaching_engines import OWN_ENGINE, command, said


class TestModules:
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
            ValueError, match="the classes Scalar and Value and the dialects seed0, seed1, .*, microgpt, not 'x'"
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
        "eurekalabs": """
            from course.nn import *
            from engine import Value
            model = MLP(2, [3, 1])
            for step in range(3):
                loss = sum((model(x)[0] - y) ** 2 for x, y in [([1.0, 2.0], 1.0), ([0.5, -1.0], -1.0)])
                model.zero_grad()
                loss.backward()
                for p in model.parameters():
                    p.data -= 0.05 * p.grad
            print(f"{loss.data:.9f}", model.layers[0].neurons[0].nonlin, Layer, Neuron)
            """,
        "microgpt": """
            from course.nn import linear, softmax, rmsnorm, Value
            import engine
            w = [[Value(0.1 * (j - k)) for j in range(3)] for k in range(3)]
            loss = -softmax(linear(rmsnorm([Value(1.0), Value(2.0), Value(-1.0)]), w))[0].log()
            loss.backward()
            print(f"{loss.data:.9f}", w[0][0].grad != 0.0, "<class 'course.nn.Layer'>")
            """,
        "minitorch": """
            from course.nn import *
            from engine import Scalar
            class Line(Module):
                def __init__(self):
                    super().__init__()
                    self.slope = Parameter(Scalar(0.5))
                def forward(self, x):
                    return self.slope.value * x
            line = Line()
            optimizer = SGD(line.parameters(), 0.05)
            for step in range(3):
                optimizer.zero_grad()
                loss = (line(2.0) - 3.0) * (line(2.0) - 3.0)
                loss.backward()
                optimizer.step()
            print(f"{loss.data:.9f}", line.slope.value.data != 0.5, "<class 'course.nn.Layer'>")
            """,
    }

    @pytest.mark.parametrize("dialect", PROGRAMS)
    def test_a_program_is_served_its_dialect(self, script, dialect):
        options = ["--replace", f"course.nn={dialect}", "--replace", f"engine={dialect}"]
        done = command(*options, script(self.PROGRAMS[dialect]))
        assert done.stderr == ""
        assert ".Layer'>" in done.stdout
        loss, rest = done.stdout.splitlines()[-1].split(maxsplit=1)
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
        assert (done.stdout.splitlines()[-1], done.stderr) == ("True", "")

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
        done = command("--replace", "nn=seed2", "--replace", "engine=seed2", path)
        assert (done.stdout, done.stderr) == ("True True\n", "")

    def test_what_a_program_changes_is_not_changed_for_others(self, script):
        path = script("import nn\nnn.MLP.extra = 1\nnn.Layer.__call__ = None")
        run_script(path, replace=[("nn", "seed1")])
        from fastgrad.compat import seed1

        assert not hasattr(seed1.MLP, "extra")
        assert seed1.Layer(1, 1)([1.0]).grad == 0.0

    def test_help_says_what_there_is(self):
        text = command("--help").stdout
        assert all(f"\n  {dialect} " in text for dialect in DIALECTS)

    @pytest.mark.parametrize("dialect", DIALECTS)
    def test_it_offers_what_its_own_module_has(self, dialect):
        module = __import__(f"fastgrad.compat.{dialect}", fromlist=["*"])
        assert all(hasattr(module, name) for name in offers(dialect))
        assert [offers(name) for name in NUMBERS] == [["Scalar"], ["Value"]]


class TestBesideTheExchange:
    def test_an_engine_of_the_program_is_exchanged_beside_replaced_networks(self, script):
        script(OWN_ENGINE, "engine.py")
        path = script(
            "from nn import MLP\nfrom engine import Value\nx = Value(2.0)\nprint((x * x).data, MLP.__module__)"
        )
        done = command("--replace", "nn=seed2", path)
        assert done.stdout == "4.0 nn\n"
        (line,) = said(done)
        assert line.endswith("engine.py, line 2) runs on fastgrad")

    def test_a_replaced_engine_is_not_tried(self, script):
        script(OWN_ENGINE, "engine.py")
        done = command("--replace", "engine=Value", script("from engine import Value\nprint(Value(2.0) * 3)"))
        assert (done.stdout, done.stderr) == ("Value(data=6.0, grad=0.0)\n", "")


class TestWhatWasNotServed:
    def test_a_module_that_was_never_imported(self, script):
        options = ["--replace", "nnn=seed1", "--replace", "nnn=Value", "--replace", "a.b=Value"]
        done = command(*options, script("import sys, a\nsys.exit('at the end')"))
        assert done.stderr == (
            "fastgrad: --replace nnn=seed1 --replace nnn=Value served nothing: the program never imported nnn\n"
            "fastgrad: --replace a.b=Value served nothing: the program never imported a.b\n"
            "at the end\n"
        )

    @pytest.mark.parametrize(
        ("program", "start"),
        [
            ("from nn import MLP", "ImportError: cannot import name 'MLP' from 'nn': "),
            ("import nn\nnn.MLP", "AttributeError: module 'nn' has no attribute 'MLP': "),
        ],
    )
    def test_a_name_that_the_target_lacks(self, script, program, start):
        done = command("--replace", "nn=Value", script(program))
        assert done.returncode == 1
        line = done.stderr.splitlines()[-1]
        assert line.startswith(
            f"{start}--replace nn=Value offers only Value; the targets of --replace are Scalar, Value, "
        )
        assert all(f"{dialect} ({', '.join(offers(dialect))})" in line for dialect in DIALECTS)
        assert line.endswith("without --replace a module's own class is exchanged, all other names stay")

    @pytest.mark.parametrize("program", ["from json import MLP", "import json\njson.MLP", "None.MLP", "import absent"])
    def test_other_errors_are_the_programs(self, script, program):
        path = script("import nn\n" + program)
        assert "--replace" not in command("--replace", "nn=Value", path).stderr

    def test_a_program_may_catch_the_error(self, script):
        path = script("try:\n    from nn import MLP\nexcept ImportError:\n    import nn\n    print(hasattr(nn, 'MLP'))")
        done = command("--replace", "nn=Value", path)
        assert (done.stdout, done.stderr) == ("False\n", "")

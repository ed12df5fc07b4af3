"""What ``fastgrad run`` says: with ``--compare``, on what it did not serve, and on the command line."""

import os

import pytest

import fastgrad
from fastgrad.run import first_difference
from support.places import PACKAGE_FOLDER
from support.teaching_engines import OTHER_DIALECT, OWN_ENGINE, TRAINING, command, python


class TestCompare:
    def test_agreement(self, script):
        done = command("--compare", script(OWN_ENGINE + TRAINING))
        assert done.returncode == 0, done.stdout + done.stderr
        plain, fast, ratio, verdict = done.stdout.splitlines()
        assert plain.startswith("the plain run: ")
        assert fast.startswith("the run on fastgrad: ")
        assert ratio.startswith("ratio: ")
        assert verdict == "the printed output agrees: 6 lines, numbers within 1e-09"
        assert done.stderr == "fastgrad: class Value (line 2) is run on fastgrad.Value\n"

    def test_difference(self, script):
        path = script("import sys\nprint('the same')\nprint('__main__' in sys.modules, 'fastgrad' in sys.modules)")
        done = command("--compare", path)
        assert done.returncode == 1
        assert done.stdout.splitlines()[-3:] == [
            "the printed output differs, first in line 2:",
            "  plain:    True False",
            "  fastgrad: True True",
        ]

    def test_the_programs_arguments_and_replacements_are_passed_on(self, script):
        path = script("import sys\nassert sys.argv[1:] == ['--compare', '7']\nfrom engine import Value")
        done = command("--compare", "--replace", "engine=Value", path, "--compare", "7")
        assert "ModuleNotFoundError: No module named 'engine'" in done.stdout
        assert "the run on fastgrad: " in done.stdout

    def test_a_plain_run_that_fails(self, script):
        path = script(OWN_ENGINE + "y = Value(1.0)\nfor _ in range(5000):\n    y = y + 1\ny.backward()")
        done = command("--compare", path)
        assert done.returncode == 1
        assert "the plain run failed with exit code 1" in done.stdout
        assert "RecursionError" in done.stdout
        assert "the run on fastgrad: " in done.stdout

    def test_a_run_on_fastgrad_that_fails(self, script):
        done = command("--compare", script("import sys\nassert 'fastgrad' not in sys.modules, 'found it'"))
        assert done.returncode == 1
        assert "the run on fastgrad failed with exit code 1" in done.stdout
        assert "AssertionError: found it" in done.stdout

    def test_micrograd_is_named_where_the_plain_run_lacks_it(self, script, tmp_path):
        script(
            """
            import sys
            class Blocked:
                def find_spec(self, name, path=None, target=None):
                    if name == "micrograd":
                        raise ModuleNotFoundError("No module named 'micrograd'")
            sys.meta_path.insert(0, Blocked())
            """,
            "sitecustomize.py",
        )
        path = script("from micrograd.engine import Value\nprint(Value(1.0))")
        both = os.pathsep.join([str(tmp_path), str(PACKAGE_FOLDER.parent)])
        done = command("--compare", path, env={"PYTHONPATH": both})
        assert done.returncode == 1
        assert "micrograd is not installed, and the plain run needs it: pip install micrograd" in done.stdout
        assert "the run on fastgrad: " in done.stdout

    @pytest.mark.parametrize(
        ("plain", "fast"),
        [
            ("", ""),
            ("loss 3", "loss 3.0"),
            ("w [np.float64(-15.5), np.int64(2)]", "w [-15.5, 2.0]"),
            ("np.False_ [np.True_]", "False [True]"),
            ("1e-10 0.0", "0 -1e-10"),
            ("a=123456789012.0, b", "a=123456789100, b"),
            ("5e-324 .5 7.", "0 0.5 7"),
            ("inf nan", "inf nan"),
            ("1e999", "1e999"),
            ("a\nb\n", "a\nb"),
        ],
    )
    def test_outputs_that_agree(self, plain, fast):
        assert first_difference(plain, fast) is None
        assert first_difference(fast, plain) is None

    @pytest.mark.parametrize(
        ("plain", "fast", "line"),
        [
            ("x 1.0", "x 1.00000001", 1),
            ("1e-8", "0", 1),
            ("a 1", "b 1", 1),
            ("np.False_", "True", 1),
            ("1 2", "1  2", 1),
            ("1 2", "1 2 3", 1),
            ("same\nnan", "same\n0.0", 2),
            ("1\n2", "1", 2),
            ("1", "1\n", None),
            ("1", "1\n\n", 2),
        ],
    )
    def test_outputs_that_differ(self, plain, fast, line):
        for difference in (first_difference(plain, fast), first_difference(fast, plain)):
            assert difference is None if line is None else difference[0] == line


class TestWhatReplaceDidNotServe:
    ENGINE_STAYS = (
        "fastgrad: class Value in module engine (line 2) is left alone: --replace engine=Value would serve it\n"
    )

    @pytest.fixture
    def engine(self, script):
        return script(OWN_ENGINE, "engine.py")

    def test_an_engine_in_another_file_is_named_with_its_option(self, script, engine):
        path = script("from engine import Value\nprint(type(Value(1.0)).__module__)")
        done = command(path)
        assert (done.stdout, done.stderr) == ("engine\n", self.ENGINE_STAYS)
        done = command("--replace", "engine=Value", path)
        assert (done.stdout, done.stderr) == ("fastgrad\n", "")

    def test_an_engine_beside_replaced_networks_is_named_before_they_meet(self, script, engine):
        path = script("from nn import MLP\nfrom engine import Value\nMLP(1, [1])(Value('a number'))")
        done = command("--replace", "nn=seed2", path)
        assert done.stderr.startswith(self.ENGINE_STAYS + "Traceback")
        assert "fastgrad" not in done.stderr.removeprefix(self.ENGINE_STAYS).splitlines()[-1]

    def test_an_engine_that_another_file_imports(self, script, engine):
        script("from engine import Value", "nn.py")
        assert command(script("import nn, importlib; importlib.import_module('engine')")).stderr == self.ENGINE_STAYS

    def test_an_engine_in_a_package(self, script, tmp_path):
        (tmp_path / "course").mkdir()
        script(OWN_ENGINE.replace("Value", "Scalar"), "course/engine.py")
        script("from . import engine", "course/__init__.py")
        done = command(script("import course"))
        assert done.stderr == (
            "fastgrad: class Scalar in module course.engine (line 2) is left alone: "
            "--replace course.engine=Scalar would serve it\n"
        )

    def test_an_engine_in_one_file_with_its_networks(self, script):
        script(OWN_ENGINE + "class Neuron: pass\nclass MLP: pass", "engine.py")
        line = self.ENGINE_STAYS.replace("engine=Value", "engine=seed1 or --replace engine=seed2")
        assert command(script("import engine")).stderr == line

    def test_an_engine_that_does_more_than_fastgrads(self, script):
        script(OWN_ENGINE.replace("# more methods", "def mish(self): pass"), "engine.py")
        line = self.ENGINE_STAYS.replace("serve it", "serve it, but fastgrad.Value has no mish")
        assert command(script("import engine")).stderr == line

    def test_an_engine_of_a_name_that_is_not_served(self, script):
        script(OTHER_DIALECT, "engine.py")
        assert command(script("import engine")).stderr == (
            "fastgrad: class Number in module engine (line 4) is left alone: --replace serves no class of this name\n"
        )

    @pytest.mark.parametrize("source", ["class Value: pass", "x = (", "raise KeyError('engine')"])
    def test_not_a_word_on_modules_without_an_engine(self, script, source):
        script(source, "engine.py")
        assert "fastgrad" not in command(script("import engine")).stderr

    def test_not_a_word_on_packages_installed_below_the_folder(self, script, tmp_path):
        (tmp_path / "packages").mkdir()
        script(OWN_ENGINE, "packages/engine.py")
        path = script("import sys\nsys.path.append(sys.path[0] + '/packages')\nimport engine")
        assert command(path).stderr == ""

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
        assert done.stderr.splitlines()[-1] == (
            f"{start}--replace nn=Value offers only Value; the targets of --replace are Scalar, Value, "
            "seed0 (Layer, MultiLayerPerceptron, Perceptron, Scalar), seed1 (MLP, Layer, Neuron, Value), "
            "seed2 (MLP, Layer, Module, Neuron, Value); micrograd's modules are served under their own names, "
            "without --replace"
        )

    @pytest.mark.parametrize("program", ["from json import MLP", "import json\njson.MLP", "None.MLP", "import absent"])
    def test_other_errors_are_the_programs(self, script, program):
        path = script("import nn\n" + program)
        assert "--replace" not in command("--replace", "nn=Value", path).stderr

    def test_a_program_may_catch_the_error(self, script):
        path = script("try:\n    from nn import MLP\nexcept ImportError:\n    import nn\n    print(hasattr(nn, 'MLP'))")
        done = command("--replace", "nn=Value", path)
        assert (done.stdout, done.stderr) == ("False\n", "")

    def test_compare_prints_the_lines_too(self, script, engine):
        assert command("--compare", script("import engine")).stderr == self.ENGINE_STAYS


class TestCommand:
    def test_version(self):
        done = python("-m", "fastgrad", "--version")
        assert done.stdout == f"fastgrad {fastgrad.__version__}\n"

    def test_no_command_says_what_there_is(self):
        done = python("-m", "fastgrad")
        assert done.returncode == 2
        assert "usage: fastgrad" in done.stderr

    @pytest.mark.parametrize("name", ["run", "demo"])
    def test_help_has_examples(self, name):
        done = python("-m", "fastgrad", name, "--help")
        assert f"examples:\n  fastgrad {name}" in done.stdout

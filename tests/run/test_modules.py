"""Where an engine may be: beside the script, in packages of the program, installed, or not there at all."""

import os
import sys

import pytest

from fastgrad.run import run_script
from fastgrad.run.own import is_own
from support.places import PACKAGE_FOLDER
from support.teaching_engines import OWN_ENGINE, command, python, said, same_both_ways

USE = "x = Value(3.0)\ny = x * x + x\ny.backward()\nprint(y.data, x.grad, type(y) is Value, Value.__module__)\n"
# A Python that starts with this finds no installed micrograd.
WITHOUT_MICROGRAD = """
from importlib.machinery import PathFinder
find_spec = PathFinder.find_spec
def find_others(name, path=None, target=None):
    return None if name == "micrograd" else find_spec(name, path, target)
PathFinder.find_spec = find_others
"""


def on_fastgrad(place, line=2):
    return [f"class Value ({os.path.normpath(place)}, line {line}) runs on fastgrad"]


@pytest.fixture
def files(tmp_path):
    """Write the files of a program, and return its folder."""

    def write(**sources):
        for name, source in sources.items():
            path = tmp_path / (
                name.replace("__", "/").replace("_init", "__init__").replace("_main", "__main__") + ".py"
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source)
        return tmp_path

    return write


def test_what_was_installed_into_a_folder_is_not_the_programs(tmp_path):
    assert is_own(str(tmp_path / "parts" / "engine.py"))
    installed = tmp_path / "installed"
    (installed / "engine-1.0.dist-info").mkdir(parents=True)
    assert not is_own(str(installed / "engine.py"))
    assert not is_own(str(installed / "package" / "engine.py"))
    assert is_own(str(tmp_path / "engine.py"))


class TestBeside:
    def test_a_module(self, files):
        folder = files(engine=OWN_ENGINE, train="from engine import Value\n" + USE)
        assert said(same_both_ways("train.py", cwd=folder)) == on_fastgrad("engine.py")

    def test_from_another_folder(self, files, tmp_path_factory):
        folder = files(engine=OWN_ENGINE, train="from engine import Value\n" + USE)
        done = same_both_ways(str(folder / "train.py"), cwd=tmp_path_factory.mktemp("elsewhere"))
        assert said(done) == on_fastgrad(str(folder / "engine.py"))

    def test_through_another_module(self, files):
        nn = "import engine as e\nclass Neuron:\n    def __init__(self):\n        self.w = e.Value(2.0)\n"
        folder = files(engine=OWN_ENGINE, nn=nn, train="from nn import *\nfrom engine import *\nn = Neuron()\n" + USE)
        assert said(same_both_ways("train.py", cwd=folder)) == on_fastgrad("engine.py")

    def test_with_a_switch_that_the_script_sets(self, files):
        keeps = "self._prev, self._op = set(_children) if tracking else set(), _op"
        engine = "tracking = True\n" + OWN_ENGINE.replace("self._prev, self._op = set(_children), _op", keeps)
        use = "import engine\nx = engine.Value(3.0)\ny = x * x\nengine.tracking = False\nz = x * x\n"
        use += "y.backward()\nz.backward()\nprint(x.grad, len(y._prev), len(z._prev))\n"
        assert said(same_both_ways("train.py", cwd=files(engine=engine, train=use))) == on_fastgrad("engine.py", 3)

    def test_imported_by_name(self, files):
        use = "import importlib\nValue = importlib.import_module('engine').Value\n" + USE
        folder = files(engine=OWN_ENGINE, train=use)
        assert said(same_both_ways("train.py", cwd=folder)) == on_fastgrad("engine.py")

    def test_imported_in_a_function(self, files):
        use = "def value():\n    from engine import Value\n    return Value\nValue = value()\n" + USE
        folder = files(engine=OWN_ENGINE, train=use)
        assert said(same_both_ways("train.py", cwd=folder)) == on_fastgrad("engine.py")

    def test_reloaded(self, files):
        use = "import importlib, engine\nengine.Value(1.0)\nValue = importlib.reload(engine).Value\n" + USE
        folder = files(engine=OWN_ENGINE, train=use)
        assert said(same_both_ways("train.py", cwd=folder)) == on_fastgrad("engine.py") * 2

    def test_that_was_written_by_the_program(self, files):
        use = (
            "import importlib\nopen('engine.py', 'w').write(" + repr(OWN_ENGINE) + ")\nimportlib.invalidate_caches()\n"
        )
        folder = files(train=use + "from engine import Value\n" + USE)
        assert said(same_both_ways("train.py", cwd=folder)) == on_fastgrad("engine.py")

    def test_its_source_can_be_looked_at(self, files):
        folder = files(engine=OWN_ENGINE, train="import engine, inspect\nprint(inspect.getsource(engine.Value.relu))\n")
        same_both_ways("train.py", cwd=folder)


class TestPackages:
    def test_a_package(self, files):
        folder = files(course___init="", course__engine=OWN_ENGINE, train="from course.engine import Value\n" + USE)
        assert said(same_both_ways("train.py", cwd=folder)) == on_fastgrad("course/engine.py")

    def test_without_an_init(self, files):
        folder = files(course__engine=OWN_ENGINE, train="from course.engine import Value\n" + USE)
        assert said(same_both_ways("train.py", cwd=folder)) == on_fastgrad("course/engine.py")

    def test_relative_imports(self, files):
        folder = files(
            course___init="from .core.engine import Value as Number",
            course__core___init="from . import engine",
            course__core__engine=OWN_ENGINE,
            course__nn___init="from ..core.engine import Value",
            train="import course, course.nn\nValue = course.Number\nprint(course.nn.Value is Value)\n" + USE,
        )
        assert said(same_both_ways("train.py", cwd=folder)) == on_fastgrad("course/core/engine.py")

    def test_a_src_folder(self, files):
        use = "import os, sys\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'src'))\n"
        folder = files(src__course__engine=OWN_ENGINE, examples__train=use + "from course.engine import Value\n" + USE)
        assert said(same_both_ways("examples/train.py", cwd=folder)) == on_fastgrad("src/course/engine.py")

    def test_the_python_path(self, files):
        folder = files(library__engine=OWN_ENGINE, train="from engine import Value\n" + USE)
        paths = os.pathsep.join([str(PACKAGE_FOLDER.parent), str(folder / "library")])
        done = same_both_ways("train.py", cwd=folder, env={"PYTHONPATH": paths})
        assert said(done) == on_fastgrad("library/engine.py")

    def test_a_zip_file_is_left_alone(self, files):
        import zipfile

        folder = files(train="import sys\nsys.path.insert(0, 'library.zip')\nfrom engine import Value\n" + USE)
        with zipfile.ZipFile(folder / "library.zip", "w") as library:
            library.writestr("engine.py", OWN_ENGINE)
        assert said(same_both_ways("train.py", cwd=folder))[0].startswith("nothing was put on fastgrad: ")


class TestWays:
    """-m, -c and standard input."""

    ARGUMENTS = "import sys\nprint(sys.argv[1:], __name__)\n"

    def test_a_module(self, files):
        folder = files(course__train=self.ARGUMENTS + OWN_ENGINE + USE)
        done = same_both_ways("-m", "course.train", "--explain", "-c", cwd=folder)
        assert said(done) == on_fastgrad("course/train.py", 4)

    def test_a_package_with_a_main(self, files):
        folder = files(course___init="", course___main="from .engine import Value\n" + USE, course__engine=OWN_ENGINE)
        assert said(same_both_ways("-m", "course", cwd=folder)) == on_fastgrad("course/engine.py")

    def test_a_modules_surroundings(self, files):
        shown = "import sys\nmain = sys.modules['__main__']\n"
        shown += "print(sys.argv, __file__, __package__, __spec__.name, sys.path[0], main.__file__)\n"
        folder = files(course__train=shown)
        same_both_ways("-m", "course.train", "7", cwd=folder)

    def test_a_module_that_is_not_there(self, tmp_path):
        for name in ("absent", "course.absent", "email"):
            plain, done = python("-m", name, cwd=tmp_path), command("-m", name, cwd=tmp_path)
            assert done.returncode == plain.returncode == 1
            assert "No module named" in plain.stderr or "cannot be directly executed" in plain.stderr
            assert done.stderr.count("\n") == 1
            assert name.split(".")[0] in done.stderr

    def test_code(self, tmp_path):
        done = same_both_ways("-c", self.ARGUMENTS + OWN_ENGINE + USE, "--compare", "-m", cwd=tmp_path)
        assert said(done)[0].endswith(" runs on fastgrad")

    def test_code_with_a_sweep_that_is_a_function(self, tmp_path):
        code = OWN_ENGINE.replace("    def backward(self):", "def backpropagate(self):").replace("\n        ", "\n    ")
        engine = OWN_ENGINE[: OWN_ENGINE.index("    def backward")]
        function = code[code.index("def backpropagate") :]
        done = same_both_ways("-c", engine + function + USE.replace("y.backward()", "backpropagate(y)"), cwd=tmp_path)
        assert said(done)[0].endswith(" runs on fastgrad")

    def test_code_that_imports(self, files):
        folder = files(engine=OWN_ENGINE)
        assert said(same_both_ways("-c", "from engine import Value\n" + USE, cwd=folder)) == on_fastgrad("engine.py")

    def test_standard_input(self, tmp_path):
        done = same_both_ways("-", "7", input=self.ARGUMENTS + OWN_ENGINE + USE, cwd=tmp_path)
        assert said(done)[0].endswith(" runs on fastgrad")
        assert done.stdout.startswith("['7'] __main__\n")

    def test_standard_input_that_imports(self, files):
        folder = files(engine=OWN_ENGINE)
        assert said(same_both_ways("-", input="from engine import Value\n" + USE, cwd=folder)) == on_fastgrad(
            "engine.py"
        )


class TestMicrograd:
    USE = "from micrograd.engine import Value\nfrom micrograd import nn\n" + USE

    def test_a_package_of_the_program_wins(self, files):
        engine = OWN_ENGINE.replace("# more methods", "def extra(self): return 'extra'")
        folder = files(micrograd___init="", micrograd__engine=engine, micrograd__nn="from .engine import Value")
        files(train=self.USE + "print(x.extra())")
        assert said(same_both_ways("train.py", cwd=folder)) == on_fastgrad("micrograd/engine.py")

    def test_an_installed_one_is_exchanged(self, files):
        pytest.importorskip("micrograd")
        use = "import random\nrandom.seed(1)\nmlp = nn.MLP(2, [3, 1])\n"
        use += "z = mlp([1.0, x])\nz.backward()\nprint(z, mlp, x)\n"
        (line,) = said(same_both_ways("train.py", cwd=files(train=self.USE + use)))
        assert line.startswith("class Value (")
        assert line.endswith("engine.py, line 2) runs on fastgrad")

    @pytest.fixture
    def without(self, tmp_path_factory):
        """The environment of a Python that finds no micrograd."""
        folder = tmp_path_factory.mktemp("blocking")
        (folder / "sitecustomize.py").write_text(WITHOUT_MICROGRAD)
        return {"PYTHONPATH": os.pathsep.join([str(folder), str(PACKAGE_FOLDER.parent)])}

    def test_where_it_is_missing_fastgrads_stand_in_is_served(self, files, without):
        use = "import micrograd, fastgrad\nprint(nn.Neuron(2), isinstance(x, fastgrad.Node), "
        use += "micrograd.engine.Value is Value)\n"
        folder = files(train=self.USE.replace(", Value.__module__", "") + use)
        assert "No module named 'micrograd'" in python("train.py", cwd=folder, env=without).stderr
        done = command("train.py", cwd=folder, env=without)
        assert done.stdout == "12.0 7.0 True\nReLUNeuron(2) True True\n"
        assert done.stderr == ""

    def test_the_stand_in_has_no_other_modules(self, files, without):
        done = command("train.py", cwd=files(train="import micrograd.optim"), env=without)
        assert "\nModuleNotFoundError: No module named 'micrograd.optim'" in done.stderr

    def test_the_plain_run_has_no_stand_in(self, files, without):
        done = command("--plain", "train.py", cwd=files(train=self.USE), env=without)
        assert done.stderr.endswith("ModuleNotFoundError: No module named 'micrograd'\n")

    def test_compare_says_that_the_plain_run_lacks_it(self, files, without):
        done = command("--compare", "train.py", cwd=files(train=self.USE), env=without)
        assert done.returncode == 1
        assert "micrograd is not installed, and the plain run needs it: pip install micrograd" in done.stdout


class TestInstalled:
    """What somebody installed is not the program's own."""

    @pytest.fixture
    def installed(self, files):
        folder = files(train="from course.engine import Value\n" + USE)
        packages = folder / "lib" / "site-packages"
        (packages / "course").mkdir(parents=True)
        (packages / "course" / "engine.py").write_text(OWN_ENGINE)
        paths = os.pathsep.join([str(PACKAGE_FOLDER.parent), str(packages)])
        return {"cwd": folder, "env": {"PYTHONPATH": paths}}

    def test_is_not_touched(self, installed):
        (line,) = said(same_both_ways("train.py", **installed))
        assert line.startswith("nothing was put on fastgrad: no class in train.py is a number with operators")
        assert line.endswith("name it with --also PACKAGE")

    @pytest.mark.parametrize("name", ["course", "course.engine"])
    def test_but_for_what_also_names(self, installed, name):
        done = same_both_ways("train.py", options=["--also", name], **installed)
        assert said(done) == on_fastgrad("lib/site-packages/course/engine.py")

    def test_also_of_another_name(self, installed):
        (line,) = said(same_both_ways("train.py", options=["--also", "cours", "--also", "other"], **installed))
        assert line.startswith("nothing was put on fastgrad: ")

    def test_pythons_own_numbers(self, files):
        use = "from fractions import Fraction\nfrom decimal import Decimal\n"
        use += "print(Fraction(1, 3) * 2 + 1, Decimal('0.1') * 3)\nprint(Fraction.__new__.__module__)\n"
        assert len(said(same_both_ways("train.py", cwd=files(train=use)))) == 1

    def test_fastgrads_own(self, files):
        use = "from fastgrad import Value\nfrom fastgrad.reference import Value as Reference\nx = Reference(2.0)\n"
        use += "(x * x).backward()\nprint(x.grad, type(x).__module__, Value(1.0) + 2)\n"
        same_both_ways("train.py", cwd=files(train=use))


class TestCaches:
    """Python's caches of compiled files hold plain code, whoever runs first."""

    def test_none_is_written(self, files):
        folder = files(engine=OWN_ENGINE, train="from engine import Value\n" + USE)
        environment = {"PYTHONDONTWRITEBYTECODE": ""}
        assert command("train.py", cwd=folder, env=environment).returncode == 0
        assert not list(folder.rglob("*.pyc"))
        assert python("train.py", cwd=folder, env=environment).returncode == 0
        assert [path.name for path in folder.rglob("*.pyc")] == [f"engine.{sys.implementation.cache_tag}.pyc"]

    def test_none_is_read(self, files):
        folder = files(engine=OWN_ENGINE, train="from engine import Value\n" + USE)
        python("train.py", cwd=folder, env={"PYTHONDONTWRITEBYTECODE": ""})
        assert said(command("train.py", cwd=folder)) == on_fastgrad("engine.py")


class TestErrors:
    @pytest.mark.parametrize("source", ["x = (", "def f(:\n    pass", "class V:\nx = 1", "\tx = 1\n  y = 2"])
    def test_of_syntax_are_the_programs(self, files, source):
        folder = files(engine=source, train="import engine\n")
        done = command("train.py", cwd=folder)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1] == python("train.py", cwd=folder).stderr.splitlines()[-1]

    def test_of_imports_are_the_programs(self, files):
        folder = files(
            engine="raise KeyError('engine')", train="try:\n    import engine\nexcept KeyError as e:\n    print(e)\n"
        )
        files(other="try:\n    import absent\nexcept ImportError as e:\n    print(e, e.name)\nfrom engine import x")
        assert same_both_ways("train.py", cwd=folder).stdout == "'engine'\n"
        assert command("other.py", cwd=folder).stderr.splitlines()[-1] == "KeyError: 'engine'"

    def test_tracebacks_through_modules_have_their_lines(self, files):
        engine = OWN_ENGINE + "\ndef fail():\n    raise ValueError('here')\n"
        folder = files(engine=engine, train="import engine\nengine.Value(1.0)\nengine.fail()\n")
        done = same_both_ways("train.py", cwd=folder)
        assert f'engine.py", line {engine.count(chr(10))}, in fail' in done.stderr

    def test_of_an_operand_are_the_programs(self, files):
        use = "from engine import Value\nx = Value(1.0)\n"
        use += "try:\n    x + 'a'\nexcept Exception as e:\n    print(type(e).__name__)\n"
        same_both_ways("train.py", cwd=files(engine=OWN_ENGINE, train=use))


def test_what_is_no_module_may_stand_among_the_modules(files):
    use = "import sys\nsys.modules['strange'] = object()\nfrom engine import Value\n"
    folder = files(engine=OWN_ENGINE, train=use + USE)
    assert said(same_both_ways("train.py", cwd=folder)) == on_fastgrad("engine.py")


def test_afterwards_nothing_of_the_hooks_is_left(script, monkeypatch):
    path = script("import engine\nprint(engine.Value(1.0).data)")
    script(OWN_ENGINE, "engine.py")
    monkeypatch.setattr(sys, "modules", sys.modules.copy())
    before = list(sys.meta_path), list(sys.path), list(sys.argv), sys.modules["__main__"]
    run_script(path)
    assert (list(sys.meta_path), list(sys.path), list(sys.argv), sys.modules["__main__"]) == before

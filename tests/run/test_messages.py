"""What ``fastgrad run`` says beside what the program prints, and the command line."""

import pytest

import fastgrad
from support.teaching_engines import OWN_ENGINE, command, engine_with, on_fastgrad, python, said, without_said

USE = "x = Value(3.0)\n(x * x).relu().backward()\nprint(x.grad)\n"
MISTAKEN = OWN_ENGINE.replace("(out.data > 0)", "(out.data >= 0)")


class TestLines:
    def test_are_on_standard_error_and_begin_with_the_name(self, script):
        done = command(script(OWN_ENGINE + USE))
        assert done.stdout == "6.0\n"
        assert done.stderr.startswith("fastgrad: class Value (")
        assert without_said(done) == ""

    def test_name_the_class_and_its_place(self, script, tmp_path):
        script("\n" + OWN_ENGINE + USE, "train.py")
        assert said(command("train.py", cwd=tmp_path)) == ["class Value (train.py, line 3) runs on fastgrad"]
        (tmp_path / "below").mkdir()
        (line,) = said(command("../train.py", cwd=tmp_path / "below"))
        assert line == f"class Value ({tmp_path / 'train.py'}, line 3) runs on fastgrad"

    def test_name_what_stays_the_programs_own(self, script):
        assert on_fastgrad(script(MISTAKEN + USE)).said == [
            "class Value (program.py, line 2) runs on fastgrad; its own stay: relu"
        ]

    def test_come_when_the_first_number_is_made(self, script):
        program = (
            "import sys\nprint('before', file=sys.stderr, flush=True)\nValue(1.0)\nprint('after', file=sys.stderr)\n"
        )
        done = command(script(OWN_ENGINE + program))
        assert [line.split()[0] for line in done.stderr.splitlines()] == ["before", "fastgrad:", "after"]

    def test_are_said_once_for_each_class(self, script):
        ran = on_fastgrad(
            script(OWN_ENGINE + "class Sub(Value): pass\nValue(1.0), Value(2.0), Sub(3.0), Sub(4.0) + 1\n")
        )
        assert len(ran.said) == 1

    def test_plain_says_nothing(self, script):
        path = script(OWN_ENGINE + USE + "print(Value.__mro__, Value.__new__ is object.__new__)")
        done = command("--plain", path)
        assert (done.stdout, done.stderr) == (python(path).stdout, "")

    def test_plain_leaves_the_program_as_it_is(self, script):
        slots = "class Slim:\n    __slots__ = ('a',)\n    def __add__(self, other): pass\n"
        slots += "print(Slim.__slots__, hasattr(Slim(), '__dict__'))\n"
        path = script(slots + "class Liar:\n    __class__ = int\nprint(type(Liar()))\n")
        assert command("--plain", path).stdout == python(path).stdout


class TestNothingFound:
    def test_names_the_programs_files_and_the_option(self, script, tmp_path):
        script("words = 'only'", "other.py")
        script("import other, json\nprint(other.words)", "train.py")
        done = command("train.py", cwd=tmp_path)
        assert done.stdout == "only\n"
        assert said(done) == [
            "nothing was put on fastgrad: no class in train.py, other.py is a number with operators and a sweep such "
            "as backward(). If the engine is in an installed package, name it with --also PACKAGE"
        ]

    def test_comes_last(self, script):
        done = command(script("import sys\nsys.exit('at the end')"))
        assert done.stderr.splitlines()[0].startswith("fastgrad: nothing was put on fastgrad")
        assert done.stderr.splitlines()[1:] == ["at the end"]

    def test_is_not_said_where_a_class_was_left_alone(self, script):
        engine = OWN_ENGINE.replace("self.data, self.grad = data, 0", "self.data, self.grad = data * 1.5, 0")
        (line,) = on_fastgrad(script(engine + "Value(1.0)\n")).said
        assert " is left alone: " in line

    def test_is_not_said_where_a_module_was_replaced(self, script):
        assert command("--replace", "engine=Value", script("import engine")).stderr == ""


class TestExplain:
    def test_says_what_became_of_each_method(self, script):
        engine = engine_with("def cube(self):\n    return self * self * self", MISTAKEN)
        first, fastgrads, own, rest, *loops, nodes = on_fastgrad(script(engine + USE), explain=True).said
        assert first == "class Value (program.py, line 2) runs on fastgrad; its own stay: relu"
        names = fastgrads.removeprefix("  fastgrad's: ").split(", ")
        assert {"__init__", "backward", "__add__", "__radd__", "__mul__", "__rmul__"} <= set(names)
        assert own.startswith("  its own relu: another result at -0.5")
        assert "cube" in rest.removeprefix("  not touched: ").split(", ")
        assert not {"relu", "cube"} & set(names)
        assert [line.partition(": ")[0] for line in loops] == ["  program.py:45", "  program.py:50"]
        assert nodes.startswith("nodes made: ")

    def test_says_what_became_of_each_loop(self, script):
        program = """
x = [Value(i + 1.0) for i in range(3)]
total = sum(v * v for v in x)
total.backward()
for v in x:
    v.data -= 0.1 * v.grad
    v.grad = 0
for v in x:
    print(v.data)
"""
        done = on_fastgrad(script(OWN_ENGINE + program), explain=True)
        became = [line.partition(": ")[2] for line in done.said if line.startswith("  program.py:")]
        assert became[-4:] == [
            "[Value(i + 1.0) for i in range(3)]: no kernel: a call of Value is not for kernels",
            "sum((v * v for v in x)): a kernel, which ran once",
            "for v in x: a kernel, which ran once",
            "for v in x: no kernel: print(v.data) is not for kernels",
        ]
        plainly = on_fastgrad(script(OWN_ENGINE + program), explain=True, fuse=False)
        assert not any(line.startswith("  program.py:") for line in plainly.said)
        assert plainly.output == done.output

    def test_counts_the_nodes_that_the_program_makes(self, script):
        assert on_fastgrad(script(OWN_ENGINE + USE), explain=True).said[-1] == "nodes made: 3"

    def test_says_why_a_class_is_left_alone(self, script):
        engine = OWN_ENGINE.replace("self.data, self.grad = data, 0", "self.data, self.grad = data * 1.5, 0")
        assert " is left alone: " in on_fastgrad(script(engine + "Value(1.0)\n"), explain=True).said[0]

    def test_lists_only_methods(self, script):
        lines = on_fastgrad(script(OWN_ENGINE + USE), explain=True).said
        assert "__new__" not in "".join(lines)


class TestStrict:
    def test_leaves_a_class_alone_and_says_what_differs(self, script):
        (line,) = on_fastgrad(script(MISTAKEN + USE), strict=True).said
        assert line == "class Value (program.py, line 2) is left alone: --strict, and relu: another result at -0.5"

    def test_names_all_that_differ(self, script):
        methods = "def exp(self):\n    return Value(1.0)\ndef log(self):\n    return Value(2.0)\n"
        (line,) = on_fastgrad(script(engine_with(methods, MISTAKEN) + USE), strict=True).said
        assert all(f"{name}: another result at " in line for name in ("relu", "exp", "log"))


class TestCommand:
    def test_version(self):
        assert python("-m", "fastgrad", "--version").stdout == f"fastgrad {fastgrad.__version__}\n"

    def test_no_command_says_what_there_is(self):
        done = python("-m", "fastgrad")
        assert done.returncode == 2
        assert "usage: fastgrad" in done.stderr

    def test_run_without_a_program(self):
        done = command()
        assert done.returncode == 2
        assert done.stderr == "fastgrad: give a script, -m and a module, or -c and a program: see fastgrad run --help\n"

    @pytest.mark.parametrize("option", ["-m", "-c"])
    def test_an_option_without_its_program(self, option):
        done = command(option)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1

    @pytest.mark.parametrize("name", ["run", "demo"])
    def test_help_has_examples(self, name):
        done = python("-m", "fastgrad", name, "--help")
        assert f"examples:\n  fastgrad {name}" in done.stdout

    def test_help_has_every_option(self):
        text = command("--help").stdout
        options = ["--compare", "--explain", "--strict", "--plain", "--also", "--replace", "-m", "-c"]
        assert all(f"  {option}" in text for option in options)

    def test_lines_of_help_are_not_long(self):
        assert max(map(len, command("--help", env={"COLUMNS": "120"}).stdout.splitlines())) <= 120

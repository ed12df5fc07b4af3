"""``fastgrad run --compare``, and the command line."""

import os

import pytest
from scripts import OWN_ENGINE, PACKAGE_FOLDER, TRAINING, command, python

import fastgrad
from fastgrad.run import first_difference


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
        both = os.pathsep.join([str(tmp_path), PACKAGE_FOLDER])
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

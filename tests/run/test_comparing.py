"""``--compare``: a program run both ways, and when two outputs say the same."""

import json

import pytest

from fastgrad.run import first_difference
from support.teaching_engines import OWN_ENGINE, TRAINING, command, said


class TestFirstDifference:
    AGREE = {
        "nothing": ("", ""),
        "an int and a float": ("loss 3", "loss 3.0"),
        "numpy's scalars": ("w [np.float64(-15.5), np.int64(2)]", "w [-15.5, 2.0]"),
        "numpy's truths": ("np.False_ [np.True_]", "False [True]"),
        "roundings around 0": ("1e-10 0.0", "0 -1e-10"),
        "roundings of large numbers": ("a=123456789012.0, b", "a=123456789100, b"),
        "ways to write a number": ("5e-324 .5 7. +1 1E3", "0 0.5 7 1 1000"),
        "no numbers": ("inf nan", "inf nan"),
        "a number too large": ("1e999", "1e999"),
        "a last line's end": ("a\nb\n", "a\nb"),
        "addresses": ("<V object at 0x7f3a2b1c>", "<V object at 0x55d0aa10ff40>"),
        "an address in a list": ("[<a.V at 0x7f3a2b1c>, 2]", "[<a.V at 0x6f3a2b1c>, 2.0]"),
        "seconds": ("done in 12.5s", "done in 0.3s"),
        "seconds with a space": ("took 12.5 seconds", "took 1 seconds"),
        "milliseconds": ("step 3: 120 ms", "step 3: 4.5 ms"),
        "microseconds": ("11 µs and 11 μs and 11 us", "2 µs and 3 μs and 4 us"),
        "rates": ("120.5 it/s", "2000 it/s"),
        "times of the clock": ("[00:12<00:03]", "[00:01<00:00]"),
        "a time with the unit before it": ("elapsed: 12.5", "elapsed: 0.25"),
        "a name with the unit before it": ("time = 3.25", "time = 0.5"),
        "a cell's processor time": (
            "CPU times: user 1.28 ms, sys: 0 ns, total: 1.28 ms",
            "CPU times: user 293 μs, sys: 23 μs, total: 316 μs",
        ),
        "a cell's time of the clock": ("Wall time: 1min 12s", "Wall time: 0.4 s"),
        "the order of a set": ("{'a', 'b', 'c'}", "{'c', 'a', 'b'}"),
        "the order of a set of pairs": ("{(1, 'a'), (2, 'b')}", "{(2, 'b'), (1, 'a')}"),
        "the order of a set of numbers' reprs": (
            "{Value(data=1.0, grad=0), Value(data=2.0, grad=0)}",
            "{Value(data=2.0, grad=0), Value(data=1.0, grad=0)}",
        ),
        "the order of a frozenset": ("frozenset({1, 2})", "frozenset({2, 1})"),
        "the order and roundings of a set": ("{1.5, 2.0}", "{2.0000000000001, 1.5}"),
        "a step's number beside a time": ("epoch 3 loss 0.25 (1.2s)", "epoch 3 loss 0.25 (0.1s)"),
    }

    @pytest.mark.parametrize("what", AGREE)
    def test_there_is_none(self, what):
        plain, fast = self.AGREE[what]
        assert first_difference(plain, fast) is None
        assert first_difference(fast, plain) is None

    DIFFER = {
        "a number": ("x 1.0", "x 1.00000001", 1),
        "a small number": ("1e-8", "0", 1),
        "a word": ("a 1", "b 1", 1),
        "a truth": ("np.False_", "True", 1),
        "a space": ("1 2", "1  2", 1),
        "a number more": ("1 2", "1 2 3", 1),
        "a later line": ("same\nnan", "same\n0.0", 2),
        "a missing line": ("1\n2", "1", 2),
        "an empty line more": ("1", "1\n\n", 2),
        "a sign": ("1.5", "-1.5", 1),
        "infinity": ("inf", "1.5", 1),
        "a set's entry": ("{1, 2}", "{1, 3}", 1),
        "a set's size": ("{1, 2}", "{1, 2, 2}", 1),
        "the order of a list": ("[1, 2]", "[2, 1]", 1),
        "the order of a dict": ("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}", 1),
        "an epoch beside a time": ("epoch 3 in 1.2s", "epoch 4 in 0.2s", 1),
        "a loss beside a time": ("loss 0.5 in 1.2s", "loss 0.6 in 0.2s", 1),
        "a small hexadecimal number": ("0x1f", "0x2f", 1),
        "a number beside a word with a unit's start": ("3 samples", "4 samples", 1),
        "a number of steps": ("7 steps", "8 steps", 1),
        "a coordinate called s": ("s 1.5", "s 2.5", 1),
        "a number before the word min": ("max 3.5 min 1.0", "max 4.5 min 1.0", 1),
        "a number of a time step": ("time step 5", "time step 6", 1),
        "a value after the word time": ("time constant tau: loss 1.5", "time constant tau: loss 2.5", 1),
    }

    @pytest.mark.parametrize("what", DIFFER)
    def test_is_the_first_line(self, what):
        plain, fast, line = self.DIFFER[what]
        for difference in (first_difference(plain, fast), first_difference(fast, plain)):
            assert difference is not None
            assert difference[0] == line

    def test_has_both_lines(self):
        assert first_difference("a\nb 2\nc", "a\nb 3\nd") == (2, "b 2", "b 3")
        assert first_difference("a\nb", "a") == (2, "b", "(the output has ended)")


class TestCommand:
    def test_agreement(self, script):
        done = command("--compare", script(OWN_ENGINE + TRAINING))
        assert done.returncode == 0, done.stdout + done.stderr
        plain, fast, ratio, nodes, *advice, verdict = done.stdout.splitlines()
        assert plain.startswith("the plain run: ")
        assert fast.startswith("the run on fastgrad: ")
        assert ratio.startswith("ratio: ")
        assert nodes.startswith("nodes made: ")
        assert all(line.startswith("faster still: ") for line in advice)
        assert verdict == "the printed output agrees: 6 lines, numbers within 1e-09"
        assert said(done)[0].endswith("program.py, line 2) runs on fastgrad")
        assert done.stderr.count("\n") == 1

    def test_difference(self, script):
        path = script("import sys\nprint('the same')\nprint('__main__' in sys.modules, 'fastgrad' in sys.modules)")
        done = command("--compare", path)
        assert done.returncode == 1
        assert done.stdout.splitlines()[-3:] == [
            "the printed output differs, first in line 2:",
            "  plain:    True False",
            "  fastgrad: True True",
        ]

    def test_the_programs_arguments_and_the_options_are_passed_on(self, script):
        path = script("import sys\nassert sys.argv[1:] == ['--compare', '7']\nfrom engine import Value")
        done = command("--compare", "--replace", "engine=Value", path, "--compare", "7")
        assert "ModuleNotFoundError: No module named 'engine'" in done.stdout
        assert "the run on fastgrad: " in done.stdout

    def test_strict_and_explain_are_passed_on(self, script):
        path = script(OWN_ENGINE.replace("(out.data > 0)", "(out.data >= 0)") + "print(Value(1.0).data)")
        assert "left alone: --strict, and relu: another result" in said(command("--compare", "--strict", path))[0]
        assert len(said(command("--compare", "--explain", path))) > 1

    @pytest.mark.parametrize("arguments", [["-m", "program", "7"], ["-c", "import program", "7"]])
    def test_modules_and_code(self, script, tmp_path, arguments):
        script(OWN_ENGINE + "import sys\nprint(Value(2.0).data, sys.argv[1:])")
        done = command("--compare", *arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stdout
        assert done.stdout.endswith("agrees: 1 lines, numbers within 1e-09\n")

    def test_a_notebook(self, tmp_path):
        pytest.importorskip("IPython")
        cells = [{"cell_type": "code", "source": OWN_ENGINE}, {"cell_type": "code", "source": "(Value(2.0) * 3).data"}]
        path = tmp_path / "lesson.ipynb"
        path.write_text(json.dumps({"cells": cells}))
        done = command("--compare", str(path))
        assert done.returncode == 0, done.stdout
        assert "the printed output agrees: " in done.stdout

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

    def test_sets_of_strings_come_in_the_same_order(self, script):
        done = command("--compare", script("print(*{f'name {k}' for k in range(20)})"))
        assert done.returncode == 0, done.stdout

"""A program run by ``fastgrad run`` can tell nothing from a plain run, and neither can who started it."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from fastgrad.run import candidate, hook, offering, run_script
from support.marks import posix
from support.places import PACKAGE_FOLDER
from support.teaching_engines import (
    OWN_ENGINE,
    both_ways,
    command,
    on_fastgrad,
    python,
    said,
    same_both_ways,
    without_said,
)

USE = "x = Value(3.0)\ny = x * x + x\ny.backward()\nprint(y.data, x.grad)\n"


class TestSurroundings:
    def test_of_a_script(self, script, tmp_path):
        script("here = __file__", "sibling.py")
        script("""
            '''Its own words.'''
            from __future__ import annotations
            import sys, sibling
            def f(x: not_evaluated): pass
            print(__name__, __file__, __doc__, sys.argv, sys.path[0], sibling.here, sys.modules['__main__'].f is f)
            print(__spec__, __package__, __cached__, f.__annotations__, __builtins__.len is len)
        """)
        options = ["--version", "-x", "--compare", "--replace", "a b", "-m", "-c"]
        assert "['program.py', '--version'," in same_both_ways("program.py", *options, cwd=tmp_path).stdout

    def test_of_a_script_behind_a_link(self, script, tmp_path):
        script("import sys, os\nprint(os.path.basename(__file__), sys.path[0])", "real.py")
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / "link.py").symlink_to(tmp_path / "real.py")
        same_both_ways("elsewhere/link.py", cwd=tmp_path)

    def test_its_names_are_its_own(self, script):
        names = "print(sorted(name for name in globals()))"
        same_both_ways(script(names))
        same_both_ways("-c", names)

    def test_another_source_encoding(self, tmp_path):
        path = tmp_path / "latin.py"
        path.write_bytes("# -*- coding: latin-1 -*-\nprint(ascii('é'))\n".encode("latin-1"))
        assert same_both_ways(str(path)).stdout == "'\\xe9'\n"

    def test_a_mark_of_byte_order(self, tmp_path):
        path = tmp_path / "marked.py"
        path.write_bytes(b"\xef\xbb\xbf" + (OWN_ENGINE + USE).encode())
        assert said(same_both_ways(str(path)))[0].endswith("runs on fastgrad")

    def test_standard_input_is_the_programs(self, script):
        path = script("import sys\nprint(input('? '), sys.stdin.read())")
        assert same_both_ways(path, input="first\nsecond\n").stdout == "? first second\n\n"

    def test_its_sources_can_be_inspected(self, script):
        path = script(
            OWN_ENGINE
            + "import inspect\nx = Value(1.0)\nprint(inspect.getsource(Value)[:40], inspect.signature(Value))\n"
        )
        same_both_ways(path)

    def test_asserts_and_flags(self, script):
        path = script("import sys\nprint(sys.flags.optimize, __debug__)\nassert False, 'not optimized'")
        same_both_ways(path)
        assert same_both_ways(path, env={"PYTHONOPTIMIZE": "1"}).stdout == "1 False\n"

    def test_exit_functions_run_last(self, script):
        path = script("import atexit\natexit.register(print, 'last')\nprint('first')")
        assert same_both_ways(path).stdout == "first\nlast\n"

    def test_threads_that_make_the_first_numbers(self, script):
        program = """
            import threading
            def work():
                x = Value(3.0)
                (x * x).backward()
                results.append(x.grad)
            results = []
            threads = [threading.Thread(target=work) for _ in range(4)]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
            print(results)
            """
        same_both_ways(script(OWN_ENGINE + textwrap.dedent(program)))

    def test_threads_that_work_while_a_class_is_tried(self, script):
        program = """
            import threading
            results = []
            def work():
                for k in range(100):
                    results.append(k)
                    time.sleep(0.001)
            thread = threading.Thread(target=work)
            thread.start()
            x = Value(3.0)
            thread.join()
            print(len(results), (x * x).data)
            """
        engine = OWN_ENGINE.replace("self.data, self.grad", "time.sleep(0.001)\n        self.data, self.grad", 1)
        same_both_ways(script("import time" + engine + textwrap.dedent(program)))


class TestExit:
    @pytest.mark.parametrize("code", ["3", "0", "None", "'a message'", "True", "-1", "256"])
    def test_by_sys(self, script, code):
        same_both_ways(script(f"import sys\nprint('before')\nsys.exit({code})"))

    def test_at_once(self, script):
        same_both_ways(script("import os\nprint('before', flush=True)\nos._exit(7)"))

    def test_exceptions_reach_the_caller(self, script):
        with pytest.raises(ZeroDivisionError):
            run_script(script("1 / 0"))
        with pytest.raises(SystemExit):
            run_script(script("raise SystemExit(4)"))

    @posix
    def test_of_an_interrupt_is_the_signal(self, script):
        path = script("import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(30)")
        listening = "import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        listening += "from fastgrad.cli import main\nsys.exit(main(['run', *sys.argv[1:]]))\n"
        environment = {**os.environ, "PYTHONPATH": str(PACKAGE_FOLDER.parent)}
        arguments = [sys.executable, "-c", listening, path]
        done = subprocess.run(arguments, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == -signal.SIGINT
        assert done.stderr.splitlines()[-1] == "KeyboardInterrupt"
        assert "fastgrad" not in without_said(done)

    @posix
    def test_of_a_program_that_is_terminated(self, script):
        path = script("print('ready', flush=True)\nimport time\ntime.sleep(30)")
        environment = {**os.environ, "PYTHONPATH": str(PACKAGE_FOLDER.parent)}
        arguments = [sys.executable, "-m", "fastgrad", "run", path]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
            assert process.stdout.readline() == b"ready\n"
            process.terminate()
            assert process.wait() == -signal.SIGTERM


class TestErrors:
    def test_a_traceback(self, script):
        path = script("""
            def outer():
                try:
                    [][0]
                except IndexError as error:
                    raise KeyError("outer") from error

            outer()
        """)
        done = same_both_ways(path)
        assert done.returncode == 1
        assert "Traceback" in done.stderr

    def test_a_traceback_has_the_files_lines(self, script):
        source = OWN_ENGINE + USE + "def fail():\n    return 1 / 0\n\nfail()\n"
        done = same_both_ways(script(source))
        assert f"line {source.count(chr(10))}, in <module>" in done.stderr

    def test_a_traceback_through_a_method_of_the_engine(self, script):
        engine = OWN_ENGINE.replace("# more methods", "def item(self):\n        raise ValueError(self.data)")
        done = same_both_ways(script(engine + "x = Value(2.5)\n(x + 1).item()\n"))
        assert done.stderr.splitlines()[-1] == "ValueError: 3.5"

    def test_an_exception_hook_of_the_programs(self, script):
        path = script(
            "import sys\nsys.excepthook = lambda kind, error, traceback: print('caught', kind.__name__)\n1 / 0"
        )
        assert same_both_ways(path).stdout == "caught ZeroDivisionError\n"

    def test_a_syntax_error(self, script):
        assert "SyntaxError" in same_both_ways(script("x = 1\ny = (\n")).stderr

    def test_a_null_byte(self, tmp_path):
        path = tmp_path / "null.py"
        path.write_bytes(b"x = 1\0\n")
        assert command(str(path)).returncode == 1

    def test_a_missing_script(self, tmp_path):
        for path in (str(tmp_path / "absent.py"), str(tmp_path)):
            done = command(path)
            assert done.returncode == 2
            assert done.stderr.startswith(f"fastgrad: cannot open the script {path!r}: ")
            assert done.stderr.count("\n") == 1

    def test_errors_of_the_engine_are_raised_alike(self, script):
        program = (
            "for f in (lambda: Value(1.0) + 'a', lambda: Value(), lambda: Value(1.0).nothing, lambda: Value(1, 2)):\n"
        )
        program += "    try:\n        f()\n    except Exception as error:\n        print(type(error).__name__)\n"
        same_both_ways(script(OWN_ENGINE + "Value(1.0)\n" + program))


class TestProcesses:
    PROGRAM = """
import multiprocessing

def work(k):
    x = Value(float(k))
    y = x * x + x
    y.backward()
    return x.grad

if __name__ == "__main__":
    print(work(1))
    with multiprocessing.get_context("{0}").Pool(2) as pool:
        print(pool.map(work, range(4)))
"""

    @pytest.mark.parametrize("method", [name for name in ("fork", "spawn") if name == "spawn" or hasattr(os, "fork")])
    def test_of_multiprocessing(self, script, method):
        done = same_both_ways(script(OWN_ENGINE + self.PROGRAM.replace("{0}", method)))
        assert said(done)[0].endswith("runs on fastgrad")

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
    def test_of_os(self, script):
        program = "import os, sys\nx = Value(2.0)\nsys.stdout.flush()\nchild = os.fork()\ny = x * x\ny.backward()\n"
        program += "if child:\n    os.waitpid(child, 0)\nprint('parent' if child else 'child', x.grad, flush=True)\n"
        same_both_ways(script(OWN_ENGINE + program))

    def test_of_the_programs_interpreter(self, script):
        program = (
            "import subprocess, sys\nif len(sys.argv) == 1:\n    subprocess.run([sys.executable, __file__, 'again'])\n"
        )
        same_both_ways(script(OWN_ENGINE + program + USE))


class TestFallingBack:
    """Whatever goes wrong in fastgrad's own exchange, the program runs, and one line says so."""

    def test_where_a_trial_raises(self, script, monkeypatch):
        def broken(*given):
            raise ZeroDivisionError("a mistake in fastgrad")

        monkeypatch.setattr(candidate, "find_roles", broken)
        ran = both_ways(script(OWN_ENGINE + USE))
        assert ran.said == [
            "class Value (program.py, line 2) is left alone: trying it raised ZeroDivisionError: a mistake in fastgrad"
        ]

    @pytest.mark.parametrize("step", ["find_making", "first_twin", "read_ahead"])
    def test_where_a_step_of_it_raises(self, script, monkeypatch, step):
        def broken(*given):
            raise RuntimeError("broken")

        monkeypatch.setattr(candidate, step, broken, raising=False)
        both_ways(script(OWN_ENGINE + USE))

    def test_where_the_exchange_itself_raises(self, script, monkeypatch):
        def broken(self):
            raise RuntimeError("broken")

        monkeypatch.setattr(candidate.Candidate, "exchange", broken)
        (line,) = both_ways(script(OWN_ENGINE + USE)).said
        assert "is left alone: " in line

    def test_where_a_class_cannot_be_asked_what_it_has(self, script):
        program = "class Kind(type):\n    def __getattr__(cls, name):\n        raise RuntimeError(name)\n"
        program += "class Odd(metaclass=Kind):\n    def __add__(self, other):\n        return 3\nprint(Odd() + 1)\n"
        both_ways(script(OWN_ENGINE + USE + program))

    def test_where_a_source_cannot_be_prepared(self, script, monkeypatch):
        def broken(source, file):
            raise RecursionError

        monkeypatch.setattr(offering, "prepared", broken)
        ran = both_ways(script(OWN_ENGINE + USE))
        assert "runs on fastgrad" not in "".join(ran.said)

    def test_where_a_module_cannot_be_prepared(self, script, monkeypatch):
        script(OWN_ENGINE, "engine.py")
        path = script("import sys, os\nsys.path.insert(0, os.path.dirname(__file__))\nfrom engine import Value\n" + USE)
        before = hook.offering.prepared

        def broken(source, file):
            if file.endswith("engine.py"):
                raise RecursionError
            return before(source, file)

        monkeypatch.setattr(hook.offering, "prepared", broken)
        monkeypatch.delitem(sys.modules, "engine", raising=False)
        try:
            assert on_fastgrad(path).output == "12.0 7.0\n"
        finally:
            sys.modules.pop("engine", None)
            sys.path[:] = [folder for folder in sys.path if folder != os.path.dirname(path)]


def test_a_deeply_nested_expression(script):
    same_both_ways(script("x = " + "+".join(["1"] * 3000) + "\nprint(x)"))


def test_nothing_large_is_imported_for_a_program_that_needs_nothing_of_it(script):
    large = "import sys\nprint([m for m in ('numpy', 'IPython', 'typing') if m in sys.modules])\n"
    there_anyway = python(script(large, "empty.py")).stdout  # with what measures coverage, say
    assert command(script(OWN_ENGINE + USE + large)).stdout.splitlines()[-1] == there_anyway.strip()

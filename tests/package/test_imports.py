"""What importing the package loads, and what is there afterwards."""

import shutil
import subprocess
import sys
import sysconfig

import pytest

import fastgrad
from support.places import PACKAGE_FOLDER
from support.processes import run_python


def test_importing_does_not_import_numpy():
    run_python("""
        import sys
        import fastgrad
        from fastgrad import Scalar, Value
        x = Value(2.0)
        y = fastgrad.softmax([x * 2.0, fastgrad.math.hypot(x, 1.0)])[0] + Scalar(1.0)
        y.backward()
        y.forward()
        f"{x:.3f} {x!r} {y.trace()}"
        assert "numpy" not in sys.modules
        fastgrad.values([x, y])
        assert "numpy" in sys.modules
    """)


def test_numbers_load_nothing_of_layers_programs_and_recordings():
    done = run_python("""
        import sys
        from fastgrad import Value
        x = Value(2.0)
        (x * x + x.exp()).backward()
        rooms = {name.split(".")[1] for name in sys.modules if name.startswith("fastgrad.")}
        print(*sorted(rooms), "numpy" in sys.modules)
    """)
    assert done.stdout.split() == ["_former_names", "_tape", "_version", "False"]


def test_submodules_are_there_without_an_import_of_their_own():
    run_python("""
        import sys
        import fastgrad
        assert "fastgrad.nn" not in sys.modules
        for name in ("losses", "math", "nn", "optim", "plots", "train"):
            assert getattr(fastgrad, name) is sys.modules[f"fastgrad.{name}"]
        assert not hasattr(fastgrad, "nns")
    """)


def test_importing_loads_little_else():
    """Whatever else came along would take its time whenever a program starts."""
    done = run_python("""
        import collections.abc, math, sys, threading
        before = set(sys.modules)
        import fastgrad
        print(*sorted({name.partition(".")[0] for name in sys.modules.keys() - before}))
    """)
    assert [name for name in done.stdout.split() if "cython" not in name] == ["fastgrad"]


def test_the_modules_names_are_listed():
    for name in fastgrad.__all__:
        assert getattr(fastgrad, name) is not None
    assert {*fastgrad.__all__, "losses", "nn", "optim", "plots", "train"} <= set(dir(fastgrad))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        fastgrad.nothing  # noqa: B018


def test_the_source_folder_says_what_to_do(tmp_path):
    """Without its compiled modules, as in a checkout that was not installed."""
    source = tmp_path / "fastgrad"
    shutil.copytree(PACKAGE_FOLDER, source, ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    done = subprocess.run(
        [sys.executable, "-S", "-m", "fastgrad", "demo"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "compiled modules are not here" in done.stderr
    assert "pip install" in done.stderr


@pytest.mark.parametrize("kind", ["isolated", "legacy"])  # with a lock of its own, and with that of all
def test_a_subinterpreter_is_told_that_the_tape_belongs_to_the_process(kind):
    done = run_python(
        """
        import sys
        import fastgrad

        kind, program = sys.argv[1], "import fastgrad"
        x = fastgrad.Value(2.0)
        if sys.version_info >= (3, 13):
            import _interpreters
            print(_interpreters.exec(_interpreters.create(kind), program).formatted)
        else:
            import _xxsubinterpreters
            try:
                _xxsubinterpreters.run_string(_xxsubinterpreters.create(isolated=kind == "isolated"), program)
            except _xxsubinterpreters.RunFailedError as error:
                print(error)
        (x * 3.0).backward()
        print(x.grad)
        """,
        kind,
    )
    refusal, grad = done.stdout.splitlines()
    assert "ImportError" in refusal
    assert "use threads or processes beside it, not subinterpreters" in refusal
    assert grad == "3.0"


def test_a_python_that_is_to_do_without_the_gil_is_told_that_the_tape_needs_it():
    program = """
        import sys
        class Flags:
            gil = 0
            def __getattr__(self, name, flags=sys.flags):
                return getattr(flags, name)
        if getattr(sys.flags, "gil", None) != 0:
            sys.flags = Flags()  # as if this Python were one that can do without
        try:
            import fastgrad
        except ImportError as error:
            print(error)
    """
    # A Python that always has the GIL does not start where it is told to do without.
    environment = {"PYTHON_GIL": "0"} if sysconfig.get_config_var("Py_GIL_DISABLED") else {}
    done = run_python(program, **environment)
    assert "the GIL" in done.stdout
    assert "leave PYTHON_GIL=0 and -X gil=0 away" in done.stdout

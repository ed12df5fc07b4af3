"""Classes of the engine that are not meant for users: made and called by hand they raise, and never crash."""

import importlib
import pkgutil
from pathlib import Path

import pytest

import fastgrad
from support.processes import run_python

ROOMS = ("_tape", "_programs", "_layers", "_recording", "compiled")


def compiled_classes():
    """The names of all classes that are written in C."""
    for room in ROOMS:
        for found in pkgutil.iter_modules([str(Path(fastgrad.__file__).parent / room)]):
            module = importlib.import_module(f"fastgrad.{room}.{found.name}")
            for name, thing in vars(module).items():
                if isinstance(thing, type) and thing.__module__ == module.__name__ and not thing.__flags__ & 1 << 9:
                    yield f"{module.__name__}:{name}"


def test_there_are_some():
    assert {"fastgrad._tape.restoring:Restored", "fastgrad._programs.one_row:BoundProgram"} <= {*compiled_classes()}


@pytest.mark.parametrize("name", [*compiled_classes(), "fastgrad:Value", "fastgrad:Scalar"])
def test_made_without_arguments_nothing_crashes(name):
    run_python(
        """
        import _thread, importlib, itertools, sys
        import numpy as np
        import fastgrad

        module, _, name = sys.argv[1].partition(":")
        number_class = getattr(importlib.import_module(module), name)
        arguments = [
            None, 0, 1.5, "x", [], (), {}, (np.zeros((2, 2)),), np.zeros(3), np.zeros((0, 3), np.float32),
            fastgrad.Value(1.0), _thread.allocate_lock(), (1.0, 2.0), {0: {"label": 1}},
        ]
        for member in sorted(set(dir(number_class)) - {"__class__", "__init_subclass__", "__subclasshook__"}):
            try:
                thing = number_class.__new__(number_class)
                function = getattr(thing, member)
            except Exception:
                continue
            for count in range(3):
                for given in itertools.product([*arguments, thing], repeat=count):
                    try:
                        function(*given)
                    except Exception:
                        pass
        """,
        name,
    )

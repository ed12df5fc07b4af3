"""Every allocation of small programs fails once: a MemoryError or the right result, and all is usable afterwards.

It fails inside fastgrad, by a library that is loaded before the C library; or in Python, where that has a way to: those
are the steps after the others, `--steps '[10, 11, 12, 13, 14, 15, 16, 17, 18, 19]'`. They are done only if asked for,
since Cython 3.3 lets go twice of what a list comprehension cannot append.
"""

import ctypes
import importlib
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path

from campaigns.campaign import CASES_OF_A_SEED, main
from campaigns.small_programs import PROGRAMS
from support.graphs import check_the_tape
from support.places import TESTS

PYTHONS = ["can't allocate lock", "error return without exception set"]  # what it says of no memory
QUIET = 100  # allocations one after the other of which no failure is noticed: the program has no more

try:
    python = importlib.import_module("_testcapi")
    python.set_nomemory  # noqa: B018
except (ImportError, AttributeError):
    python = None


RIGHT = {}


# How an allocation fails.


class InFastgrad:
    """The n-th of those that fastgrad's modules ask C for."""

    def __init__(self):
        self.fail_at = ctypes.CDLL(os.environ["LD_PRELOAD"]).fail_at
        self.fail_at.argtypes, self.fail_at.restype = [ctypes.c_long], ctypes.c_long

    def start(self, n):
        self.fail_at(n)

    def over(self, n, noticed):
        """Stop; was there no n-th?"""
        return self.fail_at(-1) <= n

    def excuses(self, error):
        return False


class InPython:
    """The n-th of those that Python asks for, itself or for fastgrad."""

    def __init__(self):
        self.quiet = 0

    def start(self, n):
        python.set_nomemory(n, n + 1)

    def over(self, n, noticed):
        python.remove_mem_hooks()
        self.quiet = 0 if noticed else self.quiet + 1
        return self.quiet > QUIET

    def excuses(self, error):
        """Is it what another library makes of no memory: threading, numpy, a pickler of an import?"""
        innermost = traceback.extract_tb(error.__traceback__)[-1].filename
        own = innermost.endswith(".pyx") or (
            str(error) not in PYTHONS and ("fastgrad" in innermost or __file__ == innermost)
        )
        return isinstance(error, pickle.PicklingError) or not own


def fail(program, way, n):
    """Run a program in which the n-th allocation fails: was that noticed, and was it the last?"""
    noticed, result = False, None
    way.start(n)
    try:
        result = program()
    except MemoryError:
        noticed = True
    except Exception as error:
        noticed = way.excuses(error)
        if not noticed:
            raise
    finally:
        over = way.over(n, noticed)
    assert noticed or result == RIGHT[program], f"{program.__name__}, {n}: {result} for {RIGHT[program]}"
    return noticed, over


def prepare():
    """Run every program twice beforehand, and return each of them with each way."""
    sys.unraisablehook = lambda unraisable: None  # what ends without memory when a program is over
    for program in PROGRAMS:
        RIGHT[program] = program()
        assert program() == RIGHT[program]
    ways = [InFastgrad] if python is None else [InFastgrad, InPython]
    return [(program, way()) for way in ways for program in PROGRAMS]


LEFT = {}  # those that have allocations left, by the number of the step


def case(number, steps):
    """The allocations of one number; a step is a program that has so many, and a way."""
    if not RIGHT:
        LEFT.update((step, tried) for step, tried in enumerate(prepare()) if step in steps)
    counts = Counter()
    for step, (program, way) in list(LEFT.items()):
        noticed, over = fail(program, way, number % CASES_OF_A_SEED)
        check_the_tape()
        assert program() == RIGHT[program], f"{program.__name__}, {number}: not usable afterwards"
        counts.update({"allocations": 1, "MemoryErrors": noticed, "programs to their end": over})
        if over:
            del LEFT[step]
    return counts if counts else None


def failing_malloc():
    """The library's path, as a variable of the process."""
    library = Path(tempfile.mkdtemp()) / "failing_malloc.so"
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        sys.exit("needs a C compiler")
    source = TESTS / "support" / "failing_malloc.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library)}


if __name__ == "__main__":
    sys.exit(main(case, len(PROGRAMS), failing_malloc))

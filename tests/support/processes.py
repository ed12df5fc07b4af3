"""Programs that run in a Python of their own, perhaps with less memory or a smaller stack."""

import os
import subprocess
import sys
import textwrap

import pytest

from support.places import PACKAGE_FOLDER

try:
    import resource
except ModuleNotFoundError:  # Windows has none
    resource = None

# A process started in the background of a shell ignores the signal, and so do its children.
_HEAR_SIGINT = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


SMALL_STACK = {"RLIMIT_STACK": 256 << 10}


def limited(limits):
    """What a process calls before its program begins: it sets limits of Python's module resource, in bytes."""
    if not limits:
        return None
    if resource is None:
        pytest.skip("a process is given limits by Python's module resource, which is not here")
    if "RLIMIT_AS" in limits and not sys.platform.startswith("linux"):
        pytest.skip("limits memory as Linux does")
    return lambda: [resource.setrlimit(getattr(resource, name), (n, n)) for name, n in limits.items()]


def run_python(code, *arguments, limits=None, timeout=300, check=True, **environment):
    """Run a program in a Python of its own, perhaps with limits; return how it ended."""
    if sys.platform == "emscripten":
        pytest.skip("here is one process")
    python = [sys.executable, "-c", _HEAR_SIGINT + textwrap.dedent(code), *map(str, arguments)]
    done = subprocess.run(
        python,
        preexec_fn=limited(limits),
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, "PYTHONPATH": str(PACKAGE_FOLDER.parent), **environment},
        check=False,
    )
    if check:
        assert done.returncode == 0, f"ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done

"""Programs that run in a Python of their own."""

import os
import subprocess
import sys
import textwrap

import pytest

from support.places import PACKAGE_FOLDER

# A process started in the background of a shell ignores the signal, and so do its children.
_HEAR_SIGINT = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


def run_python(code, *arguments, limit="true", timeout=300, check=True, **environment):
    """Run a program in a Python of its own, perhaps under a shell's `ulimit`; return how it ended."""
    if sys.platform == "emscripten":
        pytest.skip("here is one process")
    python = [sys.executable, "-c", _HEAR_SIGINT + textwrap.dedent(code), *map(str, arguments)]
    done = subprocess.run(
        ["sh", "-c", f'{limit} && exec "$@"', "sh", *python],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, "PYTHONPATH": str(PACKAGE_FOLDER.parent), **environment},
        check=False,
    )
    if check:
        assert done.returncode == 0, f"ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done

"""Marks of tests that some builds and settings of the engine cannot run."""

import os
import sys

import pytest

COLLECT_ALWAYS = "FASTGRAD_COLLECT_ALWAYS" in os.environ
SANITIZED = "FASTGRAD_SANITIZED" in os.environ

posix = pytest.mark.skipif(os.name != "posix", reason="signals end a process, and timers send them, on POSIX")
large = pytest.mark.skipif(COLLECT_ALWAYS, reason="a large graph takes for ever when every node collects")
measures = pytest.mark.skipif(
    COLLECT_ALWAYS or SANITIZED,
    reason="measures memory or time, of which sanitizers and forced collections take their own",
)
in_processes = pytest.mark.skipif(
    COLLECT_ALWAYS or SANITIZED,
    reason="starts programs as others do, of which the tests in this process run the like; there it takes for ever",
)
python_stack = pytest.mark.skipif(
    sys.platform == "emscripten",
    reason="the stack of what runs WebAssembly ends before Python's does, with no exception",
)

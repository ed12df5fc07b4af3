"""Options, profiles and fixtures of the test-suite."""

import copy
import gc
import io
import os
import pickle
import textwrap

import hypothesis
import pytest

import fastgrad

hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the tests that take minutes and gigabytes, too")


def pytest_configure(config):
    # Numpy's own threads wait for each other, on a busy machine for seconds.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    config.addinivalue_line("markers", "slow: takes minutes or gigabytes; run with --slow")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: run with --slow"))


@pytest.fixture(autouse=True, scope="module")
def frozen():
    """What is there before a file's tests need not be looked through whenever one of them collects garbage."""
    gc.collect()  # what is frozen stays
    gc.freeze()


@pytest.fixture(params=["Scalar", "Value"])
def number(request):
    """Each of the number types."""
    return getattr(fastgrad, request.param)


def through_pickle(protocol, python=False):
    def copied(thing):
        if python:
            file = io.BytesIO()
            pickle._Pickler(file, protocol).dump(thing)
            return pickle._loads(file.getvalue())
        return pickle.loads(pickle.dumps(thing, protocol))

    return copied


WAYS = {f"pickle, protocol {k}": through_pickle(k) for k in range(pickle.HIGHEST_PROTOCOL + 1)}
WAYS |= {"pickle in Python": through_pickle(4, python=True), "deepcopy": copy.deepcopy}


@pytest.fixture(params=WAYS)
def copied(request):
    """Each way to copy something whole."""
    return WAYS[request.param]


@pytest.fixture
def script(tmp_path):
    """Write a program into a folder of its own and return its path."""

    def write(source, name="program.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(source))
        return str(path)

    return write

"""The same programs for pytest-benchmark: ``pytest benchmarks/ --benchmark-only``."""

import subprocess
import sys

import pytest

from benchmarks import children, engines, limits

ENGINES = {engine.name: engine for engine in engines.make_engines(["complex", "fastgrad", "reference"])}
FASTGRAD = ENGINES["fastgrad"]
WORKLOAD_NAMES = [workload.name for workload in FASTGRAD.workloads]


@pytest.fixture(params=range(len(WORKLOAD_NAMES)), ids=lambda index: WORKLOAD_NAMES[index])
def index(request, benchmark):
    benchmark.group = WORKLOAD_NAMES[request.param]
    return request.param


@pytest.mark.parametrize("name", ENGINES)
def test_forward_and_backward(benchmark, index, name):
    engine = ENGINES[name]
    workload = engine.workloads[index]
    benchmark(engine.runner(workload, engine.inputs(workload)))


def test_backward_alone(benchmark, index):
    workload = FASTGRAD.workloads[index]
    xs = FASTGRAD.inputs(workload)

    def build():
        return (workload.program(xs, FASTGRAD.lib),), {}

    benchmark.pedantic(lambda y: y.backward(), setup=build, rounds=50)


def test_forward_and_backward_on_a_kept_graph(benchmark, index):
    workload = FASTGRAD.workloads[index]
    y = workload.program(FASTGRAD.inputs(workload), FASTGRAD.lib)

    def run():
        y.forward()
        y.backward()

    benchmark(run)


@pytest.mark.parametrize("code", ["pass", "import fastgrad"])
def test_start(benchmark, code):
    benchmark.group = "starting Python"
    command = [sys.executable, "-c", code]
    benchmark.pedantic(lambda: subprocess.run(command, cwd=children.CHECKOUT, check=True), rounds=10)


# What the timings rest on; these run without --benchmark-only.


@pytest.mark.parametrize("number", range(len(WORKLOAD_NAMES)), ids=lambda number: WORKLOAD_NAMES[number])
def test_engines_agree(number):
    engines.check_agreement(list(ENGINES.values()), number)


def test_the_chain_has_two_operations_a_step():
    assert engines.count_operations(FASTGRAD.workloads[0]) == 20_000


def test_a_limit_says_what_is_asked():
    most, least = limits.Limit("a", "time", "<=", 7.0, " ns"), limits.Limit("b", "speed", ">=", 12.0, "x")
    assert (most.asked(), least.asked()) == ("<= 7 ns", ">= 12x")
    assert [most.is_met(6.9), most.is_met(7.1)] == [True, False]
    assert [least.is_met(11.9), least.is_met(12.1)] == [False, True]

"""The same programs for pytest-benchmark: ``pytest benchmarks/ --benchmark-only``."""

import json
import subprocess
import sys

import pytest

from benchmarks import children, engines, limits, networks

ENGINES = {engine.name: engine for engine in engines.make_engines(["complex", "fastgrad", "reference"])}
FASTGRAD = ENGINES["fastgrad"]
WORKLOAD_NAMES = [workload.name for workload in FASTGRAD.workloads]
networks.use_one_thread()
NETWORKS = networks.make_workloads()


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


@pytest.mark.parametrize("way", ["batch", "rows"])
@pytest.mark.parametrize("key", NETWORKS)
def test_a_training_step(benchmark, key, way):
    benchmark.group = NETWORKS[key].name
    step = networks.ENGINES[f"fastgrad, {way}"](NETWORKS[key])
    if step is None:
        pytest.skip("this network is only trained in batches")
    benchmark(step)


def test_a_thousand_steps_of_fit(benchmark):
    benchmark.group = NETWORKS["tanh"].name
    benchmark(networks.train_fit, NETWORKS["tanh"], 1_000)


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


def _quick_report(folder):
    command = [sys.executable, "-m", "benchmarks.networks", "--quick", "--json", str(folder / "report.json")]
    done = subprocess.run(command, cwd=children.CHECKOUT, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout, json.loads((folder / "report.json").read_text())["seconds"]


def test_the_quick_report_on_networks_has_every_requirement(tmp_path):
    text, seconds = _quick_report(tmp_path)
    for asked in networks.ASKED:
        line = next(line for line in text.splitlines() if line.startswith(asked.limit.what))
        assert asked.limit.asked() in line
        is_there = {asked.slower, asked.faster} <= set(seconds[asked.workload])
        assert line.rstrip().endswith(("yes", "NO") if is_there else "not measured")
    assert {"fastgrad, batch", "fastgrad, rows", "micrograd"} <= set(seconds["moons"])


@pytest.mark.parametrize("key", NETWORKS)
def test_the_losses_of_a_network_agree(key):
    losses = {name: networks.first_losses(step) for name, step in networks.make_steps(NETWORKS[key]).items()}
    assert len(losses) > 1 or key == "wide"
    networks.check_agreement(key, losses)
    for first, *_, last in losses.values():
        assert last < first


def test_fit_and_the_users_classes_agree():
    from fastgrad import reference

    expected = networks.train_classes(NETWORKS["tanh"], 20, reference.Value)
    networks.check_agreement("fit", {"classes": expected, "fit": networks.train_fit(NETWORKS["tanh"], 20)})


def test_losses_that_differ_stop_the_report():
    networks.check_agreement("a network", {"a": [1.0, 2.0], "b": [1.0, 2.0 + 1e-10]})
    with pytest.raises(RuntimeError, match=r"a network, step 1: the loss is 2\.0 in a and 2\.1 in c"):
        networks.check_agreement("a network", {"a": [1.0, 2.0], "b": [1.0, 2.0], "c": [1.0, 2.1]})


def test_an_engine_that_is_missing_is_left_out(monkeypatch, capsys):
    def no_engine(workload):
        raise ModuleNotFoundError("No module named 'elsewhere'")

    monkeypatch.setitem(networks.ENGINES, "elsewhere", no_engine)
    steps = [networks.make_steps(NETWORKS[key]) for key in ("tanh", "relu")]
    assert not any("elsewhere" in names for names in steps)
    assert capsys.readouterr().err.count("elsewhere is left out: No module named 'elsewhere'\n") == 1

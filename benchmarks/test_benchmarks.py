"""The same programs for pytest-benchmark: ``pytest benchmarks/ --benchmark-only``."""

import json
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from benchmarks import (
    bars,
    bounds,
    children,
    derivatives,
    engines,
    figure,
    gpt,
    limits,
    networks,
    picture,
    programs,
    rows,
    wild,
)

ENGINES = {engine.name: engine for engine in engines.make_engines(["complex", "fastgrad", "reference"])}
FASTGRAD = ENGINES["fastgrad"]
WORKLOAD_NAMES = [workload.name for workload in FASTGRAD.workloads]
networks.use_one_thread()
import numpy as np  # noqa: E402

from benchmarks import derived, replays  # noqa: E402
from benchmarks.history import measured as over_commits  # noqa: E402

NETWORKS = networks.make_workloads()
CASES = {case.key: case for case in replays.make_cases()}
DERIVATIVES = {case.key: case for case in derived.make_cases(quick=True)}


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


def _quick_report(module, folder):
    command = [sys.executable, "-m", f"benchmarks.{module}", "--quick", "--json", str(folder / "report.json")]
    done = subprocess.run(command, cwd=children.CHECKOUT, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout, json.loads((folder / "report.json").read_text())["seconds"]


def test_the_quick_report_on_networks_has_every_requirement(tmp_path):
    text, seconds = _quick_report("networks", tmp_path)
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


def test_what_asv_runs_over_the_commits_is_there(monkeypatch):
    monkeypatch.setattr(over_commits, "ROUNDS", 1)
    assert over_commits.Workloads().track_forward_and_backward(WORKLOAD_NAMES[1]) > 0.0
    kernels = over_commits.Kernels()
    figures = kernels.setup_cache()
    assert all(kernels.track_ratio(figures, key) > 0.0 for key in kernels.params)
    assert {"row.0: fastgrad", "pieces.values: 8 paths"} <= set(over_commits.Replays.params)
    for timed, way in ((over_commits.Replays(), "row.1: fastgrad"), (over_commits.Networks(), "tanh")):
        timed.setup(way)
    over_commits.Growth().track_ratio(next(iter(over_commits.Growth.params)))


def test_a_bound_that_is_missed_is_the_exit_status(monkeypatch, capsys):
    for measured, status, verdict in ((1.9, 0, "yes"), (2.1, 1, "NO"), (float("nan"), 1, "NO")):
        monkeypatch.setattr(bounds, "BOUNDS", {limits.Limit("", "slow", "<=", 2.0, "x"): lambda m=measured: m})
        assert bounds.main() == status
        assert capsys.readouterr().out.rstrip().endswith(verdict)


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


# Compiled programs.


@pytest.mark.parametrize("asked", programs.ASKED, ids=lambda asked: asked.limit.figure)
def test_a_requirement_on_programs_names_cases_and_engines_that_there_are(asked):
    for key in asked.cases:
        assert {asked.slower, asked.faster} <= set(CASES[key].makers)


@pytest.mark.parametrize("key", ["row.1", "record.1", "network.4.64", "pieces.gradients", "threads.4", "perceptron"])
def test_the_engines_of_a_case_agree_and_are_timed(key):
    samples = programs.time_case(CASES[key], programs.Plan(seconds=0.0, least_rounds=1, most_rounds=1))
    assert len(samples) > 1 or key in ("row.1", "network.4.64")
    assert all(len(times) == 1 and times[0] > 0.0 for times in samples.values())


def test_engines_of_a_case_that_disagree_stop_the_report():
    def runner(*numbers):
        return replays.Runner(run=None, results=lambda: np.array(numbers))

    case = CASES["row.0"]
    programs.check_agreement(case, {"a": runner(1.0, 0.0), "b": runner(1.0, 1e-10)})
    for other in (runner(1.0, 2e-9), runner(1.0, float("nan")), runner(1.0)):
        with pytest.raises(RuntimeError, match="a and c differ by|a finds 2 numbers and c 1"):
            programs.check_agreement(case, {"a": runner(1.0, 0.0), "c": other})


def test_a_requirement_is_measured_over_all_its_cases():
    asked = programs.Asked(("a", "b"), "slow", "fast", max, limits.Limit("", "", "<=", 10.0))
    samples = {"a": {"slow": [3.0, 5.0], "fast": [1.0, 1.0]}, "b": {"slow": [8.0, 8.0], "fast": [2.0, 4.0]}}
    assert asked.measured(samples, min) == 4.0
    assert asked.measured(samples, max) == 5.0
    del samples["b"]["slow"]
    assert asked.measured(samples, min) is None


def test_a_peer_that_is_missing_is_left_out_of_a_case(capsys):
    def no_peer():
        raise ModuleNotFoundError("No module named 'nowhere'")

    case = CASES["threads.4"]._replace(makers={"one": lambda: "a runner", "nowhere": no_peer})
    assert programs.make_runners(case) == {"one": "a runner"}
    assert capsys.readouterr().err == "nowhere is left out: No module named 'nowhere'\n"


def test_the_report_on_programs_has_every_requirement(capsys):
    samples = {key: dict.fromkeys(case.makers, [2.0, 3.0]) for key, case in CASES.items()}
    del samples["network.4.64"]["jax"]
    programs.print_times(CASES.values(), samples)
    networks.print_asked(programs.ASKED, samples)
    lines = capsys.readouterr().out.splitlines()
    assert all(any(line.startswith(case.name) for line in lines) for case in CASES.values())
    found = lines[lines.index("asked and measured") + 4 :]
    assert [line.startswith(asked.limit.what) for line, asked in zip(found, programs.ASKED, strict=True)] == [True] * 27
    assert sum("not measured" in line for line in found) == 1


# The figure of time against rows.


def test_the_figure_has_networks_from_4_to_100_000_rows():
    cases = replays.make_cases_of_figure()
    assert {case.name.partition(",")[0] for case in cases} == {"3-4-4-1", "3-16-16-1"}
    rows = [int(case.key.rpartition(".")[2]) for case in cases]
    assert (min(rows), max(rows), len(set(rows))) == (4, 100_000, len(rows) // 2)
    assert all(list(case.makers) == list(figure.ENGINES) for case in cases)
    samples = programs.time_case(cases[1], programs.Plan(seconds=0.0, least_rounds=1, most_rounds=1))
    assert samples["fastgrad"][0] > 0.0


def test_the_figure_draws_the_least_times_of_the_engines_that_are_there(tmp_path):
    cases = replays.make_cases_of_figure()
    samples = {case.key: {"fastgrad": [3e-6, 2e-6], "torch": [5e-6]} for case in cases}
    curves = figure.curves(cases, samples)
    assert curves["3-16-16-1"] == {
        "fastgrad": (list(replays.ROWS_OF_FIGURE), pytest.approx([2.0] * len(replays.ROWS_OF_FIGURE))),
        "torch": (list(replays.ROWS_OF_FIGURE), pytest.approx([5.0] * len(replays.ROWS_OF_FIGURE))),
    }
    pytest.importorskip("matplotlib").use("agg")
    pictures = [tmp_path / name for name in ("first.svg", "second.svg")]
    for path in pictures:
        figure.draw(curves, path)
    assert pictures[0].read_text() == pictures[1].read_text()
    text = pictures[0].read_text()
    for words in ("tanh network 3-4-4-1", "rows", "value and gradient, microseconds", "fastgrad", "torch"):
        assert f"<!-- {words} -->" in text
    assert "<!-- jax -->" not in text


def test_the_command_prints_and_draws_the_figure(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(replays, "ROWS_OF_FIGURE", (4, 16))
    monkeypatch.setattr(sys, "argv", ["programs", "--quick", "--figure", str(tmp_path / "rows.svg")])
    programs.main()
    assert "3-16-16-1, 16 rows" in capsys.readouterr().out
    assert "<svg" in (tmp_path / "rows.svg").read_text()


# The picture of a step and of a gradient.

STEPS = {"CPython": 0.12, "PyPy": 0.04, "fastgrad run": 0.001, "torch": 0.0009, "jax": 0.00013}
SLOPES = {"micrograd": 2e-4, "fastgrad": 4e-6, "compiled": 2.5e-7}


def _drawn():
    made = [(picture.STEP, picture.STEPS, STEPS), (picture.GRADIENT, picture.GRADIENTS, SLOPES)]
    return bars.draw([picture.panel(*heading, ways, seconds) for heading, ways, seconds in made], ["A & B < C"])


def test_the_picture_has_a_bar_for_each_way_that_was_timed_and_is_inside_its_frame():
    root = ElementTree.fromstring(_drawn())
    found = [e for e in root.iter("{http://www.w3.org/2000/svg}rect") if e.get("class") != "ground"]
    assert [e.get("class") == "ours" for e in found] == [way in picture.OURS for way in (*STEPS, *SLOPES)]
    widths = [float(e.get("width")) for e in found]
    for seconds, drawn in ((STEPS, widths[: len(STEPS)]), (SLOPES, widths[len(STEPS) :])):
        assert [*sorted(seconds, key=seconds.get)] == [way for _, way in sorted(zip(drawn, seconds, strict=True))]
    assert all(0.0 < width <= bars.BARS_TO - bars.BARS_FROM for width in widths)
    assert all(float(e.get("y")) + bars.BAR < float(root.get("height")) for e in found)


def test_the_picture_says_times_and_what_is_faster_than_the_first_bar():
    words = [e.text for e in ElementTree.fromstring(_drawn()).iter("{http://www.w3.org/2000/svg}text")]
    for said in ("CPython", "120 ms", "1.0 ms, 120x faster", "130 µs", "4.0 µs, 50x faster", "250 ns, 800x faster"):
        assert said in words
    assert "A & B < C" in words
    assert "jax.jit, arrays" not in words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(2.0, "2.0 s"), (0.9999, "1.0 s"), (0.12345, "120 ms"), (9.96e-6, "10 µs"), (3e-10, "0.3 ns")],
)
def test_a_time_has_two_digits_and_its_unit(seconds, words):
    assert bars.in_words(seconds) == words


def test_every_way_of_the_gradient_agrees_and_is_timed():
    seconds = picture.gradients(programs.Plan(seconds=0.0, least_rounds=1, most_rounds=1), 1)
    assert {"fastgrad", "compiled"} <= set(seconds) <= set(picture.GRADIENTS)
    assert min(seconds.values()) > 0.0


def test_every_way_of_the_published_gpt_can_be_run_and_is_in_the_picture():
    assert set(gpt.COMMANDS) == set(gpt.ROUNDS) == set(picture.STEPS)


def test_ways_of_the_published_gpt_that_are_missing_are_left_out(monkeypatch, capsys):
    networks.say_left_out.cache_clear()
    monkeypatch.setattr(gpt, "PYPY", "no such program")
    monkeypatch.setattr(gpt.importlib.util, "find_spec", lambda name: None)
    assert gpt.ways() == [gpt.PLAINLY, gpt.BY_RUN]
    assert not gpt.prepare("nowhere")
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(" is left out")[0] for line in said] == ["torch", "jax", "PyPy", "the published GPT"]


def test_the_same_gpt_in_tensors_has_the_published_losses(tmp_path):
    if not gpt.prepare(tmp_path):
        pytest.skip("strands-microgpt is not installed")
    chosen = [way for way in gpt.ways() if way != gpt.ON_PYPY]
    assert set(gpt.steps(tmp_path, chosen, 1)) == set(chosen)


# Networks over rows, with one instruction set.


@pytest.fixture
def best_instructions(monkeypatch):
    """The name of the best set, which is used again afterwards."""
    monkeypatch.setenv("XLA_FLAGS", "")
    yield rows.use_instructions()
    rows.use_instructions()


def test_an_instruction_set_may_be_asked_for_and_holds_for_jax_too(best_instructions, monkeypatch):
    assert rows.os.environ["XLA_FLAGS"] == ""
    assert rows.use_instructions("baseline") == "baseline"
    assert rows.os.environ["XLA_FLAGS"] == "--xla_cpu_max_isa=SSE4_2"
    monkeypatch.setitem(rows.XLA_SETS, "another", "ANOTHER")
    with pytest.raises(ValueError, match="this processor has baseline.*, and not another"):
        rows.use_instructions("another")


@pytest.mark.parametrize("sizes", rows.SIZES)
def test_ways_to_compute_a_network_over_rows_agree_and_are_timed(sizes):
    plan = programs.Plan(seconds=0.0, least_rounds=1, most_rounds=1)
    samples = rows.with_best_peer(programs.time_case(rows.make_case(sizes, 100), plan))
    assert set(rows.OURS) <= set(samples)
    assert (rows.BEST_PEER in samples) == ("jax" in samples)


def test_the_report_on_rows_compares_with_the_faster_way_of_jax(capsys, monkeypatch, best_instructions):
    monkeypatch.setattr(rows, "ROWS", (4, 100_000))
    times = {"compiled": [2e-6, 1e-6], "nn": [4e-6], "jax": [4e-6], "jax, one array": [9e-6, 3e-6]}
    monkeypatch.setattr(programs, "time_case", lambda case, plan: dict(times))
    monkeypatch.setattr(sys, "argv", ["rows", "--quick", "--instructions", "baseline"])
    rows.main()
    lines = capsys.readouterr().out.splitlines()
    assert ", baseline; one thread" in lines[0]
    [line] = [line for line in lines if line.startswith("3-16-16-1, 100,000 rows")]
    assert line.split()[-6:] == ["1.00", "4.00", "4.00", "3.00", "3.00x", "0.750x"]
    found = {line.partition(":")[0]: line.split()[-1] for line in lines if "least over 4 to 100,000 rows" in line}
    assert list(found.values()) == ["yes", "NO"] * 2


def test_the_report_on_rows_does_without_jax(capsys, monkeypatch, best_instructions):
    monkeypatch.setattr(rows, "ROWS", (4,))
    monkeypatch.setattr(programs, "time_case", lambda case, plan: dict.fromkeys(rows.OURS, [1e-6]))
    monkeypatch.setattr(sys, "argv", ["rows"])
    rows.main()
    text = capsys.readouterr().out
    assert f", {best_instructions}; one thread" in text
    assert text.count("not measured") == 4


# Derivatives.

ONCE = programs.Plan(seconds=0.0, least_rounds=1, most_rounds=1)


@pytest.mark.parametrize("asked", derivatives.ASKED, ids=lambda asked: asked.limit.figure)
def test_a_requirement_on_derivatives_names_engines_that_there_are(asked):
    for case in (DERIVATIVES[key] for key in asked.cases if key in DERIVATIVES):
        assert {asked.slower, asked.faster} <= {*case.makers, derivatives.BEST_PEER}


@pytest.mark.parametrize(
    "key", ["rosenbrock", "black", "over.rosenbrock", "over.chain", "rows", "jacobian", "make.chi", "kept.600"]
)
def test_the_engines_of_a_derivative_agree_and_are_timed(key):
    samples = derivatives.time_cases([DERIVATIVES[key]], ONCE, derived.TOLERANCE)[key]
    assert all(len(times) == 1 and times[0] > 0.0 for times in samples.values())
    assert {"fastgrad", "gradient", "backward"} & set(samples)


def test_the_best_peer_is_the_quickest_engine_that_is_not_fastgrad():
    samples = {"fastgrad": [1.0], "fastgrad, 5 floats": [2.0], "jax": [5.0, 4.0], "ddx": [3.0, 6.0]}
    assert derivatives.with_best_peer(samples)[derivatives.BEST_PEER] == [3.0, 6.0]
    assert derivatives.BEST_PEER not in derivatives.with_best_peer({"fastgrad": [1.0]})


def test_a_derivative_that_is_not_there_is_left_out_with_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(derived, "_has_sparse", lambda: False)
    assert not derived.is_there(derived._sparse_hessian())
    said = capsys.readouterr().err
    assert said == "band of 3, n = 1,000 is left out: compiled functions have no hessian(x, sparse=True)\n"


def test_the_report_on_derivatives_has_every_requirement(capsys, monkeypatch, best_instructions):
    monkeypatch.setattr(programs, "time_case", lambda case, plan, tolerance: dict.fromkeys(case.makers, [2e-6]))
    monkeypatch.setattr(sys, "argv", ["derivatives", "--quick", "--instructions", "baseline"])
    derivatives.main()
    lines = capsys.readouterr().out.splitlines()
    assert ", baseline; one thread" in lines[0]
    found = lines[lines.index("asked and measured") + 4 :]
    assert [line.startswith(asked.limit.what) for line, asked in zip(found, derivatives.ASKED, strict=True)] == [
        True
    ] * len(derivatives.ASKED)
    missing = sum(not set(asked.cases) <= set(DERIVATIVES) for asked in derivatives.ASKED)
    assert sum("not measured" in line for line in found) == missing


# Programs in the wild.


def _measured(says, plain, fast, heavy=False):
    program = wild.Program("a program", None, ["main.py"], "", heavy, says)
    return wild.Measured(program, says, True, plain, fast)


def test_a_program_in_the_wild_is_run_both_ways():
    pytest.importorskip("tomllib")
    program = next(program for program in wild.load() if program.name == "newton_method")
    measured = wild.measure(program, 1)
    assert measured.same
    assert measured.said == program.says
    assert measured.ratio == measured.plain / measured.fast > 0.0


@pytest.mark.parametrize(
    ("says", "text"),
    [
        (["class V runs on fastgrad; its own stay: log"], "class V runs on fastgrad; its own stay: log"),
        (["class A is left alone: of a reason", "class V runs on fastgrad"], "class V runs on fastgrad"),
        (["cell 1: %pylab is skipped", "class V is left alone: of a reason"], "of a reason"),
        (["nothing was put on fastgrad: no class in main.py is a number"], "nothing was put on fastgrad"),
        ([], "nothing was said"),
    ],
)
def test_what_became_of_a_program_is_said_in_few_words(says, text):
    assert wild.what_became(_measured(says, 1.0, 1.0)) == text


def test_the_summary_of_programs_takes_ratios_from_long_runs_only(capsys):
    served = ["class V runs on fastgrad"]
    measured = [
        _measured(served, 0.1, 0.3),
        _measured(served, 4.0, 1.0, heavy=True),
        _measured([], 3.0, 1.5, heavy=True),
    ]
    wild.print_summary(measured)
    lines = capsys.readouterr().out.splitlines()[5:]
    assert [line.split()[-1] for line in lines[:5]] == ["3", "2", "3", "3.0", "2.00"]
    assert lines[5].endswith("0.20 s")

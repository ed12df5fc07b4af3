"""The programs that train networks reach the numbers they are there for."""

import functools
import importlib.util

import numpy as np
import pytest

from examples import four_rows, gaussian, perceptrons
from fastgrad import nn

DRAWN = {
    four_rows: {"four_rows_root_of_squares", "four_rows_mse"},
    perceptrons: {f"perceptrons_{name}" for name in ("line", "xor_2-2-1", "xor_2-6-4-1", "xor_xavier", "rings")},
    gaussian: {f"gaussian_{name}" for name in ("activations", "single_node", "two_nodes", "fit", "blobs")},
}


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """Run a program's quick form, once, and give its numbers and the folder of its pictures."""

    @functools.cache
    def run(program):
        folder = tmp_path_factory.mktemp("pictures") / "new"
        return program.main(["--quick", "--out", str(folder)]), folder

    return run


@pytest.fixture
def rows(quick):
    return quick(four_rows)[0]


@pytest.fixture
def points(quick):
    return quick(perceptrons)[0]


@pytest.fixture
def hills(quick):
    return quick(gaussian)[0]


def without(monkeypatch, package):
    """Make it look as if a package were not installed."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == package else find(name))


# Every program.


@pytest.mark.parametrize("program", DRAWN, ids=["four_rows", "perceptrons", "gaussian"])
def test_pictures_go_to_the_folder_asked_for(quick, program):
    pytest.importorskip("matplotlib")
    folder, drawn = quick(program)[1], set(DRAWN[program])
    if importlib.util.find_spec("sklearn") is None:
        drawn.discard("gaussian_blobs")
    assert {path.name for path in folder.iterdir()} == {f"{name}.png" for name in drawn}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in folder.iterdir())


def test_pictures_go_to_the_current_folder_unless_another_is_named(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    four_rows.main(["--quick"])
    assert {path.stem for path in tmp_path.iterdir()} == DRAWN[four_rows]


def test_without_matplotlib_one_line_says_that_there_are_no_pictures(tmp_path, monkeypatch, capsys):
    without(monkeypatch, "matplotlib")
    four_rows.main(["--quick", "--out", str(tmp_path / "pictures")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == 'No pictures: matplotlib is missing (pip install "fastgrad[plots]").'
    assert not any("drawn" in line for line in lines)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("program", "package", "number"),
    [(four_rows, "torch", "gap to torch"), (gaussian, "sklearn", "blobs after")],
    ids=["torch", "sklearn"],
)
def test_a_part_whose_package_is_missing_says_so(program, package, number, tmp_path, monkeypatch, capsys):
    without(monkeypatch, package)
    assert number not in program.main(["--quick", "--out", str(tmp_path)])
    assert "not installed" in capsys.readouterr().out.splitlines()[-1]


# Four rows.


def test_the_tanh_output_nears_its_targets_as_one_over_the_steps(rows):
    assert rows["tanh loss"] < 0.01  # at 2,000 steps; 50 times the steps are to take it below 0.01 / 50


def test_the_linear_output_falls_faster(rows):
    assert rows["linear loss"] < 1e-3


def test_fit_takes_the_steps_of_the_loop_by_hand(rows):
    assert rows["gap to loop"] < 1e-12


def test_torch_takes_the_same_steps_from_equal_weights(rows):
    pytest.importorskip("torch")
    assert rows["gap to torch"] < 1e-9


def test_the_network_starts_from_the_numbers_that_a_loop_over_its_neurons_draws():
    draw = np.random.default_rng(7).uniform
    assert four_rows.network(7).flat.tolist() == [draw(-1, 1) for _ in range(41)]


def test_the_torch_twin_says_what_the_network_says():
    torch = pytest.importorskip("torch")
    model = four_rows.network(1, output=None)
    with torch.no_grad():
        answers = four_rows.torch_twin(model)(torch.tensor(four_rows.ROWS, dtype=torch.float64))
    assert answers[:, 0].numpy() == pytest.approx(model(four_rows.ROWS).data, rel=1e-12)


@pytest.mark.parametrize("steps", [2, 5, 1_003])
def test_five_sections_have_all_the_losses_between_them(steps):
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    losses, ax = np.linspace(2.0, 1.0, steps), Figure().subplots()
    four_rows.in_five_sections(ax, losses)
    lines = ax.get_lines()
    assert len(lines) == 5
    assert np.concatenate([line.get_ydata() for line in lines]).tolist() == losses.tolist()
    assert np.concatenate([line.get_xdata() for line in lines]).tolist() == list(range(steps))


@pytest.mark.slow
def test_a_hundred_thousand_steps_reach_the_known_losses(tmp_path):
    results = four_rows.main(["--out", str(tmp_path)])
    assert results["tanh loss"] < 2e-4
    assert results["linear loss"] < 1e-8


# Perceptrons.


def test_one_neuron_finds_a_line_between_the_clouds(points):
    assert points["neuron loss"] < 0.25
    assert points["neuron accuracy"] >= 0.9


def test_the_clouds_are_about_their_curves():
    X, y = perceptrons.two_clouds(np.random.default_rng(0), n=10_000)
    (falling, rising), spread = (X[y == label] for label in (0, 1)), 3 * 2.0 / 100  # of the mean, three deviations
    assert np.mean(falling[:, 1] - (13 - 3 * falling[:, 0] ** 3)) == pytest.approx(0.0, abs=spread)
    assert np.mean(rising[:, 1] - (2 + 2 * rising[:, 0] ** 3)) == pytest.approx(0.0, abs=spread)
    assert [falling[0, 0], falling[-1, 0], rising[0, 0], rising[-1, 0]] == [0.0, 1.1, 0.5, 2.0]


def test_the_gradients_of_exclusive_or_by_hand_are_the_automatic_ones_at_every_step(points):
    assert points["XOR gap"] < 1e-12


def test_a_wrong_derivation_would_show(monkeypatch):
    right = perceptrons.gradient_by_hand
    monkeypatch.setattr(perceptrons, "gradient_by_hand", lambda model: right(model) + 1e-11)
    _, gap = perceptrons.xor_both_ways(nn.MLP(2, [2, 1], output_activation="sigmoid", rng=3), steps=2)
    assert gap > 1e-12


@pytest.mark.parametrize("name", ["XOR predictions", "2-6-4-1 predictions", "Xavier predictions"])
def test_the_networks_learn_exclusive_or(points, name):
    assert points[name] == pytest.approx(perceptrons.EITHER, abs=0.05)


def test_hidden_layers_of_4_learn_from_every_start_and_of_2_from_some(points):
    assert points["Xavier starts"][4] == 10
    assert 0 < points["Xavier starts"][2] < 10


def test_four_in_five_points_of_rings_never_seen_are_told_right(points):
    assert points["rings accuracy"] >= 0.8


def test_the_rings_have_their_radii_and_their_noise():
    X, y = perceptrons.rings(np.random.default_rng(0), n=10_000)
    for label, radius in enumerate((0.2, 0.7, 1.2)):
        squared = np.mean(np.sum(X[y == label] ** 2, axis=1))
        assert squared == pytest.approx(radius**2 + 2 * 0.2**2, rel=0.03)


@pytest.mark.slow
def test_the_whole_lessons_on_perceptrons_reach_more(tmp_path):
    results = perceptrons.main(["--out", str(tmp_path)])
    assert results["XOR gap"] < 1e-12
    assert results["XOR predictions"] == pytest.approx(perceptrons.EITHER, abs=1e-3)
    assert results["neuron accuracy"] >= 0.92
    assert results["rings accuracy"] >= 0.8


# The Gaussian.


def test_a_node_is_half_way_where_the_weighted_input_and_the_bias_cancel():
    assert gaussian.node(-2.5, 1.0)([0.4]).data == 0.5


def test_no_single_node_is_as_near_as_a_flat_line_and_two_are_nearer(hills):
    assert min(hills["nodes"]) > hills["flat line"] == pytest.approx(np.var(gaussian.GAUSSIAN))
    assert min(hills["two nodes"]) < hills["flat line"] / 10


def test_the_two_nodes_are_combined_as_written():
    model = gaussian.two_nodes([3.5, -3.5], [3.5, 3.5], w_out=[-1.5, -1.5], b_out=1.5)
    plateau, top = model([5.0]).data, model([0.0]).data
    assert plateau == pytest.approx(0.0, abs=1e-5)
    assert top == pytest.approx(1.5 - 3.0 / (1.0 + np.exp(-3.5)))


def test_one_large_step_goes_too_far_and_a_small_one_nearer(hills):
    before, far, near = hills["one step"]
    wanted = np.exp(-1.0)
    assert before == pytest.approx(1.0 + 1.0 / (1.0 + np.exp(-2.0)) - 0.5)
    assert abs(far - wanted) > abs(before - wanted) > abs(near - wanted)


def test_the_gradients_of_the_fit_by_hand_are_the_automatic_ones_at_every_step(hills):
    assert hills["gap"] < 1e-12


def test_two_nodes_learn_the_gaussian(hills):
    assert hills["fit"] < 0.01


def test_batches_of_ten_teach_a_node_two_blobs(hills):
    pytest.importorskip("sklearn")
    assert hills["blobs before"] == 0.45
    assert hills["blobs after"] >= 0.93


@pytest.mark.slow
def test_fifty_thousand_points_teach_two_nodes_the_gaussian_closely(tmp_path):
    results = gaussian.main(["--out", str(tmp_path)])
    assert results["gap"] < 1e-12
    assert results["fit"] < 1e-3
    assert results.get("blobs after", 1.0) >= 0.93

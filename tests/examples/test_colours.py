"""The colours program reaches what it tells: the golden perceptron, eight colours named, a network that remembers."""

import random

import numpy as np
import pytest

from examples import colours, perceptron
from support.places import CHECKOUT

PICTURES = {"colours_perceptron.png", "colours_names.png", "colours_cube.png", "colours_memory.png"}
FIRST_TEN = [
    ([0.94319585, 0.53941819, 0.63474452], "red"),  # no rule has it: its red is largest
    ([0.69361806, 0.51764809, 0.12455539], "yellow"),
    ([0.62470067, 0.31137634, 0.69554758], "magenta"),
    ([0.70113959, 0.22719125, 0.57711716], "magenta"),
    ([0.66314783, 0.25125916, 0.67997607], "magenta"),
    ([0.86909907, 0.71528213, 0.1290289], "yellow"),
    ([0.93831573, 0.0116266, 0.38620292], "red"),
    ([0.20951922, 0.7605322, 0.81023946], "cyan"),
    ([0.1466083, 0.94824454, 0.74689834], "cyan"),
    ([0.37819635, 0.65601458, 0.48799037], "green"),
]


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """The numbers of the quick form, and the folder of its pictures."""
    folder = tmp_path_factory.mktemp("colours")
    return colours.main(["--quick", "--out", str(folder)]), folder


# The whole program.


def test_the_quick_form_gives_numbers_near_those_of_the_full_one(quick):
    results, _ = quick
    assert results["perceptron losses"] == [500, 500, 262, 500, 500, 500, 499, 446, 393, 350]
    assert results["parameters"] == 3081
    assert results["names"] >= 0.88
    assert results["parity"] == 1.0


@pytest.mark.slow
def test_the_full_form_reaches_the_golden_perceptron_and_95_percent_of_the_names(tmp_path):
    results = colours.main(["--out", str(tmp_path)])
    assert (results["perceptron losses"][-1], results["red or blue"]) == (21.0, 0.976)
    assert results["perceptron weights"] == pytest.approx(
        [-15.854300927398993, -0.3038088136634238, 15.79529288154385, -0.3772927485690634], rel=1e-12
    )
    assert results["told wrong by rate"][1e-5] == 500 > 50 > results["told wrong by rate"][1e-4]
    assert results["names"] >= 0.97
    assert results["parity"] == 1.0


def test_pictures_go_to_the_folder_asked_for(quick):
    pytest.importorskip("matplotlib")
    _, folder = quick
    assert {path.name for path in folder.iterdir()} == PICTURES
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in folder.iterdir())


def test_without_a_folder_the_pictures_go_to_the_current_one(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(colours, "LESSONS", {"one": colours.red_or_blue})
    colours.main(["--quick"])
    assert [path.name for path in tmp_path.iterdir()] == ["colours_perceptron.png"]


def test_without_matplotlib_the_program_says_so_in_a_line_and_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(colours, "LESSONS", {"one": colours.red_or_blue})
    assert "red or blue" in colours.main(["--quick", "--out", str(tmp_path)])
    assert capsys.readouterr().out.count("matplotlib is missing") == 1
    assert not list(tmp_path.iterdir())


# The perceptron.


def test_the_weights_can_be_watched_from_the_start_to_the_end():
    path = []
    _, weights, _ = perceptron.learn_colours(epochs=3, watch=lambda weights: path.append([w.data for w in weights]))
    assert len(path) == 4
    assert path[-1] == [w.data for w in weights]


def test_ten_times_the_rate_takes_the_weights_ten_times_as_far():
    def distance(rate):
        path = []
        perceptron.learn_colours(epochs=1, rate=rate, watch=lambda weights: path.append([w.data for w in weights]))
        return np.subtract(path[1], path[0])

    assert distance(0.1) == pytest.approx(10.0 * distance(0.01))


# Eight colours.


def test_the_first_ten_colours_are_those_known_with_their_names():
    drawn, names = colours.eight_colours(10_000)
    assert drawn.shape == (10_000, 3)
    for colour, name, (known, known_name) in zip(drawn, names, FIRST_TEN):
        assert colour == pytest.approx(known, abs=5e-9)
        assert colours.NAMES[name] == known_name


@pytest.mark.parametrize(("name", "pure"), list(zip(colours.NAMES, colours.PURE / 255)), ids=colours.NAMES)
def test_a_pure_colour_has_its_own_name(name, pure):
    assert colours.NAMES[colours.names_of(pure[np.newaxis])[0]] == name


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ([0.6, 0.8, 0.65], "green"),  # light, not white: the largest channel
        ([0.2, 0.2, 0.4], "blue"),
        ([0.2, 0.29, 0.1], "black"),
        ([0.71, 0.9, 0.72], "white"),
    ],
)
def test_light_and_dark_colours_are_white_and_black_at_the_corners_only(colour, name):
    assert colours.NAMES[colours.names_of(np.array([colour]))[0]] == name


def test_cross_entropy_by_softmax_is_that_of_the_losses(quick):
    by_hand, fused = quick[0]["costs"]
    assert by_hand == pytest.approx(fused, rel=1e-12)


def test_the_table_counts_every_held_out_colour(quick):
    results, _ = quick
    assert results["table"].sum() == colours.HELD_OUT
    assert results["table"].trace() / colours.HELD_OUT == results["names"]


def test_numbers_in_the_table_stand_out_from_their_cells():
    figure = pytest.importorskip("matplotlib.figure").Figure()
    ax, table = figure.subplots(), np.outer(np.arange(8), np.arange(8)) * 4
    colours.draw_table(ax, table)
    (cells,) = ax.get_images()
    for text in ax.texts:
        column, row = text.get_position()
        cell = cells.cmap(cells.norm(cells.get_array()[row, column]))[:3]
        assert abs(np.mean(cell) - (text.get_color() == "white")) > 0.4


# The network with a memory.


def test_parity_counts_the_ones_so_far():
    assert colours.is_odd([[1.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.0, 1.0]]).tolist() == [[1, 1, 0, 1], [0, 0, 0, 1]]


def test_a_neuron_has_a_weight_for_the_number_and_each_neuron_and_a_bias():
    network = colours.Recurrent(4, random.Random(1))
    assert [len(neuron) for neuron in network.neurons] == [6, 6, 6, 6]
    assert len(network.parameters()) == 4 * 6 + 5


def test_an_answer_depends_on_bits_long_read_and_not_on_later_ones():
    network = colours.Recurrent(4, random.Random(1))
    one, other, longer = network([1.0, 0.0, 0.0]), network([0.0, 0.0, 0.0]), network([1.0, 0.0, 1.0])
    assert one[2].data != other[2].data
    assert [answer.data for answer in one[:2]] == [answer.data for answer in longer[:2]]


def test_the_gradient_reaches_every_parameter_through_time():
    network = colours.Recurrent(4, random.Random(1))
    network([1.0, 0.0, 1.0])[-1].backward()
    assert all(parameter.grad != 0.0 for parameter in network.parameters())


# Words.


def test_the_table_has_a_row_for_the_program_and_its_command():
    table = (CHECKOUT / "examples" / "README.md").read_text(encoding="utf-8")
    assert "[`colours.py`](colours.py)" in table
    assert "`python -m examples.colours " in table

"""From scratch: gradients by hand are the engine's, a parabola is fitted, irises are told apart."""

import numpy as np
import pytest

from examples import backprop, from_scratch
from support.places import CHECKOUT

DRAWINGS = {f"scratch_graph_{name}" for name in ("1_data", "2_labels", "3_gradients", "neuron")}
PICTURES = {f"scratch_{name}.png" for name in ("activations", "parabola_fits", "parabola_losses")}


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """The numbers of the quick form, and the folder of its pictures."""
    folder = tmp_path_factory.mktemp("scratch")
    return from_scratch.main(["--quick", "--out", str(folder)]), folder


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """The numbers of the full form."""
    return from_scratch.main(["--out", str(tmp_path_factory.mktemp("full"))])


# Pictures.


def test_drawings_and_pictures_go_to_the_folder_asked_for(quick):
    pytest.importorskip("matplotlib")
    names = {path.name for path in quick[1].iterdir()} - {"scratch_irises.png"}
    assert names == PICTURES | {f"{name}.svg" for name in DRAWINGS}


def test_the_irises_are_drawn(quick):
    pytest.importorskip("matplotlib")
    pytest.importorskip("sklearn")
    assert (quick[1] / "scratch_irises.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_the_graphs_are_still_drawn(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(
        from_scratch, "LESSONS", {"one": from_scratch.three_drawings, "two": from_scratch.own_operations}
    )
    from_scratch.main(["--quick", "--out", str(tmp_path)])
    assert capsys.readouterr().out.count("matplotlib is missing") == 1
    assert {path.stem for path in tmp_path.iterdir()} == DRAWINGS


def test_each_drawing_says_more_than_the_one_before(quick):
    data, labels, gradients, neuron = quick[0]["drawings"].values()
    assert '"{ data 4.0000 }"' in data
    assert '"{ d | data 4.0000 }"' in labels
    assert '"{ d | data 4.0000 | grad -2.0000 }"' in gradients
    assert "{ x1 | data 2 | grad -1.5 }" in neuron


def test_a_drawing_has_a_record_a_number_a_circle_an_operation_and_an_arrow_a_link(quick):
    source = quick[0]["drawings"]["scratch_graph_3_gradients"]
    assert (source.count("shape=record"), source.count("shape=circle"), source.count("->")) == (7, 3, 9)


# Slopes and gradients.


def test_a_nudge_too_small_measures_worse_than_one_of_a_millionth(quick):
    large, good, tiny = (abs(slope - 14.0) for slope in quick[0]["slopes"])
    assert large == pytest.approx(0.03)
    assert good < 1e-5 < tiny


def test_gradients_by_hand_are_those_of_backward(quick):
    assert quick[0]["gradient gaps"] == pytest.approx([0.0, 0.0], abs=1e-15)


def test_the_neuron_gets_its_known_gradients_by_hand():
    nodes = backprop.neuron_graph()
    from_scratch.neuron_by_hand(nodes)
    grads = backprop.gradients(nodes)
    assert [grads[name] for name in ("x1", "x2", "w1", "w2", "b")] == pytest.approx([-1.5, 0.5, 1.0, 0.0, 0.5])


@pytest.mark.parametrize("name", from_scratch.OWN)
def test_an_operation_of_your_own_is_the_engines(name, quick):
    assert quick[0]["operation gaps"][name] <= 1e-15


def test_relu_and_sigmoid_have_their_known_slopes():
    (relu, _), (sigmoid, _) = from_scratch.OWN["relu"], from_scratch.OWN["sigmoid"]
    assert from_scratch.at(relu, -2.0) == [0.0, 0.0]
    assert from_scratch.at(relu, 3.0) == [3.0, 1.0]
    assert from_scratch.at(sigmoid, 0.0) == [0.5, 0.25]


# Training.


def test_twenty_steps_lower_the_loss_each_time(quick):
    loss = quick[0]["twenty steps"]
    assert len(loss) == 20
    assert (np.diff(loss) < 0.0).all()
    assert loss[-1] < 0.05


def test_the_parabola_is_split_as_scikit_learn_splits_it():
    selection = pytest.importorskip("sklearn.model_selection")
    X = np.linspace(-5.0, 5.0, 40).reshape(-1, 1)
    X, test_X, y, test_y = selection.train_test_split(X, X[:, 0] ** 2 + 3 * X[:, 0], test_size=0.33, random_state=42)
    for mine, theirs in zip(from_scratch.parabola(), (X, y, test_X, test_y), strict=True):
        assert (mine == theirs).all()


@pytest.mark.parametrize("activation", from_scratch.ACTIVATIONS)
def test_the_quick_fit_comes_near_the_parabola(activation, quick):
    training, test = quick[0]["parabola"][activation]
    assert training < 1.0
    assert test < 2.0


@pytest.mark.parametrize("activation", from_scratch.ACTIVATIONS)
def test_the_full_fit_is_within_a_fifth_in_training_and_a_half_on_the_test_points(activation, full):
    training, test = full["parabola"][activation]
    assert training**0.5 < 0.2
    assert test**0.5 < 0.5


def test_curves_are_kept_from_the_start_to_the_last_epoch():
    history, curves = from_scratch.learn_parabola("tanh", epochs=200)
    assert list(curves) == [0, 2, 10, 40, 200]
    assert history.epochs == 200
    assert len(history.val_loss) == 200


def test_quick_training_tells_setosa_from_versicolor_without_an_error(quick):
    pytest.importorskip("sklearn")
    assert quick[0]["irises"]["setosa or versicolor"] == 1.0
    assert quick[0]["irises"]["versicolor or virginica"] >= 0.95


def test_full_training_tells_every_iris_of_both_pairs(full):
    pytest.importorskip("sklearn")
    assert full["irises"] == {"setosa or versicolor": 1.0, "versicolor or virginica": 1.0}


def test_without_scikit_learn_the_irises_are_left_out(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert from_scratch.two_irises(options=None) == {}
    assert 'pip install "fastgrad[examples]"' in capsys.readouterr().out


# Words.


def test_the_table_has_a_row_for_the_program_and_its_command():
    table = (CHECKOUT / "examples" / "README.md").read_text(encoding="utf-8")
    assert "[`from_scratch.py`](from_scratch.py)" in table
    assert "`python -m examples.from_scratch " in table

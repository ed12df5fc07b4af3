"""The example programs do what they tell: their numbers, their drawings and the commands in their table."""

import doctest
import importlib
import random
import re
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

import fastgrad
from examples import backprop, drawing, four_rows, mlp, perceptron
from fastgrad import reference
from support.places import CHECKOUT

PROGRAMS = {"perceptron": perceptron, "four_rows": four_rows, "backprop": backprop}
both_engines = pytest.mark.parametrize("engine", [fastgrad, reference], ids=["fastgrad", "reference"])


# Every program.


@pytest.mark.parametrize("program", [perceptron, backprop], ids=["perceptron", "backprop"])
def test_the_quick_form_runs_and_writes_no_files(program, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program.main(["--quick"])
    assert len(capsys.readouterr().out.splitlines()) > 5
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_table_has_a_row_for_the_program_and_its_command(name):
    table = (CHECKOUT / "examples" / "README.md").read_text(encoding="utf-8")
    assert f"[`{name}.py`]({name}.py)" in table
    assert f"`python -m examples.{name} " in table


def test_the_command_runs(tmp_path):
    command = [sys.executable, "-m", "examples.four_rows", "--steps", "3", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert len(re.findall("^ +step", done.stdout, re.MULTILINE)) == 4  # the first and the last of two trainings


@pytest.mark.parametrize("name", ["mlp", *PROGRAMS])
def test_the_code_in_docstrings_runs(name):
    assert doctest.testmod(importlib.import_module(f"examples.{name}")).failed == 0


# The shared network.


@both_engines
def test_a_network_has_a_weight_for_each_pair_of_neighbours_and_a_bias_for_each_neuron(engine):
    sizes = [64, *23 * [10], 1]
    pairs = sum(before * after for before, after in pairwise(sizes))
    assert len(mlp.MLP(engine.Value, sizes, random.Random(1)).parameters()) == pairs + sum(sizes[1:]) == 3081


def test_only_a_linear_output_leaves_the_range_of_tanh():
    inputs = [1e3, 1e3, 1e3]
    squashed = mlp.MLP(fastgrad.Value, [3, 2], random.Random(1))
    linear = mlp.MLP(fastgrad.Value, [3, 2], random.Random(1), linear_output=True)
    assert all(abs(y.data) <= 1.0 for y in squashed(inputs))
    assert all(abs(y.data) > 1.0 for y in linear(inputs))


def test_one_output_is_a_number_and_several_are_a_list():
    assert isinstance(mlp.MLP(fastgrad.Value, [2, 1], random.Random(1))([1.0, 2.0]), fastgrad.Value)
    assert len(mlp.MLP(fastgrad.Value, [2, 3], random.Random(1))([1.0, 2.0])) == 3


# The perceptron.

GOLDEN_LOSSES = [
    *(500, 500, 262, 500, 500, 500, 499, 446, 393, 350),
    *(302, 268, 233, 181, 144, 115, 111, 107, 107, 103),
    *(102, 98, 94, 87, 89, 89, 89, 87, 88, 88),
    *(88, 87, 87, 85, 82, 77, 70, 64, 59, 56),
    *(52, 43, 39, 36, 31, 23, 21, 21, 21, 21),
]
GOLDEN_WEIGHTS = [-15.854300927398993, -0.3038088136634238, 15.79529288154385, -0.3772927485690634]


def test_inputs_and_weights_of_the_perceptron_are_each_others_gradients():
    inputs, weights, output = perceptron.labelled_perceptron()
    output.backward()
    assert output.data == 0.0
    assert [x.grad for x in inputs] == [w.data for w in weights] == [0.2, -0.5, -0.8]
    assert [w.grad for w in weights] == [x.data for x in inputs] == [3.0, 2.0, 5.0]


def test_the_drawing_names_each_gradient_as_a_derivative():
    _, _, output = perceptron.labelled_perceptron()
    output.backward()
    source = output.visualize_graph(output_label="Theta(sigma)").source
    assert "x_1 | data: 3 | [Theta(sigma), x_1]: 0.2" in source
    assert "x_1 w_1 + x_2 w_2 + x_3 w_3 | data: -4.4" in source


def test_red_and_blue_are_learned_to_the_golden_numbers():
    losses, weights, share = perceptron.learn_colours(epochs=50)
    assert losses == GOLDEN_LOSSES
    assert [w.data for w in weights] == pytest.approx(GOLDEN_WEIGHTS, rel=1e-12, abs=0.0)
    assert share == 0.976


def test_the_pure_python_engine_starts_on_the_same_way_to_the_last_bit():
    losses, weights, share = perceptron.learn_colours(epochs=10, scalar=reference.Scalar)
    _, fast_weights, fast_share = perceptron.learn_colours(epochs=10)
    assert losses == GOLDEN_LOSSES[:10]
    assert [w.data for w in weights] == [w.data for w in fast_weights]
    assert share == fast_share


def test_the_perceptron_prints_the_losses_of_its_training(capsys):
    perceptron.main(["--quick"])
    assert "loss in epochs  1 to  3: 500 500 262\n" in capsys.readouterr().out


def test_layers_continue_the_numbers_that_the_generator_draws(capsys):
    perceptron.in_layers(folder=None)
    text = capsys.readouterr().out
    single, layer = numbers_after("a perceptron:", text)[0], numbers_after("a layer of 2:", text)[::2]
    assert single == pytest.approx(-0.9435194299282749, rel=1e-12)
    assert layer == pytest.approx([-0.8370214580986272, 0.8766176818052355], rel=1e-12)
    assert numbers_after("85 parameters:", text) == [1.0712, -1.7583, -0.1481, 0.2054, -0.5721]


def test_a_sweep_for_each_output_sends_old_gradients_down_again():
    generator = np.random.RandomState(142)
    perceptron.colours(generator)
    generator.uniform(size=9)  # the perceptron and the layer before
    network = perceptron.tower(generator)
    in_turn = perceptron.a_sweep_for_each_output(network)
    assert in_turn == pytest.approx([168.79919539595937, 1.99459906505, 9.0760, -35.06955], rel=1e-6)


def test_one_sweep_gives_the_slopes_of_the_sum_of_the_outputs():
    network = perceptron.tower(np.random.RandomState(1))
    at = perceptron.FOUR_NUMBERS
    slopes = [
        backprop.slope(lambda x, i=i: sum(y.data for y in network([*at[:i], x, *at[i + 1 :]])), at[i]) for i in range(4)
    ]
    assert perceptron.one_sweep(network) == pytest.approx(slopes, abs=1e-5)


# Four rows.


def network_for_four_rows(engine=fastgrad):
    return mlp.MLP(engine.Value, [3, 4, 4, 1], random.Random(1))


def test_the_loss_falls_as_one_over_the_steps():
    losses = four_rows.train(network_for_four_rows(), four_rows.distance, rate=0.01, steps=10_000)
    assert losses[9_999] < 1.5e-3
    assert losses[9_999] * 10 == pytest.approx(losses[999], rel=0.3)
    late = losses[200:]
    assert all(after < before for before, after in pairwise(late))


def test_the_answers_go_to_the_targets():
    network = network_for_four_rows()
    four_rows.train(network, four_rows.distance, rate=0.01, steps=2_000)
    assert [network(row).data for row in four_rows.ROWS] == pytest.approx(four_rows.TARGETS, abs=0.01)


def test_both_engines_take_the_same_steps_to_the_last_bit():
    fast, slow = (
        four_rows.train(network_for_four_rows(engine), four_rows.distance, rate=0.01, steps=50)
        for engine in (fastgrad, reference)
    )
    assert fast == slow


def test_the_loss_is_printed_at_powers_of_ten_and_at_the_end(capsys, tmp_path):
    four_rows.main(["--quick", "--out", str(tmp_path)])
    text = capsys.readouterr().out
    assert re.findall(r"step +([\d,]+)", text) == 2 * ["1", "10", "100", "1,000", "2,000"]
    losses = [float(loss) for loss in re.findall(r"loss (\S+)", text)]
    for training in (losses[:5], losses[5:]):
        assert training == sorted(training, reverse=True)


def test_a_training_without_steps_is_refused(capsys):
    with pytest.raises(SystemExit):
        four_rows.main(["--steps", "0"])
    assert "--steps is 0: there must be at least 1 step" in capsys.readouterr().err


# Backpropagation.


def test_a_nudge_measures_the_slope_of_the_parabola():
    assert [backprop.slope(backprop.parabola, x) for x in (3.0, -3.0, 2 / 3)] == pytest.approx([14, -22, 0], abs=1e-4)


def test_the_chain_rule_by_hand_agrees_with_nudges_and_with_backward():
    by_hand, by_machine = backprop.expression_graph(), backprop.expression_graph()
    backprop.pencil_and_paper(by_hand)
    by_machine["L"].backward()
    grads = backprop.gradients(by_hand)
    assert grads == {"a": 6.0, "b": -4.0, "c": -2.0, "f": 4.0, "e": -2.0, "d": -2.0, "L": 1.0}
    assert backprop.gradients(by_machine) == grads
    nudged = backprop.slopes_by_nudging(backprop.expression, backprop.EXPRESSION)
    assert nudged == pytest.approx({name: grads[name] for name in nudged}, abs=1e-4)


def test_a_step_along_the_gradients_raises_the_result():
    nodes = backprop.expression_graph()
    backprop.pencil_and_paper(nodes)
    assert nodes["L"].data == -8.0
    assert backprop.uphill(nodes) == pytest.approx(-7.286496)


def test_the_neuron_gets_the_known_gradients_node_by_node():
    nodes = backprop.neuron_graph()
    backprop.sweep_by_hand(nodes)
    grads = backprop.gradients(nodes)
    assert nodes["o"].data == pytest.approx(0.5**0.5)
    assert [grads[name] for name in ("x1", "x2", "w1", "w2", "b")] == pytest.approx([-1.5, 0.5, 1.0, 0.0, 0.5])


@pytest.mark.parametrize(
    "sweep",
    [lambda nodes: backprop.sweep_in_order(nodes["o"]), lambda nodes: nodes["o"].backward()],
    ids=["in the order found", "backward"],
)
def test_every_sweep_of_the_neuron_gives_the_gradients_of_the_one_by_hand(sweep):
    by_hand, swept = backprop.neuron_graph(), backprop.neuron_graph()
    backprop.sweep_by_hand(by_hand)
    sweep(swept)
    assert backprop.gradients(swept) == backprop.gradients(by_hand)


def test_the_order_puts_operands_first_and_forgets_no_node():
    nodes = backprop.neuron_graph()
    order = backprop.operands_first(nodes["o"])
    assert set(order) == set(nodes.values())
    assert len(order) == len(nodes)
    assert all(order.index(operand) < order.index(node) for node in order for operand in node.prev)


def test_a_node_used_twice_adds_up_its_gradients():
    a, _ = backprop.used_twice()
    assert a.grad == 2.0
    a, b, _ = backprop.two_ways()
    assert (a.grad, b.grad) == (-3.0, -8.0)


def test_twenty_steps_teach_the_network_four_rows():
    network, losses = backprop.learn_four_rows(steps=20)
    assert len(losses) == 20
    assert all(after < before for before, after in pairwise(losses))
    assert losses[-1] < 0.05
    assert all(network(row).data * target > 0.5 for row, target in zip(four_rows.ROWS, four_rows.TARGETS, strict=True))


# Drawings.

DRAWINGS = {
    perceptron: {"perceptron", "tanh_perceptron"},
    backprop: {"expression_before", "expression_after", "neuron", "used_twice", "two_ways", "network"},
}


@pytest.mark.parametrize("program", DRAWINGS, ids=["perceptron", "backprop"])
def test_drawings_go_to_the_folder_asked_for(program, tmp_path):
    folder = tmp_path / "new" / "drawings"
    program.main(["--quick", "--out", str(folder)])
    assert {path.name for path in folder.iterdir()} == {f"{name}.svg" for name in DRAWINGS[program]}
    assert all("<svg" in path.read_text(encoding="utf-8") for path in folder.iterdir())


def test_nothing_is_drawn_without_a_folder():
    drawing.save(lambda: pytest.fail("drawn"), None, "nothing")


def test_a_name_stays_on_the_node():
    y = drawing.named("y", fastgrad.Value(1.0) + 2.0)
    assert (y.label, y.data) == ("y", 3.0)


def numbers_after(heading, text):
    """The numbers on the rest of the line that has the heading."""
    line = text.partition(heading)[2].partition("\n")[0]
    return [float(number) for number in re.findall(r"-?\d+\.\d+", line)]

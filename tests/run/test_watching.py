"""What a notebook shows while a model is trained, and of what is made: in kernels, with and without the extension."""

import base64
import os

import pytest

from support.marks import in_processes
from support.places import PACKAGE_FOLDER

pytestmark = in_processes

pytest.importorskip("ipykernel")
nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")

LOAD = "%load_ext fastgrad"
DATA = """from fastgrad import nn, plots, train
X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
model = nn.MLP(1, [1], rng=0)"""
WIDGET = "application/vnd.jupyter.widget-view+json"


class Client(nbclient.NotebookClient):
    """One that counts what is said again of what was displayed."""

    def process_message(self, message, cell, cell_index):
        if message["msg_type"] == "update_display_data":
            self.updates = [*getattr(self, "updates", []), message["content"]["transient"]["display_id"]]
        return super().process_message(message, cell, cell_index)


@pytest.fixture
def run(tmp_path):
    """Run cells in a kernel; return the client, and the outputs of each cell."""

    def run(*cells):
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        client = Client(made, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}})
        client.execute(env={**os.environ, "PYTHONPATH": str(PACKAGE_FOLDER.parent)})
        return client, [cell.outputs for cell in made.cells]

    return run


def shown(outputs):
    """The kinds of data of each output, and the text of streams."""
    return [output.text if output.output_type == "stream" else sorted(output.data) for output in outputs]


def texts_of_widgets(client):
    return " ".join(str(state.get("value")) for state in client.widget_state.values())


def test_a_bar_is_a_notebooks_own_where_the_extension_is_loaded(run):
    pytest.importorskip("tqdm")
    pytest.importorskip("ipywidgets")
    client, outputs = run(
        DATA, "_ = train.fit(model, X, y, epochs=300)", LOAD, "_ = train.fit(model, X, y, epochs=300)"
    )
    assert shown(outputs[1]) == []
    assert shown(outputs[3]) == [sorted(["text/plain", WIDGET])]
    texts = texts_of_widgets(client)
    assert "300/300" in texts
    assert "loss=" in texts


def test_without_widgets_the_bar_is_of_text_and_nothing_is_complained_of(run):
    pytest.importorskip("tqdm")
    without = "import sys\nsys.modules['ipywidgets'] = None"
    outputs = run(without, DATA, "_ = train.fit(model, X, y, epochs=300, progress=True)")[1][2]
    assert {output.name for output in outputs} == {"stderr"}
    text = "".join(output.text for output in outputs)
    assert "300/300" in text
    assert "ipywidgets" not in text


def test_minimizing_shows_the_same_bar(run):
    pytest.importorskip("tqdm")
    pytest.importorskip("ipywidgets")
    pytest.importorskip("scipy")
    minimize = "from fastgrad import optimize\n_ = optimize.minimize(lambda x: (x - 1.0) ** 2, 0.0, progress=True)"
    assert shown(run(minimize)[1][0]) == [sorted(["text/plain", WIDGET])]


def test_live_curves_are_one_picture_that_is_exchanged(run):
    pytest.importorskip("matplotlib")
    often = "from fastgrad.plots import watching\nwatching._EVERY, watching._SHARE = 0.0, 1.0"
    fit = "history = train.fit(model, X, y, epochs=4, validation=(X, y), callbacks=[plots.live()])"
    client, outputs = run(DATA, often, fit)
    (output,) = outputs[2]
    assert output.output_type == "display_data"
    assert base64.b64decode(output.data["image/png"])[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(client.updates) == 4
    assert len(set(client.updates)) == 1


def test_a_short_training_draws_once_at_the_end_even_if_it_fails(run):
    pytest.importorskip("matplotlib")
    fit = "try:\n    train.fit(model, X, y, lr=1e9, callbacks=[plots.live()])\nexcept ArithmeticError:\n    pass"
    client, outputs = run(DATA, "_ = train.fit(model, X, y, epochs=4, callbacks=[plots.live()])", fit)
    assert [["image/png" in output.data for output in cell] for cell in outputs[1:]] == [[True], [True]]
    assert not hasattr(client, "updates")


def test_tables_are_shown_in_place_of_texts(run):
    f = "import fastgrad\nf = fastgrad.compile(lambda x: x * x)\nf(2.0)\nf"
    _, outputs = run(DATA, "train.fit(model, X, y, epochs=3)", "model", f)
    for cell in outputs[1:]:
        (output,) = cell
        assert "<table>" in output.data["text/html"]
        assert output.data["text/plain"]


def test_drawings_are_zoomed_where_the_extension_is_loaded(run):
    draw = "from fastgrad import Value\n(Value(2.0) * 3.0).draw_dot()"
    network = "from fastgrad import nn\nnn.Neuron(2).draw()"
    others = "import graphviz\ngraphviz.Digraph()" if has_graphviz() else "1"
    _, outputs = run(draw, LOAD, draw, network, "%unload_ext fastgrad", draw, LOAD, others)
    zoomed = ["data-zoom-place" in cell[0].data.get("text/html", "") for cell in outputs if cell]
    assert zoomed == [False, True, True, False, False]
    assert "image/svg+xml" in outputs[2][0].data


def has_graphviz():
    import importlib.util
    import shutil

    return importlib.util.find_spec("graphviz") is not None and shutil.which("dot") is not None


def test_outside_of_notebooks_live_curves_say_that_there_are_none(capsys):
    pytest.importorskip("matplotlib")
    from fastgrad import nn, plots, train

    train.fit(nn.MLP(1, [1]), [[0.0]], [1.0], epochs=3, callbacks=[plots.live()])
    assert capsys.readouterr().err == "fastgrad: plots.live draws in notebooks only\n"

"""What notebooks show of things in place of their text: small tables, in the notebook's own colours."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import fastgrad
from fastgrad import Value, nn, train
from fastgrad.draw.tables import MOST_ROWS, table


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.rows, self.texts, self.tags, self.within = [], [], set(), None

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.within = tag
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.within in ("td", "th"):
            self.rows[-1][-1] += data
        elif self.within == "p":
            self.texts.append(data)

    def handle_endtag(self, tag):
        self.within = None


def read(html):
    """The table's rows, and the lines around it; and that it has neither scripts nor colours."""
    reader = _Reader()
    reader.feed(html)
    assert reader.tags <= {"div", "p", "table", "thead", "tbody", "tr", "th", "td"}
    assert not re.search(r"color|background|#[0-9a-f]{3}|on\w+=", "".join(re.findall(r"<[^>]*>", html)))
    return reader.rows, reader.texts


def test_a_table_has_a_row_for_each_and_is_cut_where_there_are_many():
    asked = []

    def row(k):
        asked.append(k)
        return [f"row {k}", k]

    rows, _ = read(table("many", ["name", "number"], 1_000_000, row))
    assert rows[:2] == [["name", "number"], ["row 0", "0"]]
    assert rows[-1] == ["row 999999", "999,999"]
    assert len(asked) == MOST_ROWS - 1
    assert [f"… {1_000_000 - len(asked):,} more …"] in rows


def test_texts_are_escaped_and_shortened():
    rows, texts = read(table("<b>&", ["<i>"], 1, lambda k: ["<script>alert(1)</script>" + "x" * 10_000], note="<u>"))
    assert texts == ["<b>&", "<u>"]
    assert rows[0] == ["<i>"]
    assert rows[1][0].startswith("<script>alert(1)</script>")
    assert len(rows[1][0]) < 100


def test_a_model_is_a_row_for_each_layer():
    rows, texts = read(nn.MLP(3, [4, 1], rng=0)._repr_html_())
    assert texts == ["MLP: 21 parameters"]
    assert rows == [
        ["", "inputs to outputs", "activation", "weights", "parameters"],
        ["layers.0", "3 to 4", "tanh", "4 x 3", "16"],
        ["layers.1", "4 to 1", "identity", "1 x 4", "5"],
    ]


def test_single_parameters_of_a_users_module_are_rows_too():
    class Scaled(nn.Module):
        def __init__(self):
            self.scale = Value(3.0)
            self.inner = nn.Neuron(2)

    rows, texts = read(Scaled()._repr_html_())
    assert texts == ["Scaled: 4 parameters"]
    assert rows[1:] == [["scale", "", "", "scalar", "1"], ["inner", "2 to 1", "tanh", "2", "3"]]


def test_a_users_own_text_is_kept():
    class Own(nn.Module):
        def __repr__(self):
            return "own"

    assert Own()._repr_html_() is None


def test_a_large_model_is_a_small_table():
    model = nn.Sequential(*[nn.Layer(8, 8) for _ in range(1000)])
    assert len(model._repr_html_()) < 15_000


def test_a_history_is_a_row_for_each_line_of_numbers():
    data = [[0.0], [1.0]], [0.0, 1.0]
    history = train.fit(nn.MLP(1, [1], rng=0), *data, epochs=3, validation=data)
    rows, texts = read(history._repr_html_())
    assert rows[0] == ["", "first", "lowest", "highest", "last"]
    for name, *shown in rows[1:]:
        line = getattr(history, name)
        assert shown == [f"{number:.6g}" for number in (line[0], line.min(), line.max(), line[-1])]
    assert [row[0] for row in rows[1:]] == ["loss", "val_loss"]
    assert texts[0].startswith("3 epochs in ")
    assert texts[0].endswith(": finished")


@pytest.mark.filterwarnings("error")
def test_a_history_of_no_epoch_and_of_what_is_no_number():
    empty = np.empty(0)
    assert read(train.History(empty, empty, empty, empty, empty)._repr_html_())[1] == ["0 epochs in 0 s: running"]
    nans = train.History(np.full(2, np.nan), empty, empty, empty, np.ones(2), 2)
    assert read(nans._repr_html_())[0][1] == ["loss", "nan", "nan", "nan", "nan"]


def test_a_compiled_function_is_a_row_for_each_path():
    @fastgrad.compile
    def f(x, p):
        return (x * p["w"]).tanh() if x > 0 else x * x + 3.0

    assert read(f._repr_html_())[1][0] == "compiled f: 0 paths: call it, and it is recorded"
    f(1.0, {"w": 2.0})
    f(-1.0, {"w": 2.0})
    rows, texts = read(f._repr_html_())
    assert texts[0] == "compiled f: 2 paths"
    assert re.match(r"rows: 2, recordings: \S+ s", texts[1])
    assert rows[0] == ["path", "arguments", "nodes", "steps", "guards", "results", "operations"]
    assert [row[:2] for row in rows[1:]] == [["0", "x, p['w']"], ["1", "x, p['w']"]]
    for row, program in zip(rows[1:], f.programs()):
        assert [int(number) for number in row[3:6]] == [program.steps, program.guards, program.outputs]
        assert sum(int(part.split()[0]) for part in row[6].split(", ")) == program.steps
    assert "1 tanh" in rows[1][6]


def test_a_compiled_function_of_many_arguments_and_operations_is_a_small_table():
    @fastgrad.compile
    def f(x):
        return sum(a.tanh() * b.exp() - a.sin() / (b.cos() + 3.0) for a, b in zip(x, x[1:])).relu().sqrt()

    f(np.linspace(0.1, 1.0, 500))
    row = read(f._repr_html_())[0][1]
    assert row[1].endswith("x[7], …")
    assert row[6].endswith(", …")


def test_a_result_is_a_row_for_each_number_and_has_errors_once_asked_for():
    optimize = pytest.importorskip("fastgrad.optimize", exc_type=ImportError)
    found = optimize.minimize(lambda p: 2.0 * (p["<a>"] - 1.0) ** 2 + p["b"] @ p["b"], {"<a>": 0.0, "b": np.ones(2)})
    rows, texts = read(found._repr_html_())
    assert texts[0] == f"converged: {found.message}"
    assert f"nfev {found.nfev}" in texts[1]
    assert [row[0] for row in rows] == ["", "x['<a>']", "x['b'][0]", "x['b'][1]"]
    assert rows[1] == ["x['<a>']", "1"]
    found.standard_errors()
    rows, _ = read(found._repr_html_())
    assert rows[0] == ["", "x", "standard error"]
    assert rows[1] == ["x['<a>']", "1", "0.5"]


def test_a_result_without_a_covariance_and_a_failed_one():
    optimize = pytest.importorskip("fastgrad.optimize", exc_type=ImportError)
    assert read(optimize.root(lambda x: x * x - 2.0, 1.0)._repr_html_())[0][1] == ["x", "1.41421"]
    stopped = optimize.minimize(lambda x: x.exp() + x * x, 30.0, "BFGS", options={"maxiter": 1})
    assert read(stopped._repr_html_())[1][0].startswith("not converged: ")

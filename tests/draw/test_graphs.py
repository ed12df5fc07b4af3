"""What a picture of a graph shows, with Graphviz and without it, on the plain-Python and on the compiled engine."""

import re
import shutil
import sys
import time
import webbrowser
from xml.etree import ElementTree

import graphviz
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastgrad
from fastgrad import draw, reference
from fastgrad.draw.canvas import escape

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz's program dot is not installed")

AWKWARD_TEXTS = [
    "a|b",
    "{a}",
    "<a>",
    'say "a"',
    "back\\slash",
    "ends with \\",
    "\\N \\n \\l",
    "\\",
    '\\"',
    "a & b",
    "&lt; &amp; &#124;",
    "Θ(x) 宽",
    "<b>x</b>",
    "-4.2",
    "graph",
]


@pytest.fixture(params=[reference, fastgrad], ids=["reference", "compiled"])
def engine(request):
    return request.param


@pytest.fixture(params=["dot missing", "package missing"])
def no_graphviz(request, monkeypatch):
    if request.param == "dot missing":
        monkeypatch.setattr(shutil, "which", lambda program: None)
    else:
        monkeypatch.setitem(sys.modules, "graphviz", None)


@pytest.fixture
def graphviz_there(monkeypatch):
    """What is built where the program is installed; nothing is rendered."""
    monkeypatch.setattr(shutil, "which", lambda program: f"/usr/bin/{program}")


def expression(engine):
    """(a * b + c) * f, with gradients."""
    a, b, c, f = (engine.Value(data, label=label) for data, label in [(2, "a"), (-3, "b"), (10, "c"), (-2, "f")])
    e = a * b
    e.label = "e"
    y = (e + c) * f
    y.label = "L"
    y.backward()
    return y


def perceptron(engine):
    """One input of a perceptron with a step at its end."""
    x, w, b = (engine.Scalar(data, label=label) for data, label in [(3.0, "x_1"), (0.2, "w_1"), (0.1, "b")])
    sigma = x * w + b
    sigma.label = "sigma"
    y = sigma.ifel(sigma.data > 0.0, 1.0, 0.0)
    y.label = "Theta(sigma)"
    y.backward()
    return y


def product(engine):
    """A labelled Scalar times an unlabelled one."""
    x = engine.Scalar(3.0, label="x_1")
    y = x * engine.Scalar(0.2)
    y.backward()
    return y


def network(engine, width=4, depth=3):
    values = [engine.Value(0.1 * index, label=f"x{index}") for index in range(width)]
    for layer in range(depth):
        weights = [[engine.Value(0.1 * (row - column + layer)) for column in range(width)] for row in range(width)]
        values = [sum((w * v for w, v in zip(row, values, strict=True)), engine.Value(0.0)).tanh() for row in weights]
    y = sum(values[1:], values[0])
    y.backward()
    return y


def chain(engine, steps):
    x = engine.Value(0.5, label="start")
    for _ in range(steps):
        x = -x
    return x


def texts(svg):
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter() if _tag(element) == "text"]


def shapes(svg):
    """The (left, top, right, bottom) of each cell and circle."""
    found = []
    for element in ElementTree.fromstring(svg).iter():
        at = element.attrib
        if _tag(element) == "rect" and at["width"] != "100%":
            x, y, width, height = (float(at[key]) for key in ("x", "y", "width", "height"))
            found.append((x, y, x + width, y + height))
        elif _tag(element) == "ellipse":
            x, y, rx, ry = (float(at[key]) for key in ("cx", "cy", "rx", "ry"))
            found.append((x - rx, y - ry, x + rx, y + ry))
    return found


def _tag(element):
    return element.tag.rpartition("}")[2]


def arrows(source):
    return re.findall(r"(\w+) -> (\w+)", source)


class TestTrace:
    def test_nodes_and_edges(self, engine):
        a, b = engine.Value(1.0), engine.Value(2.0)
        c = a * b
        y = c + a
        nodes, edges = draw.trace(y)
        assert nodes == {a, b, c, y}
        assert edges == {(a, c), (b, c), (c, y), (a, y)}

    def test_leaf(self, engine):
        x = engine.Value(1.0)
        assert draw.trace(x) == ({x}, set())

    def test_depth_is_no_limit(self, engine):
        nodes, edges = draw.trace(chain(engine, 50_000))
        assert (len(nodes), len(edges)) == (50_001, 50_000)


class TestDrawDot:
    def test_source(self, engine, graphviz_there):
        picture = draw.draw_dot(expression(engine))
        assert isinstance(picture, graphviz.Digraph)
        assert picture.source.split("\n") == [
            "digraph {",
            "\tgraph [rankdir=LR]",
            '\tn0 [label="{ a | data 2.0000 | grad 6.0000 }" shape=record]',
            '\tn1 [label="{ b | data -3.0000 | grad -4.0000 }" shape=record]',
            '\tn2_op [label="*" shape=circle]',
            '\tn2 [label="{ e | data -6.0000 | grad -2.0000 }" shape=record]',
            "\tn2_op -> n2",
            "\tn0 -> n2_op",
            "\tn1 -> n2_op",
            '\tn3 [label="{ c | data 10.0000 | grad -2.0000 }" shape=record]',
            '\tn4_op [label="+" shape=circle]',
            '\tn4 [label="{ data 4.0000 | grad -2.0000 }" shape=record]',
            "\tn4_op -> n4",
            "\tn2 -> n4_op",
            "\tn3 -> n4_op",
            '\tn5 [label="{ f | data -2.0000 | grad 4.0000 }" shape=record]',
            '\tn6_op [label="*" shape=circle]',
            '\tn6 [label="{ L | data -8.0000 | grad 1.0000 }" shape=record]',
            "\tn6_op -> n6",
            "\tn4 -> n6_op",
            "\tn5 -> n6_op",
            "}",
            "",
        ]

    def test_same_program_gives_same_source(self, engine):
        assert draw.draw_dot(network(engine)).source == draw.draw_dot(network(engine)).source

    @pytest.mark.parametrize("symbol", ["+", "-", "*", "/", "**", "<", ">="])
    def test_operation_is_drawn_as_itself(self, engine, symbol, no_graphviz):
        a, b = engine.Value(3.0, label="a"), engine.Value(2.0, label="b")
        y = eval(f"a {symbol} b", {"a": a, "b": b})
        picture = draw.draw_dot(y)
        assert texts(picture._repr_svg_()).count(symbol) == 1
        assert arrows(picture.source) == [("n2_op", "n2"), ("n0", "n2_op"), ("n1", "n2_op")]

    def test_constant_is_part_of_the_operation(self, no_graphviz):
        x = fastgrad.Value(3.0, label="x")
        assert "*2" in texts(draw.draw_dot(x * 2)._repr_svg_())

    @pytest.mark.parametrize("make", [lambda x: x * 2, lambda x: 2 - x, lambda x: x**3, lambda x: x.relu()])
    def test_circle_shows_op(self, engine, make, no_graphviz):
        y = make(engine.Value(3.0))
        assert y._op
        assert texts(draw.draw_dot(y)._repr_svg_()).count(y._op) == 1

    @pytest.mark.parametrize("label", ["", " "])
    def test_empty_label_is_left_out(self, engine, label):
        assert '"{ data 1.0000 | grad 0.0000 }"' in draw.draw_dot(engine.Value(1.0, label=label)).source

    def test_operand_used_twice_is_drawn_once(self, engine):
        x = engine.Value(3.0)
        assert arrows(draw.draw_dot(x * x).source) == [("n1_op", "n1"), ("n0", "n1_op")]

    def test_children_without_operation(self, engine):
        x = engine.Value(3.0)
        assert arrows(draw.draw_dot(engine.Value(4.0, (x,))).source) == [("n0", "n1")]

    def test_top_to_bottom(self, engine):
        assert "graph [rankdir=TB]" in draw.draw_dot(expression(engine), rankdir="TB").source

    @pytest.mark.parametrize(
        ("number", "text"),
        [
            (123456.78901, "123456.7890"),
            (-0.00001, "-0.0000"),
            (-1e15, "-1.0000e+15"),
            (1e300, "1.0000e+300"),
            (float("inf"), "inf"),
            (float("nan"), "nan"),
        ],
    )
    def test_number(self, engine, number, text):
        assert f"data {text} |" in draw.draw_dot(engine.Value(number)).source

    def test_draws_a_scalar(self, engine):
        assert "{ x_1 | data 3.0000 | grad 0.2000 }" in draw.draw_dot(product(engine)).source


class TestVisualizeGraph:
    def test_boxes(self, engine, graphviz_there):
        picture = draw.visualize_graph(perceptron(engine))
        assert isinstance(picture, graphviz.Digraph)
        assert '\tn0 [label="x_1 | data: 3.0000 | grad: 0.2000" shape=record]\n' in picture.source
        assert '\tn5 [label="Theta(sigma) | data: 1.0000 | grad: 1.0000" shape=record]\n' in picture.source

    def test_output_label_makes_derivatives(self, engine, no_graphviz):
        shown = texts(draw.visualize_graph(perceptron(engine), output_label="Theta(sigma)")._repr_svg_())
        start = shown.index("x_1")
        assert shown[start : start + 3] == ["x_1", "data: 3.0000", "[Theta(sigma), x_1]: 0.2000"]
        assert "[Theta(sigma), w_1]: 3.0000" in shown
        assert "[Theta(sigma), Theta(sigma)]: 1.0000" in shown
        assert not [text for text in shown if text.startswith("grad")]

    def test_number_names_an_unlabelled_scalar(self, engine):
        assert "Scalar(0.2) | data: 0.2000 | grad: 3.0000" in draw.visualize_graph(product(engine)).source

    def test_unlabelled_value(self, engine):
        x = engine.Value(0.5)
        assert '"data: 0.5000 | grad: 0.0000"' in draw.visualize_graph(x).source
        assert '"data: 0.5000 | [y]: 0.0000"' in draw.visualize_graph(x, "y").source

    def test_operations_and_edges_are_those_of_draw_dot(self, engine):
        y = network(engine)
        assert arrows(draw.visualize_graph(y).source) == arrows(draw.draw_dot(y).source)


class TestMethods:
    def test_value(self):
        y = expression(fastgrad)
        assert y.draw_dot().source == draw.draw_dot(y).source

    def test_scalar(self):
        y = perceptron(fastgrad)
        assert y.visualize_graph().source == draw.visualize_graph(y).source
        assert y.visualize_graph(output_label="Theta(sigma)").source == draw.visualize_graph(y, "Theta(sigma)").source
        assert y.trace() == draw.trace(y)

    def test_fused_node(self, no_graphviz):
        xs = [fastgrad.Value(float(index), label=f"x{index}") for index in range(3)]
        y = fastgrad.dot(xs, xs[::-1])
        shown = texts(draw.draw_dot(y)._repr_svg_())
        assert shown.count(y._op) == 1
        assert {"x0", "x1", "x2"} < set(shown)

    def test_softmax_shows_its_operands(self):
        xs = [fastgrad.Value(float(index), label=f"x{index}") for index in range(3)]
        nodes, edges = draw.trace(fastgrad.softmax(xs)[0])
        assert set(xs) < nodes
        assert len(nodes) == 4
        assert len(edges) == 3


@pytest.mark.parametrize("draws", [draw.draw_dot, draw.visualize_graph])
class TestLimits:
    def test_refusal_says_the_size_the_limit_and_the_override(self, engine, draws):
        with pytest.raises(ValueError, match=r"at least 301 nodes.*limit is 300.*max_nodes="):
            draws(chain(engine, 1000))

    def test_largest_graph_that_is_drawn(self, engine, draws):
        y = chain(engine, 9)
        assert "n9 " in draws(y, max_nodes=10).source
        with pytest.raises(ValueError, match="at least 10 nodes"):
            draws(y, max_nodes=9)

    def test_override(self, engine, draws, no_graphviz):
        picture = draws(chain(engine, 1000), max_nodes=2000)
        assert len(arrows(picture.source)) == 2000
        assert len(shapes(picture._repr_svg_())) > 2000

    def test_walk_stops_at_the_limit(self, draws):
        class Endless:
            data, grad, label, _op = 0.0, 0.0, "", "+"
            prev = property(lambda self: [Endless(), Endless()])

        with pytest.raises(ValueError, match="at least 301 nodes"):
            draws(Endless())

    @pytest.mark.parametrize("root", [3.0, [reference.Value(1.0)], None])
    def test_only_a_number_of_the_engine_is_drawn(self, draws, root):
        with pytest.raises(TypeError, match=f"one Scalar or Value, not from a {type(root).__name__}"):
            draws(root)

    def test_unknown_direction(self, engine, draws):
        with pytest.raises(ValueError, match=r"rankdir='up'.*'LR'.*'TB'"):
            draws(engine.Value(1.0), rankdir="up")


class TestWithoutGraphviz:
    def test_source_is_the_same(self, engine, monkeypatch):
        monkeypatch.setattr(shutil, "which", lambda program: f"/usr/bin/{program}")
        with_graphviz = [draw.draw_dot(network(engine)), draw.visualize_graph(perceptron(engine), "y")]
        monkeypatch.setattr(shutil, "which", lambda program: None)
        without = [draw.draw_dot(network(engine)), draw.visualize_graph(perceptron(engine), "y")]
        assert [type(picture) for picture in with_graphviz + without] == [graphviz.Digraph] * 2 + [draw.Drawing] * 2
        assert [picture.source for picture in without] == [picture.source for picture in with_graphviz]
        assert str(without[0]) == without[0].source

    def test_svg_shows_every_text(self, engine, no_graphviz):
        shown = texts(draw.draw_dot(expression(engine))._repr_svg_())
        expected = ["a", "data 2.0000", "grad 6.0000", "b", "data -3.0000", "grad -4.0000", "e", "data -6.0000"]
        expected += ["grad -2.0000", "c", "data 10.0000", "grad -2.0000", "data 4.0000", "grad -2.0000", "f"]
        expected += ["data -2.0000", "grad 4.0000", "L", "data -8.0000", "grad 1.0000", "*", "+", "*"]
        assert sorted(shown) == sorted(expected)

    @pytest.mark.parametrize("draws", [draw.draw_dot, draw.visualize_graph])
    @pytest.mark.parametrize("rankdir", ["LR", "TB"])
    def test_nothing_overlaps_or_leaves_the_picture(self, engine, draws, rankdir, no_graphviz):
        svg = draws(network(engine), rankdir=rankdir)._repr_svg_()
        width, height = (float(ElementTree.fromstring(svg).get(key)) for key in ("width", "height"))
        found = shapes(svg)
        for index, (left, top, right, bottom) in enumerate(found):
            assert 0 < left < right < width
            assert 0 < top < bottom < height
            for other in found[:index]:
                apart = max(left - other[2], other[0] - right, top - other[3], other[1] - bottom)
                assert apart > -0.2

    @pytest.mark.parametrize("rankdir", ["LR", "TB"])
    def test_operands_come_before_results(self, engine, rankdir, no_graphviz):
        svg = draw.visualize_graph(expression(engine), rankdir=rankdir)._repr_svg_()
        key = "x" if rankdir == "LR" else "y"
        elements = [element for element in ElementTree.fromstring(svg).iter() if _tag(element) == "text"]
        at = {element.text: float(element.get(key)) for element in elements}
        assert at["a"] == pytest.approx(at["b"], abs=1)
        assert at["a"] < at["e"] < at["L"]
        assert at["c"] == pytest.approx(at["e"], abs=1)  # a leaf stands where it is first used

    def test_every_edge_ends_in_an_arrow(self, engine, no_graphviz):
        picture = draw.draw_dot(network(engine))
        assert picture._repr_svg_().count('Z"/>') == len(arrows(picture.source))

    def test_picture_does_not_depend_on_chance(self, engine, no_graphviz):
        assert draw.draw_dot(network(engine))._repr_svg_() == draw.draw_dot(network(engine))._repr_svg_()

    def test_render_writes_source_and_picture(self, engine, no_graphviz, tmp_path):
        picture = draw.draw_dot(expression(engine))
        path = picture.render(tmp_path / "new" / "gout")
        assert path == str(tmp_path / "new" / "gout.svg")
        assert (tmp_path / "new" / "gout").read_text(encoding="utf-8") == picture.source
        assert (tmp_path / "new" / "gout.svg").read_text(encoding="utf-8") == picture._repr_svg_()

    def test_render_in_the_current_directory(self, engine, no_graphviz, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert draw.draw_dot(expression(engine)).render(cleanup=True) == "Digraph.gv.svg"
        assert draw.draw_dot(expression(engine)).save("graph.dot", "sub").endswith("graph.dot")
        assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")) == [
            "Digraph.gv.svg",
            str((tmp_path / "sub" / "graph.dot").relative_to(tmp_path)),
        ]

    def test_view_opens_the_picture(self, engine, no_graphviz, tmp_path, monkeypatch):
        opened = []
        monkeypatch.setattr(webbrowser, "open", opened.append)
        path = draw.draw_dot(expression(engine)).view(tmp_path / "x.gv")
        assert path == str(tmp_path / "x.gv.svg")
        assert opened == [(tmp_path / "x.gv.svg").as_uri()]

    def test_pipe(self, engine, no_graphviz):
        picture = draw.draw_dot(expression(engine))
        assert picture.pipe() == picture.pipe(encoding="utf-8").encode() == picture._repr_svg_().encode()

    def test_other_formats_are_refused_with_the_remedy(self, engine, no_graphviz, tmp_path):
        picture = draw.draw_dot(expression(engine), format="png")
        with pytest.raises(RuntimeError, match=r"'png' needs the graphviz package and Graphviz's program dot.*'svg'"):
            picture.render(tmp_path / "gout")
        assert list(tmp_path.iterdir()) == []
        assert picture._repr_svg_().startswith("<svg ")
        assert picture.render(tmp_path / "gout", format="svg") == str(tmp_path / "gout.svg")

    def test_a_program_may_add_to_the_picture(self, engine, no_graphviz):
        picture = draw.draw_dot(expression(engine))
        picture.node("note", "see here", shape="box", color="red")
        picture.edge("note", "n0", label="starts")
        picture.edge("n6", "n0")
        picture.edge("n6", "n6")
        assert '\tnote [label="see here" color=red shape=box]\n\tnote -> n0 [label=starts]\n' in picture.source
        assert "see here" in texts(picture._repr_svg_())

    def test_empty_drawing(self):
        assert texts(draw.Drawing()._repr_svg_()) == []


class TestTexts:
    @pytest.mark.parametrize("text", AWKWARD_TEXTS)
    @pytest.mark.parametrize("draws", [draw.draw_dot, draw.visualize_graph])
    def test_plain_picture(self, engine, text, draws, no_graphviz):
        x = engine.Value(1.0, label=text)
        y = engine.Value(2.0, (x,), text)
        assert texts(draws(y)._repr_svg_()).count(text) == 2

    @needs_dot
    @pytest.mark.parametrize("text", AWKWARD_TEXTS)
    @pytest.mark.parametrize("draws", [draw.draw_dot, draw.visualize_graph])
    def test_picture_of_dot(self, engine, text, draws):
        x = engine.Value(1.0, label=text)
        y = engine.Value(2.0, (x,), text)
        assert texts(draws(y)._repr_svg_()).count(text) == 2

    def test_lines(self, engine, no_graphviz):
        shown = texts(draw.draw_dot(engine.Value(1.0, label="one\ntwo\r\nthree"))._repr_svg_())
        assert shown[:3] == ["one", "two", "three"]

    def test_characters_that_xml_forbids(self, engine, no_graphviz):
        shown = texts(draw.draw_dot(engine.Value(1.0, label="a\x00b\ud800"))._repr_svg_())
        assert shown[0] == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"

    @given(st.text(alphabet=st.sampled_from('ab|{}<>"\\&;#nN \nΘ'), max_size=12))
    def test_any_label(self, label):
        picture = _without_dot(draw.draw_dot, reference.Value(1.0, label=label))
        expected = [line.strip() for line in label.splitlines()] if label.strip() else []
        assert texts(picture._repr_svg_()) == [*expected, "data 1.0000", "grad 0.0000"]

    @given(st.text(alphabet='ab1.-_|{}"\\&; nΘ', min_size=1, max_size=8), st.sampled_from(["1", "Node", "x y", "-.5"]))
    def test_statements_are_written_as_the_package_does(self, text, other):
        escaped = escape(text)
        pictures = draw.Drawing(), graphviz.Digraph(graph_attr={"rankdir": "LR"})
        for picture in pictures:
            picture.node(other, escaped, shape=escaped, color=other)
            picture.node(escaped)
            picture.edge(other, "end", label=escaped)
        assert pictures[0].source == pictures[1].source


def _without_dot(draws, root):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shutil, "which", lambda program: None)
        return draws(root)


@needs_dot
class TestWithDot:
    @pytest.mark.parametrize("draws", [draw.draw_dot, draw.visualize_graph])
    def test_notebook(self, engine, draws):
        picture = draws(expression(engine))
        svg = picture._repr_svg_()
        assert sorted(texts(svg)) == sorted(texts(_without_dot(draws, expression(engine))._repr_svg_()))
        assert picture._repr_mimebundle_()["image/svg+xml"] == svg

    @pytest.mark.parametrize("format", ["svg", "png"])
    def test_render(self, engine, format, tmp_path):
        path = draw.draw_dot(expression(engine), format=format).render(str(tmp_path / "gout"))
        assert path == str(tmp_path / f"gout.{format}")
        assert (tmp_path / f"gout.{format}").stat().st_size > 1000

    def test_a_program_may_add_to_the_picture(self, engine):
        picture = draw.draw_dot(expression(engine))
        picture.node("note", "see here")
        picture.edge("note", "n0")
        assert "see here" in texts(picture._repr_svg_())


@pytest.mark.parametrize("steps", [10, 140])
def test_a_recurrence_is_drawn_at_once(steps):
    """Its leaves are used at every step: Graphviz would take minutes over the long edges."""
    z, w, x = (fastgrad.Value(number) for number in (1.0, 0.9, 0.1))
    for _ in range(steps):
        z = z * w + x
    start = time.perf_counter()
    assert z.draw_dot()._repr_svg_().count("<text") >= 2 * steps
    assert time.perf_counter() - start < 20.0

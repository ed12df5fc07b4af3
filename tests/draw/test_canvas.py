"""Pictures with Graphviz and without it: what is written, shown and rendered, and which of the two draws."""

import shutil
import webbrowser
from xml.etree import ElementTree

import graphviz
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastgrad
from fastgrad import draw, reference
from fastgrad.draw.canvas import escape
from support.pictures import arrows, expression, network, perceptron, shapes, tag, texts

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
        expected = ["a", "data 2", "grad 6", "b", "data -3", "grad -4", "e", "data -6"]
        expected += ["grad -2", "c", "data 10", "grad -2", "data 4", "grad -2", "f"]
        expected += ["data -2", "grad 4", "L", "data -8", "grad 1", "*", "+", "*"]
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
        elements = [element for element in ElementTree.fromstring(svg).iter() if tag(element) == "text"]
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


class TestPlaces:
    """Where nodes say where they are, the picture goes by that: in inches, upwards, as Graphviz's neato has it."""

    def picture(self, *unplaced):
        picture = draw.Drawing(graph_attr={"layout": "neato"})
        picture.node("a", "start", shape="circle", fixedsize="true", width="0.5", pos="1,2!")
        picture.node("b", shape="box", pos="3,1!", tooltip="what b is")
        picture.edge("a", "b", color="red", penwidth="2.5", tooltip="from a to b")
        for name in unplaced:
            picture.node(name)
        return picture

    def elements(self, kind, picture):
        return [element for element in ElementTree.fromstring(picture.pipe()).iter() if tag(element) == kind]

    def test_nodes_are_there(self):
        circle, box = shapes(self.picture().pipe())
        middle = [(left + right) / 2 for left, right in zip(circle, circle[2:])]
        assert [(left + right) / 2 for left, right in zip(box, box[2:])] == pytest.approx(
            [middle[0] + 144.0, middle[1] + 72.0], abs=0.1
        )
        assert circle[2] - circle[0] == circle[3] - circle[1] == 36.0

    def test_edges_are_lines_in_their_colours_and_widths_beneath_the_nodes(self):
        (line,) = self.elements("path", self.picture())
        assert (line.get("stroke"), line.get("stroke-width")) == ("red", "2.5")
        start, end = (tuple(map(float, point.split(","))) for point in line.get("d")[1:].split(" L"))
        for (x, y), (left, top, right, bottom) in zip((start, end), shapes(self.picture().pipe()), strict=True):
            assert (x, y) == pytest.approx(((left + right) / 2, (top + bottom) / 2), abs=0.1)
        kinds = [tag(element) for element in ElementTree.fromstring(self.picture().pipe()).iter()]
        assert kinds.index("path") < kinds.index("ellipse")

    def test_what_is_pointed_at_tells_of_itself(self):
        assert [title.text for title in self.elements("title", self.picture())] == ["from a to b", "what b is"]

    def test_texts_have_sizes_and_colours(self):
        picture = draw.Drawing()
        picture.node("small", "two\\nlines", shape="plaintext", pos="0,0!", fontsize="6", fontcolor="gray")
        picture.node("plain", shape="plaintext", pos="2,0!")
        looks = [(text.get("font-size"), text.get("fill")) for text in self.elements("text", picture)]
        assert looks == [("6", "gray"), ("6", "gray"), (None, None)]
        small, plain = shapes(picture.pipe())
        assert small[3] - small[1] == pytest.approx(plain[3] - plain[1], abs=1.5)  # two lines of half the height

    def test_plain_texts_have_no_border(self):
        picture = draw.Drawing()
        picture.node("text", shape="plaintext")
        picture.node("box", shape="box")
        assert [rect.get("stroke") for rect in self.elements("rect", picture)] == [None, "none", "black"]

    def test_nodes_without_a_place_are_beneath(self):
        found = shapes(self.picture("note", "another").pipe())
        assert [top for _, top, _, _ in found] == sorted(top for _, top, _, _ in found)
        assert all(found[k][3] < found[k + 1][1] for k in (1, 2))
        height = float(ElementTree.fromstring(self.picture("note", "another").pipe()).get("height"))
        assert found[-1][3] < height

    def test_source_has_the_graphs_attributes_as_the_package_writes_them(self):
        attributes = {"rankdir": "LR", "layout": "neato", "bgcolor": "light gray"}
        assert draw.Drawing(graph_attr=attributes).source == graphviz.Digraph(graph_attr=attributes).source


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
        assert texts(picture._repr_svg_()) == [*expected, "data 1", "grad 0"]

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


# Graphviz takes minutes over a recurrence, whose leaves are used at every step: its edges are long.


def recurrence(steps):
    z, w, x = (fastgrad.Value(number) for number in (1.0, 0.9, 0.1))
    for _ in range(steps):
        z = z * w + x
    return z


def test_a_short_recurrence_is_left_to_graphviz(graphviz_there):
    assert isinstance(recurrence(10).draw_dot(), graphviz.Digraph)


def test_a_long_recurrence_is_drawn_without_graphviz(graphviz_there):
    picture = recurrence(140).draw_dot()
    assert isinstance(picture, draw.Drawing)
    assert picture._repr_svg_().count("<text") >= 2 * 140


def test_a_picture_grows_as_its_graph_does():
    """A wire in each column for each leaf, not for each edge: what there is to place and draw is in proportion."""
    lines = [_without_dot(draw.draw_dot, recurrence(steps))._repr_svg_().count("<path") for steps in (50, 100)]
    assert lines[1] <= 2 * lines[0] + 20

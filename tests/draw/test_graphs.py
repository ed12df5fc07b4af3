"""What a picture of a graph shows, on the plain-Python and on the compiled engine."""

import inspect

import graphviz
import pytest

import fastgrad
from fastgrad import draw, reference
from support.pictures import arrows, chain, expression, network, perceptron, product, shapes, texts


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
            '\tn0 [label="{ a | data 2 | grad 6 }" shape=record]',
            '\tn1 [label="{ b | data -3 | grad -4 }" shape=record]',
            '\tn2_op [label="*" shape=circle]',
            '\tn2 [label="{ e | data -6 | grad -2 }" shape=record]',
            "\tn2_op -> n2",
            "\tn0 -> n2_op",
            "\tn1 -> n2_op",
            '\tn3 [label="{ c | data 10 | grad -2 }" shape=record]',
            '\tn4_op [label="+" shape=circle]',
            '\tn4 [label="{ data 4 | grad -2 }" shape=record]',
            "\tn4_op -> n4",
            "\tn2 -> n4_op",
            "\tn3 -> n4_op",
            '\tn5 [label="{ f | data -2 | grad 4 }" shape=record]',
            '\tn6_op [label="*" shape=circle]',
            '\tn6 [label="{ L | data -8 | grad 1 }" shape=record]',
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
        assert "_ * 2" in texts(draw.draw_dot(x * 2)._repr_svg_())

    @pytest.mark.parametrize(
        ("make", "text"),
        [
            (lambda x: x - 1, "_ - 1"),
            (lambda x: x - -1, "_ - (-1)"),
            (lambda x: 1 - x, "1 - _"),
            (lambda x: -1 - x, "(-1) - _"),
            (lambda x: x**-0.5, "_ ** (-0.5)"),
            (lambda x: 2**x, "2 ** _"),
            (lambda x: x / 1e-7, "_ / 1e-07"),
            (lambda x: x + 3.14159265, "_ + 3.142"),
            (lambda x: x > 2, "_ > 2"),
            (lambda x: fastgrad.math.max(x, -2.0), "max(_, -2)"),
            (lambda x: fastgrad.math.atan2(1.0, x), "atan2(1, _)"),
            (lambda x: -x, "neg"),
            (lambda x: x.leaky_relu(0.2), "leaky_relu(_, 0.2)"),
        ],
    )
    def test_constants_are_told_from_symbols(self, make, text, no_graphviz):
        x = fastgrad.Value(3.0, label="x")
        assert text in texts(draw.draw_dot(make(x))._repr_svg_())
        assert text in texts(draw.visualize_graph(make(x))._repr_svg_())

    def test_a_symbol_that_was_given_is_shown_as_it_is(self, no_graphviz):
        y = fastgrad.Value(3.0) - -1
        y._op = "mine"
        assert "mine" in texts(draw.draw_dot(y)._repr_svg_())

    @pytest.mark.parametrize("make", [lambda x: x * x, lambda x: x / x, lambda x: x.relu(), lambda x: x.tanh()])
    def test_circle_shows_op(self, engine, make, no_graphviz):
        y = make(engine.Value(3.0))
        assert y._op
        assert texts(draw.draw_dot(y)._repr_svg_()).count(y._op) == 1

    @pytest.mark.parametrize("label", ["", " "])
    def test_empty_label_is_left_out(self, engine, label):
        assert '"{ data 1 | grad 0 }"' in draw.draw_dot(engine.Value(1.0, label=label)).source

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
            (3.0, "3"),
            (2.0 / 3.0, "0.6667"),
            (1e-7, "1e-07"),
            (-0.000012346, "-1.235e-05"),
            (1234.0, "1234"),
            (123456.78901, "1.235e+05"),
            (-1e15, "-1e+15"),
            (1e300, "1e+300"),
            (float("inf"), "inf"),
            (float("nan"), "nan"),
        ],
    )
    def test_number(self, engine, number, text):
        assert f"data {text} |" in draw.draw_dot(engine.Value(number)).source

    def test_draws_a_scalar(self, engine):
        assert "{ x_1 | data 3 | grad 0.2 }" in draw.draw_dot(product(engine)).source


class TestVisualizeGraph:
    def test_boxes(self, engine, graphviz_there):
        picture = draw.visualize_graph(perceptron(engine))
        assert isinstance(picture, graphviz.Digraph)
        assert '\tn0 [label="x_1 | data: 3 | grad: 0.2" shape=record]\n' in picture.source
        assert '\tn5 [label="Theta(sigma) | data: 1 | grad: 1" shape=record]\n' in picture.source

    def test_output_label_makes_derivatives(self, engine, no_graphviz):
        shown = texts(draw.visualize_graph(perceptron(engine), output_label="Theta(sigma)")._repr_svg_())
        start = shown.index("x_1")
        assert shown[start : start + 3] == ["x_1", "data: 3", "[Theta(sigma), x_1]: 0.2"]
        assert "[Theta(sigma), w_1]: 3" in shown
        assert "[Theta(sigma), Theta(sigma)]: 1" in shown
        assert not [text for text in shown if text.startswith("grad")]

    def test_number_names_an_unlabelled_scalar(self, engine):
        assert "Scalar(0.2) | data: 0.2 | grad: 3" in draw.visualize_graph(product(engine)).source

    def test_unlabelled_value(self, engine):
        x = engine.Value(0.5)
        assert '"data: 0.5 | grad: 0"' in draw.visualize_graph(x).source
        assert '"data: 0.5 | [y]: 0"' in draw.visualize_graph(x, "y").source

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
        with pytest.raises(ValueError, match=r"at least 401 nodes.*limit is 400.*max_nodes="):
            draws(chain(engine, 1000))

    def test_largest_graph_that_is_drawn(self, engine, draws):
        y = chain(engine, 9)
        assert "n9 " in draws(y, max_nodes=10).source
        with pytest.raises(ValueError, match="at least 10 nodes"):
            draws(y, max_nodes=9)

    def test_every_drawing_has_the_same_limit(self, draws):
        of_programs = inspect.signature(fastgrad.compile(abs).draw).parameters["max_nodes"]
        assert inspect.signature(draws).parameters["max_nodes"].default == of_programs.default == 400

    def test_the_graph_of_a_small_network_is_drawn(self, engine, draws, no_graphviz):
        y = network(engine, width=4, depth=6)
        assert 342 <= len(draw.trace(y)[0]) <= 400
        assert draws(y).source.count("shape=record") == len(draw.trace(y)[0])

    def test_override(self, engine, draws, no_graphviz):
        picture = draws(chain(engine, 1000), max_nodes=1001)
        assert len(arrows(picture.source)) == 2000
        assert len(shapes(picture._repr_svg_())) > 2000

    def test_walk_stops_at_the_limit(self, draws):
        class Endless:
            data, grad, label, _op = 0.0, 0.0, "", "+"
            prev = property(lambda self: [Endless(), Endless()])

        with pytest.raises(ValueError, match="at least 401 nodes"):
            draws(Endless())

    @pytest.mark.parametrize("root", [3.0, [reference.Value(1.0)], None])
    def test_only_a_number_of_the_engine_is_drawn(self, draws, root):
        with pytest.raises(TypeError, match=f"one Scalar or Value, not from a {type(root).__name__}"):
            draws(root)

    def test_unknown_direction(self, engine, draws):
        with pytest.raises(ValueError, match=r"rankdir='up'.*'LR'.*'TB'"):
            draws(engine.Value(1.0), rankdir="up")

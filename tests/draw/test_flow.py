"""What an interactive picture is told: a graph, its numbers, and what flows along its edges."""

import json

import pytest

import fastgrad
from fastgrad import Value, math
from fastgrad.draw.canvas import decimal
from fastgrad.draw.flow import flow, function_of, input_of, names_in


def titles(shown):
    return [node["title"] for node in shown["graph"]["nodes"]]


def inputs_grads(shown):
    return {name: shown["numbers"]["grads"][node] for name, node in shown["graph"]["inputs"].items()}


def test_an_expression_and_a_function_show_the_same():
    shown = flow("tanh(a * b) - 1", {"a": 2.0, "b": 0.25})
    assert shown == flow(lambda a, b: math.tanh(a * b) - 1, {"a": 2.0, "b": 0.25})
    assert titles(shown) == ["a", "b", "*", "tanh", "_ - 1"]


def test_gradients_are_those_of_backward():
    a, b = Value(2.0), Value(0.25)
    (math.tanh(a * b) / a).backward()
    shown = flow("tanh(a * b) / a", {"a": 2.0, "b": 0.25})
    assert inputs_grads(shown) == {"a": decimal(a.grad), "b": decimal(b.grad)}


FUNCTIONS = {
    "a number used often": lambda a, b, c: (a * b + a) * (a - c),
    "a square": lambda a, b, c: a * a + b,
    "many operands": lambda a, b, c: fastgrad.dot([a, b, a], [c, a, 2.0]),
    "several results": lambda a, b, c: fastgrad.softmax([a, b, c])[0] * fastgrad.softmax([b, c])[1],
    "a choice": lambda a, b, c: math.max(a, b) * math.where(a > 0, c, b),
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_what_is_passed_along_the_edges_adds_up_to_the_gradients(function):
    shown = flow(function, {"a": 1.5, "b": -0.5, "c": 2.25})
    graph, numbers = shown["graph"], shown["numbers"]
    for k in range(len(graph["nodes"]) - 1):
        passed = [float(given) for (operand, _), given in zip(graph["edges"], numbers["passed"]) if operand == k]
        assert sum(passed) == pytest.approx(float(numbers["grads"][k]), abs=2e-3)
        last = min(node for operand, node in graph["edges"] if operand == k)  # gradients come from the last node first
        assert numbers["after"][graph["edges"].index((k, last))] == numbers["grads"][k]


def test_every_edge_leads_from_an_operand_to_a_later_node():
    graph = flow(FUNCTIONS["a number used often"], {"a": 1.5, "b": -0.5, "c": 2.25})["graph"]
    assert all(operand < node for operand, node in graph["edges"])
    for direction in ("LR", "TB"):
        laid_out = graph[direction]
        assert len(laid_out["boxes"]) == len(graph["nodes"])
        assert len(laid_out["curves"]) == len(laid_out["arrows"]) == len(graph["edges"])
        for x, y, width, height in laid_out["boxes"]:
            assert 0 < x - width / 2 < x + width / 2 < laid_out["size"][0]
            assert 0 < y - height / 2 < y + height / 2 < laid_out["size"][1]
        for (operand, _), curve in zip(graph["edges"], laid_out["curves"]):
            x, y, width, height = laid_out["boxes"][operand]
            start = [float(number) for number in curve[1:].split(" ")[0].split(",")]
            assert start == pytest.approx([x + width / 2, y] if direction == "LR" else [x, y + height / 2], abs=0.1)


def test_numbers_that_json_has_not_are_sent():
    shown = flow("x * inf - y", {"x": 1.0, "y": 0.0})
    assert shown["numbers"]["values"] == ["1", "inf", "0", "inf"]
    assert json.loads(json.dumps(shown, allow_nan=False))["numbers"] == shown["numbers"]


def test_an_input_that_is_not_used_has_no_node():
    assert flow(lambda x, y: x * 2.0, {"x": 1.0, "y": 1.0})["graph"]["inputs"] == {"x": 0, "y": None}


class TestInputs:
    def test_a_slider_ends_where_is_said_or_as_far_away_as_the_number_is_large(self):
        assert input_of("a", (1, 0, 3)) == (1.0, 0.0, 3.0)
        assert input_of("a", 0.5) == (0.5, -1.5, 2.5)
        assert input_of("a", -10) == (-10.0, -30.0, 10.0)

    @pytest.mark.parametrize("given", ["2", None, (1.0, 2.0), (1.0, "a", 2.0), True, Value(1.0)])
    def test_what_is_no_number(self, given):
        with pytest.raises(TypeError, match=r"rate=.* is no input: pass a number, rate=2\.0"):
            input_of("rate", given)

    @pytest.mark.parametrize(
        "given", [(1.0, 2.0, 3.0), (1.0, 1.0, 1.0), float("nan"), float("inf"), (0.0, -1e308, 1.7e308)]
    )
    def test_what_no_slider_reaches(self, given):
        with pytest.raises(ValueError, match="rate=.* its value must lie between the ends of its slider"):
            input_of("rate", given)


class TestExpressions:
    def test_names_are_inputs_but_for_functions_and_what_the_expression_binds(self):
        assert names_in(" sqrt(v * sum_of) + abs(a) * pi ") == ["v", "sum_of", "a"]
        assert names_in("max([k * x for k in (w, 2)])") == ["x", "w"]

    def test_an_input_may_have_a_functions_name(self):
        assert titles(flow("e * x", {"e": 2.0, "x": 3.0})) == ["e", "x", "*"]

    def test_names_without_a_value(self):
        with pytest.raises(ValueError, match=r"'a \* b \+ c' b and c have no value: pass b=1\.0, c=1\.0, too"):
            function_of("a * b + c", ["a"])

    def test_pythons_own_functions_are_not_there(self):
        with pytest.raises(NameError):
            function_of("open", ["open"])()

    def test_what_is_neither_a_function_nor_an_expression(self):
        with pytest.raises(TypeError, match=r"not of a int: 3\. Pass explore\(f, x=2\.0\)"):
            flow(3, {"x": 1.0})

    def test_a_result_that_is_no_scalar(self):
        with pytest.raises(TypeError, match="a picture starts from one Scalar or Value, not from a float"):
            flow("2.0", {"x": 1.0})

    def test_a_graph_too_large(self):
        with pytest.raises(ValueError, match="too many to read"):
            flow(lambda x: sum([x] * 50, x), {"x": 1.0}, max_nodes=20)

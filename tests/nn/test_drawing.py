"""What the picture of a network shows, with Graphviz and without it."""

import inspect
import math
import re
import shutil
from xml.etree import ElementTree

import graphviz
import numpy as np
import pytest

import fastgrad
from fastgrad import Value, draw, nn
from support.pictures import arrows, shapes, tag, texts

POSITIVE, NEGATIVE, ZERO = "#2166ac", "#b2182b", "gray"


@pytest.fixture
def no_graphviz(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda program: None)


def statements(picture):
    """The attributes of nodes by name, and of edges by (tail, head), as the source has them."""
    nodes, edges = {}, {}
    for line in picture.source.splitlines():
        found = re.fullmatch(r"\t(\w+)(?: -> (\w+))? \[(.*)\]", line)
        if found is not None and found[1] != "graph":
            attributes = {key: value.strip('"') for key, value in re.findall(r'(\w+)=("[^"]*"|\S+)', found[3])}
            if found[2] is None:
                nodes[found[1]] = attributes
            else:
                edges[found[1], found[2]] = attributes
    return nodes, edges


def labels(picture):
    """The lines of the nodes' texts, by name."""
    return {name: attributes["label"].split(r"\n") for name, attributes in statements(picture)[0].items()}


def told(picture):
    """What is shown of the parameters that are pointed at."""
    nodes, edges = statements(picture)
    return [attributes["tooltip"] for attributes in (*nodes.values(), *edges.values()) if "tooltip" in attributes]


def of_parameters(model):
    return sorted(f"{name} {value.data:.4g}" for name, value in model.named_parameters())


def place(attributes):
    x, y = attributes["pos"].rstrip("!").split(",")
    return float(x), -float(y)


# Columns.


def test_inputs_and_neurons_are_circles_with_bias_and_activation():
    model = nn.Sequential(nn.Layer(2, 3, "relu"), nn.Layer(3, 1, None))
    model.layers[0].neurons[1].b = 0.123456
    found = labels(model.draw())
    assert [found[name] for name in ("x0", "x1")] == [["x0"], ["x1"]]
    assert found["n0_1"] == ["neurons.1", "b 0.1235", "relu"]
    assert found["n1_0"] == ["neurons.0", "b 0", "identity"]
    circles = [name for name, attributes in statements(model.draw())[0].items() if attributes["shape"] == "circle"]
    assert circles == ["x0", "x1", "n0_0", "n0_1", "n0_2", "n1_0"]


def test_captions_have_names_sizes_and_activations():
    found = labels(nn.MLP(3, [4, 1], output_activation="sigmoid").draw())
    assert [text for name, text in found.items() if name.endswith("caption")] == [
        ["inputs", "3"],
        ["layers.0", "3 to 4, tanh"],
        ["layers.1", "4 to 1, sigmoid"],
    ]


@pytest.mark.parametrize("rankdir", ["LR", "TB"])
def test_layers_follow_one_another_and_neurons_lie_side_by_side(rankdir):
    nodes, _ = statements(nn.MLP(3, [4, 2]).draw(rankdir=rankdir))
    columns = [[f"{key}{k}" for k in range(size)] for key, size in (("x", 3), ("n0_", 4), ("n1_", 2))]
    points = [[place(nodes[name])[:: 1 if rankdir == "LR" else -1] for name in column] for column in columns]
    along = [{point[0] for point in column} for column in points]
    assert [len(places) for places in along] == [1, 1, 1]
    assert max(along[0]) < max(along[1]) < max(along[2])
    for column in points:
        assert sorted(across for _, across in column) == [across for _, across in column]
        assert sum(across for _, across in column) == pytest.approx(0.0, abs=0.01)


def test_a_layer_and_a_neuron_are_networks_too():
    layer, neuron = nn.Layer(2, 2), nn.Perceptron(2)
    assert labels(layer.draw())["n0_caption"] == ["Layer", "2 to 2, tanh"]
    assert labels(neuron.draw())["n0_caption"] == ["Perceptron", "2 to 1, step"]
    assert labels(neuron.draw())["n0_0"] == ["b 0", "step"]
    assert sorted(told(layer.draw())) == of_parameters(layer)
    assert sorted(told(neuron.draw())) == of_parameters(neuron)


# Weights.


def test_every_weight_is_a_line_with_its_number():
    model = nn.MLP(2, [2, 1])
    model.flat = [0.5, -1.0, 0.0, 0.25, 1e-7, 0.0, 2.0, -0.123456, 0.0]
    picture = model.draw()
    lines = {("x0", "n0_0"): 0.5, ("x1", "n0_0"): -1.0, ("x0", "n0_1"): 0.25, ("x1", "n0_1"): 1e-7}
    lines |= {("n0_0", "n1_0"): 2.0, ("n0_1", "n1_0"): -0.123456}
    assert set(statements(picture)[1]) == set(lines)
    for (tail, head), weight in lines.items():
        assert labels(picture)[f"{head}_w{tail[-1]}"] == [f"w.{tail[-1]} {weight:.4g}"]


def test_colours_are_signs_and_widths_are_sizes():
    neuron = nn.Neuron(4)
    neuron.w = [1.0, -2.0, 0.0, -1.0]
    nodes, edges = statements(neuron.draw())
    looks = [edges[f"x{k}", "n0_0"] for k in range(4)]
    assert [look["color"] for look in looks] == [POSITIVE, NEGATIVE, ZERO, NEGATIVE]
    assert [nodes[f"n0_0_w{k}"]["fontcolor"] for k in range(4)] == [POSITIVE, NEGATIVE, ZERO, NEGATIVE]
    one, two, zero, other = (float(look["penwidth"]) for look in looks)
    assert 0 < zero < one == other < two
    assert one - zero == pytest.approx(two - one, abs=0.01)


def test_widths_are_beside_the_networks_largest_weight_drawn_or_not():
    model = nn.MLP(30, [1, 1])
    weights, bias = np.full(30, 0.5), 0.0
    weights[20] = -4.0  # where inputs are left out
    model.flat = [*weights, bias, 4.0, 0.0]
    _, edges = statements(model.draw())
    wide, narrow = (float(edges[edge]["penwidth"]) for edge in (("n0_0", "n1_0"), ("x0", "n0_0")))
    zero = wide - 8 * (wide - narrow) / 7
    assert 0 < zero < narrow < wide / 3


def test_weights_that_are_not_finite_stand_out():
    neuron = nn.Neuron(3)
    neuron.w = [math.nan, math.inf, -1.0]
    _, edges = statements(neuron.draw())
    assert [edges[f"x{k}", "n0_0"]["color"] for k in range(3)] == ["black", "black", NEGATIVE]
    assert len({edges[f"x{k}", "n0_0"]["penwidth"] for k in range(3)}) == 1
    assert {"w.0 nan", "w.1 inf"} <= set(told(neuron.draw()))


def test_weights_of_zero_only_are_drawn():
    assert "w.0 0" in told(nn.Neuron(1, weights="zeros").draw())


# Names.


class Named(nn.Sequential):
    """Its first layer, which is applied twice, has another name than its place."""

    def __init__(self):
        self.first = nn.Layer(2, 2, rng=0)
        super().__init__(self.first, self.first, nn.Sequential(nn.Layer(2, 2, rng=1), nn.Neuron(2, rng=2)))


class OwnParameters(nn.MLP):
    def parameters(self):
        return super().parameters()[:3]


@pytest.mark.parametrize("make", [lambda: nn.MLP(3, [4, 4, 1]), Named, lambda: nn.MLP(784, [10])])
def test_names_and_numbers_are_those_of_the_parameters(make):
    model = make()
    known = of_parameters(model)
    assert set(told(model.draw(max_numbers=0))) <= set(known)
    assert set(told(model.draw(max_neurons=math.inf, max_edges=math.inf, max_nodes=math.inf))) == set(known)


def test_a_layer_that_is_applied_twice_is_drawn_twice():
    picture = Named().draw()
    captions = [text[0] for name, text in labels(picture).items() if name.endswith("caption")]
    assert captions == ["inputs", "first", "first", "layers.2.layers.0", "layers.2.layers.1"]
    assert len(told(picture)) - len(set(told(picture))) == 6


def test_parameters_that_a_model_leaves_out_have_the_names_of_their_places():
    model = OwnParameters(2, [1, 1], rng=0)
    shown = {text.rpartition(" ")[0] for text in told(model.draw())}
    assert shown == {name for name, _ in nn.MLP(2, [1, 1]).named_parameters()}


def test_the_whole_name_can_be_put_together_from_what_is_written():
    found = labels(nn.MLP(2, [2, 1]).draw())
    parts = found["n0_caption"][0], found["n0_1"][0], found["n0_1_w1"][0].split()[0]
    assert ".".join(parts) in dict(nn.MLP(2, [2, 1]).named_parameters())


# What is left out.


def test_numbers_are_written_on_up_to_forty_weights():
    def numbers(model, **options):
        return sum("_w" in name for name in labels(model.draw(**options)))

    assert numbers(nn.Layer(8, 5)) == 40
    assert numbers(nn.Layer(7, 6)) == 0
    assert numbers(nn.MLP(5, [4, 4, 1])) == 40
    assert numbers(nn.MLP(5, [4, 4, 2])) == 0
    assert numbers(nn.Layer(7, 6), max_numbers=42) == 42
    assert len(statements(nn.Layer(7, 6).draw())[1]) == 42


def test_up_to_sixteen_neurons_of_a_layer_are_drawn():
    whole, wide = labels(nn.Layer(16, 16).draw()), labels(nn.Layer(17, 1000).draw())
    assert list(whole) == [f"{key}{k}" for key in ("x", "n0_") for k in (*range(16), "caption")]
    assert [name for name in wide if name[0] == "x"] == [*(f"x{k}" for k in range(14)), "xmore", "x16", "xcaption"]
    assert wide["xmore"] == ["...", "2 more"]
    assert wide["n0_more"] == ["...", "985 more"]
    assert wide["n0_999"][0] == "neurons.999"


def test_what_is_left_out_has_no_lines():
    model = nn.MLP(100, [50, 1])
    drawn, ends = arrows(model.draw(max_neurons=3).source), [("x0", "x99"), ("n0_0", "n0_49"), ("n1_0",)]
    assert sorted(drawn) == sorted((tail, head) for a, b in zip(ends, ends[1:]) for tail in a for head in b)


def test_of_more_than_a_thousand_weights_none_is_drawn():
    def boxes(model, **options):
        nodes, _ = statements(model.draw(**options))
        return [attributes["label"] for attributes in nodes.values() if attributes["shape"] == "box"]

    assert boxes(nn.MLP(10, [10] * 10)) == []
    assert boxes(nn.MLP(10, [10] * 10, rng=0), max_edges=999)[-1] == r"layers.9.w\n10 x 10"
    deep = nn.MLP(784, [64, 16, 16, 16, 10])
    assert boxes(deep) == [rf"{name}\n{shape[0]} x {shape[1]}" for name, shape in weights_of(deep)]
    assert all(text.split()[0].endswith(".b") for text in told(deep.draw()))
    assert boxes(nn.Neuron(3), max_edges=2) == [r"w\n3"]


def weights_of(model):
    return [(name, array.shape) for name, array in model.state_dict().items() if name.endswith(".w")]


def test_a_box_of_weights_stands_between_its_columns():
    drawn = arrows(nn.Layer(2, 3).draw(max_edges=0).source)
    assert drawn == [*((f"x{k}", "n0_w0") for k in range(2)), *(("n0_w0", f"n0_{k}") for k in range(3))]


def test_a_large_network_is_one_picture_of_few_circles():
    nodes, edges = statements(nn.MLP(784, [64, 10]).draw())
    assert sum(attributes["shape"] == "circle" for attributes in nodes.values()) == 15 + 15 + 10
    assert len(edges) == 15 * 15 + 15 * 10


# Functions and other modules.


class Scaled(nn.Module):
    def __init__(self):
        self.inner = nn.Layer(2, 2)
        self.scale = Value(2.0)

    def __call__(self, x):
        return [self.scale * y for y in self.inner(x)]


def test_functions_and_other_modules_are_boxes():
    model = nn.Sequential(nn.Layer(2, 2), Scaled(), lambda row: row[:1], nn.Layer(1, 1), abs)
    picture = model.draw()
    found = labels(picture)
    assert [found[f"f{k}_0"] for k in (1, 2, 4)] == [
        ["layers.1", "Scaled"],
        ["layers.2", r"\<lambda\>"],
        ["layers.4", "abs"],
    ]
    assert found["x3_caption"] == ["inputs", "1"]  # those of the layer after a function
    between = [("n0_0", "f1_0"), ("n0_1", "f1_0"), ("f1_0", "f2_0"), ("f2_0", "x3_0")]
    assert arrows(picture.source)[4:] == [*between, ("x3_0", "n3_0"), ("n3_0", "f4_0")]
    shown = {text.rpartition(" ")[0] for text in told(picture)}
    assert shown == {name for name, _ in model.named_parameters() if name.startswith(("layers.0", "layers.3"))}


def test_functions_alone_are_drawn_too():
    assert arrows(nn.Sequential(abs, abs).draw().source) == [("f0_0", "f1_0")]


# What is drawn stays as it is.


def test_drawing_changes_neither_numbers_nor_gradients_nor_the_tape():
    model = Named()
    model([1.0, 2.0]).backward()
    before = fastgrad.tape_info().nodes, model.flat.tolist(), model.flat_grad.tolist()
    assert any(before[2])
    model.draw().pipe(format="svg")
    assert (fastgrad.tape_info().nodes, model.flat.tolist(), model.flat_grad.tolist()) == before


def test_a_picture_is_of_the_time_when_it_was_drawn():
    model = nn.MLP(2, [1], rng=0)
    picture = model.draw()
    source = picture.source
    model.flat = model.flat + 1.0
    assert picture.source == source != model.draw().source


# With Graphviz and without.


MODELS = {
    "3-4-4-1": lambda: nn.MLP(3, [4, 4, 1], rng=0),
    "6-6": lambda: nn.Layer(6, 6, "leaky_relu", rng=0),
    "2-20": lambda: nn.Layer(2, 20, rng=0),
    "40-1": lambda: nn.MLP(40, [1], rng=0),
    "mixed": lambda: nn.Sequential(nn.Layer(2, 3, rng=0), lambda row: row, nn.Layer(3, 2, rng=0)),
    "nested": lambda: nn.Sequential(nn.Sequential(nn.Sequential(*(nn.Layer(1, 1, "leaky_relu") for _ in range(3))))),
    "784-64-10": lambda: nn.MLP(784, [64, 10], rng=0),
    "boxes": lambda: nn.MLP(200, [100] * 6, rng=0),
}


@pytest.fixture(params=list(MODELS))
def model(request):
    return MODELS[request.param]()


def test_source_is_the_same(model, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda program: f"/usr/bin/{program}")
    with_graphviz = model.draw()
    monkeypatch.setattr(shutil, "which", lambda program: None)
    without = model.draw()
    assert (type(with_graphviz), type(without)) == (graphviz.Digraph, draw.Drawing)
    assert without.source == with_graphviz.source


@pytest.mark.parametrize("rankdir", ["LR", "TB"])
def test_nothing_overlaps_or_leaves_the_picture(model, rankdir, no_graphviz):
    svg = model.draw(rankdir=rankdir)._repr_svg_()
    width, height = (float(ElementTree.fromstring(svg).get(key)) for key in ("width", "height"))
    found = shapes(svg)
    for index, (left, top, right, bottom) in enumerate(found):
        assert 0 < left < right < width
        assert 0 < top < bottom < height
        for other in found[:index]:
            assert max(left - other[2], other[0] - right, top - other[3], other[1] - bottom) > -0.2


def test_the_plain_picture_shows_all(model, no_graphviz):
    picture = model.draw()
    elements = list(ElementTree.fromstring(picture._repr_svg_()).iter())
    lines = [line.replace("\\", "") for text in labels(picture).values() for line in text]
    assert texts(picture._repr_svg_()) == lines
    assert sorted(element.text for element in elements if tag(element) == "title") == sorted(told(picture))
    drawn = [(e.get("stroke"), e.get("stroke-width")) for e in elements if tag(e) == "path"]
    _, edges = statements(picture)
    assert drawn == [(look["color"], look.get("penwidth", "1")) for look in edges.values()]


def test_render_without_graphviz(no_graphviz, tmp_path):
    path = nn.MLP(2, [2, 1]).draw().render(tmp_path / "net")
    assert path == str(tmp_path / "net.svg")
    assert "layers.1" in texts((tmp_path / "net.svg").read_text(encoding="utf-8"))


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz's program dot is not installed")
class TestWithDot:
    def test_it_shows_the_same_and_has_nothing_to_say_against_it(self, model, capfd, monkeypatch):
        svg = model.draw()._repr_svg_()
        assert capfd.readouterr().err == ""
        monkeypatch.setattr(shutil, "which", lambda program: None)
        assert sorted(texts(svg)) == sorted(texts(model.draw()._repr_svg_()))

    def test_circles_cover_lines_which_have_no_arrows(self, model):
        svg = model.draw()._repr_svg_()
        kinds = [e.get("class") for e in ElementTree.fromstring(svg).iter() if e.get("class") in ("node", "edge")]
        assert kinds == sorted(kinds)
        assert sum(tag(e) == "path" for e in ElementTree.fromstring(svg).iter()) == kinds.count("edge")
        edges = [e for e in ElementTree.fromstring(svg).iter() if e.get("class") == "edge"]
        assert not any(tag(e) == "polygon" for edge in edges for e in edge.iter())
        fills = {e.get("fill") for e in ElementTree.fromstring(svg).iter() if tag(e) == "ellipse"}
        assert fills == {"white"}

    def test_circles_are_where_the_plain_picture_has_them(self, monkeypatch):
        def across_and_along(svg):
            at = [(float(e.get("cx")), float(e.get("cy"))) for e in ElementTree.fromstring(svg).iter() if e.get("cx")]
            return np.array(at) - at[0]

        model = nn.MLP(3, [4, 4, 1])
        with_dot = across_and_along(model.draw()._repr_svg_())
        monkeypatch.setattr(shutil, "which", lambda program: None)
        assert np.allclose(with_dot, across_and_along(model.draw()._repr_svg_()), atol=0.6)

    def test_lines_are_straight(self):
        svg = nn.MLP(2, [2]).draw()._repr_svg_()
        curves = [e.get("d") for e in ElementTree.fromstring(svg).iter() if tag(e) == "path"]
        assert len(curves) == 4
        for curve in curves:
            numbers = np.array(re.findall(r"-?[\d.]+", curve), dtype=float).reshape(-1, 2)
            (x, y), (dx, dy) = numbers[0], numbers[-1] - numbers[0]
            assert all(abs((px - x) * dy - (py - y) * dx) < 2.0 * math.hypot(dx, dy) for px, py in numbers)


# What is refused.


def test_every_drawing_has_the_same_limit_of_nodes():
    limits = [inspect.signature(f).parameters["max_nodes"].default for f in (nn.Module.draw, draw.draw_dot)]
    assert limits == [400, 400]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"max_nodes": 6},
            ValueError,
            r"of MLP has 7 nodes, .*limit is 6\): draw its layers .* a larger max_nodes=",
        ),
        ({"max_nodes": "all"}, TypeError, "max_nodes must be a number, not 'all'"),
        ({"max_neurons": 2}, ValueError, "max_neurons must be at least 3, not 2: of a wide layer the first, the last"),
        ({"max_neurons": None}, TypeError, "max_neurons must be a number, not None"),
        ({"max_numbers": -1}, ValueError, "max_numbers must be at least 0, not -1$"),
        ({"max_edges": math.nan}, ValueError, "max_edges must be at least 0, not nan"),
        ({"rankdir": "UP"}, ValueError, "rankdir='UP' is not a direction"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        nn.MLP(3, [3, 1]).draw(**options)


def test_limits_may_be_numpys_numbers():
    model = nn.Layer(5, 1)
    assert model.draw(max_neurons=np.int64(3)).source == model.draw(max_neurons=3).source != model.draw().source


def test_the_largest_picture_that_is_drawn():
    assert len(arrows(nn.MLP(3, [3, 1]).draw(max_nodes=7).source)) == 9 + 3


def test_a_deep_network_is_drawn_if_asked_for():
    model = nn.MLP(3, [3] * 200)
    with pytest.raises(ValueError, match="has 803 nodes"):
        model.draw()
    assert b"<svg" in model.draw(max_nodes=900).pipe(format="svg")


def test_a_module_of_its_own_ways_is_refused_with_what_can_be_drawn():
    message = r"Scaled computes in a way that only its __call__ knows.* model.inner.draw\(\) or model\(x\).draw_dot\(\)"
    with pytest.raises(TypeError, match=message):
        Scaled().draw()


def test_without_layers_there_is_nothing_to_draw():
    with pytest.raises(ValueError, match=r"Sequential has no layers to draw: give it some"):
        nn.Sequential().draw()


def test_layers_that_do_not_fit_are_refused():
    model = nn.Sequential(nn.Layer(2, 3), nn.Layer(4, 1))
    with pytest.raises(ValueError, match=r"layers\.1 has 4 inputs, but the layer before it gives 3, .*: make them fit"):
        model.draw()

"""Graphs to draw, of either engine, and what can be seen in their pictures."""

import re
from xml.etree import ElementTree


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
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter() if tag(element) == "text"]


def shapes(svg):
    """The (left, top, right, bottom) of each cell and circle."""
    found = []
    for element in ElementTree.fromstring(svg).iter():
        at = element.attrib
        if tag(element) == "rect" and at["width"] != "100%":
            x, y, width, height = (float(at[key]) for key in ("x", "y", "width", "height"))
            found.append((x, y, x + width, y + height))
        elif tag(element) == "ellipse":
            x, y, rx, ry = (float(at[key]) for key in ("cx", "cy", "rx", "ry"))
            found.append((x - rx, y - ry, x + rx, y + ry))
    return found


def tag(element):
    return element.tag.rpartition("}")[2]


def arrows(source):
    return re.findall(r"(\w+) -> (\w+)", source)

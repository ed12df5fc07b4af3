"""Pictures that can be zoomed; `web/test_zoom.py` does so in a browser."""

import re

import pytest

from fastgrad import Value, draw, nn

pytestmark = pytest.mark.usefixtures("no_graphviz")


def test_a_zoomed_picture_is_the_picture_with_buttons_and_needs_no_network():
    picture = (Value(2.0, label="<x>") * 3.0).draw_dot()
    page = draw.zoom(picture)._repr_html_()
    assert picture._repr_svg_() in page
    assert re.findall(r'data-zoom-by="([^"]+)"', page) == ["+", "-", "1", "fit"]
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    assert draw.zoom(picture)._repr_svg_() == picture._repr_svg_()


def test_each_has_a_script_of_its_own():
    picture = nn.Neuron(2).draw()
    names = [re.findall(r"fastgrad-\w+", draw.zoom(picture)._repr_html_()) for _ in range(2)]
    assert [len(set(found)) for found in names] == [1, 1]
    assert names[0] != names[1]


def test_it_can_be_saved_as_a_page(tmp_path):
    draw.zoom(nn.Neuron(2).draw()).save(tmp_path / "neuron.html")
    assert "<svg" in (tmp_path / "neuron.html").read_text(encoding="utf-8")


def test_what_is_no_picture_is_refused():
    with pytest.raises(TypeError, match=r"picture must be a drawing, as y.draw_dot\(\).* return it, not 3"):
        draw.zoom(3)

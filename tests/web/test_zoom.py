"""A picture that is zoomed in a browser."""

import pytest

from fastgrad import Value, draw
from support.marks import in_processes

pytestmark = in_processes

SEEN = """
const place = document.querySelector("[data-zoom-place]"), box = place.querySelector("svg").getBoundingClientRect();
return [box.width, place.scrollLeft, place.clientWidth];
"""


@pytest.fixture
def page(browser, tmp_path):
    """Show a wide picture; return a function that presses a button, and tells width, scrolling and room."""
    x = y = Value(0.5, label="x")
    for _ in range(12):
        y = (y * x).tanh()
    draw.zoom(y.draw_dot()).save(tmp_path / "zoom.html")
    browser.get((tmp_path / "zoom.html").as_uri())

    def press(by=None):
        if by is not None:
            browser.find_element("css selector", f'[data-zoom-by="{by}"]').click()
        return browser.execute_script(SEEN)

    return press


def test_it_begins_as_wide_as_the_page_and_gets_larger_and_smaller(page):
    width, _, room = page()
    assert width == pytest.approx(room, abs=3.0)
    natural = page("1")[0]
    assert natural > room
    assert page("+")[0] == pytest.approx(1.25 * natural, rel=1e-3)
    assert page("-")[0] == pytest.approx(natural, rel=1e-3)
    assert page("fit")[0] == pytest.approx(width, abs=1.0)


def test_what_was_in_the_middle_stays_there(page):
    width, left, room = page("1")
    middle = (left + room / 2) / width
    width, left, room = page("+")
    assert (left + room / 2) / width == pytest.approx(middle, abs=0.01)

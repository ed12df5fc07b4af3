"""The site's page "Try it": with Python in the browser where that can be had, and what is left of it without."""

import os
from pathlib import Path

import pytest

from fastgrad.draw.flow import flow
from support.browser import Picture, put_try_page, served, try_page
from support.marks import in_processes

pytestmark = in_processes

PYODIDE, WHEEL = os.environ.get("FASTGRAD_PYODIDE"), os.environ.get("FASTGRAD_SITE_WHEEL")


def nodes_of(expression, **inputs):
    given = flow(expression, inputs)
    titles = [node["title"] for node in given["graph"]["nodes"]]
    return list(zip(titles, given["numbers"]["values"], given["numbers"]["grads"]))


@pytest.fixture
def page(browser, tmp_path):
    """Open the page, its settings being those given."""
    with served(tmp_path) as address:

        def opened(**settings):
            put_try_page(tmp_path, **settings)
            browser.get(address + "try.html")
            picture = Picture(browser)
            picture.wait(picture.nodes)
            return picture

        yield opened


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({}, "built without fastgrad's wheel"), ({"wheel": __file__, "pyodide": "nowhere/"}, "nowhere/pyodide.mjs")],
    ids=["no wheel", "no Pyodide"],
)
def test_without_python_the_example_can_be_stepped_through(page, settings, reason):
    picture = page(**settings)
    picture.wait(lambda: "could not be loaded" in picture.text(".try-state"))
    assert reason in picture.text(".try-state")
    assert [field.is_enabled() for field in picture.all("input")] == [False] * 7
    given = try_page()
    values = {name: value[0] if isinstance(value, tuple) else value for name, value in given["INPUTS"].items()}
    assert picture.nodes() == nodes_of(given["EXPRESSION"], **values)
    picture.click("Step")
    assert [value for title, value, _ in picture.nodes() if title == "tanh"] == ["…"]
    picture.click("Step")
    assert picture.text(".flow-said") == "1 of 9. Forward: * gives -6."


@pytest.mark.skipif(not (PYODIDE and WHEEL), reason="FASTGRAD_PYODIDE names no folder, FASTGRAD_SITE_WHEEL no wheel")
class TestWithPython:
    @pytest.fixture
    def picture(self, page, tmp_path):
        (tmp_path / "pyodide").symlink_to(Path(PYODIDE).resolve())
        picture = page(wheel=WHEEL, pyodide="pyodide/")
        picture.wait(lambda: "Python is here" in picture.text(".try-state"), seconds=120)
        return picture

    def test_an_expression_of_ones_own_is_computed(self, picture):
        from selenium.webdriver.common.keys import Keys

        picture.press("[data-input=a]", Keys.ARROW_RIGHT)
        a = picture.number("a")
        picture.wait(lambda: picture.nodes() == nodes_of("tanh(a * b + c) * a", a=a, b=-3.0, c=5.5))
        picture.write("#try-expression", "max(a, x) ** 2 + exp(-x)")
        picture.wait(lambda: picture.nodes() == nodes_of("max(a, x) ** 2 + exp(-x)", a=a, x=1.0))
        picture.write("#try-expression", "log(a) +")
        picture.wait(lambda: picture.text(".flow-trouble") == "SyntaxError: invalid syntax")
        picture.write("#try-expression", "log(a)")
        picture.wait(lambda: picture.nodes() == nodes_of("log(a)", a=a) and not picture.text(".flow-trouble"))
        picture.write("[data-exactly=a]", "-1")
        picture.wait(lambda: "ValueError" in picture.text(".flow-trouble"))

"""The widget of a notebook: its part in the browser and its part in Python, with a plain connection between them."""

import contextlib
import json

import pytest

from fastgrad import draw, math
from fastgrad.draw.flow import flow
from support.browser import Picture, put_picture, served
from support.marks import in_processes

pytestmark = in_processes

# What a notebook does for a widget, as little as that may be.
PAGE = """
<!doctype html><link rel="stylesheet" href="flow.css"><div id="widget"></div>
<script type="module">
import widget from "./flow.js";
const traits = STATE, listeners = {};
let changed = {};
let line = Promise.resolve(); // messages go, and are answered, one after the other
function take(given) {
  Object.assign(traits, given);
  for (const name of Object.keys(given)) listeners[`change:${name}`]?.();
}
const model = {
  get: (name) => traits[name],
  set: (name, value) => { traits[name] = changed[name] = value; },
  on: (name, listener) => { listeners[name] = listener; },
  save_changes: () => {
    const body = JSON.stringify(changed);
    changed = {};
    line = line.then(async () => take(await (await fetch("changed", { method: "POST", body })).json()));
  },
};
widget.render({ model, el: document.getElementById("widget") });
</script>
"""
SENT = ("graph", "numbers", "trouble", "values")


@pytest.fixture
def shown(browser, tmp_path):
    """Show a widget, and return its picture and what has been sent to it since."""
    pytest.importorskip("anywidget")
    with contextlib.ExitStack() as stack:

        def show(function, **inputs):
            widget, sent = draw.explore(function, **inputs), []

            def answer(given):
                before = {name: getattr(widget, name) for name in SENT}
                for name, value in given.items():
                    setattr(widget, name, value)
                now = {name: getattr(widget, name) for name in SENT}
                changes = {name: now[name] for name in SENT if now[name] != before[name] and name not in given}
                sent.append(sorted(changes))
                return changes

            put_picture(tmp_path)
            state = {name: getattr(widget, name) for name in (*SENT, "inputs")}
            (tmp_path / "widget.html").write_text(PAGE.replace("STATE", json.dumps(state)))
            browser.get(stack.enter_context(served(tmp_path, answer)) + "widget.html")
            picture = Picture(browser)
            picture.wait(picture.nodes)
            return picture, sent

        yield show


def neuron(x, w, b):
    product = x * w
    product.label = "xw"
    return math.tanh(product + b) * x


def computed(function, **inputs):
    given = flow(function, inputs)
    return [
        (node["title"], value, grad)
        for node, value, grad in zip(given["graph"]["nodes"], given["numbers"]["values"], given["numbers"]["grads"])
    ]


def test_the_values_and_gradients_are_pythons(shown):
    picture, _ = shown(neuron, x=2.0, w=-3.0, b=5.5)
    assert picture.nodes() == computed(neuron, x=2.0, w=-3.0, b=5.5)
    assert ("xw: *", "-6", "1.573") in picture.nodes()


def test_a_moved_slider_computes_in_python_and_only_numbers_come(shown):
    from selenium.webdriver.common.keys import Keys

    picture, sent = shown(neuron, x=2.0, w=-3.0, b=5.5)
    picture.press("[data-input=x]", Keys.ARROW_RIGHT)
    x = picture.number("x")
    assert x == 2.1
    picture.wait(lambda: picture.nodes() == computed(neuron, x=x, w=-3.0, b=5.5))
    assert sent == [["numbers"]]


def test_the_field_takes_exact_numbers(shown):
    picture, _ = shown(neuron, x=2.0, w=-3.0, b=5.5)
    picture.write("[data-exactly=b]", "5.0625")
    picture.wait(lambda: picture.nodes() == computed(neuron, x=2.0, w=-3.0, b=5.0625))


def test_a_function_that_branches_shows_its_other_graph(shown):
    picture, sent = shown(lambda x: x * x if x.data > 0 else -x, x=(0.5, -1.0, 1.0))
    assert [title for title, _, _ in picture.nodes()] == ["x", "*"]
    picture.write("[data-exactly=x]", "-1")
    picture.wait(lambda: picture.nodes() == [("x", "-1", "-1"), ("neg", "1", "1")])
    assert "graph" in sent[-1]


def test_what_the_function_raises_is_said_until_it_does_no_more(shown):
    picture, _ = shown(lambda x: math.sqrt(x) * 2.0, x=4.0)
    before = picture.nodes()
    picture.write("[data-exactly=x]", "-1")
    picture.wait(lambda: "ValueError" in picture.text(".flow-trouble"))
    assert picture.nodes() == before
    picture.write("[data-exactly=x]", "9")
    picture.wait(lambda: not picture.text(".flow-trouble"))
    assert picture.nodes()[0] == ("x", "9", "0.3333")


class TestSteps:
    def test_values_come_forward_and_gradients_backward(self, shown):
        picture, _ = shown("a * b + a", a=2.0, b=-3.0)
        for _ in range(5):
            picture.click("Back")
        assert picture.nodes() == [("a", "2", "…"), ("b", "-3", "…"), ("*", "…", "…"), ("+", "…", "…")]
        assert picture.text(".flow-said") == "0 of 5. Only the inputs have values."
        said = []
        for _ in range(5):
            picture.click("Step")
            said.append(picture.text(".flow-said"))
        assert said == [
            "1 of 5. Forward: * gives -6.",
            "2 of 5. Forward: + gives -4.",
            "3 of 5. The result's own gradient is 1.",
            "4 of 5. Backward: of +'s gradient 1, * gets 1, a gets 1.",
            "5 of 5. Backward: of *'s gradient 1, a gets -3, b gets 2. That was all.",
        ]
        assert picture.nodes() == computed("a * b + a", a=2.0, b=-3.0)

    def test_a_gradient_is_the_sum_of_what_has_come_so_far(self, shown):
        picture, _ = shown("a * b + a + a", a=2.0, b=-3.0)
        picture.click("Back")
        expected = [("a", "2", "2"), ("b", "-3", "…"), ("*", "-6", "1"), ("+", "-4", "1"), ("+", "-2", "1")]
        assert picture.nodes() == expected
        assert [edge.text for edge in picture.all(".flow-passed") if edge.text] == ["1", "1"]

    def test_play_goes_on_by_itself_until_it_is_paused(self, shown):
        picture, _ = shown("a * b + a", a=2.0, b=-3.0)
        picture.click("Play")
        picture.wait(lambda: picture.text(".flow-said").startswith("1 of 5"))
        picture.wait(lambda: picture.text(".flow-said").startswith("2 of 5"))
        picture.click("Pause")
        assert picture.text(".flow-controls button") == "Play"

    def test_the_keyboard_does_it(self, shown):
        from selenium.webdriver.common.keys import Keys

        picture, _ = shown("a * b + a", a=2.0, b=-3.0)
        focused = []
        for _ in range(7):
            picture.browser.switch_to.active_element.send_keys(Keys.TAB)
            active = picture.browser.switch_to.active_element
            focused.append(active.get_attribute("aria-label") or active.text)
        assert focused[:6] == ["a", "a, exactly", "b", "b, exactly", "Play", "Back"]
        picture.click("Back")
        picture.press(".flow-controls button:nth-child(3)", Keys.ENTER)
        assert picture.text(".flow-said").startswith("5 of 5")


def test_jupyter_takes_no_keys_from_it(shown):
    picture, _ = shown("a * b + a", a=2.0, b=-3.0)
    taking_focus = picture.all(".flow :is(input, button, [tabindex])")
    assert len(taking_focus) == 9
    assert all(element.get_attribute("data-lm-suppress-shortcuts") for element in taking_focus)


def test_it_fits_narrow_places(shown):
    picture, _ = shown(neuron, x=2.0, w=-3.0, b=5.5)
    fits = "return document.documentElement.scrollWidth <= window.innerWidth"
    for width in (390, 1280):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        picture.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        picture.wait(lambda: picture.browser.execute_script(fits))
    picture.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

"""Pages served to a browser that nobody sees."""

import contextlib
import functools
import http.server
import json
import runpy
import shutil
import threading
from pathlib import Path

import pytest

from support.places import CHECKOUT, PACKAGE_FOLDER

FLAGS = """
    headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking disable-component-update
    disable-sync window-size=1280,900
""".split()  # noqa: SIM905


@contextlib.contextmanager
def chromium(profile):
    """A browser that is driven; the test is skipped where one of its parts is missing."""
    webdriver = pytest.importorskip("selenium.webdriver")
    found = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not found or not driver:
        pytest.skip("there is no chromium, or no chromedriver (Debian's package chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = found
    for flag in [*FLAGS, f"user-data-dir={profile}"]:
        options.add_argument(f"--{flag}")
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
    try:
        yield browser
    finally:
        browser.quit()


class _Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}
    answer = None

    def do_POST(self):
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = json.dumps(type(self).answer(given)).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *given):
        pass


@contextlib.contextmanager
def served(folder, answer=None):
    """Serve a folder's files; what is posted goes to a function. Gives the address."""
    handler = type("Handler", (_Handler,), {"answer": staticmethod(answer)})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def put_picture(folder):
    """Put the parts of the interactive picture into a folder."""
    for name in ("flow.js", "flow.css"):
        shutil.copy(PACKAGE_FOLDER / "draw" / name, folder)


def try_page():
    """The module of the site that writes what its page "Try it" reads."""
    return runpy.run_path(str(CHECKOUT / "docs" / "try_page.py"))


def put_try_page(folder, **settings):
    """Put the page "Try it" into a folder, as the site has it but for what is around it."""
    put_picture(folder)
    shutil.copy(CHECKOUT / "docs" / "_static" / "try.js", folder)
    try_page()["write"](folder, **settings)
    page = '<!doctype html><link rel="stylesheet" href="flow.css"><div id="try"></div>'
    Path(folder, "try.html").write_text(f'{page}<script type="module" src="try.js"></script>')


class Picture:
    """What a picture in the browser shows, and what one does with it."""

    def __init__(self, browser):
        self.browser = browser

    def all(self, selector):
        return self.browser.find_elements("css selector", selector)

    def text(self, selector):
        return self.browser.execute_script("return document.querySelector(arguments[0]).innerText", selector).strip()

    def wait(self, condition, seconds=20):
        from selenium.webdriver.support.wait import WebDriverWait

        return WebDriverWait(self.browser, seconds, 0.05).until(lambda _: condition())

    def nodes(self):
        """The (title, value, gradient) of each node; "…" where there is none yet."""
        script = "return [...document.querySelectorAll('.flow-node')].map(n => [...n.children].map(c => c.textContent))"
        return [
            (title, value.removeprefix("data "), grad.removeprefix("grad "))
            for _, title, value, grad in self.browser.execute_script(script)
        ]

    def click(self, name):
        self.browser.find_element("xpath", f"//button[normalize-space()='{name}']").click()

    def press(self, selector, *keys):
        self.browser.find_element("css selector", selector).send_keys(*keys)

    def number(self, name):
        """Where an input's slider is."""
        return float(self.browser.find_element("css selector", f"[data-input={name}]").get_attribute("value"))

    def write(self, selector, text):
        from selenium.webdriver.common.keys import Keys

        self.press(selector, Keys.CONTROL, "a")
        self.press(selector, text)

"""What the page "Try it" is given when the site is built: an example, and where Python for the browser comes from."""

import json
import os
import shutil
from pathlib import Path

from fastgrad.draw.flow import flow, input_of

PYODIDE = "https://cdn.jsdelivr.net/npm/pyodide@314.0.7/"
EXPRESSION = "tanh(a * b + c) * a"
INPUTS = {"a": 2.0, "b": -3.0, "c": (5.5, 0.0, 10.0)}


def settings(wheel=None, pyodide=PYODIDE):
    """What the page reads: the wheel's name in the site, where Pyodide is, and an example computed here."""
    inputs = {name: input_of(name, given) for name, given in INPUTS.items()}
    return {
        "pyodide": pyodide,
        "wheel": wheel,
        "expression": EXPRESSION,
        "inputs": {name: given._asdict() for name, given in inputs.items()},
        "shown": flow(EXPRESSION, {name: given.value for name, given in inputs.items()}),
    }


def write(folder, wheel=None, pyodide=PYODIDE):
    """Write what the page needs to the folder that the site's scripts lie in."""
    if wheel:
        shutil.copy(wheel, folder)
    text = json.dumps(settings(Path(wheel).name if wheel else None, pyodide))
    Path(folder, "try.json").write_text(text, encoding="utf-8")


def finish(app, exception):
    """Write it to a site that was built. Its wheel and its Pyodide are named by the environment."""
    if exception is None and app.builder.format == "html":
        wheel, pyodide = os.environ.get("FASTGRAD_SITE_WHEEL"), os.environ.get("FASTGRAD_SITE_PYODIDE", PYODIDE)
        write(Path(app.outdir, "_static"), wheel, pyodide)

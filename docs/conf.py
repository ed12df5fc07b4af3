"""The site: `python -m sphinx -W -b html docs site`, in a checkout that fastgrad is installed from in place.

A page is Markdown whose examples are doctests, a notebook without outputs, or a page of the reference, which is taken
from docstrings. All are executed when the site is built, and what fails there is a warning.
"""

import doctest
import io
import re
import sys
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.util import logging

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parent)]  # for what is beside this file, and the programs in examples/

import cython_sources  # noqa: E402
import try_page  # noqa: E402

from fastgrad import __version__  # noqa: E402

project = "fastgrad"
author = "The fastgrad developers"
copyright = author
version = release = __version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",  # for its role "autolink"
    "sphinx.ext.intersphinx",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["gallery/*.ipynb"]  # which it makes of the programs for downloading
templates_path = ["_templates"]
nitpicky = True
nitpick_ignore = [("py:obj", attribute) for attribute in ("compiled", "lr", "parameters")]  # in tables, not entries

# Words in single backticks are linked where they name something that is documented, and are in italics elsewhere.
default_role = "autolink"

myst_heading_anchors = 4
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the stubs say more than a page can; descriptions have the types in words
autosummary_generate = False
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

# Inventories of the few names that pages refer to: the site is built without a network, and the same everywhere.
intersphinx_mapping = {
    "python": ("https://docs.python.org/3", "_inventories/python.txt"),
    "numpy": ("https://numpy.org/doc/stable", "_inventories/numpy.txt"),
    "scipy": ("https://docs.scipy.org/doc/scipy", "_inventories/scipy.txt"),
}

copybutton_prompt_text = r">>> |\.\.\. |\$ |In \[\d*\]: "
copybutton_prompt_is_regexp = True

html_theme = "furo"
pygments_dark_style = "a11y-high-contrast-dark"
html_title = f"fastgrad {version}"
html_logo = "_static/logo.svg"
html_favicon = "_static/logo.svg"
html_static_path = ["_static", *(f"../fastgrad/draw/flow.{suffix}" for suffix in ("js", "css"))]
html_sourcelink_suffix = ""  # so that a notebook's source is a notebook
html_css_files = ["site.css"]
html_js_files = [("versions.js", {"defer": "defer"})]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/versions.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#b3381e", "color-brand-content": "#b3381e"},
    "dark_css_variables": {"color-brand-primary": "#ff9478", "color-brand-content": "#ff9478"},
}

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": "/",
    "ignore_pattern": r"(__init__|drawing|mlp|pictures)\.py$",
    "reset_argv": "gallery_of_programs.arguments",
    "image_scrapers": ("gallery_of_programs.pictures",),
    "reset_modules": (),
    "run_stale_examples": True,
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 1e9,
    "write_computation_times": False,
}

logger = logging.getLogger(__name__)


def execute(text, known, name, docname):
    """Run the doctests of a text, in which some names are known."""
    test = doctest.DocTestParser().get_doctest(text, dict(known), name, None, 0)
    said = io.StringIO()
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=said.write)
    if said.getvalue():
        logger.warning("an example fails:\n%s", said.getvalue(), location=docname)


def execute_page(app, docname, source):
    """Run the examples of a page in Markdown."""
    if Path(app.env.doc2path(docname)).suffix == ".md":
        execute(source[0], {}, docname, docname)


def execute_docstring(app, what, name, value, options, lines):
    """Run the examples of what the reference documents."""
    module = sys.modules[value.__name__ if what == "module" else getattr(value, "__module__", None) or "fastgrad"]
    execute("\n".join(lines), vars(module), name, app.env.current_document.docname)


def suit_site(app, docname, source):
    """Make of links to the programs links to the gallery, and leave out the empty lines that end doctests."""
    text = re.sub(r"\]\((?:\.\./)+examples/README\.md\)", "](/gallery/index.rst)", source[0])
    text = re.sub(r"\]\((?:\.\./)+examples/(\w+)\.py\)", r"](/gallery/\1.rst)", text)
    source[0] = re.sub(r"\n\n```$", "\n```", text, flags=re.MULTILINE)


def setup(app):
    """Execute what is in pages, and read what is a language of our own in them."""
    app.add_lexer("order", TextLexer)
    app.connect("viewcode-find-source", cython_sources.find_source)
    app.connect("viewcode-follow-imported", cython_sources.follow)
    app.connect("source-read", execute_page)
    app.connect("autodoc-process-docstring", execute_docstring, priority=0)  # before numpydoc makes a page of it
    app.connect("source-read", suit_site)
    app.connect("build-finished", try_page.finish)
    return {"parallel_read_safe": True}

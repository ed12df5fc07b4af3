"""Where in the Cython sources a public name is defined, for links from the reference."""

import functools
import importlib
import inspect
import re
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "fastgrad"
ON_THE_HEAP = 1 << 9  # a flag of classes: those of Python have it, those of Cython not
DEFINITION = re.compile(r"^(?P<indent> *)(?P<what>cdef class|class|def) (?P<name>\w+)")


@functools.cache
def source_of(module):
    """The text of a module, and for each name in it its kind, first and last line; None if it is not in Cython."""
    path = PACKAGE.parent / (module.replace(".", "/") + ".pyx")
    if not path.exists():
        return None
    text = path.read_text(encoding="utf-8")
    lines, tags, inside = text.splitlines(), {}, ""
    for number, line in enumerate(lines):
        found = DEFINITION.match(line)
        if found is None:
            continue
        indent, name = len(found["indent"]), found["name"]
        if indent == 0:
            inside = f"{name}." if "class" in found["what"] else ""
        last = number + 1
        while last < len(lines) and (not lines[last].strip() or lines[last].startswith(" " * (indent + 1))):
            last += 1
        full = name if indent == 0 else inside + name
        tags.setdefault(full, ("class" if "class" in found["what"] else "def", number + 1, last))
    return text, tags


@functools.cache
def modules():
    """The names of all modules in Cython."""
    return [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in sorted(PACKAGE.rglob("*.pyx"))]


def find_source(app, module):
    """What viewcode shows for a module."""
    return source_of(module)


def follow(app, module, name):
    """Which module defines what the reference names so. Some of what Cython makes does not know its own."""
    value = functools.reduce(getattr, name.split("."), importlib.import_module(module))
    defined_in = getattr(value, "__module__", None)
    in_python = inspect.isfunction(value) or (inspect.isclass(value) and value.__flags__ & ON_THE_HEAP)
    if defined_in in modules() or in_python:
        return defined_in
    places = [place for place in modules() if name in source_of(place)[1]]
    return places[0] if len(places) == 1 else None

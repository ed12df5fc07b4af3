"""The public names, as they are and as they are listed; ``(cd tests && python -m support.public_names)`` lists them.

A line is a module, a name in one, a public attribute of a class, or a parameter that callers may write by name, as in
``fastgrad.dot(bias)``. What a class has from another one that is listed stands there only.
"""

import importlib
import inspect
import math
import re

import pytest

from support.places import CHECKOUT, TESTS

LISTED = TESTS / "package" / "public_names.txt"
DIRECTIVE = re.compile(r"^\.\. (?:(?:auto|current)module:: ([\w.]+)|auto\w+:: (fastgrad\.[\w.]+)\.\w+)$", re.MULTILINE)


def public_modules():
    """The modules that the reference has, by name."""
    pytest.importorskip("sklearn", minversion="1.7", reason="the reference has estimators, too")
    pages = [page.read_text(encoding="utf-8") for page in (CHECKOUT / "docs" / "reference").glob("*.rst")]
    names = [name or of_entry for page in pages for name, of_entry in DIRECTIVE.findall(page)]
    return {name: importlib.import_module(name) for name in names}


def names_of(module):
    """The public names of a module, without those that Python's own `math` lends."""
    if module.__name__ == "fastgrad.math":
        return [name for name in dir(module) if getattr(module, name) is not getattr(math, name, None)]
    return getattr(module, "__all__", [])


def attributes(owner, listed):
    """The names of a class's public attributes, but for what it has from Python and from listed classes."""
    bases = [base for base in owner.__mro__[1:] if base in listed or not base.__module__.startswith("fastgrad")]
    known = {name for base in bases for name in dir(base)}
    names = {*dir(owner), *inspect.get_annotations(owner)}
    absent = {name for name in dir(owner) if not hasattr(owner, name)}  # but for a message
    return {name for name in names - known - absent if not name.startswith("_")}


def parameters(function):
    """The names of the parameters that may be given by name."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a constant, or a type of Cython's
        return []
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [parameter.name for parameter in found if parameter.kind in named and parameter.name != "self"]


def public_names():
    """Every public name."""
    modules = public_modules()
    things = {
        f"{path}.{name}": getattr(module, name)
        for path, module in modules.items()
        for name in names_of(module)
        if not name.startswith("_")
    }
    classes = {thing for thing in things.values() if inspect.isclass(thing)}
    things |= {
        f"{path}.{name}": getattr(owner, name, None)
        for path, owner in list(things.items())
        if inspect.isclass(owner)
        for name in attributes(owner, classes)
    }
    return {*modules, *things, *(f"{path}({name})" for path, thing in things.items() for name in parameters(thing))}


def main():
    before, now = set(LISTED.read_text().split()), public_names()
    for name in sorted(before ^ now):
        print(f"+ {name}" if name in now else f"- {name}   was it in a release? Then it warns first: docs/versions.md")
    LISTED.write_text("".join(f"{name}\n" for name in sorted(now)))


if __name__ == "__main__":
    main()

"""Imports run one way: every import, cimport and include is held against the order in docs/architecture.md."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "architecture.md"

pytestmark = pytest.mark.skipif(not (ROOT / "src").exists(), reason="tested outside the checkout")


class Order:
    """What the page declares: the modules of each room, in order, and the rooms that each may use."""

    def __init__(self, text):
        block = re.search(r"```order\n(.*?)```", text, re.DOTALL)[1]
        self.rooms, self.uses, self.upward, room = {}, {}, {}, None
        for line in block.splitlines():
            if "->" in line:  # an exception: looked up when it is called, from above
                name, _, used = line.partition("->")
                self.upward.setdefault(name.strip(), set()).update(used.split())
            elif line.startswith(" "):
                self.rooms[room] += line.split()
            elif line.strip():
                room, _, used = line.partition("<")
                room = room.strip()
                self.rooms[room], self.uses[room] = [], [name.strip() for name in used.split(",")]

    def place(self, module):
        """The room of a module and its place there."""
        for room, modules in self.rooms.items():
            folder = room.split(" ")[0]
            name = "front" if module == folder else module.removeprefix(folder).lstrip("./")
            if module.startswith(folder) and name in modules:
                return room, modules.index(name)
        return None

    def allows(self, module, used):
        (room, place), (other, other_place) = self.place(module), self.place(used)
        return other_place < place if room == other else other in self.uses[room]


def module_of(path):
    """The name of a file: src/room/file, or fastgrad.room.module."""
    path = path.relative_to(ROOT).with_suffix("")
    if path.parts[0] == "src":
        return "/".join(path.parts)
    return ".".join(part for part in path.parts if part != "__init__")


def files():
    found = [path for folder in ("src", "fastgrad") for path in (ROOT / folder).rglob("*")]
    return [path for path in found if path.suffix in (".py", ".pyx", ".pxd", ".c", ".h", ".def") and path.is_file()]


MODULES = {module_of(path) for path in files()}
CIMPORT = re.compile(
    r"^ *(?:from +(fastgrad[\w.]*) +c?import +(\([^)]*\)|.*)|c?import +(fastgrad[\w.]*))", re.MULTILINE
)
INCLUDE = re.compile(r'(?:#include|cdef extern from) "([\w/.]+)"')


def names_used(module, names):
    """The modules that are meant by names from a module: submodules, or the module itself."""
    inner = {f"{module}.{name.split(' as ')[0].strip()}" for name in names}
    return {name if name in MODULES else module for name in inner}


def what_runs(tree):
    """A module's nodes, without what stands under ``if TYPE_CHECKING``: imports that only type checkers follow."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        pending += node.orelse if for_types else ast.iter_child_nodes(node)


def uses_of(path):
    """The modules that a file names."""
    text, found = path.read_text(encoding="utf-8"), set()
    for header in INCLUDE.findall(text):
        if (ROOT / "src" / header).exists():
            found.add("src/" + header.rsplit(".", 1)[0])
    if path.suffix == ".py":
        for node in what_runs(ast.parse(text)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "fastgrad"}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "fastgrad":
                found |= names_used(node.module, [alias.name for alias in node.names])
            elif isinstance(node, ast.ImportFrom) and node.level:
                package = module_of(path) if path.stem == "__init__" else module_of(path).rsplit(".", node.level)[0]
                found |= names_used(
                    f"{package}.{node.module}" if node.module else package, [a.name for a in node.names]
                )
    else:
        for module, names, whole in CIMPORT.findall(re.sub(r'"""(?:.|\n)*?"""|#.*', "", text)):
            found |= {whole} if whole else names_used(module, names.strip("()").split(","))
    return found - {module_of(path)}


def order():
    return Order(PAGE.read_text(encoding="utf-8"))


def test_every_module_has_its_place():
    declared = order()
    assert sorted(module for module in MODULES if declared.place(module) is None) == []
    assert (
        sorted(
            f"{room} {name}"
            for room, modules in declared.rooms.items()
            for name in modules
            if not any(declared.place(module) == (room, modules.index(name)) for module in MODULES)
        )
        == []
    )


def test_imports_run_one_way():
    declared, wrong = order(), set()
    for path in files():
        module = module_of(path)
        for used in uses_of(path):
            if not declared.allows(module, used) and used not in declared.upward.get(module, ()):
                wrong.add(f"{module} uses {used}")
    assert sorted(wrong) == []


def test_exceptions_are_used():
    declared = order()
    used = {}
    for path in files():
        used.setdefault(module_of(path), set()).update(uses_of(path))
    for module, upward in declared.upward.items():
        for other in upward:
            assert other in used[module], f"{module} does not use {other}"
            assert not declared.allows(module, other)


@pytest.mark.parametrize(
    ("module", "used"),
    [
        ("fastgrad._tape.tape", "fastgrad._layers.layer"),
        ("fastgrad._tape.handle", "fastgrad._tape.numbers"),
        ("fastgrad._programs.rows", "fastgrad._tape.tape"),
        ("fastgrad._layers.dense", "fastgrad._recording.lower"),
        ("src/operations/ops", "src/programs/program"),
        ("src/programs/dag", "src/rows/rows"),
    ],
)
def test_the_wrong_way_is_found(module, used):
    assert not order().allows(module, used)
    assert order().allows(used, module) or module.startswith("fastgrad._tape.tape") or "_programs" in module


def test_uses_are_read_as_they_are_written(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "src" / "room").mkdir(parents=True)
    (tmp_path / "src" / "room" / "a.h").touch()
    path = tmp_path / "fastgrad" / "b.pyx"
    path.parent.mkdir()
    path.write_text(
        '"""from fastgrad.words import x"""\nfrom fastgrad._tape.tape cimport (\n    tape,\n)\n'
        'def f():\n    from fastgrad import math\ncdef extern from "room/a.h" nogil:\n    pass\n# import fastgrad.no\n'
    )
    assert uses_of(path) == {"fastgrad._tape.tape", "fastgrad.math", "src/room/a"}


def test_imports_for_type_checkers_may_run_any_way(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    path = tmp_path / "fastgrad" / "b.py"
    path.parent.mkdir()
    path.write_text(
        "from fastgrad import math\nif TYPE_CHECKING:\n    from fastgrad import nn\nelse:\n    import fastgrad.arrays\n"
    )
    assert uses_of(path) == {"fastgrad.math", "fastgrad.arrays"}

"""Scripts: how one runs as if by ``python``, which engines in it are exchanged, and how the two runs compare."""

from __future__ import annotations

import ast
import contextlib
import itertools
import os
import re
import subprocess
import sys
import time
import types

import fastgrad
from fastgrad.run.serving import DIALECTS, NUMBERS, LocalModules, offers, say, served

TYPE_CHECKING = False  # true to type checkers; typing is slow to import
if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence
    from typing import Any, TypeAlias

    from fastgrad.run.serving import _Replacements

    # A class statement's facts, the name of fastgrad's class for it, and what is in the way.
    _Engine: TypeAlias = tuple["_ClassFacts", str, str | None]


def run_script(path: str, argv: Sequence[str] = (), replace: _Replacements = ()) -> None:
    """Run the program at ``path`` as ``python path argv...`` would, on fastgrad.

    Parameters
    ----------
    path : str
        The script.
    argv : sequence of str
        Its arguments, without its own name.
    replace : iterable of (str, str)
        Further modules to serve: a module's name and what it offers, the class ``"Scalar"`` or ``"Value"``, or the
        networks and numbers of a dialect, ``"seed0"``, ``"seed1"`` or ``"seed2"``. A line on standard error names
        those that the program never imported.

    Raises
    ------
    OSError, SyntaxError
        When the script cannot be read or parsed. Whatever the script itself raises passes through, ``SystemExit`` too.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     script = os.path.join(folder, "square.py")
    ...     with open(script, "w") as file:
    ...         _ = file.write("from engine import Value; x = Value(3.0); (x * x).backward(); print(x.grad)")
    ...     run_script(script, replace=[("engine", "Value")])
    6.0
    """
    file = os.path.abspath(path)
    with open(path, "rb") as script:
        tree = ast.parse(script.read(), file)
    extended = _extended_names(tree)
    for line in put_engines_on_fastgrad(tree):
        say(line)
    program = compile(tree, file, "exec", dont_inherit=True)
    local = LocalModules(_folder(path), _say_which_engines_stay)
    with served(replace, extended, local), _as_main(path, argv) as namespace:
        exec(program, namespace)


def parse_replacement(text: str) -> tuple[str, str]:
    """Split ``module=Class`` or ``module=dialect`` and check both sides.

    >>> parse_replacement("course.engine=Scalar"), parse_replacement("course.nn=seed1")
    (('course.engine', 'Scalar'), ('course.nn', 'seed1'))
    """
    module, equals, name = text.partition("=")
    if not equals or not all(part.isidentifier() for part in module.split(".")):
        raise ValueError(f"cannot replace {text!r}: expected a module's name and a class, such as engine=Scalar")
    if name not in NUMBERS + DIALECTS:
        classes, dialects = " and ".join(NUMBERS), ", ".join(DIALECTS)
        raise ValueError(
            f"cannot replace {text!r}: fastgrad offers the classes {classes} and the dialects {dialects}, not {name!r}"
        )
    return module, name


def script_traceback(error: BaseException, path: str) -> types.TracebackType | None:
    """Return the part of an exception's traceback that a plain run would have: from the script's first frame on."""
    traceback = error.__traceback__
    file = os.path.abspath(path)
    while traceback is not None and traceback.tb_frame.f_code.co_filename != file:
        traceback = traceback.tb_next
    return traceback


# The surroundings of a running script.


@contextlib.contextmanager
def _as_main(path: str, argv: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Give the script the ``__main__``, ``sys.argv`` and ``sys.path`` of a plain run, and yield its namespace."""
    main = types.ModuleType("__main__")
    vars(main).update(__file__=os.path.abspath(path), __cached__=None)
    old = sys.modules["__main__"], sys.argv, sys.path
    sys.modules["__main__"], sys.argv = main, [path, *argv]
    if not getattr(sys.flags, "safe_path", False):
        sys.path = [_folder(path), *sys.path[1:]]
    try:
        yield vars(main)
    finally:
        sys.modules["__main__"], sys.argv, sys.path = old


def _folder(path: str) -> str:
    return os.path.dirname(os.path.realpath(path))


# The engines that a script defines itself.

_ENGINE_PARTS = {"backward", "backwards", "__add__", "__mul__"}
# Words in an engine's body by which it works on arrays: fastgrad's classes hold one number.
_ARRAY_WORDS = {"array", "asarray", "ndarray", "zeros_like", "ones_like", "matmul", "broadcast_to", "shape"}
# Defined on fastgrad's classes, with another meaning: nodes are equal by identity, and float() refuses.
_OTHER_MEANING = {"__eq__", "__ne__", "__float__", "__int__"}
_HARMLESS = {"__post_init__", "__del__"}
_IN_PLACE = {"__iadd__", "__isub__", "__imul__", "__itruediv__", "__ipow__"}
_HARMLESS_DECORATORS = {"dataclass", "total_ordering", "final"}
_LOOKS = ("__repr__", "__str__", "__format__")
_FASTGRAD_REPR = {
    "Scalar": 'return f"Scalar({self.data}, grad = {self.grad})"',
    "Value": 'return f"Value(data={self.data}, grad={self.grad})"',
}
_PARAMETERS = {
    "Scalar": {"data", "label"},
    "Value": {"data", "_children", "_op", "label", "children", "prev", "op", "local_grads", "_local_grads"},
}


def put_engines_on_fastgrad(tree: ast.Module) -> list[str]:
    """Exchange, in a module's syntax tree, the scalar engines it defines; return a line on each.

    >>> put_engines_on_fastgrad(ast.parse("class Value:\\n    pass"))
    []
    """
    program, engines = _engines(tree)
    lines: list[str] = []
    exchanged: dict[ast.AST, list[ast.stmt]] = {}
    for fact, target, obstacle in engines:
        if obstacle is None:
            exchanged[fact.node] = _stand_in(fact, target, program)
        verdict = f"left alone: {obstacle}" if obstacle else f"run on fastgrad.{target}"
        lines.append(f"class {fact.node.name} (line {fact.node.lineno}) is {verdict}")
    _Exchange(exchanged).visit(tree)
    return lines


def _engines(tree: ast.Module) -> tuple[_Program, list[_Engine]]:
    """Return what a module asks of its engines, and each engine with fastgrad's class for it and what is in the way."""
    facts: dict[ast.ClassDef, _ClassFacts] = {}
    for node in _module_level_classes(tree):
        facts[node] = _ClassFacts(node, {earlier.node.name: earlier for earlier in facts.values()})
    engines = [fact for fact in facts.values() if fact.is_engine()]
    program = _Program(tree, {fact.node for fact in engines})
    targets = ["Scalar" if fact.node.name == "Scalar" else "Value" for fact in engines]
    obstacles = [fact.obstacle() or program.obstacle(fact, target) for fact, target in zip(engines, targets)]
    return program, list(zip(engines, targets, obstacles))


def _say_which_engines_stay(module: str, file: str) -> None:
    """Say of each engine in a module that is not the script that it stays as it is, and what would serve it."""
    try:
        with open(file, "rb") as source:
            tree = ast.parse(source.read())
    except (OSError, SyntaxError, ValueError):
        return  # for the import itself to raise
    classes = {node.name for node in _module_level_classes(tree)}
    for fact, _, obstacle in _engines(tree)[1]:
        name = fact.node.name
        options = " or ".join(f"--replace {module}={target}" for target in _targets_for(name, classes))
        reason = f"{options} would serve it" if options else "--replace serves no class of this name"
        reason += f", but {obstacle}" if obstacle and options else ""
        say(f"class {name} in module {module} (line {fact.node.lineno}) is left alone: {reason}")


def _targets_for(name: str, classes: set[str]) -> list[str]:
    """Return what could be served for a module with an engine and other classes: a number, or dialects for them all.

    >>> _targets_for("Value", {"Value"}), _targets_for("Value", {"Value", "MLP"}), _targets_for("Tensor", {"Tensor"})
    (['Value'], ['seed1', 'seed2'], [])
    """
    number = [name] if name in NUMBERS else []
    dialects = [dialect for dialect in DIALECTS if len(classes) > 1 and classes <= set(offers(dialect))]
    return dialects or number


def _extended_names(tree: ast.Module) -> set[str]:
    """Return the names of which a script sets attributes, as it knows them and as they were imported."""
    names = _Program(tree, ()).extended
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return names | {alias.name for node in imports for alias in node.names if alias.asname in names}


def _module_level_classes(node: ast.AST) -> Iterator[ast.ClassDef]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield child
        elif not isinstance(child, (ast.expr, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _module_level_classes(child)


class _ClassFacts:
    """What a class statement, and the script's own classes below it, define."""

    def __init__(self, node: ast.ClassDef, earlier: Mapping[str, _ClassFacts]) -> None:
        self.node = node
        self.own_methods, self.attributes = _own_methods(node), _own_attributes(node)
        self.methods = set(self.own_methods)
        self.unknown_bases = [keyword.arg or f"**{ast.unparse(keyword.value)}" for keyword in node.keywords]
        for base in node.bases:
            name = ast.unparse(base)
            if name in earlier:
                self.methods |= earlier[name].methods
                self.attributes |= earlier[name].attributes
                self.unknown_bases += earlier[name].unknown_bases
            elif name != "object":
                self.unknown_bases.append(name)

    def is_engine(self) -> bool:
        sweeps = self.methods & {"backward", "backwards"}
        counts = {"__add__", "__mul__"} <= self.methods and {"data", "grad"} <= self.attributes | self.methods
        return bool(sweeps and counts and self.own_methods & _ENGINE_PARTS)

    def obstacle(self) -> str | None:
        """Return why no class of fastgrad could stand in, or None."""
        if self.unknown_bases:
            return f"its base class {', '.join(self.unknown_bases)} is not defined in this script"
        decorators = {ast.unparse(entry).partition("(")[0] for entry in self.node.decorator_list}
        unknown = {name for name in decorators if name.rpartition(".")[2] not in _HARMLESS_DECORATORS}
        if unknown:
            return f"its decorator {', '.join(sorted(unknown))} may need the class as it is"
        arrays = _attributes_in(self.node) & _ARRAY_WORDS
        if arrays:
            return f"it works on arrays ({', '.join(sorted(arrays))}), and fastgrad's numbers are single"
        return None

    def looks(self) -> list[ast.FunctionDef]:
        """Return the methods by which the class prints itself."""
        return [entry for entry in self.node.body if isinstance(entry, ast.FunctionDef) and entry.name in _LOOKS]

    def plain_in_place_forms(self) -> set[str]:
        """Return the likes of ``__iadd__`` that change no number: Python does the same by ``__add__``."""
        methods = [entry for entry in self.node.body if isinstance(entry, ast.FunctionDef)]
        forms = {entry.name for entry in methods if entry.name in _IN_PLACE and not _stored_attributes(entry)}
        return {name for name in forms if name.replace("__i", "__", 1) in self.methods}

    def parameters(self) -> list[str]:
        """Return the names of the constructor's parameters, in order."""
        for entry in self.node.body:
            if isinstance(entry, ast.FunctionDef) and entry.name == "__init__":
                return [argument.arg for argument in entry.args.posonlyargs + entry.args.args][1:]
        annotated = (entry.target for entry in self.node.body if isinstance(entry, ast.AnnAssign))
        return [target.id for target in annotated if isinstance(target, ast.Name)]


def _own_methods(node: ast.ClassDef) -> set[str]:
    names = {entry.name for entry in node.body if isinstance(entry, (ast.FunctionDef, ast.AsyncFunctionDef))}
    for entry in node.body:
        if isinstance(entry, ast.Assign) and isinstance(entry.value, (ast.Lambda, ast.Name)):  # __radd__ = __add__
            names |= {target.id for target in entry.targets if isinstance(target, ast.Name)}
    return names


def _own_attributes(node: ast.ClassDef) -> set[str]:
    """Return the names that the class sets: on itself, in ``__slots__``, or in methods on their first parameter."""
    names: set[str] = set()
    for entry in node.body:
        if isinstance(entry, (ast.Assign, ast.AnnAssign)):
            targets = [part.id for part in ast.walk(entry) if isinstance(part, ast.Name) and _is_stored(part)]
            slots = ast.walk(entry) if "__slots__" in targets else ()
            values = (part.value for part in slots if isinstance(part, ast.Constant))
            names.update(targets, (value for value in values if isinstance(value, str)))
        elif isinstance(entry, ast.FunctionDef) and (entry.args.posonlyargs or entry.args.args):
            first = (entry.args.posonlyargs + entry.args.args)[0].arg
            parts = _stored_attributes(entry)
            names |= {part.attr for part in parts if isinstance(part.value, ast.Name) and part.value.id == first}
    return names


def _stored_attributes(node: ast.AST) -> list[ast.Attribute]:
    return [part for part in ast.walk(node) if isinstance(part, ast.Attribute) and _is_stored(part)]


def _is_stored(part: ast.Name | ast.Attribute) -> bool:
    return isinstance(part.ctx, ast.Store)


def _attributes_in(node: ast.AST) -> set[str]:
    return {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}


class _Program:
    """What a script asks of its engine from outside: attributes it names, and calls and assignments on the class."""

    def __init__(self, tree: ast.Module, engines: Container[ast.AST]) -> None:
        self.attributes: set[str] = set()
        self.calls: list[tuple[str, ast.Call]] = []  # with the name that is called
        self.extended: set[str] = set()
        pending: list[ast.AST] = [tree]
        while pending:
            part = pending.pop()
            if part not in engines:
                pending.extend(ast.iter_child_nodes(part))
                self._note(part)

    def _note(self, part: ast.AST) -> None:
        if isinstance(part, ast.Attribute):
            self.attributes.add(part.attr)
            if _is_stored(part):
                self._note_extension(part.value)
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
            self.calls.append((part.func.id, part))
            if part.func.id == "setattr" and part.args:
                self._note_extension(part.args[0])

    def _note_extension(self, part: ast.expr) -> None:
        if isinstance(part, (ast.Name, ast.Attribute)):
            self.extended.add(part.id if isinstance(part, ast.Name) else part.attr)

    def obstacle(self, fact: _ClassFacts, target: str) -> str | None:
        """Return what the program asks of the class that fastgrad's has not, or None."""
        node = getattr(fastgrad, target)(0.0)
        asked = {name for name in fact.methods if not name.startswith("_") or name.endswith("__")}
        asked -= _HARMLESS | fact.plain_in_place_forms()
        asked |= (fact.methods | fact.attributes) & self.attributes.union(*map(_attributes_in, fact.looks()))
        missing = sorted(name for name in asked if name in _OTHER_MEANING or not hasattr(node, name))
        if missing:
            return f"fastgrad.{target} has no {', '.join(missing)}"
        unknown = sorted(self._arguments(fact) - _PARAMETERS[target])
        if unknown:
            return f"fastgrad.{target} is not made with {', '.join(unknown)}"
        return None

    def _arguments(self, fact: _ClassFacts) -> set[str]:
        """Return the names of the parameters that calls outside the class pass, the first one aside."""
        names = fact.parameters()
        calls = [call for name, call in self.calls if name == fact.node.name]
        by_place = {name for call in calls for name in names[1 : len(call.args)]}
        return by_place | {keyword.arg for call in calls for keyword in call.keywords if keyword.arg}


def _stand_in(fact: _ClassFacts, target: str, program: _Program) -> list[ast.stmt]:
    """Return the statements that bind a class's name to fastgrad's, with the class's own looks if they differ.

    A subclass is only made where the script prints its numbers in a way of its own, or adds to the class later.
    """
    name = fact.node.name
    known = ast.dump(ast.parse(_FASTGRAD_REPR[target]).body[0])
    differs = any(look.name != "__repr__" or ast.dump(look.body[-1]) != known for look in fact.looks())
    source = f"from fastgrad import {target} as {name}\nclass {name}({name}): __slots__ = ()"
    tree = ast.parse(source)
    bound, subclass = tree.body[0], next(_module_level_classes(tree))
    for part in [*ast.walk(bound), *ast.walk(subclass)]:
        ast.copy_location(part, fact.node)
    subclass.body += fact.looks()
    return [bound, subclass] if differs or name in program.extended else [bound]


class _Exchange(ast.NodeTransformer):
    """Put statements in the place of module-level classes."""

    def __init__(self, exchanged: Mapping[ast.AST, list[ast.stmt]]) -> None:
        self.exchanged = exchanged

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        return self.exchanged.get(node, node)

    def visit(self, node: ast.AST) -> Any:
        inner = isinstance(node, (ast.expr, ast.FunctionDef, ast.AsyncFunctionDef))
        return node if inner else super().visit(node)


# Both ways, side by side.

_NUMPY_SCALAR = re.compile(r"\bnp\.(?:(?:float|int|uint)[0-9]+\(([^()]*)\)|(True|False)_\b)")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_TOLERANCE = 1e-9


def compare(path: str, argv: Sequence[str] = (), replace: _Replacements = ()) -> int:
    """Run a script plainly and on fastgrad, print both times and whether the output agrees; return an exit code.

    The code is 0 when both runs end well and print the same text, its numbers within 1e-9, else 1.
    """
    options = [word for module, name in replace for word in ("--replace", f"{module}={name}")]
    plain = _Run("the plain run", [path, *argv])
    fast = _Run("the run on fastgrad", ["-m", "fastgrad", "run", *options, path, *argv])
    for line in fast.errors.splitlines():
        if line.startswith("fastgrad: "):
            print(line, file=sys.stderr)
    for run in (plain, fast):
        print(run.summary())
    if plain.failed or fast.failed:
        return 1
    print(f"ratio: {plain.seconds / fast.seconds:.2f} (whole programs, the start of Python included)")
    difference = first_difference(plain.output, fast.output)
    if difference is None:
        count = len(plain.output.splitlines())
        print(f"the printed output agrees: {count} lines, numbers within {_TOLERANCE:g}")
        return 0
    number, expected, found = difference
    print(f"the printed output differs, first in line {number}:\n  plain:    {expected}\n  fastgrad: {found}")
    return 1


def first_difference(plain: str, fast: str) -> tuple[int, str, str] | None:
    """Return the number of the first line in which two outputs disagree, and that line of each; None if they agree.

    Numbers agree within 1e-9, absolute or relative, however they are written.

    >>> first_difference("loss 3", "loss 3.0000000001"), first_difference("np.float64(1.5)", "1.5")
    (None, None)
    >>> first_difference("a\\nb 2", "a\\nb 3")
    (2, 'b 2', 'b 3')
    """
    lines = itertools.zip_longest(plain.splitlines(), fast.splitlines(), fillvalue="(the output has ended)")
    for number, (expected, found) in enumerate(lines, 1):
        if not _lines_agree(expected, found):
            return number, expected, found
    return None


def _lines_agree(expected: str, found: str) -> bool:
    expected, found = (_NUMPY_SCALAR.sub(r"\1\2", line) for line in (expected, found))
    if expected == found:
        return True
    if _NUMBER.split(expected) != _NUMBER.split(found):
        return False
    pairs = zip(map(float, _NUMBER.findall(expected)), map(float, _NUMBER.findall(found)), strict=True)
    return all(a == b or abs(a - b) <= _TOLERANCE * max(1.0, abs(a), abs(b)) for a, b in pairs)


class _Run:
    """One run of Python in a process of its own, with its time and all that it printed."""

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self.name = name
        # Sets of strings must come out in the same order in both runs.
        environment = {"PYTHONHASHSEED": "0", **os.environ}
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
        )
        self.seconds = time.perf_counter() - start
        self.failed, self.output, self.errors = done.returncode, done.stdout, done.stderr

    def summary(self) -> str:
        """Return the time, or how the run failed."""
        if not self.failed:
            return f"{self.name}: {self.seconds:.3f} s"
        tail = "".join(f"\n  {line}" for line in self.errors.splitlines()[-10:])
        text = f"{self.name} failed with exit code {self.failed}; its standard error ends with:{tail}"
        if "No module named 'micrograd" in self.errors:
            text += "\nmicrograd is not installed, and the plain run needs it: pip install micrograd"
        return text
